package vault

import (
	"bytes"
	"context"
	"crypto/sha256"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/xinlian/xinlian/internal/record"
)

const otherEnterprise, erasedEnterprise = testEnterprise + 1, testEnterprise + 2

// scrubWorld is a closed vault with everything that a vault can hold, and an
// earlier state of its folders.
func scrubWorld(t *testing.T) (w *world, earlier string) {
	t.Helper()
	w = newWorld(t)
	w.seal(bank(202503, SegmentRecords+3)...)
	consent := w.consent(nil)
	w.consent(func(c *Consent) { c.Months = Months{202503, 202504} })
	for _, e := range []uint64{otherEnterprise, erasedEnterprise} {
		b, err := w.vault.Seal(t.Context(), Batch{Enterprise: e, Schema: record.BankTransaction, Records: List(bank(202504, 2))})
		must(t, err)
		w.chain.anchor(b)
	}
	_, err := w.vault.StoreDocument(t.Context(), testDocument(Months{202501, 202501}), strings.NewReader("statement"))
	must(t, err)
	read := func() {
		_, err := w.read(w.request(consent))
		must(t, err)
	}
	anchor := func() {
		iv, _, err := w.vault.Log().Pending()
		must(t, err)
		must(t, w.vault.Log().Anchored(iv))
	}
	read()
	anchor()
	must(t, w.vault.Close())
	earlier = t.TempDir()
	copyTree(t, w.dir, earlier)

	w.open()
	read()
	anchor()
	_, err = w.vault.StoreDocument(t.Context(), testDocument(Months{202502, 202502}), strings.NewReader("another statement"))
	must(t, err)
	w.seal(bank(202505, 4)...)
	_, _, err = w.vault.Rotate(t.Context(), testEnterprise, bankCategory)
	must(t, err)
	must(t, w.vault.Keys().RotateEnterprise(testEnterprise))
	must(t, w.vault.Keys().RotateMaster(nil))
	_, err = w.vault.Erase(t.Context(), erasedEnterprise)
	must(t, err)
	read() // not anchored
	must(t, w.vault.Close())
	return w, earlier
}

func (w *world) scrub(o ScrubOptions) *ScrubReport {
	w.t.Helper()
	r, err := ScrubFolder(context.Background(), w.config(), o)
	must(w.t, err)
	return r
}

// Scrub finds every file that is flipped, cut, lengthened, emptied, removed,
// exchanged for another, put back to an earlier content, or back though removed:
// each file of the vault, of every class, in each way.
func TestScrubFindsEveryDamage(t *testing.T) {
	t.Parallel()
	w, earlier := scrubWorld(t)
	if r := w.scrub(ScrubOptions{}); len(r.Findings) != 0 || r.Batches != 3 || r.Documents != 2 || r.Receipts != 3 || r.Files == 0 {
		t.Fatalf("sound vault: %+v", r)
	}
	classes := map[string]int{}
	var all []string
	for _, f := range files(t, w.dir) {
		name, err := filepath.Rel(w.dir, f)
		must(t, err)
		if filepath.Base(name) == "lock" {
			continue
		}
		all = append(all, name)
		classes[filepath.Dir(strings.NewReplacer("0", "", "1", "", "2", "", "3", "", "4", "").Replace(name))]++
	}
	if len(classes) < 12 {
		t.Fatalf("only classes %v", slices.Sorted(maps.Keys(classes)))
	}
	content := func(name string) []byte {
		b, err := os.ReadFile(filepath.Join(w.dir, name))
		must(t, err)
		return b
	}
	for i, name := range all {
		good := content(name)
		bad := map[string][]byte{
			"first bit": flipped(good, 0), "middle": flipped(good, len(good)/2), "last": flipped(good, len(good)-1),
			"half": good[:len(good)/2], "one byte less": good[:max(len(good)-1, 0)], "one byte more": append(bytes.Clone(good), 7), "emptied": {}, "removed": nil,
		}
		for j := 1; j < len(all); j++ {
			if other := all[(i+j)%len(all)]; filepath.Dir(filepath.Dir(other)) == filepath.Dir(filepath.Dir(name)) {
				bad["of "+other] = content(other)
			}
		}
		if old, err := os.ReadFile(filepath.Join(earlier, name)); err == nil {
			bad["earlier"] = old
		}
		for what, b := range bad {
			if b != nil && bytes.Equal(b, good) {
				continue
			}
			w.inject(name, b)
			if r := w.scrub(ScrubOptions{}); len(r.Findings) == 0 {
				t.Errorf("%s %s: not found", name, what)
			}
			w.inject(name, good)
		}
	}
	for _, f := range files(t, earlier) {
		name, err := filepath.Rel(earlier, f)
		must(t, err)
		if slices.Contains(all, name) || filepath.Base(name) == "lock" {
			continue
		}
		old, err := os.ReadFile(f)
		must(t, err)
		must(t, os.MkdirAll(filepath.Dir(filepath.Join(w.dir, name)), dirMode))
		w.inject(name, old)
		if r := w.scrub(ScrubOptions{}); len(r.Findings) == 0 {
			t.Errorf("%s is back: not found", name)
		}
		w.inject(name, nil)
	}
	if r := w.scrub(ScrubOptions{}); len(r.Findings) != 0 {
		t.Errorf("after all was put right: %+v", r.Findings)
	}
}

