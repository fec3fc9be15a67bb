package zk

import (
	"fmt"
	"io"

	"github.com/consensys/gnark-crypto/ecc"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/kzg"
	plonk "github.com/consensys/gnark/backend/plonk/bls12-381"
	cs "github.com/consensys/gnark/constraint/bls12-381"
	"github.com/consensys/gnark/frontend"
	"github.com/consensys/gnark/frontend/cs/scs"

	"github.com/xinlian/xinlian/scorecard"
)

// Circuit is a scorecard compiled to constraints. It holds no secret and may be
// used by several goroutines.
type Circuit struct {
	model     *scorecard.Model
	modelHash [32]byte
	system    *cs.SparseR1CS
}

// Compile lays out the constraints of a model. The same model gives the same
// constraints on every platform. It fails on an invalid model, and on one whose
// circuit is larger than SizeMax.
func Compile(model *scorecard.Model) (*Circuit, error) {
	encoded, err := model.Canonical()
	if err != nil {
		return nil, err
	}
	// A private copy: the caller may go on editing its model.
	model, err = scorecard.Decode(encoded)
	if err != nil {
		return nil, err
	}
	hash, err := model.Hash()
	if err != nil {
		return nil, err
	}
	compiled, err := frontend.Compile(ecc.BLS12_381.ScalarField(), scs.NewBuilder, newCircuit(model, hash))
	if err != nil {
		return nil, fmt.Errorf("compiling model %s: %w", model.ID, err)
	}
	c := &Circuit{model: model, modelHash: hash, system: compiled.(*cs.SparseR1CS)}
	if c.Size() > SizeMax {
		return nil, fmt.Errorf("compiling model %s: circuit size %d, at most %d", model.ID, c.Size(), uint64(SizeMax))
	}
	return c, nil
}

// ModelHash identifies the model that the circuit proves.
func (c *Circuit) ModelHash() [32]byte { return c.modelHash }

// Constraints is the number of gates.
func (c *Circuit) Constraints() int { return c.system.GetNbConstraints() }

// Size is the number of gates and public inputs, rounded up to a power of two.
func (c *Circuit) Size() uint64 {
	return ecc.NextPowerOfTwo(uint64(c.system.GetNbConstraints() + len(c.system.Public)))
}

// WriteTo writes the constraints in gnark's form, for whoever wants to read or
// count them. Nothing reads them back: a key is always derived from the model.
func (c *Circuit) WriteTo(w io.Writer) (int64, error) { return c.system.WriteTo(w) }

// ProvingKey proves statements about one model.
type ProvingKey struct {
	circuit *Circuit
	plonk   *plonk.ProvingKey
}

// Keys derives the keys of a model from the reference string. They hold no
// secret: every member that runs Keys on the same model and string gets the same
// verifying key, and its hash is what a vote for the model carries.
func Keys(model *scorecard.Model, srs *SRS) (*ProvingKey, *VerifyingKey, error) {
	c, err := Compile(model)
	if err != nil {
		return nil, nil, err
	}
	return c.keys(srs)
}

func (c *Circuit) keys(srs *SRS) (*ProvingKey, *VerifyingKey, error) {
	monomial, lagrange, err := srs.bases(c.Size())
	if err != nil {
		return nil, nil, err
	}
	material := srs.Key().material()
	pk, vk, err := plonk.Setup(c.system,
		kzg.SRS{Pk: kzg.ProvingKey{G1: monomial}, Vk: material},
		kzg.SRS{Pk: kzg.ProvingKey{G1: lagrange}, Vk: material})
	if err != nil {
		return nil, nil, fmt.Errorf("deriving keys of model %s: %w", c.model.ID, err)
	}
	reduced, err := reduce(vk)
	if err != nil {
		return nil, nil, err
	}
	return &ProvingKey{circuit: c, plonk: pk}, reduced, nil
}
