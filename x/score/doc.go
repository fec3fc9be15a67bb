// Package score verifies scores. A score is the result of a registered integer
// scorecard on features that independent attestors derived from an enterprise's
// records, with a proof that hides the features. The sender gives the proof, the
// score and the capacity; the chain rebuilds everything else that the proof binds
// from its own state and verifies it.
//
// The module refuses to let anyone type in a score, choose which months count,
// use one lender's score at another, or spend one feature set twice for the same
// lender and purpose. It refuses a model whose verifying key members did not
// recompute alike, and stops it for good when one of them finds a difference. It
// carries no pairing material but the reference string's key, pinned at genesis.
// It also holds the indices that floating rates follow.
//
// Two things live in a node's memory and are no part of its state: the verifier
// with the proofs that it accepted, and the count of refused proofs at admission.
// The first gives the same answer with and without its memory; the second is
// never asked while a block is executed.
//
// A watch counts scores, loans and defaults by band and proposes a model's
// suspension to the council; challengers are scored in shadow and decide nothing.
//
// Its invariants are params, srs, model, score, watch, quote, score-index and latest.
package score
