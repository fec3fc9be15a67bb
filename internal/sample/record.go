package sample

import (
	"fmt"

	"github.com/xinlian/xinlian/internal/record"
)

const currency = "CNY"

// records are the standard records of the ledger, as its documents say them.
func (l *ledger) records() []*record.Record {
	var out []*record.Record
	for _, m := range l.movements {
		out = append(out, l.movementRecord(m))
	}
	for m, fen := range l.closings {
		out = append(out, record.New(record.BankBalance).
			SetText("source_id", fmt.Sprintf("%s:%s/1", l.owner.account, l.statementID(m))).
			SetInt("date", l.months[m+1]-1).SetInt("amount", fen).
			SetText("currency", currency).SetText("account", l.owner.account))
	}
	for _, i := range l.sales {
		out = append(out, i.record())
	}
	for _, i := range l.purchases {
		out = append(out, i.record())
	}
	for _, d := range l.platform {
		out = append(out, record.New(record.PlatformSales).
			SetText("source_id", d.number()).SetInt("date", d.date).SetInt("amount", d.net).
			SetText("currency", currency).SetInt("direction", record.DirectionIn).
			SetInt("status", record.StatusNormal).SetInt("orders", d.orders).SetInt("refunds", d.refunds))
	}
	return out
}

func (l *ledger) movementRecord(m movement) *record.Record {
	fen, direction := m.fen, int64(record.DirectionIn)
	if fen < 0 {
		fen, direction = -fen, record.DirectionOut
	}
	return record.New(record.BankTransaction).
		SetText("source_id", l.owner.account+":"+m.reference).
		SetInt("date", m.date).SetInt("amount", fen).SetText("currency", currency).
		SetInt("direction", direction).SetInt("status", record.StatusNormal).
		SetText("account", l.owner.account).SetText("counterparty", m.other).SetText("description", m.text)
}

// statementID is the number of the statement of month m.
func (l *ledger) statementID(m int) string {
	return fmt.Sprintf("S%d", record.Month(l.months[m]))
}

func (d platformDay) number() string { return "P" + record.DayTime(d.date).Format("20060102") }

// record has the dates its document carries: a 数电票 says neither when payment
// is due nor when it came, a UBL invoice says when it is due, and the
// enterprise's own list says both.
func (i *invoice) record() *record.Record {
	schema, direction, number := record.SalesInvoice, int64(record.DirectionIn), i.number
	if !i.sale {
		schema, direction = record.PurchaseInvoice, record.DirectionOut
	}
	if i.form == asUBL {
		number = i.other.taxNumber + ":" + number
	}
	r := record.New(schema).
		SetText("source_id", number).SetInt("date", i.date).SetInt("amount", i.total()).
		SetText("currency", currency).SetInt("direction", direction).SetInt("status", i.status).
		SetInt("net", i.net()).SetInt("tax", i.tax()).SetText("counterparty", i.other.name)
	if i.form != asFapiao && i.due > 0 {
		r.SetInt("due", i.due)
	}
	if i.form == asTable && i.paid > 0 {
		r.SetInt("paid", i.paid)
	}
	return r
}
