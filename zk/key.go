package zk

import (
	"errors"
	"fmt"
	"math/bits"

	bls "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr/fft"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/kzg"
	plonk "github.com/consensys/gnark/backend/plonk/bls12-381"

	"github.com/xinlian/xinlian/internal/canon"
)

const (
	// SizeMax is the largest circuit, in gates: a ceremony makes 2^18 + 3 powers.
	SizeMax = 1 << 18
	// SizeMin is the smallest circuit; below it gnark's quotient has another shape.
	SizeMin = 8
	// CommitmentsMax bounds the commitments that a circuit makes to its own
	// witness. The score circuit makes none; lookup arguments would make one.
	CommitmentsMax = 1
	// VerifyingKeyBytesMax bounds an encoded verifying key.
	VerifyingKeyBytesMax = 1024

	publicInputs = 1
)

// ErrKey says that a verifying key is malformed or degenerate.
var ErrKey = errors.New("zk: malformed verifying key")

// VerifyingKey is what a model registers: the size of the circuit and the
// commitments to its selectors and its permutation. It holds no pairing material
// and nothing that can be derived. It is immutable; the zero value is not a key.
type VerifyingKey struct {
	size        uint64
	permutation [3]bls.G1Affine
	selectors   [5]bls.G1Affine // left, right, product, output, constant
	commitments []bls.G1Affine
	indexes     []uint64 // gate of each commitment, ascending
	encoded     []byte
	hash        [32]byte
}

// Size is the number of gates, a power of two.
func (k *VerifyingKey) Size() uint64 { return k.size }

// Encode is the key's canonical bytes.
func (k *VerifyingKey) Encode() []byte { return append([]byte(nil), k.encoded...) }

// Hash identifies the key; it is what members vote on.
func (k *VerifyingKey) Hash() [32]byte { return k.hash }

// reduce keeps of gnark's key what cannot be derived.
func reduce(vk *plonk.VerifyingKey) (*VerifyingKey, error) {
	if vk.NbPublicVariables != publicInputs {
		return nil, fmt.Errorf("%w: %d public inputs, want 1", ErrKey, vk.NbPublicVariables)
	}
	return newVerifyingKey(VerifyingKey{
		size:        vk.Size,
		permutation: vk.S,
		selectors:   [5]bls.G1Affine{vk.Ql, vk.Qr, vk.Qm, vk.Qo, vk.Qk},
		commitments: vk.Qcp,
		indexes:     vk.CommitmentConstraintIndexes,
	})
}

// newVerifyingKey checks k and fixes its bytes.
func newVerifyingKey(k VerifyingKey) (*VerifyingKey, error) {
	if err := k.validate(); err != nil {
		return nil, err
	}
	w := canon.New("verifying-key").Uint64(k.size).Uint32(publicInputs)
	for _, p := range k.points() {
		b := p.Bytes()
		w.Fixed(b[:])
	}
	w.Uint8(uint8(len(k.commitments)))
	for i := range k.commitments {
		b := k.commitments[i].Bytes()
		w.Fixed(b[:]).Uint64(k.indexes[i])
	}
	encoded, err := w.Encoded()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	k.encoded = encoded
	k.hash = canon.New("verifying-key-hash").Bytes(encoded).MustSum()
	return &k, nil
}

// DecodeVerifyingKey reads canonical bytes strictly: bounds first, then points
// that are canonical, not zero, on the curve and in the subgroup.
func DecodeVerifyingKey(b []byte) (*VerifyingKey, error) {
	if len(b) > VerifyingKeyBytesMax {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrKey, len(b), VerifyingKeyBytesMax)
	}
	r := canon.Open("verifying-key", b)
	k := VerifyingKey{size: r.Uint64()}
	if n := r.Uint32(); r.Err() == nil && n != publicInputs {
		return nil, fmt.Errorf("%w: %d public inputs, want 1", ErrKey, n)
	}
	fixed := make([][]byte, len(k.permutation)+len(k.selectors))
	for i := range fixed {
		fixed[i] = r.Fixed(bls.SizeOfG1AffineCompressed)
	}
	n := int(r.Uint8())
	if n > CommitmentsMax {
		return nil, fmt.Errorf("%w: %d commitments, at most %d", ErrKey, n, CommitmentsMax)
	}
	k.commitments, k.indexes = make([]bls.G1Affine, n), make([]uint64, n)
	committed := make([][]byte, n)
	for i := range n {
		committed[i], k.indexes[i] = r.Fixed(bls.SizeOfG1AffineCompressed), r.Uint64()
	}
	if err := r.Done(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	for i, p := range k.points() {
		if err := decodeG1(p, fixed[i]); err != nil {
			return nil, fmt.Errorf("%w: point %d: %w", ErrKey, i, err)
		}
	}
	for i := range n {
		if err := decodeG1(&k.commitments[i], committed[i]); err != nil {
			return nil, fmt.Errorf("%w: commitment %d: %w", ErrKey, i, err)
		}
	}
	return newVerifyingKey(k)
}

