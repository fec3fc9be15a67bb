package testkit_test

import (
	"context"
	"testing"

	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/internal/testkit"
)

// Test that the helpers bring a firm from nothing to a loan, with a real proof,
// and that the same calls on another chain end in the same state.
func TestMarket(t *testing.T) {
	t.Parallel()
	var hashes [2]string
	for i := range hashes {
		c := testkit.Start(t, testkit.OneAuditor)
		c.Adopt()
		e := c.Enterprise("mill")
		set := c.Features(e, c.Anchored(e, 3))
		p := c.Product(c.BankA, c.Template(c.BankA, testkit.Contract("loan")), 1_000_000_00)
		consent := c.Consent(e, c.BankA, profilev1.Purpose_PURPOSE_UNDERWRITING)
		score := c.Score(e, set, c.BankA, consent)
		var applied loanv1.MsgApplyResponse
		c.Do(e.Owner, &loanv1.MsgApply{
			Device: e.Device(), OrgId: e.ID, ProductId: p.ID, AmountFen: 1_000_000, Periods: 3, ConsentId: consent, ScoreId: score,
		}).Response(t, &applied)
		q := loanv1.NewQueryClient(c.Conn())
		o, err := q.Offer(context.Background(), &loanv1.QueryOfferRequest{Id: applied.OfferId})
		if err != nil {
			t.Fatal(err)
		}
		c.Do(e.Owner, c.Acceptance(e, o.Offer))
		c.CheckInvariants()
		hashes[i] = string(c.App.LastCommitID().Hash)
	}
	if hashes[0] != hashes[1] {
		t.Errorf("the same history has app hashes %x and %x", hashes[0], hashes[1])
	}
}
