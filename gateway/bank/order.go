package bank

import (
	"encoding/xml"
	"fmt"
	"time"

	"github.com/xinlian/xinlian/internal/record"
)

// orderSpace is the message that payment orders are written in. Version 09 is the one
// that the networks of the 2019 release take, with the agent's clearing code, and
// banks that still take 03 read the same elements.
const orderSpace = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"

// LinesMax bounds the payments of one order.
const LinesMax = 500

// zone is China Standard Time, in which banks' days are counted.
var zone = time.FixedZone("UTC+8", 8*3600)

// Line is one payment of an order: a redemption and where it goes.
type Line struct {
	Redemption uint64  `json:"redemption"`
	Org        uint64  `json:"org"`
	AmountFen  int64   `json:"amount_fen"`
	To         Account `json:"to"`
	Status     string  `json:"status,omitempty"` // the bank's last word, such as ACSP
}

// order is the document; the names are the standard's.
type order struct {
	XMLName xml.Name `xml:"Document"`
	Space   string   `xml:"xmlns,attr"`
	Body    struct {
		Header struct {
			MessageID string `xml:"MsgId"`
			Created   string `xml:"CreDtTm"`
			Count     int    `xml:"NbOfTxs"`
			Sum       string `xml:"CtrlSum"`
			Initiator string `xml:"InitgPty>Nm"`
		} `xml:"GrpHdr"`
		Payment struct {
			ID     string         `xml:"PmtInfId"`
			Method string         `xml:"PmtMtd"`
			Batch  bool           `xml:"BtchBookg"`
			Count  int            `xml:"NbOfTxs"`
			Sum    string         `xml:"CtrlSum"`
			Day    string         `xml:"ReqdExctnDt>Dt"`
			Debtor string         `xml:"Dbtr>Nm"`
			From   orderAccount   `xml:"DbtrAcct"`
			Agent  orderAgent     `xml:"DbtrAgt"`
			Lines  []orderPayment `xml:"CdtTrfTxInf"`
		} `xml:"PmtInf"`
	} `xml:"CstmrCdtTrfInitn"`
}

type orderPayment struct {
	EndToEndID string `xml:"PmtId>EndToEndId"`
	Amount     struct {
		Currency string `xml:"Ccy,attr"`
		Value    string `xml:",chardata"`
	} `xml:"Amt>InstdAmt"`
	Agent    orderAgent   `xml:"CdtrAgt"`
	Creditor string       `xml:"Cdtr>Nm"`
	To       orderAccount `xml:"CdtrAcct"`
	Text     string       `xml:"RmtInf>Ustrd"`
}

type orderAccount struct {
	Number string `xml:"Id>Othr>Id"`
}

// orderAgent is a bank by its number in CNAPS.
type orderAgent struct {
	System string `xml:"FinInstnId>ClrSysMmbId>ClrSysId>Cd"`
	Code   string `xml:"FinInstnId>ClrSysMmbId>MmbId"`
}

// writeOrder makes the payment order of some lines. The same arguments make the same
// bytes. What it made is read again and checked before it is returned.
func writeOrder(messageID string, from Account, lines []Line, created time.Time) ([]byte, error) {
	var o order
	o.Space = orderSpace
	sumFen := int64(0)
	p := &o.Body.Payment
	for _, l := range lines {
		sumFen = record.AddFen(sumFen, l.AmountFen)
		e := orderPayment{
			EndToEndID: EndToEndID(l.Redemption), Agent: agentOf(l.To), Creditor: l.To.Name, To: orderAccount{l.To.Number},
			Text: fmt.Sprintf("兑付 redemption %d", l.Redemption),
		}
		e.Amount.Currency, e.Amount.Value = currency, record.FormatFen(l.AmountFen)
		p.Lines = append(p.Lines, e)
	}
	h := &o.Body.Header
	h.MessageID, h.Created, h.Initiator = messageID, created.In(zone).Format("2006-01-02T15:04:05-07:00"), from.Name
	h.Count, h.Sum = len(lines), record.FormatFen(sumFen)
	p.ID, p.Method, p.Count, p.Sum = messageID, "TRF", h.Count, h.Sum
	p.Day = created.In(zone).Format(time.DateOnly)
	p.Debtor, p.From, p.Agent = from.Name, orderAccount{from.Number}, agentOf(from)
	body, err := xml.MarshalIndent(o, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing a payment order: %w", err)
	}
	body = append([]byte(xml.Header), append(body, '\n')...)
	if err := CheckOrder(body); err != nil {
		return nil, fmt.Errorf("checking a payment order: %w", err)
	}
	return body, nil
}

func agentOf(a Account) orderAgent { return orderAgent{System: "CNAPS", Code: a.BankCode} }
