package schedule_test

import (
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/xinlian/xinlian/schedule"
)

func plain() schedule.Terms {
	return schedule.Terms{
		PrincipalFen: 10_000_000, RatePpm: 72_000, Method: schedule.EqualInstalment, DayCount: schedule.Act365,
		Start: date("2026-01-31"), Unit: schedule.Month, Periods: 12,
	}
}

// TestTermsRefusals proves that each bound of the terms is held, one step beyond it.
func TestTermsRefusals(t *testing.T) {
	t.Parallel()
	for name, bend := range map[string]func(*schedule.Terms){
		"no principal":               func(t *schedule.Terms) { t.PrincipalFen = 0 },
		"a negative principal":       func(t *schedule.Terms) { t.PrincipalFen = math.MinInt64 },
		"too much principal":         func(t *schedule.Terms) { t.PrincipalFen = schedule.PrincipalFenMax + 1 },
		"a rate over the bound":      func(t *schedule.Terms) { t.RatePpm = schedule.RatePpmMax + 1 },
		"no method":                  func(t *schedule.Terms) { t.Method = 0 },
		"an unknown method":          func(t *schedule.Terms) { t.Method = 6 },
		"no day count":               func(t *schedule.Terms) { t.DayCount = 0 },
		"an unknown day count":       func(t *schedule.Terms) { t.DayCount = 4 },
		"no unit":                    func(t *schedule.Terms) { t.Unit = 0 },
		"a period too long":          func(t *schedule.Terms) { t.Every = schedule.EveryMax + 1 },
		"no periods":                 func(t *schedule.Terms) { t.Periods = 0 },
		"too many periods":           func(t *schedule.Terms) { t.Periods = schedule.PeriodsMax + 1 },
		"more than a hundred years":  func(t *schedule.Terms) { t.Periods = 1_201 },
		"no start":                   func(t *schedule.Terms) { t.Start = 0 },
		"a start near the end":       func(t *schedule.Terms) { t.Start = schedule.DateMax },
		"first due on the start":     func(t *schedule.Terms) { t.FirstDue = t.Start },
		"first due far away":         func(t *schedule.Terms) { t.FirstDue = t.Start + schedule.TermDaysMax + 1 },
		"an unknown roll":            func(t *schedule.Terms) { t.Roll = 4 },
		"all periods in grace":       func(t *schedule.Terms) { t.GracePeriods = 12 },
		"grace without principal":    func(t *schedule.Terms) { t.GracePeriods, t.Method = 1, schedule.InterestOnly },
		"a fee of all":               func(t *schedule.Terms) { t.UpfrontFeeFen = t.PrincipalFen },
		"a negative fee":             func(t *schedule.Terms) { t.PeriodFeeFen = -1 },
		"weights without seasons":    func(t *schedule.Terms) { t.Weights = []int64{1} },
		"too few weights":            func(t *schedule.Terms) { t.Method, t.Weights = schedule.Seasonal, []int64{1} },
		"weights of nothing":         func(t *schedule.Terms) { t.Method, t.Weights = schedule.Seasonal, make([]int64, 12) },
		"a weight in grace":          func(t *schedule.Terms) { t.Method, t.Weights, t.GracePeriods = schedule.Seasonal, ones(12), 1 },
		"a reset of the first row":   func(t *schedule.Terms) { t.Resets = []schedule.Reset{{From: 1}} },
		"a reset after the end":      func(t *schedule.Terms) { t.Resets = []schedule.Reset{{From: 13}} },
		"resets that do not ascend":  func(t *schedule.Terms) { t.Resets = []schedule.Reset{{From: 3}, {From: 3}} },
		"a reset of a bullet":        func(t *schedule.Terms) { t.Resets, t.Method = []schedule.Reset{{From: 2}}, schedule.Bullet },
		"holidays that descend":      func(t *schedule.Terms) { t.Holidays.Off = []schedule.Date{2, 1} },
		"too much capitalised":       func(t *schedule.Terms) { *t = exploding(*t) },
		"a reset over the bound":     func(t *schedule.Terms) { t.Resets = []schedule.Reset{{From: 2, RatePpm: math.MaxUint32}} },
		"an unknown kind of grace":   func(t *schedule.Terms) { t.Grace = 2 },
		"an unknown level":           func(t *schedule.Terms) { t.Level = 2 },
		"days that overflow a count": func(t *schedule.Terms) { t.Unit, t.Every, t.Periods = schedule.Week, 366, 3_660 },
	} {
		terms := plain()
		bend(&terms)
		if rows, err := schedule.Make(terms); err == nil {
			t.Errorf("%s gives %d rows", name, len(rows))
		}
	}
}

