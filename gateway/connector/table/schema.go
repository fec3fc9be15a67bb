package table

import (
	"fmt"
	"strings"

	"github.com/xinlian/xinlian/gateway/connector"
	"github.com/xinlian/xinlian/internal/record"
)

// schemaInvoices is the template of the two invoice schemas, whose fields are
// the same: the direction of each row says which of them it is.
const schemaInvoices = "sales-invoice and purchase-invoice"

// schemaTemplates are a template for the newest version of each schema, whose
// columns are the schema's fields.
func schemaTemplates() []*template {
	var out []*template
	for _, s := range record.Schemas {
		if latest, _ := record.Latest(s.ID); latest != s || s == record.PurchaseInvoice {
			continue
		}
		name := s.ID
		if s == record.SalesInvoice {
			name = schemaInvoices
		}
		t := &schemaReader{s}
		var columns []Column
		for _, f := range s.Fields {
			columns = append(columns, Column{
				Name: f.Name, EN: f.EN, ZH: f.ZH, Also: alsoNames[s.ID+"."+f.Name],
				Required: f.Required && f.Name != "status" && (f.Name != "direction" || naturalDirection[s.ID] == 0),
			})
		}
		out = append(out, newTemplate(name, columns, t.record))
	}
	return out
}

// alsoNames are names that columns had before their template followed the schema.
var alsoNames = map[string][]string{
	"platform-sales.source_id": {"report"},
	"platform-sales.amount":    {"net_sales"},
}

// naturalDirection is the direction of the schemas whose documents have but one.
var naturalDirection = map[string]int64{
	record.PlatformSales.ID:   record.DirectionIn,
	record.Receivable.ID:      record.DirectionIn,
	record.VATReturn.ID:       record.DirectionOut,
	record.IncomeTaxReturn.ID: record.DirectionOut,
	record.PayrollSummary.ID:  record.DirectionOut,
	record.UtilityBill.ID:     record.DirectionOut,
	record.OutsideLoan.ID:     record.DirectionOut,
}

type schemaReader struct{ *record.Schema }

func (s *schemaReader) record(r *row, owner connector.Owner) *record.Record {
	out := record.New(s.Schema)
	for _, f := range s.Fields {
		v := r.text(f.Name)
		switch {
		case v == "" && f.Name == "status":
			out.SetInt("status", record.StatusNormal)
		case v == "" && f.Name == "direction" && f.Required:
			out.SetInt("direction", naturalDirection[s.ID])
		case v == "":
		case f.Type == record.Text && f.Name == "currency":
			out.SetText(f.Name, r.Currency(f.Name, v))
		case f.Type == record.Text && (f.Name == "description" || f.Name == "scope"):
			out.SetText(f.Name, connector.Describe(v))
		case f.Type == record.Text:
			out.SetText(f.Name, r.identifier(f.Name))
		case f.Type == record.Amount:
			out.SetInt(f.Name, r.FenGrouped(f.Name, v))
		case f.Type == record.Date:
			out.SetInt(f.Name, r.day(f.Name))
		case f.Type == record.Count:
			out.SetInt(f.Name, r.count(f.Name))
		case f.Type == record.Code:
			out.SetInt(f.Name, r.code(f))
		}
	}
	if r.Failed() {
		return out
	}
	r.check(out, owner)
	if s.Schema == record.SalesInvoice {
		return asInvoice(out)
	}
	return out
}

// asInvoice is out under the schema that its direction says.
func asInvoice(out *record.Record) *record.Record {
	if direction, _ := out.Int("direction"); direction == record.DirectionIn {
		return out
	}
	purchase := &record.Record{Schema: record.PurchaseInvoice, Values: out.Values}
	number, seller := out.SourceID(), out.Text("counterparty")
	if !strings.HasPrefix(number, seller+":") {
		purchase.SetText("source_id", connector.PurchaseID(number, seller))
	}
	return purchase
}

// periods are fields that say from when to when.
var periods = [][2]string{
	{"period_from", "period_to"}, {"valid_from", "valid_to"}, {"valid_from", "due"}, {"period_from", "date"},
}

// check finds what contradicts itself within one row.
func (r *row) check(out *record.Record, owner connector.Owner) {
	for _, p := range periods {
		from, ok := out.Int(p[0])
		to, has := out.Int(p[1])
		if ok && has && to < from && (p[1] != "date" || out.Schema.Category == record.CategoryTax) {
			r.Fail(p[1], connector.RuleDate, "the period ends before it begins")
		}
	}
	if account := out.Text("account"); account != "" && !owner.Holds(account) {
		r.Fail("account", connector.RuleOwner, "the account is not the enterprise's")
	}
	amount, _ := out.Int("amount")
	switch out.Schema {
	case record.BankTransaction:
		if amount < 0 {
			r.Fail("amount", connector.RuleSign, "the direction carries the sign, the amount may not")
		}
	case record.PlatformSales:
		if refunds, _ := out.Int("refunds"); refunds < 0 {
			r.Fail("refunds", connector.RuleSign, "refunds are written without a sign")
		}
	case record.SalesInvoice:
		net, _ := out.Int("net")
		tax, _ := out.Int("tax")
		status, _ := out.Int("status")
		r.Total("amount", amount, net, tax)
		r.invoiceSign("amount", amount, status)
	}
}

func (r *row) invoiceSign(column string, total, status int64) {
	if r.Failed() {
		return // one fault is told once
	}
	if status == record.StatusRed && total > 0 || status == record.StatusNormal && total < 0 {
		r.Fail(column, connector.RuleSign, "a red letter is negative, any other invoice is not")
	}
}

// identifier is a text cell. A workbook that holds a long number as a number
// has lost the digits beyond the fifteenth, so that is refused.
func (r *row) identifier(column string) string {
	s := r.text(column)
	if r.number(column) && len(strings.TrimLeft(s, "-0.")) > significantDigits {
		r.Fail(column, connector.RuleNumber, "the workbook keeps only 15 digits of a number: format the cell as text")
	}
	return s
}

// day reads a calendar day; a workbook's number is the days since its epoch.
func (r *row) day(column string) int64 {
	s := r.text(column)
	if r.number(column) {
		if day, ok := serialDay(s, r.epoch); ok {
			return day
		}
	}
	return r.Day(column, s)
}

func (r *row) count(column string) int64 {
	s := r.text(column)
	var n int64
	for _, c := range []byte(s) {
		if c < '0' || c > '9' || n > 1<<40 {
			r.Fail(column, connector.RuleRange, "not a whole number")
			return 0
		}
		n = n*10 + int64(c-'0')
	}
	return n
}

// code reads one of a field's codes, or a word for it.
func (r *row) code(f record.Field) int64 {
	v := strings.ToLower(r.text(f.Name))
	for i, code := range f.Codes {
		if v == code || words[f.Name+"."+code].has(v) {
			return int64(i + 1)
		}
	}
	r.Fail(f.Name, connector.RuleCode, fmt.Sprintf("none of %s", strings.Join(Words(f), ", ")))
	return 0
}
