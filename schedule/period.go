package schedule

import "fmt"

// Period is the time between two due days.
type Period struct {
	// Number is from 1.
	Number uint32
	// From and To bound the days that bear interest; Due is when it is paid. To is
	// Due unless due days move and interest does not.
	From, To, Due Date
	// Days of interest by the day count.
	Days int64
}

// Dates lists the periods of the terms. A Bullet has one.
//
// The n-th due day is counted from the first one, never from the one before, so
// a loan of the 31st is due on the last day of short months and on the 31st of
// long ones.
func (t Terms) Dates() ([]Period, error) {
	if err := t.Validate(); err != nil {
		return nil, err
	}
	last, err := t.regular(t.Periods)
	if err != nil {
		return nil, err
	}
	if t.Method == Bullet {
		p, err := t.period(1, t.Start, last)
		return []Period{p}, err
	}
	list := make([]Period, 0, t.Periods)
	from := t.Start
	for n := uint32(1); n <= t.Periods; n++ {
		due, err := t.regular(n)
		if err != nil {
			return nil, err
		}
		p, err := t.period(n, from, due)
		if err != nil {
			return nil, err
		}
		list = append(list, p)
		from = p.To
	}
	return list, nil
}

// regular is the n-th due day before it moves to a business day.
func (t Terms) regular(n uint32) (Date, error) {
	anchor, steps := t.Start, int64(n)
	if t.stub() {
		anchor, steps = t.FirstDue, steps-1
	}
	steps *= t.every()
	if t.Unit == Week {
		steps *= 7
	}
	if steps > TermDaysMax {
		return 0, t.tooLong()
	}
	due := anchor + Date(steps)
	if t.Unit == Month {
		due = anchor.AddMonths(int(min(steps, TermDaysMax/28)))
	}
	if due > t.Start+TermDaysMax {
		return 0, t.tooLong()
	}
	return due, nil
}

func (t Terms) tooLong() error {
	return fmt.Errorf("%d periods of %d %ss end more than %d days after the start: take fewer", t.Periods, t.every(), t.Unit, TermDaysMax)
}

// stub tells whether the first period is not a regular one. A first due day
// that is where it would be anyway keeps the start's day of the month.
func (t Terms) stub() bool {
	if t.FirstDue == 0 {
		return false
	}
	plain := t
	plain.FirstDue = 0
	due, err := plain.regular(1)
	return err != nil || due != t.FirstDue
}

func (t Terms) period(n uint32, from, due Date) (Period, error) {
	paid, err := t.Holidays.Roll(due, t.Roll)
	if err != nil {
		return Period{}, err
	}
	paid = max(paid, from) // a due day that moves back never passes the one before
	p := Period{Number: n, From: from, To: paid, Due: paid}
	if t.Unadjusted {
		p.To = due
	}
	p.Days = t.DayCount.Days(p.From, p.To)
	return p, nil
}
