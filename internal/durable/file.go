// Package durable writes small files so that a kill or a power cut at any moment
// leaves the old file or the new one, whole.
package durable

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// WriteFile replaces the file at path. It returns when content and name are on disk.
func WriteFile(path string, content []byte, mode os.FileMode) error {
	return Replace(path, func(temporary string) error {
		f, err := os.OpenFile(temporary, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
		if err != nil {
			return err
		}
		_, err = f.Write(content)
		return errors.Join(err, f.Close())
	})
}

// Replace has write make a file beside path and gives it its name when it is
// whole on disk. One process writes a path at a time.
func Replace(path string, write func(temporary string) error) error {
	temporary := path + ".new"
	if err := os.Remove(temporary); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("clearing an unfinished file: %w", err)
	}
	if err := write(temporary); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	if err := sync(temporary); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	if err := os.Rename(temporary, path); err != nil {
		return fmt.Errorf("naming %s: %w", path, err)
	}
	return sync(filepath.Dir(path))
}

func sync(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
