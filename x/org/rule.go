package org

import (
	"bytes"
	"crypto/sha256"
	"slices"

	errorsmod "cosmossdk.io/errors"

	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	"github.com/xinlian/xinlian/internal/wire"
)

// rule is one named truth about the whole state. A genesis must satisfy all of
// them before it is written, and no sequence of messages may break one.
type rule struct {
	name  string
	check func(state) error
}

var rules = []rule{
	{"params", func(s state) error { return validateParams(s.gs.Params) }},
	{"next-id", nextIDRule},
	{"organisation", organisationRule},
	{"tag", tagRule},
	{"kyb", kybRule},
	{"custodian", custodianRule},
	{"device", deviceRule},
	{"device-bound", deviceBoundRule},
	{"last-admin", lastAdminRule},
	{"accreditation", accreditationRule},
	{"recovery", recoveryRule},
	{"quota", quotaRule},
}

// state is the whole state with look-ups by organisation. The maps are asked,
// never walked.
type state struct {
	gs      *orgv1.GenesisState
	orgs    map[uint64]orgv1.Organisation
	devices map[uint64][]orgv1.Device
}

func load(gs *orgv1.GenesisState) (state, error) {
	s := state{gs, make(map[uint64]orgv1.Organisation), make(map[uint64][]orgv1.Device)}
	if gs == nil {
		return s, ErrGenesis.Wrap("empty")
	}
	for _, o := range gs.Organisations {
		s.orgs[o.Id] = o
	}
	for _, d := range gs.Devices {
		s.devices[d.OrgId] = append(s.devices[d.OrgId], d)
	}
	return s, nil
}

// org is an organisation that another row names.
func (s state) org(id uint64) (orgv1.Organisation, error) {
	o, known := s.orgs[id]
	if !known {
		return o, ErrUnknownOrganisation.Wrapf("id %d", id)
	}
	return o, nil
}

func nextIDRule(s state) error {
	var last uint64
	for _, o := range s.gs.Organisations {
		if o.Id <= last {
			return ErrGenesis.Wrapf("organisation %d after %d", o.Id, last)
		}
		last = o.Id
	}
	if s.gs.NextOrgId <= last {
		return ErrGenesis.Wrapf("next id %d, last %d", s.gs.NextOrgId, last)
	}
	return nil
}

func organisationRule(s state) error {
	for _, o := range s.gs.Organisations {
		if err := validOrganisation(o, s.gs.Params.Suite); err != nil {
			return errorsmod.Wrapf(err, "organisation %d", o.Id)
		}
	}
	return nil
}

// validOrganisation judges a row by itself.
func validOrganisation(o orgv1.Organisation, suite orgv1.Suite) error {
	if err := orgKind(o.Kind); err != nil {
		return err
	}
	if err := roles(o.Kind, o.Roles); err != nil {
		return err
	}
	if k := o.DataKey; k != nil {
		if err := dataKey(suite, k.PublicKey); err != nil {
			return err
		}
		if id := sha256.Sum256(k.PublicKey); !bytes.Equal(k.Id, id[:]) {
			return ErrField.Wrap("data_key: id is not the key's hash")
		}
	}
	enterprise := o.Kind == orgv1.OrgKind_ORG_KIND_ENTERPRISE
	switch o.Status {
	case orgv1.OrgStatus_ORG_STATUS_ACTIVE, orgv1.OrgStatus_ORG_STATUS_SUSPENDED:
	case orgv1.OrgStatus_ORG_STATUS_PENDING:
		if !enterprise {
			return ErrField.Wrapf("status: %s is not a member's", o.Status)
		}
	default:
		return ErrField.Wrapf("status: got %d", o.Status)
	}
	if enterprise {
		if o.Name != "" {
			return ErrField.Wrap("name: an enterprise's is never on chain")
		}
		return nil
	}
	if len(o.IdentityTag) != 0 || o.TagEpoch != 0 || len(o.EarlierTag) != 0 || len(o.Retags) != 0 || len(o.Kyb) != 0 || o.CustodianOrgId != 0 || o.SecondCustodianOrgId != 0 {
		return ErrField.Wrap("tags, kyb and custodians are an enterprise's")
	}
	return publicName(o.Name)
}

