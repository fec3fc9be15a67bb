package schedule_test

import (
	"math/big"
	"time"
)

// A second model of a loan's life, in fractions, written from the README and
// sharing no code with the package: dates are those of package time, days of
// 30/360 are found by searching months, the level instalment by discounting.

type modelTerms struct {
	principal, upfront, periodFee int64
	ppm                           int64
	method, count, unit           string
	start, firstDue               time.Time // firstDue may be zero
	every, periods, grace         int
	capitalise, nominalLevel      bool
	weights                       []int64
	resets                        map[int]int64 // row -> ppm
}

type modelRow struct {
	number                                      int
	from, due                                   time.Time
	days                                        int64
	principal, interest, fee, capital, balance  int64
	level                                       *int64
	paidPrincipal, paidInterest, paidFee, paidP int64
	// debts lists what was unpaid from which day on.
	debts []modelDebt
}

type modelDebt struct {
	from  time.Time
	owing int64
}

func rat(n, d int64) *big.Rat { return big.NewRat(n, d) }

// nearest rounds half up, floor down.
func nearest(r *big.Rat) int64 { return floor(new(big.Rat).Add(r, rat(1, 2))) }

func floor(r *big.Rat) int64 { return new(big.Int).Div(r.Num(), r.Denom()).Int64() }

func product(list ...*big.Rat) *big.Rat {
	p := rat(1, 1)
	for _, r := range list {
		p.Mul(p, r)
	}
	return p
}

// later is n months after d: walk to the month, then take its day or its last one.
func later(d time.Time, n int) time.Time {
	first := time.Date(d.Year(), d.Month(), 1, 0, 0, 0, 0, time.UTC)
	for ; n > 0; n-- {
		first = first.AddDate(0, 1, 0)
	}
	for ; n < 0; n++ {
		first = first.AddDate(0, -1, 0)
	}
	day := first
	for day.Day() < d.Day() && day.AddDate(0, 0, 1).Month() == first.Month() {
		day = day.AddDate(0, 0, 1)
	}
	return day
}

func calendarDays(from, to time.Time) int64 { return int64(to.Sub(from).Hours()) / 24 }

func modelDays(count string, from, to time.Time) int64 {
	if count != "30-360" {
		return calendarDays(from, to)
	}
	for n := 0; ; n++ {
		if later(from, n).Equal(to) || later(to, -n).Equal(from) {
			return int64(n) * 30
		}
		if later(from, n).After(to) {
			break
		}
	}
	d1, d2 := from.Day(), to.Day()
	if d1 == 31 {
		d1 = 30
	}
	if d2 == 31 && d1 == 30 {
		d2 = 30
	}
	return int64(360*(to.Year()-from.Year()) + 30*(int(to.Month())-int(from.Month())) + d2 - d1)
}

func (t modelTerms) year() int64 {
	if t.count == "act365" {
		return 365
	}
	return 360
}

func (t modelTerms) step(from time.Time, n int) time.Time {
	switch n *= t.every; t.unit {
	case "month":
		return later(from, n)
	case "week":
		return from.AddDate(0, 0, 7*n)
	default:
		return from.AddDate(0, 0, n)
	}
}

func (t modelTerms) dueDay(n int) time.Time {
	if t.firstDue.IsZero() || t.firstDue.Equal(t.step(t.start, 1)) {
		return t.step(t.start, n)
	}
	return t.step(t.firstDue, n-1)
}

func (t modelTerms) periodRows() []modelRow {
	var rows []modelRow
	from := t.start
	for n := 1; n <= t.periods; n++ {
		due := t.dueDay(n)
		if t.method == "bullet" {
			if n < t.periods {
				continue
			}
			return []modelRow{{number: 1, from: from, due: due, days: modelDays(t.count, from, due)}}
		}
		rows = append(rows, modelRow{number: n, from: from, due: due, days: modelDays(t.count, from, due)})
		from = due
	}
	return rows
}

// rate of a row.
func (t modelTerms) rate(n int) int64 {
	ppm := t.ppm
	for i := 1; i <= n; i++ {
		if r, ok := t.resets[i]; ok {
			ppm = r
		}
	}
	return ppm
}

// fraction of a row's rate for its days, of which part counts.
func (t modelTerms) fraction(r modelRow, part *big.Rat) *big.Rat {
	return product(rat(t.rate(r.number), 1_000_000), rat(r.days, t.year()), part)
}

