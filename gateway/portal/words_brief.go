package portal

import (
	"github.com/xinlian/xinlian/gateway/brief"
	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
)

// fact words one fact of a brief. What its numbers count is package brief's to say.
func (g *Page) fact(f brief.Fact) string {
	key := "fact." + string(f.Code)
	switch f.Code {
	case brief.NoDebt:
		return g.T(key)
	case brief.GradeHigh:
		return g.T(key, gradeName(uint32(f.Value)))
	case brief.RoomUnderLimit, brief.CapacityLeap, brief.OverLimit:
		return g.T(key, Money(f.Value), Money(f.Of))
	case brief.WrittenOff:
		return g.T(key, Money(f.Value))
	case brief.DisputeOpen, brief.DisputeOverdue:
		return g.T(key, f.Value, Moment(f.Of))
	case brief.ConsentEnds, brief.Overdue, brief.Servicing:
		return g.T(key, Moment(f.Value))
	case brief.ConsentDead:
		return g.T(key, g.enum("consentstate", profilev1.ConsentState(f.Value).String(), "CONSENT_STATE_"))
	case brief.ModelAlarm:
		return g.T(key, g.enum("alarm", scorev1.Alarm(f.Value).String(), "ALARM_"), f.Of)
	case brief.ModelStopped:
		return g.T(key, g.enum("modelstatus", scorev1.ModelStatus(f.Value).String(), "MODEL_STATUS_"))
	case brief.ManyAttestors, brief.LongHistory, brief.RefusedByOne, brief.OtherLenders, brief.IndexStale, brief.ScoreEnds,
		brief.LoanDelinquent, brief.MoneyFrozen:
		return g.T(key, f.Value)
	}
	return g.T(key, f.Value, f.Of)
}

// became says what came of a similar case.
func (g *Page) became(c brief.Case) string {
	if c.Loan == 0 {
		return g.T("brief.noloan")
	}
	return g.T("brief.loan", g.loanStatus(loanv1.LoanStatus(c.LoanStatus)), c.OnTime, c.Late)
}

// review says whose turn it is or was.
func (g *Page) review(r loanv1.Review) string {
	key := "review.referred"
	if r.Appeal != nil {
		key = "review.appeal"
	}
	text := g.T(key, Moment(r.OpenedAt))
	switch {
	case r.DecidedAt != 0:
		return text + g.T("review.decided", Moment(r.DecidedAt))
	case r.Overdue:
		return text + g.T("review.overdue", Moment(r.DueAt))
	}
	return text + g.T("review.due", Moment(r.DueAt))
}
