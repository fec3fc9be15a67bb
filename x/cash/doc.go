// Package cash keeps the money of the network: deposits at settlement banks,
// made into tokens of one fen each, that organisations hold and pay each other
// with. A settlement bank issues tokens against a reference of its own books and
// burns them when it pays out.
//
// The coins are x/bank's, minted and burned by this module's account, so that
// bank's supply is the one number to reconcile. What this package adds is who may
// hold them: organisations, accounts that a module has opened for a pool, and
// module accounts. [Keeper.Restriction] enforces it on every transfer in the
// chain, together with freezes, and must be appended to the bank keeper.
//
// It refuses to create money without an issuer's reference, to count a reference
// twice, to pay out at an issuer more than that issuer has taken in, to let an
// unknown account hold anything, to debit beyond a mandate, to give back more than
// was received, to issue on a bank balance that has not matched for days, and to
// freeze without a case and an end.
//
// Invariants: totals-match-rows, supply-matches-totals, holders-known,
// payments-within-mandates, payments-indexed, reports-match-totals.
package cash
