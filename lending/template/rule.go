package template

import (
	"fmt"

	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	"github.com/xinlian/xinlian/lending/condition"
)

// List names one of a template's lists of conditions, as test cases write it.
type List string

// The lists; each step-down is a list of its own, from step-1.
const (
	Eligibility List = "eligibility"
	Referral    List = "referral"
	Release     List = "release"
	Covenant    List = "covenant"
	Warning     List = "warning"
	step             = "step-"
)

// StepDownsMax bounds the step-downs of a template.
const StepDownsMax = 4

// Step is the list of the n-th step-down, from 1.
func Step(n int) List { return List(fmt.Sprintf("%s%d", step, n)) }

// Stage is when the conditions of a list are asked.
func (l List) Stage() condition.Stage {
	if l == Eligibility || l == Referral {
		return condition.Underwriting
	}
	return condition.Servicing
}

// Listed is one list of a template with its conditions as they are written.
type Listed struct {
	List       List
	Conditions []loanv1.Condition
}

// listsFixed is how many lists every template has, before its step-downs.
const listsFixed = 5

// Lists returns a template's lists in their fixed order.
func Lists(t loanv1.TemplateTerms) []Listed {
	all := []Listed{
		{Eligibility, t.Eligibility},
		{Referral, t.Referral},
		{Release, t.Release},
		{Covenant, t.Covenants},
		{Warning, t.Warnings},
	}
	for i, s := range t.StepDowns {
		all = append(all, Listed{Step(i + 1), []loanv1.Condition{s.Condition}})
	}
	return all
}

// Rule is a compiled condition with the code of its reason.
type Rule struct {
	Code      string
	Condition *condition.Condition
}

// Reason says why a rule did not hold. A plain comparison shows what it read and
// what it was compared with.
func (r Rule) Reason(v condition.Values, o condition.Outcome) loanv1.Reason {
	reason := loanv1.Reason{Code: r.Code, Undefined: o == condition.Undefined}
	if name, number, ok := r.Condition.Threshold(); ok {
		reason.Value, reason.Threshold = v[name].Int, number
	}
	return reason
}

// Failing lists the reasons of the rules that do not hold, in their order, which
// is the order of importance. What has no value does not hold.
func Failing(rules []Rule, v condition.Values) []loanv1.Reason {
	var reasons []loanv1.Reason
	for _, r := range rules {
		if o := r.Condition.Evaluate(v); o != condition.Holds {
			reasons = append(reasons, r.Reason(v, o))
		}
	}
	return reasons
}

// Reads tells whether any of the rules reads one of the variables.
func Reads(rules []Rule, names ...string) bool {
	for _, r := range rules {
		for _, n := range names {
			if r.Condition.Reads(n) {
				return true
			}
		}
	}
	return false
}

// Fault is a refusal of one condition or test case of a template.
type Fault struct {
	// Code names the condition, or is empty.
	Code string
	// Case is the number of the test case, from 1, or 0.
	Case int
	// Text says what is wrong, the same on every node.
	Text string
	// Cause is the condition's own fault, or nil.
	Cause *condition.Fault
}

// Error says where and what.
func (f *Fault) Error() string {
	switch {
	case f.Case != 0:
		return fmt.Sprintf("case %d: %s", f.Case, f.Text)
	case f.Code != "":
		return f.Code + ": " + f.Text
	default:
		return f.Text
	}
}
