// Package xbrl reads the Ministry of Finance's XBRL form of a 数电票 (taxonomy
// einv, 2023-12-31): the invoice as the books of the firm that received or
// issued it have it. One document is one sales-invoice or purchase-invoice.
//
// Beside the invoice it says whether it was paid, booked, and factored, sold or
// securitised, which is what stops a receivable from being pledged twice. The
// one flag for the last three does not say which of them.
package xbrl

import (
	"context"
	"fmt"
	"strings"

	"github.com/xinlian/xinlian/gateway/connector"
	"github.com/xinlian/xinlian/gateway/connector/fapiao"
	"github.com/xinlian/xinlian/internal/record"
)

const space = "http://www.xbrl.org/2003/instance"

// Parser reads XBRL e-invoices.
type Parser struct{}

// Format is "xbrl".
func (Parser) Format() string { return "xbrl" }

// Detect looks at the root element.
func (Parser) Detect(head []byte, _ string) bool {
	name, s := connector.RootName(head)
	return name == "xbrl" && s == space
}

// Parse reads the document's one invoice.
func (Parser) Parse(_ context.Context, src connector.Source, owner connector.Owner, sink connector.Sink) error {
	x := connector.NewXML(src.Reader)
	root, err := x.Root("xbrl")
	if err != nil {
		return err
	}
	n, err := x.Node(root)
	if err != nil {
		return err
	}
	if err := x.Finish(); err != nil {
		return err
	}
	row := &connector.Row{At: connector.Position{Row: 1, Line: n.Line}}
	inv, books, err := Invoice(row, n)
	if err != nil {
		return err
	}
	if owner.Anonymous() { // whose books these are
		owner = books
	}
	return row.Emit(sink, row.Invoice(owner, inv))
}

// Invoice reads the element xbrl, of its own file or out of an OFD, and names
// the firm whose books it is from. The error is a fault of the whole document.
func Invoice(row *connector.Row, n *connector.Node) (inv connector.Invoice, books connector.Owner, err error) {
	if href := n.Child("schemaRef").Attr("href"); !strings.Contains(href, "einv") {
		return inv, books, connector.Fault(connector.RuleFileType, n.Line, fmt.Sprintf("taxonomy %.64q is not einv", href))
	}
	d := &instance{row: row, contexts: map[string]bool{}, units: map[string]string{}, facts: map[string]*connector.Node{}}
	d.read(n)
	inv, books = d.invoice()
	return inv, books, nil
}

// instance is the facts of one document, by local name, and its lines of goods.
type instance struct {
	row      *connector.Row
	contexts map[string]bool
	units    map[string]string // measures
	facts    map[string]*connector.Node
	lines    []*connector.Node
	posted   []string
}

// read gathers contexts and units, then facts: those refer to these, in any order.
func (d *instance) read(n *connector.Node) {
	for _, c := range n.All("context") {
		d.contexts[c.Attr("id")] = true
	}
	for _, u := range n.All("unit") {
		measure := u.Value("measure")
		d.units[u.Attr("id")] = measure[strings.LastIndex(measure, ":")+1:]
	}
	for _, c := range n.Children {
		switch c.Name {
		case "context", "unit", "schemaRef", "linkbaseRef", "roleRef", "arcroleRef", "footnoteLink":
		default:
			d.fact(c)
		}
	}
}

// fact keeps a fact, or what is in a tuple of facts. Tuples repeat, so that
// only facts outside them must be alone.
func (d *instance) fact(n *connector.Node) {
	if len(n.Children) > 0 {
		d.tuple(n)
		return
	}
	if !d.refers(n) || n.Attr("nil") == "true" || n.Value() == "" {
		return
	}
	if old := d.facts[n.Name]; old != nil && old.Value() != n.Value() {
		d.row.Fail(n.Name, connector.RuleXBRL, "the fact is there twice, with two values")
	}
	d.facts[n.Name] = n
}

func (d *instance) tuple(n *connector.Node) {
	if n.Child("Amount") != nil {
		d.lines = append(d.lines, n)
	}
	for _, c := range n.Children {
		switch {
		case len(c.Children) > 0:
			d.tuple(c)
		case d.refers(c) && c.Name == "PostingDate" && c.Value() != "":
			d.posted = append(d.posted, c.Value())
		case strings.HasPrefix(n.Name, "SellerInformation"), strings.HasPrefix(n.Name, "BuyerInformation"), strings.HasPrefix(n.Name, "BasicInformation"):
			d.fact(c)
		}
	}
}

// refers checks that a fact's context exists, and that its unit is the yuan.
func (d *instance) refers(n *connector.Node) bool {
	if ref := n.Attr("contextRef"); !d.contexts[ref] {
		d.row.Fail(n.Name, connector.RuleXBRL, fmt.Sprintf("context %.32q is not in the document", ref))
		return false
	}
	ref := n.Attr("unitRef")
	if ref == "" {
		return true
	}
	measure, ok := d.units[ref]
	if !ok {
		d.row.Fail(n.Name, connector.RuleXBRL, fmt.Sprintf("unit %.32q is not in the document", ref))
	}
	return ok && measure != ""
}

