package camt_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/xinlian/xinlian/gateway/connector"
	"github.com/xinlian/xinlian/gateway/connector/camt"
	ct "github.com/xinlian/xinlian/gateway/connector/connectortest"
	"github.com/xinlian/xinlian/internal/record"
)

// of is a document of a kind and version, with what versions write differently:
// the status as a code or a choice, the party with or without Pty.
func of(kind string, version int) string {
	body, statement := map[string]string{"052": "BkToCstmrAcctRpt", "053": "BkToCstmrStmt", "054": "BkToCstmrDbtCdtNtfctn"}[kind],
		map[string]string{"052": "Rpt", "053": "Stmt", "054": "Ntfctn"}[kind]
	status, party := "<Sts>BOOK</Sts>", "<Dbtr><Nm>样本晴川五金商行</Nm></Dbtr>"
	if version >= 6 {
		status = "<Sts><Cd>BOOK</Cd></Sts>"
	}
	if version >= 8 {
		party = "<Dbtr><Pty><Nm>样本晴川五金商行</Nm></Pty></Dbtr>"
	}
	return fmt.Sprintf(`<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.%s.001.%02d"><%s><GrpHdr><MsgId>M</MsgId><CreDtTm>2026-02-01T00:00:00Z</CreDtTm></GrpHdr><%s><Id>S</Id><CreDtTm>2026-02-01T00:00:00Z</CreDtTm><Acct><Id><IBAN>9901</IBAN></Id></Acct>`+
		`<Ntry><NtryRef>1</NtryRef><Amt Ccy="CNY">5.50000</Amt><CdtDbtInd>CRDT</CdtDbtInd><RvslInd>false</RvslInd>%s<BookgDt><Dt>2026-01-31</Dt></BookgDt><ValDt><DtTm>2026-02-02T08:00:00</DtTm></ValDt><AcctSvcrRef>R</AcctSvcrRef><BkTxCd><Domn><Cd>PMNT</Cd></Domn></BkTxCd>`+
		`<NtryDtls><TxDtls><Amt Ccy="USD">0.77</Amt><RltdPties>%s</RltdPties><RmtInf><Ustrd>货款</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry></%s></%s></Document>`,
		kind, version, body, statement, status, party, statement, body)
}

func wantOne(t *testing.T, name, s string) {
	t.Helper()
	if !(camt.Parser{}).Detect([]byte(s[:min(len(s), connector.HeadBytes)]), "x") {
		t.Errorf("%s: not detected", name)
	}
	got := ct.Parse(t, camt.Parser{}, []byte(s))
	ct.Want(t, got.Problems)
	if len(got.Records) != 1 {
		t.Fatalf("%s: %d records", name, len(got.Records))
	}
	r := got.Records[0]
	fen, _ := r.Int("amount")
	day, _ := r.Int("date")
	if fen != 550 || record.DayTime(day).Format("2006-01-02") != "2026-01-31" || r.Text("counterparty") != "样本晴川五金商行" || r.Text("currency") != "CNY" || r.SourceID() != "9901:R" {
		t.Errorf("%s: %+v", name, r.Values)
	}
}

// Every message of every version gives the entry's own amount, currency and
// booking day, however the version writes status and party.
func TestVersions(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"052", "053", "054"} {
		for version := 1; version <= 13; version++ {
			wantOne(t, fmt.Sprint(kind, " ", version), of(kind, version))
		}
	}
}

// Prefixes, an envelope, a byte order mark, a declaration, comments and Latin
// text change nothing.
func TestWrappings(t *testing.T) {
	t.Parallel()
	plain := of("053", 8)
	prefixed := strings.NewReplacer("<Document xmlns=", "<n:Document xmlns:n=", "</", "</n:", "<", "<n:", "<n:n:", "<n:").Replace(plain)
	prefixed = strings.ReplaceAll(prefixed, "<n:/n:", "</n:")
	for name, s := range map[string]string{
		"prefix":      prefixed,
		"mark":        "\ufeff" + plain,
		"declaration": `<?xml version="1.0" encoding="utf-8" standalone="yes"?>` + "\r\n<!-- a comment -->" + plain,
		"envelope":    `<BizMsgEnvlp xmlns="urn:iso:std:iso:20022:tech:xsd:head.002.001.01"><AppHdr><MsgDefIdr>camt.053.001.08</MsgDefIdr></AppHdr>` + plain + `</BizMsgEnvlp>`,
	} {
		wantOne(t, name, s)
	}
}

