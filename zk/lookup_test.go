package zk

import (
	"errors"
	"slices"
	"testing"

	"github.com/consensys/gnark-crypto/ecc"
	plonk "github.com/consensys/gnark/backend/plonk/bls12-381"
	cs "github.com/consensys/gnark/constraint/bls12-381"
	"github.com/consensys/gnark/frontend"
	"github.com/consensys/gnark/frontend/cs/scs"
	"github.com/consensys/gnark/std/rangecheck"

	"github.com/xinlian/xinlian/scorecard"
)

// lookupCircuit bounds its public input by a lookup, which commits to a part of
// the witness.
type lookupCircuit struct {
	X frontend.Variable `gnark:",public"`
}

func (c *lookupCircuit) Define(api frontend.API) error {
	rangecheck.New(api).Check(c.X, 16)
	return nil
}

// A key with one commitment goes through its bytes, and its proofs are longer by
// one point and one value; the score circuit has none today.
func TestVerifyWithCommitment(t *testing.T) {
	t.Parallel()
	system, err := frontend.Compile(ecc.BLS12_381.ScalarField(), scs.NewBuilder, &lookupCircuit{})
	if err != nil {
		t.Fatal(err)
	}
	c := &Circuit{model: &scorecard.Model{}, system: system.(*cs.SparseR1CS)}
	pk, made, err := c.keys(UnsafeDevelopmentSRS())
	if err != nil {
		t.Fatal(err)
	}
	vk, err := DecodeVerifyingKey(made.Encode())
	if err != nil {
		t.Fatal(err)
	}
	w, err := frontend.NewWitness(&lookupCircuit{X: 40_000}, ecc.BLS12_381.ScalarField())
	if err != nil {
		t.Fatal(err)
	}
	raw, err := plonk.Prove(c.system, pk.plonk, w)
	if err != nil {
		t.Fatal(err)
	}
	proof, err := encodeProof(raw)
	if err != nil {
		t.Fatal(err)
	}
	if len(proof) != ProofBytesMax {
		t.Errorf("%d bytes, want %d", len(proof), ProofBytesMax)
	}
	v, public := fresh(t), [32]byte{30: 40_000 >> 8, 31: 40_000 & 0xff}
	if err := v.Verify(vk, public, proof); err != nil {
		t.Fatal(err)
	}
	other := public
	other[31]++
	if err := v.Verify(vk, other, proof); !errors.Is(err, ErrProof) {
		t.Errorf("another input: %v", err)
	}
	bent := slices.Clone(proof)
	bent[len(bent)-1] ^= 1
	if err := v.Verify(vk, public, bent); !errors.Is(err, ErrProof) {
		t.Errorf("bent commitment: %v", err)
	}
	if err := v.Verify(vk, public, proof[:ProofBytes]); !errors.Is(err, ErrProof) {
		t.Errorf("commitment left out: %v", err)
	}
	moved := *vk
	moved.indexes = []uint64{vk.size - 1}
	if _, err := newVerifyingKey(moved); !errors.Is(err, ErrKey) {
		t.Errorf("commitment outside the circuit: %v", err)
	}
	moved.indexes = nil
	if _, err := newVerifyingKey(moved); !errors.Is(err, ErrKey) {
		t.Errorf("commitment without an index: %v", err)
	}
}
