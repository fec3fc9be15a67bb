package schedule

import (
	"errors"
	"fmt"
)

// Then says what an early repayment does to the rows that are left.
type Then uint8

const (
	// Shorten keeps the instalments and ends earlier.
	Shorten Then = iota
	// Reduce keeps the term and lowers the instalments.
	Reduce
)

// Penalty is what lateness costs. The zero value costs nothing.
type Penalty struct {
	// GraceDays after its due day a row is not yet late. A row that is late bears
	// penalty from its due day on.
	GraceDays uint32
	// RatePpm is the yearly rate on the unpaid principal and interest of the row,
	// by the days of the calendar over the year of the loan's day count, without
	// interest on interest.
	RatePpm uint32
	// CapPpm bounds the penalty of a row, as a part of its principal and interest
	// as first due; 0 is no bound.
	CapPpm uint32
}

// Bounds of a penalty.
const (
	GraceDaysMax     = 366
	PenaltyCapPpmMax = 10 * ppmUnit
	PrepayFeePpmMax  = ppmUnit
	loanDaysMax      = 4 * TermDaysMax
	paymentFenMax    = balanceFenMax
	fenDaysMax       = 1 << 62
)

// Portion is a payment by what it was for.
type Portion struct{ PrincipalFen, InterestFen, FeeFen, PenaltyFen int64 }

// Total is the whole payment.
func (p Portion) Total() int64 { return p.PrincipalFen + p.InterestFen + p.FeeFen + p.PenaltyFen }

func (p Portion) plus(q Portion) Portion {
	return Portion{p.PrincipalFen + q.PrincipalFen, p.InterestFen + q.InterestFen, p.FeeFen + q.FeeFen, p.PenaltyFen + q.PenaltyFen}
}

// Due is a row in the life of a loan.
type Due struct {
	Row  Row
	Paid Portion
	// fenDays is the unpaid principal and interest times the days since the due
	// day, up to day; it is rounded only when the penalty is computed.
	fenDays int64
	day     Date
	// levelFen is the level in force, or unlevelled.
	levelFen int64
}

// Owed is what is unpaid of principal, interest and fee.
func (d Due) Owed() Portion {
	return Portion{
		PrincipalFen: d.Row.PrincipalFen - d.Paid.PrincipalFen,
		InterestFen:  d.Row.InterestFen - d.Paid.InterestFen,
		FeeFen:       d.Row.FeeFen - d.Paid.FeeFen,
	}
}

// Loan is a loan in its life. Its methods are called with days that do not
// descend. A call that fails changes nothing.
type Loan struct {
	terms   Terms
	penalty Penalty
	// prepayFeePpm is charged on principal repaid early.
	prepayFeePpm uint32
	dues         []Due
	// paid rows come first.
	paid int
	// settled is the day up to which interest of the running period is paid.
	settled Date
	today   Date
}

// Open pays a loan out.
func Open(t Terms, p Penalty, prepayFeePpm uint32) (*Loan, error) {
	switch {
	case p.GraceDays > GraceDaysMax:
		return nil, fmt.Errorf("%d days of grace, want at most %d", p.GraceDays, GraceDaysMax)
	case p.RatePpm > RatePpmMax:
		return nil, fmt.Errorf("penalty rate of %d ppm a year, want at most %d", p.RatePpm, RatePpmMax)
	case p.CapPpm > PenaltyCapPpmMax:
		return nil, fmt.Errorf("penalty cap of %d ppm, want at most %d", p.CapPpm, PenaltyCapPpmMax)
	case prepayFeePpm > PrepayFeePpmMax:
		return nil, fmt.Errorf("fee of %d ppm on early repayment, want at most %d", prepayFeePpm, PrepayFeePpmMax)
	}
	periods, err := t.Dates()
	if err != nil {
		return nil, err
	}
	rows, levels, err := t.fill(periods, Remainder{BalanceFen: t.PrincipalFen, First: 1})
	if err != nil {
		return nil, err
	}
	l := &Loan{terms: t, penalty: p, prepayFeePpm: prepayFeePpm, settled: t.Start, today: t.Start}
	l.plan(rows, levels)
	return l, nil
}

// Dues lists the rows, paid ones first.
func (l *Loan) Dues() []Due { return append([]Due(nil), l.dues...) }

// Closed tells whether nothing is owed any more.
func (l *Loan) Closed() bool { return l.paid == len(l.dues) }

// OutstandingFen is the principal that is not repaid, with capitalised interest
// up to the last row that was due by today.
func (l *Loan) OutstandingFen() int64 {
	if l.Closed() {
		return 0
	}
	first := l.dues[l.paid]
	return first.Row.BalanceFen - first.Row.CapitalisedFen + first.Row.PrincipalFen - first.Paid.PrincipalFen
}

