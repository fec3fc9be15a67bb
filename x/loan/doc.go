// Package loan lends: contract templates that test themselves, pools of money,
// products, applications that the chain decides at once, offers that are signed
// and paid out in one transaction, loans in tranches, and their servicing.
//
// It refuses to decide on anything that a third party could not recompute: a
// decision is a pure function of stored inputs (Decide), a schedule a pure
// function of principal, rate and term (Schedule), a contract exactly the bytes
// that its hash names. It lets nobody type in a score, a limit or a rate, lets an
// officer override a referral but never a limit, and collects without a nightly
// batch: a queue drains a bounded number of items per block, and an item that
// fails holds up no other.
//
// All money is integer fen and all rates are basis points. Where a number is
// rounded, the direction is named at the place: expected loss up, late fees and
// limits down, everything else half up to the fen.
//
// Invariants: pool-money, due-queue, offer-queue, open-applications,
// pool-totals, exposure-totals, tranche-schedule, loan-status, journal-chain,
// journal-sums.
package loan
