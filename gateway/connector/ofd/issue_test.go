package ofd_test

import (
	"archive/zip"
	"bytes"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/pem"
	"flag"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/sm3"
	"github.com/emmansun/gmsm/smx509"
)

// This file issues sealed OFDs as a tax bureau would, under throwaway keys, so
// that every single thing a seal says can be made wrong in a test.

const invoiceXML = `<?xml version="1.0" encoding="utf-8"?>
<eInvoice xmlns:fp="http://www.edrm.org.cn/schema/e-invoice/2019" Version="1.0">
<fp:InvoiceCode>099002600111</fp:InvoiceCode><fp:InvoiceNo>00000001</fp:InvoiceNo><fp:TypeCode>0</fp:TypeCode><fp:IssueDate>2026年01月05日</fp:IssueDate>
<fp:Buyer><fp:BuyerName>个人</fp:BuyerName><fp:BuyerTaxID>
</fp:BuyerTaxID></fp:Buyer>
<fp:Seller><fp:SellerName>样本业主公司</fp:SellerName><fp:SellerTaxID>99000000000000001A</fp:SellerTaxID></fp:Seller>
<fp:TaxInclusiveTotalAmount>163.00</fp:TaxInclusiveTotalAmount><fp:TaxTotalAmount>13.00</fp:TaxTotalAmount><fp:TaxExclusiveTotalAmount>150.00</fp:TaxExclusiveTotalAmount>
<fp:GoodsInfos><fp:GoodsInfo><fp:Item>*样本*标准件</fp:Item><fp:Amount>100.00</fp:Amount><fp:TaxScheme>13%</fp:TaxScheme><fp:TaxAmount>13.00</fp:TaxAmount></fp:GoodsInfo>
<fp:GoodsInfo><fp:Item>*样本*蔬菜</fp:Item><fp:Amount>50.00</fp:Amount><fp:TaxScheme>免税</fp:TaxScheme><fp:TaxAmount>***</fp:TaxAmount></fp:GoodsInfo></fp:GoodsInfos>
</eInvoice>`

const (
	ofdXML = `<?xml version="1.0" encoding="UTF-8"?><ofd:OFD xmlns:ofd="http://www.ofdspec.org/2016" Version="1.0"><ofd:DocBody><ofd:DocInfo><ofd:CustomDatas><ofd:CustomData Name="价税合计">163.00</ofd:CustomData><ofd:CustomData Name="发票号码">00000001</ofd:CustomData></ofd:CustomDatas></ofd:DocInfo><ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot><ofd:Signatures>/Doc_0/Signs/Signatures.xml</ofd:Signatures></ofd:DocBody></ofd:OFD>`

	documentXML    = `<?xml version="1.0" encoding="UTF-8"?><ofd:Document xmlns:ofd="http://www.ofdspec.org/2016"><ofd:Pages><ofd:Page ID="1" BaseLoc="Pages/Page_0/Content.xml"/></ofd:Pages><ofd:Attachments>Attachs/Attachments.xml</ofd:Attachments></ofd:Document>`
	attachmentsXML = `<?xml version="1.0" encoding="UTF-8"?><ofd:Attachments xmlns:ofd="http://www.ofdspec.org/2016"><ofd:Attachment ID="8" Name="original_invoice" Format="xml"><ofd:FileLoc>original_invoice.xml</ofd:FileLoc></ofd:Attachment></ofd:Attachments>`
	signaturesXML  = `<?xml version="1.0" encoding="UTF-8"?><ofd:Signatures xmlns:ofd="http://www.ofdspec.org/2016"><ofd:Signature ID="1" BaseLoc="Sign_0/Signature.xml"/></ofd:Signatures>`

	page        = "Doc_0/Pages/Page_0/Content.xml"
	original    = "Doc_0/Attachs/original_invoice.xml"
	description = "Doc_0/Signs/Sign_0/Signature.xml"
	signedValue = "Doc_0/Signs/Sign_0/SignedValue.dat"
)

// file is one file of an archive, in order.
type file struct{ name, text string }

