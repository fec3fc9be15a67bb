package ofd_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/xinlian/xinlian/gateway/connector"
	ct "github.com/xinlian/xinlian/gateway/connector/connectortest"
	"github.com/xinlian/xinlian/gateway/connector/ofd"
	"github.com/xinlian/xinlian/internal/record"
)

// FuzzParse starts from a sealed document and its parts.
func FuzzParse(f *testing.F) {
	i := newIssuer(f)
	f.Add(i.issue())
	i.old = true
	f.Add(i.issue())
	f.Add([]byte("PK\x03\x04"))
	f.Fuzz(func(t *testing.T, b []byte) {
		ofd.Parser{}.Detect(b[:min(len(b), connector.HeadBytes)], "fuzz")
		for _, e := range ct.Parse(t, ofd.Parser{}, b).Problems {
			if _, ok := e.Rule.Text(); !ok {
				t.Fatalf("rule %q is not in the catalogue", e.Rule)
			}
		}
	})
}

func parse(t *testing.T, p ofd.Parser, b []byte) *connector.Collector {
	t.Helper()
	var c connector.Collector
	src := connector.Source{Name: "test.ofd", Reader: bytes.NewReader(b), Size: int64(len(b))}
	if _, err := (connector.Set{p}).Parse(context.Background(), src, connector.Auto, ct.Owner, &c); err != nil {
		t.Fatal(err)
	}
	return &c
}

// A sealed document of either form is read; only a configured authority makes
// its seal trusted.
func TestSealed(t *testing.T) {
	t.Parallel()
	for _, old := range []bool{false, true} {
		for _, trusting := range []bool{false, true} {
			i := newIssuer(t)
			i.old = old
			var p ofd.Parser
			want, notes := int64(record.SealUntrusted), []connector.RowError{ct.At(1, "样本根证书", connector.RuleUntrusted)}
			if trusting {
				var err error
				if p.Authorities, err = ofd.ParseAuthorities(append(newIssuer(t).authority(), i.authority()...)); err != nil {
					t.Fatal(err)
				}
				want, notes = record.SealTrusted, nil
			}
			c := parse(t, p, i.issue())
			ct.Want(t, c.Problems, notes...)
			if len(c.Records) != 1 {
				t.Fatalf("%d records", len(c.Records))
			}
			r := c.Records[0]
			fen, _ := r.Int("amount")
			tax, _ := r.Int("tax")
			day, _ := r.Int("date")
			seal, _ := r.Int("seal")
			if r.Schema != record.SalesInvoice || r.SourceID() != "09900260011100000001" || fen != 16300 || tax != 1300 || seal != want ||
				record.DayTime(day).Format(time.DateOnly) != "2026-01-05" || r.Text("counterparty") != "个人" {
				t.Errorf("old %v trusting %v: %s %s %d %d seal %d", old, trusting, r.Schema.ID, r.SourceID(), fen, tax, seal)
			}
		}
	}
}

// The authority of another name, or of the same name with another key, is not
// the one that certified the seal.
func TestAuthorityOfTheSameName(t *testing.T) {
	t.Parallel()
	authorities, err := ofd.ParseAuthorities(newIssuer(t).authority())
	if err != nil {
		t.Fatal(err)
	}
	c := parse(t, ofd.Parser{Authorities: authorities}, newIssuer(t).issue())
	ct.Want(t, c.Problems, ct.At(1, "样本根证书", connector.RuleUntrusted))
}

