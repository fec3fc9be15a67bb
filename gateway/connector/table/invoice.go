package table

import (
	"cmp"
	"strings"

	"github.com/xinlian/xinlian/gateway/connector"
	"github.com/xinlian/xinlian/internal/record"
)

var invoices = newTemplate(Invoices, []Column{
	{"number", "Number", "发票号码", nil, true},
	{"issue_date", "Issue date", "开票日期", nil, true},
	{"seller_tax_number", "Seller tax number", "销方税号", nil, false},
	{"seller_name", "Seller name", "销方名称", nil, true},
	{"buyer_tax_number", "Buyer tax number", "购方税号", nil, false},
	{"buyer_name", "Buyer name", "购方名称", nil, true},
	{"net", "Net", "不含税金额", nil, true},
	{"tax", "Tax", "税额", nil, true},
	{"total", "Total", "价税合计", nil, true},
	{"currency", "Currency", "币种", nil, true},
	{"status", "Status", "状态", nil, true},
	{"due_date", "Due date", "约定付款日", nil, false},
	{"paid_date", "Paid date", "实际收付日", nil, false},
}, invoiceRecord)

// invoiceRecord reads a row of a list of invoices. Where nobody is named as
// owner it is read as its seller's.
func invoiceRecord(r *row, owner connector.Owner) *record.Record {
	sells := owner.Is(r.text("seller_tax_number"), r.text("seller_name"))
	buys := owner.Is(r.text("buyer_tax_number"), r.text("buyer_name"))
	schema, direction, other := record.SalesInvoice, int64(record.DirectionIn), r.text("buyer_name")
	number := r.identifier("number")
	switch {
	case owner.Anonymous():
	case sells == buys:
		r.Fail("seller_tax_number", connector.RuleOwner, "the enterprise is not exactly one of seller and buyer")
	case buys:
		schema, direction, other = record.PurchaseInvoice, record.DirectionOut, r.text("seller_name")
		number = connector.PurchaseID(number, cmp.Or(r.text("seller_tax_number"), other))
	}
	status := r.code(statusField)
	net, tax := r.FenGrouped("net", r.text("net")), r.FenGrouped("tax", r.text("tax"))
	total := r.FenGrouped("total", r.text("total"))
	r.Total("total", total, net, tax)
	r.invoiceSign("total", total, status)
	out := record.New(schema).
		SetText("source_id", number).
		SetInt("date", r.day("issue_date")).
		SetInt("amount", total).SetText("currency", r.Currency("currency", r.text("currency"))).
		SetInt("direction", direction).SetInt("status", status).
		SetInt("net", net).SetInt("tax", tax).
		SetText("counterparty", other)
	if r.text("due_date") != "" {
		out.SetInt("due", r.day("due_date"))
	}
	if r.text("paid_date") != "" {
		out.SetInt("paid", r.day("paid_date"))
	}
	return out
}

// The layout of the invoices of the CUMCM contest of 2020: the invoices of many
// enterprises in one file, all sales or all purchases by which side's code is a
// column. It lacks the invoice code, without which a number is not unique:
// enterprise, counterparty and day go before it.
const (
	cumcmName        = "cumcm"
	enterpriseColumn = "enterprise"
)

// cumcm is the layout of sales or of purchases.
func cumcm(sales bool) *template {
	name, side := cumcmName+"-sales", Column{"counterparty", "Buyer code", "购方单位代号", nil, true}
	schema, direction := record.SalesInvoice, int64(record.DirectionIn)
	if !sales {
		name, side = cumcmName+"-purchases", Column{"counterparty", "Seller code", "销方单位代号", nil, true}
		schema, direction = record.PurchaseInvoice, record.DirectionOut
	}
	return newTemplate(name, []Column{
		{enterpriseColumn, "Enterprise code", "企业代号", nil, true},
		{"number", "Invoice number", "发票号码", nil, true},
		{"issue_date", "Issue date", "开票日期", nil, true},
		side,
		{"net", "Amount", "金额", nil, true},
		{"tax", "Tax", "税额", nil, true},
		{"total", "Total", "价税合计", nil, true},
		{"status", "Invoice status", "发票状态", nil, true},
	}, func(r *row, _ connector.Owner) *record.Record {
		net, tax := r.FenGrouped("net", r.text("net")), r.FenGrouped("tax", r.text("tax"))
		total := r.FenGrouped("total", r.text("total"))
		r.Total("total", total, net, tax)
		day := r.day("issue_date")
		status := r.code(statusField)
		if status == record.StatusNormal && total < 0 {
			status = record.StatusRed // the layout has no word for a red letter: its sign tells
		}
		return record.New(schema).
			SetText("source_id", strings.Join([]string{
				r.At.Enterprise, r.text("counterparty"), record.DayTime(day).Format("2006-01-02"), r.identifier("number"),
			}, ":")).
			SetInt("date", day).SetInt("amount", total).SetText("currency", "CNY").
			SetInt("direction", direction).SetInt("status", status).
			SetInt("net", net).SetInt("tax", tax).
			SetText("counterparty", r.text("counterparty"))
	})
}

var statusField = record.SalesInvoice.Fields[record.SalesInvoice.Index("status")]
