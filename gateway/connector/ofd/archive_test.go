package ofd_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/xinlian/xinlian/gateway/connector"
	ct "github.com/xinlian/xinlian/gateway/connector/connectortest"
	"github.com/xinlian/xinlian/gateway/connector/ofd"
)

// Archives that attack the reader are refused before anything is read.
func TestHostileArchives(t *testing.T) {
	t.Parallel()
	many := make([]file, ofd.EntriesMax+1)
	for n := range many {
		many[n] = file{fmt.Sprintf("Doc_0/%d", n), ""}
	}
	zeros := strings.Repeat("\x00", ofd.RatioFloor+1)
	for _, c := range []struct {
		name  string
		files []file
		names string
	}{
		{"many files", many, "at most 4096"},
		{"bomb", []file{{"Doc_0/a", zeros}}, "packed more than"},
		{"large file", []file{{"Doc_0/a", strings.Repeat("\x00", ofd.EntryBytesMax+1)}}, "unpacked larger"},
		{"parent", []file{{"Doc_0/a", ""}, {"../evil", ""}}, "leaves the archive"},
		{"inner parent", []file{{"Doc_0/../../evil", ""}}, "leaves the archive"},
		{"absolute", []file{{"Doc_0/a", ""}, {"/etc/passwd", ""}}, "leaves the archive"},
		{"backslash", []file{{`Doc_0\a`, ""}}, "leaves the archive"},
		{"drive", []file{{"Doc_0/a", ""}, {"C:a", ""}}, "leaves the archive"},
		{"dots", []file{{"Doc_0/./a", ""}}, "leaves the archive"},
		{"twice", []file{{"Doc_0/a", "1"}, {"Doc_0/a", "2"}}, "twice"},
		{"twice but for case", []file{{"Doc_0/a", "1"}, {"Doc_0/A", "2"}}, "twice"},
		{"deep", []file{{"Doc_0" + strings.Repeat("/a", ofd.PathDepthMax), ""}}, "deeper"},
		{"long", []file{{"Doc_0/" + strings.Repeat("a", ofd.PathBytesMax), ""}}, "longer"},
		{"no root", []file{{"Doc_0/a", ""}}, "OFD.xml is missing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := parse(t, ofd.Parser{}, archive(t, c.files))
			ct.Want(t, got.Problems, ct.At(0, "", connector.RuleArchive))
			if !strings.Contains(got.Problems[0].Detail, c.names) {
				t.Error(got.Problems[0].Detail)
			}
		})
	}
}

// A cut, flipped or prefixed archive is refused, wherever it was hit.
func TestDamagedArchives(t *testing.T) {
	t.Parallel()
	good := newIssuer(t).issue()
	for n := 8; n < len(good); n += 37 {
		if got := parse(t, ofd.Parser{}, good[:n]); len(got.Records) != 0 || len(got.Problems) != 1 {
			t.Fatalf("cut at %d: %d records, %v", n, len(got.Records), got.Problems)
		}
	}
	changed := 0
	for n := 4; n < len(good); n += 11 {
		bad := bytes.Clone(good)
		bad[n] ^= 0x10
		got := parse(t, ofd.Parser{}, bad)
		for _, r := range got.Records { // bytes of the archive that mean nothing, such as its times
			if fen, _ := r.Int("amount"); fen != 16300 {
				t.Fatalf("flipped at %d: amount %d", n, fen)
			}
		}
		changed += 1 - len(got.Records)
	}
	if changed < 100 {
		t.Errorf("only %d of the flips were noticed", changed)
	}
	ct.Want(t, ct.Parse(t, ofd.Parser{}, append([]byte("MZ"), good...)).Problems, ct.At(0, "", connector.RuleFileType))
}

// Archives of spreadsheets and others are none of ours.
func TestDetect(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range []string{"[Content_Types].xml", "_rels/.rels", "xl/workbook.xml", "docProps/app.xml"} {
		if _, err := w.Create(name); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if (ofd.Parser{}).Detect(b.Bytes(), "invoice.ofd") {
		t.Error("a spreadsheet was taken for an OFD")
	}
	good := newIssuer(t).issue()
	if !(ofd.Parser{}).Detect(good[:min(len(good), connector.HeadBytes)], "invoice.zip") {
		t.Error("an OFD was not known")
	}
	var stored bytes.Buffer
	w = zip.NewWriter(&stored)
	out, err := w.CreateRaw(&zip.FileHeader{Name: "2026/a.ofd", UncompressedSize64: uint64(len(good)), CompressedSize64: uint64(len(good))})
	if err == nil {
		_, err = out.Write(good)
	}
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	if (ofd.Parser{}).Detect(stored.Bytes()[:min(stored.Len(), connector.HeadBytes)], "many.zip") {
		t.Error("an archive of OFDs was taken for one")
	}
	if (ofd.Parser{}).Detect([]byte("PK\x03\x04"), "") || (ofd.Parser{}).Detect(nil, "") {
		t.Error("four bytes were taken for an OFD")
	}
}
