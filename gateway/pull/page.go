package pull

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/theory/jsonpath"

	"github.com/xinlian/xinlian/gateway/connector"
	"github.com/xinlian/xinlian/internal/record"
)

// Format is the name of mapped JSON among the formats of documents.
const Format = "json"

// pageParser reads pages by a mapping, as other parsers read files.
type pageParser struct{ mapping *Mapping }

var _ connector.Parser = pageParser{}

// Format is "json".
func (pageParser) Format() string { return Format }

// Detect takes every page of its source.
func (pageParser) Detect([]byte, string) bool { return true }

// Parse reads the rows of a page.
func (p pageParser) Parse(ctx context.Context, src connector.Source, owner connector.Owner, sink connector.Sink) error {
	b, err := io.ReadAll(src.Reader)
	if err != nil {
		return err
	}
	page, err := decodeJSON(b)
	if err != nil {
		return connector.Fault(connector.RuleFileType, 0, err.Error())
	}
	rows, err := p.mapping.list(page)
	if err != nil {
		return connector.Fault(connector.RuleFileType, 0, err.Error())
	}
	for i, row := range rows {
		if err := ctx.Err(); err != nil {
			return err
		}
		w := &pageRow{Row: connector.Row{At: connector.Position{File: src.Name, Row: i + 1}, Label: p.mapping.label}, mapping: p.mapping, row: row}
		if err := w.Emit(sink, w.record(owner)); err != nil {
			return err
		}
	}
	return nil
}

// list is the rows of a page.
func (m *Mapping) list(page any) ([]any, error) {
	v, ok := at(m.rows, page)
	if !ok {
		return nil, fmt.Errorf("the page has no rows at %s", m.Rows)
	}
	rows, ok := v.([]any)
	if !ok {
		return nil, fmt.Errorf("%s is not a list", m.Rows)
	}
	return rows, nil
}

// label names a field by its place in the row.
func (m *Mapping) label(field string) string {
	if f := m.Fields[field]; f != nil && f.Path != "" {
		return field + " (" + f.Path + ")"
	}
	return field
}

// pageRow is one row with its problems.
type pageRow struct {
	connector.Row

	mapping *Mapping
	row     any
}

func (w *pageRow) record(owner connector.Owner) *record.Record {
	m := w.mapping
	r := record.New(m.schema)
	if m.owner != nil {
		if who := w.text("owner", m.owner); !owner.Is(who, "") {
			w.Fail("owner", connector.RuleOwner, "the row is of another enterprise")
		}
	}
	for _, name := range m.names {
		field := m.schema.Fields[m.schema.Index(name)]
		s := m.Fields[name].Value
		if m.Fields[name].path != nil {
			s = w.text(name, m.Fields[name].path)
		}
		if s == "" {
			if field.Required {
				w.Required(name, "")
			}
			continue
		}
		w.set(r, field, m.Fields[name], s)
	}
	w.agree(r, owner)
	return r
}

// text is a scalar as it is written: a number keeps its digits.
func (w *pageRow) text(column string, p *jsonpath.Path) string {
	v, ok := at(p, w.row)
	if !ok {
		return ""
	}
	switch v := v.(type) {
	case string:
		return strings.TrimSpace(v)
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	}
	w.Fail(column, connector.RuleCode, "is a list or an object, want a single value")
	return ""
}

func (w *pageRow) set(r *record.Record, of record.Field, f *Field, s string) {
	switch of.Type {
	case record.Text:
		switch of.Name {
		case "source_id":
			s = w.number(f, s)
		case "currency":
			s = w.Currency(of.Name, s)
		case "description":
			s = connector.Describe(s)
		}
		r.SetText(of.Name, s)
	case record.Amount:
		if f.Unit == "fen" {
			r.SetInt(of.Name, w.whole(of.Name, s))
		} else {
			r.SetInt(of.Name, w.Fen(of.Name, s))
		}
	case record.Date:
		r.SetInt(of.Name, w.day(of.Name, f, s))
	case record.Count:
		r.SetInt(of.Name, w.whole(of.Name, s))
	case record.Code:
		r.SetInt(of.Name, w.code(of, f, s))
	}
}

// number is the source id in the form that the file formats use.
func (w *pageRow) number(f *Field, s string) string {
	if f.within == nil {
		return s
	}
	within := w.Required("source_id", w.text("source_id", f.within))
	if w.mapping.schema.ID == record.PurchaseInvoice.ID {
		return connector.PurchaseID(s, within)
	}
	return within + ":" + s
}

// whole reads an integer that is written as one.
func (w *pageRow) whole(column, s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		w.Fail(column, connector.RuleRange, fmt.Sprintf("%.40q is not a whole number", s))
	}
	return n
}

func (w *pageRow) day(column string, f *Field, s string) int64 {
	if f.Layout == "day" {
		return w.Day(column, s)
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		w.Fail(column, connector.RuleDate, fmt.Sprintf("%.40q is not a number of seconds", s))
		return 0
	}
	t := time.Unix(n, 0)
	if f.Layout == "unix-ms" {
		t = time.UnixMilli(n)
	}
	if t.Year() < 1900 || t.Year() > 2200 {
		w.Fail(column, connector.RuleDate, fmt.Sprintf("%.40q is out of range", s))
		return 0
	}
	return record.Day(t.In(f.zone))
}

func (w *pageRow) code(of record.Field, f *Field, s string) int64 {
	word, ok := s, true
	if len(f.Codes) > 0 {
		word, ok = f.Codes[s]
	}
	for i, c := range of.Codes {
		if ok && c == word {
			return int64(i + 1)
		}
	}
	w.Fail(of.Name, connector.RuleCode, fmt.Sprintf("%.40q is none of the words that the mapping knows", s))
	return 0
}

// agree checks what the file formats check too: sums, signs and whose it is.
func (w *pageRow) agree(r *record.Record, owner connector.Owner) {
	if w.Failed() {
		return
	}
	amount, _ := r.Int("amount")
	status, _ := r.Int("status")
	switch r.Schema.Category {
	case record.CategoryInvoice:
		net, _ := r.Int("net")
		tax, _ := r.Int("tax")
		w.Total("amount", amount, net, tax)
		if status == record.StatusRed && amount > 0 || status != record.StatusRed && amount < 0 {
			w.Fail("amount", connector.RuleSign, "a red letter is negative, any other invoice is not")
		}
	case record.CategoryBank:
		if !owner.Holds(r.Text("account")) {
			w.Fail("account", connector.RuleOwner, "the account is not the enterprise's")
		}
		if r.Schema.ID == record.BankTransaction.ID && amount < 0 {
			w.Fail("amount", connector.RuleSign, "the direction carries the sign")
		}
	case record.CategoryPlatform:
		if refunds, _ := r.Int("refunds"); refunds < 0 {
			w.Fail("refunds", connector.RuleSign, "refunds are written without a sign")
		}
	}
}
