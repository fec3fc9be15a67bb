package schedule

import (
	"errors"
	"fmt"
	"math/big"
)

// Cost is what a loan costs a year, in parts per million.
type Cost struct {
	// PeriodPpm is the internal rate of return of one unit-period.
	PeriodPpm int64
	// AprPpm is the nominal yearly rate: PeriodPpm, before it was rounded, times the
	// unit-periods of a year. It is the annual percentage rate of Regulation Z.
	AprPpm int64
	// IrrPpm is the effective yearly rate (1 + i)^w - 1: the internal rate of return
	// a year with interest on interest, as the European directive on consumer credit has it.
	IrrPpm int64
	// DatedPpm is the effective yearly rate by the days between the due days, over
	// 365: what spreadsheets call XIRR. Only a quote has it.
	DatedPpm int64
}

// Bps rounds parts per million half up to basis points.
func Bps(ppm int64) int64 { return (ppm + 50) / 100 }

// Flow is one payment of a borrower.
type Flow struct {
	// Periods is the whole unit-periods from the advance, besides the odd part.
	Periods   uint32
	AmountFen int64
}

// Stream is one advance and the payments for it, in unit-periods.
type Stream struct {
	// AdvanceFen is what the borrower receives, less fees kept back.
	AdvanceFen int64
	// OddNum/OddDen is the fraction of a unit-period that comes before all the
	// whole ones; 0/1 for none. Interest in it is simple.
	OddNum, OddDen int64
	// Flows ascend by Periods.
	Flows []Flow
	// YearNum/YearDen is the number of unit-periods in a year, like 12/1.
	YearNum, YearDen int64
}

const (
	// yieldBits is the binary precision of a rate of a unit-period.
	yieldBits = 96
	// yieldMax bounds it: a thousandfold.
	yieldMax = 1_000
	// moneyBits is how many binary places of a fen a balance is carried with.
	moneyBits = 64
)

// Yield finds the rate i of a unit-period at which the payments are worth the advance:
//
//	advance = sum of payment / ((1 + f i) (1 + i)^t)
//
// by bisection of the balance that is left after the last payment, which rises
// with i. Payments that sum to less than the advance have no such rate.
func Yield(s Stream) (Cost, error) {
	if err := s.validate(); err != nil {
		return Cost{}, err
	}
	low, high := new(big.Int), new(big.Int).Lsh(big.NewInt(yieldMax), yieldBits)
	if s.left(low).Sign() > 0 {
		return Cost{}, errors.New("the payments sum to less than was received: there is no rate of return")
	}
	if s.left(high).Sign() <= 0 {
		return Cost{}, fmt.Errorf("the rate of return is more than %d times the principal in a period", yieldMax)
	}
	// The balance left is 0 or less at low and more than 0 at high.
	mid, one := new(big.Int), big.NewInt(1)
	for new(big.Int).Sub(high, low).Cmp(one) > 0 {
		mid.Add(low, high).Rsh(mid, 1)
		if s.left(mid).Sign() > 0 {
			high.Set(mid)
		} else {
			low.Set(mid)
		}
	}
	return s.cost(low)
}

func (s Stream) validate() error {
	if err := within(s.AdvanceFen, 1, PrincipalFenMax, "advance"); err != nil {
		return err
	}
	switch {
	case len(s.Flows) == 0 || len(s.Flows) > PeriodsMax:
		return fmt.Errorf("%d payments, want 1 to %d", len(s.Flows), PeriodsMax)
	case s.YearNum <= 0 || s.YearDen <= 0 || s.YearNum > TermDaysMax || s.YearDen > TermDaysMax:
		return fmt.Errorf("%d/%d unit-periods in a year", s.YearNum, s.YearDen)
	case s.OddNum < 0 || s.OddDen <= 0 || s.OddNum > s.OddDen || s.OddDen > TermDaysMax:
		return fmt.Errorf("odd part of %d/%d of a unit-period", s.OddNum, s.OddDen)
	}
	before := uint32(0)
	for i, f := range s.Flows {
		if f.Periods < before || f.Periods > TermDaysMax+PeriodsMax || f.AmountFen < 0 || f.AmountFen > balanceFenMax {
			return fmt.Errorf("payment %d of %d fen after %d unit-periods", i+1, f.AmountFen, f.Periods)
		}
		before = f.Periods
	}
	return nil
}

