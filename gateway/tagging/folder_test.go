package tagging

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/xinlian/xinlian/gateway/store"
	"github.com/xinlian/xinlian/oprf"
)

// each runs a step for all members.
func each(t *testing.T, list []Folder, step func(Folder) error) {
	t.Helper()
	for _, f := range list {
		if err := step(f); err != nil {
			t.Fatalf("organisation %d: %v", f.OrgID, err)
		}
	}
}

// folders are members 1 to n of a ceremony, each with a keys folder of its own.
func folders(root string, exchange string, n uint64) []Folder {
	var list []Folder
	for id := range n {
		list = append(list, Folder{OrgID: id + 1, Keys: filepath.Join(root, string(rune('a'+id))), Exchange: filepath.Join(root, exchange)})
	}
	return list
}

func deal(f Folder) error { return f.Deal() }

func verify(f Folder) error { _, err := f.Verify(); return err }

// TestFolders proves that four members who see each other's files only make one
// key, that one who deals twice is named and out, and that five members reshare
// the key without changing it, after which the old shares do not combine.
func TestFolders(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	members := folders(root, "first", 4)
	each(t, members, func(f Folder) error { return f.Init(Places{Receiver: uint16(f.OrgID)}) })
	if err := members[0].Init(Places{Receiver: 1}); !errors.Is(err, ErrFolder) {
		t.Errorf("a second ceremony at once: %v", err)
	}
	if err := members[0].Deal(); !errors.Is(err, ErrFolder) {
		t.Errorf("dealt without a plan: %v", err)
	}
	plan, err := members[0].Plan("xinlian-test", nil)
	if err != nil {
		t.Fatal(err)
	}
	each(t, members, deal)
	if err := members[0].Deal(); !errors.Is(err, ErrFolder) {
		t.Errorf("dealt twice: %v", err)
	}
	twice(t, members[2])
	each(t, members, verify)
	each(t, members, verify)
	var key oprf.Key
	var transcript [32]byte
	each(t, members, func(f Folder) error {
		c, err := f.Seal(1)
		if err != nil {
			return err
		}
		if len(c.Outcome.Out) != 1 || c.Outcome.Out[0].Index != 3 || !errors.Is(c.Outcome.Out[0].Reason, oprf.ErrTwoDeals) {
			t.Errorf("organisation %d: out are %v", f.OrgID, c.Outcome.Out)
		}
		if f.OrgID > 1 && c.Outcome.Transcript != transcript {
			t.Errorf("organisation %d has another transcript", f.OrgID)
		}
		key, transcript = c.Outcome.Key, c.Outcome.Transcript
		return nil
	})
	if _, err := os.Stat(members[0].secret("identity")); !errors.Is(err, os.ErrNotExist) {
		t.Error("a ceremony's secret is left")
	}
	if plan.Threshold != 3 {
		t.Errorf("threshold %d", plan.Threshold)
	}
	tag := tagOf(t, members[:3], key)

	next := folders(root, "second", 5)
	each(t, next, func(f Folder) error {
		p := Places{Receiver: uint16(f.OrgID)}
		if f.OrgID <= 4 {
			p.Dealer = uint16(f.OrgID)
		}
		return f.Init(p)
	})
	if _, err := next[4].Plan("xinlian-test", &key); err != nil {
		t.Fatal(err)
	}
	each(t, next, deal)
	each(t, next, verify)
	var again oprf.Key
	each(t, next, func(f Folder) error {
		c, err := f.Seal(1)
		again = c.Outcome.Key
		return err
	})
	if again.Point != key.Point || again.Threshold != 4 || len(again.Shares) != 5 {
		t.Errorf("resharing gave point %x with threshold %d of %d", again.Point[:4], again.Threshold, len(again.Shares))
	}
	if got := tagOf(t, next[1:], again); got != tag {
		t.Error("resharing changed a tag")
	}
}

// twice has a member deal once more, as one would that shows others another deal.
func twice(t *testing.T, f Folder) {
	t.Helper()
	hidden := f.secret("polynomial")
	if err := os.Remove(hidden); err != nil {
		t.Fatal(err)
	}
	first := filepath.Join(f.Exchange, "deal-3")
	if err := os.Rename(first, first+"-first"); err != nil {
		t.Fatal(err)
	}
	if err := f.Deal(); err != nil {
		t.Fatal(err)
	}
}

// tagOf makes a tag with the members' sealed shares of a key.
func tagOf(t *testing.T, members []Folder, key oprf.Key) [32]byte {
	t.Helper()
	input, err := oprf.IdentityInput("CN", "91310000X")
	if err != nil {
		t.Fatal(err)
	}
	r, err := oprf.Blind([][]byte{input})
	if err != nil {
		t.Fatal(err)
	}
	var partials []oprf.Partial
	for _, f := range members {
		sealer, err := store.OpenSealer(filepath.Join(f.Keys, SealFile))
		if err != nil {
			t.Fatal(err)
		}
		public, _ := key.Share(uint16(f.OrgID))
		list, err := LoadShares(f.Keys, sealer, f.OrgID)
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range list {
			if h.Share.Public() != public {
				continue
			}
			p, err := h.Share.Evaluate(r.Blinded())
			if err != nil {
				t.Fatal(err)
			}
			partials = append(partials, p)
		}
	}
	out, err := r.Combine(key, partials)
	if err != nil {
		t.Fatal(err)
	}
	return oprf.Tag(out[0])
}
