package vault

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"filippo.io/age"
	"github.com/tink-crypto/tink-go/v2/core/registry"
	"github.com/tink-crypto/tink-go/v2/testing/fakekms"

	"github.com/xinlian/xinlian/internal/record"
)

// Every key class rotates while four readers read and a writer seals: no read
// fails, no record is lost, and the old keys open nothing any more.
func TestRotationDuringReads(t *testing.T) { eachSuite(t, rotationDuringReads) }

func rotationDuringReads(t *testing.T, s Suite) {
	t.Helper()
	w := newWorldOf(t, s)
	const held = 40
	w.seal(bank(202503, held)...)
	consent := w.consent(func(c *Consent) { c.FetchLimit = FetchLimitMax })
	folder := t.TempDir()
	must(t, w.key.Save(filepath.Join(folder, DataKeyFile)))
	keys, err := OpenDataKeyFolder(folder)
	must(t, err)
	ring := w.vault.Keys()
	oldMaster := ring.masters[0]
	oldOwner, err := ring.enterpriseKeys(testEnterprise)
	must(t, err)

	stop := make(chan struct{})
	var use sync.WaitGroup
	for range 4 {
		use.Go(func() {
			for reads := 0; ; reads++ {
				select {
				case <-stop:
					if reads == 0 {
						t.Error("no read came between")
					}
					return
				default:
				}
				got, err := w.readWith(w.request(consent), keys)
				if err != nil || len(got) < held {
					t.Errorf("read: %d records, %v", len(got), err)
					return
				}
			}
		})
	}
	use.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			e := uint64(200 + i%5)
			if _, err := w.vault.Seal(t.Context(), Batch{Enterprise: e, Schema: record.BankTransaction, Records: List(bank(202503, 1))}); err != nil {
				t.Errorf("seal: %v", err)
				return
			}
		}
	})
	for range 3 {
		must(t, ring.RotateMaster(nil))
		must(t, ring.RotateEnterprise(testEnterprise))
		next, err := RotateDataKey(folder)
		must(t, err)
		w.chain.mu.Lock()
		w.chain.dataKeys[testLender] = next.Recipient()
		w.chain.mu.Unlock()
		_, err = w.vault.Rewrap(t.Context(), testEnterprise)
		must(t, err)
		_, _, err = w.vault.Rotate(t.Context(), testEnterprise, bankCategory)
		must(t, err)
	}
	close(stop)
	use.Wait()
	must(t, RetireDataKeys(folder))
	got, err := w.readWith(w.request(consent), keys)
	if err != nil || len(got) != held {
		t.Errorf("after the rotations: %d records, %v", len(got), err)
	}
	b, err := readFile(ring.enterpriseFile(testEnterprise))
	must(t, err)
	if _, err := (sealedKey{suite: s, enterprise: testEnterprise}).open(oldMaster, b); err == nil {
		t.Error("the first master key still opens an enterprise key")
	}
	for epoch := uint32(1); epoch <= 4; epoch++ {
		b, err := readFile(ring.categoryFile(testEnterprise, bankCategory, epoch))
		must(t, err)
		if _, err := (sealedKey{s, testEnterprise, bankCategory, epoch}).open(oldOwner[0], b); err == nil {
			t.Errorf("the first enterprise key still opens epoch %d", epoch)
		}
	}
	if r, err := w.vault.Scrub(t.Context(), ScrubOptions{}); err != nil || len(r.Findings) != 0 {
		t.Errorf("scrub: %+v, %v", r, err)
	}
}

// An enterprise key rotation that ended after any of its writes is finished at
// the next start, with every category key as it was.
func TestEnterpriseRotationIsFinished(t *testing.T) {
	t.Parallel()
	for steps := range 6 {
		dir := t.TempDir()
		k := openRing(t, dir)
		want := map[uint32]Key{}
		for epoch := uint32(1); epoch <= 3; epoch++ {
			_, err := k.Rotate(1, bankCategory)
			must(t, err)
			want[epoch], err = k.categoryKey(1, bankCategory, epoch)
			must(t, err)
		}
		b, err := sealedKey{suite: SuiteNIST, enterprise: 1}.seal(k.masters[0], randomKey())
		must(t, err)
		must(t, writeFile(k.nextFile(1), b))
		for epoch := range min(steps, 3) {
			must(t, k.resealCategory(1, fmt.Sprintf("%d-%d.key", bankCategory, epoch+1)))
		}
		if steps >= 4 {
			must(t, shred(k.enterpriseFile(1)))
		}
		if steps >= 5 {
			must(t, writeFile(k.enterpriseFile(1), b))
		}
		again := openRing(t, dir)
		for epoch, key := range want {
			if got, err := again.categoryKey(1, bankCategory, epoch); err != nil || got != key {
				t.Errorf("after step %d, epoch %d: %v", steps, epoch, err)
			}
		}
		if there, err := exists(again.nextFile(1)); err != nil || there {
			t.Errorf("after step %d: not finished, %v", steps, err)
		}
	}
}