func (d *instance) value(name string) string { return d.facts[name].Value() }

// fen reads an amount, which must be in yuan.
func (d *instance) fen(n *connector.Node, name string) int64 {
	if unit := d.units[n.Attr("unitRef")]; n != nil && unit != "CNY" {
		d.row.Fail(name, connector.RuleCurrency, fmt.Sprintf("the unit is %.8q, want CNY", unit))
	}
	return d.row.Fen(name, n.Value())
}

// flag is yes or no for a fact of true or false, and 0 where there is none.
func (d *instance) flag(name string, no, yes int64) int64 {
	switch s := d.value(name); s {
	case "":
		return 0
	case "true", "1":
		return yes
	case "false", "0":
		return no
	default:
		d.row.Fail(name, connector.RuleCode, fmt.Sprintf("%.16q is neither true nor false", s))
		return 0
	}
}

const (
	flagPaid     = "WhetherEinvoiceHasBeenPaid"
	flagBooked   = "WhetherEinvoiceHasBeenBooked"
	flagFinanced = "WhetherEinvoiceHasBeenFactoredSoldOrSecuritized"
	flagRed      = "WhetherEinvoiceIsRedEinvoice"
)

// invoice reads the facts; books is the firm whose accounts they are from.
func (d *instance) invoice() (inv connector.Invoice, books connector.Owner) {
	books = connector.Owner{TaxNumber: d.value("UnifiedSocialCreditCodeOfAccountingEntity"), Name: d.value("NameOfAccountingEntity")}
	const total = "TotalTax-includedAmount"
	inv = connector.Invoice{
		Number:   d.value("InvoiceNumber"),
		National: true,
		Seller:   connector.NewParty(d.value("SellerName"), d.value("SellerIdNum")),
		Buyer:    connector.NewParty(d.value("BuyerName"), d.value("BuyerIdNum")),
		Column:   "SellerIdNum",
		Currency: "CNY",
		Net:      d.fen(d.facts["TotalAmWithoutTax"], "TotalAmWithoutTax"),
		Total:    d.fen(d.facts[total], total),
		Payment:  d.flag(flagPaid, record.PaymentOpen, record.PaymentPaid),
		Booking:  d.flag(flagBooked, record.BookingOpen, record.BookingBooked),
		Financed: d.flag(flagFinanced, record.FinancedNone, record.FinancedAssigned),
	}
	if !connector.NationalNumber(inv.Number) {
		d.row.Fail("InvoiceNumber", connector.RuleNumber, "the number must have 20 digits")
	}
	if d.facts["TotalTaxAm"] != nil {
		inv.Tax = d.taxFen(d.facts["TotalTaxAm"], "TotalTaxAm")
	}
	// A receiver's document names the seller only: the buyer keeps the books.
	if inv.Buyer.Label() == "" && !inv.Seller.Is(books) {
		inv.Buyer = connector.NewParty(books.Name, books.TaxNumber)
	}
	fapiao.CheckTaxNumber(d.row, "SellerIdNum", d.value("SellerIdNum"))
	fapiao.CheckTaxNumber(d.row, "BuyerIdNum", d.value("BuyerIdNum"))
	d.dates(&inv)
	switch d.flag(flagRed, 1, 2) {
	case 1:
		if inv.Total < 0 {
			d.row.Fail(flagRed, connector.RuleSign, "the total is negative, and the invoice is not red")
		}
	case 2:
		if inv.Red = true; inv.Total > 0 {
			d.row.Fail(flagRed, connector.RuleSign, "the total is positive, and the invoice is red")
		}
	}
	var lines []fapiao.Line
	for _, l := range d.lines {
		lines = append(lines, fapiao.Line{
			Net:  d.fen(l.Child("Amount"), "Amount"),
			Tax:  d.taxFen(l.Child("ComTaxAm"), "ComTaxAm"),
			Rate: l.Value("TaxRate"), Taxed: l.Value("ComTaxAm") != "",
		})
	}
	fapiao.CheckTotals(d.row, fapiao.Columns{Net: "TotalAmWithoutTax", Tax: "TotalTaxAm", Total: total, Line: "ComTaxAm"}, inv, lines)
	fapiao.CheckWords(d.row, total+"InChinese", d.value(total+"InChinese"), inv.Total)
	return inv, books
}

func (d *instance) taxFen(n *connector.Node, name string) int64 {
	if strings.Trim(n.Value(), "*") == "" {
		return 0
	}
	return d.fen(n, name)
}

// dates reads the day of issue, and the last day on which the invoice was posted.
func (d *instance) dates(inv *connector.Invoice) {
	issue := "IssueTime"
	if d.value(issue) == "" {
		issue = "RequestTime"
	}
	inv.Date = d.row.Day(issue, d.value(issue))
	if inv.Booking != record.BookingBooked {
		return
	}
	for _, s := range d.posted {
		inv.BookedOn = max(inv.BookedOn, d.row.Day("PostingDate", s))
	}
}
