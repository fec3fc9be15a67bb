// Package council owns who the consortium is: its voting members, the validator
// set that follows from them, and one organisation one vote in the SDK's x/gov.
// It also keeps the RFC 6962 log of block hashes, on which offline proofs of
// older blocks hang.
//
// It refuses to hand a validator to anyone whom the members have not voted in,
// and to queue a validator update that CometBFT would refuse: such an update
// halts the chain while its process keeps running.
//
// Invariants, by name: members-known, validators-unique, power-positive,
// log-consistent.
package council
