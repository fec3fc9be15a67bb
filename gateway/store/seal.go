package store

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// keyBytes is the size of the sealing key.
const keyBytes = 32

// ErrSealed says that a sealed field does not open: another key, or other bytes
// than were written at this place.
var ErrSealed = errors.New("store: sealed field does not open")

// Sealer seals fields under one key, and while that key replaces another it opens
// what either sealed. A box is nonce, ciphertext and tag; the
// label is bound to it, so that a box copied to another row does not open there.
type Sealer struct {
	path string

	mu    sync.RWMutex
	aeads []cipher.AEAD // the current one first
}

// formerSuffix ends the name of a key that is being replaced.
const formerSuffix = ".former"

// OpenSealer reads the key at path, or makes one there. It refuses a file that
// others may read.
func OpenSealer(path string) (*Sealer, error) {
	key, err := LoadOrNewKey(path)
	if err != nil {
		return nil, err
	}
	s := &Sealer{path: path}
	keys := [][]byte{key}
	if _, err := os.Stat(path + formerSuffix); err == nil {
		former, err := LoadOrNewKey(path + formerSuffix)
		if err != nil {
			return nil, err
		}
		keys = append(keys, former)
	}
	for _, k := range keys {
		a, err := newAEAD(k)
		if err != nil {
			return nil, err
		}
		s.aeads = append(s.aeads, a)
	}
	return s, nil
}

func newAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("making the sealer: %w", err)
	}
	a, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("making the sealer: %w", err)
	}
	return a, nil
}

// Rotate makes a new key, has all boxes sealed anew (Reseal) and destroys the former
// key. When that fails both keys stay, and the next call goes on with them.
func (s *Sealer) Rotate(all func() error) error {
	if err := s.begin(); err != nil {
		return err
	}
	if err := all(); err != nil {
		return err
	}
	return s.end()
}

// Reseal is a box under the current key, nil where it is already.
func (s *Sealer) Reseal(label string, box []byte) ([]byte, error) {
	plain, current, err := s.open(label, box)
	if err != nil || current {
		return nil, err
	}
	return s.Seal(label, plain), nil
}

// Rotating tells whether a former key is still about: a rotation is under way or was
// interrupted.
func (s *Sealer) Rotating() bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.aeads) > 1
}

// begin makes a new key the current one. The former is kept until end: it is
// written beside before the new one takes its place.
func (s *Sealer) begin() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.aeads) > 1 {
		return nil // one is under way: it is to be ended first
	}
	old, err := LoadOrNewKey(s.path)
	if err != nil {
		return err
	}
	key := make([]byte, keyBytes)
	if _, err := rand.Read(key); err != nil {
		return fmt.Errorf("drawing a key: %w", err)
	}
	for _, f := range []struct {
		path string
		key  []byte
	}{{s.path + formerSuffix, old}, {s.path, key}} {
		if err := replaceKey(f.path, f.key); err != nil {
			return err
		}
	}
	a, err := newAEAD(key)
	if err != nil {
		return err
	}
	s.aeads = []cipher.AEAD{a, s.aeads[0]}
	return nil
}

// end forgets the former key.
func (s *Sealer) end() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := replaceKey(s.path+formerSuffix, make([]byte, keyBytes)); err != nil { // where the medium overwrites, it is gone
		return err
	}
	if err := os.Remove(s.path + formerSuffix); err != nil {
		return fmt.Errorf("removing the former key: %w", err)
	}
	s.aeads = s.aeads[:1]
	return nil
}

func replaceKey(path string, key []byte) error {
	next := path + ".tmp"
	if err := os.Remove(next); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("making key %s: %w", path, err)
	}
	if err := writeKey(next, key); err != nil {
		return err
	}
	if err := os.Rename(next, path); err != nil {
		return fmt.Errorf("making key %s: %w", path, err)
	}
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("making key %s: %w", path, err)
	}
	return errors.Join(d.Sync(), d.Close())
}

// LoadOrNewKey reads 32 secret bytes at path, or draws them into a new file that
// only its owner may read.
func LoadOrNewKey(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return newKey(path)
	}
	if err != nil {
		return nil, fmt.Errorf("reading key %s: %w", path, err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("reading key %s: it is open to others (mode %o): chmod 600 it", path, info.Mode().Perm())
	}
	key, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading key %s: %w", path, err)
	}
	if len(key) != keyBytes {
		return nil, fmt.Errorf("reading key %s: %d bytes, want %d", path, len(key), keyBytes)
	}
	return key, nil
}

// newKey never overwrites: the file is created exclusively and synced.
func newKey(path string) ([]byte, error) {
	key := make([]byte, keyBytes)
	if _, err := rand.Read(key); err != nil {
		return nil, fmt.Errorf("drawing a key: %w", err)
	}
	return key, writeKey(path, key)
}

func writeKey(path string, key []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("making key %s: %w", path, err)
	}
	_, err = f.Write(key)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("making key %s: %w", path, err)
	}
	return nil
}

// Seal encrypts plain for the place that label names.
func (s *Sealer) Seal(label string, plain []byte) []byte {
	s.mu.RLock()
	a := s.aeads[0]
	s.mu.RUnlock()
	nonce := make([]byte, a.NonceSize())
	if _, err := rand.Read(nonce); err != nil {
		panic("store: no randomness: " + err.Error()) // crypto/rand does not fail on a supported system
	}
	return a.Seal(nonce, nonce, plain, []byte(label))
}

// Open decrypts a box that was sealed for the same label, or returns ErrSealed.
func (s *Sealer) Open(label string, box []byte) ([]byte, error) {
	plain, _, err := s.open(label, box)
	return plain, err
}

// open also says whether the current key opened the box.
func (s *Sealer) open(label string, box []byte) (plain []byte, current bool, err error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for i, a := range s.aeads {
		n := a.NonceSize()
		if len(box) < n {
			break
		}
		if plain, err := a.Open(nil, box[:n], box[n:], []byte(label)); err == nil {
			return plain, i == 0, nil
		}
	}
	return nil, false, ErrSealed
}

// Format hides the key from every verb.
func (*Sealer) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("store.Sealer(hidden)")) }
