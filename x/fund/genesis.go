package fund

import (
	"context"

	"cosmossdk.io/collections"

	fundv1 "github.com/xinlian/xinlian/gen/xinlian/fund/v1"
)

// DefaultGenesis is a chain without funds.
func DefaultGenesis() *fundv1.GenesisState { return &fundv1.GenesisState{Params: DefaultParams()} }

// Validate checks a genesis state without a store: parameters, terms, ids from 1
// without gaps, rows in ascending order that name funds that exist, and the
// invariants that need no other module.
func Validate(gs *fundv1.GenesisState) error {
	if err := validateParams(gs.Params); err != nil {
		return err
	}
	for i, f := range gs.Funds {
		if f.Id != uint64(i+1) || f.Status <= 0 || f.Status > closed || (f.Status == closed) != (f.RoundEndsAt == 0) {
			return ErrGenesis.Wrapf("fund %d in place %d has status %d and ends its round at %d", f.Id, i+1, f.Status, f.RoundEndsAt)
		}
		if err := validateTerms(f.Terms); err != nil {
			return ErrGenesis.Wrapf("fund %d: %s", f.Id, err)
		}
		if f.Settlement != nil && f.Status == closed {
			return ErrGenesis.Wrapf("fund %d is closed and settles", f.Id)
		}
	}
	known := func(id uint64) bool { return id > 0 && id <= uint64(len(gs.Funds)) }
	for i, r := range gs.Investors {
		if !known(r.FundId) || r.LimitFen < 1 || len(r.EvidenceHash) != hashBytes ||
			(i > 0 && !(gs.Investors[i-1].FundId < r.FundId || gs.Investors[i-1].FundId == r.FundId && gs.Investors[i-1].OrgId < r.OrgId)) {
			return ErrGenesis.Wrapf("investor %d of fund %d is out of order or out of bounds", r.OrgId, r.FundId)
		}
	}
	for i, h := range gs.Holdings {
		if !known(h.FundId) || class(h.Class) != nil || h.Shares < 0 || h.CapitalFen < 0 || h.IncomeFen < 0 || (i > 0 && !before(holdingPlace(gs.Holdings[i-1]), holdingPlace(h))) {
			return ErrGenesis.Wrapf("holding of %d in fund %d is out of order or out of bounds", h.OrgId, h.FundId)
		}
	}
	for i, o := range gs.Orders {
		if !known(o.FundId) || class(o.Class) != nil || (o.Kind != redemptionKind && o.Kind != subscriptionKind) || o.Amount < 1 || (i > 0 && !before(orderPlace(gs.Orders[i-1]), orderPlace(o))) {
			return ErrGenesis.Wrapf("order of %d in fund %d is out of order or out of bounds", o.OrgId, o.FundId)
		}
	}
	for _, rule := range rules {
		if err := rule.check(gs); err != nil {
			return ErrGenesis.Wrapf("%s: %s", rule.name, err)
		}
	}
	return nil
}

func holdingPlace(h fundv1.Holding) [4]uint64 { return [4]uint64{h.FundId, uint64(h.Class), h.OrgId} }

func orderPlace(o fundv1.Order) [4]uint64 {
	return [4]uint64{o.FundId, uint64(o.Kind), uint64(o.Class), o.OrgId}
}

func before(a, b [4]uint64) bool {
	for i := range a {
		if a[i] != b[i] {
			return a[i] < b[i]
		}
	}
	return false
}

// InitGenesis writes a genesis state into an empty store. The queue, the index and
// the sequence are made from the rows.
func (k *Keeper) InitGenesis(ctx context.Context, gs *fundv1.GenesisState) error {
	if err := Validate(gs); err != nil {
		return err
	}
	if err := k.params.Set(ctx, gs.Params); err != nil {
		return err
	}
	if err := k.fundID.Set(ctx, uint64(len(gs.Funds))); err != nil {
		return err
	}
	for _, f := range gs.Funds {
		if err := k.funds.Set(ctx, f.Id, f); err != nil {
			return err
		}
		if err := k.pools.Set(ctx, f.Terms.PoolId, f.Id); err != nil {
			return err
		}
		if f.RoundEndsAt != 0 {
			if err := k.due.Set(ctx, collections.Join(f.RoundEndsAt, f.Id)); err != nil {
				return err
			}
		}
	}
	for _, i := range gs.Investors {
		if err := k.investors.Set(ctx, collections.Join(i.FundId, i.OrgId), i); err != nil {
			return err
		}
	}
	for _, h := range gs.Holdings {
		if err := k.holdings.Set(ctx, collections.Join3(h.FundId, uint32(h.Class), h.OrgId), h); err != nil {
			return err
		}
	}
	for _, o := range gs.Orders {
		if err := k.orders.Set(ctx, keyOf(o), o); err != nil {
			return err
		}
	}
	return nil
}

// ExportGenesis reads the whole state, lists in ascending key order.
func (k *Keeper) ExportGenesis(ctx context.Context) (*fundv1.GenesisState, error) {
	gs := &fundv1.GenesisState{}
	var err error
	if gs.Params, err = k.Params(ctx); err != nil {
		return nil, err
	}
	if gs.Funds, err = rows(ctx, k.funds); err != nil {
		return nil, err
	}
	if gs.Investors, err = rows(ctx, k.investors); err != nil {
		return nil, err
	}
	if gs.Holdings, err = rows(ctx, k.holdings); err != nil {
		return nil, err
	}
	gs.Orders, err = rows(ctx, k.orders)
	return gs, err
}

// rows lists a collection in key order.
func rows[K, V any](ctx context.Context, m collections.Map[K, V]) ([]V, error) {
	var list []V
	err := m.Walk(ctx, nil, func(_ K, v V) (bool, error) {
		list = append(list, v)
		return false, nil
	})
	return list, err
}
