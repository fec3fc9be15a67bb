package fund

import (
	"testing"

	"cosmossdk.io/collections"

	"github.com/cosmos/gogoproto/proto"

	fundv1 "github.com/xinlian/xinlian/gen/xinlian/fund/v1"
	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	"github.com/xinlian/xinlian/x/cash"
)

// funded is a fund with 20 m fen of juniors (the trust) and 60 m of seniors (the insurer).
func funded(t tester, terms fundv1.FundTerms) kit {
	t.Helper()
	c := opened(t, terms)
	check(t, c.subscribing(trust, junior, 20_000_000))
	check(t, c.subscribing(insurer, senior, 60_000_000))
	return c.round().round()
}

// Seniors buy only as far as the juniors who are there carry them: in the round
// after the juniors', and the rest of the order waits.
func TestSubscription(t *testing.T) {
	t.Parallel()
	c := opened(t, terms())
	check(t, c.subscribing(trust, junior, 10_000_000))
	check(t, c.subscribing(insurer, senior, 60_000_000))
	if got := c.balance(insurer); got != money-60_000_000 {
		t.Errorf("insurer has %d", got)
	}
	c = c.round()
	if j, s := c.shares(trust, junior), c.shares(insurer, senior); j != 10_000_000*sharesPerFen || s != 0 {
		t.Errorf("after the first round: %d junior, %d senior", j, s)
	}
	c = c.round()
	// 20 % of the value must be the juniors': 10 m carry 40 m.
	if s, f := c.shares(insurer, senior), c.fund(); s != 40_000_000*sharesPerFen || f.Senior.SubscribingFen != 20_000_000 {
		t.Errorf("after the second: %d shares, %d fen wait", s, f.Senior.SubscribingFen)
	}
	check(t, c.cancelling(insurer, subscriptionKind, senior))
	if got := c.balance(insurer); got != money-40_000_000 {
		t.Errorf("after cancelling, insurer has %d", got)
	}
	c.sound()
}

// Losses eat the juniors first, the seniors only after them; a gain is the
// juniors' beyond the hurdle.
func TestWaterfall(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name           string
		change         func(c kit)
		senior, junior int64
	}{
		{"at rest", func(kit) {}, 60_000_000, 20_000_000},
		// 50 m current: 50 m x 1 % x 50 % = 250,000
		{"lent", func(c kit) { c.lend(50_000_000) }, 60_000_000, 19_750_000},
		// two instalments late: 10 m x 50 % x 50 % = 2.5 m; 40 m current: 200,000
		{"late", func(c kit) {
			c.lend(50_000_000)
			c.books(func(p *loanv1.Pool) { p.LateFen = []int64{0, 10_000_000, 0} }, 0)
		}, 60_000_000, 17_300_000},
		{"part of the juniors lost", func(c kit) { c.lend(15_000_000); c.lose(15_000_000) }, 60_000_000, 5_000_000},
		{"all juniors and more lost", func(c kit) { c.lend(30_000_000); c.lose(30_000_000) }, 50_000_000, 0},
		{"all lost", func(c kit) { c.lend(80_000_000); c.lose(80_000_000) }, 0, 0},
		{"earned", func(c kit) { c.earn(1_000_000) }, 60_000_000, 21_000_000},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := funded(t, func() fundv1.FundTerms { x := terms(); x.HurdleBps = 0; return x }())
			tc.change(c)
			if v := c.value(); v.SeniorFen != tc.senior || v.JuniorFen != tc.junior || v.NavFen != tc.senior+tc.junior {
				t.Errorf("got %d and %d of %d, want %d and %d", v.SeniorFen, v.JuniorFen, v.NavFen, tc.senior, tc.junior)
			}
			c.sound()
		})
	}
}

// The hurdle accrues by the second on what seniors paid in, out of the juniors'
// part, compounds at each round, and ends where the juniors do.
func TestHurdle(t *testing.T) {
	t.Parallel()
	c := funded(t, terms())
	year := c.after(yearSeconds)
	if v := year.value(); v.SeniorFen != 63_000_000 || v.JuniorFen != 17_000_000 {
		t.Errorf("after a year without income: %d and %d", v.SeniorFen, v.JuniorFen)
	}
	if v := c.after(10 * yearSeconds).value(); v.SeniorFen != 80_000_000 || v.JuniorFen != 0 {
		t.Errorf("after ten: %d and %d", v.SeniorFen, v.JuniorFen)
	}
	// Two half years: 60 m x 1.025^2.
	half := c.after(yearSeconds/2 - daySeconds).round().after(yearSeconds / 2)
	if v := half.value(); v.SeniorFen != 63_037_500 {
		t.Errorf("two half years: %d", v.SeniorFen)
	}
}

