package vault

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/xinlian/xinlian/internal/record"
)

// Every record of batches around the segment's size opens, and its proof leads to
// the one root that goes on chain.
func TestSealSizes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, n := range []int{1, 2, SegmentRecords - 1, SegmentRecords, SegmentRecords + 1, 2*SegmentRecords + 77} {
		b := w.seal(bank(202503, n)...)
		if b.Count != uint64(n) || b.Months != (Months{202503, 202503}) {
			t.Fatalf("%+v", b)
		}
		for i := uint64(0); i < b.Count; i += 1 + b.Count/40 {
			leaf, p, err := w.vault.Proof(t.Context(), b.ID, i)
			must(t, err)
			if err := record.VerifyInclusion(b.Root[:], leaf, p); err != nil {
				t.Fatalf("record %d of %d: %v", i, n, err)
			}
		}
		for _, i := range []uint64{0, b.Count / 2, b.Count - 1} {
			r, err := w.vault.OpenRecord(t.Context(), b.ID, i)
			must(t, err)
			if got, want := r.SourceID(), bank(202503, n)[i].SourceID(); got != want {
				t.Errorf("record %d of %d: %s, want %s", i, n, got, want)
			}
		}
		_, _, err := w.vault.Proof(t.Context(), b.ID, b.Count)
		wantErr(t, err, ErrNotFound, "beyond the end")
	}
}

// Sealing the same records twice gives other ids, salts, roots and ciphertexts.
func TestSealNeverRepeats(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	seen := map[string]bool{}
	total := 0
	for range 5 {
		b := w.seal(bank(202503, 20)...)
		m, err := w.vault.loadManifest(testEnterprise, b.ID)
		must(t, err)
		s, err := loadIndex(t.Context(), w.vault.blobs, m, 0)
		must(t, err)
		parts, err := loadBody(t.Context(), w.vault.blobs, m, s)
		must(t, err)
		for i, p := range parts {
			seen[string(p[:16])], seen[string(s.entries[i].leaf[:])] = true, true
			total += 2
		}
		seen[b.ID.String()], seen[string(b.Root[:])] = true, true
		total += 2
	}
	if len(seen) != total {
		t.Errorf("%d different of %d", len(seen), total)
	}
}

