package scorecard

import "github.com/xinlian/xinlian/internal/record"

// earlierMonthlySales is monthlySales of the twelve months before the window.
func (b *book) earlierMonthlySales() (m months, known bool) {
	return greater(b.earlierSales, b.earlierPlatform, WindowMonths-HistoryMonths, func(v invoice) int64 { return v.net })
}

// salesRecentMonthly is net sales of the last three months / 3. Missing without
// any sales record of the window.
func salesRecentMonthly(b *book) Value {
	const recent = 3
	m, known := b.monthlySales()
	if !known {
		return Value{}
	}
	return Known(ratio(m.sum(WindowMonths-recent, WindowMonths), 1, recent))
}

// salesHistoryMonthly is net sales of two years / 24: a level that one odd year
// does not move far. Missing without any sales record of the two years.
func salesHistoryMonthly(b *book) Value {
	m, known := b.monthlySales()
	earlier, knownEarlier := b.earlierMonthlySales()
	if !known && !knownEarlier {
		return Value{}
	}
	return Known(ratio(earlier.total()+m.total(), 1, HistoryMonths))
}

// salesYearGrowth is growth free of the season: the last six months against the
// same calendar months a year before, in bps. Missing where those sold nothing.
func salesYearGrowth(b *book) Value {
	m, _ := b.monthlySales()
	earlier, _ := b.earlierMonthlySales()
	return growth(earlier.sum(WindowMonths/2, WindowMonths), m.sum(WindowMonths/2, WindowMonths))
}

// salesIdleDays is the number of days from the last sale to the end of the
// window. Missing without a sale in it.
func salesIdleDays(b *book) Value {
	last := int64(-1)
	for _, v := range b.sales {
		if v.status == record.StatusNormal && v.net > 0 {
			last = max(last, v.day)
		}
	}
	for _, v := range b.platform {
		if v.net > 0 {
			last = max(last, v.day)
		}
	}
	if last < 0 {
		return Value{}
	}
	return Known(b.to - last)
}

// saleCount is the number of normal sales invoices. Missing without any invoice.
func saleCount(b *book) Value {
	if len(b.sales) == 0 {
		return Value{}
	}
	normal, _, _ := statuses(b.sales)
	return Known(normal)
}

// statuses counts invoices by status.
func statuses(list []invoice) (normal, void, red int64) {
	for _, v := range list {
		switch v.status {
		case record.StatusVoid:
			void++
		case record.StatusRed:
			red++
		default:
			normal++
		}
	}
	return normal, void, red
}

// voidShare is void invoices / (normal + void ones), by number, in bps. Missing
// without any sales invoice.
func voidShare(b *book) Value {
	if len(b.sales) == 0 {
		return Value{}
	}
	normal, void, _ := statuses(b.sales)
	return share(void, normal+void)
}

// redShare is red letters / normal invoices, by net amount, in bps. Missing
// without any sales invoice.
func redShare(b *book) Value {
	if len(b.sales) == 0 {
		return Value{}
	}
	var red, normal int64
	for _, v := range b.sales {
		switch v.status {
		case record.StatusRed:
			red -= v.net
		case record.StatusNormal:
			normal += v.net
		}
	}
	return share(red, normal)
}

// purchasesMonthly is net purchases of the window / 12. Missing without purchase
// invoices.
func purchasesMonthly(b *book) Value {
	if len(b.purchases) == 0 {
		return Value{}
	}
	_, cost, _ := b.trade()
	return Known(ratio(cost, 1, WindowMonths))
}
