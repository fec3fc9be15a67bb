package org

import (
	"bytes"
	"crypto/ecdh"
	"crypto/sha256"
	"slices"
	"testing"

	"github.com/cosmos/gogoproto/proto"

	sdk "github.com/cosmos/cosmos-sdk/types"

	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/internal/wire"
)

// The usual messages, which cases take and bend.
var (
	registerFirm = orgv1.MsgRegisterEnterprise{
		Device: account(person("verifier officer")), OrgId: verifier, IdentityTag: digest("tag"),
		StatementHash: digest("statement"), OwnerKey: owner("owner"), AmountLimitFen: 900_000,
	}
	confirmFirm = orgv1.MsgConfirmEnterprise{
		Device: account(person("bank officer")), OrgId: bank, EnterpriseId: firm,
		IdentityTag: digest("tag"), StatementHash: digest("statement 2"),
	}
	activateOwner = orgv1.MsgActivateDevice{Device: account(owner("owner"))}
	requestFirm   = orgv1.MsgRequestRecovery{
		Device: account(person("verifier officer")), OrgId: verifier, EnterpriseId: firm, NewKey: owner("new phone"),
	}
	completeFirm = orgv1.MsgCompleteRecovery{Device: account(person("bank officer")), OrgId: bank, EnterpriseId: firm}
	addPhone     = orgv1.MsgAddDevice{
		Device: account(owner("owner")), OrgId: firm, Key: owner("second phone"),
		Role: orgv1.DeviceRole_DEVICE_ROLE_ADMIN, AmountLimitFen: 900_000,
	}
	activatePhone = orgv1.MsgActivateDevice{Device: account(owner("second phone"))}
	admitOrg      = orgv1.MsgRegisterOrganisation{
		Authority: wire.Authority(), Kind: orgv1.OrgKind_ORG_KIND_AUDITOR, Name: "auditor 审计",
		Roles: []orgv1.Role{orgv1.Role_ROLE_AUDITOR}, AdminKey: person("auditor admin"),
	}
	accredit = orgv1.MsgAccredit{
		Authority: wire.Authority(), OrgId: verifier,
		Category: uint32(profilev1.Category_CATEGORY_BANK), ExpiresAt: genesisTime + 100,
	}
)

// bend is a copy of a message with some fields changed.
func bend[M any](m M, change func(*M)) *M {
	change(&m)
	return &m
}

func admitted() []sdk.Msg {
	return []sdk.Msg{&registerFirm, &confirmFirm, &activateOwner}
}

func twoPhones() []sdk.Msg { return append(admitted(), &addPhone, &activatePhone) }

func suspend(id uint64, on bool) *orgv1.MsgSuspendOrganisation {
	return &orgv1.MsgSuspendOrganisation{Authority: wire.Authority(), OrgId: id, Suspended: on}
}

func freeze(device string, id uint64, target string) *orgv1.MsgFreezeDevice {
	return &orgv1.MsgFreezeDevice{Device: device, OrgId: id, Target: target}
}

func unfreeze(device string, id uint64, target string) *orgv1.MsgUnfreezeDevice {
	return &orgv1.MsgUnfreezeDevice{Device: device, OrgId: id, Target: target}
}

func revoke(device string, id uint64, target string) *orgv1.MsgRevokeDevice {
	return &orgv1.MsgRevokeDevice{Device: device, OrgId: id, Target: target}
}

func deviceEvent(id uint64, address string, s orgv1.DeviceStatus) *orgv1.EventDeviceChanged {
	return &orgv1.EventDeviceChanged{OrgId: id, Address: address, Status: s}
}

// step is a message that arrives after others: refused with a code, or accepted
// with exactly these events.
type step struct {
	name   string
	before []sdk.Msg // delivered at genesis time
	at     int64     // seconds after genesis
	msg    sdk.Msg
	want   error
	events []proto.Message
}

// run proves of each step what it says, and of all steps: a refused message
// changes no row, events tell what the rows say, and every invariant holds.
func run(t *testing.T, steps []step) {
	for _, s := range steps {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.must(t, w.ctx, s.before...)
			ctx := w.after(s.at)
			earlier := w.export(t, ctx)

			branch, _ := ctx.CacheContext()
			res, err := w.router.Handler(s.msg)(branch, s.msg)

			w.checkInvariants(t, branch)
			if s.want != nil {
				if !isOnly(err, s.want) {
					t.Fatalf("got %v, want %v", err, s.want)
				}
				same(t, "state after a refusal", w.export(t, branch), earlier)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var want []string
			for _, e := range s.events {
				want = append(want, text(e))
				w.checkTrue(t, branch, e)
			}
			same(t, "events", eventsOf(t, res), want)
		})
	}
}

