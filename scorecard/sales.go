package scorecard

import "github.com/xinlian/xinlian/internal/record"

type months [WindowMonths]int64

func (m *months) sum(from, to int) int64 {
	s := int64(0)
	for _, v := range m[from:to] {
		s += v
	}
	return s
}

func (m *months) total() int64 { return m.sum(0, WindowMonths) }

// trend is (last six months - six before) / six before, in bps; missing where
// the six before came to nothing.
func (m *months) trend() Value {
	return growth(m.sum(0, WindowMonths/2), m.sum(WindowMonths/2, WindowMonths))
}

// growth is (last - before) / before, in bps; missing where before is nothing.
func growth(before, last int64) Value {
	if before <= 0 {
		return Value{}
	}
	return Known(ratio(last-before, wholeBps, before))
}

// volatility is the mean absolute deviation from the mean over the mean, in bps:
// sum |month - mean| / sum of months. Missing where the sum is nothing.
func (m *months) volatility() Value {
	total := m.total()
	if total <= 0 {
		return Value{}
	}
	mean, deviation := total/WindowMonths, int64(0)
	for _, v := range m {
		deviation += absolute(v - mean)
	}
	return Known(ratio(deviation, wholeBps, total))
}

// monthlySales is net sales by month, without tax and after red letters. Where
// invoices and platform reports both exist, each month counts the greater of
// the two: the same sale may stand in both, so they are never added up.
func (b *book) monthlySales() (m months, known bool) {
	return b.greater(func(v invoice) int64 { return v.net })
}

// monthlyTurnover is monthlySales with tax, to be compared with bank receipts.
func (b *book) monthlyTurnover() (m months, known bool) {
	return b.greater(func(v invoice) int64 { return v.total })
}

func (b *book) greater(amount func(invoice) int64) (m months, known bool) {
	return greater(b.sales, b.platform, 0, amount)
}

// greater is the sales of the twelve months from the numbered one on.
func greater(sales []invoice, platform []report, first int64, amount func(invoice) int64) (m months, known bool) {
	var invoiced, reported months
	for _, v := range sales {
		if v.status != record.StatusVoid {
			invoiced[v.month-first] += amount(v)
		}
	}
	for _, v := range platform {
		reported[v.month-first] += v.net
	}
	switch {
	case len(platform) == 0:
		return invoiced, len(sales) > 0
	case len(sales) == 0:
		return reported, true
	}
	for i := range m {
		m[i] = max(invoiced[i], reported[i])
	}
	return m, true
}

// salesMonthly is net sales of the window / 12. A month without sales counts
// as a month. Missing without any sales record.
func salesMonthly(b *book) Value {
	m, known := b.monthlySales()
	if !known {
		return Value{}
	}
	return Known(ratio(m.total(), 1, WindowMonths))
}

// salesTrend is (last six months - six before) / six before, in bps. Missing
// where the six before sold nothing.
func salesTrend(b *book) Value {
	m, _ := b.monthlySales()
	return m.trend()
}

// salesVolatility is the mean absolute deviation of monthly sales from their
// mean, over the mean, in bps: sum |month - mean| / sum of months. Missing
// where the window sold nothing.
func salesVolatility(b *book) Value {
	m, _ := b.monthlySales()
	return m.volatility()
}

// salesActiveMonths counts months with net sales above zero. Missing without
// any sales record.
func salesActiveMonths(b *book) Value {
	m, known := b.monthlySales()
	if !known {
		return Value{}
	}
	n := int64(0)
	for _, v := range m {
		if v > 0 {
			n++
		}
	}
	return Known(n)
}

// returnsShare is (red letters + void invoices + platform refunds) / (normal
// and void invoices + platform sales before refunds), in bps. Missing without
// any sales record; a book of returns only is 100 %.
func returnsShare(b *book) Value {
	if len(b.sales)+len(b.platform) == 0 {
		return Value{}
	}
	var back, gross int64
	for _, v := range b.sales {
		switch v.status {
		case record.StatusRed:
			back -= v.net
		case record.StatusVoid:
			back += v.net
			gross += v.net
		default:
			gross += v.net
		}
	}
	for _, v := range b.platform {
		back += v.refunds
		gross += v.net + v.refunds
	}
	switch {
	case back == 0:
		return Known(0)
	case gross <= 0:
		return Known(wholeBps)
	}
	return Known(ratio(back, wholeBps, gross))
}

// trade is net sales and net purchases, known where something was sold and
// there are purchase invoices.
func (b *book) trade() (sales, cost int64, known bool) {
	m, _ := b.monthlySales()
	sales = m.total()
	for _, v := range b.purchases {
		if v.status != record.StatusVoid {
			cost += v.net
		}
	}
	return sales, cost, sales > 0 && len(b.purchases) > 0
}

// grossMargin is (net sales - net purchases) / net sales, in bps: a proxy, for
// purchases may be stock or equipment. Missing without purchases or sales.
func grossMargin(b *book) Value {
	sales, cost, known := b.trade()
	if !known {
		return Value{}
	}
	return Known(ratio(sales-cost, wholeBps, sales))
}

// lateCollectionDays is how many days after the due date sales invoices were
// paid, weighted by total with tax; early payment counts as zero and one
// invoice as at most a year. Only invoices that state both days count, and
// only payments made by the end of the window. Missing where there are none.
func lateCollectionDays(b *book) Value {
	var w weighted
	for _, v := range b.sales {
		if v.status == record.StatusNormal && v.due != 0 && v.paid != 0 && v.paid <= b.to {
			w.add(v.total, min(max(v.paid-v.due, 0), lateMax))
		}
	}
	mean, known := w.mean()
	return Value{Present: known, Int: mean}
}
