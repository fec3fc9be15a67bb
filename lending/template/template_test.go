package template

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	"github.com/xinlian/xinlian/lending/condition"
)

func c(code, expression string) loanv1.Condition {
	return loanv1.Condition{Code: code, Expression: expression}
}

// terms is a template with something in every list.
func terms(t *testing.T) loanv1.TemplateTerms {
	t.Helper()
	v := func(name string, value int64) []loanv1.Variable { return []loanv1.Variable{{Name: name, Value: value}} }
	made := loanv1.TemplateTerms{
		Eligibility: []loanv1.Condition{c("score", "score.points >= 500")},
		Referral:    []loanv1.Condition{c("live", "market.index_live"), c("index", `market.index == "lpr"`)},
		Release:     []loanv1.Condition{c("on-time", "performance.on_time >= 2")},
		Covenants:   []loanv1.Condition{c("grade", "quality.grade <= 3")},
		Warnings:    []loanv1.Condition{c("late", "performance.late == 0")},
		StepDowns:   []loanv1.StepDown{{Condition: c("six", "performance.on_time >= 6"), Bps: 10}, {Condition: c("nine", "performance.on_time >= 9"), Bps: 20}},
		Tests: []loanv1.TestCase{
			{Condition: "eligibility", Variables: v("score.points", 500), Want: true},
			{Condition: "eligibility", Variables: v("score.points", 499)},
			{Condition: "referral", Variables: []loanv1.Variable{{Name: "market.index_live", Value: 1}, {Name: "market.index", Text: "lpr"}}, Want: true},
			{Condition: "referral"},
			{Condition: "release", Variables: v("performance.on_time", 2), Want: true},
			{Condition: "release"},
			{Condition: "covenant", Variables: v("quality.grade", 3), Want: true},
			{Condition: "covenant", Variables: v("quality.grade", 4)},
			{Condition: "warning", Want: true},
			{Condition: "warning", Variables: v("performance.late", 1)},
			{Condition: "step-1", Variables: v("performance.on_time", 6), Want: true},
			{Condition: "step-1", Variables: v("performance.on_time", 5)},
			{Condition: "step-2", Variables: v("performance.on_time", 9), Want: true},
			{Condition: "step-2", Variables: v("performance.on_time", 8)},
		},
	}
	if err := Fill(&made); err != nil {
		t.Fatal(err)
	}
	return made
}

