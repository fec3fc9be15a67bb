package custody_test

import (
	"crypto/ed25519"
	"testing"

	"github.com/xinlian/xinlian/gateway/custody"
	"github.com/xinlian/xinlian/gateway/custody/custodytest"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/internal/artefact"
	"github.com/xinlian/xinlian/internal/wire"
)

// bureau is an organisation that stands by its documents.
func bureau(t *testing.T) *custody.Source {
	t.Helper()
	key, err := wire.NewServiceKey()
	if err != nil {
		t.Fatal(err)
	}
	return &custody.Source{OrgID: 9, Service: key}
}

func signed(t *testing.T, w *custodytest.World, by *custody.Source, key string, uploads ...custody.Upload) custody.Collected {
	t.Helper()
	got, err := w.Intake.Deliver(t.Context(), custody.Delivery{
		Enterprise: enterprise, Key: key, Owner: owner, Source: "bureau", Signed: by, Uploads: uploads,
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// standing is the profile without what was superseded.
func standing(t *testing.T, w *custodytest.World) (live, superseded []profilev1.Batch) {
	t.Helper()
	all, err := w.Chain.Profile(t.Context(), enterprise)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range all {
		if b.Status == profilev1.BatchStatus_BATCH_STATUS_LIVE {
			live = append(live, b)
		} else {
			superseded = append(superseded, b)
		}
	}
	return live, superseded
}

// TestSourceSigns proves that every anchor of a source that stands by its
// documents carries its signature over just that anchor.
func TestSourceSigns(t *testing.T) {
	t.Parallel()
	w := custodytest.New(t)
	by := bureau(t)
	signed(t, w, by, "1", table("a.csv", invoice{"A-1", "2026-01-05", 100}))
	live, _ := standing(t, w)
	if len(live) != 1 {
		t.Fatalf("%d batches", len(live))
	}
	a := live[0].Anchor
	content, err := artefact.AnchorContent("xinlian-test-1", enterprise, a)
	if err != nil {
		t.Fatal(err)
	}
	if a.SourceClass != profilev1.SourceClass_SOURCE_CLASS_SIGNED || a.SourceOrgId != by.OrgID || a.SourceDevice != wire.Address(by.Service) ||
		!ed25519.Verify(by.Service.PubKey().Bytes(), content, a.SourceSignature) {
		t.Errorf("the anchor is %v", a)
	}
}

// TestSourceCorrects proves that a source's second word on a document takes the
// place of its first in a batch that supersedes: the rest of that batch stands,
// the earlier batch stays on chain, nothing counts twice, and the same word again
// changes nothing.
func TestSourceCorrects(t *testing.T) {
	t.Parallel()
	w := custodytest.New(t)
	by := bureau(t)
	signed(t, w, by, "1", table("a.csv", invoice{"A-1", "2026-01-05", 100}, invoice{"A-2", "2026-01-06", 200}, invoice{"A-3", "2026-01-31", 300}))
	got := signed(t, w, by, "2", table("b.csv",
		invoice{"A-2", "2026-01-06", 250},  // corrected
		invoice{"A-3", "2026-01-31", 300},  // the same again
		invoice{"A-4", "2026-01-20", 400},  // forgotten before
		invoice{"A-5", "2026-02-10", 500})) // new days
	if got.Corrected != 1 || got.Twice != 1 || len(got.Batches) != 2 || len(got.Conflicts) != 0 {
		t.Errorf("got %d corrected, %d twice, %d batches, conflicts %v", got.Corrected, got.Twice, len(got.Batches), got.Conflicts)
	}
	live, superseded := standing(t, w)
	if len(live) != 2 || len(superseded) != 1 || live[0].Anchor.RecordCount != 4 || live[1].Anchor.RecordCount != 1 {
		t.Fatalf("live %v, superseded %v", live, superseded)
	}
	if string(live[0].Anchor.Supersedes) != string(superseded[0].Anchor.BatchId) || live[0].Anchor.Sequence != 2 || live[1].Anchor.Sequence != 3 {
		t.Errorf("the correction is %v", live[0].Anchor)
	}
	if got := signed(t, w, by, "3", table("c.csv", invoice{"A-2", "2026-01-06", 250})); got.Twice != 1 || len(got.Batches) != 0 {
		t.Errorf("said again: %d twice, %d batches", got.Twice, len(got.Batches))
	}
	// Back to its first word: a correction of the correction.
	if got := signed(t, w, by, "4", table("d.csv", invoice{"A-2", "2026-01-06", 200})); got.Corrected != 1 || len(got.Batches) != 1 {
		t.Errorf("taken back: %d corrected, %d batches", got.Corrected, len(got.Batches))
	}
}

// TestSourceConfirmsOwner proves that a source's word on what the owner declared
// before is anchored beside it, in a stream that is the source's own.
func TestSourceConfirmsOwner(t *testing.T) {
	t.Parallel()
	w := custodytest.New(t)
	file := table("a.csv", invoice{"A-1", "2026-01-05", 100})
	deliver(t, w, "owner", file)
	got := signed(t, w, bureau(t), "1", file)
	live, _ := standing(t, w)
	if len(got.Batches) != 1 || len(got.Conflicts) != 0 || len(live) != 2 || live[0].Anchor.Source == live[1].Anchor.Source {
		t.Errorf("got %d batches, conflicts %v, live %v", len(got.Batches), got.Conflicts, live)
	}
	if again := deliver(t, w, "owner again", file); again.Twice != 1 || len(again.Batches) != 0 {
		t.Errorf("the owner again: %d twice, %d batches", again.Twice, len(again.Batches))
	}
}