// PenaltyFen is the unpaid penalty of row i, counted from 0, on a day.
func (l *Loan) PenaltyFen(i int, on Date) (int64, error) {
	if i < 0 || i >= len(l.dues) {
		return 0, fmt.Errorf("row %d of %d", i+1, len(l.dues))
	}
	d, err := l.dues[i].accrue(on)
	if err != nil {
		return 0, err
	}
	return l.penaltyFen(d, on)
}

func (l *Loan) penaltyFen(d Due, on Date) (int64, error) {
	if int64(on-d.Row.Due) <= int64(l.penalty.GraceDays) && d.Paid.PenaltyFen == 0 {
		return 0, nil
	}
	fen, err := mulDiv(d.fenDays, int64(l.penalty.RatePpm), ppmUnit*l.terms.DayCount.YearDays(), InterestRounding)
	if err != nil {
		return 0, err
	}
	if l.penalty.CapPpm > 0 {
		most, err := mulDiv(d.Row.PrincipalFen+d.Row.InterestFen, int64(l.penalty.CapPpm), ppmUnit, ShareRounding)
		if err != nil {
			return 0, err
		}
		fen = min(fen, most)
	}
	return fen - d.Paid.PenaltyFen, nil
}

// accrue carries the unpaid amount of a row to a day.
func (d Due) accrue(on Date) (Due, error) {
	if on <= d.day {
		return d, nil
	}
	owed := d.Owed()
	more, err := mulDiv(owed.PrincipalFen+owed.InterestFen, int64(on-d.day), 1, Down)
	if err != nil || d.fenDays > fenDaysMax-more {
		return d, errors.New("penalty leaves 64 bits")
	}
	d.fenDays += more
	d.day = on
	return d, nil
}

// Pay puts money into the rows that are due by a day, oldest first, in each fee,
// penalty, interest, principal. It says what it took; the rest is not taken.
func (l *Loan) Pay(on Date, availableFen int64) (Portion, error) {
	if err := l.check(on, availableFen); err != nil {
		return Portion{}, err
	}
	next := l.clone()
	var taken Portion
	for next.paid < len(next.dues) && next.dues[next.paid].Row.Due <= on {
		d, err := next.dues[next.paid].accrue(on)
		if err != nil {
			return Portion{}, err
		}
		penalty, err := next.penaltyFen(d, on)
		if err != nil {
			return Portion{}, err
		}
		owed := d.Owed()
		owed.PenaltyFen = penalty
		p := owed.first(availableFen - taken.Total())
		d.Paid = d.Paid.plus(p)
		taken = taken.plus(p)
		next.dues[next.paid] = d
		if p != owed {
			break
		}
		next.settled = d.Row.Due
		next.paid++
	}
	next.today = on
	*l = *next
	return taken, nil
}

// first is the part of what is owed that money reaches, in order.
func (p Portion) first(leftFen int64) Portion {
	take := func(owed int64) int64 {
		taken := min(owed, max(leftFen, 0))
		leftFen -= taken
		return taken
	}
	var q Portion
	q.FeeFen, q.PenaltyFen = take(p.FeeFen), take(p.PenaltyFen)
	q.InterestFen, q.PrincipalFen = take(p.InterestFen), take(p.PrincipalFen)
	return q
}

// ErrOwed refuses an early repayment while a row that is due is not paid.
var ErrOwed = errors.New("a row that is due is not paid")

// Prepay repays principal ahead of its time: the interest to the day first, then
// as much principal as the money repays together with the fee on it. Money that
// reaches no principal is not taken.
func (l *Loan) Prepay(on Date, availableFen int64, then Then) (Portion, error) {
	if err := l.check(on, availableFen); err != nil {
		return Portion{}, err
	}
	if then > Reduce {
		return Portion{}, fmt.Errorf("early repayment by rule %d", then)
	}
	if l.Closed() || l.dues[l.paid].Row.CapitalisedFen > 0 {
		return Portion{}, errors.New("nothing can be repaid early: the loan is repaid or in capitalised grace")
	}
	d := l.dues[l.paid]
	if d.Row.Due <= on {
		return Portion{}, ErrOwed
	}
	day := l.elapsed(on)
	interest, err := day.AccruedFen(d.Row.InterestFen - d.Paid.InterestFen)
	if err != nil {
		return Portion{}, err
	}
	outstanding := l.OutstandingFen()
	principal, fee, err := Affordable(availableFen-interest, outstanding, l.prepayFeePpm)
	if err != nil || principal == 0 {
		return Portion{}, err
	}
	next := l.clone()
	d.Paid.InterestFen += interest
	if err := next.remake(d, outstanding-principal, day, then); err != nil {
		return Portion{}, err
	}
	next.settled, next.today = on, on
	*l = *next
	return Portion{PrincipalFen: principal, InterestFen: interest, FeeFen: fee}, nil
}

