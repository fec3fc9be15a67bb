package xbrl_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/xinlian/xinlian/gateway/connector"
	ct "github.com/xinlian/xinlian/gateway/connector/connectortest"
	"github.com/xinlian/xinlian/gateway/connector/xbrl"
	"github.com/xinlian/xinlian/internal/record"
)

func FuzzParse(f *testing.F) { ct.Fuzz(f, xbrl.Parser{}) }

// The books' own invoice is a purchase, with what the books say of its payment,
// booking and assignment.
func TestInvoice(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		old, new string
		want     map[string]int64
	}{
		"as it is": {"", "", map[string]int64{
			"amount": 56500, "net": 50000, "tax": 6500, "status": record.StatusNormal, "direction": record.DirectionOut,
			"payment": record.PaymentOpen, "booking": record.BookingBooked, "booked": 20462, "financed": record.FinancedAssigned,
		}},
		"not assigned": {"Securitized contextRef=\"c1\">true", "Securitized contextRef=\"c1\">false", map[string]int64{"financed": record.FinancedNone}},
		"not said":     {"Securitized contextRef=\"c1\">true", "Securitized contextRef=\"c1\">", map[string]int64{"financed": -1}},
		"nil":          {"Securitized contextRef=\"c1\">true", "Securitized xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:nil=\"true\" contextRef=\"c1\">", map[string]int64{"financed": -1}},
		"paid":         {"Paid contextRef=\"c1\">false", "Paid contextRef=\"c1\">1", map[string]int64{"payment": record.PaymentPaid}},
		"not booked":   {"Booked contextRef=\"c1\">true", "Booked contextRef=\"c1\">0", map[string]int64{"booking": record.BookingOpen, "booked": -1}},
	} {
		got := ct.Parse(t, xbrl.Parser{}, bytes.Replace(ct.File(t, "purchase.xml"), []byte(c.old), []byte(c.new), 1))
		t.Log(name)
		ct.Want(t, got.Problems)
		r := got.Records[0]
		if r.Schema != record.PurchaseInvoice || r.SourceID() != "26990000000000000007" || r.Text("counterparty") != "样本禾原包装厂" {
			t.Errorf("%s %s %s", r.Schema.ID, r.SourceID(), r.Text("counterparty"))
		}
		for field, want := range c.want {
			if v, ok := r.Int(field); (want >= 0 && v != want) || ok != (want >= 0) {
				t.Errorf("%s is %d (%v), want %d", field, v, ok, want)
			}
		}
	}
}

