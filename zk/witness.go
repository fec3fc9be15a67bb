package zk

import (
	"errors"
	"fmt"
	"math/big"

	"github.com/consensys/gnark-crypto/ecc"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
	"github.com/consensys/gnark/backend/witness"
	"github.com/consensys/gnark/frontend"

	"github.com/xinlian/xinlian/scorecard"
)

// ErrFalse says that a statement is not true of the feature set and the model
// it came with. The error names the first field that differs.
var ErrFalse = errors.New("zk: statement is not true")

// Witness is what a prover needs: the statement and the secret that makes it
// true.
type Witness struct {
	Statement  Statement
	FeatureSet FeatureSet
}

// check evaluates the model natively and compares every field of the statement
// that follows from the features.
func (w *Witness) check(model *scorecard.Model) error {
	if w.FeatureSet.Version != model.FeatureSet {
		return fmt.Errorf("%w: feature set is version %d, the model reads version %d", ErrFalse, w.FeatureSet.Version, model.FeatureSet)
	}
	s := &w.Statement
	want, err := State(model, w.FeatureSet, Terms{ChainID: s.ChainID, Purpose: s.Purpose, Lender: s.Lender})
	if err != nil {
		return err
	}
	for _, field := range []struct {
		name string
		same bool
	}{
		{"model id", s.ModelID == want.ModelID},
		{"feature-set version", s.FeatureSetVersion == want.FeatureSetVersion},
		{"enterprise", s.Enterprise == want.Enterprise},
		{"as-of day", s.AsOfDay == want.AsOfDay},
		{"data digest", s.DataDigest == want.DataDigest},
		{"commitment", s.Commitment == want.Commitment},
		{"score", s.Score == want.Score},
		{"capacity", s.CapacityFen == want.CapacityFen},
		{"nullifier", s.Nullifier == want.Nullifier},
	} {
		if !field.same {
			return fmt.Errorf("%w: %s differs from what the features give", ErrFalse, field.name)
		}
	}
	return nil
}

// assign fills the wires. It does not judge: a false statement gives an
// assignment that no proof can be made for.
func (w *Witness) assign(model *scorecard.Model, modelHash [32]byte) (*circuit, error) {
	words, err := w.Statement.words()
	if err != nil {
		return nil, err
	}
	secret, err := w.FeatureSet.words()
	if err != nil {
		return nil, err
	}
	encoded, err := w.FeatureSet.encoded()
	if err != nil {
		return nil, err
	}
	if len(encoded) != int(model.Features) {
		return nil, fmt.Errorf("%w: %d features, want %d", ErrCommitment, len(encoded), model.Features)
	}
	c := newCircuit(model, modelHash)
	c.Statement = sponge(kindStatement, words)
	c.Origin, c.Terms, c.Salt = words[wordOrigin], words[wordTerms], secret[wordSalt]
	for i := range c.Features {
		c.Features[i] = encoded[i]
	}
	for i, r := range c.reads {
		t := scorecard.Table{Cuts: r.cuts}
		c.Bins[i] = t.Bin(w.FeatureSet.Features[r.feature]) + 1
	}
	base := w.FeatureSet.Features[model.Capacity.Feature]
	c.Positive = 0
	if base.Present && base.Int >= 0 {
		c.Positive = 1
	}
	quotient, remainder := divide(model.Capacity, base)
	c.Quotient, c.Remainder = quotient, remainder
	return c, nil
}

// divide is the quotient before it is capped, and the remainder.
func divide(ratio scorecard.Capacity, v scorecard.Value) (quotient, remainder *big.Int) {
	income := new(big.Int)
	if v.Present && v.Int > 0 {
		income.SetInt64(v.Int)
	}
	income.Mul(income, big.NewInt(ratio.Numerator))
	return new(big.Int).QuoRem(income, big.NewInt(ratio.Denominator), new(big.Int))
}

func (c *circuit) full() (witness.Witness, error) {
	return frontend.NewWitness(c, ecc.BLS12_381.ScalarField())
}

// publicWitness is the one public input as gnark's verifier takes it.
func publicWitness(statement [32]byte) (fr.Vector, error) {
	h, err := element("statement hash", statement)
	if err != nil {
		return nil, err
	}
	return fr.Vector{h}, nil
}
