package schedule

import (
	"errors"
	"math/big"
)

// annuity is the instalment A that repays a balance in len(rates) payments when
// period k bears interest of rates[k]/year on what is left:
//
//	A = B (1+r1)...(1+rn) / sum over k of (1+r(k+1))...(1+rn)
//
// It is the textbook annuity B r (1+r)^n / ((1+r)^n - 1) when all r are equal,
// and B/n without interest. Fractions are exact; the result is rounded once.
func annuity(balanceFen int64, rates []int64, year int64) (int64, error) {
	if len(rates) == 0 || year <= 0 {
		return 0, errors.New("internal: an annuity of no periods")
	}
	// Dividing out what all share keeps the numbers short.
	common := year
	for _, r := range rates {
		common = gcd(common, r)
	}
	d := big.NewInt(year / common)
	// With r = a/d: owed = B (d+a1)...(d+ak), paid = sum of d^j (d+a(j+1))...(d+ak).
	owed, paid := big.NewInt(balanceFen), new(big.Int)
	power, step := big.NewInt(1), new(big.Int)
	for _, r := range rates {
		step.SetInt64(r / common)
		step.Add(step, d)
		power.Mul(power, d)
		owed.Mul(owed, step)
		paid.Mul(paid, step)
		paid.Add(paid, power)
	}
	return quotient(owed, paid, LevelRounding)
}

func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
