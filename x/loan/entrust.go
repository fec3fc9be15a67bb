package loan

import (
	"context"
	"errors"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
)

// lateBuckets is how many buckets of late loans a pool has beside the current
// ones: one, two, three or more instalments late.
const lateBuckets = 3

// Mandate bounds what may be lent from a pool that a fund owns. x/fund answers.
type Mandate interface {
	// Lendable is how much of freeFen may be promised to an enterprise that the
	// pool has lent or promised committedFen already.
	Lendable(ctx context.Context, p loanv1.Pool, committedFen, freeFen int64) (int64, error)
}

// SetMandate makes m bound the lending from entrusted pools. It is called once,
// when the application is wired; without it they lend nothing.
func (k *Keeper) SetMandate(m Mandate) { k.mandate = m }

// Pool returns a pool's books, ErrNotFound where there is none.
func (k *Keeper) Pool(ctx context.Context, id uint64) (loanv1.Pool, error) { return k.pool(ctx, id) }

// PoolCash is what a pool's account must hold by its books, and the part of it
// that is promised to nobody.
func PoolCash(p loanv1.Pool) (heldFen, freeFen int64, err error) {
	if heldFen, err = poolCash(p); err != nil {
		return 0, 0, err
	}
	freeFen, err = poolFree(p)
	return heldFen, freeFen, err
}

// Entrust hands a manager's pool to a fund for good: from then on only the fund
// moves money in and out. The pool must be empty and must never have earned or
// lost anything, so that nobody has a claim that the fund's shares would not
// show. Errors: ErrUnauthorised, ErrState.
func (k *Keeper) Entrust(ctx context.Context, poolID, manager uint64) error {
	p, err := k.managedPool(ctx, poolID, manager)
	if err != nil {
		return err
	}
	if p.Entrusted || p.ContributedFen|p.LentFen|p.ReservedFen|p.EarnedFen|p.LostFen != 0 {
		return ErrState.Wrapf("pool %d is entrusted already or not empty; open a new one", poolID)
	}
	p.Entrusted = true
	return k.savePool(ctx, p)
}

// PutIn moves money of a fund from its account into its pool.
func (k *Keeper) PutIn(ctx context.Context, poolID uint64, from sdk.AccAddress, amountFen int64) error {
	p, err := k.entrusted(ctx, poolID)
	if err != nil {
		return err
	}
	if p, err = contribute(p, amountFen); err != nil {
		return err
	}
	if err := k.left.Cash.Move(ctx, from, PoolAccount(p.Id), amountFen); err != nil {
		return err
	}
	return k.savePool(ctx, p)
}

// TakeOut moves free money of a fund's pool to an account, else ErrPoolFree. A
// freeze of the manager stops it, as it stops every payment out of its pools.
func (k *Keeper) TakeOut(ctx context.Context, poolID uint64, to sdk.AccAddress, amountFen int64) error {
	p, err := k.entrusted(ctx, poolID)
	if err != nil {
		return err
	}
	if p, err = contribute(p, -amountFen); err != nil {
		return err
	}
	if err := k.left.Cash.Move(ctx, PoolAccount(p.Id), to, amountFen); err != nil {
		return err
	}
	return k.savePool(ctx, p)
}

func (k *Keeper) entrusted(ctx context.Context, poolID uint64) (loanv1.Pool, error) {
	p, err := k.pool(ctx, poolID)
	if err != nil {
		return p, err
	}
	if !p.Entrusted {
		return p, ErrState.Wrapf("pool %d belongs to no fund", poolID)
	}
	return p, nil
}

// lendable is what a pool may promise to an enterprise now.
func (k *Keeper) lendable(ctx context.Context, p loanv1.Pool, enterprise uint64) (int64, error) {
	free, err := poolFree(p)
	if err != nil || !p.Entrusted {
		return free, err
	}
	if k.mandate == nil {
		return 0, nil
	}
	committed, err := k.committedTo(ctx, p.Id, enterprise)
	if err != nil {
		return 0, err
	}
	return k.mandate.Lendable(ctx, p, committed, free)
}

// lateBucket is the bucket of a loan that still runs: 0 for a current one.
func lateBucket(l loanv1.Loan) int {
	if !running(l.Status) {
		return 0
	}
	return min(int(l.LateNow), lateBuckets)
}

// moveBucket takes what a loan owed out of its old bucket and puts what it owes
// now into its new one. The rest of what the pool has lent is current.
func moveBucket(p *loanv1.Pool, from int, fromFen int64, to int, toFen int64) error {
	if from == 0 && to == 0 {
		return nil
	}
	late := make([]int64, lateBuckets)
	copy(late, p.LateFen)
	if from > 0 {
		if err := shift(&late[from-1], -fromFen); err != nil {
			return err
		}
	}
	if to > 0 {
		if err := shift(&late[to-1], toFen); err != nil {
			return err
		}
	}
	p.LateFen = late
	return nil
}

// committedTo is what a pool has lent and promised to an enterprise.
func (k *Keeper) committedTo(ctx context.Context, poolID, enterprise uint64) (int64, error) {
	fen, err := k.committed.Get(ctx, collections.Join(poolID, enterprise))
	if errors.Is(err, collections.ErrNotFound) {
		return 0, nil
	}
	return fen, err
}

// commit changes what a pool has lent and promised to an enterprise.
func (k *Keeper) commit(ctx context.Context, poolID, enterprise uint64, deltaFen int64) error {
	if deltaFen == 0 {
		return nil
	}
	fen, err := k.committedTo(ctx, poolID, enterprise)
	if err != nil {
		return err
	}
	if err := shift(&fen, deltaFen); err != nil {
		return err
	}
	key := collections.Join(poolID, enterprise)
	if fen == 0 {
		return k.committed.Remove(ctx, key)
	}
	return k.committed.Set(ctx, key, fen)
}

// committedBy is what a loan has of a pool's money and may still get.
func committedBy(l loanv1.Loan) int64 {
	if !running(l.Status) {
		return 0
	}
	sum := outstanding(l)
	for _, t := range l.Tranches {
		if t.Status == loanv1.TrancheStatus_TRANCHE_STATUS_PLANNED {
			sum += t.PrincipalFen
		}
	}
	return sum
}
