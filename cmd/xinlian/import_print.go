package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/xinlian/xinlian/gateway/connector"
	"github.com/xinlian/xinlian/internal/record"
)

// progressEvery is how often a long file is reported on.
const progressEvery = 5 * time.Second

// printer prints what a run finds, as JSON lines or for a person.
type printer struct {
	out                    *bufio.Writer
	progress               io.Writer
	json, notesToo         bool
	records, errors, notes int
	failed                 error                // the first failure to print
	pending                []connector.RowError // the problems of one row, which is one error
	line                   []byte
	sums                   map[string]*sum
	file                   string
	started, reported      time.Time
}

// sum is what a person is told of one schema, currency and direction.
type sum struct {
	count int
	fen   int64
}

// Record prints a record.
func (p *printer) Record(at connector.Position, r *record.Record) error {
	if err := p.flush(); err != nil {
		return err
	}
	p.records++
	if p.records%10_000 == 0 {
		p.report()
	}
	if !p.json {
		p.add(r)
		return nil
	}
	p.line = append(p.line[:0], `{"record":{`...)
	p.line = appendRecord(p.line, at, r)
	p.line = append(p.line, '}', '}')
	return p.print()
}

func (p *printer) print() error {
	p.line = append(p.line, '\n')
	if _, err := p.out.Write(p.line); err != nil && p.failed == nil {
		p.failed = fmt.Errorf("printing records: %w", err)
	}
	return p.failed
}

// report tells how far a long run is.
func (p *printer) report() {
	now := time.Now()
	if since := p.started; now.Sub(since) < progressEvery || now.Sub(p.reported) < progressEvery {
		return
	}
	p.reported = now
	fmt.Fprintf(p.progress, "%s: %d records, %.0f a second\n", p.file, p.records, float64(p.records)/now.Sub(p.started).Seconds())
}

// Refuse prints a problem. What is wrong with one row is one error: its first
// problem, with the others in it.
func (p *printer) Refuse(e connector.RowError) error {
	if len(p.pending) > 0 {
		if first := p.pending[0]; !e.Note && e.Row > 0 && e.Position == first.Position {
			p.pending = append(p.pending, e)
			return nil
		}
		if err := p.flush(); err != nil {
			return err
		}
	}
	if !e.Note {
		p.errors++
		p.pending = append(p.pending, e)
		return nil
	}
	p.notes++
	if !p.notesToo {
		return nil
	}
	return p.problem("note", e, nil)
}

// flush prints the row that was refused last.
func (p *printer) flush() error {
	if len(p.pending) == 0 {
		return nil
	}
	row := p.pending
	p.pending = p.pending[:0]
	return p.problem("error", row[0], row[1:])
}

func (p *printer) problem(kind string, e connector.RowError, also []connector.RowError) error {
	if p.json {
		p.line = append(append(append(p.line[:0], `{"`...), kind...), `":{`...)
		p.line = appendProblem(p.line, e, also)
		p.line = append(p.line, '}', '}')
		return p.print()
	}
	for _, e := range append([]connector.RowError{e}, also...) {
		text, _ := e.Rule.Text()
		if _, err := fmt.Fprintf(p.out, "%s: %s\n  %s: %s\n  %s: %s\n", kind, e.Error(), text.ZH, text.RemedyZH, text.EN, text.RemedyEN); err != nil {
			return err
		}
	}
	return nil
}

func (p *printer) add(r *record.Record) {
	if p.sums == nil {
		p.sums = map[string]*sum{}
	}
	direction := codeOf(r, "direction")
	key := r.Schema.ID
	if direction != "" {
		key += " " + direction
	}
	if c := r.Text("currency"); c != "" {
		key += " " + c
	}
	if s := codeOf(r, "status"); s == "void" {
		key += " void"
	}
	if p.sums[key] == nil {
		p.sums[key] = &sum{}
	}
	fen, _ := r.Int("amount")
	p.sums[key].count++
	p.sums[key].fen = record.AddFen(p.sums[key].fen, fen)
}

func (p *printer) summary() error {
	if err := p.flush(); err != nil {
		return err
	}
	if p.json {
		fmt.Fprintf(p.out, `{"summary":{"records":%d,"errors":%d,"notes":%d}}`+"\n", p.records, p.errors, p.notes)
		return p.failed
	}
	keys := make([]string, 0, len(p.sums))
	for k := range p.sums {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		fmt.Fprintf(p.out, "%s: %d, sum %s\n", k, p.sums[k].count, record.FormatFen(p.sums[k].fen))
	}
	fmt.Fprintf(p.out, "%d records, %d errors, %d notes\n", p.records, p.errors, p.notes)
	return nil
}

