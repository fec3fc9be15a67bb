package camt_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/xinlian/xinlian/gateway/connector"
	"github.com/xinlian/xinlian/gateway/connector/camt"
)

const batched = `<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.08"><BkToCstmrDbtCdtNtfctn><GrpHdr><MsgId>M</MsgId></GrpHdr>
<Ntfctn><Id>N</Id><Acct><Id><Othr><Id>99</Id></Othr></Id></Acct>
<Ntry><Amt Ccy="CNY">3.50</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><DtTm>2026-03-10T23:59:59+08:00</DtTm></BookgDt>
<AcctSvcrRef>B1</AcctSvcrRef><NtryDtls>
<TxDtls><Refs><EndToEndId>NOTPROVIDED</EndToEndId></Refs><Amt Ccy="CNY">1.50</Amt><RmtInf><Strd><CdtrRefInf><Ref>RF18539007547034</Ref></CdtrRefInf></Strd></RmtInf></TxDtls>
<TxDtls><Refs><AcctSvcrRef>B1-2</AcctSvcrRef><EndToEndId>E2</EndToEndId></Refs><Amt Ccy="CNY">2</Amt><RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf></TxDtls>
</NtryDtls></Ntry>
<Ntry><Amt Ccy="CNY">9</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts>PDNG</Sts></Ntry>
<Ntry><Amt Ccy="CNY">0</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts>BOOK</Sts></Ntry>
</Ntfctn></BkToCstmrDbtCdtNtfctn></Document>`

// Each transaction of an entry is a booking with references of its own; what is not
// booked, or moves nothing, is none.
func TestReadBookings(t *testing.T) {
	t.Parallel()
	accounts, err := camt.ReadBookings(strings.NewReader(batched))
	if err != nil {
		t.Fatal(err)
	}
	if len(accounts) != 1 || accounts[0].Number != "99" || accounts[0].Closing || len(accounts[0].Bookings) != 2 {
		t.Fatalf("got %+v", accounts)
	}
	day := int64(20522) // 2026-03-10
	for i, want := range []camt.Booking{
		{Reference: "B1/1", CreditorReference: "RF18539007547034", Credit: true, AmountFen: 150, Currency: "CNY", Day: day},
		{Reference: "B1-2", EndToEndID: "E2", Returned: true, ReturnCode: "AC04", Credit: true, AmountFen: 200, Currency: "CNY", Day: day},
	} {
		if got := accounts[0].Bookings[i]; got != want {
			t.Errorf("booking %d: got %+v, want %+v", i, got, want)
		}
	}
}

// A document of which one thing cannot be read exactly is refused whole, by rule.
func TestReadBookingsRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		old, new string
		want     connector.Rule
	}{
		"no account":        {"<Id><Othr><Id>99</Id></Othr></Id>", "", connector.RuleRequired},
		"no reference":      {"<AcctSvcrRef>B1</AcctSvcrRef>", "", connector.RuleRequired},
		"one reference":     {">B1-2<", ">B1/1<", connector.RuleReference},
		"does not add up":   {">3.50<", ">3.51<", connector.RuleBalance},
		"half a fen":        {">1.50<", ">1.505<", connector.RuleAmount},
		"signed":            {">3.50<", ">-3.50<", connector.RuleAmount},
		"no currency":       {`<Amt Ccy="CNY">3.50`, "<Amt>3.50", connector.RuleRequired},
		"no direction":      {"CRDT", "BOTH", connector.RuleCode},
		"unknown status":    {"<Cd>BOOK</Cd>", "<Cd>MAYBE</Cd>", connector.RuleCode},
		"no day":            {"2026-03-10T23:59:59+08:00", "2026-02-30", connector.RuleDate},
		"another message":   {"camt.054.001", "camt.029.001", connector.RuleFileType},
		"nothing":           {"Ntfctn>", "Nothing>", connector.RuleRequired},
		"breaks off":        {"</Document>", "", connector.RuleXMLTruncated},
		"with a doc. type":  {"<Document", "<!DOCTYPE d><Document", connector.RuleXMLDTD},
		"something behind":  {"</Document>", "</Document><Document/>", connector.RuleXMLSyntax},
		"amount of a part":  {">2<", "><", connector.RuleAmount},
		"currency of parts": {`<Amt Ccy="CNY">2<`, "<Amt>2<", connector.RuleRequired},
	} {
		bent := strings.ReplaceAll(batched, c.old, c.new)
		_, err := camt.ReadBookings(strings.NewReader(bent))
		var fault *connector.RowError
		if bent == batched || !errors.As(err, &fault) || fault.Rule != c.want {
			t.Errorf("%s: got %v, want %s", name, err, c.want)
		}
	}
}

// Banks' own samples of every version are read to the end: bookings and a balance, or a
// refusal that names its rule.
func TestReadBookingsOfBanks(t *testing.T) {
	t.Parallel()
	var paths []string
	for _, up := range []string{"../../../..", "../../../../.."} { // a checkout, or a worktree below one
		found, err := filepath.Glob(filepath.Join(up, "shared/formats/camt053/*.xml"))
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, found...)
	}
	if len(paths) == 0 {
		t.Skip("banks' samples are absent: put shared/formats beside the repository to run this test")
	}
	read := 0
	for _, path := range paths {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		accounts, err := camt.ReadBookings(f)
		f.Close()
		var fault *connector.RowError
		if err != nil && !errors.As(err, &fault) {
			t.Errorf("%s: %v", filepath.Base(path), err)
		}
		for _, a := range accounts {
			read += len(a.Bookings)
		}
		t.Logf("%s: %d accounts, %v", filepath.Base(path), len(accounts), err)
	}
	if read == 0 {
		t.Error("no booking was read from any sample")
	}
}

func FuzzReadBookings(f *testing.F) {
	f.Add([]byte(batched))
	f.Fuzz(func(_ *testing.T, body []byte) { _, _ = camt.ReadBookings(strings.NewReader(string(body))) })
}
