package vault

import "fmt"

// MonthsMax bounds the months that one wrap, one document or one selector spans.
const MonthsMax = 120

// Months is a range of calendar months, both ends included, as yyyymm.
type Months struct {
	From, To uint32
}

// check refuses a range that is not one or that is too long.
func (m Months) check() error {
	if !validMonth(m.From) || !validMonth(m.To) || m.From > m.To || m.count() > MonthsMax {
		return fmt.Errorf("%w: months %d to %d", ErrBadRequest, m.From, m.To)
	}
	return nil
}

// Contains says whether a month lies in the range.
func (m Months) Contains(month uint32) bool { return month >= m.From && month <= m.To }

// Covers says whether all of o lies in the range.
func (m Months) Covers(o Months) bool { return m.Contains(o.From) && m.Contains(o.To) }

// Overlaps says whether the two ranges share a month.
func (m Months) Overlaps(o Months) bool { return m.From <= o.To && o.From <= m.To }

// count is the number of months; the range must be in order.
func (m Months) count() int { return monthIndex(m.To) - monthIndex(m.From) + 1 }

// each lists the months in ascending order.
func (m Months) each() []uint32 {
	out := make([]uint32, 0, m.count())
	for i := monthIndex(m.From); i <= monthIndex(m.To); i++ {
		out = append(out, uint32(i/12*100+i%12+1))
	}
	return out
}

func monthIndex(m uint32) int { return int(m/100)*12 + int(m%100) - 1 }

func validMonth(m uint32) bool {
	return m >= 198001 && m <= 210001 && m%100 >= 1 && m%100 <= 12
}
