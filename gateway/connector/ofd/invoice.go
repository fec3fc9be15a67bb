package ofd

import (
	"fmt"
	"strings"

	"github.com/xinlian/xinlian/gateway/connector"
	"github.com/xinlian/xinlian/gateway/connector/fapiao"
	"github.com/xinlian/xinlian/gateway/connector/xbrl"
	"github.com/xinlian/xinlian/internal/record"
)

// invoice reads the one invoice among the sealed attachments.
func (d *document) invoice(row *connector.Row) (connector.Invoice, error) {
	files, err := d.attachments()
	if err != nil {
		return connector.Invoice{}, err
	}
	var found *connector.Node
	for _, file := range files {
		switch name, _ := connector.RootName(d.files[file]); name {
		case "eInvoice", "EInvoice", "xbrl":
		default:
			continue
		}
		n, err := d.sealed(file, "eInvoice", "EInvoice", "xbrl")
		if err != nil {
			return connector.Invoice{}, err
		}
		if found != nil {
			return connector.Invoice{}, refuse("two invoices are attached")
		}
		found, row.At.Line = n, n.Line
	}
	if found == nil {
		return connector.Invoice{}, connector.Fault(connector.RuleRequired, 0, "no invoice data (original_invoice.xml) is attached: only its picture is there")
	}
	switch found.Name {
	case "EInvoice":
		return fapiao.Invoice(row, found), nil
	case "xbrl":
		inv, _, err := xbrl.Invoice(row, found)
		return inv, err
	}
	inv := vatInvoice(row, found)
	d.compare(row, found)
	return inv, nil
}

// vatInvoice reads the VAT e-invoice of 2019 (name space e-invoice/2019).
func vatInvoice(row *connector.Row, n *connector.Node) connector.Invoice {
	seller, buyer := n.Child("Seller"), n.Child("Buyer")
	inv := connector.Invoice{
		Number:   number(row, n.Value("InvoiceCode"), n.Value("InvoiceNo")),
		National: true,
		Seller:   connector.NewParty(seller.Value("SellerName"), seller.Value("SellerTaxID")),
		Buyer:    connector.NewParty(buyer.Value("BuyerName"), buyer.Value("BuyerTaxID")),
		Column:   "Seller",
		Date:     row.Day("IssueDate", n.Value("IssueDate")),
		Currency: "CNY",
		Net:      row.Fen("TaxExclusiveTotalAmount", n.Value("TaxExclusiveTotalAmount")),
		Tax:      fapiao.TaxFen(row, "TaxTotalAmount", n.Value("TaxTotalAmount")),
		Total:    row.Fen("TaxInclusiveTotalAmount", n.Value("TaxInclusiveTotalAmount")),
	}
	fapiao.CheckTaxNumber(row, "Seller/SellerTaxID", seller.Value("SellerTaxID"))
	fapiao.CheckTaxNumber(row, "Buyer/BuyerTaxID", buyer.Value("BuyerTaxID"))
	const positive, negative = "0", "1"
	switch kind := n.Value("TypeCode"); {
	case kind == positive && inv.Total < 0, kind == negative && inv.Total > 0:
		row.Fail("TypeCode", connector.RuleSign, "the sign of the total is not that of the type")
	case kind == negative:
		inv.Red = true
	}
	var lines []fapiao.Line
	for _, g := range n.Child("GoodsInfos").All("GoodsInfo") {
		lines = append(lines, fapiao.Line{
			Net:  row.Fen("GoodsInfos/Amount", g.Value("Amount")),
			Tax:  fapiao.TaxFen(row, "GoodsInfos/TaxAmount", g.Value("TaxAmount")),
			Rate: g.Value("TaxScheme"), Taxed: g.Value("TaxAmount") != "",
		})
	}
	fapiao.CheckTotals(row, fapiao.Columns{
		Net: "TaxExclusiveTotalAmount", Tax: "TaxTotalAmount", Total: "TaxInclusiveTotalAmount", Line: "GoodsInfos/TaxAmount",
	}, inv, lines)
	return inv
}

// number joins code and number, which are unique in the country only together.
func number(row *connector.Row, code, no string) string {
	if (len(code) != 10 && len(code) != 12) || len(no) != 8 || strings.Trim(code+no, "0123456789") != "" {
		row.Fail("InvoiceNo", connector.RuleNumber, "want a code of 10 or 12 digits and a number of 8")
	}
	return code + no
}

// compare holds what OFD.xml says about the invoice against what is sealed:
// OFD.xml is under no seal, and viewers show it.
func (d *document) compare(row *connector.Row, n *connector.Node) {
	for _, data := range d.index.Child("DocInfo", "CustomDatas").All("CustomData") {
		element, same := "", func(a, b string) bool { return a == b }
		switch data.Attr("Name") {
		case "发票代码":
			element = "InvoiceCode"
		case "发票号码":
			element = "InvoiceNo"
		case "校验码":
			element = "InvoiceCheckCode"
		case "销售方纳税人识别号":
			element = "SellerTaxID"
		case "购买方纳税人识别号":
			element = "BuyerTaxID"
		case "开票日期":
			element, same = "IssueDate", sameDay
		case "价税合计":
			element, same = "TaxInclusiveTotalAmount", sameFen
		case "合计金额":
			element, same = "TaxExclusiveTotalAmount", sameFen
		case "合计税额":
			element, same = "TaxTotalAmount", sameFen
		}
		if element == "" || data.Value() == "" {
			continue
		}
		sealed := n.Value(element)
		for _, party := range []string{"Seller", "Buyer"} {
			if sealed == "" {
				sealed = n.Value(party, element)
			}
		}
		if !same(data.Value(), sealed) {
			row.Fail("OFD.xml/CustomData", connector.RuleUnsigned, fmt.Sprintf("%s is not what the sealed invoice says", data.Attr("Name")))
		}
	}
}

func sameDay(a, b string) bool {
	x, okX := connector.ParseDay(a)
	y, okY := connector.ParseDay(b)
	return okX && okY && x == y
}

// sameFen compares amounts; one without tax is written with stars in places.
func sameFen(a, b string) bool {
	x, errX := record.ParseFenGrouped(strings.TrimLeft(a, "¥￥"))
	y, errY := record.ParseFen(b)
	return a == b || (errX == nil && errY == nil && x == y)
}
