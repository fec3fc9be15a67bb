package store

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
)

// TestRotateSealingKey proves that the sealing key is replaced while loads and
// saves go on, that no value is lost, and that the former key is gone and opens
// nothing any more.
func TestRotateSealingKey(t *testing.T) {
	t.Parallel()
	s, dir := open(t)
	ctx := t.Context()
	const rows = rotateRows + 7
	for i := range rows {
		if err := s.Save(ctx, "firm", strconv.Itoa(i), i); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, "seal.key")
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	var use sync.WaitGroup
	for w := range 3 {
		use.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				id, got := i*7919%rows, -1
				if err := s.Load(ctx, "firm", strconv.Itoa(id), &got); err != nil || got != id {
					t.Errorf("row %d during the rotation: %d, %v", id, got, err)
					return
				}
				if w == 0 {
					if err := s.Save(ctx, "firm", strconv.Itoa(id), id); err != nil {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	for range 2 {
		if err := s.RotateSealingKey(ctx); err != nil {
			t.Error(err)
		}
	}
	close(stop)
	use.Wait()
	after, err := os.ReadFile(path)
	if err != nil || bytes.Equal(after, before) {
		t.Errorf("the key did not change, %v", err)
	}
	if _, err := os.Stat(path + formerSuffix); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the former key is still there: %v", err)
	}
	old, err := newAEAD(before)
	if err != nil {
		t.Fatal(err)
	}
	for i := range rows {
		var got int
		if err := s.Load(ctx, "firm", strconv.Itoa(i), &got); err != nil || got != i {
			t.Fatalf("row %d: %d, %v", i, got, err)
		}
		var box []byte
		if err := s.db.QueryRowContext(ctx, "SELECT box FROM private WHERE id = ?", strconv.Itoa(i)).Scan(&box); err != nil {
			t.Fatal(err)
		}
		if _, err := old.Open(nil, box[:12], box[12:], []byte(label("firm", strconv.Itoa(i)))); err == nil {
			t.Fatalf("row %d opens with the former key", i)
		}
	}
}

// TestRotationIsFinished proves that a rotation that ended at any of its steps is
// finished by the next opening.
func TestRotationIsFinished(t *testing.T) {
	t.Parallel()
	for resealed := range 4 {
		dir := t.TempDir()
		db, key := filepath.Join(dir, "gateway.db"), filepath.Join(dir, "seal.key")
		s, err := Open(t.Context(), db, key)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 3 {
			if err := s.Save(t.Context(), "firm", strconv.Itoa(i), i); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.seal.begin(); err != nil {
			t.Fatal(err)
		}
		for i := range resealed {
			if err := s.Save(t.Context(), "firm", strconv.Itoa(i), i); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if s, err = Open(t.Context(), db, key); err != nil {
			t.Fatal(err)
		}
		for i := range 3 {
			var got int
			if err := s.Load(t.Context(), "firm", strconv.Itoa(i), &got); err != nil || got != i {
				t.Errorf("after %d, row %d: %d, %v", resealed, i, got, err)
			}
		}
		if s.seal.Rotating() {
			t.Error("not finished")
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestRotationKeepsEverything proves that what lies sealed in any table opens after
// a rotation, and that no table with a box is left out of it.
func TestRotationKeepsEverything(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	ctx := t.Context()
	rows, err := s.db.QueryContext(ctx, "SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND c.name = 'box' ORDER BY m.name")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(sealedTables, func(x sealedTable) bool { return x.name == name }) {
			t.Errorf("table %s has boxes, and a rotation loses them", name)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	planned := DeliveryKey{Custodian: 3, Enterprise: 41, Key: "k1"}
	claim := Claim{Tag: Hash{1}, Content: Hash{2}, Source: Hash{3}, Batch: Hash{4}, Seen: Seen{Source: "s", File: "a.csv", Row: 7}}
	if err := s.PlanDelivery(ctx, planned, "a plan", []Hash{{4}}, []Claim{claim}); err != nil {
		t.Fatal(err)
	}
	if err := s.SaveSource(ctx, Source{ID: "orders", Enterprise: 41, Kind: "http", Status: "READY"}); err != nil {
		t.Fatal(err)
	}
	const items = rotateRows + 3
	for i := range items {
		if _, err := s.Receive(ctx, "orders", Item{Body: []byte{byte(i)}}, "", nil); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := s.RotateSealingKey(ctx); err != nil {
			t.Fatal(err)
		}
	}
	var plan string
	if done, err := s.Delivery(ctx, planned, &plan); err != nil || done || plan != "a plan" {
		t.Errorf("the delivery: %q, %v", plan, err)
	}
	seen, err := s.Sightings(ctx, 3, 41, claim.Tag, claim.Content)
	if err != nil || len(seen) != 1 || seen[0] != claim.Seen {
		t.Errorf("the sighting: %v, %v", seen, err)
	}
	inbox, err := s.Inbox(ctx, "orders", items, 1<<20)
	if err != nil || len(inbox) != items || inbox[items-1].Body[0] != byte(items-1) {
		t.Errorf("the inbox: %d items, %v", len(inbox), err)
	}
}