// checkTrue compares what an event tells with the rows.
func (w *world) checkTrue(t *testing.T, ctx sdk.Context, event proto.Message) {
	t.Helper()
	switch e := event.(type) {
	case *orgv1.EventRegistered:
		o, err := w.k.Organisation(ctx, e.OrgId)
		if err != nil || o.Status != e.Status {
			t.Errorf("organisation %d: %s, %v", e.OrgId, o.Status, err)
		}
	case *orgv1.EventDeviceChanged:
		d, known, err := w.k.DeviceOf(ctx, e.Address)
		if err != nil || !known || d.Status != e.Status || d.OrgId != e.OrgId {
			t.Errorf("device %s: %v %v", e.Address, d, err)
		}
	case *orgv1.EventDataKeySet:
		o, _ := w.k.Organisation(ctx, e.OrgId)
		if o.DataKey == nil || !bytes.Equal(o.DataKey.Id, e.DataKeyId) || o.DataKey.Height != ctx.BlockHeight() {
			t.Errorf("data key %v", o.DataKey)
		}
	case *orgv1.EventCustodianChosen:
		o, _ := w.k.Organisation(ctx, e.OrgId)
		same(t, "custodian", o.CustodianOrgId, e.CustodianOrgId)
	case *orgv1.EventAccredited:
		got, err := w.k.Accredited(ctx, e.OrgId, e.Category)
		if err != nil || got != (e.ExpiresAt > ctx.BlockTime().Unix()) {
			t.Errorf("accredited %t, %v", got, err)
		}
	case *orgv1.EventRetagged:
		o, err := w.k.Organisation(ctx, e.EnterpriseId)
		if err != nil || (o.TagEpoch == e.TagEpoch) != e.Counts || (len(o.Retags) == 0) != e.Counts {
			t.Errorf("enterprise %v, %v", o, err)
		}
	case *orgv1.EventRecovery:
		r, err := w.k.recovery(ctx, e.EnterpriseId)
		over := e.Cancelled || e.Completed
		if over != ErrUnknownRecovery.Is(err) || !over && r.ReadyAt != e.ReadyAt {
			t.Errorf("recovery %v, %v", r, err)
		}
	default:
		t.Errorf("unknown event %T", e)
	}
}

