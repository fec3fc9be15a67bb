// Package mt940 reads SWIFT MT940 customer statements, bare or in their block
// envelope, several in one file. Each statement line becomes a bank-transaction
// and each final closing balance a bank-balance.
//
// A statement may go over several messages, its pages: each opens with the
// intermediate balance that the one before closed with. Fields are those of the
// SWIFT User Handbook, category 9.
package mt940

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/xinlian/xinlian/gateway/connector"
	"github.com/xinlian/xinlian/internal/record"
)

// fieldBytesMax bounds the text kept of one field: a description is cut far
// below, and every other field is far shorter.
const fieldBytesMax = 8 << 10

// Parser reads MT940 messages.
type Parser struct{}

// Format is "mt940".
func (Parser) Format() string { return "mt940" }

var tag = regexp.MustCompile(`^:([0-9]{2}[A-Z]?):`)

// Detect looks for the first fields that every message has: 20, then 25.
func (Parser) Detect(head []byte, _ string) bool {
	head = bytes.TrimPrefix(head, []byte("\ufeff"))
	if bytes.IndexByte(head, 0) >= 0 {
		return false
	}
	reference := false
	for _, l := range strings.FieldsFunc(string(head), func(r rune) bool { return r == '\r' || r == '\n' }) {
		l = unwrapped(l)
		reference = reference || strings.HasPrefix(l, ":20:")
		if strings.HasPrefix(l, ":25:") || strings.HasPrefix(l, ":25P:") {
			return reference
		}
	}
	return false
}

// Parse reads every message of the file.
func (Parser) Parse(_ context.Context, src connector.Source, owner connector.Owner, sink connector.Sink) error {
	d := &document{owner: owner, sink: sink}
	in := bufio.NewReaderSize(src.Reader, connector.LineBytesMax)
	for number := 1; ; number++ {
		l, err := in.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			return connector.Fault(connector.RuleLength, number, fmt.Sprintf("a line of more than %d bytes", connector.LineBytesMax))
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		end := err != nil
		if number == 1 {
			l = bytes.TrimPrefix(l, []byte("\ufeff"))
			if bytes.HasPrefix(l, []byte{0xff, 0xfe}) || bytes.HasPrefix(l, []byte{0xfe, 0xff}) {
				return connector.Fault(connector.RuleEncoding, 1, "UTF-16 is not taken")
			}
		}
		if err := d.line(string(bytes.TrimRight(l, "\r\n")), number); err != nil {
			return err
		}
		if end {
			return d.finish(number)
		}
	}
}

// unwrapped is a line without the block envelope before its first field.
func unwrapped(l string) string {
	if strings.HasPrefix(l, "{") {
		if _, text, ok := strings.Cut(l, "{4:"); ok {
			return text
		}
	}
	return l
}

// field is one field of a message, its lines joined by line feeds.
type field struct {
	tag, text string
	line      int
}

// document is the state of a file while its lines stream by.
type document struct {
	owner    connector.Owner
	sink     connector.Sink
	field    field // being read
	message  *message
	messages int
	entries  int
	page     *balance // the intermediate closing balance that the next page opens with
	pageOf   string   // and its account
}

// message is one MT940 message: a statement or a page of one.
type message struct {
	line      int
	reference string // field 20
	account   string // 25
	number    string // 28C
	foreign   bool
	refused   bool // a line was refused, so the movements are not complete
	lines     int
	movements int64
	opening   *balance
	closing   *balance
	last      *entry // waits for its field 86
}

type balance struct {
	fen      int64
	day      int64
	currency string
	line     int
}

// line takes one line of the file: the start of a field, more of one, or the
// end of a message.
func (d *document) line(l string, number int) error {
	if strings.HasPrefix(l, "{1:") {
		if err := d.endMessage(); err != nil { // some senders leave the end out
			return err
		}
	}
	l = unwrapped(l)
	m := tag.FindStringSubmatch(l)
	if m == nil {
		if l == "-" || strings.HasPrefix(l, "-}") {
			return d.endMessage()
		}
		if d.field.tag != "" && len(d.field.text) < fieldBytesMax {
			d.field.text += "\n" + l
		}
		return nil // before the first field stand headers of the sender's own
	}
	if err := d.endField(); err != nil {
		return err
	}
	d.field = field{tag: m[1], text: l[len(m[0]):], line: number}
	return nil
}

// endField takes the field that is complete.
func (d *document) endField() error {
	f := d.field
	d.field = field{}
	if f.tag == "" {
		return nil
	}
	if f.tag == "20" {
		if err := d.endMessage(); err != nil {
			return err
		}
		d.messages++
		d.message = &message{line: f.line, reference: strings.TrimSpace(f.text)}
		return nil
	}
	m := d.message
	if m == nil {
		return connector.Fault(connector.RuleFileType, f.line, fmt.Sprintf("field %s stands before a field 20", f.tag))
	}
	if f.tag == "86" && m.last != nil {
		m.last.information = f.text
	}
	if err := d.emit(m); err != nil {
		return err
	}
	switch f.tag {
	case "25", "25P":
		return d.account(m, f)
	case "28", "28C":
		m.number = strings.TrimSpace(f.text)
	case "60F", "60M":
		return d.openingBalance(m, f)
	case "61":
		return d.statementLine(m, f)
	case "62F", "62M":
		return d.closingBalance(m, f)
	}
	return nil
}

