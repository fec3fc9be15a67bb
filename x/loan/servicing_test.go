package loan

import (
	"errors"
	"slices"
	"testing"
	"time"

	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"

	attestationv1 "github.com/xinlian/xinlian/gen/xinlian/attestation/v1"
	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
)

const (
	due  = loanv1.InstalmentStatus_INSTALMENT_STATUS_DUE
	late = loanv1.InstalmentStatus_INSTALMENT_STATUS_LATE
	paid = loanv1.InstalmentStatus_INSTALMENT_STATUS_PAID
)

// A payment goes to fee, then interest, then principal, never beyond what is owed.
func TestWaterfall(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		available int64
		want      Portion
	}{
		{-1, Portion{}},
		{0, Portion{}},
		{1, Portion{FeeFen: 1}},
		{10, Portion{FeeFen: 10}},
		{11, Portion{FeeFen: 10, InterestFen: 1}},
		{109, Portion{FeeFen: 10, InterestFen: 90, PrincipalFen: 9}},
		{1_000, Portion{FeeFen: 10, InterestFen: 90, PrincipalFen: 500}},
		{1<<63 - 1, Portion{FeeFen: 10, InterestFen: 90, PrincipalFen: 500}},
	} {
		i := loanv1.Instalment{PrincipalFen: 500, InterestFen: 100, FeeFen: 10, PaidInterestFen: 10}
		before := unpaid(i).Total()
		if got := pay(&i, c.available); got != c.want {
			t.Errorf("%d fen: %+v, want %+v", c.available, got, c.want)
		}
		if got := before - unpaid(i).Total(); got != c.want.Total() {
			t.Errorf("%d fen: the row changed by %d", c.available, got)
		}
	}
}

// What is there is taken; what is missing is late after the grace and costs one
// fee; money that comes later cures the loan.
func TestDelinquencyAndCure(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.borrow(w.market(contractTerms()), 10_000_000)
	w.drain(bakery)
	w.must(w.cash.issue(w.ctx, cashAccount(bakery), 100_000))
	first := w.row(id, 1, 1)
	w.pass(first.DueAt)
	if i := w.row(id, 1, 1); i.Status != due || i.PaidInterestFen != 36_000 || i.PaidPrincipalFen != 64_000 || i.NextAt != first.DueAt+6*3600 {
		t.Errorf("after a part payment %+v", i)
	}
	w.pass(first.DueAt + 3*daySeconds - 1)
	if l := w.loan(id); l.Status != loanv1.LoanStatus_LOAN_STATUS_CURRENT || l.Late != 0 {
		t.Errorf("within grace %+v", l)
	}
	w.sound()
	w.pass(first.DueAt + 3*daySeconds)
	i, l := w.row(id, 1, 1), w.loan(id)
	if i.Status != late || i.FeeFen != 4_197 || l.Status != loanv1.LoanStatus_LOAN_STATUS_DELINQUENT || l.Late != 1 {
		t.Errorf("after grace %+v, %+v", i, l)
	}
	if h := l.Tranches[1].HeldReasons; len(h) != 1 || h[0].Code != ReasonLoanDelinquent {
		t.Errorf("held for %v", h)
	}
	w.sound()
	w.pass(first.DueAt + 10*daySeconds)
	if i := w.row(id, 1, 1); i.FeeFen != 4_197 {
		t.Errorf("a second fee: %d fen", i.FeeFen)
	}
	w.must(w.cash.issue(w.ctx, cashAccount(bakery), 500_000))
	w.pass(first.DueAt + 11*daySeconds)
	i, l = w.row(id, 1, 1), w.loan(id)
	if i.Status != paid || i.PaidFeeFen != 4_197 || l.Status != loanv1.LoanStatus_LOAN_STATUS_CURRENT || l.OnTime != 0 {
		t.Errorf("cured %+v, %+v", i, l)
	}
	wantList(t, "journal", w.kinds(id), []string{"SIGNED", "DISBURSED", "COLLECTED", "LATE", "HELD", "COLLECTED", "HELD"})
	w.sound()
}

// Money goes to the oldest instalment even when a younger one has its turn.
func TestOldestFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.borrow(w.market(contractTerms()), 10_000_000)
	w.drain(bakery)
	second := w.row(id, 1, 2)
	w.pass(second.DueAt - 1)
	w.must(w.cash.issue(w.ctx, cashAccount(bakery), 530_000))
	w.must(w.k.requeueForTest(w.ctx, w.row(id, 1, 1), second.DueAt+100))
	w.advance(second.DueAt)
	if a, b := w.row(id, 1, 1), w.row(id, 1, 2); a.Status != paid || b.PaidPrincipalFen+b.PaidInterestFen != 530_000-519_714-a.FeeFen {
		t.Errorf("first %+v, second %+v", a, b)
	}
	w.sound()
}

