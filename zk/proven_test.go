package zk

import (
	"context"
	"sync"
	"testing"
)

// proven is a model with keys and one accepted proof, made once for all tests:
// keys and proof take seconds.
type proven struct {
	prover    *Prover
	circuit   *Circuit
	vk        *VerifyingKey
	witness   Witness
	statement [32]byte
	proof     []byte
	stages    []Stage
}

var proveTwelve = sync.OnceValues(func() (*proven, error) {
	p := &proven{}
	var err error
	if p.prover, err = NewProver(UnsafeDevelopmentSRS(), func(s Stage) { p.stages = append(p.stages, s) }); err != nil {
		return nil, err
	}
	model, ctx := twelve(), context.Background()
	set := testSet(model, testFeatures(12))
	p.witness.FeatureSet = set
	if p.witness.Statement, err = State(model, set, testTerms()); err != nil {
		return nil, err
	}
	if p.statement, err = p.witness.Statement.Hash(); err != nil {
		return nil, err
	}
	if p.proof, err = p.prover.Prove(ctx, model, p.witness); err != nil {
		return nil, err
	}
	if p.vk, err = p.prover.VerifyingKey(ctx, model); err != nil {
		return nil, err
	}
	hash, err := model.Hash()
	if err != nil {
		return nil, err
	}
	k, _ := p.prover.keys.find(hash)
	p.circuit = k.proving.circuit
	return p, nil
})

func provenTwelve(t testing.TB) *proven {
	t.Helper()
	p, err := proveTwelve()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// fresh is a verifier that has accepted nothing yet.
func fresh(t testing.TB) *Verifier {
	t.Helper()
	v, err := NewVerifier(UnsafeDevelopmentSRS().Key(), 16)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
