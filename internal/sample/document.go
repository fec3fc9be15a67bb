package sample

import (
	"encoding/xml"
	"fmt"
	"strings"

	"github.com/xinlian/xinlian/internal/record"
)

const xmlHeader = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"

// page writes one XML document.
type page struct{ strings.Builder }

// el writes elements nested along a path such as "BookgDt/Dt" around text.
func (p *page) el(path, text string) {
	names := strings.Split(path, "/")
	for _, n := range names {
		p.WriteString("<" + n + ">")
	}
	p.WriteString(escaped(text))
	for i := range names {
		name, _, _ := strings.Cut(names[len(names)-1-i], " ")
		p.WriteString("</" + name + ">")
	}
	p.WriteByte('\n')
}

func (p *page) f(format string, a ...any) { fmt.Fprintf(p, format, a...) }

func escaped(s string) string {
	var b strings.Builder
	// A strings.Builder does not fail.
	_ = xml.EscapeText(&b, []byte(s))
	return b.String()
}

func iso(day int64) string { return record.DayTime(day).Format("2006-01-02") }

// statementFiles are the bank's camt.053.001.08 statements, one a month.
func (l *ledger) statementFiles() []File {
	var files []File
	opening, next := l.shape.openingFen, 0
	for m := range Months {
		end := next
		for end < len(l.movements) && l.movements[end].date < l.months[m+1] {
			end++
		}
		month := record.Month(l.months[m])
		files = append(files, File{
			Name:   fmt.Sprintf("bank/statement-%d.xml", month),
			Format: "camt",
			Data:   l.statement(m, opening, l.movements[next:end]),
		})
		opening, next = l.closings[m], end
	}
	return files
}

func (l *ledger) statement(m int, opening int64, movements []movement) []byte {
	p := &page{}
	created := iso(l.months[m+1]) + "T02:00:00+08:00"
	p.WriteString(xmlHeader)
	p.f("<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\">\n<BkToCstmrStmt>\n")
	p.f("<GrpHdr><MsgId>M%s</MsgId><CreDtTm>%s</CreDtTm></GrpHdr>\n<Stmt>\n", l.statementID(m), created)
	p.el("Id", l.statementID(m))
	p.el("ElctrncSeqNb", fmt.Sprint(m+1))
	p.el("CreDtTm", created)
	p.f("<FrToDt><FrDtTm>%sT00:00:00+08:00</FrDtTm><ToDtTm>%sT23:59:59+08:00</ToDtTm></FrToDt>\n", iso(l.months[m]), iso(l.months[m+1]-1))
	p.f("<Acct><Id><Othr><Id>%s</Id></Othr></Id><Ccy>%s</Ccy><Ownr><Nm>%s</Nm></Ownr></Acct>\n", l.owner.account, currency, escaped(l.owner.name))
	p.balance("OPBD", opening, l.months[m]-1)
	p.balance("CLBD", l.closings[m], l.months[m+1]-1)
	for _, mv := range movements {
		p.entry(mv)
	}
	p.WriteString("</Stmt>\n</BkToCstmrStmt>\n</Document>\n")
	return []byte(p.String())
}

func (p *page) balance(code string, fen, day int64) {
	indicator := "CRDT"
	if fen < 0 {
		fen, indicator = -fen, "DBIT"
	}
	p.f("<Bal><Tp><CdOrPrtry><Cd>%s</Cd></CdOrPrtry></Tp><Amt Ccy=\"%s\">%s</Amt><CdtDbtInd>%s</CdtDbtInd><Dt><Dt>%s</Dt></Dt></Bal>\n",
		code, currency, record.FormatFen(fen), indicator, iso(day))
}

func (p *page) entry(m movement) {
	fen, indicator, role, family := m.fen, "CRDT", "Dbtr", "RCDT"
	if fen < 0 {
		fen, indicator, role, family = -fen, "DBIT", "Cdtr", "ICDT"
	}
	p.f("<Ntry><Amt Ccy=\"%s\">%s</Amt><CdtDbtInd>%s</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>", currency, record.FormatFen(fen), indicator)
	p.f("<BookgDt><Dt>%s</Dt></BookgDt><ValDt><Dt>%s</Dt></ValDt><AcctSvcrRef>%s</AcctSvcrRef>", iso(m.date), iso(m.date), m.reference)
	p.f("<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>%s</Cd><SubFmlyCd>OTHR</SubFmlyCd></Fmly></Domn></BkTxCd>", family)
	p.f("<NtryDtls><TxDtls><RltdPties><%s><Pty><Nm>%s</Nm></Pty></%s></RltdPties>", role, escaped(m.other), role)
	p.f("<RmtInf><Ustrd>%s</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>\n", escaped(m.text))
}

// fapiaoFiles are the 数电票, sold and bought.
func (l *ledger) fapiaoFiles() []File {
	var files []File
	for _, list := range [][]*invoice{l.sales, l.purchases} {
		for _, i := range list {
			if i.form == asFapiao {
				files = append(files, File{Name: "fapiao/" + i.number + ".xml", Format: "fapiao", Data: l.fapiao(i)})
			}
		}
	}
	return files
}

// sides are seller and buyer of an invoice.
func (l *ledger) sides(i *invoice) (seller, buyer party) {
	if i.sale {
		return l.owner, i.other
	}
	return i.other, l.owner
}

