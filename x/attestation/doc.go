// Package attestation records who stands by an enterprise's records: the
// verdicts of accredited attestors about anchored batches, their statements that
// a commitment opens to the features of listed batches, and the disputes about
// both.
//
// The module refuses to let anyone vouch for itself: an attestor is accredited
// for the category of every batch that it names, and is neither the enterprise
// nor its custodian nor under common control with them. It refuses a data digest
// that is not that of the listed batches. It does not say that records are true:
// it says which independent organisations said so, until when, and how often
// each was found wrong.
//
// Only the newest statement of an attestor about a batch, or about an
// enterprise's features, is its word. What it said before stays on record and
// counts no more, also when the newest was withdrawn.
//
// Its invariants are params, attestation, dispute, record, id-order, word-index,
// contest-index, batch-known and dispute-mark.
package attestation
