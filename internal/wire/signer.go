package wire

import (
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"os"

	sdked25519 "github.com/cosmos/cosmos-sdk/crypto/keys/ed25519"
	cryptotypes "github.com/cosmos/cosmos-sdk/crypto/types"

	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	"github.com/xinlian/xinlian/internal/durable"
	"github.com/xinlian/xinlian/passkey"
	"github.com/xinlian/xinlian/passkey/softkey"
)

// Signer holds a device's key.
type Signer interface {
	// PubKey is the account key.
	PubKey() cryptotypes.PubKey
	// Sign signs the sign bytes of a transaction.
	Sign(signBytes []byte) ([]byte, error)
}

// ReadSigner is a device that may also sign requests to read records.
type ReadSigner interface {
	Signer
	SignRead(request []byte) ([]byte, error)
}

// Address is the account of a signer, bech32.
func Address(s Signer) string { return AddressText(s.PubKey().Address()) }

// DeviceKey is a signer's public key as x/org wants it.
func DeviceKey(s Signer) orgv1.DeviceKey {
	k := orgv1.DeviceKey{Key: s.PubKey().Bytes()}
	switch s.PubKey().(type) {
	case *passkey.PubKey:
		k.Type = orgv1.KeyType_KEY_TYPE_PASSKEY
	case *sdked25519.PubKey:
		k.Type = orgv1.KeyType_KEY_TYPE_ED25519
	default:
		k.Type = orgv1.KeyType_KEY_TYPE_SECP256K1
	}
	return k
}

// ServiceKey is the ed25519 key of a service. The SDK's keyring makes none, so
// it has a file of its own: 32 bytes of seed, readable by its owner only.
type ServiceKey struct{ private ed25519.PrivateKey }

// NewServiceKey makes a key.
func NewServiceKey() (*ServiceKey, error) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making a service key: %w", err)
	}
	return &ServiceKey{private}, nil
}

// LoadOrNewServiceKey reads the key at path, or makes one there.
func LoadOrNewServiceKey(path string) (*ServiceKey, error) {
	seed, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		k, err := NewServiceKey()
		if err != nil {
			return nil, err
		}
		return k, k.Save(path)
	}
	if err != nil {
		return nil, fmt.Errorf("reading a service key: %w", err)
	}
	if len(seed) != ed25519.SeedSize {
		return nil, fmt.Errorf("reading a service key: %s has %d bytes, want %d", path, len(seed), ed25519.SeedSize)
	}
	return &ServiceKey{ed25519.NewKeyFromSeed(seed)}, nil
}

// Save writes the key where LoadOrNewServiceKey finds it, for its owner only.
func (k *ServiceKey) Save(path string) error {
	if err := durable.WriteFile(path, k.private.Seed(), 0o600); err != nil {
		return fmt.Errorf("saving a service key: %w", err)
	}
	return nil
}

// PubKey is the account key.
func (k *ServiceKey) PubKey() cryptotypes.PubKey {
	return &sdked25519.PubKey{Key: k.private.Public().(ed25519.PublicKey)}
}

// SignRead signs the canonical bytes of a request to read records.
func (k *ServiceKey) SignRead(b []byte) ([]byte, error) { return k.Sign(b) }

// Sign signs any bytes: a service signs transactions, reads and anchors alike,
// each under a domain of its own.
func (k *ServiceKey) Sign(b []byte) ([]byte, error) { return ed25519.Sign(k.private, b), nil }

// SoftDevice is a software passkey as a signer, for the demonstration and tests.
type SoftDevice struct {
	Key    *softkey.Key
	Origin string
	RPID   string
}

// PubKey is the account key.
func (d SoftDevice) PubKey() cryptotypes.PubKey { return d.Key.PubKey() }

// Sign makes the assertion that a browser would make over a transaction.
func (d SoftDevice) Sign(b []byte) ([]byte, error) {
	return d.Key.At(d.Origin, d.RPID).Sign(passkey.DomainSign, b)
}

// SignRead makes the assertion over a request to read records, under the domain
// for reads: it can never pass for a transaction.
func (d SoftDevice) SignRead(b []byte) ([]byte, error) {
	return d.Key.At(d.Origin, d.RPID).Sign(passkey.DomainRead, b)
}
