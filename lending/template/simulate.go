package template

import (
	"cmp"
	"slices"

	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	"github.com/xinlian/xinlian/lending/condition"
)

// Verdict is what the conditions of a template make of an application. Limits,
// prices and a stale index are the product's and the chain's, and not in it.
type Verdict uint8

// The verdicts.
const (
	Approve Verdict = iota
	Refer
	Decline
)

// String names the verdict.
func (v Verdict) String() string { return [...]string{"approve", "refer", "decline"}[v] }

// Decide applies eligibility and referral conditions as the chain does, and
// returns the reasons.
func (r *Rules) Decide(v condition.Values) (Verdict, []loanv1.Reason) {
	if reasons := Failing(r.Eligibility, v); len(reasons) > 0 {
		return Decline, reasons
	}
	if reasons := Failing(r.Referral, v); len(reasons) > 0 {
		return Refer, reasons
	}
	return Approve, nil
}

// Tally counts what became of many applications.
type Tally struct {
	// Counts is indexed by verdict.
	Counts [3]int
	// Reasons counts, by code, the applications that a condition failed; the most frequent first.
	Reasons []ReasonCount
}

// ReasonCount is how many applications a condition failed, and for how many it
// was the only one.
type ReasonCount struct {
	Code         string
	Times, Alone int
	Undefined    int
}

// Add counts one application.
func (t *Tally) Add(v Verdict, reasons []loanv1.Reason) {
	t.Counts[v]++
	for _, r := range reasons {
		i := slices.IndexFunc(t.Reasons, func(c ReasonCount) bool { return c.Code == r.Code })
		if i < 0 {
			t.Reasons, i = append(t.Reasons, ReasonCount{Code: r.Code}), len(t.Reasons)
		}
		t.Reasons[i].Times++
		if len(reasons) == 1 {
			t.Reasons[i].Alone++
		}
		if r.Undefined {
			t.Reasons[i].Undefined++
		}
	}
	slices.SortStableFunc(t.Reasons, func(a, b ReasonCount) int { return cmp.Or(cmp.Compare(b.Times, a.Times), cmp.Compare(a.Code, b.Code)) })
}
