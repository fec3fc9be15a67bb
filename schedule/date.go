package schedule

import (
	"fmt"
	"time"
)

// Date is a civil day of the Gregorian calendar, counted from 1899-12-31, so
// that the zero value is no date. It knows no time of day and no zone.
type Date int32

// The days that loans may touch.
const (
	// DateMin is 1900-01-01.
	DateMin Date = 1
	// DateMax is 2999-12-31.
	DateMax Date = 401_767

	epoch Date = 25_568 // 1970-01-01
)

const daySeconds = 86_400

// ParseDate reads a day written as 2006-01-02, from 1900 to 2999.
func ParseDate(text string) (Date, error) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return 0, fmt.Errorf("date %q, want a day of the calendar as YYYY-MM-DD", clip(text))
	}
	d := dateOf(t)
	if d < DateMin || d > DateMax {
		return 0, fmt.Errorf("date %s, want a day from %s to %s", text, DateMin, DateMax)
	}
	return d, nil
}

// UnixDay is the day that is n days after 1970-01-01.
func UnixDay(n int64) (Date, error) {
	if n < int64(DateMin-epoch) || n > int64(DateMax-epoch) {
		return 0, fmt.Errorf("day %d after 1970-01-01, want a day from %s to %s", n, DateMin, DateMax)
	}
	return epoch + Date(n), nil
}

// UnixDay counts the days from 1970-01-01 to d.
func (d Date) UnixDay() int64 { return int64(d - epoch) }

func (d Date) String() string { return d.time().Format(time.DateOnly) }

// AddMonths is the same day n months later, or that month's last day where it has no such day.
func (d Date) AddMonths(n int) Date {
	year, month, day := d.time().Date()
	// Day 0 of the month after the wanted one is the wanted month's last day.
	last := time.Date(year, month+time.Month(n)+1, 0, 0, 0, 0, 0, time.UTC)
	return dateOf(last) - Date(max(last.Day()-day, 0))
}

func (d Date) weekday() time.Weekday { return time.Weekday(d % 7) } // 1899-12-31 was a Sunday

// monthIndex counts months from the year 0.
func (d Date) monthIndex() int {
	year, month, _ := d.time().Date()
	return year*12 + int(month) - 1
}

func (d Date) time() time.Time { return time.Unix(d.UnixDay()*daySeconds, 0).UTC() }

func dateOf(t time.Time) Date {
	seconds := t.Unix()
	day := seconds / daySeconds
	if seconds%daySeconds < 0 {
		day--
	}
	// Years of four digits keep the count far inside 32 bits.
	return epoch + Date(day)
}

func clip(s string) string {
	const bytesMax = 32
	if len(s) > bytesMax {
		return s[:bytesMax] + "..."
	}
	return s
}
