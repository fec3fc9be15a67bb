package fund

import (
	"testing"

	fundv1 "github.com/xinlian/xinlian/gen/xinlian/fund/v1"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	"github.com/xinlian/xinlian/internal/wire"
	"github.com/xinlian/xinlian/x/org"
)

// Each message refuses who may not send it and what it may not carry, with its
// code, and a refusal writes nothing.
func TestRefusals(t *testing.T) {
	t.Parallel()
	admin, service := device("admin"), device("service")
	c := funded(t, terms())
	before, err := c.ExportGenesis(c.ctx)
	check(t, err)
	admitting := func(by, id uint64, limit int64) func() error {
		return func() error {
			_, err := c.msg.AdmitInvestor(c.ctx, &fundv1.MsgAdmitInvestor{Device: admin, OrgId: by, FundId: 1, InvestorOrgId: id, LimitFen: limit, EvidenceHash: make([]byte, 32), ExpiresAt: unixNow(c.ctx) + 1})
			return err
		}
	}
	for _, tc := range []struct {
		name string
		send func() error
		want error
	}{
		{"open: no terms", func() error {
			_, err := c.msg.OpenFund(c.ctx, &fundv1.MsgOpenFund{Device: admin, OrgId: bank})
			return err
		}, ErrTerms},
		{"open: an investor", func() error {
			_, err := c.msg.OpenFund(c.ctx, &fundv1.MsgOpenFund{Device: admin, OrgId: insurer, Terms: terms()})
			return err
		}, org.ErrRole},
		{"open: a service", func() error {
			_, err := c.msg.OpenFund(c.ctx, &fundv1.MsgOpenFund{Device: service, OrgId: bank, Terms: terms()})
			return err
		}, org.ErrDeviceRole},
		{"open: a pool that is taken", func() error {
			_, err := c.msg.OpenFund(c.ctx, &fundv1.MsgOpenFund{Device: admin, OrgId: bank, Terms: terms()})
			return err
		}, errFake},
		{"open: a round shorter than the parameter", func() error {
			x := terms()
			x.RoundSeconds = RoundSecondsMin
			_, err := c.msg.OpenFund(c.ctx, &fundv1.MsgOpenFund{Device: admin, OrgId: bank, Terms: x})
			return err
		}, ErrTerms},
		{"admit: another bank", admitting(otherBank, stranger, 1), ErrUnauthorised},
		{"admit: a limit below nothing", admitting(bank, stranger, -1), ErrAmount},
		{"admit: no investor", admitting(bank, regulator, 1), ErrNotAdmitted},
		{"subscribe: not admitted", func() error { return c.subscribing(stranger, senior, 1) }, ErrNotAdmitted},
		{"subscribe: no investor", func() error { return c.subscribing(bank, senior, 1) }, org.ErrRole},
		{"subscribe: beyond the limit", func() error { return c.subscribing(insurer, senior, money-59_999_999) }, ErrLimit},
		{"subscribe: nothing", func() error { return c.subscribing(insurer, senior, 0) }, ErrAmount},
		{"subscribe: no class", func() error { return c.subscribing(insurer, 3, 1) }, ErrInvalid},
		{"subscribe: no fund", func() error {
			_, err := c.msg.Subscribe(c.ctx, &fundv1.MsgSubscribe{Device: admin, OrgId: insurer, FundId: 9, Class: senior, AmountFen: 1})
			return err
		}, ErrNotFound},
		{"subscribe: beyond the device's limit", func() error {
			_, err := c.msg.Subscribe(c.ctx, &fundv1.MsgSubscribe{Device: device("clerk"), OrgId: insurer, FundId: 1, Class: senior, AmountFen: 101})
			return err
		}, org.ErrLimit},
		{"redeem: more than it has", func() error { return c.redeeming(insurer, senior, 60_000_000*sharesPerFen+1) }, ErrShares},
		{"redeem: of the other class", func() error { return c.redeeming(insurer, junior, 1) }, ErrShares},
		{"cancel: nothing there", func() error { return c.cancelling(insurer, redemptionKind, senior) }, ErrNotFound},
		{"cancel: no kind", func() error { return c.cancelling(insurer, 0, senior) }, ErrInvalid},
		{"claim: nothing there", func() error { _, err := c.claiming(insurer, senior); return err }, ErrNothing},
		{"wind up: an investor", func() error {
			_, err := c.msg.WindUp(c.ctx, &fundv1.MsgWindUp{Device: admin, OrgId: insurer, FundId: 1})
			return err
		}, org.ErrRole},
		{"parameters: not council", func() error {
			_, err := c.msg.UpdateParams(c.ctx, &fundv1.MsgUpdateParams{Authority: admin, Params: DefaultParams()})
			return err
		}, org.ErrAuthority},
		{"parameters: out of bounds", func() error {
			_, err := c.msg.UpdateParams(c.ctx, &fundv1.MsgUpdateParams{Authority: wire.Authority()})
			return err
		}, ErrParams},
	} {
		if err := tc.send(); err == nil {
			t.Errorf("%s: accepted", tc.name)
		} else {
			want(t, err, tc.want)
		}
	}
	after, err := c.ExportGenesis(c.ctx)
	check(t, err)
	if before.String() != after.String() {
		t.Error("a refusal changed the state")
	}
}

