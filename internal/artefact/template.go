package artefact

import (
	"github.com/xinlian/xinlian/internal/canon"

	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
)

// TemplateBytes returns the canonical bytes of a contract template, kind
// `template`: name, version, method, period unit, tranches, grace, late fee,
// prepayment fee, the three lists of conditions in the order eligibility,
// referral, release, and the test cases. Lists carry a four-byte count. The
// only error is text that is not UTF-8 in form NFC.
func TemplateBytes(t loanv1.TemplateTerms) ([]byte, error) {
	return template(t).Encoded()
}

// TemplateHash is what auditors sign and products and contracts name: the
// SHA-256 of TemplateBytes.
func TemplateHash(t loanv1.TemplateTerms) ([32]byte, error) {
	return template(t).Sum()
}

func template(t loanv1.TemplateTerms) *canon.Writer {
	w := canon.New("template").
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
		}
		w.Bool(c.Want)
	}
	return w
}

func conditions(w *canon.Writer, list []loanv1.Condition) {
	w.Uint32(uint32(len(list)))
	for _, c := range list {
		w.String(c.Code).String(c.Expression).String(c.Zh).String(c.En)
	}
}
