package portal

import (
	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	"github.com/xinlian/xinlian/scorecard"
	"github.com/xinlian/xinlian/scorecard/terms"
)

// change words one step of a way up.
func (g *Page) change(set uint32, feature int, from, to int64) string {
	d := scorecard.Definitions(set)[feature]
	verb := "way.raise"
	if to < from {
		verb = "way.lower"
	}
	return g.T(verb, g.Pick(d.ZH, d.EN), d.Format(scorecard.Known(from), g.scoreLang()), d.Format(scorecard.Known(to), g.scoreLang()))
}

// sliderText is where a slider stands, and what is now where that differs.
func (g *Page) sliderText(s slider) string {
	now, at := s.Def.Format(scorecard.Known(s.Now), g.scoreLang()), s.Def.Format(scorecard.Known(s.At()), g.scoreLang())
	if now == at {
		return g.T("whatif.now", now)
	}
	return g.T("whatif.moved", at, now)
}

// fromTo shows a change, or what does not.
func (g *Page) fromTo(now, then string) string {
	if now == then {
		return now
	}
	return now + " → " + then
}

// rounded names where a remainder fell; a part with nothing to round says nothing.
func (g *Page) rounded(r loanv1.Rounding) string {
	switch r {
	case loanv1.Rounding_ROUNDING_UP:
		return " " + g.T("rounding.up")
	case loanv1.Rounding_ROUNDING_DOWN:
		return " " + g.T("rounding.down")
	}
	return ""
}

// rateParts and limitBounds are terms in the form in which decisions have them, so
// that both are shown by the same words.
func rateParts(t terms.Terms) []loanv1.RatePart {
	var list []loanv1.RatePart
	for _, p := range t.Parts {
		list = append(list, loanv1.RatePart{Code: p.Code, Bps: p.Bps, Rounding: loanv1.Rounding(p.Rounding)})
	}
	return list
}

func limitBounds(t terms.Terms) []loanv1.LimitBound {
	var list []loanv1.LimitBound
	for _, b := range t.Bounds {
		list = append(list, loanv1.LimitBound{Code: b.Code, LimitFen: b.LimitFen, Rounding: loanv1.Rounding(b.Rounding)})
	}
	return list
}
