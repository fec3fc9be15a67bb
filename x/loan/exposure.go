package loan

import (
	"context"
	"errors"

	"cosmossdk.io/collections"

	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
)

// Exposure returns what an enterprise owes on the whole network; one that never
// had an offer owes nothing.
func (k *Keeper) Exposure(ctx context.Context, enterprise uint64) (loanv1.Exposure, error) {
	e, err := k.exposures.Get(ctx, enterprise)
	if errors.Is(err, collections.ErrNotFound) {
		return loanv1.Exposure{EnterpriseId: enterprise}, nil
	}
	return e, err
}

// Owes tells whether an enterprise has anything running: principal outstanding or an
// amount promised to it. x/profile asks before it takes an order to erase.
func (k *Keeper) Owes(ctx context.Context, enterprise uint64) (bool, error) {
	e, err := k.Exposure(ctx, enterprise)
	return e.OutstandingFen > 0 || e.ReservedFen > 0, err
}

// reserve promises an amount out of a pool to an enterprise, or takes the
// promise back with a negative amount.
func (k *Keeper) reserve(ctx context.Context, poolID, enterprise uint64, amountFen int64) error {
	p, err := k.pool(ctx, poolID)
	if err != nil {
		return err
	}
	e, err := k.Exposure(ctx, enterprise)
	if err != nil {
		return err
	}
	if err := shift(&p.ReservedFen, amountFen); err != nil {
		return err
	}
	if err := shift(&e.ReservedFen, amountFen); err != nil {
		return err
	}
	free, err := poolFree(p)
	if err != nil {
		return err
	}
	if free < 0 {
		return ErrPoolFree.Wrapf("pool %d would miss %d fen", p.Id, -free)
	}
	if err := k.pools.Set(ctx, p.Id, p); err != nil {
		return err
	}
	if err := k.commit(ctx, p.Id, enterprise, amountFen); err != nil {
		return err
	}
	return k.exposures.Set(ctx, enterprise, e)
}
