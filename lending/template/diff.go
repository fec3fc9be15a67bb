package template

import (
	"fmt"
	"slices"

	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
)

// Change is one difference between two templates.
type Change struct {
	// What names the term, or the list and code of a condition.
	What string
	// Before and After are the values; empty for what is new or gone.
	Before, After string
	// Zh and En are the words of a condition before and after.
	ZhBefore, ZhAfter, EnBefore, EnAfter string
}

// Diff lists what differs from a to b: terms first, then conditions by list.
func Diff(a, b loanv1.TemplateTerms) []Change {
	var list []Change
	term := func(what string, before, after any) {
		if x, y := fmt.Sprint(before), fmt.Sprint(after); x != y {
			list = append(list, Change{What: what, Before: x, After: y})
		}
	}
	term("name", a.Name, b.Name)
	term("version", a.Version, b.Version)
	term("method", a.Method, b.Method)
	term("period_unit", a.PeriodUnit, b.PeriodUnit)
	term("tranche_bps", a.TrancheBps, b.TrancheBps)
	term("grace_days", a.GraceDays, b.GraceDays)
	term("late_fee_bps", a.LateFeeBps, b.LateFeeBps)
	term("prepayment_fee_bps", a.PrepaymentFeeBps, b.PrepaymentFeeBps)
	before, after := flat(a), flat(b)
	for _, c := range before {
		i := slices.IndexFunc(after, func(d placed) bool { return d.List == c.List && d.Code == c.Code })
		if i < 0 {
			list = append(list, Change{What: c.what(), Before: c.text(), ZhBefore: c.Zh, EnBefore: c.En})
		} else if d := after[i]; d.text() != c.text() || d.Zh != c.Zh || d.En != c.En {
			list = append(list, Change{c.what(), c.text(), d.text(), c.Zh, d.Zh, c.En, d.En})
		}
	}
	for _, d := range after {
		if !slices.ContainsFunc(before, func(c placed) bool { return d.List == c.List && d.Code == c.Code }) {
			list = append(list, Change{What: d.what(), After: d.text(), ZhAfter: d.Zh, EnAfter: d.En})
		}
	}
	for _, l := range Lists(b) {
		if order := codes(before, l.List); !slices.Equal(order, codes(after, l.List)) && sameSet(order, codes(after, l.List)) {
			list = append(list, Change{What: string(l.List) + " order", Before: fmt.Sprint(order), After: fmt.Sprint(codes(after, l.List))})
		}
	}
	term("tests", describe(a.Tests), describe(b.Tests))
	return list
}

// describe stands for a list of test cases: how many, and a line of each.
func describe(cases []loanv1.TestCase) string {
	text := fmt.Sprintf("%d cases", len(cases))
	for _, c := range cases {
		text += "\n  " + c.String()
	}
	return text
}

// placed is a condition with its list and, for a step-down, what it is worth.
type placed struct {
	List List
	loanv1.Condition
	bps uint32
}

func (p placed) what() string { return string(p.List) + " " + p.Code }

func (p placed) text() string {
	if p.bps > 0 {
		return fmt.Sprintf("%s (-%d bps)", p.Expression, p.bps)
	}
	return p.Expression
}

func flat(t loanv1.TemplateTerms) []placed {
	var list []placed
	for i, l := range Lists(t) {
		for _, c := range l.Conditions {
			p := placed{List: l.List, Condition: c}
			if i >= listsFixed {
				p.bps = t.StepDowns[i-listsFixed].Bps
			}
			list = append(list, p)
		}
	}
	return list
}

func codes(list []placed, l List) []string {
	var out []string
	for _, p := range list {
		if p.List == l {
			out = append(out, p.Code)
		}
	}
	return out
}

func sameSet(a, b []string) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b)
}
