package table_test

import (
	"archive/zip"
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/xinlian/xinlian/gateway/connector"
	ct "github.com/xinlian/xinlian/gateway/connector/connectortest"
	"github.com/xinlian/xinlian/gateway/connector/table"
	"github.com/xinlian/xinlian/internal/record"
)

func FuzzWorkbook(f *testing.F) { ct.Fuzz(f, table.Workbook{}) }

// A workbook made by another program gives the values it shows: dates of every
// kind, a sum of binary floats, an identifier typed as a number; what a
// workbook cannot hold exactly is refused.
func TestWorkbook(t *testing.T) {
	t.Parallel()
	b := ct.File(t, "invoices.xlsx")
	if !(table.Workbook{}).Detect(b[:min(len(b), connector.HeadBytes)], "x.xlsx") || !(table.Workbook{}).Detect(b[:min(len(b), connector.HeadBytes)], "upload") {
		t.Error("not detected")
	}
	c := ct.Parse(t, table.Workbook{}, b)
	ct.Want(
		t, c.Problems,
		ct.At(7, "价税合计", connector.RuleAmount), ct.At(7, "不含税金额", connector.RuleAmount),
		ct.At(8, "发票号码", connector.RuleNumber),
		ct.At(9, "价税合计", connector.RuleRequired), // a formula that nobody calculated
		ct.At(10, "对方税号或名称", connector.RuleRequired),
		ct.At(11, "价税合计", connector.RuleAmount),
	)
	for _, e := range c.Problems {
		if e.Sheet != "销项" {
			t.Errorf("sheet %q", e.Sheet)
		}
	}
	var got []string
	for _, r := range c.Records {
		fen, _ := r.Int("amount")
		day, _ := r.Int("date")
		got = append(got, strings.Join([]string{r.Schema.ID, r.SourceID(), record.DayTime(day).Format("2006-01-02"), record.FormatFen(fen), r.Text("counterparty")}, " "))
	}
	want := []string{
		"sales-invoice 99000000000000000001 2026-01-31 113.00 样本晴川五金商行",
		"sales-invoice 11459356 2026-01-31 0.30 =cmd|' /C calc'!A0",
		"purchase-invoice 样本禾原包装厂:A-3 2026-02-01 1130.00 样本禾原包装厂",
		"sales-invoice A-4 2026-02-02 -1.13 样本晴川五金商行",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// A workbook that counts its days from 1904 gives the same days.
func TestWorkbook1904(t *testing.T) {
	t.Parallel()
	c := ct.Parse(t, table.Workbook{}, ct.File(t, "balance-1904.xlsx"))
	ct.Want(t, c.Problems)
	day, _ := c.Records[0].Int("date")
	if fen, _ := c.Records[0].Int("amount"); record.DayTime(day).Format("2006-01-02") != "2026-01-31" || fen != 123456789 {
		t.Errorf("%d %d", day, fen)
	}
}

// The template of each schema is a workbook that the parser reads.
func TestTemplateXLSX(t *testing.T) {
	t.Parallel()
	for _, name := range table.Templates() {
		b := table.TemplateXLSX(name, true)
		if !(table.Workbook{}).Detect(b, "x") {
			t.Errorf("%s: not detected", name)
		}
		ct.Want(t, ct.Parse(t, table.Workbook{}, b).Problems)
	}
	if table.TemplateXLSX("other", true) != nil {
		t.Error("a template that does not exist")
	}
}

// repacked is a workbook with one part replaced, or left out where text is nil.
func repacked(t *testing.T, b []byte, part string, text []byte) []byte {
	t.Helper()
	in, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, f := range in.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		old, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if f.Name == part {
			if old = text; text == nil {
				continue
			}
		}
		w, err := z.Create(f.Name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(old); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// A workbook that is damaged, cut, a bomb or another kind of archive is refused
// whole, with the rows before the damage delivered.
func TestBadWorkbook(t *testing.T) {
	t.Parallel()
	const sheet = "xl/worksheets/sheet1.xml"
	const open = `<worksheet><sheetData>`
	balance := table.TemplateXLSX("bank-balance", false)
	row := func(cells ...string) string {
		s := "<row>"
		for _, c := range cells {
			s += `<c t="inlineStr"><is><t>` + c + `</t></is></c>`
		}
		return s + "</row>"
	}
	header := row("source_id", "date", "amount", "currency", "account")
	good := row("B1", "2026-01-31", "5", "CNY", "9900")
	for _, c := range []struct {
		name    string
		b       []byte
		rule    connector.Rule
		records int
	}{
		{"cut", balance[:len(balance)-10], connector.RuleFileType, 0},
		{"no sheet", repacked(t, balance, sheet, nil), connector.RuleFileType, 0},
		{"no workbook", repacked(t, balance, "xl/workbook.xml", nil), connector.RuleFileType, 0},
		{"empty sheet", repacked(t, balance, sheet, []byte(open+"</sheetData></worksheet>")), connector.RuleFileType, 0},
		{"other header", repacked(t, balance, sheet, []byte(open+row("a", "b")+"</sheetData></worksheet>")), connector.RuleFileType, 0},
		{"missing column", repacked(t, balance, sheet, []byte(open+row("source_id", "date", "amount", "currency")+"</sheetData></worksheet>")), connector.RuleHeader, 0},
		{"ends early", repacked(t, balance, sheet, []byte(open+header+good+"<row>")), connector.RuleXMLTruncated, 1},
		{"document type", repacked(t, balance, sheet, []byte("<!DOCTYPE x>"+open+header+"</sheetData></worksheet>")), connector.RuleXMLDTD, 0},
		{"huge token", repacked(t, balance, sheet, []byte(open+header+good+"<row><c><v>"+strings.Repeat("1", connector.XMLTokenBytesMax+1<<20))), connector.RuleXMLLimit, 1},
		{"large index", repacked(t, balance, "xl/workbook.xml", bytes.Repeat([]byte(" "), 2<<20)), connector.RuleFileSize, 0},
		{"shared string that is not there", repacked(t, balance, sheet, []byte(open+header+`<row><c t="s"><v>7</v></c><c t="inlineStr"><is><t>2026-01-31</t></is></c><c><v>5</v></c><c t="inlineStr"><is><t>CNY</t></is></c><c><v>9900</v></c></row></sheetData></worksheet>`)), connector.RuleEncoding, 0},
		{"error value", repacked(t, balance, sheet, []byte(open+header+strings.Replace(good, `<c t="inlineStr"><is><t>5</t></is></c>`, `<c t="e"><v>#DIV/0!</v></c>`, 1)+"</sheetData></worksheet>")), connector.RuleAmount, 0},
		{"cells beyond the header", repacked(t, balance, sheet, []byte(open+header+strings.Replace(good, "</row>", `<c r="XFD2"><v>1</v></c></row>`, 1)+"</sheetData></worksheet>")), "", 1},
	} {
		got := ct.Parse(t, table.Workbook{}, c.b)
		var rules []string
		for _, e := range got.Problems {
			rules = append(rules, string(e.Rule))
		}
		if strings.Join(rules, " ") != string(c.rule) || len(got.Records) != c.records {
			t.Errorf("%s: %d records, %v", c.name, len(got.Records), got.Problems)
		}
	}
}

// A number is what its fifteen digits say; what then has less than a fen is refused.
func TestFloats(t *testing.T) {
	t.Parallel()
	balance := table.TemplateXLSX("bank-balance", false)
	for v, want := range map[string]string{
		"0.30000000000000004": "0.30", "1.1299999999999999": "1.13", "1234567.8900000001": "1234567.89",
		"-4.5999999999999996": "-4.60", "1.1300000000000001E2": "113.00", "1E3": "1000.00", "5": "5.00",
		"0.30000000000004": "", "1E-3": "", "1.135": "", "1E40": "", "NaN": "",
	} {
		sheet := `<worksheet><sheetData><row r="1"><c t="str"><v>source_id</v></c><c t="str"><v>date</v></c><c t="str"><v>amount</v></c><c t="str"><v>currency</v></c><c t="str"><v>account</v></c></row>` +
			`<row r="7"><c><v>1</v></c><c><v>46053.75</v></c><c><v>` + v + `</v></c><c t="str"><v>CNY</v></c><c><v>9900</v></c></row></sheetData></worksheet>`
		c := ct.Parse(t, table.Workbook{}, repacked(t, balance, "xl/worksheets/sheet1.xml", []byte(sheet)))
		if want == "" {
			ct.Want(t, c.Problems, ct.At(7, "amount", connector.RuleAmount))
			continue
		}
		ct.Want(t, c.Problems)
		if fen, _ := c.Records[0].Int("amount"); record.FormatFen(fen) != want {
			t.Errorf("%s: %s, want %s", v, record.FormatFen(fen), want)
		}
	}
}

// Strings that unpack beyond the limit end the reading, not the memory.
func TestBomb(t *testing.T) {
	t.Parallel()
	b := ct.File(t, "invoices.xlsx")
	in, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil || len(in.File) == 0 {
		t.Fatal(err)
	}
	bomb := repacked(t, b, "xl/sharedStrings.xml", append([]byte("<sst>"), bytes.Repeat([]byte("<si><t>"+strings.Repeat(" ", 8<<10)+"</t></si>"), 9<<10)...))
	if len(bomb) > 1<<20 {
		t.Fatalf("the bomb itself has %d bytes", len(bomb))
	}
	ct.Want(t, ct.Parse(t, table.Workbook{}, bomb).Problems, ct.At(0, "", connector.RuleFileSize))
}
