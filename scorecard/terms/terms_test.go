package terms

import (
	"errors"
	"math"
	"math/big"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func facts() Facts {
	return Facts{
		AmountFenMax: 30_000_000, CapacityPeriods: 10, ExposureFenMax: 40_000_000, FundingBps: 100, MarginBps: 230, LgdBps: 4_500,
		CapacityFen: 2_000_000, PdPpm: 20_000, BandFactorBps: BpsUnit, Grade: 1, PoolFreeFen: 50_000_000, IndexBps: 300, RateCapBps: 2_400,
	}
}

// Each fact moves limit and rate as the formula says, and each part names its
// rounding.
func TestOf(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		bend  func(*Facts)
		limit int64
		rate  uint32
		bound Bound
		loss  Part
	}{
		"all is well":              {func(*Facts) {}, 20_000_000, 720, Bound{LimitCapacity, 20_000_000, Exact}, Part{RateExpectedLoss, 90, Exact}},
		"a worse band carries 70%": {func(f *Facts) { f.BandFactorBps = 7_000 }, 14_000_000, 720, Bound{LimitCapacity, 14_000_000, Exact}, Part{RateExpectedLoss, 90, Exact}},
		"band and grade multiply":  {func(f *Facts) { f.BandFactorBps, f.Grade = 7_000, 3 }, 7_000_000, 720, Bound{LimitCapacity, 7_000_000, Exact}, Part{RateExpectedLoss, 90, Exact}},
		"factors round down once":  {func(f *Facts) { f.CapacityFen, f.CapacityPeriods, f.BandFactorBps, f.Grade = 9_999_999, 1, 3_333, 2 }, 2_666_399, 720, Bound{LimitCapacity, 2_666_399, Down}, Part{RateExpectedLoss, 90, Exact}},
		"nothing in this band":     {func(f *Facts) { f.BandFactorBps = 0 }, 0, 720, Bound{LimitBand, 0, Exact}, Part{RateExpectedLoss, 90, Exact}},
		"nothing on grade D":       {func(f *Facts) { f.Grade, f.BandFactorBps = 4, 0 }, 0, 720, Bound{LimitGrade, 0, Exact}, Part{RateExpectedLoss, 90, Exact}},
		"exposure left":            {func(f *Facts) { f.ExposureFen, f.ReservedFen = 30_000_000, 4_000_000 }, 6_000_000, 720, Bound{LimitExposure, 6_000_000, Exact}, Part{RateExpectedLoss, 90, Exact}},
		"exposure used up":         {func(f *Facts) { f.ExposureFen, f.ReservedFen = TotalFenMax, TotalFenMax }, 0, 720, Bound{LimitExposure, 0, Exact}, Part{RateExpectedLoss, 90, Exact}},
		"a pool in the red":        {func(f *Facts) { f.PoolFreeFen = math.MinInt64 }, 0, 720, Bound{LimitPool, 0, Exact}, Part{RateExpectedLoss, 90, Exact}},
		"capacity of 2^63-1": {func(f *Facts) {
			f.CapacityFen, f.AmountFenMax, f.ExposureFenMax, f.PoolFreeFen = math.MaxInt64, PrincipalFenMax, TotalFenMax, TotalFenMax
		}, PrincipalFenMax, 720, Bound{LimitProduct, PrincipalFenMax, Exact}, Part{RateExpectedLoss, 90, Exact}},
		"risk rounds up":        {func(f *Facts) { f.PdPpm = 1 }, 20_000_000, 631, Bound{LimitCapacity, 20_000_000, Exact}, Part{RateExpectedLoss, 1, Up}},
		"no loss given default": {func(f *Facts) { f.LgdBps = 0 }, 20_000_000, 630, Bound{LimitCapacity, 20_000_000, Exact}, Part{RateExpectedLoss, 0, Exact}},
		"the legal cap":         {func(f *Facts) { f.PdPpm = PpmUnit }, 20_000_000, 2_400, Bound{LimitCapacity, 20_000_000, Exact}, Part{RateExpectedLoss, 4_500, Exact}},
		"the floor of zero":     {func(f *Facts) { f.IndexBps = -5_000 }, 20_000_000, 0, Bound{LimitCapacity, 20_000_000, Exact}, Part{RateExpectedLoss, 90, Exact}},
	} {
		f := facts()
		c.bend(&f)
		got, err := Of(f)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got.LimitFen != c.limit || got.RateBps != c.rate || got.Bounds[0] != c.bound || got.Parts[2] != c.loss {
			t.Errorf("%s: got %+v, want limit %d, rate %d, %+v, %+v", name, got, c.limit, c.rate, c.bound, c.loss)
		}
	}
}

