package check

import (
	"strings"

	"github.com/xinlian/xinlian/internal/record"
)

// Counterparty is who a firm's invoices are confirmed by, as a verifier may state
// it: a pseudonym, never a name.
type Counterparty struct {
	Pseudonym  string
	Name       string // as the firm's invoices name it; stays with the verifier
	Member     bool   // an enterprise of the network
	QualityBps int64  // grade of its data, 10,000 is best
	Confirmer  string // the verifier
}

// Confirm states for each normal invoice of a firm with one counterparty what the
// counterparty's own records say of it. Both have let the verifier in; the result
// goes to the firm's profile under the verifier's signature and shows nothing of
// the counterparty's records beyond the answer.
//
// An invoice is confirmed by one of the other side with its number and its total,
// denied where the counterparty's invoices reach from before its day to after it
// without one, and unknown otherwise.
func Confirm(firm, other []*record.Record, c Counterparty) []*record.Record {
	var out []*record.Record
	for _, side := range []struct {
		own, mirror string
		direction   int64
	}{
		{record.SalesInvoice.ID, record.PurchaseInvoice.ID, record.DirectionIn},
		{record.PurchaseInvoice.ID, record.SalesInvoice.ID, record.DirectionOut},
	} {
		ledger := mirrorOf(other, side.mirror)
		for _, r := range firm {
			status, _ := r.Int("status")
			if r.Schema.ID != side.own || status != record.StatusNormal || r.Text("counterparty") != c.Name {
				continue
			}
			out = append(out, ledger.answer(r, c, side.direction))
		}
	}
	return out
}

// mirror is the counterparty's invoices of one side.
type mirror struct {
	totals      map[string]int64 // by number
	first, last int64
}

func mirrorOf(records []*record.Record, schema string) mirror {
	m := mirror{totals: map[string]int64{}, first: record.DateMax}
	for _, r := range records {
		if status, _ := r.Int("status"); r.Schema.ID != schema || status != record.StatusNormal {
			continue
		}
		day, _ := r.Int("date")
		m.first, m.last = min(m.first, day), max(m.last, day)
		m.totals[number(r)], _ = r.Int("amount")
	}
	return m
}

// number is an invoice's own number, without the supplier's before it.
func number(r *record.Record) string {
	id := r.SourceID()
	return id[strings.LastIndexByte(id, ':')+1:]
}

func (m mirror) answer(r *record.Record, c Counterparty, direction int64) *record.Record {
	day, _ := r.Int("date")
	total, _ := r.Int("amount")
	answer := int64(record.AnswerUnknown)
	switch held, found := m.totals[number(r)]; {
	case found && held == total:
		answer = record.AnswerConfirmed
	case m.first <= day && day <= m.last:
		answer = record.AnswerDenied
	}
	member := int64(record.MemberNo)
	if c.Member {
		member = record.MemberYes
	}
	return record.New(record.Confirmation).SetText("source_id", r.SourceID()).SetInt("date", day).SetInt("amount", total).
		SetText("currency", r.Text("currency")).SetInt("direction", direction).SetInt("status", record.StatusNormal).
		SetInt("answer", answer).SetText("counterparty", c.Pseudonym).SetInt("member", member).
		SetInt("quality", c.QualityBps).SetText("confirmer", c.Confirmer)
}
