package canon_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/xinlian/xinlian/internal/canon"
)

var update = flag.Bool("update", false, "rewrite the files in testdata")

// field is one field of a vector: its kind and its value as text. Kinds: uint8,
// uint16, uint32, uint64, int64, bool, string; bytes and fixed in hexadecimal.
type field struct {
	Kind  string `json:"kind"`
	Value string `json:"value"`
}

// vector is one row of testdata/vectors.json: what and fields give encoded,
// whose SHA-256 is sum.
type vector struct {
	Name    string  `json:"name"`
	What    string  `json:"what"`
	Fields  []field `json:"fields"`
	Encoded string  `json:"encoded"`
	Sum     string  `json:"sum"`
}

// refusal is bytes that a reader of the given kinds refuses.
type refusal struct {
	Name    string   `json:"name"`
	What    string   `json:"what"`
	Kinds   []string `json:"kinds"` // fixed:n reads n bytes
	Encoded string   `json:"encoded"`
	Error   string   `json:"error"` // text, size, short, trailing, domain, bool
}

type vectorFile struct {
	Accepted []vector  `json:"accepted"`
	Refused  []refusal `json:"refused"`
}

// The classes of refusals by their name in vectors.json.
var classes = map[string]error{
	"text": canon.ErrText, "size": canon.ErrSize, "short": canon.ErrShort,
	"trailing": canon.ErrTrailing, "domain": canon.ErrDomain, "bool": canon.ErrBool,
}

func readVectors(t testing.TB) vectorFile {
	t.Helper()
	b, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var f vectorFile
	if err := json.Unmarshal(b, &f); err != nil {
		t.Fatal(err)
	}
	if len(f.Accepted) == 0 || len(f.Refused) == 0 {
		t.Fatal("no vectors")
	}
	return f
}

// TestVectors proves that every vector encodes to its bytes, reads back to its
// values and has its hash. Under -update only encoded and sum are rewritten.
func TestVectors(t *testing.T) {
	f := readVectors(t)
	for i, v := range f.Accepted {
		w := canon.New(v.What)
		for _, fl := range v.Fields {
			write(t, w, fl)
		}
		b, err := w.Encoded()
		if err != nil {
			t.Fatalf("%s: %v", v.Name, err)
		}
		sum, err := w.Sum()
		if err != nil || sum != w.MustSum() {
			t.Fatalf("%s: %v", v.Name, err)
		}
		if *update {
			f.Accepted[i].Encoded, f.Accepted[i].Sum = hex.EncodeToString(b), hex.EncodeToString(sum[:])
			continue
		}
		if got := hex.EncodeToString(b); got != v.Encoded {
			t.Errorf("%s: got %s, want %s", v.Name, got, v.Encoded)
		}
		if got := hex.EncodeToString(sum[:]); got != v.Sum {
			t.Errorf("%s: sum %s, want %s", v.Name, got, v.Sum)
		}
		r := canon.Open(v.What, b)
		for _, fl := range v.Fields {
			kind := fl.Kind
			if kind == "fixed" {
				kind = fmt.Sprintf("fixed:%d", len(fl.Value)/2)
			}
			if got := read(t, r, kind); got != fl.Value {
				t.Errorf("%s: read %s %q, want %q", v.Name, fl.Kind, got, fl.Value)
			}
		}
		if err := r.Done(); err != nil {
			t.Errorf("%s: %v", v.Name, err)
		}
	}
	if *update {
		writeVectors(t, f)
	}
}

// TestRefusals proves that each way of not being canonical has its own error and
// that a reader yields zero values after it.
func TestRefusals(t *testing.T) {
	f := readVectors(t)
	seen := map[string]bool{}
	for _, v := range f.Refused {
		want, ok := classes[v.Error]
		if !ok {
			t.Fatalf("%s: unknown class %q", v.Name, v.Error)
		}
		seen[v.Error] = true
		r := canon.Open(v.What, unhex(t, v.Encoded))
		for _, k := range v.Kinds {
			read(t, r, k)
		}
		if err := r.Done(); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", v.Name, err, want)
		}
		if r.Uint64() != 0 || r.Bytes() != nil || r.String() != "" || r.Bool() {
			t.Errorf("%s: reads on after an error", v.Name)
		}
	}
	for class := range classes {
		if !seen[class] {
			t.Errorf("no vector for class %s", class)
		}
	}
}

// TestWriterRefuses proves that the first error of a writer sticks, whatever is
// appended behind it.
func TestWriterRefuses(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name string
		w    *canon.Writer
		want error
	}{
		{"not UTF-8", canon.New("test").String("\xff").Uint8(1), canon.ErrText},
		{"decomposed", canon.New("test").String("e\u0301").Uint8(1), canon.ErrText},
		{"not UTF-8, then too long", canon.New("test").String("\xff").Bytes(make([]byte, canon.FieldBytesMax+1)), canon.ErrText},
		{"too long", canon.New("test").Bytes(make([]byte, canon.FieldBytesMax+1)).Uint8(1), canon.ErrSize},
		{"string too long", canon.New("test").String(strings.Repeat("a", canon.FieldBytesMax+1)), canon.ErrSize},
		{"what is not canonical", canon.New("e\u0301"), canon.ErrText},
	}
	for _, c := range cases {
		if _, err := c.w.Encoded(); !errors.Is(err, c.want) {
			t.Errorf("%s: Encoded: %v, want %v", c.name, err, c.want)
		}
		if _, err := c.w.Sum(); !errors.Is(err, c.want) {
			t.Errorf("%s: Sum: %v, want %v", c.name, err, c.want)
		}
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: MustSum does not panic", c.name)
				}
			}()
			c.w.MustSum()
		}()
	}
	if _, err := canon.New("test").Bytes(make([]byte, canon.FieldBytesMax)).Encoded(); err != nil {
		t.Errorf("the greatest field: %v", err)
	}
}

