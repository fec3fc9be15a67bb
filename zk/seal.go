package zk

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"

	"github.com/xinlian/xinlian/internal/canon"
)

const (
	// SealSignaturesMin is how many organisations must sign the result of a
	// ceremony before a production network may rest on it.
	SealSignaturesMin = 3
	// SealSignaturesMax bounds the signatures of one seal.
	SealSignaturesMax = 64
	// CeremonyNameBytesMax bounds the name of a ceremony.
	CeremonyNameBytesMax = 64
	// SignedSealBytesMax bounds an encoded signed seal.
	SignedSealBytesMax = 8 << 10
)

// ErrSeal says that the seal of a ceremony is malformed, is of another key, or
// carries a signature that does not hold.
var ErrSeal = errors.New("zk: seal of the ceremony does not hold")

// Seal is what the organisations of a ceremony sign at its end: this transcript
// gave this reference string.
type Seal struct {
	Ceremony      string   // name, 1 to CeremonyNameBytesMax bytes
	Transcript    [32]byte // over header, every contribution and beacon, in order
	Key           [32]byte // SRSKey.Hash
	File          [32]byte // SHA-256 of the file that WriteSRS wrote
	Powers        uint32   // powers in G1
	Contributions uint16   // before the beacon, at least one
}

// Encode is the canonical bytes that organisations sign.
func (s Seal) Encode() ([]byte, error) {
	b, err := canon.New("ceremony-seal").String(s.Ceremony).Fixed(s.Transcript[:]).Fixed(s.Key[:]).
		Fixed(s.File[:]).Uint32(s.Powers).Uint16(s.Contributions).Encoded()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSeal, err)
	}
	return b, nil
}

func (s Seal) validate() error {
	switch {
	case s.Ceremony == "" || len(s.Ceremony) > CeremonyNameBytesMax:
		return fmt.Errorf("%w: name has %d bytes, want 1 to %d", ErrSeal, len(s.Ceremony), CeremonyNameBytesMax)
	case s.Powers < PowersMin || s.Powers > PowersMax:
		return fmt.Errorf("%w: %d powers, want %d to %d", ErrSeal, s.Powers, PowersMin, PowersMax)
	case s.Contributions == 0:
		return fmt.Errorf("%w: nobody contributed", ErrSeal)
	}
	return nil
}

// SealSignature is one organisation's ed25519 signature of Seal.Encode.
type SealSignature struct {
	Key       [ed25519.PublicKeySize]byte
	Signature [ed25519.SignatureSize]byte
}

// SignedSeal is a seal with its signatures, in ascending order of key.
type SignedSeal struct {
	Seal       Seal
	Signatures []SealSignature
}

// Encode is the canonical bytes, which a genesis carries.
func (s SignedSeal) Encode() ([]byte, error) {
	seal, err := s.Seal.Encode()
	if err != nil {
		return nil, err
	}
	w := canon.New("ceremony-signed-seal").Bytes(seal).Uint8(uint8(len(s.Signatures)))
	for _, g := range s.Signatures {
		w.Fixed(g.Key[:]).Fixed(g.Signature[:])
	}
	return w.Encoded()
}

// DecodeSignedSeal reads canonical bytes and checks form and every signature, so
// that a seal in hand is one that its keys signed. Whose the keys are, and
// whether they are enough, is for the caller to ask.
func DecodeSignedSeal(b []byte) (SignedSeal, error) {
	if len(b) > SignedSealBytesMax {
		return SignedSeal{}, fmt.Errorf("%w: %d bytes, at most %d", ErrSeal, len(b), SignedSealBytesMax)
	}
	r := canon.Open("ceremony-signed-seal", b)
	encoded, n := r.Bytes(), int(r.Uint8())
	if r.Err() == nil && n > SealSignaturesMax {
		return SignedSeal{}, fmt.Errorf("%w: %d signatures, at most %d", ErrSeal, n, SealSignaturesMax)
	}
	s := SignedSeal{Signatures: make([]SealSignature, n)}
	for i := range s.Signatures {
		copy(s.Signatures[i].Key[:], r.Fixed(ed25519.PublicKeySize))
		copy(s.Signatures[i].Signature[:], r.Fixed(ed25519.SignatureSize))
	}
	if err := r.Done(); err != nil {
		return SignedSeal{}, fmt.Errorf("%w: %w", ErrSeal, err)
	}
	var err error
	if s.Seal, err = decodeSeal(encoded); err != nil {
		return SignedSeal{}, err
	}
	for i, g := range s.Signatures {
		if i > 0 && bytes.Compare(s.Signatures[i-1].Key[:], g.Key[:]) >= 0 {
			return SignedSeal{}, fmt.Errorf("%w: signature %d is out of order or comes twice", ErrSeal, i)
		}
		if !ed25519.Verify(g.Key[:], encoded, g.Signature[:]) {
			return SignedSeal{}, fmt.Errorf("%w: signature of key %x is false", ErrSeal, g.Key)
		}
	}
	return s, nil
}

func decodeSeal(b []byte) (Seal, error) {
	r := canon.Open("ceremony-seal", b)
	s := Seal{Ceremony: r.String()}
	copy(s.Transcript[:], r.Fixed(32))
	copy(s.Key[:], r.Fixed(32))
	copy(s.File[:], r.Fixed(32))
	s.Powers, s.Contributions = r.Uint32(), r.Uint16()
	if err := r.Done(); err != nil {
		return Seal{}, fmt.Errorf("%w: %w", ErrSeal, err)
	}
	return s, s.validate()
}
