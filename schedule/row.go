package schedule

import (
	"fmt"
	"math/big"
)

// Row is one instalment of a schedule.
type Row struct {
	// Number is from 1.
	Number uint32
	Due    Date
	// Days of interest by the day count.
	Days int64
	// PrincipalFen, InterestFen and FeeFen are paid together on Due.
	PrincipalFen, InterestFen, FeeFen int64
	// CapitalisedFen is interest that is added to the principal instead of paid.
	CapitalisedFen int64
	// BalanceFen is the principal left afterwards.
	BalanceFen int64
}

// InstalmentFen is all that is paid with the row.
func (r Row) InstalmentFen() int64 { return r.PrincipalFen + r.InterestFen + r.FeeFen }

// Make computes a schedule. Interest of each period is on the balance before
// it; the last row repays whatever is left, so that the principals sum to the
// principal and the interest that was capitalised. Where rounding repays a tiny
// loan before its time, the rows end with it.
func Make(t Terms) ([]Row, error) {
	periods, err := t.Dates()
	if err != nil {
		return nil, err
	}
	rows, _, err := t.fill(periods, Remainder{BalanceFen: t.PrincipalFen, First: 1})
	return rows, err
}

// Remainder is what is left of a loan from one of its rows on.
type Remainder struct {
	// BalanceFen is the principal left.
	BalanceFen int64
	// First is the number of the row that is due next, Last that of the last one,
	// 0 for the last of the terms.
	First, Last uint32
	// Of the first row's period only Rest of Length days still bear interest;
	// both 0 for all of it.
	Rest, Length int64
	// Keep has EqualInstalment and EqualPrincipal keep LevelFen, so that a smaller
	// balance ends earlier. Else the level is solved anew, and parts by weight are
	// shared out anew: the instalments change and the term stays.
	Keep     bool
	LevelFen int64
}

// LevelFen is the amount that repeats: the instalment of EqualInstalment and the
// part of the principal of EqualPrincipal, as solved for the first row that
// repays principal; 0 for other methods.
func LevelFen(t Terms) (int64, error) {
	periods, err := t.Dates()
	if err != nil {
		return 0, err
	}
	p := parts{terms: t}
	balance := t.PrincipalFen
	for _, period := range periods[:t.GracePeriods] {
		if t.Grace != GraceCapitalised {
			break
		}
		interest, err := t.interest(period, balance)
		if err != nil {
			return 0, err
		}
		if balance += interest; balance > balanceFenMax {
			return 0, errTooMuchInterest
		}
	}
	p.periods = periods[t.GracePeriods:]
	if len(p.periods) == 0 {
		return 0, nil
	}
	switch t.Method {
	case EqualInstalment, EqualPrincipal:
		err = p.solve(0, balance)
	}
	return p.levelFen, err
}

// Remake computes the rows that are left after something changed: a payment
// ahead of its time, a new rate.
func Remake(t Terms, r Remainder) ([]Row, error) {
	rows, _, err := t.remake(r)
	return rows, err
}

func (t Terms) remake(r Remainder) ([]Row, []int64, error) {
	periods, r, err := t.remaining(r)
	if err != nil {
		return nil, nil, err
	}
	return t.fill(periods, r)
}

// remaining lists the periods of a remainder.
func (t Terms) remaining(r Remainder) ([]Period, Remainder, error) {
	periods, err := t.Dates()
	if err != nil {
		return nil, r, err
	}
	last := uint32(len(periods))
	if r.Last == 0 {
		r.Last = last
	}
	switch {
	case r.First == 0 || r.First > r.Last || r.Last > last:
		return nil, r, fmt.Errorf("rows %d to %d of a schedule of %d", r.First, r.Last, last)
	case r.Rest < 0 || r.Rest > r.Length || r.Length > lengthMax:
		return nil, r, fmt.Errorf("rest of %d of %d days, want at most %d", r.Rest, r.Length, int64(lengthMax))
	case r.LevelFen < 0:
		return nil, r, fmt.Errorf("level of %d fen, want 0 or more", r.LevelFen)
	}
	// Capitalised interest may lift a balance above the principal.
	if err := within(r.BalanceFen, 1, balanceFenMax, "balance"); err != nil {
		return nil, r, err
	}
	return periods[r.First-1 : r.Last], r, nil
}

