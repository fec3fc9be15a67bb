// Package bundle reads, writes and verifies proof bundles: one file that tells
// the life of a loan from the raw records to each payment, and that anyone
// verifies without a network and without our servers.
//
// A bundle proves state rows, not events: no block header commits to events, a
// transaction in a data hash may have failed, and what the chain collects by
// itself is no transaction. Every row is proven at one height against the app
// hash of the next block's header. That header hangs on a trust root, height and
// hash, which the reader got from at least two members by another way. Without a
// trust root the verdict is UNANCHORED, never valid.
//
// The package holds no key and needs none. It refuses at the first thing that
// does not hold and names it.
package bundle
