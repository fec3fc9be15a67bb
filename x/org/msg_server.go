package org

import (
	"context"
	"crypto/sha256"

	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
)

// msgServer serves the messages: those of enterprises and keys here, of devices
// in msg_device.go, of recovery in msg_recovery.go, of council in msg_council.go.
// Each goes through decode, authorise, check, write and emit, in this order, and
// writes nothing before everything is checked.
type msgServer struct{ k *Keeper }

var _ orgv1.MsgServer = msgServer{}

// NewMsgServer serves the module's messages.
func NewMsgServer(k *Keeper) orgv1.MsgServer { return msgServer{k} }

// RegisterEnterprise records the first verifier's statement about an enterprise
// and its owner's device. Both wait: the enterprise for further statements, the
// device for its first signature.
func (s msgServer) RegisterEnterprise(ctx context.Context, m *orgv1.MsgRegisterEnterprise) (*orgv1.MsgRegisterEnterpriseResponse, error) {
	if err := hash("identity_tag", m.IdentityTag); err != nil {
		return nil, err
	}
	if err := earlier(m.EarlierTag); err != nil {
		return nil, err
	}
	if err := hash("statement_hash", m.StatementHash); err != nil {
		return nil, err
	}
	if err := amountLimit(m.AmountLimitFen); err != nil {
		return nil, err
	}
	owner, err := decodeDevice(m.OwnerKey, orgv1.DeviceRole_DEVICE_ROLE_ADMIN, m.AmountLimitFen, 0)
	if err != nil {
		return nil, err
	}

	verifier, _, err := Authorise(ctx, s.k, m.Device, m.OrgId, AnyRole(orgv1.Role_ROLE_KYB), Person)
	if err != nil {
		return nil, err
	}

	p, err := s.k.Params(ctx)
	if err != nil {
		return nil, err
	}
	enterprise := orgv1.Organisation{
		Kind:         orgv1.OrgKind_ORG_KIND_ENTERPRISE,
		Roles:        []orgv1.Role{orgv1.Role_ROLE_BORROWER},
		Status:       orgv1.OrgStatus_ORG_STATUS_PENDING,
		IdentityTag:  m.IdentityTag,
		Kyb:          []orgv1.KybStatement{{VerifierOrgId: m.OrgId, StatementHash: m.StatementHash, Height: height(ctx)}},
		ControlGroup: m.ControlGroup,
		TagEpoch:     p.TagEpoch,
		EarlierTag:   m.EarlierTag,
	}
	if err := statedBy(enterprise, verifier, nil); err != nil {
		return nil, err
	}
	if err := s.k.newTags(ctx, p, enterprise); err != nil {
		return nil, err
	}
	if err := s.k.free(ctx, owner); err != nil {
		return nil, err
	}

	enterprise, err = s.k.register(ctx, enterprise, owner)
	return &orgv1.MsgRegisterEnterpriseResponse{EnterpriseId: enterprise.Id}, err
}

// ConfirmEnterprise records a further verifier's statement about the same legal
// identity, and admits the enterprise once there are enough. An admitted one takes
// it in place of a verifier that is active no more.
func (s msgServer) ConfirmEnterprise(ctx context.Context, m *orgv1.MsgConfirmEnterprise) (*orgv1.MsgConfirmEnterpriseResponse, error) {
	if err := hash("identity_tag", m.IdentityTag); err != nil {
		return nil, err
	}
	if err := earlier(m.EarlierTag); err != nil {
		return nil, err
	}
	if err := hash("statement_hash", m.StatementHash); err != nil {
		return nil, err
	}

	verifier, _, err := Authorise(ctx, s.k, m.Device, m.OrgId, AnyRole(orgv1.Role_ROLE_KYB), Person)
	if err != nil {
		return nil, err
	}

	enterprise, err := s.k.Organisation(ctx, m.EnterpriseId)
	if err != nil {
		return nil, err
	}
	if err := Enterprise(enterprise, orgv1.Device{}); err != nil {
		return nil, err
	}
	p, err := s.k.Params(ctx)
	if err != nil {
		return nil, err
	}
	if err := sameTags(p, enterprise, m.IdentityTag, m.EarlierTag); err != nil {
		return nil, err
	}
	before, err := s.k.verifiers(ctx, enterprise)
	if err != nil {
		return nil, err
	}
	if err := statedBy(enterprise, verifier, before); err != nil {
		return nil, err
	}
	statement := orgv1.KybStatement{VerifierOrgId: m.OrgId, StatementHash: m.StatementHash, Height: height(ctx)}
	enterprise, err = confirmed(enterprise, statement, p.KybStatementsMin, standing(before))
	if err != nil {
		return nil, err
	}

	if err := s.k.organisations.Set(ctx, enterprise.Id, enterprise); err != nil {
		return nil, err
	}
	return &orgv1.MsgConfirmEnterpriseResponse{},
		emit(ctx, &orgv1.EventRegistered{OrgId: enterprise.Id, Status: enterprise.Status})
}

