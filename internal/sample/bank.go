package sample

import (
	"fmt"

	"github.com/xinlian/xinlian/internal/record"
)

// deferDays is how long a patient payment waits for money at a time.
const deferDays = 7

// bank runs the account day by day: receipts first, then payments. The account
// is never overdrawn: a supplier waits, or else the owner puts money in.
func (l *ledger) bank() {
	balance := l.shape.openingFen
	for m := range Months {
		for day := l.months[m]; day < l.months[m+1]; day++ {
			balance = l.bankDay(day, balance)
		}
		if m%3 == 2 {
			balance = l.draw(working(l.months[m+1]-3), l.months[m+1]-1, balance)
		}
		l.closings = append(l.closings, balance)
	}
}

func (l *ledger) bankDay(day, balance int64) int64 {
	plans := l.plans[day]
	for _, p := range plans {
		if p.fen > 0 {
			balance = l.move(day, p, balance)
		}
	}
	for _, p := range plans {
		switch {
		case p.fen >= 0:
		case balance+p.fen >= 0:
			balance = l.move(day, p, balance)
		case p.patient > 0:
			p.patient--
			l.plan(working(day+deferDays), p)
		default:
			const step = 5_000_00
			capital := (-(balance+p.fen)/step + 1) * step
			balance = l.move(day, plan{fen: capital, other: l.ownerName(), text: "股东投入"}, balance)
			balance = l.move(day, p, balance)
		}
	}
	return balance
}

func (l *ledger) ownerName() string { return "样本业主" }

// draw is the owner's share of what the account holds beyond two months' costs.
func (l *ledger) draw(day, last, balance int64) int64 {
	s := l.shape
	reserve := 2 * (s.employees*s.wageFen*126/100 + s.rentFen + s.salesMonthly*s.saleFen*s.costBps/10_000)
	if balance <= reserve {
		return balance
	}
	const step = 1_000_00
	fen := (balance - reserve) * s.drawBps / 10_000 / step * step
	if fen == 0 {
		return balance
	}
	return l.move(min(day, last), plan{fen: -fen, other: l.ownerName(), text: "分红"}, balance)
}

func (l *ledger) move(day int64, p plan, balance int64) int64 {
	if p.invoice != nil {
		p.invoice.paid = day
	}
	date := record.DayTime(day)
	l.movements = append(l.movements, movement{
		reference: fmt.Sprintf("R%s%06d", date.Format("060102"), len(l.movements)+1),
		date:      day, fen: p.fen, other: p.other, text: p.text,
	})
	return balance + p.fen
}