func flipped(b []byte, at int) []byte {
	b = bytes.Clone(b)
	if at >= 0 && at < len(b) {
		b[at] ^= 4
	}
	return b
}

func (w *world) inject(name string, b []byte) {
	w.t.Helper()
	path := filepath.Join(w.dir, name)
	if b == nil {
		must(w.t, os.Remove(path))
		return
	}
	must(w.t, os.WriteFile(path, b, secretMode))
}

// Scrub tells rolled back files from altered ones, names each by its folder, and
// finds a whole folder put back by the other folder's memory of it; when both
// were put back the chain tells.
func TestScrubRollBack(t *testing.T) {
	t.Parallel()
	w, earlier := scrubWorld(t)
	now := t.TempDir()
	copyTree(t, w.dir, now)
	fault := func(r *ScrubReport, name string) Fault {
		for _, f := range r.Findings {
			if strings.HasPrefix(f.Name, name) {
				return f.Fault
			}
		}
		return ""
	}
	copyTree(t, filepath.Join(earlier, "data"), filepath.Join(w.dir, "data"))
	if r := w.scrub(ScrubOptions{}); fault(r, catalogueName) != FaultRolledBack {
		t.Errorf("data put back: %+v", r.Findings)
	}
	copyTree(t, filepath.Join(now, "data"), filepath.Join(w.dir, "data"))
	copyTree(t, filepath.Join(earlier, "kms"), filepath.Join(w.dir, "kms"))
	if r := w.scrub(ScrubOptions{}); fault(r, "kms/catalogue.head") != FaultRolledBack || fault(r, "kms/master.key") != FaultRolledBack {
		t.Errorf("keys put back: %+v", r.Findings)
	}
	copyTree(t, filepath.Join(earlier, "data"), filepath.Join(w.dir, "data"))
	if r := w.scrub(ScrubOptions{}); len(r.Findings) != 0 {
		t.Errorf("both put back, nobody asked: %+v", r.Findings)
	}
	r := w.scrub(ScrubOptions{Witness: witnessOf(t, w, now)})
	if !r.Witnessed || fault(r, "data/manifests") != FaultMissing || fault(r, "data/wraps") != FaultRolledBack || fault(r, "data/log/receipts") != FaultRolledBack {
		t.Errorf("both put back, the chain asked: %+v", r.Findings)
	}

	// A restored backup is opened all the same, and that stays on record.
	copyTree(t, filepath.Join(now, "kms"), filepath.Join(w.dir, "kms"))
	for _, name := range []string{"enterprises/41.key", "enterprises/43.key", "master.key"} { // what KMS backups of that day held
		b, err := os.ReadFile(filepath.Join(earlier, "kms", name))
		must(t, err)
		must(t, os.WriteFile(filepath.Join(w.dir, "kms", name), b, secretMode))
	}
	must(t, os.Remove(filepath.Join(w.dir, "kms/enterprises/43.erased")))
	w.open()
	must(t, w.vault.Close())
	if r := w.scrub(ScrubOptions{}); r.Rebased != 1 {
		t.Errorf("rebased %d times", r.Rebased)
	}
}

// fakeWitness is what a chain would say of a vault's folder.
type fakeWitness struct {
	batches  map[ID]uint64
	wraps    map[ID][][sha256.Size]byte
	sequence uint64
	head     [sha256.Size]byte
}

func (f fakeWitness) Batches(context.Context) (map[ID]uint64, error) { return f.batches, nil }

func (f fakeWitness) Wraps(context.Context) (map[ID][][sha256.Size]byte, error) { return f.wraps, nil }

func (f fakeWitness) Receipts(context.Context) (uint64, [sha256.Size]byte, error) {
	return f.sequence, f.head, nil
}

func witnessOf(t *testing.T, w *world, dir string) fakeWitness {
	t.Helper()
	f := fakeWitness{batches: map[ID]uint64{}, wraps: map[ID][][sha256.Size]byte{}}
	for id, a := range w.chain.anchors {
		f.batches[id] = a.Enterprise
	}
	store := wrapStore{dir: filepath.Join(dir, "data", "wraps")}
	ids, err := store.consents()
	must(t, err)
	for _, id := range ids {
		wraps, err := store.load(id)
		must(t, err)
		for _, k := range wraps {
			h, err := k.Hash()
			must(t, err)
			f.wraps[id] = append(f.wraps[id], h)
		}
	}
	l, err := openLog(filepath.Join(dir, "data", "log"), nil, func(*Receipt) {})
	must(t, err)
	f.sequence, f.head = l.anchored.To, l.anchored.Head
	must(t, l.close())
	return f
}
