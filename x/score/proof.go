package score

import (
	"bytes"
	"context"
	"sync"

	sdk "github.com/cosmos/cosmos-sdk/types"

	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
	"github.com/xinlian/xinlian/zk"
)

const (
	// GasVerify is charged for one proof before it is verified, whether or not the
	// node remembers it. A verification takes two to four milliseconds of one core,
	// and a block's 200 million gas stand for about a second.
	GasVerify = 500_000
	// GasKey is charged for decoding a verifying key: nine subgroup checks.
	GasKey = 200_000

	// proofsRemembered is what a node keeps between CheckTx and the block.
	proofsRemembered = 4096
)

// proofs holds the verifier of the pinned reference string, built when it is
// first needed, since the key lies in state. It is a node's memory and no part of
// state: for the same key every verifier gives the same answers. The key never
// changes on a chain; it is compared so that a keeper over another store, as
// tests have, cannot answer with the wrong one.
type proofs struct {
	mu       sync.Mutex
	key      []byte
	verifier *zk.Verifier
}

// under is the verifier for an encoded key, or ErrSRS.
func (p *proofs) under(key []byte) (*zk.Verifier, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.verifier != nil && bytes.Equal(p.key, key) {
		return p.verifier, nil
	}
	srs, err := zk.DecodeSRSKey(key)
	if err != nil {
		return nil, ErrSRS.Wrap(err.Error())
	}
	v, err := zk.NewVerifier(srs, proofsRemembered)
	if err != nil {
		return nil, ErrSRS.Wrap(err.Error())
	}
	p.key, p.verifier = bytes.Clone(key), v
	return v, nil
}

// verify checks a proof of the statement for the model. The gas is consumed
// first, so that running out of it costs the node nothing more.
func (k *Keeper) verify(ctx context.Context, m scorev1.Model, statement [32]byte, proof []byte) error {
	sdk.UnwrapSDKContext(ctx).GasMeter().ConsumeGas(GasVerify, "score: verify proof")
	srs, err := k.srsKey.Get(ctx)
	if err != nil {
		return err
	}
	v, err := k.proofs.under(srs)
	if err != nil {
		return err
	}
	return verify(v, m.Key, statement, proof)
}

// verify turns every outcome but success into ErrProof, a panic too: no bytes of
// a sender may stop a node.
func verify(v *zk.Verifier, key []byte, statement [32]byte, proof []byte) (err error) {
	defer func() {
		if recover() != nil {
			err = ErrProof.Wrap("the verifier panicked")
		}
	}()
	vk, err := v.Key(key)
	if err != nil {
		return ErrProof.Wrap(err.Error())
	}
	if err := v.Verify(vk, statement, proof); err != nil {
		return ErrProof.Wrap(err.Error())
	}
	return nil
}
