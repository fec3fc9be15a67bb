package profile

import (
	"errors"
	"testing"

	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
)

// caseTerms is case n of the regulator against the shop.
func caseTerms(n int) profilev1.ConsentTerms {
	x := terms(regulator, n)
	x.Purpose, x.Signer, x.CaseNumber = profilev1.Purpose_PURPOSE_SUPERVISION, 0, "2026-17"
	return x
}

func (c kit) openCase(device string, t profilev1.ConsentTerms) ([]byte, error) {
	res, err := c.msgs.OpenCase(c.ctx, &profilev1.MsgOpenCase{Device: device, OrgId: t.GranteeOrgId, Terms: t})
	if err != nil {
		return nil, err
	}
	return res.ConsentId, nil
}

func (c kit) confirm(device string, org uint64, id []byte) error {
	_, err := c.msgs.ConfirmCase(c.ctx, &profilev1.MsgConfirmCase{Device: device, OrgId: org, ConsentId: id})
	return err
}

func (c kit) closeCase(device string, org uint64, id []byte) error {
	_, err := c.msgs.CloseCase(c.ctx, &profilev1.MsgCloseCase{Device: device, OrgId: org, ConsentId: id})
	return err
}

// A case takes two devices of the regulator, lets it read like a grantee, is seen
// by the owner, holds an erasure, and ends with new keys and a receipt due.
func TestCase(t *testing.T) {
	t.Parallel()
	c := newKit(t)
	if err := c.anchor(declared(1)); err != nil {
		t.Fatal(err)
	}
	id, err := c.openCase("officer", caseTerms(1))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.LiveConsent(c.ctx, id); !errors.Is(err, ErrNotLive) {
		t.Errorf("before the second device: got %v, want %v", err, ErrNotLive)
	}
	if err := c.confirm("officer", regulator, id); !errors.Is(err, ErrUnauthorised) {
		t.Errorf("the same device twice: got %v, want %v", err, ErrUnauthorised)
	}
	if err := c.confirm("admin", regulator, id); err != nil {
		t.Fatal(err)
	}
	if _, err := c.LiveConsent(c.ctx, id); err != nil {
		t.Error(err)
	}
	if err := c.postWraps(id, wrap(bank, 1, regulator)); err != nil {
		t.Errorf("wraps for a case: %v", err)
	}
	list, err := c.asks.Consents(c.ctx, &profilev1.QueryConsentsRequest{EnterpriseId: shop, Purpose: profilev1.Purpose_PURPOSE_SUPERVISION})
	if err != nil || len(list.Consents) != 1 || list.Consents[0].Terms.CaseNumber != "2026-17" {
		t.Errorf("the owner sees %v, %v", list, err)
	}
	if err := c.erase("admin", shop); !errors.Is(err, ErrLegalHold) {
		t.Errorf("erasing under a case: got %v, want %v", err, ErrLegalHold)
	}
	if err := c.closeCase("admin", regulator, id); err != nil {
		t.Fatal(err)
	}
	c.wantEpoch(t, bank, 2, 0)
	due, err := c.asks.DeletionReceipts(c.ctx, &profilev1.QueryDeletionReceiptsRequest{OrgId: regulator})
	if err != nil || len(due.Receipts) != 1 {
		t.Errorf("got %v, %v", due, err)
	}
	if err := c.erase("admin", shop); err != nil {
		t.Error(err)
	}
	c.checkInvariants(t)
}

// Whatever is tried on a case, or as one, by whom it is not for, is refused.
func TestCaseRefused(t *testing.T) {
	t.Parallel()
	c := newKit(t)
	waiting, err := c.openCase("officer", caseTerms(1))
	if err != nil {
		t.Fatal(err)
	}
	consent := c.granted(t, terms(lender, 1))
	opened := func(device string, bend func(x *profilev1.ConsentTerms)) func(c kit) error {
		return func(c kit) error {
			x := caseTerms(2)
			bend(&x)
			_, err := c.openCase(device, x)
			return err
		}
	}
	for _, tc := range []struct {
		name string
		do   func(c kit) error
		want error
	}{
		{"no case number", opened("officer", func(x *profilev1.ConsentTerms) { x.CaseNumber = "" }), ErrTerms},
		{"long case number", opened("officer", func(x *profilev1.ConsentTerms) { x.CaseNumber = string(make([]byte, CaseBytesMax+1)) }), ErrTerms},
		{"signed by the owner", opened("officer", func(x *profilev1.ConsentTerms) { x.Signer = 1 }), ErrTerms},
		{"another purpose", opened("officer", func(x *profilev1.ConsentTerms) {
			x.Purpose, x.CaseNumber, x.Signer = profilev1.Purpose_PURPOSE_UNDERWRITING, "", 1
		}), ErrTerms},
		{"opened by a machine", opened("service", func(*profilev1.ConsentTerms) {}), ErrUnauthorised},
		{"opened by a lender", opened("officer", func(x *profilev1.ConsentTerms) { x.GranteeOrgId = lender }), ErrUnauthorised},
		{"above the ceiling", opened("officer", func(x *profilev1.ConsentTerms) {
			x.FetchUnit, x.FetchLimit = profilev1.FetchUnit_FETCH_UNIT_DAY, 101
		}), ErrCeiling},
		{"asked for like a consent", func(c kit) error {
			_, err := c.msgs.RequestConsent(c.ctx, &profilev1.MsgRequestConsent{Device: "officer", OrgId: regulator, Terms: caseTerms(3)})
			return err
		}, ErrUnauthorised},
		{"granted by the owner", func(c kit) error {
			_, err := c.msgs.GrantConsent(c.ctx, &profilev1.MsgGrantConsent{Device: "admin", OrgId: shop, ConsentId: waiting})
			return err
		}, ErrUnauthorised},
		{"refused by the owner", func(c kit) error {
			_, err := c.msgs.RefuseConsent(c.ctx, &profilev1.MsgRefuseConsent{Device: "admin", OrgId: shop, ConsentId: waiting})
			return err
		}, ErrUnauthorised},
		{"revoked by the owner", func(c kit) error { return c.revoke("admin", shop, waiting) }, ErrUnauthorised},
		{"amended by the owner", func(c kit) error {
			_, err := c.amend("admin", shop, narrowed(caseTerms(1), waiting))
			return err
		}, ErrUnauthorised},
		{"confirmed by a machine", func(c kit) error { return c.confirm("service", regulator, waiting) }, ErrUnauthorised},
		{"confirmed by the owner", func(c kit) error { return c.confirm("admin", shop, waiting) }, ErrUnauthorised},
		{"confirmed without id", func(c kit) error { return c.confirm("admin", regulator, nil) }, ErrField},
		{"confirmed, unknown", func(c kit) error { return c.confirm("admin", regulator, id(3)) }, ErrNotFound},
		{"a consent confirmed", func(c kit) error { return c.confirm("admin", regulator, consent) }, ErrUnauthorised},
		{"a consent closed", func(c kit) error { return c.closeCase("admin", regulator, consent) }, ErrUnauthorised},
		{"closed by the owner", func(c kit) error { return c.closeCase("admin", shop, waiting) }, ErrUnauthorised},
		{"confirmed after its end", func(c kit) error { return c.after(31*day).confirm("admin", regulator, waiting) }, ErrTransition},
		{"withdrawn", func(c kit) error { return c.closeCase("officer", regulator, waiting) }, nil},
	} {
		b := c.branch()
		if err := tc.do(b); !errors.Is(err, tc.want) {
			t.Errorf("%s: got %v, want %v", tc.name, err, tc.want)
		}
		b.checkInvariants(t)
	}
}
