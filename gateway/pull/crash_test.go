package pull

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/xinlian/xinlian/gateway/custody/custodytest"
)

// TestKilledRuns proves that a run of pages that is killed before or after any
// of its durable steps loses nothing and doubles nothing once it goes on.
func TestKilledRuns(t *testing.T) {
	t.Parallel()
	killEverywhere(t, func(b *bench) { b.define(newAPI(b.t, threePages()), "") }, "A", "BB", "CCC", "DDDD", "EEEEE")
}

// TestKilledFolder proves the same of files.
func TestKilledFolder(t *testing.T) {
	t.Parallel()
	killEverywhere(t, func(b *bench) {
		folder := b.defineFolder()
		put(b.t, filepath.Join(folder, "a.csv"), table("A", "BB"))
		put(b.t, filepath.Join(folder, "b.csv"), table("BB", "CCC"))
	}, "A", "BB", "CCC")
}

func killEverywhere(t *testing.T, define func(*bench), want ...string) {
	t.Helper()
	steps := 0
	for _, after := range []bool{false, true} {
		for n := 0; ; n++ {
			b := newBench(t)
			define(b)
			fuse := custodytest.NewFuse(n, after)
			b.reopen(fuse)
			_ = b.scheduler.Step(t.Context()) // it dies somewhere
			if !fuse.Blown() {
				steps = n
				break
			}
			b.reopen(nil)
			r := b.step(2 * time.Hour)
			b.want(r, Delivered, "")
			if r = b.step(2 * time.Hour); r.Status != string(Delivered) {
				t.Errorf("step %d, after %t: then %s", n, after, r.Status)
			}
			b.profileIs(want...)
			if sealed, anchored := len(b.Vault.Batches(enterprise)), len(b.Chain.Batches()); sealed != anchored {
				t.Errorf("step %d, after %t: %d sealed batches, %d anchored", n, after, sealed, anchored)
			}
			if t.Failed() {
				t.Fatalf("killed at step %d, after %t", n, after)
			}
		}
	}
	if steps < 8 {
		t.Errorf("a run has %d steps only", steps)
	}
}