// A batch that cannot be sealed leaves nothing behind.
func TestSealRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	balance := record.New(record.BankBalance)
	undated := record.New(record.BankTransaction).SetText("source_id", "x")
	broken := errors.New("broken source")
	cases := []struct {
		name  string
		batch Batch
		want  error
	}{
		{"no schema", Batch{Records: List(bank(202503, 1))}, ErrBatch},
		{"no records", Batch{Schema: record.BankTransaction, Records: List(nil)}, ErrBatch},
		{"another schema", Batch{Schema: record.BankTransaction, Records: List(append(bank(202503, 2), balance))}, ErrBatch},
		{"no date", Batch{Schema: record.BankTransaction, Records: List([]*record.Record{undated})}, ErrBatch},
		{"invalid record", Batch{Schema: record.BankTransaction, Records: List([]*record.Record{bank(202503, 1)[0].SetInt("status", 99)})}, record.ErrField},
		{"unknown origin", Batch{Schema: record.BankTransaction, Origin: ID{1}, Records: List(bank(202503, 1))}, ErrBatch},
		{"source breaks", Batch{Schema: record.BankTransaction, Records: func(yield func(*record.Record, error) bool) {
			for _, r := range bank(202503, SegmentRecords+5) {
				if !yield(r, nil) {
					return
				}
			}
			yield(nil, broken)
		}}, broken},
	}
	for _, c := range cases {
		c.batch.Enterprise = testEnterprise
		_, err := w.vault.Seal(t.Context(), c.batch)
		wantErr(t, err, c.want, "%s", c.name)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := w.vault.Seal(ctx, Batch{Enterprise: testEnterprise, Schema: record.BankTransaction, Records: List(bank(202503, 1))})
	wantErr(t, err, context.Canceled, "cancelled")
	if left := append(files(t, filepath.Join(w.dir, "data", "blobs")), files(t, w.vault.attemptDir())...); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// A crash at any step of sealing leaves a batch that is either whole or gone; the
// attempt's id is on disk before any ciphertext is.
func TestSealCrash(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	whole := w.seal(bank(202503, 3)...)
	attempt := func(id ID) {
		must(t, writeFile(w.vault.attemptFile(id), nil))
	}
	attempt(whole.ID) // crash after the commit
	early, late := randomID(), randomID()
	attempt(early) // crash before the first byte
	attempt(late)  // crash with segments but no manifest
	for i := range 2 {
		must(t, w.vault.blobs.put(t.Context(), segmentKey(late, i), []byte("half")))
	}
	must(t, os.WriteFile(filepath.Join(w.vault.attemptDir(), tempPrefix+"123"), []byte("x"), 0o600))
	for range 2 {
		w.reopen()
		if left := files(t, w.vault.attemptDir()); len(left) > 0 {
			t.Errorf("attempts left: %v", left)
		}
		for _, f := range files(t, filepath.Join(w.dir, "data", "blobs")) {
			if !strings.Contains(f, whole.ID.String()) {
				t.Errorf("blob left: %s", f)
			}
		}
		if _, err := w.vault.OpenRecord(t.Context(), whole.ID, 2); err != nil {
			t.Errorf("the committed batch: %v", err)
		}
	}
}

// The attempt is on disk while the records are being read, before anything of the
// batch is.
func TestSealRecordsAttemptFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.vault.Seal(t.Context(), Batch{
		Enterprise: testEnterprise, Schema: record.BankTransaction,
		Records: func(yield func(*record.Record, error) bool) {
			if n := len(files(t, w.vault.attemptDir())); n != 1 {
				t.Errorf("%d attempts on disk", n)
			}
			if n := len(files(t, filepath.Join(w.dir, "data", "blobs"))); n != 0 {
				t.Errorf("%d blobs on disk", n)
			}
			yield(bank(202503, 1)[0], nil)
		},
	})
	must(t, err)
}

