package loan

import (
	"context"
	"errors"
	"slices"
	"testing"

	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	"github.com/xinlian/xinlian/scorecard/terms"
	"github.com/xinlian/xinlian/x/cash"
)

// mandate is a fund's answer that a test chooses, and what it was asked.
type mandate struct{ answerFen, committedFen, freeFen int64 }

func (m *mandate) Lendable(_ context.Context, _ loanv1.Pool, committedFen, freeFen int64) (int64, error) {
	m.committedFen, m.freeFen = committedFen, freeFen
	return m.answerFen, nil
}

// An empty pool can be entrusted once, by its manager; then only the fund moves its
// money, within what is free.
func TestEntrust(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	want := func(err, target error) {
		t.Helper()
		if !errors.Is(err, target) {
			t.Errorf("got %v, want %v", err, target)
		}
	}
	for range 2 {
		done(w, w.msg.OpenPool, &loanv1.MsgOpenPool{Device: bankOfficer, OrgId: bank})
	}
	done(w, w.msg.FundPool, &loanv1.MsgFundPool{Device: bankAdmin, OrgId: bank, PoolId: 2, AmountFen: 5})
	want(w.k.Entrust(w.ctx, 2, bank), ErrState)
	want(w.k.Entrust(w.ctx, 1, otherBank), ErrUnauthorised)
	want(w.k.Entrust(w.ctx, 9, bank), ErrNotFound)
	want(w.k.PutIn(w.ctx, 1, cash.Account(bank), 1), ErrState)
	want(w.k.TakeOut(w.ctx, 2, cash.Account(bank), 1), ErrState)
	w.must(w.k.Entrust(w.ctx, 1, bank))
	want(w.k.Entrust(w.ctx, 1, bank), ErrState)
	refused(w, "funding by the manager", w.msg.FundPool, &loanv1.MsgFundPool{Device: bankAdmin, OrgId: bank, PoolId: 1, AmountFen: 5}, ErrState)
	refused(w, "withdrawing by the manager", w.msg.WithdrawPool, &loanv1.MsgWithdrawPool{Device: bankAdmin, OrgId: bank, PoolId: 1, AmountFen: 5}, ErrState)
	w.must(w.k.PutIn(w.ctx, 1, cash.Account(otherBank), 1_000))
	w.must(w.k.TakeOut(w.ctx, 1, cash.Account(bank), 400))
	want(w.k.TakeOut(w.ctx, 1, cash.Account(bank), 601), ErrPoolFree)
	if p := w.pool(1); p.ContributedFen != 600 {
		t.Errorf("%+v", p)
	}
}

// The fund's mandate bounds a decision as the pool's bound, and is told what the
// borrower has already; without a mandate an entrusted pool lends nothing.
func TestMandateBoundsDecisions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	product := w.market(contractTerms())
	first := w.borrow(product, 10_000_000)
	p := w.pool(1)
	p.Entrusted = true
	w.must(w.k.pools.Set(w.ctx, 1, p))
	m := applyFor(product, 9_000_000)
	m.Device, m.OrgId, m.ConsentId, m.ScoreId = smithyAdmin, smithy, hashOf(byte(smithy)), hashOf(byte(smithy))
	if free, err := w.k.lendable(w.ctx, p, smithy); err != nil || free != 0 {
		t.Errorf("without a mandate %d, %v", free, err)
	}
	f := &mandate{answerFen: 4_000_000}
	w.k.SetMandate(f)
	app, err := w.k.application(w.ctx, done(w, w.msg.Apply, m).ApplicationId)
	w.must(err)
	limited := slices.ContainsFunc(app.Decision.Reasons, func(r loanv1.Reason) bool { return r.Code == terms.LimitPool })
	if app.Decision.LimitFen != 4_000_000 || !limited || f.committedFen != 0 {
		t.Errorf("%+v, asked %+v", app.Decision, f)
	}
	if _, err := w.k.lendable(w.ctx, p, bakery); err != nil || f.committedFen != committedBy(w.loan(first)) || f.committedFen == 0 {
		t.Errorf("asked %+v, %v", f, err)
	}
}

// A pool's late principal moves from bucket to bucket with the number of late
// instalments, and out with payment or write-off.
func TestLateBuckets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.borrow(w.market(contractTerms()), 10_000_000)
	w.drain(bakery)
	for n := range uint32(4) {
		w.pass(w.row(id, 1, n+1).DueAt + 4*daySeconds)
		l := w.loan(id)
		want := make([]int64, lateBuckets)
		want[min(n, lateBuckets-1)] = outstanding(l)
		if got := w.pool(1).LateFen; l.LateNow != n+1 || !slices.Equal(got, want) {
			t.Errorf("%d late: got %v, want %v", l.LateNow, got, want)
		}
	}
	if held, free, err := PoolCash(w.pool(1)); err != nil || held < free {
		t.Errorf("%d held, %d free, %v", held, free, err)
	}
	done(w, w.msg.WriteOff, &loanv1.MsgWriteOff{Device: bankAdmin, OrgId: bank, LoanId: id})
	if got := w.pool(1).LateFen; slices.Max(got) != 0 {
		t.Errorf("written off: %v", got)
	}
	w.sound()
}