// Redemptions are paid pro rata out of what is free, seniors before juniors, the
// rest waits and is carried on; who came first has no better part.
func TestRedemptionProRata(t *testing.T) {
	t.Parallel()
	x := terms()
	x.HurdleBps, x.PdBps = 0, []uint32{0, 0, 0, 0}
	c := opened(t, x)
	check(t, c.subscribing(trust, junior, 20_000_000))
	c = c.round()
	check(t, c.subscribing(insurer, senior, 30_000_000))
	check(t, c.subscribing(attacker, senior, 10_000_000))
	c = c.round()
	c.lend(52_000_000) // 8 m are free
	check(t, c.redeeming(attacker, senior, 10_000_000*sharesPerFen))
	check(t, c.redeeming(insurer, senior, 30_000_000*sharesPerFen))
	check(t, c.redeeming(trust, junior, 5_000_000*sharesPerFen))
	c = c.round()
	if a, i, j := c.balance(attacker), c.balance(insurer), c.balance(trust); a != money-8_000_000 || i != money-24_000_000 || j != money-20_000_000 {
		t.Errorf("after 8 m: %d, %d, %d", a, i, j)
	}
	c.repay(32_000_000) // pays all seniors; the juniors' part is free of a floor then
	c = c.round()
	if a, i, j := c.balance(attacker), c.balance(insurer), c.balance(trust); a != money || i != money || j != money-20_000_000 {
		t.Errorf("after 32 m more: %d, %d, %d", a, i, j)
	}
	c.repay(5_000_000)
	c = c.round()
	if j, f := c.balance(trust), c.fund(); j != money-15_000_000 || f.Junior.RedeemingShares != 0 {
		t.Errorf("the trust has %d, %d shares wait", j, f.Junior.RedeemingShares)
	}
}

// Juniors leave only as far as the seniors stay covered by their least part.
func TestJuniorFloor(t *testing.T) {
	t.Parallel()
	x := terms()
	x.HurdleBps = 0
	c := funded(t, x)
	check(t, c.redeeming(trust, junior, 20_000_000*sharesPerFen))
	c = c.round()
	if v := c.value(); v.JuniorFen != 15_000_000 || c.balance(trust) != money-15_000_000 {
		t.Errorf("juniors have %d of %d, the trust %d", v.JuniorFen, v.NavFen, c.balance(trust))
	}
}

// A block handles at most as many items as the parameter says; the rest follows in
// the next blocks at the same price, whatever the pool earns meanwhile.
func TestSettlementCarries(t *testing.T) {
	t.Parallel()
	x := terms()
	x.HurdleBps = 0
	c := opened(t, x)
	p := DefaultParams()
	p.OrdersPerBlockMax = 3
	check(t, c.params.Set(c.ctx, p))
	const many = 10
	for n := range many {
		id := investorN(n)
		c.left.orgs[id] = orgv1.Organisation{Id: id, Roles: []orgv1.Role{orgv1.Role_ROLE_INVESTOR}, Status: orgv1.OrgStatus_ORG_STATUS_ACTIVE, Kind: orgv1.OrgKind_ORG_KIND_BANK}
		check(t, c.left.issue(c.ctx, cash.Account(id), 1_000))
		check(t, c.admitting(id, 1_000))
		check(t, c.subscribing(id, junior, 1_000))
	}
	c = c.after(daySeconds)
	blocks, had := 0, 0
	for c.fund().Round == 0 || c.fund().Settlement != nil {
		check(t, c.EndBlock(c.ctx))
		blocks++
		hs, err := rows(c.ctx, c.holdings)
		check(t, err)
		if len(hs)-had > 3 {
			t.Errorf("block %d settled %d orders", blocks, len(hs)-had)
		}
		had = len(hs)
		if blocks == 2 {
			c.earn(5_000)
			want(t, c.subscribing(insurer, junior, 100), ErrSettling)
			want(t, c.redeeming(investorN(0), junior, 100), ErrSettling)
			want(t, c.cancelling(investorN(9), subscriptionKind, junior), ErrSettling)
		}
		c.sound()
		c = c.after(1)
	}
	if blocks != 4 || had != many { // round and 2, 3, 3, 2 and the end
		t.Errorf("%d blocks, %d holdings", blocks, had)
	}
	for n := range many {
		if got := c.shares(investorN(n), junior); got != 1_000*sharesPerFen {
			t.Errorf("investor %d has %d shares", n, got)
		}
	}
}

