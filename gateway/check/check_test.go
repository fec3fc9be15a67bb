package check_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/width"

	"github.com/xinlian/xinlian/gateway/check"
	"github.com/xinlian/xinlian/internal/record"
	"github.com/xinlian/xinlian/internal/sample"
)

const seeds = 20

func blocking(findings []check.Finding) []string {
	var out []string
	for _, f := range findings {
		if f.Severity == check.Blocking {
			out = append(out, string(f.Code))
		}
	}
	return out
}

// Honest books, the small late-paid ones included, have no blocking finding.
func TestHonestBooksPass(t *testing.T) {
	t.Parallel()
	for _, p := range []sample.Profile{sample.Healthy, sample.Thin, sample.Random} {
		for seed := range uint64(seeds) {
			found := check.Run(sample.Make(sample.Options{Seed: seed, Profile: p}).Records)
			if check.Blocked(found) {
				t.Errorf("%s %d: %+v", p, seed, found)
			}
			if len(found) > 0 && testing.Verbose() {
				t.Logf("%s %d: %s %d", p, seed, found[0].Code, found[0].ShareBps)
			}
		}
	}
}

// The planted fraud is found for what was planted, and for nothing else: sales
// without receipts, money out again on the same day, circular trade, round
// amounts.
func TestFraudIsFound(t *testing.T) {
	t.Parallel()
	want := []string{"unmatched-sales", "same-day-in-out", "circular-trade", "round-amounts"}
	for seed := range uint64(seeds) {
		b := sample.Make(sample.Options{Seed: seed, Profile: sample.Fraud})
		found := check.Run(b.Records)
		if got := blocking(found); !slices.Equal(got, want) {
			t.Errorf("%d: blocking %v, want %v", seed, got, want)
		}
		for _, f := range found {
			if len(f.Evidence) == 0 || len(f.Evidence) > check.EvidenceMax || f.ZH == "" || f.EN == "" || f.Count == 0 {
				t.Errorf("%d: finding without evidence or text: %+v", seed, f)
			}
		}
	}
}

// The order in which records come does not change a finding.
func TestOrderDoesNotMatter(t *testing.T) {
	t.Parallel()
	records := sample.Make(sample.Options{Seed: 5, Profile: sample.Fraud}).Records
	want := check.Run(records)
	slices.Reverse(records)
	if diff := cmp.Diff(want, check.Run(records)); diff != "" {
		t.Error(diff)
	}
}

// Each kind of damage to honest books is found under its own code, and only
// there.
func TestDamage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		damage func([]*record.Record) []*record.Record
		want   string
	}{
		{"no bank", without(record.BankTransaction, record.BankBalance), "missing-source"},
		{"no sales", without(record.SalesInvoice, record.PlatformSales), "missing-source"},
		{"one movement removed", dropOne, "balance-break"},
		{"one amount raised", raiseOne, "balance-break"},
		{"three months removed", dropMonths(3), "month-gap balance-break"},
		{"number used twice", reuseNumber(strings.Clone), "duplicate-number"},
		{"number used twice, written otherwise", reuseNumber(otherwise), "duplicate-number"},
		{"receipts removed", dropReceipts, "unmatched-sales balance-break"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := sample.Make(sample.Options{Seed: 11, Profile: sample.Healthy})
			if got := strings.Join(blocking(check.Run(c.damage(b.Records))), " "); got != c.want {
				t.Errorf("blocking %q, want %q", got, c.want)
			}
		})
	}
}

// One month missing is a warning, not a block: a statement may be late.
func TestOneMonthMissing(t *testing.T) {
	t.Parallel()
	b := sample.Make(sample.Options{Seed: 11, Profile: sample.Healthy})
	for _, f := range check.Run(dropMonths(1)(b.Records)) {
		if f.Code == check.MonthGap && (f.Severity != check.Warning || f.Count != 1) {
			t.Errorf("%+v", f)
		}
	}
}

// Invoices at weekends, twins and voids are warnings.
func TestWarnings(t *testing.T) {
	t.Parallel()
	const saturday = 20_456 // 2026-01-03
	var records []*record.Record
	for i := range int64(30) {
		status := int64(record.StatusNormal)
		if i%3 == 0 {
			status = record.StatusVoid
		}
		records = append(records, record.New(record.SalesInvoice).
			SetText("source_id", fmt.Sprintf("N%02d", i)).SetInt("date", saturday).SetInt("amount", 113_37).
			SetText("currency", "CNY").SetInt("direction", record.DirectionIn).SetInt("status", status).
			SetInt("net", 100_33).SetInt("tax", 13_04).SetText("counterparty", "样本客户"))
	}
	warned := map[check.Code]check.Finding{}
	for _, f := range check.Run(records) {
		if f.Severity == check.Warning {
			warned[f.Code] = f
		}
	}
	if f := warned[check.WeekendInvoices]; f.Count != 20 || f.ShareBps != 10_000 {
		t.Errorf("weekend %+v", f)
	}
	if f := warned[check.InvoiceTwins]; f.Count != 19 {
		t.Errorf("twins %+v", f)
	}
	if f := warned[check.VoidRate]; f.Count != 10 || f.ShareBps != 3333 {
		t.Errorf("voids %+v", f)
	}
}

func without(schemas ...*record.Schema) func([]*record.Record) []*record.Record {
	return func(records []*record.Record) []*record.Record {
		return slices.DeleteFunc(records, func(r *record.Record) bool { return slices.Contains(schemas, r.Schema) })
	}
}

// middle is the index of the bank movement in the middle of the book.
func middle(records []*record.Record) int {
	var at []int
	for i, r := range records {
		if r.Schema == record.BankTransaction {
			at = append(at, i)
		}
	}
	return at[len(at)/2]
}

func dropOne(records []*record.Record) []*record.Record {
	i := middle(records)
	return slices.Delete(records, i, i+1)
}

func raiseOne(records []*record.Record) []*record.Record {
	r := records[middle(records)]
	fen, _ := r.Int("amount")
	r.SetInt("amount", fen+1)
	return records
}

func dropMonths(n uint32) func([]*record.Record) []*record.Record {
	return func(records []*record.Record) []*record.Record {
		return slices.DeleteFunc(records, func(r *record.Record) bool {
			day, _ := r.Int("date")
			m := record.Month(day)
			return r.Schema == record.BankTransaction && m >= 202503 && m < 202503+n
		})
	}
}

func reuseNumber(write func(string) string) func([]*record.Record) []*record.Record {
	return func(records []*record.Record) []*record.Record {
		var first *record.Record
		for _, r := range records {
			if r.Schema != record.SalesInvoice {
				continue
			}
			if first != nil {
				r.SetText("source_id", write(first.SourceID()))
				return records
			}
			first = r
		}
		return records
	}
}

// otherwise is a number as another program writes it: full-width and spaced.
func otherwise(number string) string { return " " + width.Widen.String(number) + " " }

// dropReceipts removes every second receipt of a customer.
func dropReceipts(records []*record.Record) []*record.Record {
	n := 0
	return slices.DeleteFunc(records, func(r *record.Record) bool {
		direction, _ := r.Int("direction")
		if r.Schema != record.BankTransaction || direction != record.DirectionIn || !strings.HasPrefix(r.Text("description"), "货款") {
			return false
		}
		n++
		return n%2 == 0
	})
}