// Test the admission of enterprises: two verifiers that nobody controls both of.
func TestEnterpriseMessages(t *testing.T) {
	t.Parallel()
	pending, active := orgv1.OrgStatus_ORG_STATUS_PENDING, orgv1.OrgStatus_ORG_STATUS_ACTIVE
	first := []sdk.Msg{&registerFirm}
	run(t, []step{
		{name: "register", msg: &registerFirm, events: []proto.Message{
			&orgv1.EventRegistered{OrgId: firm, Status: pending},
			deviceEvent(firm, account(owner("owner")), orgv1.DeviceStatus_DEVICE_STATUS_PENDING),
		}},
		{name: "register with a short tag", want: ErrField, msg: bend(registerFirm, func(m *orgv1.MsgRegisterEnterprise) { m.IdentityTag = m.IdentityTag[1:] })},
		{name: "register with a long statement", want: ErrField, msg: bend(registerFirm, func(m *orgv1.MsgRegisterEnterprise) { m.StatementHash = make([]byte, 33) })},
		{name: "register with a negative limit", want: ErrField, msg: bend(registerFirm, func(m *orgv1.MsgRegisterEnterprise) { m.AmountLimitFen = -1 })},
		{name: "register with a machine's key", want: ErrKey, msg: bend(registerFirm, func(m *orgv1.MsgRegisterEnterprise) { m.OwnerKey = service("x") })},
		{name: "register by a stranger", want: ErrUnknownDevice, msg: bend(registerFirm, func(m *orgv1.MsgRegisterEnterprise) { m.Device = account(person("x")) })},
		{name: "register for another organisation", want: ErrNotActing, msg: bend(registerFirm, func(m *orgv1.MsgRegisterEnterprise) { m.OrgId = bank })},
		{name: "register without the role", want: ErrRole, msg: bend(registerFirm, func(m *orgv1.MsgRegisterEnterprise) {
			m.Device, m.OrgId = account(person("regulator admin")), regulator
		})},
		{name: "register by a machine", want: ErrDeviceRole, msg: bend(registerFirm, func(m *orgv1.MsgRegisterEnterprise) { m.Device = account(service("verifier service")) })},
		{name: "register a firm of the verifier's group", want: ErrControl, msg: bend(registerFirm, func(m *orgv1.MsgRegisterEnterprise) { m.ControlGroup = 7 })},
		{name: "register a tag again", before: first, want: ErrTagTaken, msg: bend(registerFirm, func(m *orgv1.MsgRegisterEnterprise) { m.OwnerKey = owner("other") })},
		{name: "register an owner again", before: first, want: ErrDeviceTaken, msg: bend(registerFirm, func(m *orgv1.MsgRegisterEnterprise) { m.IdentityTag = digest("other") })},

		{name: "confirm", before: first, msg: &confirmFirm, events: []proto.Message{&orgv1.EventRegistered{OrgId: firm, Status: active}}},
		{name: "confirm with a short tag", before: first, want: ErrField, msg: bend(confirmFirm, func(m *orgv1.MsgConfirmEnterprise) { m.IdentityTag = nil })},
		{name: "confirm without a statement", before: first, want: ErrField, msg: bend(confirmFirm, func(m *orgv1.MsgConfirmEnterprise) { m.StatementHash = nil })},
		{name: "confirm another tag", before: first, want: ErrTag, msg: bend(confirmFirm, func(m *orgv1.MsgConfirmEnterprise) { m.IdentityTag = digest("other") })},
		{name: "confirm by a machine", before: first, want: ErrDeviceRole, msg: bend(confirmFirm, func(m *orgv1.MsgConfirmEnterprise) { m.Device = account(service("bank service")) })},
		{name: "confirm by the same verifier", before: first, want: ErrControl, msg: bend(confirmFirm, func(m *orgv1.MsgConfirmEnterprise) {
			m.Device, m.OrgId = account(person("verifier admin")), verifier
		})},
		{name: "confirm by its sibling", before: first, want: ErrControl, msg: bend(confirmFirm, func(m *orgv1.MsgConfirmEnterprise) {
			m.Device, m.OrgId = account(person("sibling admin")), sibling
		})},
		{name: "confirm nobody", want: ErrUnknownOrganisation, msg: &confirmFirm},
		{name: "confirm a bank", want: ErrKind, msg: bend(confirmFirm, func(m *orgv1.MsgConfirmEnterprise) { m.EnterpriseId = third })},
		{name: "confirm what is admitted", before: admitted(), want: ErrStatus, msg: bend(confirmFirm, func(m *orgv1.MsgConfirmEnterprise) {
			m.Device, m.OrgId = account(person("third admin")), third
		})},
		{
			name: "confirm in place of a fallen verifier", before: append(admitted(), suspend(verifier, true)), events: []proto.Message{&orgv1.EventRegistered{OrgId: firm, Status: active}},
			msg: bend(confirmFirm, func(m *orgv1.MsgConfirmEnterprise) { m.Device, m.OrgId = account(person("third admin")), third }),
		},
		{
			name: "confirm in place of a fallen verifier by its sibling", before: append(admitted(), suspend(verifier, true)), want: ErrControl,
			msg: bend(confirmFirm, func(m *orgv1.MsgConfirmEnterprise) { m.Device, m.OrgId = account(person("sibling admin")), sibling }),
		},
	})
}

// Test that the custodian and data key are an admin's to set, and are what they must be.
func TestKeyMessages(t *testing.T) {
	t.Parallel()
	secret, err := ecdh.P256().NewPrivateKey(digest("data key"))
	if err != nil {
		t.Fatal(err)
	}
	point := secret.PublicKey().Bytes()
	id := sha256.Sum256(point)
	crooked := slices.Clone(point)
	crooked[64] ^= 1
	set := orgv1.MsgSetDataKey{Device: account(person("bank admin")), OrgId: bank, PublicKey: point}
	choose := orgv1.MsgChooseCustodian{Device: account(owner("owner")), OrgId: firm, CustodianOrgId: bank, SecondCustodianOrgId: sibling}
	run(t, []step{
		{name: "set", msg: &set, events: []proto.Message{&orgv1.EventDataKeySet{OrgId: bank, DataKeyId: id[:]}}},
		{name: "set off the curve", want: ErrKey, msg: bend(set, func(m *orgv1.MsgSetDataKey) { m.PublicKey = crooked })},
		{name: "set compressed", want: ErrKey, msg: bend(set, func(m *orgv1.MsgSetDataKey) { m.PublicKey = point[:33] })},
		{name: "set nothing", want: ErrKey, msg: bend(set, func(m *orgv1.MsgSetDataKey) { m.PublicKey = nil })},
		{name: "set by an officer", want: ErrDeviceRole, msg: bend(set, func(m *orgv1.MsgSetDataKey) { m.Device = account(person("bank officer")) })},

		{name: "choose", before: admitted(), msg: &choose, events: []proto.Message{&orgv1.EventCustodianChosen{OrgId: firm, CustodianOrgId: bank}}},
		{
			name: "choose one", before: admitted(), msg: bend(choose, func(m *orgv1.MsgChooseCustodian) { m.SecondCustodianOrgId = 0 }),
			events: []proto.Message{&orgv1.EventCustodianChosen{OrgId: firm, CustodianOrgId: bank}},
		},
		{name: "choose one twice", before: admitted(), want: ErrField, msg: bend(choose, func(m *orgv1.MsgChooseCustodian) { m.SecondCustodianOrgId = bank })},
		{name: "choose none", before: admitted(), want: ErrUnknownOrganisation, msg: bend(choose, func(m *orgv1.MsgChooseCustodian) { m.CustodianOrgId = 0 })},
		{name: "choose who is none", before: admitted(), want: ErrRole, msg: bend(choose, func(m *orgv1.MsgChooseCustodian) { m.CustodianOrgId = third })},
		{name: "choose a second who is none", before: admitted(), want: ErrRole, msg: bend(choose, func(m *orgv1.MsgChooseCustodian) { m.SecondCustodianOrgId = third })},
		{name: "choose who is suspended", before: append(admitted(), suspend(sibling, true)), want: ErrOrganisationSuspended, msg: &choose},
		{name: "choose for a bank", want: ErrKind, msg: bend(choose, func(m *orgv1.MsgChooseCustodian) {
			m.Device, m.OrgId = account(person("bank admin")), bank
		})},
		{name: "choose before admission", before: []sdk.Msg{&registerFirm, &activateOwner}, want: ErrOrganisationPending, msg: &choose},
	})
}

