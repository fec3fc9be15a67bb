package camt_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/xinlian/xinlian/gateway/connector"
	"github.com/xinlian/xinlian/gateway/connector/camt"
	ct "github.com/xinlian/xinlian/gateway/connector/connectortest"
	"github.com/xinlian/xinlian/internal/record"
)

func FuzzParse(f *testing.F) { ct.Fuzz(f, camt.Parser{}) }

// A statement gives each entry with its party, and its closing balance.
func TestStatement(t *testing.T) {
	t.Parallel()
	c := ct.Parse(t, camt.Parser{}, ct.File(t, "two-entries.xml"))
	ct.Want(t, c.Problems)
	if len(c.Records) != 3 {
		t.Fatalf("%d records", len(c.Records))
	}
	for i, want := range []struct {
		id, other string
		fen, dir  int64
		date      string
	}{
		{"9900000000000000001:S1/1", "", 13450, 0, "2026-01-31"},
		{"9900000000000000001:R1", "样本晴川五金商行", 123450, record.DirectionIn, "2026-01-05"},
		{"9900000000000000001:R2", "样本禾原包装厂", 120000, record.DirectionOut, "2026-01-06"},
	} {
		r := c.Records[i]
		fen, _ := r.Int("amount")
		dir, _ := r.Int("direction")
		day, _ := r.Int("date")
		if date := record.DayTime(day).Format("2006-01-02"); r.SourceID() != want.id || r.Text("counterparty") != want.other || fen != want.fen || dir != want.dir || date != want.date {
			t.Errorf("record %d: %s %s %d %d %s", i, r.SourceID(), r.Text("counterparty"), fen, dir, date)
		}
	}
}

// A bad entry is named and refused alone; the other entry still comes.
func TestBadEntry(t *testing.T) {
	t.Parallel()
	const amount, date, status = "Ntry/Amt", "Ntry/BookgDt", "Ntry/Sts"
	for _, c := range []struct {
		name, old, new string
		want           connector.RowError
		records        int
	}{
		{"third decimal", ">1234.50<", ">1234.505<", ct.At(1, amount, connector.RuleAmount), 2},
		{"exponent", ">1234.50<", ">1e3<", ct.At(1, amount, connector.RuleAmount), 2},
		{"comma", ">1234.50<", ">1,234.50<", ct.At(1, amount, connector.RuleAmount), 2},
		{"full-width", ">1234.50<", ">１２３４<", ct.At(1, amount, connector.RuleAmount), 2},
		{"too large", ">1234.50<", ">100000000001<", ct.At(1, amount, connector.RuleAmount), 2},
		{"negative", ">1234.50<", ">-1234.50<", ct.At(1, amount, connector.RuleSign), 2},
		{"no amount", ">1234.50<", "><", ct.At(1, amount, connector.RuleRequired), 2},
		{"no such day", "2026-01-05", "2026-02-30", ct.At(1, date, connector.RuleDate), 2},
		{"year 3000", "2026-01-05", "3000-01-05", ct.At(1, "date", connector.RuleRange), 2},
		{"currency", `"CNY">1234`, `"yuan">1234`, ct.At(1, "Ntry/Amt@Ccy", connector.RuleCurrency), 2},
		{"direction", "1234.50</Amt><CdtDbtInd>CRDT", "1234.50</Amt><CdtDbtInd>IN", ct.At(1, "Ntry/CdtDbtInd", connector.RuleCode), 2},
		{"status", "BOOK", "MAYB", ct.At(1, status, connector.RuleCode), 2},
		{"pending", "BOOK", "PDNG", ct.At(1, status, connector.RulePending), 2},
		{"same reference", ">R2<", ">R1<", ct.At(2, "source_id", connector.RuleDuplicate), 2},
		{"closing", ">134.50<", ">134.51<", ct.At(0, "Bal/Amt", connector.RuleBalance), 3},
		{"no account", "<Id>9900000000000000001</Id>", "", ct.At(0, "Acct/Id", connector.RuleRequired), 0},
		{"long reference", ">R1<", ">" + strings.Repeat("9", 300) + "<", ct.At(1, "source_id", connector.RuleLength), 2},
	} {
		b := bytes.Replace(ct.File(t, "two-entries.xml"), []byte(c.old), []byte(c.new), 1)
		got := ct.Parse(t, camt.Parser{}, b)
		// A pending or badly marked entry leaves the closing balance open too.
		var problems []connector.RowError
		for _, e := range got.Problems {
			if e.Rule != connector.RuleBalance || c.want.Rule == connector.RuleBalance {
				problems = append(problems, e)
			}
		}
		t.Log(c.name)
		ct.Want(t, problems, c.want)
		if len(got.Records) != c.records {
			t.Errorf("%s: %d records, want %d", c.name, len(got.Records), c.records)
		}
	}
}

// A statement of someone else's account gives one problem and no record.
func TestForeignAccount(t *testing.T) {
	t.Parallel()
	b := ct.File(t, "two-entries.xml")
	var c connector.Collector
	owner := connector.Owner{Accounts: []string{"9900000000000000002"}}
	_, err := connector.Set{camt.Parser{}}.Parse(t.Context(), connector.Source{Name: "s.xml", Reader: bytes.NewReader(b)}, connector.Auto, owner, &c)
	if err != nil || len(c.Records) != 0 {
		t.Fatalf("%d records, %v", len(c.Records), err)
	}
	ct.Want(t, c.Problems, ct.At(0, "Acct/Id", connector.RuleOwner))
}

// A file cut anywhere gives the entries before the cut and one problem.
func TestTruncated(t *testing.T) {
	t.Parallel()
	whole := bytes.TrimSpace(ct.File(t, "two-entries.xml"))
	for n := bytes.Index(whole, []byte("<BkToCstmrStmt>")); n < len(whole); n++ {
		got := ct.Parse(t, camt.Parser{}, whole[:n])
		if len(got.Problems) != 1 || got.Problems[0].Rule != connector.RuleXMLTruncated && got.Problems[0].Rule != connector.RuleEncoding {
			t.Fatalf("cut at %d: %v", n, got.Problems)
		}
	}
}
