//go:build !linux

package main

// forbidDumps is for Linux, where gateways run. Elsewhere the operator has to
// switch core dumps off.
func forbidDumps() error { return nil }
