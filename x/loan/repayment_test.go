package loan

import (
	"math"
	"testing"

	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"
	"pgregory.net/rapid"

	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	"github.com/xinlian/xinlian/schedule"
	"github.com/xinlian/xinlian/x/org"
)

// Money splits into the most principal that it pays together with its fee.
func TestAffordable(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		available, outstanding int64
		bps                    uint32
		principal, fee         int64
	}{
		{0, 100, 50, 0, 0},
		{-5, 100, 50, 0, 0},
		{math.MinInt64, 100, 50, 0, 0},
		{1, 100, 0, 1, 0},
		{1, 100, 50, 1, 0},
		{100, 1_000, 50, 99, 0},
		{101, 1_000, 50, 100, 1},
		{10_050, 1_000_000, 50, 10_000, 50},
		{10_050, 10_000, 50, 10_000, 50},
		{10_051, 10_000, 50, 10_000, 50},
		{PoolFenMax, PrincipalFenMax, 500, PrincipalFenMax, 50_000_000_000},
	} {
		principal, fee, err := schedule.Affordable(c.available, c.outstanding, c.bps*ppmOfBps)
		if err != nil || principal != c.principal || fee != c.fee {
			t.Errorf("%d of %d at %d: %d + %d, %v, want %d + %d", c.available, c.outstanding, c.bps, principal, fee, err, c.principal, c.fee)
		}
	}
	rapid.Check(t, func(r *rapid.T) {
		available := rapid.Int64Range(1, 10_000).Draw(r, "available")
		outstanding := rapid.Int64Range(1, 10_000).Draw(r, "outstanding")
		bps := rapid.Uint32Range(0, PrepaymentFeeBpsMax).Draw(r, "bps")
		principal, fee, err := schedule.Affordable(available, outstanding, bps*ppmOfBps)
		if err != nil {
			r.Fatal(err)
		}
		feeOf := func(p int64) int64 { return (2*p*int64(bps) + bpsUnit) / (2 * bpsUnit) }
		best := int64(0)
		for p := int64(1); p <= outstanding; p++ {
			if p+feeOf(p) <= available {
				best = p
			}
		}
		if principal != best || fee != feeOf(best) {
			r.Fatalf("%d + %d, want %d + %d", principal, fee, best, feeOf(best))
		}
	})
}

// single is a loan of one tranche of 100,000 yuan at 7.20 % in 12 months, signed on 15 January.
func single(t *testing.T) (w *world, id uint64) {
	t.Helper()
	w = newWorld(t)
	tpl := contractTerms()
	tpl.TrancheBps = []uint32{10_000}
	return w, w.borrow(w.market(tpl), 10_000_000)
}

func (w *world) repayment(id uint64, amountFen int64) *loanv1.MsgRepay {
	return &loanv1.MsgRepay{Device: bakeryAdmin, OrgId: bakery, LoanId: id, AmountFen: amountFen}
}

// A prepayment takes the interest of the days gone, the principal and its fee;
// the instalment stays, the term shortens, and the last line repays the rest.
func TestPrepayInPart(t *testing.T) {
	t.Parallel()
	w, id := single(t)
	// Ten days into the first period of 31 days: 60,000 * 10 / 31 = 19,354.8.
	w.advance(at("2026-01-25 09:00:00"))
	res := done(w, w.msg.Repay, w.repayment(id, 19_355+5_000_000+25_000))
	if res.TakenFen != 5_044_355 || res.OutstandingFen != 5_000_000 {
		t.Fatalf("response %+v", res)
	}
	tr := w.loan(id).Tranches[0]
	if tr.PrepaidFen != 5_000_000 || tr.InstalmentsLive != 6 || tr.AccruedAt != w.now() {
		t.Errorf("tranche %+v", tr)
	}
	first := w.row(id, 1, 1)
	// The rest of the period: 5,000,000 * 0.6 % * 21 / 31 = 20,322.6; the instalment due stays 866,190.
	if first.InterestFen != 19_355+20_323 || first.PaidInterestFen != 19_355 || first.PrincipalFen != 866_190-20_323 {
		t.Errorf("first instalment %+v", first)
	}
	second := w.row(id, 1, 2)
	if second.PrincipalFen+second.InterestFen != 866_190 || second.InterestFen != 24_925 {
		t.Errorf("second instalment %+v", second)
	}
	if w.row(id, 1, 7).Status != loanv1.InstalmentStatus_INSTALMENT_STATUS_CANCELLED {
		t.Error("the seventh instalment did not fall away")
	}
	wantList(t, "journal", w.kinds(id), []string{"SIGNED", "DISBURSED", "REPAID"})
	w.sound()
	w.must(w.cash.issue(w.ctx, cashAccount(bakery), 10_000_000))
	w.pass(w.row(id, 1, 6).DueAt)
	if l := w.loan(id); l.Status != loanv1.LoanStatus_LOAN_STATUS_CLOSED || l.OnTime != 6 {
		t.Errorf("at the end %+v", l)
	}
	w.sound()
}

