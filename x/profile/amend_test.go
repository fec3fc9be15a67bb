package profile

import (
	"bytes"
	"errors"
	"testing"
	"time"

	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
)

// narrowed is what an owner may make of terms: nothing less, until bent.
func narrowed(old profilev1.ConsentTerms, of []byte) profilev1.ConsentTerms {
	old.Amends, old.Nonce = of, id(900)[:16]
	old.Categories = append([]profilev1.Category(nil), old.Categories...)
	return old
}

func (c kit) amend(device string, org uint64, t profilev1.ConsentTerms) ([]byte, error) {
	res, err := c.msgs.AmendConsent(c.ctx, &profilev1.MsgAmendConsent{Device: device, OrgId: org, Terms: t})
	if err != nil {
		return nil, err
	}
	return res.ConsentId, nil
}

// wide has every list and filter set, so that each can be narrowed and widened.
func wide() profilev1.ConsentTerms {
	x := terms(lender, 1)
	x.Providers = []profilev1.Provider{{OrgId: 0, Source: "upload"}, {OrgId: source}}
	x.Schemas = []string{"bank-balance", "bank-transaction"}
	x.AmountFenMin = 100
	x.StartsAt += 60
	return x
}

// Every field may become narrower and none wider; who, what for and what it
// continues stay.
func TestNarrower(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		bend func(x *profilev1.ConsentTerms)
		ok   bool
	}{
		{"the same", func(*profilev1.ConsentTerms) {}, true},
		{"another nonce", func(x *profilev1.ConsentTerms) { x.Nonce = id(7)[:16] }, true},
		{"enterprise", func(x *profilev1.ConsentTerms) { x.EnterpriseId = mill }, false},
		{"grantee", func(x *profilev1.ConsentTerms) { x.GranteeOrgId = lender2 }, false},
		{"purpose", func(x *profilev1.ConsentTerms) { x.Purpose = profilev1.Purpose_PURPOSE_MONITORING }, false},
		{"purpose text", func(x *profilev1.ConsentTerms) { x.PurposeTextHash = id(8) }, false},
		{"renews", func(x *profilev1.ConsentTerms) { x.Renews = id(8) }, false},
		{"case number", func(x *profilev1.ConsentTerms) { x.CaseNumber = "1" }, false},
		{"signed by a handler", func(x *profilev1.ConsentTerms) { x.Signer = profilev1.Signer_SIGNER_HANDLER }, false},
		{"a category less", func(x *profilev1.ConsentTerms) { x.Categories = x.Categories[:1] }, true},
		{"a category more", func(x *profilev1.ConsentTerms) {
			x.Categories = append(x.Categories, profilev1.Category_CATEGORY_PAYROLL)
		}, false},
		{"later month from", func(x *profilev1.ConsentTerms) { x.MonthFrom++ }, true},
		{"earlier month from", func(x *profilev1.ConsentTerms) { x.MonthFrom = 202412 }, false},
		{"earlier month to", func(x *profilev1.ConsentTerms) { x.MonthTo-- }, true},
		{"later month to", func(x *profilev1.ConsentTerms) { x.MonthTo++ }, false},
		{"later start", func(x *profilev1.ConsentTerms) { x.StartsAt++ }, true},
		{"earlier start", func(x *profilev1.ConsentTerms) { x.StartsAt-- }, false},
		{"earlier end", func(x *profilev1.ConsentTerms) { x.ExpiresAt-- }, true},
		{"later end", func(x *profilev1.ConsentTerms) { x.ExpiresAt++ }, false},
		{"shorter retention", func(x *profilev1.ConsentTerms) { x.RetentionDays-- }, true},
		{"longer retention", func(x *profilev1.ConsentTerms) { x.RetentionDays++ }, false},
		{"view", func(x *profilev1.ConsentTerms) { x.Mode, x.RetentionDays = profilev1.Mode_MODE_VIEW, 0 }, true},
		{"features only", func(x *profilev1.ConsentTerms) { x.Mode, x.RetentionDays = profilev1.Mode_MODE_QUERY, 0 }, true},
		{"fewer reads", func(x *profilev1.ConsentTerms) { x.FetchLimit-- }, true},
		{"more reads", func(x *profilev1.ConsentTerms) { x.FetchLimit++ }, false},
		{"reads by day", func(x *profilev1.ConsentTerms) { x.FetchUnit = profilev1.FetchUnit_FETCH_UNIT_DAY }, false},
		{"reads by year", func(x *profilev1.ConsentTerms) { x.FetchUnit = profilev1.FetchUnit_FETCH_UNIT_YEAR }, false},
		{"reads of the whole", func(x *profilev1.ConsentTerms) {
			x.FetchType, x.FetchUnit = profilev1.FetchType_FETCH_TYPE_ONETIME, profilev1.FetchUnit_FETCH_UNIT_ONCE
		}, true},
		{"larger amounts", func(x *profilev1.ConsentTerms) { x.AmountFenMin++ }, true},
		{"smaller amounts", func(x *profilev1.ConsentTerms) { x.AmountFenMin-- }, false},
		{"a schema less", func(x *profilev1.ConsentTerms) { x.Schemas = x.Schemas[1:] }, true},
		{"a schema more", func(x *profilev1.ConsentTerms) { x.Schemas = append([]string{"aaa"}, x.Schemas...) }, false},
		{"schemas dropped", func(x *profilev1.ConsentTerms) { x.Schemas = nil }, false},
		{"a provider less", func(x *profilev1.ConsentTerms) { x.Providers = x.Providers[1:] }, true},
		{"one stream of a provider", func(x *profilev1.ConsentTerms) {
			x.Providers = []profilev1.Provider{{OrgId: source, Source: "bank:1"}}
		}, true},
		{"every stream of the owner", func(x *profilev1.ConsentTerms) { x.Providers = []profilev1.Provider{{OrgId: 0}} }, false},
		{"another provider", func(x *profilev1.ConsentTerms) { x.Providers = []profilev1.Provider{{OrgId: source2}} }, false},
		{"providers dropped", func(x *profilev1.ConsentTerms) { x.Providers = nil }, false},
	} {
		next := narrowed(wide(), id(1))
		tc.bend(&next)
		if err := checkNarrower(wide(), next); (err == nil) != tc.ok {
			t.Errorf("%s: got %v", tc.name, err)
		}
	}
	open := wide()
	open.Providers, open.Schemas = nil, nil
	if err := checkNarrower(open, wide()); err != nil {
		t.Errorf("a list where there was none: %v", err)
	}
	if err := checkNarrower(narrowed(wide(), nil), wide()); err != nil {
		t.Errorf("back to the owner's signature: %v", err)
	}
	view := wide()
	view.Mode, view.RetentionDays = profilev1.Mode_MODE_VIEW, 0
	store := view
	store.Mode = profilev1.Mode_MODE_STORE
	if err := checkNarrower(view, store); !errors.Is(err, ErrNarrow) {
		t.Errorf("view to store: got %v", err)
	}
}

