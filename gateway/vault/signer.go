package vault

import (
	"crypto/ed25519"
	"fmt"

	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"

	"github.com/xinlian/xinlian/passkey"
)

// KeyType is the kind of a device's key.
type KeyType uint8

// The kinds of device keys.
const (
	KeyEd25519   KeyType = 1 // services
	KeySecp256k1 KeyType = 2 // command line
	KeyPasskey   KeyType = 3 // people's devices
)

// SignatureBytesMax bounds a signature; a passkey's carries its client data.
const SignatureBytesMax = 4 << 10

// Signer checks that a device signed message. Every failure is ErrSignature.
// The message is the canonical bytes of a request, whose domain keeps it apart
// from everything else that the device signs.
type Signer interface {
	Check(d Device, message, signature []byte) error
}

// SignerFunc is a function as a Signer.
type SignerFunc func(d Device, message, signature []byte) error

// Check calls f.
func (f SignerFunc) Check(d Device, message, signature []byte) error { return f(d, message, signature) }

// Signers chooses the Signer by the kind of the device's key.
type Signers map[KeyType]Signer

// Check refuses a kind of key that has no Signer.
func (s Signers) Check(d Device, message, signature []byte) error {
	if len(signature) > SignatureBytesMax {
		return fmt.Errorf("%w: %d bytes", ErrSignature, len(signature))
	}
	k, ok := s[d.KeyType]
	if !ok {
		return fmt.Errorf("%w: key type %d", ErrSignature, d.KeyType)
	}
	return k.Check(d, message, signature)
}

// NewSigners checks every kind of key. policy gives the network's current rule
// for passkeys: their origins, rpIds and the switch that turns them off.
func NewSigners(policy func() passkey.Policy) Signers {
	return Signers{
		KeyEd25519: SignerFunc(checkEd25519), KeySecp256k1: SignerFunc(checkSecp256k1),
		KeyPasskey: SignerFunc(func(d Device, message, signature []byte) error {
			return checkPasskey(policy(), d, message, signature)
		}),
	}
}

// checkPasskey takes an assertion in the domain of reads only: one made for a
// transaction or a login is refused.
func checkPasskey(policy passkey.Policy, d Device, message, signature []byte) error {
	key, err := passkey.NewPubKey(d.Public)
	if err != nil {
		return fmt.Errorf("%w: passkey: %w", ErrSignature, err)
	}
	a, err := passkey.Verify(key, passkey.DomainRead, message, signature)
	if err == nil {
		err = policy.Check(a)
	}
	if err != nil {
		return fmt.Errorf("%w: passkey: %w", ErrSignature, err)
	}
	return nil
}

func checkEd25519(d Device, message, signature []byte) error {
	if len(d.Public) != ed25519.PublicKeySize || !ed25519.Verify(d.Public, message, signature) {
		return fmt.Errorf("%w: ed25519", ErrSignature)
	}
	return nil
}

// checkSecp256k1 takes r and s, 32 bytes each with s in the lower half, over
// SHA-256 of the message.
func checkSecp256k1(d Device, message, signature []byte) error {
	if len(d.Public) != secp256k1.PubKeySize || !(&secp256k1.PubKey{Key: d.Public}).VerifySignature(message, signature) {
		return fmt.Errorf("%w: secp256k1", ErrSignature)
	}
	return nil
}