// Reset gives the rows after the running one a new rate.
func (l *Loan) Reset(on Date, ratePpm uint32) error {
	if err := l.check(on, 0); err != nil {
		return err
	}
	if l.Closed() || l.terms.Method == Bullet || l.dues[l.paid].Row.Due <= on {
		return errors.New("the rate of this loan cannot change now: it has a row that is due, or none after the running one")
	}
	d := l.dues[l.paid]
	if int(d.Row.Number) >= int(l.dues[len(l.dues)-1].Row.Number) {
		return errors.New("the running row is the last one")
	}
	next := l.clone()
	from := d.Row.Number + 1
	var kept []Reset
	for _, r := range next.terms.Resets {
		if r.From < from {
			kept = append(kept, r)
		}
	}
	next.terms.Resets = append(kept, Reset{From: from, RatePpm: ratePpm})
	r := Remainder{BalanceFen: d.Row.BalanceFen, First: from, Last: next.last()}
	rows, levels, err := next.rest(r, next.terms.Method != EqualInstalment)
	if err != nil {
		return err
	}
	next.dues = next.dues[:next.paid+1]
	next.plan(rows, levels)
	next.today = on
	*l = *next
	return nil
}

// plan appends rows to come; levels may be nil.
func (l *Loan) plan(rows []Row, levels []int64) {
	for i, r := range rows {
		d := Due{Row: r, day: r.Due, levelFen: unlevelled}
		if i < len(levels) {
			d.levelFen = levels[i]
		}
		l.dues = append(l.dues, d)
	}
}

// rest computes the rows of a remainder, with the parts of the principal that
// the rows have now or with new ones.
func (l *Loan) rest(r Remainder, retain bool) ([]Row, []int64, error) {
	if !retain {
		return l.terms.remake(r)
	}
	periods, r, err := l.terms.remaining(r)
	if err != nil {
		return nil, nil, err
	}
	var parts []int64
	for _, d := range l.dues {
		if d.Row.Number >= r.First {
			parts = append(parts, d.Row.PrincipalFen)
		}
	}
	rows, err := l.terms.retain(periods, parts, r)
	return rows, nil, err
}

// remake writes the rows from the running one on. It carries the interest that
// was paid in it.
func (l *Loan) remake(d Due, balanceFen int64, day Elapsed, then Then) error {
	if balanceFen == 0 {
		// Nothing is left but the interest that was paid with it.
		d.Row.PrincipalFen, d.Row.InterestFen, d.Row.FeeFen, d.Row.BalanceFen = 0, d.Paid.InterestFen, 0, 0
		l.dues = append(l.dues[:l.paid], d)
		l.paid++
		return nil
	}
	r := Remainder{BalanceFen: balanceFen, First: d.Row.Number, Last: l.last(), Rest: day.Rest, Length: day.Length}
	if then == Shorten {
		r.Keep, r.LevelFen = true, l.levelFen()
	}
	rows, levels, err := l.rest(r, then == Shorten && l.terms.Method != EqualInstalment)
	if err != nil {
		return err
	}
	rows[0].InterestFen += d.Paid.InterestFen
	l.dues = l.dues[:l.paid]
	l.plan(rows, levels)
	l.dues[l.paid].Paid = d.Paid
	return nil
}

// levelFen is the level instalment in force from the running row on.
func (l *Loan) levelFen() int64 {
	for _, d := range l.dues[l.paid:] {
		if d.levelFen != unlevelled {
			return d.levelFen
		}
	}
	return 0
}

// elapsed measures the running period on a day.
func (l *Loan) elapsed(on Date) Elapsed {
	start := l.terms.Start
	if l.paid > 0 {
		start = l.dues[l.paid-1].Row.Due
	}
	due := l.dues[l.paid].Row.Due
	return Part(int64(on-max(start, l.settled)), int64(due-max(start, l.settled)), int64(due-start))
}

// last is the number of the last row.
func (l *Loan) last() uint32 { return l.dues[len(l.dues)-1].Row.Number }

func (l *Loan) check(on Date, amountFen int64) error {
	if on < l.today || on > l.terms.Start+loanDaysMax {
		return fmt.Errorf("on %s, want a day from %s to %s", on, l.today, l.terms.Start+loanDaysMax)
	}
	return within(amountFen, 0, paymentFenMax, "payment")
}

func (l *Loan) clone() *Loan {
	c := *l
	c.dues = append([]Due(nil), l.dues...)
	return &c
}
