package bank

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var writeGolden = flag.Bool("write-golden", false, "write golden files")

func show(v any) string { return fmt.Sprintf("%v %+v %#v", v, v, v) }

func sampleOrder(t *testing.T) []byte {
	t.Helper()
	own, err := ParseAccount(ownText)
	if err != nil {
		t.Fatal(err)
	}
	var lines []Line
	for i, text := range []string{"102100099996 6222000000011 样本晴川五金商行", "103100000026 6228480000022 样本禾原包装厂 & <子公司>"} {
		to, err := ParseAccount(text)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, Line{Redemption: uint64(i) + 1, Org: shop, AmountFen: int64(i)*1_000_000_00 + 5, To: to})
	}
	body, err := writeOrder("XL7-1", own, lines, noon)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// A payment order is on the wire of banks: its bytes never change unseen.
func TestOrderGolden(t *testing.T) {
	t.Parallel()
	const path = "testdata/order.golden.xml"
	got := sampleOrder(t)
	if *writeGolden {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// The check of an order refuses each way in which it could break the schema or its sums.
func TestCheckOrder(t *testing.T) {
	t.Parallel()
	good := string(sampleOrder(t))
	if err := CheckOrder([]byte(good)); err != nil {
		t.Fatal(err)
	}
	for name, replace := range map[string][2]string{
		"version":            {"pain.001.001.09", "pain.001.001.08"},
		"another element":    {"<PmtMtd>TRF</PmtMtd>", "<PmtMtd>TRF</PmtMtd><Foo>1</Foo>"},
		"element missing":    {"<PmtMtd>TRF</PmtMtd>", ""},
		"element twice":      {"<PmtMtd>TRF</PmtMtd>", "<PmtMtd>TRF</PmtMtd><PmtMtd>TRF</PmtMtd>"},
		"another method":     {"TRF", "CHK"},
		"long id":            {"<EndToEndId>XLR1<", "<EndToEndId>" + strings.Repeat("x", 36) + "<"},
		"empty id":           {"<EndToEndId>XLR1<", "<EndToEndId><"},
		"id twice":           {"XLR2", "XLR1"},
		"amount":             {">0.05<", ">0.06<"},
		"amount form":        {">0.05<", ">0.050<"},
		"amount zero":        {">0.05<", ">0<"},
		"currency":           {`Ccy="CNY"`, `Ccy="USD"`},
		"no currency":        {` Ccy="CNY"`, ""},
		"count":              {"<NbOfTxs>2<", "<NbOfTxs>3<"},
		"sum":                {"<CtrlSum>1000000.10<", "<CtrlSum>1000000.11<"},
		"day":                {"<Dt>2026-03-10<", "<Dt>2026-02-30<"},
		"time":               {"T12:00:00+08:00", "T12:00:00"},
		"bank code":          {"103100000026", "10310000002"},
		"long number":        {"6222000000011", strings.Repeat("6", 35)},
		"elements in a text": {"<Nm>样本晴川五金商行</Nm>", "<Nm><B>x</B></Nm>"},
		"order of elements":  {"<PmtMtd>TRF</PmtMtd>\n      <BtchBookg>false</BtchBookg>", "<BtchBookg>false</BtchBookg><PmtMtd>TRF</PmtMtd>"},
		"cut":                {"</CstmrCdtTrfInitn>\n</Document>", ""},
		"document type":      {"<Document", "<!DOCTYPE x><Document"},
	} {
		bent := strings.Replace(good, replace[0], replace[1], 1)
		if bent == good {
			t.Errorf("%s: nothing was bent", name)
		}
		if err := CheckOrder([]byte(bent)); !errors.Is(err, ErrOrder) {
			t.Errorf("%s: got %v, want %v", name, err, ErrOrder)
		}
	}
}

// Accounts are read in one form only, and the hash is that of the portal's forms.
func TestParseAccount(t *testing.T) {
	t.Parallel()
	a, err := ParseAccount("102100099996 6222000000011 样本 晴川五金商行")
	if err != nil || a.BankCode != "102100099996" || a.Number != "6222000000011" || a.Name != "样本 晴川五金商行" {
		t.Errorf("got %q %q %q, %v", a.BankCode, a.Number, a.Name, err)
	}
	for _, text := range []string{
		"", "102100099996", "102100099996 6222", "102100099996 6222 ", "10210009999 6222 样本", "10210009999x 6222 样本",
		"102100099996  样本", "102100099996 62-22 样本", "102100099996 " + strings.Repeat("6", 35) + " 样本",
		"102100099996 6222 " + strings.Repeat("样", 141), "102100099996 6222  样本", "102100099996 6222 样\n本", "102100099996 6222 \xff",
	} {
		if _, err := ParseAccount(text); !errors.Is(err, ErrAccount) {
			t.Errorf("%q: got %v, want %v", text, err, ErrAccount)
		}
	}
	if _, err := AccountHash([]byte("short"), "x"); !errors.Is(err, ErrAccount) {
		t.Errorf("a short salt: got %v", err)
	}
}

// A creditor reference leads back to its organisation, as people write it too, and one
// wrong or swapped digit leads nowhere.
func TestCreditorReference(t *testing.T) {
	t.Parallel()
	if got := mod97("539007547034RF18"); got != 1 { // the standard's own example
		t.Errorf("RF18 5390 0754 7034: got %d, want 1", got)
	}
	for _, org := range []uint64{1, 42, 97, 123_456, 1<<63 - 1} {
		reference := CreditorReference(org)
		for _, written := range []string{reference, strings.ToLower(reference), reference[:4] + " " + reference[4:]} {
			if got, ok := orgOf(written); !ok || got != org {
				t.Errorf("%q: got %d, %v, want %d", written, got, ok, org)
			}
		}
		for i := 2; i < len(reference); i++ {
			if !isDigit(reference[i]) {
				continue
			}
			bent := reference[:i] + string('0'+(reference[i]-'0'+1)%10) + reference[i+1:]
			if got, ok := orgOf(bent); ok {
				t.Errorf("%q passes for %d", bent, got)
			}
		}
	}
	for _, s := range []string{"", "RF", "RF18539007547034", "XL42", "RF00XL42", "RF18XL042", CreditorReference(42) + "1"} {
		if got, ok := orgOf(s); ok {
			t.Errorf("%q passes for %d", s, got)
		}
	}
}

// Documents of a bank are read or refused, never crashed on.
func FuzzReadAnswers(f *testing.F) {
	f.Add([]byte(answerTo("XL7-1", "<GrpSts>PART</GrpSts>", payment("XLR1", "RJCT", "AC04"))))
	f.Fuzz(func(_ *testing.T, body []byte) {
		_, _ = readAnswers(body)
		_ = CheckOrder(body)
	})
}
