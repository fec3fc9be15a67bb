package loan

import (
	"math"
	"math/big"

	"github.com/xinlian/xinlian/scorecard/terms"
)

// Bounds on money and terms. Every amount is checked against its bound before it
// takes part in arithmetic, so sums of the rows that one message touches cannot
// leave int64; additions are checked nevertheless.
const (
	// PrincipalFenMax bounds one loan: 10 billion yuan.
	PrincipalFenMax = terms.PrincipalFenMax
	// PoolFenMax bounds what one message puts into or takes out of a pool, and every total of a pool: 10 trillion yuan.
	PoolFenMax = terms.TotalFenMax
	// PeriodsMax bounds the term of a tranche, in periods.
	PeriodsMax = 60
	// TranchesMax bounds the parts of a loan.
	TranchesMax = 4
	// RateBpsMax bounds every yearly rate and every part of one.
	RateBpsMax = terms.RateBpsMax

	bpsUnit = terms.BpsUnit
	ppmUnit = terms.PpmUnit
)

// rounding names where a remainder falls.
type rounding uint8

const (
	roundDown rounding = iota
	roundHalfUp
	roundUp
)

// mulDiv returns a*b/d for a, b >= 0 and d > 0, with the product taken exactly.
func mulDiv(a, b, d int64, r rounding) (int64, error) {
	if a < 0 || b < 0 || d <= 0 {
		return 0, ErrAmount.Wrapf("internal: %d * %d / %d", a, b, d)
	}
	return roundedQuotient(new(big.Int).Mul(big.NewInt(a), big.NewInt(b)), big.NewInt(d), r)
}

// roundedQuotient returns n/d for n >= 0 and d > 0. It overwrites n.
func roundedQuotient(n, d *big.Int, r rounding) (int64, error) {
	switch r {
	case roundHalfUp: // floor((2n + d) / 2d)
		n.Lsh(n, 1).Add(n, d)
		d = new(big.Int).Lsh(d, 1)
	case roundUp:
		n.Add(n, d).Sub(n, big.NewInt(1))
	}
	n.Quo(n, d)
	if !n.IsInt64() {
		return 0, ErrAmount.Wrap("quotient leaves 64 bits")
	}
	return n.Int64(), nil
}

// addFen adds with a check for overflow.
func addFen(a, b int64) (int64, error) {
	if (b > 0 && a > math.MaxInt64-b) || (b < 0 && a < math.MinInt64-b) {
		return 0, ErrAmount.Wrapf("%d + %d leaves 64 bits", a, b)
	}
	return a + b, nil
}

// shift moves delta into the total, which must stay within 0 and PoolFenMax.
func shift(total *int64, delta int64) error {
	sum, err := addFen(*total, delta)
	if err != nil {
		return err
	}
	if sum < 0 || sum > PoolFenMax {
		return ErrAmount.Wrapf("total of %d leaves 0 to %d", sum, int64(PoolFenMax))
	}
	*total = sum
	return nil
}

// amountWithin refuses an amount that is not positive or over max.
func amountWithin(amountFen, maxFen int64) error {
	if amountFen <= 0 || amountFen > maxFen {
		return ErrAmount.Wrapf("got %d fen, want 1 to %d", amountFen, maxFen)
	}
	return nil
}
