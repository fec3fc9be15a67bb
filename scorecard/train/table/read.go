package table

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/unicode/norm"
)

// Bounds of a table, so that a file cannot take all memory.
const (
	BytesMax   = 2 << 30 // unpacked
	CellsMax   = 60_000_000
	ColumnsMax = 10_000
)

// ErrTable says that a file is not a table that can be used, or that a table
// lacks what was asked for.
var ErrTable = errors.New("table")

// Table is rows of text under named columns.
type Table struct {
	Names  []string
	Cells  [][]string // by column, then row; "" is missing
	Rows   int
	Digest [32]byte // SHA-256 of the unpacked file
	Notes  []string // what was repaired while reading
}

// Options say how to read.
type Options struct {
	NoHeader bool // the first line is a row; columns are named c1, c2 and so on
}

// Read reads a file. The name decides nothing but ".arff": compression and
// delimiter are recognised by content.
func Read(path string, o Options) (*Table, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("opening the table: %w", err)
	}
	defer f.Close()
	raw, err := unpack(f)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	arff := strings.HasSuffix(strings.TrimSuffix(strings.ToLower(path), ".gz"), ".arff")
	t, err := parse(raw, arff, o)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	return t, nil
}

func unpack(r io.Reader) ([]byte, error) {
	raw, err := io.ReadAll(io.LimitReader(r, BytesMax+1))
	if err == nil && bytes.HasPrefix(raw, []byte{0x1f, 0x8b}) {
		var z *gzip.Reader
		if z, err = gzip.NewReader(bytes.NewReader(raw)); err == nil {
			raw, err = io.ReadAll(io.LimitReader(z, BytesMax+1))
		}
	}
	if err != nil {
		return nil, err
	}
	if len(raw) > BytesMax {
		return nil, fmt.Errorf("%w: larger than %d bytes; take a sample of its rows", ErrTable, BytesMax)
	}
	return raw, nil
}

// Parse reads the bytes of a delimited file.
func Parse(raw []byte, o Options) (*Table, error) { return parse(raw, false, o) }

func parse(raw []byte, arff bool, o Options) (*Table, error) {
	t := &Table{Digest: sha256.Sum256(raw)}
	text, err := t.decode(raw)
	if err != nil {
		return nil, err
	}
	var names []string
	if arff {
		if names, text, err = arffHeader(text); err != nil {
			return nil, err
		}
	}
	rows, err := t.split(text, arff)
	if err != nil {
		return nil, err
	}
	switch {
	case len(rows) == 0:
		return nil, fmt.Errorf("%w: the file has no rows", ErrTable)
	case arff:
	case o.NoHeader:
		for j := range rows[0] {
			names = append(names, fmt.Sprintf("c%d", j+1))
		}
	default:
		names, rows = rows[0], rows[1:]
	}
	if err := t.name(names); err != nil {
		return nil, err
	}
	return t, t.fill(rows, !arff && !o.NoHeader)
}

// decode makes UTF-8 of the bytes.
func (t *Table) decode(raw []byte) (string, error) {
	raw = bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))
	switch {
	case bytes.HasPrefix(raw, []byte{0xff, 0xfe}) || bytes.HasPrefix(raw, []byte{0xfe, 0xff}):
		text, err := unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder().Bytes(raw)
		if err != nil || bytes.ContainsRune(text, utf8.RuneError) {
			return "", fmt.Errorf("%w: the file begins as UTF-16 and is not; save it as CSV in UTF-8", ErrTable)
		}
		t.Notes = append(t.Notes, "read as UTF-16")
		return string(text), nil
	case bytes.HasPrefix(raw, []byte("PK\x03\x04")):
		return "", fmt.Errorf("%w: the file is a workbook or an archive; save the sheet as CSV", ErrTable)
	case bytes.IndexByte(raw[:min(len(raw), 4096)], 0) >= 0:
		return "", fmt.Errorf("%w: the file is not text", ErrTable)
	case utf8.Valid(raw):
		return string(raw), nil
	}
	text, err := simplifiedchinese.GB18030.NewDecoder().Bytes(raw)
	if err == nil && !bytes.ContainsRune(text, utf8.RuneError) {
		t.Notes = append(t.Notes, "read as GB 18030, because the text is not UTF-8")
		return string(text), nil
	}
	if text, err = charmap.Windows1252.NewDecoder().Bytes(raw); err != nil || bytes.ContainsRune(text, utf8.RuneError) {
		return "", fmt.Errorf("%w: the text is neither UTF-8 nor GB 18030 nor Windows-1252; save it as UTF-8", ErrTable)
	}
	t.Notes = append(t.Notes, "read as Windows-1252, because the text is neither UTF-8 nor GB 18030")
	return string(text), nil
}

// split cuts text in rows of fields.
func (t *Table) split(text string, arff bool) ([][]string, error) {
	comma := ','
	if !arff {
		if comma = delimiter(text); comma == ' ' {
			return words(text), nil
		}
	}
	r := csv.NewReader(strings.NewReader(text))
	r.Comma, r.FieldsPerRecord, r.LazyQuotes, r.TrimLeadingSpace = comma, -1, true, true
	var rows [][]string
	cells := 0
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrTable, err)
		}
		if len(row) == 1 && strings.TrimSpace(row[0]) == "" || arff && strings.HasPrefix(row[0], "%") {
			continue
		}
		if cells += len(row); cells > CellsMax {
			return nil, fmt.Errorf("%w: more than %d cells; take a sample of its rows or fewer columns", ErrTable, CellsMax)
		}
		rows = append(rows, row)
	}
}

