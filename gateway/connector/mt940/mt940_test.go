package mt940_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/xinlian/xinlian/gateway/connector"
	ct "github.com/xinlian/xinlian/gateway/connector/connectortest"
	"github.com/xinlian/xinlian/gateway/connector/mt940"
	"github.com/xinlian/xinlian/internal/record"
)

func FuzzParse(f *testing.F) { ct.Fuzz(f, mt940.Parser{}) }

// line is a record as the tests below compare it.
func line(r *record.Record) string {
	fen, _ := r.Int("amount")
	day, _ := r.Int("date")
	direction, _ := r.Int("direction")
	status, _ := r.Int("status")
	return fmt.Sprintf("%s %s %s %s %d %d %s|%s|%s", r.Schema.ID, record.DayTime(day).Format("2006-01-02"), record.FormatFen(fen),
		r.Text("currency"), direction, status, r.Text("account"), r.Text("counterparty"), r.Text("description"))
}

func wantLines(t *testing.T, c *connector.Collector, want ...string) {
	t.Helper()
	if len(c.Records) != len(want) {
		t.Fatalf("%d records, want %d", len(c.Records), len(want))
	}
	for i, r := range c.Records {
		if got := line(r); got != want[i] {
			t.Errorf("record %d:\n got %s\nwant %s", i, got, want[i])
		}
	}
}

// A bare statement gives every movement with its sign, the booking day over the
// turn of the year, the reversals, and what the three forms of field 86 say.
func TestBare(t *testing.T) {
	t.Parallel()
	c := ct.Parse(t, mt940.Parser{}, ct.File(t, "bare.sta"))
	ct.Want(t, c.Problems)
	const account = "99000001/0123456789"
	wantLines(
		t, c,
		"bank-transaction 2025-12-31 250.50 CNY 1 1 "+account+"|Sample Hardware Trading|EREF+A-1SVWZ+Rechnung 7 thanks",
		"bank-transaction 2026-01-05 100.00 CNY 2 1 "+account+"||Rent January office",
		"bank-transaction 2026-01-06 50.00 CNY 2 3 "+account+"||",
		"bank-transaction 2026-01-07 0.25 CNY 1 3 "+account+"|Sample Packaging|Invoice 8",
		"bank-balance 2026-01-07 1100.75 CNY 0 0 "+account+"||",
	)
	if id := c.Records[1].SourceID(); id != account+":STARTUMS/00001/001/2025-12-31/2" {
		t.Errorf("source id %s", id)
	}
}

// A statement of two pages in block envelopes, with CRLF and in GB18030, closes
// once; the currency behind the account is not part of it.
func TestPages(t *testing.T) {
	t.Parallel()
	b := ct.File(t, "pages.sta")
	if !(mt940.Parser{}).Detect(b, "x") {
		t.Error("not detected")
	}
	c := ct.Parse(t, mt940.Parser{}, b)
	ct.Want(t, c.Problems)
	wantLines(
		t, c,
		"bank-transaction 2026-02-01 110.00 CNY 1 1 CN990000000000001||货款",
		"bank-transaction 2026-02-28 100.00 CNY 2 1 CN990000000000001||",
		"bank-balance 2026-02-28 0.00 CNY 0 0 CN990000000000001||",
	)
}