// What cannot be an entry of a statement is noted or refused by its own rule.
func TestEdges(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, kind, old, new string
		records              int
		want                 []connector.RowError
	}{
		{"value date only", "053", "<BookgDt><Dt>2026-01-31</Dt></BookgDt>", "", 1, nil},
		{"no date", "053", "<BookgDt><Dt>2026-01-31</Dt></BookgDt><ValDt><DtTm>2026-02-02T08:00:00</DtTm></ValDt>", "", 1, []connector.RowError{ct.At(1, "Ntry/BookgDt", connector.RuleUndated)}},
		{"no reference in a report", "052", "<AcctSvcrRef>R</AcctSvcrRef>", "", 1, []connector.RowError{ct.At(1, "Ntry/AcctSvcrRef", connector.RuleReference)}},
		{"no reference in a statement", "053", "<AcctSvcrRef>R</AcctSvcrRef>", "", 1, nil},
		{"zero", "053", "5.50000", "0", 1, nil},
		{"five decimals", "053", "5.50000", "5.50001", 0, []connector.RowError{ct.At(1, "Ntry/Amt", connector.RuleAmount)}},
		{"information", "053", "<Cd>BOOK</Cd>", "<Cd>INFO</Cd>", 0, []connector.RowError{ct.At(1, "Ntry/Sts", connector.RulePending)}},
		{"proprietary status", "053", "<Cd>BOOK</Cd>", "<Prtry>X</Prtry>", 0, []connector.RowError{ct.At(1, "Ntry/Sts", connector.RuleCode)}},
		{"name space of a payment", "053", "camt.053.001.08", "pain.001.001.09", 0, []connector.RowError{ct.At(0, "", connector.RuleFileType)}},
		{"UTF-16", "053", "<Document", "\xff\xfe<\x00D\x00", 0, []connector.RowError{ct.At(0, "", connector.RuleEncoding)}},
		{"empty envelope", "053", "", "", 0, nil},
	} {
		s := strings.Replace(of(c.kind, 8), c.old, c.new, 1)
		if c.name == "empty envelope" {
			s, c.want = "<Envelope/>", []connector.RowError{ct.At(0, "", connector.RuleFileType)}
		}
		got := ct.Parse(t, camt.Parser{}, []byte(s))
		t.Log(c.name)
		ct.Want(t, got.Problems, c.want...)
		if len(got.Records) != c.records {
			t.Errorf("%s: %d records, want %d", c.name, len(got.Records), c.records)
		}
	}
}

// Where the accounts are known, an entry that would come again in the statement
// unrecognised is refused.
func TestUnnumberedReport(t *testing.T) {
	t.Parallel()
	s := strings.Replace(of("052", 8), "<AcctSvcrRef>R</AcctSvcrRef>", "", 1)
	var c connector.Collector
	src := connector.Source{Name: "r.xml", Reader: strings.NewReader(s)}
	if _, err := (connector.Set{camt.Parser{}}).Parse(t.Context(), src, connector.Auto, connector.Owner{Accounts: []string{"9901"}}, &c); err != nil || len(c.Records) != 0 {
		t.Fatal(len(c.Records), err)
	}
	ct.Want(t, c.Problems, ct.At(1, "Ntry/AcctSvcrRef", connector.RuleRequired))
}

// A reversal keeps the direction that the bank states, and is marked.
func TestReversal(t *testing.T) {
	t.Parallel()
	s := strings.NewReplacer("<RvslInd>false", "<RvslInd>true", "CRDT", "DBIT").Replace(of("053", 8))
	got := ct.Parse(t, camt.Parser{}, []byte(s))
	ct.Want(t, got.Problems)
	direction, _ := got.Records[0].Int("direction")
	if status, _ := got.Records[0].Int("status"); status != record.StatusRed || direction != record.DirectionOut {
		t.Errorf("status %d direction %d", status, direction)
	}
}
