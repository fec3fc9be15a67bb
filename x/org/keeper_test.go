package org

import (
	"testing"

	"github.com/cosmos/gogoproto/proto"

	cryptotypes "github.com/cosmos/cosmos-sdk/crypto/types"
	sdk "github.com/cosmos/cosmos-sdk/types"

	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	"github.com/xinlian/xinlian/internal/wire"
)

// Test that Acting names, for each way a device may not act, its own reason.
func TestActing(t *testing.T) {
	t.Parallel()
	brief := bend(addPhone, func(m *orgv1.MsgAddDevice) {
		m.Role, m.ExpiresAt = orgv1.DeviceRole_DEVICE_ROLE_OFFICER, genesisTime+10
	})
	phone1, phone2 := account(owner("owner")), account(owner("second phone"))
	for _, c := range []struct {
		name   string
		before []sdk.Msg
		at     int64
		device string
		orgID  uint64
		want   error
	}{
		{name: "active", before: admitted(), device: phone1, orgID: firm},
		{name: "the last second before expiry", before: append(admitted(), brief, &activatePhone), at: 9, device: phone2, orgID: firm},
		{name: "expired", before: append(admitted(), brief, &activatePhone), at: 10, device: phone2, orgID: firm, want: ErrDeviceExpired},
		{name: "no address", device: "bank", orgID: bank, want: ErrAddress},
		{name: "another chain's address", device: "cosmos1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqnrql8a", orgID: bank, want: ErrAddress},
		{name: "unknown", device: account(person("x")), orgID: bank, want: ErrUnknownDevice},
		{name: "another's", device: phone1, before: admitted(), orgID: bank, want: ErrNotActing},
		{name: "pending", before: append(admitted(), &addPhone), device: phone2, orgID: firm, want: ErrDevicePending},
		{name: "frozen", before: append(twoPhones(), freeze(phone1, firm, phone2)), device: phone2, orgID: firm, want: ErrDeviceFrozen},
		{name: "revoked", before: append(twoPhones(), revoke(phone1, firm, phone2)), device: phone2, orgID: firm, want: ErrDeviceRevoked},
		{name: "of a pending firm", before: []sdk.Msg{&registerFirm, &activateOwner}, device: phone1, orgID: firm, want: ErrOrganisationPending},
		{name: "of a suspended firm", before: append(admitted(), suspend(firm, true)), device: phone1, orgID: firm, want: ErrOrganisationSuspended},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.must(t, w.ctx, c.before...)
			o, d, err := w.k.Acting(w.after(c.at), c.device, c.orgID)
			if c.want != nil {
				if !isOnly(err, c.want) || o.Id != 0 || d.OrgId != 0 {
					t.Fatalf("got %v, %v, %v, want %v", o, d, err, c.want)
				}
				return
			}
			if err != nil || o.Id != c.orgID || d.Address != c.device {
				t.Fatalf("got %v, %v, %v", o, d, err)
			}
		})
	}
}

