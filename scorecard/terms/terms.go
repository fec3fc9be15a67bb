// Package terms turns a score into the terms of a loan: the bounds on its amount
// and the parts of its rate. The chain decides with these functions, and the
// portal shows, explains and tries out with the same ones, so that a what-if can
// never promise what the chain would not do.
//
// Everything is an integer with its unit in its name. Each part says how it was
// rounded. There is no clock, no state and no configuration.
package terms

import (
	"cmp"
	"errors"
	"fmt"
	"math/big"
	"slices"
)

// Units and bounds. A fact beyond them is refused, so that no sum overflows.
const (
	BpsUnit = 10_000
	PpmUnit = 1_000_000
	// RateBpsMax bounds every yearly rate and every part of one.
	RateBpsMax = 10_000
	// PrincipalFenMax bounds one loan: 10 billion yuan.
	PrincipalFenMax = 1_000_000_000_000
	// TotalFenMax bounds what a firm owes and what a pool holds: 10 trillion yuan.
	TotalFenMax = 1_000_000_000_000_000
	// CapacityPeriodsMax bounds how many months of capacity a product lends.
	CapacityPeriodsMax = 60
	// GradeLowestLent is grade C: on data of grade D nothing is lent.
	GradeLowestLent = 3
)

// The codes of the bounds on an amount, which are also the reasons for less.
const (
	LimitProduct  = "limit-product"
	LimitCapacity = "limit-capacity"
	LimitBand     = "limit-band"  // the product lends nothing in this band
	LimitGrade    = "limit-grade" // data of this grade carries nothing
	LimitExposure = "limit-exposure"
	LimitPool     = "limit-pool"
)

// The codes of the parts of a rate, in the order in which they are added.
const (
	RateIndex        = "index"
	RateFunding      = "funding"
	RateExpectedLoss = "expected-loss"
	RateMargin       = "margin"
	RateZeroFloor    = "zero-floor"
	RateLegalCap     = "legal-cap"
)

// ErrFacts says that a fact is out of bounds.
var ErrFacts = errors.New("terms: fact out of bounds")

// Rounding names where a remainder fell. Its numbers are those of
// xinlian.loan.v1.Rounding.
type Rounding uint8

// The roundings.
const (
	Exact Rounding = 1 // there was nothing to round
	Down  Rounding = 2 // the remainder was dropped
	Up    Rounding = 3 // any remainder counted as one
)

// String is the rounding's name.
func (r Rounding) String() string {
	switch r {
	case Exact:
		return "exact"
	case Down:
		return "down"
	case Up:
		return "up"
	}
	return fmt.Sprintf("rounding(%d)", uint8(r))
}

// gradeFactorsBps scales what a firm's capacity carries by the quality of the
// data that it was computed from, grades A to D.
var gradeFactorsBps = [...]uint32{1: BpsUnit, 2: 8_000, GradeLowestLent: 5_000, 4: 0}

// GradeFactorBps is the share of capacity that data of a grade carries, 1 = A to
// 4 = D, in basis points; false for any other number.
func GradeFactorBps(grade uint32) (uint32, bool) {
	if grade == 0 || int(grade) >= len(gradeFactorsBps) {
		return 0, false
	}
	return gradeFactorsBps[grade], true
}

// BandFactorBps is a product's share of capacity for a band, by its place in the
// model's table, the best first. A product without factors lends on all of it.
func BandFactorBps(factors []uint32, band int) (uint32, bool) {
	if len(factors) == 0 {
		return BpsUnit, true
	}
	if band < 0 || band >= len(factors) {
		return 0, false
	}
	return factors[band], true
}

// CheckBandFactors wants shares of the whole that never rise from a band to the
// next worse one.
func CheckBandFactors(factors []uint32) error {
	for i, f := range factors {
		if f > BpsUnit {
			return fmt.Errorf("%w: band factor %d of %d basis points, want at most %d", ErrFacts, i+1, f, BpsUnit)
		}
		if i > 0 && f > factors[i-1] {
			return fmt.Errorf("%w: band factor %d rises from %d to %d basis points in a worse band", ErrFacts, i+1, factors[i-1], f)
		}
	}
	return nil
}

// Facts is everything that terms are computed from.
type Facts struct {
	// Of the product.
	AmountFenMax    int64
	CapacityPeriods uint32 // monthly capacities lent
	ExposureFenMax  int64  // one firm's debt with all lenders
	FundingBps      uint32
	MarginBps       uint32
	LgdBps          uint32 // loss given default
	// Of the score.
	CapacityFen   int64  // a month
	PdPpm         uint32 // the band's probability of default in a year
	BandFactorBps uint32 // the product's share of capacity in that band
	// Of the firm's data and debts.
	Grade       uint32 // 1 = A to 4 = D
	ExposureFen int64  // owed to all lenders
	ReservedFen int64  // promised by all lenders
	// Of the market.
	PoolFreeFen int64
	IndexBps    int64
	RateCapBps  uint32 // by law
}

// Part is one summand of a rate.
type Part struct {
	Code     string
	Bps      int64
	Rounding Rounding
}

// Bound is one bound on the amount of a loan. The smallest is the limit, and
// each of the others says how far the limit could rise.
type Bound struct {
	Code     string
	LimitFen int64
	Rounding Rounding
}

// Terms are a rate with its parts and a limit with its bounds.
type Terms struct {
	RateBps  uint32
	Parts    []Part // sum to RateBps
	LimitFen int64
	Bounds   []Bound // the tightest, which is LimitFen, first
}

