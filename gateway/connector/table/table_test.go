package table_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/xinlian/xinlian/gateway/connector"
	ct "github.com/xinlian/xinlian/gateway/connector/connectortest"
	"github.com/xinlian/xinlian/gateway/connector/table"
	"github.com/xinlian/xinlian/internal/record"
)

func FuzzParse(f *testing.F) { ct.Fuzz(f, table.Parser{}) }

// Chinese and English headers, in any order, give the same records.
func TestPlatformSales(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"platform-zh.csv", "platform-en.csv"} {
		c := ct.Parse(t, table.Parser{}, ct.File(t, name))
		ct.Want(t, c.Problems)
		if len(c.Records) != 2 {
			t.Fatalf("%s: %d records", name, len(c.Records))
		}
		first, _ := c.Records[0].Int("amount")
		refunds, _ := c.Records[1].Int("refunds")
		day, _ := c.Records[1].Int("date")
		if first != 123450 || refunds != 2050 || record.DayTime(day).Format("2006-01-02") != "2026-01-06" {
			t.Errorf("%s: %d %d %d", name, first, refunds, day)
		}
	}
}

// An invoice list in GB18030 gives a sale and a red-letter purchase, whose
// number is made unique by its supplier.
func TestInvoices(t *testing.T) {
	t.Parallel()
	c := ct.Parse(t, table.Parser{}, ct.File(t, "invoices-gb18030.csv"))
	ct.Want(t, c.Problems)
	sale, purchase := c.Records[0], c.Records[1]
	paid, ok := sale.Int("paid")
	if sale.Schema != record.SalesInvoice || !ok || record.DayTime(paid).Format("2006-01-02") != "2026-02-01" || sale.Text("counterparty") != "样本晴川五金商行" {
		t.Errorf("sale %+v", sale.Values)
	}
	fen, _ := purchase.Int("amount")
	if purchase.Schema != record.PurchaseInvoice || fen != -2260 || purchase.SourceID() != "99000000000000002B:A-7" {
		t.Errorf("purchase %+v", purchase.Values)
	}
}

const platformHeader = "report,date,net_sales,refunds,orders,currency\n"

// A bad row is named by row, column and rule; the rows around it come.
func TestBadRow(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		row    string
		column string
		rule   connector.Rule
	}{
		{"P,2026-01-05,12.345,0,1,CNY", "net_sales", connector.RuleAmount},
		{"P,2026-01-05,１２.50,0,1,CNY", "net_sales", connector.RuleAmount},
		{`P,2026-01-05,"1,23.50",0,1,CNY`, "net_sales", connector.RuleAmount},
		{"P,2026-01-05,,0,1,CNY", "net_sales", connector.RuleRequired},
		{"P,2026-13-05,1,0,1,CNY", "date", connector.RuleDate},
		{"P,2026-01-05,1,-1,1,CNY", "refunds", connector.RuleSign},
		{"P,2026-01-05,1,0,1.5,CNY", "orders", connector.RuleRange},
		{"P,2026-01-05,1,0,99999999,CNY", "orders", connector.RuleRange},
		{"P,2026-01-05,1,0,1,RMB元", "currency", connector.RuleCurrency},
		{"P,2026-01-05,1,0,1", "", connector.RuleColumns},
		{"P,2026-01-05,1,0,1,CNY,7", "", connector.RuleColumns},
		{`P,"2026-01-05,1,0,1,CNY`, "", connector.RuleQuote},
		{`P,2026"-01-05,1,0,1,CNY`, "", connector.RuleQuote},
		{"P\xff\xfe,2026-01-05,1,0,1,CNY", "report", connector.RuleEncoding},
		{strings.Repeat("9", connector.LineBytesMax+1) + ",2026-01-05,1,0,1,CNY", "", connector.RuleLength},
		{strings.Repeat("9", 300) + ",2026-01-05,1,0,1,CNY", "source_id", connector.RuleLength},
		{"A,2026-01-05,2,0,1,CNY", "source_id", connector.RuleDuplicate},
		{"A,2026-01-05,1.00,0,1,CNY", "source_id", connector.RuleRepeat},
	} {
		got := ct.Parse(t, table.Parser{}, []byte("\ufeff"+platformHeader+"A,2026-01-05,1,0,1,CNY\n"+c.row+"\nB,2026-01-05,1,0,1,CNY"))
		ct.Want(t, got.Problems, ct.At(3, c.column, c.rule))
		if len(got.Records) != 2 {
			t.Errorf("%.40q: %d records around it, want 2", c.row, len(got.Records))
		}
	}
}

// All problems of one row are told at once, under the names of the file's own header.
func TestAllProblemsOfARow(t *testing.T) {
	t.Parallel()
	got := ct.Parse(t, table.Parser{}, []byte("日报编号,日期,净销售额,退款额,订单数,币种\nP,昨天,1.234,0,1,元\n"))
	ct.Want(t, got.Problems, ct.At(2, "日期", connector.RuleDate), ct.At(2, "净销售额", connector.RuleAmount), ct.At(2, "币种", connector.RuleCurrency))
}

// A broken byte in a UTF-8 table spoils its row only, not the encoding of all.
func TestOneBadByte(t *testing.T) {
	t.Parallel()
	b := []byte("日报编号,日期,净销售额,退款额,订单数,币种\n甲,2026-01-05,1,0,1,CNY\n乙\xe4,2026-01-05,1,0,1,CNY\n丙,2026-01-05,1,0,1,CNY\n")
	got := ct.Parse(t, table.Parser{}, b)
	ct.Want(t, got.Problems, ct.At(3, "日报编号", connector.RuleEncoding))
	if len(got.Records) != 2 {
		t.Errorf("%d records", len(got.Records))
	}
}

// A header that lacks a column or has one twice refuses the file and says which.
func TestHeader(t *testing.T) {
	t.Parallel()
	for header, rule := range map[string]connector.Rule{
		"report,date,net_sales,refunds,orders\n":             connector.RuleHeader,
		"report,date,net_sales,refunds,orders,currency,日期\n": connector.RuleHeader,
		"name,age\n":         connector.RuleFileType,
		"\xff\xfer\x00e\x00": connector.RuleEncoding,
	} {
		got := ct.Parse(t, table.Parser{}, []byte(header+"1,2,3,4,5\n"))
		if len(got.Problems) != 1 || got.Problems[0].Rule != rule || got.Problems[0].Row != 0 {
			t.Errorf("%q: %v, want %s", header, got.Problems, rule)
		}
	}
}

// The templates the portal hands out are read by the parser.
func TestTemplate(t *testing.T) {
	t.Parallel()
	for _, name := range []string{record.PlatformSales.ID, table.Invoices} {
		for _, chinese := range []bool{true, false} {
			b := table.Template(name, chinese)
			if !(table.Parser{}).Detect(bytes.Clone(b), "x") {
				t.Errorf("%s is not detected", name)
			}
			ct.Want(t, ct.Parse(t, table.Parser{}, b).Problems)
		}
	}
	if table.Template("other", true) != nil {
		t.Error("a template that does not exist")
	}
}
