package durable

import (
	"errors"
	"path/filepath"
	"testing"
)

// TestLock proves that a lock has one holder at a time and can be taken again.
func TestLock(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "lock")
	for range 2 {
		l, err := Acquire(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Acquire(path); !errors.Is(err, ErrLocked) {
			t.Errorf("taken twice: %v", err)
		}
		if err := l.Release(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Acquire(filepath.Join(path, "under a file")); err == nil || errors.Is(err, ErrLocked) {
		t.Errorf("where no lock can be: %v", err)
	}
}
