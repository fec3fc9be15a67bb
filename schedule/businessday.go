package schedule

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Roll says where a due day moves that is not a business day.
type Roll uint8

// Business-day rules of the ISDA 2006 definitions, section 4.12.
const (
	// RollNone leaves it.
	RollNone Roll = iota
	// RollFollowing moves it to the next business day.
	RollFollowing
	// RollModifiedFollowing does so within the month, and else moves it to the one before.
	RollModifiedFollowing
	// RollPreceding moves it to the business day before.
	RollPreceding
)

func (r Roll) String() string {
	switch r {
	case RollNone:
		return "none"
	case RollFollowing:
		return "following"
	case RollModifiedFollowing:
		return "modified-following"
	case RollPreceding:
		return "preceding"
	default:
		return fmt.Sprintf("business-day rule %d", uint8(r))
	}
}

// Bounds of a calendar of holidays.
const (
	HolidaysMax = 4_096
	// rollDaysMax is the longest row of days without business.
	rollDaysMax = 31
)

// Holidays is a calendar as data: Saturdays and Sundays are free, and so are Off;
// On are worked nevertheless, like the days that make up for a long holiday in
// China (调休). Both lists ascend.
type Holidays struct {
	Off, On []Date
}

// ReadHolidays reads a calendar as text: a line `2026-10-01 off` or `2026-10-10
// on` each, in any order; empty lines and what follows a # are passed over.
func ReadHolidays(r io.Reader) (Holidays, error) {
	var h Holidays
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		text, _, _ := strings.Cut(lines.Text(), "#")
		words := strings.Fields(text)
		if len(words) == 0 {
			continue
		}
		if len(words) != 2 || (words[1] != "off" && words[1] != "on") {
			return Holidays{}, fmt.Errorf("line %d is %q, want a day and off or on", n, clip(text))
		}
		d, err := ParseDate(words[0])
		if err != nil {
			return Holidays{}, fmt.Errorf("line %d: %w", n, err)
		}
		if words[1] == "on" {
			h.On = append(h.On, d)
		} else {
			h.Off = append(h.Off, d)
		}
	}
	if err := lines.Err(); err != nil {
		return Holidays{}, err
	}
	slices.Sort(h.Off)
	slices.Sort(h.On)
	return h, h.validate()
}

func (h Holidays) validate() error {
	for _, list := range []struct {
		name string
		days []Date
	}{{"off", h.Off}, {"on", h.On}} {
		if len(list.days) > HolidaysMax {
			return fmt.Errorf("%d days %s in the calendar, want at most %d", len(list.days), list.name, HolidaysMax)
		}
		for i, d := range list.days {
			if d < DateMin || d > DateMax {
				return fmt.Errorf("day %d %s in the calendar is out of %s to %s", i+1, list.name, DateMin, DateMax)
			}
			if i > 0 && d <= list.days[i-1] {
				return fmt.Errorf("%s and %s in the calendar, want ascending days", list.days[i-1], d)
			}
		}
	}
	return nil
}

// Business tells whether d is a business day.
func (h Holidays) Business(d Date) bool {
	if _, on := slices.BinarySearch(h.On, d); on {
		return true
	}
	if w := d.weekday(); w == time.Saturday || w == time.Sunday {
		return false
	}
	_, off := slices.BinarySearch(h.Off, d)
	return !off
}

// Roll moves a day by a rule. It refuses a calendar without a business day within a month.
func (h Holidays) Roll(d Date, rule Roll) (Date, error) {
	switch rule {
	case RollNone:
		return d, nil
	case RollFollowing:
		return h.seek(d, 1)
	case RollPreceding:
		return h.seek(d, -1)
	case RollModifiedFollowing:
		next, err := h.seek(d, 1)
		if err != nil || next.monthIndex() == d.monthIndex() {
			return next, err
		}
		return h.seek(d, -1)
	default:
		return 0, fmt.Errorf("business-day rule %d", rule)
	}
}

func (h Holidays) seek(d, step Date) (Date, error) {
	for n := range Date(rollDaysMax + 1) {
		if at := d + n*step; h.Business(at) {
			return at, nil
		}
	}
	return 0, fmt.Errorf("no business day within %d days of %s: check the calendar", rollDaysMax, d)
}
