package format_test

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/xinlian/xinlian/gateway/connector"
	"github.com/xinlian/xinlian/gateway/connector/format"
	"github.com/xinlian/xinlian/gateway/connector/ofd"
	"github.com/xinlian/xinlian/internal/record"
)

// invoiceSample is a published sample, and its totals in fen as they stand in
// the document, read by hand.
type invoiceSample struct {
	file, format    string
	net, tax, total int64
	red             bool
	notes           string
}

var invoiceSamples = []invoiceSample{
	{"ubl/BIS3_Invoice_negativ.XML", "ubl", -62574354, -15643589, -78217943, true, ""},
	{"ubl/BIS3_Invoice_positive.XML", "ubl", 62574354, 15643589, 78217943, false, ""},
	{"ubl/guide-example1.xml", "ubl", 22960, 2073, 25033, false, "line-net"},
	{"ubl/guide-example2.xml", "ubl", 143650, 36528, 180178, false, "line-net"},
	{"ubl/guide-example3.xml", "ubl", 90000, 22500, 112500, false, "line-net line-net"},
	{"ubl/ubl-tc434-creditnote1.xml", "ubl", -10011, 0, -10011, true, ""},
	{"ubl/ubl-tc434-example1.xml", "ubl", 22960, 2073, 25033, false, "line-net"},
	{"ubl/ubl-tc434-example10.xml", "ubl", 22960, 2073, 25033, false, "line-net"},
	{"ubl/ubl-tc434-example2.xml", "ubl", 143650, 36528, 180178, false, "line-net"},
	{"ubl/ubl-tc434-example3.xml", "ubl", 170000, 30500, 200500, false, "line-net line-net"},
	{"ubl/ubl-tc434-example4.xml", "ubl", 400000, 67500, 467500, false, ""},
	{"ubl/ubl-tc434-example5.xml", "ubl", 400000, 67500, 467500, false, ""},
	{"cii/CII_example1.xml", "cii", 22960, 2073, 25033, false, "line-net"},
	{"cii/CII_example2.xml", "cii", 143650, 36528, 180178, false, "line-net line-net line-net line-net line-net"},
	{"cii/CII_example3.xml", "cii", 90000, 22500, 112500, false, ""},
	{"cii/CII_example4.xml", "cii", 400000, 67500, 467500, false, ""},
	{"cii/CII_example5.xml", "cii", 400000, 67500, 467500, false, ""},
	{"fapiao/official-gd-special.xml", "fapiao", 200, 12, 212, false, ""},
	{"fapiao/official-einv-xbrl-ordinary.xml", "xbrl", 50000, 0, 50000, false, ""},
	{"fapiao/vat-einvoice-testca-multipage.ofd", "ofd", 1000000, 60000, 1060000, false, "seal-untrusted"},
}

// Every published invoice gives its totals. Nobody is named as owner, so that
// they are read as the seller's, and the XBRL as that of whose books it is.
func TestSharedInvoices(t *testing.T) {
	t.Parallel()
	for _, c := range invoiceSamples {
		t.Run(c.file, func(t *testing.T) {
			t.Parallel()
			got, sum := parseFile(t, sharedFile(t, c.file), connector.Owner{})
			if sum.Format != c.format || sum.Refused != 0 {
				t.Fatalf("%+v: %v", sum, got.Problems)
			}
			wantRules(t, got.Problems, c.notes)
			schema := record.SalesInvoice
			if c.format == "xbrl" {
				schema = record.PurchaseInvoice
			}
			wantInvoice(t, got.Records, schema, c.net, c.tax, c.total, c.red)
		})
	}
}

// The owner decides between sale and purchase, and a document of others is refused.
func TestSharedOwners(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		file, owner, rules string
		schema             *record.Schema
	}{
		{"fapiao/official-gd-special.xml", "91440000000000000X", "", record.SalesInvoice},
		{"fapiao/official-gd-special.xml", "91440000000000001Y", "", record.PurchaseInvoice},
		{"fapiao/official-gd-special.xml", "990000000000000000", "owner", nil},
		{"fapiao/official-einv-xbrl-ordinary.xml", "91440101MAXXXXXX1R", "", record.SalesInvoice},
		{"fapiao/official-einv-xbrl-ordinary.xml", "91440101MAXXXXXX2W", "", record.PurchaseInvoice},
		{"fapiao/official-einv-xbrl-ordinary.xml", "990000000000000000", "owner", nil},
		{"fapiao/vat-einvoice-testca-multipage.ofd", "91500102563638729E", "seal-untrusted", record.SalesInvoice},
		{"fapiao/vat-einvoice-testca-multipage.ofd", "990000000000000000", "owner", nil},
		{"ubl/BIS3_Invoice_positive.XML", "DK12345678", "", record.SalesInvoice},
		{"ubl/ubl-tc434-creditnote1.xml", "BE0000000196", "", record.SalesInvoice},
		{"cii/CII_example3.xml", "990000000000000000", "owner", nil},
	} {
		got, _ := parseFile(t, sharedFile(t, c.file), connector.Owner{TaxNumber: c.owner})
		wantRules(t, got.Problems, c.rules)
		if (c.schema == nil) != (len(got.Records) == 0) || (c.schema != nil && got.Records[0].Schema != c.schema) {
			t.Errorf("%s for %s: %v", c.file, c.owner, got.Records)
		}
	}
}

