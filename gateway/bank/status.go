package bank

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/xinlian/xinlian/gateway/connector"
)

// rejected is the status of a payment that the bank refuses.
const rejected = "RJCT"

// noReason is the code of a reason that the bank did not give as one.
const noReason = "NARR"

// answer is what a bank says of an order (pain.002), or of one payment of it.
type answer struct {
	MessageID  string // of the order
	EndToEndID string // empty: every payment of it
	Status     string
	Reason     string
}

// readAnswers reads a pain.002 document. Statuses of the whole order or of its one
// payment group come first, then those of single payments.
func readAnswers(body []byte) ([]answer, error) {
	x := connector.NewXML(bytes.NewReader(body))
	start, err := x.Root("Document")
	if err != nil {
		return nil, err
	}
	if !strings.Contains(start.Name.Space, "pain.002.001.") {
		return nil, connector.Fault(connector.RuleFileType, x.Line(), "name space is not pain.002")
	}
	n, err := x.Node(start)
	if err != nil {
		return nil, err
	}
	if err := x.Finish(); err != nil {
		return nil, err
	}
	report := n.Child("CstmrPmtStsRpt")
	whole := report.Child("OrgnlGrpInfAndSts")
	id := whole.Value("OrgnlMsgId")
	if id == "" {
		return nil, connector.Fault(connector.RuleRequired, n.Line, "OrgnlGrpInfAndSts/OrgnlMsgId: the order is not named")
	}
	var list []answer
	add := func(endToEnd, status string, of *connector.Node) {
		if status != "" {
			list = append(list, answer{MessageID: id, EndToEndID: endToEnd, Status: status, Reason: reasonOf(of)})
		}
	}
	add("", whole.Value("GrpSts"), whole)
	groups := report.All("OrgnlPmtInfAndSts")
	for _, g := range groups {
		add("", g.Value("PmtInfSts"), g)
	}
	for _, g := range append(groups, report) { // before version .03 payments stand beside the groups
		for _, t := range g.All("TxInfAndSts") {
			endToEnd := t.Value("OrgnlEndToEndId")
			if endToEnd == "" {
				return nil, connector.Fault(connector.RuleRequired, t.Line, "TxInfAndSts/OrgnlEndToEndId: the payment is not named")
			}
			add(endToEnd, t.Value("TxSts"), t)
		}
	}
	if len(list) == 0 {
		return nil, connector.Fault(connector.RuleRequired, n.Line, "the report states no status")
	}
	return list, nil
}

// reasonOf is the first coded reason in the chain's form, else noReason.
func reasonOf(n *connector.Node) string { return reasonCode(n.Value("StsRsnInf", "Rsn", "Cd")) }

// reasonCode is a code that the chain takes: 1 to 4 capital letters and digits.
func reasonCode(code string) string {
	if len(code) < 1 || len(code) > 4 || !all(code, func(c byte) bool { return isDigit(c) || 'A' <= c && c <= 'Z' }) {
		return noReason
	}
	return code
}

// kindOf tells documents apart by the name space of their root.
func kindOf(body []byte) (string, error) {
	head := body[:min(len(body), connector.HeadBytes)]
	switch {
	case bytes.Contains(head, []byte("pain.002.001.")):
		return "pain.002", nil
	case bytes.Contains(head, []byte("camt.05")):
		return "camt", nil
	}
	return "", fmt.Errorf("%w: neither pain.002 nor camt.052, camt.053 or camt.054", errDocument)
}

// errDocument says that a file of the bank cannot be used.
var errDocument = errors.New("bank: document")
