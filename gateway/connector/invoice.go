package connector

import (
	"strings"

	"github.com/xinlian/xinlian/internal/record"
)

// Party is a side of an invoice. It carries every identifier the document
// gives: which of them is the tax number differs between countries and senders.
type Party struct {
	IDs  []string
	Name string
}

// NewParty is the party of that name and of those identifiers that are not empty.
func NewParty(name string, ids ...string) Party {
	p := Party{Name: name}
	for _, id := range ids {
		if id != "" {
			p.IDs = append(p.IDs, id)
		}
	}
	return p
}

// Is reports whether any identifier, or the name where there is none, is the owner's.
func (p Party) Is(o Owner) bool {
	if len(p.IDs) == 0 {
		return o.Is("", p.Name)
	}
	for _, id := range p.IDs {
		if o.Is(id, "") {
			return true
		}
	}
	return false
}

// Label is the name, or an identifier where there is none.
func (p Party) Label() string {
	if p.Name != "" {
		return p.Name
	}
	return p.ID()
}

// ID is the first identifier, or the name where there is none.
func (p Party) ID() string {
	if len(p.IDs) > 0 {
		return p.IDs[0]
	}
	return p.Name
}

// Invoice is what every invoice format gives. Amounts are fen of Currency and
// carry the sign of the money: a credit note or red letter is negative.
type Invoice struct {
	Number   string
	National bool // the number is given by a tax bureau and unique in the country
	Seller   Party
	Buyer    Party
	Column   string // the document's own name of the seller, for problems
	Date     int64  // day of issue
	Due      int64  // 0 where the document names none
	Currency string
	Net      int64
	Tax      int64
	Total    int64
	Red      bool // a credit note or red letter, whatever the sign says

	// What electronic vouchers say beside the invoice; 0 is that they do not.
	PaidOn   int64 // day
	BookedOn int64 // day
	Payment  int64 // record.PaymentOpen or PaymentPaid
	Booking  int64 // record.BookingOpen or BookingBooked
	Financed int64 // one of record.Financed…
	Seal     int64 // record.SealTrusted or SealUntrusted
}

// Invoice is v as the owner's sale or purchase. Where nobody is named as owner
// it is read as the seller's. It fails the row where the owner is not exactly
// one of the two sides. That there is a number is the format's to check.
func (w *Row) Invoice(owner Owner, v Invoice) *record.Record {
	id := v.Number
	schema, direction, other := record.SalesInvoice, int64(record.DirectionIn), v.Buyer
	switch sells, buys := v.Seller.Is(owner), v.Buyer.Is(owner); {
	case owner.Anonymous():
	case sells == buys:
		w.Fail(v.Column, RuleOwner, "the enterprise is not exactly one of seller and buyer")
	case buys:
		schema, direction, other = record.PurchaseInvoice, record.DirectionOut, v.Seller
		if !v.National {
			id = PurchaseID(id, v.Seller.ID())
		}
	}
	status := int64(record.StatusNormal)
	if v.Red || v.Total < 0 {
		status = record.StatusRed
	}
	r := record.New(schema).
		SetText("source_id", id).
		SetInt("date", v.Date).
		SetInt("amount", v.Total).SetText("currency", v.Currency).
		SetInt("direction", direction).SetInt("status", status).
		SetInt("net", v.Net).SetInt("tax", v.Tax).
		SetText("counterparty", w.Required(v.Column, other.Label()))
	for _, f := range []struct {
		name  string
		value int64
	}{
		{"due", v.Due},
		{"paid", v.PaidOn},
		{"booked", v.BookedOn},
		{"payment", v.Payment},
		{"booking", v.Booking},
		{"financed", v.Financed},
		{"seal", v.Seal},
	} {
		if f.value != 0 {
			r.SetInt(f.name, f.value)
		}
	}
	return r
}

// Anonymous reports whether neither tax number nor name is known.
func (o Owner) Anonymous() bool {
	return strings.TrimSpace(o.TaxNumber) == "" && strings.TrimSpace(o.Name) == ""
}
