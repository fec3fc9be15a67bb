package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/hpke"
	"crypto/sha256"
	"fmt"
)

// nist is SuiteNIST.
type nist struct{}

func (nist) aead(key Key) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

func (nist) derive(secret, info []byte) (Key, error) {
	b, err := hkdf.Key(sha256.New, secret, nil, string(info), KeyBytes)
	if err != nil {
		return Key{}, err
	}
	return Key(b), nil
}

func (nist) checkPublic(public []byte) error {
	_, err := hpke.DHKEM(ecdh.P256()).NewPublicKey(public)
	return err
}

func (nist) sealTo(public, info, plaintext []byte) ([]byte, error) {
	pk, err := hpke.DHKEM(ecdh.P256()).NewPublicKey(public)
	if err != nil {
		return nil, fmt.Errorf("%w: reading a public key: %w", ErrKey, err)
	}
	return hpke.Seal(pk, hpke.HKDFSHA256(), hpke.AES256GCM(), info, plaintext)
}

func (nist) generate() (privateKey, error) {
	k, err := hpke.DHKEM(ecdh.P256()).GenerateKey()
	return nistKey{k}, err
}

func (nist) parse(raw []byte) (privateKey, error) {
	k, err := hpke.DHKEM(ecdh.P256()).NewPrivateKey(raw)
	return nistKey{k}, err
}

type nistKey struct{ key hpke.PrivateKey }

func (k nistKey) raw() ([]byte, error) { return k.key.Bytes() }
func (k nistKey) public() []byte       { return k.key.PublicKey().Bytes() }

func (k nistKey) open(info, sealed []byte) ([]byte, error) {
	return hpke.Open(k.key, hpke.HKDFSHA256(), hpke.AES256GCM(), info, sealed)
}
