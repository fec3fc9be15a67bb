package store

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// keyBytes is the size of the sealing key.
const keyBytes = 32

// ErrSealed says that a sealed field does not open: another key, or other bytes
// than were written at this place.
var ErrSealed = errors.New("store: sealed field does not open")

// Sealer seals fields under one key. A box is nonce, ciphertext and tag; the
// label is bound to it, so that a box copied to another row does not open there.
type Sealer struct{ aead cipher.AEAD }

// OpenSealer reads the key at path, or makes one there. It refuses a file that
// others may read.
func OpenSealer(path string) (*Sealer, error) {
	key, err := LoadOrNewKey(path)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("making the sealer: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("making the sealer: %w", err)
	}
	return &Sealer{aead}, nil
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
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("making key %s: %w", path, err)
	}
	_, err = f.Write(key)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, fmt.Errorf("making key %s: %w", path, err)
	}
	return key, nil
}

// Seal encrypts plain for the place that label names.
func (s *Sealer) Seal(label string, plain []byte) []byte {
	nonce := make([]byte, s.aead.NonceSize())
	if _, err := rand.Read(nonce); err != nil {
		panic("store: no randomness: " + err.Error()) // crypto/rand does not fail on a supported system
	}
	return s.aead.Seal(nonce, nonce, plain, []byte(label))
}

// Open decrypts a box that was sealed for the same label, or returns ErrSealed.
func (s *Sealer) Open(label string, box []byte) ([]byte, error) {
	if len(box) < s.aead.NonceSize() {
		return nil, ErrSealed
	}
	n := s.aead.NonceSize()
	plain, err := s.aead.Open(nil, box[:n], box[n:], []byte(label))
	if err != nil {
		return nil, ErrSealed
	}
	return plain, nil
}

// Format hides the key from every verb.
func (*Sealer) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("store.Sealer(hidden)")) }
