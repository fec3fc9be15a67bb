package passkey_test

import (
	"bytes"
	"crypto/elliptic"
	"crypto/sha256"
	"errors"
	"math/big"
	"testing"

	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"
	cryptotypes "github.com/cosmos/cosmos-sdk/crypto/types"

	"github.com/xinlian/xinlian/internal/canon"
	"github.com/xinlian/xinlian/passkey"
)

// encode is the canonical form without the size checks of Signature.Encode.
func encode(t testing.TB, s passkey.Signature) []byte {
	t.Helper()
	b, err := canon.New("passkey-signature").Bytes(s.AuthenticatorData).Bytes(s.ClientDataJSON).
		Fixed(s.RS[:]).Fixed(s.Salt[:]).Encoded()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestAssertion proves that Verify and Inspect report what was signed.
func TestAssertion(t *testing.T) {
	t.Parallel()
	e := edit{form: passkey.FormExtra, setFlags: true, flags: 0x0d, extra: "x"}
	sig := e.signature(t)
	want := passkey.Assertion{
		Origin: origin, RPIDHash: sha256.Sum256([]byte(rpID)), Form: passkey.FormExtra,
		UserPresent: true, UserVerified: true, BackupEligible: true,
	}
	got, err := passkey.Verify(testKey(t).PubKey(), passkey.DomainSign, message, sig)
	if err != nil || got != want {
		t.Errorf("Verify: got %+v, %v, want %+v", got, err, want)
	}
	if got, err = passkey.Inspect(sig); err != nil || got != want {
		t.Errorf("Inspect: got %+v, %v, want %+v", got, err, want)
	}
}

// TestCounter proves that the counter is reported big-endian and never judged.
func TestCounter(t *testing.T) {
	t.Parallel()
	d := testKey(t).At(origin, rpID)
	d.Bend.AuthenticatorData = func(b []byte) []byte { return append(b[:33], 1, 2, 3, 4) }
	sig, err := d.Sign(passkey.DomainSign, message)
	if err != nil {
		t.Fatal(err)
	}
	a, err := passkey.Verify(d.Key.PubKey(), passkey.DomainSign, message, sig)
	if err != nil || a.Counter != 0x01020304 {
		t.Errorf("got counter %#x, error %v", a.Counter, err)
	}
}

// TestRuleOrder proves that of two broken rules the earlier one is reported, for
// every pair of neighbours that can be broken together.
func TestRuleOrder(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name string
		edit edit
		want error
	}{
		{"key before size", edit{key: "02", raw: "long"}, passkey.ErrKey},
		{"size before encoding", edit{raw: "long"}, passkey.ErrSize},
		{"size before type", edit{authLen: 36, old: "get", new: "set"}, passkey.ErrSize},
		{"encoding before type", edit{raw: "trailing", old: "get", new: "set"}, passkey.ErrEncoding},
		{"type before challenge", edit{old: "get", new: "set", flipSalt: true}, passkey.ErrType},
		{"challenge before origin", edit{flipSalt: true, old: origin, new: ""}, passkey.ErrChallenge},
		{"challenge before ending", edit{flipSalt: true, tail: " "}, passkey.ErrChallenge},
		{"origin before ending", edit{old: origin, new: "", tail: " "}, passkey.ErrOriginText},
		{"ending before flags", edit{tail: " ", setFlags: true}, passkey.ErrEnding},
		{"present before verified", edit{setFlags: true}, passkey.ErrUserPresent},
		{"verified before high s", edit{setFlags: true, flags: 1, rs: "highS"}, passkey.ErrUserVerified},
		{"high s before ECDSA", edit{rs: "highS", flipAuth: 1}, passkey.ErrHighS},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			v := newVector(t, verifyCase{c.name, c.edit, c.want})
			if _, err := v.verify(t); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

// TestVerifySignatureDomain proves that the chain's entry point accepts the sign
// domain and no other.
func TestVerifySignatureDomain(t *testing.T) {
	t.Parallel()
	key := testKey(t).PubKey()
	for _, d := range []passkey.Domain{passkey.DomainSign, passkey.DomainLogin, passkey.DomainRead} {
		sig := edit{domain: d}.signature(t)
		if got, want := key.VerifySignature(message, sig), d == passkey.DomainSign; got != want {
			t.Errorf("%s: got %v, want %v", d, got, want)
		}
		if _, err := passkey.Verify(key, d, message, sig); err != nil {
			t.Errorf("%s under its own domain: %v", d, err)
		}
	}
}

// TestUnknownDomainPanics proves that a domain outside the constants cannot
// quietly become a fourth one.
func TestUnknownDomainPanics(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	passkey.Challenge(0, message, [passkey.SaltBytes]byte{})
}

// TestOrderHalf proves that the constant is floor(n/2) of the curve.
func TestOrderHalf(t *testing.T) {
	t.Parallel()
	want := new(big.Int).Rsh(elliptic.P256().Params().N, 1).FillBytes(make([]byte, 32))
	if !bytes.Equal([]byte(passkey.OrderHalf), want) {
		t.Errorf("got %x, want %x", passkey.OrderHalf, want)
	}
}

// TestEveryBitCounts proves that no single bit of an encoded signature, of the
// message or of the key can be flipped without refusal.
func TestEveryBitCounts(t *testing.T) {
	t.Parallel()
	key := testKey(t).PubKey()
	for _, form := range []passkey.Form{passkey.FormShort, passkey.FormCross, passkey.FormExtra} {
		sig := edit{form: form}.signature(t)
		flipAll(t, "signature", sig, func() bool { return key.VerifySignature(message, sig) })
	}
	sig, msg := edit{}.signature(t), bytes.Clone(message)
	flipAll(t, "message", msg, func() bool { return key.VerifySignature(msg, sig) })
	bent := &passkey.PubKey{Key: bytes.Clone(key.Key)}
	flipAll(t, "key", bent.Key, func() bool { return bent.VerifySignature(message, sig) })
}

func flipAll(t *testing.T, what string, b []byte, accepted func() bool) {
	t.Helper()
	if !accepted() {
		t.Fatalf("%s: refused unchanged", what)
	}
	for i := range b {
		for bit := range 8 {
			b[i] ^= 1 << bit
			if accepted() {
				t.Errorf("%s: byte %d bit %d makes no difference", what, i, bit)
			}
			b[i] ^= 1 << bit
		}
	}
}

// TestDummySignature proves that the dummy has a real signature's structure, is
// no smaller than one, and verifies for nobody.
func TestDummySignature(t *testing.T) {
	t.Parallel()
	dummy := passkey.DummySignature()
	a, err := passkey.Inspect(dummy)
	if err != nil || a.Origin != passkey.DummyOrigin {
		t.Fatalf("got %+v, %v", a, err)
	}
	for _, f := range []passkey.Form{passkey.FormShort, passkey.FormCross, passkey.FormExtra} {
		if n := len(edit{form: f}.signature(t)); n > len(dummy) {
			t.Errorf("form %d has %d bytes, the dummy %d", f, n, len(dummy))
		}
	}
	if testKey(t).PubKey().VerifySignature(nil, dummy) {
		t.Error("the dummy verifies")
	}
}

// TestEncodeSizes proves that a signature is never encoded that could not be
// decoded.
func TestEncodeSizes(t *testing.T) {
	t.Parallel()
	cases := []struct {
		auth, client int
		want         error
	}{
		{37, 0, nil},
		{1024, 2048, nil},
		{36, 100, passkey.ErrSize},
		{1025, 100, passkey.ErrSize},
		{37, 2049, passkey.ErrSize},
	}
	for _, c := range cases {
		s := passkey.Signature{AuthenticatorData: make([]byte, c.auth), ClientDataJSON: make([]byte, c.client)}
		b, err := s.Encode()
		if !errors.Is(err, c.want) {
			t.Errorf("%d, %d: got %v, want %v", c.auth, c.client, err, c.want)
		}
		if err == nil {
			if _, err := passkey.DecodeSignature(b); err != nil {
				t.Errorf("%d, %d: decoding: %v", c.auth, c.client, err)
			}
			if len(b) > passkey.SignatureBytesMax {
				t.Errorf("%d, %d: %d bytes, more than the maximum", c.auth, c.client, len(b))
			}
		}
	}
}

// BenchmarkVerify measures the relation that GasVerify rests on: the SDK prices
// secp256k1 at 1000.
func BenchmarkVerify(b *testing.B) {
	k1 := secp256k1.GenPrivKeyFromSecret([]byte("a key of a benchmark"))
	k1sig, err := k1.Sign(message)
	if err != nil {
		b.Fatal(err)
	}
	cases := []struct {
		name string
		key  cryptotypes.PubKey
		sig  []byte
	}{
		{"passkey", testKey(b).PubKey(), edit{}.signature(b)},
		{"secp256k1", k1.PubKey(), k1sig},
	}
	for _, c := range cases {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if !c.key.VerifySignature(message, c.sig) {
					b.Fatal("refused")
				}
			}
		})
	}
}

func BenchmarkInspect(b *testing.B) {
	sig := edit{}.signature(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := passkey.Inspect(sig); err != nil {
			b.Fatal(err)
		}
	}
}
