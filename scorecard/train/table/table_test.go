package table

import (
	"bytes"
	"compress/gzip"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// TestParse shows that files nobody prepared are read to the same table.
func TestParse(t *testing.T) {
	t.Parallel()
	want := [][]string{{"1", "", "3"}, {"a, b", "c", "d"}}
	for name, text := range map[string]string{
		"plain":      "n,s\n1,\"a, b\"\nNA,c\n3,d\n",
		"mark":       "\ufeffn,s\n1,\"a, b\"\n?,c\n3,d\n",
		"spaces":     " n , s \n 1 ,\"a, b\"\n  ,  c\n3 , d \n\n",
		"semicolons": "n;s\r\n1;a, b\r\nnull;c\r\n3;d\r\n",
		"tabs":       "n\ts\n1\ta, b\nNaN\tc\n3\td\n",
		"code page":  "n,s\n1,\"a, b\"\n\xce\xde,c\n3,d\n", // 无 in GB 18030
		"UTF-16":     "\xff\xfen\x00,\x00s\x00\n\x001\x00,\x00\"\x00a\x00,\x00 \x00b\x00\"\x00\n\x00,\x00c\x00\n\x003\x00,\x00d\x00\n\x00",
		"trailing":   "n,s\n1,\"a, b\",\nNA,c, \n3,d,,\n",
	} {
		got, err := Parse([]byte(text), Options{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !reflect.DeepEqual(got.Cells, want) || got.Rows != 3 || !reflect.DeepEqual(got.Names, []string{"n", "s"}) {
			t.Errorf("%s: names %q, cells %q", name, got.Names, got.Cells)
		}
	}
}

// TestRead shows that compression and ARFF are recognised, and that lines of
// words without a heading are a table.
func TestRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, _ = z.Write([]byte("% remark\n@relation x\n@attribute 'first one' numeric\n@ATTRIBUTE class {0,1}\n\n@data\n1.5,0\n?,1\n"))
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	write := func(name string, b []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	a, err := Read(write("a.arff.gz", zipped.Bytes()), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(a.Names, []string{"first one", "class"}) || a.Cells[0][1] != "" || a.Cells[1][1] != "1" {
		t.Errorf("ARFF: %q %q", a.Names, a.Cells)
	}
	d, err := Read(write("x.data", []byte("A11 6 1\nA12 48 2\n")), Options{NoHeader: true})
	if err != nil {
		t.Fatal(err)
	}
	if d.Rows != 2 || d.Names[2] != "c3" || d.Cells[1][1] != "48" {
		t.Errorf("words: %q %q", d.Names, d.Cells)
	}
}

// TestRefuses shows that a file that is no table says why.
func TestRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"empty":        {"", "no rows"},
		"heading only": {"a,b\n", "no rows"},
		"short row":    {"a,b\n1,2\n1\n", "row 3 has 1 fields, want 2"},
		"workbook":     {"PK\x03\x04....", "save the sheet as CSV"},
		"UTF-16":       {"\xff\xfea\x00\x00\xd8", "UTF-16"},
		"two too many": {"a,b\n1,2,3,4\n", "row 2 has 4 fields, want 2"},
		"binary":       {"a,b\n\x00\x01", "not text"},
	} {
		_, err := Parse([]byte(c.text), Options{})
		if !errors.Is(err, ErrTable) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// TestDecimalComma shows that numbers with a decimal comma are read as what they
// are, and that a column of plain thousands keeps its commas as such.
func TestDecimalComma(t *testing.T) {
	t.Parallel()
	european, _ := Infer([]string{"1.234,56", "7,5", "-1.000.000,25", "12"})
	plain, _ := Infer([]string{"1,234", "12", "-1,000,000.25"})
	for _, c := range []struct {
		typ  Type
		cell string
		want float64
	}{{european, "1.234,56", 1234.56}, {european, "-1.000.000,25", -1000000.25}, {european, "7,5", 7.5}, {plain, "1,234", 1234}, {plain, "-1,000,000.25", -1000000.25}} {
		if got, ok := c.typ.Parse(c.cell); !ok || got != c.want {
			t.Errorf("%s: %v, %v, want %v", c.cell, got, ok, c.want)
		}
	}
}

// TestWestern shows that text of a Western code page is read, and the reader told.
func TestWestern(t *testing.T) {
	t.Parallel()
	got, err := Parse([]byte("n,s\n1,caf\xe9\n2,bar\n"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got.Cells[1][0] != "café" || len(got.Notes) != 1 || !strings.Contains(got.Notes[0], "Windows-1252") {
		t.Errorf("cells %q, notes %q", got.Cells, got.Notes)
	}
}

// TestNames shows that names become unique, and that a column is found by its
// name whatever its case.
func TestNames(t *testing.T) {
	t.Parallel()
	got, err := Parse([]byte("Id,,Id\n1,2,3\n"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got.Names, []string{"Id", "column-2", "Id.2"}) || len(got.Notes) != 1 {
		t.Errorf("names %q, notes %q", got.Names, got.Notes)
	}
	if j, err := got.Column("id.2"); err != nil || j != 2 {
		t.Errorf("id.2: %d, %v", j, err)
	}
	if _, err := got.Column("x"); err == nil || !strings.Contains(err.Error(), "Id, column-2, Id.2") {
		t.Errorf("a name that is not there: %v", err)
	}
}

// TestInfer shows what columns are taken for.
func TestInfer(t *testing.T) {
	t.Parallel()
	many := func(s string, n int) []string { return strings.Split(strings.Repeat(s+"\x00", n-1)+s, "\x00") }
	for name, c := range map[string]struct {
		cells []string
		want  Kind
		odd   int
	}{
		"numbers":         {[]string{"1", "-2.5", "", "1e3"}, Number, 0},
		"money":           {[]string{"$60,000.00 ", "$1,234.50", "¥5"}, Number, 0},
		"percent":         {[]string{"12%", "3.5%"}, Number, 0},
		"dates":           {[]string{"2020-01-31", "", "2019-12-01"}, Date, 0},
		"Chinese dates":   {[]string{"2020年1月31日"}, Date, 0},
		"short dates":     {[]string{"28-Feb-97", "3-Mar-05"}, Date, 0},
		"words":           {[]string{"yes", "no"}, Category, 0},
		"half numbers":    {[]string{"1", "x", "2", "y"}, Category, 0},
		"mostly numbers":  {append(many("7", 99), "7+"), Number, 1},
		"hexadecimal":     {[]string{"0x10", "0x11"}, Category, 0},
		"nothing":         {[]string{"", ""}, Number, 0},
		"decimal comma":   {[]string{"1,23", "-4.567,5", "80"}, Number, 0},
		"small fractions": {[]string{"0,123", "0,5", "0,007"}, Number, 0},
		"both commas":     {[]string{"1,23,4", "4,5,6"}, Category, 0},
	} {
		got, odd := Infer(c.cells)
		if got.Kind != c.want || odd != c.odd {
			t.Errorf("%s: %s with %d odd, want %s with %d", name, got.Kind, odd, c.want, c.odd)
		}
	}
	if v, ok := ParseNumber("(1,234.5)"); !ok || v != -1234.5 {
		t.Errorf("brackets: %v %v", v, ok)
	}
	if v, ok := (Type{Kind: Date, Layout: "2006-01-02"}).Parse("1970-01-02"); !ok || v != 1 {
		t.Errorf("the second day: %v %v", v, ok)
	}
}

// FuzzParse shows that no bytes stop the reader, and that every row of what it
// accepts has every column.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"a,b\n1,2\n", "a;b\n\"x\"y\";2\n", "\xef\xbb\xbfa\n", "a b\n1 2\n", "\"", "a,a\n,\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := Parse(b, Options{})
		if err != nil {
			return
		}
		if got.Rows == 0 || len(got.Cells) != len(got.Names) {
			t.Fatalf("%d rows, %d columns, %d names", got.Rows, len(got.Cells), len(got.Names))
		}
		for j, c := range got.Cells {
			if len(c) != got.Rows {
				t.Fatalf("column %d has %d of %d rows", j, len(c), got.Rows)
			}
			Infer(c)
		}
	})
}
