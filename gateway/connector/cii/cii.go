// Package cii reads UN/CEFACT Cross Industry Invoices (D16B and later: EN 16931,
// XRechnung, Factur-X and ZUGFeRD 2). One document is one sales-invoice or
// purchase-invoice: the owner is the seller or the buyer.
//
// This package only knows where CII writes what; the calculation rules are
// those of package en16931.
package cii

import (
	"context"
	"fmt"

	"github.com/xinlian/xinlian/gateway/connector"
	"github.com/xinlian/xinlian/gateway/connector/en16931"
)

const space = "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"

// Parser reads CII documents.
type Parser struct{}

// Format is "cii".
func (Parser) Format() string { return "cii" }

// Detect looks at the root element's name space.
func (Parser) Detect(head []byte, _ string) bool {
	_, s := connector.RootName(head)
	return s == space
}

// Parse reads the document's one invoice or credit note.
func (Parser) Parse(_ context.Context, src connector.Source, owner connector.Owner, sink connector.Sink) error {
	x := connector.NewXML(src.Reader)
	root, err := x.Root("CrossIndustryInvoice")
	if err != nil {
		return err
	}
	if root.Name.Space != space {
		return connector.Fault(connector.RuleFileType, x.Line(), "name space is not that of CII D16B")
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
	doc, trade := n.Child("ExchangedDocument"), n.Child("SupplyChainTradeTransaction")
	agreement, settlement := trade.Child("ApplicableHeaderTradeAgreement"), trade.Child("ApplicableHeaderTradeSettlement")
	inv := &en16931.Invoice{
		Number:     row.Required("ExchangedDocument/ID", doc.Value("ID")),
		TypeCode:   row.Required("ExchangedDocument/TypeCode", doc.Value("TypeCode")),
		TypeColumn: "ExchangedDocument/TypeCode",
		Currency:   row.Currency("InvoiceCurrencyCode", settlement.Value("InvoiceCurrencyCode")),
		Date:       date(row, "ExchangedDocument/IssueDateTime", doc.Child("IssueDateTime")),
		Seller:     party(agreement.Child("SellerTradeParty")),
		Buyer:      party(agreement.Child("BuyerTradeParty")),
		Column:     "SellerTradeParty",
		Profile:    en16931.ProfileOf(n.Value("ExchangedDocumentContext", "GuidelineSpecifiedDocumentContextParameter", "ID")),
	}
	for _, terms := range settlement.All("SpecifiedTradePaymentTerms") {
		if due := terms.Child("DueDateDateTime"); due != nil && inv.Due == 0 {
			inv.Due = date(row, "SpecifiedTradePaymentTerms/DueDateDateTime", due)
		}
	}
	r := en16931.Reader{Row: row, Currency: inv.Currency}
	inv.Totals = totals(r, settlement.Child("SpecifiedTradeSettlementHeaderMonetarySummation"), inv.Profile)
	for _, tax := range settlement.All("ApplicableTradeTax") {
		inv.Breakdown = append(inv.Breakdown, taxOf(r, tax))
	}
	inv.Allowances = append(allowances(r, settlement, ""), freight(r, settlement)...)
	inv.Lines = lines(r, trade.All("IncludedSupplyChainTradeLineItem"))
	return inv
}

// date reads a date in UNTDID 2379 format 102, or an XML date.
func date(row *connector.Row, column string, n *connector.Node) int64 {
	s := n.Child("DateTimeString")
	if s == nil {
		return row.Day(column, n.Value("DateTime"))
	}
	text := s.Value()
	switch format := s.Attr("format"); format {
	case "", "102":
	case "203", "204": // CCYYMMDDHHMM and with seconds
		text = text[:min(len(text), len("20260131"))]
	default:
		row.Fail(column, connector.RuleDate, fmt.Sprintf("date format %.8q is not 102, 203 or 204", format))
		return 0
	}
	return row.Day(column, text)
}

func party(n *connector.Node) connector.Party {
	var ids []string
	for _, scheme := range []string{"VA", "FC", ""} {
		for _, reg := range n.All("SpecifiedTaxRegistration") {
			if id := reg.Child("ID"); id.Attr("schemeID") == scheme {
				ids = append(ids, id.Value())
			}
		}
	}
	ids = append(ids, n.Value("SpecifiedLegalOrganization", "ID"))
	for _, list := range [][]*connector.Node{n.All("GlobalID"), n.All("ID")} {
		for _, id := range list {
			ids = append(ids, id.Value())
		}
	}
	name := n.Value("Name")
	if name == "" {
		name = n.Value("SpecifiedLegalOrganization", "TradingBusinessName")
	}
	return connector.NewParty(name, ids...)
}

func totals(r en16931.Reader, sums *connector.Node, p en16931.Profile) en16931.Totals {
	t := en16931.Totals{
		Lines:      r.Amount(sums, "", "LineTotalAmount", !p.Summary),
		Allowances: r.Amount(sums, "", "AllowanceTotalAmount", false),
		Charges:    r.Amount(sums, "", "ChargeTotalAmount", false),
		Exclusive:  r.Amount(sums, "", "TaxBasisTotalAmount", true),
		Inclusive:  r.Amount(sums, "", "GrandTotalAmount", true),
		Prepaid:    r.Amount(sums, "", "TotalPrepaidAmount", false),
		Rounding:   r.Amount(sums, "", "RoundingAmount", false),
		Payable:    r.Amount(sums, "", "DuePayableAmount", true),
		Tax:        en16931.Amount{Column: "TaxTotalAmount"},
	}
	// The tax may follow once more in the tax office's currency.
	for _, total := range sums.All("TaxTotalAmount") {
		if unit := total.Attr("currencyID"); unit != r.Currency && unit != "" {
			continue
		}
		if t.Tax.Present {
			r.Row.Fail(t.Tax.Column, connector.RuleBRCO15, "two tax totals in the invoice's currency")
		}
		t.Tax = r.Of(total, "TaxTotalAmount")
	}
	return t
}

func category(r en16931.Reader, n *connector.Node, column string) en16931.Category {
	return en16931.Category{
		Code: n.Value("CategoryCode"),
		Rate: r.Decimal(column+"RateApplicablePercent", n.Value("RateApplicablePercent")),
	}
}

func taxOf(r en16931.Reader, n *connector.Node) en16931.Tax {
	const column = "ApplicableTradeTax/"
	return en16931.Tax{
		Category: category(r, n, column),
		Taxable:  r.Amount(n, column, "BasisAmount", true),
		Amount:   r.Amount(n, column, "CalculatedAmount", true),
	}
}

func allowances(r en16931.Reader, n *connector.Node, prefix string) []en16931.Allowance {
	var out []en16931.Allowance
	column := prefix + "SpecifiedTradeAllowanceCharge/"
	for _, a := range n.All("SpecifiedTradeAllowanceCharge") {
		out = append(out, en16931.Allowance{
			Amount:   r.Amount(a, column, "ActualAmount", true),
			Charge:   r.Indicator(column+"ChargeIndicator", a.Value("ChargeIndicator", "Indicator")),
			Category: category(r, a.Child("CategoryTradeTax"), column+"CategoryTradeTax/"),
			Base:     r.Amount(a, column, "BasisAmount", false),
			Percent:  r.Decimal(column+"CalculationPercent", a.Value("CalculationPercent")),
		})
	}
	return out
}

// freight reads the logistics charges of Factur-X EXTENDED, which count among
// the document's charges.
func freight(r en16931.Reader, settlement *connector.Node) []en16931.Allowance {
	var out []en16931.Allowance
	const column = "SpecifiedLogisticsServiceCharge/"
	for _, c := range settlement.All("SpecifiedLogisticsServiceCharge") {
		out = append(out, en16931.Allowance{
			Amount:   r.Amount(c, column, "AppliedAmount", true),
			Charge:   true,
			Category: category(r, c.Child("AppliedTradeTax"), column+"AppliedTradeTax/"),
		})
	}
	return out
}

func lines(r en16931.Reader, items []*connector.Node) []en16931.Line {
	const column = "IncludedSupplyChainTradeLineItem/"
	out := make([]en16931.Line, 0, len(items))
	for _, n := range items {
		price, settlement := n.Child("SpecifiedLineTradeAgreement", "NetPriceProductTradePrice"), n.Child("SpecifiedLineTradeSettlement")
		l := en16931.Line{
			Category:     category(r, settlement.Child("ApplicableTradeTax"), column+"ApplicableTradeTax/"),
			Quantity:     r.Decimal(column+"BilledQuantity", n.Value("SpecifiedLineTradeDelivery", "BilledQuantity")),
			Price:        r.Decimal(column+"NetPriceProductTradePrice/ChargeAmount", price.Value("ChargeAmount")),
			BaseQuantity: r.Decimal(column+"NetPriceProductTradePrice/BasisQuantity", price.Value("BasisQuantity")),
			Allowances:   allowances(r, settlement, column),
		}
		switch n.Value("AssociatedDocumentLineDocument", "LineStatusReasonCode") {
		case "GROUP", "INFORMATION":
			l.Uncounted = true // the detail lines below it are what counts
		}
		sum := settlement.Child("SpecifiedTradeSettlementLineMonetarySummation")
		l.Net = r.Amount(sum, column, "LineTotalAmount", !l.Uncounted)
		out = append(out, l)
	}
	return out
}
