package scorecard

import (
	"cmp"
	"slices"
)

// receipts is what the window's counterparties paid in, each less what went
// back to it and at least zero: money that only travels in a circle, between
// own accounts or to and from the owner, is no receipt, nor are loans and
// capital. Movements without a counterparty stand for themselves.
func (b *book) receipts() (fen int64, known bool) {
	sorted := slices.Clone(b.moves)
	slices.SortFunc(sorted, func(x, y move) int { return cmp.Compare(x.party, y.party) })
	net := int64(0)
	for i, v := range sorted {
		if v.kind == funding {
			v.in = 0
		}
		if v.party == "" {
			fen += v.in
			continue
		}
		net += v.in - v.out
		if i+1 == len(sorted) || sorted[i+1].party != v.party {
			fen, net = fen+max(net, 0), 0
		}
	}
	return fen, len(b.moves) > 0
}

// inflowMonthly is receipts / 12. Missing without bank transactions.
func inflowMonthly(b *book) Value {
	in, known := b.receipts()
	if !known {
		return Value{}
	}
	return Known(ratio(in, 1, WindowMonths))
}

// netCashMonthly is (money in - money out) / 12 before dividends: the capacity
// feature. Loans received and capital put in are not income. Dividends are no
// cost of the firm, but the firm writes that word itself, so they are added
// back only as far as invoices bear them out: up to half of net sales less net
// purchases. Missing without bank transactions.
func netCashMonthly(b *book) Value {
	if len(b.moves) == 0 {
		return Value{}
	}
	var net, drawn int64
	for _, v := range b.moves {
		if v.kind != funding {
			net += v.in - v.out
		}
		if v.kind == dividend {
			drawn += v.out
		}
	}
	if sales, cost, known := b.trade(); known {
		if bound := (sales - cost) / 2; drawn > 0 && bound > net {
			net = min(net+drawn, bound)
		}
	}
	return Known(ratio(net, 1, WindowMonths))
}

// inflowAgreement is the smaller of receipts and sales with tax over the
// greater, in bps: 100 % where they are equal, 0 where one of them is nothing.
// Missing where a source is absent or both are nothing.
func inflowAgreement(b *book) Value {
	in, moved := b.receipts()
	m, sold := b.monthlyTurnover()
	sales := max(m.total(), 0)
	in = max(in, 0)
	if !moved || !sold || max(in, sales) == 0 {
		return Value{}
	}
	return Known(ratio(min(in, sales), wholeBps, max(in, sales)))
}

// cashBufferDays is the median of the month-end balances over all accounts,
// divided by payments per day. Of an even number of balances the lower middle
// one counts. Missing without balances or payments.
func cashBufferDays(b *book) Value {
	out := int64(0)
	for _, v := range b.moves {
		out += v.out
	}
	ends := b.accounts().monthEnds
	if out <= 0 || len(ends) == 0 {
		return Value{}
	}
	slices.Sort(ends)
	return Known(ratio(ends[(len(ends)-1)/2], b.to-b.from+1, out))
}

// overdraftDays counts the days on whose evening any account was below zero.
// Missing without balances.
func overdraftDays(b *book) Value {
	a := b.accounts()
	if len(a.monthEnds) == 0 {
		return Value{}
	}
	return Known(a.overdrawn)
}

// evenings is what the accounts looked like over the window.
type evenings struct {
	monthEnds []int64 // sum over accounts, for month-ends with a known account
	evenings  []int64 // the same for every day with a known account
	overdrawn int64   // days with any account below zero
}

// accounts rebuilds each account's balance for every evening from its first
// record on: balance(d) = stated balance(D) + movements up to d - movements up
// to D, with D the nearest stated day at or after d, else the last before. A
// stated balance thus always holds on its own day, and movements fill the days
// between. Accounts that never state a balance are left out.
func (b *book) accounts() evenings {
	days := b.to - b.from + 1
	total, known, below := make([]int64, days), make([]bool, days), make([]bool, days)
	stated := slices.Clone(b.balances)
	// Two balances of one account and day: the lower one counts.
	slices.SortFunc(stated, func(x, y balance) int {
		return cmp.Or(cmp.Compare(x.account, y.account), cmp.Compare(x.day, y.day), cmp.Compare(x.fen, y.fen))
	})
	stated = slices.CompactFunc(stated, func(x, y balance) bool { return x.account == y.account && x.day == y.day })
	moves := slices.Clone(b.moves)
	slices.SortFunc(moves, func(x, y move) int {
		return cmp.Or(cmp.Compare(x.account, y.account), cmp.Compare(x.day, y.day))
	})
	for len(stated) > 0 {
		name := stated[0].account
		n := 1
		for n < len(stated) && stated[n].account == name {
			n++
		}
		for len(moves) > 0 && moves[0].account < name {
			moves = moves[1:]
		}
		k := 0
		for k < len(moves) && moves[k].account == name {
			k++
		}
		b.rebuild(stated[:n], moves[:k], func(day, fen int64) {
			total[day] += fen
			known[day] = true
			below[day] = below[day] || fen < 0
		})
		stated, moves = stated[n:], moves[k:]
	}
	var e evenings
	for day := range days {
		if below[day] {
			e.overdrawn++
		}
		if known[day] {
			e.evenings = append(e.evenings, total[day])
		}
		if known[day] && monthOf(b.from+day+1) != monthOf(b.from+day) {
			e.monthEnds = append(e.monthEnds, total[day])
		}
	}
	return e
}

// rebuild calls each for every evening of one account, days counted from the
// start of the window.
func (b *book) rebuild(stated []balance, moves []move, each func(day, fen int64)) {
	days := b.to - b.from + 1
	moved := make([]int64, days)
	first := stated[0].day
	for _, v := range moves {
		moved[v.day-b.from] += v.in - v.out
		first = min(first, v.day)
	}
	for day := int64(1); day < days; day++ {
		moved[day] += moved[day-1]
	}
	k := 0
	for day := first - b.from; day < days; day++ {
		for k < len(stated)-1 && stated[k].day-b.from < day {
			k++
		}
		each(day, stated[k].fen+moved[day]-moved[stated[k].day-b.from])
	}
}
