package schedule

import "testing"

func date(text string) Date {
	d, err := ParseDate(text)
	if err != nil {
		panic(err)
	}
	return d
}

func TestTry(t *testing.T) {
	for _, m := range []Method{EqualInstalment, EqualPrincipal, InterestOnly, Bullet} {
		for _, c := range []DayCount{Act365, Act360, Thirty360} {
			q, err := NewQuote(Terms{PrincipalFen: 120_000_000, RatePpm: 60_000, Method: m, DayCount: c, Start: date("2026-01-31"), Unit: Month, Periods: 12})
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%s %s: first %+v %d last %+v %d; interest %d %+v", m, c, q.Rows[0], q.Rows[0].InstalmentFen(), q.Rows[len(q.Rows)-1], q.Rows[len(q.Rows)-1].InstalmentFen(), q.InterestFen, q.Cost)
		}
	}
	t.Log(DateMax, DateMin, epoch)
}
