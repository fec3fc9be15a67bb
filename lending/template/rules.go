package template

import (
	"errors"
	"slices"

	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	"github.com/xinlian/xinlian/lending/condition"
)

// Rules are the conditions of one template, compiled. They are immutable.
type Rules struct {
	Eligibility, Referral, Release, Covenants, Warnings []Rule
	// StepDowns has one rule for each step-down, in their order.
	StepDowns []Rule
}

// Compile compiles the conditions of a template. Codes must differ, and the
// words of each must be exactly those that its expression makes: what the
// borrower reads is never written by hand. The error is always a *Fault.
func Compile(t loanv1.TemplateTerms) (*Rules, error) {
	return assemble(t, func(_ int, l List, c loanv1.Condition) (*condition.Condition, error) {
		made, err := condition.Compile(l.Stage(), c.Expression)
		if err != nil {
			return nil, faultOf(c.Code, err)
		}
		if c.Zh != made.Words(condition.Chinese) || c.En != made.Words(condition.English) {
			return nil, &Fault{Code: c.Code, Text: "words are not those of the expression"}
		}
		return made, nil
	})
}

// Load makes the rules of a template from their canonical encodings, in the
// order of Encoded, without its text. The error is always a *Fault.
func Load(t loanv1.TemplateTerms, encoded [][]byte) (*Rules, error) {
	rules, err := assemble(t, func(i int, l List, c loanv1.Condition) (*condition.Condition, error) {
		if i >= len(encoded) {
			return nil, &Fault{Code: c.Code, Text: "no encoding"}
		}
		made, err := condition.Load(encoded[i])
		if err != nil {
			return nil, faultOf(c.Code, err)
		}
		if made.Stage() != l.Stage() {
			return nil, &Fault{Code: c.Code, Text: "encoding is of another stage"}
		}
		return made, nil
	})
	if err == nil && len(encoded) != len(rules.all()) {
		return nil, &Fault{Text: "more encodings than conditions"}
	}
	return rules, err
}

// Fill writes the words of every condition of a template, for its author.
func Fill(t *loanv1.TemplateTerms) error {
	fill := func(l List, c *loanv1.Condition) error {
		made, err := condition.Compile(l.Stage(), c.Expression)
		if err != nil {
			return faultOf(c.Code, err)
		}
		c.Zh, c.En = made.Words(condition.Chinese), made.Words(condition.English)
		return nil
	}
	for _, l := range Lists(*t)[:listsFixed] {
		for i := range l.Conditions { // the template's own array
			if err := fill(l.List, &l.Conditions[i]); err != nil {
				return err
			}
		}
	}
	for i := range t.StepDowns {
		if err := fill(Step(i+1), &t.StepDowns[i].Condition); err != nil {
			return err
		}
	}
	return nil
}

// assemble fills the lists with what compile makes of each condition.
func assemble(t loanv1.TemplateTerms, compile func(int, List, loanv1.Condition) (*condition.Condition, error)) (*Rules, error) {
	r := &Rules{}
	var codes []string
	for _, l := range Lists(t) {
		var rules []Rule
		for _, c := range l.Conditions {
			if slices.Contains(codes, c.Code) {
				return nil, &Fault{Code: c.Code, Text: "code twice"}
			}
			made, err := compile(len(codes), l.List, c)
			if err != nil {
				return nil, err
			}
			codes = append(codes, c.Code)
			rules = append(rules, Rule{c.Code, made})
		}
		switch l.List {
		case Eligibility:
			r.Eligibility = rules
		case Referral:
			r.Referral = rules
		case Release:
			r.Release = rules
		case Covenant:
			r.Covenants = rules
		case Warning:
			r.Warnings = rules
		default:
			r.StepDowns = append(r.StepDowns, rules...)
		}
	}
	return r, nil
}

func faultOf(code string, err error) *Fault {
	f := &Fault{Code: code, Text: err.Error()}
	errors.As(err, &f.Cause)
	return f
}

