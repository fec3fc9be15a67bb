package loan

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	"github.com/xinlian/xinlian/scorecard/terms"
)

func facts(t testing.TB) Facts {
	t.Helper()
	c, err := Compile(contractTerms())
	if err != nil {
		t.Fatal(err)
	}
	return Facts{
		Contract: c, Product: productTerms(hashOf(1), 1), AmountFen: 10_000_000, Periods: 12,
		Inputs: loanv1.DecisionInputs{
			Grade: 1, GradeFactorBps: 10_000, IndexBps: 300, IndexLive: true, RateCapBps: 2_400, PoolFreeFen: 50_000_000,
			Points: 650, CapacityFen: 2_000_000, Band: "B", PdPpm: 20_000, BandFactorBps: 10_000, LgdBps: 4_500,
		},
	}
}

// grade sets a grade with its factor, as the chain finds them.
func (f *Facts) grade(grade uint32) {
	f.Inputs.Grade = grade
	f.Inputs.GradeFactorBps, _ = terms.GradeFactorBps(grade)
}

// Each fact moves the decision as the public formula says.
func TestDecide(t *testing.T) {
	t.Parallel()
	type reason struct {
		code             string
		value, threshold int64
	}
	type reasons = []reason
	const approved, referred, declined = loanv1.Outcome_OUTCOME_APPROVED, loanv1.Outcome_OUTCOME_REFERRED, loanv1.Outcome_OUTCOME_DECLINED
	for _, c := range []struct {
		name    string
		bend    func(*Facts)
		outcome loanv1.Outcome
		limit   int64
		rate    uint32
		reasons reasons
	}{
		{"all is well", func(*Facts) {}, approved, 20_000_000, 720, nil},
		{"the loan is the limit", func(f *Facts) { f.AmountFen = 20_000_000 }, approved, 20_000_000, 720, nil},
		{"capacity bites", func(f *Facts) { f.AmountFen = 20_000_001 }, approved, 20_000_000, 720, reasons{{terms.LimitCapacity, 20_000_000, 20_000_001}}},
		{"grade B carries 80 %", func(f *Facts) { f.grade(2); f.AmountFen = 20_000_000 }, approved, 16_000_000, 720, reasons{{terms.LimitCapacity, 16_000_000, 20_000_000}}},
		{"grade C carries half", func(f *Facts) { f.grade(3) }, approved, 10_000_000, 720, nil},
		{"grade D carries nothing", func(f *Facts) { f.grade(4) }, declined, 0, 720, reasons{{terms.LimitGrade, 4, 3}}},
		{"the product's largest", func(f *Facts) { f.Inputs.CapacityFen, f.AmountFen = 1<<53, 40_000_000 }, approved, 30_000_000, 720, reasons{{terms.LimitProduct, 30_000_000, 40_000_000}}},
		{"capacity of 2^63-1", func(f *Facts) { f.Inputs.CapacityFen = math.MaxInt64 }, approved, 30_000_000, 720, nil},
		{"no capacity", func(f *Facts) { f.Inputs.CapacityFen = 0 }, declined, 0, 720, reasons{{terms.LimitCapacity, 0, 1_000_000}}},
		{"negative capacity", func(f *Facts) { f.Inputs.CapacityFen = math.MinInt64 }, declined, 0, 720, reasons{{terms.LimitCapacity, 0, 1_000_000}}},
		{"exposure elsewhere", func(f *Facts) { f.Inputs.ExposureFen, f.Inputs.ReservedFen = 30_000_000, 5_000_000 }, approved, 5_000_000, 720, reasons{{terms.LimitExposure, 5_000_000, 10_000_000}}},
		{"exposure used up", func(f *Facts) { f.Inputs.ExposureFen = 39_000_001 }, declined, 999_999, 720, reasons{{terms.LimitExposure, 999_999, 1_000_000}}},
		{"an empty pool", func(f *Facts) { f.Inputs.PoolFreeFen = 0 }, declined, 0, 720, reasons{{terms.LimitPool, 0, 1_000_000}}},
		{"the smallest loan", func(f *Facts) { f.Inputs.PoolFreeFen = 1_000_000 }, approved, 1_000_000, 720, reasons{{terms.LimitPool, 1_000_000, 10_000_000}}},
		{"a low score", func(f *Facts) { f.Inputs.Points = 499 }, declined, 20_000_000, 720, reasons{{"score-min", 499, 500}}},
		{"a low score and a loss", func(f *Facts) { f.Inputs.Points, f.Inputs.WrittenOffFen = 0, 7 }, declined, 20_000_000, 720, reasons{{"score-min", 0, 500}, {"no-loss", 7, 0}}},
		{"a low score and no limit", func(f *Facts) { f.Inputs.Points, f.Inputs.CapacityFen = 1, 0 }, declined, 0, 720, reasons{{"score-min", 1, 500}, {terms.LimitCapacity, 0, 1_000_000}}},
		{"a middling score", func(f *Facts) { f.Inputs.Points = 599 }, referred, 20_000_000, 720, reasons{{"score-clear", 599, 600}}},
		{"a stale index", func(f *Facts) { f.Inputs.IndexLive = false }, referred, 20_000_000, 720, reasons{{ReasonIndexStale, 300, 0}}},
		{
			"stale, middling, over the limit", func(f *Facts) { f.Inputs.IndexLive, f.Inputs.Points, f.AmountFen = false, 550, 25_000_000 }, referred, 20_000_000, 720,
			reasons{{ReasonIndexStale, 300, 0}, {"score-clear", 550, 600}, {terms.LimitCapacity, 20_000_000, 25_000_000}},
		},
		{"a band that carries half", func(f *Facts) { f.Inputs.BandFactorBps = 5_000 }, approved, 10_000_000, 720, nil},
		{"a band that carries nothing", func(f *Facts) { f.Inputs.BandFactorBps = 0 }, declined, 0, 720, reasons{{terms.LimitBand, 0, 1}}},
		{"risk rounds up", func(f *Facts) { f.Inputs.PdPpm = 1 }, approved, 20_000_000, 631, nil},
		{"no risk", func(f *Facts) { f.Inputs.PdPpm = 0 }, approved, 20_000_000, 630, nil},
		{"certain loss meets the cap", func(f *Facts) { f.Inputs.PdPpm = 1_000_000 }, approved, 20_000_000, 2_400, nil},
		{"a negative index meets zero", func(f *Facts) { f.Inputs.IndexBps = -5_000 }, approved, 20_000_000, 0, nil},
	} {
		f := facts(t)
		c.bend(&f)
		d, err := Decide(f)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if d.Outcome != c.outcome || d.LimitFen != c.limit || d.RateBps != c.rate {
			t.Errorf("%s: %s, limit %d, rate %d, want %s, %d, %d", c.name, d.Outcome, d.LimitFen, d.RateBps, c.outcome, c.limit, c.rate)
		}
		var got reasons
		for _, r := range d.Reasons {
			got = append(got, reason{r.Code, r.Value, r.Threshold})
		}
		wantList(t, c.name, got, c.reasons)
	}
}

