package cii_test

import (
	"bytes"
	"testing"

	"github.com/xinlian/xinlian/gateway/connector"
	"github.com/xinlian/xinlian/gateway/connector/cii"
	ct "github.com/xinlian/xinlian/gateway/connector/connectortest"
	"github.com/xinlian/xinlian/internal/record"
)

func FuzzParse(f *testing.F) { ct.Fuzz(f, cii.Parser{}) }

// An invoice is read whole, and a summary without lines by its totals; a credit
// note turns it negative.
func TestInvoice(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]struct {
		id                    string
		net, tax, fen, status int64
		due                   bool
	}{
		"invoice.xml": {"99000000000000002B:INV-1", 22076, 1585, 23661, record.StatusNormal, true},
		"minimum.xml": {"99000000000000002B:CN-2", -10000, -2000, -12000, record.StatusRed, false},
	} {
		c := ct.Parse(t, cii.Parser{}, ct.File(t, name))
		ct.Want(t, c.Problems)
		r := c.Records[0]
		net, _ := r.Int("net")
		tax, _ := r.Int("tax")
		fen, _ := r.Int("amount")
		status, _ := r.Int("status")
		_, due := r.Int("due")
		if r.Schema != record.PurchaseInvoice || r.SourceID() != want.id || net != want.net || tax != want.tax || fen != want.fen || status != want.status || due != want.due {
			t.Errorf("%s: %s %s %d %d %d %d %v", name, r.Schema.ID, r.SourceID(), net, tax, fen, status, due)
		}
	}
}

// Every amount that is off by one cent, and other damage, refuses the invoice
// for the rules that it breaks, by the standard's own numbers.
func TestBadInvoice(t *testing.T) {
	t.Parallel()
	const item = "IncludedSupplyChainTradeLineItem/"
	for _, c := range []struct {
		name, old, new string
		want           []connector.RowError
	}{
		{"sum of lines", ">225.51<", ">225.50<", []connector.RowError{ct.At(1, "LineTotalAmount", connector.RuleBRCO10), ct.At(1, "TaxBasisTotalAmount", connector.RuleBRCO13)}},
		{"line", "<ram:LineTotalAmount>50.00", "<ram:LineTotalAmount>5.00", []connector.RowError{ct.At(1, "LineTotalAmount", connector.RuleBRCO10), ct.At(1, "ApplicableTradeTax/BasisAmount", connector.RuleVATBase)}},
		{"sum of allowances", "AllowanceTotalAmount>10.00", "AllowanceTotalAmount>10.01", []connector.RowError{ct.At(1, "AllowanceTotalAmount", connector.RuleBRCO11), ct.At(1, "TaxBasisTotalAmount", connector.RuleBRCO13)}},
		{"sum of charges", "ChargeTotalAmount>5.25", "ChargeTotalAmount>2.55", []connector.RowError{ct.At(1, "ChargeTotalAmount", connector.RuleBRCO12), ct.At(1, "TaxBasisTotalAmount", connector.RuleBRCO13)}},
		{"total without tax", ">220.76<", ">220.77<", []connector.RowError{ct.At(1, "TaxBasisTotalAmount", connector.RuleBRCO13), ct.At(1, "GrandTotalAmount", connector.RuleBRCO15)}},
		{"tax total", ">15.85<", ">15.86<", []connector.RowError{ct.At(1, "TaxTotalAmount", connector.RuleBRCO14), ct.At(1, "GrandTotalAmount", connector.RuleBRCO15)}},
		{"total with tax", ">236.61<", ">236.16<", []connector.RowError{ct.At(1, "GrandTotalAmount", connector.RuleBRCO15), ct.At(1, "DuePayableAmount", connector.RuleBRCO16)}},
		{"payable", ">137.00<", ">136.99<", []connector.RowError{ct.At(1, "DuePayableAmount", connector.RuleBRCO16)}},
		{"tax of a category", ">5.45<", ">50.45<", []connector.RowError{ct.At(1, "ApplicableTradeTax/CalculatedAmount", connector.RuleBRCO17), ct.At(1, "TaxTotalAmount", connector.RuleBRCO14)}},
		{"exempt line is taxed", ">0.00<", ">0.01<", []connector.RowError{ct.At(1, "ApplicableTradeTax/CalculatedAmount", connector.RuleVATZero), ct.At(1, "TaxTotalAmount", connector.RuleBRCO14)}},
		{"other currency", `currencyID="CNY"`, `currencyID="GBP"`, []connector.RowError{ct.At(1, "TaxTotalAmount", connector.RuleBRCO14), ct.At(1, "GrandTotalAmount", connector.RuleBRCO15)}},
		{"precision", ">85.50<", ">85.501<", []connector.RowError{ct.At(1, item+"LineTotalAmount", connector.RuleAmount)}},
		{"date format", `format="102">20260105`, `format="610">202601`, []connector.RowError{ct.At(1, "ExchangedDocument/IssueDateTime", connector.RuleDate)}},
		{"date", "20260105", "20260231", []connector.RowError{ct.At(1, "ExchangedDocument/IssueDateTime", connector.RuleDate)}},
		{"quotation", ">380<", ">310<", []connector.RowError{ct.At(1, "ExchangedDocument/TypeCode", connector.RuleInvoiceType)}},
		{"someone else's", "99000000000000001A", "99000000000000009X", []connector.RowError{ct.At(1, "SellerTradeParty", connector.RuleOwner)}},
		{"lines hidden", "<ram:LineID>3</ram:LineID>", "<ram:LineID>3</ram:LineID><ram:LineStatusReasonCode>INFORMATION</ram:LineStatusReasonCode>", []connector.RowError{ct.At(1, "LineTotalAmount", connector.RuleBRCO10), ct.At(1, "ApplicableTradeTax/BasisAmount", connector.RuleVATBase)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			good := ct.File(t, "invoice.xml")
			bad := bytes.Replace(good, []byte(c.old), []byte(c.new), 1)
			if bytes.Equal(good, bad) {
				t.Fatalf("%q is not in the document", c.old)
			}
			got := ct.Parse(t, cii.Parser{}, bad)
			ct.Want(t, got.Problems, c.want...)
			if len(got.Records) != 0 {
				t.Error("a record was delivered")
			}
		})
	}
}

// A summary is not checked for what it has not, and for what it has it is.
func TestSummary(t *testing.T) {
	t.Parallel()
	got := ct.Parse(t, cii.Parser{}, bytes.Replace(ct.File(t, "minimum.xml"), []byte(">120.00</ram:Grand"), []byte(">120.01</ram:Grand"), 1))
	ct.Want(t, got.Problems, ct.At(1, "GrandTotalAmount", connector.RuleBRCO15), ct.At(1, "DuePayableAmount", connector.RuleBRCO16))
	full := bytes.Replace(ct.File(t, "minimum.xml"), []byte("urn:factur-x.eu:1p0:minimum"), []byte("urn:cen.eu:en16931:2017"), 1)
	got = ct.Parse(t, cii.Parser{}, full)
	ct.Want(t, got.Problems, ct.At(1, "LineTotalAmount", connector.RuleRequired))
}
