package org

import (
	"slices"
	"testing"

	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	"github.com/xinlian/xinlian/internal/wire"
	"github.com/xinlian/xinlian/passkey"
)

// Test that the only changes of a device are the six of the diagram.
func TestDeviceChanges(t *testing.T) {
	t.Parallel()
	legal := map[[2]orgv1.DeviceStatus]bool{}
	for _, c := range [][2]orgv1.DeviceStatus{{1, 2}, {1, 4}, {2, 3}, {2, 4}, {3, 2}, {3, 4}} {
		legal[c] = true
	}
	for from := orgv1.DeviceStatus(0); from <= 5; from++ {
		for to := orgv1.DeviceStatus(0); to <= 5; to++ {
			d, err := changed(orgv1.Device{Status: from}, to)
			switch {
			case legal[[2]orgv1.DeviceStatus{from, to}]:
				if err != nil || d.Status != to {
					t.Errorf("%s to %s: %v, %v", from, to, d.Status, err)
				}
			case !isOnly(err, ErrStatus) || d.Status != from:
				t.Errorf("%s to %s: %v, %v", from, to, d.Status, err)
			}
		}
	}
}

// Test that keys are refused which cannot sign, or for which anybody can.
func TestPubKey(t *testing.T) {
	t.Parallel()
	key := func(t orgv1.KeyType, b []byte) orgv1.DeviceKey { return orgv1.DeviceKey{Type: t, Key: b} }
	fill := func(n int, first, rest byte) []byte {
		b := slices.Repeat([]byte{rest}, n)
		b[0] = first
		return b
	}
	const (
		pass  = orgv1.KeyType_KEY_TYPE_PASSKEY
		ed    = orgv1.KeyType_KEY_TYPE_ED25519
		curve = orgv1.KeyType_KEY_TYPE_SECP256K1
	)
	for _, c := range []struct {
		name string
		key  orgv1.DeviceKey
		size int // of the address, 0 for refused
	}{
		{"passkey", owner("a"), 32},
		{"ed25519", service("a"), 20},
		{"secp256k1", person("a"), 20},
		{"no type", key(0, person("a").Key), 0},
		{"unknown type", key(4, person("a").Key), 0},
		{"no key", key(curve, nil), 0},
		{"passkey short", key(pass, owner("a").Key[:32]), 0},
		{"passkey off the curve", key(pass, fill(33, 2, 0xff)), 0},
		{"passkey with a wrong tag", key(pass, fill(33, 4, 1)), 0},
		{"ed25519 long", key(ed, append(service("a").Key, 0)), 0},
		{"ed25519 identity", key(ed, fill(32, 1, 0)), 0},
		{"ed25519 of order 4", key(ed, make([]byte, 32)), 0},
		{"ed25519 off the curve", key(ed, fill(32, 2, 0)), 0},
		{"secp256k1 off the curve", key(curve, fill(33, 2, 0xff)), 0},
		{"secp256k1 long", key(curve, append(person("a").Key, 0)), 0},
		{"secp256k1 with a wrong tag", key(curve, append([]byte{5}, person("a").Key[1:]...)), 0},
	} {
		pub, err := PubKey(c.key)
		if c.size == 0 {
			if !isOnly(err, ErrKey) {
				t.Errorf("%s: got %v, %v", c.name, pub, err)
			}
			continue
		}
		if err != nil || len(pub.Address()) != c.size {
			t.Errorf("%s: got %v, %v", c.name, pub, err)
		}
	}
}

// Test what a recovery does to earlier devices, and that it always makes room.
func TestDisplaced(t *testing.T) {
	t.Parallel()
	const (
		p = orgv1.DeviceStatus_DEVICE_STATUS_PENDING
		a = orgv1.DeviceStatus_DEVICE_STATUS_ACTIVE
		f = orgv1.DeviceStatus_DEVICE_STATUS_FROZEN
		r = orgv1.DeviceStatus_DEVICE_STATUS_REVOKED
	)
	for _, c := range []struct {
		name string
		most uint32
		live []orgv1.DeviceStatus
		want []orgv1.DeviceStatus // after; equal means no row changes
	}{
		{"none", 2, nil, nil},
		{"active are frozen", 4, []orgv1.DeviceStatus{a, a}, []orgv1.DeviceStatus{f, f}},
		{"pending are revoked", 4, []orgv1.DeviceStatus{p, a}, []orgv1.DeviceStatus{r, f}},
		{"frozen stay", 4, []orgv1.DeviceStatus{f, a}, []orgv1.DeviceStatus{f, f}},
		{"full", 3, []orgv1.DeviceStatus{a, f, a}, []orgv1.DeviceStatus{r, f, f}},
		{"full with a pending one", 3, []orgv1.DeviceStatus{a, p, f}, []orgv1.DeviceStatus{f, r, f}},
		{"above a bound that was lowered", 2, []orgv1.DeviceStatus{f, f, a, a}, []orgv1.DeviceStatus{r, r, r, f}},
	} {
		var live []orgv1.Device
		for i, s := range c.live {
			live = append(live, orgv1.Device{Address: string(rune('a' + i)), Status: s, Role: orgv1.DeviceRole(1 + i%2), AmountLimitFen: int64(10 + i)})
		}
		rows, limitFen := displaced(live, c.most)
		got := slices.Clone(c.live)
		for _, d := range rows {
			got[d.Address[0]-'a'] = d.Status
		}
		same(t, c.name, got, c.want)
		wantFen := int64(0) // devices 0, 2, 4 … are admins
		if n := len(live); n > 0 {
			wantFen = int64(10 + (n-1)/2*2)
		}
		same(t, c.name+": limit", limitFen, wantFen)
	}
}

