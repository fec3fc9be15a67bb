package identity

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
	"golang.org/x/text/width"

	"github.com/xinlian/xinlian/gateway/connector"
	"github.com/xinlian/xinlian/internal/canon"
	"github.com/xinlian/xinlian/internal/record"
)

// Version is the number of these rules. Whoever derives figures from records
// that were sorted out by them names it.
const Version = 2

// Hash is the SHA-256 of an identity or of a content.
type Hash = [32]byte

// Of is the hash of what a record is of: for an invoice its side and number,
// with the supplier's for a purchase that has no national number; for a bank's
// entry the account and the bank's reference; for a balance the account and
// statement; for a platform's report its number. Two records of one identity
// speak of one document.
func Of(r *record.Record) Hash {
	within, number := Number(r)
	return canon.New("identity").String(r.Schema.ID).String(within).String(number).MustSum()
}

// Number is a record's own number in the form by which it is compared, and within
// what it is unique: the supplier of a purchase that has no national number, the
// account of a bank's entry or balance, else nothing.
func Number(r *record.Record) (within, number string) {
	number = r.SourceID()
	switch r.Schema.ID {
	case record.PurchaseInvoice.ID:
		// connector.PurchaseID: supplier and number, or a national number alone.
		if i := strings.LastIndexByte(number, ':'); i >= 0 {
			within, number = number[:i], number[i+1:]
		}
	case record.BankTransaction.ID, record.BankBalance.ID:
		within = r.Text("account")
		number = strings.TrimPrefix(number, within+":")
	}
	number = normal(number)
	if connector.NationalNumber(number) && r.Schema.Category == record.CategoryInvoice {
		within = ""
	}
	return normal(within), number
}

// normal is an identifier in the one form by which it is compared: half-width,
// upper case, without spaces, with one kind of hyphen. The hyphen between the
// code of a paper fapiao (10 or 12 digits) and its number (8) is left out; any
// other stays, because 1-23 and 12-3 are two numbers.
func normal(s string) string {
	s = strings.ToUpper(width.Fold.String(s))
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return -1
		case unicode.Is(unicode.Pd, r):
			return '-'
		}
		return r
	}, s)
	if code, number, ok := strings.Cut(s, "-"); ok && (len(code) == 10 || len(code) == 12) && len(number) == 8 && digits(code) && digits(number) {
		s = code + number
	}
	return norm.NFC.String(s)
}

func digits(s string) bool { return strings.Trim(s, "0123456789") == "" }

// essentials are the fields in which two records of one document must agree.
// Formats differ in what they say of a counterparty and in free text, and one
// source may know before the other that an invoice was paid or booked, or carry
// a seal that the other format cannot: paid, payment, booking and seal decide
// nothing. That an invoice was factored, sold or assigned decides who is owed its
// money: financed is compared.
var essentials = []string{"date", "amount", "direction", "status", "net", "tax", "orders", "refunds"}

// Content is the hash of what a record says of its document. Records of one
// identity with another content contradict each other.
func Content(r *record.Record) Hash {
	w := canon.New("identity-content").String(normal(r.Text("currency")))
	for _, name := range essentials {
		v, ok := r.Int(name)
		w.Bool(ok).Int64(v)
	}
	// Most formats have no field for it: a document that says nothing is compared as
	// one that says that it is free.
	financed, ok := r.Int("financed")
	if !ok {
		financed = record.FinancedNone
	}
	w.Int64(financed)
	return w.MustSum()
}

// Sorted is a set of records with each document counted once.
type Sorted struct {
	First     []*record.Record // the earliest of each document, in the order given
	Repeats   int              // dropped: they say the same
	Conflicts int              // dropped: they say something else
}

// Sort keeps the first record of each document. The caller gives the records in
// the order in which they were anchored, so that what was said first stands: an
// owner's later declaration never replaces it.
func Sort(records []*record.Record) Sorted {
	var out Sorted
	seen := make(map[Hash]Hash, len(records))
	for _, r := range records {
		id, content := Of(r), Content(r)
		before, ok := seen[id]
		switch {
		case !ok:
			seen[id] = content
			out.First = append(out.First, r)
		case before == content:
			out.Repeats++
		default:
			out.Conflicts++
		}
	}
	return out
}