// The master key lies under age, by identity or passphrase, or under a KMS; it
// moves between them by a rotation, opens with the right guard only, and is in
// the clear in no file but that of FileGuard.
func TestMasterGuards(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	secret := func(name, text string) string {
		path := filepath.Join(dir, name)
		must(t, os.WriteFile(path, []byte(text+"\n"), secretMode))
		return path
	}
	id, err := age.GenerateX25519Identity()
	must(t, err)
	hybrid, err := age.GenerateHybridIdentity()
	must(t, err)
	fake, err := fakekms.NewClient("fake-kms://")
	must(t, err)
	registry.RegisterKMSClient(fake)
	uri, err := fakekms.NewKeyURI()
	must(t, err)
	keyset := filepath.Join(dir, "kek.json")
	must(t, NewLocalKeyset(keyset))
	guards := []func() (MasterGuard, error){
		func() (MasterGuard, error) { return FileGuard(), nil },
		func() (MasterGuard, error) { return AgeIdentityGuard(secret("id.txt", id.String())) },
		func() (MasterGuard, error) { return KMSGuard(uri) },
		func() (MasterGuard, error) {
			return AgePassphraseGuard(secret("pass.txt", "correct horse battery staple"))
		},
		func() (MasterGuard, error) { return KMSGuard(LocalKeysetPrefix + keyset) },
		func() (MasterGuard, error) { return AgeIdentityGuard(secret("hybrid.txt", hybrid.String())) },
	}
	kms, sealed := filepath.Join(dir, "kms"), filepath.Join(dir, "keys")
	k, err := OpenKeyRing(SuiteNIST, nil, kms, sealed)
	must(t, err)
	_, err = k.Ensure(1, bankCategory)
	must(t, err)
	want, err := k.categoryKey(1, bankCategory, 1)
	must(t, err)
	for i, guard := range guards {
		g, err := guard()
		must(t, err)
		if i > 0 {
			_, err = OpenKeyRing(SuiteNIST, g, kms, sealed)
			wantErr(t, err, ErrKey, "guard %d before the move", i)
			must(t, k.RotateMaster(g))
		}
		if k, err = OpenKeyRing(SuiteNIST, g, kms, sealed); err != nil {
			t.Fatalf("guard %d: %v", i, err)
		}
		if got, err := k.categoryKey(1, bankCategory, 1); err != nil || got != want {
			t.Errorf("guard %d: %v", i, err)
		}
		for _, f := range files(t, kms) {
			raw, err := os.ReadFile(f)
			must(t, err)
			if open := containsKey(raw, k.masters[0]); open != (i == 0 && filepath.Base(f) == "master.key") {
				t.Errorf("guard %d: master key in the clear in %s is %v", i, filepath.Base(f), open)
			}
		}
	}
	other, err := age.GenerateX25519Identity()
	must(t, err)
	wrong, err := AgeIdentityGuard(secret("other.txt", other.String()))
	must(t, err)
	_, err = OpenKeyRing(SuiteNIST, wrong, kms, sealed)
	wantErr(t, err, ErrKey, "another identity")
	_, err = KMSGuard("gcp-kms://projects/none")
	wantErr(t, err, ErrKey, "a KMS that is not linked in")
	_, err = AgePassphraseGuard(secret("short.txt", "short"))
	wantErr(t, err, ErrKey, "a short passphrase")
	must(t, os.Chmod(keyset, 0o644))
	_, err = KMSGuard(LocalKeysetPrefix + keyset)
	wantErr(t, err, ErrKey, "a keyset that others may read")
}

func containsKey(raw []byte, k Key) bool {
	for i := range len(raw) - KeyBytes + 1 {
		if Key(raw[i:]) == k {
			return true
		}
	}
	return false
}

// A move to another guard that a crash interrupted is finished with the new one
// and refused with the old one, which could not open what is sealed already.
func TestGuardMoveIsFinished(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	k := openRing(t, dir)
	_, err := k.Ensure(1, bankCategory)
	must(t, err)
	keyset := filepath.Join(dir, "kek.json")
	must(t, NewLocalKeyset(keyset))
	to, err := KMSGuard(LocalKeysetPrefix + keyset)
	must(t, err)
	next := []Key{randomKey(), k.masters[0]}
	must(t, k.saveMaster(to, next))
	_, err = OpenKeyRing(SuiteNIST, nil, filepath.Join(dir, "kms"), filepath.Join(dir, "keys"))
	wantErr(t, err, ErrKey, "the old guard")
	again, err := OpenKeyRing(SuiteNIST, to, filepath.Join(dir, "kms"), filepath.Join(dir, "keys"))
	must(t, err)
	if there, err := exists(again.masterFile("key")); err != nil || there || again.masters[0] != next[0] {
		t.Errorf("not finished: %v", err)
	}
	_, err = again.categoryKey(1, bankCategory, 1)
	must(t, err)
}
