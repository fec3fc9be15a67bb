package record_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/xinlian/xinlian/internal/canon"
	"github.com/xinlian/xinlian/internal/record"
)

var update = flag.Bool("update", false, "rewrite the files in testdata")

// full is a record with every field set, each to a value of its own.
func full(s *record.Schema) *record.Record {
	r := record.New(s)
	for i, f := range s.Fields {
		switch f.Type {
		case record.Text:
			r.SetText(f.Name, fmt.Sprintf("%s 信 %d", f.Name, i))
		case record.Date:
			r.SetInt(f.Name, 19_000+int64(i))
		case record.Code:
			r.SetInt(f.Name, f.Max)
		default:
			r.SetInt(f.Name, 100+int64(i))
		}
	}
	return r
}

// sparse is a record with its required fields only.
func sparse(s *record.Schema) *record.Record {
	r := full(s)
	for i, f := range s.Fields {
		if !f.Required {
			r.Values[i] = record.Value{}
		}
	}
	return r
}

// TestGolden proves that hashes of schemas, canonical bytes and leaf hashes never
// change: anchors on chain hang on all three.
func TestGolden(t *testing.T) {
	t.Parallel()
	var schemas, leaves strings.Builder
	salt := bytes.Repeat([]byte{0xa5}, record.SaltBytes)
	for _, s := range record.Schemas {
		fmt.Fprintf(&schemas, "%s %d %x\n", s.ID, s.Version, s.Hash())
		for _, r := range []*record.Record{full(s), sparse(s)} {
			b, err := r.Canonical()
			if err != nil {
				t.Fatalf("%s: %v", s.ID, err)
			}
			fmt.Fprintf(&leaves, "%s %d\n  canonical %x\n  leaf %x\n", s.ID, s.Version, b, record.LeafHash(42, s, salt, b))
		}
	}
	golden(t, "testdata/schemas.golden", schemas.String())
	golden(t, "testdata/leaves.golden", leaves.String())
}

// TestRoundTrip proves that decoding gives back every value, present or missing,
// and encodes again to the same bytes.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	for _, s := range record.Schemas {
		for _, r := range []*record.Record{full(s), sparse(s)} {
			b, err := r.Canonical()
			if err != nil {
				t.Fatalf("%s: %v", s.ID, err)
			}
			back, err := record.Decode(b)
			if err != nil {
				t.Fatalf("%s: %v", s.ID, err)
			}
			if back.Schema != s || back.SourceID() != r.SourceID() {
				t.Errorf("%s: came back as %s, %q", s.ID, back.Schema.ID, back.SourceID())
			}
			for i, f := range s.Fields {
				if back.Values[i] != r.Values[i] {
					t.Errorf("%s.%s: got %+v, want %+v", s.ID, f.Name, back.Values[i], r.Values[i])
				}
			}
		}
	}
}

// TestSchemas proves what readers of records rely on: ids in ascending order and
// unique, a source id first, names unique, bounds sensible, and the longest
// record within CanonicalBytesMax.
func TestSchemas(t *testing.T) {
	t.Parallel()
	last, version := "", uint16(0)
	hashes := map[[32]byte]string{}
	for _, s := range record.Schemas {
		if s.ID < last || s.ID == last && s.Version != version+1 {
			t.Errorf("%s version %d stands after %s version %d", s.ID, s.Version, last, version)
		}
		last, version = s.ID, s.Version
		if other, ok := hashes[s.Hash()]; ok {
			t.Errorf("%s and %s have one hash", s.ID, other)
		}
		hashes[s.Hash()] = s.ID
		if found, ok := record.Find(s.ID, s.Version); !ok || found != s {
			t.Errorf("%s: not found by its own name", s.ID)
		}
		if strings.HasPrefix(s.Category.String(), "category(") {
			t.Errorf("%s: category %d has no name", s.ID, s.Category)
		}
		if f := s.Fields[0]; f.Name != "source_id" || f.Type != record.Text || !f.Required {
			t.Errorf("%s: first field is %+v", s.ID, f)
		}
		longest := record.New(s)
		for i, f := range s.Fields {
			if s.Index(f.Name) != i {
				t.Errorf("%s: two fields %s", s.ID, f.Name)
			}
			if f.Min > f.Max || f.ZH == "" || f.EN == "" || (f.Type == record.Code) != (len(f.Codes) > 0) {
				t.Errorf("%s.%s: %+v", s.ID, f.Name, f)
			}
			if f.Type == record.Text {
				longest.SetText(f.Name, strings.Repeat("x", int(f.Max)))
			} else {
				longest.SetInt(f.Name, f.Max)
			}
		}
		if b, err := longest.Canonical(); err != nil || len(b) > record.CanonicalBytesMax {
			t.Errorf("%s: longest record has %d bytes, %v", s.ID, len(b), err)
		}
	}
	if _, ok := record.Find("sales-invoice", 3); ok {
		t.Error("found a version that does not exist")
	}
	if s, ok := record.Latest("sales-invoice"); !ok || s != record.SalesInvoice {
		t.Error("the latest sales invoice is not the one of new records")
	}
	if _, ok := record.Latest("sales-invoices"); ok {
		t.Error("found a schema that does not exist")
	}
}