// An order that fails or whose investor may no longer buy is passed over and holds
// up no other; a round that fails as a whole waits and is tried again.
func TestFailuresHoldUpNothing(t *testing.T) {
	t.Parallel()
	c := funded(t, terms())
	check(t, c.redeeming(insurer, senior, 1_000_000))
	check(t, c.subscribing(attacker, junior, 1_000))
	check(t, c.redeeming(trust, junior, 1_000_000))
	check(t, c.admitting(attacker, 0))
	c.left.poisoned[string(cash.Account(insurer))] = true
	c = c.round()
	if got := c.balance(trust); got <= money-20_000_000 {
		t.Errorf("the trust has %d", got)
	}
	if f := c.fund(); f.Senior.RedeemingShares != 1_000_000 || f.Junior.SubscribingFen != 1_000 {
		t.Errorf("%+v", f)
	}
	delete(c.left.poisoned, string(cash.Account(insurer)))
	c.left.poisoned[string(Account(1))] = true // setting money aside fails
	before := c.fund()
	c = c.after(daySeconds)
	check(t, c.EndBlock(c.ctx))
	if f := c.fund(); f.Round != before.Round || f.RoundEndsAt != unixNow(c.ctx)+DefaultParams().RetrySeconds {
		t.Errorf("round %d ends at %d", f.Round, f.RoundEndsAt)
	}
	delete(c.left.poisoned, string(Account(1)))
	c.left.stopped = true
	c = c.after(daySeconds)
	check(t, c.EndBlock(c.ctx))
	if f := c.fund(); f.Round != before.Round {
		t.Error("a stopped chain settled")
	}
	c.left.stopped = false
	c = c.round()
	if f := c.fund(); f.Senior.RedeemingShares != 0 {
		t.Errorf("%d shares wait", f.Senior.RedeemingShares)
	}
}

// The fee is the manager's by the second, comes off the juniors, is paid at the
// end of a round as far as money is free, and is owed until then.
func TestFee(t *testing.T) {
	t.Parallel()
	x := terms()
	x.FeeBps, x.HurdleBps, x.PdBps = 100, 0, []uint32{0, 0, 0, 0}
	c := funded(t, x)
	paid := c.balance(bank)
	c = c.after(yearSeconds - daySeconds).round()
	if got := c.balance(bank) - paid; got < 799_000 || got > 800_000 { // 1 % of 80 m less the fees of two days
		t.Errorf("a year's fee is %d", got)
	}
	if v := c.value(); v.SeniorFen != 60_000_000 {
		t.Errorf("seniors have %d", v.SeniorFen)
	}
	c.lend(c.value().FreeFen)
	owed := c.after(yearSeconds).value()
	if owed.FeeFen < 780_000 || owed.JuniorFen+owed.FeeFen != c.value().JuniorFen {
		t.Errorf("owed %d, juniors %d", owed.FeeFen, owed.JuniorFen)
	}
}

// A fund that distributes pays seniors their hurdle and juniors the rest of the
// gain by shares; what is paid is exactly what is claimed but for less than a fen each.
func TestIncome(t *testing.T) {
	t.Parallel()
	x := terms()
	x.Distributes = true
	c := funded(t, x)
	c = c.after(yearSeconds - daySeconds)
	c.earn(5_000_000)
	c = c.round()
	s, err := c.claiming(insurer, senior)
	check(t, err)
	j, err := c.claiming(trust, junior)
	check(t, err)
	if s < 2_999_998 || s > 3_000_000 || s+j > 5_000_000 || s+j < 4_999_995 {
		t.Errorf("claimed %d and %d", s, j)
	}
	if v := c.value(); v.SeniorFen < 60_000_000 || v.SeniorFen > 60_000_002 || v.JuniorFen < 20_000_000 || v.JuniorFen > 20_000_005 {
		t.Errorf("left %d and %d", v.SeniorFen, v.JuniorFen)
	}
	_, err = c.claiming(trust, junior)
	want(t, err, ErrNothing)
	c.sound()
	// Who buys after the income was paid out gets none of it.
	check(t, c.admitting(attacker, money))
	check(t, c.subscribing(attacker, junior, 20_000_000))
	c = c.round()
	if _, err := c.claiming(attacker, junior); err == nil {
		t.Error("a later buyer claimed earlier income")
	}
}

