package line_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/xinlian/xinlian/gateway/connector"
	"github.com/xinlian/xinlian/gateway/connector/format"
	"github.com/xinlian/xinlian/gateway/custody"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
)

// documents proves that a document which cannot be read is named with its rule
// and a remedy, and that nothing of it is sealed or anchored.
func (w *world) documents(t *testing.T) {
	id := w.Firm("healthy").ID
	before := w.streams(t, id)
	whole := statement("12.50")
	cut, _, _ := strings.Cut(whole, "</Ntry>")
	for _, c := range []struct {
		name string
		file custody.Upload
		rule connector.Rule
		row  int
	}{
		{"wrong file type", custody.Upload{Name: "scan.pdf", Data: []byte("%PDF-1.7\n")}, connector.RuleFileType, 0},
		{"truncated XML", custody.Upload{Name: "s.xml", Data: []byte(cut)}, connector.RuleXMLTruncated, 0},
		{"DTD", custody.Upload{Name: "s.xml", Data: []byte(strings.Replace(whole, "<Document", `<!DOCTYPE Document [<!ENTITY x SYSTEM "file:///etc/passwd">]><Document`, 1))}, connector.RuleXMLDTD, 0},
		{"wrong amount", custody.Upload{Name: "s.xml", Data: []byte(statement("12.5O"))}, connector.RuleAmount, 1},
	} {
		got, err := w.Custodian().Collect(t.Context(), id, connector.Owner{}, []custody.Upload{c.file})
		if !errors.Is(err, custody.ErrNothing) {
			t.Errorf("%s: got %v, want nothing read", c.name, err)
		}
		named := false
		for _, p := range got.Problems {
			text, known := p.Rule.Text()
			named = named || p.Rule == c.rule && p.File == c.file.Name && p.Row == c.row && (c.row == 0 || p.Column != "") && known && text.RemedyEN != ""
		}
		if !named {
			t.Errorf("%s: no problem names file %s, row %d, rule %s: %v", c.name, c.file.Name, c.row, c.rule, got.Problems)
		}
	}
	w.tooLarge(t)
	if after := w.streams(t, id); after != before {
		t.Errorf("anchored batches went from %d to %d", before, after)
	}
}

// tooLarge proves that a file of 200 MB is refused by its size, unread.
func (w *world) tooLarge(t *testing.T) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "large.csv")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 200<<20); err != nil {
		t.Fatal(err)
	}
	src, closer, err := connector.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer closer.Close()
	src.Reader = unreadable{t}
	var c connector.Collector
	if _, err := connector.NewRun(format.All, connector.Owner{}, &c).Parse(t.Context(), src, connector.Auto); err != nil {
		t.Fatal(err)
	}
	if len(c.Problems) != 1 || c.Problems[0].Rule != connector.RuleFileSize || c.Problems[0].File != "large.csv" {
		t.Errorf("200 MB: %v", c.Problems)
	}
}

// unreadable fails the test when anyone reads it.
type unreadable struct{ t *testing.T }

func (u unreadable) Read([]byte) (int, error) {
	u.t.Error("a file that is too large was read")
	return 0, errors.New("not to be read")
}

// statement is a bank statement of one entry.
func statement(amount string) string {
	return `<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><GrpHdr><MsgId>M</MsgId></GrpHdr><Stmt><Id>S</Id><Acct><Id><IBAN>9901</IBAN></Id></Acct>` +
		`<Ntry><Amt Ccy="CNY">` + amount + `</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-01-05</Dt></BookgDt><AcctSvcrRef>R1</AcctSvcrRef></Ntry>` +
		`</Stmt></BkToCstmrStmt></Document>`
}

// streams counts the anchored batches of an enterprise.
func (w *world) streams(t *testing.T, id uint64) int {
	t.Helper()
	r, err := w.Client().Profile.Streams(t.Context(), &profilev1.QueryStreamsRequest{EnterpriseId: id})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, s := range r.Streams {
		n += int(s.Sequence)
	}
	return n
}
