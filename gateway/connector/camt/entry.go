package camt

import (
	"fmt"
	"strings"

	"github.com/xinlian/xinlian/gateway/connector"
	"github.com/xinlian/xinlian/internal/record"
)

// entry turns one entry into a bank-transaction, or into its problems.
func (d *document) entry(s *statement, n *connector.Node) error {
	d.entries++
	if s.account == "" || s.foreign {
		return nil // told once, for the statement
	}
	row := connector.Row{At: connector.Position{Row: d.entries, Line: n.Line}}
	if booked, err := d.booked(&row, n); !booked {
		return err
	}
	currency := row.Currency("Ntry/Amt@Ccy", n.Child("Amt").Attr("Ccy"))
	fen := row.Fen("Ntry/Amt", n.Value("Amt"))
	if fen < 0 {
		row.Fail("Ntry/Amt", connector.RuleSign, "the direction carries the sign, the amount may not")
	}
	direction := direction(&row, "Ntry/CdtDbtInd", n.Value("CdtDbtInd"))
	date := bookingDate(n)
	undated := date == "" && s.created != ""
	if undated {
		date = s.created
	}
	day := row.Day("Ntry/BookgDt", date)
	unnumbered := !s.final && n.Value("AcctSvcrRef") == ""
	if unnumbered && len(d.owner.Accounts) > 0 {
		// It will come again in the statement, and nothing would tell that it is the same.
		row.Fail("Ntry/AcctSvcrRef", connector.RuleRequired, "an entry of a report or notification needs the bank's reference")
	}
	status := int64(record.StatusNormal)
	if isTrue(n.Value("RvslInd")) {
		status = record.StatusRed
	}
	if row.Failed() {
		s.refused = true
	} else {
		s.movements[currency] = record.AddFen(s.movements[currency], signed(fen, direction))
	}
	r := record.New(record.BankTransaction).
		SetText("source_id", s.account+":"+d.reference(s, n)).
		SetInt("date", day).SetInt("amount", fen).SetText("currency", currency).
		SetInt("direction", direction).SetInt("status", status).
		SetText("account", s.account).
		SetText("counterparty", counterparty(n, direction)).
		SetText("description", description(n))
	if err := row.Emit(d.sink, r); err != nil || row.Failed() {
		return err
	}
	if undated {
		if err := d.note(&row, "Ntry/BookgDt", connector.RuleUndated, "neither booking nor value date: the day of the message is taken"); err != nil {
			return err
		}
	}
	if unnumbered {
		return d.note(&row, "Ntry/AcctSvcrRef", connector.RuleReference, "without the bank's reference the entry cannot be told from the same one in a statement")
	}
	return nil
}

func (d *document) note(row *connector.Row, column string, rule connector.Rule, detail string) error {
	return d.sink.Refuse(connector.RowError{Position: row.At, Column: column, Rule: rule, Note: true, Detail: detail})
}

// booked reports whether the entry is on the books; one that is pending or for
// information is noted and left out.
func (d *document) booked(row *connector.Row, n *connector.Node) (bool, error) {
	status := n.Value("Sts", "Cd") // a choice since version .06
	if status == "" {
		status = n.Value("Sts")
	}
	switch status {
	case "BOOK":
		return true, nil
	case "PDNG", "INFO", "FUTR":
		return false, d.note(row, "Ntry/Sts", connector.RulePending, "status "+status)
	}
	row.Fail("Ntry/Sts", connector.RuleCode, fmt.Sprintf("status %.16q is none of BOOK, PDNG, INFO, FUTR", status))
	return false, row.Emit(d.sink, nil)
}

// reference is the entry's own number at the bank: its servicer's reference,
// or else its place in the message, which is the same however often the file
// is sent. The account goes before it, because an internal transfer carries
// one reference on both accounts.
func (d *document) reference(s *statement, n *connector.Node) string {
	if ref := n.Value("AcctSvcrRef"); ref != "" {
		return ref
	}
	return fmt.Sprintf("%s/%s/%d.%d", d.messageID, s.id, s.number, d.entries)
}

func bookingDate(n *connector.Node) string {
	for _, path := range [][]string{{"BookgDt", "Dt"}, {"BookgDt", "DtTm"}, {"ValDt", "Dt"}, {"ValDt", "DtTm"}} {
		if v := n.Value(path...); v != "" {
			return v
		}
	}
	return ""
}

func direction(row *connector.Row, column, indicator string) int64 {
	switch indicator {
	case "CRDT":
		return record.DirectionIn
	case "DBIT":
		return record.DirectionOut
	}
	row.Fail(column, connector.RuleCode, fmt.Sprintf("%.16q is neither CRDT nor DBIT", indicator))
	return 0
}

func signed(fen, direction int64) int64 {
	if direction == record.DirectionOut {
		return -fen
	}
	return fen
}

func isTrue(s string) bool { return s == "true" || s == "1" }

// counterparty is the other side's name, where the entry has exactly one.
func counterparty(n *connector.Node, direction int64) string {
	var details []*connector.Node
	for _, e := range n.All("NtryDtls") {
		details = append(details, e.All("TxDtls")...)
	}
	if len(details) != 1 {
		return ""
	}
	role := "Dbtr"
	if direction == record.DirectionOut {
		role = "Cdtr"
	}
	parties := details[0].Child("RltdPties")
	if name := parties.Value(role, "Pty", "Nm"); name != "" { // since version .08
		return name
	}
	return parties.Value(role, "Nm")
}

func description(n *connector.Node) string {
	var parts []string
	for _, e := range n.All("NtryDtls") {
		for _, t := range e.All("TxDtls") {
			for _, u := range t.Child("RmtInf").All("Ustrd") {
				parts = append(parts, u.Value())
			}
		}
	}
	if len(parts) == 0 {
		parts = append(parts, n.Value("AddtlNtryInf"))
	}
	return connector.Describe(strings.Join(parts, " "))
}

// balance keeps opening and closing booked balance, and delivers the closing one.
func (d *document) balance(s *statement, n *connector.Node) error {
	code := n.Value("Tp", "CdOrPrtry", "Cd")
	if code == "" {
		code = n.Value("Tp", "Cd") // version .01
	}
	if s.account == "" || s.foreign || code != "OPBD" && code != "PRCD" && code != "CLBD" {
		return nil
	}
	row := connector.Row{At: connector.Position{Line: n.Line}}
	currency := row.Currency("Bal/Amt@Ccy", n.Child("Amt").Attr("Ccy"))
	fen := signed(row.Fen("Bal/Amt", n.Value("Amt")), direction(&row, "Bal/CdtDbtInd", n.Value("CdtDbtInd")))
	date := n.Value("Dt", "Dt")
	if date == "" {
		date = n.Value("Dt", "DtTm")
	}
	day := row.Day("Bal/Dt", date)
	if row.Failed() {
		s.refused = true
		return row.Emit(d.sink, nil)
	}
	b := &balance{fen: fen, currency: currency, line: n.Line}
	if code != "CLBD" {
		if s.opening == nil || code == "OPBD" {
			s.opening = b
		}
		return nil
	}
	s.closing = b
	r := record.New(record.BankBalance).
		SetText("source_id", fmt.Sprintf("%s:%s/%d", s.account, s.id, s.number)).
		SetInt("date", day).SetInt("amount", fen).SetText("currency", currency).SetText("account", s.account)
	return row.Emit(d.sink, r)
}
