package vault

import (
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"

	"github.com/decred/dcrd/dcrec/secp256k1/v4"
	"github.com/decred/dcrd/dcrec/secp256k1/v4/ecdsa"
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

// ServiceSigners checks the keys of services and of the command line. People's
// passkeys take their verifier, and its allowed origins, from the caller.
func ServiceSigners() Signers {
	return Signers{KeyEd25519: SignerFunc(checkEd25519), KeySecp256k1: SignerFunc(checkSecp256k1)}
}

func checkEd25519(d Device, message, signature []byte) error {
	if len(d.Public) != ed25519.PublicKeySize || !ed25519.Verify(d.Public, message, signature) {
		return fmt.Errorf("%w: ed25519", ErrSignature)
	}
	return nil
}

// checkSecp256k1 takes r and s, 32 bytes each with s in the lower half, over
// SHA-256 of the message, as the Cosmos SDK's keys make them.
func checkSecp256k1(d Device, message, signature []byte) error {
	refused := fmt.Errorf("%w: secp256k1", ErrSignature)
	pub, err := secp256k1.ParsePubKey(d.Public)
	if err != nil || len(d.Public) != secp256k1.PubKeyBytesLenCompressed || len(signature) != 64 {
		return refused
	}
	var r, s secp256k1.ModNScalar
	if r.SetByteSlice(signature[:32]) || s.SetByteSlice(signature[32:]) || r.IsZero() || s.IsZero() || s.IsOverHalfOrder() {
		return refused
	}
	sum := sha256.Sum256(message)
	if !ecdsa.NewSignature(&r, &s).Verify(sum[:], pub) {
		return refused
	}
	return nil
}
