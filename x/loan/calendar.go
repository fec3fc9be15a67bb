package loan

import (
	"time"

	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
)

const (
	daySeconds = 86_400
	// zoneSeconds is the offset of China Standard Time, UTC+8, in which days are counted. It has no summer time.
	zoneSeconds = 8 * 3600
	// compressedDays is how many days a period has when periods are compressed.
	compressedDays = 30
)

// zone is fixed, so dates do not depend on the machine's time zone data.
var zone = time.FixedZone("UTC+8", zoneSeconds)

// Calendar counts days and periods. The zero value is the real calendar; with
// CompressedSeconds every period lasts that many seconds and a day a thirtieth
// of it, at least a second, so that a demonstration shows a year in minutes.
type Calendar struct{ CompressedSeconds int64 }

// DueAt is the last second of the day on which the n-th instalment of a tranche
// disbursed at start is due. Months keep the day of the month and fall back to
// the month's last day where it has none; a week is seven days.
func (c Calendar) DueAt(start int64, unit loanv1.PeriodUnit, n uint32) (int64, error) {
	if n == 0 || n > PeriodsMax {
		return 0, ErrInvalid.Wrapf("internal: instalment %d", n)
	}
	if c.CompressedSeconds > 0 {
		return addFen(start, int64(n)*c.CompressedSeconds)
	}
	switch unit {
	case loanv1.PeriodUnit_PERIOD_UNIT_MONTH:
		return monthsLater(start, int(n)), nil
	case loanv1.PeriodUnit_PERIOD_UNIT_WEEK:
		return c.DayEnd(start) + int64(n)*7*daySeconds, nil
	default:
		return 0, ErrInvalid.Wrapf("period unit %d", unit)
	}
}

// GraceEnd is the last second at which an instalment is not yet late.
func (c Calendar) GraceEnd(dueAt int64, days uint32) int64 { return dueAt + int64(days)*c.day() }

// DayEnd is the last second of the day that holds at. Compressed, it is at itself.
func (c Calendar) DayEnd(at int64) int64 {
	if c.CompressedSeconds > 0 {
		return at
	}
	return (dayNumber(at)+1)*daySeconds - zoneSeconds - 1
}

// Elapsed counts the days from the day of one time to the day of another, or
// the seconds when compressed. It is not negative.
func (c Calendar) Elapsed(from, to int64) int64 {
	if c.CompressedSeconds > 0 {
		return max(to-from, 0)
	}
	return max(dayNumber(to)-dayNumber(from), 0)
}

func (c Calendar) day() int64 {
	if c.CompressedSeconds > 0 {
		return max(c.CompressedSeconds/compressedDays, 1)
	}
	return daySeconds
}

func dayNumber(at int64) int64 {
	local := at + zoneSeconds
	if local < 0 {
		return (local - daySeconds + 1) / daySeconds
	}
	return local / daySeconds
}

func monthsLater(start int64, n int) int64 {
	from := time.Unix(start, 0).In(zone)
	// Day 0 of the month after the wanted one is the wanted month's last day.
	last := time.Date(from.Year(), from.Month()+time.Month(n)+1, 0, 23, 59, 59, 0, zone)
	if from.Day() >= last.Day() {
		return last.Unix()
	}
	return time.Date(last.Year(), last.Month(), from.Day(), 23, 59, 59, 0, zone).Unix()
}
