package testkit

import (
	cashv1 "github.com/xinlian/xinlian/gen/xinlian/cash/v1"
	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	safetyv1 "github.com/xinlian/xinlian/gen/xinlian/safety/v1"
	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
	"github.com/xinlian/xinlian/internal/record"
	"github.com/xinlian/xinlian/internal/wire"
	"github.com/xinlian/xinlian/lending/template"
)

// IndexID names the index of this package's products.
const IndexID = "cny-base"

// Quote is what a publisher states as today's index.
func (c *Chain) Quote(f Founder, valueBps int64) *scorev1.MsgPublishIndex {
	return &scorev1.MsgPublishIndex{
		Device: wire.Address(f.Service), OrgId: f.ID, IndexId: IndexID, ValueBps: valueBps, Day: uint32(record.Day(c.now)),
	}
}

// Issue is the settlement bank's message that makes money for an organisation.
func (c *Chain) Issue(to uint64, amountFen int64, reference string) *cashv1.MsgIssue {
	return &cashv1.MsgIssue{
		Device: wire.Address(c.Settlement.Admin), OrgId: c.Settlement.ID, ToOrgId: to, AmountFen: amountFen, BankReference: reference,
	}
}

// Contract is a template of equal instalments in two tranches, the second after
// two instalments on time. Who asks for more than 100,000 yuan is referred.
func Contract(name string) loanv1.TemplateTerms {
	v := func(name string, value int64) []loanv1.Variable { return []loanv1.Variable{{Name: name, Value: value}} }
	t := loanv1.TemplateTerms{
		Name: name, Version: 1, Method: loanv1.Method_METHOD_EQUAL_INSTALMENT,
		PeriodUnit: loanv1.PeriodUnit_PERIOD_UNIT_MONTH, TrancheBps: []uint32{6000, 4000}, GraceDays: 3, LateFeeBps: 50, PrepaymentFeeBps: 20,
		Eligibility: []loanv1.Condition{{Code: "score-min", Expression: "score.points >= 540"}},
		Referral:    []loanv1.Condition{{Code: "large", Expression: "loan.amount_fen <= 10000000"}},
		Release:     []loanv1.Condition{{Code: "on-time-min", Expression: "performance.on_time >= 2"}},
		Tests: []loanv1.TestCase{
			{Condition: "eligibility", Variables: v("score.points", 540), Want: true},
			{Condition: "eligibility", Variables: v("score.points", 539), Want: false},
			{Condition: "referral", Variables: v("loan.amount_fen", 10_000_000), Want: true},
			{Condition: "referral", Variables: v("loan.amount_fen", 10_000_001), Want: false},
			{Condition: "release", Variables: v("performance.on_time", 2), Want: true},
			{Condition: "release", Variables: v("performance.on_time", 1), Want: false},
		},
	}
	if err := template.Fill(&t); err != nil {
		panic(err)
	}
	return t
}

// Product is a lender's product with what it stands on.
type Product struct {
	ID, PoolID   uint64
	Lender       Founder
	TemplateHash []byte
}

// Template brings a lender's contract into force and returns its hash.
func (c *Chain) Template(lender Founder, terms loanv1.TemplateTerms) []byte {
	c.tb.Helper()
	device := wire.Address(lender.Admin)
	var r loanv1.MsgSubmitTemplateResponse
	c.Do(lender.Admin, &loanv1.MsgSubmitTemplate{Device: device, OrgId: lender.ID, Terms: terms}).Response(c.tb, &r)
	c.Do(c.Auditor.Admin, c.Audit(safetyv1.SubjectKind_SUBJECT_KIND_TEMPLATE, r.TemplateHash, true))
	c.Do(lender.Admin, &loanv1.MsgReviewTemplate{Device: device, OrgId: lender.ID, TemplateHash: r.TemplateHash})
	c.Do(lender.Admin, &loanv1.MsgActivateTemplate{Device: device, OrgId: lender.ID, TemplateHash: r.TemplateHash})
	return r.TemplateHash
}

// Product publishes the index, opens and funds a pool, and offers a product of
// 1,000 to 200,000 yuan over 3 to 6 periods under a template.
func (c *Chain) Product(lender Founder, template []byte, capitalFen int64) Product {
	c.tb.Helper()
	for _, f := range []Founder{c.BankA, c.BankB, c.Settlement} {
		c.Do(f.Service, c.Quote(f, 300+int64(f.ID)))
	}
	device := wire.Address(lender.Admin)
	var pool loanv1.MsgOpenPoolResponse
	c.Do(lender.Admin, &loanv1.MsgOpenPool{Device: device, OrgId: lender.ID}).Response(c.tb, &pool)
	c.Do(c.Settlement.Admin, c.Issue(lender.ID, capitalFen, "capital-of-"+wire.AddressText(Digest(device)[:20])))
	c.Do(lender.Admin, &loanv1.MsgFundPool{Device: device, OrgId: lender.ID, PoolId: pool.PoolId, AmountFen: capitalFen})
	p := Product{PoolID: pool.PoolId, Lender: lender, TemplateHash: template}
	var r loanv1.MsgOfferProductResponse
	c.Do(lender.Admin, c.Offering(p)).Response(c.tb, &r)
	p.ID = r.ProductId
	return p
}

// Offering is the message that offers a product.
func (c *Chain) Offering(p Product) *loanv1.MsgOfferProduct {
	c.tb.Helper()
	return &loanv1.MsgOfferProduct{Device: wire.Address(p.Lender.Admin), OrgId: p.Lender.ID, Terms: loanv1.ProductTerms{
		TemplateHash: p.TemplateHash, Name: "working-capital", PoolId: p.PoolID, ModelHash: c.SmallModel().Hash,
		AmountFenMin: 100_000, AmountFenMax: 20_000_000, PeriodsMin: 3, PeriodsMax: 6,
		IndexId: IndexID, FundingBps: 180, MarginBps: 300, LgdBps: 4500, CapacityPeriods: 8,
		ExposureFenMax: 40_000_000, OfferSeconds: 300,
	}}
}

// Acceptance is the owner's signature under an offer.
func (c *Chain) Acceptance(e Enterprise, o loanv1.Offer) *loanv1.MsgAccept {
	return &loanv1.MsgAccept{
		Device: e.Device(), OrgId: e.ID, OfferId: o.Id, ContractHash: o.ContractHash, PrincipalFen: o.PrincipalFen,
		RateBps: o.RateBps, Periods: o.Periods, AutoDebit: true,
	}
}
