package table_test

import (
	"fmt"
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/xinlian/xinlian/gateway/connector"
	ct "github.com/xinlian/xinlian/gateway/connector/connectortest"
	"github.com/xinlian/xinlian/gateway/connector/table"
	"github.com/xinlian/xinlian/internal/record"
)

// newest is every schema that a new record may have.
func newest() []*record.Schema {
	var out []*record.Schema
	for _, s := range record.Schemas {
		if latest, _ := record.Latest(s.ID); latest == s {
			out = append(out, s)
		}
	}
	return out
}

// filled is a row of a schema's template in the words of the language.
func filled(s *record.Schema, chinese bool) []string {
	var out []string
	for _, f := range s.Fields {
		v := f.Name + " 1"
		switch {
		case f.Name == "currency":
			v = "CNY"
		case f.Name == "amount":
			v = "113.00"
		case f.Name == "net":
			v = "100"
		case f.Name == "tax":
			v = "13.0"
		case f.Name == "direction" && s == record.PurchaseInvoice:
			v = "out"
			if chinese {
				v = "支"
			}
		case f.Type == record.Amount:
			v = "7.50"
		case f.Type == record.Count:
			v = "3"
		case f.Type == record.Date && chinese:
			v = "2026年1月31日"
		case f.Type == record.Date:
			v = "2026/1/31"
		case f.Type == record.Code && chinese:
			_, v, _ = strings.Cut(table.Words(f)[0], " ")
		case f.Type == record.Code:
			v = f.Codes[0]
		}
		out = append(out, v)
	}
	return out
}

// Every schema has a template in both languages; filled in, in every encoding
// and with every separator, it gives a record with all of its values.
func TestEverySchema(t *testing.T) {
	t.Parallel()
	if n := len(newest()); n != 15 {
		t.Fatalf("%d schemas", n)
	}
	for _, s := range newest() {
		for _, chinese := range []bool{true, false} {
			for _, separator := range []string{",", ";", "\t"} {
				titles := table.Titles(s.ID, chinese)
				if len(titles) != len(s.Fields) {
					t.Fatalf("%s: titles %v", s.ID, titles)
				}
				text := strings.Join(titles, separator) + "\r\n" + strings.Join(filled(s, chinese), separator) + "\r\n" + strings.Repeat(separator, len(titles)-1) + "\r\n"
				gb, err := simplifiedchinese.GB18030.NewEncoder().String(text)
				if err != nil {
					t.Fatal(err)
				}
				for encoding, b := range map[string]string{"UTF-8": text, "UTF-8 with mark": "\ufeff" + text, "GB18030": gb} {
					name := fmt.Sprintf("%s zh=%v %q %s", s.ID, chinese, separator, encoding)
					if !(table.Parser{}).Detect([]byte(b), "x") {
						t.Errorf("%s: not detected", name)
					}
					c := ct.Parse(t, table.Parser{}, []byte(b))
					if len(c.Problems) > 0 || len(c.Records) != 1 || c.Records[0].Schema != s {
						t.Fatalf("%s: %d records, %v", name, len(c.Records), c.Problems)
					}
					for i, f := range s.Fields {
						if !c.Records[0].Values[i].Present {
							t.Errorf("%s: %s is missing", name, f.Name)
						}
					}
				}
			}
		}
	}
}

// The field names of the schema are headers too, in any case and order.
func TestFieldNamesAsHeaders(t *testing.T) {
	t.Parallel()
	for _, s := range newest() {
		var names []string
		for _, f := range s.Fields {
			names = append([]string{" " + strings.ToUpper(f.Name)}, names...)
		}
		row := filled(s, false)
		for i, j := 0, len(row)-1; i < j; i, j = i+1, j-1 {
			row[i], row[j] = row[j], row[i]
		}
		c := ct.Parse(t, table.Parser{}, []byte(strings.Join(names, ",")+",extra\n"+strings.Join(row, ",")+",x\n"))
		if len(c.Problems) > 0 || len(c.Records) != 1 || c.Records[0].Schema != s {
			t.Errorf("%s: %d records, %v", s.ID, len(c.Records), c.Problems)
		}
	}
}

