package loan

import (
	"slices"
	"sync"

	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
)

const (
	contractsCachedMax   = 64
	compileConditionGas  = 20_000
	evaluateConditionGas = 1_000
)

// Contract is a template whose conditions are compiled. It is immutable.
type Contract struct {
	// Terms are the template's.
	Terms loanv1.TemplateTerms

	eligibility, referral, release []condition
}

// Compile checks the terms of a template and compiles its conditions. It refuses
// terms out of bounds with ErrTemplate and expressions with ErrExpression.
func Compile(terms loanv1.TemplateTerms) (*Contract, error) {
	if err := validateTerms(terms); err != nil {
		return nil, err
	}
	env, err := environments()
	if err != nil {
		return nil, ErrExpression.Wrapf("internal: %s", err)
	}
	c := &Contract{Terms: terms}
	seen := map[string]bool{}
	for _, l := range []struct {
		name string
		in   []loanv1.Condition
		out  *[]condition
	}{
		{listEligibility, terms.Eligibility, &c.eligibility},
		{listReferral, terms.Referral, &c.referral},
		{listRelease, terms.Release, &c.release},
	} {
		for _, in := range l.in {
			if seen[in.Code] {
				return nil, ErrTemplate.Wrapf("code %q twice", in.Code)
			}
			seen[in.Code] = true
			out, err := compileCondition(env[l.name], in)
			if err != nil {
				return nil, err
			}
			*l.out = append(*l.out, out)
		}
	}
	return c, nil
}

// Test runs the template's own cases: each must come out as wanted, and every
// condition must hold in one case and fail in another, so that none is untested.
func (c *Contract) Test() error {
	held, failed := map[string]bool{}, map[string]bool{}
	for i, tc := range c.Terms.Tests {
		list, names := c.list(tc.Condition)
		v, err := caseValues(tc, names)
		if err != nil {
			return ErrTestCase.Wrapf("case %d: %s", i+1, err)
		}
		all := true
		for _, cond := range list {
			if cond.holds(v) {
				held[cond.code] = true
			} else {
				failed[cond.code], all = true, false
			}
		}
		if all != tc.Want {
			return ErrTestCase.Wrapf("case %d: %s holds: %t, want %t", i+1, tc.Condition, all, tc.Want)
		}
	}
	for _, cond := range slices.Concat(c.eligibility, c.referral, c.release) {
		if !held[cond.code] || !failed[cond.code] {
			return ErrTestCase.Wrapf("condition %q needs a case in which it holds and one in which it does not", cond.code)
		}
	}
	return nil
}

func (c *Contract) list(name string) ([]condition, []string) {
	switch name {
	case listEligibility:
		return c.eligibility, underwritingNames
	case listReferral:
		return c.referral, underwritingNames
	default:
		return c.release, releaseNames
	}
}

func caseValues(tc loanv1.TestCase, names []string) (values, error) {
	v := values{}
	for _, in := range tc.Variables {
		if !slices.Contains(names, in.Name) {
			return nil, ErrTestCase.Wrapf("no variable %q in %s", in.Name, tc.Condition)
		}
		if _, twice := v[in.Name]; twice {
			return nil, ErrTestCase.Wrapf("variable %q twice", in.Name)
		}
		v[in.Name] = in.Value
	}
	return v, nil
}

// contracts remembers compiled templates by hash. What it holds is a pure
// function of the key, so it cannot make two nodes differ; gas is charged
// whether or not a template was found here.
type contracts struct {
	mu     sync.Mutex
	byHash map[[32]byte]*Contract
	order  [][32]byte
}

func (c *contracts) compile(hash [32]byte, terms loanv1.TemplateTerms) (*Contract, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if found, ok := c.byHash[hash]; ok {
		return found, nil
	}
	made, err := Compile(terms)
	if err != nil {
		return nil, err
	}
	if c.byHash == nil {
		c.byHash = map[[32]byte]*Contract{}
	}
	if len(c.order) == contractsCachedMax {
		delete(c.byHash, c.order[0])
		c.order = c.order[1:]
	}
	c.byHash[hash] = made
	c.order = append(c.order, hash)
	return made, nil
}
