package profile

import (
	"context"
	"slices"

	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/internal/artefact"
)

// RequestConsent writes a request of the sender's organisation, to wait for the owner.
func (s msgServer) RequestConsent(ctx context.Context, m *profilev1.MsgRequestConsent) (*profilev1.MsgRequestConsentResponse, error) {
	if err := checkTerms(m.Terms); err != nil {
		return nil, err
	}
	if m.OrgId != m.Terms.GranteeOrgId {
		return nil, ErrUnauthorised.Wrapf("grantee is organisation %d", m.Terms.GranteeOrgId)
	}
	role, _ := purposeRole(m.Terms.Purpose)
	if _, _, err := s.acting(ctx, m.Device, m.OrgId, role); err != nil {
		return nil, err
	}
	if _, err := s.k.enterprise(ctx, m.Terms.EnterpriseId); err != nil {
		return nil, err
	}
	p, err := s.k.params.Get(ctx)
	if err != nil {
		return nil, err
	}
	now, _ := moment(ctx)
	if err := checkTiming(m.Terms, now, p); err != nil {
		return nil, err
	}
	id, err := artefact.ConsentID(m.Terms)
	if err != nil {
		return nil, ErrTerms.Wrap(err.Error())
	}
	known, err := s.k.consents.Has(ctx, id)
	if err != nil {
		return nil, err
	}
	if known {
		return nil, ErrConsentExists.Wrapf("consent %x", id)
	}
	waiting, err := s.k.pendingConsents(ctx, m.Terms.EnterpriseId, m.OrgId)
	if err != nil {
		return nil, err
	}
	if waiting, err = s.k.sweep(ctx, waiting); err != nil {
		return nil, err
	}
	if len(waiting) >= int(p.PendingConsentsMax) {
		return nil, ErrTooMany.Wrapf("%d requests to enterprise %d wait", len(waiting), m.Terms.EnterpriseId)
	}
	c := profilev1.Consent{Id: id, Terms: m.Terms, State: statePending, RequesterDevice: m.Device}
	if _, err := s.k.record(ctx, c, m.Device); err != nil {
		return nil, err
	}
	return &profilev1.MsgRequestConsentResponse{ConsentId: id}, nil
}

// GrantConsent gives the consent; only the owner's admin device may.
func (s msgServer) GrantConsent(ctx context.Context, m *profilev1.MsgGrantConsent) (*profilev1.MsgGrantConsentResponse, error) {
	c, err := s.ownConsent(ctx, m.ConsentId, m.Device, m.OrgId, true)
	if err != nil {
		return nil, err
	}
	if c.State != statePending {
		return nil, ErrTransition.Wrapf("%s is not waiting for an answer", c.State)
	}
	live, err := s.k.liveConsents(ctx, m.OrgId)
	if err != nil {
		return nil, err
	}
	if live, err = s.k.sweep(ctx, live); err != nil {
		return nil, err
	}
	if len(live) >= LiveConsentsMax {
		return nil, ErrTooMany.Wrapf("%d consents are live", len(live))
	}
	_, err = s.k.change(ctx, c, stateActive, m.Device)
	return &profilev1.MsgGrantConsentResponse{}, err
}

// RefuseConsent turns a request down.
func (s msgServer) RefuseConsent(ctx context.Context, m *profilev1.MsgRefuseConsent) (*profilev1.MsgRefuseConsentResponse, error) {
	c, err := s.ownConsent(ctx, m.ConsentId, m.Device, m.OrgId, false)
	if err != nil {
		return nil, err
	}
	_, err = s.k.change(ctx, c, stateRefused, m.Device)
	return &profilev1.MsgRefuseConsentResponse{}, err
}

// PauseConsent stops reads until the consent is resumed.
func (s msgServer) PauseConsent(ctx context.Context, m *profilev1.MsgPauseConsent) (*profilev1.MsgPauseConsentResponse, error) {
	c, err := s.ownConsent(ctx, m.ConsentId, m.Device, m.OrgId, false)
	if err != nil {
		return nil, err
	}
	if _, err := s.k.change(ctx, c, statePaused, m.Device); err != nil {
		return nil, err
	}
	return &profilev1.MsgPauseConsentResponse{}, s.k.settleRewraps(ctx, m.OrgId)
}

