//go:build !linux

package prover

// apply is for Linux, where gateways run; elsewhere the collector's limit is the
// only one.
func (l Limits) apply() error { return nil }