// An owner answers a request by narrower terms, and narrows what is live: the two
// rows name each other, the keys turn only where access had been given, and the
// grantee then owes a receipt.
func TestAmend(t *testing.T) {
	t.Parallel()
	c := newKit(t).fresh()
	waiting := c.request(t, wide())
	next := narrowed(wide(), waiting)
	next.Categories, next.Schemas = next.Categories[:1], next.Schemas[:1]
	c = c.fresh()
	first, err := c.amend("admin", shop, next)
	if err != nil {
		t.Fatal(err)
	}
	changed := func(id []byte, s profilev1.ConsentState) *profilev1.EventConsentChanged {
		return &profilev1.EventConsentChanged{ConsentId: id, EnterpriseId: shop, GranteeOrgId: lender, State: s}
	}
	c.wantEvents(t, changed(first, stateActive), changed(waiting, stateAmended))
	c.wantEpoch(t, bank, 1, 0)
	old, _ := c.Consent(c.ctx, waiting)
	row, _ := c.Consent(c.ctx, first)
	if !bytes.Equal(old.AmendedBy, first) || !bytes.Equal(row.Terms.Amends, waiting) || row.RequesterDevice != "officer" || row.SignerDevice != "admin" {
		t.Errorf("got %v and %v", old, row)
	}

	c = c.after(2 * time.Minute).fresh()
	if _, err := c.LiveConsent(c.ctx, first); err != nil {
		t.Error(err)
	}
	fewer := narrowed(next, first)
	fewer.Nonce, fewer.Providers = id(901)[:16], fewer.Providers[1:] // one provider is taken away
	second, err := c.amend("admin", shop, fewer)
	if err != nil {
		t.Fatal(err)
	}
	c.wantEpoch(t, bank, 2, c.ctx.BlockHeight()+DefaultParams().RewrapBlocks) // the narrower one still reads
	list, err := c.asks.DeletionReceipts(c.ctx, &profilev1.QueryDeletionReceiptsRequest{OrgId: lender})
	if err != nil || len(list.Receipts) != 1 || !bytes.Equal(list.Receipts[0].ConsentId, first) {
		t.Errorf("got %v, %v", list, err)
	}
	if _, err := c.LiveConsent(c.ctx, first); !errors.Is(err, ErrNotLive) {
		t.Errorf("the amended one: got %v, want %v", err, ErrNotLive)
	}
	if _, err := c.LiveConsent(c.ctx, second); err != nil {
		t.Error(err)
	}
	c.checkInvariants(t)
}

