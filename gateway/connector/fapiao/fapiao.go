// Package fapiao reads the XML of China's fully digitalised e-invoice (数电票,
// root element EInvoice). One document is one sales-invoice or
// purchase-invoice: the owner is the seller or the buyer.
//
// A 数电票 is never void: it is cancelled by a red-letter invoice with negative
// amounts. Totals are checked to the fen against each other and the lines. The
// tax bureau's signature is not checked here; that is a verifier's work.
package fapiao

import (
	"context"

	"github.com/xinlian/xinlian/gateway/connector"
	"github.com/xinlian/xinlian/internal/record"
)

// totalWithTax is spelled with a hyphen in the standard; the line's twin is not.
const totalWithTax = "TotalTax-includedAmount"

// Parser reads 数电票 XML.
type Parser struct{}

// Format is "fapiao".
func (Parser) Format() string { return "fapiao" }

// Detect looks at the root element.
func (Parser) Detect(head []byte, _ string) bool {
	name, _ := connector.RootName(head)
	return name == "EInvoice"
}

// Parse reads the document's one invoice.
func (Parser) Parse(_ context.Context, src connector.Source, owner connector.Owner, sink connector.Sink) error {
	x := connector.NewXML(src.Reader)
	root, err := x.Root("EInvoice")
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
	return row.Emit(sink, invoice(row, n, owner))
}

func invoice(row *connector.Row, n *connector.Node, owner connector.Owner) *record.Record {
	data := n.Child("EInvoiceData")
	seller, buyer := data.Child("SellerInformation"), data.Child("BuyerInformation")
	sellerName, buyerName := seller.Value("SellerName"), buyer.Value("BuyerName")
	sells := owner.Is(seller.Value("SellerIdNum"), sellerName)
	buys := owner.Is(buyer.Value("BuyerIdNum"), buyerName)

	schema, direction := record.SalesInvoice, int64(record.DirectionIn)
	other, otherID := buyerName, buyer.Value("BuyerIdNum")
	switch {
	case sells == buys:
		row.Fail("SellerInformation", connector.RuleOwner, "the enterprise is not exactly one of seller and buyer")
	case buys:
		schema, direction = record.PurchaseInvoice, record.DirectionOut
		other, otherID = sellerName, seller.Value("SellerIdNum")
	}
	if other == "" {
		other = otherID
	}
	net, tax, total := totals(row, data)
	return record.New(schema).
		SetText("source_id", number(row, n)).
		SetInt("date", row.Day("TaxSupervisionInfo/IssueTime", issueTime(n))).
		SetInt("amount", total).SetText("currency", "CNY").
		SetInt("direction", direction).SetInt("status", status(row, n, total)).
		SetInt("net", net).SetInt("tax", tax).
		SetText("counterparty", row.Required("Name", other))
}

// number is the tax bureau's; the header repeats it. Numbers elsewhere in the
// document, such as a vehicle's plate on a toll invoice, are something else.
func number(row *connector.Row, n *connector.Node) string {
	const column = "TaxSupervisionInfo/InvoiceNumber"
	id, header := n.Value("TaxSupervisionInfo", "InvoiceNumber"), n.Value("Header", "EIid")
	if id == "" {
		id = header
	}
	if !connector.NationalNumber(id) {
		row.Fail(column, connector.RuleNumber, "the number must have 20 digits")
	}
	if header != "" && header != id {
		row.Fail("Header/EIid", connector.RuleNumber, "header and tax bureau give different numbers")
	}
	return id
}

func issueTime(n *connector.Node) string {
	if t := n.Value("TaxSupervisionInfo", "IssueTime"); t != "" {
		return t
	}
	return n.Value("EInvoiceData", "BasicInformation", "RequestTime")
}

// status tells a red letter by the standard's blue-letter flag: Y is blue, N is red.
func status(row *connector.Row, n *connector.Node, total int64) int64 {
	const column = "Header/InherentLabel/InIssuType/LabelCode"
	switch n.Value("Header", "InherentLabel", "InIssuType", "LabelCode") {
	case "Y":
		if total < 0 {
			row.Fail(column, connector.RuleSign, "a blue-letter invoice has a negative total")
		}
		return record.StatusNormal
	case "N":
		if total > 0 {
			row.Fail(column, connector.RuleSign, "a red-letter invoice has a positive total")
		}
		return record.StatusRed
	}
	row.Fail(column, connector.RuleCode, "the blue-letter flag is neither Y nor N")
	return 0
}

func totals(row *connector.Row, data *connector.Node) (net, tax, total int64) {
	const basic = "BasicInformation/"
	b := data.Child("BasicInformation")
	net = row.Fen(basic+"TotalAmWithoutTax", b.Value("TotalAmWithoutTax"))
	tax = row.Fen(basic+"TotalTaxAm", b.Value("TotalTaxAm"))
	total = row.Fen(basic+totalWithTax, b.Value(totalWithTax))

	var lineNet, lineTax int64
	lines := data.All("IssuItemInformation")
	for _, line := range lines {
		amount := row.Fen("IssuItemInformation/Amount", line.Value("Amount"))
		lineNet = record.AddFen(lineNet, amount)
		// Exempt lines leave the tax out or write stars.
		var lineTaxFen int64
		if s := line.Value("ComTaxAm"); s != "" && s != "***" {
			lineTaxFen = row.Fen("IssuItemInformation/ComTaxAm", s)
		}
		lineTax = record.AddFen(lineTax, lineTaxFen)
		if s := line.Value("TotaltaxIncludedAmount"); s != "" {
			row.Total("IssuItemInformation/TotaltaxIncludedAmount", row.Fen("IssuItemInformation/TotaltaxIncludedAmount", s), amount, lineTaxFen)
		}
	}
	row.Total(basic+totalWithTax, total, net, tax)
	if len(lines) > 0 {
		row.Total(basic+"TotalAmWithoutTax", net, lineNet)
		row.Total(basic+"TotalTaxAm", tax, lineTax)
	}
	return net, tax, total
}
