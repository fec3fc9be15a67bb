package zk

import (
	"errors"
	"fmt"
	"sync"

	"github.com/consensys/gnark-crypto/ecc"
	bls "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/kzg"

	"github.com/xinlian/xinlian/internal/canon"
)

// ErrSRS says that a reference string or its key is malformed, inconsistent or
// too small.
var ErrSRS = errors.New("zk: unusable reference string")

// Kind says how a reference string came about.
type Kind uint8

const (
	// Development is the string whose secret is in this repository: whoever
	// reads it can prove anything.
	Development Kind = iota + 1
	// Ceremony is any other string. That it comes from an honest ceremony is
	// shown by the signatures on its transcript, not by this value.
	Ceremony
)

// String is the kind in words.
func (k Kind) String() string {
	switch k {
	case Development:
		return "development"
	case Ceremony:
		return "ceremony"
	}
	return "unknown"
}

// SRSKey is the part of a reference string that a verifier needs, [1] in G1 and
// [1], [tau] in G2. It is pinned at genesis. The zero value is not a key.
type SRSKey struct {
	g1 bls.G1Affine
	g2 [2]bls.G2Affine
}

// Encode is the key's canonical bytes.
func (k SRSKey) Encode() []byte {
	g1, one, tau := k.g1.Bytes(), k.g2[0].Bytes(), k.g2[1].Bytes()
	b, err := canon.New("srs-key").Fixed(g1[:]).Fixed(one[:]).Fixed(tau[:]).Encoded()
	if err != nil {
		panic(err) // no string among the fields
	}
	return b
}

// Hash identifies the key.
func (k SRSKey) Hash() [32]byte { return canon.New("srs-key-hash").Bytes(k.Encode()).MustSum() }

// Development reports whether this is the key of the development string.
func (k SRSKey) Development() bool { return k == developmentKey() }

// DecodeSRSKey reads canonical bytes. It refuses points outside the subgroups, a
// key that does not start from the standard generators, and tau in {0, 1, -1}.
func DecodeSRSKey(b []byte) (SRSKey, error) {
	r := canon.Open("srs-key", b)
	var k SRSKey
	g1, one, tau := r.Fixed(bls.SizeOfG1AffineCompressed), r.Fixed(bls.SizeOfG2AffineCompressed), r.Fixed(bls.SizeOfG2AffineCompressed)
	if err := r.Done(); err != nil {
		return SRSKey{}, fmt.Errorf("%w: %w", ErrSRS, err)
	}
	if err := decodeG1(&k.g1, g1); err != nil {
		return SRSKey{}, fmt.Errorf("%w: G1: %w", ErrSRS, err)
	}
	for i, encoded := range [][]byte{one, tau} {
		if err := decodeG2(&k.g2[i], encoded); err != nil {
			return SRSKey{}, fmt.Errorf("%w: G2[%d]: %w", ErrSRS, i, err)
		}
	}
	return k, k.validate()
}

func (k SRSKey) validate() error {
	_, _, g1, g2 := bls.Generators()
	var minus bls.G2Affine
	minus.Neg(&g2)
	switch {
	case k.g1 != g1 || k.g2[0] != g2:
		return fmt.Errorf("%w: key does not start from the standard generators", ErrSRS)
	case k.g2[1].IsInfinity() || !k.g2[1].IsInSubGroup():
		return fmt.Errorf("%w: second point of G2 is zero or outside the subgroup", ErrSRS)
	case k.g2[1] == g2 || k.g2[1] == minus:
		return fmt.Errorf("%w: secret is one or minus one", ErrSRS)
	}
	return nil
}

// material is gnark's key with the pairing lines computed here. gnark's verifier
// pairs with these lines and never looks at the points beside them, so lines
// from outside would let anyone forge.
func (k SRSKey) material() kzg.VerifyingKey {
	vk := kzg.VerifyingKey{G1: k.g1, G2: k.g2}
	for i := range k.g2 {
		vk.Lines[i] = bls.PrecomputeLines(k.g2[i])
	}
	return vk
}

// SRS is a universal structured reference string. It is safe for concurrent use.
type SRS struct {
	key    SRSKey
	source baseSource

	mu       sync.Mutex
	lagrange map[uint64][]bls.G1Affine // by circuit size, a power of two
}

