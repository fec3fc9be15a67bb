package loan

import (
	"slices"
	"testing"
	"time"

	attestationv1 "github.com/xinlian/xinlian/gen/xinlian/attestation/v1"
	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	"github.com/xinlian/xinlian/lending/condition"
	"github.com/xinlian/xinlian/lending/template"
)

// conductTerms is a template that looks at how the loan goes.
func conductTerms() loanv1.TemplateTerms {
	t := contractTerms()
	v := func(name string, value int64) loanv1.Variable { return loanv1.Variable{Name: name, Value: value} }
	t.Covenants = []loanv1.Condition{{Code: "grade-kept", Expression: "quality.grade <= 2"}}
	t.Warnings = []loanv1.Condition{
		{Code: "score-falling", Expression: "!growth.measured || growth.points >= -30"},
		{Code: "index-high", Expression: "market.index_live && market.index_bps <= 400"},
	}
	t.StepDowns = []loanv1.StepDown{
		{Condition: loanv1.Condition{Code: "two-on-time", Expression: "performance.on_time >= 2"}, Bps: 60},
		{Condition: loanv1.Condition{Code: "three-on-time", Expression: "performance.on_time >= 3 && growth.capacity_bps >= 1000"}, Bps: 100},
	}
	t.Tests = append(
		t.Tests,
		loanv1.TestCase{Condition: "covenant", Variables: []loanv1.Variable{v("quality.grade", 2)}, Want: true},
		loanv1.TestCase{Condition: "covenant", Variables: []loanv1.Variable{v("quality.grade", 3)}},
		loanv1.TestCase{Condition: "warning", Variables: []loanv1.Variable{v("market.index_live", 1), v("market.index_bps", 400)}, Want: true},
		loanv1.TestCase{Condition: "warning", Variables: []loanv1.Variable{v("growth.measured", 1), v("growth.points", -31), v("market.index_bps", 400)}},
		loanv1.TestCase{Condition: "step-1", Variables: []loanv1.Variable{v("performance.on_time", 2)}, Want: true},
		loanv1.TestCase{Condition: "step-1", Variables: []loanv1.Variable{v("performance.on_time", 1)}},
		loanv1.TestCase{Condition: "step-2", Variables: []loanv1.Variable{v("performance.on_time", 3), v("growth.capacity_bps", 1000)}, Want: true},
		loanv1.TestCase{Condition: "step-2", Variables: []loanv1.Variable{v("performance.on_time", 3), v("growth.capacity_bps", 999)}},
	)
	return worded(t)
}

// rescore gives the bakery a newer score of the same kind.
func (w *world) rescore(points, capacityFen int64) {
	s := w.scores[string(hashOf(byte(bakery)))]
	s.Id, s.Score, s.CapacityFen = hashOf(77), points, capacityFen
	w.scores[string(hashOf(77))] = s
	w.newest[string(hashOf(byte(bakery)))] = s.Id
}

func codesOf(list []loanv1.Reason) []string {
	var c []string
	for _, r := range list {
		c = append(c, r.Code)
	}
	return c
}

// A broken covenant holds the next tranche and the next step-down until it is
// kept again; both changes are in the journal once, and no payment waits for it.
func TestCovenants(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.borrow(w.market(conductTerms()), 10_000_000)
	w.must(w.cash.issue(w.ctx, cashAccount(bakery), 10_000_000))
	w.grades[bakery] = attestationv1.Grade_GRADE_C
	w.pass(at("2026-02-16 00:00:00"))
	l := w.loan(id)
	wantList(t, "breaches", codesOf(l.Breaches), []string{"grade-kept"})
	if l.Breaches[0].Value != 3 || l.Breaches[0].Threshold != 2 {
		t.Errorf("breach %v", l.Breaches[0])
	}
	w.pass(at("2026-03-16 00:00:00"))
	l = w.loan(id)
	wantList(t, "held", codesOf(l.Tranches[1].HeldReasons), []string{"grade-kept"})
	if l.OnTime != 2 || l.StepDownsEarned != 0 || l.RateCutBps != 0 {
		t.Errorf("after two payments under a breach: %d on time, %d steps", l.OnTime, l.StepDownsEarned)
	}
	w.grades[bakery] = attestationv1.Grade_GRADE_B
	w.pass(at("2026-04-16 00:00:00"))
	l = w.loan(id)
	if len(l.Breaches) != 0 || l.StepDownsEarned != 1 || l.Tranches[1].Status != loanv1.TrancheStatus_TRANCHE_STATUS_DISBURSED {
		t.Errorf("after the covenant was kept: %v", l)
	}
	kinds := w.kinds(id)
	for _, kind := range []string{"COVENANT_BROKEN", "COVENANT_KEPT", "RATE_LOWERED"} {
		if n := len(slices.DeleteFunc(slices.Clone(kinds), func(k string) bool { return k != kind })); n != 1 {
			t.Errorf("%s %d times in %v", kind, n, kinds)
		}
	}
	w.sound()
}

