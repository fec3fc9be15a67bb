package table

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/xinlian/xinlian/gateway/connector"
)

// separators are tried in this order; the header's first line decides.
const separators = ",;\t"

// csv is the lines of a CSV file as a grid.
type csv struct {
	in        lines
	separator byte
	cells     []string // reused
}

// newCSV reads the first line and finds the separator: the one by which the
// line fits a template best, else a comma.
func newCSV(r io.Reader) (*csv, gridRow, error) {
	g := &csv{in: lines{in: bufio.NewReaderSize(newDecoded(r), connector.LineBytesMax)}}
	first, err := g.in.next()
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, gridRow{}, err
	}
	best := 0
	row := gridRow{number: 1, fault: connector.RuleFileType}
	for _, separator := range []byte(separators) {
		names, err := cells(nil, first.text, separator)
		if err != nil || first.long {
			continue
		}
		count := 0
		if found := candidates(names); len(found) > 0 {
			count = len(found[0].index)
		}
		if g.separator == 0 || count > best {
			g.separator, best = separator, count
			row = gridRow{number: 1, cells: names}
		}
	}
	return g, row, nil
}

// next is valid until the call after it.
func (g *csv) next() (gridRow, error) {
	for {
		l, err := g.in.next()
		if err != nil {
			return gridRow{}, err
		}
		row := gridRow{number: l.number}
		if l.long {
			row.fault, row.detail = connector.RuleLength, fmt.Sprintf("the line has more than %d bytes", connector.LineBytesMax)
			return row, nil
		}
		g.cells, err = cells(g.cells[:0], l.text, g.separator)
		row.cells = g.cells
		switch {
		case errors.Is(err, errQuote):
			row.fault, row.detail = connector.RuleQuote, "a quotation mark stands alone"
		case err != nil:
			row.fault, row.detail = connector.RuleColumns, err.Error()
		case row.empty():
			continue // spreadsheets leave empty rows behind
		}
		return row, nil
	}
}

// line is one line of a table, without its end.
type line struct {
	number int
	text   string
	long   bool
}

// lines splits into lines of at most LineBytesMax bytes; of a longer one only
// the fact remains.
type lines struct {
	in     *bufio.Reader
	number int
}

func (l *lines) next() (line, error) {
	l.number++
	out := line{number: l.number}
	b, err := l.in.ReadSlice('\n')
	for errors.Is(err, bufio.ErrBufferFull) {
		out.long = true
		b, err = l.in.ReadSlice('\n')
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return out, err
	}
	if len(b) == 0 && !out.long {
		return out, io.EOF
	}
	if !out.long {
		out.text = string(bytes.TrimRight(b, "\r\n"))
	}
	return out, nil
}

var errQuote = errors.New("table: quotation mark")

// cells splits one line by RFC 4180 into out, except that a quoted cell may not
// go on in the next line: a missing quotation mark spoils its own row and no other.
func cells(out []string, s string, separator byte) ([]string, error) {
	for {
		if len(out) >= columnsMax {
			return nil, fmt.Errorf("more than %d columns", columnsMax)
		}
		if s == "" || s[0] != '"' {
			i := strings.IndexByte(s, separator)
			if i < 0 {
				i = len(s)
			}
			if strings.IndexByte(s[:i], '"') >= 0 {
				return nil, errQuote
			}
			out = append(out, s[:i])
			if i == len(s) {
				return out, nil
			}
			s = s[i+1:]
			continue
		}
		cell, rest, err := quoted(s[1:])
		if err != nil {
			return nil, err
		}
		out = append(out, cell)
		if rest == "" {
			return out, nil
		}
		if rest[0] != separator {
			return nil, errQuote
		}
		s = rest[1:]
	}
}

func quoted(s string) (cell, rest string, err error) {
	var b []byte
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] != '"':
			b = append(b, s[i])
		case i+1 < len(s) && s[i+1] == '"':
			b = append(b, '"')
			i++
		default:
			return string(b), s[i+1:], nil
		}
	}
	return "", "", errQuote
}
