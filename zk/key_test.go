package zk

import (
	"encoding/binary"
	"errors"
	"reflect"
	"slices"
	"testing"

	bls "github.com/consensys/gnark-crypto/ecc/bls12-381"
	plonk "github.com/consensys/gnark/backend/plonk/bls12-381"
)

const keyPointsAt = 4 + len("xinlian/verifying-key/v1") + 8 + 4

// A key survives its bytes, and the rebuilt key of gnark is the one that gnark's
// own setup made, field by field.
func TestVerifyingKeyRoundTrip(t *testing.T) {
	t.Parallel()
	p := provenTwelve(t)
	decoded, err := DecodeVerifyingKey(p.vk.Encode())
	if err != nil {
		t.Fatal(err)
	}
	if decoded.Hash() != p.vk.Hash() || !slices.Equal(decoded.Encode(), p.vk.Encode()) || decoded.Size() != p.circuit.Size() {
		t.Error("decoded key is another key")
	}
	rebuilt, err := Rebuild(decoded, UnsafeDevelopmentSRS().Key())
	if err != nil {
		t.Fatal(err)
	}
	hash, err := twelve().Hash()
	if err != nil {
		t.Fatal(err)
	}
	k, ok := p.prover.keys.find(hash)
	if !ok {
		t.Fatal("prover forgot its keys")
	}
	want := *k.proving.plonk.Vk
	got, fields := reflect.ValueOf(*rebuilt), reflect.TypeOf(want)
	for i := range fields.NumField() {
		if f := fields.Field(i); f.IsExported() && !reflect.DeepEqual(got.Field(i).Interface(), reflect.ValueOf(want).Field(i).Interface()) {
			t.Errorf("field %s of the rebuilt key differs from gnark's", f.Name)
		}
	}
}

// Bytes that are not exactly one well-formed key are refused.
func TestDecodeVerifyingKeyRefuses(t *testing.T) {
	t.Parallel()
	good := provenTwelve(t).vk.Encode()
	set := func(at int, with []byte) []byte {
		b := slices.Clone(good)
		copy(b[at:], with)
		return b
	}
	outside, infinity := outsideSubgroup(), [48]byte{0xc0}
	sizeAt := keyPointsAt - 12
	cases := map[string][]byte{
		"nil":                       nil,
		"one short":                 good[:len(good)-1],
		"one long":                  append(slices.Clone(good), 0),
		"too long":                  make([]byte, VerifyingKeyBytesMax+1),
		"other version":             set(4, []byte("xinlian/verifying-key/v2")),
		"size zero":                 set(sizeAt, make([]byte, 8)),
		"size no power of two":      set(sizeAt, binary.BigEndian.AppendUint64(nil, 12_345)),
		"size too small":            set(sizeAt, binary.BigEndian.AppendUint64(nil, SizeMin/2)),
		"size too large":            set(sizeAt, binary.BigEndian.AppendUint64(nil, SizeMax*2)),
		"no public input":           set(sizeAt+8, []byte{0, 0, 0, 0}),
		"two public inputs":         set(sizeAt+8, []byte{0, 0, 0, 2}),
		"one commitment announced":  set(len(good)-1, []byte{1}),
		"many commitments":          set(len(good)-1, []byte{255}),
		"equal permutation columns": set(keyPointsAt, good[keyPointsAt+48:keyPointsAt+96]),
		"equal last columns":        set(keyPointsAt+96, good[keyPointsAt+48:keyPointsAt+96]),
	}
	for i := range 8 {
		at, name := keyPointsAt+48*i, string(rune('0'+i))
		cases["point "+name+" outside the subgroup"] = set(at, outside[:])
		cases["point "+name+" is zero"] = set(at, infinity[:])
		cases["point "+name+" uncompressed"] = set(at, []byte{good[at] &^ 0x80})
	}
	v := fresh(t)
	for name, b := range cases {
		if _, err := DecodeVerifyingKey(b); !errors.Is(err, ErrKey) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := v.Key(b); !errors.Is(err, ErrKey) {
			t.Errorf("%s, remembering: %v", name, err)
		}
	}
	if n := v.keys.size(); n != 0 {
		t.Errorf("%d refused keys are remembered", n)
	}
}