// Only who may give access amends, only what has not ended, and only to less.
func TestAmendRefused(t *testing.T) {
	t.Parallel()
	c := newKit(t)
	waiting := c.request(t, terms(lender, 1))
	gone := c.granted(t, terms(lender, 2))
	if err := c.revoke("admin", shop, gone); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name   string
		device string
		org    uint64
		wait   time.Duration
		bend   func(x *profilev1.ConsentTerms)
		want   error
	}{
		{"bad terms", "admin", shop, 0, func(x *profilev1.ConsentTerms) { x.Mode = 0 }, ErrTerms},
		{"amends nothing", "admin", shop, 0, func(x *profilev1.ConsentTerms) { x.Amends = nil }, ErrField},
		{"amends a stranger", "admin", shop, 0, func(x *profilev1.ConsentTerms) { x.Amends = id(9) }, ErrNotFound},
		{"unknown device", "x", shop, 0, func(*profilev1.ConsentTerms) {}, errOrg},
		{"by the lender", "admin", lender, 0, func(*profilev1.ConsentTerms) {}, ErrUnauthorised},
		{"by a handler", "officer", shop, 0, func(*profilev1.ConsentTerms) {}, ErrUnauthorised},
		{"by a machine", "service", shop, 0, func(*profilev1.ConsentTerms) {}, ErrUnauthorised},
		{"what was revoked", "admin", shop, 0, func(x *profilev1.ConsentTerms) { x.Amends = gone }, ErrTransition},
		{"wider", "admin", shop, 0, func(x *profilev1.ConsentTerms) { x.FetchLimit++ }, ErrNarrow},
		{"over", "admin", shop, time.Hour, func(x *profilev1.ConsentTerms) { x.ExpiresAt = x.StartsAt + 60 }, ErrTerms},
		{"after the end of the old", "admin", shop, 31 * day, func(*profilev1.ConsentTerms) {}, ErrTransition},
		{"unknown schema", "admin", shop, 0, func(x *profilev1.ConsentTerms) { x.Schemas = []string{"bank-nothing"} }, ErrSchema},
		{"schema of another category", "admin", shop, 0, func(x *profilev1.ConsentTerms) { x.Schemas = []string{"invoice"} }, ErrSchema},
		{"right", "admin", shop, 0, func(*profilev1.ConsentTerms) {}, nil},
	} {
		b := c.branch().after(tc.wait)
		next := narrowed(terms(lender, 1), waiting)
		tc.bend(&next)
		if _, err := b.amend(tc.device, tc.org, next); !errors.Is(err, tc.want) {
			t.Errorf("%s: got %v, want %v", tc.name, err, tc.want)
		}
		b.checkInvariants(t)
	}
}

// A renewal continues a consent of the same parties and purpose that gave access.
func TestRenewal(t *testing.T) {
	t.Parallel()
	c := newKit(t)
	given, waiting, other := c.granted(t, terms(lender, 1)), c.request(t, terms(lender, 2)), c.granted(t, terms(lender2, 1))
	for _, tc := range []struct {
		name string
		of   []byte
		want error
	}{
		{"what gave access", given, nil},
		{"what waits", waiting, ErrTerms},
		{"another lender's", other, ErrTerms},
		{"unknown", id(5), ErrNotFound},
	} {
		b := c.branch()
		x := terms(lender, 3)
		x.Renews = tc.of
		if _, err := b.msgs.RequestConsent(b.ctx, &profilev1.MsgRequestConsent{Device: "officer", OrgId: lender, Terms: x}); !errors.Is(err, tc.want) {
			t.Errorf("%s: got %v, want %v", tc.name, err, tc.want)
		}
		b.checkInvariants(t)
	}
	x := terms(lender, 4)
	x.Amends = given
	if _, err := c.msgs.RequestConsent(c.ctx, &profilev1.MsgRequestConsent{Device: "officer", OrgId: lender, Terms: x}); !errors.Is(err, ErrTerms) {
		t.Errorf("a lender amends: got %v, want %v", err, ErrTerms)
	}
}

// A handler signs only where the ceiling of the purpose allows one, and the journal
// says in which role a device acted.
func TestHandlerSigns(t *testing.T) {
	t.Parallel()
	c := newKit(t)
	x := terms(attestor, 1)
	x.Purpose, x.Signer = profilev1.Purpose_PURPOSE_VERIFICATION, profilev1.Signer_SIGNER_HANDLER
	id := c.request(t, x)
	if _, err := c.msgs.GrantConsent(c.ctx, &profilev1.MsgGrantConsent{Device: "officer", OrgId: shop, ConsentId: id}); err != nil {
		t.Fatal(err)
	}
	j, err := c.asks.ConsentJournal(c.ctx, &profilev1.QueryConsentJournalRequest{ConsentId: id})
	if err != nil || len(j.Entries) != 2 || j.Entries[1].Signer != profilev1.Signer_SIGNER_HANDLER || j.Entries[1].Device != "officer" {
		t.Errorf("got %v, %v", j, err)
	}
	c.checkInvariants(t)
}
