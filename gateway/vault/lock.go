package vault

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/xinlian/xinlian/internal/durable"
)

// lockDir keeps a second process out of a vault.
func lockDir(dir string) (*durable.Lock, error) {
	l, err := durable.Acquire(filepath.Join(dir, "lock"))
	if errors.Is(err, durable.ErrLocked) {
		return nil, fmt.Errorf("%w: %w", ErrLocked, err)
	}
	return l, err
}
