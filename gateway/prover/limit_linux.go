package prover

import (
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// apply bounds private writable memory and not the address space, of which the
// Go runtime reserves more than it uses.
func (l Limits) apply() error {
	bytes := uint64(l.MemoryMiB) << 20
	if err := unix.Setrlimit(unix.RLIMIT_DATA, &unix.Rlimit{Cur: bytes, Max: bytes}); err != nil {
		return fmt.Errorf("limiting memory to %d MiB: %w", l.MemoryMiB, err)
	}
	// Priority is of each thread on Linux; threads to come inherit it.
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return fmt.Errorf("listing own threads: %w", err)
	}
	for _, t := range threads {
		id, err := strconv.Atoi(t.Name())
		if err != nil {
			return fmt.Errorf("listing own threads: %w", err)
		}
		if err := unix.Setpriority(unix.PRIO_PROCESS, id, l.Nice); err != nil {
			return fmt.Errorf("lowering own priority: %w", err)
		}
	}
	return nil
}
