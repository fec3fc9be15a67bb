// Package pledge keeps one receivable from being pledged at two lenders, without
// telling anyone at which it is.
//
// A receivable is known here by its tag, a pseudorandom function of seller and
// invoice number under a key that the members share (package oprf). A verifier
// that opened the record states that a leaf of an anchored batch has that tag, for
// one lender to pledge; the lender is in the statement as a salted commitment. The
// lender registers a share of the face amount, itself or through a council member
// that relays. While a share is live, the tag is held, and no other statement's
// lender gets it.
//
// It refuses a pledge without a statement, a second lender, shares above the face
// amount, a tag under a key that its holders have not all confirmed, and a
// statement that lacks the tag of a key that is still checked.
//
// Its invariants, checked over the whole state by Keeper.Invariants, are params,
// key, retiring, proposal, statement, pledge, share-sum, holder, id-order,
// holder-index and live-index.
package pledge