func words(text string) [][]string {
	var rows [][]string
	for line := range strings.Lines(text) {
		if f := strings.Fields(line); len(f) > 0 {
			rows = append(rows, f)
		}
	}
	return rows
}

// delimiter is the one of , ; tab | that divides the first lines into the same
// number of fields, most fields first; a space where none divides them.
func delimiter(text string) rune {
	var lines []string
	for line := range strings.Lines(text) {
		if strings.TrimSpace(line) != "" {
			lines = append(lines, line)
		}
		if len(lines) == 20 {
			break
		}
	}
	best, most := ' ', 0
	for _, d := range []rune{',', ';', '\t', '|'} {
		fewest := -1
		for _, line := range lines {
			if n := outside(line, d); fewest < 0 || n < fewest {
				fewest = n
			}
		}
		if fewest > most {
			best, most = d, fewest
		}
	}
	if best == ' ' && (len(lines) == 0 || len(strings.Fields(lines[0])) < 2 || !even(lines)) {
		return ','
	}
	return best
}

// outside counts d in line outside double quotes.
func outside(line string, d rune) int {
	n, quoted := 0, false
	for _, r := range line {
		switch {
		case r == '"':
			quoted = !quoted
		case r == d && !quoted:
			n++
		}
	}
	return n
}

func even(lines []string) bool {
	for _, l := range lines {
		if len(strings.Fields(l)) != len(strings.Fields(lines[0])) {
			return false
		}
	}
	return true
}

// name makes names unique and not empty.
func (t *Table) name(names []string) error {
	if len(names) > ColumnsMax {
		return fmt.Errorf("%w: %d columns, at most %d", ErrTable, len(names), ColumnsMax)
	}
	seen := map[string]bool{}
	for j, n := range names {
		n = norm.NFC.String(strings.TrimSpace(n))
		if n == "" {
			n = fmt.Sprintf("column-%d", j+1)
		}
		if base := n; seen[n] {
			for k := 2; seen[n]; k++ {
				n = fmt.Sprintf("%s.%d", base, k)
			}
			t.Notes = append(t.Notes, fmt.Sprintf("column %d has the name of an earlier one: called %q", j+1, n))
		}
		seen[n] = true
		t.Names = append(t.Names, n)
	}
	return nil
}

func (t *Table) fill(rows [][]string, header bool) error {
	first := 1
	if header {
		first = 2
	}
	t.Rows = len(rows)
	t.Cells = make([][]string, len(t.Names))
	for j := range t.Cells {
		t.Cells[j] = make([]string, len(rows))
	}
	trailing := false
	for i, row := range rows {
		for len(row) > len(t.Names) && strings.TrimSpace(row[len(row)-1]) == "" {
			row, trailing = row[:len(row)-1], true
		}
		if len(row) != len(t.Names) {
			return fmt.Errorf("%w: row %d has %d fields, want %d; correct the row, or quote fields that hold the delimiter",
				ErrTable, i+first, len(row), len(t.Names))
		}
		for j, cell := range row {
			t.Cells[j][i] = clean(cell)
		}
	}
	if t.Rows == 0 {
		return fmt.Errorf("%w: the file has a heading but no rows", ErrTable)
	}
	if trailing {
		t.Notes = append(t.Notes, "rows end with delimiters for which the heading has no name; these empty fields are ignored")
	}
	return nil
}

// missing are the markers, in lower case, that stand for no value.
var missing = map[string]bool{
	"": true, "?": true, "na": true, "n/a": true, "#n/a": true, "nan": true, "null": true, "none": true, "nil": true,
	".": true, "-": true, "--": true, "<na>": true, `\n`: true, "inf": true, "-inf": true, "#div/0!": true, "#value!": true,
	"无": true, "空": true, "缺失": true,
}

func clean(cell string) string {
	cell = strings.TrimSpace(cell)
	if len(cell) < 10 && missing[strings.ToLower(cell)] {
		return ""
	}
	return norm.NFC.String(cell)
}

// Column is the index of a column, by its exact name, or else by its only name
// that differs in case or in spaces around it.
func (t *Table) Column(name string) (int, error) {
	if j := slices.Index(t.Names, name); j >= 0 {
		return j, nil
	}
	found := -1
	for j, n := range t.Names {
		if strings.EqualFold(n, strings.TrimSpace(name)) {
			if found >= 0 {
				found = -1
				break
			}
			found = j
		}
	}
	if found >= 0 {
		return found, nil
	}
	shown := t.Names[:min(len(t.Names), 40)]
	return -1, fmt.Errorf("%w: no column %q; the columns are: %s", ErrTable, name, strings.Join(shown, ", "))
}

// Take is a table of some rows, in the order given. Cells are not copied.
func (t *Table) Take(rows []int) *Table {
	s := &Table{Names: t.Names, Rows: len(rows), Digest: t.Digest, Cells: make([][]string, len(t.Cells))}
	for j, column := range t.Cells {
		s.Cells[j] = make([]string, len(rows))
		for k, i := range rows {
			s.Cells[j][k] = column[i]
		}
	}
	return s
}
