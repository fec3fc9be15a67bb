package scorecard

import "github.com/xinlian/xinlian/internal/record"

// liveLoans are the outside loans with something outstanding. Known where a
// source was asked, even if it has none.
func (b *book) liveLoans() (list []*record.Record, known bool) {
	all, known := b.standing(loans)
	for _, r := range all {
		if fen, _ := r.Int("outstanding"); fen > 0 {
			list = append(list, r)
		}
	}
	return list, known
}

// instalmentFen is what a loan takes a month: its instalment, else what is
// outstanding over the months that are left, at least one.
func (b *book) instalmentFen(r *record.Record) int64 {
	if fen, stated := r.Int("instalment"); stated {
		return absolute(fen)
	}
	outstanding, _ := r.Int("outstanding")
	due, _ := r.Int("due")
	return ratio(outstanding, 1, max(monthOf(due)-monthOf(b.to), 1))
}

// debtServiceShare is the monthly instalments of outside loans over monthly
// receipts, in bps. Missing where no source was asked, or nothing came in.
func debtServiceShare(b *book) Value {
	list, known := b.liveLoans()
	in, _ := b.receipts()
	if !known || in <= 0 {
		return Value{}
	}
	sum := int64(0)
	for _, r := range list {
		sum += b.instalmentFen(r)
	}
	return Known(ratio(sum, WindowMonths*wholeBps, in))
}

// debtShare is what is outstanding on outside loans over net sales of the
// window, in bps. Missing where no source was asked, or nothing was sold.
func debtShare(b *book) Value {
	list, known := b.liveLoans()
	m, _ := b.monthlySales()
	if !known || m.total() <= 0 {
		return Value{}
	}
	sum := int64(0)
	for _, r := range list {
		fen, _ := r.Int("outstanding")
		sum += fen
	}
	return Known(ratio(sum, wholeBps, m.total()))
}

// debtOverdueDays is the most days that an outside loan is overdue. Missing
// where no source was asked.
func debtOverdueDays(b *book) Value {
	list, known := b.liveLoans()
	if !known {
		return Value{}
	}
	most := int64(0)
	for _, r := range list {
		days, _ := r.Int("overdue_days")
		most = max(most, days)
	}
	return Known(most)
}
