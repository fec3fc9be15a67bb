package fund

import (
	"context"

	"cosmossdk.io/collections"

	fundv1 "github.com/xinlian/xinlian/gen/xinlian/fund/v1"
)

// Invariant is a named check over the whole state of the module.
type Invariant struct {
	Name  string
	Check func(ctx context.Context) error
}

// rules are the invariants that need no other module.
var rules = []struct {
	name  string
	check func(*fundv1.GenesisState) error
}{
	{"fund-shares", checkShares},
	{"fund-orders", checkOrders},
	{"fund-income", checkIncome},
}

// Invariants lists the module's checks. They read everything: they are for tests,
// exported genesis states and stopped nodes, never for a block.
func (k *Keeper) Invariants() []Invariant {
	list := []Invariant{
		{Name: "fund-money", Check: k.checkMoney},
		{Name: "fund-value", Check: k.checkValue},
		{Name: "fund-queue", Check: k.checkQueue},
		{Name: "fund-pools", Check: k.checkPools},
	}
	for _, rule := range rules {
		list = append(list, Invariant{Name: rule.name, Check: func(ctx context.Context) error {
			gs, err := k.ExportGenesis(ctx)
			if err != nil {
				return err
			}
			return broken(rule.name, rule.check(gs))
		}})
	}
	return list
}

func broken(name string, err error) error {
	if err == nil {
		return nil
	}
	return ErrInvariant.Wrapf("%s: %s", name, err)
}

type classOf struct {
	fund  uint64
	class fundv1.Class
}

// checkShares: the shares of a class are the sum of its holdings, and no claim of
// the class stays without a share.
func checkShares(gs *fundv1.GenesisState) error {
	sums := map[classOf]int64{}
	for _, h := range gs.Holdings {
		if h.Shares == 0 && h.IncomeFen == 0 {
			return ErrInvariant.Wrapf("holding of %d in fund %d is empty", h.OrgId, h.FundId)
		}
		sums[classOf{h.FundId, h.Class}] += h.Shares
	}
	for _, f := range gs.Funds {
		for _, c := range []fundv1.Class{senior, junior} {
			b := bookOf(&f, c)
			if sum := sums[classOf{f.Id, c}]; sum != b.Shares {
				return ErrInvariant.Wrapf("fund %d: %d shares of %s, holdings sum to %d", f.Id, b.Shares, c, sum)
			}
			if b.Shares == 0 && (b.CapitalFen != 0 || *hurdleOf(&f, c) != 0) {
				return ErrInvariant.Wrapf("fund %d: %s has claims and no shares", f.Id, c)
			}
		}
	}
	return nil
}

// checkOrders: the totals of open orders are their sums, and nobody has ordered
// back more shares than it has.
func checkOrders(gs *fundv1.GenesisState) error {
	buying, selling, held := map[classOf]int64{}, map[classOf]int64{}, map[[4]uint64]int64{}
	for _, h := range gs.Holdings {
		held[holdingPlace(h)] = h.Shares
	}
	for _, o := range gs.Orders {
		if o.Kind == subscriptionKind {
			buying[classOf{o.FundId, o.Class}] += o.Amount
			continue
		}
		selling[classOf{o.FundId, o.Class}] += o.Amount
		if has := held[[4]uint64{o.FundId, uint64(o.Class), o.OrgId}]; o.Amount > has {
			return ErrInvariant.Wrapf("fund %d: %d redeems %d shares of %d", o.FundId, o.OrgId, o.Amount, has)
		}
	}
	for _, f := range gs.Funds {
		for _, c := range []fundv1.Class{senior, junior} {
			b, of := bookOf(&f, c), classOf{f.Id, c}
			if b.SubscribingFen != buying[of] || b.RedeemingShares != selling[of] {
				return ErrInvariant.Wrapf("fund %d, %s: %d fen and %d shares ordered, orders sum to %d and %d",
					f.Id, c, b.SubscribingFen, b.RedeemingShares, buying[of], selling[of])
			}
		}
	}
	return nil
}