// annuity discounts each payment on its own.
func (t modelTerms) annuity(balance int64, rows []modelRow, firstPart *big.Rat) int64 {
	worth, discount := new(big.Rat), rat(1, 1)
	rate := t.rate(rows[0].number)
	for i, r := range rows {
		f := product(rat(rate, 1_000_000), rat(r.days, t.year()))
		if i == 0 {
			f.Mul(f, firstPart)
		}
		if t.nominalLevel {
			f = map[string]*big.Rat{"month": rat(int64(t.every), 12), "week": rat(7*int64(t.every), t.year()), "day": rat(int64(t.every), t.year())}[t.unit]
			f = product(f, rat(rate, 1_000_000))
		}
		discount.Quo(discount, f.Add(f, rat(1, 1)))
		worth.Add(worth, discount)
	}
	return nearest(new(big.Rat).Quo(rat(balance, 1), worth))
}

// plan makes the rows from a balance on. keep is a level to keep, parts are
// principals to keep; both may be nil.
func (t modelTerms) plan(balance int64, rows []modelRow, firstPart *big.Rat, keep *int64, parts []int64) []modelRow {
	var out []modelRow
	level := keep
	var part *int64
	var shared, weights int64
	for i, r := range rows {
		whole := rat(1, 1)
		if i == 0 {
			whole = firstPart
		}
		r.interest = nearest(product(rat(balance, 1), t.fraction(r, whole)))
		r.fee = t.periodFee
		last := i == len(rows)-1
		switch {
		case last:
			r.principal = balance
		case parts != nil:
			r.principal = min(parts[i], balance)
		case r.number <= t.grace:
			if t.capitalise {
				r.interest, r.capital = 0, r.interest
			}
		case t.method == "equal-instalment":
			if _, fresh := t.resets[r.number]; fresh && i > 0 {
				level, keep = nil, nil
			}
			if level == nil {
				a := t.annuity(balance, rows[i:], whole)
				level = &a
			}
			if *level < r.interest && !t.nominalLevel && keep == nil {
				level = nil
			} else {
				r.principal = min(max(*level-r.interest, 0), balance)
			}
		case t.method == "equal-principal":
			if part == nil {
				a := nearest(rat(balance, int64(len(rows)-i)))
				part = &a
			}
			r.principal = min(*part, balance)
		case t.method == "seasonal":
			if weights == 0 {
				shared = balance
				for _, later := range rows[i:] {
					weights += t.weights[later.number-1]
				}
			}
			if weights > 0 {
				r.principal = min(nearest(rat(shared, 1).Mul(rat(shared, 1), rat(t.weights[r.number-1], weights))), balance)
			}
		}
		r.level = level
		balance += r.capital - r.principal
		r.balance = balance
		r.debts = []modelDebt{{from: r.due, owing: r.principal + r.interest}}
		if out = append(out, r); balance == 0 {
			break
		}
	}
	return out
}

// modelLoan is the life.
type modelLoan struct {
	terms                            modelTerms
	penaltyGrace, penaltyPpm, capPpm int64
	feePpm                           int64
	rows                             []modelRow
	paid                             int
	settled                          time.Time
}

func openModel(t modelTerms) *modelLoan {
	return &modelLoan{terms: t, rows: t.plan(t.principal, t.periodRows(), rat(1, 1), nil, nil), settled: t.start}
}

func (m *modelLoan) closed() bool { return m.paid == len(m.rows) }

func (m *modelLoan) penalty(r modelRow, on time.Time) int64 {
	if calendarDays(r.due, on) <= m.penaltyGrace && r.paidP == 0 {
		return 0
	}
	sum := new(big.Rat)
	for i, d := range r.debts {
		end := on
		if i+1 < len(r.debts) {
			end = r.debts[i+1].from
		}
		if end.After(d.from) {
			sum.Add(sum, rat(d.owing*calendarDays(d.from, end), 1))
		}
	}
	fen := nearest(product(sum, rat(m.penaltyPpm, 1_000_000), rat(1, m.terms.year())))
	if m.capPpm > 0 {
		fen = min(fen, floor(product(rat(r.principal+r.interest, 1), rat(m.capPpm, 1_000_000))))
	}
	return fen - r.paidP
}