// Whatever is changed after sealing, or is wrong with the seal itself, refuses
// the document: for its reason, naming the file.
func TestForgeries(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		forge func(i *issuer)
		rule  connector.Rule
		names string
	}{
		{"page changed", func(i *issuer) { i.afterSeal = edit(page, "163.00", "763.00") }, connector.RuleDigest, page},
		{"invoice changed", func(i *issuer) { i.afterSeal = edit(original, ">163.00<", ">863.00<") }, connector.RuleDigest, original},
		{"attachment list changed", func(i *issuer) { i.afterSeal = edit("Doc_0/Attachs/Attachments.xml", "ID=\"8\"", "ID=\"9\"") }, connector.RuleDigest, "Attachments.xml"},
		{"page taken out", func(i *issuer) { i.afterSeal = func(f []file) []file { return append(f[:2:2], f[3:]...) } }, connector.RuleDigest, page},
		{"page added", func(i *issuer) { i.afterSeal = add("Doc_0/Pages/Page_1/Content.xml", "<p/>") }, connector.RuleUnsigned, "Page_1"},
		{"page never listed", func(i *issuer) { i.unlisted = []string{page} }, connector.RuleUnsigned, page},
		{"invoice never listed", func(i *issuer) { i.unlisted = []string{original} }, connector.RuleUnsigned, original},
		{"root never listed", func(i *issuer) { i.unlisted = []string{"Doc_0/Document.xml"} }, connector.RuleUnsigned, "Document.xml"},
		{"second document", func(i *issuer) {
			i.afterSeal = edit("OFD.xml", "Doc_0/Document.xml", "Doc_0/Signs/Sign_0/Signature.xml")
		}, connector.RuleUnsigned, description},
		{"list changed with the page", func(i *issuer) { i.afterSeal = edit(description, "CheckValue>", "CheckValue> ") }, connector.RuleSeal, "changed after sealing"},
		{"seal taken out", func(i *issuer) {
			i.afterSeal = edit("OFD.xml", "<ofd:Signatures>/Doc_0/Signs/Signatures.xml</ofd:Signatures>", "")
		}, connector.RuleSeal, "no seal"},
		{"empty list of seals", func(i *issuer) {
			i.afterSeal = edit("Doc_0/Signs/Signatures.xml", `<ofd:Signature ID="1" BaseLoc="Sign_0/Signature.xml"/>`, "")
		}, connector.RuleSeal, "0 seals"},
		{"signer's signature", func(i *issuer) { i.signerKey = i.makerKey }, connector.RuleSeal, "signer's signature"},
		{"maker's signature", func(i *issuer) { i.breakMaker = true }, connector.RuleSeal, "maker's signature"},
		{"signer not listed", func(i *issuer) { i.listed = i.maker.Raw }, connector.RuleSeal, "not among those"},
		{"seal expired", func(i *issuer) { i.sealEnd = i.signed.AddDate(0, 0, -1) }, connector.RuleSeal, "the seal was not valid"},
		{"signed before the seal", func(i *issuer) { i.sealStart = i.signed.AddDate(0, 0, 1) }, connector.RuleSeal, "the seal was not valid"},
		{"certificate expired", func(i *issuer) {
			i.signed = time.Date(2036, 1, 1, 0, 0, 0, 0, time.UTC)
			i.sealEnd = i.signed.AddDate(1, 0, 0)
		}, connector.RuleSeal, "signer's certificate was not valid"},
		{"signature of another document", func(i *issuer) { i.property = "/Doc_0/Signs/Sign_9/Signature.xml" }, connector.RuleSeal, "Sign_9"},
		{"digest of another size", func(i *issuer) {
			i.describe = func(s string) string { return strings.Replace(s, "<ofd:CheckValue>", "<ofd:CheckValue>AAAA", 1) }
		}, connector.RuleDigest, "Document.xml"},
		{"broken digest", func(i *issuer) { i.method = "MD5" }, connector.RuleDigest, "MD5"},
		{"default digest", func(i *issuer) { i.method = "" }, connector.RuleDigest, "want SM3"},
		{"signed value cut", func(i *issuer) {
			i.afterSeal = func(f []file) []file { f[len(f)-1].text = f[len(f)-1].text[:200]; return f }
		}, connector.RuleSeal, signedValue},
		{"signed value missing", func(i *issuer) { i.afterSeal = func(f []file) []file { return f[:len(f)-1] } }, connector.RuleSeal, "no signed value"},
		{"two documents", func(i *issuer) { i.afterSeal = edit("OFD.xml", "</ofd:OFD>", "<ofd:DocBody/></ofd:OFD>") }, connector.RuleArchive, "2 documents"},
		{"no invoice data", func(i *issuer) { i.beforeSeal = edit(original, "eInvoice", "other") }, connector.RuleRequired, "only its picture"},
		{"document type", func(i *issuer) { i.beforeSeal = edit(original, "<eInvoice", "<!DOCTYPE x><eInvoice") }, connector.RuleXMLDTD, original},
		{"two invoices", func(i *issuer) {
			i.beforeSeal = func(f []file) []file {
				f = edit("Doc_0/Attachs/Attachments.xml", "</ofd:Attachments>", `<ofd:Attachment ID="9" Format="xml"><ofd:FileLoc>second.xml</ofd:FileLoc></ofd:Attachment></ofd:Attachments>`)(f)
				return append(f, file{"Doc_0/Attachs/second.xml", invoiceXML})
			}
		}, connector.RuleArchive, "two invoices"},
	} {
		for _, old := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, old %v", c.name, old), func(t *testing.T) {
				t.Parallel()
				i := newIssuer(t)
				i.old = old
				c.forge(i)
				got := parse(t, ofd.Parser{}, i.issue())
				ct.Want(t, got.Problems, ct.At(0, "", c.rule))
				if len(got.Records) != 0 || !strings.Contains(got.Problems[0].Detail, c.names) {
					t.Errorf("%d records: %s", len(got.Records), got.Problems[0].Detail)
				}
			})
		}
	}
}