// left is the balance after the last payment when a unit-period bears x/2^yieldBits.
func (s Stream) left(x *big.Int) *big.Int {
	balance := new(big.Int).Lsh(big.NewInt(s.AdvanceFen), moneyBits)
	odd := new(big.Int).Mul(x, big.NewInt(s.OddNum))
	odd.Quo(odd, big.NewInt(s.OddDen))
	odd.Add(odd, unity)
	balance.Mul(balance, odd).Rsh(balance, yieldBits)
	growth := new(big.Int).Add(unity, x)
	at, paid := uint32(0), new(big.Int)
	for _, f := range s.Flows {
		if gap := f.Periods - at; gap > 0 {
			balance.Mul(balance, power(growth, int64(gap))).Rsh(balance, yieldBits)
			at = f.Periods
		}
		balance.Sub(balance, paid.Lsh(paid.SetInt64(f.AmountFen), moneyBits))
		if balance.Sign() < 0 { // it was repaid before its end, and cannot rise again
			break
		}
	}
	return balance
}

// unity is 1 in yieldBits; it is never written to.
var unity = new(big.Int).Lsh(big.NewInt(1), yieldBits)

// cost expresses a rate of a unit-period by the year.
func (s Stream) cost(x *big.Int) (Cost, error) {
	var c Cost
	var err error
	if c.PeriodPpm, err = ppm(x, 1, 1); err != nil {
		return Cost{}, err
	}
	if c.AprPpm, err = ppm(x, s.YearNum, s.YearDen); err != nil {
		return Cost{}, err
	}
	common := gcd(s.YearNum, s.YearDen)
	grown := power(new(big.Int).Add(unity, x), s.YearNum/common)
	year, err := root(grown, s.YearDen/common)
	if err != nil {
		return Cost{}, err
	}
	c.IrrPpm, err = ppm(year.Sub(year, unity), 1, 1)
	return c, err
}

// ppm is x/2^yieldBits * n/d in parts per million, rounded half up.
func ppm(x *big.Int, n, d int64) (int64, error) {
	v := new(big.Int).Mul(x, big.NewInt(n*ppmUnit))
	return quotient(v, new(big.Int).Mul(unity, big.NewInt(d)), HalfUp)
}

// power is x^n for a number of yieldBits binary places.
func power(x *big.Int, n int64) *big.Int {
	result, square := new(big.Int).Set(unity), new(big.Int).Set(x)
	for ; n > 0; n >>= 1 {
		if n&1 == 1 {
			result.Mul(result, square).Rsh(result, yieldBits)
		}
		if n > 1 {
			square.Mul(square, square).Rsh(square, yieldBits)
		}
	}
	return result
}

// root is the n-th root of x >= 1, by bisection between 1 and x.
func root(x *big.Int, n int64) (*big.Int, error) {
	if n == 1 {
		return x, nil
	}
	if x.BitLen() > rootBitsMax {
		return nil, errors.New("the rate of return is too large to express by the year")
	}
	low, high := new(big.Int).Set(unity), new(big.Int).Add(x, big.NewInt(1))
	mid, one := new(big.Int), big.NewInt(1)
	for new(big.Int).Sub(high, low).Cmp(one) > 0 {
		mid.Add(low, high).Rsh(mid, 1)
		if power(mid, n).Cmp(x) > 0 {
			high.Set(mid)
		} else {
			low.Set(mid)
		}
	}
	return low, nil
}

// rootBitsMax keeps the numbers of a bisection short.
const rootBitsMax = 4_096
