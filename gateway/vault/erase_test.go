package vault

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/xinlian/xinlian/internal/record"
)

// An erased enterprise cannot be read, sealed for or granted; another one can;
// and repeating the erasure returns the same statement.
func TestErase(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.seal(bank(202503, 2)...)
	_, err := w.vault.StoreDocument(t.Context(), testDocument(Months{202501, 202501}), bytes.NewReader([]byte("x")))
	must(t, err)
	id := w.consent(nil)
	other, err := w.vault.Seal(t.Context(), Batch{Enterprise: 99, Schema: record.BankTransaction, Records: List(bank(202503, 1))})
	must(t, err)
	w.chain.anchor(other)

	e, err := w.vault.Erase(t.Context(), testEnterprise)
	must(t, err)
	if e.Batches != 1 || e.Documents != 1 || e.Enterprise != testEnterprise {
		t.Errorf("statement %+v", e)
	}
	w.chain.advance(1)
	again, err := w.vault.Erase(t.Context(), testEnterprise)
	if err != nil || *again != *e {
		t.Errorf("again: %+v, %v", again, err)
	}
	gone := func() {
		t.Helper()
		_, err := w.read(w.request(id))
		wantErr(t, err, ErrErased, "read")
		_, err = w.vault.Seal(t.Context(), Batch{Enterprise: testEnterprise, Schema: record.BankTransaction, Records: List(bank(202503, 1))})
		wantErr(t, err, ErrErased, "seal")
		_, err = w.vault.Grant(t.Context(), id)
		wantErr(t, err, ErrErased, "grant")
		_, err = w.vault.OpenRecord(t.Context(), b.ID, 0)
		wantErr(t, err, ErrNotFound, "open")
		if _, err := w.vault.OpenRecord(t.Context(), other.ID, 0); err != nil {
			t.Errorf("another enterprise: %v", err)
		}
	}
	gone()
	w.reopen()
	gone()
	if left := append(files(t, w.vault.wraps.dir), files(t, w.vault.manifestDir(testEnterprise))...); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// What was erased stays unreadable after last week's backup of everything, keys
// included, is restored: the chain's erasures are applied before the first read.
func TestEraseSurvivesRestore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.seal(bank(202503, 2)...)
	id := w.consent(nil)
	must(t, w.vault.Close())
	backup := t.TempDir()
	copyTree(t, w.dir, backup)
	w.open()
	_, err := w.vault.Erase(t.Context(), testEnterprise)
	must(t, err)
	w.chain.erased = []uint64{testEnterprise}

	for _, parts := range [][]string{{"data", "kms"}, {"data"}, {"kms"}} {
		must(t, w.vault.Close())
		for _, p := range parts {
			copyTree(t, filepath.Join(backup, p), filepath.Join(w.dir, p))
		}
		w.open()
		_, err = w.read(w.request(id))
		if !errors.Is(err, ErrErased) {
			t.Fatalf("%v restored: %v", parts, err)
		}
		if _, err := w.vault.OpenRecord(t.Context(), b.ID, 0); !errors.Is(err, ErrNotFound) {
			t.Fatalf("%v restored: %v", parts, err)
		}
		if there, err := exists(w.vault.keys.enterpriseFile(testEnterprise)); err != nil || there {
			t.Fatalf("%v restored: the key is back, %v", parts, err)
		}
	}
	// A restored vault that cannot reach the chain serves nothing.
	must(t, w.vault.Close())
	copyTree(t, backup, w.dir)
	w.chain.fail = os.ErrDeadlineExceeded
	w.open()
	_, err = w.read(w.request(id))
	wantErr(t, err, os.ErrDeadlineExceeded, "no chain")
	w.chain.fail = nil
}

// An erasure interrupted after the key was destroyed is finished at the next use,
// whether or not the chain has it yet.
func TestEraseInterrupted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.seal(bank(202503, 2)...)
	w.consent(nil)
	_, err := w.vault.statement(testEnterprise)
	must(t, err)
	must(t, w.vault.keys.Destroy(testEnterprise))
	w.reopen()
	must(t, w.vault.Sweep(t.Context()))
	if n := len(w.vault.Batches(testEnterprise)); n != 0 {
		t.Errorf("%d batches left", n)
	}
	if left := files(t, filepath.Join(w.dir, "data", "blobs")); len(left) > 0 {
		t.Errorf("blobs left: %v", left)
	}
}

