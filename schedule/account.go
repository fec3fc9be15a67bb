package schedule

import (
	"errors"
	"fmt"
)

// Account is money that is drawn and repaid on a running balance: the common
// ground of credit that is drawn again (随借随还) and of repayment out of sales.
// Interest is by the day on the principal that is drawn, without interest on
// interest. It is rounded where it is billed, and the remainder is carried on,
// so that bills of any length sum to the exact interest, to less than a fen.
type Account struct {
	// DrawnFen is the principal owed, InterestFen what is billed and not paid.
	DrawnFen, InterestFen int64
	// accrued is the interest not billed yet, in fen * ppm * days. It may be
	// negative by half a fen after a bill that was rounded up.
	accrued int64
	ratePpm uint32
	count   DayCount
	today   Date
}

// accruedMax keeps a day's growth of the accrued interest inside 64 bits.
const accruedMax = 1 << 62

// NewAccount opens an account without a balance. Interest is by Act365 or
// Act360: a running balance knows no months.
func NewAccount(ratePpm uint32, count DayCount, on Date) (Account, error) {
	switch {
	case ratePpm > RatePpmMax:
		return Account{}, fmt.Errorf("rate of %d ppm a year, want at most %d", ratePpm, RatePpmMax)
	case count != Act365 && count != Act360:
		return Account{}, fmt.Errorf("%s for a running balance, want %s or %s", count, Act365, Act360)
	case on < DateMin || on > DateMax:
		return Account{}, fmt.Errorf("account from %s, want a day from %s to %s", on, DateMin, DateMax)
	}
	return Account{ratePpm: ratePpm, count: count, today: on}, nil
}

// Draw lends more.
func (a Account) Draw(on Date, fen int64) (Account, error) {
	if err := within(fen, 1, PrincipalFenMax-a.DrawnFen, "drawing"); err != nil {
		return a, err
	}
	next, err := a.accrue(on)
	if err != nil {
		return a, err
	}
	next.DrawnFen += fen
	return next, nil
}

// Repay takes principal back; interest stays until it is billed.
func (a Account) Repay(on Date, fen int64) (Account, error) {
	if err := within(fen, 1, a.DrawnFen, "repayment of principal"); err != nil {
		return a, err
	}
	next, err := a.accrue(on)
	if err != nil {
		return a, err
	}
	next.DrawnFen -= fen
	return next, nil
}

// SetRate changes the rate from a day on.
func (a Account) SetRate(on Date, ratePpm uint32) (Account, error) {
	if ratePpm > RatePpmMax {
		return a, fmt.Errorf("rate of %d ppm a year, want at most %d", ratePpm, RatePpmMax)
	}
	next, err := a.accrue(on)
	if err != nil {
		return a, err
	}
	next.ratePpm = ratePpm
	return next, nil
}

// Bill moves the interest up to a day into InterestFen, rounded to the fen, and
// says how much that was.
func (a Account) Bill(on Date) (Account, int64, error) {
	next, err := a.accrue(on)
	if err != nil {
		return a, 0, err
	}
	unit := ppmUnit * a.count.YearDays()
	fen, err := mulDiv(max(next.accrued, 0), 1, unit, InterestRounding)
	if err != nil {
		return a, 0, err
	}
	next.accrued -= fen * unit
	next.InterestFen += fen
	return next, fen, nil
}

// PayInterest pays billed interest.
func (a Account) PayInterest(fen int64) (Account, error) {
	if err := within(fen, 0, a.InterestFen, "payment of interest"); err != nil {
		return a, err
	}
	a.InterestFen -= fen
	return a, nil
}

func (a Account) accrue(on Date) (Account, error) {
	if on < a.today || on > DateMax {
		return a, fmt.Errorf("on %s, want a day from %s to %s", on, a.today, DateMax)
	}
	more, err := mulDiv(a.DrawnFen*int64(on-a.today), int64(a.ratePpm), 1, Down)
	if err != nil || more > accruedMax || a.accrued > accruedMax-more {
		return a, errors.New("interest that is not billed leaves 64 bits: bill earlier")
	}
	a.accrued += more
	a.today = on
	return a, nil
}
