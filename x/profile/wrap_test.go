package profile

import (
	"errors"
	"testing"
	"time"

	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
)

func (c kit) wantEpoch(t *testing.T, category profilev1.Category, number uint32, due int64) {
	t.Helper()
	e, _, err := c.epoch(c.ctx, shop, category)
	if err != nil || e.Number != number || e.RewrapDueHeight != due {
		t.Errorf("%s: got epoch %d due %d, %v, want %d due %d", category, e.Number, e.RewrapDueHeight, err, number, due)
	}
}

// A revocation starts a new epoch, refuses anchors under the old one, and makes
// the custodian owe wraps to whoever still reads, until all of them are posted.
func TestRotation(t *testing.T) {
	t.Parallel()
	c := newKit(t)
	if err := c.anchor(declared(1)); err != nil {
		t.Fatal(err)
	}
	onlyBank := terms(lender, 3)
	onlyBank.Categories = onlyBank.Categories[:1]
	leaving, staying, other := c.granted(t, terms(lender, 1)), c.granted(t, terms(lender, 2)), c.granted(t, onlyBank)
	if err := c.postWraps(staying, wrap(bank, 1, lender), wrap(tax, 1, lender)); err != nil {
		t.Fatal(err)
	}
	c.wantEpoch(t, bank, 1, 0)
	if err := c.revoke("admin", shop, leaving); err != nil {
		t.Fatal(err)
	}
	due := c.ctx.BlockHeight() + DefaultParams().RewrapBlocks
	c.wantEpoch(t, bank, 2, due)
	c.wantEpoch(t, tax, 2, due)

	if err := c.anchor(declared(2)); !errors.Is(err, ErrEpoch) {
		t.Errorf("old epoch: got %v, want %v", err, ErrEpoch)
	}
	next := declared(2)
	next.Epoch = 2
	if err := c.anchor(next); err != nil {
		t.Error(err)
	}

	if err := c.postWraps(staying, wrap(bank, 1, lender), wrap(bank, 2, lender), wrap(tax, 2, lender)); err != nil {
		t.Fatal(err)
	}
	c.wantEpoch(t, tax, 2, 0)
	c.wantEpoch(t, bank, 2, due) // the third consent still waits
	paused := c.branch()
	if _, err := paused.msgs.PauseConsent(paused.ctx, &profilev1.MsgPauseConsent{Device: "admin", OrgId: shop, ConsentId: other}); err != nil {
		t.Fatal(err)
	}
	paused.wantEpoch(t, bank, 2, 0) // a paused consent reads nothing
	paused = paused.after(5 * time.Second)
	if _, err := paused.msgs.ResumeConsent(paused.ctx, &profilev1.MsgResumeConsent{Device: "admin", OrgId: shop, ConsentId: other}); err != nil {
		t.Fatal(err)
	}
	paused.wantEpoch(t, bank, 2, due+5) // and is owed the key again

	if err := c.postWraps(other, wrap(bank, 2, lender)); err != nil {
		t.Fatal(err)
	}
	c.wantEpoch(t, bank, 2, 0)
	for _, id := range [][]byte{other, staying} {
		if err := c.revoke("officer", lender, id); err != nil {
			t.Fatal(err)
		}
	}
	c.wantEpoch(t, bank, 4, 0) // nobody is left to wrap for
	c.wantEpoch(t, tax, 3, 0)
	c.checkInvariants(t)
}

// Wraps belong to a live consent, its categories, begun epochs and the grantee's
// present data key, and only the custodian posts them.
func TestWrapsRefused(t *testing.T) {
	t.Parallel()
	c := newKit(t)
	id, waiting := c.granted(t, terms(lender, 1)), c.request(t, terms(lender, 2))
	keyless := c.granted(t, terms(lender2, 3))
	many := make([]profilev1.WrapRef, WrapsMax+1)
	oldKey, noHash := wrap(bank, 1, lender), wrap(bank, 1, lender)
	oldKey.DataKeyId, noHash.Hash = dataKey(attestor), nil
	for _, tc := range []struct {
		name   string
		org    uint64
		device string
		id     []byte
		wraps  []profilev1.WrapRef
		wait   time.Duration
		want   error
	}{
		{"too many", custodian, "service", id, many, 0, ErrWrap},
		{"no category", custodian, "service", id, []profilev1.WrapRef{wrap(0, 1, lender)}, 0, ErrWrap},
		{"epoch zero", custodian, "service", id, []profilev1.WrapRef{wrap(bank, 0, lender)}, 0, ErrWrap},
		{"no hash", custodian, "service", id, []profilev1.WrapRef{noHash}, 0, ErrWrap},
		{"twice", custodian, "service", id, []profilev1.WrapRef{wrap(bank, 1, lender), wrap(bank, 1, lender)}, 0, ErrWrap},
		{"descending", custodian, "service", id, []profilev1.WrapRef{wrap(tax, 1, lender), wrap(bank, 1, lender)}, 0, ErrWrap},
		{"category not granted", custodian, "service", id, []profilev1.WrapRef{wrap(profilev1.Category_CATEGORY_INVOICE, 1, lender)}, 0, ErrWrap},
		{"epoch to come", custodian, "service", id, []profilev1.WrapRef{wrap(bank, 2, lender)}, 0, ErrWrap},
		{"another data key", custodian, "service", id, []profilev1.WrapRef{oldKey}, 0, ErrWrap},
		{"grantee without data key", custodian, "service", keyless, []profilev1.WrapRef{wrap(bank, 1, lender2)}, 0, ErrWrap},
		{"short id", custodian, "service", id[1:], nil, 0, ErrField},
		{"unknown consent", custodian, "service", dataKey(1), nil, 0, ErrNotFound},
		{"unknown device", custodian, "x", id, nil, 0, errOrg},
		{"no custodian", lender, "service", id, nil, 0, ErrUnauthorised},
		{"another custodian", custodian2, "service", id, nil, 0, ErrUnauthorised},
		{"not granted yet", custodian, "service", waiting, nil, 0, ErrNotLive},
		{"after its end", custodian, "service", id, nil, 30 * day, ErrNotLive},
		{"right", custodian, "service", id, []profilev1.WrapRef{wrap(bank, 1, lender), wrap(tax, 1, lender)}, 0, nil},
	} {
		b := c.branch().after(tc.wait)
		if _, err := b.msgs.PostWraps(b.ctx, &profilev1.MsgPostWraps{
			Device: tc.device, OrgId: tc.org, ConsentId: tc.id, Wraps: tc.wraps,
		}); !errors.Is(err, tc.want) {
			t.Errorf("%s: got %v, want %v", tc.name, err, tc.want)
		}
	}
}