func tagRule(s state) error {
	seen := make(map[string]uint64)
	for _, o := range s.gs.Organisations {
		if o.Kind != orgv1.OrgKind_ORG_KIND_ENTERPRISE {
			continue
		}
		for _, tag := range tagsOf(o) {
			if err := hash("identity_tag", tag); err != nil {
				return errorsmod.Wrapf(err, "organisation %d", o.Id)
			}
			if other, taken := seen[string(tag)]; taken {
				return ErrTagTaken.Wrapf("by %d, again by %d", other, o.Id)
			}
			seen[string(tag)] = o.Id
		}
		if err := tagEpochs(s, o); err != nil {
			return errorsmod.Wrapf(err, "organisation %d", o.Id)
		}
	}
	return nil
}

// tagEpochs: the tag is of an accepted epoch, an earlier one stands beside it only
// where there was an epoch before, and every word is of another verifier and on
// the epoch that a rotation opened.
func tagEpochs(s state, o orgv1.Organisation) error {
	p := s.gs.Params
	if o.TagEpoch < p.TagEpochMin || o.TagEpoch > p.TagEpoch || len(o.EarlierTag) != 0 && o.TagEpoch < 2 {
		return ErrTagEpoch.Wrapf("got %d, accepted are %d to %d", o.TagEpoch, p.TagEpochMin, p.TagEpoch)
	}
	if len(o.Retags) > TagStatementsMax {
		return ErrField.Wrapf("retags: got %d, want at most %d", len(o.Retags), TagStatementsMax)
	}
	for i, w := range o.Retags {
		if err := hash("retags", w.IdentityTag); err != nil {
			return err
		}
		if _, err := s.org(w.VerifierOrgId); err != nil {
			return err
		}
		again := slices.ContainsFunc(o.Retags[:i], func(b orgv1.TagStatement) bool { return b.VerifierOrgId == w.VerifierOrgId })
		if again || w.TagEpoch != p.TagEpoch || w.TagEpoch <= o.TagEpoch {
			return ErrTagEpoch.Wrapf("word of %d on epoch %d", w.VerifierOrgId, w.TagEpoch)
		}
	}
	return nil
}

// kybRule holds with the lowest legal number of statements: council may raise
// the parameter, and those admitted before stay admitted.
func kybRule(s state) error {
	for _, o := range s.gs.Organisations {
		if o.Kind != orgv1.OrgKind_ORG_KIND_ENTERPRISE {
			continue
		}
		n := len(o.Kyb)
		if n < 1 || n > KybStatementsMax || o.Status == orgv1.OrgStatus_ORG_STATUS_ACTIVE && n < KybStatementsFloor {
			return ErrField.Wrapf("kyb: organisation %d is %s with %d statements", o.Id, o.Status, n)
		}
		var before []orgv1.Organisation
		for _, k := range o.Kyb {
			if err := hash("statement_hash", k.StatementHash); err != nil {
				return errorsmod.Wrapf(err, "organisation %d", o.Id)
			}
			verifier, err := s.org(k.VerifierOrgId)
			if err != nil {
				return err
			}
			if err := AnyRole(orgv1.Role_ROLE_KYB)(verifier, orgv1.Device{}); err != nil {
				return err
			}
			if err := statedBy(o, verifier, before); err != nil {
				return err
			}
			before = append(before, verifier)
		}
	}
	return nil
}

func custodianRule(s state) error {
	for _, o := range s.gs.Organisations {
		first, second := o.CustodianOrgId, o.SecondCustodianOrgId
		if second != 0 && (first == 0 || first == second) {
			return ErrField.Wrapf("custodians of %d: %d and %d", o.Id, first, second)
		}
		for _, id := range []uint64{first, second} {
			if id == 0 {
				continue
			}
			c, err := s.org(id)
			if err != nil {
				return err
			}
			if err := AnyRole(orgv1.Role_ROLE_CUSTODIAN)(c, orgv1.Device{}); err != nil {
				return err
			}
		}
	}
	return nil
}

func deviceRule(s state) error {
	var last []byte
	for _, d := range s.gs.Devices {
		addr, err := validDevice(d)
		if err != nil {
			return errorsmod.Wrapf(err, "device %q", d.Address)
		}
		if bytes.Compare(addr, last) <= 0 {
			return ErrGenesis.Wrapf("device %s is out of order", d.Address)
		}
		last = addr
		if _, err := s.org(d.OrgId); err != nil {
			return err
		}
	}
	return nil
}

