package org

import (
	"context"

	"cosmossdk.io/collections"

	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
)

// RegisterOrganisation admits an organisation that is not an enterprise, with
// its first admin device, pending and without a lower limit than any amount.
func (s msgServer) RegisterOrganisation(ctx context.Context, m *orgv1.MsgRegisterOrganisation) (*orgv1.MsgRegisterOrganisationResponse, error) {
	if err := orgKind(m.Kind); err != nil {
		return nil, err
	}
	if m.Kind == orgv1.OrgKind_ORG_KIND_ENTERPRISE {
		return nil, ErrKind.Wrap("an enterprise is registered by its verifier")
	}
	if err := roles(m.Kind, m.Roles); err != nil {
		return nil, err
	}
	if err := publicName(m.Name); err != nil {
		return nil, err
	}
	admin, err := decodeDevice(m.AdminKey, orgv1.DeviceRole_DEVICE_ROLE_ADMIN, AmountLimitFenMax, 0)
	if err != nil {
		return nil, err
	}

	if err := Council(s.k.authority, m.Authority); err != nil {
		return nil, err
	}

	if err := s.k.free(ctx, admin); err != nil {
		return nil, err
	}

	o, err := s.k.register(ctx, orgv1.Organisation{
		Kind:         m.Kind,
		Roles:        m.Roles,
		Status:       orgv1.OrgStatus_ORG_STATUS_ACTIVE,
		Name:         m.Name,
		ControlGroup: m.ControlGroup,
	}, admin)
	return &orgv1.MsgRegisterOrganisationResponse{OrgId: o.Id}, err
}

// Accredit lets an attestor speak about a category until a time. A time that has
// passed withdraws the accreditation.
func (s msgServer) Accredit(ctx context.Context, m *orgv1.MsgAccredit) (*orgv1.MsgAccreditResponse, error) {
	if err := category(m.Category); err != nil {
		return nil, err
	}

	if err := Council(s.k.authority, m.Authority); err != nil {
		return nil, err
	}

	o, err := s.k.Organisation(ctx, m.OrgId)
	if err != nil {
		return nil, err
	}
	if err := AnyRole(orgv1.Role_ROLE_ATTESTOR)(o, orgv1.Device{}); err != nil {
		return nil, err
	}
	key := collections.Join(m.OrgId, m.Category)
	known, err := s.k.accreditations.Has(ctx, key)
	if err != nil {
		return nil, err
	}
	withdraw := m.ExpiresAt <= now(ctx)
	if withdraw && !known {
		return nil, ErrUnknownAccreditation.Wrapf("organisation %d, category %d", m.OrgId, m.Category)
	}

	if withdraw {
		err = s.k.accreditations.Remove(ctx, key)
	} else {
		err = s.k.accreditations.Set(ctx, key, orgv1.Accreditation{OrgId: m.OrgId, Category: m.Category, ExpiresAt: m.ExpiresAt})
	}
	if err != nil {
		return nil, err
	}
	return &orgv1.MsgAccreditResponse{},
		emit(ctx, &orgv1.EventAccredited{OrgId: m.OrgId, Category: m.Category, ExpiresAt: m.ExpiresAt})
}

// SuspendOrganisation stops all devices of an organisation, or lets them act again.
func (s msgServer) SuspendOrganisation(ctx context.Context, m *orgv1.MsgSuspendOrganisation) (*orgv1.MsgSuspendOrganisationResponse, error) {
	if err := Council(s.k.authority, m.Authority); err != nil {
		return nil, err
	}

	o, err := s.k.Organisation(ctx, m.OrgId)
	if err != nil {
		return nil, err
	}
	p, err := s.k.Params(ctx)
	if err != nil {
		return nil, err
	}
	o, err = suspended(o, m.Suspended, p.KybStatementsMin)
	if err != nil {
		return nil, err
	}

	if err := s.k.organisations.Set(ctx, o.Id, o); err != nil {
		return nil, err
	}
	return &orgv1.MsgSuspendOrganisationResponse{},
		emit(ctx, &orgv1.EventRegistered{OrgId: o.Id, Status: o.Status})
}

// UpdateParams replaces the parameters. Rows written under the earlier ones stay.
func (s msgServer) UpdateParams(ctx context.Context, m *orgv1.MsgUpdateParams) (*orgv1.MsgUpdateParamsResponse, error) {
	if err := validateParams(m.Params); err != nil {
		return nil, err
	}
	if err := Council(s.k.authority, m.Authority); err != nil {
		return nil, err
	}

	old, err := s.k.Params(ctx)
	if err != nil {
		return nil, err
	}
	if m.Params.Suite != old.Suite {
		return nil, ErrParams.Wrapf("suite: got %s, genesis chose %s for good", m.Params.Suite, old.Suite)
	}
	if err := s.k.rotation(ctx, old, m.Params); err != nil {
		return nil, err
	}

	return &orgv1.MsgUpdateParamsResponse{}, s.k.params.Set(ctx, m.Params)
}
