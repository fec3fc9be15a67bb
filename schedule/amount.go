package schedule

import (
	"fmt"
	"math"
	"math/big"
	"math/bits"
)

// Bounds. Within them no sum of a schedule leaves 64 bits.
const (
	// PrincipalFenMax bounds one loan: 10 billion yuan.
	PrincipalFenMax = 1_000_000_000_000
	// RatePpmMax bounds a yearly rate: ten times the principal a year.
	RatePpmMax = 10_000_000
	// PeriodsMax bounds the number of periods.
	PeriodsMax = 3_660
	// EveryMax bounds how many months, weeks or days make a period.
	EveryMax = 366
	// TermDaysMax bounds the days from start to the last due day: a hundred years.
	TermDaysMax = 36_525

	ppmUnit = 1_000_000
)

// Rounding names where a remainder goes.
type Rounding uint8

// Roundings of amounts that are not negative.
const (
	// Down drops the remainder.
	Down Rounding = iota
	// HalfUp takes the nearest fen, and of two equally near ones the larger.
	HalfUp
)

// The rounding of each place. Nothing else in this package rounds money.
const (
	// InterestRounding is for interest and penalty interest.
	InterestRounding = HalfUp
	// LevelRounding is for the equal instalment.
	LevelRounding = HalfUp
	// PartRounding is for a part of the principal.
	PartRounding = HalfUp
	// FeeRounding is for a fee that is a part of an amount.
	FeeRounding = HalfUp
	// ShareRounding is for a share of sales and for a cap, in favour of who pays.
	ShareRounding = Down
)

// mulDiv returns a*b/d for a, b >= 0 and d > 0. The product is taken exactly.
func mulDiv(a, b, d int64, r Rounding) (int64, error) {
	if a < 0 || b < 0 || d <= 0 {
		return 0, fmt.Errorf("internal: %d * %d / %d", a, b, d)
	}
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	if hi >= uint64(d) {
		return 0, fmt.Errorf("%d * %d / %d leaves 64 bits", a, b, d)
	}
	q, rest := bits.Div64(hi, lo, uint64(d))
	if r == HalfUp && rest >= uint64(d)-rest {
		q++
	}
	if q > math.MaxInt64 {
		return 0, fmt.Errorf("%d * %d / %d leaves 64 bits", a, b, d)
	}
	return int64(q), nil
}

// quotient returns n/d for n >= 0 and d > 0, and overwrites n.
func quotient(n, d *big.Int, r Rounding) (int64, error) {
	if r == HalfUp { // floor((2n + d) / 2d)
		n.Lsh(n, 1).Add(n, d)
		d = new(big.Int).Lsh(d, 1)
	}
	n.Quo(n, d)
	if !n.IsInt64() {
		return 0, fmt.Errorf("a quotient of %d bits leaves 64", n.BitLen())
	}
	return n.Int64(), nil
}

func within(amountFen, leastFen, mostFen int64, what string) error {
	if amountFen < leastFen || amountFen > mostFen {
		return fmt.Errorf("%s of %d fen, want %d to %d", what, amountFen, leastFen, mostFen)
	}
	return nil
}
