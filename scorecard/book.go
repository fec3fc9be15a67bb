package scorecard

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/xinlian/xinlian/internal/record"
)

// WindowMonths is the number of whole calendar months that features look at.
const WindowMonths = 12

// RecordsMax bounds one extraction. With amounts of at most record.AmountMax
// the absolute amounts of a book then add up to at most 4e18 fen, and twice
// that fits an int64: no sum or difference below can overflow.
const RecordsMax = 400_000

const currency = "CNY"

var (
	// ErrBook says that the records cannot be extracted from: too many, or one
	// that breaks its schema.
	ErrBook = errors.New("scorecard: unusable records")
	// ErrAsOf says that the as-of day lies outside the calendar of records.
	ErrAsOf = errors.New("scorecard: as-of day out of range")
)

// HistoryMonths is how far back set 2 looks for what it compares the window
// with: as far as the chain shows that no batch is left out.
const HistoryMonths = 24

// Window is the first and the last day that features for asOfDay look at: the
// twelve latest calendar months that were complete at the end of that day.
func Window(asOfDay int64) (from, to int64) {
	end := monthOf(asOfDay + 1)
	return firstDay(end - WindowMonths), firstDay(end) - 1
}

// monthOf numbers calendar months without a gap.
func monthOf(day int64) int64 {
	yyyymm := int64(record.Month(day))
	return yyyymm/100*12 + yyyymm%100 - 1
}

func firstDay(month int64) int64 {
	return record.Day(time.Date(int(month/12), time.Month(month%12+1), 1, 0, 0, 0, 0, time.UTC))
}

// Tally says what became of the records of a book.
type Tally struct {
	Used            int
	Duplicates      int // same schema and source id as a record that was kept
	Conflicts       int // of Duplicates, those whose content differs
	ForeignCurrency int // not CNY: ignored, never converted
	OutsideWindow   int
	OtherSchema     int // not a source of this feature set
}

// book is a set of records cut down to what features need.
type book struct {
	version   uint32
	from, to  int64
	sales     []invoice
	purchases []invoice
	platform  []report
	moves     []move
	balances  []balance
	tally     Tally

	// What set 2 looks at beside: the year before the window, under months -12 to
	// -1, and the facts that other schemas state.
	earlierSales, earlierPurchases []invoice
	earlierPlatform                []report
	facts                          [factKinds][]*record.Record // in the order of compare
	market                         Market
}

// invoice is an invoice of the window. Void invoices keep their amount, to
// count in the share of returns; red letters have negative amounts.
type invoice struct {
	id         string
	day        int64
	month      int64 // from 0, the oldest of the window
	party      string
	net, total int64
	status     int64
	due, paid  int64 // 0: not stated
}

// report is a day of platform sales.
type report struct{ day, month, net, refunds int64 }

// move is a bank movement. in and out carry its effect on receipts and
// payments: a reversed payment is a negative payment, not a receipt.
type move struct {
	account string
	party   string // "": not stated
	kind    kind
	day     int64
	in, out int64
}

// kind is what a movement is for, as far as its description says.
type kind uint8

const (
	operating kind = iota
	funding        // a loan or capital that came in, or its reversal
	dividend       // profit paid out to the owner, or its reversal
)

// Words by which a description tells funding from income and dividends from
// costs. They belong to feature set 1: another list is another feature set.
var (
	fundingWords  = []string{"借款", "贷款", "放款", "融资", "股东", "投资", "增资", "注资"}
	dividendWords = []string{"分红", "股利", "利润分配"}
)

type balance struct {
	account string
	day     int64
	fen     int64
}

// open validates, sorts and deduplicates the records and keeps those of the
// window. Its result does not depend on the order of the records.
func open(version uint32, in Input) (*book, error) {
	records, asOfDay := in.Records, in.AsOfDay
	if asOfDay < record.DateMin || asOfDay > record.DateMax {
		return nil, fmt.Errorf("%w: %d, want %d to %d", ErrAsOf, asOfDay, int64(record.DateMin), int64(record.DateMax))
	}
	if len(records) > RecordsMax {
		return nil, fmt.Errorf("%w: %d records, at most %d", ErrBook, len(records), RecordsMax)
	}
	for _, r := range records {
		if r == nil || r.Schema == nil || len(r.Values) != len(r.Schema.Fields) {
			return nil, fmt.Errorf("%w: a record without schema or values", ErrBook)
		}
		if _, err := r.Canonical(); err != nil {
			return nil, fmt.Errorf("%w: %s: %w", ErrBook, r.Schema.ID, err)
		}
	}
	sorted := slices.Clone(records)
	slices.SortFunc(sorted, compare)
	b := &book{version: version, market: in.Market}
	b.from, b.to = Window(asOfDay)
	for i, r := range sorted {
		if i > 0 && sameKey(sorted[i-1], r) {
			b.tally.Duplicates++
			if compareContent(sorted[i-1], r) != 0 {
				b.tally.Conflicts++
			}
			continue
		}
		b.add(r)
	}
	return b, nil
}

func sameKey(a, b *record.Record) bool {
	return a.Schema.ID == b.Schema.ID && a.SourceID() == b.SourceID()
}

