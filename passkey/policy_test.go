package passkey_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/xinlian/xinlian/passkey"
)

// TestPolicyCheck proves that origin and rpId are compared whole, after the kill
// switch.
func TestPolicyCheck(t *testing.T) {
	t.Parallel()
	on := passkey.Policy{
		Enabled: true,
		Origins: []string{"https://other.example", origin},
		RPIDs:   []string{"other.example", rpID},
	}
	off := on
	off.Enabled = false
	cases := []struct {
		name         string
		policy       passkey.Policy
		origin, rpID string
		want         error
	}{
		{"allowed", on, origin, rpID, nil},
		{"switched off", off, origin, rpID, passkey.ErrDisabled},
		{"zero value", passkey.Policy{}, origin, rpID, passkey.ErrDisabled},
		{"empty lists", passkey.Policy{Enabled: true}, origin, rpID, passkey.ErrOrigin},
		{"other origin", on, "https://evil.example", rpID, passkey.ErrOrigin},
		{"longer origin", on, origin + ".evil.example", rpID, passkey.ErrOrigin},
		{"shorter origin", on, origin[:len(origin)-1], rpID, passkey.ErrOrigin},
		{"other scheme", on, "http://sign.xinlian.example", rpID, passkey.ErrOrigin},
		{"other port", on, origin + ":8443", rpID, passkey.ErrOrigin},
		{"other case", on, strings.ToUpper(origin), rpID, passkey.ErrOrigin},
		{"other rpId", on, origin, "xinlian.example", passkey.ErrRPID},
		{"no rpId", on, origin, "", passkey.ErrRPID},
		{"origin before rpId", on, "https://evil.example", "evil.example", passkey.ErrOrigin},
	}
	for _, c := range cases {
		a := passkey.Assertion{Origin: c.origin, RPIDHash: sha256.Sum256([]byte(c.rpID))}
		if err := c.policy.Check(a); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
	}
}

// TestPolicyValidate proves that a policy which could never match, or would cost
// every transaction more, is refused.
func TestPolicyValidate(t *testing.T) {
	t.Parallel()
	many := func(n int, format string) []string {
		var s []string
		for i := range n {
			s = append(s, fmt.Sprintf(format, i))
		}
		return s
	}
	good := []string{"https://sign.xinlian.example"}
	cases := []struct {
		name           string
		origins, rpIDs []string
		want           error
	}{
		{"host itself", good, []string{"sign.xinlian.example"}, nil},
		{"domain above", good, []string{"xinlian.example"}, nil},
		{"demo", []string{"http://localhost:8080"}, []string{"localhost"}, nil},
		{"most origins", many(passkey.PolicyOriginsMax, "https://m%d.xinlian.example"), []string{"xinlian.example"}, nil},
		{"too many origins", many(passkey.PolicyOriginsMax+1, "https://m%d.xinlian.example"), []string{"xinlian.example"}, passkey.ErrPolicy},
		{"too many rpIds", many(passkey.PolicyRPIDsMax+1, "https://m%d.example"), many(passkey.PolicyRPIDsMax+1, "m%d.example"), passkey.ErrPolicy},
		{"no origin", nil, []string{"xinlian.example"}, passkey.ErrPolicy},
		{"no rpId", good, nil, passkey.ErrPolicy},
		{"origin twice", append(good, good...), []string{"xinlian.example"}, passkey.ErrPolicy},
		{"rpId twice", good, []string{"xinlian.example", "xinlian.example"}, passkey.ErrPolicy},
		{"rpId empty", good, []string{""}, passkey.ErrPolicy},
		{"rpId of another domain", good, []string{"other.example"}, passkey.ErrPolicy},
		{"rpId below the host", good, []string{"a.sign.xinlian.example"}, passkey.ErrPolicy},
		{"rpId cutting a label", good, []string{"ian.example"}, passkey.ErrPolicy},
		{"rpId of a single label", good, []string{"example"}, passkey.ErrPolicy},
		{"origin without scheme", []string{"sign.xinlian.example"}, []string{"xinlian.example"}, passkey.ErrPolicy},
		{"origin without host", []string{"https://"}, []string{""}, passkey.ErrPolicy},
		{"origin with a path", []string{"https://xinlian.example/"}, []string{"xinlian.example"}, passkey.ErrPolicy},
		{"origin with a user", []string{"https://a@xinlian.example"}, []string{"a@xinlian.example"}, passkey.ErrPolicy},
		{"origin in capitals", []string{"https://Xinlian.example"}, []string{"Xinlian.example"}, passkey.ErrPolicy},
		{"origin not ASCII", []string{"https://信链.example"}, []string{"信链.example"}, passkey.ErrPolicy},
		{"origin with a quote", []string{`https://a".example`}, []string{`a".example`}, passkey.ErrPolicy},
		{"origin too long", []string{"https://" + strings.Repeat("a", passkey.OriginBytesMax)}, []string{"a"}, passkey.ErrPolicy},
		{"plain http", []string{"http://xinlian.example"}, []string{"xinlian.example"}, passkey.ErrPolicy},
	}
	for _, c := range cases {
		p := passkey.Policy{Enabled: true, Origins: c.origins, RPIDs: c.rpIDs}
		if err := p.Validate(); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
	}
	if err := (passkey.Policy{}).Validate(); err != nil {
		t.Errorf("a policy that is off needs no entries: %v", err)
	}
}