func (k *Keeper) requeueForTest(ctx sdk.Context, i loanv1.Instalment, at int64) error {
	return k.requeue(ctx, i, at)
}

// While the borrower is frozen nothing is taken and nothing becomes late.
func TestFrozenBorrower(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.borrow(w.market(contractTerms()), 10_000_000)
	w.cash.frozen[bakery] = true
	dueAt := w.row(id, 1, 1).DueAt
	w.pass(dueAt + 20*daySeconds)
	if i := w.row(id, 1, 1); i.Status != due || i.FeeFen != 0 || w.balance(cashAccount(bakery)) != 6_000_000 {
		t.Errorf("frozen: %+v", i)
	}
	w.sound()
	w.cash.frozen[bakery] = false
	w.pass(dueAt + 21*daySeconds)
	if i, l := w.row(id, 1, 1), w.loan(id); i.Status != paid || l.OnTime != 1 {
		t.Errorf("thawed: %+v", i)
	}
}

// A stop holds everything where it is; the delay that it causes makes nothing late.
func TestStoppedServicing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.borrow(w.market(contractTerms()), 10_000_000)
	w.drain(bakery)
	dueAt := w.row(id, 1, 1).DueAt
	*w.stopped = true
	headers := *w.headers
	w.advance(dueAt)
	w.advance(dueAt + 5*daySeconds)
	if i := w.row(id, 1, 1); i.NextAt != dueAt || *w.headers != headers {
		t.Errorf("stopped: %+v", i)
	}
	*w.stopped = false
	w.advance(dueAt + 5*daySeconds)
	if i := w.row(id, 1, 1); i.Status != due || i.NextAt != dueAt+5*daySeconds+6*3600 {
		t.Errorf("the first attempt after the stop: %+v", i)
	}
	w.pass(dueAt + 6*daySeconds)
	if i := w.row(id, 1, 1); i.Status != late {
		t.Errorf("the second attempt: %+v", i)
	}
	w.sound()
}

// A block handles no more items than it may, and the rest follows.
func TestBoundedWork(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := testParams()
	p.ItemsPerBlockMax = 1
	w.must(w.k.params.Set(w.ctx, p))
	product := w.market(contractTerms())
	a := w.borrow(product, 10_000_000)
	m := applyFor(product, 10_000_000)
	m.Device, m.OrgId, m.ConsentId, m.ScoreId = smithyAdmin, smithy, hashOf(byte(smithy)), hashOf(byte(smithy))
	b := done(w, w.msg.Accept, w.acceptance(done(w, w.msg.Apply, m).OfferId)).LoanId
	dueAt := w.row(a, 1, 1).DueAt
	w.advance(dueAt)
	if w.row(a, 1, 1).Status != paid || w.row(b, 1, 1).Status != due {
		t.Error("the first block did not handle exactly one")
	}
	w.advance(dueAt + 1)
	if w.row(b, 1, 1).Status != paid || w.loan(b).OnTime != 1 {
		t.Error("the second block did not handle the rest")
	}
	w.sound()
}

// An item that panics or runs out of gas is put off, changes nothing else, holds
// up no other and is told to the operators.
func TestFailedItem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	product := w.market(contractTerms())
	broken := w.borrow(product, 10_000_000)
	m := applyFor(product, 10_000_000)
	m.Device, m.OrgId, m.ConsentId, m.ScoreId = smithyAdmin, smithy, hashOf(byte(smithy)), hashOf(byte(smithy))
	sane := done(w, w.msg.Accept, w.acceptance(done(w, w.msg.Apply, m).OfferId)).LoanId
	w.cash.poison[string(cashAccount(bakery))] = true
	dueAt := w.row(broken, 1, 1).DueAt
	w.advance(dueAt)
	i := w.row(broken, 1, 1)
	if i.Status != due || i.PaidInterestFen != 0 || i.NextAt != dueAt+6*3600 || w.row(sane, 1, 1).Status != paid {
		t.Errorf("broken %+v", i)
	}
	told := slices.ContainsFunc(w.ctx.EventManager().Events(), func(e sdk.Event) bool { return e.Type == "xinlian.loan.v1.EventItemDeferred" })
	if !told {
		t.Error("nobody was told")
	}
	w.sound()
	w.cash.poison[string(cashAccount(bakery))] = false
	w.advance(dueAt + 6*3600)
	if w.row(broken, 1, 1).Status != paid {
		t.Error("the item was not tried again")
	}
	w.sound()
}

