package oprf

import (
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/hpke"
	"crypto/rand"
	"fmt"

	"github.com/xinlian/xinlian/internal/canon"
)

const (
	sealKeyBytes    = 65                                       // an uncompressed point of P-256
	sealedBytes     = sealKeyBytes + ScalarBytes + aesTagBytes // encapsulation, scalar, AES-GCM tag
	aesTagBytes     = 16
	signatureBytes  = ed25519.SignatureSize
	sealSecretBytes = 32
)

// Participant is what the others know of one member in a ceremony: its place and
// the keys it made for this ceremony alone.
type Participant struct {
	Index   uint16 // from 1
	OrgID   uint64
	SignKey [ed25519.PublicKeySize]byte
	SealKey [sealKeyBytes]byte // HPKE, DHKEM(P-256, HKDF-SHA256)
}

// Identity is one member's secret keys for one ceremony. It signs what the member
// publishes and opens what is sealed for it. It is destroyed when the share is
// sealed away: with it the sealed shares of the transcript could be opened.
type Identity struct {
	sign ed25519.PrivateKey
	seal hpke.PrivateKey
}

// NewIdentity draws the keys for one ceremony.
func NewIdentity() (Identity, error) {
	_, sign, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return Identity{}, fmt.Errorf("drawing a ceremony key: %w", err)
	}
	seal, err := hpke.DHKEM(ecdh.P256()).GenerateKey()
	if err != nil {
		return Identity{}, fmt.Errorf("drawing a ceremony key: %w", err)
	}
	return Identity{sign: sign, seal: seal}, nil
}

// Participant is the public half, at a place.
func (id Identity) Participant(index uint16, orgID uint64) Participant {
	return Participant{
		Index: index, OrgID: orgID,
		SignKey: [ed25519.PublicKeySize]byte(id.sign.Public().(ed25519.PublicKey)),
		SealKey: [sealKeyBytes]byte(id.seal.PublicKey().Bytes()),
	}
}

// Encoded is the secret in canonical bytes, for a sealed file.
func (id Identity) Encoded() ([]byte, error) {
	seal, err := id.seal.Bytes()
	if err != nil {
		return nil, fmt.Errorf("writing a ceremony key: %w", err)
	}
	return must(canon.New("oprf-identity").Fixed(id.sign.Seed()).Fixed(seal)), nil
}

// DecodeIdentity reads what Encoded wrote.
func DecodeIdentity(b []byte) (Identity, error) {
	r := canon.Open("oprf-identity", b)
	seed, seal := r.Fixed(ed25519.SeedSize), r.Fixed(sealSecretBytes)
	if err := r.Done(); err != nil {
		return Identity{}, fmt.Errorf("reading a ceremony key: %w", err)
	}
	private, err := hpke.DHKEM(ecdh.P256()).NewPrivateKey(seal)
	if err != nil {
		return Identity{}, fmt.Errorf("reading a ceremony key: %w", err)
	}
	return Identity{sign: ed25519.NewKeyFromSeed(seed), seal: private}, nil
}

// Encoded is the participant in canonical bytes: the card that a member hands to
// whoever draws up the plan.
func (p Participant) Encoded() []byte {
	return must(p.write(canon.New("oprf-participant")))
}

// DecodeParticipant reads what Encoded wrote.
func DecodeParticipant(b []byte) (Participant, error) {
	r := canon.Open("oprf-participant", b)
	p := readParticipant(r)
	if err := r.Done(); err != nil {
		return Participant{}, fmt.Errorf("reading a participant: %w", err)
	}
	return p, p.validate()
}

func (p Participant) write(w *canon.Writer) *canon.Writer {
	return w.Uint16(p.Index).Uint64(p.OrgID).Fixed(p.SignKey[:]).Fixed(p.SealKey[:])
}

func readParticipant(r *canon.Reader) Participant {
	p := Participant{Index: r.Uint16(), OrgID: r.Uint64()}
	copy(p.SignKey[:], r.Fixed(len(p.SignKey)))
	copy(p.SealKey[:], r.Fixed(len(p.SealKey)))
	return p
}

func (p Participant) validate() error {
	if p.Index == 0 || p.OrgID == 0 {
		return fmt.Errorf("%w: a participant at place %d of organisation %d", ErrSize, p.Index, p.OrgID)
	}
	if _, err := hpke.DHKEM(ecdh.P256()).NewPublicKey(p.SealKey[:]); err != nil {
		return fmt.Errorf("the sealing key of participant %d: %w", p.Index, err)
	}
	return nil
}

func (p Participant) verify(content, signature []byte) error {
	if !ed25519.Verify(p.SignKey[:], content, signature) {
		return fmt.Errorf("%w: of participant %d", ErrSignature, p.Index)
	}
	return nil
}