// baseSource gives the two bases of a reference string. Monomial returns
// size + 3 powers, the three for the blinding of gnark's prover.
type baseSource interface {
	monomial(size uint64) ([]bls.G1Affine, error)
	lagrange(size uint64) ([]bls.G1Affine, error)
}

// Key is the verifier's part.
func (s *SRS) Key() SRSKey { return s.key }

// Kind tells the development string from any other.
func (s *SRS) Kind() Kind {
	if s.key.Development() {
		return Development
	}
	return Ceremony
}

func (s *SRS) bases(size uint64) (monomial, lagrange []bls.G1Affine, err error) {
	if size > SizeMax {
		return nil, nil, fmt.Errorf("%w: circuit size %d, at most %d", ErrSRS, size, uint64(SizeMax))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if monomial, err = s.source.monomial(size); err != nil {
		return nil, nil, err
	}
	if lagrange = s.lagrange[size]; lagrange == nil {
		if lagrange, err = s.source.lagrange(size); err != nil {
			return nil, nil, err
		}
		s.lagrange[size] = lagrange
	}
	return monomial, lagrange, nil
}

// SealedSRS takes over the result of a ceremony. It ignores the pairing lines in
// sealed and checks that every point is in the subgroup and that the points are
// consecutive powers of the key's secret, up to an error of 2^-128. It cannot
// check that the secret was destroyed.
func SealedSRS(sealed *kzg.SRS) (*SRS, error) {
	key := SRSKey{g1: sealed.Vk.G1, g2: sealed.Vk.G2}
	if err := key.validate(); err != nil {
		return nil, err
	}
	powers := sealed.Pk.G1
	if len(powers) < 8 || powers[0] != key.g1 {
		return nil, fmt.Errorf("%w: %d powers, or the first is not the generator", ErrSRS, len(powers))
	}
	for i := range powers {
		if powers[i].IsInfinity() || !powers[i].IsInSubGroup() {
			return nil, fmt.Errorf("%w: power %d is zero or outside the subgroup", ErrSRS, i)
		}
	}
	if err := checkPowers(powers, key); err != nil {
		return nil, err
	}
	return &SRS{key: key, source: sealedPowers(powers), lagrange: map[uint64][]bls.G1Affine{}}, nil
}

// checkPowers tests e(sum r_i P_i, [tau]) = e(sum r_i P_(i+1), [1]) for random r.
func checkPowers(powers []bls.G1Affine, key SRSKey) error {
	r := make([]fr.Element, len(powers)-1)
	for i := range r {
		if _, err := r[i].SetRandom(); err != nil {
			return fmt.Errorf("drawing a challenge: %w", err)
		}
	}
	var low, high bls.G1Affine
	if _, err := low.MultiExp(powers[:len(r)], r, ecc.MultiExpConfig{}); err != nil {
		return fmt.Errorf("folding powers: %w", err)
	}
	if _, err := high.MultiExp(powers[1:], r, ecc.MultiExpConfig{}); err != nil {
		return fmt.Errorf("folding powers: %w", err)
	}
	high.Neg(&high)
	ok, err := bls.PairingCheck([]bls.G1Affine{low, high}, []bls.G2Affine{key.g2[1], key.g2[0]})
	if err != nil {
		return fmt.Errorf("pairing powers: %w", err)
	}
	if !ok {
		return fmt.Errorf("%w: points are not powers of the key's secret", ErrSRS)
	}
	return nil
}

// sealedPowers are the powers of a secret nobody knows.
type sealedPowers []bls.G1Affine

func (p sealedPowers) monomial(size uint64) ([]bls.G1Affine, error) {
	if uint64(len(p)) < size+3 {
		return nil, fmt.Errorf("%w: %d powers, a circuit of size %d needs %d", ErrSRS, len(p), size, size+3)
	}
	return p[:size+3], nil
}

func (p sealedPowers) lagrange(size uint64) ([]bls.G1Affine, error) {
	lagrange, err := kzg.ToLagrangeG1(append([]bls.G1Affine(nil), p[:size]...))
	if err != nil {
		return nil, fmt.Errorf("transforming reference string: %w", err)
	}
	return lagrange, nil
}
