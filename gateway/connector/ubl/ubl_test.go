package ubl_test

import (
	"bytes"
	"strings"
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
		"invoice.xml":     {"99000000000000002B:INV-1", 23661, record.StatusNormal},
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

const legal, total = "LegalMonetaryTotal/", "TaxTotal/"

// Every amount that is off by one cent, and other damage, refuses the invoice
// for the rules that it breaks, by the standard's own numbers.
func TestBadInvoice(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, old, new string
		want           []connector.RowError
	}{
		{"sum of lines", ">225.51<", ">225.52<", []connector.RowError{ct.At(1, legal+"LineExtensionAmount", connector.RuleBRCO10), ct.At(1, legal+"TaxExclusiveAmount", connector.RuleBRCO13)}},
		{"line", `<cbc:LineExtensionAmount currencyID="CNY">50.00`, `<cbc:LineExtensionAmount currencyID="CNY">50.01`, []connector.RowError{ct.At(1, legal+"LineExtensionAmount", connector.RuleBRCO10), ct.At(1, total+"TaxSubtotal/TaxableAmount", connector.RuleVATBase)}},
		{"line against price", ">33.335<", ">33.345<", []connector.RowError{ct.At(1, "InvoiceLine/LineExtensionAmount", connector.RuleLineNet)}},
		{"quantity", ">200</cbc:Inv", ">201</cbc:Inv", []connector.RowError{ct.At(1, "InvoiceLine/LineExtensionAmount", connector.RuleLineNet)}},
		{"base quantity", "<cbc:BaseQuantity>100<", "<cbc:BaseQuantity>0<", []connector.RowError{ct.At(1, "InvoiceLine/LineExtensionAmount", connector.RuleLineNet)}},
		{"allowance of a line", ">4.50<", ">4.55<", []connector.RowError{ct.At(1, "InvoiceLine/AllowanceCharge/Amount", connector.RuleAllowance), ct.At(1, "InvoiceLine/LineExtensionAmount", connector.RuleLineNet)}},
		{"sum of allowances", `AllowanceTotalAmount currencyID="CNY">10.00`, `AllowanceTotalAmount currencyID="CNY">10.01`, []connector.RowError{ct.At(1, legal+"AllowanceTotalAmount", connector.RuleBRCO11), ct.At(1, legal+"TaxExclusiveAmount", connector.RuleBRCO13)}},
		{"no sum of allowances", `<cbc:AllowanceTotalAmount currencyID="CNY">10.00</cbc:AllowanceTotalAmount>`, "", []connector.RowError{ct.At(1, legal+"AllowanceTotalAmount", connector.RuleBRCO11), ct.At(1, legal+"TaxExclusiveAmount", connector.RuleBRCO13)}},
		{"sum of charges", `ChargeTotalAmount currencyID="CNY">5.25`, `ChargeTotalAmount currencyID="CNY">5.24`, []connector.RowError{ct.At(1, legal+"ChargeTotalAmount", connector.RuleBRCO12), ct.At(1, legal+"TaxExclusiveAmount", connector.RuleBRCO13)}},
		{"total without tax", ">220.76<", ">220.67<", []connector.RowError{ct.At(1, legal+"TaxExclusiveAmount", connector.RuleBRCO13), ct.At(1, legal+"TaxInclusiveAmount", connector.RuleBRCO15)}},
		{"tax total", ">15.85<", ">15.84<", []connector.RowError{ct.At(1, total+"TaxAmount", connector.RuleBRCO14), ct.At(1, legal+"TaxInclusiveAmount", connector.RuleBRCO15)}},
		{"tax of a category", ">10.40<", ">10.41<", []connector.RowError{ct.At(1, total+"TaxAmount", connector.RuleBRCO14)}},
		{"total with tax", ">236.61<", ">236.62<", []connector.RowError{ct.At(1, legal+"TaxInclusiveAmount", connector.RuleBRCO15), ct.At(1, legal+"PayableAmount", connector.RuleBRCO16)}},
		{"payable", ">137.00<", ">137.01<", []connector.RowError{ct.At(1, legal+"PayableAmount", connector.RuleBRCO16)}},
		{"prepaid", ">100.00</cbc:PrepaidAmount", ">10.00</cbc:PrepaidAmount", []connector.RowError{ct.At(1, legal+"PayableAmount", connector.RuleBRCO16)}},
		{"rounding", ">0.39<", ">0.93<", []connector.RowError{ct.At(1, legal+"PayableAmount", connector.RuleBRCO16)}},
		{"rate", ">6.00</cbc:Percent>", ">9</cbc:Percent>", []connector.RowError{ct.At(1, total+"TaxSubtotal/TaxAmount", connector.RuleBRCO17), ct.At(1, "InvoiceLine/LineExtensionAmount", connector.RuleVATBase), ct.At(1, "AllowanceCharge/Amount", connector.RuleVATBase), ct.At(1, total+"TaxSubtotal/TaxableAmount", connector.RuleVATBase)}},
		{"exempt line is taxed", `<cbc:TaxAmount currencyID="CNY">0.00`, `<cbc:TaxAmount currencyID="CNY">0.01`, []connector.RowError{ct.At(1, total+"TaxSubtotal/TaxAmount", connector.RuleVATZero), ct.At(1, total+"TaxAmount", connector.RuleBRCO14)}},
		{"precision", ">85.50<", ">85.505<", []connector.RowError{ct.At(1, "InvoiceLine/LineExtensionAmount", connector.RuleAmount)}},
		{"exponent", ">33.335<", ">3.3335e1<", []connector.RowError{ct.At(1, "InvoiceLine/Price/PriceAmount", connector.RuleAmount)}},
		{"other currency", `TaxInclusiveAmount currencyID="CNY"`, `TaxInclusiveAmount currencyID="EUR"`, []connector.RowError{ct.At(1, legal+"TaxInclusiveAmount", connector.RuleCurrency)}},
		{"no tax in the invoice's currency", `<cbc:TaxAmount currencyID="CNY">15.85`, `<cbc:TaxAmount currencyID="USD">15.85`, []connector.RowError{ct.At(1, total+"TaxAmount", connector.RuleBRCO15)}},
		{"two taxes", `<cbc:TaxAmount currencyID="EUR">2.03`, `<cbc:TaxAmount currencyID="CNY">2.03`, []connector.RowError{ct.At(1, total+"TaxAmount", connector.RuleBRCO15)}},
		{"pro forma", ">380<", ">325<", []connector.RowError{ct.At(1, "InvoiceTypeCode", connector.RuleInvoiceType)}},
		{"order", ">380<", ">220<", []connector.RowError{ct.At(1, "InvoiceTypeCode", connector.RuleInvoiceType)}},
		{"indicator", ">true<", ">yes<", []connector.RowError{ct.At(1, "AllowanceCharge/ChargeIndicator", connector.RuleCode)}},
		{"charge turned allowance", ">true<", ">false<", []connector.RowError{ct.At(1, legal+"AllowanceTotalAmount", connector.RuleBRCO11), ct.At(1, legal+"ChargeTotalAmount", connector.RuleBRCO12), ct.At(1, total+"TaxSubtotal/TaxableAmount", connector.RuleVATBase)}},
		{"date", "2026-01-05", "05.01.2026", []connector.RowError{ct.At(1, "IssueDate", connector.RuleDate)}},
		{"due", "2026-02-04", "soon", []connector.RowError{ct.At(1, "DueDate", connector.RuleDate)}},
		{"number", "<cbc:ID>INV-1</cbc:ID>", "", []connector.RowError{ct.At(1, "ID", connector.RuleRequired)}},
		{"someone else's", "99000000000000001A", "99000000000000009X", []connector.RowError{ct.At(1, "AccountingSupplierParty", connector.RuleOwner)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			good := ct.File(t, "invoice.xml")
			bad := bytes.Replace(good, []byte(c.old), []byte(c.new), 1)
			if bytes.Equal(good, bad) {
				t.Fatalf("%q is not in the document", c.old)
			}
			got := ct.Parse(t, ubl.Parser{}, bad)
			ct.Want(t, got.Problems, c.want...)
			if len(got.Records) != 0 {
				t.Error("a record was delivered")
			}
		})
	}
}