// A bad line is named and refused alone; a break of the balance and a missing
// page are notes.
func TestBadStatement(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		file, old, new string
		records        int
		want           []connector.RowError
	}{
		{"bare.sta", "D100,NMSC", "D100.00NMSC", 4, []connector.RowError{ct.At(2, ":61: amount", connector.RuleAmount)}},
		{"bare.sta", "D100,NMSC", "D100,005NMSC", 4, []connector.RowError{ct.At(2, ":61: amount", connector.RuleAmount)}},
		{"bare.sta", "D100,NMSC", "X100,NMSC", 4, []connector.RowError{ct.At(2, ":61:", connector.RuleColumns)}},
		{"bare.sta", "260105D100,NMSC", "260230D100,NMSC", 4, []connector.RowError{ct.At(2, ":61: date", connector.RuleDate)}},
		{"bare.sta", "2601021231C", "2601021331C", 4, []connector.RowError{ct.At(1, ":61: date", connector.RuleDate)}},
		{"bare.sta", "D100,NMSCKREF+", "D100,", 4, []connector.RowError{ct.At(2, ":61: type", connector.RuleCode)}},
		{"bare.sta", "Rent", "Re\x00nt", 4, []connector.RowError{ct.At(2, ":86:", connector.RuleEncoding)}},
		{"bare.sta", ":62F:C260107CNY1100,75", ":62F:C260107CNY1100,76", 5, []connector.RowError{ct.At(0, ":62F:", connector.RuleBalance)}},
		{"bare.sta", ":62F:C260107CNY1100,75", ":62F:C260107CNY", 4, []connector.RowError{ct.At(0, ":62F:", connector.RuleAmount)}},
		{"bare.sta", ":62F:C260107CNY1100,75\n", "", 4, []connector.RowError{ct.At(0, ":62F:", connector.RuleRequired)}},
		{"bare.sta", ":25:99000001/0123456789", ":25:", 0, []connector.RowError{ct.At(0, ":25:", connector.RuleRequired)}},
		{"bare.sta", "D100,NMSC", "ED100,NMSC", 4, []connector.RowError{ct.At(2, ":61:", connector.RulePending), ct.At(0, ":62F:", connector.RuleBalance)}},
		{"bare.sta", ":20:STARTUMS\n", "", 0, []connector.RowError{ct.At(0, "", connector.RuleFileType)}},
		{"bare.sta", "940\n", "\xff\xfe9\x00", 0, []connector.RowError{ct.At(0, "", connector.RuleEncoding)}},
		{"bare.sta", "Rent", strings.Repeat("x", connector.LineBytesMax), 1, []connector.RowError{ct.At(0, "", connector.RuleLength)}},
		{"pages.sta", ":60M:C260201CNY100,00", ":60M:C260201CNY100,01", 3, []connector.RowError{ct.At(0, ":60M:", connector.RuleBalance), ct.At(0, ":62F:", connector.RuleBalance)}},
		{"pages.sta", ":60M:C260201CNY100,00", ":60F:C260201CNY100,00", 3, []connector.RowError{ct.At(0, ":62M:", connector.RuleBalance)}},
		{"pages.sta", ":62F:", ":62M:", 2, []connector.RowError{ct.At(0, ":62M:", connector.RuleBalance)}},
	} {
		b := ct.File(t, c.file)
		if !bytes.Contains(b, []byte(c.old)) {
			t.Fatalf("%s has no %q", c.file, c.old)
		}
		got := ct.Parse(t, mt940.Parser{}, bytes.Replace(b, []byte(c.old), []byte(c.new), 1))
		t.Logf("%q", c.new[:min(40, len(c.new))])
		ct.Want(t, got.Problems, c.want...)
		if len(got.Records) != c.records {
			t.Errorf("%d records, want %d", len(got.Records), c.records)
		}
	}
}

// A statement of someone else's account gives one problem and no record.
func TestForeignAccount(t *testing.T) {
	t.Parallel()
	var c connector.Collector
	src := connector.Source{Name: "s", Reader: bytes.NewReader(ct.File(t, "pages.sta"))}
	if _, err := (connector.Set{mt940.Parser{}}).Parse(t.Context(), src, connector.Auto, connector.Owner{Accounts: []string{"CN99 0000 0000 0000 02"}}, &c); err != nil || len(c.Records) != 0 {
		t.Fatal(len(c.Records), err)
	}
	ct.Want(t, c.Problems, ct.At(0, ":25:", connector.RuleOwner), ct.At(0, ":25:", connector.RuleOwner))
}

// Text that is neither UTF-8 nor pairs of GB18030 is Latin; no amount depends on it.
func TestLatinText(t *testing.T) {
	t.Parallel()
	b := bytes.Replace(ct.File(t, "bare.sta"), []byte("Rent January"), []byte("Geb\xfchr f\xfcr"), 1)
	c := ct.Parse(t, mt940.Parser{}, b)
	ct.Want(t, c.Problems)
	if got := c.Records[1].Text("description"); got != "Gebühr für office" {
		t.Errorf("description %q", got)
	}
}
