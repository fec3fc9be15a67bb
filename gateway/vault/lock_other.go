//go:build !unix

package vault

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// dirLock keeps a second process out of a vault. Where the system has no flock,
// a crash leaves the file behind and the operator removes it.
type dirLock struct{ file *os.File }

func lockDir(dir string) (*dirLock, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE|os.O_EXCL, secretMode)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrLocked, err)
	}
	return &dirLock{f}, nil
}

func (l *dirLock) release() error { return errors.Join(l.file.Close(), os.Remove(l.file.Name())) }
