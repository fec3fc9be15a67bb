package app

import (
	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	"github.com/xinlian/xinlian/x/loan"
)

// CheckTemplate refuses a contract template that the chain would refuse when it
// is submitted: its form, its conditions, their words and its own test cases.
func CheckTemplate(terms loanv1.TemplateTerms) error {
	contract, err := loan.Compile(terms)
	if err != nil {
		return err
	}
	return contract.Test()
}
