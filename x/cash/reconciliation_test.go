package cash

import (
	"errors"
	"testing"
	"time"

	cashv1 "github.com/xinlian/xinlian/gen/xinlian/cash/v1"
	"github.com/xinlian/xinlian/internal/wire"
)

const day = 24 * time.Hour

// A rejected redemption gives the money back, once, by its issuer only.
func TestRejectRedemption(t *testing.T) {
	t.Parallel()
	c := newKit(t)
	c.issue(t, shop, 900, "r")
	_, err := c.msgs.Redeem(c.ctx, &cashv1.MsgRedeem{Device: "officer", OrgId: shop, IssuerOrgId: bankA, AmountFen: 400, AccountHash: hash32})
	check(t, err)
	waiting, err := c.asks.PendingRedemptions(c.ctx, &cashv1.QueryPendingRedemptionsRequest{IssuerOrgId: bankA})
	if err != nil || len(waiting.Redemptions) != 1 {
		t.Errorf("pending: got %v, %v", waiting, err)
	}
	for _, tc := range []struct {
		name string
		msg  cashv1.MsgRejectRedemption
		want error
	}{
		{"no code", cashv1.MsgRejectRedemption{Device: "service", OrgId: bankA, RedemptionId: 1}, ErrField},
		{"a sentence", cashv1.MsgRejectRedemption{Device: "service", OrgId: bankA, RedemptionId: 1, RejectCode: "closed"}, ErrField},
		{"small letters", cashv1.MsgRejectRedemption{Device: "service", OrgId: bankA, RedemptionId: 1, RejectCode: "ac04"}, ErrField},
		{"not an issuer", cashv1.MsgRejectRedemption{Device: "officer", OrgId: shop, RedemptionId: 1, RejectCode: "AC04"}, ErrUnauthorised},
		{"another issuer", cashv1.MsgRejectRedemption{Device: "service", OrgId: bankB, RedemptionId: 1, RejectCode: "AC04"}, ErrUnauthorised},
		{"no such row", cashv1.MsgRejectRedemption{Device: "service", OrgId: bankA, RedemptionId: 2, RejectCode: "AC04"}, ErrNotFound},
		{"right", cashv1.MsgRejectRedemption{Device: "service", OrgId: bankA, RedemptionId: 1, RejectCode: "AC04"}, nil},
		{"twice", cashv1.MsgRejectRedemption{Device: "service", OrgId: bankA, RedemptionId: 1, RejectCode: "AC04"}, ErrStatus},
	} {
		c = c.fresh()
		if _, err := c.msgs.RejectRedemption(c.ctx, &tc.msg); !errors.Is(err, tc.want) {
			t.Errorf("%s: got %v, want %v", tc.name, err, tc.want)
		}
		if tc.want == nil {
			c.wantEvents(t, &cashv1.EventRedeemed{RedemptionId: 1, OrgId: shop, AmountFen: 400, Status: cashv1.RedemptionStatus_REDEMPTION_STATUS_REJECTED})
		}
	}
	if _, err := c.msgs.SettleRedemption(c.ctx, &cashv1.MsgSettleRedemption{Device: "service", OrgId: bankA, RedemptionId: 1, BankReference: "p"}); !errors.Is(err, ErrStatus) {
		t.Errorf("settled after rejection: got %v", err)
	}
	c.wantBalance(t, shop, 900)
	one, err := c.asks.Redemption(c.ctx, &cashv1.QueryRedemptionRequest{Id: 1})
	if err != nil || one.Redemption.RejectCode != "AC04" {
		t.Errorf("got %v, %v", one, err)
	}
	c.checkInvariants(t)
}