// pay takes money for rows due and says what it took: fee, penalty, interest, principal.
func (m *modelLoan) pay(on time.Time, money int64) (took [4]int64) {
	for !m.closed() && !m.rows[m.paid].due.After(on) {
		r := &m.rows[m.paid]
		owed := [4]int64{r.fee - r.paidFee, m.penalty(*r, on), r.interest - r.paidInterest, r.principal - r.paidPrincipal}
		full := true
		for i, paid := range []*int64{&r.paidFee, &r.paidP, &r.paidInterest, &r.paidPrincipal} {
			x := min(owed[i], money)
			money -= x
			*paid += x
			took[i] += x
			full = full && x == owed[i]
		}
		r.debts = append(r.debts, modelDebt{from: on, owing: r.principal + r.interest - r.paidPrincipal - r.paidInterest})
		if !full {
			break
		}
		m.settled = r.due
		m.paid++
	}
	return took
}

func (m *modelLoan) outstanding() int64 {
	if m.closed() {
		return 0
	}
	r := m.rows[m.paid]
	return r.balance - r.capital + r.principal - r.paidPrincipal
}

// prepay says whether it may, and what it took: fee, interest, principal.
func (m *modelLoan) prepay(on time.Time, money int64, reduce bool) (may bool, took [3]int64) {
	if m.closed() || m.rows[m.paid].capital > 0 || !m.rows[m.paid].due.After(on) {
		return false, took
	}
	r := m.rows[m.paid]
	open := calendarDays(m.settled, r.due)
	interest := nearest(product(rat(r.interest-r.paidInterest, 1), rat(calendarDays(m.settled, on), open)))
	fee := func(p int64) int64 { return nearest(product(rat(p, 1), rat(m.feePpm, 1_000_000))) }
	// the most principal by halving, as principal and its fee grow together
	low, high := int64(0), m.outstanding()
	for low < high {
		mid := (low + high + 1) / 2
		if mid+fee(mid) <= money-interest {
			low = mid
		} else {
			high = mid - 1
		}
	}
	if low == 0 {
		return true, took
	}
	start := m.terms.start
	if m.paid > 0 {
		start = m.rows[m.paid-1].due
	}
	part := rat(calendarDays(on, r.due), calendarDays(start, r.due))
	m.remake(m.outstanding()-low, part, reduce, r.paidInterest+interest)
	m.settled = on
	return true, [3]int64{fee(low), interest, low}
}

func (m *modelLoan) remake(balance int64, part *big.Rat, reduce bool, paidInterest int64) {
	running := m.rows[m.paid]
	if balance == 0 {
		running.principal, running.interest, running.fee, running.balance, running.paidInterest = 0, paidInterest, 0, 0, paidInterest
		m.rows = append(m.rows[:m.paid:m.paid], running)
		m.paid++
		return
	}
	all := m.terms.periodRows()
	left := all[running.number-1 : m.rows[len(m.rows)-1].number]
	var keep *int64
	var parts []int64
	if !reduce {
		for _, r := range m.rows[m.paid:] {
			if parts = append(parts, r.principal); r.level != nil && keep == nil {
				keep = r.level
			}
		}
		if m.terms.method != "equal-instalment" {
			keep = nil
		} else if parts = nil; keep == nil {
			keep = new(int64)
		}
	}
	made := m.terms.plan(balance, left, part, keep, parts)
	made[0].interest += paidInterest
	made[0].paidInterest = paidInterest
	made[0].debts[0].owing = made[0].principal + made[0].interest - paidInterest
	m.rows = append(m.rows[:m.paid:m.paid], made...)
}

// reset says whether the rate may change from the next row on.
func (m *modelLoan) reset(on time.Time, ppm int64) bool {
	if m.closed() || m.terms.method == "bullet" || !m.rows[m.paid].due.After(on) || m.paid == len(m.rows)-1 {
		return false
	}
	running := m.rows[m.paid]
	resets := map[int]int64{running.number + 1: ppm}
	for n, r := range m.terms.resets {
		if n <= running.number {
			resets[n] = r
		}
	}
	m.terms.resets = resets
	var parts []int64
	if m.terms.method != "equal-instalment" {
		for _, r := range m.rows[m.paid+1:] {
			parts = append(parts, r.principal)
		}
	}
	left := m.terms.periodRows()[running.number:m.rows[len(m.rows)-1].number]
	m.rows = append(m.rows[:m.paid+1:m.paid+1], m.terms.plan(running.balance, left, rat(1, 1), nil, parts)...)
	return true
}
