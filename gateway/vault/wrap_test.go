package vault

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/xinlian/xinlian/internal/record"
)

// eachSuite runs a test under every suite.
func eachSuite(t *testing.T, test func(t *testing.T, s Suite)) {
	t.Helper()
	t.Parallel()
	for _, s := range suites {
		t.Run(string(s), func(t *testing.T) {
			t.Parallel()
			test(t, s)
		})
	}
}

func testWrap(t *testing.T, s Suite) (*DataKey, WrapContext, []Key, *Wrap) {
	t.Helper()
	d, err := GenerateDataKey(s)
	must(t, err)
	c := WrapContext{
		Suite: s, ChainID: testChain, Enterprise: 1, Category: bankCategory, Epoch: 2,
		Months: Months{202511, 202601}, Recipient: d.ID(), Consent: ID{9},
	}
	keys := []Key{{1}, {2}, {3}}
	w, err := SealWrap(c, d.Recipient(), keys)
	must(t, err)
	return d, c, keys, w
}

// A wrap gives the recipient the key of each month and no other.
func TestWrapOpens(t *testing.T) { eachSuite(t, wrapOpens) }

func wrapOpens(t *testing.T, s Suite) {
	t.Helper()
	d, _, keys, w := testWrap(t, s)
	b, err := w.Encoded()
	must(t, err)
	back, err := DecodeWrap(b)
	must(t, err)
	got, err := back.Open(d)
	must(t, err)
	if len(got) != 3 || got[202511] != keys[0] || got[202512] != keys[1] || got[202601] != keys[2] {
		t.Errorf("%d months", len(got))
	}
	h1, err := w.Hash()
	must(t, err)
	h2, err := back.Hash()
	if err != nil || h1 != h2 {
		t.Errorf("hash changes: %v", err)
	}
}

// A wrap opens with the right key only, and with each field of its context bent
// alone not even with that.
func TestWrapBindsEveryField(t *testing.T) { eachSuite(t, wrapBindsEveryField) }

func wrapBindsEveryField(t *testing.T, s Suite) {
	t.Helper()
	d, _, _, w := testWrap(t, s)
	other, err := GenerateDataKey(s)
	must(t, err)
	_, err = w.Open(other)
	wantErr(t, err, ErrKey, "another key")
	forged := *w
	forged.Recipient = other.ID() // claims to be for the other key
	_, err = forged.Open(other)
	wantErr(t, err, ErrKey, "another key, recipient replaced")
	for name, bend := range map[string]func(*Wrap){
		"chain": func(w *Wrap) { w.ChainID += "x" }, "enterprise": func(w *Wrap) { w.Enterprise++ },
		"category": func(w *Wrap) { w.Category = record.CategoryTax }, "epoch": func(w *Wrap) { w.Epoch++ },
		"from": func(w *Wrap) { w.Months.From++ }, "to": func(w *Wrap) { w.Months.To++ },
		"shifted": func(w *Wrap) { w.Months = Months{202512, 202602} },
		"consent": func(w *Wrap) { w.Consent[0] ^= 1 }, "recipient": func(w *Wrap) { w.Recipient[0] ^= 1 },
		"encapsulated key": func(w *Wrap) { w.Sealed[1] ^= 1 }, "ciphertext": func(w *Wrap) { w.Sealed[len(w.Sealed)-1] ^= 1 },
		"truncated": func(w *Wrap) { w.Sealed = w.Sealed[:60] },
	} {
		bent := *w
		bent.Sealed = append([]byte(nil), w.Sealed...)
		bend(&bent)
		_, err := bent.Open(d)
		wantErr(t, err, ErrKey, "%s", name)
	}
	bent := *w
	bent.Suite = suites[0]
	if s == suites[0] {
		bent.Suite = suites[1]
	}
	if _, err := bent.Open(d); err == nil {
		t.Error("another suite opens")
	}
}

// A wrap is not made for a recipient or for keys other than its context says.
func TestWrapRefusesMismatch(t *testing.T) { eachSuite(t, wrapRefusesMismatch) }

func wrapRefusesMismatch(t *testing.T, s Suite) {
	t.Helper()
	d, c, keys, _ := testWrap(t, s)
	_, err := SealWrap(c, d.Recipient(), keys[:2])
	wantErr(t, err, ErrKey, "too few keys")
	c.Recipient[0] ^= 1
	_, err = SealWrap(c, d.Recipient(), keys)
	wantErr(t, err, ErrKey, "another recipient")
}

