package fund

import (
	"context"

	"cosmossdk.io/collections"

	fundv1 "github.com/xinlian/xinlian/gen/xinlian/fund/v1"
)

func keyOf(o fundv1.Order) orderKey {
	return collections.Join4(o.FundId, uint32(o.Kind), uint32(o.Class), o.OrgId)
}

// order is an investor's open order, of amount 0 where there is none.
func (k *Keeper) order(ctx context.Context, fundID uint64, kind fundv1.OrderKind, c fundv1.Class, orgID uint64) (fundv1.Order, error) {
	o := fundv1.Order{FundId: fundID, Kind: kind, Class: c, OrgId: orgID}
	got, err := lookup(k.orders.Get(ctx, keyOf(o)))
	o.Amount = got.Amount
	return o, err
}

// saveOrder drops an order of which nothing is left, and tells.
func (k *Keeper) saveOrder(ctx context.Context, o fundv1.Order, settledFen, settledShares int64) error {
	var err error
	if o.Amount == 0 {
		err = k.orders.Remove(ctx, keyOf(o))
	} else {
		err = k.orders.Set(ctx, keyOf(o), o)
	}
	if err != nil {
		return err
	}
	return emit(ctx, &fundv1.EventOrderChanged{
		FundId: o.FundId, Kind: o.Kind, Class: o.Class, OrgId: o.OrgId, Amount: o.Amount, SettledFen: settledFen, SettledShares: settledShares,
	})
}

// subscribe takes the money at once; the price is that of the end of the round.
func (k *Keeper) subscribe(ctx context.Context, f fundv1.Fund, o fundv1.Order, amountFen int64) error {
	if err := add(&o.Amount, amountFen, SizeFenMax); err != nil {
		return err
	}
	if err := add(&bookOf(&f, o.Class).SubscribingFen, amountFen, SharesMax); err != nil {
		return err
	}
	if err := k.left.Cash.Move(ctx, k.left.CashAccount(o.OrgId), Account(f.Id), amountFen); err != nil {
		return err
	}
	if err := k.funds.Set(ctx, f.Id, f); err != nil {
		return err
	}
	return k.saveOrder(ctx, o, 0, 0)
}

// redeem locks shares; they bear gains and losses until they are paid.
func (k *Keeper) redeem(ctx context.Context, f fundv1.Fund, o fundv1.Order, shares int64) error {
	h, err := k.holding(ctx, f.Id, o.Class, o.OrgId)
	if err != nil {
		return err
	}
	if shares > h.Shares-o.Amount {
		return ErrShares.Wrapf("%d of %s beside %d in the queue, holds %d", shares, o.Class, o.Amount, h.Shares)
	}
	o.Amount += shares
	if err := add(&bookOf(&f, o.Class).RedeemingShares, shares, SharesMax); err != nil {
		return err
	}
	if err := k.funds.Set(ctx, f.Id, f); err != nil {
		return err
	}
	return k.saveOrder(ctx, o, 0, 0)
}

// cancel gives back what waits: money to the investor, shares to its free ones. It
// changes f, which the caller saves.
func (k *Keeper) cancel(ctx context.Context, f *fundv1.Fund, o fundv1.Order) error {
	total := &bookOf(f, o.Class).RedeemingShares
	if o.Kind == subscriptionKind {
		total = &bookOf(f, o.Class).SubscribingFen
		if err := k.left.Cash.Move(ctx, Account(f.Id), k.left.CashAccount(o.OrgId), o.Amount); err != nil {
			return err
		}
	}
	if err := add(total, -o.Amount, SharesMax); err != nil {
		return err
	}
	o.Amount = 0
	return k.saveOrder(ctx, o, 0, 0)
}

// settle fills the part of an order that the settlement has for it. An order whose
// part is nothing, or whose investor may not buy any more, waits as it is.
func (k *Keeper) settle(ctx context.Context, f *fundv1.Fund, o fundv1.Order) error {
	if f.Status != open {
		return k.cancel(ctx, f, o)
	}
	if o.Kind == redemptionKind {
		return k.settleRedemption(ctx, f, o)
	}
	return k.settleSubscription(ctx, f, o)
}

func (k *Keeper) settleRedemption(ctx context.Context, f *fundv1.Fund, o fundv1.Order) error {
	t := trancheOf(f.Settlement, o.Class)
	n, err := share(o.Amount, t.redeemed, t.redeemingAsks)
	if err != nil || n == 0 {
		return err
	}
	payFen, err := fenFor(n, t.valueFen, t.shares)
	if err != nil || (payFen == 0 && n < o.Amount) {
		return err
	}
	h, err := k.holding(ctx, f.Id, o.Class, o.OrgId)
	if err != nil {
		return err
	}
	b := bookOf(f, o.Class)
	if err := credit(&h, b.IncomeIndex); err != nil {
		return err
	}
	// The part of what was paid in goes with the shares, rounded up: no claim may
	// stay behind without a share.
	for _, part := range []struct {
		total *int64
		of    int64
	}{{&h.CapitalFen, h.Shares}, {&b.CapitalFen, b.Shares}, {hurdleOf(f, o.Class), b.Shares}} {
		gone, err := ceilDiv(*part.total, n, part.of)
		if err != nil {
			return err
		}
		*part.total -= gone
	}
	for _, change := range []struct {
		total *int64
		delta int64
	}{{&h.Shares, -n}, {&b.Shares, -n}, {&b.RedeemingShares, -n}, {&o.Amount, -n}, {&f.Settlement.SetAsideFen, -payFen}} {
		if err := add(change.total, change.delta, SharesMax); err != nil {
			return err
		}
	}
	if payFen > 0 {
		if err := k.left.Cash.Move(ctx, Account(f.Id), k.left.CashAccount(o.OrgId), payFen); err != nil {
			return err
		}
	}
	if err := k.saveHolding(ctx, h); err != nil {
		return err
	}
	return k.saveOrder(ctx, o, payFen, n)
}

// hurdleOf is what a class has earned at the hurdle rate; juniors have none.
func hurdleOf(f *fundv1.Fund, c fundv1.Class) *int64 {
	if c == senior {
		return &f.HurdleFen
	}
	return new(int64)
}

func (k *Keeper) settleSubscription(ctx context.Context, f *fundv1.Fund, o fundv1.Order) error {
	t := trancheOf(f.Settlement, o.Class)
	fen, err := share(o.Amount, t.saleFen, t.askedFen)
	if err != nil || fen == 0 {
		return err
	}
	n, err := sharesFor(fen, t.valueFen, t.shares)
	if err != nil || n < sharesPerFen { // so few that income could not be told apart per share
		return err
	}
	if err := k.mayBuy(ctx, f.Id, o.OrgId, 0, fen); err != nil {
		return err
	}
	h, err := k.holding(ctx, f.Id, o.Class, o.OrgId)
	if err != nil {
		return err
	}
	b := bookOf(f, o.Class)
	if err := credit(&h, b.IncomeIndex); err != nil {
		return err
	}
	for _, change := range []struct {
		total *int64
		delta int64
	}{
		{&h.Shares, n}, {&b.Shares, n}, {&h.CapitalFen, fen}, {&b.CapitalFen, fen}, {&b.SubscribingFen, -fen}, {&o.Amount, -fen},
	} {
		if err := add(change.total, change.delta, SharesMax); err != nil {
			return err
		}
	}
	if err := k.left.Loans.PutIn(ctx, f.Terms.PoolId, Account(f.Id), fen); err != nil {
		return err
	}
	if err := k.saveHolding(ctx, h); err != nil {
		return err
	}
	return k.saveOrder(ctx, o, fen, n)
}