// checkIncome: what holders may claim is covered by what was paid out for it.
func checkIncome(gs *fundv1.GenesisState) error {
	owed := map[uint64]int64{}
	for _, h := range gs.Holdings {
		f := gs.Funds[h.FundId-1]
		if err := credit(&h, bookOf(&f, h.Class).IncomeIndex); err != nil {
			return err
		}
		owed[h.FundId] += h.IncomeFen
	}
	for _, f := range gs.Funds {
		if owed[f.Id] > f.IncomeFen {
			return ErrInvariant.Wrapf("fund %d owes %d fen of income and has %d", f.Id, owed[f.Id], f.IncomeFen)
		}
	}
	return nil
}

// checkMoney: the fund's account holds at least what waits on it: subscriptions,
// money set aside for redemptions, income.
func (k *Keeper) checkMoney(ctx context.Context) error {
	return broken("fund-money", k.funds.Walk(ctx, nil, func(id uint64, f fundv1.Fund) (bool, error) {
		want := f.Senior.SubscribingFen + f.Junior.SubscribingFen + f.IncomeFen
		if f.Settlement != nil {
			want += f.Settlement.SetAsideFen
		}
		got, err := k.left.Cash.Balance(ctx, Account(id))
		if err == nil && got < want {
			err = ErrInvariant.Wrapf("fund %d holds %d fen and should hold %d", id, got, want)
		}
		return err != nil, err
	}))
}

// checkValue: the classes share the net asset value, none of them below 0, seniors
// never beyond their claim, and a class without shares has nothing but what its
// first buyers pay for.
func (k *Keeper) checkValue(ctx context.Context) error {
	return broken("fund-value", k.funds.Walk(ctx, nil, func(id uint64, f fundv1.Fund) (bool, error) {
		p, err := k.left.Loans.Pool(ctx, f.Terms.PoolId)
		if err != nil {
			return true, err
		}
		v, err := Worth(f, p, f.AccruedAt)
		if err != nil {
			return true, err
		}
		nav := max(v.CashFen+v.LentFen-v.ExpectedLossFen-v.FeeFen, 0)
		if v.NavFen != nav || v.SeniorFen+v.JuniorFen != nav || min(v.SeniorFen, v.JuniorFen) < 0 || v.SeniorFen > f.Senior.CapitalFen+f.HurdleFen {
			return true, ErrInvariant.Wrapf("fund %d: seniors %d and juniors %d of %d fen", id, v.SeniorFen, v.JuniorFen, nav)
		}
		if v.ExpectedLossFen < 0 || v.ExpectedLossFen > v.LentFen {
			return true, ErrInvariant.Wrapf("fund %d expects to lose %d of %d fen", id, v.ExpectedLossFen, v.LentFen)
		}
		return false, nil
	}))
}

// checkQueue: one place for each fund that is not closed, at the end of its round.
func (k *Keeper) checkQueue(ctx context.Context) error {
	running := 0
	err := k.funds.Walk(ctx, nil, func(id uint64, f fundv1.Fund) (bool, error) {
		if f.RoundEndsAt == 0 {
			return false, nil
		}
		running++
		queued, err := k.due.Has(ctx, collections.Join(f.RoundEndsAt, id))
		if err == nil && !queued {
			err = ErrInvariant.Wrapf("fund %d is not queued at %d", id, f.RoundEndsAt)
		}
		return err != nil, err
	})
	queued := 0
	if err == nil {
		err = k.due.Walk(ctx, nil, func(dueKey) (bool, error) { queued++; return false, nil })
	}
	if err == nil && queued != running {
		err = ErrInvariant.Wrapf("%d places in the queue, want %d", queued, running)
	}
	return broken("fund-queue", err)
}

// checkPools: each fund owns an entrusted pool of its manager, and no other fund
// owns it.
func (k *Keeper) checkPools(ctx context.Context) error {
	return broken("fund-pools", k.funds.Walk(ctx, nil, func(id uint64, f fundv1.Fund) (bool, error) {
		owner, err := k.pools.Get(ctx, f.Terms.PoolId)
		if err != nil {
			return true, err
		}
		p, err := k.left.Loans.Pool(ctx, f.Terms.PoolId)
		if err == nil && (owner != id || !p.Entrusted || p.ManagerOrgId != f.ManagerOrgId) {
			err = ErrInvariant.Wrapf("pool %d of fund %d is fund %d's, managed by %d", f.Terms.PoolId, id, owner, p.ManagerOrgId)
		}
		return err != nil, err
	}))
}
