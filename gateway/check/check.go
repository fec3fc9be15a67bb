package check

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/xinlian/xinlian/internal/record"
)

// Severity says what a finding asks of a verifier.
type Severity uint8

// The severities.
const (
	Info     Severity = 1 // worth knowing
	Warning  Severity = 2 // to be explained in the attestation
	Blocking Severity = 3 // no attestation before a person has looked
)

// String is the severity's code.
func (s Severity) String() string {
	switch s {
	case Info:
		return "info"
	case Warning:
		return "warning"
	case Blocking:
		return "blocking"
	}
	return fmt.Sprintf("severity(%d)", uint8(s))
}

// Code is the stable name of a check.
type Code string

// The checks.
const (
	MissingSource   Code = "missing-source"
	UnmatchedSales  Code = "unmatched-sales"
	SameDayInOut    Code = "same-day-in-out"
	CircularTrade   Code = "circular-trade"
	RoundAmounts    Code = "round-amounts"
	MonthGap        Code = "month-gap"
	BalanceBreak    Code = "balance-break"
	DuplicateNumber Code = "duplicate-number"
	InvoiceTwins    Code = "invoice-twins"
	WeekendInvoices Code = "weekend-invoices"
	VoidRate        Code = "void-rate"
)

// EvidenceMax bounds the evidence listed with one finding; Count has them all.
const EvidenceMax = 20

// Evidence names a record by its schema and source id.
type Evidence struct {
	Schema   string
	SourceID string
}

// Finding is one fact about the records.
type Finding struct {
	Code      Code
	Severity  Severity
	Count     int64 // records, months or pairs concerned
	Of        int64 // out of how many, 0 where that has no meaning
	AmountFen int64 // money concerned
	ShareBps  int64 // its share of what the check looks at, basis points
	Evidence  []Evidence
	ZH, EN    string
}

// Run checks all records of one enterprise. Findings come in the order of the
// codes above; a check that finds nothing gives none.
func Run(records []*record.Record) []Finding {
	b := open(records)
	var out []Finding
	for _, check := range []func(*books) (Finding, bool){
		missingSource, unmatchedSales, sameDayInOut, circularTrade, roundAmounts, monthGap,
		balanceBreak, duplicateNumber, invoiceTwins, weekendInvoices, voidRate,
	} {
		if f, found := check(b); found {
			out = append(out, f)
		}
	}
	return out
}

// Blocked reports whether a finding is blocking.
func Blocked(findings []Finding) bool {
	return slices.ContainsFunc(findings, func(f Finding) bool { return f.Severity == Blocking })
}

// entry is a record with the values every check wants.
type entry struct {
	record *record.Record
	date   int64
	fen    int64
	status int64
	other  string
	in     bool
}

func (e *entry) evidence() Evidence { return Evidence{e.record.Schema.ID, e.record.SourceID()} }

// books are the records by kind, each in the order of date and source id.
type books struct {
	bank, balances, sales, purchases, platform []*entry
}

func open(records []*record.Record) *books {
	b := &books{}
	for _, r := range records {
		e := &entry{record: r, other: strings.TrimSpace(r.Text("counterparty"))}
		e.date, _ = r.Int("date")
		e.fen, _ = r.Int("amount")
		e.status, _ = r.Int("status")
		direction, _ := r.Int("direction")
		e.in = direction == record.DirectionIn
		switch r.Schema.ID {
		case record.BankTransaction.ID:
			b.bank = append(b.bank, e)
		case record.BankBalance.ID:
			b.balances = append(b.balances, e)
		case record.SalesInvoice.ID:
			b.sales = append(b.sales, e)
		case record.PurchaseInvoice.ID:
			b.purchases = append(b.purchases, e)
		case record.PlatformSales.ID:
			b.platform = append(b.platform, e)
		}
	}
	for _, list := range [][]*entry{b.bank, b.balances, b.sales, b.purchases, b.platform} {
		slices.SortFunc(list, func(x, y *entry) int {
			return cmp.Or(cmp.Compare(x.date, y.date), strings.Compare(x.record.SourceID(), y.record.SourceID()),
				cmp.Compare(x.fen, y.fen))
		})
	}
	return b
}

// finding gathers evidence up to its bound.
type finding struct {
	count, fen int64
	evidence   []Evidence
}

func (f *finding) add(fen int64, evidence ...Evidence) {
	f.count++
	f.fen = record.AddFen(f.fen, fen)
	for _, e := range evidence {
		if len(f.evidence) < EvidenceMax {
			f.evidence = append(f.evidence, e)
		}
	}
}

// shareBps is part of whole in basis points, 0 of nothing; coarser where the
// product would overflow.
func shareBps(part, whole int64) int64 {
	if whole <= 0 || part <= 0 {
		return 0
	}
	if part > 1<<49 {
		return part / (whole/10_000 + 1)
	}
	return part * 10_000 / whole
}

func percent(bps int64) string { return record.FormatFen(bps) + "%" }

// severity is the highest whose threshold the share reaches, 0 if none.
func severity(share, warning, blocking int64) Severity {
	switch {
	case share >= blocking:
		return Blocking
	case share >= warning:
		return Warning
	}
	return 0
}
