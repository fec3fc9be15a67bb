package fund

import (
	"testing"

	"cosmossdk.io/collections"

	fundv1 "github.com/xinlian/xinlian/gen/xinlian/fund/v1"
	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
)

// Each invariant finds what it is there for: a defect planted in the state.
func TestInvariantsCanFail(t *testing.T) {
	t.Parallel()
	bend := func(c kit, change func(f *fundv1.Fund)) {
		f := c.fund()
		change(&f)
		check(c, c.funds.Set(c.ctx, 1, f))
	}
	bendHolding := func(c kit, change func(h *fundv1.Holding)) {
		h, err := c.holding(c.ctx, 1, senior, insurer)
		check(c, err)
		change(&h)
		check(c, c.holdings.Set(c.ctx, collections.Join3(uint64(1), uint32(senior), insurer), h))
	}
	for _, tc := range []struct {
		name  string
		plant func(c kit)
	}{
		{"fund-shares", func(c kit) { bendHolding(c, func(h *fundv1.Holding) { h.Shares++ }) }},
		{"fund-shares", func(c kit) { bend(c, func(f *fundv1.Fund) { f.Junior.Shares-- }) }},
		{"fund-orders", func(c kit) { bend(c, func(f *fundv1.Fund) { f.Senior.SubscribingFen++ }) }},
		{"fund-orders", func(c kit) {
			check(c, c.orders.Set(c.ctx, keyOf(fundv1.Order{FundId: 1, Kind: redemptionKind, Class: junior, OrgId: attacker}),
				fundv1.Order{FundId: 1, Kind: redemptionKind, Class: junior, OrgId: attacker, Amount: 1}))
			bend(c, func(f *fundv1.Fund) { f.Junior.RedeemingShares++ })
		}},
		{"fund-income", func(c kit) { bendHolding(c, func(h *fundv1.Holding) { h.IncomeFen++ }) }},
		{"fund-money", func(c kit) { bend(c, func(f *fundv1.Fund) { f.IncomeFen++ }) }},
		{"fund-value", func(c kit) { c.books(func(p *loanv1.Pool) { p.LateFen = []int64{-1_000_000, 0, 0} }, 0) }},
		{"fund-queue", func(c kit) { check(c, c.due.Set(c.ctx, collections.Join(int64(5), uint64(1)))) }},
		{"fund-queue", func(c kit) { bend(c, func(f *fundv1.Fund) { f.RoundEndsAt++ }) }},
		{"fund-pools", func(c kit) { c.books(func(p *loanv1.Pool) { p.Entrusted = false }, 0) }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := funded(t, terms())
			tc.plant(c)
			found := false
			for _, i := range c.Invariants() {
				if err := i.Check(c.ctx); err != nil && i.Name == tc.name {
					found = true
				}
			}
			if !found {
				t.Error("not found")
			}
		})
	}
}

// A genesis that does not hold together is refused.
func TestGenesisRefusals(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		bend func(gs *fundv1.GenesisState)
	}{
		{"parameters", func(gs *fundv1.GenesisState) { gs.Params.RetrySeconds = 0 }},
		{"ids with gaps", func(gs *fundv1.GenesisState) { gs.Funds[0].Id = 2 }},
		{"status", func(gs *fundv1.GenesisState) { gs.Funds[0].Status = 9 }},
		{"closed and running", func(gs *fundv1.GenesisState) { gs.Funds[0].Status = closed }},
		{"terms", func(gs *fundv1.GenesisState) { gs.Funds[0].Terms.PdBps = nil }},
		{"investor of no fund", func(gs *fundv1.GenesisState) { gs.Investors[0].FundId = 7 }},
		{"investors out of order", func(gs *fundv1.GenesisState) {
			gs.Investors[0], gs.Investors[1] = gs.Investors[1], gs.Investors[0]
		}},
		{"holdings out of order", func(gs *fundv1.GenesisState) { gs.Holdings[0], gs.Holdings[1] = gs.Holdings[1], gs.Holdings[0] }},
		{"holding of no class", func(gs *fundv1.GenesisState) { gs.Holdings[0].Class = 3 }},
		{"shares", func(gs *fundv1.GenesisState) { gs.Holdings[0].Shares++ }},
		{"an order for nothing", func(gs *fundv1.GenesisState) { gs.Orders[0].Amount = 0 }},
		{"an order without a total", func(gs *fundv1.GenesisState) { gs.Orders[0].Amount++ }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := funded(t, terms())
			check(t, c.redeeming(insurer, senior, 1_000))
			gs, err := c.ExportGenesis(c.ctx)
			check(t, err)
			check(t, Validate(gs))
			tc.bend(gs)
			if err := Validate(gs); err == nil {
				t.Error("accepted")
			}
		})
	}
}