// TestFieldErrors proves that each rule refuses the first value beyond its bound,
// accepts the bound itself, and names the field.
func TestFieldErrors(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", record.TextMax)
	cases := []struct {
		name  string
		field string
		value record.Value
		rule  string // empty: accepted
	}{
		{"required text missing", "source_id", record.Value{}, "required"},
		{"required amount missing", "amount", record.Value{}, "required"},
		{"required code missing", "status", record.Value{}, "required"},
		{"optional date missing", "due", record.Value{}, ""},
		{"required text empty", "source_id", record.Value{Present: true}, "length"},
		{"text at its bound", "source_id", record.Value{Present: true, Text: long}, ""},
		{"text too long", "source_id", record.Value{Present: true, Text: long + "x"}, "length"},
		{"text too long in bytes, not in characters", "source_id", record.Value{Present: true, Text: strings.Repeat("信", 86)}, "length"},
		{"greatest amount", "amount", record.Value{Present: true, Int: record.AmountMax}, ""},
		{"amount too great", "amount", record.Value{Present: true, Int: record.AmountMax + 1}, "range"},
		{"least amount", "amount", record.Value{Present: true, Int: -record.AmountMax}, ""},
		{"amount too small", "amount", record.Value{Present: true, Int: -record.AmountMax - 1}, "range"},
		{"first day", "date", record.Value{Present: true, Int: record.DateMin}, ""},
		{"day before", "date", record.Value{Present: true, Int: record.DateMin - 1}, "range"},
		{"last day", "due", record.Value{Present: true, Int: record.DateMax}, ""},
		{"day after, in an optional field", "due", record.Value{Present: true, Int: record.DateMax + 1}, "range"},
		{"first code", "status", record.Value{Present: true, Int: record.StatusNormal}, ""},
		{"code zero", "status", record.Value{Present: true}, "code"},
		{"last code", "status", record.Value{Present: true, Int: record.StatusRed}, ""},
		{"code behind the last", "status", record.Value{Present: true, Int: record.StatusRed + 1}, "code"},
	}
	for _, c := range cases {
		r := full(record.SalesInvoice)
		r.Values[r.Schema.Index(c.field)] = c.value
		checkFieldError(t, c.name, r, c.field, c.rule)
	}
	orders := full(record.PlatformSales).SetInt("orders", -1)
	checkFieldError(t, "negative count", orders, "orders", "range")
}

func checkFieldError(t *testing.T, name string, r *record.Record, field, rule string) {
	t.Helper()
	err := r.Validate()
	if _, canonErr := r.Canonical(); (err == nil) != (canonErr == nil) {
		t.Errorf("%s: Validate says %v, Canonical %v", name, err, canonErr)
	}
	if rule == "" {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		return
	}
	var fe *record.FieldError
	if !errors.As(err, &fe) || !errors.Is(err, record.ErrField) || fe.Field != field || fe.Rule != rule {
		t.Errorf("%s: got %v, want %s: %s", name, err, field, rule)
	}
}