// Of is the terms that follow from facts. It fails only on facts out of bounds.
//
//	rate  = index + funding + probability × loss given default + margin, between 0 and the legal cap
//	limit = min(product, capacity × periods × band factor × grade factor, exposure left, pool)
func Of(f Facts) (Terms, error) {
	if err := f.validate(); err != nil {
		return Terms{}, err
	}
	t := Terms{Bounds: f.bounds()}
	t.LimitFen = t.Bounds[0].LimitFen
	t.Parts, t.RateBps = f.rate()
	return t, nil
}

// bounds are the tightest first; equal ones keep the order product, capacity,
// exposure, pool.
func (f Facts) bounds() []Bound {
	capacity := f.capacityBound()
	left := max(f.ExposureFenMax-f.ExposureFen-f.ReservedFen, 0)
	bounds := []Bound{
		{LimitProduct, f.AmountFenMax, Exact},
		capacity,
		{LimitExposure, left, Exact},
		{LimitPool, max(f.PoolFreeFen, 0), Exact},
	}
	slices.SortStableFunc(bounds, func(a, b Bound) int { return cmp.Compare(a.LimitFen, b.LimitFen) })
	return bounds
}

// capacityBound is capacity times periods times both factors, taken exactly and
// rounded down once, and never more than PrincipalFenMax.
func (f Facts) capacityBound() Bound {
	grade := gradeFactorsBps[f.Grade]
	b := Bound{Code: LimitCapacity, LimitFen: PrincipalFenMax}
	switch {
	case grade == 0:
		b.Code = LimitGrade
	case f.BandFactorBps == 0:
		b.Code = LimitBand
	}
	n := big.NewInt(max(f.CapacityFen, 0))
	n.Mul(n, big.NewInt(int64(f.CapacityPeriods)))
	n.Mul(n, big.NewInt(int64(f.BandFactorBps)))
	n.Mul(n, big.NewInt(int64(grade)))
	q, rest := new(big.Int).QuoRem(n, big.NewInt(BpsUnit*BpsUnit), new(big.Int))
	b.Rounding = Down
	if rest.Sign() == 0 {
		b.Rounding = Exact
	}
	if q.IsInt64() && q.Int64() <= PrincipalFenMax {
		b.LimitFen = q.Int64()
	} else {
		b.Rounding = Down // what is over the greatest principal is dropped
	}
	return b
}

// rate adds up the parts. The expected loss is rounded up, so that risk is never
// priced at nothing; the sum is kept between 0 and the legal cap by parts of
// their own, so that parts always sum to the rate.
func (f Facts) rate() ([]Part, uint32) {
	product := int64(f.PdPpm) * int64(f.LgdBps) // at most 10^10
	loss := Part{RateExpectedLoss, product / PpmUnit, Exact}
	if product%PpmUnit != 0 {
		loss.Bps, loss.Rounding = loss.Bps+1, Up
	}
	parts := []Part{
		{RateIndex, f.IndexBps, Exact},
		{RateFunding, int64(f.FundingBps), Exact},
		loss,
		{RateMargin, int64(f.MarginBps), Exact},
	}
	var sum int64
	for _, p := range parts {
		sum += p.Bps
	}
	if sum < 0 {
		parts = append(parts, Part{RateZeroFloor, -sum, Exact})
		sum = 0
	}
	if most := int64(f.RateCapBps); sum > most {
		parts = append(parts, Part{RateLegalCap, most - sum, Exact})
		sum = most
	}
	return parts, uint32(sum)
}

func (f Facts) validate() error {
	bad := func(format string, a ...any) error {
		return fmt.Errorf("%w: "+format, append([]any{ErrFacts}, a...)...)
	}
	within := func(v, most int64) bool { return v >= 0 && v <= most }
	switch {
	case !within(f.AmountFenMax, PrincipalFenMax):
		return bad("largest loan of %d fen, want 0 to %d", f.AmountFenMax, int64(PrincipalFenMax))
	case f.CapacityPeriods == 0 || f.CapacityPeriods > CapacityPeriodsMax:
		return bad("%d capacity periods, want 1 to %d", f.CapacityPeriods, CapacityPeriodsMax)
	case !within(f.ExposureFenMax, TotalFenMax) || !within(f.ExposureFen, TotalFenMax) || !within(f.ReservedFen, TotalFenMax):
		return bad("exposure of %d and %d fen of at most %d, want 0 to %d each", f.ExposureFen, f.ReservedFen, f.ExposureFenMax, int64(TotalFenMax))
	case f.FundingBps > RateBpsMax || f.MarginBps > RateBpsMax || f.RateCapBps > RateBpsMax:
		return bad("funding %d, margin %d or legal cap %d basis points, want at most %d", f.FundingBps, f.MarginBps, f.RateCapBps, RateBpsMax)
	case f.IndexBps < -RateBpsMax || f.IndexBps > RateBpsMax:
		return bad("index of %d basis points, want ±%d", f.IndexBps, RateBpsMax)
	case f.LgdBps > BpsUnit || f.BandFactorBps > BpsUnit:
		return bad("loss given default %d or band factor %d basis points, want at most %d", f.LgdBps, f.BandFactorBps, BpsUnit)
	case f.PdPpm > PpmUnit:
		return bad("probability of %d millionths, want at most %d", f.PdPpm, PpmUnit)
	}
	if _, known := GradeFactorBps(f.Grade); !known {
		return bad("grade %d, want 1 to 4", f.Grade)
	}
	return nil
}
