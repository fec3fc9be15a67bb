package template

import (
	"fmt"
	"slices"

	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	"github.com/xinlian/xinlian/lending/condition"
)

const (
	// CombinationsMax bounds the combinations of values that an examination tries.
	CombinationsMax = 1 << 15
	// samples are tried where there are more combinations than that.
	samples = 1 << 13
)

// Severity ranks a finding.
type Severity uint8

// The severities: what the author must repair, should look at, may know.
const (
	Note Severity = iota
	Warn
	Wrong
)

// Finding is something that an author should know about a template.
type Finding struct {
	Severity Severity
	List     List
	// Code names the condition, or is empty for the whole list.
	Code string
	// Zh and En say it.
	Zh, En string
	// Proven tells that all cases were decided; else it was only found in samples.
	Proven bool
}

// Lint examines the conditions of a template: those that never or always hold
// alone, those that others of their list make idle, lists that nobody can pass,
// gaps and overlaps between bands, and cost.
//
// A finding is proven when every part of the conditions compares one variable
// with constants and the combinations of their breakpoints are at most
// CombinationsMax: then every case within the bounds of the environment was
// decided. Else it rests on samples, and silence proves nothing.
func (r *Rules) Lint(t loanv1.TemplateTerms) []Finding {
	var findings []Finding
	for _, l := range Lists(t) {
		rules, _ := r.List(l.List)
		for _, rule := range rules {
			findings = append(findings, alone(l.List, rule)...)
		}
		findings = append(findings, together(l.List, rules)...)
	}
	findings = append(findings, r.unreachable()...)
	return append(findings, r.steps()...)
}

// alone examines one condition.
func alone(l List, rule Rule) []Finding {
	var findings []Finding
	add := func(s Severity, proven bool, zh, en string) {
		findings = append(findings, Finding{s, l, rule.Code, zh, en, proven})
	}
	seen, proven := outcomes([]*condition.Condition{rule.Condition}, func([]condition.Outcome) bool { return true })
	held, failed, undefined := false, false, false
	for _, o := range seen {
		held, failed, undefined = held || o[0] == condition.Holds, failed || o[0] == condition.Fails, undefined || o[0] == condition.Undefined
	}
	switch {
	case !held:
		add(Wrong, proven, "从不成立", "never holds")
	case !failed && !undefined:
		add(Wrong, proven, "总是成立", "always holds")
	}
	if undefined {
		add(Warn, true, "有取值使其无法计算（除以零或溢出），届时视为不成立", "has no value for some inputs (division by zero or overflow), and then does not hold")
	}
	v, bands := rule.Condition.Bands()
	for i := 1; i < len(bands); i++ {
		a, b := bands[i-1], bands[i]
		for _, earlier := range bands[:i-1] {
			a.To = max(a.To, earlier.To)
		}
		switch {
		case a.To < b.From-1:
			add(Warn, true, fmt.Sprintf("区间之间有空档：%s从%s到%s没有任何分支覆盖", v.Label(condition.Chinese), v.Quantity(condition.Chinese, a.To+1), v.Quantity(condition.Chinese, b.From-1)),
				fmt.Sprintf("gap between bands: no branch covers %s from %s to %s", v.Label(condition.English), v.Quantity(condition.English, a.To+1), v.Quantity(condition.English, b.From-1)))
		case a.To >= b.From:
			add(Note, true, fmt.Sprintf("区间重叠：%s从%s到%s有不止一个分支", v.Label(condition.Chinese), v.Quantity(condition.Chinese, b.From), v.Quantity(condition.Chinese, min(a.To, b.To))),
				fmt.Sprintf("bands overlap: %s from %s to %s is in more than one branch", v.Label(condition.English), v.Quantity(condition.English, b.From), v.Quantity(condition.English, min(a.To, b.To))))
		}
	}
	if cost := rule.Condition.CostMax(); cost > condition.CostMax/2 {
		add(Note, true, fmt.Sprintf("最高成本 %d，上限 %d", cost, condition.CostMax), fmt.Sprintf("costs up to %d of %d", cost, condition.CostMax))
	}
	return findings
}

