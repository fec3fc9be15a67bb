package scoring

import (
	"testing"

	"github.com/xinlian/xinlian/gateway/identity"
	"github.com/xinlian/xinlian/gateway/vault"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/internal/record"
)

// TestStanding proves that records of replaced batches do not count, and that of
// two records of one document the one anchored first does, whatever the order
// in which a reading gives them.
func TestStanding(t *testing.T) {
	t.Parallel()
	sale := func(fen int64) *record.Record {
		return record.New(record.SalesInvoice).SetText("source_id", "A-1").SetInt("date", 20_458).SetInt("amount", fen)
	}
	batch := func(n byte) vault.BatchInfo { return vault.BatchInfo{ID: vault.ID{n}} }
	batches := map[vault.ID]profilev1.Batch{
		{1}: {Height: 9, Anchor: profilev1.BatchAnchor{Source: "table", Sequence: 1}},
		{2}: {Height: 12, Anchor: profilev1.BatchAnchor{Source: "json", Sequence: 1}},
		{3}: {Height: 3, Anchor: profilev1.BatchAnchor{Source: "bank", Sequence: 1}, Status: profilev1.BatchStatus_BATCH_STATUS_SUPERSEDED},
	}
	for range 2 {
		opened := []*vault.Opened{{Batch: batch(2), Record: sale(250)}, {Batch: batch(3), Record: sale(300)}, {Batch: batch(1), Record: sale(200)}}
		got := Standing(opened, batches)
		if len(got) != 2 || got[0].Batch.ID != (vault.ID{1}) {
			t.Fatalf("got %d records, the first of batch %s", len(got), got[0].Batch.ID)
		}
		first := identity.Sort([]*record.Record{got[0].Record, got[1].Record}).First
		if amount, _ := first[0].Int("amount"); len(first) != 1 || amount != 200 {
			t.Errorf("got %d records, amount %d", len(first), amount)
		}
		if ids, refs := references(got, batches); len(ids) != 2 || len(refs) != 2 {
			t.Errorf("got %d batches and %d references", len(ids), len(refs))
		}
	}
}
