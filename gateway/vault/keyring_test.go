package vault

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/xinlian/xinlian/internal/record"
)

const bankCategory = record.CategoryBank

func openRing(t *testing.T, dir string) *KeyRing {
	t.Helper()
	k, err := OpenKeyRing(SuiteNIST, nil, filepath.Join(dir, "kms"), filepath.Join(dir, "keys"))
	must(t, err)
	return k
}

// Epochs count up, keys differ between enterprise, category and epoch, and all
// survive a restart.
func TestKeyRingEpochs(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	k := openRing(t, dir)
	seen := map[Key]bool{}
	for _, enterprise := range []uint64{1, 2} {
		for _, c := range []record.Category{record.CategoryBank, record.CategoryTax} {
			if e, err := k.Current(enterprise, c); err != nil || e != 0 {
				t.Errorf("before: epoch %d, %v", e, err)
			}
			for want := uint32(1); want <= 3; want++ {
				e, err := k.Rotate(enterprise, c)
				must(t, err)
				if again, err := k.Ensure(enterprise, c); err != nil || e != want || again != want {
					t.Errorf("epoch %d and %d, want %d, %v", e, again, want, err)
				}
				key, err := k.categoryKey(enterprise, c, e)
				must(t, err)
				seen[key] = true
			}
		}
	}
	if len(seen) != 12 {
		t.Errorf("%d different keys of 12", len(seen))
	}
	key, err := openRing(t, dir).categoryKey(2, record.CategoryTax, 3)
	if err != nil || !seen[key] {
		t.Errorf("after a restart: %v", err)
	}
	_, err = k.categoryKey(2, record.CategoryTax, 4)
	wantErr(t, err, ErrKey, "an epoch to come")
}

// A sealed key put in the place of another does not open, nor does a bent one.
func TestKeyRingFilesAreBound(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	k := openRing(t, dir)
	for _, e := range []uint64{1, 2} {
		_, err := k.Rotate(e, bankCategory)
		must(t, err)
		_, err = k.Rotate(e, bankCategory)
		must(t, err)
	}
	move := func(name, from, to string, want error) {
		old, err := os.ReadFile(to)
		must(t, err)
		b, err := os.ReadFile(from)
		must(t, err)
		must(t, os.WriteFile(to, b, 0o600))
		_, err = k.categoryKey(1, bankCategory, 2)
		wantErr(t, err, want, "%s", name)
		must(t, os.WriteFile(to, old, 0o600))
	}
	target := k.categoryFile(1, bankCategory, 2)
	move("another epoch", k.categoryFile(1, bankCategory, 1), target, ErrDamaged)
	move("another enterprise", k.categoryFile(2, bankCategory, 2), target, ErrDamaged)
	move("another enterprise's own key", k.enterpriseFile(2), k.enterpriseFile(1), ErrDamaged)
	raw, err := os.ReadFile(target)
	must(t, err)
	for i := range raw {
		bent := append([]byte(nil), raw...)
		bent[i] ^= 1
		must(t, os.WriteFile(target, bent, 0o600))
		if _, err := k.categoryKey(1, bankCategory, 2); err == nil {
			t.Fatalf("byte %d bent: opened", i)
		}
	}
}

// A destroyed enterprise has no keys, gets no new ones, and its key is nowhere
// on disk; another enterprise is untouched.
func TestKeyRingDestroy(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	k := openRing(t, dir)
	for _, e := range []uint64{1, 2} {
		_, err := k.Ensure(e, bankCategory)
		must(t, err)
	}
	must(t, k.Destroy(1))
	must(t, k.Destroy(1))
	for _, k := range []*KeyRing{k, openRing(t, dir)} {
		_, err := k.Ensure(1, bankCategory)
		wantErr(t, err, ErrErased, "ensure")
		_, err = k.Rotate(1, record.CategoryTax)
		wantErr(t, err, ErrErased, "rotate")
		_, err = k.categoryKey(1, bankCategory, 1)
		wantErr(t, err, ErrErased, "key")
		_, err = k.categoryKey(2, bankCategory, 1)
		must(t, err)
	}
	if there, err := exists(k.enterpriseFile(1)); err != nil || there {
		t.Errorf("the key is still there: %v", err)
	}
}

// The master key rotates without changing a category key, and a rotation that a
// crash interrupted is finished at the next start.
func TestKeyRingMasterRotation(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	k := openRing(t, dir)
	want := map[uint64]Key{}
	for e := uint64(1); e <= 3; e++ {
		_, err := k.Ensure(e, bankCategory)
		must(t, err)
		want[e], err = k.categoryKey(e, bankCategory, 1)
		must(t, err)
	}
	same := func(k *KeyRing) {
		t.Helper()
		for e, key := range want {
			if got, err := k.categoryKey(e, bankCategory, 1); err != nil || got != key {
				t.Errorf("enterprise %d: %v", e, err)
			}
		}
	}
	old := k.masters[0]
	must(t, k.RotateMaster(nil))
	if k.masters[0] == old || len(k.masters) != 1 {
		t.Error("the master key did not change")
	}
	same(k)
	same(openRing(t, dir))

	// A crash after the new master was saved and one enterprise key resealed.
	next := []Key{randomKey(), k.masters[0]}
	must(t, k.saveMaster(k.guard, next))
	key, err := k.openEnterprise(1, k.enterpriseFile(1))
	must(t, err)
	b, err := sealedKey{suite: SuiteNIST, enterprise: 1}.seal(next[0], key)
	must(t, err)
	must(t, writeFile(k.enterpriseFile(1), b))
	again := openRing(t, dir)
	same(again)
	if len(again.masters) != 1 || again.masters[0] != next[0] {
		t.Error("the rotation was not finished")
	}
}

// A missing or exposed master key is refused, not replaced.
func TestKeyRingMasterFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	k := openRing(t, dir)
	_, err := k.Ensure(1, bankCategory)
	must(t, err)
	info, err := os.Stat(k.masterFile("key"))
	must(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %o", info.Mode().Perm())
	}
	must(t, os.Chmod(k.masterFile("key"), 0o640))
	_, err = OpenKeyRing(SuiteNIST, nil, filepath.Join(dir, "kms"), filepath.Join(dir, "keys"))
	wantErr(t, err, ErrKey, "readable by the group")
	must(t, os.Remove(k.masterFile("key")))
	_, err = OpenKeyRing(SuiteNIST, nil, filepath.Join(dir, "kms"), filepath.Join(dir, "keys"))
	wantErr(t, err, ErrKey, "missing")
	_, err = OpenKeyRing("none", nil, t.TempDir(), t.TempDir())
	wantErr(t, err, ErrSuite, "suite")
}
