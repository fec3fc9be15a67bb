package sample_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/xinlian/xinlian/gateway/connector"
	"github.com/xinlian/xinlian/gateway/connector/format"
	"github.com/xinlian/xinlian/internal/record"
	"github.com/xinlian/xinlian/internal/sample"
)

// parse reads a book's files as a gateway would: one run, types told by content.
func parse(t *testing.T, b *sample.Book) *connector.Collector {
	t.Helper()
	var c connector.Collector
	owner := connector.Owner{TaxNumber: b.Owner.TaxNumber, Name: b.Owner.Name, Accounts: []string{b.Owner.Account}}
	run := connector.NewRun(format.All, owner, &c)
	for _, f := range b.Files() {
		sum, err := run.Parse(context.Background(), connector.Source{Name: f.Name, Reader: bytes.NewReader(f.Data), Size: int64(len(f.Data))}, connector.Auto)
		if err != nil {
			t.Fatal(err)
		}
		if sum.Format != f.Format {
			t.Fatalf("%s: told as %q, is %q", f.Name, sum.Format, f.Format)
		}
	}
	return &c
}

func canonical(t *testing.T, records []*record.Record) []string {
	t.Helper()
	out := make([]string, len(records))
	for i, r := range records {
		b, err := r.Canonical()
		if err != nil {
			t.Fatalf("%s: %v", r.SourceID(), err)
		}
		out[i] = string(b)
	}
	slices.Sort(out)
	return out
}

// The files of a book read back, through the real connectors, to exactly the
// book's records and nothing else.
func TestFilesReadBack(t *testing.T) {
	t.Parallel()
	for _, p := range []sample.Profile{sample.Healthy, sample.Thin, sample.Fraud, sample.Random} {
		for seed := range uint64(4) {
			t.Run(fmt.Sprintf("%s-%d", p, seed), func(t *testing.T) {
				t.Parallel()
				b := sample.Make(sample.Options{Seed: seed, Profile: p})
				got := parse(t, b)
				for _, e := range got.Problems {
					t.Fatalf("problem: %v", &e)
				}
				if want, have := canonical(t, b.Records), canonical(t, got.Records); !slices.Equal(want, have) {
					t.Fatalf("%d records read, %d in the book, or other values", len(have), len(want))
				}
			})
		}
	}
}

// The deliberately broken row is named by file, row, column, rule and remedy,
// and costs no other record.
func TestBrokenRow(t *testing.T) {
	t.Parallel()
	for _, p := range sample.Profiles {
		b := sample.Make(sample.Options{Seed: 7, Profile: p, BrokenRow: true})
		got := parse(t, b)
		if len(got.Problems) != 1 {
			t.Fatalf("%s: %d problems, want 1: %v", p, len(got.Problems), got.Problems)
		}
		e := got.Problems[0]
		if e.File != b.Broken.File || e.Row != b.Broken.Row || e.Column != b.Broken.Column || string(e.Rule) != b.Broken.Rule || e.Remedy == "" {
			t.Errorf("%s: %v, want %+v", p, &e, b.Broken)
		}
		if !slices.Equal(canonical(t, b.Records), canonical(t, got.Records)) {
			t.Errorf("%s: other records were lost", p)
		}
	}
}

// golden are the hashes of all files: the same seed must give the same bytes on
// every machine and Go version. They change only when the maker is changed.
var golden = map[sample.Profile]string{
	sample.Healthy: "3fc6aada42cb3575ade58abda22bfeae4f7b12c276c747d2ab8ef88f173ff7e9",
	sample.Thin:    "ce9b8b926207ff0b72c23e6252523a8c3722693dd4147c8c72c86c0716ce1435",
	sample.Fraud:   "97cc626dc91bc43385832600a53bdd97a035f1cc8cd52f01459868a64f41dc82",
}