// Test the life of devices: every legal change, and every refusal.
func TestDeviceMessages(t *testing.T) {
	t.Parallel()
	const (
		pending = orgv1.DeviceStatus_DEVICE_STATUS_PENDING
		active  = orgv1.DeviceStatus_DEVICE_STATUS_ACTIVE
		frozen  = orgv1.DeviceStatus_DEVICE_STATUS_FROZEN
		revoked = orgv1.DeviceStatus_DEVICE_STATUS_REVOKED
	)
	phone1, phone2 := account(owner("owner")), account(owner("second phone"))
	admin, officer, machine := account(person("bank admin")), account(person("bank officer")), account(service("bank service"))
	brief := bend(addPhone, func(m *orgv1.MsgAddDevice) {
		m.Role, m.ExpiresAt = orgv1.DeviceRole_DEVICE_ROLE_OFFICER, genesisTime+10
	})
	fill := append(admitted(), &addPhone)
	for _, name := range []string{"a", "b", "c"} {
		fill = append(fill, bend(addPhone, func(m *orgv1.MsgAddDevice) { m.Key = owner(name) }))
	}
	run(t, []step{
		{name: "activate after admission", before: []sdk.Msg{&registerFirm, &confirmFirm}, msg: &activateOwner, events: []proto.Message{deviceEvent(firm, phone1, active)}},
		{name: "activate before admission", before: []sdk.Msg{&registerFirm}, msg: &activateOwner, events: []proto.Message{deviceEvent(firm, phone1, active)}},
		{name: "activate again", before: admitted(), want: ErrStatus, msg: &activateOwner},
		{name: "activate what is frozen", before: append(twoPhones(), freeze(phone1, firm, phone2)), want: ErrStatus, msg: &activatePhone},
		{name: "activate a stranger", want: ErrUnknownDevice, msg: &activateOwner},
		{name: "activate no address", want: ErrAddress, msg: &orgv1.MsgActivateDevice{Device: "xin1"}},
		{name: "activate in a suspended firm", before: []sdk.Msg{&registerFirm, suspend(firm, true)}, want: ErrOrganisationSuspended, msg: &activateOwner},
		{name: "activate too late", before: append(admitted(), brief), at: 10, want: ErrDeviceExpired, msg: &activatePhone},

		{name: "add", before: admitted(), msg: &addPhone, events: []proto.Message{deviceEvent(firm, phone2, pending)}},
		{
			name: "add a service", msg: &orgv1.MsgAddDevice{Device: admin, OrgId: bank, Key: service("new"), Role: orgv1.DeviceRole_DEVICE_ROLE_SERVICE},
			events: []proto.Message{deviceEvent(bank, account(service("new")), pending)},
		},
		{name: "add without a role", before: admitted(), want: ErrField, msg: bend(addPhone, func(m *orgv1.MsgAddDevice) { m.Role = 0 })},
		{name: "add with an unknown role", before: admitted(), want: ErrField, msg: bend(addPhone, func(m *orgv1.MsgAddDevice) { m.Role = 9 })},
		{name: "add an expiring admin", before: admitted(), want: ErrField, msg: bend(addPhone, func(m *orgv1.MsgAddDevice) { m.ExpiresAt = genesisTime + 10 })},
		{name: "add what has expired", before: admitted(), at: 10, want: ErrField, msg: brief},
		{name: "add before the epoch", before: admitted(), want: ErrField, msg: bend(addPhone, func(m *orgv1.MsgAddDevice) { m.ExpiresAt = -1 })},
		{name: "add with a passkey for a machine", before: admitted(), want: ErrKey, msg: bend(addPhone, func(m *orgv1.MsgAddDevice) { m.Role = orgv1.DeviceRole_DEVICE_ROLE_SERVICE })},
		{name: "add with more than the sender's limit", before: admitted(), want: ErrLimit, msg: bend(addPhone, func(m *orgv1.MsgAddDevice) { m.AmountLimitFen++ })},
		{name: "add by an officer", want: ErrDeviceRole, msg: &orgv1.MsgAddDevice{Device: officer, OrgId: bank, Key: person("new"), Role: orgv1.DeviceRole_DEVICE_ROLE_OFFICER}},
		{name: "add another's device", before: admitted(), want: ErrDeviceTaken, msg: bend(addPhone, func(m *orgv1.MsgAddDevice) { m.Key = person("bank admin") })},
		{name: "add what was revoked", before: append(twoPhones(), revoke(phone1, firm, phone2)), want: ErrDeviceTaken, msg: &addPhone},
		{name: "add one too many", before: fill, want: ErrDevicesFull, msg: bend(addPhone, func(m *orgv1.MsgAddDevice) { m.Key = owner("d") })},
		{
			name: "add in place of a revoked one", before: append(slices.Clone(fill), revoke(phone1, firm, phone2)), msg: bend(addPhone, func(m *orgv1.MsgAddDevice) { m.Key = owner("d") }),
			events: []proto.Message{deviceEvent(firm, account(owner("d")), pending)},
		},

		{name: "freeze by a machine", msg: freeze(machine, bank, officer), events: []proto.Message{deviceEvent(bank, officer, frozen)}},
		{name: "freeze the owner's only phone", before: admitted(), msg: freeze(phone1, firm, phone1), events: []proto.Message{deviceEvent(firm, phone1, frozen)}},
		{name: "freeze a member's last admin", want: ErrLastAdmin, msg: freeze(officer, bank, admin)},
		{name: "freeze what is pending", before: append(admitted(), &addPhone), want: ErrStatus, msg: freeze(phone1, firm, phone2)},
		{name: "freeze another's device", want: ErrNotActing, msg: freeze(machine, bank, account(person("third admin")))},
		{name: "freeze a stranger", want: ErrUnknownDevice, msg: freeze(machine, bank, account(person("x")))},
		{name: "freeze no address", want: ErrAddress, msg: freeze(machine, bank, "")},
		{name: "freeze by what is frozen", before: []sdk.Msg{freeze(admin, bank, officer)}, want: ErrDeviceFrozen, msg: freeze(officer, bank, machine)},

		{name: "unfreeze", before: []sdk.Msg{freeze(admin, bank, officer)}, msg: unfreeze(admin, bank, officer), events: []proto.Message{deviceEvent(bank, officer, active)}},
		{name: "unfreeze by an officer", before: []sdk.Msg{freeze(admin, bank, machine)}, want: ErrDeviceRole, msg: unfreeze(officer, bank, machine)},
		{name: "unfreeze oneself", before: append(twoPhones(), freeze(phone1, firm, phone2)), want: ErrDeviceFrozen, msg: unfreeze(phone2, firm, phone2)},
		{name: "unfreeze what is active", want: ErrStatus, msg: unfreeze(admin, bank, officer)},
		{name: "unfreeze what is pending", before: append(admitted(), &addPhone), want: ErrStatus, msg: unfreeze(phone1, firm, phone2)},
		{name: "unfreeze another's device", want: ErrNotActing, msg: unfreeze(admin, bank, account(person("third admin")))},

		{name: "revoke", msg: revoke(admin, bank, officer), events: []proto.Message{deviceEvent(bank, officer, revoked)}},
		{name: "revoke what is pending", before: append(admitted(), &addPhone), msg: revoke(phone1, firm, phone2), events: []proto.Message{deviceEvent(firm, phone2, revoked)}},
		{name: "revoke what is frozen", before: append(twoPhones(), freeze(phone1, firm, phone2)), msg: revoke(phone1, firm, phone2), events: []proto.Message{deviceEvent(firm, phone2, revoked)}},
		{name: "revoke oneself beside another admin", before: twoPhones(), msg: revoke(phone1, firm, phone1), events: []proto.Message{deviceEvent(firm, phone1, revoked)}},
		{name: "revoke the last admin", before: append(admitted(), &addPhone), want: ErrLastAdmin, msg: revoke(phone1, firm, phone1)},
		{name: "revoke again", before: []sdk.Msg{revoke(admin, bank, officer)}, want: ErrStatus, msg: revoke(admin, bank, officer)},
		{name: "revoke by an officer", want: ErrDeviceRole, msg: revoke(officer, bank, machine)},
		{name: "revoke by what is revoked", before: append(twoPhones(), revoke(phone1, firm, phone2)), want: ErrDeviceRevoked, msg: revoke(phone2, firm, phone1)},
		{name: "revoke another's device", want: ErrNotActing, msg: revoke(admin, bank, account(person("third admin")))},
	})
}