// SetDataKey sets or rotates the key to which record keys are wrapped for the
// organisation. Wraps made for the earlier key stay readable to its holder.
func (s msgServer) SetDataKey(ctx context.Context, m *orgv1.MsgSetDataKey) (*orgv1.MsgSetDataKeyResponse, error) {
	if len(m.PublicKey) != DataKeyBytes {
		return nil, ErrKey.Wrapf("data key: got %d bytes, want %d", len(m.PublicKey), DataKeyBytes)
	}

	o, _, err := Authorise(ctx, s.k, m.Device, m.OrgId, Admin)
	if err != nil {
		return nil, err
	}

	suite, err := s.k.Suite(ctx)
	if err != nil {
		return nil, err
	}
	if err := dataKey(suite, m.PublicKey); err != nil {
		return nil, err
	}

	id := sha256.Sum256(m.PublicKey)
	o.DataKey = &orgv1.DataKey{Id: id[:], PublicKey: m.PublicKey, Height: height(ctx)}
	if err := s.k.organisations.Set(ctx, o.Id, o); err != nil {
		return nil, err
	}
	return &orgv1.MsgSetDataKeyResponse{DataKeyId: id[:]},
		emit(ctx, &orgv1.EventDataKeySet{OrgId: o.Id, DataKeyId: id[:]})
}

// ChooseCustodian names who holds the enterprise's category keys, and who else.
func (s msgServer) ChooseCustodian(ctx context.Context, m *orgv1.MsgChooseCustodian) (*orgv1.MsgChooseCustodianResponse, error) {
	if m.CustodianOrgId == m.SecondCustodianOrgId {
		return nil, ErrField.Wrapf("second_custodian_org_id: %d is the first", m.SecondCustodianOrgId)
	}

	o, _, err := Authorise(ctx, s.k, m.Device, m.OrgId, Enterprise, Admin)
	if err != nil {
		return nil, err
	}

	if err := s.k.mayKeep(ctx, m.CustodianOrgId); err != nil {
		return nil, err
	}
	if m.SecondCustodianOrgId != 0 {
		if err := s.k.mayKeep(ctx, m.SecondCustodianOrgId); err != nil {
			return nil, err
		}
	}

	o.CustodianOrgId, o.SecondCustodianOrgId = m.CustodianOrgId, m.SecondCustodianOrgId
	if err := s.k.organisations.Set(ctx, o.Id, o); err != nil {
		return nil, err
	}
	return &orgv1.MsgChooseCustodianResponse{},
		emit(ctx, &orgv1.EventCustodianChosen{OrgId: o.Id, CustodianOrgId: o.CustodianOrgId})
}

// mayKeep is nil when the organisation is an active custodian.
func (k *Keeper) mayKeep(ctx context.Context, id uint64) error {
	o, err := k.Organisation(ctx, id)
	if err != nil {
		return err
	}
	if err := AnyRole(orgv1.Role_ROLE_CUSTODIAN)(o, orgv1.Device{}); err != nil {
		return err
	}
	return active(o)
}

// verifiers lists who has identified the enterprise.
func (k *Keeper) verifiers(ctx context.Context, enterprise orgv1.Organisation) ([]orgv1.Organisation, error) {
	list := make([]orgv1.Organisation, 0, len(enterprise.Kyb))
	for _, s := range enterprise.Kyb {
		o, err := k.Organisation(ctx, s.VerifierOrgId)
		if err != nil {
			return nil, err
		}
		list = append(list, o)
	}
	return list, nil
}

// standing counts the organisations that are active.
func standing(list []orgv1.Organisation) int {
	n := 0
	for _, o := range list {
		if active(o) == nil {
			n++
		}
	}
	return n
}

// either is the store's error where there is one, else the rule's.
func either(store, rule error) error {
	if store != nil {
		return store
	}
	return rule
}