// A data key comes back from its file, which only its owner may read and which
// is never overwritten.
func TestDataKeyFile(t *testing.T) { eachSuite(t, dataKeyFile) }

func dataKeyFile(t *testing.T, s Suite) {
	t.Helper()
	d, _, _, w := testWrap(t, s)
	path := filepath.Join(t.TempDir(), "data.key")
	must(t, d.Save(path))
	wantErr(t, d.Save(path), fs.ErrExist, "overwriting")
	back, err := LoadDataKey(path)
	must(t, err)
	if back.ID() != d.ID() || len(back.Recipient().Public) != PublicKeyBytes {
		t.Error("another key came back")
	}
	_, err = w.Open(back)
	must(t, err)
	must(t, d.Recipient().Check())
	bad := d.Recipient()
	bad.Public[10] ^= 1
	wantErr(t, bad.Check(), ErrKey, "not on the curve")
	must(t, os.Chmod(path, 0o644))
	_, err = LoadDataKey(path)
	wantErr(t, err, ErrKey, "readable by others")
}

// Grant wraps the consent's months and categories only, keeps what it has, adds
// the epochs and keys that are new, and does nothing for a consent not granted.
func TestGrantAndRotate(t *testing.T) { eachSuite(t, grantAndRotate) }

func grantAndRotate(t *testing.T, s Suite) {
	t.Helper()
	w := newWorldOf(t, s)
	w.seal(bank(202503, 1)...)
	id := w.consent(nil)
	ended := w.consent(nil)
	first, err := w.vault.Wraps(id)
	must(t, err)
	if len(first) != 1 || first[0].Epoch != 1 || first[0].Months != (Months{202501, 202512}) {
		t.Fatalf("%d wraps", len(first))
	}
	again, err := w.vault.Grant(t.Context(), id)
	must(t, err)
	h1, _ := first[0].Hash()
	if h2, _ := again[0].Hash(); h1 != h2 {
		t.Error("a repeated grant made another wrap")
	}

	w.chain.state(ended, StateRevoked)
	epoch, wraps, err := w.vault.Rotate(t.Context(), testEnterprise, bankCategory)
	must(t, err)
	if epoch != 2 || len(wraps) != 2 || wraps[0].Consent != id || wraps[1].Epoch != 2 {
		t.Fatalf("epoch %d, %d wraps", epoch, len(wraps))
	}
	_, err = w.vault.Wraps(ended)
	wantErr(t, err, ErrNoWraps, "wraps of the revoked consent")
	_, err = w.vault.Grant(t.Context(), ended)
	wantErr(t, err, ErrConsentRevoked, "granting a revoked consent")
	if b := w.seal(bank(202504, 2)...); b.Epoch != 2 {
		t.Errorf("sealed under epoch %d", b.Epoch)
	}
	_, err = w.vault.Seal(t.Context(), Batch{Enterprise: testEnterprise, Epoch: 1, Schema: record.BankTransaction, Records: List(bank(202504, 1))})
	wantErr(t, err, ErrEpoch, "sealing under the old epoch")
	got, err := w.read(w.request(id))
	if err != nil || len(got) != 3 {
		t.Errorf("%d records over both epochs, %v", len(got), err)
	}

	w.key, err = GenerateDataKey(s) // the lender rotates its data key
	must(t, err)
	w.chain.dataKeys[testLender] = w.key.Recipient()
	_, err = w.read(w.request(id))
	wantErr(t, err, ErrKey, "wraps to the old key")
	_, err = w.vault.Rewrap(t.Context(), testEnterprise)
	must(t, err)
	got, err = w.read(w.request(id))
	if err != nil || len(got) != 3 {
		t.Errorf("%d records with the new key, %v", len(got), err)
	}
}

// Wraps are destroyed by a sweep and by the first refused read.
func TestWrapsAreDropped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.seal(bank(202503, 1)...)
	swept, read, paused := w.consent(nil), w.consent(nil), w.consent(nil)
	w.chain.state(paused, StatePaused)
	w.chain.state(read, StateRevoked)
	_, err := w.read(w.request(read))
	wantErr(t, err, ErrConsentRevoked, "read")
	_, err = w.vault.Wraps(read)
	wantErr(t, err, ErrNoWraps, "after a refused read")
	w.chain.state(swept, StateRevoked)
	must(t, w.vault.Sweep(t.Context()))
	_, err = w.vault.Wraps(swept)
	wantErr(t, err, ErrNoWraps, "after a sweep")
	if _, err := w.vault.Wraps(paused); err != nil {
		t.Errorf("a paused consent lost its wraps: %v", err)
	}
}