const (
	// balanceFenMax bounds a balance that interest was added to.
	balanceFenMax = 1_000 * PrincipalFenMax
	// lengthMax bounds the length of a period in whatever its rest is counted in.
	lengthMax = 20_000_000
)

var errTooMuchInterest = fmt.Errorf("capitalised interest lifts the balance over %d fen", int64(balanceFenMax))

// fill makes the rows of the given periods, which are the last ones of the loan,
// and says for each which level is in force, or unlevelled.
func (t Terms) fill(periods []Period, r Remainder) (rows []Row, levels []int64, err error) {
	rows, levels = make([]Row, 0, len(periods)), make([]int64, 0, len(periods))
	part := parts{terms: t, periods: periods, keep: r.Keep, levelFen: r.LevelFen, rest: r.Rest, length: r.Length}
	balance := r.BalanceFen
	for i, p := range periods {
		interest, err := t.rowInterest(i, p, balance, r)
		if err != nil {
			return nil, nil, err
		}
		row := Row{Number: p.Number, Due: p.Due, Days: p.Days, InterestFen: interest, FeeFen: t.PeriodFeeFen}
		switch {
		case i == len(periods)-1:
			row.PrincipalFen = balance
		case p.Number > t.GracePeriods:
			if row.PrincipalFen, err = part.next(i, balance, interest); err != nil {
				return nil, nil, err
			}
		case t.Grace == GraceCapitalised:
			row.InterestFen, row.CapitalisedFen = 0, interest
		}
		balance += row.CapitalisedFen - row.PrincipalFen
		if balance > balanceFenMax {
			return nil, nil, errTooMuchInterest
		}
		row.BalanceFen = balance
		rows, levels = append(rows, row), append(levels, part.inForce())
		if balance == 0 {
			break
		}
	}
	return rows, levels, nil
}

// retain makes the rows of the given periods with the parts of the principal
// that are given, as far as the balance goes; the last row absorbs the rest.
func (t Terms) retain(periods []Period, partsFen []int64, r Remainder) ([]Row, error) {
	var rows []Row
	balance := r.BalanceFen
	for i, p := range periods {
		interest, err := t.rowInterest(i, p, balance, r)
		if err != nil {
			return nil, err
		}
		row := Row{Number: p.Number, Due: p.Due, Days: p.Days, InterestFen: interest, FeeFen: t.PeriodFeeFen}
		if row.PrincipalFen = min(partsFen[i], balance); i == len(periods)-1 {
			row.PrincipalFen = balance
		}
		balance -= row.PrincipalFen
		row.BalanceFen = balance
		if rows = append(rows, row); balance == 0 {
			break
		}
	}
	return rows, nil
}

// rowInterest is the interest of period i of the rows left, of which the
// first one may have a rest only.
func (t Terms) rowInterest(i int, p Period, balanceFen int64, r Remainder) (int64, error) {
	if i > 0 || r.Length == 0 {
		return t.interest(p, balanceFen)
	}
	return t.restInterest(p, balanceFen, r)
}

// interest of a whole period on a balance: balance * rate * days / year.
func (t Terms) interest(p Period, balanceFen int64) (int64, error) {
	ppm, _ := t.ratePpm(p.Number)
	return mulDiv(balanceFen, int64(ppm)*p.Days, ppmUnit*t.DayCount.YearDays(), InterestRounding)
}

