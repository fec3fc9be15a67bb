package prover

import "runtime/debug"

// Limits bound a worker. It sets them on itself before it reads anything.
type Limits struct {
	MemoryMiB int // of data: more ends the worker
	Nice      int // 0 to 19; a worker gives way to those with less
}

// Apply limits the calling process. The collector works harder near the limit
// rather than running into it.
func (l Limits) Apply() error {
	debug.SetMemoryLimit(int64(l.MemoryMiB) << 20 * 8 / 10)
	return l.apply()
}