// compare orders by schema, source id and content, so that of two records that
// claim one source id the same one is kept whatever the order of arrival.
func compare(a, b *record.Record) int {
	if c := cmp.Or(cmp.Compare(a.Schema.ID, b.Schema.ID), cmp.Compare(a.SourceID(), b.SourceID())); c != 0 {
		return c
	}
	return compareContent(a, b) // costly, and rarely needed
}

func compareContent(a, b *record.Record) int {
	if a == b {
		return 0
	}
	ca, _ := a.Canonical() // open has refused records without canonical bytes
	cb, _ := b.Canonical()
	return bytes.Compare(ca, cb)
}

func (b *book) add(r *record.Record) {
	kind, fact := b.fact(r.Schema)
	if !fact && !b.knows(r.Schema) {
		b.tally.OtherSchema++
		return
	}
	day, _ := r.Int("date")
	switch {
	case kind != licences && r.Text("currency") != currency: // a licence is no amount
		b.tally.ForeignCurrency++
		return
	case day > b.to || day < b.since(r.Schema):
		b.tally.OutsideWindow++
		return
	}
	b.tally.Used++
	switch r.Schema.ID {
	case record.SalesInvoice.ID:
		b.addInvoice(r, day, &b.sales, &b.earlierSales)
	case record.PurchaseInvoice.ID:
		b.addInvoice(r, day, &b.purchases, &b.earlierPurchases)
	case record.PlatformSales.ID:
		b.addReport(r, day)
	case record.BankTransaction.ID:
		b.addMove(r, day)
	case record.BankBalance.ID:
		fen, _ := r.Int("amount")
		b.balances = append(b.balances, balance{account: r.Text("account"), day: day, fen: fen})
	default:
		b.facts[kind] = append(b.facts[kind], r)
	}
}

// since is the first day that records of a schema count from.
func (b *book) since(s *record.Schema) int64 {
	if b.version == FeatureSet1 {
		return b.from
	}
	switch s.ID {
	case record.BankTransaction.ID, record.BankBalance.ID, record.PayrollSummary.ID, record.UtilityBill.ID, record.VATReturn.ID:
		return b.from
	case record.Licence.ID, record.Lease.ID, record.CourtNotice.ID, record.OutsideLoan.ID:
		return record.DateMin // these state what lasts
	}
	return firstDay(monthOf(b.from) + WindowMonths - HistoryMonths)
}

// knows is whether the features read records of the schema. Version 2 of the
// invoices has every field of version 1.
func (b *book) knows(s *record.Schema) bool {
	switch s.ID {
	case record.SalesInvoice.ID, record.PurchaseInvoice.ID:
		return s.Version == 1 || s.Version == 2
	case record.PlatformSales.ID, record.BankTransaction.ID, record.BankBalance.ID:
		return s.Version == 1
	}
	return false
}

func (b *book) month(day int64) int64 { return monthOf(day) - monthOf(b.from) }

func (b *book) addInvoice(r *record.Record, day int64, window, earlier *[]invoice) {
	to := window
	if day < b.from {
		to = earlier
	}
	*to = append(*to, b.invoice(r, day))
}

// invoice takes the sign from the status and the status from the sign: a
// negative amount is a red letter even where the source calls it normal, and a
// red letter counts as negative even where the source leaves out the sign.
func (b *book) invoice(r *record.Record, day int64) invoice {
	v := invoice{id: r.SourceID(), day: day, month: b.month(day), party: r.Text("counterparty")}
	v.net, _ = r.Int("net")
	v.total, _ = r.Int("amount")
	v.status, _ = r.Int("status")
	v.due, _ = r.Int("due")
	v.paid, _ = r.Int("paid")
	if v.status == record.StatusNormal && v.net < 0 {
		v.status = record.StatusRed
	}
	v.net, v.total = absolute(v.net), absolute(v.total)
	if v.status == record.StatusRed {
		v.net, v.total = -v.net, -v.total
	}
	return v
}

func (b *book) addReport(r *record.Record, day int64) {
	if status, _ := r.Int("status"); status == record.StatusVoid {
		return
	}
	v := report{day: day, month: b.month(day)}
	v.net, _ = r.Int("amount")
	v.refunds, _ = r.Int("refunds")
	v.refunds = absolute(v.refunds)
	if direction, _ := r.Int("direction"); direction == record.DirectionOut {
		v.net = -absolute(v.net)
	}
	if day < b.from {
		b.earlierPlatform = append(b.earlierPlatform, v)
		return
	}
	b.platform = append(b.platform, v)
}

func (b *book) addMove(r *record.Record, day int64) {
	status, _ := r.Int("status")
	if status == record.StatusVoid {
		return
	}
	amount, _ := r.Int("amount")
	amount = absolute(amount)
	direction, _ := r.Int("direction")
	v := move{account: r.Text("account"), party: r.Text("counterparty"), day: day}
	sign, words := amount, dividendWords
	if status == record.StatusRed {
		sign = -amount
	}
	// A reversal undoes the other side: a payment that came back is less paid.
	incoming := (direction == record.DirectionIn) != (status == record.StatusRed)
	if incoming {
		v.in, words = sign, fundingWords
	} else {
		v.out = sign
	}
	text := r.Text("description")
	if slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, w) }) {
		v.kind = dividend
		if incoming {
			v.kind = funding
		}
	}
	b.moves = append(b.moves, v)
}
