package score

import (
	"context"
	"sync"

	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
)

// refusals counts refused proofs by organisation in the current window. It is a
// node's memory: two nodes may count differently, so nothing asks it while a
// block is executed.
type refusals struct {
	mu     sync.Mutex
	window int64
	counts map[uint64]uint32
}

// count is the number for an organisation in a window.
func (r *refusals) count(window int64, orgID uint64) uint32 {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.turn(window)
	return r.counts[orgID]
}

func (r *refusals) add(window int64, orgID uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.turn(window)
	r.counts[orgID]++
}

// turn forgets the counts of another window.
func (r *refusals) turn(window int64) {
	if r.counts == nil || r.window != window {
		r.window, r.counts = window, make(map[uint64]uint32)
	}
}

// Admit tells whether a node should take a score message into its mempool: nil
// when SubmitScore would accept it now. It writes nothing, and is for the ante
// chain in CheckTx alone, after the signature was verified: it counts the proofs
// that it refuses, and an organisation that has sent failed_proofs_max of them in
// a window gets ErrRefusals until the next, before any proof is looked at.
func (k *Keeper) Admit(ctx context.Context, m *scorev1.MsgSubmitScore) error {
	p, err := k.Params(ctx)
	if err != nil {
		return err
	}
	window := height(ctx) / p.FailedWindowBlocks
	if n := k.refusals.count(window, m.OrgId); n >= p.FailedProofsMax {
		return ErrRefusals.Wrapf("organisation %d sent %d", m.OrgId, n)
	}
	_, err = k.accept(ctx, m)
	if ErrProof.Is(err) {
		k.refusals.add(window, m.OrgId)
	}
	return err
}
