package artefact

import (
	"github.com/xinlian/xinlian/internal/canon"

	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
)

// TemplateBytes returns the canonical bytes of a contract template, kind
// `template`: name, version, method, period unit, tranches, grace, late fee,
// prepayment fee, the three lists of conditions in the order eligibility,
// referral, release, and the test cases. Lists carry a four-byte count.
//
// A template with covenants, warnings, step-downs or a test case that sets a
// string is of kind `template-2`: the same fields, with a string after the
// integer of each variable of a test case, and then covenants, warnings and
// step-downs, each of which is a condition and its basis points. So there is one
// encoding of each template, and templates of before keep their hashes.
//
// The conditions carry their words, so this hash is also that of the exact
// rendering that the borrower reads. The only error is text that is not UTF-8 in
// form NFC.
func TemplateBytes(t loanv1.TemplateTerms) ([]byte, error) {
	return template(t).Encoded()
}

// TemplateHash is what auditors sign and products and contracts name: the
// SHA-256 of TemplateBytes.
func TemplateHash(t loanv1.TemplateTerms) ([32]byte, error) {
	return template(t).Sum()
}

func template(t loanv1.TemplateTerms) *canon.Writer {
	second := secondKind(t)
	kind := "template"
	if second {
		kind = "template-2"
	}
	w := canon.New(kind).
		String(t.Name).
		Uint32(t.Version).
		Uint32(uint32(t.Method)).
		Uint32(uint32(t.PeriodUnit)).
		Uint32(uint32(len(t.TrancheBps)))
	for _, bps := range t.TrancheBps {
		w.Uint32(bps)
	}
	w.Uint32(t.GraceDays).Uint32(t.LateFeeBps).Uint32(t.PrepaymentFeeBps)
	conditions(w, t.Eligibility)
	conditions(w, t.Referral)
	conditions(w, t.Release)
	w.Uint32(uint32(len(t.Tests)))
	for _, c := range t.Tests {
		w.String(c.Condition).Uint32(uint32(len(c.Variables)))
		for _, v := range c.Variables {
			w.String(v.Name).Int64(v.Value)
			if second {
				w.String(v.Text)
			}
		}
		w.Bool(c.Want)
	}
	if second {
		conditions(w, t.Covenants)
		conditions(w, t.Warnings)
		w.Uint32(uint32(len(t.StepDowns)))
		for _, s := range t.StepDowns {
			condition(w, s.Condition)
			w.Uint32(s.Bps)
		}
	}
	return w
}

// secondKind tells whether a template has anything that the first kind cannot say.
func secondKind(t loanv1.TemplateTerms) bool {
	if len(t.Covenants)+len(t.Warnings)+len(t.StepDowns) > 0 {
		return true
	}
	for _, c := range t.Tests {
		for _, v := range c.Variables {
			if v.Text != "" {
				return true
			}
		}
	}
	return false
}

func conditions(w *canon.Writer, list []loanv1.Condition) {
	w.Uint32(uint32(len(list)))
	for _, c := range list {
		condition(w, c)
	}
}

func condition(w *canon.Writer, c loanv1.Condition) {
	w.String(c.Code).String(c.Expression).String(c.Zh).String(c.En)
}
