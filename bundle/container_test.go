package bundle

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	bundlev1 "github.com/xinlian/xinlian/gen/xinlian/bundle/v1"
)

// small is a whole bundle of a few hundred bytes, with every kind of section.
func small(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	err := Write(&b, Contents{
		ChainID: "xinlian-test", StateHeight: 7, LoanID: 3,
		Rows:       []bundlev1.Row{{Store: "loan", Key: []byte{15, 3}, Value: []byte("row"), Proof: []byte("proof")}},
		ScoreProof: []byte("score proof"),
		Records:    []bundlev1.Record{{BatchId: []byte("batch"), Salt: []byte("salt"), Canonical: []byte("canonical")}},
		Features:   &bundlev1.FeatureSet{Version: 1, Salt: []byte("salt"), Features: []bundlev1.Feature{{Present: true, Value: 5}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// spans tells for each byte of a bundle to which part it belongs.
func spans(t *testing.T, file []byte) []string {
	t.Helper()
	part := make([]string, 0, len(file))
	put := func(name string, n int) {
		for range n {
			part = append(part, name)
		}
	}
	put("magic", len(magic))
	for at := len(magic); at < len(file)-sha256.Size; {
		n := int(file[at])
		name := string(file[at+1 : at+1+n])
		size := int(binary.BigEndian.Uint32(file[at+1+n:]))
		put("frame of "+name, 1+n+4)
		put(name, size)
		at += 1 + n + 4 + size
	}
	put("sum", sha256.Size)
	return part
}

// Test that a bundle reads back to its sections, in order.
func TestContainerRoundTrip(t *testing.T) {
	t.Parallel()
	m, sections, err := read(small(t))
	if err != nil {
		t.Fatal(err)
	}
	if m.ChainId != "xinlian-test" || m.StateHeight != 7 || m.LoanId != 3 {
		t.Errorf("manifest %v", m)
	}
	var names []string
	for _, s := range sections {
		names = append(names, s.Name)
	}
	if got := strings.Join(names, " "); got != "headers rows records features blocks score-proof" {
		t.Errorf("sections %s", got)
	}
	if body, ok := find(sections, sectionProof); !ok || string(body) != "score proof" {
		t.Errorf("score proof %q", body)
	}
	if _, ok := find(sections, "other"); ok {
		t.Error("found a section that is not there")
	}
}

// Test that every flipped bit of every byte is noticed, that a byte inside a
// section is blamed on that section, and that the verdict is never better than
// refused.
func TestEveryByteCounts(t *testing.T) {
	t.Parallel()
	file := small(t)
	for at, part := range spans(t, file) {
		for bit := range 8 {
			bent := bytes.Clone(file)
			bent[at] ^= 1 << bit
			_, _, err := read(bent)
			if !errors.Is(err, ErrContainer) {
				t.Fatalf("byte %d bit %d (%s): got %v", at, bit, part, err)
			}
			if want := blame(part); !strings.Contains(err.Error(), want) {
				t.Errorf("byte %d bit %d: %q does not say %q", at, bit, err, want)
			}
			if bit == 0 {
				r := Verify(bent, nil, time.Unix(0, 0))
				if last := r.Checks[len(r.Checks)-1]; r.Verdict != Refused || last.OK || last.Name != "file" {
					t.Errorf("byte %d (%s): verdict %s at check %s", at, part, r.Verdict, last.Name)
				}
			}
		}
	}
}

// blame is what the error about a damaged part must say. A damaged frame may
// show itself further on, where the next part no longer begins.
func blame(part string) string {
	switch {
	case part == "magic":
		return "does not begin as one"
	case part == "sum":
		return "own hash was changed"
	case part == sectionManifest:
		return "" // its own text, or a section that it now describes wrongly
	case strings.HasPrefix(part, "frame of "):
		return ""
	default:
		return fmt.Sprintf("section %q", part)
	}
}

// Test that a bundle cut off anywhere, or with anything added, is refused.
func TestLengthCounts(t *testing.T) {
	t.Parallel()
	file := small(t)
	for n := range file {
		if _, _, err := read(file[:n]); !errors.Is(err, ErrContainer) {
			t.Errorf("cut to %d bytes: %v", n, err)
		}
	}
	for _, more := range [][]byte{{0}, []byte("x"), file} {
		if _, _, err := read(append(bytes.Clone(file), more...)); !errors.Is(err, ErrContainer) {
			t.Errorf("%d bytes added: %v", len(more), err)
		}
	}
}

// forge writes sections under a manifest that fits them, as an attacker may.
func forge(t *testing.T, listed, carried []Section) []byte {
	t.Helper()
	m := bundlev1.Manifest{ChainId: "xinlian-test"}
	for _, s := range listed {
		sum := sha256.Sum256(s.Body)
		m.Sections = append(m.Sections, bundlev1.Section{Name: s.Name, Sha256: sum[:]})
	}
	body, err := m.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := write(&b, append([]Section{{sectionManifest, body}}, carried...)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Test that sections and manifest must agree in number, order, name and content,
// also when the file's own hash was made anew.
func TestManifestAgrees(t *testing.T) {
	t.Parallel()
	a, b := Section{"headers", []byte("a")}, Section{"rows", []byte("b")}
	if _, _, err := read(forge(t, []Section{a, b}, []Section{a, b})); err != nil {
		t.Fatal(err)
	}
	many := make([]Section, SectionsMax+1)
	for i := range many {
		many[i] = Section{Name: "x"}
	}
	for name, file := range map[string][]byte{
		"one left out":    forge(t, []Section{a, b}, []Section{a}),
		"one added":       forge(t, []Section{a}, []Section{a, b}),
		"another order":   forge(t, []Section{a, b}, []Section{b, a}),
		"another name":    forge(t, []Section{a}, []Section{{"rows", a.Body}}),
		"another content": forge(t, []Section{a}, []Section{{a.Name, []byte("c")}}),
		"one twice":       forge(t, []Section{a, b}, []Section{a, a}),
		"too many":        forge(t, many, many),
		"a name too long": forge(t, []Section{{strings.Repeat("n", 200), nil}}, []Section{{strings.Repeat("n", 200), nil}}),
		"a nameless one":  forge(t, []Section{{"", nil}}, []Section{{"", nil}}),
		"nothing":         nil,
		"only the magic":  []byte(magic),
		"no manifest":     func() []byte { var w bytes.Buffer; _ = write(&w, []Section{a}); return w.Bytes() }(),
		"another manifest": func() []byte {
			var w bytes.Buffer
			_ = write(&w, []Section{{sectionManifest, []byte{0xff}}})
			return w.Bytes()
		}(),
	} {
		if _, _, err := read(file); !errors.Is(err, ErrContainer) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Test that the exit codes tell a script what a verdict means.
func TestExitCodes(t *testing.T) {
	t.Parallel()
	for verdict, want := range map[Verdict]int{Valid: 0, Refused: 1, Unanchored: 3, "": 1} {
		if got := verdict.ExitCode(); got != want {
			t.Errorf("%q: got %d, want %d", verdict, got, want)
		}
	}
}

// Test the form of a trust root, as members publish it.
func TestTrustRoot(t *testing.T) {
	t.Parallel()
	hash := strings.Repeat("AB", 32)
	root, err := ParseTrustRoot("42:" + hash)
	if err != nil || root.Height != 42 || root.String() != "42:"+hash {
		t.Errorf("got %v, %v", root, err)
	}
	for _, bad := range []string{"", "42", ":" + hash, "0:" + hash, "-1:" + hash, "x:" + hash, "42:" + hash[2:], "42:" + hash + "AB", "42:" + strings.Repeat("zz", 32)} {
		if _, err := ParseTrustRoot(bad); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
}

// FuzzRead: no input makes the reader panic, and what it accepts, written again,
// is the same file.
func FuzzRead(f *testing.F) {
	f.Add(small(f))
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, file []byte) {
		_, sections, err := read(file)
		if err != nil {
			return
		}
		first, _, err := cut(file[len(magic):])
		if err != nil {
			t.Fatal(err)
		}
		var again bytes.Buffer
		if err := write(&again, append([]Section{first}, sections...)); err != nil || !bytes.Equal(again.Bytes(), file) {
			t.Errorf("%x reads, but writes again as %x", file, again.Bytes())
		}
	})
}
