package fapiao_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/xinlian/xinlian/gateway/connector"
	ct "github.com/xinlian/xinlian/gateway/connector/connectortest"
	"github.com/xinlian/xinlian/gateway/connector/fapiao"
	"github.com/xinlian/xinlian/internal/record"
)

func FuzzParse(f *testing.F) { ct.Fuzz(f, fapiao.Parser{}) }

// A blue letter with a discount line is a sale, a red letter a negative purchase.
func TestInvoice(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]struct {
		schema      *record.Schema
		fen, status int64
		date        string
	}{
		"blue.xml": {record.SalesInvoice, 21470, record.StatusNormal, "2026-01-05"},
		"red.xml":  {record.PurchaseInvoice, -5650, record.StatusRed, "2026-01-08"},
	} {
		c := ct.Parse(t, fapiao.Parser{}, ct.File(t, name))
		ct.Want(t, c.Problems)
		r := c.Records[0]
		fen, _ := r.Int("amount")
		status, _ := r.Int("status")
		day, _ := r.Int("date")
		if r.Schema != want.schema || fen != want.fen || status != want.status || record.DayTime(day).Format("2006-01-02") != want.date || r.Text("counterparty") != "样本晴川五金商行" {
			t.Errorf("%s: %s %d %d", name, r.Schema.ID, fen, status)
		}
	}
}

// Damage refuses the invoice for its reason.
func TestBadInvoice(t *testing.T) {
	t.Parallel()
	const flag, number = "Header/InherentLabel/InIssuType/LabelCode", "TaxSupervisionInfo/InvoiceNumber"
	for _, c := range []struct {
		name, old, new string
		want           []connector.RowError
	}{
		{"total", "214.70", "214.71", []connector.RowError{ct.At(1, "BasicInformation/TotalTax-includedAmount", connector.RuleTotal)}},
		{"line", ">-10.00", ">-10.01", []connector.RowError{ct.At(1, "IssuItemInformation/TotaltaxIncludedAmount", connector.RuleTotal)}},
		{"precision", "26.000000", "26.001000", []connector.RowError{ct.At(1, "IssuItemInformation/ComTaxAm", connector.RuleAmount)}},
		{"blue but negative", "<LabelCode>Y", "<LabelCode>N", []connector.RowError{ct.At(1, flag, connector.RuleSign)}},
		{"no flag", "<LabelCode>Y", "<LabelCode>", []connector.RowError{ct.At(1, flag, connector.RuleCode)}},
		{"short number", "<InvoiceNumber>26", "<InvoiceNumber>6", []connector.RowError{ct.At(1, number, connector.RuleNumber), ct.At(1, "Header/EIid", connector.RuleNumber)}},
		{"two numbers", "<EIid>26", "<EIid>27", []connector.RowError{ct.At(1, "Header/EIid", connector.RuleNumber)}},
		{"hyphen lost", "TotalTax-includedAmount>214", "TotalTaxIncludedAmount>214", nil},
		{"words", "<RequestTime>", "<TotalTax-includedAmountInChinese>贰佰壹拾肆圆陆角整</TotalTax-includedAmountInChinese><RequestTime>", []connector.RowError{ct.At(1, "BasicInformation/TotalTax-includedAmountInChinese", connector.RuleTotal)}},
		{"buyer number", "99000000000000003C", "99-00000000000003C", []connector.RowError{ct.At(1, "BuyerInformation/BuyerIdNum", connector.RuleTaxNumber)}},
		{"someone else's", "99000000000000001A", "99000000000000009X", []connector.RowError{ct.At(1, "SellerInformation", connector.RuleOwner)}},
	} {
		got := ct.Parse(t, fapiao.Parser{}, bytes.Replace(ct.File(t, "blue.xml"), []byte(c.old), []byte(c.new), 1))
		t.Log(c.name)
		if c.want == nil { // the document is no longer well formed
			c.want = []connector.RowError{ct.At(0, "", connector.RuleXMLSyntax)}
		}
		ct.Want(t, got.Problems, c.want...)
		if len(got.Records) != 0 {
			t.Errorf("%s: a record was delivered", c.name)
		}
	}
}

