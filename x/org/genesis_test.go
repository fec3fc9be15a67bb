package org

import (
	"crypto/ecdh"
	"crypto/sha256"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	sdk "github.com/cosmos/cosmos-sdk/types"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"

	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
)

// lived is a world in which every collection has rows.
func lived(t testing.TB) *world {
	t.Helper()
	w := newWorld(t)
	secret, err := ecdh.P256().NewPrivateKey(digest("data key"))
	if err != nil {
		t.Fatal(err)
	}
	w.must(t, w.ctx, twoPhones()...)
	w.must(t, w.ctx, &accredit, &requestFirm,
		&orgv1.MsgSetDataKey{Device: account(person("bank admin")), OrgId: bank, PublicKey: secret.PublicKey().Bytes()},
		&orgv1.MsgChooseCustodian{Device: account(owner("owner")), OrgId: firm, CustodianOrgId: bank, SecondCustodianOrgId: sibling},
		freeze(account(person("bank admin")), bank, account(person("bank officer"))),
		revoke(account(person("third admin")), third, account(person("third officer"))),
		suspend(sibling, true))
	for _, id := range []uint64{bank, firm} {
		if err := w.k.UseQuota(w.ctx, id); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// Test that an export, read into an empty chain and exported again, is the same
// text; with x/auth's accounts before it, and without any.
func TestExportInitExport(t *testing.T) {
	t.Parallel()
	w := lived(t)
	module := NewAppModule(w.k)
	first := module.ExportGenesis(w.ctx, w.cdc.Proto)
	if err := module.ValidateGenesis(w.cdc.Proto, nil, first); err != nil {
		t.Fatal(err)
	}
	accounts := w.accounts.ExportGenesis(w.ctx)
	for _, withAuth := range []bool{true, false} {
		again := newEmptyWorld(t)
		if withAuth {
			again.accounts.InitGenesis(again.ctx, *accounts)
		}
		module := NewAppModule(again.k)
		module.InitGenesis(again.ctx, again.cdc.Proto, first)
		same(t, "export", string(module.ExportGenesis(again.ctx, again.cdc.Proto)), string(first))
		again.checkInvariants(t, again.ctx)
		if withAuth {
			same(t, "accounts", accountsText(t, again), accountsText(t, w))
		}
	}
}

func accountsText(t *testing.T, w *world) string {
	t.Helper()
	gs := w.accounts.ExportGenesis(w.ctx)
	list, err := authtypes.UnpackAccounts(gs.Accounts)
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, a := range list {
		b, err := w.cdc.Proto.MarshalInterfaceJSON(a.(sdk.AccountI))
		if err != nil {
			t.Fatal(err)
		}
		text.Write(b)
	}
	return text.String()
}

// Test that the default genesis is valid, and that unknown fields are not.
func TestDefaultGenesis(t *testing.T) {
	t.Parallel()
	w := newEmptyWorld(t)
	module := NewAppModule(w.k)
	if err := module.ValidateGenesis(w.cdc.Proto, nil, module.DefaultGenesis(w.cdc.Proto)); err != nil {
		t.Error(err)
	}
	if err := module.ValidateGenesis(w.cdc.Proto, nil, json.RawMessage(`{"owners":[]}`)); !isOnly(err, ErrGenesis) {
		t.Errorf("unknown field: %v", err)
	}
	if err := Validate(nil); !isOnly(err, ErrGenesis) {
		t.Errorf("nothing: %v", err)
	}
}

// Test that each rule of the whole state refuses what it is there for. The same
// rules are the invariants, so this also proves that those can fail.
func TestRules(t *testing.T) {
	t.Parallel()
	w := lived(t)
	base, err := w.cdc.Proto.MarshalJSON(w.export(t, w.ctx))
	if err != nil {
		t.Fatal(err)
	}
	of := func(gs *orgv1.GenesisState, name string) *orgv1.Device {
		i := slices.IndexFunc(gs.Devices, func(d orgv1.Device) bool { return d.Address == name })
		return &gs.Devices[i]
	}
	admin, phone := account(person("bank admin")), account(owner("owner"))
	otherTag := sha256.Sum256([]byte("x"))
	for _, c := range []struct {
		rule, name string
		bend       func(*orgv1.GenesisState)
	}{
		{"params", "no delay", func(gs *orgv1.GenesisState) { gs.Params.RecoveryDelaySeconds = 0 }},
		{"next-id", "id in use", func(gs *orgv1.GenesisState) { gs.NextOrgId = firm }},
		{"next-id", "out of order", func(gs *orgv1.GenesisState) { slices.Reverse(gs.Organisations) }},
		{"next-id", "id 0", func(gs *orgv1.GenesisState) { gs.Organisations[0].Id = 0 }},
		{"organisation", "no kind", func(gs *orgv1.GenesisState) { gs.Organisations[0].Kind = 0 }},
		{"organisation", "no status", func(gs *orgv1.GenesisState) { gs.Organisations[0].Status = 0 }},
		{"organisation", "pending member", func(gs *orgv1.GenesisState) {
			gs.Organisations[0].Status = orgv1.OrgStatus_ORG_STATUS_PENDING
		}},
		{"organisation", "member with a tag", func(gs *orgv1.GenesisState) { gs.Organisations[0].IdentityTag = otherTag[:] }},
		{"organisation", "member without a name", func(gs *orgv1.GenesisState) { gs.Organisations[0].Name = "" }},
		{"organisation", "enterprise with a name", func(gs *orgv1.GenesisState) { gs.Organisations[5].Name = "n" }},
		{"organisation", "enterprise that lends", func(gs *orgv1.GenesisState) { gs.Organisations[5].Roles = []orgv1.Role{1} }},
		{"organisation", "enterprise without a role", func(gs *orgv1.GenesisState) { gs.Organisations[5].Roles = nil }},
		{"organisation", "data key's id", func(gs *orgv1.GenesisState) { gs.Organisations[0].DataKey.Id = otherTag[:] }},
		{"organisation", "data key off the curve", func(gs *orgv1.GenesisState) { gs.Organisations[0].DataKey.PublicKey[9] ^= 1 }},
		{"tag", "short", func(gs *orgv1.GenesisState) { gs.Organisations[5].IdentityTag = otherTag[1:] }},
		{"tag", "twice", func(gs *orgv1.GenesisState) {
			copied := gs.Organisations[5]
			copied.Id = gs.NextOrgId
			gs.NextOrgId++
			gs.Organisations = append(gs.Organisations, copied)
		}},
		{"tag", "twice, once as an earlier one", func(gs *orgv1.GenesisState) {
			gs.Organisations[5].EarlierTag = gs.Organisations[5].IdentityTag
		}},
		{"tag", "of no accepted epoch", func(gs *orgv1.GenesisState) { gs.Organisations[5].TagEpoch = 2 }},
		{"tag", "an earlier one before any", func(gs *orgv1.GenesisState) { gs.Organisations[5].EarlierTag = otherTag[:] }},
		{"tag", "a word outside a rotation", func(gs *orgv1.GenesisState) {
			gs.Organisations[5].Retags = []orgv1.TagStatement{{VerifierOrgId: bank, IdentityTag: otherTag[:], TagEpoch: 2}}
		}},
		{"tag", "a word twice", func(gs *orgv1.GenesisState) {
			gs.Params.TagEpoch = 2
			w := orgv1.TagStatement{VerifierOrgId: bank, IdentityTag: otherTag[:], TagEpoch: 2}
			gs.Organisations[5].Retags = []orgv1.TagStatement{w, w}
		}},
		{"tag", "a word of nobody", func(gs *orgv1.GenesisState) {
			gs.Params.TagEpoch = 2
			gs.Organisations[5].Retags = []orgv1.TagStatement{{VerifierOrgId: 99, IdentityTag: otherTag[:], TagEpoch: 2}}
		}},
		{"tag", "a short word", func(gs *orgv1.GenesisState) {
			gs.Params.TagEpoch = 2
			gs.Organisations[5].Retags = []orgv1.TagStatement{{VerifierOrgId: bank, TagEpoch: 2}}
		}},
		{"organisation", "member with an epoch", func(gs *orgv1.GenesisState) { gs.Organisations[0].TagEpoch = 1 }},
		{"kyb", "one statement", func(gs *orgv1.GenesisState) { gs.Organisations[5].Kyb = gs.Organisations[5].Kyb[:1] }},
		{"kyb", "no hash", func(gs *orgv1.GenesisState) { gs.Organisations[5].Kyb[0].StatementHash = nil }},
		{"kyb", "one verifier twice", func(gs *orgv1.GenesisState) { gs.Organisations[5].Kyb[1].VerifierOrgId = verifier }},
		{"kyb", "siblings", func(gs *orgv1.GenesisState) { gs.Organisations[5].Kyb[1].VerifierOrgId = sibling }},
		{"kyb", "no verifier", func(gs *orgv1.GenesisState) { gs.Organisations[5].Kyb[1].VerifierOrgId = regulator }},
		{"kyb", "nobody", func(gs *orgv1.GenesisState) { gs.Organisations[5].Kyb[1].VerifierOrgId = 99 }},
		{"custodian", "nobody", func(gs *orgv1.GenesisState) { gs.Organisations[5].CustodianOrgId = 99 }},
		{"custodian", "none", func(gs *orgv1.GenesisState) { gs.Organisations[5].CustodianOrgId = third }},
		{"custodian", "one twice", func(gs *orgv1.GenesisState) { gs.Organisations[5].SecondCustodianOrgId = bank }},
		{"custodian", "a second without a first", func(gs *orgv1.GenesisState) { gs.Organisations[5].CustodianOrgId = 0 }},
		{"device", "out of order", func(gs *orgv1.GenesisState) { slices.Reverse(gs.Devices) }},
		{"device", "twice", func(gs *orgv1.GenesisState) { gs.Devices = slices.Insert(gs.Devices, 0, gs.Devices[0]) }},
		{"device", "of nobody", func(gs *orgv1.GenesisState) { of(gs, admin).OrgId = 99 }},
		{"device", "another's key", func(gs *orgv1.GenesisState) { of(gs, admin).Key = person("x") }},
		{"device", "no role", func(gs *orgv1.GenesisState) { of(gs, admin).Role = 0 }},
		{"device", "no status", func(gs *orgv1.GenesisState) { of(gs, admin).Status = 0 }},
		{"device", "negative limit", func(gs *orgv1.GenesisState) { of(gs, admin).AmountLimitFen = -1 }},
		{"device", "expiring admin", func(gs *orgv1.GenesisState) { of(gs, admin).ExpiresAt = 1 }},
		{"device", "passkey of a machine", func(gs *orgv1.GenesisState) { of(gs, phone).Role = orgv1.DeviceRole_DEVICE_ROLE_SERVICE }},
		{"device-bound", "65 devices", func(gs *orgv1.GenesisState) {
			for i := range LiveDevicesMax {
				gs.Devices = append(gs.Devices, activeDevice(t, bank, person(string(rune(i))), orgv1.DeviceRole_DEVICE_ROLE_OFFICER, 0))
			}
			if err := SortDevices(gs.Devices); err != nil {
				t.Fatal(err)
			}
		}},
		{"last-admin", "frozen in a bank", func(gs *orgv1.GenesisState) { of(gs, admin).Status = orgv1.DeviceStatus_DEVICE_STATUS_FROZEN }},
		{"last-admin", "revoked in a firm", func(gs *orgv1.GenesisState) {
			of(gs, phone).Status = orgv1.DeviceStatus_DEVICE_STATUS_REVOKED
			of(gs, account(owner("second phone"))).Status = orgv1.DeviceStatus_DEVICE_STATUS_REVOKED
		}},
		{"accreditation", "of nobody", func(gs *orgv1.GenesisState) { gs.Accreditations[0].OrgId = 99 }},
		{"accreditation", "of no attestor", func(gs *orgv1.GenesisState) { gs.Accreditations[0].OrgId = bank }},
		{"accreditation", "no category", func(gs *orgv1.GenesisState) { gs.Accreditations[0].Category = 0 }},
		{"accreditation", "twice", func(gs *orgv1.GenesisState) { gs.Accreditations = append(gs.Accreditations, gs.Accreditations[0]) }},
		{"recovery", "of nobody", func(gs *orgv1.GenesisState) { gs.Recoveries[0].EnterpriseId = 99 }},
		{"recovery", "by a stranger", func(gs *orgv1.GenesisState) { gs.Recoveries[0].VerifierOrgId = third }},
		{"recovery", "with a machine's key", func(gs *orgv1.GenesisState) { gs.Recoveries[0].NewKey = service("x") }},
		{"recovery", "twice", func(gs *orgv1.GenesisState) { gs.Recoveries = append(gs.Recoveries, gs.Recoveries[0]) }},
		{"quota", "of nobody", func(gs *orgv1.GenesisState) { gs.Quotas[1].OrgId = 99 }},
		{"quota", "out of order", func(gs *orgv1.GenesisState) { slices.Reverse(gs.Quotas) }},
		{"quota", "above any", func(gs *orgv1.GenesisState) { gs.Quotas[0].Quota.Used = QuotaTxsMax + 1 }},
		{"quota", "negative window", func(gs *orgv1.GenesisState) { gs.Quotas[0].Quota.Window = -1 }},
	} {
		t.Run(c.rule+" "+c.name, func(t *testing.T) {
			var gs orgv1.GenesisState
			w.cdc.Proto.MustUnmarshalJSON(base, &gs)
			c.bend(&gs)
			s, err := load(&gs)
			if err != nil {
				t.Fatal(err)
			}
			i := slices.IndexFunc(rules, func(r rule) bool { return r.name == c.rule })
			if err := rules[i].check(s); err == nil {
				t.Error("rule holds")
			}
			if err := newEmptyWorld(t).k.InitGenesis(w.ctx, &gs); !isOnly(err, ErrGenesis) {
				t.Errorf("genesis: %v", err)
			}
		})
	}
}

// Test that the invariants over the store alone can fail.
func TestStoreInvariants(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		damage func(*world) error
	}{
		{"tag-index", func(w *world) error { return w.k.tags.Remove(w.ctx, digest("tag")) }},
		{"tag-index", func(w *world) error { return w.k.tags.Set(w.ctx, digest("other"), firm) }},
		{"tag-index", func(w *world) error { return w.k.tagged.Set(w.ctx, 1, 2) }},
		{"tag-index", func(w *world) error { return w.k.tagged.Set(w.ctx, 2, 1) }},
		{"device-index", func(w *world) error {
			addr, _ := address(account(owner("owner")))
			return w.k.devices.Indexes.live.Unreference(w.ctx, addr, func() (orgv1.Device, error) { return orgv1.Device{OrgId: firm}, nil })
		}},
		{"device-index", func(w *world) error {
			addr, _ := address(account(owner("owner")))
			return w.k.devices.Indexes.byOrg.Unreference(w.ctx, addr, func() (orgv1.Device, error) { return orgv1.Device{OrgId: firm}, nil })
		}},
		{"device-account", func(w *world) error {
			w.accounts.RemoveAccount(w.ctx, w.accounts.GetAccount(w.ctx, sdk.MustAccAddressFromBech32(account(owner("owner")))))
			return nil
		}},
	} {
		w := lived(t)
		w.checkInvariants(t, w.ctx)
		if err := c.damage(w); err != nil {
			t.Fatal(err)
		}
		for _, i := range w.k.Invariants() {
			if err := i.Check(w.ctx); (err != nil) != (i.Name == c.name) {
				t.Errorf("after breaking %s, %s says %v", c.name, i.Name, err)
			}
		}
	}
}

// Test that sorting names an address that is none.
func TestSortDevices(t *testing.T) {
	t.Parallel()
	if err := SortDevices([]orgv1.Device{{Address: account(person("a"))}, {Address: "x"}}); !isOnly(err, ErrAddress) {
		t.Errorf("got %v", err)
	}
}
