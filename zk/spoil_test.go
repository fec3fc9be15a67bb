package zk

import (
	"encoding/binary"
	"errors"
	"math/rand"
	"runtime"
	"slices"
	"testing"

	bls377 "github.com/consensys/gnark-crypto/ecc/bls12-377"
	bls "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fp"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
	"github.com/consensys/gnark-crypto/ecc/bn254"
)

// allocMax is what judging one proof or one key may allocate, whatever its bytes.
const allocMax = 16 << 20

// offCurve is an x below the modulus with no point of the curve of G1 above it.
func offCurve() [48]byte {
	for x := uint64(1); ; x++ {
		var e, y2, four fp.Element
		e.SetUint64(x)
		four.SetUint64(4)
		y2.Square(&e).Mul(&y2, &e).Add(&y2, &four)
		if y2.Legendre() == -1 {
			b := e.Bytes()
			b[0] |= 0x80
			return b
		}
	}
}

// spoil changes good bytes in one of ten ways, at a place that the seed chooses.
// The points begin at pointsAt.
func spoil(good []byte, pointsAt, points int, way uint8, seed uint64) []byte {
	r := rand.New(rand.NewSource(int64(seed)))
	b := slices.Clone(good)
	point := pointsAt + 48*r.Intn(points)
	tail := pointsAt + 48*points
	value := tail + 32*r.Intn(max(1, (len(b)-tail)/32))
	switch way % 10 {
	case 0:
		for range 1 + r.Intn(4) {
			b[r.Intn(len(b))] ^= 1 << r.Intn(8)
		}
	case 1:
		b = b[:r.Intn(len(b))]
	case 2:
		b = append(b, make([]byte, 1+r.Intn(2000))...)
	case 3:
		x := offCurve()
		copy(b[point:], x[:])
	case 4:
		x := outsideSubgroup()
		copy(b[point:], x[:])
	case 5: // a field element that is not below its modulus, of a point or of a value
		x := fp.Modulus().Bytes()
		x[0] |= 0x80
		copy(b[point:], x)
		if len(b) > value+32 && r.Intn(2) == 0 {
			b = slices.Clone(good)
			copy(b[value:], fr.Modulus().Bytes())
		}
	case 6: // points of other curves
		_, _, g377, _ := bls377.Generators()
		_, _, g254, _ := bn254.Generators()
		x, y := g377.Bytes(), g254.Bytes()
		copy(b[point:], x[:])
		if r.Intn(2) == 0 {
			copy(b[point:], append(y[:], make([]byte, 16)...))
		}
	case 7: // a point of G2, which is twice as long
		_, _, _, g2 := bls.Generators()
		x := g2.Bytes()
		copy(b[point:], x[:])
	case 8: // lengths, counts and sizes
		at := r.Intn(pointsAt - 3)
		binary.BigEndian.PutUint32(b[at:], r.Uint32())
	case 9:
		other := pointsAt + 48*r.Intn(points)
		x, y := [48]byte(b[point:]), [48]byte(b[other:])
		copy(b[point:], y[:])
		copy(b[other:], x[:])
	}
	return b
}

// allocated is what f allocates in all, if nothing else runs.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// judgeSpoiled verifies a spoiled proof and uses a spoiled key, and reports what
// is accepted although it is not the good one.
func judgeSpoiled(t *testing.T, p *proven, v *Verifier, way uint8, seed uint64) (used uint64) {
	t.Helper()
	proof := spoil(p.proof, pointsAt, proofPoints, way, seed)
	used = allocated(func() {
		err := v.verify(p.vk, p.statement, proof)
		if slices.Equal(proof, p.proof) != (err == nil) || (err != nil && !errors.Is(err, ErrProof)) {
			t.Errorf("proof, way %d, seed %d: %v", way, seed, err)
		}
	})
	good := p.vk.Encode()
	encoded := spoil(good, keyPointsAt, 8, way, seed)
	return max(used, allocated(func() {
		key, err := DecodeVerifyingKey(encoded)
		if err != nil {
			if !errors.Is(err, ErrKey) || slices.Equal(encoded, good) {
				t.Errorf("key, way %d, seed %d: %v", way, seed, err)
			}
			return
		}
		if !slices.Equal(key.Encode(), encoded) {
			t.Errorf("key, way %d, seed %d: another encoding was accepted", way, seed)
		}
		if err := v.verify(key, p.statement, p.proof); (err == nil) != slices.Equal(encoded, good) {
			t.Errorf("key, way %d, seed %d: %v", way, seed, err)
		}
	}))
}

