// Package ubl reads UBL 2.1 invoices and credit notes, EN 16931, Peppol BIS and
// XRechnung included. One document is one sales-invoice or purchase-invoice:
// the owner is the supplier or the customer.
//
// This package only knows where UBL writes what; the calculation rules are
// those of package en16931.
package ubl

import (
	"context"
	"strings"

	"github.com/xinlian/xinlian/gateway/connector"
	"github.com/xinlian/xinlian/gateway/connector/en16931"
)

const (
	invoiceSpace    = "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
	creditNoteSpace = "urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2"
)

// Parser reads UBL documents.
type Parser struct{}

// Format is "ubl".
func (Parser) Format() string { return "ubl" }

// Detect looks at the root element's name space.
func (Parser) Detect(head []byte, _ string) bool {
	_, space := connector.RootName(head)
	return space == invoiceSpace || space == creditNoteSpace
}

// Parse reads the document's one invoice or credit note.
func (Parser) Parse(_ context.Context, src connector.Source, owner connector.Owner, sink connector.Sink) error {
	x := connector.NewXML(src.Reader)
	root, err := x.Root("Invoice", "CreditNote")
	if err != nil {
		return err
	}
	if root.Name.Space != invoiceSpace && root.Name.Space != creditNoteSpace {
		return connector.Fault(connector.RuleFileType, x.Line(), "name space is not UBL 2")
	}
	n, err := x.Node(root)
	if err != nil {
		return err
	}
	if err := x.Finish(); err != nil {
		return err
	}
	row := &connector.Row{At: connector.Position{Row: 1, Line: n.Line}}
	return row.Emit(sink, en16931.Record(row, invoice(row, n), owner))
}

func invoice(row *connector.Row, n *connector.Node) *en16931.Invoice {
	inv := &en16931.Invoice{
		Number:     row.Required("ID", n.Value("ID")),
		CreditNote: n.Name == "CreditNote",
		Currency:   row.Currency("DocumentCurrencyCode", n.Value("DocumentCurrencyCode")),
		Date:       row.Day("IssueDate", n.Value("IssueDate")),
		Seller:     party(n, "AccountingSupplierParty"),
		Buyer:      party(n, "AccountingCustomerParty"),
		Column:     "AccountingSupplierParty",
		TypeColumn: n.Name + "TypeCode",
		Profile:    en16931.ProfileOf(n.Value("CustomizationID")),
	}
	inv.TypeCode = n.Value(inv.TypeColumn)
	if due := dueDate(n); due != "" {
		inv.Due = row.Day("DueDate", due)
	}
	r := en16931.Reader{Row: row, Currency: inv.Currency}
	inv.Totals = totals(r, n, inv.Profile)
	inv.Breakdown = taxes(r, n, &inv.Totals, inv.Profile)
	inv.Allowances = allowances(r, n, "")
	for _, line := range append(n.All("InvoiceLine"), n.All("CreditNoteLine")...) {
		inv.Lines = append(inv.Lines, lineOf(r, line))
	}
	return inv
}

func party(n *connector.Node, role string) connector.Party {
	p := n.Child(role, "Party")
	name := p.Value("PartyLegalEntity", "RegistrationName")
	if name == "" {
		name = p.Value("PartyName", "Name")
	}
	return connector.NewParty(name, p.Value("PartyTaxScheme", "CompanyID"), p.Value("PartyLegalEntity", "CompanyID"),
		p.Value("PartyIdentification", "ID"), p.Value("EndpointID"))
}

func dueDate(n *connector.Node) string {
	if due := n.Value("DueDate"); due != "" {
		return due
	}
	return n.Value("PaymentMeans", "PaymentDueDate") // where a credit note has it
}