// Warnings are recorded when they come and when they go, show what they read,
// and hold nothing up.
func TestWarnings(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.borrow(w.market(conductTerms()), 10_000_000)
	w.must(w.cash.issue(w.ctx, cashAccount(bakery), 10_000_000))
	w.rescore(619, 2_000_000)
	w.index.live = false
	w.pass(at("2026-02-16 00:00:00"))
	wantList(t, "alarms", codesOf(w.loan(id).Alarms), []string{"score-falling", "index-high"})
	w.index.live = true
	w.pass(at("2026-03-16 00:00:00"))
	wantList(t, "alarms", codesOf(w.loan(id).Alarms), []string{"score-falling"})
	w.rescore(620, 2_000_000)
	w.pass(at("2026-04-16 00:00:00"))
	l := w.loan(id)
	if len(l.Alarms) != 0 || l.Tranches[1].Status != loanv1.TrancheStatus_TRANCHE_STATUS_DISBURSED {
		t.Errorf("alarms %v, second tranche %s", l.Alarms, l.Tranches[1].Status)
	}
	n := 0
	for _, k := range w.kinds(id) {
		if k == "WARNED" {
			n++
		}
	}
	if n != 3 {
		t.Errorf("%d entries about warnings, want 3", n)
	}
	w.sound()
}

// A step-down lowers the interest of periods that have not begun, in proportion
// and to the fen, once; principal and running periods stay as they were, later
// tranches begin at the lower rate, and the second step waits for its own condition.
func TestStepDowns(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.borrow(w.market(conductTerms()), 10_000_000)
	w.must(w.cash.issue(w.ctx, cashAccount(bakery), 100_000_000))
	var before [13]loanv1.Instalment
	for n := uint32(1); n <= 12; n++ {
		before[n] = w.row(id, 1, n)
	}
	w.pass(at("2026-03-16 00:00:00"))
	l := w.loan(id)
	if l.RateBps != 720 || l.RateCutBps != 60 || l.StepDownsEarned != 1 {
		t.Fatalf("rate %d less %d after %d steps", l.RateBps, l.RateCutBps, l.StepDownsEarned)
	}
	var saved int64
	for n := uint32(3); n <= 12; n++ {
		row := w.row(id, 1, n)
		want := (2*before[n].InterestFen*660 + 720) / (2 * 720)
		if row.InterestFen != want || row.PrincipalFen != before[n].PrincipalFen {
			t.Errorf("instalment %d: %d and %d, want %d and %d", n, row.PrincipalFen, row.InterestFen, before[n].PrincipalFen, want)
		}
		saved += before[n].InterestFen - row.InterestFen
	}
	r, err := w.qry.Journal(w.ctx, &loanv1.QueryJournalRequest{LoanId: id})
	w.must(err)
	i := slices.IndexFunc(r.Entries, func(e loanv1.JournalEntry) bool { return e.Kind == loanv1.EntryKind_ENTRY_KIND_RATE_LOWERED })
	if i < 0 || r.Entries[i].InterestFen != saved || saved == 0 {
		t.Errorf("the journal says nothing of %d fen saved", saved)
	}
	lines, err := Plan{PrincipalFen: l.Tranches[1].PrincipalFen, RateBps: 660, Periods: 12, Method: conductTerms().Method, Unit: month, Start: w.now()}.Schedule()
	w.must(err)
	if row := w.row(id, 2, 1); row.InterestFen != lines[0].InterestFen {
		t.Errorf("the second tranche bears %d fen, want %d at the lower rate", row.InterestFen, lines[0].InterestFen)
	}
	w.pass(at("2026-04-16 00:00:00"))
	if got := w.loan(id).StepDownsEarned; got != 1 {
		t.Errorf("%d steps without growth", got)
	}
	w.rescore(650, 2_200_000)
	w.pass(at("2026-05-16 00:00:00"))
	if l := w.loan(id); l.StepDownsEarned != 2 || l.RateCutBps != 160 {
		t.Errorf("%d steps and %d basis points with growth of a tenth", l.StepDownsEarned, l.RateCutBps)
	}
	w.sound()
	// Paid to its end, the loan closes and every invariant still holds.
	for range 20 {
		w.pass(w.now() + 32*daySeconds)
	}
	if s := w.loan(id).Status; s != loanv1.LoanStatus_LOAN_STATUS_CLOSED {
		t.Errorf("in the end the loan is %s", s)
	}
	w.sound()
}

// A step-down that is earned in the midst of a period leaves that period alone.
func TestStepDownInPeriod(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.borrow(w.market(conductTerms()), 10_000_000)
	w.grades[bakery] = attestationv1.Grade_GRADE_D
	w.must(w.cash.issue(w.ctx, cashAccount(bakery), 100_000_000))
	w.pass(at("2026-03-14 00:00:00"))
	w.ctx = w.ctx.WithBlockTime(time.Unix(at("2026-03-18 08:00:00"), 0)) // the chain stood still
	w.grades[bakery] = attestationv1.Grade_GRADE_A
	third, fourth := w.row(id, 1, 3), w.row(id, 1, 4)
	w.must(w.k.EndBlock(w.ctx))
	if w.loan(id).StepDownsEarned != 1 {
		t.Fatal("no step")
	}
	if got := w.row(id, 1, 3).InterestFen; got != third.InterestFen {
		t.Errorf("the running period's interest went from %d to %d", third.InterestFen, got)
	}
	if got := w.row(id, 1, 4).InterestFen; got >= fourth.InterestFen {
		t.Errorf("the next period's interest went from %d to %d", fourth.InterestFen, got)
	}
	w.sound()
}

