package zk

import (
	"fmt"
	"math/big"
	"math/rand"
	"testing"

	"github.com/consensys/gnark-crypto/ecc"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr/poseidon2"
	"github.com/consensys/gnark/frontend"
	"github.com/consensys/gnark/frontend/cs/scs"
	gnarkposeidon2 "github.com/consensys/gnark/std/permutation/poseidon2"
)

// spongeCircuit asserts Sum = sponge(Words).
type spongeCircuit struct {
	Words []frontend.Variable
	Sum   frontend.Variable `gnark:",public"`
	kind  string            `gnark:"-"`
}

func (c *spongeCircuit) Define(api frontend.API) error {
	api.AssertIsEqual(newSpongeGadget(api).sum(c.kind, c.Words), c.Sum)
	return nil
}

func randomWords(r *rand.Rand, n int) []fr.Element {
	words := make([]fr.Element, n)
	for i := range words {
		var b [48]byte
		r.Read(b[:])
		words[i].SetBytes(b[:])
	}
	return words
}

// The gadget accepts the native hash and no other, for every length up to the
// longest in use and beyond, and for every domain.
func TestSpongeGadgetAgreesWithNative(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewSource(1))
	for n := range 45 {
		kind := []string{kindCommitment, kindStatement, kindNullifier}[n%3]
		circuit := &spongeCircuit{Words: make([]frontend.Variable, n), kind: kind}
		system, err := frontend.Compile(ecc.BLS12_381.ScalarField(), scs.NewBuilder, circuit)
		if err != nil {
			t.Fatal(err)
		}
		accepts := func(words []fr.Element, sum fr.Element) bool {
			a := &spongeCircuit{Words: make([]frontend.Variable, n), Sum: sum}
			for i := range words {
				a.Words[i] = words[i]
			}
			w, err := frontend.NewWitness(a, ecc.BLS12_381.ScalarField())
			if err != nil {
				t.Fatal(err)
			}
			return system.IsSolved(w) == nil
		}
		words := randomWords(r, n)
		sum, one := sponge(kind, words), fr.One()
		if !accepts(words, sum) {
			t.Errorf("length %d: native hash is refused", n)
		}
		var bent fr.Element
		if accepts(words, *bent.Add(&sum, &one)) {
			t.Errorf("length %d: hash plus one is accepted", n)
		}
		if n > 0 {
			words[n-1].Add(&words[n-1], &one)
			if accepts(words, sum) {
				t.Errorf("length %d: another last word is accepted", n)
			}
		}
	}
}

// referencePermutation is Poseidon2 as its paper writes it, matrix by matrix in
// big integers, with the round keys of the library.
func referencePermutation(state []*big.Int) []*big.Int {
	p := fr.Modulus()
	external := [][]int64{{2, 1, 1}, {1, 2, 1}, {1, 1, 2}}
	internal := [][]int64{{2, 1, 1}, {1, 2, 1}, {1, 1, 3}}
	multiply := func(m [][]int64, v []*big.Int) []*big.Int {
		out := make([]*big.Int, len(v))
		for i, row := range m {
			out[i] = new(big.Int)
			for j, x := range row {
				out[i].Add(out[i], new(big.Int).Mul(big.NewInt(x), v[j]))
			}
			out[i].Mod(out[i], p)
		}
		return out
	}
	state = multiply(external, state)
	for round, keys := range poseidon2.NewParameters(3, 8, 56).RoundKeys {
		for i := range keys {
			state[i] = new(big.Int).Add(state[i], keys[i].BigInt(new(big.Int)))
			state[i].Exp(state[i], big.NewInt(5), p)
		}
		if partial := round >= 4 && round < 60; partial {
			state = multiply(internal, state)
		} else {
			state = multiply(external, state)
		}
	}
	return state
}

// The native sponge is Poseidon2 of the paper with the stated parameters, the
// stated capacity lane and zero padding.
func TestSpongeAgreesWithReference(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewSource(2))
	for n := range 12 {
		words := randomWords(r, n)
		lane := capacityLane(kindStatement, n)
		state := []*big.Int{new(big.Int), new(big.Int), lane.BigInt(new(big.Int))}
		for i := 0; i == 0 || i < n; i += 2 {
			for j := i; j < min(i+2, n); j++ {
				state[j-i] = new(big.Int).Add(state[j-i], words[j].BigInt(new(big.Int)))
			}
			state = referencePermutation(state)
		}
		sum := sponge(kindStatement, words)
		if got := sum.BigInt(new(big.Int)); got.Cmp(state[0]) != 0 {
			t.Errorf("length %d: %x, reference %x", n, got, state[0])
		}
	}
}

// Length and domain are part of the hash, so zero padding joins nothing.
func TestSpongeSeparates(t *testing.T) {
	t.Parallel()
	seen := map[fr.Element]string{}
	for _, kind := range []string{kindCommitment, kindStatement, kindNullifier} {
		for n := range 8 {
			sum, name := sponge(kind, make([]fr.Element, n)), fmt.Sprintf("%s/%d", kind, n)
			if other, ok := seen[sum]; ok {
				t.Errorf("%d zeros in %s hash as %s", n, kind, other)
			}
			seen[sum] = name
		}
	}
}

// permuteCircuit is one permutation, ours or the library's.
type permuteCircuit struct {
	State   [3]frontend.Variable
	library bool `gnark:"-"`
}

func (c *permuteCircuit) Define(api frontend.API) error {
	state := c.State
	if !c.library {
		newSpongeGadget(api).permute(&state)
		return nil
	}
	p, err := gnarkposeidon2.NewPoseidon2FromParameters(api, 3, 8, 56)
	if err != nil {
		return err
	}
	return p.Permutation(state[:])
}

func gates(t *testing.T, c frontend.Circuit) int {
	t.Helper()
	system, err := frontend.Compile(ecc.BLS12_381.ScalarField(), scs.NewBuilder, c, frontend.IgnoreUnconstrainedInputs())
	if err != nil {
		t.Fatal(err)
	}
	return system.GetNbConstraints()
}
