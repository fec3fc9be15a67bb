package zk

import (
	"errors"
	"math/big"
	"math/rand"
	"runtime"
	"slices"
	"sync"
	"testing"

	bls "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fp"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
)

// A true statement is accepted with its proof, and refused when any one field of
// it is another, although the chain would hash the bent statement correctly.
func TestVerifyBindsEachStatementField(t *testing.T) {
	t.Parallel()
	p, v := provenTwelve(t), fresh(t)
	if err := v.Verify(p.vk, p.statement, p.proof); err != nil {
		t.Fatal(err)
	}
	for _, b := range statementBends() {
		s := b.of(t, p.witness.Statement)
		h, err := s.Hash()
		if err != nil {
			t.Fatalf("%s: %v", b.name, err)
		}
		if err := v.Verify(p.vk, h, p.proof); !errors.Is(err, ErrProof) {
			t.Errorf("%s: %v", b.name, err)
		}
	}
}

// A proof holds for its own verifying key and reference string only.
func TestVerifyBindsKeyAndString(t *testing.T) {
	t.Parallel()
	p := provenTwelve(t)
	for i := range p.vk.points() {
		bent := *p.vk
		_, _, g1, _ := bls.Generators()
		bent.points()[i].Add(bent.points()[i], &g1)
		key, err := newVerifyingKey(bent)
		if err != nil {
			t.Fatal(err)
		}
		if err := fresh(t).Verify(key, p.statement, p.proof); !errors.Is(err, ErrProof) {
			t.Errorf("key with point %d moved: %v", i, err)
		}
	}
	double := *p.vk
	double.size *= 2
	key, err := newVerifyingKey(double)
	if err != nil {
		t.Fatal(err)
	}
	if err := fresh(t).Verify(key, p.statement, p.proof); !errors.Is(err, ErrProof) {
		t.Errorf("key of another size: %v", err)
	}
	v, err := NewVerifier(foreignKey(3), 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := v.Verify(p.vk, p.statement, p.proof); !errors.Is(err, ErrProof) {
		t.Errorf("another reference string: %v", err)
	}
}

// foreignKey is the key of a string whose secret is the given number.
func foreignKey(secret int64) SRSKey {
	k := developmentKey()
	k.g2[1].ScalarMultiplication(&k.g2[0], big.NewInt(secret))
	return k
}

// outsideSubgroup is a point of the curve of G1 that is not in the group.
func outsideSubgroup() [48]byte {
	for x := uint64(1); ; x++ {
		var p bls.G1Affine
		p.X.SetUint64(x)
		var y2, four fp.Element
		four.SetUint64(4)
		y2.Square(&p.X).Mul(&y2, &p.X).Add(&y2, &four)
		if p.Y.Sqrt(&y2) != nil && !p.IsInSubGroup() {
			return p.Bytes()
		}
	}
}

const pointsAt = proofPrefix

var valuesAt = pointsAt + proofPoints*bls.SizeOfG1AffineCompressed

// malformed is a table of ways to spoil a valid proof.
func malformed(proof []byte) map[string][]byte {
	set := func(at int, with []byte) []byte {
		b := slices.Clone(proof)
		copy(b[at:], with)
		return b
	}
	cases := map[string][]byte{
		"nil":            nil,
		"empty":          {},
		"one byte":       {0},
		"one short":      proof[:len(proof)-1],
		"one long":       append(slices.Clone(proof), 0),
		"twice":          append(slices.Clone(proof), proof...),
		"zeros":          make([]byte, len(proof)),
		"ones":           slices.Repeat([]byte{0xff}, len(proof)),
		"a megabyte":     make([]byte, 1<<20),
		"other domain":   set(4, []byte("xinlian/score-prooF/v1")),
		"other version":  set(4, []byte("xinlian/score-proof/v2")),
		"huge length":    set(0, []byte{0xff, 0xff, 0xff, 0xff}),
		"swapped points": set(pointsAt, append(slices.Clone(proof[pointsAt+48:pointsAt+96]), proof[pointsAt:pointsAt+48]...)),
	}
	modulus := fr.Modulus()
	outside, infinity := outsideSubgroup(), [48]byte{0xc0}
	tooLarge := fp.Modulus().Bytes()
	tooLarge[0] |= 0x80
	for i := range proofPoints {
		at := pointsAt + 48*i
		name := string(rune('0' + i))
		cases["point "+name+" outside the subgroup"] = set(at, outside[:])
		cases["point "+name+" at infinity"] = set(at, infinity[:])
		cases["point "+name+" not canonical"] = set(at, tooLarge)
		cases["point "+name+" uncompressed"] = set(at, []byte{proof[at] &^ 0x80})
		cases["point "+name+" negated"] = set(at, []byte{proof[at] ^ 0x20})
	}
	for i := range proofValues {
		at := valuesAt + 32*i
		name := string(rune('0' + i))
		var e big.Int
		e.SetBytes(proof[at : at+32])
		alias := make([]byte, 32)
		e.Add(&e, modulus)
		if e.BitLen() <= 256 {
			cases["value "+name+" plus the modulus"] = set(at, e.FillBytes(alias))
		}
		cases["value "+name+" is the modulus"] = set(at, modulus.Bytes())
		cases["value "+name+" is zero"] = set(at, make([]byte, 32))
	}
	return cases
}

// Spoiled bytes are refused as what they are, without a panic and with memory
// bounded by the bound on the bytes.
func TestVerifyRefusesMalformed(t *testing.T) {
	t.Parallel()
	p, v := provenTwelve(t), fresh(t)
	for name, proof := range malformed(p.proof) {
		if err := v.Verify(p.vk, p.statement, proof); !errors.Is(err, ErrProof) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := v.accepted.size(); n != 0 {
		t.Errorf("%d refused proofs are remembered", n)
	}
}

// A flipped bit anywhere in a proof or in the statement hash is refused.
func TestVerifyRefusesFlippedBits(t *testing.T) {
	t.Parallel()
	p, v := provenTwelve(t), fresh(t)
	r := rand.New(rand.NewSource(4))
	for i := range p.proof {
		if i%3 != 0 {
			continue // a third of the bytes, for time; the fuzz target takes any
		}
		bent := slices.Clone(p.proof)
		bent[i] ^= 1 << r.Intn(8)
		if err := v.Verify(p.vk, p.statement, bent); !errors.Is(err, ErrProof) {
			t.Errorf("byte %d: %v", i, err)
		}
	}
	for i := range p.statement {
		bent := p.statement
		bent[i] ^= 1 << r.Intn(8)
		if err := v.Verify(p.vk, bent, p.proof); !errors.Is(err, ErrProof) && !errors.Is(err, ErrStatement) {
			t.Errorf("statement byte %d: %v", i, err)
		}
	}
}

// A statement hash at or above the modulus is an alias and refused as such, and
// so is a missing key.
func TestVerifyRefusesAlias(t *testing.T) {
	t.Parallel()
	p, v := provenTwelve(t), fresh(t)
	var alias big.Int
	alias.SetBytes(p.statement[:]).Add(&alias, fr.Modulus())
	if alias.BitLen() <= 256 {
		if err := v.Verify(p.vk, [32]byte(alias.FillBytes(make([]byte, 32))), p.proof); !errors.Is(err, ErrStatement) {
			t.Errorf("hash plus modulus: %v", err)
		}
	}
	if err := v.Verify(p.vk, [32]byte(fr.Modulus().Bytes()), p.proof); !errors.Is(err, ErrStatement) {
		t.Errorf("modulus: %v", err)
	}
	for _, key := range []*VerifyingKey{nil, {}} {
		if err := v.Verify(key, p.statement, p.proof); !errors.Is(err, ErrKey) {
			t.Errorf("no key: %v", err)
		}
	}
}

// A large proof costs no memory before it is refused.
func TestVerifyBoundsMemory(t *testing.T) {
	p, v := provenTwelve(t), fresh(t)
	huge := make([]byte, 64<<20)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 100 {
		if err := v.Verify(p.vk, p.statement, huge); !errors.Is(err, ErrProof) {
			t.Fatal(err)
		}
	}
	runtime.ReadMemStats(&after)
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 8<<20 {
		t.Errorf("refusing 100 proofs of 64 MB allocated %d bytes", grown)
	}
}

// The verifier remembers what it accepted by key, statement and proof together,
// never a refusal, and no more than it was told.
func TestVerifierRemembers(t *testing.T) {
	t.Parallel()
	p := provenTwelve(t)
	v, err := NewVerifier(UnsafeDevelopmentSRS().Key(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := v.Verify(p.vk, p.statement, p.proof); err != nil {
		t.Fatal(err)
	}
	if v.accepted.size() != 1 {
		t.Fatal("accepted proof is not remembered")
	}
	// With its pairing material spoiled the verifier can only accept from memory.
	v.material.Lines[0], v.material.Lines[1] = v.material.Lines[1], v.material.Lines[0]
	if err := v.Verify(p.vk, p.statement, p.proof); err != nil {
		t.Errorf("remembered proof: %v", err)
	}
	other := p.statement
	other[31] ^= 1
	if err := v.Verify(p.vk, other, p.proof); err == nil {
		t.Error("memory ignores the statement")
	}
	bent := slices.Clone(p.proof)
	bent[len(bent)-1] ^= 1
	if err := v.Verify(p.vk, p.statement, bent); err == nil {
		t.Error("memory ignores the proof")
	}
	double := *p.vk
	double.size *= 2
	key, err := newVerifyingKey(double)
	if err != nil {
		t.Fatal(err)
	}
	if err := v.Verify(key, p.statement, p.proof); err == nil {
		t.Error("memory ignores the key")
	}
	if v.accepted.size() != 1 {
		t.Errorf("%d entries, want 1", v.accepted.size())
	}
}

// The bounded memory drops the entry unused for longest.
func TestRecentForgets(t *testing.T) {
	t.Parallel()
	r := newRecent[int](2)
	key := func(i byte) [32]byte { return [32]byte{i} }
	r.add(key(1), 1)
	r.add(key(2), 2)
	r.find(key(1))
	r.add(key(3), 3)
	r.add(key(3), 3)
	for i, want := range []bool{1: true, 2: false, 3: true} {
		if _, ok := r.find(key(byte(i))); ok != want {
			t.Errorf("entry %d: found %v", i, ok)
		}
	}
	if r.size() != 2 {
		t.Errorf("%d entries", r.size())
	}
}

// One verifier may be used by many goroutines.
func TestVerifierIsConcurrent(t *testing.T) {
	t.Parallel()
	p, v := provenTwelve(t), fresh(t)
	bent := slices.Clone(p.proof)
	bent[len(bent)-1] ^= 1
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 3 {
				key, err := v.Key(p.vk.Encode())
				if err != nil {
					t.Error(err)
					return
				}
				if err := v.Verify(key, p.statement, p.proof); err != nil {
					t.Error(err)
				}
				if err := v.Verify(key, p.statement, bent); err == nil {
					t.Error("bent proof accepted")
				}
			}
		})
	}
	wg.Wait()
}

// A panic becomes a refusal.
func TestRecovered(t *testing.T) {
	t.Parallel()
	if err := recovered(func() error { panic("x") }); !errors.Is(err, ErrProof) {
		t.Error(err)
	}
}