// restInterest of a part of the period, rounded once.
func (t Terms) restInterest(p Period, balanceFen int64, r Remainder) (int64, error) {
	ppm, _ := t.ratePpm(p.Number)
	n := new(big.Int).Mul(big.NewInt(balanceFen), big.NewInt(int64(ppm)*p.Days))
	n.Mul(n, big.NewInt(r.Rest))
	d := new(big.Int).Mul(big.NewInt(ppmUnit*t.DayCount.YearDays()), big.NewInt(r.Length))
	return quotient(n, d, InterestRounding)
}

// parts says how much principal each row repays before the last one.
type parts struct {
	terms   Terms
	periods []Period
	// keep uses levelFen as given, until the rate changes.
	keep     bool
	levelFen int64
	solved   bool
	// rest of length days of the first period bear interest; all of it when length is 0.
	rest, length int64
	// sharedFen is what Seasonal shares out and weight by how much in all.
	sharedFen, weight int64
}

// unlevelled stands for a level that is not solved yet.
const unlevelled = -1

func (p *parts) inForce() int64 {
	if p.solved || p.keep {
		return p.levelFen
	}
	return unlevelled
}

// next is the principal of row i of the periods, on a balance before it.
func (p *parts) next(i int, balanceFen, interestFen int64) (int64, error) {
	switch p.terms.Method {
	case EqualInstalment:
		if _, fresh := p.terms.ratePpm(p.periods[i].Number); fresh && i > 0 {
			p.solved, p.keep = false, false
		}
		if err := p.solve(i, balanceFen); err != nil {
			return 0, err
		}
		if p.levelFen < interestFen && p.terms.Level == LevelOfDays && !p.keep {
			// A period so long that its interest is more than the instalment pays just
			// that interest; the rest is solved anew for the rows after it.
			p.solved = false
			return 0, nil
		}
		return min(max(p.levelFen-interestFen, 0), balanceFen), nil
	case EqualPrincipal:
		err := p.solve(i, balanceFen)
		return min(p.levelFen, balanceFen), err
	case Seasonal:
		return p.seasonal(i, balanceFen)
	default: // InterestOnly; a Bullet has only its last row
		return 0, nil
	}
}

func (p *parts) seasonal(i int, balanceFen int64) (int64, error) {
	weights := p.terms.Weights
	if !p.solved {
		p.sharedFen, p.solved = balanceFen, true
		for _, w := range weights[p.periods[i].Number-1 : p.periods[len(p.periods)-1].Number] {
			p.weight += w
		}
	}
	if p.weight == 0 {
		return 0, nil
	}
	part, err := mulDiv(p.sharedFen, weights[p.periods[i].Number-1], p.weight, PartRounding)
	return min(part, balanceFen), err
}

// solve finds the level of the rows from i on, unless it is known or kept.
func (p *parts) solve(i int, balanceFen int64) (err error) {
	if p.solved || p.keep {
		return nil
	}
	p.solved = true
	if p.terms.Method == EqualPrincipal {
		p.levelFen, err = mulDiv(balanceFen, 1, int64(len(p.periods)-i), PartRounding)
		return err
	}
	ppm, _ := p.terms.ratePpm(p.periods[i].Number)
	factors := make([]int64, len(p.periods)-i)
	year := p.terms.DayCount.YearDays() * ppmUnit
	for j := range factors {
		factors[j] = int64(ppm) * p.periods[i+j].Days
	}
	switch {
	case p.terms.Level == LevelOfPeriods:
		days, of := p.terms.nominal()
		for j := range factors {
			factors[j] = int64(ppm) * days
		}
		year = of * ppmUnit
	case i == 0 && p.length > 0:
		for j := range factors {
			factors[j] *= p.length
		}
		factors[0] = factors[0] / p.length * p.rest
		year *= p.length
	}
	p.levelFen, err = annuity(balanceFen, factors, year)
	return err
}

// nominal is a regular period as a fraction of a year: twelfths for months.
func (t Terms) nominal() (n, d int64) {
	switch t.Unit {
	case Month:
		return t.every(), 12
	case Week:
		return 7 * t.every(), t.DayCount.YearDays()
	default:
		return t.every(), t.DayCount.YearDays()
	}
}
