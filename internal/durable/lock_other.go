//go:build !unix

package durable

import (
	"errors"
	"fmt"
	"os"
)

// Lock keeps others out of what a file at some path stands for. Where the system has
// no flock, a crash leaves the file behind and the operator removes it.
type Lock struct{ file *os.File }

// Acquire takes the lock at path, or is ErrLocked at once.
func Acquire(path string) (*Lock, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrLocked, path, err)
	}
	return &Lock{f}, nil
}

// Release removes the file.
func (l *Lock) Release() error { return errors.Join(l.file.Close(), os.Remove(l.file.Name())) }
