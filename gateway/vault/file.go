package vault

import (
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

const (
	dirMode      = 0o700
	secretMode   = 0o600
	tempPrefix   = ".tmp-"
	fileBytesMax = 64 << 20
)

// writeFile puts content and its SHA-256 at path so that after a crash the file
// is there whole or not at all: temporary file, fsync, rename, fsync of the folder.
func writeFile(path string, content []byte) error {
	sum := sha256.Sum256(content)
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, tempPrefix)
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // gone after the rename
	if err := fillFile(f, content, sum[:]); err != nil {
		return fmt.Errorf("writing %s: %w", filepath.Base(path), err)
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncDir(dir)
}

func fillFile(f *os.File, parts ...[]byte) error {
	err := f.Chmod(secretMode)
	for _, p := range parts {
		if err == nil {
			_, err = f.Write(p)
		}
	}
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// readFile reads what writeFile wrote. A wrong checksum is ErrDamaged, a missing
// file fs.ErrNotExist. The checksum finds accidents; what must withstand an
// insider is bound by an AEAD or by an anchored root as well.
func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > fileBytesMax {
		return nil, fmt.Errorf("%w: %s has %d bytes", ErrDamaged, filepath.Base(path), info.Size())
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	n := len(b) - sha256.Size
	if n < 0 {
		return nil, fmt.Errorf("%w: %s is truncated", ErrDamaged, filepath.Base(path))
	}
	if sum := sha256.Sum256(b[:n]); sum != [sha256.Size]byte(b[n:]) {
		return nil, fmt.Errorf("%w: %s has a wrong checksum", ErrDamaged, filepath.Base(path))
	}
	return b[:n], nil
}

// shred overwrites a file with random bytes, syncs and removes it. On a
// copy-on-write or flash medium old blocks may survive: keys that must be
// destroyed for certain belong in an HSM, or on a volume with its own key.
func shred(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		return errors.Join(err, f.Close())
	}
	noise := make([]byte, info.Size())
	rand.Read(noise)
	_, err = f.WriteAt(noise, 0)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return removeFile(path)
}

// removeFile removes path, if it is there, and syncs its folder.
func removeFile(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// makeDir makes dir and its parents and syncs each parent it wrote to.
func makeDir(dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	parent := filepath.Dir(dir)
	if parent != dir {
		if err := makeDir(parent); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, dirMode); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(parent)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// list is the sorted names in dir, without unfinished writes. A missing folder
// is empty.
func list(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), tempPrefix) {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// sweepTemp removes writes under dir that a crash left unfinished. It may only
// run while nothing is writing there.
func sweepTemp(dir string) error {
	return filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if !e.IsDir() && strings.HasPrefix(e.Name(), tempPrefix) {
			return os.Remove(path)
		}
		return nil
	})
}
