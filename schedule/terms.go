package schedule

import (
	"errors"
	"fmt"
)

// Method is how principal is repaid.
type Method uint8

// Methods of repayment with a plan made in advance. Credit that is drawn and
// repaid again is an Account, a loan repaid out of sales a Turnover.
const (
	// EqualInstalment repays in level instalments (等额本息).
	EqualInstalment Method = iota + 1
	// EqualPrincipal repays equal parts of the principal (等额本金).
	EqualPrincipal
	// InterestOnly pays interest each period and the principal at the end (先息后本).
	InterestOnly
	// Bullet pays principal and simple interest at the end, in one row (一次还本付息).
	Bullet
	// Seasonal repays parts of the principal by given weights (按季节或自定义还本).
	Seasonal
)

func (m Method) String() string {
	switch m {
	case EqualInstalment:
		return "equal-instalment"
	case EqualPrincipal:
		return "equal-principal"
	case InterestOnly:
		return "interest-only"
	case Bullet:
		return "bullet"
	case Seasonal:
		return "seasonal"
	default:
		return fmt.Sprintf("method %d", uint8(m))
	}
}

// Unit is the unit of a period.
type Unit uint8

// Units of a period.
const (
	Month Unit = iota + 1
	Week
	Day
)

func (u Unit) String() string {
	switch u {
	case Month:
		return "month"
	case Week:
		return "week"
	case Day:
		return "day"
	default:
		return fmt.Sprintf("unit %d", uint8(u))
	}
}

// Level says from which fractions of a year the level instalment is solved.
// Interest always follows the day count.
type Level uint8

const (
	// LevelOfDays solves it from the days of each period, so that all instalments are equal.
	LevelOfDays Level = iota
	// LevelOfPeriods takes the textbook annuity at the period's nominal rate, a
	// month being a twelfth of a year; the last instalment absorbs what the days differ.
	LevelOfPeriods
)

func (l Level) String() string {
	switch l {
	case LevelOfDays:
		return "days"
	case LevelOfPeriods:
		return "periods"
	default:
		return fmt.Sprintf("level %d", uint8(l))
	}
}

// Grace says what happens to interest in the grace periods, which repay no principal.
type Grace uint8

const (
	// GraceInterest has it paid.
	GraceInterest Grace = iota
	// GraceCapitalised adds it to the principal.
	GraceCapitalised
)

// Reset is a new rate.
type Reset struct {
	// From is the number of the first row that bears it, from 2.
	From uint32
	// RatePpm is the new yearly rate.
	RatePpm uint32
}

// Terms are what a schedule is computed from. The zero value of every field
// from FirstDue on is the plain case.
type Terms struct {
	// PrincipalFen is paid out on Start: 1 to PrincipalFenMax.
	PrincipalFen int64
	// RatePpm is the nominal yearly rate in parts per million, at most RatePpmMax.
	RatePpm  uint32
	Method   Method
	DayCount DayCount
	Start    Date
	// Unit and Every make a period: every 3 months, every 2 weeks; Every of 0 is 1.
	Unit  Unit
	Every uint32
	// Periods is the number of periods: 1 to PeriodsMax.
	Periods uint32

	// FirstDue ends the first period, which may be shorter or longer than the
	// others; without it the first period is a regular one.
	FirstDue Date
	// Roll moves due days that are not business days of Holidays. Interest runs to
	// the day moved to, unless Unadjusted.
	Roll       Roll
	Holidays   Holidays
	Unadjusted bool
	// Level is for EqualInstalment.
	Level Level
	// GracePeriods repay no principal; at least one period is not one of them.
	GracePeriods uint32
	Grace        Grace
	// Weights of the principal by period are for Seasonal, one for each period.
	// Amounts in fen that sum to the principal are weights too.
	Weights []int64
	// Resets ascend.
	Resets []Reset
	// UpfrontFeeFen is kept back when the principal is paid out; PeriodFeeFen is paid with each row.
	UpfrontFeeFen, PeriodFeeFen int64
}