// Kinds that the tax bureau issues beside the plain one are read by their
// totals: exempt goods, goods to a person, a red letter with words, and lines
// whose tax is not amount × rate, which is a note.
func TestKinds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, file string
		edits      []string
		fen, tax   int64
		notes      []connector.RowError
	}{
		{"exempt", "blue.xml", []string{">24.70<", ">***<", ">214.70<", ">190.00<", ">26.000000<", ">***<", ">-1.300000<", "><", ">226.000000<", ">200<", ">-11.300000<", ">-10.000000<"}, 19000, 0, nil},
		{"no tax total", "blue.xml", []string{">24.70<", "><", ">214.70<", ">190.00<", ">26.000000<", ">免税<", ">-1.300000<", ">不征税<", ">226.000000<", ">200<", ">-11.300000<", ">-10.000000<"}, 19000, 0, nil},
		{"person", "blue.xml", []string{"<BuyerIdNum>99000000000000003C</BuyerIdNum>", "<BuyerIdNum></BuyerIdNum>"}, 21470, 2470, nil},
		{"words", "blue.xml", []string{"<RequestTime>", "<TotalTax-includedAmountInChinese>贰佰壹拾肆圆柒角整</TotalTax-includedAmountInChinese><RequestTime>"}, 21470, 2470, nil},
		{"red words", "red.xml", []string{"<RequestTime>", "<TotalTax-includedAmountInChinese>（负数）伍拾陆圆伍角</TotalTax-includedAmountInChinese><RequestTime>"}, -5650, -650, nil},
		{"no flag", "red.xml", []string{"<InherentLabel><InIssuType><LabelCode>N</LabelCode></InIssuType></InherentLabel>", ""}, -5650, -650, nil},
		{"rate", "blue.xml", []string{"<ComTaxAm>26", "<TaxRate>13%</TaxRate><ComTaxAm>26"}, 21470, 2470, nil},
		{"reduced", "blue.xml", []string{"<ComTaxAm>26", "<TaxRate>0.050000</TaxRate><ComTaxAm>26"}, 21470, 2470, []connector.RowError{ct.At(1, "IssuItemInformation/ComTaxAm", connector.RuleTaxRate)}},
		{"zone", "blue.xml", []string{"2026-01-05 10:08:05", "2026-01-05T10:08:05+08:00"}, 21470, 2470, nil},
		{"lines that describe", "blue.xml", []string{"<Amount>200.00</Amount><ComTaxAm>26.000000</ComTaxAm><TotaltaxIncludedAmount>226.000000</TotaltaxIncludedAmount>", "", "<Amount>-10.00</Amount><ComTaxAm>-1.300000</ComTaxAm><TotaltaxIncludedAmount>-11.300000</TotaltaxIncludedAmount>", ""}, 21470, 2470, nil},
		{"lines without tax", "blue.xml", []string{"<ComTaxAm>26.000000</ComTaxAm><TotaltaxIncludedAmount>226.000000</TotaltaxIncludedAmount>", "<TaxRate>13%</TaxRate>", "<ComTaxAm>-1.300000</ComTaxAm><TotaltaxIncludedAmount>-11.300000</TotaltaxIncludedAmount>", ""}, 21470, 2470, nil},
		{"seller by name", "blue.xml", []string{"<SellerIdNum>99000000000000001A</SellerIdNum>", ""}, 21470, 2470, nil},
		{"digits of time", "blue.xml", []string{"2026-01-05 10:08:05", "20260105100805000"}, 21470, 2470, nil},
		{"no time of issue", "blue.xml", []string{"<IssueTime>2026-01-05 10:08:05</IssueTime>", ""}, 21470, 2470, nil},
	} {
		got := ct.Parse(t, fapiao.Parser{}, []byte(strings.NewReplacer(c.edits...).Replace(string(ct.File(t, c.file)))))
		t.Log(c.name)
		ct.Want(t, got.Problems, c.notes...)
		if len(got.Records) != 1 {
			t.Fatalf("%s: %d records", c.name, len(got.Records))
		}
		fen, _ := got.Records[0].Int("amount")
		tax, _ := got.Records[0].Int("tax")
		status, _ := got.Records[0].Int("status")
		if fen != c.fen || tax != c.tax || (status == record.StatusRed) != (fen < 0) {
			t.Errorf("%s: %d, tax %d, status %d", c.name, fen, tax, status)
		}
	}
}

// The amount in words is read exactly, and what is none is not read.
func TestWords(t *testing.T) {
	t.Parallel()
	for words, want := range map[string]int64{
		"贰圆壹角贰分": 212, "壹仟零叁拾圆伍角整": 103050, "拾圆整": 1000, "壹拾万零伍佰元整": 10050000, "叁亿零贰万圆零伍分": 300020000_05,
		"壹仟亿圆整": 100_000_000_000_00, "负贰佰圆整": -20000, "（负数）伍拾陆圆伍角": -5650, "零圆整": 0, "玖仟玖佰玖拾玖万玖仟玖佰玖拾玖圆玖角玖分": 99999999_99,
	} {
		row := &connector.Row{}
		fapiao.CheckWords(row, "words", words, want)
		if row.Failed() {
			t.Errorf("%s is not read as %d", words, want)
		}
		if fapiao.CheckWords(row, "words", words, want+1); !row.Failed() {
			t.Errorf("%s is not read at all", words)
		}
	}
	for _, words := range []string{"", "圆", "two hundred", "壹圆伍", "壹圆壹贰角", "壹百圆", strings.Repeat("玖", 100) + "圆", "玖仟玖佰玖拾玖亿亿亿圆"} {
		row := &connector.Row{}
		if fapiao.CheckWords(row, "words", words, 1); row.Failed() {
			t.Errorf("%q is taken for an amount", words)
		}
	}
}
