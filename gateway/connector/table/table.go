// Package table reads CSV files made by our templates: platform sales and
// invoices, with Chinese or English headers, in UTF-8 or GB18030.
//
// Columns are found by their names in the first row, in any order; columns the
// template does not know are ignored. A cell may be quoted but may not contain
// a line break. Digits are ASCII digits: full-width digits are refused, because
// a sheet that has them was typed by hand and should be looked at.
package table

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/xinlian/xinlian/gateway/connector"
)

const columnsMax = 64

// Parser reads tables of any template, told by its header.
type Parser struct{}

// Format is "table".
func (Parser) Format() string { return "table" }

// Detect looks for a template's header in the first line.
func (Parser) Detect(head []byte, _ string) bool {
	first, err := (&lines{in: bufio.NewReader(newDecoded(strings.NewReader(string(head))))}).next()
	if err != nil {
		return false
	}
	names, err := cells(first.text)
	if err != nil {
		return false
	}
	t, _ := match(names)
	return t != nil
}

// Parse reads the table row by row.
func (Parser) Parse(_ context.Context, src connector.Source, owner connector.Owner, sink connector.Sink) error {
	in := &lines{in: bufio.NewReaderSize(newDecoded(src.Reader), connector.LineBytesMax)}
	h, err := readHeader(in)
	if err != nil {
		return err
	}
	for {
		l, err := in.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if strings.Trim(l.text, ", \t") == "" && !l.long {
			continue // spreadsheets leave empty rows behind
		}
		if err := h.read(l, owner, sink); err != nil {
			return err
		}
	}
}

// header is the first row: its template, its names, and where the template's
// columns are in it.
type header struct {
	*template
	names []string
	index map[string]int
}

// label is a column's name as the file has it.
func (h *header) label(column string) string {
	if i, ok := h.index[column]; ok {
		return strings.TrimSpace(h.names[i])
	}
	return column
}

func readHeader(in *lines) (*header, error) {
	l, err := in.next()
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	names, err := cells(l.text)
	if err != nil || l.long {
		return nil, connector.Fault(connector.RuleFileType, 1, "the first line is not a table's header")
	}
	t, index := match(names)
	if t == nil {
		return nil, connector.Fault(connector.RuleFileType, 1, "the header is of no known template")
	}
	seen := map[string]bool{}
	for _, n := range names {
		c := t.column(n)
		if c == nil {
			continue
		}
		if seen[c.EN] {
			return nil, connector.Fault(connector.RuleHeader, 1, fmt.Sprintf("column %s appears twice", c.EN))
		}
		seen[c.EN] = true
	}
	for _, c := range t.Columns {
		if c.Required && !seen[c.EN] {
			return nil, connector.Fault(connector.RuleHeader, 1, fmt.Sprintf("column %s (%s) is missing", c.EN, c.ZH))
		}
	}
	return &header{t, names, index}, nil
}

// row is one row of the table: its cells by the template's column names.
type row struct {
	connector.Row
	index map[string]int
	cells []string
}

// text is the trimmed cell of a column, "" where the table lacks the column.
func (r *row) text(column string) string {
	i, ok := r.index[column]
	if !ok {
		return ""
	}
	return strings.TrimSpace(r.cells[i])
}

func (h *header) read(l line, owner connector.Owner, sink connector.Sink) error {
	at := connector.Position{Row: l.number, Line: l.number}
	r := &row{Row: connector.Row{At: at, Label: h.label}, index: h.index}
	if l.long {
		r.Fail("", connector.RuleLength, fmt.Sprintf("the line has more than %d bytes", connector.LineBytesMax))
		return r.Emit(sink, nil)
	}
	var err error
	if r.cells, err = cells(l.text); err != nil {
		r.Fail("", connector.RuleQuote, "a quotation mark stands alone")
		return r.Emit(sink, nil)
	}
	if len(r.cells) != len(h.names) {
		r.Fail("", connector.RuleColumns, fmt.Sprintf("%d cells, the header has %d", len(r.cells), len(h.names)))
		return r.Emit(sink, nil)
	}
	for _, c := range h.Columns {
		v := r.text(c.EN)
		if !utf8.ValidString(v) || strings.ContainsRune(v, utf8.RuneError) {
			r.Fail(c.EN, connector.RuleEncoding, "the cell has bytes of no known encoding")
		} else if c.Required && v == "" {
			r.Fail(c.EN, connector.RuleRequired, "value is missing")
		}
	}
	if r.Failed() {
		return r.Emit(sink, nil)
	}
	return r.Emit(sink, h.record(r, owner))
}