// together examines the conditions of one list: whether all can hold, and
// whether each can be the one that fails.
func together(l List, rules []Rule) []Finding {
	if len(rules) < 2 {
		return nil
	}
	decides := make([]bool, len(rules))
	passed := false
	_, proven := outcomes(conditionsOf(rules), func(o []condition.Outcome) bool {
		first := slices.IndexFunc(o, func(o condition.Outcome) bool { return o != condition.Holds })
		switch {
		case first < 0:
			passed = true
		case !slices.ContainsFunc(o[first+1:], func(o condition.Outcome) bool { return o != condition.Holds }):
			decides[first] = true
		}
		return false
	})
	if !passed {
		return []Finding{{Wrong, l, "", "各条件不能同时成立", "the conditions cannot all hold", proven}}
	}
	var findings []Finding
	for i, d := range decides {
		if !d {
			findings = append(findings, Finding{
				Warn, l, rules[i].Code, "不起作用：其他条件都成立时它也总成立", "unreachable: whenever it fails, another of the list fails too", proven,
			})
		}
	}
	return findings
}

// unreachable finds referral conditions that no application which passes
// eligibility ever fails, or all do.
func (r *Rules) unreachable() []Finding {
	if len(r.Eligibility) == 0 {
		return nil
	}
	var findings []Finding
	for _, rule := range r.Referral {
		held, failed := false, false
		_, proven := outcomes(append(conditionsOf(r.Eligibility), rule.Condition), func(o []condition.Outcome) bool {
			last := len(o) - 1
			if !slices.ContainsFunc(o[:last], func(o condition.Outcome) bool { return o != condition.Holds }) {
				held, failed = held || o[last] == condition.Holds, failed || o[last] != condition.Holds
			}
			return false
		})
		switch {
		case held && !failed:
			findings = append(findings, Finding{Warn, Referral, rule.Code, "不起作用：符合准入条件的申请总满足它", "unreachable: every eligible application meets it", proven})
		case failed && !held:
			findings = append(findings, Finding{Warn, Referral, rule.Code, "符合准入条件的申请全部转人工", "every eligible application is referred", proven})
		}
	}
	return findings
}

// steps finds step-downs that are earned together with the one before.
func (r *Rules) steps() []Finding {
	var findings []Finding
	for i := 1; i < len(r.StepDowns); i++ {
		pair := r.StepDowns[i-1 : i+1]
		only := false
		_, proven := outcomes(conditionsOf(pair), func(o []condition.Outcome) bool {
			only = only || o[0] == condition.Holds && o[1] != condition.Holds
			return false
		})
		if !only {
			findings = append(findings, Finding{
				Warn, Step(i + 1), pair[1].Code, "满足上一档时总满足本档：两档会在相邻两期先后生效", "holds whenever the step before does: both are earned within two instalments", proven,
			})
		}
	}
	return findings
}

func conditionsOf(rules []Rule) []*condition.Condition {
	var list []*condition.Condition
	for _, r := range rules {
		list = append(list, r.Condition)
	}
	return list
}

// outcomes evaluates conditions together at the combinations of their probes,
// shows each result to keep, and returns those that it keeps and whether the
// combinations decide every case.
func outcomes(list []*condition.Condition, keep func([]condition.Outcome) bool) (kept [][]condition.Outcome, proven bool) {
	probes, exact := condition.Probes(list)
	combinations := uint64(1)
	for _, p := range probes {
		if combinations *= uint64(len(p.Values)); combinations > CombinationsMax {
			exact, combinations = false, samples
			break
		}
	}
	sampled := !exact && combinations == samples
	for n := range combinations {
		at := n
		if sampled { // spread by the multiplier of Knuth's MMIX, the same on every machine
			at = (n + 1) * 6_364_136_223_846_793_005
		}
		v := condition.Values{}
		for _, p := range probes {
			size := uint64(len(p.Values))
			choice := at % size
			if sampled {
				choice = at >> 33 % size
				at = at*6_364_136_223_846_793_005 + 1_442_695_040_888_963_407
			} else {
				at /= size
			}
			v[p.Variable.Name] = p.Values[choice]
		}
		result := make([]condition.Outcome, len(list))
		for i, c := range list {
			result[i] = c.Evaluate(v)
		}
		if keep(result) {
			kept = append(kept, result)
		}
	}
	return kept, exact
}

// Decided tells whether an examination of these rules together proves what it
// finds, or rests on samples.
func Decided(rules []Rule) bool {
	probes, exact := condition.Probes(conditionsOf(rules))
	combinations := 1
	for _, p := range probes {
		if combinations *= len(p.Values); combinations > CombinationsMax {
			return false
		}
	}
	return exact
}