// Each method collects its own rows to the end: as many, with as much principal
// first and as much interest in all as the schedule says; and after half of the
// principal is repaid on the tenth day, interest falls with it.
func TestMethods(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		method               loanv1.Method
		rows                 uint32
		firstFen, interest   int64
		dueMonth             string
		halfRows             uint32
		halfInterest, prepay int64
	}{
		// 5,000,000 in parts of 833,333 are six rows and 2 fen in a seventh.
		{loanv1.Method_METHOD_EQUAL_PRINCIPAL, 12, 833_333, 390_000, "2026-02-15 23:59:59", 7, 114_678, 19_355},
		{loanv1.Method_METHOD_INTEREST_ONLY, 12, 0, 720_000, "2026-02-15 23:59:59", 12, 369_678, 19_355},
		// 72 % of a thousandth a day: 720,000 * 10 / 365 = 19,726; the rest is 360,000 * 355 / 365 = 350,137.
		{loanv1.Method_METHOD_BULLET, 1, 10_000_000, 720_000, "2027-01-15 23:59:59", 1, 369_863, 19_726},
	} {
		for _, half := range []bool{false, true} {
			w := newWorld(t)
			tpl := contractTerms()
			tpl.TrancheBps, tpl.Method = []uint32{10_000}, c.method
			id := w.borrow(w.market(tpl), 10_000_000)
			w.must(w.cash.issue(w.ctx, cashAccount(bakery), 10_000_000))
			if i, tr := w.row(id, 1, 1), w.loan(id).Tranches[0]; i.PrincipalFen != c.firstFen || i.DueAt != at(c.dueMonth) || tr.InstalmentsLive != c.rows {
				t.Errorf("%s: first of %d rows %+v", c.method, tr.InstalmentsLive, i)
			}
			rows, interest, fee := c.rows, c.interest, int64(0)
			if half {
				rows, interest, fee = c.halfRows, c.halfInterest, 25_000
				w.advance(at("2026-01-25 09:00:00"))
				if got := done(w, w.msg.Repay, w.repayment(id, c.prepay+5_000_000+fee)).TakenFen; got != c.prepay+5_000_000+fee {
					t.Errorf("%s: took %d early", c.method, got)
				}
				w.sound()
			}
			w.pass(at("2027-01-15 23:59:59"))
			l := w.loan(id)
			if l.Status != loanv1.LoanStatus_LOAN_STATUS_CLOSED || l.OnTime != rows || w.pool(1).EarnedFen != interest+fee {
				t.Errorf("%s, half %t: %s after %d rows, earned %d, want %d rows and %d", c.method, half, l.Status, l.OnTime, w.pool(1).EarnedFen, rows, interest+fee)
			}
			w.sound()
		}
	}
}

// Two prepayments within a period charge each day's interest once.
func TestPrepayTwiceInAPeriod(t *testing.T) {
	t.Parallel()
	w, id := single(t)
	w.advance(at("2026-01-25 09:00:00"))
	done(w, w.msg.Repay, w.repayment(id, 19_355+5_000_000+25_000))
	done(w, w.msg.Repay, w.repayment(id, 1_005_000)) // the same day: no interest again
	if got := w.pool(1).EarnedFen; got != 19_355+25_000+5_000 {
		t.Errorf("earned %d fen", got)
	}
	w.advance(at("2026-02-14 09:00:00")) // 20 of the 21 days left: 4,000,000 * 0.6 % * 21/31 = 16,258, of it 20/21
	done(w, w.msg.Repay, w.repayment(id, 15_484+1_005_000))
	if got := w.pool(1).EarnedFen; got != 49_355+15_484+5_000 {
		t.Errorf("earned %d fen", got)
	}
	w.sound()
}

