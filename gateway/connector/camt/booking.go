package camt

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/xinlian/xinlian/gateway/connector"
	"github.com/xinlian/xinlian/internal/record"
)

// BookingsMax bounds the bookings of one document that ReadBookings takes.
const BookingsMax = 100_000

// Booking is one booked movement of an account with the references that banks
// carry through, for whoever keeps the account. An entry with several transactions
// gives one booking for each.
type Booking struct {
	Reference         string // the bank's own, unique for the account; a transaction of several adds its place
	EndToEndID        string // what the payer's order named it; empty where not given
	CreditorReference string // structured, as ISO 11649; empty where not given
	ReturnCode        string // why a payment came back, such as AC04; empty where it did not
	Returned          bool
	Reversal          bool // the bank takes an earlier booking back
	Credit            bool
	AmountFen         int64 // positive
	Currency          string
	Day               int64 // days since 1970-01-01
}

// Account is what one document says of one account.
type Account struct {
	Number     string
	Bookings   []Booking
	Closing    bool // it gives a closing booked balance, as statements do
	ClosingFen int64
	ClosingDay int64
	Currency   string // of the closing balance
}

// ReadBookings reads a camt.052, .053 or .054 document for whoever keeps the
// accounts. Unlike [Parser] it takes all or nothing: an entry that cannot be read
// exactly, or that has no reference of the bank's, refuses the document, because
// money hangs on each. Errors are *connector.RowError.
func ReadBookings(r io.Reader) ([]Account, error) {
	x := connector.NewXML(r)
	if err := enter(x); err != nil {
		return nil, err
	}
	var all []Account
	count := 0
	for {
		token, err := x.Token()
		if errors.Is(err, io.EOF) {
			if len(all) == 0 {
				return nil, connector.Fault(connector.RuleRequired, x.Line(), "the document holds no statement")
			}
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		if start, ok := token.(xml.StartElement); ok && isStatement(start.Name.Local) {
			a, err := accountOf(x, &count)
			if err != nil {
				return nil, err
			}
			all = append(all, a)
		}
	}
}

// accountOf reads the statement just started, entry by entry.
func accountOf(x *connector.XML, count *int) (Account, error) {
	var a Account
	for {
		token, err := x.Token()
		if err != nil {
			return a, err
		}
		if end, ok := token.(xml.EndElement); ok && isStatement(end.Name.Local) {
			if a.Number == "" {
				return a, connector.Fault(connector.RuleRequired, x.Line(), "Acct/Id: the statement names no account")
			}
			return a, nil
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		n, err := x.Node(start)
		if err != nil {
			return a, err
		}
		switch n.Name {
		case "Acct":
			a.Number = accountNumber(n)
		case "Bal":
			err = a.balance(n)
		case "Ntry":
			var list []Booking
			if list, err = bookingsOf(n); err == nil {
				a.Bookings = append(a.Bookings, list...)
				if *count += len(list); *count > BookingsMax {
					err = connector.Fault(connector.RuleRowLimit, n.Line, fmt.Sprintf("more than %d bookings", BookingsMax))
				}
			}
		}
		if err != nil {
			return a, err
		}
	}
}

// bookingsOf is an entry's bookings, none where it is not on the books.
func bookingsOf(n *connector.Node) ([]Booking, error) {
	status := n.Value("Sts", "Cd")
	if status == "" {
		status = n.Value("Sts")
	}
	switch status {
	case "PDNG", "INFO", "FUTR":
		return nil, nil
	case "BOOK":
	default:
		return nil, connector.Fault(connector.RuleCode, n.Line, fmt.Sprintf("Ntry/Sts: %.16q is none of BOOK, PDNG, INFO, FUTR", status))
	}
	whole := Booking{Reference: n.Value("AcctSvcrRef"), Reversal: isTrue(n.Value("RvslInd"))}
	switch indicator := n.Value("CdtDbtInd"); indicator {
	case "CRDT":
		whole.Credit = true
	case "DBIT":
	default:
		return nil, connector.Fault(connector.RuleCode, n.Line, fmt.Sprintf("Ntry/CdtDbtInd: %.16q is neither CRDT nor DBIT", indicator))
	}
	var err error
	if whole.AmountFen, whole.Currency, err = amountOf(n); err != nil {
		return nil, err
	}
	if whole.AmountFen == 0 {
		return nil, nil // a notice that moved nothing
	}
	if whole.Day, err = dayOf(n.Line, "Ntry/BookgDt", bookingDate(n)); err != nil {
		return nil, err
	}
	var details []*connector.Node
	for _, d := range n.All("NtryDtls") {
		details = append(details, d.All("TxDtls")...)
	}
	switch len(details) {
	case 0:
		return referred([]Booking{whole}, n)
	case 1:
		whole.refer(details[0])
		return referred([]Booking{whole}, n)
	}
	list, sum := make([]Booking, 0, len(details)), int64(0)
	for i, d := range details {
		b := whole
		if b.AmountFen, b.Currency, err = amountOf(d); err != nil {
			return nil, err
		}
		sum = record.AddFen(sum, b.AmountFen)
		b.refer(d)
		if b.Reference == whole.Reference && whole.Reference != "" {
			b.Reference = fmt.Sprintf("%s/%d", whole.Reference, i+1)
		}
		list = append(list, b)
	}
	if sum != whole.AmountFen {
		return nil, connector.Fault(connector.RuleBalance, n.Line, fmt.Sprintf("Ntry/Amt: the entry is %s, its transactions add up to %s",
			record.FormatFen(whole.AmountFen), record.FormatFen(sum)))
	}
	return referred(list, n)
}

// referred refuses bookings that could not be told from each other.
func referred(list []Booking, n *connector.Node) ([]Booking, error) {
	seen := map[string]bool{}
	for _, b := range list {
		if b.Reference == "" {
			return nil, connector.Fault(connector.RuleRequired, n.Line, "Ntry/AcctSvcrRef: an entry needs the bank's reference")
		}
		if seen[b.Reference] {
			return nil, connector.Fault(connector.RuleReference, n.Line, "Ntry/AcctSvcrRef: two transactions of an entry have one reference")
		}
		seen[b.Reference] = true
	}
	return list, nil
}

// refer takes the references of one transaction.
func (b *Booking) refer(d *connector.Node) {
	refs := d.Child("Refs")
	if own := refs.Value("AcctSvcrRef"); own != "" {
		b.Reference = own
	}
	if id := refs.Value("EndToEndId"); id != "NOTPROVIDED" {
		b.EndToEndID = id
	}
	for _, s := range d.Child("RmtInf").All("Strd") {
		if ref := s.Value("CdtrRefInf", "Ref"); ref != "" {
			b.CreditorReference = ref
			break
		}
	}
	if ret := d.Child("RtrInf"); ret != nil {
		b.Returned, b.ReturnCode = true, ret.Value("Rsn", "Cd")
	}
}

func amountOf(n *connector.Node) (int64, string, error) {
	amount := n.Child("Amt")
	fen, err := record.ParseFen(amount.Value())
	if err != nil || fen < 0 {
		return 0, "", connector.Fault(connector.RuleAmount, n.Line, n.Name+"/Amt: want an amount without sign, with at most two decimals")
	}
	currency := amount.Attr("Ccy")
	if currency == "" {
		return 0, "", connector.Fault(connector.RuleRequired, n.Line, n.Name+"/Amt@Ccy: the currency is missing")
	}
	return fen, currency, nil
}

// dayOf takes the date of a date or of a date-time as it is written: the bank's own day.
func dayOf(line int, column, s string) (int64, error) {
	date, _, _ := strings.Cut(s, "T")
	at, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return 0, connector.Fault(connector.RuleDate, line, fmt.Sprintf("%s: %.32q is no date", column, s))
	}
	return record.Day(at), nil
}

func (a *Account) balance(n *connector.Node) error {
	code := n.Value("Tp", "CdOrPrtry", "Cd")
	if code == "" {
		code = n.Value("Tp", "Cd")
	}
	if code != "CLBD" {
		return nil
	}
	amount := n.Child("Amt")
	fen, err := record.ParseFen(amount.Value())
	if err != nil || fen < 0 {
		return connector.Fault(connector.RuleAmount, n.Line, "Bal/Amt: want an amount with at most two decimals")
	}
	if n.Value("CdtDbtInd") == "DBIT" {
		fen = -fen
	}
	date := n.Value("Dt", "Dt")
	if date == "" {
		date = n.Value("Dt", "DtTm")
	}
	day, err := dayOf(n.Line, "Bal/Dt", date)
	if err != nil {
		return err
	}
	a.Closing, a.ClosingFen, a.ClosingDay, a.Currency = true, fen, day, amount.Attr("Ccy")
	return nil
}
