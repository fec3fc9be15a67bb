package schedule_test

import (
	"testing"

	"github.com/xinlian/xinlian/schedule"
)

// FuzzQuote proves that any terms either are refused or give a schedule that
// repays the principal exactly, in order, with no negative amount, and a cost.
func FuzzQuote(f *testing.F) {
	f.Add(int64(10_000_000), uint32(72_000), uint8(1), uint8(3), uint8(1), uint32(1), uint32(12), int32(46_053), int32(0), uint8(0), uint32(0), int64(0))
	f.Add(int64(5), uint32(0), uint8(2), uint8(1), uint8(2), uint32(2), uint32(9), int32(46_053), int32(46_100), uint8(1), uint32(3), int64(2))
	f.Add(int64(1_000_000_000_000), uint32(10_000_000), uint8(5), uint8(2), uint8(3), uint32(366), uint32(60), int32(1), int32(9_999), uint8(3), uint32(0), int64(1))
	f.Fuzz(func(t *testing.T, principal int64, rate uint32, method, count, unit uint8, every, periods uint32, start, first int32, switches uint8, grace uint32, fee int64) {
		terms := schedule.Terms{
			PrincipalFen: principal, RatePpm: rate, Method: schedule.Method(method), DayCount: schedule.DayCount(count),
			Start: schedule.Date(start), Unit: schedule.Unit(unit), Every: every, Periods: periods, FirstDue: schedule.Date(first),
			Roll: schedule.Roll(switches & 3), Unadjusted: switches&4 != 0, Level: schedule.Level(switches >> 3 & 1),
			Grace: schedule.Grace(switches >> 4 & 1), GracePeriods: grace, UpfrontFeeFen: fee, PeriodFeeFen: fee,
		}
		if terms.Method == schedule.Seasonal && periods <= schedule.PeriodsMax {
			terms.Weights = make([]int64, periods)
			for i := int(grace); i < len(terms.Weights); i++ {
				terms.Weights[i] = int64(i%3) + 1
			}
		}
		rows, err := schedule.Make(terms)
		if err != nil {
			return
		}
		balance, before := principal, terms.Start
		for i, r := range rows {
			if r.Number != uint32(i+1) || r.Due < before || min(r.Days, r.PrincipalFen, r.InterestFen, r.FeeFen, r.CapitalisedFen) < 0 {
				t.Fatalf("row %+v after %s", r, before)
			}
			balance += r.CapitalisedFen - r.PrincipalFen
			if r.BalanceFen != balance {
				t.Fatalf("row %+v leaves %d", r, balance)
			}
			before = r.Due
		}
		if balance != 0 || len(rows) > int(periods) {
			t.Fatalf("%d rows leave %d fen", len(rows), balance)
		}
		if len(rows) > 120 {
			return // a search for the rate of thousands of rows is for the bounds' own test
		}
		if q, err := schedule.NewQuote(terms); err == nil && (q.Cost.AprPpm < 0 || q.Cost.IrrPpm < 0) {
			t.Fatalf("cost of %+v", q.Cost)
		}
	})
}
