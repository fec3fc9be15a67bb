package passkey_test

import (
	"bytes"
	"crypto/elliptic"
	"math/big"
	"strings"
	"testing"

	"github.com/xinlian/xinlian/passkey"
	"github.com/xinlian/xinlian/passkey/softkey"
)

const (
	origin = "https://sign.xinlian.example"
	rpID   = "sign.xinlian.example"
)

var message = []byte("the exact sign bytes of a transaction")

// testKey is the same key in every run.
func testKey(t testing.TB) *softkey.Key {
	t.Helper()
	k, err := softkey.FromSeed([]byte("a seed that only tests may use"))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// edit is one change to a good assertion. Fields at their zero value change nothing.
type edit struct {
	form      passkey.Form   // default FormCross
	domain    passkey.Domain // of the challenge; default DomainSign
	origin    string
	rpID      string
	flags     byte   // with setFlags
	setFlags  bool   //
	old, new  string // replaced once in clientDataJSON, before signing
	tail      string // appended to clientDataJSON, before signing
	authLen   int    // authenticator data cut or padded to this, before signing
	extra     string // appended to authenticator data, before signing
	rs        string // highS, zeroR, zeroS, rIsN, sIsN, flipR, flipS: after signing
	flipSalt  bool   // after signing
	flipAuth  int    // byte of authenticator data changed after signing, from 1
	cutClient int    // clientDataJSON cut to this, before signing
	swapTail  string // ending of clientDataJSON replaced by it after signing
	raw       string // short, long, trailing, domain: of the encoding
	message   string // verified instead of message
	key       string // hexadecimal, verified instead of the test key
}

// signature makes the edited assertion, without the canonical encoder's checks.
func (e edit) signature(t testing.TB) []byte {
	t.Helper()
	d := testKey(t).At(or(e.origin, origin), or(e.rpID, rpID))
	if e.form != 0 {
		d.Form = e.form
	}
	if e.setFlags {
		d.Flags = e.flags
	}
	d.Bend.ClientDataJSON = func(b []byte) []byte {
		if e.old != "" {
			if !bytes.Contains(b, []byte(e.old)) {
				t.Fatalf("%q is not in %s", e.old, b)
			}
			b = bytes.Replace(b, []byte(e.old), []byte(e.new), 1)
		}
		if e.cutClient > 0 {
			b = b[:e.cutClient]
		}
		return append(b, e.tail...)
	}
	d.Bend.AuthenticatorData = func(b []byte) []byte {
		if e.authLen > 0 {
			b = append(b, make([]byte, max(0, e.authLen-len(b)))...)[:e.authLen]
		}
		return append(b, e.extra...)
	}
	d.Bend.RS = func(rs *[64]byte) { editRS(t, e.rs, rs) }
	salt := [passkey.SaltBytes]byte([]byte("salt of 16 bytes"))
	domain := passkey.DomainSign
	if e.domain != 0 {
		domain = e.domain
	}
	s, err := d.Assert(passkey.Challenge(domain, message, salt))
	if err != nil {
		t.Fatal(err)
	}
	s.Salt = salt
	if e.flipSalt {
		s.Salt[0] ^= 1
	}
	if e.flipAuth > 0 {
		s.AuthenticatorData[e.flipAuth-1] ^= 1
	}
	if e.swapTail != "" {
		s.ClientDataJSON = append(bytes.TrimSuffix(s.ClientDataJSON, []byte(`,"crossOrigin":false}`)), e.swapTail...)
	}
	return editEncoding(e.raw, encode(t, s))
}

func editRS(t testing.TB, how string, rs *[64]byte) {
	n := elliptic.P256().Params().N
	switch how {
	case "":
	case "highS":
		s := new(big.Int).SetBytes(rs[32:])
		s.Sub(n, s).FillBytes(rs[32:])
	case "zeroR":
		clear(rs[:32])
	case "zeroS":
		clear(rs[32:])
	case "rIsN":
		n.FillBytes(rs[:32])
	case "sIsN":
		n.FillBytes(rs[32:])
	case "flipR":
		rs[31] ^= 1
	case "flipS":
		rs[63] ^= 1
	default:
		t.Fatalf("unknown edit %q", how)
	}
}

func editEncoding(how string, b []byte) []byte {
	switch how {
	case "short":
		return b[:len(b)-1]
	case "trailing":
		return append(b, 0)
	case "domain":
		return bytes.Replace(b, []byte("/v1"), []byte("/v2"), 1)
	case "long":
		return append(b, make([]byte, passkey.SignatureBytesMax+1-len(b))...)
	case "empty":
		return nil
	}
	return b
}

// verifyCase is one row of testdata/vectors.json before it is made.
type verifyCase struct {
	name string
	edit edit
	want error // nil: accepted
}

// verifyCases breaks every rule at least once and leaves all others whole.
var verifyCases = []verifyCase{
	{name: "form 1, Safari without crossOrigin", edit: edit{form: passkey.FormShort}},
	{name: "form 2, Chromium", edit: edit{form: passkey.FormCross}},
	{name: "form 3, Chromium with another member", edit: edit{form: passkey.FormExtra}},
	{name: "form 3 with nothing between comma and brace", edit: edit{old: "false}", new: "false,}"}},
	{name: "origin with a port", edit: edit{origin: "http://localhost:8080", rpID: "localhost"}},
	{name: "origin of an Android app", edit: edit{origin: "android:apk-key-hash:pN7e_-xQ"}},
	{name: "origin of the greatest length", edit: edit{origin: strings.Repeat("o", passkey.OriginBytesMax)}},
	{name: "synced passkey", edit: edit{setFlags: true, flags: 0x1d}},
	{name: "reserved and extension flags", edit: edit{setFlags: true, flags: 0xe7}},
	{name: "authenticator data with extensions", edit: edit{extra: "\xa1\x65extra\xf5"}},
	{name: "authenticator data of the greatest size", edit: edit{authLen: passkey.AuthenticatorDataBytesMax}},
	{name: "client data of the greatest size", edit: edit{form: passkey.FormExtra, old: "false,", new: "false," + strings.Repeat(" ", 1798)}},

	{name: "key too short", edit: edit{key: "02"}, want: passkey.ErrKey},
	{name: "key uncompressed", edit: edit{key: "04" + strings.Repeat("11", 64)}, want: passkey.ErrKey},
	{name: "key with a hybrid prefix", edit: edit{key: "06" + strings.Repeat("11", 32)}, want: passkey.ErrKey},
	{name: "key not on the curve", edit: edit{key: "02" + strings.Repeat("00", 31) + "07"}, want: passkey.ErrKey},
	{name: "key with a coordinate above the field", edit: edit{key: "02" + strings.Repeat("ff", 32)}, want: passkey.ErrKey},

	{name: "signature longer than any", edit: edit{raw: "long"}, want: passkey.ErrSize},
	{name: "authenticator data too short", edit: edit{authLen: 36}, want: passkey.ErrSize},
	{name: "authenticator data too long", edit: edit{authLen: passkey.AuthenticatorDataBytesMax + 1}, want: passkey.ErrSize},
	{name: "client data too long", edit: edit{form: passkey.FormExtra, old: "false,", new: "false," + strings.Repeat(" ", 2000)}, want: passkey.ErrSize},
	{name: "signature empty", edit: edit{raw: "empty"}, want: passkey.ErrEncoding},
	{name: "signature cut", edit: edit{raw: "short"}, want: passkey.ErrEncoding},
	{name: "bytes after the signature", edit: edit{raw: "trailing"}, want: passkey.ErrEncoding},
	{name: "signature of another version", edit: edit{raw: "domain"}, want: passkey.ErrEncoding},

	{name: "registration instead of assertion", edit: edit{old: "webauthn.get", new: "webauthn.create"}, want: passkey.ErrType},
	{name: "type in other case", edit: edit{old: `"type"`, new: `"Type"`}, want: passkey.ErrType},
	{name: "white space before the type", edit: edit{old: `{"type"`, new: `{ "type"`}, want: passkey.ErrType},
	{name: "byte order mark", edit: edit{old: `{"type"`, new: "\xef\xbb\xbf{\"type\""}, want: passkey.ErrType},
	{name: "payment instead of assertion", edit: edit{old: "webauthn.get", new: "payment.get"}, want: passkey.ErrType},
	{name: "member before the type", edit: edit{old: `{"type"`, new: `{"a":1,"type"`}, want: passkey.ErrType},

	{name: "other message", edit: edit{message: "other sign bytes"}, want: passkey.ErrChallenge},
	{name: "empty message", edit: edit{message: "\x00"}, want: passkey.ErrChallenge},
	{name: "other salt", edit: edit{flipSalt: true}, want: passkey.ErrChallenge},
	{name: "login domain", edit: edit{domain: passkey.DomainLogin}, want: passkey.ErrChallenge},
	{name: "read domain", edit: edit{domain: passkey.DomainRead}, want: passkey.ErrChallenge},
	{name: "client data cut in the challenge", edit: edit{cutClient: 70}, want: passkey.ErrChallenge},
	{name: "client data cut in the type", edit: edit{cutClient: 20}, want: passkey.ErrType},
	{name: "challenge empty", edit: edit{old: `"challenge":"`, new: `"challenge":"","c":"`}, want: passkey.ErrChallenge},
	{name: "challenge with padding", edit: edit{old: `","origin"`, new: `=","origin"`}, want: passkey.ErrOriginText},
	{name: "challenge escaped", edit: edit{old: `"challenge":"`, new: `"challenge":"\u0030`}, want: passkey.ErrChallenge},

	{name: "origin missing", edit: edit{old: `,"origin":"` + origin + `"`, new: ""}, want: passkey.ErrOriginText},
	{name: "origin empty", edit: edit{old: origin, new: ""}, want: passkey.ErrOriginText},
	{name: "origin in other order", edit: edit{old: `"origin"`, new: `"a":1,"origin"`}, want: passkey.ErrOriginText},
	{name: "origin with an escape", edit: edit{old: origin, new: `https:\/\/a`}, want: passkey.ErrOriginText},
	{name: "origin with a space", edit: edit{old: origin, new: "https://a b"}, want: passkey.ErrOriginText},
	{name: "origin not ASCII", edit: edit{old: origin, new: "https://信链.example"}, want: passkey.ErrOriginText},
	{name: "origin with a control byte", edit: edit{old: origin, new: "https://a\x00"}, want: passkey.ErrOriginText},
	{name: "origin with DEL", edit: edit{old: origin, new: "https://a\x7f"}, want: passkey.ErrOriginText},
	{name: "origin not closed", edit: edit{form: passkey.FormShort, old: `example"}`, new: "example}"}, want: passkey.ErrOriginText},
	{name: "origin too long", edit: edit{origin: strings.Repeat("o", passkey.OriginBytesMax+1)}, want: passkey.ErrOriginText},

	{name: "cross-origin frame", edit: edit{old: "false", new: "true"}, want: passkey.ErrEnding},
	{name: "cross-origin frame with top origin", edit: edit{old: "false", new: `true,"topOrigin":"https://other.example"`}, want: passkey.ErrEnding},
	{name: "member before crossOrigin", edit: edit{old: `,"cross`, new: `,"a":1,"cross`}, want: passkey.ErrEnding},
	{name: "byte after form 1", edit: edit{form: passkey.FormShort, tail: " "}, want: passkey.ErrEnding},
	{name: "byte after form 2", edit: edit{tail: "\n"}, want: passkey.ErrEnding},
	{name: "byte after form 3", edit: edit{form: passkey.FormExtra, tail: " "}, want: passkey.ErrEnding},
	{name: "form 2 not closed", edit: edit{old: "false}", new: "false"}, want: passkey.ErrEnding},
	{name: "form 3 not closed", edit: edit{old: "false}", new: "false,"}, want: passkey.ErrEnding},
	{name: "form 1 with a member of another name", edit: edit{form: passkey.FormShort, old: `"}`, new: `","x":1}`}, want: passkey.ErrEnding},
	{name: "white space before crossOrigin", edit: edit{old: `,"cross`, new: `, "cross`}, want: passkey.ErrEnding},
	{name: "white space after crossOrigin", edit: edit{old: "false}", new: "false }"}, want: passkey.ErrEnding},
	{name: "crossOrigin as a string", edit: edit{old: "false", new: `"false"`}, want: passkey.ErrEnding},

	{name: "no flags", edit: edit{setFlags: true, flags: 0}, want: passkey.ErrUserPresent},
	{name: "user verified but not present", edit: edit{setFlags: true, flags: 0x04}, want: passkey.ErrUserPresent},
	{name: "user present but not verified", edit: edit{setFlags: true, flags: 0x01}, want: passkey.ErrUserVerified},
	{name: "every flag but verified", edit: edit{setFlags: true, flags: 0xfb}, want: passkey.ErrUserVerified},

	{name: "high s", edit: edit{rs: "highS"}, want: passkey.ErrHighS},
	{name: "s is the order", edit: edit{rs: "sIsN"}, want: passkey.ErrHighS},
	{name: "s is zero", edit: edit{rs: "zeroS"}, want: passkey.ErrSignature},
	{name: "r is zero", edit: edit{rs: "zeroR"}, want: passkey.ErrSignature},
	{name: "r is the order", edit: edit{rs: "rIsN"}, want: passkey.ErrSignature},
	{name: "r changed", edit: edit{rs: "flipR"}, want: passkey.ErrSignature},
	{name: "s changed", edit: edit{rs: "flipS"}, want: passkey.ErrSignature},
	{name: "rpIdHash changed", edit: edit{flipAuth: 1}, want: passkey.ErrSignature},
	{name: "counter changed", edit: edit{flipAuth: 37}, want: passkey.ErrSignature},
	{name: "ending changed to another legal one", edit: edit{swapTail: "}"}, want: passkey.ErrSignature},
	{name: "key of somebody else", edit: edit{key: "036b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"}, want: passkey.ErrSignature},
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
