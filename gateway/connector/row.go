package connector

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/xinlian/xinlian/internal/record"
)

// Row reads the values of one row and gathers what is wrong with them, so that
// an owner sees every problem of a row at once. Each reader returns the zero
// value after a problem.
type Row struct {
	At Position
	// Label is the document's own name of a column, where it differs from the
	// reader's. It may be nil.
	Label    func(column string) string
	problems []RowError
	notes    []RowError
}

// Fail adds a problem.
func (w *Row) Fail(column string, rule Rule, detail string) {
	if w.Label != nil {
		column = w.Label(column)
	}
	w.problems = append(w.problems, RowError{Position: w.At, Column: column, Rule: rule, Detail: detail})
}

// Note tells a reader something that refuses nothing.
func (w *Row) Note(column string, rule Rule, detail string) {
	if w.Label != nil {
		column = w.Label(column)
	}
	w.notes = append(w.notes, RowError{Position: w.At, Column: column, Rule: rule, Note: true, Detail: detail})
}

// Failed reports whether the row has a problem.
func (w *Row) Failed() bool { return len(w.problems) > 0 }

// Emit delivers r and then the row's notes, or the row's problems instead.
func (w *Row) Emit(sink Sink, r *record.Record) error {
	rest := w.problems
	if !w.Failed() {
		if err := sink.Record(w.At, r); err != nil {
			return err
		}
		rest = w.notes
	}
	for _, e := range rest {
		if err := sink.Refuse(e); err != nil {
			return err
		}
	}
	return nil
}

// Fen reads an exact amount.
func (w *Row) Fen(column, s string) int64 { return w.money(column, s, record.ParseFen) }

// FenGrouped reads an exact amount that may have commas.
func (w *Row) FenGrouped(column, s string) int64 { return w.money(column, s, record.ParseFenGrouped) }

func (w *Row) money(column, s string, parse func(string) (int64, error)) int64 {
	if s == "" {
		w.Fail(column, RuleRequired, "amount is missing")
		return 0
	}
	fen, err := parse(s)
	if err != nil {
		w.Fail(column, RuleAmount, fmt.Sprintf("%q: %s", shorten(s, 40), moneyFault(err)))
		return 0
	}
	return fen
}

func moneyFault(err error) string {
	switch {
	case errors.Is(err, record.ErrMoneyPrecision):
		return "has digits beyond the fen, and nothing is rounded"
	case errors.Is(err, record.ErrMoneyRange):
		return "is too large"
	}
	return "is not a plain decimal number"
}

// Day reads a calendar day, with or without a time after it.
func (w *Row) Day(column, s string) int64 {
	if s == "" {
		w.Fail(column, RuleDate, "date is missing")
		return 0
	}
	day, ok := ParseDay(s)
	if !ok {
		w.Fail(column, RuleDate, fmt.Sprintf("%q is not a date", shorten(s, 40)))
	}
	return day
}

// Currency checks the form of an ISO 4217 code.
func (w *Row) Currency(column, s string) string {
	if len(s) != 3 || strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		w.Fail(column, RuleCurrency, fmt.Sprintf("%q is not a three-letter code", shorten(s, 16)))
	}
	return s
}

// Required checks that a text is there.
func (w *Row) Required(column, s string) string {
	if s == "" {
		w.Fail(column, RuleRequired, "value is missing")
	}
	return s
}

// Total checks that the parts give the total, to the fen.
func (w *Row) Total(column string, total int64, parts ...int64) {
	if w.Failed() {
		return
	}
	var sum int64
	for _, p := range parts {
		sum = record.AddFen(sum, p)
	}
	if sum != total {
		w.Fail(column, RuleTotal, fmt.Sprintf("says %s, parts give %s", record.FormatFen(total), record.FormatFen(sum)))
	}
}

// NationalNumberDigits is the length of the number of a 数电票.
const NationalNumberDigits = 20

// NationalNumber reports whether s is a number given by the tax bureau, which
// is unique in the country.
func NationalNumber(s string) bool {
	return len(s) == NationalNumberDigits && strings.Trim(s, "0123456789") == ""
}

// PurchaseID is the source id of a purchase: a supplier's own number is unique
// only together with the supplier.
func PurchaseID(number, seller string) string {
	if NationalNumber(number) {
		return number
	}
	return seller + ":" + number
}

var dayLayouts = []string{
	"2006-01-02", "2006-1-2", "2006/01/02", "2006/1/2", "20060102", "2006年01月02日", "2006年1月2日", "2006.01.02",
}

// ParseDay reads the calendar day at the start of s as the days since
// 1970-01-01. A time after it, with any zone, is ignored: a document's day is
// the day it names.
func ParseDay(s string) (int64, bool) {
	day := s
	if i := strings.IndexAny(s, "T "); i > 0 {
		day = s[:i]
		if i+1 >= len(s) || s[i+1] < '0' || s[i+1] > '9' {
			return 0, false
		}
	} else if (len(s) == len("20060102150405") || len(s) == len("20060102150405000")) && strings.Trim(s, "0123456789") == "" {
		day = s[:len("20060102")]
	} else if len(s) > len("2006-01-02") && s[4] == '-' {
		day = s[:10] // an ISO date may carry a zone: 2026-01-31+08:00
		if c := s[10]; c != '+' && c != '-' && c != 'Z' {
			return 0, false
		}
	}
	for _, layout := range dayLayouts {
		if t, err := time.Parse(layout, day); err == nil {
			return record.Day(t), true
		}
	}
	return 0, false
}

// Describe shortens free text to what a record may hold. It is for
// descriptions only: an identifier that is too long is refused.
func Describe(s string) string {
	return shorten(strings.Join(strings.Fields(s), " "), DescriptionBytes)
}
