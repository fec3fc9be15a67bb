package bank

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"time"
	"unicode/utf8"

	"github.com/xinlian/xinlian/gateway/connector"
	"github.com/xinlian/xinlian/internal/record"
)

// ErrOrder says that a payment order breaks the schema or its own sums.
var ErrOrder = errors.New("bank: payment order")

// currency is the one that payments here are made in.
const currency = "CNY"

// element is an element of the schema: where it stands, how often, and what it holds.
// Elements of one parent come in the order of the list. There is no validator of XML
// schemas in Go without C, so the part of pain.001.001.09 that orders use is written
// down here, independently of what writes them.
type element struct {
	name        string
	least, most int
	text        func(string) error // of an element without children
	attribute   string             // the one attribute it must have
	children    []element
}

var (
	text35  = textOf(35)
	text140 = textOf(140)
	decimal = patternOf(`[0-9]{1,15}(\.[0-9]{1,2})?`)
	count   = patternOf(`[1-9][0-9]{0,14}`)
	isDate  = layoutOf(time.DateOnly)
	isTime  = layoutOf("2006-01-02T15:04:05-07:00")
)

func once(name string, text func(string) error) element {
	return element{name: name, least: 1, most: 1, text: text}
}

func group(name string, children ...element) element {
	return element{name: name, least: 1, most: 1, children: children}
}

func agent(name string) element {
	return group(name, group("FinInstnId", group("ClrSysMmbId",
		group("ClrSysId", once("Cd", oneOf("CNAPS"))), once("MmbId", patternOf(`[0-9]{12}`)))))
}

func party(name string) element { return group(name, once("Nm", text140)) }

func numbered(name string) element {
	return group(name, group("Id", group("Othr", once("Id", textOf(34)))))
}

var orderSchema = group("Document", group(
	"CstmrCdtTrfInitn",
	group("GrpHdr", once("MsgId", text35), once("CreDtTm", isTime), once("NbOfTxs", count), once("CtrlSum", decimal), party("InitgPty")),
	group(
		"PmtInf",
		once("PmtInfId", text35), once("PmtMtd", oneOf("TRF")), once("BtchBookg", oneOf("true", "false")),
		once("NbOfTxs", count), once("CtrlSum", decimal), group("ReqdExctnDt", once("Dt", isDate)),
		party("Dbtr"), numbered("DbtrAcct"), agent("DbtrAgt"),
		element{name: "CdtTrfTxInf", least: 1, most: LinesMax, children: []element{
			group("PmtId", once("EndToEndId", text35)),
			group("Amt", element{name: "InstdAmt", least: 1, most: 1, text: decimal, attribute: "Ccy"}),
			agent("CdtrAgt"), party("Cdtr"), numbered("CdtrAcct"), group("RmtInf", once("Ustrd", text140)),
		}},
	),
))

// CheckOrder reads a payment order and checks it against the schema, and that its
// counts and sums are those of its payments and no payment is named twice. Errors
// are ErrOrder with the element, never with what is in it.
func CheckOrder(body []byte) error {
	x := connector.NewXML(bytes.NewReader(body))
	start, err := x.Root("Document")
	if err != nil {
		return fmt.Errorf("%w: %w", ErrOrder, err)
	}
	if start.Name.Space != orderSpace {
		return fmt.Errorf("%w: the name space is not %s", ErrOrder, orderSpace)
	}
	n, err := x.Node(start)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrOrder, err)
	}
	if err := x.Finish(); err != nil {
		return fmt.Errorf("%w: %w", ErrOrder, err)
	}
	if err := orderSchema.check(n, "Document"); err != nil {
		return err
	}
	return checkSums(n.Child("CstmrCdtTrfInitn"))
}

func (e element) check(n *connector.Node, path string) error {
	if e.text != nil {
		if len(n.Children) != 0 {
			return fmt.Errorf("%w: %s: holds elements", ErrOrder, path)
		}
		if err := e.text(n.Value()); err != nil {
			return fmt.Errorf("%w: %s: %w", ErrOrder, path, err)
		}
		if e.attribute != "" && n.Attr(e.attribute) != currency {
			return fmt.Errorf("%w: %s@%s: want %s", ErrOrder, path, e.attribute, currency)
		}
		return nil
	}
	at := 0
	for _, c := range e.children {
		found := 0
		for at < len(n.Children) && n.Children[at].Name == c.name {
			if err := c.check(n.Children[at], path+"/"+c.name); err != nil {
				return err
			}
			at++
			found++
		}
		if found < c.least || found > c.most {
			return fmt.Errorf("%w: %s/%s: %d times, want %d to %d", ErrOrder, path, c.name, found, c.least, c.most)
		}
	}
	if at < len(n.Children) {
		return fmt.Errorf("%w: %s/%s: not here", ErrOrder, path, n.Children[at].Name)
	}
	return nil
}

func checkSums(body *connector.Node) error {
	payment := body.Child("PmtInf")
	lines, sumFen, seen := payment.All("CdtTrfTxInf"), int64(0), map[string]bool{}
	for _, l := range lines {
		id := l.Value("PmtId", "EndToEndId")
		if seen[id] {
			return fmt.Errorf("%w: EndToEndId: one twice", ErrOrder)
		}
		seen[id] = true
		fen, err := record.ParseFen(l.Value("Amt", "InstdAmt"))
		if err != nil || fen < 1 {
			return fmt.Errorf("%w: InstdAmt: want a positive amount", ErrOrder)
		}
		sumFen = record.AddFen(sumFen, fen)
	}
	for _, n := range []*connector.Node{body.Child("GrpHdr"), payment} {
		if got := n.Value("NbOfTxs"); got != fmt.Sprint(len(lines)) {
			return fmt.Errorf("%w: %s/NbOfTxs: says %s, there are %d", ErrOrder, n.Name, got, len(lines))
		}
		if got, err := record.ParseFen(n.Value("CtrlSum")); err != nil || got != sumFen {
			return fmt.Errorf("%w: %s/CtrlSum: not the sum of the payments", ErrOrder, n.Name)
		}
	}
	return nil
}

func textOf(runesMax int) func(string) error {
	return func(s string) error {
		if n := utf8.RuneCountInString(s); n < 1 || n > runesMax {
			return fmt.Errorf("%d characters, want 1 to %d", n, runesMax)
		}
		return nil
	}
}

func patternOf(pattern string) func(string) error {
	r := regexp.MustCompile(`\A(?:` + pattern + `)\z`)
	return func(s string) error {
		if !r.MatchString(s) {
			return errors.New("want " + pattern)
		}
		return nil
	}
}

func layoutOf(layout string) func(string) error {
	return func(s string) error {
		if _, err := time.Parse(layout, s); err != nil {
			return errors.New("want the form " + layout)
		}
		return nil
	}
}

func oneOf(values ...string) func(string) error {
	return func(s string) error {
		for _, v := range values {
			if s == v {
				return nil
			}
		}
		return fmt.Errorf("want one of %v", values)
	}
}
