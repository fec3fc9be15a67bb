// Package en16931 is the semantic model of the European invoice standard and
// its calculation rules. UBL and CII are two ways to write the same invoice:
// their parsers map elements to this model, and everything that is said about
// totals is said here once.
//
// Amounts are hundredths of the currency's unit. Prices, quantities and rates
// are exact fractions, because the standard does not bound their decimals.
package en16931

import (
	"fmt"
	"math/big"
	"strings"

	"github.com/xinlian/xinlian/gateway/connector"
	"github.com/xinlian/xinlian/internal/record"
)

// Amount is one amount of a document, and the document's own name of it.
type Amount struct {
	Fen     int64
	Column  string
	Present bool
}

// Category is a VAT category with its rate: the key of the tax breakdown. Rate
// is in percent, nil where the document gives none.
type Category struct {
	Code string
	Rate *big.Rat
}

// same reports whether two categories share a line of the breakdown. A rate
// that is left out is that of no tax.
func (c Category) same(d Category) bool {
	return c.Code == d.Code && rateOf(c).Cmp(rateOf(d)) == 0
}

func rateOf(c Category) *big.Rat {
	if c.Rate == nil {
		return new(big.Rat)
	}
	return c.Rate
}

// Allowance is an allowance or a charge, of the document or of a line.
type Allowance struct {
	Amount   Amount
	Charge   bool
	Category Category
	Base     Amount   // what Percent is of
	Percent  *big.Rat // nil where the document gives none
}

// Line is an invoice line. Quantity, Price and BaseQuantity are nil where the
// document gives none. Uncounted lines (headings and details of other lines)
// carry a net amount that is part of another line's.
type Line struct {
	Net          Amount
	Category     Category
	Quantity     *big.Rat
	Price        *big.Rat // net price of BaseQuantity units
	BaseQuantity *big.Rat
	Allowances   []Allowance
	Uncounted    bool
}

// Tax is one line of the VAT breakdown.
type Tax struct {
	Category Category
	Taxable  Amount
	Amount   Amount
}

// Totals are the document's totals.
type Totals struct {
	Lines      Amount // BT-106
	Allowances Amount // BT-107
	Charges    Amount // BT-108
	Exclusive  Amount // BT-109
	Tax        Amount // BT-110, in the invoice's currency
	Inclusive  Amount // BT-112
	Prepaid    Amount // BT-113
	Rounding   Amount // BT-114
	ThirdParty Amount // XRechnung extension: payments due to a third party
	Payable    Amount // BT-115
}

// Invoice is one invoice or credit note.
type Invoice struct {
	Number     string
	TypeCode   string // UNTDID 1001
	TypeColumn string
	CreditNote bool // the syntax itself says that it is one
	Currency   string
	Date, Due  int64 // days; Due is 0 where there is none
	Seller     connector.Party
	Buyer      connector.Party
	Column     string // the document's own name of the seller
	Allowances []Allowance
	Lines      []Line
	Breakdown  []Tax
	Totals     Totals
	Profile    Profile
}

// Profile is what a document says about the rules it was made by.
type Profile struct {
	// Summary documents need no lines and no breakdown (Factur-X MINIMUM and
	// BASIC WL): what is not there is not checked.
	Summary bool
	// Extended documents (Factur-X EXTENDED) have a tolerance of a fen for each
	// summand of the sums over lines, and lines below lines.
	Extended bool
	// Peppol documents promise that percentages and base quantities are used
	// as meant; others, the standard's own examples among them, do not.
	Peppol bool
	// Plain documents do not claim EN 16931: the parts that UBL itself leaves
	// out, VAT categories and breakdown among them, may be missing.
	Plain bool
}

// ProfileOf reads the specification identifier (BT-24).
func ProfileOf(specification string) Profile {
	s := strings.ToLower(specification)
	return Profile{
		Summary:  strings.HasSuffix(s, ":minimum") || strings.HasSuffix(s, ":basicwl"),
		Extended: strings.Contains(s, "#conformant#") && strings.HasSuffix(s, ":extended"),
		Plain:    !strings.Contains(s, "en16931") && !strings.Contains(s, "factur-x"),
		Peppol:   strings.Contains(s, ":peppol.eu:") || strings.Contains(s, "peppol:bis"),
	}
}

// credits are the codes of UNTDID 1001 for which amounts are owed to the buyer.
var credits = strings.Fields("81 83 261 262 296 308 381 396 420 458 502 503 532")

// invoices are the codes under which an invoice may be claimed: the list of EN
// 16931 without 325, a pro-forma invoice, which claims nothing. 875 to 877 are
// XRechnung's construction invoices.
var invoices = strings.Fields("71 80 82 84 102 130 202 203 204 211 218 219 295 326 331 380 382 383 384 385 386 387 388 389 390 393 394 395 " +
	"456 457 471 472 473 500 501 527 553 575 623 633 751 780 817 870 875 876 877 935")

// FactoredInvoice and FactoredCredit are the type codes of documents whose
// claim is assigned to a factor.
const (
	FactoredInvoice = "393"
	FactoredCredit  = "396"
)

// Record checks inv and is the record of it. Whatever breaks a rule fails row.
func Record(row *connector.Row, inv *Invoice, owner connector.Owner) *record.Record {
	credit := inv.CreditNote || contains(credits, inv.TypeCode)
	if inv.TypeCode != "" && !contains(credits, inv.TypeCode) && !contains(invoices, inv.TypeCode) {
		row.Fail(inv.TypeColumn, connector.RuleInvoiceType, fmt.Sprintf("type code %.8q is not an invoice or credit note of EN 16931", inv.TypeCode))
	}
	if !row.Failed() {
		check(row, inv)
	}
	sign := int64(1)
	if credit {
		sign = -1
	}
	var financed int64
	if inv.TypeCode == FactoredInvoice || inv.TypeCode == FactoredCredit {
		financed = record.FinancedFactored
	}
	t := inv.Totals
	return row.Invoice(owner, connector.Invoice{
		Number: inv.Number, Seller: inv.Seller, Buyer: inv.Buyer, Column: inv.Column,
		Date: inv.Date, Due: inv.Due, Currency: inv.Currency,
		Net: sign * t.Exclusive.Fen, Tax: sign * t.Tax.Fen, Total: sign * t.Inclusive.Fen,
		Red: credit && t.Inclusive.Fen == 0, Financed: financed,
	})
}

func contains(list []string, s string) bool {
	for _, v := range list {
		if v == s {
			return true
		}
	}
	return false
}