func hashOf(files []sample.File) string {
	h := sha256.New()
	for _, f := range files {
		fmt.Fprintf(h, "%s %d\n", f.Name, len(f.Data))
		h.Write(f.Data)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Same seed, same bytes.
func TestGolden(t *testing.T) {
	t.Parallel()
	for p, want := range golden {
		got := hashOf(sample.Make(sample.Options{Seed: 1, Profile: p}).Files())
		if got != want {
			t.Errorf("%s: %s, want %s", p, got, want)
		}
		if other := hashOf(sample.Make(sample.Options{Seed: 2, Profile: p}).Files()); other == got {
			t.Errorf("%s: two seeds, one book", p)
		}
	}
}

// The bank account adds up to the fen in every month and is never overdrawn.
func TestBalances(t *testing.T) {
	t.Parallel()
	for _, p := range sample.Profiles {
		for seed := range uint64(10) {
			b := sample.Make(sample.Options{Seed: seed, Profile: p})
			byMonth := map[uint32]int64{}
			closing := map[uint32]int64{}
			for _, r := range b.Records {
				day, _ := r.Int("date")
				fen, _ := r.Int("amount")
				switch direction, _ := r.Int("direction"); {
				case r.Schema == record.BankBalance:
					closing[record.Month(day)] = fen
				case r.Schema != record.BankTransaction:
				case direction == record.DirectionIn:
					byMonth[record.Month(day)] += fen
				default:
					byMonth[record.Month(day)] -= fen
				}
			}
			if len(closing) != sample.Months {
				t.Fatalf("%s: %d closing balances", p, len(closing))
			}
			months := make([]uint32, 0, len(closing))
			for m := range closing {
				months = append(months, m)
			}
			slices.Sort(months)
			for i, m := range months {
				if closing[m] < 0 {
					t.Errorf("%s %d: overdrawn in %d", p, seed, m)
				}
				if i > 0 && closing[months[i-1]]+byMonth[m] != closing[m] {
					t.Errorf("%s %d: %d does not add up", p, seed, m)
				}
			}
		}
	}
}

// Every name, tax number and account is in a range that is issued to nobody.
func TestInvented(t *testing.T) {
	t.Parallel()
	b := sample.Make(sample.Options{Seed: 3, Profile: sample.Fraud})
	if !strings.HasPrefix(b.Owner.Name, "样本") || !strings.HasPrefix(b.Owner.TaxNumber, "99000000") || len(b.Owner.TaxNumber) != 18 || !strings.HasPrefix(b.Owner.Account, "99") {
		t.Errorf("owner %+v", b.Owner)
	}
	for _, r := range b.Records {
		if c := r.Text("counterparty"); c != "" && !strings.HasPrefix(c, "样本") && c != "代发工资" {
			t.Errorf("counterparty %q", c)
		}
	}
}

// The volumes are those of a firm of that size, small enough for a quick demo.
func TestVolumes(t *testing.T) {
	t.Parallel()
	for p, want := range map[sample.Profile][4]int{ // bank rows from to, invoices from to
		sample.Healthy: {1200, 1900, 1000, 1500},
		sample.Thin:    {400, 800, 250, 600},
		sample.Fraud:   {600, 1400, 600, 1100},
	} {
		b := sample.Make(sample.Options{Seed: 1, Profile: p})
		var bank, invoices int
		for _, r := range b.Records {
			switch r.Schema {
			case record.BankTransaction:
				bank++
			case record.SalesInvoice, record.PurchaseInvoice:
				invoices++
			}
		}
		var size int
		for _, f := range b.Files() {
			size += len(f.Data)
		}
		t.Logf("%s: %d bank rows, %d invoices, %d files, %d bytes", p, bank, invoices, len(b.Files()), size)
		if bank < want[0] || bank > want[1] || invoices < want[2] || invoices > want[3] {
			t.Errorf("%s: %d bank rows, %d invoices; want %v", p, bank, invoices, want)
		}
	}
}

// Write puts on disk what Files gives.
func TestWrite(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b := sample.Make(sample.Options{Seed: 1, Profile: sample.Thin})
	if err := b.Write(dir); err != nil {
		t.Fatal(err)
	}
	for _, f := range b.Files() {
		got, err := os.ReadFile(filepath.Join(dir, f.Name))
		if err != nil || !bytes.Equal(got, f.Data) {
			t.Fatalf("%s: %d bytes, %v", f.Name, len(got), err)
		}
	}
}
