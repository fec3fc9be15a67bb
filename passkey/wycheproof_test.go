package passkey_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io/fs"
	"testing"

	"github.com/c2sp/wycheproof"

	"github.com/xinlian/xinlian/passkey"
	"github.com/xinlian/xinlian/passkey/softkey"
)

type wycheproofFile struct {
	NumberOfTests int `json:"numberOfTests"`
	TestGroups    []struct {
		PublicKey struct {
			Uncompressed string `json:"uncompressed"`
		} `json:"publicKey"`
		Tests []struct {
			ID      int    `json:"tcId"`
			Comment string `json:"comment"`
			Msg     string `json:"msg"`
			Sig     string `json:"sig"`
			Result  string `json:"result"`
		} `json:"tests"`
	} `json:"testGroups"`
}

func readWycheproof(t *testing.T, name string) wycheproofFile {
	t.Helper()
	b, err := fs.ReadFile(wycheproof.TestVectors, name)
	if err != nil {
		t.Fatal(err)
	}
	var f wycheproofFile
	if err := json.Unmarshal(b, &f); err != nil {
		t.Fatal(err)
	}
	return f
}

// wycheproofKey compresses a key and reads it as a transaction's would be.
func wycheproofKey(t *testing.T, uncompressed string) *passkey.PubKey {
	t.Helper()
	raw := unhex(t, uncompressed)
	key, err := passkey.NewPubKey(append([]byte{2 | raw[64]&1}, raw[1:33]...))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// TestWycheproofRaw proves that our ECDSA path gives Wycheproof's verdict on
// every raw signature, with one difference on purpose: those with a high s are
// refused for that, valid or not, and the valid ones among them are accepted
// with n - s in its place.
func TestWycheproofRaw(t *testing.T) {
	t.Parallel()
	f := readWycheproof(t, "ecdsa_secp256r1_sha256_p1363_test.json")
	var run, otherSize, highValid int
	for _, g := range f.TestGroups {
		key := wycheproofKey(t, g.PublicKey.Uncompressed)
		for _, c := range g.Tests {
			run++
			digest, sig := sha256.Sum256(unhex(t, c.Msg)), unhex(t, c.Sig)
			if len(sig) != passkey.RSBytes {
				// Cannot be carried by Signature; must be invalid for Wycheproof too.
				otherSize++
				if c.Result != "invalid" {
					t.Errorf("test %d (%s): valid with %d bytes", c.ID, c.Comment, len(sig))
				}
				continue
			}
			rs := [passkey.RSBytes]byte(sig)
			err := passkey.VerifyECDSA(key, digest, rs)
			if high := string(sig[32:]) > passkey.OrderHalf; high {
				if !errors.Is(err, passkey.ErrHighS) {
					t.Errorf("test %d (%s): high s, got %v", c.ID, c.Comment, err)
				}
				if c.Result != "valid" {
					continue
				}
				highValid++
				editRS(t, "highS", &rs) // the same signature with the other s
				err = passkey.VerifyECDSA(key, digest, rs)
			}
			if (err == nil) != (c.Result == "valid") {
				t.Errorf("test %d (%s): got %v, want %s", c.ID, c.Comment, err, c.Result)
			}
		}
	}
	if run != f.NumberOfTests || otherSize == 0 || highValid == 0 {
		t.Errorf("ran %d of %d, %d of other size, %d high and valid", run, f.NumberOfTests, otherSize, highValid)
	}
}

// TestWycheproofDER proves that Normalize accepts what a strict DER reader must
// accept and that what it makes of a signature verifies exactly if the original
// is valid.
func TestWycheproofDER(t *testing.T) {
	t.Parallel()
	f := readWycheproof(t, "ecdsa_secp256r1_sha256_test.json")
	run := 0
	for _, g := range f.TestGroups {
		key := wycheproofKey(t, g.PublicKey.Uncompressed)
		for _, c := range g.Tests {
			run++
			rs, err := softkey.Normalize(unhex(t, c.Sig))
			if err == nil {
				err = passkey.VerifyECDSA(key, sha256.Sum256(unhex(t, c.Msg)), rs)
			}
			if (err == nil) != (c.Result == "valid") {
				t.Errorf("test %d (%s): got %v, want %s", c.ID, c.Comment, err, c.Result)
			}
			if err != nil && !errors.Is(err, softkey.ErrDER) && !errors.Is(err, passkey.ErrSignature) {
				t.Errorf("test %d (%s): unexpected kind of refusal: %v", c.ID, c.Comment, err)
			}
		}
	}
	if run != f.NumberOfTests {
		t.Errorf("ran %d of %d", run, f.NumberOfTests)
	}
}

// TestNormalizeIdempotent proves that both signatures of one pair (s, n - s) come
// out the same.
func TestNormalizeIdempotent(t *testing.T) {
	t.Parallel()
	low := unhex(t, "3006020101020102")
	high := unhex(t, "3026020101022100ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc63254f") // n - 2
	a, errA := softkey.Normalize(low)
	b, errB := softkey.Normalize(high)
	if errA != nil || errB != nil || !bytes.Equal(a[:], b[:]) || a[31] != 1 || a[63] != 2 {
		t.Errorf("got %x, %v and %x, %v", a, errA, b, errB)
	}
}
