package scorecard

import "github.com/xinlian/xinlian/internal/record"

// wageVolatility is sum |month - mean| / sum of monthly wages, in bps: a month
// without wages is a month of zero. Missing where no wages are stated.
func wageVolatility(b *book) Value {
	list, _ := b.standing(payrolls)
	m := b.byMonth(list, func(r *record.Record) int64 { return amountOf(r, "amount") })
	return m.volatility()
}

// utilityLateShare is the share of the window's utility bills that were paid
// after they were due, by number, in bps. Missing where none states both days.
func utilityLateShare(b *book) Value {
	list, _ := b.standing(bills)
	all, late := int64(0), int64(0)
	for _, r := range list {
		due, stated := r.Int("due")
		paid, known := r.Int("paid")
		if !stated || !known {
			continue
		}
		all++
		if paid > due {
			late++
		}
	}
	if all == 0 {
		return Value{}
	}
	return share(late, all)
}
