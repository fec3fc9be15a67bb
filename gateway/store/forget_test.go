package store

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// TestForget proves that nothing of one enterprise's index is left in any row or
// file, and that another's stays.
func TestForget(t *testing.T) {
	t.Parallel()
	s, dir := open(t)
	ctx := t.Context()
	mark := bytes.Repeat([]byte{0xe7, 0x19}, 16) // a tag to look for in the files
	for _, enterprise := range []uint64{8, 9} {
		k := DeliveryKey{Custodian: 5, Enterprise: enterprise, Key: "a"}
		c := Claim{Tag: Hash(mark), Content: Hash{1}, Batch: Hash{byte(enterprise)}, Source: Hash{2}, Seen: Seen{Source: "camt", File: "a.xml", Row: 1}}
		if enterprise == 9 {
			c.Tag = Hash{9}
		}
		if err := s.PlanDelivery(ctx, k, "plan", []Hash{c.Batch}, []Claim{c}); err != nil {
			t.Fatal(err)
		}
		id := []string{8: "s8", 9: "s9"}[enterprise]
		if err := s.SaveSource(ctx, Source{ID: id, Enterprise: enterprise, Kind: "http", Status: "READY"}); err != nil {
			t.Fatal(err)
		}
		if err := s.Save(ctx, "upload", []string{8: "8/x", 9: "9/x"}[enterprise], "cell"); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 { // it may be repeated
		if err := s.Forget(ctx, 5, 8); err != nil {
			t.Fatal(err)
		}
	}
	for enterprise, want := range map[uint64]int{8: 0, 9: 1} {
		held, err := s.Held(ctx, enterprise)
		if err != nil {
			t.Fatal(err)
		}
		for table, n := range held {
			if n != want {
				t.Errorf("enterprise %d has %d rows of %s", enterprise, n, table)
			}
		}
		var uploads int
		err = s.Each(ctx, "upload", []string{8: "8/", 9: "9/"}[enterprise], func(_ string, open func(any) error) error {
			uploads++
			var cell string
			if err := open(&cell); err != nil || cell != "cell" {
				t.Errorf("got %q, %v", cell, err)
			}
			return nil
		})
		if err != nil || uploads != want {
			t.Errorf("enterprise %d has %d uploads, %v", enterprise, uploads, err)
		}
	}
	files, err := filepath.Glob(filepath.Join(dir, "gateway.db*"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(b, mark) {
			t.Errorf("%s still has the tag of a forgotten record", filepath.Base(f))
		}
	}
}