// A report is compared with what the chain owed at the end of its day, whatever has
// happened since, and counts what is on the way in either direction.
func TestReportBalance(t *testing.T) {
	t.Parallel()
	c := newKit(t)
	today := dayOf(genesisTime.Unix())
	c.issue(t, shop, 900, "r1")
	redeem := &cashv1.MsgRedeem{Device: "officer", OrgId: shop, IssuerOrgId: bankA, AmountFen: 400, AccountHash: hash32}
	_, err := c.msgs.Redeem(c.ctx, redeem)
	check(t, err)
	next := c.at(2 * day) // nothing happened on the day between
	next.issue(t, shop, 50, "r2")
	_, err = next.msgs.SettleRedemption(next.ctx, &cashv1.MsgSettleRedemption{Device: "service", OrgId: bankA, RedemptionId: 1, BankReference: "p"})
	check(t, err)
	c = c.at(3 * day)
	for _, tc := range []struct {
		name string
		msg  cashv1.MsgReportBalance
		want int64
		err  error
	}{
		{"before its first day", cashv1.MsgReportBalance{Day: today - 1, BalanceFen: 900}, 0, ErrDay},
		{"a day not over", cashv1.MsgReportBalance{Day: today + 3, BalanceFen: 900}, 0, ErrDay},
		{"negative", cashv1.MsgReportBalance{Day: today, BalanceFen: -1}, 0, ErrAmount},
		{"more unissued than there is", cashv1.MsgReportBalance{Day: today, BalanceFen: 1, UnissuedFen: 2}, 0, ErrAmount},
		{"more unsettled than was pending", cashv1.MsgReportBalance{Day: today, BalanceFen: 499, UnsettledFen: 401}, 0, ErrAmount},
		{"what was there", cashv1.MsgReportBalance{Day: today, BalanceFen: 900}, 0, nil},
		{"paid out before the chain knew", cashv1.MsgReportBalance{Day: today, BalanceFen: 500, UnsettledFen: 400}, 0, nil},
		{"came in before it was issued", cashv1.MsgReportBalance{Day: today, BalanceFen: 950, UnissuedFen: 50}, 0, nil},
		{"a fen missing", cashv1.MsgReportBalance{Day: today, BalanceFen: 899}, -1, nil},
		{"the quiet day", cashv1.MsgReportBalance{Day: today + 1, BalanceFen: 900}, 0, nil},
		{"an older day", cashv1.MsgReportBalance{Day: today, BalanceFen: 900}, 0, ErrDay},
		{"after settlement", cashv1.MsgReportBalance{Day: today + 2, BalanceFen: 550}, 0, nil},
		{"too much", cashv1.MsgReportBalance{Day: today + 2, BalanceFen: 551}, 1, nil},
	} {
		m := tc.msg
		m.Device, m.OrgId, m.StatementHash = "service", bankA, hash32
		c = c.fresh()
		res, err := c.msgs.ReportBalance(c.ctx, &m)
		if !errors.Is(err, tc.err) || res.GetDifferenceFen() != tc.want {
			t.Errorf("%s: got %v, %v, want %d, %v", tc.name, res, err, tc.want, tc.err)
		}
		c.checkInvariants(t)
	}
	c.wantEvents(t, &cashv1.EventBalanceReported{
		IssuerOrgId: bankA, Day: today + 2, Status: cashv1.BalanceStatus_BALANCE_STATUS_DIFFERS, DifferenceFen: 1,
		StopsOnDay: today + 6,
	})
	list, err := c.asks.BalanceReports(c.ctx, &cashv1.QueryBalanceReportsRequest{IssuerOrgId: bankA})
	if err != nil || len(list.Reports) != 3 || list.Reports[2].ExpectedFen != 550 {
		t.Errorf("got %v, %v", list, err)
	}
	for _, m := range []cashv1.MsgReportBalance{
		{Device: "service", OrgId: bankA, Day: today + 2},
		{Device: "officer", OrgId: shop, Day: today + 2, StatementHash: hash32},
		{Device: "service", OrgId: bankB, Day: today + 2, StatementHash: hash32},
	} {
		if _, err := c.msgs.ReportBalance(c.ctx, &m); err == nil {
			t.Errorf("accepted %v", m)
		}
	}
}

