package vault

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/xinlian/xinlian/internal/record"
)

// TestProofs proves that every record of a batch of three segments has an inclusion
// proof to the anchored root, that a segment's index is read once for all of its
// proofs, and that what was kept of a batch goes with it.
func TestProofs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	batch := w.seal(bank(202503, 2*SegmentRecords+7)...)
	for i := range batch.Count {
		leaf, p, err := w.vault.Proof(t.Context(), batch.ID, i)
		if err != nil || p.Index != i || p.Size != batch.Count {
			t.Fatalf("record %d: %+v, %v", i, p, err)
		}
		if err := record.VerifyInclusion(batch.Root[:], leaf, p); err != nil {
			t.Fatalf("record %d: %v", i, err)
		}
		leaf[0] ^= 1 // the caller's own: what the vault keeps does not change
	}
	if n := w.vault.proven.Len(); n != 3 {
		t.Errorf("%d segments are kept, want 3", n)
	}
	for n := range 3 {
		must(t, os.Remove(filepath.Join(w.dir, "data", "blobs", segmentKey(batch.ID, n))))
	}
	leaf, p, err := w.vault.Proof(t.Context(), batch.ID, SegmentRecords)
	if err != nil || record.VerifyInclusion(batch.Root[:], leaf, p) != nil {
		t.Errorf("from what is kept: %v", err)
	}
	w.vault.forgetProven(batch.ID)
	if _, _, err := w.vault.Proof(t.Context(), batch.ID, SegmentRecords); !errors.Is(err, ErrDamaged) {
		t.Errorf("once forgotten, the missing blob: %v", err)
	}
	if _, _, err := w.vault.Proof(t.Context(), batch.ID, batch.Count); !errors.Is(err, ErrNotFound) {
		t.Errorf("beyond the last record: %v", err)
	}
}