func (l *ledger) fapiao(i *invoice) []byte {
	seller, buyer := l.sides(i)
	blue := "Y"
	if i.status == record.StatusRed {
		blue = "N"
	}
	p := &page{}
	p.WriteString(xmlHeader)
	p.WriteString("<EInvoice>\n<Header>\n")
	p.el("EIid", i.number)
	p.el("EInvoiceTag", "SWEI9900")
	p.el("Version", "0.2")
	p.f("<InherentLabel><InIssuType><LabelCode>%s</LabelCode><LabelName>是否蓝字发票标志</LabelName></InIssuType>", blue)
	p.f("<EInvoiceType><LabelCode>01</LabelCode><LabelName>电子发票</LabelName></EInvoiceType></InherentLabel>\n</Header>\n<EInvoiceData>\n")
	p.f("<SellerInformation><SellerIdNum>%s</SellerIdNum><SellerName>%s</SellerName></SellerInformation>\n", seller.taxNumber, escaped(seller.name))
	p.f("<BuyerInformation><BuyerIdNum>%s</BuyerIdNum><BuyerName>%s</BuyerName></BuyerInformation>\n", buyer.taxNumber, escaped(buyer.name))
	p.WriteString("<BasicInformation>\n")
	p.el("TotalAmWithoutTax", record.FormatFen(i.net()))
	p.el("TotalTaxAm", record.FormatFen(i.tax()))
	p.el("TotalTax-includedAmount", record.FormatFen(i.total()))
	p.el("RequestTime", iso(i.date))
	p.WriteString("</BasicInformation>\n")
	for _, line := range i.lines {
		p.f("<IssuItemInformation><ItemName>%s</ItemName><Amount>%s</Amount><TaxRate>0.13</TaxRate>", escaped(line.item), record.FormatFen(line.net))
		p.f("<ComTaxAm>%s0000</ComTaxAm><TotaltaxIncludedAmount>%s0000</TotaltaxIncludedAmount></IssuItemInformation>\n",
			record.FormatFen(line.tax), record.FormatFen(line.net+line.tax))
	}
	p.WriteString("</EInvoiceData>\n")
	p.f("<TaxSupervisionInfo><InvoiceNumber>%s</InvoiceNumber><IssueTime>%s 10:08:05</IssueTime></TaxSupervisionInfo>\n</EInvoice>\n", i.number, iso(i.date))
	return []byte(p.String())
}

// ublFiles are the suppliers' UBL invoices and credit notes.
func (l *ledger) ublFiles() []File {
	var files []File
	for _, i := range l.purchases {
		if i.form == asUBL {
			files = append(files, File{Name: "ubl/" + i.number + ".xml", Format: "ubl", Data: l.ubl(i)})
		}
	}
	return files
}

// ubl writes a credit note with positive amounts, as the standard wants it.
func (l *ledger) ubl(i *invoice) []byte {
	kind, typeCode, quantity, sign := "Invoice", "380", "Invoiced", int64(1)
	if i.status == record.StatusRed {
		kind, typeCode, quantity, sign = "CreditNote", "381", "Credited", -1
	}
	amount := func(name string, fen int64) string {
		return fmt.Sprintf("<cbc:%s currencyID=\"%s\">%s</cbc:%s>", name, currency, record.FormatFen(fen*sign), name)
	}
	p := &page{}
	p.WriteString(xmlHeader)
	p.f("<%s xmlns=\"urn:oasis:names:specification:ubl:schema:xsd:%s-2\"", kind, kind)
	p.f(" xmlns:cac=\"urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2\"")
	p.f(" xmlns:cbc=\"urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2\">\n")
	p.el("cbc:CustomizationID", "urn:cen.eu:en16931:2017")
	p.el("cbc:ID", i.number)
	p.el("cbc:IssueDate", iso(i.date))
	if i.due > 0 {
		p.el("cbc:DueDate", iso(i.due))
	}
	p.el("cbc:"+kind+"TypeCode", typeCode)
	p.el("cbc:DocumentCurrencyCode", currency)
	seller, buyer := l.sides(i)
	p.party("Supplier", seller)
	p.party("Customer", buyer)
	p.f("<cac:TaxTotal>%s<cac:TaxSubtotal>%s%s", amount("TaxAmount", i.tax()), amount("TaxableAmount", i.net()), amount("TaxAmount", i.tax()))
	const category = "<cbc:ID>S</cbc:ID><cbc:Percent>13</cbc:Percent><cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme>"
	p.f("<cac:TaxCategory>%s</cac:TaxCategory></cac:TaxSubtotal></cac:TaxTotal>\n", category)
	p.f("<cac:LegalMonetaryTotal>%s%s%s%s</cac:LegalMonetaryTotal>\n", amount("LineExtensionAmount", i.net()),
		amount("TaxExclusiveAmount", i.net()), amount("TaxInclusiveAmount", i.total()), amount("PayableAmount", i.total()))
	for n, line := range i.lines {
		p.f("<cac:%sLine><cbc:ID>%d</cbc:ID><cbc:%sQuantity unitCode=\"C62\">1</cbc:%sQuantity>%s", kind, n+1, quantity, quantity, amount("LineExtensionAmount", line.net))
		p.f("<cac:Item><cbc:Name>%s</cbc:Name><cac:ClassifiedTaxCategory>%s</cac:ClassifiedTaxCategory></cac:Item>", escaped(line.item), category)
		p.f("<cac:Price>%s</cac:Price></cac:%sLine>\n", amount("PriceAmount", line.net), kind)
	}
	p.f("</%s>\n", kind)
	return []byte(p.String())
}

func (p *page) party(role string, who party) {
	p.f("<cac:Accounting%sParty><cac:Party><cac:PartyTaxScheme><cbc:CompanyID>%s</cbc:CompanyID>", role, who.taxNumber)
	p.f("<cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:PartyTaxScheme>")
	p.f("<cac:PartyLegalEntity><cbc:RegistrationName>%s</cbc:RegistrationName></cac:PartyLegalEntity></cac:Party></cac:Accounting%sParty>\n", escaped(who.name), role)
}