// Every code of every schema has a Chinese word, which no other code of the
// field has.
func TestWords(t *testing.T) {
	t.Parallel()
	for _, s := range newest() {
		for _, f := range s.Fields {
			seen := map[string]bool{}
			for i, w := range table.Words(f) {
				_, chinese, ok := strings.Cut(w, " ")
				if !ok || seen[chinese] {
					t.Errorf("%s %s: %s has no word of its own", s.ID, f.Name, f.Codes[i])
				}
				seen[chinese] = true
			}
		}
	}
}

// What contradicts itself within a row of a schema's table is refused by name.
func TestSchemaRows(t *testing.T) {
	t.Parallel()
	const invoice = "source_id,date,amount,currency,direction,status,net,tax,counterparty\n"
	const bank = "source_id,date,amount,currency,direction,account\n"
	const lease = "source_id,date,amount,currency,direction,status,role,counterparty,valid_from,valid_to\n"
	for _, c := range []struct {
		text   string
		column string
		rule   connector.Rule
	}{
		{invoice + "1,2026-01-31,113,CNY,in,normal,100,12,x", "amount", connector.RuleTotal},
		{invoice + "1,2026-01-31,-113,CNY,in,normal,-100,-13,x", "amount", connector.RuleSign},
		{invoice + "1,2026-01-31,113,CNY,in,red,100,13,x", "amount", connector.RuleSign},
		{invoice + "1,2026-01-31,113,CNY,sideways,normal,100,13,x", "direction", connector.RuleCode},
		{invoice + "1,2026-01-31,113,CNY,in,normal,100,13,", "counterparty", connector.RuleRequired},
		{invoice + "1,2026-01-31,113,CNY,in,normal,100,13,x\x00y", "counterparty", connector.RuleEncoding},
		{invoice + "1,2026-01-31,1234567890123456,CNY,in,normal,100,13,x", "amount", connector.RuleAmount},
		{bank + "1,2026-01-31,-5,CNY,out,9900", "amount", connector.RuleSign},
		{bank + "1,31.01.2026,5,CNY,out,9900", "date", connector.RuleDate},
		{bank + "1,2026-01-31,5,人民币,out,9900", "currency", connector.RuleCurrency},
		{lease + "1,2026-01-31,5,CNY,out,normal,tenant,x,2026-02-01,2026-01-01", "valid_to", connector.RuleDate},
	} {
		got := ct.Parse(t, table.Parser{}, []byte(c.text+"\n"))
		t.Log(c.text)
		ct.Want(t, got.Problems, ct.At(2, c.column, c.rule))
	}
}

// A formula that a spreadsheet would run stays text, and a decimal comma is not
// guessed at.
func TestHostileCells(t *testing.T) {
	t.Parallel()
	const bank = "source_id;date;amount;currency;direction;account;description\n"
	got := ct.Parse(t, table.Parser{}, []byte(bank+"1;2026-01-31;1234,50;CNY;in;9900;x\n=cmd|' /C calc'!A0;2026-01-31;1,234.50;CNY;in;9900;@SUM(1)\n"))
	ct.Want(t, got.Problems, ct.At(2, "amount", connector.RuleAmount))
	if len(got.Records) != 1 || got.Records[0].SourceID() != "=cmd|' /C calc'!A0" || got.Records[0].Text("description") != "@SUM(1)" {
		t.Errorf("%v", got.Records)
	}
}

// Two accounts in one table may count their entries alike.
func TestAccountsApart(t *testing.T) {
	t.Parallel()
	got := ct.Parse(t, table.Parser{}, []byte("source_id,date,amount,currency,direction,account\n1,2026-01-31,5,CNY,in,9900\n1,2026-01-31,6,CNY,in,9901\n1,2026-01-31,7,CNY,in,9901\n"))
	ct.Want(t, got.Problems, ct.At(4, "source_id", connector.RuleDuplicate))
}

// A purchase is known by its supplier too; a row that says so already is left.
func TestPurchaseID(t *testing.T) {
	t.Parallel()
	got := ct.Parse(t, table.Parser{}, []byte("source_id,date,amount,currency,direction,status,net,tax,counterparty\nA-1,2026-01-31,5,CNY,out,normal,5,0,S\nS:A-2,2026-01-31,5,CNY,out,normal,5,0,S\n"))
	ct.Want(t, got.Problems)
	if got.Records[0].SourceID() != "S:A-1" || got.Records[1].SourceID() != "S:A-2" || got.Records[0].Schema != record.PurchaseInvoice {
		t.Errorf("%s %s", got.Records[0].SourceID(), got.Records[1].SourceID())
	}
}
