// Package profile keeps what the chain knows of an enterprise's records: which
// record schemas exist, which sealed batches were anchored, who may read them for
// what and until when, what was read, and whether copies are gone.
//
// No record, no key and no wrapped key is ever here, only roots, hashes, counts,
// periods and terms. The records lie encrypted in the vault of the custodian that
// the enterprise chose; the owner's signature on a consent authorises, the
// custodian's wrap of a key makes reading possible, the chain binds the two.
//
// It refuses a batch under an unpinned schema, out of sequence, over a period
// that its stream covers already, under an old key epoch, or with a source's name
// but without the source's signature; it refuses a consent without purpose, range,
// frequency, end and retention, and any change of state that is not in the table
// of transitions. It does not enforce filters, frequency or view-only: the vault
// does, and anchors a log of every read and refusal.
//
// Invariants: streams-contiguous, epochs-cover-batches, consents-hold,
// journals-chained, receipts-for-ended, indexes-agree.
package profile
