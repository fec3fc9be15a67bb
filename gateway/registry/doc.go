// Package registry brings an enterprise onto the chain: two verifiers identify
// it, each with a statement of its own, and the chain gets a keyed tag of its
// legal identity instead of a name. It holds the one rule of how that tag is
// made, so that a firm cannot come back under a second number.
package registry