// The XBRL e-invoice says that it was paid, booked and assigned to a financier.
func TestSharedAssigned(t *testing.T) {
	t.Parallel()
	got, _ := parseFile(t, sharedFile(t, "fapiao/official-einv-xbrl-ordinary.xml"), connector.Owner{})
	for field, want := range map[string]int64{
		"financed": record.FinancedAssigned, "payment": record.PaymentPaid, "booking": record.BookingBooked, "booked": 19554,
	} {
		if v, _ := got.Records[0].Int(field); v != want {
			t.Errorf("%s is %d, want %d", field, v, want)
		}
	}
}

// Published invoices that were tampered with are refused for the rule they break.
func TestSharedTampered(t *testing.T) {
	t.Parallel()
	const fapiaoFile, xbrlFile = "fapiao/official-gd-special.xml", "fapiao/official-einv-xbrl-ordinary.xml"
	for _, c := range []struct{ name, file, old, new, rules string }{
		{"total a cent off", "ubl/ubl-tc434-example4.xml", ">4675.00</cbc:TaxI", ">4675.01</cbc:TaxI", "br-co-15 br-co-16"},
		{"swapped digits", "ubl/ubl-tc434-example5.xml", ">675.00<", ">657.00<", "br-co-14 br-co-15"},
		{"tax off", "ubl/BIS3_Invoice_positive.XML", ">156435.89<", ">156435.88<", "br-co-14 br-co-15"},
		{"prepaid", "ubl/ubl-tc434-example2.xml", ">1000.00</cbc:Prepaid", ">1000.01</cbc:Prepaid", "br-co-16"},
		{"credit note", "ubl/ubl-tc434-creditnote1.xml", ">100.11</cbc:TaxInclusiveAmount", ">1001.10</cbc:TaxInclusiveAmount", "br-co-15 br-co-16"},
		{"taxable amount", "cii/CII_example4.xml", "<ram:BasisAmount>2500<", "<ram:BasisAmount>2600<", "br-co-17 br-vat-08"},
		{"total a cent off", "cii/CII_example3.xml", "GrandTotalAmount>1125<", "GrandTotalAmount>1125.01<", "br-co-15 br-co-16"},
		{"tax total", "cii/CII_example2.xml", ">365.28<", ">365.82<", "br-co-14 br-co-15"},
		{"prepaid", "cii/CII_example5.xml", "TotalPrepaidAmount>2337.5<", "TotalPrepaidAmount>2337.05<", "br-co-16"},
		{"document type", "cii/CII_example1.xml", "<rsm:CrossIndustryInvoice", "<!DOCTYPE x><rsm:CrossIndustryInvoice", "xml-dtd"},
		{"total a fen off", fapiaoFile, ">2.12<", ">2.13<", "total"},
		{"all totals consistent, words are not", fapiaoFile, ">贰圆壹角贰分<", ">贰拾圆壹角贰分<", "total"},
		{"tax off", fapiaoFile, ">0.120000<", ">0.130000<", "total"},
		{"number", fapiaoFile, "<InvoiceNumber>23440000000000100001", "<InvoiceNumber>23440000000000100010", "number"},
		{"document type", fapiaoFile, "<EInvoice>", "<!DOCTYPE x><EInvoice>", "xml-dtd"},
		{"total", xbrlFile, `-includedAmount decimals="0" contextRef="c1" unitRef="u1">500`, `-includedAmount decimals="0" contextRef="c1" unitRef="u1">501`, "total"},
		{"red", xbrlFile, `RedEinvoice contextRef="c1">false`, `RedEinvoice contextRef="c1">true`, "sign"},
	} {
		t.Run(c.file+" "+c.name, func(t *testing.T) {
			t.Parallel()
			b, err := os.ReadFile(sharedFile(t, c.file))
			if err != nil {
				t.Fatal(err)
			}
			bad := bytes.Replace(b, []byte(c.old), []byte(c.new), 1)
			if bytes.Equal(b, bad) && c.rules != "" {
				t.Fatalf("%q is not in the document", c.old)
			}
			got, _ := parseText(t, c.file, string(bad), connector.Auto)
			wantRules(t, refusals(got.Problems), c.rules)
			if cut, _ := parseText(t, c.file, string(b[:len(b)*2/3]), connector.Auto); len(cut.Records) != 0 {
				t.Error("a cut document was delivered")
			} else {
				wantRules(t, cut.Problems, "xml-truncated")
			}
		})
	}
}