// Damage refuses the invoice for its reason.
func TestBadInvoice(t *testing.T) {
	t.Parallel()
	const total = "TotalTax-includedAmount"
	line := func(amount, tax string) string {
		return `</einv:InformationOfAccountingDocumentsTuple><einv:IssuItemInformationTuple><einv:Amount contextRef="c1" unitRef="u1">` + amount +
			`</einv:Amount><einv:ComTaxAm contextRef="c1" unitRef="u1">` + tax + `</einv:ComTaxAm></einv:IssuItemInformationTuple>`
	}
	const shut = "</einv:InformationOfAccountingDocumentsTuple>"
	for _, c := range []struct {
		name, old, new string
		want           []connector.RowError
	}{
		{"total", ">565.00<", ">565.01<", []connector.RowError{ct.At(1, total, connector.RuleTotal)}},
		{"swapped digits", ">565.00<", ">556.00<", []connector.RowError{ct.At(1, total, connector.RuleTotal)}},
		{"tax", ">65.00<", ">65.01<", []connector.RowError{ct.At(1, total, connector.RuleTotal)}},
		{"no tax", ">65.00<", "><", []connector.RowError{ct.At(1, total, connector.RuleTotal)}},
		{"precision", ">500.00<", ">500.005<", []connector.RowError{ct.At(1, "TotalAmWithoutTax", connector.RuleAmount)}},
		{"lines", shut, line("499.99", "65.00"), []connector.RowError{ct.At(1, "TotalAmWithoutTax", connector.RuleTotal)}},
		{"tax of lines", shut, line("500.00", "64.99"), []connector.RowError{ct.At(1, "TotalTaxAm", connector.RuleTotal)}},
		{"currency", "iso4217:CNY", "iso4217:USD", []connector.RowError{ct.At(1, "TotalAmWithoutTax", connector.RuleCurrency), ct.At(1, total, connector.RuleCurrency), ct.At(1, "TotalTaxAm", connector.RuleCurrency)}},
		{"no unit", ` unitRef="u1">565`, ">565", []connector.RowError{ct.At(1, total, connector.RuleCurrency)}},
		{"unknown unit", `unitRef="u1">565`, `unitRef="u2">565`, []connector.RowError{ct.At(1, total, connector.RuleXBRL), ct.At(1, total, connector.RuleRequired)}},
		{"unknown context", `InvoiceNumber contextRef="c1"`, `InvoiceNumber contextRef="c2"`, []connector.RowError{ct.At(1, "InvoiceNumber", connector.RuleXBRL), ct.At(1, "InvoiceNumber", connector.RuleNumber)}},
		{"two values", shut, shut + `<einv:TotalAmWithoutTax contextRef="c1" unitRef="u1">1.00</einv:TotalAmWithoutTax>`, []connector.RowError{ct.At(1, "TotalAmWithoutTax", connector.RuleXBRL)}},
		{"number", "26990000000000000007", "2699000000000000007", []connector.RowError{ct.At(1, "InvoiceNumber", connector.RuleNumber)}},
		{"flag", "Securitized contextRef=\"c1\">true", "Securitized contextRef=\"c1\">maybe", []connector.RowError{ct.At(1, "WhetherEinvoiceHasBeenFactoredSoldOrSecuritized", connector.RuleCode)}},
		{"red but positive", "RedEinvoice contextRef=\"c1\">false", "RedEinvoice contextRef=\"c1\">true", []connector.RowError{ct.At(1, "WhetherEinvoiceIsRedEinvoice", connector.RuleSign)}},
		{"date", "2026-01-05T20:05:10", "yesterday", []connector.RowError{ct.At(1, "RequestTime", connector.RuleDate)}},
		{"other taxonomy", "einv_entry_point", "bker_entry_point", []connector.RowError{ct.At(0, "", connector.RuleFileType)}},
		{"document type", "<xbrli:xbrl", "<!DOCTYPE x><xbrli:xbrl", []connector.RowError{ct.At(0, "", connector.RuleXMLDTD)}},
	} {
		good := ct.File(t, "purchase.xml")
		bad := bytes.Replace(good, []byte(c.old), []byte(c.new), 1)
		if bytes.Equal(good, bad) {
			t.Fatalf("%s: %q is not in the document", c.name, c.old)
		}
		got := ct.Parse(t, xbrl.Parser{}, bad)
		t.Log(c.name)
		ct.Want(t, got.Problems, c.want...)
		if len(got.Records) != 0 {
			t.Errorf("%s: a record was delivered", c.name)
		}
	}
}

// A document of a firm that is neither side is someone else's; without a named
// owner the books decide.
func TestOwner(t *testing.T) {
	t.Parallel()
	doc := string(ct.File(t, "purchase.xml"))
	other := strings.ReplaceAll(doc, "99000000000000001A", "99000000000000009X")
	ct.Want(t, ct.Parse(t, xbrl.Parser{}, []byte(other)).Problems, ct.At(1, "SellerIdNum", connector.RuleOwner))
	var c connector.Collector
	src := connector.Source{Name: "a", Reader: strings.NewReader(other)}
	if _, err := (connector.Set{xbrl.Parser{}}).Parse(t.Context(), src, connector.Auto, connector.Owner{}, &c); err != nil {
		t.Fatal(err)
	}
	ct.Want(t, c.Problems)
	if c.Records[0].Schema != record.PurchaseInvoice {
		t.Errorf("read as %s", c.Records[0].Schema.ID)
	}
}
