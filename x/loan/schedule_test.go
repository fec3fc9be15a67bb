package loan

import (
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	"github.com/xinlian/xinlian/schedule"
)

const (
	month = loanv1.PeriodUnit_PERIOD_UNIT_MONTH
	week  = loanv1.PeriodUnit_PERIOD_UNIT_WEEK
)

// Golden schedules, computed apart from this code. A calculator that never rounds
// shows 3,942.77 yuan of interest for the first one; who pays 8,661.90 a month, a
// quarter fen more than the exact annuity, owes 2 fen less.
func TestScheduleGolden(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name          string
		principalFen  int64
		rateBps       uint32
		unit          loanv1.PeriodUnit
		periods       uint32
		instalmentFen int64 // of every period but the last
		lastFen       int64
		interestFen   int64
	}{
		{"100,000 yuan, 7.20 %, 12 months", 10_000_000, 720, month, 12, 866_190, 866_185, 394_275},
		{"no interest, even", 1_200_000, 0, month, 12, 100_000, 100_000, 0},
		{"no interest, a remainder", 1_000_000, 0, month, 3, 333_333, 333_334, 0},
		{"one period", 10_000_000, 720, month, 1, 10_060_000, 10_060_000, 60_000},
		{"one fen", 1, 10_000, month, 1, 1, 1, 0},
		{"5 fen in 9", 5, 0, month, 9, 1, 0, 0},
		{"the cap", PrincipalFenMax, RateBpsMax, month, 60, 84_023_052_155, 84_023_052_660, 4_041_383_129_805},
		{"a year of weeks", 5_200_000, 1_800, week, 52, 109_416, 109_399, 489_615},
	} {
		lines, err := level(c.principalFen, c.rateBps, c.unit, c.periods).Schedule()
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		var principal, interest int64
		for i, l := range lines {
			if sum := l.PrincipalFen + l.InterestFen; i < len(lines)-1 && sum != c.instalmentFen {
				t.Errorf("%s: instalment %d is %d fen, want %d", c.name, l.Number, sum, c.instalmentFen)
			}
			principal += l.PrincipalFen
			interest += l.InterestFen
		}
		last := lines[len(lines)-1]
		if len(lines) == int(c.periods) && last.PrincipalFen+last.InterestFen != c.lastFen {
			t.Errorf("%s: last instalment is %d fen, want %d", c.name, last.PrincipalFen+last.InterestFen, c.lastFen)
		}
		if principal != c.principalFen || interest != c.interestFen {
			t.Errorf("%s: principal %d and interest %d fen, want %d and %d", c.name, principal, interest, c.principalFen, c.interestFen)
		}
	}
}

// For any principal, rate and term the schedule repays the principal exactly,
// each line's interest is the exact interest to the nearest fen, and the
// instalment is the exact annuity to the nearest fen, by an independent fraction.
func TestScheduleAgainstFractions(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		principal := rapid.Int64Range(1, PrincipalFenMax).Draw(r, "principal")
		if rapid.Bool().Draw(r, "small") {
			principal = principal%1_000 + 1
		}
		rateBps := rapid.Uint32Range(0, RateBpsMax).Draw(r, "rate")
		periods := rapid.Uint32Range(1, PeriodsMax).Draw(r, "periods")
		unit := rapid.SampledFrom([]loanv1.PeriodUnit{month, week}).Draw(r, "unit")
		lines, err := level(principal, rateBps, unit, periods).Schedule()
		if err != nil {
			r.Fatal(err)
		}
		rate := big.NewRat(int64(rateBps), 120_000)
		if unit == week {
			rate = big.NewRat(int64(rateBps)*7, 3_650_000)
		}
		instalment := nearest(annuity(principal, rate, periods))
		balance := principal
		for i, l := range lines {
			exact := new(big.Rat).Mul(big.NewRat(balance, 1), rate)
			if l.InterestFen != nearest(exact) || l.PrincipalFen < 0 || l.Number != uint32(i+1) {
				r.Fatalf("line %+v on a balance of %d, exact interest %s", l, balance, exact.FloatString(3))
			}
			if i < len(lines)-1 && l.PrincipalFen+l.InterestFen != instalment {
				r.Fatalf("line %+v is not the instalment of %d", l, instalment)
			}
			balance -= l.PrincipalFen
		}
		if balance != 0 {
			r.Fatalf("%d fen left", balance)
		}
	})
}

// annuity sums the discount factors instead of using the closed form.
func annuity(principal int64, rate *big.Rat, periods uint32) *big.Rat {
	step := new(big.Rat).Inv(new(big.Rat).Add(big.NewRat(1, 1), rate))
	factor, sum := big.NewRat(1, 1), new(big.Rat)
	for range periods {
		factor.Mul(factor, step)
		sum.Add(sum, factor)
	}
	return sum.Quo(big.NewRat(principal, 1), sum)
}

// nearest rounds half up.
func nearest(r *big.Rat) int64 {
	r = new(big.Rat).Add(r, big.NewRat(1, 2))
	return new(big.Int).Div(r.Num(), r.Denom()).Int64()
}

// A schedule refuses what is out of bounds.
func TestScheduleRefusals(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		principal int64
		rate      uint32
		unit      loanv1.PeriodUnit
		periods   uint32
		want      error
	}{
		{0, 720, month, 12, ErrAmount},
		{-1, 720, month, 12, ErrAmount},
		{PrincipalFenMax + 1, 720, month, 12, ErrAmount},
		{1 << 53, 720, month, 12, ErrAmount},
		{math.MaxInt64, 720, month, 12, ErrAmount},
		{math.MinInt64, 720, month, 12, ErrAmount},
		{100, RateBpsMax + 1, month, 12, ErrInvalid},
		{100, math.MaxUint32, month, 12, ErrInvalid},
		{100, 720, 0, 12, ErrInvalid},
		{100, 720, 3, 12, ErrInvalid},
		{100, 720, month, 0, ErrInvalid},
		{100, 720, month, PeriodsMax + 1, ErrInvalid},
	} {
		_, err := level(c.principal, c.rate, c.unit, c.periods).Schedule()
		wantError(t, err, c.want)
	}
}