func ones(n int) []int64 {
	list := make([]int64, n)
	for i := range list {
		list[i] = 1
	}
	return list
}

func exploding(t schedule.Terms) schedule.Terms {
	t.PrincipalFen, t.RatePpm, t.Every, t.Periods = schedule.PrincipalFenMax, schedule.RatePpmMax, 12, 20
	t.GracePeriods, t.Grace = 19, schedule.GraceCapitalised
	return t
}

// TestLevel proves what a level instalment is for: all rows but the last pay
// exactly it, and the last differs by rounding only, which grows with interest
// on interest but never beyond a fen for each row and each doubling.
func TestLevel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		terms := plain()
		terms.PrincipalFen = rapid.Int64Range(1_000_000, 1_000_000_000).Draw(r, "principal")
		terms.RatePpm = rapid.Uint32Range(0, 240_000).Draw(r, "rate")
		terms.DayCount = schedule.DayCount(rapid.IntRange(1, 3).Draw(r, "count"))
		terms.Unit = schedule.Unit(rapid.IntRange(1, 3).Draw(r, "unit"))
		terms.Periods = rapid.Uint32Range(1, 60).Draw(r, "periods")
		terms.Start += schedule.Date(rapid.IntRange(0, 1_500).Draw(r, "start"))
		rows, err := schedule.Make(terms)
		if err != nil {
			r.Fatal(err)
		}
		level, err := schedule.LevelFen(terms)
		if err != nil {
			r.Fatal(err)
		}
		for _, row := range rows[:len(rows)-1] {
			if row.InstalmentFen() != level {
				r.Fatalf("row %+v, want an instalment of %d", row, level)
			}
		}
		slack := 4 * int64(terms.Periods)
		if diff := rows[len(rows)-1].InstalmentFen() - level; diff < -slack || diff > slack {
			r.Fatalf("the last instalment is off by %d fen", diff)
		}
	})
}

// TestLevelOfPeriods proves the other convention: the textbook annuity of
// twelfths, interest by days, and a last instalment that absorbs the days.
func TestLevelOfPeriods(t *testing.T) {
	t.Parallel()
	terms := plain()
	terms.Level = schedule.LevelOfPeriods
	rows, err := schedule.Make(terms)
	if err != nil {
		t.Fatal(err)
	}
	if rows[0].InterestFen != 55_233 || rows[0].InstalmentFen() != 866_190 || rows[11].BalanceFen != 0 {
		t.Errorf("first row %+v", rows[0])
	}
	if diff := rows[11].InstalmentFen() - 866_190; diff > -100 || diff < -10_000 {
		t.Errorf("the last instalment differs by %d fen, want some yuan less", diff)
	}
}

// TestLifeRefusals proves that what comes out of order or out of bounds changes nothing.
func TestLifeRefusals(t *testing.T) {
	t.Parallel()
	l, err := schedule.Open(plain(), schedule.Penalty{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	before := l.Dues()
	if _, err := l.Pay(date("2026-01-30"), 1); err == nil {
		t.Error("a payment before the loan")
	}
	if _, err := l.Pay(date("2026-02-28"), -1); err == nil {
		t.Error("a negative payment")
	}
	if _, err := l.Prepay(date("2026-02-28"), 5_000_000, schedule.Shorten); !errors.Is(err, schedule.ErrOwed) {
		t.Errorf("an early repayment with a row due: %v", err)
	}
	if err := l.Reset(date("2026-02-10"), schedule.RatePpmMax+1); err == nil {
		t.Error("a rate over the bound")
	}
	if _, err := schedule.Open(plain(), schedule.Penalty{RatePpm: schedule.RatePpmMax + 1}, 0); err == nil {
		t.Error("a penalty over the bound")
	}
	for i, d := range l.Dues() {
		if d != before[i] {
			t.Errorf("row %d changed to %+v", i+1, d)
		}
	}
}

// TestParseDate proves which texts are days, and that the last day of the bound is.
func TestParseDate(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"1900-01-01", "2000-02-29", "2999-12-31"} {
		if d, err := schedule.ParseDate(good); err != nil || d.String() != good {
			t.Errorf("%s: %s, %v", good, d, err)
		}
	}
	if date("2999-12-31") != schedule.DateMax || date("1900-01-01") != schedule.DateMin || date("1970-01-01").UnixDay() != 0 {
		t.Error("the bounds are not where they say")
	}
	for _, bad := range []string{"", "2026-02-29", "2026-2-1", "26-02-01", "1899-12-31", "3000-01-01", "2026-01-01T00:00:00Z", "０２６-01-01"} {
		if d, err := schedule.ParseDate(bad); err == nil {
			t.Errorf("%q is %s", bad, d)
		}
	}
}
