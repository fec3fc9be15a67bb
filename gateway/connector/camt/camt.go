// Package camt reads ISO 20022 bank documents: camt.053 statements, camt.052
// reports and camt.054 notifications, versions .01 to .08 and later ones of the
// same shape. Each booked entry becomes a bank-transaction and each closing
// booked balance a bank-balance.
//
// Entries are read one at a time, so memory does not grow with the file. A
// batch entry stays one record: it moved the account once.
package camt

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/xinlian/xinlian/gateway/connector"
	"github.com/xinlian/xinlian/internal/record"
)

// Parser reads camt documents.
type Parser struct{}

// Format is "camt".
func (Parser) Format() string { return "camt" }

// Detect looks for a Document in a camt.052, .053 or .054 name space, bare or in
// the envelope of a business message.
func (Parser) Detect(head []byte, _ string) bool {
	name, space := connector.RootName(head)
	if name == "Document" {
		return strings.Contains(space, "camt.05")
	}
	return slices.Contains(envelopes, name) && bytes.Contains(head, []byte("camt.05"))
}

// envelopes are the elements in which banks and networks send a header and the
// document together.
var envelopes = []string{"BizMsgEnvlp", "BusinessMessage", "Envelope", "Message", "RequestPayload", "DataPDU", "Body"}

var messages = []string{"camt.052.001.", "camt.053.001.", "camt.054.001."}

// Parse reads every statement, report or notification of the document.
func (Parser) Parse(ctx context.Context, src connector.Source, owner connector.Owner, sink connector.Sink) error {
	x := connector.NewXML(src.Reader)
	if err := enter(x); err != nil {
		return err
	}
	d := &document{x: x, owner: owner, sink: sink}
	for {
		token, err := x.Token()
		if errors.Is(err, io.EOF) {
			return d.finish()
		}
		if err != nil {
			return err
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		switch start.Name.Local {
		case "GrpHdr":
			header, err := x.Node(start)
			if err != nil {
				return err
			}
			d.messageID = header.Value("MsgId")
		case "Stmt", "Rpt", "Ntfctn":
			if err := d.statement(start.Name.Local); err != nil {
				return err
			}
		}
	}
}

// enter reads up to the Document, through its envelope if it has one.
func enter(x *connector.XML) error {
	start, err := x.Root(append([]string{"Document"}, envelopes...)...)
	for err == nil && start.Name.Local != "Document" {
		var token xml.Token
		token, err = x.Token()
		if errors.Is(err, io.EOF) {
			return connector.Fault(connector.RuleFileType, x.Line(), "the envelope holds no Document")
		}
		start, _ = token.(xml.StartElement)
	}
	if err != nil {
		return err
	}
	if !knownMessage(start.Name.Space) {
		return connector.Fault(connector.RuleFileType, x.Line(), "name space is not camt.052, camt.053 or camt.054")
	}
	return nil
}

func knownMessage(space string) bool {
	for _, m := range messages {
		if strings.Contains(space, m) {
			return true
		}
	}
	return false
}

type document struct {
	x          *connector.XML
	owner      connector.Owner
	sink       connector.Sink
	messageID  string
	statements int
	entries    int
}

func (d *document) finish() error {
	if d.statements == 0 {
		return connector.Fault(connector.RuleRequired, d.x.Line(), "the document holds no statement")
	}
	return nil
}

// statement is the state of one statement while its entries stream by.
type statement struct {
	number    int // in the file, from 1
	id        string
	created   string // the time it was made
	account   string
	final     bool // a statement, not an intraday report or a notification
	foreign   bool // the account is not the owner's
	refused   bool // an entry was refused, so movements are not complete
	movements map[string]int64
	opening   *balance
	closing   *balance
}

type balance struct {
	fen      int64
	currency string
	line     int
}

// statement reads one statement. The standard puts account before balances
// before entries; a statement in another order is refused, not reordered.
func (d *document) statement(kind string) error {
	d.statements++
	s := &statement{number: d.statements, final: kind == "Stmt", movements: map[string]int64{}}
	for {
		token, err := d.x.Token()
		if err != nil {
			return err
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			if end, ok := token.(xml.EndElement); ok && isStatement(end.Name.Local) {
				return d.balanced(s)
			}
			continue
		}
		node, err := d.x.Node(start)
		if err != nil {
			return err
		}
		switch node.Name {
		case "Id":
			s.id = node.Value()
		case "CreDtTm":
			s.created = node.Value()
		case "Acct":
			err = d.account(s, node)
		case "Bal":
			err = d.balance(s, node)
		case "Ntry":
			err = d.entry(s, node)
		}
		if err != nil {
			return err
		}
	}
}

func isStatement(name string) bool { return name == "Stmt" || name == "Rpt" || name == "Ntfctn" }

func (d *document) account(s *statement, n *connector.Node) error {
	s.account = accountNumber(n)
	if s.account != "" && d.owner.Holds(s.account) {
		return nil
	}
	s.foreign = s.account != ""
	row := connector.Row{At: connector.Position{Line: n.Line}}
	if s.foreign {
		row.Fail("Acct/Id", connector.RuleOwner, fmt.Sprintf("statement %d is of an account that is not the enterprise's", s.number))
	} else {
		row.Fail("Acct/Id", connector.RuleRequired, fmt.Sprintf("statement %d names no account", s.number))
	}
	return row.Emit(d.sink, nil)
}

// accountNumber is the first number that an account gives, "" for none.
func accountNumber(n *connector.Node) string {
	for _, path := range [][]string{
		{"Id", "IBAN"}, {"Id", "Othr", "Id"}, {"Id", "BBAN"}, {"Id", "PrtryAcct", "Id"}, {"Id", "UPIC"},
	} {
		if number := n.Value(path...); number != "" {
			return number
		}
	}
	return ""
}

// balanced compares opening, movements and closing of one statement. A break
// is a note: the entries stand as the bank wrote them, and a verifier decides.
func (d *document) balanced(s *statement) error {
	o, c := s.opening, s.closing
	if o == nil || c == nil || o.currency != c.currency || s.refused || s.account == "" || s.foreign {
		return nil
	}
	for currency := range s.movements {
		if currency != o.currency {
			return nil
		}
	}
	want := record.AddFen(o.fen, s.movements[o.currency])
	if want == c.fen {
		return nil
	}
	return d.sink.Refuse(connector.RowError{
		Position: connector.Position{Line: c.line}, Column: "Bal/Amt", Rule: connector.RuleBalance, Note: true,
		Detail: fmt.Sprintf("statement %d: opening %s and movements %s give %s, closing says %s", s.number,
			record.FormatFen(o.fen), record.FormatFen(s.movements[o.currency]), record.FormatFen(want), record.FormatFen(c.fen)),
	})
}
