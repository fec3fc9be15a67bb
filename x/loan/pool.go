package loan

import (
	"context"
	"encoding/binary"

	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/address"

	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
)

// PoolAccount is the account that holds a pool's money, 32 bytes derived from
// the module and the pool's id. No key belongs to it.
func PoolAccount(id uint64) sdk.AccAddress {
	return address.Module(Name, []byte("pool"), binary.BigEndian.AppendUint64(nil, id))
}

// poolCash is the money that a pool's account must hold by the pool's own books.
// The account may hold more, when someone sends it money, but no rule reads its
// balance, so a gift moves no limit and no ratio.
func poolCash(p loanv1.Pool) (int64, error) {
	sum := p.ContributedFen
	for _, delta := range []int64{p.EarnedFen, -p.LentFen, -p.LostFen} {
		var err error
		if sum, err = addFen(sum, delta); err != nil {
			return 0, err
		}
	}
	return sum, nil
}

// poolFree is what a pool may lend or give back: its cash less what it promised.
func poolFree(p loanv1.Pool) (int64, error) {
	held, err := poolCash(p)
	if err != nil {
		return 0, err
	}
	return addFen(held, -p.ReservedFen)
}

// contribute adds to a pool's contributions, or takes from them with a negative
// amount. They fall below zero when a manager takes out earnings.
func contribute(p loanv1.Pool, amountFen int64) (loanv1.Pool, error) {
	sum, err := addFen(p.ContributedFen, amountFen)
	if err != nil {
		return p, err
	}
	if sum > PoolFenMax || sum < -PoolFenMax {
		return p, ErrAmount.Wrapf("contributions of %d fen leave the bound of %d", sum, int64(PoolFenMax))
	}
	p.ContributedFen = sum
	free, err := poolFree(p)
	if err != nil {
		return p, err
	}
	if free < 0 {
		return p, ErrPoolFree.Wrapf("pool %d would miss %d fen", p.Id, -free)
	}
	return p, nil
}

func (k *Keeper) pool(ctx context.Context, id uint64) (loanv1.Pool, error) {
	p, err := k.pools.Get(ctx, id)
	return p, missing(err, "pool %d", id)
}

// ownPool is the manager's pool whose money is its own; a fund moves the money of
// one that is entrusted to it.
func (k *Keeper) ownPool(ctx context.Context, id, manager uint64) (loanv1.Pool, error) {
	p, err := k.managedPool(ctx, id, manager)
	if err == nil && p.Entrusted {
		err = ErrState.Wrapf("pool %d belongs to a fund; money goes in and out by its orders", id)
	}
	return p, err
}

func (k *Keeper) managedPool(ctx context.Context, id, manager uint64) (loanv1.Pool, error) {
	p, err := k.pool(ctx, id)
	if err != nil {
		return p, err
	}
	if p.ManagerOrgId != manager {
		return p, ErrUnauthorised.Wrapf("pool %d belongs to organisation %d", id, p.ManagerOrgId)
	}
	return p, nil
}

func (k *Keeper) openPool(ctx context.Context, manager uint64) (uint64, error) {
	id, err := next(ctx, k.poolID)
	if err != nil {
		return 0, err
	}
	if err := k.left.Cash.OpenAccount(ctx, PoolAccount(id), manager); err != nil {
		return 0, err
	}
	return id, k.savePool(ctx, loanv1.Pool{Id: id, ManagerOrgId: manager})
}

// fundPool moves the manager's own money into its pool.
func (k *Keeper) fundPool(ctx context.Context, p loanv1.Pool, amountFen int64) error {
	p, err := contribute(p, amountFen)
	if err != nil {
		return err
	}
	if err := k.left.Cash.Move(ctx, k.left.CashAccount(p.ManagerOrgId), PoolAccount(p.Id), amountFen); err != nil {
		return err
	}
	return k.savePool(ctx, p)
}

// withdrawPool gives free money back to the manager.
func (k *Keeper) withdrawPool(ctx context.Context, p loanv1.Pool, amountFen int64) error {
	p, err := contribute(p, -amountFen)
	if err != nil {
		return err
	}
	if err := k.notFrozen(ctx, p.ManagerOrgId); err != nil {
		return err
	}
	if err := k.left.Cash.Move(ctx, PoolAccount(p.Id), k.left.CashAccount(p.ManagerOrgId), amountFen); err != nil {
		return err
	}
	return k.savePool(ctx, p)
}

func (k *Keeper) savePool(ctx context.Context, p loanv1.Pool) error {
	if err := k.pools.Set(ctx, p.Id, p); err != nil {
		return err
	}
	return emit(ctx, &loanv1.EventPoolChanged{PoolId: p.Id, ContributedFen: p.ContributedFen})
}

// notFrozen refuses before anything is written what x/cash would refuse at the
// move: a freeze binds an organisation's account and its pools.
func (k *Keeper) notFrozen(ctx context.Context, orgID uint64) error {
	frozen, err := k.left.Cash.Frozen(ctx, orgID)
	if err != nil {
		return err
	}
	if frozen {
		return ErrFrozen.Wrapf("organisation %d", orgID)
	}
	return nil
}
