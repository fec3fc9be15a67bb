package softkey_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/xinlian/xinlian/passkey"
	"github.com/xinlian/xinlian/passkey/softkey"
)

const (
	origin = "http://localhost:8080"
	rpID   = "localhost"
)

var seed = []byte("a seed that only tests may use")

func fromSeed(t testing.TB, seed []byte) *softkey.Key {
	t.Helper()
	k, err := softkey.FromSeed(seed)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// TestFromSeed proves that a seed gives one key for ever, another seed another,
// and that a guessable short one is refused.
func TestFromSeed(t *testing.T) {
	t.Parallel()
	const want = "03946ab0205946484bff2bea57e234a9a73ce815583b315dff0aae8b2c686948e9"
	k := fromSeed(t, seed)
	if got := hex.EncodeToString(k.PubKey().Key); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if fromSeed(t, append([]byte("another: "), seed...)).PubKey().Equals(k.PubKey()) {
		t.Error("two seeds, one key")
	}
	if _, err := softkey.FromSeed(make([]byte, softkey.SeedBytesMin-1)); !errors.Is(err, softkey.ErrSeed) {
		t.Errorf("short seed: %v", err)
	}
}

// TestNew proves that drawn keys are valid and differ.
func TestNew(t *testing.T) {
	t.Parallel()
	a, errA := softkey.New()
	b, errB := softkey.New()
	if errA != nil || errB != nil {
		t.Fatal(errA, errB)
	}
	if a.PubKey().Validate() != nil || a.PubKey().Equals(b.PubKey()) {
		t.Errorf("got %v and %v", a.PubKey(), b.PubKey())
	}
}

// TestSign proves that what Sign makes verifies in its own domain, says what the
// device was set to, and that no two signatures of one message are alike.
func TestSign(t *testing.T) {
	t.Parallel()
	d := fromSeed(t, seed).At(origin, rpID)
	d.Flags |= passkey.FlagBackupEligible | passkey.FlagBackupState
	policy := passkey.Policy{Enabled: true, Origins: []string{origin}, RPIDs: []string{rpID}}
	msg := []byte("message")
	var last []byte
	for _, domain := range []passkey.Domain{passkey.DomainSign, passkey.DomainSign, passkey.DomainLogin, passkey.DomainRead} {
		sig, err := d.Sign(domain, msg)
		if err != nil {
			t.Fatal(err)
		}
		a, err := passkey.Verify(d.Key.PubKey(), domain, msg, sig)
		if err != nil || policy.Check(a) != nil || !a.BackupEligible || !a.BackupState || a.Form != passkey.FormCross {
			t.Errorf("%s: got %+v, %v", domain, a, err)
		}
		if bytes.Equal(sig, last) {
			t.Errorf("%s: the same signature twice", domain)
		}
		last = sig
	}
}

// TestSignDeterministic proves that with a given salt source the whole signature
// is a function of seed and message, and that an exhausted source is an error.
func TestSignDeterministic(t *testing.T) {
	t.Parallel()
	d := fromSeed(t, seed).At(origin, rpID)
	sign := func() ([]byte, error) {
		d.Salt = strings.NewReader("salt of 16 bytes")
		return d.Sign(passkey.DomainSign, []byte("message"))
	}
	a, errA := sign()
	b, errB := sign()
	if errA != nil || errB != nil || !bytes.Equal(a, b) {
		t.Errorf("%x, %v and %x, %v", a, errA, b, errB)
	}
	d.Salt = strings.NewReader("short")
	if _, err := d.Sign(passkey.DomainSign, nil); err == nil {
		t.Error("signed without a whole salt")
	}
}

// TestNormalizeRandom proves that every signature of a real signer, high s or
// low, verifies after Normalize.
func TestNormalizeRandom(t *testing.T) {
	t.Parallel()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	half := new(big.Int).Rsh(elliptic.P256().Params().N, 1)
	high := 0
	for i := range 300 {
		digest := sha256.Sum256([]byte{byte(i), byte(i >> 8)})
		r0, s0, err := ecdsa.Sign(rand.Reader, private, digest[:])
		if err != nil {
			t.Fatal(err)
		}
		if s0.Cmp(half) > 0 {
			high++
		}
		der, err := asn1.Marshal(struct{ R, S *big.Int }{r0, s0})
		if err != nil {
			t.Fatal(err)
		}
		rs, err := softkey.Normalize(der)
		if err != nil {
			t.Fatal(err)
		}
		if number(rs[32:]).Cmp(half) > 0 {
			t.Errorf("%x: still high", rs)
		}
		r, s := number(rs[:32]), number(rs[32:])
		if !ecdsa.Verify(&private.PublicKey, digest[:], r, s) {
			t.Errorf("%x: does not verify", rs)
		}
	}
	if high == 0 {
		t.Error("no signature had a high s: the test shows nothing")
	}
}

// TestFile proves that a saved key is the same after loading, that its file is
// private, and that an existing one is never overwritten.
func TestFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "owner.key")
	k := fromSeed(t, seed)
	if err := k.Save(path); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v, %v", info.Mode(), err)
	}
	back, err := softkey.Load(path)
	if err != nil || !back.PubKey().Equals(k.PubKey()) {
		t.Fatalf("loaded %v, %v", back, err)
	}
	other, err := softkey.New()
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Save(path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("saving over a key: %v", err)
	}
	if back, err = softkey.Load(path); err != nil || !back.PubKey().Equals(k.PubKey()) {
		t.Errorf("after a refused save: %v, %v", back, err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("%d files are left, %v", len(entries), err)
	}
}