// issuer is a certificate authority, a seal maker and a signer. Each test may
// change what it wants before it seals.
type issuer struct {
	t                 testing.TB
	ca, maker, signer *smx509.Certificate
	makerKey          *sm2.PrivateKey
	signerKey         *sm2.PrivateKey

	old                bool   // GM/T 0031 in place of GB/T 38540
	method             string // of digests
	sealStart, sealEnd time.Time
	signed             time.Time
	property           string
	listed             []byte // certificate in the seal's list of signers
	breakMaker         bool
	afterSeal          func(files []file) []file // changes to what is sealed
	beforeSeal         func(files []file) []file
	unlisted           []string // files left out of the list that is signed
	describe           func(string) string
}

var update = flag.Bool("update", false, "issue testdata/sealed.ofd anew, under a new throwaway authority")

func newIssuer(t testing.TB) *issuer {
	t.Helper()
	caKey := key(t)
	from, to := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2035, 1, 1, 0, 0, 0, 0, time.UTC)
	template := func(name string) *x509.Certificate {
		return &x509.Certificate{
			SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: from, NotAfter: to,
			KeyUsage: x509.KeyUsageDigitalSignature, BasicConstraintsValid: true,
		}
	}
	root := template("样本根证书")
	root.IsCA, root.KeyUsage = true, x509.KeyUsageCertSign
	i := &issuer{
		t: t, makerKey: key(t), signerKey: key(t), method: "1.2.156.10197.1.401", property: "/" + description,
		sealStart: time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC), sealEnd: time.Date(2028, 1, 1, 0, 0, 0, 0, time.UTC),
		signed: time.Date(2026, 1, 5, 2, 8, 5, 0, time.UTC),
	}
	i.ca = certificate(t, root, root, caKey, caKey)
	i.maker = certificate(t, template("样本制章人"), i.ca.ToX509(), i.makerKey, caKey)
	i.signer = certificate(t, template("样本监制章"), i.ca.ToX509(), i.signerKey, caKey)
	i.listed = i.signer.Raw
	return i
}

func key(t testing.TB) *sm2.PrivateKey {
	t.Helper()
	k, err := sm2.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func certificate(t testing.TB, template, parent *x509.Certificate, k, parentKey *sm2.PrivateKey) *smx509.Certificate {
	t.Helper()
	der, err := smx509.CreateCertificate(rand.Reader, template, parent, &k.PublicKey, parentKey)
	if err != nil {
		t.Fatal(err)
	}
	c, err := smx509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// authority is the issuer's root as PEM.
func (i *issuer) authority() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: i.ca.Raw})
}

// issue is a sealed OFD.
func (i *issuer) issue() []byte {
	files := []file{
		{"OFD.xml", ofdXML},
		{"Doc_0/Document.xml", documentXML},
		{page, "<ofd:Page>163.00</ofd:Page>"},
		{"Doc_0/Attachs/Attachments.xml", attachmentsXML},
		{original, invoiceXML},
	}
	if i.beforeSeal != nil {
		files = i.beforeSeal(files)
	}
	desc := i.description(files)
	if i.describe != nil {
		desc = i.describe(desc)
	}
	files = append(files, file{"Doc_0/Signs/Signatures.xml", signaturesXML}, file{description, desc}, file{signedValue, string(i.seal(desc))})
	if i.afterSeal != nil {
		files = i.afterSeal(files)
	}
	return archive(i.t, files)
}

func (i *issuer) description(files []file) string {
	var refs strings.Builder
	for _, f := range files {
		if f.name == "OFD.xml" || strings.Contains(strings.Join(i.unlisted, " "), f.name) {
			continue
		}
		sum := sm3.Sum([]byte(f.text))
		fmt.Fprintf(&refs, `<ofd:Reference FileRef="/%s"><ofd:CheckValue>%s</ofd:CheckValue></ofd:Reference>`, f.name, base64.StdEncoding.EncodeToString(sum[:]))
	}
	return `<?xml version="1.0" encoding="UTF-8"?><ofd:Signature xmlns:ofd="http://www.ofdspec.org/2016"><ofd:SignedInfo><ofd:SignatureMethod>1.2.156.10197.1.501</ofd:SignatureMethod><ofd:SignatureDateTime>` +
		i.signed.Format("20060102150405Z") + `</ofd:SignatureDateTime><ofd:References CheckMethod="` + i.method + `">` + refs.String() +
		`</ofd:References></ofd:SignedInfo><ofd:SignedValue>SignedValue.dat</ofd:SignedValue></ofd:Signature>`
}