// validDevice judges a row by itself, and returns its key in the store.
func validDevice(d orgv1.Device) ([]byte, error) {
	if err := deviceRole(d.Role); err != nil {
		return nil, err
	}
	if _, known := orgv1.DeviceStatus_name[int32(d.Status)]; !known || d.Status == 0 {
		return nil, ErrField.Wrapf("status: got %d", d.Status)
	}
	if err := amountLimit(d.AmountLimitFen); err != nil {
		return nil, err
	}
	if err := expiry(d.Role, d.ExpiresAt); err != nil {
		return nil, err
	}
	_, addr, err := deviceKey(d.Key, d.Role)
	if err != nil {
		return nil, err
	}
	if want := wire.AddressText(addr); d.Address != want {
		return nil, ErrAddress.Wrapf("its key gives %s", want)
	}
	return addr, nil
}

func deviceBoundRule(s state) error {
	for _, o := range s.gs.Organisations {
		live := 0
		for _, d := range s.devices[o.Id] {
			if d.Status != orgv1.DeviceStatus_DEVICE_STATUS_REVOKED {
				live++
			}
		}
		if live > LiveDevicesMax {
			return ErrDevicesFull.Wrapf("organisation %d has %d", o.Id, live)
		}
	}
	return nil
}

// lastAdminRule: somebody can always manage the devices, or, in an enterprise
// whose owner's device is frozen, its verifiers can bind another.
func lastAdminRule(s state) error {
	for _, o := range s.gs.Organisations {
		admins := 0
		for _, d := range s.devices[o.Id] {
			frozen := d.Status == orgv1.DeviceStatus_DEVICE_STATUS_FROZEN && o.Kind != orgv1.OrgKind_ORG_KIND_ENTERPRISE
			if isAdmin(d) && d.Status != orgv1.DeviceStatus_DEVICE_STATUS_REVOKED && !frozen {
				admins++
			}
		}
		if admins == 0 {
			return ErrLastAdmin.Wrapf("organisation %d", o.Id)
		}
	}
	return nil
}

func accreditationRule(s state) error {
	var last orgv1.Accreditation
	for _, a := range s.gs.Accreditations {
		if a.OrgId < last.OrgId || a.OrgId == last.OrgId && a.Category <= last.Category {
			return ErrGenesis.Wrapf("accreditation %d/%d is out of order", a.OrgId, a.Category)
		}
		last = a
		if err := category(a.Category); err != nil {
			return err
		}
		o, err := s.org(a.OrgId)
		if err != nil {
			return err
		}
		if err := AnyRole(orgv1.Role_ROLE_ATTESTOR)(o, orgv1.Device{}); err != nil {
			return err
		}
	}
	return nil
}

func recoveryRule(s state) error {
	var last uint64
	for _, r := range s.gs.Recoveries {
		if r.EnterpriseId <= last {
			return ErrGenesis.Wrapf("recovery of %d is out of order", r.EnterpriseId)
		}
		last = r.EnterpriseId
		o, err := s.org(r.EnterpriseId)
		if err != nil {
			return err
		}
		if !isVerifier(o, r.VerifierOrgId) {
			return ErrVerifier.Wrapf("organisation %d, enterprise %d", r.VerifierOrgId, o.Id)
		}
		if _, _, err := deviceKey(r.NewKey, orgv1.DeviceRole_DEVICE_ROLE_ADMIN); err != nil {
			return err
		}
	}
	return nil
}

func quotaRule(s state) error {
	var last uint64
	for _, q := range s.gs.Quotas {
		if q.OrgId <= last {
			return ErrGenesis.Wrapf("quota of %d is out of order", q.OrgId)
		}
		last = q.OrgId
		if _, err := s.org(q.OrgId); err != nil {
			return err
		}
		if q.Quota.Used > QuotaTxsMax || q.Quota.Window < 0 {
			return ErrField.Wrapf("quota of %d: %d in window %d", q.OrgId, q.Quota.Used, q.Quota.Window)
		}
	}
	return nil
}
