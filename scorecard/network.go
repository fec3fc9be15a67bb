package scorecard

import (
	"cmp"
	"slices"

	"github.com/xinlian/xinlian/internal/record"
)

// confirmed are the confirmations of the firm's own normal sales invoices of the
// window, each with the amount confirmed, at most the invoice's. A confirmation
// of an invoice that is not in the book counts for nothing, and an invoice is
// confirmed at most once.
func (b *book) confirmed(each func(r *record.Record, fen int64)) {
	sales := slices.Clone(b.sales)
	slices.SortFunc(sales, func(x, y invoice) int { return cmp.Compare(x.id, y.id) })
	for _, r := range b.facts[confirmations] {
		status, _ := r.Int("status")
		answer, _ := r.Int("answer")
		direction, _ := r.Int("direction")
		if status != record.StatusNormal || answer != record.AnswerConfirmed || direction != record.DirectionIn {
			continue
		}
		at, found := slices.BinarySearchFunc(sales, r.SourceID(), func(v invoice, id string) int { return cmp.Compare(v.id, id) })
		if !found || sales[at].status != record.StatusNormal {
			continue
		}
		fen, _ := r.Int("amount")
		each(r, min(max(fen, 0), sales[at].total))
	}
}

// confirmedShare is the sales that the customers' own records confirm / all
// normal invoiced sales, with tax, in bps. Missing where nobody was asked or
// nothing was sold.
func confirmedShare(b *book) Value {
	var sum, all int64
	for _, v := range b.sales {
		if v.status == record.StatusNormal {
			all += v.total
		}
	}
	if len(b.facts[confirmations]) == 0 || all <= 0 {
		return Value{}
	}
	b.confirmed(func(_ *record.Record, fen int64) { sum += fen })
	return share(sum, all)
}

// confirmedQuality is the quality of the counterparties that confirmed sales,
// weighted by the amounts confirmed. Missing where nothing was confirmed.
func confirmedQuality(b *book) Value {
	var w weighted
	b.confirmed(func(r *record.Record, fen int64) {
		quality, _ := r.Int("quality")
		w.add(fen, quality)
	})
	mean, known := w.mean()
	return Value{Present: known, Int: mean}
}

// networkPartners is the number of enterprises of the network that confirmed a
// sale or a purchase: the firm's degree in it. Missing where nobody was asked.
func networkPartners(b *book) Value {
	if len(b.facts[confirmations]) == 0 {
		return Value{}
	}
	var names []string
	for _, r := range b.facts[confirmations] {
		status, _ := r.Int("status")
		answer, _ := r.Int("answer")
		member, _ := r.Int("member")
		day, _ := r.Int("date")
		if status == record.StatusNormal && answer == record.AnswerConfirmed && member == record.MemberYes && day >= b.from {
			names = append(names, r.Text("counterparty"))
		}
	}
	slices.Sort(names)
	return Known(int64(len(slices.Compact(names))))
}
