package portal

import (
	"slices"

	"github.com/xinlian/xinlian/gateway/check"
	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	"github.com/xinlian/xinlian/internal/record"
	"github.com/xinlian/xinlian/scorecard"
)

func (g *Page) pathStep(s scorecard.Step) string {
	d := s.Reason.Definition()
	if d == nil {
		return ""
	}
	verb := "path.most"
	if s.Reason.Rising {
		verb = "path.least"
	}
	return g.T(verb, g.Pick(d.ZH, d.EN), d.Format(scorecard.Known(s.Reason.StepAt), g.scoreLang()), s.Reason.StepGain, s.Result.Score, Money(s.Result.CapacityFen))
}

func (g *Page) period(u loanv1.PeriodUnit) string {
	return g.enum("period", u.String(), "PERIOD_UNIT_")
}

func (g *Page) method(m loanv1.Method) string {
	return g.enum("method", m.String(), "METHOD_")
}

// previewKey names the sentence over a preview: only level instalments are all alike.
func previewKey(m loanv1.Method) string {
	if m == loanv1.Method_METHOD_EQUAL_INSTALMENT {
		return "preview.text"
	}
	return "preview.varied"
}

func (g *Page) rateText(o offerable) string {
	text := Percent(int64(o.Terms.RateBps))
	if o.Score == nil {
		text = g.T("apply.rate.from", text)
	}
	if o.Capped() {
		text += " " + g.T("rate.legal-cap")
	}
	return text
}

func (g *Page) staleness(live bool) string {
	if live {
		return ""
	}
	return " " + g.T("rate.stale")
}

// plainYuan is an amount as a person would type it.
func plainYuan(fen int64) string { return record.FormatFen(max(fen, 0)) }

func nextDue(rows []loanv1.Instalment) int64 {
	for _, i := range rows {
		if i.Status == loanv1.InstalmentStatus_INSTALMENT_STATUS_DUE || i.Status == loanv1.InstalmentStatus_INSTALMENT_STATUS_LATE {
			return dueFen(i)
		}
	}
	return 0
}

func (g *Page) loanStatus(s loanv1.LoanStatus) string {
	return g.enum("loanstatus", s.String(), "LOAN_STATUS_")
}

func loanTone(s loanv1.LoanStatus) string {
	switch s {
	case loanv1.LoanStatus_LOAN_STATUS_CURRENT, loanv1.LoanStatus_LOAN_STATUS_CLOSED:
		return "good"
	case loanv1.LoanStatus_LOAN_STATUS_DELINQUENT:
		return "warn"
	}
	return "bad"
}

func (g *Page) decided(o loanv1.Outcome) string { return g.enum("outcome", o.String(), "OUTCOME_") }

func outcomeOfTone(o loanv1.Outcome) string {
	switch o {
	case loanv1.Outcome_OUTCOME_APPROVED:
		return "good"
	case loanv1.Outcome_OUTCOME_REFERRED:
		return "warn"
	}
	return "bad"
}

// moneyReasons are the chain's reasons whose value and threshold are fen.
var moneyReasons = []string{"limit-product", "limit-capacity", "limit-exposure", "limit-pool"}

// decisionReason words one reason of a decision: the chain's own, or a
// condition of the contract template, which has only a code here.
func (g *Page) decisionReason(r loanv1.Reason) string {
	switch {
	case slices.Contains(moneyReasons, r.Code):
		return g.T("decision."+r.Code, Money(r.Value), Money(r.Threshold))
	case r.Code == "limit-grade":
		return g.T("decision.limit-grade", gradeName(uint32(r.Value)), gradeName(uint32(r.Threshold)))
	case r.Code == "index-stale":
		return g.T("decision.index-stale", r.Value)
	case known("decision." + r.Code):
		return g.T("decision."+r.Code, r.Value, r.Threshold)
	}
	return g.T("decision.condition", r.Code, r.Value, r.Threshold)
}

// moneyWords is the amount in words, where the language writes contracts so.
func (g *Page) moneyWords(fen int64) string {
	if g.Lang == EN {
		return Money(fen)
	}
	return Capital(fen)
}

func (g *Page) trancheText(t loanv1.Tranche) string {
	text := g.enum("tranche", t.Status.String(), "TRANCHE_STATUS_")
	if t.DisbursedAt != 0 {
		text += " · " + Moment(t.DisbursedAt)
	}
	for _, r := range t.HeldReasons {
		text += " · " + g.decisionReason(r)
	}
	return text
}

func (g *Page) instalment(s loanv1.InstalmentStatus) string {
	return g.enum("instalment", s.String(), "INSTALMENT_STATUS_")
}

func instalmentTone(s loanv1.InstalmentStatus) string {
	switch s {
	case loanv1.InstalmentStatus_INSTALMENT_STATUS_PAID:
		return "good"
	case loanv1.InstalmentStatus_INSTALMENT_STATUS_LATE:
		return "bad"
	}
	return ""
}

func (g *Page) journal(e loanv1.JournalEntry) string {
	text := g.enum("entry", e.Kind.String(), "ENTRY_KIND_")
	switch {
	case e.Instalment > 0:
		return text + " " + g.T("entry.instalment", e.Tranche, e.Instalment)
	case e.Tranche > 0:
		return text + " " + g.T("entry.tranche", e.Tranche)
	}
	return text
}

func (g *Page) severity(s check.Severity) string { return g.T("severity." + s.String()) }

func severityTone(s check.Severity) string {
	switch s {
	case check.Blocking:
		return "bad"
	case check.Warning:
		return "warn"
	}
	return ""
}

func (g *Page) bucket(name string) string {
	if name == "current" {
		return g.T("portfolio.current")
	}
	return name
}

func codeTone(code uint32) string {
	if code == 0 {
		return "good"
	}
	return "bad"
}

func (g *Page) code(space string, code uint32) string {
	if code == 0 {
		return g.T("tx.ok")
	}
	return space + "/" + num(code)
}