// A late instalment stops step-downs, and a prepayment after one goes on at the
// lower rate with its books in order.
func TestStepDownsAfterTrouble(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.borrow(w.market(conductTerms()), 10_000_000)
	w.pass(at("2026-02-15 08:00:00"))
	balance := w.balance(cashAccount(bakery))
	w.must(w.cash.Move(w.ctx, cashAccount(bakery), cashAccount(smithy), balance))
	w.pass(at("2026-03-30 00:00:00"))
	w.must(w.cash.issue(w.ctx, cashAccount(bakery), 600_000))
	w.pass(at("2026-03-31 00:00:00"))
	if l := w.loan(id); l.StepDownsEarned != 0 || l.Late == 0 {
		t.Fatalf("late %d times, %d steps", l.Late, l.StepDownsEarned)
	}
	w.must(w.cash.issue(w.ctx, cashAccount(bakery), 100_000_000))
	w.pass(at("2026-06-20 00:00:00"))
	l := w.loan(id)
	if l.StepDownsEarned == 0 {
		t.Fatalf("no step after two instalments on time: %d", l.OnTime)
	}
	done(w, w.msg.Repay, w.repayment(id, 1_000_000))
	w.sound()
	for range 20 {
		w.pass(w.now() + 32*daySeconds)
	}
	if s := w.loan(id).Status; s != loanv1.LoanStatus_LOAN_STATUS_CLOSED {
		t.Errorf("in the end the loan is %s", s)
	}
	w.sound()
}

// What goes wrong in asking covenants leaves the payment standing and the loan as it was.
func TestConductFailureIsContained(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.borrow(w.market(conductTerms()), 10_000_000)
	w.must(w.cash.issue(w.ctx, cashAccount(bakery), 10_000_000))
	delete(w.grades, bakery)
	w.pass(at("2026-02-16 00:00:00"))
	if l := w.loan(id); l.OnTime != 1 || len(l.Breaches)+len(l.Alarms) != 0 {
		t.Errorf("%d on time, %v, %v", l.OnTime, l.Breaches, l.Alarms)
	}
	w.sound()
}

// Growth of capacity is rounded down and stays within the range of its variable.
func TestGrowth(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ from, to, want int64 }{
		{100, 110, 1_000},
		{100, 100, 0},
		{300, 400, 3_333},
		{300, 200, -3_334},
		{100, 0, -10_000},
		{100, -5, -10_000},
		{0, 100, 0},
		{1, 1 << 62, 1_000_000},
		{3, 299, 986_666},
	} {
		if got := growthBps(c.from, c.to); got != c.want {
			t.Errorf("from %d to %d: %d, want %d", c.from, c.to, got, c.want)
		}
	}
}

// Every variable of a stage has a value there, and none has a value that is no
// variable: what a template may read is what the chain gives.
func TestVariablesAreGiven(t *testing.T) {
	t.Parallel()
	given, err := facts(t).values(720)
	if err != nil {
		t.Fatal(err)
	}
	check := func(stage condition.Stage, v condition.Values) {
		known := condition.Variables(stage)
		for _, k := range known {
			if _, ok := v[k.Name]; !ok {
				t.Errorf("%s: no value for %s", stage, k.Name)
			}
		}
		if len(v) != len(known) {
			t.Errorf("%s: %d values of %d variables", stage, len(v), len(known))
		}
	}
	check(condition.Underwriting, given)

	w := newWorld(t)
	w.rescore(660, 2_000_000)
	id := w.borrow(w.market(conductTerms()), 10_000_000)
	b, err := w.k.load(w.ctx, w.loan(id))
	w.must(err)
	given, err = w.k.servicingValues(w.ctx, b, readers(t))
	w.must(err)
	check(condition.Servicing, given)
	if given["growth.points"].Int != 10 || !given["growth.measured"].Bool || given["market.index"].Text != indexLPR {
		t.Errorf("values %v", given)
	}
}

// readers are rules that together read every variable of a running loan.
func readers(t *testing.T) []template.Rule {
	t.Helper()
	var rules []template.Rule
	for _, v := range condition.Variables(condition.Servicing) {
		expression := v.Name
		switch v.Type {
		case condition.Int:
			expression += " == 0"
		case condition.Text:
			expression += ` == ""`
		}
		c, err := condition.Compile(condition.Servicing, expression)
		if err != nil {
			t.Fatal(err)
		}
		rules = append(rules, template.Rule{Code: v.Name, Condition: c})
	}
	return rules
}
