package format_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/xinlian/xinlian/gateway/connector"
	"github.com/xinlian/xinlian/gateway/connector/format"
	"github.com/xinlian/xinlian/internal/record"
)

const (
	camtOpen = `<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><GrpHdr><MsgId>M</MsgId></GrpHdr><Stmt><Id>S</Id><Acct><Id><IBAN>9901</IBAN></Id></Acct>`
	camtShut = `</Stmt></BkToCstmrStmt></Document>`
	tableTop = "report,date,net_sales,refunds,orders,currency\n"
)

func entry(reference, fen string) string {
	return `<Ntry><Amt Ccy="CNY">` + fen + `</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-01-05</Dt></BookgDt><AcctSvcrRef>` + reference + `</AcctSvcrRef></Ntry>`
}

func parseText(t *testing.T, name, s, as string) (*connector.Collector, connector.Summary) {
	t.Helper()
	var c connector.Collector
	sum, err := format.Parse(context.Background(), connector.Source{Name: name, Reader: strings.NewReader(s), Size: int64(len(s))}, as, connector.Owner{}, &c)
	if err != nil {
		t.Fatal(err)
	}
	return &c, sum
}

// A document that cannot be read is one problem with a clear rule; what came
// before it stands.
func TestBadDocuments(t *testing.T) {
	t.Parallel()
	const external = `<!DOCTYPE Document [<!ENTITY x SYSTEM "file:///etc/passwd">]>`
	const laughs = `<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>`
	deep := strings.Repeat("<a>", 100) + strings.Repeat("</a>", 100)
	for _, c := range []struct {
		name, text, as string
		rule           connector.Rule
		records        int
	}{
		{"empty.xml", "", connector.Auto, connector.RuleFileEmpty, 0},
		{"scan.pdf", "%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", connector.Auto, connector.RuleFileType, 0},
		{"photo.png", "\x89PNG\r\n\x1a\n\x00\x00", connector.Auto, connector.RuleFileType, 0},
		{"book.xlsx", "PK\x03\x04\x14\x00", connector.Auto, connector.RuleFileType, 0},
		{"page.html", "<!doctype html><html></html>", connector.Auto, connector.RuleFileType, 0},
		{"text.txt", "hello", connector.Auto, connector.RuleFileType, 0},
		{"pain.xml", `<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"/>`, connector.Auto, connector.RuleFileType, 0},
		{"scan.pdf", "%PDF-1.7", "camt", connector.RuleFileType, 0},
		{"scan.pdf", "%PDF-1.7", "ubl", connector.RuleFileType, 0},
		{"scan.pdf", "%PDF-1.7", "fapiao", connector.RuleFileType, 0},
		{"scan.pdf", "%PDF-1.7", "table", connector.RuleFileType, 0},
		{"a.xml", camtOpen, "mt999", connector.RuleFileType, 0},
		{"a.xml", camtOpen, "mt940", connector.RuleFileType, 0},
		{"a.xml", camtOpen, "xlsx", connector.RuleFileType, 0},
		{"half.xml", camtOpen + entry("1", "5"), connector.Auto, connector.RuleXMLTruncated, 1},
		{"cut.xml", camtOpen + entry("1", "5") + "<Ntry><Amt Cc", connector.Auto, connector.RuleXMLTruncated, 1},
		{"external.xml", external + camtOpen + camtShut, connector.Auto, connector.RuleXMLDTD, 0},
		{"laughs.xml", laughs + camtOpen + camtShut, connector.Auto, connector.RuleXMLDTD, 0},
		{"external.xml", external + "<EInvoice/>", "fapiao", connector.RuleXMLDTD, 0},
		{"external.xml", external + "<Invoice/>", "ubl", connector.RuleXMLDTD, 0},
		{"bigdtd.xml", "<!DOCTYPE x [" + strings.Repeat(" ", 9000) + "]>" + camtOpen + camtShut, connector.Auto, connector.RuleXMLDTD, 0},
		{"entity.xml", camtOpen + entry("&x;", "5") + camtShut, connector.Auto, connector.RuleXMLDTD, 0},
		{"latedtd.xml", camtOpen + entry("1", "5") + "<!DOCTYPE x>" + camtShut, connector.Auto, connector.RuleXMLDTD, 1},
		{"deep.xml", camtOpen + entry("1", "5") + deep + camtShut, connector.Auto, connector.RuleXMLLimit, 1},
		{"crossed.xml", camtOpen + entry("1", "5") + "<a></b>" + camtShut, connector.Auto, connector.RuleXMLSyntax, 1},
		{"two.xml", camtOpen + entry("1", "5") + camtShut + "<b/>", connector.Auto, connector.RuleXMLSyntax, 1},
		{"tail.xml", camtOpen + entry("1", "5") + camtShut + "tail", connector.Auto, connector.RuleXMLSyntax, 1},
		{"bytes.xml", camtOpen + entry("\xff", "5") + camtShut, connector.Auto, connector.RuleEncoding, 0},
		{"latin.xml", `<?xml version="1.0" encoding="KOI8-R"?>` + camtOpen + camtShut, "camt", connector.RuleEncoding, 0},
		{"bad.xml", camtOpen + entry("1", "5") + entry("2", "5.001") + entry("3", "5") + camtShut, connector.Auto, connector.RuleAmount, 2},
	} {
		got, sum := parseText(t, c.name, c.text, c.as)
		wantRules(t, got.Problems, string(c.rule))
		if len(got.Records) != c.records || sum.Records != c.records || sum.Refused != 1 {
			t.Errorf("%s: %d records, summary %+v; want %d", c.name, len(got.Records), sum, c.records)
		}
	}
}

