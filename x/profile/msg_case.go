package profile

import (
	"context"

	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
)

// OpenCase asks for a regulator's access to an enterprise's records under a case
// number and a legal basis, whose hash is the purpose text's. The row is a consent
// like any other, so that wraps, reads and the log of reads know no exception; but
// in the owner's place a second person of the regulator gives it.
func (s msgServer) OpenCase(ctx context.Context, m *profilev1.MsgOpenCase) (*profilev1.MsgOpenCaseResponse, error) {
	if err := checkTerms(m.Terms); err != nil {
		return nil, err
	}
	if m.Terms.Purpose != profilev1.Purpose_PURPOSE_SUPERVISION || len(m.Terms.Amends) != 0 {
		return nil, ErrTerms.Wrap("purpose, amends: a case is for supervision and amends nothing")
	}
	if m.OrgId != m.Terms.GranteeOrgId {
		return nil, ErrUnauthorised.Wrapf("grantee is organisation %d", m.Terms.GranteeOrgId)
	}
	by, err := s.regulator(ctx, m.Device, m.OrgId)
	if err != nil {
		return nil, err
	}
	if _, err := s.k.enterprise(ctx, m.Terms.EnterpriseId); err != nil {
		return nil, err
	}
	id, err := s.ask(ctx, m.Terms, by)
	return &profilev1.MsgOpenCaseResponse{ConsentId: id}, err
}

// ConfirmCase gives access under a case. The second pair of eyes is another device
// of the same regulator.
func (s msgServer) ConfirmCase(ctx context.Context, m *profilev1.MsgConfirmCase) (*profilev1.MsgConfirmCaseResponse, error) {
	c, by, err := s.ownCase(ctx, m.ConsentId, m.Device, m.OrgId)
	if err != nil {
		return nil, err
	}
	if c.State != statePending {
		return nil, ErrTransition.Wrapf("%s is not waiting for a second device", c.State)
	}
	if c.RequesterDevice == m.Device {
		return nil, ErrUnauthorised.Wrap("the device that opened a case does not confirm it")
	}
	if err := s.k.checkNotErased(ctx, c.Terms.EnterpriseId); err != nil {
		return nil, err
	}
	if err := s.k.checkRoom(ctx, c.Terms.EnterpriseId); err != nil {
		return nil, err
	}
	_, err = s.k.change(ctx, c, stateActive, by)
	return &profilev1.MsgConfirmCaseResponse{}, err
}

// CloseCase ends a case, or withdraws one that was not confirmed.
func (s msgServer) CloseCase(ctx context.Context, m *profilev1.MsgCloseCase) (*profilev1.MsgCloseCaseResponse, error) {
	c, by, err := s.ownCase(ctx, m.ConsentId, m.Device, m.OrgId)
	if err != nil {
		return nil, err
	}
	_, err = s.k.end(ctx, c, stateRevoked, by)
	return &profilev1.MsgCloseCaseResponse{}, err
}

// ownCase is a case of the sender's organisation.
func (s msgServer) ownCase(ctx context.Context, id []byte, device string, orgID uint64) (profilev1.Consent, actor, error) {
	if err := checkHash("consent_id", id); err != nil {
		return profilev1.Consent{}, actor{}, err
	}
	by, err := s.regulator(ctx, device, orgID)
	if err != nil {
		return profilev1.Consent{}, by, err
	}
	c, err := s.k.Consent(ctx, id)
	if err == nil && (c.Terms.Purpose != profilev1.Purpose_PURPOSE_SUPERVISION || c.Terms.GranteeOrgId != orgID) {
		err = ErrUnauthorised.Wrapf("not a case of organisation %d", orgID)
	}
	return c, by, err
}

// regulator is a person of a regulator.
func (s msgServer) regulator(ctx context.Context, device string, orgID uint64) (actor, error) {
	_, d, err := s.acting(ctx, device, orgID, orgv1.Role_ROLE_REGULATOR)
	if err != nil {
		return actor{}, err
	}
	by := actorOf(d)
	return by, checkSigns(by, profilev1.Signer_SIGNER_HANDLER)
}