// TestBoundaries proves that no two sequences of fields share their bytes by
// moving a boundary.
func TestBoundaries(t *testing.T) {
	t.Parallel()
	values := []*canon.Writer{
		canon.New("test").String("ab").String("c"),
		canon.New("test").String("a").String("bc"),
		canon.New("test").String("abc").String(""),
		canon.New("test").String("").String("abc"),
		canon.New("test").String("abc"),
		canon.New("test/v1").String("abc"),
		canon.New("tes").String("tabc"),
	}
	seen := map[[32]byte]int{}
	for i, w := range values {
		sum := w.MustSum()
		if j, ok := seen[sum]; ok {
			t.Errorf("values %d and %d have one hash", i, j)
		}
		seen[sum] = i
	}
}

// TestReaderAliases proves that a caller who appends to a byte string that was
// read cannot write into the input.
func TestReaderAliases(t *testing.T) {
	t.Parallel()
	in, err := canon.New("test").Bytes([]byte("ab")).Uint8(7).Encoded()
	if err != nil {
		t.Fatal(err)
	}
	before := bytes.Clone(in)
	got := canon.Open("test", in).Bytes()
	_ = append(got, 'X')
	if !bytes.Equal(in, before) {
		t.Error("append wrote into the input")
	}
}

// FuzzReader proves that for every sequence of kinds, whatever a reader accepts
// is what a writer would make of the values it read. The first argument chooses
// the kinds, a byte each.
func FuzzReader(f *testing.F) {
	kinds := []string{"uint8", "uint16", "uint32", "uint64", "int64", "bool", "string", "bytes", "fixed:3"}
	domain, err := canon.New("fuzz").Encoded()
	if err != nil {
		f.Fatal(err)
	}
	for _, v := range readVectors(f).Refused {
		f.Add([]byte{6, 7, 5, 8}, unhex(f, v.Encoded))
	}
	f.Add([]byte{}, domain)
	f.Add([]byte{5, 6}, append(bytes.Clone(domain), 1, 0, 0, 0, 3, 0xe4, 0xbf, 0xa1))
	f.Add([]byte{0, 1, 2, 3, 4, 8}, append(bytes.Clone(domain), make([]byte, 26)...))
	f.Fuzz(func(t *testing.T, program, in []byte) {
		if len(program) > 64 {
			return
		}
		r, w := canon.Open("fuzz", in), canon.New("fuzz")
		for _, p := range program {
			k := kinds[int(p)%len(kinds)]
			value := read(t, r, k)
			if r.Err() != nil {
				return
			}
			name, _, _ := strings.Cut(k, ":")
			write(t, w, field{name, value})
		}
		if r.Done() != nil {
			return
		}
		if again, err := w.Encoded(); err != nil || !bytes.Equal(again, in) {
			t.Fatalf("read %x, encoded again %x, %v", in, again, err)
		}
	})
}

func write(t testing.TB, w *canon.Writer, f field) {
	t.Helper()
	var u uint64
	var i int64
	var err error
	switch f.Kind {
	case "uint8", "uint16", "uint32", "uint64":
		_, err = fmt.Sscan(f.Value, &u)
	case "int64":
		_, err = fmt.Sscan(f.Value, &i)
	}
	if err != nil {
		t.Fatalf("%s %q: %v", f.Kind, f.Value, err)
	}
	switch f.Kind {
	case "uint8":
		w.Uint8(narrow[uint8](t, u, math.MaxUint8))
	case "uint16":
		w.Uint16(narrow[uint16](t, u, math.MaxUint16))
	case "uint32":
		w.Uint32(narrow[uint32](t, u, math.MaxUint32))
	case "uint64":
		w.Uint64(u)
	case "int64":
		w.Int64(i)
	case "bool":
		w.Bool(f.Value == "true")
	case "string":
		w.String(f.Value)
	case "bytes":
		w.Bytes(unhex(t, f.Value))
	case "fixed":
		w.Fixed(unhex(t, f.Value))
	default:
		t.Fatalf("unknown kind %q", f.Kind)
	}
}

func narrow[T uint8 | uint16 | uint32](t testing.TB, v, top uint64) T {
	t.Helper()
	if v > top {
		t.Fatalf("%d is above %d", v, top)
	}
	return T(v)
}

func read(t testing.TB, r *canon.Reader, kind string) string {
	t.Helper()
	switch kind {
	case "uint8":
		return fmt.Sprint(r.Uint8())
	case "uint16":
		return fmt.Sprint(r.Uint16())
	case "uint32":
		return fmt.Sprint(r.Uint32())
	case "uint64":
		return fmt.Sprint(r.Uint64())
	case "int64":
		return fmt.Sprint(r.Int64())
	case "bool":
		return fmt.Sprint(r.Bool())
	case "string":
		return r.String()
	case "bytes":
		return hex.EncodeToString(r.Bytes())
	}
	var n int
	if _, err := fmt.Sscanf(kind, "fixed:%d", &n); err != nil {
		t.Fatalf("unknown kind %q", kind)
	}
	return hex.EncodeToString(r.Fixed(n))
}

func writeVectors(t *testing.T, f vectorFile) {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(f); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("testdata/vectors.json", b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
