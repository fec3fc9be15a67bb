package profile

import (
	"context"
	"errors"
	"testing"

	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
)

// debts is a set of enterprises that owe.
type debts map[uint64]bool

func (d debts) Owes(_ context.Context, enterprise uint64) (bool, error) { return d[enterprise], nil }

func (c kit) erase(device string, org uint64) error {
	_, err := c.msgs.RequestErasure(c.ctx, &profilev1.MsgRequestErasure{Device: device, OrgId: org})
	return err
}

func (c kit) destroyed(device string, org uint64) error {
	_, err := c.msgs.RecordErasure(c.ctx, &profilev1.MsgRecordErasure{Device: device, OrgId: org, EnterpriseId: shop, ReceiptHash: id(4)})
	return err
}

// An erasure ends every consent and epoch, closes the enterprise, and is done when
// every custodian that anchored for it or is its present one has posted a receipt.
func TestErasure(t *testing.T) {
	t.Parallel()
	c := newKit(t)
	if err := c.anchor(declared(1)); err != nil {
		t.Fatal(err)
	}
	if err := c.holdKeys(c.ctx, shop, custodian2); err != nil { // an earlier custodian
		t.Fatal(err)
	}
	waiting, active := c.request(t, terms(lender, 1)), c.granted(t, terms(lender, 2))
	paused := c.granted(t, terms(lender2, 3))
	if _, err := c.msgs.PauseConsent(c.ctx, &profilev1.MsgPauseConsent{Device: "admin", OrgId: shop, ConsentId: paused}); err != nil {
		t.Fatal(err)
	}
	c = c.fresh()
	if err := c.erase("admin", shop); err != nil {
		t.Fatal(err)
	}
	for _, x := range [][]byte{active, paused} {
		if row, err := c.Consent(c.ctx, x); err != nil || row.State != stateRevoked {
			t.Errorf("got %s, %v, want %s", row.State, err, stateRevoked)
		}
	}
	c.wantEpoch(t, bank, 2, 0)
	refused := map[string]error{
		"anchor": c.anchor(declared(2)),
		"wrap":   c.postWraps(active),
		"again":  c.erase("admin", shop),
	}
	_, refused["grant"] = c.msgs.GrantConsent(c.ctx, &profilev1.MsgGrantConsent{Device: "admin", OrgId: shop, ConsentId: waiting})
	_, refused["request"] = c.msgs.RequestConsent(c.ctx, &profilev1.MsgRequestConsent{Device: "officer", OrgId: lender, Terms: terms(lender, 9)})
	_, refused["amend"] = c.amend("admin", shop, narrowed(terms(lender, 1), waiting))
	for name, err := range refused {
		if !errors.Is(err, ErrErased) {
			t.Errorf("%s: got %v, want %v", name, err, ErrErased)
		}
	}
	if _, err := c.msgs.RefuseConsent(c.ctx, &profilev1.MsgRefuseConsent{Device: "admin", OrgId: shop, ConsentId: waiting}); err != nil {
		t.Errorf("refusing a request after the order: %v", err)
	}
	c.checkInvariants(t)

	c = c.fresh()
	for _, tc := range []struct {
		name, device string
		org          uint64
		want         error
	}{
		{"unknown device", "x", custodian, errOrg},
		{"no custodian", "service", lender, ErrErasure},
		{"the earlier custodian", "service", custodian2, nil},
		{"twice", "service", custodian2, ErrErasure},
		{"the present custodian", "admin", custodian, nil},
	} {
		if err := c.destroyed(tc.device, tc.org); !errors.Is(err, tc.want) {
			t.Errorf("%s: got %v, want %v", tc.name, err, tc.want)
		}
		c.checkInvariants(t)
	}
	c.wantEvents(t,
		&profilev1.EventErased{EnterpriseId: shop, CustodianOrgId: custodian2, ReceiptHash: id(4)},
		&profilev1.EventErased{EnterpriseId: shop, CustodianOrgId: custodian, ReceiptHash: id(4), Done: true})
	res, err := c.asks.Erasure(c.ctx, &profilev1.QueryErasureRequest{EnterpriseId: shop})
	if err != nil || res.Erasure.DoneAt != genesisTime.Unix() || len(res.Erasure.Receipts) != 2 || res.Erasure.Receipts[1].Device != "service" {
		t.Errorf("got %v, %v", res, err)
	}
}

// Only the owner orders an erasure, and not while the law wants the records kept.
func TestErasureRefused(t *testing.T) {
	t.Parallel()
	c := newKit(t)
	for _, tc := range []struct {
		name, device string
		org          uint64
		owes, holds  bool
		want         error
	}{
		{"unknown device", "x", shop, false, true, errOrg},
		{"no enterprise", "admin", lender, false, true, ErrUnauthorised},
		{"a handler", "officer", shop, false, true, ErrUnauthorised},
		{"a machine", "service", shop, false, true, ErrUnauthorised},
		{"owes on a loan", "admin", shop, true, true, ErrLegalHold},
		{"owes, and the council lets it", "admin", shop, true, false, nil},
		{"owes nothing", "admin", shop, false, true, nil},
	} {
		b := c.branch()
		b.SetDebts(debts{shop: tc.owes})
		p := DefaultParams()
		p.LoansHoldErasure = tc.holds
		if err := b.params.Set(b.ctx, p); err != nil {
			t.Fatal(err)
		}
		if err := b.erase(tc.device, tc.org); !errors.Is(err, tc.want) {
			t.Errorf("%s: got %v, want %v", tc.name, err, tc.want)
		}
	}
	if _, err := c.asks.Erasure(c.ctx, &profilev1.QueryErasureRequest{EnterpriseId: shop}); !errors.Is(err, ErrNotFound) {
		t.Errorf("got %v, want %v", err, ErrNotFound)
	}
	if err := c.destroyed("service", custodian); !errors.Is(err, ErrNotFound) {
		t.Errorf("a receipt before the order: got %v, want %v", err, ErrNotFound)
	}
}

// A restored vault asks for erasures from the block of its backup on.
func TestErasures(t *testing.T) {
	t.Parallel()
	c := newKit(t)
	if err := c.erase("admin", mill); err != nil {
		t.Fatal(err)
	}
	c = c.after(10 * 1e9)
	if err := c.erase("admin", shop); err != nil {
		t.Fatal(err)
	}
	for from, want := range map[int64][]uint64{0: {mill, shop}, 10: {mill, shop}, 11: {shop}, 21: {}} {
		res, err := c.asks.Erasures(c.ctx, &profilev1.QueryErasuresRequest{FromHeight: from})
		if err != nil || len(res.Erasures) != len(want) {
			t.Errorf("from %d: got %v, %v, want %v", from, res, err, want)
			continue
		}
		for i, e := range res.Erasures {
			if e.EnterpriseId != want[i] {
				t.Errorf("from %d: got %d at %d, want %d", from, e.EnterpriseId, i, want[i])
			}
		}
	}
	c.checkInvariants(t)
}

// The custodians that ever anchored for one enterprise are bounded.
func TestCustodiansBounded(t *testing.T) {
	t.Parallel()
	c := newKit(t)
	for n := range uint64(CustodiansMax) {
		if err := c.holdKeys(c.ctx, shop, 100+n); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.anchor(declared(1)); !errors.Is(err, ErrTooMany) {
		t.Errorf("got %v, want %v", err, ErrTooMany)
	}
	if err := c.holdKeys(c.ctx, shop, 100); err != nil {
		t.Errorf("a known one: %v", err)
	}
}