// gnark pairs with the lines in a key and ignores its points. This is the trap
// that Rebuild closes; if gnark changes, this test says so.
func TestGnarkTrustsLines(t *testing.T) {
	t.Parallel()
	p := provenTwelve(t)
	vk, err := Rebuild(p.vk, UnsafeDevelopmentSRS().Key())
	if err != nil {
		t.Fatal(err)
	}
	proof, err := decodeProof(p.proof, 0)
	if err != nil {
		t.Fatal(err)
	}
	public, err := publicWitness(p.statement)
	if err != nil {
		t.Fatal(err)
	}
	foreign := foreignKey(3).material()
	points, lines := *vk, *vk
	points.Kzg.G2 = foreign.G2
	lines.Kzg.Lines = foreign.Lines
	if err := plonk.Verify(proof, &points, public); err != nil {
		t.Errorf("gnark now looks at the points: %v", err)
	}
	if err := plonk.Verify(proof, &lines, public); err == nil {
		t.Error("gnark no longer pairs with the lines")
	}
}

// Lines, points and derived values of a key from outside do not survive: the
// reduced key has no place for them and the rebuilt one has the pinned string's.
func TestForeignMaterialCannotEnter(t *testing.T) {
	t.Parallel()
	p := provenTwelve(t)
	srs := UnsafeDevelopmentSRS().Key()
	honest, err := Rebuild(p.vk, srs)
	if err != nil {
		t.Fatal(err)
	}
	evil := *honest
	evil.Kzg = foreignKey(3).material()
	evil.SizeInv.SetOne()
	evil.Generator.SetOne()
	evil.CosetShift.SetOne()
	reduced, err := reduce(&evil)
	if err != nil {
		t.Fatal(err)
	}
	if reduced.Hash() != p.vk.Hash() {
		t.Error("foreign material changes the reduced key")
	}
	rebuilt, err := Rebuild(reduced, srs)
	if err != nil {
		t.Fatal(err)
	}
	if rebuilt.Kzg != honest.Kzg || rebuilt.SizeInv != honest.SizeInv ||
		rebuilt.Generator != honest.Generator || rebuilt.CosetShift != honest.CosetShift {
		t.Error("foreign material survives in the rebuilt key")
	}
	for i := range srs.g2 {
		if rebuilt.Kzg.Lines[i] != bls.PrecomputeLines(srs.g2[i]) {
			t.Errorf("lines %d are not those of the pinned point", i)
		}
	}
	evil.NbPublicVariables = 2
	if _, err := reduce(&evil); !errors.Is(err, ErrKey) {
		t.Errorf("two public inputs: %v", err)
	}
	if _, err := Rebuild(p.vk, SRSKey{}); !errors.Is(err, ErrSRS) {
		t.Errorf("no pinned key: %v", err)
	}
}

// Keys depends on the model and the string alone: made from another object of
// the same model, and from a sealed copy of the string, they are the same.
func TestKeysAreReproducible(t *testing.T) {
	t.Parallel()
	p := provenTwelve(t)
	monomial, _, err := UnsafeDevelopmentSRS().bases(p.circuit.Size())
	if err != nil {
		t.Fatal(err)
	}
	lagrange := map[uint64][]bls.G1Affine{p.circuit.Size(): UnsafeDevelopmentSRS().lagrange[p.circuit.Size()]}
	again := &SRS{key: UnsafeDevelopmentSRS().Key(), source: sealedPowers(monomial), lagrange: lagrange}
	_, vk, err := Keys(twelve(), again)
	if err != nil {
		t.Fatal(err)
	}
	if vk.Hash() != p.vk.Hash() {
		t.Error("the same model gives another verifying key")
	}
	short := &SRS{key: again.key, source: sealedPowers(monomial[:1000]), lagrange: map[uint64][]bls.G1Affine{}}
	if _, _, err := Keys(twelve(), short); !errors.Is(err, ErrSRS) {
		t.Errorf("short string: %v", err)
	}
}

// FuzzDecodeVerifyingKey: arbitrary bytes do not panic, and what is accepted
// encodes to the same bytes again.
func FuzzDecodeVerifyingKey(f *testing.F) {
	f.Add([]byte{})
	f.Add(UnsafeDevelopmentSRS().Key().Encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		if k, err := DecodeVerifyingKey(b); err == nil && !slices.Equal(k.Encode(), b) {
			t.Error("another encoding was accepted")
		}
		if k, err := DecodeSRSKey(b); err == nil && !slices.Equal(k.Encode(), b) {
			t.Error("another encoding was accepted")
		}
	})
}
