package ubl_test

import (
	"bytes"
	"testing"

	"github.com/xinlian/xinlian/gateway/connector"
	ct "github.com/xinlian/xinlian/gateway/connector/connectortest"
	"github.com/xinlian/xinlian/gateway/connector/ubl"
	"github.com/xinlian/xinlian/internal/record"
)

func FuzzParse(f *testing.F) { ct.Fuzz(f, ubl.Parser{}) }

// An invoice to the owner is a purchase; a credit note turns it negative.
func TestInvoice(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]struct {
		id          string
		fen, status int64
	}{
		"invoice.xml":     {"99000000000000002B:INV-1", 11300, record.StatusNormal},
		"credit-note.xml": {"99000000000000002B:CN-1", -11300, record.StatusRed},
	} {
		c := ct.Parse(t, ubl.Parser{}, ct.File(t, name))
		ct.Want(t, c.Problems)
		r := c.Records[0]
		fen, _ := r.Int("amount")
		status, _ := r.Int("status")
		if r.Schema != record.PurchaseInvoice || r.SourceID() != want.id || fen != want.fen || status != want.status || r.Text("counterparty") != "样本禾原包装厂" {
			t.Errorf("%s: %s %s %d %d", name, r.Schema.ID, r.SourceID(), fen, status)
		}
	}
}

// Totals that are off by one fen, and other damage, refuse the invoice for their reason.
func TestBadInvoice(t *testing.T) {
	t.Parallel()
	const legal = "LegalMonetaryTotal/"
	for _, c := range []struct {
		name, old, new string
		want           connector.RowError
	}{
		{"total", "113.00", "113.01", ct.At(1, legal+"TaxInclusiveAmount", connector.RuleTotal)},
		{"line", ">60.00", ">60.01", ct.At(1, legal+"LineExtensionAmount", connector.RuleTotal)},
		{"tax breakdown", `<cac:TaxSubtotal><cbc:TaxAmount currencyID="CNY">13.00`, `<cac:TaxSubtotal><cbc:TaxAmount currencyID="CNY">12.99`, ct.At(1, "TaxTotal/TaxAmount", connector.RuleTotal)},
		{"precision", ">60.00", ">60.005", ct.At(1, "InvoiceLine/LineExtensionAmount", connector.RuleAmount)},
		{"other currency", `"CNY">113.00`, `"EUR">113.00`, ct.At(1, legal+"TaxInclusiveAmount", connector.RuleCurrency)},
		{"date", "2026-01-05", "05.01.2026", ct.At(1, "IssueDate", connector.RuleDate)},
		{"due", "2026-02-04", "soon", ct.At(1, "DueDate", connector.RuleDate)},
		{"number", "<cbc:ID>INV-1</cbc:ID>", "", ct.At(1, "ID", connector.RuleRequired)},
		{"someone else's", "99000000000000001A", "99000000000000009X", ct.At(1, "AccountingSupplierParty", connector.RuleOwner)},
	} {
		got := ct.Parse(t, ubl.Parser{}, bytes.Replace(ct.File(t, "invoice.xml"), []byte(c.old), []byte(c.new), 1))
		t.Log(c.name)
		ct.Want(t, got.Problems, c.want)
		if len(got.Records) != 0 {
			t.Errorf("%s: a record was delivered", c.name)
		}
	}
}