// Test that a source's signature counts only from a live ed25519 service device
// of the organisation, over exactly the message.
func TestVerifySource(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.must(t, w.ctx, &orgv1.MsgAddDevice{
		Device: account(person("bank admin")), OrgId: bank, Key: person("robot"), Role: orgv1.DeviceRole_DEVICE_ROLE_SERVICE,
	}, &orgv1.MsgActivateDevice{Device: account(person("robot"))}, suspend(third, true))
	message := []byte("anchor")
	sign := func(name string) []byte {
		sig, err := serviceSecret(name).Sign(message)
		if err != nil {
			t.Fatal(err)
		}
		return sig
	}
	good := sign("bank service")
	for _, c := range []struct {
		name    string
		device  orgv1.DeviceKey
		orgID   uint64
		message string
		sig     []byte
		want    error
	}{
		{"good", service("bank service"), bank, "anchor", good, nil},
		{"another message", service("bank service"), bank, "Anchor", good, ErrSignature},
		{"another's signature", service("bank service"), bank, "anchor", sign("third service"), ErrSignature},
		{"short", service("bank service"), bank, "anchor", good[:63], ErrSignature},
		{"empty", service("bank service"), bank, "anchor", nil, ErrSignature},
		{"a person's device", person("bank officer"), bank, "anchor", good, ErrDeviceRole},
		{"another kind of key", person("robot"), bank, "anchor", good, ErrKey},
		{"another organisation", service("bank service"), verifier, "anchor", good, ErrNotActing},
		{"a suspended organisation", service("third service"), third, "anchor", sign("third service"), ErrOrganisationSuspended},
	} {
		err := w.k.VerifySource(w.ctx, account(c.device), c.orgID, []byte(c.message), c.sig)
		if c.want == nil && err != nil || c.want != nil && !isOnly(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
	}
}

// Test that each organisation has its own quota, that kinds differ, and that a
// new window starts afresh.
func TestUseQuota(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.must(t, w.ctx, admitted()...)
	use := func(ctx sdk.Context, id uint64, times int) {
		t.Helper()
		for i := range times {
			if err := w.k.UseQuota(ctx, id); err != nil {
				t.Fatalf("transaction %d of %d: %v", i, id, err)
			}
		}
		if err := w.k.UseQuota(ctx, id); !isOnly(err, ErrQuota) {
			t.Fatalf("one more of %d: %v", id, err)
		}
	}
	use(w.ctx, bank, 3)
	use(w.ctx, firm, 2)
	use(w.after(100), bank, 3) // the window is 100 blocks
	if err := w.k.UseQuota(w.ctx, 99); !isOnly(err, ErrUnknownOrganisation) {
		t.Errorf("unknown: %v", err)
	}
	w.checkInvariants(t, w.ctx)
}

// Test that accreditation ends with its time, with the organisation's suspension
// and with the category.
func TestAccredited(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.must(t, w.ctx, &accredit)
	ask := func(ctx sdk.Context, id uint64, category uint32, want bool) {
		t.Helper()
		if got, err := w.k.Accredited(ctx, id, category); err != nil || got != want {
			t.Errorf("%d, %d: got %t, %v", id, category, got, err)
		}
	}
	ask(w.ctx, verifier, 1, true)
	ask(w.after(99), verifier, 1, true)
	ask(w.after(100), verifier, 1, false)
	ask(w.ctx, verifier, 2, false)
	ask(w.ctx, bank, 1, false)
	w.must(t, w.ctx, suspend(verifier, true))
	ask(w.ctx, verifier, 1, false)
	if _, err := w.k.Accredited(w.ctx, 99, 1); !isOnly(err, ErrUnknownOrganisation) {
		t.Errorf("unknown: %v", err)
	}
}

// Test that common control is symmetric, covers an organisation itself, and that
// group 0 is no group.
func TestSameControl(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct {
		a, b uint64
		want bool
	}{
		{bank, bank, true},
		{bank, regulator, false}, // both in group 0
		{verifier, sibling, true},
		{sibling, verifier, true},
		{verifier, third, false},
	} {
		if got, err := w.k.SameControl(w.ctx, c.a, c.b); err != nil || got != c.want {
			t.Errorf("%d, %d: got %t, %v", c.a, c.b, got, err)
		}
	}
	for _, c := range [][2]uint64{{bank, 99}, {99, bank}} {
		if _, err := w.k.SameControl(w.ctx, c[0], c[1]); !isOnly(err, ErrUnknownOrganisation) {
			t.Errorf("%v: %v", c, err)
		}
	}
}

// Test that a registered device has an account with its key, also when somebody
// sent money to the address first, and that the account keeps its number.
func TestDeviceAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	addr := sdk.MustAccAddressFromBech32(account(owner("owner")))
	early := w.accounts.NewAccountWithAddress(w.ctx, addr)
	w.accounts.SetAccount(w.ctx, early)
	w.must(t, w.ctx, &registerFirm)
	acc := w.accounts.GetAccount(w.ctx, addr)
	var key cryptotypes.PubKey
	if acc != nil {
		key = acc.GetPubKey()
	}
	if key == nil || wire.AddressText(key.Address()) != addr.String() {
		t.Fatalf("account %v", acc)
	}
	same(t, "account number", acc.GetAccountNumber(), early.GetAccountNumber())
}

// Test that an organisation's first devices have the limits that were promised.
func TestAmountLimits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.must(t, w.ctx, &admitOrg)
	w.must(t, w.ctx, &orgv1.MsgRegisterEnterprise{
		Device: registerFirm.Device, OrgId: verifier, IdentityTag: digest("t"), StatementHash: digest("s"),
		OwnerKey: owner("owner"), AmountLimitFen: 77,
	}, bend(confirmFirm, func(m *orgv1.MsgConfirmEnterprise) { m.EnterpriseId, m.IdentityTag = firm+1, digest("t") }),
		&activateOwner, bend(requestFirm, func(m *orgv1.MsgRequestRecovery) { m.EnterpriseId = firm + 1 }))
	w.must(t, w.after(delay), bend(completeFirm, func(m *orgv1.MsgCompleteRecovery) { m.EnterpriseId = firm + 1 }))
	for _, c := range []struct {
		key  orgv1.DeviceKey
		want int64
	}{
		{person("auditor admin"), AmountLimitFenMax},
		{owner("owner"), 77},
		{owner("new phone"), 77},
	} {
		d, known, err := w.k.DeviceOf(w.ctx, account(c.key))
		if err != nil || !known || d.AmountLimitFen != c.want || !isAdmin(d) {
			t.Errorf("got %v, %v, want %d", d, err, c.want)
		}
	}
}

// Test the whole row of a firm that two verifiers identified.
func TestEnterpriseRow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.must(t, w.ctx, &registerFirm)
	w.must(t, w.after(3), &confirmFirm)
	got, err := w.k.Organisation(w.ctx, firm)
	if err != nil {
		t.Fatal(err)
	}
	want := orgv1.Organisation{
		Id: firm, Kind: orgv1.OrgKind_ORG_KIND_ENTERPRISE, Roles: []orgv1.Role{orgv1.Role_ROLE_BORROWER},
		Status: orgv1.OrgStatus_ORG_STATUS_ACTIVE, IdentityTag: digest("tag"), TagEpoch: 1, Height: genesisHeight,
		Kyb: []orgv1.KybStatement{
			{VerifierOrgId: verifier, StatementHash: digest("statement"), Height: genesisHeight},
			{VerifierOrgId: bank, StatementHash: digest("statement 2"), Height: genesisHeight + 3},
		},
	}
	if !proto.Equal(&got, &want) {
		same(t, "row", got, want)
	}
}
