package zk

import (
	"bytes"
	"errors"
	"math/big"
	"slices"
	"testing"

	bls "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/kzg"
)

// The development string is a string: its powers pass the checks of a sealed
// one, and its Lagrange form is the transform of its powers.
func TestDevelopmentSRSIsConsistent(t *testing.T) {
	t.Parallel()
	dev := UnsafeDevelopmentSRS()
	const size = 64
	monomial, lagrange, err := dev.bases(size)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := SealedSRS(&kzg.SRS{Pk: kzg.ProvingKey{G1: slices.Clone(monomial)}, Vk: dev.Key().material()})
	if err != nil {
		t.Fatal(err)
	}
	again, transformed, err := sealed.bases(size)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(again, monomial) || !slices.Equal(transformed, lagrange) {
		t.Error("the two forms differ")
	}
	// A sealed copy of the development string is still recognised.
	if dev.Kind() != Development || sealed.Kind() != Development || !dev.Key().Development() {
		t.Error("development string passes for another")
	}
	if k := foreignKey(12345); k.Development() {
		t.Error("another key passes for the development key")
	}
}

// The result of a ceremony is checked: powers in sequence, in the group, of the
// key's secret; lines in it are ignored.
func TestSealedSRS(t *testing.T) {
	t.Parallel()
	secret := big.NewInt(987_654_321)
	fresh := func() *kzg.SRS {
		s, err := kzg.NewSRS(16+3, secret)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	foreign := fresh()
	foreign.Vk.Lines = foreignKey(3).material().Lines
	sealed, err := SealedSRS(foreign)
	if err != nil {
		t.Fatal(err)
	}
	if sealed.Kind() != Ceremony || sealed.Key() != foreignKey(secret.Int64()) {
		t.Error("wrong key")
	}
	if sealed.Key().material().Lines != fresh().Vk.Lines {
		t.Error("foreign lines survive")
	}
	outside := outsideSubgroup()
	for _, tc := range []struct {
		name string
		bend func(*kzg.SRS)
	}{
		{"empty", func(s *kzg.SRS) { s.Pk.G1 = nil }},
		{"zero value", func(s *kzg.SRS) { *s = kzg.SRS{} }},
		{"other generator", func(s *kzg.SRS) { s.Pk.G1[0] = s.Pk.G1[1] }},
		{"power moved", func(s *kzg.SRS) { s.Pk.G1[7] = s.Pk.G1[8] }},
		{"last power moved", func(s *kzg.SRS) { s.Pk.G1[18] = s.Pk.G1[0] }},
		{"power is zero", func(s *kzg.SRS) { s.Pk.G1[3] = bls.G1Affine{} }},
		{"power outside the subgroup", func(s *kzg.SRS) {
			d := bls.NewDecoder(bytes.NewReader(outside[:]), bls.NoSubgroupChecks())
			if err := d.Decode(&s.Pk.G1[3]); err != nil {
				t.Fatal(err)
			}
		}},
		{"key of another secret", func(s *kzg.SRS) { s.Vk.G2 = foreignKey(3).g2 }},
		{"secret one", func(s *kzg.SRS) { s.Vk.G2[1] = s.Vk.G2[0] }},
		{"other G1 in the key", func(s *kzg.SRS) { s.Vk.G1 = s.Pk.G1[1] }},
	} {
		s := fresh()
		tc.bend(s)
		if _, err := SealedSRS(s); !errors.Is(err, ErrSRS) {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
}

// A pinned key survives its bytes; anything else is refused.
func TestDecodeSRSKey(t *testing.T) {
	t.Parallel()
	dev := UnsafeDevelopmentSRS().Key()
	good := dev.Encode()
	k, err := DecodeSRSKey(good)
	if err != nil || k != dev || k.Hash() != dev.Hash() || !k.Development() {
		t.Fatalf("round trip: %v", err)
	}
	g1At := 4 + len("xinlian/srs-key/v1")
	set := func(at int, with []byte) []byte {
		b := slices.Clone(good)
		copy(b[at:], with)
		return b
	}
	outside, infinity := outsideSubgroup(), append([]byte{0xc0}, make([]byte, 95)...)
	times := func(secret int64) [96]byte {
		k := foreignKey(secret)
		return k.g2[1].Bytes()
	}
	one, two, minus := times(1), times(2), times(-1)
	for name, b := range map[string][]byte{
		"nil":               nil,
		"one short":         good[:len(good)-1],
		"one long":          append(slices.Clone(good), 0),
		"other version":     set(4, []byte("xinlian/srs-key/v2")),
		"G1 outside":        set(g1At, outside[:]),
		"G1 zero":           set(g1At, infinity[:48]),
		"G2[0] zero":        set(g1At+48, infinity),
		"G2[0] not the one": set(g1At+48, two[:]),
		"G2[1] zero":        set(g1At+144, infinity),
		"secret one":        set(g1At+144, one[:]),
		"secret minus one":  set(g1At+144, minus[:]),
		"G2[1] garbage":     set(g1At+144, slices.Repeat([]byte{0x9f}, 96)),
	} {
		if _, err := DecodeSRSKey(b); !errors.Is(err, ErrSRS) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := NewVerifier(SRSKey{}, 1); !errors.Is(err, ErrSRS) {
		t.Errorf("zero key: %v", err)
	}
	for _, n := range []int{0, -1, RememberedMax + 1} {
		if _, err := NewVerifier(dev, n); err == nil {
			t.Errorf("a memory of %d is accepted", n)
		}
	}
}

// Points at infinity are refused where bytes are read, before any other check.
func TestDecodePointRefusesInfinity(t *testing.T) {
	t.Parallel()
	infinity := append([]byte{0xc0}, make([]byte, 95)...)
	if err := decodeG1(new(bls.G1Affine), infinity[:48]); !errors.Is(err, errInfinity) {
		t.Errorf("G1: %v", err)
	}
	if err := decodeG2(new(bls.G2Affine), infinity); !errors.Is(err, errInfinity) {
		t.Errorf("G2: %v", err)
	}
}
