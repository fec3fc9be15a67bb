package loan

import (
	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	"github.com/xinlian/xinlian/schedule"
)

const ppmOfBps = ppmUnit / bpsUnit

// Plan is what the schedule of a tranche is computed from: principal, yearly
// rate and number of periods of a contract, repaid by the method and periods of
// its template. A month counts 30 of 360 days, a week 7 of 365. It needs 1 to
// PrincipalFenMax fen, at most RateBpsMax and 1 to PeriodsMax periods.
type Plan struct {
	PrincipalFen int64
	RateBps      uint32
	Periods      uint32
	Method       loanv1.Method
	Unit         loanv1.PeriodUnit
	// Start is when the tranche is paid out, in Unix seconds.
	Start int64
}

// Schedule lists the rows of the plan.
func (p Plan) Schedule() ([]schedule.Row, error) {
	t, err := p.terms()
	if err != nil {
		return nil, err
	}
	rows, err := schedule.Make(t)
	return rows, internal(err)
}

// shortened lists the rows that are left after a prepayment: instalments keep
// their amount, so a smaller balance ends earlier.
func (p Plan) shortened(rateBps uint32, r schedule.Remainder) ([]schedule.Row, error) {
	t, err := p.terms()
	if err != nil {
		return nil, err
	}
	r.Keep = true
	if r.LevelFen, err = schedule.LevelFen(t); err != nil {
		return nil, internal(err)
	}
	p.RateBps = rateBps
	if t, err = p.terms(); err != nil {
		return nil, err
	}
	rows, err := schedule.Remake(t, r)
	return rows, internal(err)
}

// period is the number of the period at whose end a row is due: all but a
// bullet's one row have their own.
func (p Plan) period(r schedule.Row) uint32 {
	if p.Method == loanv1.Method_METHOD_BULLET {
		return p.Periods
	}
	return r.Number
}

func (p Plan) terms() (schedule.Terms, error) {
	t := schedule.Terms{PrincipalFen: p.PrincipalFen, RatePpm: p.RateBps * ppmOfBps, Periods: p.Periods}
	if err := amountWithin(p.PrincipalFen, PrincipalFenMax); err != nil {
		return t, err
	}
	if p.RateBps > RateBpsMax {
		return t, ErrInvalid.Wrapf("rate of %d basis points, want at most %d", p.RateBps, RateBpsMax)
	}
	if p.Periods == 0 || p.Periods > PeriodsMax {
		return t, ErrInvalid.Wrapf("%d periods, want 1 to %d", p.Periods, PeriodsMax)
	}
	switch p.Method {
	case loanv1.Method_METHOD_EQUAL_INSTALMENT:
		t.Method = schedule.EqualInstalment
	case loanv1.Method_METHOD_EQUAL_PRINCIPAL:
		t.Method = schedule.EqualPrincipal
	case loanv1.Method_METHOD_INTEREST_ONLY:
		t.Method = schedule.InterestOnly
	case loanv1.Method_METHOD_BULLET:
		t.Method = schedule.Bullet
	default:
		return t, ErrInvalid.Wrapf("method %d", p.Method)
	}
	switch p.Unit {
	case loanv1.PeriodUnit_PERIOD_UNIT_MONTH:
		t.Unit, t.DayCount = schedule.Month, schedule.Thirty360
	case loanv1.PeriodUnit_PERIOD_UNIT_WEEK:
		t.Unit, t.DayCount = schedule.Week, schedule.Act365
	default:
		return t, ErrInvalid.Wrapf("period unit %d", p.Unit)
	}
	var err error
	t.Start, err = schedule.UnixDay(dayNumber(p.Start))
	return t, internal(err)
}

// internal gives an error of the schedule a code: what a plan lets through has none.
func internal(err error) error {
	if err == nil {
		return nil
	}
	return ErrInvalid.Wrapf("internal: schedule: %s", err)
}
