package sim_test

import (
	"time"

	"github.com/xinlian/xinlian/app"
	fundv1 "github.com/xinlian/xinlian/gen/xinlian/fund/v1"
	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	"github.com/xinlian/xinlian/internal/testkit"
)

// vehicle is a fund as the simulation knows it.
type vehicle struct {
	id      uint64
	manager testkit.Founder
}

const fundRound = 60 // seconds, the shortest there is

// quickFunds lets the rounds of funds end within a run.
func quickFunds(g *app.Genesis) { g.Fund.Params.RoundSecondsMin = fundRound }

// investor is one of the two organisations that council has made one, mostly.
func (w *world) investor() testkit.Founder {
	if w.chance(10) {
		return w.Auditor
	}
	return pick(w, []testkit.Founder{w.BankB, w.Settlement})
}

func (w *world) class() fundv1.Class {
	return pick(w, []fundv1.Class{fundv1.Class_CLASS_SENIOR, fundv1.Class_CLASS_JUNIOR, fundv1.Class_CLASS_JUNIOR})
}

// raise gives investors money and opens the first fund, so that a run has one to act on.
func (w *world) raise() {
	w.t.Helper()
	for _, f := range []testkit.Founder{w.BankB, w.Settlement} {
		w.Do(w.Settlement.Admin, w.Issue(f.ID, 50_000_000, "raised-"+address(f.Admin)[:20]))
	}
	by := w.BankA
	var r loanv1.MsgOpenPoolResponse
	w.Do(by.Admin, &loanv1.MsgOpenPool{Device: address(by.Admin), OrgId: by.ID}).Response(w.t, &r)
	d := w.opening(testkit.Product{PoolID: r.PoolId, Lender: by})
	d.then(w.Do(d.by, d.msg))
	p := testkit.Product{PoolID: r.PoolId, Lender: by, TemplateHash: w.templates[0].hash}
	var product loanv1.MsgOfferProductResponse
	w.Do(by.Admin, w.Offering(p)).Response(w.t, &product)
	p.ID = product.ProductId
	w.products = append(w.products, p)
	for _, f := range []testkit.Founder{w.BankB, w.Settlement} {
		w.Do(by.Admin, w.admission(w.funds[0], f, 40_000_000))
		w.Do(f.Admin, &fundv1.MsgSubscribe{Device: address(f.Admin), OrgId: f.ID, FundId: 1, Class: fundv1.Class_CLASS_JUNIOR, AmountFen: 10_000_000})
	}
	w.Block(2 * fundRound * time.Second)
}

func (w *world) opening(p testkit.Product) deed {
	return deed{p.Lender.Admin, &fundv1.MsgOpenFund{Device: address(p.Lender.Admin), OrgId: p.Lender.ID, Terms: fundv1.FundTerms{
		Name: w.name("fund"), PoolId: p.PoolID, PdBps: []uint32{100, 2_000, 5_000, 9_000}, LgdBps: 5_000, HurdleBps: 400, JuniorBpsMin: 2_000, FeeBps: 100,
		BorrowerBpsMax: 3_000, LiquidityBpsMin: 500, SizeFenMax: 1_000_000_000, RoundSeconds: fundRound, Distributes: w.chance(50),
	}}, func(o testkit.Outcome) {
		var r fundv1.MsgOpenFundResponse
		o.Response(w.t, &r)
		w.funds = append(w.funds, vehicle{r.FundId, p.Lender})
	}}
}

// openFund asks for a fund over a pool that may be empty or not.
func openFund(w *world) deed { return w.opening(recent(w, w.pools)) }

func (w *world) admission(f vehicle, of testkit.Founder, limitFen int64) *fundv1.MsgAdmitInvestor {
	return &fundv1.MsgAdmitInvestor{
		Device: address(f.manager.Admin), OrgId: f.manager.ID, FundId: f.id, InvestorOrgId: of.ID, LimitFen: limitFen,
		EvidenceHash: testkit.Digest("evidence", of.ID), ExpiresAt: w.Now().Unix() + 3600,
	}
}

func admitInvestor(w *world) deed {
	f := pick(w, w.funds)
	m := w.admission(f, w.investor(), w.amount(40_000_000))
	if w.chance(10) {
		m.LimitFen = 0
	}
	return deed{by: f.manager.Admin, msg: m}
}

func subscribe(w *world) deed {
	by := w.investor()
	return deed{by: by.Admin, msg: &fundv1.MsgSubscribe{
		Device: address(by.Admin), OrgId: by.ID, FundId: pick(w, w.funds).id, Class: w.class(), AmountFen: w.amount(2_000_000),
	}}
}

// redeemShares asks for some of what the investor has, mostly.
func redeemShares(w *world) deed {
	by, f, class := w.investor(), pick(w, w.funds), w.class()
	shares := w.amount(1_000_000_000)
	if r, ok := ask(w, fundv1.NewQueryClient(w.Conn()).Position, &fundv1.QueryPositionRequest{FundId: f.id, OrgId: by.ID}); ok {
		for _, h := range r.Holdings {
			if h.Class == class && h.Shares > 0 && w.chance(80) {
				shares = 1 + w.rng.Int64N(h.Shares)
			}
		}
	}
	return deed{by: by.Admin, msg: &fundv1.MsgRedeem{Device: address(by.Admin), OrgId: by.ID, FundId: f.id, Class: class, Shares: shares}}
}

// cancelOrder takes back an order that waits, mostly.
func cancelOrder(w *world) deed {
	by, f := w.investor(), pick(w, w.funds)
	r, ok := ask(w, fundv1.NewQueryClient(w.Conn()).Orders, &fundv1.QueryOrdersRequest{FundId: f.id})
	if ok && len(r.Orders) > 0 && w.chance(80) {
		o := pick(w, r.Orders)
		for _, owner := range []testkit.Founder{w.BankB, w.Settlement} {
			if owner.ID == o.OrgId {
				return deed{by: owner.Admin, msg: &fundv1.MsgCancelOrder{
					Device: address(owner.Admin), OrgId: owner.ID, FundId: f.id, Kind: o.Kind, Class: o.Class,
				}}
			}
		}
	}
	kind := pick(w, []fundv1.OrderKind{fundv1.OrderKind_ORDER_KIND_REDEMPTION, fundv1.OrderKind_ORDER_KIND_SUBSCRIPTION})
	return deed{by: by.Admin, msg: &fundv1.MsgCancelOrder{
		Device: address(by.Admin), OrgId: by.ID, FundId: f.id, Kind: kind, Class: w.class(),
	}}
}

func claimIncome(w *world) deed {
	by := w.investor()
	return deed{by: by.Admin, msg: &fundv1.MsgClaimIncome{Device: address(by.Admin), OrgId: by.ID, FundId: pick(w, w.funds).id, Class: w.class()}}
}

// windUp ends a fund; seldom the first, so that most of a run has one.
func windUp(w *world) deed {
	f := recent(w, w.funds)
	if f.id == 1 && !w.chance(5) {
		return deed{}
	}
	by := f.manager
	if w.chance(20) {
		by = w.Regulator
	}
	return deed{by: by.Admin, msg: &fundv1.MsgWindUp{Device: address(by.Admin), OrgId: by.ID, FundId: f.id}}
}
