package loan

import (
	"errors"
	"sync"

	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	"github.com/xinlian/xinlian/lending/template"
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

	rules *template.Rules
}

// Compile checks the terms of a template and compiles its conditions. It refuses
// terms out of bounds with ErrTemplate and conditions with ErrExpression.
func Compile(terms loanv1.TemplateTerms) (*Contract, error) {
	if err := validateTerms(terms); err != nil {
		return nil, err
	}
	rules, err := template.Compile(terms)
	if err != nil {
		return nil, refusal(err)
	}
	return &Contract{Terms: terms, rules: rules}, nil
}

// refusal gives a fault of a condition ErrExpression and any other ErrTemplate.
func refusal(err error) error {
	var f *template.Fault
	if errors.As(err, &f) && f.Cause != nil {
		return ErrExpression.Wrap(f.Error())
	}
	return ErrTemplate.Wrap(err.Error())
}

// Test runs the template's own cases: each must come out as wanted, and every
// condition must hold in one case and fail in another, so that none is untested.
// It refuses with ErrTestCase.
func (c *Contract) Test() error {
	if err := c.rules.Test(c.Terms.Tests); err != nil {
		return ErrTestCase.Wrap(err.Error())
	}
	return nil
}

// Encoded returns the canonical encodings of the conditions, which are what the
// chain stores and runs.
func (c *Contract) Encoded() [][]byte { return c.rules.Encoded() }

// contracts remembers loaded templates by hash. What it holds is a pure
// function of the key, so it cannot make two nodes differ; gas is charged
// whether or not a template was found here.
type contracts struct {
	mu     sync.Mutex
	byHash map[[32]byte]*Contract
	order  [][32]byte
}

// load makes the contract of a template's row from its encoded conditions. The
// text was compiled once, when the template was submitted; no parser runs here.
func (c *contracts) load(t loanv1.Template) (*Contract, error) {
	hash := [hashBytes]byte(t.Hash)
	c.mu.Lock()
	defer c.mu.Unlock()
	if found, ok := c.byHash[hash]; ok {
		return found, nil
	}
	rules, err := template.Load(t.Terms, t.Compiled)
	if err != nil {
		return nil, ErrExpression.Wrapf("internal: template %X: %s", t.Hash, err)
	}
	made := &Contract{Terms: t.Terms, rules: rules}
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
