package passkey_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/xinlian/xinlian/passkey"
)

// FuzzVerify proves that no bytes make the verifier panic; that what it accepts
// is canonical, has both flags, a low s, this message's challenge and JSON that a
// parser reads the same way; and that Inspect never claims anything else.
func FuzzVerify(f *testing.F) {
	key := testKey(f).PubKey()
	for _, c := range verifyCases {
		f.Add(key.Key, message, c.edit.signature(f))
	}
	f.Fuzz(func(t *testing.T, keyBytes, msg, sig []byte) {
		k := &passkey.PubKey{Key: keyBytes}
		k.Address()
		a, err := passkey.Verify(k, passkey.DomainSign, msg, sig)
		claimed, inspectErr := passkey.Inspect(sig)
		if ok := k.VerifySignature(msg, sig); ok != (err == nil) {
			t.Fatalf("VerifySignature says %v, Verify %v", ok, err)
		}
		if err != nil {
			if a != (passkey.Assertion{}) {
				t.Fatalf("an assertion beside the error %v", err)
			}
			return
		}
		if inspectErr != nil || claimed != a {
			t.Fatalf("Inspect: %+v, %v; Verify: %+v", claimed, inspectErr, a)
		}
		checkAccepted(t, a, msg, sig)
	})
}

func checkAccepted(t *testing.T, a passkey.Assertion, msg, sig []byte) {
	t.Helper()
	s, err := passkey.DecodeSignature(sig)
	if err != nil {
		t.Fatal(err)
	}
	if !a.UserPresent || !a.UserVerified || string(s.RS[32:]) > passkey.OrderHalf {
		t.Fatalf("accepted %+v, s %x", a, s.RS[32:])
	}
	var c struct {
		Type, Challenge, Origin string
		CrossOrigin             bool
	}
	want := passkey.Challenge(passkey.DomainSign, msg, s.Salt)
	// What follows form 3's comma is free: it may break the JSON, and nothing reads it.
	if err := json.Unmarshal(s.ClientDataJSON, &c); err != nil && a.Form != passkey.FormExtra {
		t.Fatalf("accepted what is not JSON: %s", s.ClientDataJSON)
	}
	if a.Form != passkey.FormExtra && (c.Type != "webauthn.get" || c.Origin != a.Origin || c.CrossOrigin ||
		!bytes.Equal(unbase64(t, c.Challenge), want[:])) {
		t.Fatalf("a JSON parser reads %+v, the verifier %+v", c, a)
	}
}

// FuzzInspect proves the same of the scanner alone, which sees bytes before any
// signature is checked: what it claims of the two closed forms, a JSON parser
// reads the same way.
func FuzzInspect(f *testing.F) {
	for _, c := range verifyCases {
		if s, err := passkey.DecodeSignature(c.edit.signature(f)); err == nil {
			f.Add(s.AuthenticatorData, s.ClientDataJSON)
		}
	}
	f.Fuzz(func(t *testing.T, auth, client []byte) {
		s := passkey.Signature{AuthenticatorData: auth, ClientDataJSON: client}
		b, err := s.Encode()
		if err != nil {
			return
		}
		a, err := passkey.Inspect(b)
		if err != nil || a.Form == passkey.FormExtra {
			return
		}
		// The challenge is not judged by Inspect and may break the JSON.
		const at = len(`{"type":"webauthn.get","challenge":"`)
		copy(client[at:at+43], bytes.Repeat([]byte("A"), 43))
		var c struct{ Type, Origin string }
		if err := json.Unmarshal(client, &c); err != nil || c.Type != "webauthn.get" || c.Origin != a.Origin {
			t.Fatalf("%s: a JSON parser reads %+v, %v, the scanner %+v", client, c, err, a)
		}
	})
}

// FuzzDecodeSignature proves that whatever decodes encodes to the same bytes.
func FuzzDecodeSignature(f *testing.F) {
	for _, c := range verifyCases {
		f.Add(c.edit.signature(f))
	}
	f.Add(passkey.DummySignature())
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := passkey.DecodeSignature(b)
		if err != nil {
			return
		}
		again, err := s.Encode()
		if err != nil || !bytes.Equal(again, b) {
			t.Fatalf("encoded again: %x, %v, was %x", again, err, b)
		}
	})
}