// Facts out of bounds are refused, each by name.
func TestOfRefusals(t *testing.T) {
	t.Parallel()
	for name, bend := range map[string]func(*Facts){
		"grade 0":           func(f *Facts) { f.Grade = 0 },
		"grade 5":           func(f *Facts) { f.Grade = 5 },
		"index too high":    func(f *Facts) { f.IndexBps = RateBpsMax + 1 },
		"index too low":     func(f *Facts) { f.IndexBps = math.MinInt64 },
		"cap too high":      func(f *Facts) { f.RateCapBps = math.MaxUint32 },
		"pd over one":       func(f *Facts) { f.PdPpm = PpmUnit + 1 },
		"band over one":     func(f *Facts) { f.BandFactorBps = BpsUnit + 1 },
		"lgd over one":      func(f *Facts) { f.LgdBps = BpsUnit + 1 },
		"negative exposure": func(f *Facts) { f.ExposureFen = -1 },
		"huge exposure":     func(f *Facts) { f.ExposureFen = math.MaxInt64 },
		"negative promise":  func(f *Facts) { f.ReservedFen = -1 },
		"huge product":      func(f *Facts) { f.AmountFenMax = math.MaxInt64 },
		"no periods":        func(f *Facts) { f.CapacityPeriods = 0 },
		"endless periods":   func(f *Facts) { f.CapacityPeriods = CapacityPeriodsMax + 1 },
		"margin":            func(f *Facts) { f.MarginBps = RateBpsMax + 1 },
	} {
		f := facts()
		bend(&f)
		if _, err := Of(f); !errors.Is(err, ErrFacts) {
			t.Errorf("%s: got error %v, want %v", name, err, ErrFacts)
		}
	}
}

// For any facts in bounds: parts sum to a rate within zero and the cap, the limit
// is the smallest bound, roundings tell the truth, and a better band, a better
// grade, less debt or more capacity never lower the limit.
func TestProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		f := draw(r)
		got, err := Of(f)
		if err != nil {
			r.Fatal(err)
		}
		var sum int64
		for _, p := range got.Parts {
			sum += p.Bps
		}
		if sum != int64(got.RateBps) || got.RateBps > f.RateCapBps {
			r.Fatalf("rate %d of parts %v", got.RateBps, got.Parts)
		}
		loss := big.NewRat(int64(f.PdPpm)*int64(f.LgdBps), PpmUnit)
		if exact := loss.Cmp(new(big.Rat).SetInt64(got.Parts[2].Bps)) == 0; exact != (got.Parts[2].Rounding == Exact) {
			r.Fatalf("expected loss %v said to be %s", loss, got.Parts[2].Rounding)
		}
		for _, b := range got.Bounds {
			if b.LimitFen < got.LimitFen || b.LimitFen < 0 {
				r.Fatalf("bound %+v under the limit of %d", b, got.LimitFen)
			}
		}
		better := f
		switch rapid.IntRange(0, 3).Draw(r, "better") {
		case 0:
			better.BandFactorBps = rapid.Uint32Range(f.BandFactorBps, BpsUnit).Draw(r, "band'")
		case 1:
			better.Grade = rapid.Uint32Range(1, f.Grade).Draw(r, "grade'")
		case 2:
			better.ExposureFen = rapid.Int64Range(0, f.ExposureFen).Draw(r, "exposure'")
		case 3:
			better.CapacityFen = rapid.Int64Range(f.CapacityFen, math.MaxInt64).Draw(r, "capacity'")
		}
		up, err := Of(better)
		if err != nil {
			r.Fatal(err)
		}
		if up.LimitFen < got.LimitFen {
			r.Fatalf("the limit fell from %d to %d", got.LimitFen, up.LimitFen)
		}
	})
}

func draw(r *rapid.T) Facts {
	f := facts()
	f.AmountFenMax = rapid.Int64Range(0, PrincipalFenMax).Draw(r, "largest")
	f.CapacityFen = rapid.Int64().Draw(r, "capacity")
	f.CapacityPeriods = rapid.Uint32Range(1, CapacityPeriodsMax).Draw(r, "periods")
	f.PdPpm = rapid.Uint32Range(0, PpmUnit).Draw(r, "pd")
	f.LgdBps = rapid.Uint32Range(0, BpsUnit).Draw(r, "lgd")
	f.BandFactorBps = rapid.Uint32Range(0, BpsUnit).Draw(r, "band")
	f.Grade = rapid.Uint32Range(1, 4).Draw(r, "grade")
	f.IndexBps = rapid.Int64Range(-RateBpsMax, RateBpsMax).Draw(r, "index")
	f.RateCapBps = rapid.Uint32Range(0, RateBpsMax).Draw(r, "cap")
	f.ExposureFen = rapid.Int64Range(0, TotalFenMax).Draw(r, "exposure")
	f.ReservedFen = rapid.Int64Range(0, TotalFenMax).Draw(r, "reserved")
	f.PoolFreeFen = rapid.Int64().Draw(r, "pool")
	return f
}

// A product's factors never rise in a worse band, and a band beyond them is
// unknown rather than whole.
func TestBandFactors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		factors []uint32
		ok      bool
	}{
		"none":      {nil, true},
		"falling":   {[]uint32{10_000, 8_000, 8_000, 0}, true},
		"rising":    {[]uint32{8_000, 8_001}, false},
		"over one":  {[]uint32{10_001}, false},
		"all whole": {[]uint32{10_000, 10_000}, true},
	} {
		if err := CheckBandFactors(c.factors); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
	got := make([]uint32, 0, 4)
	for _, band := range []int{0, 1, 2, -1} {
		f, ok := BandFactorBps([]uint32{9_000, 5_000}, band)
		if ok != (band == 0 || band == 1) {
			t.Errorf("band %d known: %t", band, ok)
		}
		got = append(got, f)
	}
	if !slices.Equal(got, []uint32{9_000, 5_000, 0, 0}) {
		t.Errorf("got %v", got)
	}
	if f, ok := BandFactorBps(nil, 7); f != BpsUnit || !ok {
		t.Errorf("a product without factors lends on %d basis points, %t", f, ok)
	}
}