// Whatever is done to a stored blob or manifest, a read never opens as whole with
// other records: it is refused by the vault or by the reader.
func TestStoredTampering(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.seal(bank(202503, 5)...)
	w.seal(bank(202504, 5)...)
	id := w.consent(nil)
	var targets []string
	for _, sub := range []string{"blobs", "manifests", "wraps"} {
		targets = append(targets, files(t, filepath.Join(w.dir, "data", sub))...)
	}
	rapid.Check(t, func(rt *rapid.T) {
		path := rapid.SampledFrom(targets).Draw(rt, "file")
		good, err := os.ReadFile(path)
		must(t, err)
		bent := bytes.Clone(good)
		switch rapid.IntRange(0, 3).Draw(rt, "bend") {
		case 0:
			bent[rapid.IntRange(0, len(bent)-1).Draw(rt, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(rt, "bit")
		case 1:
			bent = bent[:rapid.IntRange(0, len(bent)-1).Draw(rt, "cut")]
		case 2:
			other := rapid.SampledFrom(targets).Draw(rt, "other")
			bent, err = os.ReadFile(other)
			must(t, err)
		case 3:
			bent = nil
		}
		if bent == nil {
			must(t, os.Remove(path))
		} else {
			must(t, os.WriteFile(path, bent, 0o600))
		}
		_, err = w.read(w.request(id))
		must(t, os.WriteFile(path, good, 0o600))
		if err == nil && !bytes.Equal(bent, good) {
			rt.Fatalf("%s tampered with and read", path)
		}
	})
}

// A batch that an insider rebuilt with sound hashes of its own is refused by its
// anchor, by the vault and by a reader that the vault lies to.
func TestRebuiltBatch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.seal(bank(202503, 3)...)
	id := w.consent(nil)
	req := w.request(id)
	d, err := w.vault.Read(t.Context(), req, w.sign(req))
	must(t, err)
	var wire bytes.Buffer
	must(t, d.Send(t.Context(), &wire))
	a := w.chain.anchors[b.ID]
	a.Root[0] ^= 1 // as if another batch had been anchored
	w.chain.anchors[b.ID] = a
	_, err = w.read(w.request(id))
	wantErr(t, err, ErrDamaged, "vault")
	_, err = w.openWire(req, wire.Bytes())
	wantErr(t, err, ErrDamaged, "reader")
	_, err = w.vault.OpenRecord(t.Context(), b.ID, 0)
	wantErr(t, err, ErrDamaged, "owner")
}

// Neither what a record says nor any key but the master's is in the clear in any
// file, in bytes or in hexadecimal.
func TestNothingInTheClear(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.seal(bank(202503, 3)...)
	_, err := w.read(w.request(w.consent(nil)))
	must(t, err)
	enterprise, err := w.vault.keys.openEnterprise(testEnterprise, w.vault.keys.enterpriseFile(testEnterprise))
	must(t, err)
	category, err := w.vault.keys.categoryKey(testEnterprise, bankCategory, 1)
	must(t, err)
	period, err := w.vault.keys.periodKey(testEnterprise, bankCategory, 1, 202503)
	must(t, err)
	canaries := [][]byte{[]byte("6222000011112222"), []byte("华东测试商贸"), []byte("T202503-1"), enterprise[:], category[:], period[:]}
	for _, f := range files(t, w.dir) {
		raw, err := os.ReadFile(f)
		must(t, err)
		for i, c := range canaries {
			if bytes.Contains(raw, c) || bytes.Contains(raw, []byte(hex.EncodeToString(c))) {
				t.Errorf("canary %d lies in %s", i, f)
			}
		}
	}
}

// BenchmarkSeal seals batches of 10,000 records.
func BenchmarkSeal(b *testing.B) {
	w := newWorld(b)
	records := bank(202503, 10_000)
	b.ResetTimer()
	for b.Loop() {
		w.seal(records...)
	}
	b.ReportMetric(float64(b.N*len(records))/b.Elapsed().Seconds(), "records/s")
	must(b, w.vault.Close())
}

// BenchmarkRead reads, opens and proves 10,000 records, receipt included.
func BenchmarkRead(b *testing.B) {
	w := newWorld(b)
	w.seal(bank(202503, 10_000)...)
	id := w.consent(func(c *Consent) { c.FetchUnit, c.FetchLimit = FetchDay, FetchLimitMax })
	b.ResetTimer()
	for b.Loop() {
		if got, err := w.read(w.request(id)); err != nil || len(got) != 10_000 {
			b.Fatal(len(got), err)
		}
	}
	b.ReportMetric(float64(b.N*10_000)/b.Elapsed().Seconds(), "records/s")
	must(b, w.vault.Close())
}

// BenchmarkSealAndAnchor seals batches of 1,000 records, under either suite, with
// everything that is synced to disk on the way.
func BenchmarkSealAndAnchor(b *testing.B) {
	for _, s := range suites {
		b.Run(string(s), func(b *testing.B) {
			w := newWorldOf(b, s)
			records := bank(202503, 1000)
			b.ResetTimer()
			for b.Loop() {
				w.seal(records...)
			}
			b.ReportMetric(float64(b.N*len(records))/b.Elapsed().Seconds(), "records/s")
			must(b, w.vault.Close())
		})
	}
}

// BenchmarkProof makes inclusion proofs of records in a batch of 100,000.
func BenchmarkProof(b *testing.B) {
	w := newWorld(b)
	batch := w.seal(bank(202503, 100_000)...)
	i := uint64(0)
	b.ResetTimer()
	for b.Loop() {
		if _, _, err := w.vault.Proof(b.Context(), batch.ID, i*7919%batch.Count); err != nil {
			b.Fatal(err)
		}
		i++
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "proofs/s")
	must(b, w.vault.Close())
}
