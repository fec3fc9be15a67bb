package scorecard

import (
	"cmp"
	"slices"

	"github.com/xinlian/xinlian/internal/record"
)

// party is what one counterparty bought or sold in the window.
type party struct {
	net    int64
	months uint16 // bit i: a normal invoice in month i
}

// parties groups invoices by the exact text of the counterparty and keeps those
// with a net amount above zero. Void invoices count for nothing.
func parties(invoices []invoice) []party {
	sorted := slices.Clone(invoices)
	slices.SortFunc(sorted, func(a, b invoice) int { return cmp.Compare(a.party, b.party) })
	var all []party
	for i, v := range sorted {
		if i == 0 || v.party != sorted[i-1].party {
			all = append(all, party{})
		}
		p := &all[len(all)-1]
		if v.status != record.StatusVoid {
			p.net += v.net
		}
		if v.status == record.StatusNormal {
			p.months |= 1 << v.month
		}
	}
	return slices.DeleteFunc(all, func(p party) bool { return p.net <= 0 })
}

// topShare is the largest counterparty's share of what all of them traded, in
// bps. Missing where nobody traded.
func topShare(invoices []invoice) Value {
	var top, total int64
	for _, p := range parties(invoices) {
		top, total = max(top, p.net), total+p.net
	}
	if total == 0 {
		return Value{}
	}
	return Known(ratio(top, wholeBps, total))
}

// customerTopShare is the largest customer's share of net invoiced sales.
func customerTopShare(b *book) Value { return topShare(b.sales) }

// supplierTopShare is the largest supplier's share of net invoiced purchases.
func supplierTopShare(b *book) Value { return topShare(b.purchases) }

// customerCount is the number of customers with net sales above zero. Missing
// without any sales invoice.
func customerCount(b *book) Value {
	if len(b.sales) == 0 {
		return Value{}
	}
	return Known(int64(len(parties(b.sales))))
}

// customerRepeatShare is the share of those customers that were invoiced in at
// least two calendar months, in bps. Missing where there are no customers.
func customerRepeatShare(b *book) Value {
	all := parties(b.sales)
	if len(all) == 0 {
		return Value{}
	}
	repeat := int64(0)
	for _, p := range all {
		if p.months&(p.months-1) != 0 { // more than one bit
			repeat++
		}
	}
	return Known(ratio(repeat, wholeBps, int64(len(all))))
}
