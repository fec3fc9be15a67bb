package vault

import (
	"crypto/rand"
	"fmt"

	"github.com/xinlian/xinlian/internal/canon"
	"github.com/xinlian/xinlian/internal/record"
)

// sealedKey is what a sealed key is for. An enterprise key has neither category
// nor epoch.
type sealedKey struct {
	suite      Suite
	enterprise uint64
	category   record.Category
	epoch      uint32
}

func (s sealedKey) header() *canon.Writer {
	return canon.New("sealed-key").String(string(s.suite)).Uint64(s.enterprise).Uint8(uint8(s.category)).Uint32(s.epoch)
}

func (s sealedKey) seal(under, key Key) ([]byte, error) {
	a, err := s.suite.aead(under)
	if err != nil {
		return nil, err
	}
	aad, err := s.header().Encoded()
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, a.NonceSize())
	rand.Read(nonce)
	return s.header().Bytes(nonce).Bytes(a.Seal(nil, nonce, key[:], aad)).Encoded()
}

func (s sealedKey) open(under Key, b []byte) (Key, error) {
	r := canon.Open("sealed-key", b)
	got := sealedKey{suite: Suite(r.String()), enterprise: r.Uint64(), category: record.Category(r.Uint8()), epoch: r.Uint32()}
	nonce, ct := r.Bytes(), r.Bytes()
	if err := r.Done(); err != nil {
		return Key{}, fmt.Errorf("%w: sealed key: %w", ErrDamaged, err)
	}
	if got != s {
		return Key{}, fmt.Errorf("%w: sealed key is for another place", ErrDamaged)
	}
	a, err := s.suite.aead(under)
	if err != nil {
		return Key{}, err
	}
	aad, err := s.header().Encoded()
	if err != nil {
		return Key{}, err
	}
	if len(nonce) != a.NonceSize() {
		return Key{}, fmt.Errorf("%w: sealed key's nonce", ErrDamaged)
	}
	key, err := a.Open(nil, nonce, ct, aad)
	if err != nil || len(key) != KeyBytes {
		return Key{}, fmt.Errorf("%w: sealed key does not open", ErrKey)
	}
	return Key(key), nil
}