// TestLoadRefuses proves that a file open to others, missing or with anything
// else in it is refused, and that the error does not quote it.
func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(p384)
	if err != nil {
		t.Fatal(err)
	}
	block := func(kind string, b []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b}))
	}
	good := filepath.Join(t.TempDir(), "good")
	if err := fromSeed(t, seed).Save(good); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name, content string
		mode          fs.FileMode
		want          error
	}{
		{"readable by the group", string(b), 0o640, softkey.ErrMode},
		{"readable by all", string(b), 0o604, softkey.ErrMode},
		{"writable by all", string(b), 0o602, softkey.ErrMode},
		{"empty", "", 0o600, softkey.ErrFile},
		{"not PEM", "secret-canary", 0o600, softkey.ErrFile},
		{"other type", block("EC PRIVATE KEY", der), 0o600, softkey.ErrFile},
		{"not DER", block("PRIVATE KEY", []byte("secret-canary")), 0o600, softkey.ErrFile},
		{"other curve", block("PRIVATE KEY", der), 0o600, softkey.ErrFile},
		{"two keys", string(b) + string(b), 0o600, softkey.ErrFile},
		{"too long", strings.Repeat("\n", 8<<10) + string(b), 0o600, softkey.ErrFile},
	}
	for _, c := range cases {
		path := filepath.Join(t.TempDir(), "key")
		if err := os.WriteFile(path, []byte(c.content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, c.mode); err != nil {
			t.Fatal(err)
		}
		_, err := softkey.Load(path)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "secret-canary") {
			t.Errorf("%s: the error quotes the file", c.name)
		}
	}
	if _, err := softkey.Load(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
}

// FuzzNormalize proves that arbitrary bytes never panic and that whatever is
// accepted is in range and low.
func FuzzNormalize(f *testing.F) {
	f.Add([]byte{0x30, 6, 2, 1, 1, 2, 1, 2})
	f.Add([]byte{0x30, 8, 2, 1, 1, 2, 1, 2, 5, 0})
	f.Add([]byte{0x30, 6, 2, 1, 0xff, 2, 1, 0})
	f.Fuzz(func(t *testing.T, der []byte) {
		rs, err := softkey.Normalize(der)
		if err != nil {
			if !errors.Is(err, softkey.ErrDER) || rs != ([64]byte{}) {
				t.Fatalf("%x, %v", rs, err)
			}
			return
		}
		half := new(big.Int).Rsh(elliptic.P256().Params().N, 1)
		if number(rs[:32]).Sign() == 0 || number(rs[32:]).Sign() == 0 || number(rs[32:]).Cmp(half) > 0 {
			t.Fatalf("accepted %x", rs)
		}
	})
}

func number(b []byte) *big.Int { return new(big.Int).SetBytes(b) }
