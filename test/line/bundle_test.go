package line_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"

	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"

	"github.com/xinlian/xinlian/bundle"
	bundlev1 "github.com/xinlian/xinlian/gen/xinlian/bundle/v1"
	"github.com/xinlian/xinlian/internal/wire"
)

// evidence is the bundle of the demonstration's loan.
type evidence struct {
	file []byte
	root bundle.TrustRoot
}

// last is the check that a report ends with.
func last(r bundle.Report) bundle.Check { return r.Checks[len(r.Checks)-1] }

// verifies proves that the bundle is valid with everything that it discloses.
func (e *evidence) verifies(t *testing.T) {
	r := bundle.Verify(e.file, &e.root, time.Now())
	if r.Verdict != bundle.Valid {
		t.Fatalf("%s", r)
	}
	for name, says := range map[string]string{
		"features": "56 features open the commitment", "records": "10 disclosed records", "blocks": "journal entries were made in",
	} {
		found := false
		for _, c := range r.Checks {
			found = found || c.Name == name && c.OK && strings.Contains(c.Detail, says)
		}
		if !found {
			t.Errorf("check %s does not say %q: %s", name, says, r)
		}
	}
}

// trustRoots proves that a wrong trust root is refused and that none is never valid.
func (e *evidence) trustRoots(t *testing.T) {
	if r := bundle.Verify(e.file, nil, time.Now()); r.Verdict != bundle.Unanchored || r.Verdict.ExitCode() != 3 {
		t.Errorf("none: %s, exit code %d", r.Verdict, r.Verdict.ExitCode())
	}
	other := bundle.TrustRoot{Height: e.root.Height, Hash: bytes.Clone(e.root.Hash)}
	other.Hash[31] ^= 1
	absent := bundle.TrustRoot{Height: e.root.Height - 1, Hash: e.root.Hash}
	for name, root := range map[string]*bundle.TrustRoot{"another hash": &other, "a height that is not there": &absent} {
		if r := bundle.Verify(e.file, root, time.Now()); r.Verdict != bundle.Refused || last(r).Name != "trust root" {
			t.Errorf("%s: %s at %s", name, r.Verdict, last(r).Name)
		}
	}
}

// part is a section as docs/spec/bundle.md gives it, with its place in the file.
type part struct {
	name string
	at   int // of its first byte, the length of the name
	body []byte
}

const magic = "xinlian-bundle/1\n"

func (e *evidence) parts(t *testing.T) []part {
	t.Helper()
	var list []part
	for at := len(magic); at < len(e.file)-sha256.Size; {
		n := int(e.file[at])
		size := int(binary.BigEndian.Uint32(e.file[at+1+n:]))
		body := at + 1 + n + 4
		list = append(list, part{string(e.file[at+1 : at+1+n]), at, e.file[body : body+size]})
		at = body + size
	}
	return list
}

// flippedBytes proves that one flipped byte is noticed wherever it is: in the
// magic line, in each length, each name, each section and the file's own hash. In
// a section it is the section that is named.
func (e *evidence) flippedBytes(t *testing.T) {
	check := func(what string, at int, says string) {
		bent := bytes.Clone(e.file)
		bent[at] ^= 1
		r := bundle.Verify(bent, &e.root, time.Now())
		if r.Verdict != bundle.Refused || last(r).Name != "file" || !strings.Contains(last(r).Detail, says) {
			t.Errorf("%s, byte %d: %s at %s: %s", what, at, r.Verdict, last(r).Name, last(r).Detail)
		}
	}
	for _, at := range []int{0, len(magic) / 2, len(magic) - 1} {
		check("magic", at, "does not begin as one")
	}
	parts := e.parts(t)
	if len(parts) != 7 {
		t.Errorf("%d sections, want 7 with the manifest", len(parts))
	}
	for _, p := range parts {
		check("length of the name of "+p.name, p.at, "")
		for i := range len(p.name) {
			check("name of "+p.name, p.at+1+i, "")
		}
		frame := p.at + 1 + len(p.name)
		for i := range 4 {
			check("length of "+p.name, frame+i, "")
		}
		says := fmt.Sprintf("section %q", p.name)
		if p.name == "manifest" {
			says = ""
		}
		for i := range 64 {
			check("body of "+p.name, frame+4+i*(len(p.body)-1)/63, says)
		}
	}
	for i := range sha256.Size {
		check("sum", len(e.file)-sha256.Size+i, "own hash was changed")
	}
}

