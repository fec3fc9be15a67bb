// Package fapiao reads the XML of China's fully digitalised e-invoice (数电票,
// root element EInvoice). One document is one sales-invoice or
// purchase-invoice: the owner is the seller or the buyer.
//
// A 数电票 is never void: it is cancelled by a red-letter invoice with negative
// amounts. Totals are checked to the fen against each other, the lines and the
// amount in words. The tax bureau's signature is not checked: how its elements
// are turned into signed bytes is not published, nor are its certificates.
package fapiao

import (
	"context"

	"github.com/xinlian/xinlian/gateway/connector"
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
	return row.Emit(sink, row.Invoice(owner, Invoice(row, n)))
}

// Invoice reads the element EInvoice, of its own file or out of an OFD.
func Invoice(row *connector.Row, n *connector.Node) connector.Invoice {
	const basic, item = "BasicInformation/", "IssuItemInformation/"
	data := n.Child("EInvoiceData")
	seller, buyer, b := data.Child("SellerInformation"), data.Child("BuyerInformation"), data.Child("BasicInformation")
	inv := connector.Invoice{
		Number:   number(row, n),
		National: true,
		Seller:   connector.NewParty(seller.Value("SellerName"), seller.Value("SellerIdNum")),
		Buyer:    connector.NewParty(buyer.Value("BuyerName"), buyer.Value("BuyerIdNum")),
		Column:   "SellerInformation",
		Date:     row.Day("TaxSupervisionInfo/IssueTime", issueTime(n)),
		Currency: "CNY",
		Net:      row.Fen(basic+"TotalAmWithoutTax", b.Value("TotalAmWithoutTax")),
		Tax:      TaxFen(row, basic+"TotalTaxAm", b.Value("TotalTaxAm")),
		Total:    row.Fen(basic+totalWithTax, b.Value(totalWithTax)),
	}
	inv.Red = red(row, n, inv.Total)
	CheckTaxNumber(row, "SellerInformation/SellerIdNum", seller.Value("SellerIdNum"))
	CheckTaxNumber(row, "BuyerInformation/BuyerIdNum", buyer.Value("BuyerIdNum"))
	var lines []Line
	for _, l := range data.All("IssuItemInformation") {
		if l.Value("Amount") == "" && l.Value("ComTaxAm") == "" && l.Value("TotaltaxIncludedAmount") == "" {
			continue // a line that only describes
		}
		line := Line{
			Net:  row.Fen(item+"Amount", l.Value("Amount")),
			Tax:  TaxFen(row, item+"ComTaxAm", l.Value("ComTaxAm")),
			Rate: l.Value("TaxRate"), Taxed: l.Value("ComTaxAm") != "",
		}
		if s := l.Value("TotaltaxIncludedAmount"); s != "" {
			row.Total(item+"TotaltaxIncludedAmount", row.Fen(item+"TotaltaxIncludedAmount", s), line.Net, line.Tax)
		}
		lines = append(lines, line)
	}
	CheckTotals(row, Columns{Net: basic + "TotalAmWithoutTax", Tax: basic + "TotalTaxAm", Total: basic + totalWithTax, Line: item + "ComTaxAm"}, inv, lines)
	CheckWords(row, basic+totalWithTax+"InChinese", b.Value(totalWithTax+"InChinese"), inv.Total)
	return inv
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

// red tells a red letter by the standard's blue-letter flag: Y is blue, N is
// red. Where the flag is left out the sign decides.
func red(row *connector.Row, n *connector.Node, total int64) bool {
	const column = "Header/InherentLabel/InIssuType/LabelCode"
	flag := n.Child("Header", "InherentLabel", "InIssuType", "LabelCode")
	switch {
	case flag == nil:
		return total < 0
	case flag.Value() == "Y":
		if total < 0 {
			row.Fail(column, connector.RuleSign, "a blue-letter invoice has a negative total")
		}
		return false
	case flag.Value() == "N":
		if total > 0 {
			row.Fail(column, connector.RuleSign, "a red-letter invoice has a positive total")
		}
		return true
	}
	row.Fail(column, connector.RuleCode, "the blue-letter flag is neither Y nor N")
	return false
}
