package invest_test

import (
	"context"
	"testing"
	"time"

	sdk "github.com/cosmos/cosmos-sdk/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"

	"github.com/xinlian/xinlian/app"
	fundv1 "github.com/xinlian/xinlian/gen/xinlian/fund/v1"
	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/internal/testkit"
	"github.com/xinlian/xinlian/internal/wire"
	"github.com/xinlian/xinlian/x/fund"
	"github.com/xinlian/xinlian/x/loan"
)

// On the whole chain a fund takes investors' money, lends it within its terms to a
// firm with a proven score, is worth what its loans are, and neither x/bank nor the
// manager can put money past it into its accounts. Exported and imported, the chain
// goes on.
func TestFundLends(t *testing.T) {
	t.Parallel()
	c := testkit.Start(t, testkit.OneAuditor, func(g *app.Genesis) { g.Fund.Params.RoundSecondsMin = 60 })
	c.Adopt()
	e := c.Enterprise("mill")
	set := c.Features(e, c.Anchored(e, 3))
	template := c.Template(c.BankA, testkit.Contract("loan"))
	admin := wire.Address(c.BankA.Admin)
	for _, f := range []testkit.Founder{c.BankA, c.BankB, c.Settlement} {
		c.Do(f.Service, c.Quote(f, 300))
	}
	var pool loanv1.MsgOpenPoolResponse
	c.Do(c.BankA.Admin, &loanv1.MsgOpenPool{Device: admin, OrgId: c.BankA.ID}).Response(t, &pool)
	terms := fundv1.FundTerms{
		Name: "harbour-1", PoolId: pool.PoolId, PdBps: []uint32{100, 2_000, 5_000, 9_000}, LgdBps: 5_000, HurdleBps: 300,
		JuniorBpsMin: 2_000, BorrowerBpsMax: 100, LiquidityBpsMin: 500, SizeFenMax: 1_000_000_000, RoundSeconds: 60,
	}
	var opened fundv1.MsgOpenFundResponse
	c.Do(c.BankA.Admin, &fundv1.MsgOpenFund{Device: admin, OrgId: c.BankA.ID, Terms: terms}).Response(t, &opened)
	id := opened.FundId
	c.Refuse(c.BankA.Admin, loan.ErrState, &loanv1.MsgFundPool{Device: admin, OrgId: c.BankA.ID, PoolId: pool.PoolId, AmountFen: 1})
	c.Refuse(c.BankA.Admin, loan.ErrState, &loanv1.MsgWithdrawPool{Device: admin, OrgId: c.BankA.ID, PoolId: pool.PoolId, AmountFen: 1})

	buy := func(f testkit.Founder, class fundv1.Class, fen int64) {
		c.Do(c.Settlement.Admin, c.Issue(f.ID, fen, "invest-"+class.String()))
		c.Do(c.BankA.Admin, &fundv1.MsgAdmitInvestor{
			Device: admin, OrgId: c.BankA.ID, FundId: id, InvestorOrgId: f.ID, LimitFen: fen, EvidenceHash: testkit.Digest("file", f.ID), ExpiresAt: c.Now().Unix() + 3600,
		})
		c.Do(f.Admin, &fundv1.MsgSubscribe{Device: wire.Address(f.Admin), OrgId: f.ID, FundId: id, Class: class, AmountFen: fen})
		c.Block(61 * time.Second)
		c.Block(time.Second)
	}
	buy(c.BankB, fundv1.Class_CLASS_JUNIOR, 20_000_000)
	buy(c.Settlement, fundv1.Class_CLASS_SENIOR, 80_000_000)
	c.CheckInvariants()
	ask := func() *fundv1.QueryFundResponse {
		t.Helper()
		r, err := fundv1.NewQueryClient(c.Conn()).Fund(context.Background(), &fundv1.QueryFundRequest{Id: id})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if v := ask().Value; v.NavFen != 100_000_000 || v.JuniorFen < 19_999_900 {
		t.Fatalf("%+v", v)
	}

	// A borrower may have 1 % of 100 m fen, whatever it asks for.
	p := testkit.Product{PoolID: pool.PoolId, Lender: c.BankA, TemplateHash: template}
	var product loanv1.MsgOfferProductResponse
	c.Do(c.BankA.Admin, c.Offering(p)).Response(t, &product)
	consent := c.Consent(e, c.BankA, profilev1.Purpose_PURPOSE_UNDERWRITING)
	score := c.Score(e, set, c.BankA, consent)
	var applied loanv1.MsgApplyResponse
	c.Do(e.Owner, &loanv1.MsgApply{
		Device: e.Device(), OrgId: e.ID, ProductId: product.ProductId, AmountFen: 3_000_000, Periods: 3, ConsentId: consent, ScoreId: score,
	}).Response(t, &applied)
	loans := loanv1.NewQueryClient(c.Conn())
	o, err := loans.Offer(context.Background(), &loanv1.QueryOfferRequest{Id: applied.OfferId})
	if err != nil {
		t.Fatal(err)
	}
	if o.Offer.PrincipalFen != 1_000_000 {
		t.Errorf("offered %d fen, want 1 %% of the fund", o.Offer.PrincipalFen)
	}
	c.Do(e.Owner, c.Acceptance(e, o.Offer))
	c.CheckInvariants()
	// 600,000 fen are paid out in the first tranche; 0.5 % of them are expected to be lost.
	v := ask().Value
	if v.LentFen != 600_000 || v.ExpectedLossFen != 3_000 || v.NavFen != 100_000_000-3_000 {
		t.Errorf("%+v", v)
	}

	// Gifts past x/cash are refused, wherever they go.
	for _, to := range []sdk.AccAddress{fund.Account(id), loan.PoolAccount(pool.PoolId), wire.ModuleAddress(fund.Name)} {
		gift := &banktypes.MsgSend{FromAddress: wire.Address(c.BankB.Admin), ToAddress: wire.AddressText(to), Amount: sdk.NewCoins(sdk.NewInt64Coin(wire.Denom, 1))}
		if got := c.Send(c.BankB.Admin, gift); got.Code == 0 {
			t.Errorf("a gift to %s was taken", gift.ToAddress)
		}
	}

	// The borrower repays; the interest is the investors'.
	c.Do(c.Settlement.Admin, c.Issue(e.ID, 1_000_000, "sales"))
	c.Do(e.Owner, &loanv1.MsgRepay{Device: e.Device(), OrgId: e.ID, LoanId: 1, AmountFen: 700_000})
	c.CheckInvariants()
	if after := ask().Value; after.LentFen != 0 || after.NavFen <= 100_000_000 {
		t.Errorf("after repayment %+v", after)
	}
	again := c.Import(c.Export())
	again.Block(61 * time.Second)
	again.CheckInvariants()
}