// TestText proves that a decomposed text is composed by SetText, that one which
// got past it is never hashed, and that an empty text is a missing one.
func TestText(t *testing.T) {
	t.Parallel()
	r := full(record.SalesInvoice).SetText("counterparty", "Cafe\u0301")
	if got := r.Text("counterparty"); got != "Café" {
		t.Errorf("got %q", got)
	}
	i := r.Schema.Index("counterparty")
	for _, bad := range []string{"Cafe\u0301", "\xff"} {
		r.Values[i].Text = bad
		if _, err := r.Canonical(); !errors.Is(err, canon.ErrText) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if r = record.New(record.SalesInvoice).SetText("counterparty", ""); r.Values[i].Present {
		t.Error("an empty text is present")
	}
	if r.Text("no such field") != "" {
		t.Error("an unknown field has text")
	}
	if v, ok := r.Int("amount"); v != 0 || ok {
		t.Errorf("a missing amount is %d, %v", v, ok)
	}
}

// TestMissingIsNotZero proves that a missing value and a zero have two hashes.
func TestMissingIsNotZero(t *testing.T) {
	t.Parallel()
	a, errA := sparse(record.SalesInvoice).Canonical()
	b, errB := sparse(record.SalesInvoice).SetInt("due", record.DateMin).Canonical()
	c, errC := sparse(record.PlatformSales).SetInt("refunds", 0).Canonical()
	if errA != nil || errB != nil || errC != nil || bytes.Equal(a, b) || len(c) == 0 {
		t.Errorf("%x %v, %x %v, %v", a, errA, b, errB, errC)
	}
}

// TestSetUnknownFieldPanics proves that a misspelt name cannot drop a value.
func TestSetUnknownFieldPanics(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	record.New(record.SalesInvoice).SetInt("ammount", 1)
}

// TestDecodeRefuses proves that bytes of another kind, schema, version or size
// are refused, and values that break the schema.
func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	good, err := full(record.BankBalance).Canonical()
	if err != nil {
		t.Fatal(err)
	}
	encoded := func(w *canon.Writer) []byte {
		b, err := w.Encoded()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	missing := canon.New("record-body").String("bank-balance").Uint16(1)
	for range record.BankBalance.Fields {
		missing.Bool(false)
	}
	cases := []struct {
		name string
		in   []byte
		want error // nil: any error
	}{
		{"empty", nil, canon.ErrShort},
		{"cut", good[:len(good)-1], canon.ErrShort},
		{"trailing", append(bytes.Clone(good), 0), canon.ErrTrailing},
		{"other kind", encoded(canon.New("record").String("bank-balance").Uint16(1)), canon.ErrDomain},
		{"unknown schema", encoded(canon.New("record-body").String("bank-balances").Uint16(1)), nil},
		{"unknown version", encoded(canon.New("record-body").String("bank-balance").Uint16(2)), nil},
		{"nothing present", encoded(missing), record.ErrField},
		{"too long", make([]byte, record.CanonicalBytesMax+1), nil},
	}
	for _, c := range cases {
		_, err := record.Decode(c.in)
		if err == nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
	}
}

// TestLeaf proves that enterprise, schema, salt and content each change the leaf,
// and that its data is what the format says, field by field.
func TestLeaf(t *testing.T) {
	t.Parallel()
	salt, other := make([]byte, record.SaltBytes), bytes.Repeat([]byte{1}, record.SaltBytes)
	body := []byte("canonical bytes")
	leaves := [][]byte{
		record.LeafHash(1, record.SalesInvoice, salt, body),
		record.LeafHash(2, record.SalesInvoice, salt, body),
		record.LeafHash(1, record.PurchaseInvoice, salt, body),
		record.LeafHash(1, record.SalesInvoice, other, body),
		record.LeafHash(1, record.SalesInvoice, salt, []byte("other bytes")),
	}
	for i := range leaves {
		for j := range i {
			if bytes.Equal(leaves[i], leaves[j]) {
				t.Errorf("leaves %d and %d are equal", i, j)
			}
		}
	}
	r := canon.Open("record", record.LeafData(1, record.SalesInvoice, salt, body))
	if r.Uint64() != 1 || record.Category(r.Uint8()) != record.CategoryInvoice || r.String() != "sales-invoice" ||
		r.Uint16() != record.SalesInvoice.Version || !bytes.Equal(r.Fixed(32), salt) {
		t.Error("leaf data has other fields")
	}
	const sum = "a62cbfa5ab07ca2085092bb00488c2256b93dedcd2a8bd88e65b6ee055d7a499" // SHA-256 of body
	if got := hex.EncodeToString(r.Fixed(32)); got != sum || r.Done() != nil {
		t.Errorf("content hash %s, %v", got, r.Err())
	}
}

// TestDay proves that a day is the calendar day of the document's own zone, on
// both sides of the epoch, and that its month follows.
func TestDay(t *testing.T) {
	t.Parallel()
	shanghai := time.FixedZone("CST", 8*3600)
	cases := []struct {
		at    time.Time
		day   int64
		month uint32
	}{
		{time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC), 0, 197001},
		{time.Date(1969, 12, 31, 23, 59, 59, 0, time.UTC), -1, 196912},
		{time.Date(2024, 2, 29, 23, 59, 59, 0, shanghai), 19782, 202402},
		{time.Date(2024, 3, 1, 0, 0, 0, 0, shanghai), 19783, 202403}, // still February in UTC
		{time.Date(1980, 1, 1, 0, 0, 0, 0, shanghai), record.DateMin, 198001},
		{time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC), record.DateMax, 210001},
	}
	for _, c := range cases {
		day := record.Day(c.at)
		if day != c.day || record.Month(day) != c.month {
			t.Errorf("%v: day %d, month %d, want %d, %d", c.at, day, record.Month(day), c.day, c.month)
		}
		if back := record.Day(record.DayTime(day)); back != day {
			t.Errorf("%v: day %d comes back as %d", c.at, day, back)
		}
	}
}

// FuzzDecode proves that whatever decodes encodes again to the same bytes and
// keeps to its schema.
func FuzzDecode(f *testing.F) {
	for _, s := range record.Schemas {
		for _, r := range []*record.Record{full(s), sparse(s)} {
			b, err := r.Canonical()
			if err != nil {
				f.Fatal(err)
			}
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := record.Decode(b)
		if err != nil {
			return
		}
		again, err := r.Canonical()
		if err != nil || !bytes.Equal(again, b) {
			t.Fatalf("%x encodes again to %x, %v", b, again, err)
		}
	})
}

// golden compares got with a file, or rewrites the file under -update.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; if that is meant, run go test with -update and review the change", path)
	}
}