// ResumeConsent lets reads continue; only the owner's admin device may. Where the
// key has moved on meanwhile, the custodian owes new wraps.
func (s msgServer) ResumeConsent(ctx context.Context, m *profilev1.MsgResumeConsent) (*profilev1.MsgResumeConsentResponse, error) {
	c, err := s.ownConsent(ctx, m.ConsentId, m.Device, m.OrgId, true)
	if err != nil {
		return nil, err
	}
	if c.State != statePaused {
		return nil, ErrTransition.Wrapf("%s is not paused", c.State)
	}
	p, err := s.k.params.Get(ctx)
	if err != nil {
		return nil, err
	}
	if c, err = s.k.change(ctx, c, stateActive, m.Device); err != nil {
		return nil, err
	}
	return &profilev1.MsgResumeConsentResponse{}, s.k.demandWraps(ctx, c, p)
}

// RevokeConsent ends a consent from either side, starts the next key epoch of its
// categories and makes the grantee owe a deletion receipt. A request that was never
// granted is only withdrawn: no key was out.
func (s msgServer) RevokeConsent(ctx context.Context, m *profilev1.MsgRevokeConsent) (*profilev1.MsgRevokeConsentResponse, error) {
	c, _, err := s.consent(ctx, m.ConsentId, m.Device, m.OrgId)
	if err != nil {
		return nil, err
	}
	if m.OrgId != c.Terms.EnterpriseId && m.OrgId != c.Terms.GranteeOrgId {
		return nil, ErrUnauthorised.Wrap("sender is neither the enterprise nor the grantee")
	}
	granted := isLive(c.State)
	if !granted && m.OrgId != c.Terms.GranteeOrgId {
		return nil, ErrTransition.Wrapf("%s: the enterprise refuses a request, it does not revoke it", c.State)
	}
	p, err := s.k.params.Get(ctx)
	if err != nil {
		return nil, err
	}
	if c, err = s.k.change(ctx, c, stateRevoked, m.Device); err != nil {
		return nil, err
	}
	if !granted {
		return &profilev1.MsgRevokeConsentResponse{}, nil
	}
	others, err := s.k.liveConsents(ctx, c.Terms.EnterpriseId)
	if err != nil {
		return nil, err
	}
	if others, err = s.k.sweep(ctx, others); err != nil {
		return nil, err
	}
	return &profilev1.MsgRevokeConsentResponse{}, s.k.rotate(ctx, c, others, p)
}

// PostWraps replaces the list of wrapped keys that the vault holds for a consent.
func (s msgServer) PostWraps(ctx context.Context, m *profilev1.MsgPostWraps) (*profilev1.MsgPostWrapsResponse, error) {
	if err := checkWraps(m.Wraps); err != nil {
		return nil, err
	}
	c, _, err := s.consent(ctx, m.ConsentId, m.Device, m.OrgId)
	if err != nil {
		return nil, err
	}
	if err := s.checkCustodian(ctx, m.Device, m.OrgId, c.Terms.EnterpriseId); err != nil {
		return nil, err
	}
	now, _ := moment(ctx)
	if c.State != stateActive || now >= c.Terms.ExpiresAt {
		return nil, ErrNotLive.Wrapf("%s, expires_at %d, now %d", c.State, c.Terms.ExpiresAt, now)
	}
	grantee, err := s.k.orgs.Organisation(ctx, c.Terms.GranteeOrgId)
	if err != nil {
		return nil, err
	}
	if grantee.DataKey == nil {
		return nil, ErrWrap.Wrapf("organisation %d has no data key", grantee.Id)
	}
	for _, w := range m.Wraps {
		e, _, err := s.k.epoch(ctx, c.Terms.EnterpriseId, w.Category)
		if err != nil {
			return nil, err
		}
		if err := checkWrap(w, c, e.Number, grantee.DataKey.Id); err != nil {
			return nil, err
		}
	}
	c.Wraps = m.Wraps
	if err := s.k.consents.Set(ctx, c.Id, c); err != nil {
		return nil, err
	}
	return &profilev1.MsgPostWrapsResponse{}, s.k.settleRewraps(ctx, c.Terms.EnterpriseId)
}

// ownConsent is a consent of the sender's enterprise. What gives access takes the
// owner's admin device; what stops it, any person's device.
func (s msgServer) ownConsent(ctx context.Context, id []byte, device string, orgID uint64, gives bool) (profilev1.Consent, error) {
	c, d, err := s.consent(ctx, id, device, orgID)
	if err != nil {
		return c, err
	}
	if orgID != c.Terms.EnterpriseId {
		return c, ErrUnauthorised.Wrapf("consent is of enterprise %d", c.Terms.EnterpriseId)
	}
	allowed := []orgv1.DeviceRole{orgv1.DeviceRole_DEVICE_ROLE_ADMIN}
	if !gives {
		allowed = append(allowed, orgv1.DeviceRole_DEVICE_ROLE_OFFICER)
	}
	if !slices.Contains(allowed, d.Role) {
		return c, ErrUnauthorised.Wrapf("%s may not decide on a consent", d.Role)
	}
	return c, nil
}
