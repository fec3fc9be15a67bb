package line

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/xinlian/xinlian/gateway/chain"
	"github.com/xinlian/xinlian/gateway/scoring"
	"github.com/xinlian/xinlian/gateway/vault"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/internal/artefact"
)

func held() holdings {
	return holdings{categories: []profilev1.Category{1, 2}, monthFrom: 202501, monthTo: 202610, lastDay: 20_757}
}

// TestTerms proves that every request asks for no more than it must: verifiers
// look and keep nothing, each request has a text that is published, and two
// requests of equal content are two consents.
func TestTerms(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_793_000_000, 0)
	for _, purpose := range []profilev1.Purpose{
		profilev1.Purpose_PURPOSE_UNDERWRITING, profilev1.Purpose_PURPOSE_MONITORING, profilev1.Purpose_PURPOSE_VERIFICATION,
	} {
		a, err := terms(held(), 8, 1, purpose, now)
		if err != nil {
			t.Fatal(err)
		}
		if text, ok := PurposeText(a.PurposeTextHash); !ok || text != Text(purpose) {
			t.Errorf("%s: the text of its hash is %q", purpose, text)
		}
		if purpose == profilev1.Purpose_PURPOSE_VERIFICATION && (a.Mode != profilev1.Mode_MODE_VIEW || a.RetentionDays != 0) {
			t.Errorf("a verifier may keep copies: %v", a)
		}
		if a.StartsAt != now.Unix() || a.ExpiresAt-a.StartsAt > 366*24*3600 || a.FetchLimit == 0 {
			t.Errorf("%s: got %v", purpose, a)
		}
		b, err := terms(held(), 8, 1, purpose, now)
		if err != nil {
			t.Fatal(err)
		}
		x, errX := artefact.ConsentID(a)
		y, errY := artefact.ConsentID(b)
		if errX != nil || errY != nil || string(x) == string(y) {
			t.Errorf("two requests are one consent: %v %v", errX, errY)
		}
	}
	unknown := sha256.Sum256([]byte("a text that nobody published"))
	if text, ok := PurposeText(unknown[:]); ok {
		t.Errorf("an unpublished text is found: %q", text)
	}
}

// TestCovers proves that a consent is used again only where it gives all that a
// new one would.
func TestCovers(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_793_000_000, 0)
	want, err := terms(held(), 8, 3, profilev1.Purpose_PURPOSE_VERIFICATION, now)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		bend func(*profilev1.Consent)
		ok   bool
	}{
		{"the same", func(*profilev1.Consent) {}, true},
		{"still waiting", func(c *profilev1.Consent) { c.State = profilev1.ConsentState_CONSENT_STATE_PENDING }, true},
		{"revoked", func(c *profilev1.Consent) { c.State = profilev1.ConsentState_CONSENT_STATE_REVOKED }, false},
		{"paused", func(c *profilev1.Consent) { c.State = profilev1.ConsentState_CONSENT_STATE_PAUSED }, false},
		{"another grantee", func(c *profilev1.Consent) { c.Terms.GranteeOrgId = 4 }, false},
		{"another purpose", func(c *profilev1.Consent) { c.Terms.Purpose = profilev1.Purpose_PURPOSE_MONITORING }, false},
		{"fewer categories", func(c *profilev1.Consent) { c.Terms.Categories = c.Terms.Categories[:1] }, false},
		{"fewer months", func(c *profilev1.Consent) { c.Terms.MonthTo = 202609 }, false},
		{"fewer reads", func(c *profilev1.Consent) { c.Terms.FetchLimit = 1 }, false},
		{"nearly over", func(c *profilev1.Consent) { c.Terms.ExpiresAt = now.Unix() + 3600 }, false},
	} {
		k := profilev1.Consent{State: profilev1.ConsentState_CONSENT_STATE_ACTIVE, Terms: want}
		c.bend(&k)
		if got := covers(k, want); got != c.ok {
			t.Errorf("%s: got %v", c.name, got)
		}
	}
}

// TestReasons proves which failures end a file and which are tried again.
func TestReasons(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err   error
		want  string
		final bool
	}{
		{ended{ReasonNoProduct}, ReasonNoProduct, true},
		{fmt.Errorf("attesting: %w", scoring.ErrDiffers), ReasonDiffers, true},
		{fmt.Errorf("opening: %w", vault.ErrFetchLimit), ReasonReads, true},
		{fmt.Errorf("opening: %w", vault.ErrConsentRevoked), ReasonEnded, true},
		{fmt.Errorf("asking: %w", &chain.Refused{Space: "profile", Code: 19}), "refused:profile/19", true},
		{&chain.Refused{Space: "sdk", Code: 32}, "", false},
		{vault.ErrNoWraps, "", false},
		{vault.ErrHeadStale, "", false},
		{errors.New("the node is away"), "", false},
	} {
		got, final := reasonOf(c.err)
		if got != c.want || final != c.final {
			t.Errorf("%v: got %q, %v", c.err, got, final)
		}
	}
}

// TestRest proves that a file that fails is left alone for longer each time, up
// to a bound, and at once again after a success.
func TestRest(t *testing.T) {
	t.Parallel()
	l := &Line{}
	if !l.claim(1) {
		t.Fatal("a new file is not free")
	}
	if l.claim(1) {
		t.Error("a file is worked on twice at once")
	}
	l.release(1)
	var last time.Duration
	for range 10 {
		l.rest(1)
		if step := l.resting[1].step; step < last || step > waitMax {
			t.Fatalf("pause of %s after %s", step, last)
		}
		last = l.resting[1].step
	}
	if last != waitMax || l.claim(1) {
		t.Errorf("a resting file is taken up; pause %s", last)
	}
	l.rested(1)
	if !l.claim(1) {
		t.Error("a rested file is not free")
	}
}
