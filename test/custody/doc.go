// Package custody holds custodians to their word on a running chain: wraps,
// re-wraps, a second custodian, and what happens when one is late.
package custody
