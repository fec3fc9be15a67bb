package vault

import (
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/sm3"
	"github.com/emmansun/gmsm/sm4"
)

// Sizes of suite sm, in bytes.
const (
	sm4KeyBytes = 16 // of a Key the cipher takes the first half
	// smHeadBytes is an SM2 ciphertext of one Key: C1 an uncompressed point, C3 the
	// SM3 check, C2 the masked key, in this order (GB/T 32918.4-2016, 6.1).
	smHeadBytes = PublicKeyBytes + 32 + KeyBytes
)

// sm is SuiteSM. A wrap is a fresh 32-byte key under SM2 encryption, followed by
// the plaintext under SM4-GCM: key HKDF-SM3(fresh key, info), nonce zero, AAD
// info. The nonce may be zero because the key is drawn for this wrap alone.
type sm struct{}

func (sm) aead(key Key) (cipher.AEAD, error) {
	block, err := sm4.NewCipher(key[:sm4KeyBytes])
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

func (sm) derive(secret, info []byte) (Key, error) {
	b, err := hkdf.Key(sm3.New, secret, nil, string(info), KeyBytes)
	if err != nil {
		return Key{}, err
	}
	return Key(b), nil
}

func (sm) checkPublic(public []byte) error {
	_, err := sm2.NewPublicKey(public)
	return err
}

func (s sm) sealTo(public, info, plaintext []byte) ([]byte, error) {
	pk, err := sm2.NewPublicKey(public)
	if err != nil {
		return nil, fmt.Errorf("%w: reading a public key: %w", ErrKey, err)
	}
	fresh := randomKey()
	head, err := sm2.Encrypt(rand.Reader, pk, fresh[:], nil) // nil: C1 uncompressed, then C3, C2
	if err != nil {
		return nil, fmt.Errorf("%w: encapsulating: %w", ErrKey, err)
	}
	if len(head) != smHeadBytes {
		return nil, fmt.Errorf("%w: encapsulation of %d bytes, want %d", ErrKey, len(head), smHeadBytes)
	}
	a, err := s.wrapCipher(fresh[:], info)
	if err != nil {
		return nil, err
	}
	return a.Seal(head, make([]byte, a.NonceSize()), plaintext, info), nil
}

func (s sm) wrapCipher(fresh, info []byte) (cipher.AEAD, error) {
	key, err := s.derive(fresh, info)
	if err != nil {
		return nil, err
	}
	return s.aead(key)
}

func (sm) generate() (privateKey, error) {
	k, err := sm2.GenerateKey(rand.Reader)
	return smKey{k}, err
}

func (sm) parse(raw []byte) (privateKey, error) {
	k, err := sm2.NewPrivateKey(raw)
	return smKey{k}, err
}

type smKey struct{ key *sm2.PrivateKey }

func (k smKey) raw() ([]byte, error) { return k.key.D.FillBytes(make([]byte, KeyBytes)), nil }

func (k smKey) public() []byte {
	b := make([]byte, PublicKeyBytes)
	b[0] = 4 // uncompressed
	k.key.X.FillBytes(b[1:33])
	k.key.Y.FillBytes(b[33:])
	return b
}

func (k smKey) open(info, sealed []byte) ([]byte, error) {
	// The library also reads other encodings of C1 and ASN.1: one form only.
	if len(sealed) < smHeadBytes+gcmTagBytes || sealed[0] != 4 {
		return nil, errors.New("no SM2 ciphertext of a key")
	}
	fresh, err := sm2.Decrypt(k.key, sealed[:smHeadBytes])
	if err != nil {
		return nil, err
	}
	if len(fresh) != KeyBytes {
		return nil, fmt.Errorf("encapsulated key of %d bytes", len(fresh))
	}
	a, err := sm{}.wrapCipher(fresh, info)
	if err != nil {
		return nil, err
	}
	return a.Open(nil, make([]byte, a.NonceSize()), sealed[smHeadBytes:], info)
}
