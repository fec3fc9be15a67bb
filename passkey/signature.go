package passkey

import (
	"crypto/sha256"

	"github.com/xinlian/xinlian/internal/canon"
)

// Sizes of the parts of a signature, in bytes.
const (
	AuthenticatorDataBytesMin = 37 // rpIdHash, flags, counter
	AuthenticatorDataBytesMax = 1 << 10
	ClientDataBytesMax        = 2 << 10
	RSBytes                   = 64
	SaltBytes                 = 16
)

// what names a signature's canonical form.
const what = "passkey-signature"

// signatureOverhead is the domain string and three length prefixes.
const signatureOverhead = 4 + len("xinlian/"+what+"/v1") + 2*4

// SignatureBytesMax bounds an encoded signature.
const SignatureBytesMax = signatureOverhead + AuthenticatorDataBytesMax + ClientDataBytesMax + RSBytes + SaltBytes

// Domain says what an assertion is for. A signature made in one domain is
// worthless in another.
type Domain uint8

// The domains.
const (
	DomainSign  Domain = 1 // a transaction; the only one that the chain accepts
	DomainLogin Domain = 2 // a session at the signing origin, single-use nonce
	DomainRead  Domain = 3 // a read of records from the vault, single-use nonce
)

// name panics on a value that is none of the constants: domains come from code,
// never from input.
func (d Domain) name() string {
	switch d {
	case DomainSign:
		return "passkey-sign"
	case DomainLogin:
		return "passkey-login"
	case DomainRead:
		return "passkey-read"
	}
	panic("passkey: unknown domain")
}

// String is the domain string that is hashed.
func (d Domain) String() string { return canon.Domain(d.name()) }

// Challenge is what the authenticator is asked to sign for msg:
// SHA-256(domain, SHA-256(msg), salt), where domain carries its four-byte
// length. It panics on a domain that is not one of the constants.
func Challenge(d Domain, msg []byte, salt [SaltBytes]byte) [32]byte {
	sum := sha256.Sum256(msg)
	return canon.New(d.name()).Fixed(sum[:]).Fixed(salt[:]).MustSum()
}

// Signature is the parts of an assertion that travel in a transaction.
type Signature struct {
	AuthenticatorData []byte          // as the authenticator signed it
	ClientDataJSON    []byte          // as the browser serialised it
	RS                [RSBytes]byte   // r ‖ s, big-endian, s at most half the order
	Salt              [SaltBytes]byte // drawn by the signing page
}

// Encode is the canonical encoding, or ErrSize.
func (s Signature) Encode() ([]byte, error) {
	if err := s.sizes(); err != nil {
		return nil, err
	}
	b, err := canon.New(what).Bytes(s.AuthenticatorData).Bytes(s.ClientDataJSON).
		Fixed(s.RS[:]).Fixed(s.Salt[:]).Encoded()
	if err != nil {
		return nil, ErrEncoding.Wrap(err.Error())
	}
	return b, nil
}

// DecodeSignature reads the canonical encoding. It returns ErrSize or
// ErrEncoding; the slices of the result are parts of b.
func DecodeSignature(b []byte) (Signature, error) {
	var s Signature
	if len(b) > SignatureBytesMax {
		return s, ErrSize.Wrapf("signature: got %d bytes, at most %d", len(b), SignatureBytesMax)
	}
	r := canon.Open(what, b)
	s.AuthenticatorData, s.ClientDataJSON = r.Bytes(), r.Bytes()
	copy(s.RS[:], r.Fixed(RSBytes))
	copy(s.Salt[:], r.Fixed(SaltBytes))
	if err := r.Done(); err != nil {
		return Signature{}, ErrEncoding.Wrap(err.Error())
	}
	if err := s.sizes(); err != nil {
		return Signature{}, err
	}
	return s, nil
}

func (s Signature) sizes() error {
	if n := len(s.AuthenticatorData); n < AuthenticatorDataBytesMin || n > AuthenticatorDataBytesMax {
		return ErrSize.Wrapf("authenticator data: got %d bytes, want %d to %d",
			n, AuthenticatorDataBytesMin, AuthenticatorDataBytesMax)
	}
	if n := len(s.ClientDataJSON); n > ClientDataBytesMax {
		return ErrSize.Wrapf("client data: got %d bytes, at most %d", n, ClientDataBytesMax)
	}
	return nil
}

// dummyOrigin is longer than the signing origins in use, under a top-level
// domain that cannot exist.
const dummyOrigin = "https://simulation.of.a.signature.that.nobody.has.made.invalid"

// DummySignature has the size of the largest signature that browsers make today
// and verifies under no key: r and s are zero. A transaction is simulated with
// it, because gas is charged per byte and an empty signature would come out
// about 1,900 gas low.
func DummySignature() []byte {
	auth := make([]byte, AuthenticatorDataBytesMin)
	auth[flagsAt] = FlagUserPresent | FlagUserVerified
	s := Signature{
		AuthenticatorData: auth,
		ClientDataJSON:    ClientData([32]byte{}, dummyOrigin, FormExtra),
	}
	b, err := s.Encode()
	if err != nil {
		panic(err) // its parts are constants within the bounds
	}
	return b
}