// For any facts the rate is the sum of its parts within zero and the cap, the
// limit is the tightest bound, reasons are at most four, and an approval always
// leaves room for the product's smallest loan.
func TestDecideProperties(t *testing.T) {
	t.Parallel()
	base := facts(t)
	rapid.Check(t, func(r *rapid.T) {
		f := base
		f.AmountFen = rapid.Int64Range(1, PrincipalFenMax).Draw(r, "amount")
		f.Inputs.Points = rapid.Int64().Draw(r, "points")
		f.Inputs.CapacityFen = rapid.Int64().Draw(r, "capacity")
		f.Inputs.PdPpm = rapid.Uint32Range(0, terms.PpmUnit).Draw(r, "pd")
		f.grade(rapid.Uint32Range(1, 4).Draw(r, "grade"))
		f.Inputs.BandFactorBps = rapid.Uint32Range(0, bpsUnit).Draw(r, "band")
		f.Inputs.IndexBps = rapid.Int64Range(-RateBpsMax, RateBpsMax).Draw(r, "index")
		f.Inputs.IndexLive = rapid.Bool().Draw(r, "live")
		f.Inputs.ExposureFen = rapid.Int64Range(0, PoolFenMax).Draw(r, "exposure")
		f.Inputs.ReservedFen = rapid.Int64Range(0, PoolFenMax).Draw(r, "reserved")
		f.Inputs.PoolFreeFen = rapid.Int64().Draw(r, "pool")
		d, err := Decide(f)
		if err != nil {
			r.Fatal(err)
		}
		var sum int64
		for _, p := range d.RateParts {
			sum += p.Bps
		}
		if sum != int64(d.RateBps) || d.RateBps > f.Inputs.RateCapBps {
			r.Fatalf("rate %d of parts %v", d.RateBps, d.RateParts)
		}
		if len(d.Bounds) != 4 || d.Bounds[0].LimitFen != d.LimitFen {
			r.Fatalf("limit %d of bounds %v", d.LimitFen, d.Bounds)
		}
		for _, b := range d.Bounds {
			if b.Rounding == loanv1.Rounding_ROUNDING_UNSPECIFIED || b.LimitFen < d.LimitFen || b.LimitFen < 0 {
				r.Fatalf("bound %+v under the limit of %d", b, d.LimitFen)
			}
		}
		if len(d.Reasons) > ReasonsMax || (d.Outcome != loanv1.Outcome_OUTCOME_APPROVED && len(d.Reasons) == 0) {
			r.Fatalf("%s with reasons %v", d.Outcome, d.Reasons)
		}
		if d.Outcome != loanv1.Outcome_OUTCOME_DECLINED && d.LimitFen < f.Product.AmountFenMin {
			r.Fatalf("%s with a limit of %d", d.Outcome, d.LimitFen)
		}
		again, err := Decide(f)
		if err != nil || again.String() != d.String() {
			r.Fatal("the decision is not a function of its facts")
		}
	})
}

