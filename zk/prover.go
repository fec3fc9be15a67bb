package zk

import (
	"context"
	"errors"
	"fmt"

	"github.com/consensys/gnark/backend"
	plonk "github.com/consensys/gnark/backend/plonk/bls12-381"

	"github.com/xinlian/xinlian/scorecard"
)

// modelsRemembered bounds the proving keys kept, some tens of megabytes each.
const modelsRemembered = 8

// Stage is a step of proving, for a progress display.
type Stage string

// The stages in order; the first two happen once per model.
const (
	StageCompile Stage = "compile"
	StageKeys    Stage = "keys"
	StageProve   Stage = "prove"
	StageCheck   Stage = "check"
)

// Prover makes proofs under one reference string. It compiles each model once and
// keeps its keys. It is safe for concurrent use; proofs are made one at a time,
// since each uses every core.
//
// It sees features and salt in the clear and its running time may depend on
// them: run it where the borrower's data may be read anyway, and not beside
// strangers.
type Prover struct {
	srs      *SRS
	progress func(Stage)
	verifier *Verifier
	keys     *recent[*modelKeys]
	turn     chan struct{} // holds one token: whoever has it computes
}

type modelKeys struct {
	proving   *ProvingKey
	verifying *VerifyingKey
}

// NewProver makes a prover. progress, which may be nil, is called as each stage
// begins, from the goroutine that computes.
func NewProver(srs *SRS, progress func(Stage)) (*Prover, error) {
	verifier, err := NewVerifier(srs.Key(), 1)
	if err != nil {
		return nil, err
	}
	if progress == nil {
		progress = func(Stage) {}
	}
	p := &Prover{
		srs: srs, progress: progress, verifier: verifier,
		keys: newRecent[*modelKeys](modelsRemembered), turn: make(chan struct{}, 1),
	}
	p.turn <- struct{}{}
	return p, nil
}

// VerifyingKey compiles the model, unless it has been, and returns its key.
func (p *Prover) VerifyingKey(ctx context.Context, model *scorecard.Model) (*VerifyingKey, error) {
	encoded, hash, err := frozen(model)
	if err != nil {
		return nil, err
	}
	return inTurn(ctx, p, func() (*VerifyingKey, error) {
		k, err := p.modelKeys(ctx, encoded, hash)
		if err != nil {
			return nil, err
		}
		return k.verifying, nil
	})
}

// Prove makes a proof of w.Statement. It first evaluates the model natively and
// refuses, with ErrFalse, a statement that is not true of the feature set; and it
// verifies the proof before it returns it.
//
// The computation cannot be interrupted in the middle of a stage: when ctx ends
// Prove returns at once, and the stage runs to its end in the background before
// the next caller's turn.
func (p *Prover) Prove(ctx context.Context, model *scorecard.Model, w Witness) ([]byte, error) {
	if err := w.check(model); err != nil {
		return nil, err
	}
	statement, err := w.Statement.Hash()
	if err != nil {
		return nil, err
	}
	encoded, hash, err := frozen(model)
	if err != nil {
		return nil, err
	}
	w.FeatureSet.Features = append([]scorecard.Value(nil), w.FeatureSet.Features...)
	return inTurn(ctx, p, func() ([]byte, error) {
		k, err := p.modelKeys(ctx, encoded, hash)
		if err != nil {
			return nil, err
		}
		p.progress(StageProve)
		proof, err := k.proving.prove(&w)
		if err != nil {
			return nil, err
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		p.progress(StageCheck)
		if err := p.verifier.Verify(k.verifying, statement, proof); err != nil {
			return nil, fmt.Errorf("checking own proof: %w", err)
		}
		return proof, nil
	})
}

// frozen is the model's bytes: the caller may change its model while another
// goroutine still compiles.
func frozen(model *scorecard.Model) (encoded []byte, hash [32]byte, err error) {
	if encoded, err = model.Canonical(); err != nil {
		return nil, hash, err
	}
	hash, err = model.Hash()
	return encoded, hash, err
}

// modelKeys is called by whoever has the turn.
func (p *Prover) modelKeys(ctx context.Context, encoded []byte, hash [32]byte) (*modelKeys, error) {
	if k, ok := p.keys.find(hash); ok {
		return k, nil
	}
	model, err := scorecard.Decode(encoded)
	if err != nil {
		return nil, err
	}
	p.progress(StageCompile)
	circuit, err := Compile(model)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	p.progress(StageKeys)
	proving, verifying, err := circuit.keys(p.srs)
	if err != nil {
		return nil, err
	}
	k := &modelKeys{proving: proving, verifying: verifying}
	p.keys.add(hash, k)
	return k, ctx.Err()
}

// inTurn waits for the turn, computes in a goroutine and returns when that is
// done or ctx ends, whichever is first.
func inTurn[T any](ctx context.Context, p *Prover, compute func() (T, error)) (T, error) {
	type outcome struct {
		value T
		err   error
	}
	var zero T
	if err := ctx.Err(); err != nil {
		return zero, err
	}
	select {
	case <-p.turn:
	case <-ctx.Done():
		return zero, ctx.Err()
	}
	done := make(chan outcome, 1)
	go func() {
		defer func() { p.turn <- struct{}{} }()
		var o outcome
		o.err = recovered(func() (err error) {
			o.value, err = compute()
			return err
		})
		done <- o
	}()
	select {
	case o := <-done:
		return o.value, o.err
	case <-ctx.Done():
		return zero, ctx.Err()
	}
}

// errUnsatisfied hides gnark's message, which would print values of the witness.
var errUnsatisfied = errors.New("constraints are not satisfied")

// prove makes a proof without judging the statement. Statistical zero knowledge
// is off by default in gnark: without it the quotient's three parts are not
// blinded.
func (k *ProvingKey) prove(w *Witness) ([]byte, error) {
	assigned, err := w.assign(k.circuit.model, k.circuit.modelHash)
	if err != nil {
		return nil, err
	}
	full, err := assigned.full()
	if err != nil {
		return nil, fmt.Errorf("assigning witness: %w", err)
	}
	if err := k.circuit.system.IsSolved(full); err != nil {
		return nil, fmt.Errorf("solving: %w", errUnsatisfied)
	}
	proof, err := plonk.Prove(k.circuit.system, k.plonk, full, backend.WithStatisticalZeroKnowledge())
	if err != nil {
		return nil, fmt.Errorf("proving: %w", err)
	}
	return encodeProof(proof)
}