// Test each bound of the parameters, at the bound and one beyond it.
func TestParamsBounds(t *testing.T) {
	t.Parallel()
	if err := validateParams(DefaultParams()); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name        string
		least, most int64
		set         func(*orgv1.Params, int64)
	}{
		{"devices_max", DevicesMaxMin, DevicesMaxMax, func(p *orgv1.Params, v int64) { p.DevicesMax = uint32(v) }},
		{"kyb_statements_min", 2, 4, func(p *orgv1.Params, v int64) { p.KybStatementsMin = uint32(v) }},
		{"recovery_delay_seconds", RecoveryDelaySecondsMin, RecoveryDelaySecondsMax, func(p *orgv1.Params, v int64) { p.RecoveryDelaySeconds = v }},
		{"quota_window_blocks", 1, QuotaWindowBlocksMax, func(p *orgv1.Params, v int64) { p.QuotaWindowBlocks = v }},
		{"quota_member_txs", 1, QuotaTxsMax, func(p *orgv1.Params, v int64) { p.QuotaMemberTxs = uint32(v) }},
		{"quota_enterprise_txs", 1, QuotaTxsMax, func(p *orgv1.Params, v int64) { p.QuotaEnterpriseTxs = uint32(v) }},
		{"tx_bytes_max", TxBytesMin, TxBytesMax, func(p *orgv1.Params, v int64) { p.TxBytesMax = uint32(v) }},
		{"timeout_seconds_max", TimeoutSecondsMin, TimeoutSecondsMax, func(p *orgv1.Params, v int64) { p.TimeoutSecondsMax = v }},
	} {
		for v, ok := range map[int64]bool{c.least: true, c.most: true, c.least - 1: false, c.most + 1: false} {
			p := DefaultParams()
			c.set(&p, v)
			if err := validateParams(p); (err == nil) != ok || err != nil && !isOnly(err, ErrParams) {
				t.Errorf("%s = %d: %v", c.name, v, err)
			}
		}
	}
	passkeys := DefaultParams()
	passkeys.PasskeyEnabled = true
	if err := validateParams(passkeys); !isOnly(err, ErrParams) {
		t.Errorf("passkeys without an origin: %v", err)
	}
	passkeys.Origins, passkeys.RpIds = []string{"http://localhost:8080"}, []string{"localhost"}
	if err := validateParams(passkeys); err != nil {
		t.Errorf("localhost: %v", err)
	}
	same(t, "policy", PasskeyPolicy(passkeys), passkey.Policy{Enabled: true, Origins: passkeys.Origins, RPIDs: passkeys.RpIds})
	passkeys.Origins = []string{"https://" + string(slices.Repeat([]byte("a"), OriginBytesMax)), "http://localhost"}
	if err := validateParams(passkeys); !isOnly(err, ErrParams) {
		t.Errorf("long origin: %v", err)
	}
}