// fixed are the keys that every record has, whatever its schema: a value that a
// schema does not know is the empty string. A balance is "in" where the account
// holds money and "out" where it is overdrawn; its amount keeps its own sign.
var fixed = []string{"source_id", "date", "amount", "currency", "direction", "status"}

func appendRecord(b []byte, at connector.Position, r *record.Record) []byte {
	b = append(b, `"schema":`...)
	b = appendString(b, r.Schema.ID)
	b = append(b, `,"version":`...)
	b = strconv.AppendUint(b, uint64(r.Schema.Version), 10)
	if at.Enterprise != "" {
		b = append(b, `,"enterprise":`...)
		b = appendString(b, at.Enterprise)
	}
	for _, name := range fixed {
		b = append(append(append(b, `,"`...), name...), `":`...)
		switch i := r.Schema.Index(name); {
		case i >= 0 && r.Values[i].Present:
			b = appendValue(b, r.Schema.Fields[i], r.Values[i])
		case r.Schema == record.BankBalance && name == "direction":
			direction := "in"
			if fen, _ := r.Int("amount"); fen < 0 {
				direction = "out"
			}
			b = appendString(b, direction)
		case r.Schema == record.BankBalance && name == "status":
			b = append(b, `"normal"`...)
		default:
			b = append(b, `""`...)
		}
	}
	for i, f := range r.Schema.Fields {
		if r.Values[i].Present && !slices.Contains(fixed, f.Name) {
			b = append(append(append(b, `,"`...), f.Name...), `":`...)
			b = appendValue(b, f, r.Values[i])
		}
	}
	return b
}

// appendValue writes a value as a person would: a decimal amount, an ISO date, a code.
func appendValue(b []byte, f record.Field, v record.Value) []byte {
	switch f.Type {
	case record.Text:
		return appendString(b, v.Text)
	case record.Amount:
		return append(append(append(b, '"'), record.FormatFen(v.Int)...), '"')
	case record.Date:
		return append(record.DayTime(v.Int).AppendFormat(append(b, '"'), "2006-01-02"), '"')
	case record.Code:
		return appendString(b, f.Codes[v.Int-1])
	}
	return strconv.AppendInt(b, v.Int, 10)
}

func codeOf(r *record.Record, name string) string {
	if v, ok := r.Int(name); ok {
		return r.Schema.Fields[r.Schema.Index(name)].Codes[v-1]
	}
	return ""
}

func appendProblem(b []byte, e connector.RowError, also []connector.RowError) []byte {
	b = append(b, `"file":`...)
	b = appendString(b, e.File)
	if e.Sheet != "" {
		b = append(b, `,"sheet":`...)
		b = appendString(b, e.Sheet)
	}
	if e.Enterprise != "" {
		b = append(b, `,"enterprise":`...)
		b = appendString(b, e.Enterprise)
	}
	b = append(b, `,"row":`...)
	b = strconv.AppendInt(b, int64(e.Row), 10)
	b = append(b, `,"line":`...)
	b = strconv.AppendInt(b, int64(e.Line), 10)
	b = append(b, ',')
	b = appendCause(b, e)
	for i, other := range also {
		b = append(b, [...]string{`,"also":[{`, `},{`}[min(i, 1)]...)
		b = appendCause(b, other)
	}
	if len(also) > 0 {
		b = append(b, `}]`...)
	}
	return b
}

// appendCause writes what is wrong where in a row, and what to do.
func appendCause(b []byte, e connector.RowError) []byte {
	text, _ := e.Rule.Text()
	for i, pair := range [][2]string{
		{"column", e.Column},
		{"rule", string(e.Rule)},
		{"remedy", e.Remedy},
		{"detail", e.Detail},
		{"message_zh", text.ZH},
		{"message_en", text.EN},
		{"remedy_zh", text.RemedyZH},
		{"remedy_en", text.RemedyEN},
	} {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(append(b, '"'), pair[0]...), `":`...)
		b = appendString(b, pair[1])
	}
	return b
}

// appendString quotes for JSON. Most values are plain ASCII or plain Chinese.
func appendString(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= 0x7f {
			quoted, err := json.Marshal(s)
			if err != nil {
				return append(b, `""`...) // a string always encodes
			}
			return append(b, quoted...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}