// The type code decides which way the money goes: a credit note in an Invoice
// is negative, a corrected invoice keeps its sign, a factored one says so.
func TestTypeCodes(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]struct{ fen, status, financed int64 }{
		"380": {23661, record.StatusNormal, 0},
		"381": {-23661, record.StatusRed, 0},
		"384": {23661, record.StatusNormal, 0},
		"389": {23661, record.StatusNormal, 0},
		"751": {23661, record.StatusNormal, 0},
		"393": {23661, record.StatusNormal, record.FinancedFactored},
		"396": {-23661, record.StatusRed, record.FinancedFactored},
	} {
		c := ct.Parse(t, ubl.Parser{}, bytes.Replace(ct.File(t, "invoice.xml"), []byte(">380<"), []byte(">"+code+"<"), 1))
		ct.Want(t, c.Problems)
		fen, _ := c.Records[0].Int("amount")
		status, _ := c.Records[0].Int("status")
		financed, _ := c.Records[0].Int("financed")
		if fen != want.fen || status != want.status || financed != want.financed {
			t.Errorf("%s: %d %d %d, want %+v", code, fen, status, financed, want)
		}
	}
}

// A line that does not follow from its price refuses a Peppol document, which
// promises that it does, and is a note in any other.
func TestLineNetNote(t *testing.T) {
	t.Parallel()
	doc := strings.Replace(string(ct.File(t, "invoice.xml")), "#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0", "", 1)
	c := ct.Parse(t, ubl.Parser{}, []byte(strings.Replace(doc, ">33.335<", ">33<", 1)))
	ct.Want(t, c.Problems, ct.At(1, "InvoiceLine/LineExtensionAmount", connector.RuleLineNet))
	if len(c.Records) != 1 || !c.Problems[0].Note {
		t.Errorf("%d records, %v", len(c.Records), c.Problems)
	}
}

// Tax within the artefacts' tolerance of one unit of currency is taken; at the
// unit itself it is refused.
func TestTaxTolerance(t *testing.T) {
	t.Parallel()
	for tax, refused := range map[string]bool{"11.39": false, "11.40": true} {
		doc := string(ct.File(t, "invoice.xml"))
		sum := map[string]string{"11.39": "16.84", "11.40": "16.85"}[tax]
		inclusive := map[string]string{"11.39": "237.60", "11.40": "237.61"}[tax]
		payable := map[string]string{"11.39": "137.99", "11.40": "138.00"}[tax]
		doc = strings.NewReplacer(">10.40<", ">"+tax+"<", ">15.85<", ">"+sum+"<", ">236.61<", ">"+inclusive+"<", ">137.00<", ">"+payable+"<").Replace(doc)
		c := ct.Parse(t, ubl.Parser{}, []byte(doc))
		if refused {
			ct.Want(t, c.Problems, ct.At(1, total+"TaxSubtotal/TaxAmount", connector.RuleBRCO17))
		} else {
			ct.Want(t, c.Problems)
		}
		if (len(c.Records) == 0) != refused {
			t.Errorf("%s: %d records", tax, len(c.Records))
		}
	}
}
