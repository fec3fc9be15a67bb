package sample

import "github.com/xinlian/xinlian/internal/record"

// shellFromMonth is when the planted fraud begins: the first third of the book
// is honest, so that the growth it fakes can be seen.
const shellFromMonth = 8

// circulate plants a month of circular trade with the shell company: round
// invoices to it of which few are ever paid, nearly the same bought back from
// it, and money that comes and goes on one day.
func (l *ledger) circulate(m int) {
	for range l.r.between(3, 5) {
		total := l.r.between(4, 9) * 10_000_00
		sale := l.shellInvoice(m, total, true)
		sale.form = asFapiao
		l.sales = append(l.sales, sale)

		back := l.shellInvoice(m, total-l.r.between(0, 3)*1_000_00, false)
		back.form = asTable
		l.purchases = append(l.purchases, back)
	}
	for range 2 {
		day, fen := working(l.dayIn(m)), l.r.between(5, 12)*10_000_00
		l.plan(day, plan{fen: fen, other: l.shell.name, text: "货款"})
		l.plan(day, plan{fen: -fen + l.r.between(0, 2)*500_00, other: l.shell.name, text: "采购款"})
	}
}

func (l *ledger) shellInvoice(m int, total int64, sale bool) *invoice {
	net := total * 10_000 / (10_000 + vatBps)
	i := &invoice{sale: sale, date: l.dayIn(m), other: l.shell, status: record.StatusNormal}
	i.number, i.due = l.fapiaoNumber(i.date), i.date+l.shape.termDays
	i.lines = []line{{"*样本货物*一批", net, total - net}}
	return i
}