// A shortened schedule repays the balance exactly by every method and never has
// more rows than the one it replaces.
func TestShortened(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		p := level(rapid.Int64Range(1, 100_000_000).Draw(r, "principal"), rapid.Uint32Range(0, 3_600).Draw(r, "rate"), month,
			rapid.Uint32Range(1, PeriodsMax).Draw(r, "periods"))
		p.Method = loanv1.Method(rapid.Int32Range(1, 4).Draw(r, "method"))
		before, err := p.Schedule()
		if err != nil {
			r.Fatal(err)
		}
		last := uint32(len(before))
		first := rapid.Uint32Range(1, last).Draw(r, "first")
		balance := rapid.Int64Range(1, p.PrincipalFen).Draw(r, "balance")
		length := rapid.Int64Range(1, 31).Draw(r, "length")
		rest := rapid.Int64Range(0, length).Draw(r, "rest")
		rows, err := p.shortened(p.RateBps, schedule.Remainder{BalanceFen: balance, First: first, Last: last, Rest: rest, Length: length})
		if err != nil {
			r.Fatal(err)
		}
		for _, l := range rows {
			if l.PrincipalFen < 0 || l.InterestFen < 0 || l.Number < first || l.Number > last {
				r.Fatalf("row %+v", l)
			}
			balance -= l.PrincipalFen
		}
		if balance != 0 {
			r.Fatalf("%d fen left", balance)
		}
	})
}

// The chain's due times are the due days of the schedule, to their last second,
// for any start, method and unit.
func TestDueTimesAreTheSchedules(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		p := level(1_000_000, 720, rapid.SampledFrom([]loanv1.PeriodUnit{month, week}).Draw(r, "unit"), rapid.Uint32Range(1, PeriodsMax).Draw(r, "periods"))
		p.Method = loanv1.Method(rapid.Int32Range(1, 4).Draw(r, "method"))
		p.Start = rapid.Int64Range(0, 4_102_444_800).Draw(r, "start")
		rows, err := p.Schedule()
		if err != nil {
			r.Fatal(err)
		}
		for _, row := range rows {
			due, err := Calendar{}.DueAt(p.Start, p.Unit, p.period(row))
			if err != nil || due != (row.Due.UnixDay()+1)*daySeconds-zoneSeconds-1 {
				r.Fatalf("row %d of %s is due at %d: %v", row.Number, row.Due, due, err)
			}
		}
	})
}

func level(principalFen int64, rateBps uint32, unit loanv1.PeriodUnit, periods uint32) Plan {
	return Plan{
		PrincipalFen: principalFen, RateBps: rateBps, Periods: periods, Method: loanv1.Method_METHOD_EQUAL_INSTALMENT, Unit: unit,
		Start: 1_769_817_600, // 2026-01-31 in China
	}
}

// The helper for products and quotients is exact at the edges of 64 bits and rounds as named.
func TestMulDiv(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b, d        int64
		down, half, up int64
	}{
		{0, 5, 3, 0, 0, 0},
		{1, 1, 2, 0, 1, 1},
		{1, 1, 3, 0, 0, 1},
		{2, 1, 3, 0, 1, 1},
		{1 << 53, 1 << 53, 1 << 53, 1 << 53, 1 << 53, 1 << 53},
		{math.MaxInt64, math.MaxInt64, math.MaxInt64, math.MaxInt64, math.MaxInt64, math.MaxInt64},
		{math.MaxInt64, 2, 4, math.MaxInt64 / 2, math.MaxInt64/2 + 1, math.MaxInt64/2 + 1},
	} {
		for r, want := range map[rounding]int64{roundDown: c.down, roundHalfUp: c.half, roundUp: c.up} {
			got, err := mulDiv(c.a, c.b, c.d, r)
			if err != nil || got != want {
				t.Errorf("%d * %d / %d by rounding %d: %d, %v, want %d", c.a, c.b, c.d, r, got, err, want)
			}
		}
	}
	for _, c := range [][3]int64{{-1, 1, 1}, {1, -1, 1}, {1, 1, 0}, {1, 1, -1}, {math.MaxInt64, 2, 1}, {math.MinInt64, 1, 1}} {
		_, err := mulDiv(c[0], c[1], c[2], roundDown)
		wantError(t, err, ErrAmount)
	}
}

// Sums that leave 64 bits or a total's bound are refused, not wrapped.
func TestSumsStayInBounds(t *testing.T) {
	t.Parallel()
	for _, c := range [][2]int64{{math.MaxInt64, 1}, {math.MinInt64, -1}, {1, math.MaxInt64}} {
		_, err := addFen(c[0], c[1])
		wantError(t, err, ErrAmount)
	}
	if got, err := addFen(math.MaxInt64, math.MinInt64); err != nil || got != -1 {
		t.Errorf("sum of the extremes: %d, %v", got, err)
	}
	for _, delta := range []int64{-1, PoolFenMax + 1, math.MaxInt64, math.MinInt64} {
		total := int64(0)
		wantError(t, shift(&total, delta), ErrAmount)
		if total != 0 {
			t.Errorf("a refused change of %d left %d", delta, total)
		}
	}
}
