package fapiao_test

import (
	"bytes"
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