// A difference stops the issuer after its days, whether it goes on reporting or falls
// silent, until a report matches or the council clears it; redemptions go on.
func TestDifferenceStopsIssuing(t *testing.T) {
	t.Parallel()
	c := newKit(t)
	c.issue(t, shop, 900, "r")
	issue := func(c kit) error {
		_, err := c.msgs.Issue(c.ctx, &cashv1.MsgIssue{Device: "officer", OrgId: bankA, ToOrgId: shop, AmountFen: 1, BankReference: "n" + c.ctx.BlockTime().Format("150405.0102")})
		return err
	}
	stopped := func(c kit) bool {
		res, err := c.asks.Standing(c.ctx, &cashv1.QueryStandingRequest{IssuerOrgId: bankA})
		check(t, err)
		return res.Stopped
	}
	c = c.at(day)
	if d := c.report(t, 899); d != -1 {
		t.Errorf("got %d, want -1", d)
	}
	for after, want := range map[time.Duration]error{day: nil, 3 * day: nil, 4 * day: ErrUnreconciled, 9 * day: ErrUnreconciled} {
		at, _ := c.at(after).ctx.CacheContext()
		if err := issue(kit{Keeper: c.Keeper, ctx: at, msgs: c.msgs}); !errors.Is(err, want) {
			t.Errorf("after %s: got %v, want %v", after, err, want)
		}
		if got := stopped(c.at(after)); got != (want != nil) {
			t.Errorf("after %s: stopped %v", after, got)
		}
	}
	c = c.at(5 * day)
	if _, err := c.msgs.Issue(c.ctx, &cashv1.MsgIssue{Device: "officer", OrgId: bankA, ToOrgId: shop, AmountFen: 900, BankReference: "r"}); err != nil {
		t.Errorf("what was issued before, repeated: %v", err)
	}
	if _, err := c.msgs.Redeem(c.ctx, &cashv1.MsgRedeem{Device: "officer", OrgId: shop, IssuerOrgId: bankA, AmountFen: 1, AccountHash: hash32}); err != nil {
		t.Errorf("a redemption: %v", err)
	}
	c = c.at(6 * day)
	c.report(t, 900)
	if err := issue(c); err != nil {
		t.Errorf("after a match: %v", err)
	}
	c = c.at(7 * day)
	c.report(t, 1)
	c = c.at(11 * day)
	c.report(t, 1)
	if err := issue(c); !errors.Is(err, ErrUnreconciled) {
		t.Errorf("after a second run: got %v", err)
	}
	if _, err := c.msgs.ClearDifference(c.ctx, &cashv1.MsgClearDifference{Authority: "xin1", IssuerOrgId: bankA}); !errors.Is(err, ErrUnauthorised) {
		t.Errorf("cleared by somebody: got %v", err)
	}
	if _, err := c.msgs.ClearDifference(c.ctx, &cashv1.MsgClearDifference{Authority: wire.Authority(), IssuerOrgId: bankB}); !errors.Is(err, ErrNotFound) {
		t.Errorf("cleared a stranger: got %v", err)
	}
	c = c.fresh()
	_, err := c.msgs.ClearDifference(c.ctx, &cashv1.MsgClearDifference{Authority: wire.Authority(), IssuerOrgId: bankA})
	check(t, err)
	c.wantEvents(t, &cashv1.EventDifferenceCleared{IssuerOrgId: bankA})
	if err := issue(c); err != nil {
		t.Errorf("after the council: %v", err)
	}
	c.checkInvariants(t)
}

// Where reports are asked for, silence stops the issuer too.
func TestSilenceStopsIssuing(t *testing.T) {
	t.Parallel()
	c := newKit(t)
	p := DefaultParams()
	p.ReportDaysMax = 2
	check(t, c.params.Set(c.ctx, p))
	c.issue(t, shop, 900, "r")
	for days, want := range map[int64]bool{0: false, 2: false, 3: true} {
		c := c.at(time.Duration(days) * day)
		res, err := c.asks.Standing(c.ctx, &cashv1.QueryStandingRequest{IssuerOrgId: bankA})
		if err != nil || res.Stopped != want {
			t.Errorf("day %d: got %v, %v", days, res, err)
		}
	}
	c = c.at(3 * day)
	c.report(t, 900)
	c.issue(t, shop, 1, "s")
	c.checkInvariants(t)
}

// Days are those of banks in China: the last second before midnight in Shanghai and
// the first after it are of different days.
func TestDayOf(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{
		"1970-01-01T15:59:59Z": 0, "1970-01-01T16:00:00Z": 1, "2026-11-24T15:59:59Z": 20781, "2026-11-24T16:00:00Z": 20782,
	} {
		at, err := time.Parse(time.RFC3339, text)
		check(t, err)
		if got := dayOf(at.Unix()); got != want {
			t.Errorf("%s: got %d, want %d", text, got, want)
		}
	}
}