// A GBK document is read by its declaration.
func TestGBKDocument(t *testing.T) {
	t.Parallel()
	s := `<?xml version="1.0" encoding="GBK"?>` + camtOpen + strings.Replace(entry("1", "5"), "</Ntry>", "<AddtlNtryInf>\xbb\xf5\xbf\xee</AddtlNtryInf></Ntry>", 1) + camtShut
	got, _ := parseText(t, "gbk.xml", s, "camt")
	wantRules(t, got.Problems, "")
	if d := got.Records[0].Text("description"); d != "货款" {
		t.Errorf("description %q", d)
	}
}

// untouchable fails the test when it is read.
type untouchable struct{ t *testing.T }

func (u untouchable) Read([]byte) (int, error) {
	u.t.Error("the file was read")
	return 0, io.EOF
}

// A file of 200 MB is refused before its first byte is read.
func TestTooLargeBySize(t *testing.T) {
	t.Parallel()
	var c connector.Collector
	sum, err := format.Parse(context.Background(), connector.Source{Name: "large.xml", Reader: untouchable{t}, Size: 200_000_000}, connector.Auto, connector.Owner{}, &c)
	if err != nil || sum.Refused != 1 {
		t.Fatal(sum, err)
	}
	wantRules(t, c.Problems, "file-size")
}

// endless repeats a text after a start, and counts what was taken of it.
type endless struct {
	start, text string
	at          int // in text
	taken       int64
}

func (e *endless) Read(p []byte) (int, error) {
	n := copy(p, e.start)
	e.start = e.start[n:]
	for n < len(p) {
		m := copy(p[n:], e.text[e.at:])
		n, e.at = n+m, (e.at+m)%len(e.text)
	}
	e.taken += int64(n)
	return n, nil
}

// A stream whose size nobody says ends at its limit, whatever the format, and
// one token cannot fill the memory.
func TestEndlessStreams(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		start, text string
		rule        connector.Rule
		takenMax    int64
	}{
		{tableTop, strings.Repeat(" ", 4095) + "\n", connector.RuleFileSize, connector.FileBytesMax + 1},
		{camtOpen + "<a>", strings.Repeat("x", 4096), connector.RuleXMLLimit, connector.XMLTokenBytesMax + 64<<10},
		{camtOpen + "<!--", strings.Repeat("x", 4096), connector.RuleXMLLimit, connector.XMLTokenBytesMax + 64<<10},
		{camtOpen + "<Ntry>", strings.Repeat("<a/>", 1024), connector.RuleXMLLimit, 4*connector.XMLNodesMax + 64<<10},
		{tableTop, strings.Repeat("x", 4096), connector.RuleFileSize, connector.FileBytesMax + 1},
	} {
		in := &endless{start: c.start, text: c.text}
		var got connector.Collector
		if _, err := format.Parse(context.Background(), connector.Source{Name: "endless", Reader: in}, connector.Auto, connector.Owner{}, &got); err != nil {
			t.Fatal(err)
		}
		wantRules(t, got.Problems, string(c.rule))
		if in.taken > c.takenMax {
			t.Errorf("%.20q: %d bytes taken, at most %d", c.text, in.taken, c.takenMax)
		}
	}
}

