package scorecard

import (
	"cmp"
	"slices"

	"github.com/xinlian/xinlian/internal/record"
)

// monthlyReceipts is what came in by month, netted within each month by
// counterparty as in receipts.
func (b *book) monthlyReceipts() (m months, known bool) {
	sorted := slices.Clone(b.moves)
	slices.SortFunc(sorted, func(x, y move) int {
		return cmp.Or(cmp.Compare(b.month(x.day), b.month(y.day)), cmp.Compare(x.party, y.party))
	})
	net := int64(0)
	for i, v := range sorted {
		month := b.month(v.day)
		if v.kind == funding {
			v.in = 0
		}
		if v.party == "" {
			m[month] += v.in
			continue
		}
		net += v.in - v.out
		if i+1 == len(sorted) || sorted[i+1].party != v.party || b.month(sorted[i+1].day) != month {
			m[month] += max(net, 0)
			net = 0
		}
	}
	return m, len(sorted) > 0
}

// inflowTrend is (receipts of the last six months - of the six before) / of the
// six before, in bps. Missing where the six before took in nothing.
func inflowTrend(b *book) Value {
	m, _ := b.monthlyReceipts()
	return m.trend()
}

// inflowVolatility is sum |month - mean| / sum of monthly receipts, in bps.
// Missing where nothing came in.
func inflowVolatility(b *book) Value {
	m, _ := b.monthlyReceipts()
	return m.volatility()
}

// cashLowDays counts the evenings on which all accounts together held less than
// a week's payments. Missing without balances or payments.
func cashLowDays(b *book) Value {
	const week = 7
	out := int64(0)
	for _, v := range b.moves {
		out += v.out
	}
	e := b.accounts()
	if out <= 0 || len(e.monthEnds) == 0 {
		return Value{}
	}
	floor, n := ratio(out, week, b.to-b.from+1), int64(0)
	for _, fen := range e.evenings {
		if fen < floor {
			n++
		}
	}
	return Known(n)
}

// fundingTimes counts the days on which a loan or capital came in. Missing
// without bank transactions.
func fundingTimes(b *book) Value {
	if len(b.moves) == 0 {
		return Value{}
	}
	var days []int64
	for _, v := range b.moves {
		if v.kind == funding && v.in > 0 {
			days = append(days, v.day)
		}
	}
	slices.Sort(days)
	return Known(int64(len(slices.Compact(days))))
}

// collectionDays is how many days after the issue sales invoices were paid,
// weighted by total with tax, one invoice as at least none and at most a year.
// Missing where none states its day of payment.
func collectionDays(b *book) Value {
	var w weighted
	for _, v := range b.sales {
		if v.status == record.StatusNormal && v.paid != 0 && v.paid <= b.to {
			w.add(v.total, min(max(v.paid-v.day, 0), lateMax))
		}
	}
	mean, known := w.mean()
	return Value{Present: known, Int: mean}
}
