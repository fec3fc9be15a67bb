// Package table reads tables made by our templates, as CSV or XLSX: a template
// for each schema of records, our list of invoices, and the invoice layout of
// the CUMCM contest.
//
// Columns are found by their names in the first row, in any order and in
// Chinese or English; columns the template does not know are ignored. A quoted
// cell of a CSV may not contain a line break. Digits are ASCII digits:
// full-width digits are refused, because a sheet that has them was typed by
// hand and should be looked at.
package table

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/xinlian/xinlian/gateway/connector"
)

const columnsMax = 64

// Parser reads CSV of any template, told by its header.
type Parser struct{}

// Format is "table".
func (Parser) Format() string { return "table" }

// Detect looks for a template's header in the first line.
func (Parser) Detect(head []byte, _ string) bool {
	_, first, err := newCSV(strings.NewReader(string(head)))
	return err == nil && first.fault == "" && len(candidates(first.cells)) > 0
}

// Parse reads the table row by row.
func (Parser) Parse(_ context.Context, src connector.Source, owner connector.Owner, sink connector.Sink) error {
	g, first, err := newCSV(src.Reader)
	if err != nil {
		return err
	}
	if first.fault != "" {
		return connector.Fault(connector.RuleFileType, 1, "the first line is not a table's header")
	}
	h, err := readHeader(first.cells)
	if err != nil {
		return err
	}
	return h.readAll(g, owner, sink)
}

// grid is the rows of a table behind its header, whatever it is written in.
type grid interface {
	// next is the next row that is not empty, or io.EOF.
	next() (gridRow, error)
}

// gridRow is one row. Where fault is set, it could not be split into cells.
type gridRow struct {
	number  int
	cells   []string
	numbers []bool // which cells a workbook holds as numbers; nil in a CSV
	fault   connector.Rule
	detail  string
}

func (g gridRow) empty() bool {
	for _, c := range g.cells {
		if strings.TrimSpace(c) != "" {
			return false
		}
	}
	return g.fault == ""
}

// header is the first row: its template, its names, and where the template's
// columns are in it.
type header struct {
	*template
	names  []string
	index  map[string]int
	sheet  string
	epoch  int64 // the day a workbook's dates count from
	others int   // rows left out because they are another enterprise's
	own    int
}

// label is a column's name as the file has it.
func (h *header) label(column string) string {
	if i, ok := h.index[column]; ok {
		return strings.TrimSpace(h.names[i])
	}
	return column
}

func readHeader(names []string) (*header, error) {
	found := candidates(names)
	if len(found) == 0 {
		return nil, connector.Fault(connector.RuleFileType, 1, "the header is of no known template")
	}
	if len(found) > 1 {
		return nil, connector.Fault(connector.RuleHeader, 1, fmt.Sprintf("the header fits the templates %s and %s alike", found[0].Name, found[1].Name))
	}
	h := &header{template: found[0].template, names: names, index: found[0].index}
	seen := map[string]bool{}
	for _, n := range names {
		c := h.column(n)
		if c == nil {
			continue
		}
		if seen[c.Name] {
			return nil, connector.Fault(connector.RuleHeader, 1, fmt.Sprintf("column %s (%s) appears twice", c.Name, c.ZH))
		}
		seen[c.Name] = true
	}
	for _, c := range h.Columns {
		if c.Required && !seen[c.Name] {
			return nil, connector.Fault(connector.RuleHeader, 1, fmt.Sprintf("column %s (%s) is missing from the table %s", c.Name, c.ZH, h.Name))
		}
	}
	return h, nil
}

func (h *header) readAll(g grid, owner connector.Owner, sink connector.Sink) error {
	for {
		row, err := g.next()
		if errors.Is(err, io.EOF) {
			return h.finish(sink)
		}
		if err != nil {
			return err
		}
		if err := h.read(row, owner, sink); err != nil {
			return err
		}
	}
}

// finish tells what was left out. A file with no row of the owner's is not his.
func (h *header) finish(sink connector.Sink) error {
	if h.others == 0 {
		return nil
	}
	if h.own == 0 {
		return connector.Fault(connector.RuleOwner, 0, fmt.Sprintf("all %d rows are other enterprises'", h.others))
	}
	return sink.Refuse(connector.RowError{
		Position: connector.Position{Sheet: h.sheet}, Column: h.label(enterpriseColumn), Rule: connector.RuleOwner, Note: true,
		Detail: fmt.Sprintf("%d rows of other enterprises were left out", h.others),
	})
}

// row is one row of the table: its cells by the template's column names.
type row struct {
	connector.Row
	*header
	gridRow
}

// text is the trimmed cell of a column, "" where the table lacks the column.
func (r *row) text(column string) string {
	i, ok := r.index[column]
	if !ok {
		return ""
	}
	return strings.TrimSpace(r.cells[i])
}

// number reports whether a workbook holds the cell of the column as a number.
func (r *row) number(column string) bool {
	i, ok := r.index[column]
	return ok && r.numbers != nil && r.numbers[i]
}

func (h *header) read(g gridRow, owner connector.Owner, sink connector.Sink) error {
	at := connector.Position{Sheet: h.sheet, Row: g.number, Line: g.number}
	r := &row{Row: connector.Row{At: at, Label: h.label}, header: h, gridRow: g}
	if g.fault == "" && len(g.cells) != len(h.names) {
		r.fault, r.detail = connector.RuleColumns, fmt.Sprintf("%d cells, the header has %d", len(r.cells), len(h.names))
	}
	if r.fault != "" {
		r.Fail("", r.fault, r.detail)
		return r.Emit(sink, nil)
	}
	if code := r.text(enterpriseColumn); code != "" {
		r.At.Enterprise = code
		if !owner.Anonymous() && !owner.Is(code, "") {
			h.others++
			return nil
		}
		h.own++
	}
	for _, c := range h.Columns {
		v := r.text(c.Name)
		if fault := textFault(v); fault != "" {
			r.Fail(c.Name, connector.RuleEncoding, fault)
		} else if c.Required && v == "" {
			r.Fail(c.Name, connector.RuleRequired, "value is missing")
		}
	}
	if r.Failed() {
		return r.Emit(sink, nil)
	}
	return r.Emit(sink, h.record(r, owner))
}

// textFault says what is wrong with the characters of a cell, "" if nothing.
func textFault(s string) string {
	for i := range len(s) {
		if s[i] < ' ' && s[i] != '\t' && s[i] != '\n' && s[i] != '\r' || s[i] == 0x7f {
			return "the cell has a control character"
		}
		if s[i] >= utf8.RuneSelf {
			if !utf8.ValidString(s) || strings.ContainsRune(s, utf8.RuneError) || strings.IndexFunc(s, unicode.IsControl) >= 0 && strings.ContainsFunc(s, func(r rune) bool { return r >= 0x80 && r < 0xa0 }) {
				return "the cell has bytes of no known encoding"
			}
			break
		}
	}
	return ""
}