// Scrub finds and names each kind of damage, and only that.
func TestScrub(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.seal(bank(202503, SegmentRecords+3)...)
	b := w.seal(bank(202504, 3)...)
	doc, err := w.vault.StoreDocument(t.Context(), testDocument(Months{202501, 202501}), bytes.NewReader([]byte("statement")))
	must(t, err)
	blobs := filepath.Join(w.dir, "data", "blobs")
	seg := func(id ID, n int) string { return filepath.Join(blobs, segmentKey(id, n)) }
	r, err := w.vault.Scrub(t.Context(), ScrubOptions{})
	must(t, err)
	if len(r.Findings) != 0 || r.Batches != 2 || r.Segments != 3 || r.Records != SegmentRecords+6 || r.Documents != 1 {
		t.Fatalf("sound vault: %+v", r)
	}
	read := func(p string) []byte {
		raw, err := os.ReadFile(p)
		must(t, err)
		return raw
	}
	flip := func(raw []byte, i int) []byte {
		raw = bytes.Clone(raw)
		raw[i] ^= 4
		return raw
	}
	cases := []struct {
		name, path string
		content    []byte // nil removes the file
		want       Fault
	}{
		{"ciphertext flipped", seg(a.ID, 0), flip(read(seg(a.ID, 0)), len(read(seg(a.ID, 0)))-1), FaultAltered},
		{"index flipped", seg(a.ID, 1), flip(read(seg(a.ID, 1)), 70), FaultAltered},
		{"truncated", seg(b.ID, 0), read(seg(b.ID, 0))[:200], FaultTruncated},
		{"emptied", seg(b.ID, 0), []byte{}, FaultTruncated},
		{"extended", seg(b.ID, 0), append(read(seg(b.ID, 0)), 0), FaultExtended},
		{"segment of another batch", seg(b.ID, 0), read(seg(a.ID, 1)), FaultSwapped},
		{"another segment", seg(a.ID, 1), read(seg(a.ID, 0)), FaultSwapped},
		{"missing", seg(a.ID, 1), nil, FaultMissing},
		{"document flipped", filepath.Join(blobs, documentKey(doc.ID)), flip(read(filepath.Join(blobs, documentKey(doc.ID))), 3), FaultAltered},
		{"document missing", filepath.Join(blobs, documentKey(doc.ID)), nil, FaultMissing},
		{"manifest flipped", w.vault.manifestFile(testEnterprise, b.ID), flip(read(w.vault.manifestFile(testEnterprise, b.ID)), 60), FaultAltered},
	}
	for _, c := range cases {
		good := read(c.path)
		if c.content == nil {
			must(t, os.Remove(c.path))
		} else {
			must(t, os.WriteFile(c.path, c.content, 0o600))
		}
		r, err := w.vault.Scrub(t.Context(), ScrubOptions{})
		must(t, err)
		if len(r.Findings) != 1 || r.Findings[0].Fault != c.want {
			t.Errorf("%s: %+v", c.name, r.Findings)
		}
		must(t, os.WriteFile(c.path, good, 0o600))
	}
	must(t, os.MkdirAll(filepath.Dir(seg(ID{1}, 0)), 0o700))
	must(t, os.WriteFile(seg(ID{1}, 0), []byte("x"), 0o600))
	anchor := w.chain.anchors[a.ID]
	anchor.Root[5] ^= 1
	w.chain.anchors[a.ID] = anchor
	delete(w.chain.anchors, b.ID)
	r, err = w.vault.Scrub(t.Context(), ScrubOptions{})
	must(t, err)
	if len(r.Findings) != 2 || r.Findings[0].Fault != FaultRoot || r.Findings[1].Fault != FaultOrphan || r.Unanchored != 1 {
		t.Errorf("orphan and root: %+v", r)
	}
}
