// Package data measures the way of records on a real chain of one node: sealing
// and anchoring, opening with proofs, and how soon a revocation is felt.
package data