// What is sealed can be wrong too, and what OFD.xml says beside the seal may
// not say otherwise.
func TestBadInvoice(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, file, old, new string
		want                 connector.RowError
	}{
		{"total", original, ">163.00<", ">163.01<", ct.At(1, "TaxInclusiveTotalAmount", connector.RuleTotal)},
		{"line", original, ">50.00<", ">50.01<", ct.At(1, "TaxExclusiveTotalAmount", connector.RuleTotal)},
		{"code", original, ">099002600111<", ">09900260011<", ct.At(1, "InvoiceNo", connector.RuleNumber)},
		{"type", original, "<fp:TypeCode>0", "<fp:TypeCode>1", ct.At(1, "TypeCode", connector.RuleSign)},
		{"date", original, "2026年01月05日", "2026年13月05日", ct.At(1, "IssueDate", connector.RuleDate)},
		{"tax number", original, "99000000000000001A", "99000000000000001a", ct.At(1, "Seller/SellerTaxID", connector.RuleTaxNumber)},
		{"shown otherwise", "OFD.xml", ">163.00<", ">763.00<", ct.At(1, "OFD.xml/CustomData", connector.RuleUnsigned)},
		{"other number", "OFD.xml", ">00000001<", ">00000002<", ct.At(1, "OFD.xml/CustomData", connector.RuleUnsigned)},
	} {
		i := newIssuer(t)
		i.beforeSeal = edit(c.file, c.old, c.new)
		got := parse(t, ofd.Parser{}, i.issue())
		t.Log(c.name)
		var problems []connector.RowError
		for _, e := range got.Problems {
			if e.Column != "OFD.xml/CustomData" || c.file == "OFD.xml" {
				problems = append(problems, e)
			}
		}
		ct.Want(t, problems, c.want)
		if len(got.Records) != 0 {
			t.Errorf("%s: a record was delivered", c.name)
		}
	}
}

// A red letter is negative, and a 数电票 in the same container is read as one.
func TestKinds(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	i.beforeSeal = func(f []file) []file {
		for n := range f {
			f[n].text = strings.NewReplacer("<fp:TypeCode>0", "<fp:TypeCode>1", ">163.00<", ">-163.00<", ">13.00<", ">-13.00<", ">150.00<", ">-150.00<", ">100.00<", ">-100.00<", ">50.00<", ">-50.00<").Replace(f[n].text)
		}
		return f
	}
	c := parse(t, ofd.Parser{}, i.issue())
	ct.Want(t, c.Problems, ct.At(1, "样本根证书", connector.RuleUntrusted))
	if status, _ := c.Records[0].Int("status"); status != record.StatusRed {
		t.Errorf("status %d", status)
	}
	i = newIssuer(t)
	i.beforeSeal = func(f []file) []file {
		f[len(f)-1].text = string(ct.File(t, "../../fapiao/testdata/blue.xml"))
		return f
	}
	c = parse(t, ofd.Parser{}, i.issue())
	ct.Want(t, c.Problems, ct.At(1, "样本根证书", connector.RuleUntrusted))
	if fen, _ := c.Records[0].Int("amount"); fen != 21470 {
		t.Errorf("amount %d", fen)
	}
}

// countersign puts a second seal, of another issuer, over everything so far.
func countersign(j *issuer, extra ...file) func([]file) []file {
	return func(files []file) []file {
		const second = "Doc_0/Signs/Sign_1/"
		j.property = "/" + second + "Signature.xml"
		j.unlisted = []string{"Doc_0/Signs/Signatures.xml"}
		files = append(files, extra...)
		desc := j.description(files)
		files = edit("Doc_0/Signs/Signatures.xml", "</ofd:Signatures>", `<ofd:Signature ID="2" BaseLoc="Sign_1/Signature.xml"/></ofd:Signatures>`)(files)
		return append(files, file{second + "Signature.xml", desc}, file{second + "SignedValue.dat", string(j.seal(desc))})
	}
}

// A firm may seal the tax bureau's document once more, which stays trusted; what
// the firm adds under its own seal is read and is not, nor is anything that
// only its seal covers.
func TestSecondSeal(t *testing.T) {
	t.Parallel()
	bureau, firm := newIssuer(t), newIssuer(t)
	authorities, err := ofd.ParseAuthorities(bureau.authority())
	if err != nil {
		t.Fatal(err)
	}
	p := ofd.Parser{Authorities: authorities}
	bureau.afterSeal = countersign(firm)
	ct.Want(t, parse(t, p, bureau.issue()).Problems)
	bureau.afterSeal = countersign(firm, file{"Doc_0/Attachs/note.txt", "paid"})
	ct.Want(t, parse(t, p, bureau.issue()).Problems, ct.At(1, "样本根证书", connector.RuleUntrusted))
	bureau.unlisted = []string{original}
	bureau.afterSeal = countersign(firm)
	ct.Want(t, parse(t, p, bureau.issue()).Problems, ct.At(1, "样本根证书", connector.RuleUntrusted))
	firm.breakMaker = true
	ct.Want(t, parse(t, p, bureau.issue()).Problems, ct.At(0, "", connector.RuleSeal))
}

// BenchmarkParse reads one sealed invoice: unpacking, digests, four SM2
// signatures where an authority is asked for both certificates.
func BenchmarkParse(b *testing.B) {
	i := newIssuer(b)
	authorities, err := ofd.ParseAuthorities(i.authority())
	if err != nil {
		b.Fatal(err)
	}
	doc := i.issue()
	for b.Loop() {
		if c := ct.Parse(b, ofd.Parser{Authorities: authorities}, doc); len(c.Records) != 1 {
			b.Fatal(c.Problems)
		}
	}
}
