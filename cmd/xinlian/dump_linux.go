package main

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// forbidDumps keeps the memory of this process, which holds records while they
// are read, out of every file: no core dump is written, neither to the working
// folder nor to a collector, and no other user's debugger may attach.
func forbidDumps() error {
	// The limit alone does not stop a collector that the kernel pipes dumps to.
	err := errors.Join(
		unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}),
		unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0),
	)
	if err != nil {
		return fmt.Errorf("forbidding core dumps: %w", err)
	}
	return nil
}