// points are the fixed points in the order of the encoding.
func (k *VerifyingKey) points() []*bls.G1Affine {
	var points []*bls.G1Affine
	for i := range k.permutation {
		points = append(points, &k.permutation[i])
	}
	for i := range k.selectors {
		points = append(points, &k.selectors[i])
	}
	return points
}

// validate refuses keys that no setup makes. The columns of a permutation are
// different polynomials, so equal commitments mean a key made by hand.
func (k *VerifyingKey) validate() error {
	if k.size < SizeMin || k.size > SizeMax || bits.OnesCount64(k.size) != 1 {
		return fmt.Errorf("%w: size %d, want a power of two from %d to %d", ErrKey, k.size, SizeMin, uint64(SizeMax))
	}
	if len(k.commitments) > CommitmentsMax || len(k.commitments) != len(k.indexes) {
		return fmt.Errorf("%w: %d commitments and %d indexes", ErrKey, len(k.commitments), len(k.indexes))
	}
	for i, p := range k.points() {
		if p.IsInfinity() || !p.IsInSubGroup() {
			return fmt.Errorf("%w: point %d is zero or outside the subgroup", ErrKey, i)
		}
	}
	s := &k.permutation
	if s[0] == s[1] || s[0] == s[2] || s[1] == s[2] {
		return fmt.Errorf("%w: two columns of the permutation are equal", ErrKey)
	}
	for i := range k.commitments {
		if k.commitments[i].IsInfinity() || !k.commitments[i].IsInSubGroup() {
			return fmt.Errorf("%w: commitment %d is zero or outside the subgroup", ErrKey, i)
		}
		if k.indexes[i] >= k.size-publicInputs || (i > 0 && k.indexes[i] <= k.indexes[i-1]) {
			return fmt.Errorf("%w: commitment %d sits at gate %d", ErrKey, i, k.indexes[i])
		}
	}
	return nil
}

// Rebuild makes gnark's verifying key from the reduced one and the pinned key of
// the reference string. Everything else, the pairing lines above all, is
// computed here: gnark pairs with the lines stored in a key and never compares
// them with its points, so a key with foreign lines would accept forged proofs.
func Rebuild(k *VerifyingKey, srs SRSKey) (*plonk.VerifyingKey, error) {
	if err := srs.validate(); err != nil {
		return nil, err
	}
	return k.rebuild(srs.material())
}

func (k *VerifyingKey) rebuild(material kzg.VerifyingKey) (*plonk.VerifyingKey, error) {
	generator, err := fft.Generator(k.size)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	size := fr.NewElement(k.size)
	vk := &plonk.VerifyingKey{
		Size:              k.size,
		Generator:         generator,
		NbPublicVariables: publicInputs,
		Kzg:               material,
		CosetShift:        fft.GeneratorFullMultiplicativeGroup(),
		S:                 k.permutation,
		Ql:                k.selectors[0],
		Qr:                k.selectors[1],
		Qm:                k.selectors[2],
		Qo:                k.selectors[3],
		Qk:                k.selectors[4],
		// Copies: gnark appends to these slices.
		Qcp:                         append([]bls.G1Affine{}, k.commitments...),
		CommitmentConstraintIndexes: append([]uint64{}, k.indexes...),
	}
	vk.SizeInv.Inverse(&size)
	return vk, nil
}
