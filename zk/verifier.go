package zk

import (
	"fmt"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/kzg"
	plonk "github.com/consensys/gnark/backend/plonk/bls12-381"

	"github.com/xinlian/xinlian/internal/canon"
)

// GasVerify is the fixed gas of one verification: decoding and checking a proof
// and hashing its statement take about 4.5 ms of one core, as long as some forty
// secp256k1 signatures at 1,000 gas each; the rest is margin for slower machines.
// It is charged before the work, for refused proofs too, and whether or not the
// verifier remembers the proof, because gas must not depend on a node's memory.
const GasVerify uint64 = 50_000

// RememberedMax bounds how many accepted proofs, and how many decoded keys, a
// verifier may be told to remember.
const RememberedMax = 1 << 16

// keysRemembered bounds the decoded verifying keys: one per active model.
const keysRemembered = 64

// Verifier checks proofs under one reference string. It remembers the proofs it
// accepted, so that a node pays once for a proof that it sees in CheckTx, in a
// proposal and in the block. Refusals are not remembered: they would let a
// sender push accepted proofs out. It is safe for concurrent use.
//
// A hit and a miss give the same answer, so the memory is no part of consensus;
// the caller charges GasVerify in both cases.
type Verifier struct {
	srs      SRSKey
	material kzg.VerifyingKey
	accepted *recent[struct{}]
	keys     *recent[*VerifyingKey]
}

// NewVerifier computes the pairing lines of srs once. remembered is the number of
// accepted proofs to keep, 1 to RememberedMax, at about 150 bytes each.
func NewVerifier(srs SRSKey, remembered int) (*Verifier, error) {
	if err := srs.validate(); err != nil {
		return nil, err
	}
	if remembered < 1 || remembered > RememberedMax {
		return nil, fmt.Errorf("zk: %d remembered proofs, want 1 to %d", remembered, RememberedMax)
	}
	return &Verifier{
		srs:      srs,
		material: srs.material(),
		accepted: newRecent[struct{}](remembered),
		keys:     newRecent[*VerifyingKey](keysRemembered),
	}, nil
}

// SRSKey is the key that the verifier was made for.
func (v *Verifier) SRSKey() SRSKey { return v.srs }

// Key is DecodeVerifyingKey with a memory, for callers that hold encoded keys.
func (v *Verifier) Key(encoded []byte) (*VerifyingKey, error) {
	if len(encoded) > VerifyingKeyBytesMax {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrKey, len(encoded), VerifyingKeyBytesMax)
	}
	id := canon.New("verifying-key-hash").Bytes(encoded).MustSum()
	if k, ok := v.keys.find(id); ok {
		return k, nil
	}
	k, err := DecodeVerifyingKey(encoded)
	if err != nil {
		return nil, err
	}
	v.keys.add(id, k)
	return k, nil
}

// Verify reports whether proof shows the statement with this hash for the model
// of this key. It returns nil, or an error that wraps ErrProof, ErrStatement or
// ErrKey; it does not panic on any bytes.
func (v *Verifier) Verify(key *VerifyingKey, statement [32]byte, proof []byte) error {
	if key == nil || len(key.encoded) == 0 {
		return fmt.Errorf("%w: no key", ErrKey)
	}
	if len(proof) > ProofBytesMax {
		return fmt.Errorf("%w: %d bytes, at most %d", ErrProof, len(proof), ProofBytesMax)
	}
	vk := key.Hash()
	id := canon.New("proof-accepted").Fixed(vk[:]).Fixed(statement[:]).Bytes(proof).MustSum()
	if _, ok := v.accepted.find(id); ok {
		return nil
	}
	if err := recovered(func() error { return v.verify(key, statement, proof) }); err != nil {
		return err
	}
	v.accepted.add(id, struct{}{})
	return nil
}

func (v *Verifier) verify(key *VerifyingKey, statement [32]byte, encoded []byte) error {
	public, err := publicWitness(statement)
	if err != nil {
		return err
	}
	proof, err := decodeProof(encoded, len(key.commitments))
	if err != nil {
		return err
	}
	vk, err := key.rebuild(v.material)
	if err != nil {
		return err
	}
	if err := plonk.Verify(proof, vk, public); err != nil {
		return fmt.Errorf("%w: %w", ErrProof, err)
	}
	return nil
}

// recovered turns a panic of f into an error. None is known to be reachable; a
// node must not stop if one is.
func recovered(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: verifier panicked: %v", ErrProof, r)
		}
	}()
	return f()
}