// Test that a lost device is replaced only by two verifiers, after the delay.
func TestRecoveryMessages(t *testing.T) {
	t.Parallel()
	const (
		pending = orgv1.DeviceStatus_DEVICE_STATUS_PENDING
		frozen  = orgv1.DeviceStatus_DEVICE_STATUS_FROZEN
		revoked = orgv1.DeviceStatus_DEVICE_STATUS_REVOKED
	)
	phone1, phone2 := account(owner("owner")), account(owner("second phone"))
	waiting := append(admitted(), &requestFirm)
	request := func(change func(*orgv1.MsgRequestRecovery)) *orgv1.MsgRequestRecovery {
		return bend(requestFirm, change)
	}
	asked := &orgv1.EventRecovery{EnterpriseId: firm, ReadyAt: genesisTime + delay}
	over := &orgv1.EventRecovery{EnterpriseId: firm, ReadyAt: genesisTime + delay, Completed: true}
	cancel := orgv1.MsgCancelRecovery{Device: phone1, OrgId: firm}
	byBank := request(func(m *orgv1.MsgRequestRecovery) { m.Device, m.OrgId = account(person("bank admin")), bank })
	run(t, []step{
		{name: "request", before: admitted(), msg: &requestFirm, events: []proto.Message{asked}},
		{
			name: "request anew by the same verifier", before: waiting, at: 5, msg: request(func(m *orgv1.MsgRequestRecovery) { m.NewKey = owner("newer") }),
			events: []proto.Message{&orgv1.EventRecovery{EnterpriseId: firm, ReadyAt: genesisTime + 5 + delay}},
		},
		{name: "request beside another's", before: waiting, want: ErrRecoveryWaiting, msg: byBank},
		{name: "request beside one of a suspended verifier", before: append(slices.Clone(waiting), suspend(verifier, true)), msg: byBank, events: []proto.Message{asked}},
		{name: "request with a machine's key", before: admitted(), want: ErrKey, msg: request(func(m *orgv1.MsgRequestRecovery) { m.NewKey = service("x") })},
		{name: "request with a known key", before: admitted(), want: ErrDeviceTaken, msg: request(func(m *orgv1.MsgRequestRecovery) { m.NewKey = owner("owner") })},
		{name: "request by a machine", before: admitted(), want: ErrDeviceRole, msg: request(func(m *orgv1.MsgRequestRecovery) { m.Device = account(service("verifier service")) })},
		{name: "request without the role", before: admitted(), want: ErrRole, msg: request(func(m *orgv1.MsgRequestRecovery) {
			m.Device, m.OrgId = account(person("regulator admin")), regulator
		})},
		{name: "request by a strange verifier", before: admitted(), want: ErrVerifier, msg: request(func(m *orgv1.MsgRequestRecovery) {
			m.Device, m.OrgId = account(person("third admin")), third
		})},
		{name: "request for nobody", want: ErrUnknownOrganisation, msg: &requestFirm},
		{name: "request for a bank", want: ErrKind, msg: request(func(m *orgv1.MsgRequestRecovery) { m.EnterpriseId = bank })},
		{name: "request before admission", before: []sdk.Msg{&registerFirm}, want: ErrOrganisationPending, msg: &requestFirm},
		{name: "request for a suspended firm", before: append(admitted(), suspend(firm, true)), want: ErrOrganisationSuspended, msg: &requestFirm},

		{name: "cancel", before: waiting, msg: &cancel, events: []proto.Message{&orgv1.EventRecovery{EnterpriseId: firm, ReadyAt: genesisTime + delay, Cancelled: true}}},
		{name: "cancel nothing", before: admitted(), want: ErrUnknownRecovery, msg: &cancel},
		{name: "cancel by a bank", before: waiting, want: ErrKind, msg: &orgv1.MsgCancelRecovery{Device: account(person("bank admin")), OrgId: bank}},
		{name: "cancel by a frozen phone", before: append(slices.Clone(waiting), freeze(phone1, firm, phone1)), want: ErrDeviceFrozen, msg: &cancel},

		{name: "complete", before: waiting, at: delay, msg: &completeFirm, events: []proto.Message{
			deviceEvent(firm, phone1, frozen), deviceEvent(firm, account(owner("new phone")), pending), over,
		}},
		{name: "complete beside a pending device", before: append(admitted(), &addPhone, &requestFirm), at: delay, msg: &completeFirm, events: inOrder(
			deviceEvent(firm, phone1, frozen), deviceEvent(firm, phone2, revoked), deviceEvent(firm, account(owner("new phone")), pending), over,
		)},
		{name: "complete with the phone frozen already", before: append(slices.Clone(waiting), freeze(phone1, firm, phone1)), at: delay, msg: &completeFirm, events: []proto.Message{
			deviceEvent(firm, account(owner("new phone")), pending), over,
		}},
		{name: "complete early", before: waiting, at: delay - 1, want: ErrRecoveryEarly, msg: &completeFirm},
		{name: "complete alone", before: waiting, at: delay, want: ErrControl, msg: bend(completeFirm, func(m *orgv1.MsgCompleteRecovery) {
			m.Device, m.OrgId = account(person("verifier admin")), verifier
		})},
		{name: "complete by a strange verifier", before: waiting, at: delay, want: ErrVerifier, msg: bend(completeFirm, func(m *orgv1.MsgCompleteRecovery) {
			m.Device, m.OrgId = account(person("sibling admin")), sibling
		})},
		{name: "complete by a machine", before: waiting, at: delay, want: ErrDeviceRole, msg: bend(completeFirm, func(m *orgv1.MsgCompleteRecovery) { m.Device = account(service("bank service")) })},
		{name: "complete after the first verifier's fall", before: append(slices.Clone(waiting), suspend(verifier, true)), at: delay, want: ErrOrganisationSuspended, msg: &completeFirm},
		{name: "complete by who stepped in for a fallen verifier", at: delay, msg: bend(completeFirm, func(m *orgv1.MsgCompleteRecovery) {
			m.Device, m.OrgId = account(person("third officer")), third
		}), before: append(admitted(), suspend(verifier, true), byBank, bend(confirmFirm, func(m *orgv1.MsgConfirmEnterprise) {
			m.Device, m.OrgId = account(person("third admin")), third
		})), events: []proto.Message{deviceEvent(firm, phone1, frozen), deviceEvent(firm, account(owner("new phone")), pending), over}},
		{name: "complete nothing", before: admitted(), at: delay, want: ErrUnknownRecovery, msg: &completeFirm},
		{
			name: "complete with a key taken since", at: delay, want: ErrDeviceTaken, msg: &completeFirm,
			before: append(slices.Clone(waiting), bend(addPhone, func(m *orgv1.MsgAddDevice) { m.Key = owner("new phone") })),
		},
	})
}