// A fund that is wound up gives every order back, lends no more, pays seniors
// first and juniors after them, and closes when nothing is lent any more.
func TestWindUp(t *testing.T) {
	t.Parallel()
	x := terms()
	x.HurdleBps = 0
	c := funded(t, x)
	c.lend(70_000_000)
	check(t, c.subscribing(attacker, junior, 1_000))
	check(t, c.redeeming(insurer, senior, 1_000))
	_, err := c.msg.WindUp(c.ctx, &fundv1.MsgWindUp{Device: device("admin"), OrgId: otherBank, FundId: 1})
	want(t, err, ErrUnauthorised)
	_, err = c.msg.WindUp(c.ctx, &fundv1.MsgWindUp{Device: device("admin"), OrgId: bank, FundId: 1})
	check(t, err)
	check(t, c.EndBlock(c.ctx))
	c.sound()
	if got := c.balance(attacker); got != money {
		t.Errorf("the subscription is not back: %d", got)
	}
	p, err := c.left.Pool(c.ctx, pool)
	check(t, err)
	if got, err := c.Lendable(c.ctx, p, 0, 1_000); err != nil || got != 0 {
		t.Errorf("lendable %d, %v", got, err)
	}
	want(t, c.subscribing(insurer, senior, 1), ErrState)
	want(t, c.redeeming(insurer, senior, 1), ErrState)
	if s, err := c.claiming(insurer, senior); err != nil || s != 9_999_999 /* a part of a fen stays */ {
		t.Errorf("seniors got %d, %v", s, err)
	}
	c.repay(55_000_000)
	c.lose(15_000_000)
	c = c.round()
	s, err := c.claiming(insurer, senior)
	check(t, err)
	j, err := c.claiming(trust, junior)
	check(t, err)
	if f := c.fund(); s != 49_999_999 || j != 5_000_000 || f.Status != closed || f.RoundEndsAt != 0 {
		t.Errorf("seniors %d, juniors %d, %s", s, j, f.Status)
	}
	c.sound()
}

// Terms bound what the pool lends: the liquidity that is kept, and one borrower's part.
func TestLendable(t *testing.T) {
	t.Parallel()
	x := terms()
	x.LiquidityBpsMin, x.BorrowerBpsMax, x.HurdleBps = 1_000, 500, 0
	c := funded(t, x)
	p, err := c.left.Pool(c.ctx, pool)
	check(t, err)
	for _, tc := range []struct{ committed, free, want int64 }{
		{0, 80_000_000, 4_000_000},       // 5 % of 80 m
		{3_999_999, 80_000_000, 1},       // of it one fen is left
		{5_000_000, 80_000_000, 0},       // beyond it already
		{0, 9_000_000, 1_000_000},        // 8 m are kept
		{0, 8_000_000, 0}, {0, 1_000, 0}, // nothing beyond them
	} {
		if got, err := c.Lendable(c.ctx, p, tc.committed, tc.free); err != nil || got != tc.want {
			t.Errorf("committed %d, free %d: got %d, %v, want %d", tc.committed, tc.free, got, err, tc.want)
		}
	}
	if got, err := c.Lendable(c.ctx, loanv1.Pool{Id: 99}, 0, 1_000); err != nil || got != 0 {
		t.Errorf("a pool of no fund: %d, %v", got, err)
	}
}

// Exported and read again, the state is the same, in the middle of a settlement too.
func TestGenesisRoundTrip(t *testing.T) {
	t.Parallel()
	c := funded(t, terms())
	p := DefaultParams()
	p.OrdersPerBlockMax = 1
	check(t, c.params.Set(c.ctx, p))
	check(t, c.redeeming(insurer, senior, 1_000_000))
	check(t, c.subscribing(attacker, junior, 1_000))
	c = c.after(daySeconds)
	check(t, c.EndBlock(c.ctx))
	if c.fund().Settlement == nil {
		t.Fatal("no settlement")
	}
	gs, err := c.ExportGenesis(c.ctx)
	check(t, err)
	again := newKit(t)
	check(t, again.InitGenesis(again.ctx, gs))
	back, err := again.ExportGenesis(again.ctx)
	check(t, err)
	if !proto.Equal(gs, back) {
		t.Errorf("got %v, want %v", back, gs)
	}
	if has, err := again.due.Has(again.ctx, collections.Join(gs.Funds[0].RoundEndsAt, uint64(1))); err != nil || !has {
		t.Errorf("the queue is not made again: %v", err)
	}
}
