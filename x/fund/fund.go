package fund

import (
	"context"
	"errors"

	"cosmossdk.io/collections"

	fundv1 "github.com/xinlian/xinlian/gen/xinlian/fund/v1"
	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
)

const (
	senior = fundv1.Class_CLASS_SENIOR
	junior = fundv1.Class_CLASS_JUNIOR

	redemptionKind   = fundv1.OrderKind_ORDER_KIND_REDEMPTION
	subscriptionKind = fundv1.OrderKind_ORDER_KIND_SUBSCRIPTION

	open      = fundv1.FundStatus_FUND_STATUS_OPEN
	windingUp = fundv1.FundStatus_FUND_STATUS_WINDING_UP
	closed    = fundv1.FundStatus_FUND_STATUS_CLOSED
)

// Fund returns a fund, ErrNotFound where there is none.
func (k *Keeper) Fund(ctx context.Context, id uint64) (fundv1.Fund, error) {
	f, err := k.funds.Get(ctx, id)
	return f, missing(err, "fund %d", id)
}

// Value is what a fund is worth now.
func (k *Keeper) Value(ctx context.Context, f fundv1.Fund) (Valuation, error) {
	p, err := k.left.Loans.Pool(ctx, f.Terms.PoolId)
	if err != nil {
		return Valuation{}, err
	}
	return Worth(f, p, unixNow(ctx))
}

// bookOf is the book of a class within f.
func bookOf(f *fundv1.Fund, c fundv1.Class) *fundv1.ClassBook {
	if c == senior {
		return &f.Senior
	}
	return &f.Junior
}

func (k *Keeper) openFund(ctx context.Context, manager uint64, t fundv1.FundTerms) (uint64, error) {
	if err := k.left.Loans.Entrust(ctx, t.PoolId, manager); err != nil {
		return 0, err
	}
	n, err := k.fundID.Next(ctx)
	if err != nil {
		return 0, err
	}
	f := fundv1.Fund{
		Id: n + 1, ManagerOrgId: manager, Terms: t, Status: open,
		AccruedAt: unixNow(ctx), RoundEndsAt: unixNow(ctx) + t.RoundSeconds,
	}
	if err := k.left.Cash.OpenAccount(ctx, Account(f.Id), 0); err != nil {
		return 0, err
	}
	if err := k.pools.Set(ctx, t.PoolId, f.Id); err != nil {
		return 0, err
	}
	if err := k.due.Set(ctx, collections.Join(f.RoundEndsAt, f.Id)); err != nil {
		return 0, err
	}
	if err := k.funds.Set(ctx, f.Id, f); err != nil {
		return 0, err
	}
	return f.Id, emit(ctx, &fundv1.EventFundChanged{FundId: f.Id, Status: f.Status})
}

// windUp ends lending and the sale of shares. The running round ends at once, so
// that open orders are given back and cash is paid out without delay.
func (k *Keeper) windUp(ctx context.Context, f fundv1.Fund) error {
	v, err := k.Value(ctx, f)
	if err != nil {
		return err
	}
	// The fee ends here, so what has accrued is written down.
	f.HurdleFen, f.FeeFen, f.AccruedAt = v.HurdleFen, v.FeeFen, unixNow(ctx)
	f.Status = windingUp
	if err := k.endAt(ctx, &f, unixNow(ctx)); err != nil {
		return err
	}
	if err := k.funds.Set(ctx, f.Id, f); err != nil {
		return err
	}
	return emit(ctx, &fundv1.EventFundChanged{FundId: f.Id, Status: f.Status})
}

// endAt moves the end of the running round, and with it the place in the queue; 0
// takes a closed fund off it.
func (k *Keeper) endAt(ctx context.Context, f *fundv1.Fund, at int64) error {
	if err := k.due.Remove(ctx, collections.Join(f.RoundEndsAt, f.Id)); err != nil {
		return err
	}
	f.RoundEndsAt = at
	if at == 0 {
		return nil
	}
	return k.due.Set(ctx, collections.Join(at, f.Id))
}

// Lendable serves x/loan as its mandate: what is free less the liquidity that is
// kept, within what one borrower may have. A fund that is wound up lends nothing.
// Both parts of the assets are rounded against lending.
func (k *Keeper) Lendable(ctx context.Context, p loanv1.Pool, committedFen, freeFen int64) (int64, error) {
	id, err := k.pools.Get(ctx, p.Id)
	if errors.Is(err, collections.ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	f, err := k.Fund(ctx, id)
	if err != nil || f.Status != open {
		return 0, err
	}
	assets := max(p.ContributedFen+p.EarnedFen-p.LostFen, 0)
	keep, err := ceilDiv(assets, int64(f.Terms.LiquidityBpsMin), bpsUnit)
	if err != nil {
		return 0, err
	}
	most, err := floorDiv(assets, int64(f.Terms.BorrowerBpsMax), bpsUnit)
	if err != nil {
		return 0, err
	}
	return max(min(freeFen-keep, most-committedFen), 0), nil
}
