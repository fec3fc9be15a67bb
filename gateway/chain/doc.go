// Package chain is the gateway's client of a node: it signs and sends
// transactions, waits until they are committed, reads state, and reads proofs.
// It speaks gRPC like any outside client and imports none of the chain's rules.
package chain
