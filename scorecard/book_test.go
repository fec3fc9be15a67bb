package scorecard

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/xinlian/xinlian/internal/record"
)

// The tests write books as lines of text, one record a line:
//
//	sale     id date party net [normal|void|red] [key=value…]
//	purchase id date party net [normal|void|red] [key=value…]
//	platform id date net refunds
//	bank     id date account in|out amount [normal|void|red] [party=…] [text=…]
//	balance  id date account amount
//
//	SCHEMA   id date amount [void|red] [field=value…]
//
// The last is a record of any schema by its id; required fields that are not
// given are 0, the first code, "x", or the record's date.
// Amounts are fen; keys of the others are total, due, paid, currency. The total with tax is
// the net amount unless stated.
func parseBook(t testing.TB, lines ...string) []*record.Record {
	t.Helper()
	var records []*record.Record
	for _, block := range lines {
		for _, line := range strings.Split(block, "\n") {
			if line = strings.TrimSpace(line); line != "" {
				records = append(records, parseLine(t, line))
			}
		}
	}
	return records
}

func parseLine(t testing.TB, line string) *record.Record {
	t.Helper()
	var words []string
	options := map[string]string{"currency": "CNY", "normal": "1"}
	for _, w := range strings.Fields(line) {
		if key, value, ok := strings.Cut(w, "="); ok {
			options[key] = value
		} else {
			words = append(words, w)
		}
	}
	status := int64(record.StatusNormal)
	switch words[len(words)-1] {
	case "void":
		status = record.StatusVoid
	case "red":
		status = record.StatusRed
	}
	kind, id, date := words[0], words[1], parseDay(t, words[2])
	fill := func(s *record.Schema) *record.Record {
		return record.New(s).SetText("source_id", id).SetInt("date", date).SetText("currency", options["currency"])
	}
	switch kind {
	case "sale", "purchase":
		s, direction := record.SalesInvoice, int64(record.DirectionIn)
		if kind == "purchase" {
			s, direction = record.PurchaseInvoice, record.DirectionOut
		}
		net := parseInt(t, words[4])
		total := net
		if v, ok := options["total"]; ok {
			total = parseInt(t, v)
		}
		r := fill(s).SetText("counterparty", words[3]).SetInt("net", net).SetInt("amount", total).
			SetInt("tax", total-net).SetInt("direction", direction).SetInt("status", status)
		for _, key := range []string{"due", "paid"} {
			if v, ok := options[key]; ok {
				r.SetInt(key, parseDay(t, v))
			}
		}
		return r
	case "platform":
		return fill(record.PlatformSales).SetInt("amount", parseInt(t, words[3])).SetInt("refunds", parseInt(t, words[4])).
			SetInt("orders", 1).SetInt("direction", record.DirectionIn).SetInt("status", status)
	case "bank":
		direction := int64(record.DirectionIn)
		if words[4] == "out" {
			direction = record.DirectionOut
		}
		return fill(record.BankTransaction).SetText("account", words[3]).SetText("counterparty", options["party"]).
			SetText("description", options["text"]).SetInt("direction", direction).
			SetInt("amount", parseInt(t, words[5])).SetInt("status", status)
	case "balance":
		return fill(record.BankBalance).SetText("account", words[3]).SetInt("amount", parseInt(t, words[4]))
	}
	schema, ok := record.Latest(kind)
	if !ok {
		t.Fatalf("unknown record %q", line)
	}
	return fact(t, fill(schema), words[3], status, options)
}

// fact fills in a record of any schema.
func fact(t testing.TB, r *record.Record, amount string, status int64, options map[string]string) *record.Record {
	t.Helper()
	day, _ := r.Int("date")
	for i, f := range r.Schema.Fields {
		text, given := options[f.Name]
		switch {
		case f.Name == "amount":
			r.SetInt(f.Name, parseInt(t, amount))
		case f.Name == "status":
			r.SetInt(f.Name, status)
		case r.Values[i].Present || !given && !f.Required:
		case f.Type == record.Text && !given:
			r.SetText(f.Name, "x")
		case f.Type == record.Text:
			r.SetText(f.Name, text)
		case f.Type == record.Date && !given:
			r.SetInt(f.Name, day)
		case f.Type == record.Date:
			r.SetInt(f.Name, parseDay(t, text))
		case f.Type == record.Code && !given:
			r.SetInt(f.Name, 1)
		case f.Type == record.Code:
			r.SetInt(f.Name, int64(slices.Index(f.Codes, text)+1))
		case !given:
			r.SetInt(f.Name, 0)
		default:
			r.SetInt(f.Name, parseInt(t, text))
		}
	}
	return r
}

func parseInt(t testing.TB, s string) int64 {
	t.Helper()
	v, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func parseDay(t testing.TB, s string) int64 {
	t.Helper()
	d, err := time.Parse(time.DateOnly, s)
	if err != nil {
		t.Fatal(err)
	}
	return record.Day(d)
}

// months12 writes one line per month of the window 2025-08 to 2026-07, with the
// verbs %[1]d for the number of the month from 1 and %[2]s for its 10th day.
func months12(format string) string {
	var b strings.Builder
	for i := range 12 {
		day := time.Date(2025, time.Month(8+i), 10, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
		fmt.Fprintf(&b, format+"\n", i+1, day)
	}
	return b.String()
}
