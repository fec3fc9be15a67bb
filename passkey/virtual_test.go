package passkey_test

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"testing"

	"github.com/descope/virtualwebauthn"

	"github.com/xinlian/xinlian/passkey"
	"github.com/xinlian/xinlian/passkey/softkey"
)

// TestVirtualAuthenticator proves that an independent authenticator's assertions
// (Safari's form, DER, randomised, s high half of the time) are accepted after
// Normalize, all of them, and refused without user verification.
func TestVirtualAuthenticator(t *testing.T) {
	t.Parallel()
	cred := virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2)
	key := virtualKey(t, cred)
	rp := virtualwebauthn.RelyingParty{Name: "Xinlian", ID: rpID, Origin: origin}
	policy := passkey.Policy{Enabled: true, Origins: []string{origin}, RPIDs: []string{rpID}}

	for i := range 500 {
		sig := virtualAssert(t, rp, virtualwebauthn.AuthenticatorOptions{}, cred, byte(i))
		a, err := passkey.Verify(key, passkey.DomainSign, message, sig)
		if err == nil {
			err = policy.Check(a)
		}
		if err != nil || a.Form != passkey.FormShort {
			t.Fatalf("assertion %d: %+v, %v", i, a, err)
		}
	}
	cases := []struct {
		options virtualwebauthn.AuthenticatorOptions
		want    error
	}{
		{virtualwebauthn.AuthenticatorOptions{UserNotVerified: true}, passkey.ErrUserVerified},
		{virtualwebauthn.AuthenticatorOptions{UserNotPresent: true}, passkey.ErrUserPresent},
	}
	for _, c := range cases {
		sig := virtualAssert(t, rp, c.options, cred, 0)
		if _, err := passkey.Verify(key, passkey.DomainSign, message, sig); !errors.Is(err, c.want) {
			t.Errorf("%+v: got %v, want %v", c.options, err, c.want)
		}
	}
}

func virtualKey(t *testing.T, cred virtualwebauthn.Credential) *passkey.PubKey {
	t.Helper()
	parsed, err := x509.ParsePKCS8PrivateKey(cred.Key.Data)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := parsed.(*ecdsa.PrivateKey).PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	key, err := passkey.NewPubKey(append([]byte{2 | raw[64]&1}, raw[1:33]...))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func virtualAssert(t *testing.T, rp virtualwebauthn.RelyingParty, o virtualwebauthn.AuthenticatorOptions,
	cred virtualwebauthn.Credential, salt byte,
) []byte {
	t.Helper()
	s := passkey.Signature{Salt: [passkey.SaltBytes]byte{salt}}
	challenge := passkey.Challenge(passkey.DomainSign, message, s.Salt)
	auth := virtualwebauthn.NewAuthenticatorWithOptions(o)
	answer := virtualwebauthn.CreateAssertionResponse(rp, auth, cred, virtualwebauthn.AssertionOptions{Challenge: challenge[:]})
	var parsed struct {
		Response struct{ AuthenticatorData, ClientDataJSON, Signature string }
	}
	if err := json.Unmarshal([]byte(answer), &parsed); err != nil {
		t.Fatal(err)
	}
	r := parsed.Response
	s.AuthenticatorData, s.ClientDataJSON = unbase64(t, r.AuthenticatorData), unbase64(t, r.ClientDataJSON)
	var err error
	if s.RS, err = softkey.Normalize(unbase64(t, r.Signature)); err != nil {
		t.Fatal(err)
	}
	if sha256.Sum256([]byte(rp.ID)) != [32]byte(s.AuthenticatorData[:32]) {
		t.Fatal("the virtual authenticator's data does not begin with rpIdHash")
	}
	b, err := s.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func unbase64(t *testing.T, s string) []byte {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