// Repaying everything closes the loan, asks no more than is owed and leaves
// nothing to collect; a planned tranche is given up.
func TestPrepayInFull(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.borrow(w.market(contractTerms()), 10_000_000)
	w.must(w.cash.issue(w.ctx, cashAccount(bakery), 1_000_000))
	w.advance(w.row(id, 1, 1).DueAt)
	w.advance(at("2026-02-20 09:00:00"))
	before := w.balance(cashAccount(bakery))
	res := done(w, w.msg.Repay, w.repayment(id, 50_000_000))
	if res.OutstandingFen != 0 || before-w.balance(cashAccount(bakery)) != res.TakenFen {
		t.Errorf("response %+v", res)
	}
	l := w.loan(id)
	if l.Status != loanv1.LoanStatus_LOAN_STATUS_CLOSED || l.Tranches[0].Status != loanv1.TrancheStatus_TRANCHE_STATUS_REPAID ||
		l.Tranches[1].Status != loanv1.TrancheStatus_TRANCHE_STATUS_CANCELLED {
		t.Errorf("loan %+v", l)
	}
	wantList(t, "journal", w.kinds(id), []string{"SIGNED", "DISBURSED", "COLLECTED", "HELD", "REPAID", "CANCELLED", "CLOSED"})
	e, err := w.k.Exposure(w.ctx, bakery)
	w.must(err)
	wantRow(t, "exposure", &e, &loanv1.Exposure{EnterpriseId: bakery})
	refused(w, "a closed loan", w.msg.Repay, w.repayment(id, 1), ErrState)
	w.sound()
	w.pass(at("2027-03-01 00:00:00"))
	w.sound()
}

// On the due day itself nothing is early: the instalment is paid without a fee,
// counts as on time and may release the next tranche.
func TestRepayOnTheDueDay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tpl := contractTerms()
	tpl.Release[0].Expression = "performance.on_time >= 1"
	tpl = worded(tpl)
	tpl.Tests[4].Variables = []loanv1.Variable{{Name: "performance.on_time", Value: 1}}
	tpl.Tests[5].Variables = nil
	id := w.borrow(w.market(tpl), 10_000_000)
	w.advance(at("2026-02-15 08:00:00"))
	done(w, w.msg.Repay, w.repayment(id, 519_714))
	l := w.loan(id)
	if l.OnTime != 1 || w.pool(1).EarnedFen != 36_000 || l.Tranches[1].Status != loanv1.TrancheStatus_TRANCHE_STATUS_DISBURSED {
		t.Errorf("loan %+v, earned %d", l, w.pool(1).EarnedFen)
	}
	w.sound()
	w.advance(w.row(id, 1, 1).DueAt)
	if w.loan(id).OnTime != 1 {
		t.Error("the paid instalment was collected again")
	}
}

// What is late comes first, and money that reaches no principal is not taken.
func TestRepayOrder(t *testing.T) {
	t.Parallel()
	w, id := single(t)
	w.drain(bakery)
	first := w.row(id, 1, 1)
	w.pass(first.DueAt + 5*daySeconds)
	if w.loan(id).Status != loanv1.LoanStatus_LOAN_STATUS_DELINQUENT {
		t.Fatal("not delinquent")
	}
	w.must(w.cash.issue(w.ctx, cashAccount(bakery), 2_000_000))
	owed := unpaid(w.row(id, 1, 1)).Total()
	if owed != 866_190+8_661 {
		t.Errorf("%d fen owed", owed)
	}
	res := done(w, w.msg.Repay, w.repayment(id, 8_000))
	if i := w.row(id, 1, 1); res.TakenFen != 8_000 || i.PaidFeeFen != 8_000 || i.Status != late {
		t.Errorf("a part of the fee: %+v", i)
	}
	w.sound()
	res = done(w, w.msg.Repay, w.repayment(id, owed-8_000))
	if l := w.loan(id); res.TakenFen != owed-8_000 || l.Status != loanv1.LoanStatus_LOAN_STATUS_CURRENT || l.Late != 1 || l.OnTime != 0 {
		t.Errorf("cured: %+v", l)
	}
	refused(w, "interest to the day and no principal", w.msg.Repay, w.repayment(id, 9_851), ErrNothingDue)
	if res := done(w, w.msg.Repay, w.repayment(id, 9_852)); res.TakenFen != 9_852 {
		t.Errorf("a fen beyond interest: %+v", res)
	}
	w.sound()
}

// A repayment is refused from the wrong hand, out of bounds or without money.
func TestRepayRefusals(t *testing.T) {
	t.Parallel()
	w, id := single(t)
	for _, amount := range []int64{0, -1, math.MinInt64, math.MaxInt64} {
		refused(w, "amount", w.msg.Repay, w.repayment(id, amount), ErrAmount)
	}
	m := w.repayment(id, 1_000_001)
	m.Device = bakeryClerk
	refused(w, "over the clerk's limit", w.msg.Repay, m, org.ErrLimit)
	m = w.repayment(id, 1)
	m.Device = bakeryBot
	refused(w, "a machine", w.msg.Repay, m, org.ErrDeviceRole)
	m = w.repayment(id, 1)
	m.Device, m.OrgId = smithyAdmin, smithy
	refused(w, "another firm", w.msg.Repay, m, ErrUnauthorised)
	refused(w, "unknown loan", w.msg.Repay, w.repayment(9, 1), ErrNotFound)
	w.drain(bakery)
	refused(w, "no money", w.msg.Repay, w.repayment(id, 1_000_000), sdkerrors.ErrInsufficientFunds)
	w.sound()
}
