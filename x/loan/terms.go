package loan

import (
	"slices"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	"github.com/xinlian/xinlian/lending/condition"
	"github.com/xinlian/xinlian/lending/template"
)

// Bounds of a template.
const (
	NameBytesMax        = 32
	CodeBytesMax        = 32
	WordsBytesMax       = 2048
	ConditionsMax       = 8
	TestCasesMax        = 64
	VariablesMax        = 32
	GraceDaysMax        = 30
	LateFeeBpsMax       = 500
	PrepaymentFeeBpsMax = 500
	StepDownBpsMax      = 1_000
)

// variableBytesMax bounds the name of a variable in a test case.
const variableBytesMax = 64

// validateTerms checks every bound of the terms that needs no compiler.
func validateTerms(t loanv1.TemplateTerms) error {
	switch {
	case !isToken(t.Name, NameBytesMax):
		return ErrTemplate.Wrapf("name of %d bytes, want 1 to %d of a-z, 0-9 and -", len(t.Name), NameBytesMax)
	case t.Version == 0:
		return ErrTemplate.Wrap("version 0, want 1 or more")
	case t.Method < loanv1.Method_METHOD_EQUAL_INSTALMENT || t.Method > loanv1.Method_METHOD_BULLET:
		return ErrTemplate.Wrapf("method %d", t.Method)
	case t.PeriodUnit != loanv1.PeriodUnit_PERIOD_UNIT_MONTH && t.PeriodUnit != loanv1.PeriodUnit_PERIOD_UNIT_WEEK:
		return ErrTemplate.Wrapf("period unit %d", t.PeriodUnit)
	case t.GraceDays > GraceDaysMax:
		return ErrTemplate.Wrapf("%d grace days, want at most %d", t.GraceDays, GraceDaysMax)
	case t.LateFeeBps > LateFeeBpsMax:
		return ErrTemplate.Wrapf("late fee of %d basis points, want at most %d", t.LateFeeBps, LateFeeBpsMax)
	case t.PrepaymentFeeBps > PrepaymentFeeBpsMax:
		return ErrTemplate.Wrapf("prepayment fee of %d basis points, want at most %d", t.PrepaymentFeeBps, PrepaymentFeeBpsMax)
	}
	if err := validateTranches(t.TrancheBps); err != nil {
		return err
	}
	if len(t.TrancheBps) > 1 && len(t.Release) == 0 {
		return ErrTemplate.Wrap("more than one tranche needs a release condition")
	}
	for _, l := range template.Lists(t) {
		if err := validateConditions(l.Conditions); err != nil {
			return err
		}
	}
	if err := validateStepDowns(t.StepDowns); err != nil {
		return err
	}
	return validateCases(t.Tests)
}

func validateTranches(bps []uint32) error {
	if len(bps) == 0 || len(bps) > TranchesMax {
		return ErrTemplate.Wrapf("%d tranches, want 1 to %d", len(bps), TranchesMax)
	}
	var sum uint64
	for _, b := range bps {
		if b == 0 || b > bpsUnit {
			return ErrTemplate.Wrapf("tranche of %d basis points", b)
		}
		sum += uint64(b)
	}
	if sum != bpsUnit {
		return ErrTemplate.Wrapf("tranches sum to %d basis points, want %d", sum, bpsUnit)
	}
	return nil
}

func validateStepDowns(list []loanv1.StepDown) error {
	if len(list) > template.StepDownsMax {
		return ErrTemplate.Wrapf("%d step-downs, want at most %d", len(list), template.StepDownsMax)
	}
	for _, s := range list {
		if s.Bps == 0 || s.Bps > StepDownBpsMax {
			return ErrTemplate.Wrapf("%s: step-down of %d basis points, want 1 to %d", s.Condition.Code, s.Bps, StepDownBpsMax)
		}
	}
	return nil
}

func validateConditions(list []loanv1.Condition) error {
	if len(list) > ConditionsMax {
		return ErrTemplate.Wrapf("%d conditions in a list, want at most %d", len(list), ConditionsMax)
	}
	for _, c := range list {
		if !isToken(c.Code, CodeBytesMax) {
			return ErrTemplate.Wrapf("code of %d bytes, want 1 to %d of a-z, 0-9 and -", len(c.Code), CodeBytesMax)
		}
		if slices.Contains(chainReasons, c.Code) {
			return ErrTemplate.Wrapf("code %q is the chain's own", c.Code)
		}
		if len(c.Expression) > condition.SourceBytesMax {
			return ErrExpression.Wrapf("%s: %d bytes, want at most %d", c.Code, len(c.Expression), condition.SourceBytesMax)
		}
		if !isWords(c.Zh) || !isWords(c.En) {
			return ErrTemplate.Wrapf("%s: words in zh and en need 1 to %d bytes of printable text", c.Code, WordsBytesMax)
		}
	}
	return nil
}

func validateCases(cases []loanv1.TestCase) error {
	if len(cases) == 0 || len(cases) > TestCasesMax {
		return ErrTemplate.Wrapf("%d test cases, want 1 to %d", len(cases), TestCasesMax)
	}
	for i, tc := range cases {
		if !isToken(tc.Condition, NameBytesMax) {
			return ErrTemplate.Wrapf("test case %d is about no list", i+1)
		}
		if len(tc.Variables) > VariablesMax {
			return ErrTemplate.Wrapf("test case %d has %d variables, want at most %d", i+1, len(tc.Variables), VariablesMax)
		}
		for _, v := range tc.Variables {
			if len(v.Name) > variableBytesMax || len(v.Text) > condition.TextBytesMax {
				return ErrTemplate.Wrapf("test case %d: name of %d and text of %d bytes, want at most %d and %d", i+1, len(v.Name), len(v.Text), variableBytesMax, condition.TextBytesMax)
			}
		}
	}
	return nil
}

// isToken accepts a short public name: lower-case ASCII letters, digits and dashes.
func isToken(s string, bytesMax int) bool {
	if s == "" || len(s) > bytesMax {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}

// isWords accepts text for people: UTF-8 in form NFC without control characters.
func isWords(s string) bool {
	if s == "" || len(s) > WordsBytesMax || !utf8.ValidString(s) || !norm.NFC.IsNormalString(s) {
		return false
	}
	for _, r := range s {
		if r < ' ' || (r >= 0x7f && r < 0xa0) || (r >= 0x200b && r <= 0x200f) || (r >= 0x2028 && r <= 0x202e) || (r >= 0x2060 && r <= 0x206f) {
			return false
		}
	}
	return true
}

func clip(s string) string {
	if len(s) > NameBytesMax {
		return s[:NameBytesMax]
	}
	return s
}

// splitPrincipal shares a principal among tranches: each gets its part rounded
// down, the last one the remainder, so that the parts sum to the whole.
func splitPrincipal(principalFen int64, bps []uint32) ([]int64, error) {
	parts := make([]int64, len(bps))
	left := principalFen
	for i, b := range bps {
		part := left
		if i < len(bps)-1 {
			var err error
			if part, err = mulDiv(principalFen, int64(b), bpsUnit, roundDown); err != nil {
				return nil, err
			}
		}
		if part <= 0 {
			return nil, ErrAmount.Wrapf("%d fen in %d tranches leave tranche %d empty", principalFen, len(bps), i+1)
		}
		parts[i] = part
		left -= part
	}
	return parts, nil
}