// No file of the published sealed invoice can be changed, taken out or added.
func TestSharedForgedSeal(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile(sharedFile(t, "fapiao/vat-einvoice-testca-multipage.ofd"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.File {
		if f.Name == "OFD.xml" {
			continue
		}
		change := func(content []byte) []byte { content[len(content)/2] ^= 1; return content }
		remove := func([]byte) []byte { return nil }
		for _, edit := range []func([]byte) []byte{change, remove} {
			got := parseBytes(t, rewritten(t, r, f.Name, edit, ""))
			rule := "digest"
			if strings.Contains(f.Name, "Signs/") {
				rule = ""
			}
			if len(got.Records) != 0 || len(got.Problems) != 1 || (rule != "" && string(got.Problems[0].Rule) != rule) {
				t.Errorf("%s: %d records, %v", f.Name, len(got.Records), got.Problems)
			}
			if rule != "" && !strings.Contains(got.Problems[0].Detail, f.Name) {
				t.Errorf("%s is not named: %s", f.Name, got.Problems[0].Detail)
			}
		}
	}
	wantRules(t, parseBytes(t, rewritten(t, r, "", nil, "Doc_0/Attachs/second.xml")).Problems, "unsigned-file")
	shown := parseBytes(t, rewritten(t, r, "OFD.xml", func(c []byte) []byte {
		return bytes.Replace(c, []byte(">10600.00<"), []byte(">90600.00<"), 1)
	}, ""))
	wantRules(t, shown.Problems, "unsigned-file")
}

// rewritten is the archive with one file edited (nil leaves it out) and one added.
func rewritten(t *testing.T, r *zip.Reader, name string, edit func([]byte) []byte, extra string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	write := func(name string, content []byte) {
		out, err := w.Create(name)
		if err == nil {
			_, err = out.Write(content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range r.File {
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		if f.Name == name {
			if content = edit(content); content == nil {
				continue
			}
		}
		write(f.Name, content)
	}
	if extra != "" {
		write(extra, []byte("<x/>"))
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func parseBytes(t *testing.T, b []byte) *connector.Collector {
	t.Helper()
	var c connector.Collector
	if _, err := format.Parse(context.Background(), connector.Source{Name: "test", Reader: bytes.NewReader(b), Size: int64(len(b))}, connector.Auto, connector.Owner{}, &c); err != nil {
		t.Fatal(err)
	}
	return &c
}

// refusals are the problems that are no notes.
func refusals(all []connector.RowError) []connector.RowError {
	var out []connector.RowError
	for _, e := range all {
		if !e.Note {
			out = append(out, e)
		}
	}
	return out
}

// Documents of other kinds are refused by type, not half read.
func TestSharedOtherTypes(t *testing.T) {
	t.Parallel()
	got, sum := parseFile(t, sharedFile(t, "ubl/LICENSE.EUPL-1.2"), connector.Owner{})
	if len(got.Records) != 0 || sum.Format != "" {
		t.Errorf("%d records as %q", len(got.Records), sum.Format)
	}
	wantRules(t, got.Problems, "file-type")
}

func wantInvoice(t *testing.T, got []*record.Record, schema *record.Schema, net, tax, total int64, red bool) {
	t.Helper()
	if len(got) != 1 || got[0].Schema != schema {
		t.Fatalf("%d records, want one %s", len(got), schema.ID)
	}
	gotNet, _ := got[0].Int("net")
	gotTax, _ := got[0].Int("tax")
	gotTotal, _ := got[0].Int("amount")
	status, _ := got[0].Int("status")
	if gotNet != net || gotTax != tax || gotTotal != total || (status == record.StatusRed) != red {
		t.Errorf("net %d tax %d total %d status %d; want %d %d %d red %v", gotNet, gotTax, gotTotal, status, net, tax, total, red)
	}
}

// A set that trusts authorities is all formats, in their order.
func TestTrusting(t *testing.T) {
	t.Parallel()
	trusting := format.Trusting(ofd.Authorities{nil})
	if len(trusting) != len(format.All) {
		t.Fatalf("%d formats, want %d", len(trusting), len(format.All))
	}
	for i, p := range format.All {
		if trusting[i].Format() != p.Format() {
			t.Errorf("%s in place of %s", trusting[i].Format(), p.Format())
		}
	}
	if p, _ := trusting.Find("ofd"); len(p.(ofd.Parser).Authorities) != 1 {
		t.Error("the authorities were not passed on")
	}
	if p, _ := format.All.Find("ofd"); len(p.(ofd.Parser).Authorities) != 0 {
		t.Error("the default trusts somebody")
	}
}
