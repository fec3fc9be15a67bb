// Package ubl reads UBL 2.1 invoices and credit notes, EN 16931 and Peppol BIS
// included. One document is one sales-invoice or purchase-invoice: the owner
// is the supplier or the customer.
//
// The totals are checked to the fen: tax-exclusive and tax amount give
// tax-inclusive; lines, charges and allowances give tax-exclusive; the tax
// breakdown gives the tax amount.
package ubl

import (
	"context"
	"fmt"

	"github.com/xinlian/xinlian/gateway/connector"
	"github.com/xinlian/xinlian/internal/record"
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
	return row.Emit(sink, invoice(row, n, owner))
}

// party carries every identifier the document gives: which of them is the tax
// number differs between countries and senders.
type party struct {
	ids  []string
	name string
}

// is reports whether any identifier, or the name where there is none, is the owner's.
func (p party) is(owner connector.Owner) bool {
	if len(p.ids) == 0 {
		return owner.Is("", p.name)
	}
	for _, id := range p.ids {
		if owner.Is(id, "") {
			return true
		}
	}
	return false
}

func (p party) label() string {
	if p.name != "" {
		return p.name
	}
	return p.id()
}

func (p party) id() string {
	if len(p.ids) > 0 {
		return p.ids[0]
	}
	return p.name
}

func partyOf(n *connector.Node, role string) party {
	p := n.Child(role, "Party")
	out := party{name: p.Value("PartyLegalEntity", "RegistrationName")}
	if out.name == "" {
		out.name = p.Value("PartyName", "Name")
	}
	for _, path := range [][]string{
		{"PartyTaxScheme", "CompanyID"}, {"PartyLegalEntity", "CompanyID"}, {"PartyIdentification", "ID"}, {"EndpointID"},
	} {
		if id := p.Value(path...); id != "" {
			out.ids = append(out.ids, id)
		}
	}
	return out
}

func invoice(row *connector.Row, n *connector.Node, owner connector.Owner) *record.Record {
	seller, buyer := partyOf(n, "AccountingSupplierParty"), partyOf(n, "AccountingCustomerParty")
	id := row.Required("ID", n.Value("ID"))
	schema, direction, other := record.SalesInvoice, int64(record.DirectionIn), buyer
	switch sells, buys := seller.is(owner), buyer.is(owner); {
	case sells == buys:
		row.Fail("AccountingSupplierParty", connector.RuleOwner, "the enterprise is not exactly one of supplier and customer")
	case buys:
		schema, direction, other = record.PurchaseInvoice, record.DirectionOut, seller
		id = connector.PurchaseID(id, seller.id())
	}
	currency := row.Currency("DocumentCurrencyCode", n.Value("DocumentCurrencyCode"))
	t := totalsOf(row, n, currency)
	status := int64(record.StatusNormal)
	if n.Name == "CreditNote" {
		t.negate()
	}
	if t.inclusive < 0 {
		status = record.StatusRed
	}
	r := record.New(schema).
		SetText("source_id", id).
		SetInt("date", row.Day("IssueDate", n.Value("IssueDate"))).
		SetInt("amount", t.inclusive).SetText("currency", currency).
		SetInt("direction", direction).SetInt("status", status).
		SetInt("net", t.exclusive).SetInt("tax", t.tax).
		SetText("counterparty", row.Required("Party", other.label()))
	if due := dueDate(n); due != "" {
		r.SetInt("due", row.Day("DueDate", due))
	}
	return r
}

func dueDate(n *connector.Node) string {
	if due := n.Value("DueDate"); due != "" {
		return due
	}
	return n.Value("PaymentMeans", "PaymentDueDate") // where a credit note has it
}

type totals struct{ exclusive, tax, inclusive int64 }

func (t *totals) negate() { t.exclusive, t.tax, t.inclusive = -t.exclusive, -t.tax, -t.inclusive }

// totalsOf reads the totals and holds them against each other and the lines.
func totalsOf(row *connector.Row, n *connector.Node, currency string) totals {
	sums := n.Child("LegalMonetaryTotal")
	amount := func(parent *connector.Node, column, name string) int64 {
		c := parent.Child(name)
		if unit := c.Attr("currencyID"); c != nil && unit != currency {
			row.Fail(column+name, connector.RuleCurrency, fmt.Sprintf("%.8q is not the document's currency", unit))
		}
		return row.Fen(column+name, c.Value())
	}
	optional := func(parent *connector.Node, column, name string) int64 {
		if parent.Child(name) == nil {
			return 0
		}
		return amount(parent, column, name)
	}
	const legal = "LegalMonetaryTotal/"
	t := totals{
		exclusive: amount(sums, legal, "TaxExclusiveAmount"),
		inclusive: amount(sums, legal, "TaxInclusiveAmount"),
	}
	lineTotal := amount(sums, legal, "LineExtensionAmount")
	charges, allowances := optional(sums, legal, "ChargeTotalAmount"), optional(sums, legal, "AllowanceTotalAmount")

	var breakdown int64
	var subtotals int
	for _, total := range n.All("TaxTotal") {
		if total.Child("TaxAmount").Attr("currencyID") != currency {
			continue // the same tax again, in the tax office's currency
		}
		t.tax = record.AddFen(t.tax, amount(total, "TaxTotal/", "TaxAmount"))
		for _, sub := range total.All("TaxSubtotal") {
			subtotals++
			breakdown = record.AddFen(breakdown, amount(sub, "TaxTotal/TaxSubtotal/", "TaxAmount"))
		}
	}
	var lines int64
	found := append(n.All("InvoiceLine"), n.All("CreditNoteLine")...)
	for _, line := range found {
		lines = record.AddFen(lines, amount(line, line.Name+"/", "LineExtensionAmount"))
	}
	if len(found) == 0 {
		row.Fail("InvoiceLine", connector.RuleRequired, "the invoice has no line")
	}
	row.Total(legal+"TaxInclusiveAmount", t.inclusive, t.exclusive, t.tax)
	row.Total(legal+"LineExtensionAmount", lineTotal, lines)
	row.Total(legal+"TaxExclusiveAmount", t.exclusive, lineTotal, charges, -allowances)
	if subtotals > 0 {
		row.Total("TaxTotal/TaxAmount", t.tax, breakdown)
	}
	return t
}