// inOrder sorts device events that one loop over addresses makes; the new
// device's and the last event stay where they are.
func inOrder(events ...proto.Message) []proto.Message {
	slices.SortStableFunc(events[:len(events)-2], func(a, b proto.Message) int {
		x, _ := address(a.(*orgv1.EventDeviceChanged).Address)
		y, _ := address(b.(*orgv1.EventDeviceChanged).Address)
		return bytes.Compare(x, y)
	})
	return events
}

// Test that what council decides is council's alone.
func TestCouncilMessages(t *testing.T) {
	t.Parallel()
	stranger := account(person("bank admin"))
	params := DefaultParams()
	bent := func(change func(*orgv1.MsgRegisterOrganisation)) *orgv1.MsgRegisterOrganisation {
		return bend(admitOrg, change)
	}
	registered := func(id uint64, s orgv1.OrgStatus) []proto.Message {
		return []proto.Message{&orgv1.EventRegistered{OrgId: id, Status: s}}
	}
	run(t, []step{
		{name: "register", msg: &admitOrg, events: append(registered(firm, orgv1.OrgStatus_ORG_STATUS_ACTIVE),
			deviceEvent(firm, account(person("auditor admin")), orgv1.DeviceStatus_DEVICE_STATUS_PENDING))},
		{name: "register by a bank", want: ErrAuthority, msg: bent(func(m *orgv1.MsgRegisterOrganisation) { m.Authority = stranger })},
		{name: "register an enterprise", want: ErrKind, msg: bent(func(m *orgv1.MsgRegisterOrganisation) { m.Kind = orgv1.OrgKind_ORG_KIND_ENTERPRISE })},
		{name: "register no kind", want: ErrField, msg: bent(func(m *orgv1.MsgRegisterOrganisation) { m.Kind = 0 })},
		{name: "register an unknown kind", want: ErrField, msg: bent(func(m *orgv1.MsgRegisterOrganisation) { m.Kind = 7 })},
		{name: "register without a name", want: ErrField, msg: bent(func(m *orgv1.MsgRegisterOrganisation) { m.Name = "" })},
		{name: "register a line break", want: ErrField, msg: bent(func(m *orgv1.MsgRegisterOrganisation) { m.Name = "a\nb" })},
		{name: "register an override of direction", want: ErrField, msg: bent(func(m *orgv1.MsgRegisterOrganisation) { m.Name = "a\u202eb" })},
		{name: "register 65 bytes", want: ErrField, msg: bent(func(m *orgv1.MsgRegisterOrganisation) { m.Name = string(bytes.Repeat([]byte("n"), 65)) })},
		{name: "register roles out of order", want: ErrField, msg: bent(func(m *orgv1.MsgRegisterOrganisation) {
			m.Roles = []orgv1.Role{orgv1.Role_ROLE_AUDITOR, orgv1.Role_ROLE_LENDER}
		})},
		{name: "register a borrower", want: ErrField, msg: bent(func(m *orgv1.MsgRegisterOrganisation) { m.Roles = []orgv1.Role{orgv1.Role_ROLE_BORROWER} })},
		{name: "register a regulator that is none", want: ErrField, msg: bent(func(m *orgv1.MsgRegisterOrganisation) { m.Roles = []orgv1.Role{orgv1.Role_ROLE_REGULATOR} })},
		{name: "register a known key", want: ErrDeviceTaken, msg: bent(func(m *orgv1.MsgRegisterOrganisation) { m.AdminKey = person("bank admin") })},
		{name: "register a machine as admin", want: ErrKey, msg: bent(func(m *orgv1.MsgRegisterOrganisation) { m.AdminKey = service("x") })},

		{name: "accredit", msg: &accredit, events: []proto.Message{&orgv1.EventAccredited{OrgId: verifier, Category: 1, ExpiresAt: genesisTime + 100}}},
		{name: "accredit by a bank", want: ErrAuthority, msg: bend(accredit, func(m *orgv1.MsgAccredit) { m.Authority = stranger })},
		{name: "accredit for no category", want: ErrField, msg: bend(accredit, func(m *orgv1.MsgAccredit) { m.Category = 0 })},
		{name: "accredit for an unknown category", want: ErrField, msg: bend(accredit, func(m *orgv1.MsgAccredit) { m.Category = 1 << 31 })},
		{name: "accredit nobody", want: ErrUnknownOrganisation, msg: bend(accredit, func(m *orgv1.MsgAccredit) { m.OrgId = 99 })},
		{name: "accredit who is no attestor", want: ErrRole, msg: bend(accredit, func(m *orgv1.MsgAccredit) { m.OrgId = bank })},
		{
			name: "withdraw", before: []sdk.Msg{&accredit}, msg: bend(accredit, func(m *orgv1.MsgAccredit) { m.ExpiresAt = genesisTime }),
			events: []proto.Message{&orgv1.EventAccredited{OrgId: verifier, Category: 1, ExpiresAt: genesisTime}},
		},
		{name: "withdraw nothing", want: ErrUnknownAccreditation, msg: bend(accredit, func(m *orgv1.MsgAccredit) { m.ExpiresAt = 0 })},

		{name: "suspend", msg: suspend(bank, true), events: registered(bank, orgv1.OrgStatus_ORG_STATUS_SUSPENDED)},
		{name: "suspend again", before: []sdk.Msg{suspend(bank, true)}, want: ErrStatus, msg: suspend(bank, true)},
		{name: "suspend nobody", want: ErrUnknownOrganisation, msg: suspend(99, true)},
		{name: "suspend by a bank", want: ErrAuthority, msg: &orgv1.MsgSuspendOrganisation{Authority: stranger, OrgId: bank, Suspended: true}},
		{name: "restore", before: []sdk.Msg{suspend(bank, true)}, msg: suspend(bank, false), events: registered(bank, orgv1.OrgStatus_ORG_STATUS_ACTIVE)},
		{name: "restore what is active", want: ErrStatus, msg: suspend(bank, false)},
		{
			name: "restore no further than the verifiers", before: []sdk.Msg{&registerFirm, suspend(firm, true)}, msg: suspend(firm, false),
			events: registered(firm, orgv1.OrgStatus_ORG_STATUS_PENDING),
		},

		{name: "parameters", msg: &orgv1.MsgUpdateParams{Authority: wire.Authority(), Params: params}},
		{name: "parameters by a bank", want: ErrAuthority, msg: &orgv1.MsgUpdateParams{Authority: stranger, Params: params}},
		{name: "parameters out of bounds", want: ErrParams, msg: &orgv1.MsgUpdateParams{Authority: wire.Authority()}},
	})
}