var sm2WithSM3 = asn1.ObjectIdentifier{1, 2, 156, 10197, 1, 501}

func (i *issuer) sign(k *sm2.PrivateKey, message []byte) asn1.BitString {
	b, err := k.Sign(rand.Reader, message, sm2.DefaultSM2SignerOpts)
	if err != nil {
		i.t.Fatal(err)
	}
	return asn1.BitString{Bytes: b, BitLength: 8 * len(b)}
}

func (i *issuer) der(v any) asn1.RawValue {
	b, err := asn1.Marshal(v)
	if err != nil {
		i.t.Fatal(err)
	}
	return asn1.RawValue{FullBytes: b}
}

func (i *issuer) sequence(parts ...asn1.RawValue) asn1.RawValue { return i.der(parts) }

func (i *issuer) ia5(s string) asn1.RawValue {
	return asn1.RawValue{Tag: asn1.TagIA5String, Bytes: []byte(s)}
}

func (i *issuer) generalized(t time.Time) asn1.RawValue {
	return asn1.RawValue{Tag: asn1.TagGeneralizedTime, Bytes: []byte(t.Format("20060102150405Z"))}
}

// seal is the SignedValue.dat over a description.
func (i *issuer) seal(desc string) []byte {
	octets := func(b []byte) asn1.RawValue { return i.der(b) }
	list := i.sequence(octets(i.listed))
	times := []asn1.RawValue{i.generalized(i.sealStart), i.generalized(i.sealStart), i.generalized(i.sealEnd)}
	properties := []asn1.RawValue{i.der(3), i.der("样本监制章")}
	if !i.old {
		properties = append(properties, i.der(1))
	}
	properties = append(append(properties, list), times...)
	picture := i.sequence(i.ia5("png"), octets([]byte("picture")), i.der(30), i.der(20))
	info := i.sequence(i.sequence(i.ia5("ES"), i.der(4), i.ia5("sample")), i.ia5("99000000000001"), i.sequence(properties...), picture)

	made := info.FullBytes
	if i.old {
		made = i.sequence(info, octets(i.maker.Raw), i.der(sm2WithSM3)).FullBytes
	}
	mark := i.sign(i.makerKey, made)
	if i.breakMaker {
		mark = i.sign(i.signerKey, made)
	}
	seal := i.sequence(info, octets(i.maker.Raw), i.der(sm2WithSM3), i.der(mark))
	if i.old {
		seal = i.sequence(info, i.sequence(octets(i.maker.Raw), i.der(sm2WithSM3), i.der(mark)))
	}
	sum := sm3.Sum([]byte(desc))
	hash := i.der(asn1.BitString{Bytes: sum[:], BitLength: 256})
	if i.old {
		stamp := i.der(asn1.BitString{Bytes: []byte("no time"), BitLength: 56})
		tbs := i.sequence(i.der(1), seal, stamp, hash, i.ia5(i.property), octets(i.signer.Raw), i.der(sm2WithSM3))
		return i.sequence(tbs, i.der(i.sign(i.signerKey, tbs.FullBytes))).FullBytes
	}
	tbs := i.sequence(i.der(4), seal, i.generalized(i.signed), hash, i.ia5(i.property))
	return i.sequence(tbs, octets(i.signer.Raw), i.der(sm2WithSM3), i.der(i.sign(i.signerKey, tbs.FullBytes))).FullBytes
}

func archive(t testing.TB, files []file) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, f := range files {
		out, err := w.Create(f.name)
		if err == nil {
			_, err = out.Write([]byte(f.text))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// edit replaces text in one file.
func edit(name, old, replacement string) func([]file) []file {
	return func(files []file) []file {
		for n := range files {
			if files[n].name == name {
				files[n].text = strings.Replace(files[n].text, old, replacement, 1)
			}
		}
		return files
	}
}

// add appends a file.
func add(name, text string) func([]file) []file {
	return func(files []file) []file { return append(files, file{name, text}) }
}