// Proofs and keys spoiled in every way, with points off the curve, outside the
// subgroup and of other curves, with numbers that are not canonical and with any
// length, are refused as what they are and cost little memory each. It does not
// run beside others, whose memory it would count.
func TestSpoiledIsRefusedInLittleMemory(t *testing.T) {
	p, v := provenTwelve(t), fresh(t)
	var most uint64
	for way := range uint8(10) {
		for seed := range uint64(8) {
			most = max(most, judgeSpoiled(t, p, v, way, seed))
		}
	}
	for name, proof := range malformed(p.proof) {
		most = max(most, allocated(func() {
			if err := v.Verify(p.vk, p.statement, proof); !errors.Is(err, ErrProof) {
				t.Errorf("%s: %v", name, err)
			}
		}))
	}
	if most > allocMax {
		t.Errorf("one proof or key took %d bytes", most)
	}
	t.Logf("at most %d KiB", most>>10)
}

// FuzzSpoiled looks for a way of spoiling that panics, is accepted, or takes too
// much memory.
func FuzzSpoiled(f *testing.F) {
	for way := range uint8(10) {
		f.Add(way, uint64(way))
	}
	p, v := provenTwelve(f), fresh(f)
	f.Fuzz(func(t *testing.T, way uint8, seed uint64) {
		if used := judgeSpoiled(t, p, v, way, seed); used > allocMax {
			t.Errorf("way %d, seed %d took %d bytes", way, seed, used)
		}
	})
}

// FuzzKey gives arbitrary bytes, near to a key of a model and to one that commits,
// to the decoder: no panic, little memory, and one encoding.
func FuzzKey(f *testing.F) {
	f.Add(provenTwelve(f).vk.Encode())
	f.Add(append(provenTwelve(f).vk.Encode(), make([]byte, 56)...))
	f.Fuzz(func(t *testing.T, b []byte) {
		used := allocated(func() {
			if k, err := DecodeVerifyingKey(b); err == nil && !slices.Equal(k.Encode(), b) {
				t.Error("another encoding was accepted")
			}
		})
		if used > allocMax {
			t.Errorf("%d bytes allocated", used)
		}
	})
}

// A real proof of a model with pairs is accepted, and for no other value of any
// field, nor under the key of the same model with one point of a pair moved.
func TestProvePairs(t *testing.T) {
	t.Parallel()
	m := paired()
	pk, vk, err := Keys(m, UnsafeDevelopmentSRS())
	if err != nil {
		t.Fatal(err)
	}
	other := paired()
	other.Pairs[1].Points[1][1]++
	_, otherKey, err := Keys(other, UnsafeDevelopmentSRS())
	if err != nil {
		t.Fatal(err)
	}
	for _, features := range [][]int64{{5, 3, 4, 100, 150}, {-1, -4, 0, 77, 99}} {
		w := testWitness(t, m, known(features...))
		proof, err := pk.prove(&w)
		if err != nil {
			t.Fatal(err)
		}
		h, err := w.Statement.Hash()
		if err != nil {
			t.Fatal(err)
		}
		v := fresh(t)
		if err := v.Verify(vk, h, proof); err != nil {
			t.Fatal(err)
		}
		if err := v.Verify(otherKey, h, proof); !errors.Is(err, ErrProof) {
			t.Errorf("another model's key: %v", err)
		}
		for _, b := range statementBends() {
			s := b.of(t, w.Statement)
			if h, err = s.Hash(); err != nil {
				t.Fatal(err)
			}
			if err := v.Verify(vk, h, proof); !errors.Is(err, ErrProof) {
				t.Errorf("%s: %v", b.name, err)
			}
		}
	}
}