func totals(r en16931.Reader, n *connector.Node, p en16931.Profile) en16931.Totals {
	const legal = "LegalMonetaryTotal/"
	sums := n.Child("LegalMonetaryTotal")
	t := en16931.Totals{
		Lines:      r.Amount(sums, legal, "LineExtensionAmount", true),
		Allowances: r.Amount(sums, legal, "AllowanceTotalAmount", false),
		Charges:    r.Amount(sums, legal, "ChargeTotalAmount", false),
		Exclusive:  r.Amount(sums, legal, "TaxExclusiveAmount", true),
		Inclusive:  r.Amount(sums, legal, "TaxInclusiveAmount", true),
		Prepaid:    r.Amount(sums, legal, "PrepaidAmount", false),
		Rounding:   r.Amount(sums, legal, "PayableRoundingAmount", false),
		Payable:    r.Amount(sums, legal, "PayableAmount", !p.Plain),
	}
	if strings.Contains(n.Value("CustomizationID"), ":extension:xrechnung") {
		// Elsewhere PrepaidPayment says what PrepaidAmount is made of.
		for _, p := range n.All("PrepaidPayment") {
			t.ThirdParty.Fen += r.Amount(p, "PrepaidPayment/", "PaidAmount", true).Fen
		}
	}
	return t
}

// taxes reads the tax in the invoice's currency. The same tax may follow in the
// tax office's currency, which is not part of the sum.
func taxes(r en16931.Reader, n *connector.Node, t *en16931.Totals, p en16931.Profile) []en16931.Tax {
	const column = "TaxTotal/"
	var out []en16931.Tax
	t.Tax.Column = column + "TaxAmount"
	found := false
	for _, total := range n.All("TaxTotal") {
		if unit := total.Child("TaxAmount").Attr("currencyID"); unit != r.Currency && unit != "" {
			continue
		}
		if found {
			r.Row.Fail(t.Tax.Column, connector.RuleBRCO15, "two tax totals in the invoice's currency")
			return out
		}
		found = true
		t.Tax = r.Amount(total, column, "TaxAmount", true)
		for _, sub := range total.All("TaxSubtotal") {
			out = append(out, en16931.Tax{
				Category: category(r, sub.Child("TaxCategory"), column+"TaxSubtotal/TaxCategory/Percent"),
				Taxable:  r.Amount(sub, column+"TaxSubtotal/", "TaxableAmount", !p.Plain),
				Amount:   r.Amount(sub, column+"TaxSubtotal/", "TaxAmount", true),
			})
		}
	}
	if !found && !p.Plain {
		r.Row.Fail(t.Tax.Column, connector.RuleBRCO15, "there is no tax total in the invoice's currency")
	}
	return out
}

func category(r en16931.Reader, n *connector.Node, column string) en16931.Category {
	return en16931.Category{Code: n.Value("ID"), Rate: r.Decimal(column, n.Value("Percent"))}
}

func allowances(r en16931.Reader, n *connector.Node, prefix string) []en16931.Allowance {
	var out []en16931.Allowance
	column := prefix + "AllowanceCharge/"
	for _, a := range n.All("AllowanceCharge") {
		one := en16931.Allowance{
			Amount:   r.Amount(a, column, "Amount", true),
			Category: category(r, a.Child("TaxCategory"), column+"TaxCategory/Percent"),
			Base:     r.Amount(a, column, "BaseAmount", false),
			Percent:  r.Decimal(column+"MultiplierFactorNumeric", a.Value("MultiplierFactorNumeric")),
		}
		one.Charge = r.Indicator(column+"ChargeIndicator", a.Value("ChargeIndicator"))
		out = append(out, one)
	}
	return out
}

func lineOf(r en16931.Reader, n *connector.Node) en16931.Line {
	column := n.Name + "/"
	quantity := "InvoicedQuantity"
	if n.Name == "CreditNoteLine" {
		quantity = "CreditedQuantity"
	}
	item := n.Child("Item", "ClassifiedTaxCategory")
	return en16931.Line{
		Net:          r.Amount(n, column, "LineExtensionAmount", true),
		Category:     category(r, item, column+"Item/ClassifiedTaxCategory/Percent"),
		Quantity:     r.Decimal(column+quantity, n.Value(quantity)),
		Price:        r.Decimal(column+"Price/PriceAmount", n.Value("Price", "PriceAmount")),
		BaseQuantity: r.Decimal(column+"Price/BaseQuantity", n.Value("Price", "BaseQuantity")),
		Allowances:   allowances(r, n, column),
	}
}