// forge writes the file again with one section changed and every hash of the
// container made anew, as one who wants to deceive would.
func (e *evidence) forge(t *testing.T, section string, change func([]byte) []byte) []byte {
	t.Helper()
	parts := e.parts(t)
	var m bundlev1.Manifest
	if err := m.Unmarshal(parts[0].body); err != nil {
		t.Fatal(err)
	}
	changed := false
	for i := range parts {
		if parts[i].name == section && section != "manifest" {
			parts[i].body, changed = change(bytes.Clone(parts[i].body)), true
			sum := sha256.Sum256(parts[i].body)
			m.Sections[i-1].Sha256 = sum[:]
		}
	}
	parts[0].body = encode(t, &m)
	if section == "manifest" {
		parts[0].body, changed = change(parts[0].body), true
	}
	if !changed {
		t.Fatalf("there is no section %s", section)
	}
	out := []byte(magic)
	for _, p := range parts {
		out = append(append(out, byte(len(p.name))), p.name...)
		out = append(binary.BigEndian.AppendUint32(out, uint32(len(p.body))), p.body...)
	}
	sum := sha256.Sum256(out)
	return append(out, sum[:]...)
}

// message is a protobuf message.
type message interface {
	Marshal() ([]byte, error)
	Unmarshal([]byte) error
}

// edit changes a section as the message that it is.
func edit[M message](t *testing.T, m M, change func(M)) func([]byte) []byte {
	return func(b []byte) []byte {
		if err := m.Unmarshal(b); err != nil {
			t.Fatal(err)
		}
		change(m)
		return encode(t, m)
	}
}