// attempt keeps nothing of what failed and names the gas bound and panics.
func TestAttempt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	write := func(ctx sdk.Context) error { return w.k.pools.Set(ctx, 9, loanv1.Pool{Id: 9}) }
	for name, c := range map[string]struct {
		gas  uint64
		f    func(sdk.Context) error
		want error
	}{
		"an error": {1_000_000, func(ctx sdk.Context) error { return errors.Join(write(ctx), errFake) }, errFake},
		"a panic":  {1_000_000, func(ctx sdk.Context) error { _ = write(ctx); panic("x") }, sdkerrors.ErrPanic},
		"no gas":   {10, write, sdkerrors.ErrOutOfGas},
		"nil map":  {1_000_000, func(ctx sdk.Context) error { _ = write(ctx); panic("a defect") }, sdkerrors.ErrPanic},
	} {
		wantError(t, attempt(w.ctx, c.gas, c.f), c.want)
		if has, _ := w.k.pools.Has(w.ctx, 9); has {
			t.Errorf("%s: its write was kept", name)
		}
	}
	if !errors.Is(panicked(storetypes.ErrorOutOfGas{}), sdkerrors.ErrOutOfGas) {
		t.Error("the gas bound is not named")
	}
	wantError(t, attempt(w.ctx, 1_000_000, write), nil)
	if has, _ := w.k.pools.Has(w.ctx, 9); !has {
		t.Error("a success was not kept")
	}
}

// A tranche that cannot be paid out is held and leaves the payment standing; its
// journal names a change of reasons once.
func TestHeldTranche(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tpl := contractTerms()
	tpl.Release[0].Expression = "performance.on_time >= 1"
	tpl.Release = append(tpl.Release, loanv1.Condition{Code: "grade-min", Expression: "quality.grade <= 2"})
	tpl = worded(tpl)
	tpl.Tests[4].Variables = []loanv1.Variable{{Name: "performance.on_time", Value: 1}}
	tpl.Tests[5].Variables = []loanv1.Variable{{Name: "quality.grade", Value: 3}}
	id := w.borrow(w.market(tpl), 10_000_000)
	held := func(n uint32, code string) {
		t.Helper()
		w.advance(w.row(id, 1, n).DueAt)
		l := w.loan(id)
		if l.OnTime != n || len(l.Tranches[1].HeldReasons) != 1 || l.Tranches[1].HeldReasons[0].Code != code {
			t.Fatalf("after instalment %d held for %v, %d on time, want %s", n, l.Tranches[1].HeldReasons, l.OnTime, code)
		}
	}
	w.grades[bakery] = attestationv1.Grade_GRADE_C
	held(1, "grade-min")
	if r := w.loan(id).Tranches[1].HeldReasons[0]; r.Value != 3 || r.Threshold != 2 {
		t.Errorf("reason %+v", r)
	}
	held(2, "grade-min")
	delete(w.grades, bakery)
	held(3, ReasonDisbursalFailed)
	w.grades[bakery] = attestationv1.Grade_GRADE_B
	w.cash.frozen[bank] = true
	held(4, ReasonLenderFrozen)
	w.cash.frozen[bank] = false
	w.drainPool(1)
	held(5, ReasonDisbursalFailed)
	w.must(w.cash.issue(w.ctx, PoolAccount(1), 50_000_000))
	w.sound()
	w.advance(w.row(id, 1, 6).DueAt)
	if l := w.loan(id); l.Tranches[1].Status != loanv1.TrancheStatus_TRANCHE_STATUS_DISBURSED || len(l.Tranches[1].HeldReasons) != 0 {
		t.Errorf("tranche %+v", l.Tranches[1])
	}
	heldEntries := 0
	for _, kind := range w.kinds(id) {
		if kind == "HELD" {
			heldEntries++
		}
	}
	if heldEntries != 4 {
		t.Errorf("%d entries about holding, want one per change of reasons: %v", heldEntries, w.kinds(id))
	}
}

// drainPool takes the pool's money away behind the module's back.
func (w *world) drainPool(id uint64) {
	w.Helper()
	w.must(w.cash.accounts.Set(w.ctx, PoolAccount(id), 0))
}

// A demonstration sees a year of a loan in twelve compressed periods, with the
// interest of real months.
func TestCompressedLife(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := testParams()
	p.CompressedPeriodSeconds, p.RetrySeconds = 30, 1
	w.must(w.k.params.Set(w.ctx, p))
	tpl := contractTerms()
	tpl.TrancheBps = []uint32{10_000}
	id := w.borrow(w.market(tpl), 10_000_000)
	w.must(w.cash.issue(w.ctx, cashAccount(bakery), 394_275))
	start := w.now()
	for range 12 {
		w.ctx = w.ctx.WithBlockTime(w.ctx.BlockTime().Add(30 * time.Second))
		w.advance(w.now())
	}
	if l := w.loan(id); l.Status != loanv1.LoanStatus_LOAN_STATUS_CLOSED || w.now()-start != 360 || w.pool(1).EarnedFen != 394_275 {
		t.Errorf("loan %+v", l)
	}
	if w.balance(cashAccount(bakery)) != 0 {
		t.Errorf("%d fen left", w.balance(cashAccount(bakery)))
	}
	w.sound()
}
