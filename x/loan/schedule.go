package loan

import (
	"math/big"

	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
)

// Line is one row of a repayment schedule.
type Line struct {
	// Number is from 1.
	Number uint32
	// PrincipalFen and InterestFen are due together.
	PrincipalFen, InterestFen int64
}

// Rate is the interest of one period as an exact fraction of the balance.
type Rate struct{ Num, Den int64 }

// PeriodRate turns a yearly rate in basis points into the rate of a period: a
// month counts 30 of 360 days, a week 7 of 365.
func PeriodRate(rateBps uint32, unit loanv1.PeriodUnit) (Rate, error) {
	if rateBps > RateBpsMax {
		return Rate{}, ErrInvalid.Wrapf("rate of %d basis points, want at most %d", rateBps, RateBpsMax)
	}
	switch unit {
	case loanv1.PeriodUnit_PERIOD_UNIT_MONTH:
		return Rate{Num: int64(rateBps), Den: bpsUnit * 12}, nil
	case loanv1.PeriodUnit_PERIOD_UNIT_WEEK:
		return Rate{Num: int64(rateBps) * 7, Den: bpsUnit * 365}, nil
	default:
		return Rate{}, ErrInvalid.Wrapf("period unit %d", unit)
	}
}

// InstalmentFen is the equal instalment P*r*(1+r)^n / ((1+r)^n - 1), computed
// with exact fractions and rounded half up to the fen. Without interest it is P/n.
func InstalmentFen(principalFen int64, rate Rate, periods uint32) (int64, error) {
	if err := amountWithin(principalFen, PrincipalFenMax); err != nil {
		return 0, err
	}
	if periods == 0 || periods > PeriodsMax {
		return 0, ErrInvalid.Wrapf("%d periods, want 1 to %d", periods, PeriodsMax)
	}
	if rate.Num < 0 || rate.Den <= 0 {
		return 0, ErrInvalid.Wrapf("internal: rate of %d/%d", rate.Num, rate.Den)
	}
	if rate.Num == 0 {
		return mulDiv(principalFen, 1, int64(periods), roundHalfUp)
	}
	// With r = a/d, g = (d+a)^n and h = d^n the instalment is P*a*g / (d*(g-h)).
	n := big.NewInt(int64(periods))
	g := new(big.Int).Exp(big.NewInt(rate.Den+rate.Num), n, nil)
	h := new(big.Int).Exp(big.NewInt(rate.Den), n, nil)
	num := new(big.Int).Mul(big.NewInt(principalFen), big.NewInt(rate.Num))
	num.Mul(num, g)
	den := h.Sub(g, h)
	den.Mul(den, big.NewInt(rate.Den))
	return roundedQuotient(num, den, roundHalfUp)
}

// Schedule lists the equal instalments of a principal: each period's interest is
// on the balance before it, rounded half up, the rest of the instalment repays
// principal, and the last line repays whatever is left. The principals sum to
// principalFen exactly. It needs 1 to PrincipalFenMax fen and 1 to PeriodsMax periods.
func Schedule(principalFen int64, rateBps uint32, unit loanv1.PeriodUnit, periods uint32) ([]Line, error) {
	rate, err := PeriodRate(rateBps, unit)
	if err != nil {
		return nil, err
	}
	instalmentFen, err := InstalmentFen(principalFen, rate, periods)
	if err != nil {
		return nil, err
	}
	return Amortise(Remainder{
		BalanceFen: principalFen, InstalmentFen: instalmentFen, Rate: rate, First: 1, Last: periods, Rest: 1, Length: 1,
	})
}

// Remainder is what is left of a tranche from line First on: a balance that is
// repaid in instalments of InstalmentFen, the last possible line being Last. Of
// the first line's period only Rest of Length days still bear interest.
type Remainder struct {
	BalanceFen, InstalmentFen int64
	Rate                      Rate
	First, Last               uint32
	Rest, Length              int64
}

// Amortise lists the lines of a remainder. Instalments keep their amount, so a
// smaller balance ends earlier; the last line absorbs what rounding left over.
func Amortise(r Remainder) ([]Line, error) {
	if r.BalanceFen <= 0 || r.First == 0 || r.First > r.Last || r.Last > PeriodsMax || r.Rest < 0 || r.Length <= 0 || r.Rest > r.Length {
		return nil, ErrInvalid.Wrapf("internal: remainder %+v", r)
	}
	var lines []Line
	balance := r.BalanceFen
	for n := r.First; balance > 0; n++ {
		interest, err := periodInterest(balance, r.Rate)
		if err != nil {
			return nil, err
		}
		if n == r.First {
			if interest, err = partInterest(balance, r.Rate, r.Rest, r.Length); err != nil {
				return nil, err
			}
		}
		principal := min(max(r.InstalmentFen-interest, 0), balance)
		if n == r.Last {
			principal = balance
		}
		lines = append(lines, Line{Number: n, PrincipalFen: principal, InterestFen: interest})
		balance -= principal
	}
	return lines, nil
}

// periodInterest is a whole period's interest on a balance, rounded half up.
func periodInterest(balanceFen int64, rate Rate) (int64, error) {
	return mulDiv(balanceFen, rate.Num, rate.Den, roundHalfUp)
}

// partInterest is the interest of rest of length days on a balance, rounded half
// up once. Both numbers of days are below 2^31.
func partInterest(balanceFen int64, rate Rate, rest, length int64) (int64, error) {
	n := new(big.Int).Mul(big.NewInt(balanceFen), big.NewInt(rate.Num))
	n.Mul(n, big.NewInt(rest))
	d := new(big.Int).Mul(big.NewInt(rate.Den), big.NewInt(length))
	return roundedQuotient(n, d, roundHalfUp)
}
