package schedule

import "fmt"

// DayCount says how many days of interest lie between two dates and how many make a year.
type DayCount uint8

// Day counts of the ISDA 2006 definitions, section 4.16.
const (
	// Act365 is ACT/365 Fixed: the days of the calendar over 365.
	Act365 DayCount = iota + 1
	// Act360 is ACT/360: the days of the calendar over 360.
	Act360
	// Thirty360 is 30/360: every full month has 30 days, a year 360.
	Thirty360
)

// YearDays is the denominator of a day count.
func (c DayCount) YearDays() int64 {
	if c == Act365 {
		return 365
	}
	return 360
}

func (c DayCount) String() string {
	switch c {
	case Act365:
		return "act365"
	case Act360:
		return "act360"
	case Thirty360:
		return "30-360"
	default:
		return fmt.Sprintf("day count %d", uint8(c))
	}
}

// Days counts the days of interest between two dates; from is not after to.
//
// Under Thirty360 two dates a whole number of months apart, by the month-end
// rule in either direction, are 30 days a month apart: 31 January to 28
// February is 30, 28 February to 31 March too. Other pairs follow the formula
// of the bond basis.
func (c DayCount) Days(from, to Date) int64 {
	if c != Thirty360 {
		return int64(to - from)
	}
	if months := to.monthIndex() - from.monthIndex(); from.AddMonths(months) == to || to.AddMonths(-months) == from {
		return int64(months) * 30
	}
	return max(bondBasis(from, to), 0)
}

// bondBasis is 360 (Y2 - Y1) + 30 (M2 - M1) + (D2 - D1), with D1 of 31 taken as
// 30, and D2 of 31 taken as 30 when D1 is 30.
func bondBasis(from, to Date) int64 {
	y1, m1, d1 := from.time().Date()
	y2, m2, d2 := to.time().Date()
	if d1 == 31 {
		d1 = 30
	}
	if d2 == 31 && d1 == 30 {
		d2 = 30
	}
	return int64(360*(y2-y1) + 30*(int(m2)-int(m1)) + d2 - d1)
}
