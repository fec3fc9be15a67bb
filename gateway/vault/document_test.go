package vault

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"
)

func testDocument(months Months) Document {
	return Document{Enterprise: testEnterprise, Category: bankCategory, Months: months, Name: "对账单-2025.pdf", MediaType: "application/pdf"}
}

// An owner's file comes back byte for byte with its name, at sizes around a
// chunk's, and neither is in the clear on disk.
func TestDocumentRoundTrip(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, n := range []int{0, 1, ChunkBytes - 100, ChunkBytes, ChunkBytes + 1, 3*ChunkBytes - 62, 3 * ChunkBytes} {
		content := bytes.Repeat([]byte("canary-statement "), n/17+1)[:n]
		info, err := w.vault.StoreDocument(t.Context(), testDocument(Months{202501, 202503}), bytes.NewReader(content))
		must(t, err)
		w.reopen()
		d, r, err := w.vault.OpenDocument(t.Context(), info.ID)
		must(t, err)
		got, err := io.ReadAll(r)
		must(t, err)
		must(t, r.Close())
		if !bytes.Equal(got, content) || d != testDocument(Months{202501, 202503}) {
			t.Errorf("%d bytes: got %d, %+v", n, len(got), d)
		}
	}
	for _, f := range files(t, w.dir) {
		b, err := os.ReadFile(f)
		must(t, err)
		if bytes.Contains(b, []byte("canary")) || bytes.Contains(b, []byte("对账单")) {
			t.Errorf("plaintext in %s", f)
		}
	}
}

// A document cut at any place, chunks swapped, dropped or bent, is never read to
// its end without an error.
func TestDocumentTampering(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	content := bytes.Repeat([]byte("0123456789abcdef"), 3*ChunkBytes/16)
	info, err := w.vault.StoreDocument(t.Context(), testDocument(Months{202501, 202501}), bytes.NewReader(content))
	must(t, err)
	path := filepath.Join(w.dir, "data", "blobs", documentKey(info.ID))
	good, err := os.ReadFile(path)
	must(t, err)
	const sealed = ChunkBytes + gcmTagBytes
	rapid.Check(t, func(rt *rapid.T) {
		bent := bytes.Clone(good)
		switch rapid.IntRange(0, 4).Draw(rt, "bend") {
		case 0:
			bent[rapid.IntRange(0, len(bent)-1).Draw(rt, "byte")] ^= 1
		case 1:
			bent = bent[:rapid.IntRange(0, len(bent)-1).Draw(rt, "cut")]
		case 2:
			bent = bent[:sealed*rapid.IntRange(0, len(good)/sealed).Draw(rt, "chunks")]
		case 3:
			bent = append(append(bytes.Clone(good[sealed:2*sealed]), good[:sealed]...), good[2*sealed:]...)
		case 4:
			bent = append(bent, 0)
		}
		must(t, os.WriteFile(path, bent, 0o600))
		_, r, err := w.vault.OpenDocument(t.Context(), info.ID)
		if err == nil {
			_, err = io.Copy(io.Discard, r)
			must(t, r.Close())
		}
		if err == nil {
			rt.Fatal("tampered document read to its end")
		}
	})
}

// Batches name the document that they were read from.
func TestSealWithOrigin(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	info, err := w.vault.StoreDocument(t.Context(), testDocument(Months{202501, 202501}), bytes.NewReader([]byte("csv")))
	must(t, err)
	r := bank(202501, 1)
	b, err := w.vault.Seal(t.Context(), Batch{Enterprise: testEnterprise, Origin: info.ID, Schema: r[0].Schema, Records: List(r)})
	must(t, err)
	_, err = w.vault.Seal(t.Context(), Batch{Enterprise: testEnterprise + 1, Origin: info.ID, Schema: r[0].Schema, Records: List(r)})
	wantErr(t, err, ErrBatch, "another enterprise's document")
	w.reopen()
	back, err := w.vault.Batch(b.ID)
	if err != nil || back != b || back.Origin != info.ID {
		t.Errorf("%+v, %v", back, err)
	}
}