// Terms out of bounds are refused one by one.
func TestTermsBounds(t *testing.T) {
	t.Parallel()
	check(t, validateTerms(terms()))
	for name, bend := range map[string]func(x *fundv1.FundTerms){
		"name":           func(x *fundv1.FundTerms) { x.Name = "" },
		"pool":           func(x *fundv1.FundTerms) { x.PoolId = 0 },
		"three PDs":      func(x *fundv1.FundTerms) { x.PdBps = x.PdBps[:3] },
		"a PD that fell": func(x *fundv1.FundTerms) { x.PdBps[2] = 1_999 },
		"LGD":            func(x *fundv1.FundTerms) { x.LgdBps = 10_001 },
		"no juniors":     func(x *fundv1.FundTerms) { x.JuniorBpsMin = 0 },
		"fee":            func(x *fundv1.FundTerms) { x.FeeBps = FeeBpsMax + 1 },
		"one borrower":   func(x *fundv1.FundTerms) { x.BorrowerBpsMax = 0 },
		"liquidity":      func(x *fundv1.FundTerms) { x.LiquidityBpsMin = 10_000 },
		"size":           func(x *fundv1.FundTerms) { x.SizeFenMax = SizeFenMax + 1 },
		"round":          func(x *fundv1.FundTerms) { x.RoundSeconds = 59 },
	} {
		x := terms()
		bend(&x)
		if err := validateTerms(x); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// An investor whose role or admission has ended buys no more and still redeems; a
// regulator may wind a fund up.
func TestEligibilityEnds(t *testing.T) {
	t.Parallel()
	c := funded(t, terms())
	o := c.left.orgs[insurer]
	o.Status = orgv1.OrgStatus_ORG_STATUS_SUSPENDED
	c.left.orgs[insurer] = o
	want(t, c.subscribing(insurer, senior, 1), ErrNotAdmitted)
	check(t, c.redeeming(insurer, senior, 1_000))
	want(t, c.after(2*yearSeconds).subscribing(trust, junior, 1), ErrNotAdmitted)
	_, err := c.msg.WindUp(c.ctx, &fundv1.MsgWindUp{Device: device("admin"), OrgId: regulator, FundId: 1})
	check(t, err)
}

// The queries show a fund with its value, a position with its orders, and lists.
func TestQueries(t *testing.T) {
	t.Parallel()
	c := funded(t, terms())
	check(t, c.redeeming(insurer, senior, 1_000))
	check(t, c.subscribing(insurer, junior, 500))
	r, err := c.ask.Fund(c.ctx, &fundv1.QueryFundRequest{Id: 1})
	check(t, err)
	if r.Value != c.value().Value || r.FreeFen != 80_000_000 || r.Account != wire.AddressText(Account(1)) {
		t.Errorf("%+v", r)
	}
	p, err := c.ask.Position(c.ctx, &fundv1.QueryPositionRequest{FundId: 1, OrgId: insurer})
	check(t, err)
	if p.Investor.LimitFen != money || len(p.Holdings) != 1 || p.Holdings[0].Shares != 60_000_000*sharesPerFen || len(p.Orders) != 2 {
		t.Errorf("%+v", p)
	}
	l, err := c.ask.Orders(c.ctx, &fundv1.QueryOrdersRequest{FundId: 1})
	check(t, err)
	if len(l.Orders) != 2 || l.Orders[0].Kind != redemptionKind {
		t.Errorf("%+v", l.Orders)
	}
	if l, err := c.ask.Orders(c.ctx, &fundv1.QueryOrdersRequest{FundId: 2}); err != nil || len(l.Orders) != 0 {
		t.Errorf("%+v, %v", l, err)
	}
	all, err := c.ask.Funds(c.ctx, &fundv1.QueryFundsRequest{})
	check(t, err)
	params, err := c.ask.Params(c.ctx, &fundv1.QueryParamsRequest{})
	check(t, err)
	if len(all.Funds) != 1 || params.Params != DefaultParams() {
		t.Errorf("%+v, %+v", all, params)
	}
	_, err = c.ask.Fund(c.ctx, &fundv1.QueryFundRequest{Id: 2})
	want(t, err, ErrNotFound)
}