// A file of nothing but bad rows stops at the limit of problems.
func TestProblemsMax(t *testing.T) {
	t.Parallel()
	s := tableTop + strings.Repeat("x\n", connector.ProblemsMax+50)
	got, _ := parseText(t, "bad.csv", s, connector.Auto)
	if n := len(got.Problems); n != connector.ProblemsMax+1 || got.Problems[n-1].Rule != connector.RuleRowLimit {
		t.Errorf("%d problems, the last %v", n, got.Problems[n-1])
	}
}

// Duplicates are found across the files of a run: an identical record is noted
// and dropped, another with the same number refused.
func TestDuplicatesAcrossFiles(t *testing.T) {
	t.Parallel()
	var c connector.Collector
	run := connector.NewRun(format.All, connector.Owner{}, &c)
	for i, s := range []string{entry("1", "5"), entry("1", "5.00") + entry("2", "7"), entry("2", "7.01")} {
		s = camtOpen + s + camtShut
		if _, err := run.Parse(context.Background(), connector.Source{Name: fmt.Sprint(i, ".xml"), Reader: strings.NewReader(s)}, connector.Auto); err != nil {
			t.Fatal(err)
		}
	}
	wantRules(t, c.Problems, "repeat duplicate")
	if len(c.Records) != 2 || !c.Problems[0].Note || c.Problems[1].Note || c.Problems[1].File != "2.xml" || c.Problems[1].Detail != "first read in 1.xml, row 2, with other values" {
		t.Errorf("%d records, %v", len(c.Records), c.Problems)
	}
}

var errSink = errors.New("disk is full")

type fullSink struct{}

func (fullSink) Record(connector.Position, *record.Record) error { return errSink }
func (fullSink) Refuse(connector.RowError) error                 { return errSink }

// An error of the sink and the end of the context come back as they are.
func TestErrorsOfTheCaller(t *testing.T) {
	t.Parallel()
	s := camtOpen + entry("1", "5") + camtShut
	if _, err := format.Parse(context.Background(), connector.Source{Name: "a", Reader: strings.NewReader(s)}, connector.Auto, connector.Owner{}, fullSink{}); !errors.Is(err, errSink) {
		t.Errorf("sink: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := format.Parse(ctx, connector.Source{Name: "a", Reader: strings.NewReader(s)}, connector.Auto, connector.Owner{}, &connector.Collector{}); !errors.Is(err, context.Canceled) {
		t.Errorf("context: %v", err)
	}
	broken := io.MultiReader(strings.NewReader(s[:200]), &failing{})
	if _, err := format.Parse(context.Background(), connector.Source{Name: "a", Reader: broken}, "camt", connector.Owner{}, &connector.Collector{}); !errors.Is(err, errSink) {
		t.Errorf("reader: %v", err)
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errSink }

// BenchmarkStatement reads a statement of 10,000 entries.
func BenchmarkStatement(b *testing.B) {
	var s bytes.Buffer
	s.WriteString(camtOpen)
	for i := range 10_000 {
		s.WriteString(entry(fmt.Sprint(i), "12345.67"))
	}
	s.WriteString(camtShut)
	b.SetBytes(int64(s.Len()))
	for b.Loop() {
		var c connector.Collector
		if _, err := format.Parse(context.Background(), connector.Source{Name: "a", Reader: bytes.NewReader(s.Bytes())}, connector.Auto, connector.Owner{}, &c); err != nil || len(c.Records) != 10_000 {
			b.Fatal(len(c.Records), err)
		}
	}
}
