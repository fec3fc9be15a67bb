package scorecard

import (
	"slices"

	"github.com/xinlian/xinlian/internal/record"
)

// returns are the tax returns of both kinds whose period ended in the window.
func (b *book) returns() []*record.Record {
	vat, _ := b.standing(vatReturns)
	income, _ := b.standing(incomeReturns)
	return slices.DeleteFunc(slices.Concat(vat, income), func(r *record.Record) bool {
		day, _ := r.Int("date")
		return day < b.from
	})
}

// taxLateShare is the share of the window's tax returns that were filed or paid
// after they were due, by number, in bps. Missing where none states its due day.
func taxLateShare(b *book) Value {
	all, late := int64(0), int64(0)
	for _, r := range b.returns() {
		due, stated := r.Int("due")
		if !stated {
			continue
		}
		all++
		filed, _ := r.Int("filed")
		if paid, _ := r.Int("paid"); filed > due || paid > due {
			late++
		}
	}
	if all == 0 {
		return Value{}
	}
	return share(late, all)
}

// taxArrearsShare is the arrears that the window's tax returns state over the
// tax due in those that state them, in bps. Missing where none does.
func taxArrearsShare(b *book) Value {
	var arrears, due int64
	known := false
	for _, r := range b.returns() {
		fen, stated := r.Int("arrears")
		if !stated {
			continue
		}
		known = true
		arrears += absolute(fen)
		due += amountOf(r, "amount")
	}
	if !known {
		return Value{}
	}
	return share(arrears, due)
}

// taxSalesAgreement is the smaller of the sales declared for value-added tax and
// the net sales of the months that the returns cover, over the greater, in bps.
// Returns whose period began before the window are left out.
// Missing without returns or sales, or where both are nothing.
func taxSalesAgreement(b *book) Value {
	list, _ := b.standing(vatReturns)
	sales, known := b.monthlySales()
	var covered [WindowMonths]bool
	declared := int64(0)
	for _, r := range list {
		from, _ := r.Int("period_from")
		to, _ := r.Int("date")
		if from < b.from {
			continue
		}
		declared += amountOf(r, "sales")
		for month := b.month(from); month <= b.month(to); month++ {
			covered[month] = true
		}
	}
	sold := int64(0)
	for i, v := range sales {
		if covered[i] {
			sold += v
		}
	}
	declared, sold = max(declared, 0), max(sold, 0)
	if len(list) == 0 || !known || max(declared, sold) == 0 {
		return Value{}
	}
	return share(min(declared, sold), max(declared, sold))
}

// profitMargin is profit over revenue of the latest income-tax return of the two
// years of history, in bps: of equal periods the one filed last. Missing without
// a return that states revenue.
func profitMargin(b *book) Value {
	list, _ := b.standing(incomeReturns)
	var latest *record.Record
	for _, r := range list {
		if revenue, _ := r.Int("revenue"); revenue > 0 && (latest == nil || later(r, latest)) {
			latest = r
		}
	}
	if latest == nil {
		return Value{}
	}
	profit, _ := latest.Int("profit")
	revenue, _ := latest.Int("revenue")
	return Known(ratio(profit, wholeBps, revenue))
}

// later orders returns by the end of their period, then by the day of filing.
func later(r, than *record.Record) bool {
	day, _ := r.Int("date")
	other, _ := than.Int("date")
	if day != other {
		return day > other
	}
	filed, _ := r.Int("filed")
	otherFiled, _ := than.Int("filed")
	return filed > otherFiled
}