// Test that admission follows the statements required, and suspension keeps it.
func TestAdmission(t *testing.T) {
	t.Parallel()
	statement := orgv1.KybStatement{VerifierOrgId: 1, StatementHash: digest("s")}
	o := orgv1.Organisation{Kind: orgv1.OrgKind_ORG_KIND_ENTERPRISE, Status: orgv1.OrgStatus_ORG_STATUS_PENDING, Kyb: []orgv1.KybStatement{statement}}
	two, err := confirmed(o, statement, 3, 1)
	if err != nil || two.Status != orgv1.OrgStatus_ORG_STATUS_PENDING || len(o.Kyb) != 1 {
		t.Fatalf("second of three: %v, %v, %v", two, o, err)
	}
	three, err := confirmed(two, statement, 3, 2)
	if err != nil || three.Status != orgv1.OrgStatus_ORG_STATUS_ACTIVE {
		t.Fatalf("third of three: %v, %v", three, err)
	}
	if _, err := confirmed(three, statement, 3, 2); !isOnly(err, ErrStatus) {
		t.Errorf("fourth: %v", err)
	}
	// One verifier fell, and council raised the number: another one steps in, and
	// the firm stays what it is.
	if again, err := confirmed(three, statement, 4, 1); err != nil || again.Status != orgv1.OrgStatus_ORG_STATUS_ACTIVE || len(again.Kyb) != 4 {
		t.Errorf("in place of one: %v, %v", again, err)
	}
	gone := three
	gone.Status = orgv1.OrgStatus_ORG_STATUS_SUSPENDED
	if _, err := confirmed(gone, statement, 3, 0); !isOnly(err, ErrStatus) {
		t.Errorf("suspended: %v", err)
	}
	full := two
	full.Kyb = slices.Repeat([]orgv1.KybStatement{statement}, KybStatementsMax)
	if _, err := confirmed(full, statement, 4, 4); !isOnly(err, ErrField) {
		t.Errorf("fifth: %v", err)
	}
	gone, err = suspended(three, true, 3)
	if err != nil || gone.Status != orgv1.OrgStatus_ORG_STATUS_SUSPENDED {
		t.Fatalf("suspended: %v, %v", gone, err)
	}
	// Council raised the number meanwhile: the firm needs one more verifier.
	back, err := suspended(gone, false, 4)
	if err != nil || back.Status != orgv1.OrgStatus_ORG_STATUS_PENDING {
		t.Errorf("restored: %v, %v", back, err)
	}
}

// Test the requirements that other modules put on a sender.
func TestRequirements(t *testing.T) {
	t.Parallel()
	o := orgv1.Organisation{Id: 1, Kind: orgv1.OrgKind_ORG_KIND_BANK, Roles: []orgv1.Role{orgv1.Role_ROLE_LENDER}}
	firm := orgv1.Organisation{Id: 2, Kind: orgv1.OrgKind_ORG_KIND_ENTERPRISE, Roles: []orgv1.Role{orgv1.Role_ROLE_BORROWER}}
	admin := orgv1.Device{Role: orgv1.DeviceRole_DEVICE_ROLE_ADMIN, AmountLimitFen: 100}
	officer := orgv1.Device{Role: orgv1.DeviceRole_DEVICE_ROLE_OFFICER, AmountLimitFen: 100}
	machine := orgv1.Device{Role: orgv1.DeviceRole_DEVICE_ROLE_SERVICE}
	for _, c := range []struct {
		name  string
		holds Requirement
		o     orgv1.Organisation
		d     orgv1.Device
		want  error
	}{
		{"role", AnyRole(orgv1.Role_ROLE_KYB, orgv1.Role_ROLE_LENDER), o, admin, nil},
		{"other role", AnyRole(orgv1.Role_ROLE_KYB), o, admin, ErrRole},
		{"no role", AnyRole(), o, admin, ErrRole},
		{"enterprise", Enterprise, firm, admin, nil},
		{"bank as enterprise", Enterprise, o, admin, ErrKind},
		{"member", Member, o, admin, nil},
		{"enterprise as member", Member, firm, admin, ErrKind},
		{"person", Person, o, admin, nil},
		{"officer is a person", Person, o, officer, nil},
		{"machine is none", Person, o, machine, ErrDeviceRole},
		{"admin", Admin, o, admin, nil},
		{"officer is no admin", Admin, o, officer, ErrDeviceRole},
		{"at the limit", Amount(100), o, officer, nil},
		{"nothing", Amount(0), o, machine, nil},
		{"above the limit", Amount(101), o, officer, ErrLimit},
		{"a machine's money", Amount(1), o, machine, ErrLimit},
		{"negative", Amount(-1), o, admin, ErrLimit},
	} {
		err := c.holds(c.o, c.d)
		if c.want == nil && err != nil || c.want != nil && !isOnly(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
	}
	if Council("a", "a") != nil || !isOnly(Council("a", "b"), ErrAuthority) || !isOnly(Council("a", ""), ErrAuthority) {
		t.Error("council")
	}
}

// Test that no bytes of a key make the decoder panic, and that what it accepts
// has an address of its type's length, which reads back.
func FuzzPubKey(f *testing.F) {
	for _, k := range []orgv1.DeviceKey{owner("a"), service("a"), person("a"), {}} {
		f.Add(int32(k.Type), k.Key)
	}
	f.Fuzz(func(t *testing.T, keyType int32, key []byte) {
		pub, err := PubKey(orgv1.DeviceKey{Type: orgv1.KeyType(keyType), Key: key})
		if err != nil {
			if !isOnly(err, ErrKey) {
				t.Fatal(err)
			}
			return
		}
		size := 20
		if keyType == int32(orgv1.KeyType_KEY_TYPE_PASSKEY) {
			size = 32
		}
		back, err := address(wire.AddressText(pub.Address()))
		if err != nil || len(back) != size {
			t.Fatalf("address of %d bytes, %v", len(back), err)
		}
	})
}