// forgeries proves that a change which keeps the container consistent is refused
// by the check whose business it is.
func (e *evidence) forgeries(t *testing.T) {
	untouched := e.forge(t, "features", func(b []byte) []byte { return b })
	if !bytes.Equal(untouched, e.file) {
		t.Fatal("the forger does not write what the exporter writes")
	}
	features := func(change func(*bundlev1.FeatureSet)) func([]byte) []byte {
		return edit(t, &bundlev1.FeatureSet{}, change)
	}
	records := func(change func(*bundlev1.Records)) func([]byte) []byte { return edit(t, &bundlev1.Records{}, change) }
	rows := func(change func(*bundlev1.Rows)) func([]byte) []byte { return edit(t, &bundlev1.Rows{}, change) }
	for _, c := range []struct {
		name, section string
		change        func([]byte) []byte
		refusedAt     string
	}{
		{"another feature", "features", features(func(f *bundlev1.FeatureSet) { f.Features[0].Value++ }), "features"},
		{"a feature left out", "features", features(func(f *bundlev1.FeatureSet) { f.Features = f.Features[1:] }), "features"},
		{"a feature missing", "features", features(func(f *bundlev1.FeatureSet) { f.Features[0].Present = !f.Features[0].Present }), "features"},
		{"another salt of the features", "features", features(func(f *bundlev1.FeatureSet) { f.Salt[5] ^= 1 }), "features"},
		{"a short salt", "features", features(func(f *bundlev1.FeatureSet) { f.Salt = f.Salt[1:] }), "features"},
		{"another record", "records", records(func(r *bundlev1.Records) { r.Records[3].Canonical[len(r.Records[3].Canonical)-1] ^= 1 }), "records"},
		{"another salt of a record", "records", records(func(r *bundlev1.Records) { r.Records[3].Salt[0] ^= 1 }), "records"},
		{"another place of a record", "records", records(func(r *bundlev1.Records) { r.Records[3].Index++ }), "records"},
		{"another path of a record", "records", records(func(r *bundlev1.Records) { r.Records[3].Path[0][0] ^= 1 }), "records"},
		{"another batch of a record", "records", records(func(r *bundlev1.Records) { r.Records[3].BatchId[0] ^= 1 }), "records"},
		{"another row", "rows", rows(func(r *bundlev1.Rows) { r.Rows[0].Value[len(r.Rows[0].Value)-1] ^= 1 }), "state rows"},
		{"another key of a row", "rows", rows(func(r *bundlev1.Rows) { r.Rows[0].Key[len(r.Rows[0].Key)-1] ^= 1 }), "state rows"},
		{"another proof of a row", "rows", rows(func(r *bundlev1.Rows) { r.Rows[0].Proof[len(r.Rows[0].Proof)/2] ^= 1 }), "state rows"},
		{"the loan left out", "rows", without(t, wire.RowLoan(1)), "parties"},
		{"a journal entry left out", "rows", without(t, wire.RowJournalEntry(1, 2)), "journal"},
		{"an instalment left out", "rows", without(t, wire.RowInstalment(1, 1, 1)), "schedule"},
		{"the log of block hashes left out", "rows", without(t, wire.RowHeaderLog()), "blocks"},
		{"another time of a block", "blocks", blocks(t, func(h *cmtproto.Header) { h.Time = h.Time.Add(time.Second) }), "blocks"},
		{"another height of a block", "blocks", blocks(t, func(h *cmtproto.Header) { h.Height-- }), "blocks"},
		{"a block left out", "blocks", func(b []byte) []byte { return b[4+binary.BigEndian.Uint32(b):] }, "blocks"},
		{"no blocks", "blocks", func([]byte) []byte { return nil }, "blocks"},
		{"another score proof", "score-proof", func(b []byte) []byte { b[len(b)/2] ^= 1; return b }, "score"},
		{"another header", "headers", func(b []byte) []byte { b[len(b)/2] ^= 1; return b }, "headers"},
		{"another loan in the manifest", "manifest", edit(t, &bundlev1.Manifest{}, func(m *bundlev1.Manifest) { m.LoanId++ }), "parties"},
		{"another height in the manifest", "manifest", edit(t, &bundlev1.Manifest{}, func(m *bundlev1.Manifest) { m.StateHeight++ }), "headers"},
		{"another chain in the manifest", "manifest", edit(t, &bundlev1.Manifest{}, func(m *bundlev1.Manifest) { m.ChainId = "xinlian-1" }), "headers"},
	} {
		r := bundle.Verify(e.forge(t, c.section, c.change), &e.root, time.Now())
		if r.Verdict != bundle.Refused || last(r).Name != c.refusedAt {
			t.Errorf("%s: %s at %s: %s; want it refused at %s", c.name, r.Verdict, last(r).Name, last(r).Detail, c.refusedAt)
		}
	}
}

// without leaves one row out.
func without(t *testing.T, place wire.Row) func([]byte) []byte {
	return edit(t, &bundlev1.Rows{}, func(r *bundlev1.Rows) {
		for i, row := range r.Rows {
			if row.Store == place.Store && bytes.Equal(row.Key, place.Key) {
				r.Rows = append(r.Rows[:i:i], r.Rows[i+1:]...)
				return
			}
		}
		t.Errorf("there is no row %s/%x", place.Store, place.Key)
	})
}

// blocks changes the first header in the section of blocks.
func blocks(t *testing.T, change func(*cmtproto.Header)) func([]byte) []byte {
	return func(b []byte) []byte {
		n := binary.BigEndian.Uint32(b)
		var h cmtproto.Header
		if err := h.Unmarshal(b[4 : 4+n]); err != nil {
			t.Fatal(err)
		}
		change(&h)
		first := encode(t, &h)
		return append(append(binary.BigEndian.AppendUint32(nil, uint32(len(first))), first...), b[4+n:]...)
	}
}