// account is the owner's, or the message gives one problem and no record.
func (d *document) account(m *message, f field) error {
	m.account, _, _ = strings.Cut(strings.TrimSpace(f.text), "\n")
	m.account = strings.TrimSpace(m.account)
	row := connector.Row{At: connector.Position{Line: f.line}}
	if m.account == "" {
		row.Fail(":25:", connector.RuleRequired, fmt.Sprintf("message %d names no account", d.messages))
		m.refused = true
		return row.Emit(d.sink, nil)
	}
	return nil
}

func (d *document) openingBalance(m *message, f field) error {
	row := connector.Row{At: connector.Position{Line: f.line}}
	b := readBalance(&row, ":"+f.tag+":", f)
	if row.Failed() {
		m.refused = true
		return row.Emit(d.sink, nil)
	}
	if m.opening != nil {
		row.Fail(":"+f.tag+":", connector.RuleDuplicate, fmt.Sprintf("message %d has two opening balances", d.messages))
		return row.Emit(d.sink, nil)
	}
	m.opening = b
	// Some banks write the currency behind the account.
	if short, ok := strings.CutSuffix(m.account, b.currency); ok && len(short) >= 10 {
		m.account = strings.TrimSpace(short)
	}
	if m.account != "" && !d.owner.Holds(m.account) {
		m.foreign = true
		row.Fail(":25:", connector.RuleOwner, fmt.Sprintf("message %d is of an account that is not the enterprise's", d.messages))
		return row.Emit(d.sink, nil)
	}
	page := d.page
	d.page = nil
	if f.tag == "60M" && page != nil && d.pageOf == m.account && (page.fen != b.fen || page.currency != b.currency) {
		return d.broken(f.line, ":60M:", fmt.Sprintf("message %d opens with %s, the page before closed with %s",
			d.messages, record.FormatFen(b.fen), record.FormatFen(page.fen)))
	}
	if f.tag == "60F" && page != nil {
		return d.broken(page.line, ":62M:", "the statement ends with an intermediate balance: its next page is missing")
	}
	return nil
}

func (d *document) closingBalance(m *message, f field) error {
	if m.account == "" || m.foreign {
		return nil
	}
	row := connector.Row{At: connector.Position{Line: f.line}}
	b := readBalance(&row, ":"+f.tag+":", f)
	if row.Failed() {
		m.refused = true
		return row.Emit(d.sink, nil)
	}
	m.closing = b
	if f.tag == "62M" {
		d.page, d.pageOf = b, m.account
		return nil
	}
	return row.Emit(d.sink, record.New(record.BankBalance).
		SetText("source_id", fmt.Sprintf("%s:%s/%s", m.account, m.reference, m.number)).
		SetInt("date", b.day).SetInt("amount", b.fen).SetText("currency", b.currency).SetText("account", m.account))
}

// endMessage compares opening, movements and closing. A break is a note, as in
// a camt statement: the lines stand as the bank wrote them.
func (d *document) endMessage() error {
	if err := d.pendingField(); err != nil {
		return err
	}
	m := d.message
	d.message = nil
	if m == nil {
		return nil
	}
	if err := d.emit(m); err != nil {
		return err
	}
	if m.account == "" && !m.refused {
		row := connector.Row{At: connector.Position{Line: m.line}}
		row.Fail(":25:", connector.RuleRequired, fmt.Sprintf("message %d names no account", d.messages))
		return row.Emit(d.sink, nil)
	}
	if m.account == "" || m.foreign || m.refused {
		return nil
	}
	if m.opening == nil || m.closing == nil {
		name := ":62F:"
		if m.opening == nil {
			name = ":60F:"
		}
		row := connector.Row{At: connector.Position{Line: m.line}}
		row.Fail(name, connector.RuleRequired, fmt.Sprintf("message %d lacks a balance that every statement has", d.messages))
		return row.Emit(d.sink, nil)
	}
	want := record.AddFen(m.opening.fen, m.movements)
	if want == m.closing.fen && m.opening.currency == m.closing.currency {
		return nil
	}
	return d.broken(m.closing.line, ":62F:", fmt.Sprintf("message %d: opening %s and movements %s give %s, closing says %s", d.messages,
		record.FormatFen(m.opening.fen), record.FormatFen(m.movements), record.FormatFen(want), record.FormatFen(m.closing.fen)))
}

// pendingField takes a field that the end of its message completes. A field 20
// would begin a message: it has been taken when its line came.
func (d *document) pendingField() error {
	if d.field.tag == "" {
		return nil
	}
	return d.endField()
}

func (d *document) broken(line int, column, detail string) error {
	return d.sink.Refuse(connector.RowError{
		Position: connector.Position{Line: line}, Column: column, Rule: connector.RuleBalance, Note: true, Detail: detail,
	})
}

func (d *document) finish(line int) error {
	if err := d.endMessage(); err != nil {
		return err
	}
	if d.messages == 0 {
		return connector.Fault(connector.RuleFileType, line, "no field 20: this is no MT940 message")
	}
	if d.page != nil {
		return d.broken(d.page.line, ":62M:", "the statement ends with an intermediate balance: its next page is missing")
	}
	return nil
}
