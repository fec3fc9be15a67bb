package tagging

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/xinlian/xinlian/gateway/store"
)

// TestRotateSeal proves that the sealing key is replaced under shares and a
// ceremony that is half way, that the former key opens nothing afterwards and is
// gone, and that a service that has opened its shares answers meanwhile and after.
func TestRotateSeal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	row, err := Found(chainID, []uint64{1, 2, 3}, dir)
	check(t, err)
	half := Folder{OrgID: 2, Keys: dir, Exchange: t.TempDir()}
	check(t, half.Init(Places{Receiver: 1}))
	before, err := os.ReadFile(filepath.Join(dir, SealFile))
	check(t, err)
	held, err := OpenShares(dir, 1, 2, 3)
	check(t, err)

	for range 2 {
		n, err := RotateSeal(dir)
		check(t, err)
		if n != 4 {
			t.Errorf("%d files, want three shares and the ceremony's identity", n)
		}
	}
	after, err := os.ReadFile(filepath.Join(dir, SealFile))
	check(t, err)
	if bytes.Equal(before, after) {
		t.Error("the key is the same")
	}
	if left, _ := filepath.Glob(filepath.Join(dir, SealFile+".*")); len(left) > 0 {
		t.Errorf("the former key is left: %s", left)
	}
	again, err := OpenShares(dir, 1, 2, 3)
	check(t, err)
	for id, list := range held {
		if len(again[id]) != 1 || again[id][0].Share.Public() != list[0].Share.Public() {
			t.Errorf("organisation %d has %d shares", id, len(again[id]))
		}
		if place, holds := holder(row, id); !holds || !fits(place, again[id][0].Share) {
			t.Errorf("the share of organisation %d is not the registered one", id)
		}
	}
	check(t, withSealer(dir, func(s *store.Sealer) error {
		_, err := half.reveal(s, "identity")
		return err
	}))
	former := filepath.Join(t.TempDir(), "seal.key")
	check(t, os.WriteFile(former, before, 0o600))
	old, err := store.OpenSealer(former)
	check(t, err)
	if _, err := LoadShares(dir, old, 1); !errors.Is(err, store.ErrSealed) {
		t.Errorf("under the former key: %v", err)
	}
	if _, err := RotateSeal(t.TempDir()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a folder without shares: %v", err)
	}
}

// TestRotateSealInterrupted proves that a rotation that a damaged file stopped loses
// nothing and goes on when the file is gone, and that what a crash left in the middle
// is finished by whoever opens the folder next.
func TestRotateSealInterrupted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, err := Found(chainID, []uint64{1, 2, 3}, dir)
	check(t, err)
	// It comes after the shares of 1 to 3, which are under the new key by then.
	damaged := filepath.Join(dir, "oprf-share-9-1-00")
	check(t, os.WriteFile(damaged, make([]byte, 64), 0o600))
	if _, err := RotateSeal(dir); !errors.Is(err, store.ErrSealed) {
		t.Fatalf("over a damaged share: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, SealFile+".former")); err != nil {
		t.Errorf("the former key is gone too early: %v", err)
	}
	check(t, os.Remove(damaged))
	held, err := OpenShares(dir, 1, 2, 3)
	check(t, err)
	if len(held) != 3 {
		t.Errorf("%d members have shares", len(held))
	}
	if _, err := os.Stat(filepath.Join(dir, SealFile+".former")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the rotation was not finished: %v", err)
	}
}

// TestRotateSealTogether proves that steps of a ceremony and rotations at once do
// not lose what either wrote.
func TestRotateSealTogether(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, err := Found(chainID, []uint64{1, 2, 3}, dir)
	check(t, err)
	const ceremonies = 8
	var all sync.WaitGroup
	for i := range ceremonies {
		all.Go(func() {
			f := Folder{OrgID: uint64(10 + i), Keys: dir, Exchange: filepath.Join(dir, "exchange")}
			if err := f.Init(Places{Receiver: uint16(i + 1)}); err != nil {
				t.Error(err)
			}
		})
		all.Go(func() {
			if _, err := RotateSeal(dir); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n, err := RotateSeal(dir); err != nil || n != 3+ceremonies {
		t.Errorf("%d files, %v", n, err)
	}
}
