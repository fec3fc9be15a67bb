package loan

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func at(text string) int64 {
	v, err := time.ParseInLocation("2006-01-02 15:04:05", text, zone)
	if err != nil {
		panic(err)
	}
	return v.Unix()
}

// Monthly instalments keep the day of the month and fall back to the month's end.
func TestDueAtMonths(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		start string
		n     uint32
		want  string
	}{
		{"2026-01-15 00:00:00", 1, "2026-02-15 23:59:59"},
		{"2026-01-15 23:59:59", 1, "2026-02-15 23:59:59"},
		{"2026-01-31 12:00:00", 1, "2026-02-28 23:59:59"},
		{"2028-01-31 12:00:00", 1, "2028-02-29 23:59:59"},
		{"2026-01-31 12:00:00", 2, "2026-03-31 23:59:59"},
		{"2026-01-31 12:00:00", 3, "2026-04-30 23:59:59"},
		{"2026-01-30 12:00:00", 13, "2027-02-28 23:59:59"},
		{"2026-12-31 12:00:00", 2, "2027-02-28 23:59:59"},
		{"2026-02-28 12:00:00", 1, "2026-03-28 23:59:59"},
		{"2026-11-24 08:00:00", 60, "2031-11-24 23:59:59"},
	} {
		got, err := Calendar{}.DueAt(at(c.start), month, c.n)
		if err != nil || got != at(c.want) {
			t.Errorf("%s + %d months: %s, %v, want %s", c.start, c.n, time.Unix(got, 0).In(zone), err, c.want)
		}
	}
}

// The day is counted in UTC+8: half past midnight in Beijing is the next day though UTC has not changed yet.
func TestDayIsCountedInChina(t *testing.T) {
	t.Parallel()
	late := time.Date(2026, 3, 1, 16, 30, 0, 0, time.UTC).Unix()
	if got, want := (Calendar{}).DayEnd(late), at("2026-03-02 23:59:59"); got != want {
		t.Errorf("day end %d, want %d", got, want)
	}
	if got := (Calendar{}).Elapsed(at("2026-03-01 23:59:59"), at("2026-03-02 00:00:00")); got != 1 {
		t.Errorf("%d days from one second to the next day, want 1", got)
	}
	if got := (Calendar{}).Elapsed(at("1969-12-31 00:00:00"), at("1970-01-02 10:00:00")); got != 2 {
		t.Errorf("%d days over the epoch, want 2", got)
	}
}

// Weekly instalments are due every seventh day at its end.
func TestDueAtWeeks(t *testing.T) {
	t.Parallel()
	got, err := Calendar{}.DueAt(at("2026-11-24 08:21:00"), week, 2)
	if err != nil || got != at("2026-12-08 23:59:59") {
		t.Errorf("%d, %v", got, err)
	}
}

// With compressed periods the clock, and nothing else, is faster: a period lasts
// the given seconds and a grace day a thirtieth, at least one second.
func TestCompressedCalendar(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ seconds, day int64 }{{60, 2}, {30, 1}, {10, 1}, {1, 1}, {86_400, 2_880}} {
		cal := Calendar{CompressedSeconds: c.seconds}
		due, err := cal.DueAt(1_000, month, 3)
		if err != nil || due != 1_000+3*c.seconds {
			t.Errorf("%d s: due %d, %v", c.seconds, due, err)
		}
		if got := cal.GraceEnd(due, 3) - due; got != 3*c.day {
			t.Errorf("%d s: grace %d, want %d", c.seconds, got, 3*c.day)
		}
		if cal.Elapsed(10, 25) != 15 || cal.Elapsed(25, 10) != 0 {
			t.Errorf("%d s: seconds are not counted", c.seconds)
		}
	}
}

// Due times rise strictly and lie at the last second of a day, for any start.
func TestDueTimesRise(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		start := rapid.Int64Range(0, 4_102_444_800).Draw(r, "start")
		before := start
		for n := uint32(1); n <= PeriodsMax; n++ {
			due, err := Calendar{}.DueAt(start, month, n)
			if err != nil || due <= before || due != (Calendar{}).DayEnd(due) {
				r.Fatalf("instalment %d due at %d after %d: %v", n, due, before, err)
			}
			before = due
		}
	})
}