// Encoded returns the canonical encodings of all conditions: eligibility,
// referral, release, covenants, warnings, step-downs.
func (r *Rules) Encoded() [][]byte {
	var list [][]byte
	for _, rule := range r.all() {
		list = append(list, rule.Condition.Encoded())
	}
	return list
}

func (r *Rules) all() []Rule {
	return slices.Concat(r.Eligibility, r.Referral, r.Release, r.Covenants, r.Warnings, r.StepDowns)
}

// List returns the rules of a list, and whether the template may have such a list.
func (r *Rules) List(l List) ([]Rule, bool) {
	switch l {
	case Eligibility:
		return r.Eligibility, true
	case Referral:
		return r.Referral, true
	case Release:
		return r.Release, true
	case Covenant:
		return r.Covenants, true
	case Warning:
		return r.Warnings, true
	}
	for i := range r.StepDowns {
		if l == Step(i+1) {
			return r.StepDowns[i : i+1], true
		}
	}
	return nil, false
}

// Result is what came of one test case.
type Result struct {
	// Held tells whether all rules of the list held.
	Held bool
	// Reasons are those of the rules that did not.
	Reasons []loanv1.Reason
}

// Run runs one test case. The error is a *Fault without the case's number.
func (r *Rules) Run(tc loanv1.TestCase) (Result, error) {
	rules, ok := r.List(List(tc.Condition))
	if !ok || len(rules) == 0 {
		return Result{}, &Fault{Text: "the template has no such list of conditions"}
	}
	v, err := caseValues(tc)
	if err != nil {
		return Result{}, err
	}
	reasons := Failing(rules, v)
	return Result{Held: len(reasons) == 0, Reasons: reasons}, nil
}

// Test runs a template's own cases: each must come out as wanted, and every
// condition must hold in one case and fail in another, so that none is untested.
// The error is always a *Fault.
func (r *Rules) Test(cases []loanv1.TestCase) error {
	held, failed := make([]string, 0, len(cases)), make([]string, 0, len(cases))
	for i, tc := range cases {
		result, err := r.Run(tc)
		if err != nil {
			return &Fault{Case: i + 1, Text: err.Error()}
		}
		if result.Held != tc.Want {
			return &Fault{Case: i + 1, Text: verdict(tc, result)}
		}
		rules, _ := r.List(List(tc.Condition))
		for _, rule := range rules {
			fails := slices.ContainsFunc(result.Reasons, func(reason loanv1.Reason) bool { return reason.Code == rule.Code })
			if fails {
				failed = append(failed, rule.Code)
			} else {
				held = append(held, rule.Code)
			}
		}
	}
	for _, rule := range r.all() {
		if !slices.Contains(held, rule.Code) || !slices.Contains(failed, rule.Code) {
			return &Fault{Code: rule.Code, Text: "needs a case in which it holds and one in which it does not"}
		}
	}
	return nil
}

func verdict(tc loanv1.TestCase, r Result) string {
	if r.Held {
		return tc.Condition + " holds, and the case wants it not to"
	}
	return tc.Condition + " does not hold because of " + r.Reasons[0].Code + ", and the case wants it to"
}

// caseValues reads the variables of a case; those that it leaves out are 0,
// false or empty.
func caseValues(tc loanv1.TestCase) (condition.Values, error) {
	known := condition.Variables(List(tc.Condition).Stage())
	v := condition.Values{}
	for _, in := range tc.Variables {
		i := slices.IndexFunc(known, func(k condition.Variable) bool { return k.Name == in.Name })
		if i < 0 {
			return nil, &Fault{Text: "a variable that is not known in " + tc.Condition}
		}
		if _, twice := v[in.Name]; twice {
			return nil, &Fault{Text: in.Name + " twice"}
		}
		switch t := known[i].Type; {
		case t != condition.Text && in.Text != "", t == condition.Text && in.Value != 0, t == condition.Bool && in.Value>>1 != 0:
			return nil, &Fault{Text: in.Name + " is of type " + t.String()}
		}
		v[in.Name] = condition.Value{Int: in.Value, Bool: in.Value == 1, Text: in.Text}
	}
	return v, nil
}
