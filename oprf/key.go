package oprf

import (
	"fmt"

	"github.com/cloudflare/circl/group"

	"github.com/xinlian/xinlian/internal/canon"
)

// PublicShare is what the world knows of one member's share: the point that its
// proofs are checked against.
type PublicShare struct {
	Index uint16 // from 1, the member's place in the polynomial
	Point [PointBytes]byte
}

// Key is the public half of a shared key: what the chain registers.
type Key struct {
	Threshold uint16
	Point     [PointBytes]byte // the key that an output verifies under, were one server to hold it
	Shares    []PublicShare    // ascending by index
}

// Validate is nil when every share lies on one polynomial of degree
// Threshold-1 whose value at 0 is the key. It reads points that others made, and
// must hold before any proof is trusted.
func (k Key) Validate() error {
	n := len(k.Shares)
	if n == 0 || n > MembersMax {
		return fmt.Errorf("%w: %d shares, want 1 to %d", ErrSize, n, MembersMax)
	}
	if t := int(k.Threshold); t < ThresholdMin(n) || t > n {
		return fmt.Errorf("%w: %d of %d", ErrThreshold, t, n)
	}
	if _, err := point(k.Point[:]); err != nil {
		return fmt.Errorf("the key: %w", err)
	}
	shares := make([]group.Element, n)
	for i, s := range k.Shares {
		if s.Index == 0 || i > 0 && s.Index <= k.Shares[i-1].Index {
			return fmt.Errorf("%w: share %d has index %d", ErrSize, i, s.Index)
		}
		var err error
		if shares[i], err = point(s.Point[:]); err != nil {
			return fmt.Errorf("share %d: %w", s.Index, err)
		}
	}
	indices := k.indices()[:k.Threshold]
	if got := [PointBytes]byte(encoded(combined(indices, shares[:k.Threshold], 0))); got != k.Point {
		return fmt.Errorf("%w: the first %d shares give another key", ErrKey, k.Threshold)
	}
	for i := int(k.Threshold); i < n; i++ {
		if !combined(indices, shares[:k.Threshold], uint64(k.Shares[i].Index)).IsEqual(shares[i]) {
			return fmt.Errorf("%w: share %d", ErrKey, k.Shares[i].Index)
		}
	}
	return nil
}

// Share is the public share of an index, false where there is none.
func (k Key) Share(index uint16) (PublicShare, bool) {
	for _, s := range k.Shares {
		if s.Index == index {
			return s, true
		}
	}
	return PublicShare{}, false
}

// Encoded is the key in canonical bytes.
func (k Key) Encoded() []byte {
	w := canon.New("oprf-key").Uint16(k.Threshold).Fixed(k.Point[:]).Uint16(uint16(len(k.Shares)))
	for _, s := range k.Shares {
		w.Uint16(s.Index).Fixed(s.Point[:])
	}
	return must(w)
}

// DecodeKey reads what Encoded wrote and validates it.
func DecodeKey(b []byte) (Key, error) {
	r := canon.Open("oprf-key", b)
	k := Key{Threshold: r.Uint16()}
	copy(k.Point[:], r.Fixed(PointBytes))
	n := int(r.Uint16())
	if n > MembersMax {
		return Key{}, fmt.Errorf("reading a key: %w: %d shares", ErrSize, n)
	}
	for range n {
		s := PublicShare{Index: r.Uint16()}
		copy(s.Point[:], r.Fixed(PointBytes))
		k.Shares = append(k.Shares, s)
	}
	if err := r.Done(); err != nil {
		return Key{}, fmt.Errorf("reading a key: %w", err)
	}
	return k, k.Validate()
}

func (k Key) indices() []uint16 {
	list := make([]uint16, len(k.Shares))
	for i, s := range k.Shares {
		list[i] = s.Index
	}
	return list
}

// combined interpolates points at x.
func combined(indices []uint16, shares []group.Element, x uint64) group.Element {
	sum := curve.Identity()
	for i, index := range indices {
		sum.Add(sum, curve.NewElement().Mul(shares[i], interpolate(indices, index, x)))
	}
	return sum
}

// must is the encoding of values whose only strings are constants.
func must(w *canon.Writer) []byte {
	b, err := w.Encoded()
	if err != nil {
		panic(err)
	}
	return b
}