// Validate refuses terms out of bounds and says what is wanted instead.
func (t Terms) Validate() error {
	if err := within(t.PrincipalFen, 1, PrincipalFenMax, "principal"); err != nil {
		return err
	}
	switch {
	case t.RatePpm > RatePpmMax:
		return fmt.Errorf("rate of %d ppm a year, want at most %d", t.RatePpm, RatePpmMax)
	case t.Method < EqualInstalment || t.Method > Seasonal:
		return fmt.Errorf("%s is not known", t.Method)
	case t.DayCount < Act365 || t.DayCount > Thirty360:
		return fmt.Errorf("%s is not known", t.DayCount)
	case t.Unit < Month || t.Unit > Day:
		return fmt.Errorf("%s is not known", t.Unit)
	case t.Every > EveryMax:
		return fmt.Errorf("every %d %ss, want 1 to %d", t.Every, t.Unit, EveryMax)
	case t.Periods == 0 || t.Periods > PeriodsMax:
		return fmt.Errorf("%d periods, want 1 to %d", t.Periods, PeriodsMax)
	case t.Start < DateMin || t.Start > DateMax-TermDaysMax:
		return fmt.Errorf("start on %s, want a day from %s to %s", t.Start, DateMin, DateMax-TermDaysMax)
	case t.FirstDue != 0 && t.FirstDue <= t.Start:
		return fmt.Errorf("first due on %s is not after the start on %s", t.FirstDue, t.Start)
	case t.FirstDue > t.Start+TermDaysMax:
		return fmt.Errorf("first due on %s is more than %d days after the start", t.FirstDue, TermDaysMax)
	case t.Roll > RollPreceding:
		return fmt.Errorf("%s is not known", t.Roll)
	case t.Level > LevelOfPeriods:
		return fmt.Errorf("%s is not known", t.Level)
	case t.Grace > GraceCapitalised:
		return fmt.Errorf("kind of grace %d is not known", t.Grace)
	case t.GracePeriods >= t.Periods:
		return fmt.Errorf("%d grace periods of %d, want fewer", t.GracePeriods, t.Periods)
	case t.GracePeriods > 0 && (t.Method == Bullet || t.Method == InterestOnly):
		return fmt.Errorf("grace periods with %s, which repays no principal before its end", t.Method)
	}
	if err := t.Holidays.validate(); err != nil {
		return err
	}
	if err := t.validateFees(); err != nil {
		return err
	}
	if err := t.validateWeights(); err != nil {
		return err
	}
	return t.validateResets()
}

func (t Terms) validateFees() error {
	if err := within(t.UpfrontFeeFen, 0, t.PrincipalFen-1, "upfront fee"); err != nil {
		return err
	}
	return within(t.PeriodFeeFen, 0, t.PrincipalFen, "fee of a period")
}

func (t Terms) validateWeights() error {
	if t.Method != Seasonal {
		if len(t.Weights) > 0 {
			return fmt.Errorf("weights with %s, want them with %s only", t.Method, Seasonal)
		}
		return nil
	}
	if len(t.Weights) != int(t.Periods) {
		return fmt.Errorf("%d weights, want one for each of %d periods", len(t.Weights), t.Periods)
	}
	var sum int64
	for i, w := range t.Weights {
		if w < 0 || w > PrincipalFenMax {
			return fmt.Errorf("weight %d of period %d, want 0 to %d", w, i+1, int64(PrincipalFenMax))
		}
		if i < int(t.GracePeriods) && w != 0 {
			return fmt.Errorf("weight %d in grace period %d, want 0", w, i+1)
		}
		sum += w
	}
	if sum == 0 {
		return errors.New("all weights are 0, want one that is more")
	}
	return nil
}

func (t Terms) validateResets() error {
	if len(t.Resets) > 0 && t.Method == Bullet {
		return fmt.Errorf("new rates with %s, which has one row", t.Method)
	}
	before := uint32(1)
	for _, r := range t.Resets {
		if r.From <= before || r.From > t.Periods {
			return fmt.Errorf("new rate from row %d, want ascending rows from 2 to %d", r.From, t.Periods)
		}
		if r.RatePpm > RatePpmMax {
			return fmt.Errorf("new rate of %d ppm a year, want at most %d", r.RatePpm, RatePpmMax)
		}
		before = r.From
	}
	return nil
}

// ratePpm is the yearly rate that row n bears, and whether it is new there.
func (t Terms) ratePpm(n uint32) (ppm uint32, fresh bool) {
	ppm = t.RatePpm
	for _, r := range t.Resets {
		if r.From > n {
			break
		}
		ppm, fresh = r.RatePpm, r.From == n
	}
	return ppm, fresh
}

func (t Terms) every() int64 { return int64(max(t.Every, 1)) }
