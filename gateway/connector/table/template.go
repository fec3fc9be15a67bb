package table

import (
	"cmp"
	"strings"

	"github.com/xinlian/xinlian/gateway/connector"
	"github.com/xinlian/xinlian/internal/record"
)

// Column is a column of a template. Its English name is also its name in
// problems; the header may use either.
type Column struct {
	EN, ZH   string
	Required bool // the column must be there and no cell empty
}

type template struct {
	Name    string
	Columns []Column
	record  func(*row, connector.Owner) *record.Record
}

var templates = []*template{platformSales, invoices}

// Names of the templates.
const (
	PlatformSales = "platform-sales"
	Invoices      = "invoices"
)

var platformSales = &template{
	Name: PlatformSales,
	Columns: []Column{
		{"report", "日报编号", true},
		{"date", "日期", true},
		{"net_sales", "净销售额", true},
		{"refunds", "退款额", true},
		{"orders", "订单数", true},
		{"currency", "币种", true},
	},
	record: platformRecord,
}

var invoices = &template{
	Name: Invoices,
	Columns: []Column{
		{"number", "发票号码", true},
		{"issue_date", "开票日期", true},
		{"seller_tax_number", "销方税号", false},
		{"seller_name", "销方名称", true},
		{"buyer_tax_number", "购方税号", false},
		{"buyer_name", "购方名称", true},
		{"net", "不含税金额", true},
		{"tax", "税额", true},
		{"total", "价税合计", true},
		{"currency", "币种", true},
		{"status", "状态", true},
		{"due_date", "约定付款日", false},
		{"paid_date", "实际收付日", false},
	},
	record: invoiceRecord,
}

// statusNames are the values of an invoice's status column.
var statusNames = map[string]int64{
	"正常": record.StatusNormal, "normal": record.StatusNormal,
	"作废": record.StatusVoid, "void": record.StatusVoid,
	"红字": record.StatusRed, "red": record.StatusRed,
}

// Template is the header row of a template as a file to fill in, in Chinese or
// English, UTF-8 with the byte order mark spreadsheets look for; nil if unknown.
func Template(name string, chinese bool) []byte {
	for _, t := range templates {
		if t.Name != name {
			continue
		}
		var names []string
		for _, c := range t.Columns {
			if chinese {
				names = append(names, c.ZH)
			} else {
				names = append(names, c.EN)
			}
		}
		return []byte("\ufeff" + strings.Join(names, ",") + "\r\n")
	}
	return nil
}

// column is the column of that name, in either language, or nil.
func (t *template) column(name string) *Column {
	name = strings.ToLower(strings.TrimSpace(name))
	for i, c := range t.Columns {
		if name == c.EN || name == c.ZH {
			return &t.Columns[i]
		}
	}
	return nil
}

// match is the template whose columns cover most of the header, at least half
// of its required ones, so that a missing column is named and not a type refused.
func match(names []string) (*template, map[string]int) {
	var best *template
	var bestIndex map[string]int
	for _, t := range templates {
		index := map[string]int{}
		for i, n := range names {
			if c := t.column(n); c != nil {
				if _, ok := index[c.EN]; !ok {
					index[c.EN] = i
				}
			}
		}
		required, found := 0, 0
		for _, c := range t.Columns {
			if !c.Required {
				continue
			}
			required++
			if _, ok := index[c.EN]; ok {
				found++
			}
		}
		if found*2 >= required && len(index) > len(bestIndex) {
			best, bestIndex = t, index
		}
	}
	return best, bestIndex
}

func platformRecord(r *row, _ connector.Owner) *record.Record {
	sales := r.FenGrouped("net_sales", r.text("net_sales"))
	refunds := r.FenGrouped("refunds", r.text("refunds"))
	if refunds < 0 {
		r.Fail("refunds", connector.RuleSign, "refunds are written without a sign")
	}
	return record.New(record.PlatformSales).
		SetText("source_id", r.text("report")).
		SetInt("date", r.Day("date", r.text("date"))).
		SetInt("amount", sales).SetText("currency", r.Currency("currency", r.text("currency"))).
		SetInt("direction", record.DirectionIn).SetInt("status", record.StatusNormal).
		SetInt("orders", r.count("orders")).
		SetInt("refunds", refunds)
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

func invoiceRecord(r *row, owner connector.Owner) *record.Record {
	sells := owner.Is(r.text("seller_tax_number"), r.text("seller_name"))
	buys := owner.Is(r.text("buyer_tax_number"), r.text("buyer_name"))
	schema, direction, other := record.SalesInvoice, int64(record.DirectionIn), r.text("buyer_name")
	number := r.text("number")
	switch {
	case sells == buys:
		r.Fail("seller_tax_number", connector.RuleOwner, "the enterprise is not exactly one of seller and buyer")
	case buys:
		schema, direction, other = record.PurchaseInvoice, record.DirectionOut, r.text("seller_name")
		number = connector.PurchaseID(number, cmp.Or(r.text("seller_tax_number"), other))
	}
	status, ok := statusNames[strings.ToLower(r.text("status"))]
	if !ok {
		r.Fail("status", connector.RuleCode, "none of 正常/normal, 作废/void, 红字/red")
	}
	net, tax := r.FenGrouped("net", r.text("net")), r.FenGrouped("tax", r.text("tax"))
	total := r.FenGrouped("total", r.text("total"))
	r.Total("total", total, net, tax)
	if status == record.StatusRed && total > 0 || status != record.StatusRed && total < 0 {
		r.Fail("total", connector.RuleSign, "a red letter is negative, any other invoice is not")
	}
	out := record.New(schema).
		SetText("source_id", number).
		SetInt("date", r.Day("issue_date", r.text("issue_date"))).
		SetInt("amount", total).SetText("currency", r.Currency("currency", r.text("currency"))).
		SetInt("direction", direction).SetInt("status", status).
		SetInt("net", net).SetInt("tax", tax).
		SetText("counterparty", other)
	if due := r.text("due_date"); due != "" {
		out.SetInt("due", r.Day("due_date", due))
	}
	if paid := r.text("paid_date"); paid != "" {
		out.SetInt("paid", r.Day("paid_date", paid))
	}
	return out
}