// Rules loaded from their encodings are those that were compiled from the text.
func TestRulesRoundTrip(t *testing.T) {
	t.Parallel()
	tt := terms(t)
	made, err := Compile(tt)
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := Load(tt, made.Encoded())
	if err != nil {
		t.Fatal(err)
	}
	if !slices.EqualFunc(loaded.Encoded(), made.Encoded(), bytes.Equal) || len(made.Encoded()) != 8 {
		t.Error("encodings changed")
	}
	for name, r := range map[string]*Rules{"compiled": made, "loaded": loaded} {
		if err := r.Test(tt.Tests); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Each test case is needed: without it a condition is untested, and turned over
// it fails and says so.
func TestEveryCaseCounts(t *testing.T) {
	t.Parallel()
	tt := terms(t)
	r, err := Compile(tt)
	if err != nil {
		t.Fatal(err)
	}
	for i := range tt.Tests {
		var f *Fault
		if err := r.Test(slices.Delete(slices.Clone(tt.Tests), i, i+1)); !errors.As(err, &f) || f.Code == "" {
			t.Errorf("without case %d: %v", i+1, err)
		}
		turned := slices.Clone(tt.Tests)
		turned[i].Want = !turned[i].Want
		if err := r.Test(turned); !errors.As(err, &f) || f.Case != i+1 {
			t.Errorf("case %d turned over: %v", i+1, err)
		}
	}
}

// Lint finds each planted defect, with proof, and nothing in a sound template.
func TestLintFindsWhatIsPlanted(t *testing.T) {
	t.Parallel()
	sound := terms(t)
	r, err := Compile(sound)
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Lint(sound); len(got) != 0 {
		t.Errorf("a sound template: %v", got)
	}
	for _, c := range []struct {
		name   string
		plant  func(*loanv1.TemplateTerms)
		want   string
		code   string
		proven bool
	}{
		{"never", func(t *loanv1.TemplateTerms) { t.Eligibility[0].Expression = "score.points > 2 && score.points < 2" }, "never holds", "score", true},
		{"never by its range", func(t *loanv1.TemplateTerms) { t.Eligibility[0].Expression = "quality.grade > 4" }, "never holds", "score", true},
		{"never by its values", func(t *loanv1.TemplateTerms) { t.Eligibility[0].Expression = `loan.period_unit == "day"` }, "never holds", "score", true},
		{"always", func(t *loanv1.TemplateTerms) { t.Warnings[0].Expression = "performance.late >= 0" }, "always holds", "late", true},
		{"always by logic", func(t *loanv1.TemplateTerms) {
			t.Warnings[0].Expression = "performance.late > 3 || !(performance.late > 3)"
		}, "always holds", "late", true},
		{"never in samples", func(t *loanv1.TemplateTerms) { t.Eligibility[0].Expression = "score.points + 1 < score.points" }, "never holds", "score", false},
		{"undefined", func(t *loanv1.TemplateTerms) { t.Eligibility[0].Expression = "10 / score.points >= 1" }, "has no value for some inputs (division by zero or overflow), and then does not hold", "score", true},
		{"gap", func(t *loanv1.TemplateTerms) {
			t.Eligibility[0].Expression = "score.points < 500 || score.points > 510"
		}, "gap between bands: no branch covers the score from 500 points to 510 points", "score", true},
		{"overlap", func(t *loanv1.TemplateTerms) {
			t.Eligibility[0].Expression = "score.points >= 500 && score.points <= 600 || score.points >= 590"
		}, "bands overlap: the score from 590 points to 600 points is in more than one branch", "score", true},
		{"contradiction", func(t *loanv1.TemplateTerms) {
			t.Covenants = append(t.Covenants, loanv1.Condition{Code: "bad", Expression: "quality.grade == 4"})
		}, "the conditions cannot all hold", "", true},
		{"implied", func(t *loanv1.TemplateTerms) {
			t.Covenants = append(t.Covenants, loanv1.Condition{Code: "better", Expression: "quality.grade <= 2"})
		}, "unreachable: whenever it fails, another of the list fails too", "grade", true},
		{"idle referral", func(t *loanv1.TemplateTerms) { t.Referral[0].Expression = "score.points >= 400" }, "unreachable: every eligible application meets it", "live", true},
		{"referral of all", func(t *loanv1.TemplateTerms) { t.Referral[0].Expression = "score.points < 500" }, "every eligible application is referred", "live", true},
		{"steps together", func(t *loanv1.TemplateTerms) { t.StepDowns[1].Condition.Expression = "performance.on_time >= 5" }, "holds whenever the step before does: both are earned within two instalments", "nine", true},
	} {
		tt := terms(t)
		c.plant(&tt)
		if err := Fill(&tt); err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		r, err := Compile(tt)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		findings := r.Lint(tt)
		if !slices.ContainsFunc(findings, func(f Finding) bool { return f.En == c.want && f.Code == c.code && f.Proven == c.proven && f.Zh != "" }) {
			t.Errorf("%s: found %v", c.name, findings)
		}
	}
}

// Diff names every term and condition that changed, and nothing else.
func TestDiff(t *testing.T) {
	t.Parallel()
	before := terms(t)
	if got := Diff(before, before); len(got) != 0 {
		t.Errorf("no difference: %v", got)
	}
	after := terms(t)
	after.GraceDays = 9
	after.Eligibility[0].Expression = "score.points >= 501"
	after.Referral[0], after.Referral[1] = after.Referral[1], after.Referral[0]
	after.Covenants = nil
	after.StepDowns[1].Bps = 30
	after.Warnings = append(after.Warnings, c("new", "quality.grade <= 3"))
	if err := Fill(&after); err != nil {
		t.Fatal(err)
	}
	var what []string
	for _, d := range Diff(before, after) {
		what = append(what, d.What)
	}
	want := []string{"grace_days", "eligibility score", "covenant grade", "step-2 nine", "warning new", "referral order"}
	if !slices.Equal(what, want) {
		t.Errorf("got %v, want %v", what, want)
	}
}

// The verdict is that of the first list that fails, and the tally adds up.
func TestDecideAndTally(t *testing.T) {
	t.Parallel()
	r, err := Compile(terms(t))
	if err != nil {
		t.Fatal(err)
	}
	good := condition.Values{"score.points": {Int: 500}, "market.index_live": {Bool: true}, "market.index": {Text: "lpr"}}
	low := condition.Values{"score.points": {Int: 499}}
	stale := condition.Values{"score.points": {Int: 500}, "market.index": {Text: "lpr"}}
	var tally Tally
	for i, want := range []Verdict{Approve, Decline, Refer, Refer} {
		verdict, reasons := r.Decide([]condition.Values{good, low, stale, stale}[i])
		if verdict != want {
			t.Errorf("application %d: %s, want %s", i+1, verdict, want)
		}
		tally.Add(verdict, reasons)
	}
	if tally.Counts != [3]int{1, 2, 1} || tally.Reasons[0] != (ReasonCount{Code: "live", Times: 2, Alone: 2}) {
		t.Errorf("tally %+v", tally)
	}
}
