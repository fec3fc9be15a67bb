package scorecard

import (
	"cmp"
	"slices"

	"github.com/xinlian/xinlian/internal/record"
)

// relation is what one counterparty traded over the two years of history.
type relation struct {
	earlier, window int64 // net
	first           int64 // month of the first normal invoice, from -12; WindowMonths where there is none
}

// relations groups the invoices of both years by counterparty.
func relations(earlier, window []invoice) []relation {
	sorted := slices.Concat(earlier, window)
	slices.SortFunc(sorted, func(x, y invoice) int { return cmp.Compare(x.party, y.party) })
	var all []relation
	for i, v := range sorted {
		if i == 0 || v.party != sorted[i-1].party {
			all = append(all, relation{first: WindowMonths})
		}
		r := &all[len(all)-1]
		switch {
		case v.status == record.StatusVoid:
			continue
		case v.month < 0:
			r.earlier += v.net
		default:
			r.window += v.net
		}
		if v.status == record.StatusNormal {
			r.first = min(r.first, v.month)
		}
	}
	return all
}

// concentration is the sum of the squared shares of the counterparties (the
// Herfindahl index), in bps, each share and each square rounded down. Missing
// where nobody traded.
func concentration(invoices []invoice) Value {
	all := parties(invoices)
	total, sum := int64(0), int64(0)
	for _, p := range all {
		total += p.net
	}
	if total == 0 {
		return Value{}
	}
	for _, p := range all {
		s := ratio(p.net, wholeBps, total)
		sum += s * s / wholeBps
	}
	return Known(sum)
}

// tenure is how many months ago the counterparties of the window first traded,
// the current month counted, weighted by what they traded in it. Missing where
// nobody traded.
func tenure(earlier, window []invoice) Value {
	var w weighted
	for _, r := range relations(earlier, window) {
		if r.window > 0 && r.first < WindowMonths {
			w.add(r.window, WindowMonths-r.first)
		}
	}
	mean, known := w.mean()
	return Value{Present: known, Int: mean}
}

// renewal is the share of the earlier year's counterparties that traded in the
// window too, by number, in bps. Missing where the earlier year had none.
func renewal(earlier, window []invoice) Value {
	had, kept := int64(0), int64(0)
	for _, r := range relations(earlier, window) {
		if r.earlier <= 0 {
			continue
		}
		had++
		if r.window > 0 {
			kept++
		}
	}
	if had == 0 {
		return Value{}
	}
	return share(kept, had)
}

// customerConcentration is the Herfindahl index of net invoiced sales.
func customerConcentration(b *book) Value { return concentration(b.sales) }

// customerTenure is how long the window's customers have been invoiced, in months.
func customerTenure(b *book) Value { return tenure(b.earlierSales, b.sales) }

// customerRenewal is the share of the earlier year's customers that stayed.
func customerRenewal(b *book) Value { return renewal(b.earlierSales, b.sales) }

// supplierCount is the number of suppliers with net purchases above zero.
// Missing without any purchase invoice.
func supplierCount(b *book) Value {
	if len(b.purchases) == 0 {
		return Value{}
	}
	return Known(int64(len(parties(b.purchases))))
}

// supplierConcentration is the Herfindahl index of net invoiced purchases.
func supplierConcentration(b *book) Value { return concentration(b.purchases) }

// supplierTenure is how long the window's suppliers have sold to the firm, in months.
func supplierTenure(b *book) Value { return tenure(b.earlierPurchases, b.purchases) }

// supplierRenewal is the share of the earlier year's suppliers that stayed.
func supplierRenewal(b *book) Value { return renewal(b.earlierPurchases, b.purchases) }