// Facts that no honest chain can have are refused.
func TestDecideRefusals(t *testing.T) {
	t.Parallel()
	for name, bend := range map[string]func(*Facts){
		"no contract":       func(f *Facts) { f.Contract = nil },
		"grade 0":           func(f *Facts) { f.Inputs.Grade = 0 },
		"grade 5":           func(f *Facts) { f.Inputs.Grade = 5 },
		"index too high":    func(f *Facts) { f.Inputs.IndexBps = RateBpsMax + 1 },
		"index too low":     func(f *Facts) { f.Inputs.IndexBps = math.MinInt64 },
		"cap too high":      func(f *Facts) { f.Inputs.RateCapBps = math.MaxUint32 },
		"pd over one":       func(f *Facts) { f.Inputs.PdPpm = terms.PpmUnit + 1 },
		"negative exposure": func(f *Facts) { f.Inputs.ExposureFen = -1 },
		"huge exposure":     func(f *Facts) { f.Inputs.ExposureFen = math.MaxInt64 },
		"negative promise":  func(f *Facts) { f.Inputs.ReservedFen = -1 },
		"no amount":         func(f *Facts) { f.AmountFen = 0 },
		"huge amount":       func(f *Facts) { f.AmountFen = math.MaxInt64 },
		"another factor":    func(f *Facts) { f.Inputs.GradeFactorBps = 9_999 },
		"another loss":      func(f *Facts) { f.Inputs.LgdBps++ },
		"no product":        func(f *Facts) { f.Product = loanv1.ProductTerms{} },
	} {
		f := facts(t)
		bend(&f)
		if _, err := Decide(f); err == nil {
			t.Errorf("%s: decided", name)
		}
	}
}
