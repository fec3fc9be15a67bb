package profile

import (
	"context"

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
	if m.Terms.Purpose == profilev1.Purpose_PURPOSE_SUPERVISION {
		return nil, ErrUnauthorised.Wrap("a regulator opens a case, it does not ask the owner")
	}
	if len(m.Terms.Amends) != 0 {
		return nil, ErrTerms.Wrap("amends: only the owner amends")
	}
	role, _ := purposeRole(m.Terms.Purpose)
	_, d, err := s.acting(ctx, m.Device, m.OrgId, role)
	if err != nil {
		return nil, err
	}
	if _, err := s.k.enterprise(ctx, m.Terms.EnterpriseId); err != nil {
		return nil, err
	}
	id, err := s.ask(ctx, m.Terms, actorOf(d))
	return &profilev1.MsgRequestConsentResponse{ConsentId: id}, err
}

// ask writes a request that its sender may make: within the parameters, of pinned
// schemas, new, and beside few open ones.
func (s msgServer) ask(ctx context.Context, t profilev1.ConsentTerms, by actor) ([]byte, error) {
	p, err := s.k.params.Get(ctx)
	if err != nil {
		return nil, err
	}
	now, _ := moment(ctx)
	if err := checkTiming(t, now, p); err != nil {
		return nil, err
	}
	if err := checkCeiling(t, p); err != nil {
		return nil, err
	}
	if err := s.k.checkFilterPinned(ctx, t); err != nil {
		return nil, err
	}
	if err := s.checkRenewal(ctx, t); err != nil {
		return nil, err
	}
	id, err := s.newID(ctx, t)
	if err != nil {
		return nil, err
	}
	waiting, err := s.k.waiting(ctx, t.EnterpriseId, t.GranteeOrgId)
	if err != nil {
		return nil, err
	}
	if waiting >= int(p.PendingConsentsMax) {
		return nil, ErrTooMany.Wrapf("%d requests to enterprise %d wait", waiting, t.EnterpriseId)
	}
	c := profilev1.Consent{Id: id, Terms: t, State: statePending, RequesterDevice: by.device}
	_, err = s.k.record(ctx, c, by)
	return id, err
}

// newID is the id of an artefact that was not on chain before.
func (s msgServer) newID(ctx context.Context, t profilev1.ConsentTerms) ([]byte, error) {
	id, err := artefact.ConsentID(t)
	if err != nil {
		return nil, ErrTerms.Wrap(err.Error())
	}
	known, err := s.k.consents.Has(ctx, id)
	if err == nil && known {
		err = ErrConsentExists.Wrapf("consent %x", id)
	}
	return id, err
}

// checkRenewal wants a renewed consent to be of the same parties and purpose, and
// to have given access.
func (s msgServer) checkRenewal(ctx context.Context, t profilev1.ConsentTerms) error {
	if len(t.Renews) == 0 {
		return nil
	}
	old, err := s.k.Consent(ctx, t.Renews)
	if err != nil {
		return err
	}
	return checkRenews(t, old)
}

func checkRenews(t profilev1.ConsentTerms, old profilev1.Consent) error {
	if old.Terms.EnterpriseId != t.EnterpriseId || old.Terms.GranteeOrgId != t.GranteeOrgId || old.Terms.Purpose != t.Purpose {
		return ErrTerms.Wrap("renews: the earlier consent is of other parties or another purpose")
	}
	if old.State == statePending || old.State == stateRefused {
		return ErrTerms.Wrapf("renews: the earlier consent is %s", old.State)
	}
	return nil
}

// GrantConsent gives the consent; who may sign is in its terms.
func (s msgServer) GrantConsent(ctx context.Context, m *profilev1.MsgGrantConsent) (*profilev1.MsgGrantConsentResponse, error) {
	c, by, err := s.ownConsent(ctx, m.ConsentId, m.Device, m.OrgId, true)
	if err != nil {
		return nil, err
	}
	if c.State != statePending {
		return nil, ErrTransition.Wrapf("%s is not waiting for an answer", c.State)
	}
	if err := s.k.checkRoom(ctx, m.OrgId); err != nil {
		return nil, err
	}
	_, err = s.k.change(ctx, c, stateActive, by)
	return &profilev1.MsgGrantConsentResponse{}, err
}

// checkRoom wants room for one more live consent.
func (k *Keeper) checkRoom(ctx context.Context, enterprise uint64) error {
	live, err := k.liveConsents(ctx, enterprise)
	if err == nil && len(live) >= LiveConsentsMax {
		err = ErrTooMany.Wrapf("%d consents are live", len(live))
	}
	return err
}

// RefuseConsent turns a request down.
func (s msgServer) RefuseConsent(ctx context.Context, m *profilev1.MsgRefuseConsent) (*profilev1.MsgRefuseConsentResponse, error) {
	c, by, err := s.ownConsent(ctx, m.ConsentId, m.Device, m.OrgId, false)
	if err != nil {
		return nil, err
	}
	_, err = s.k.change(ctx, c, stateRefused, by)
	return &profilev1.MsgRefuseConsentResponse{}, err
}

// PauseConsent stops reads until the consent is resumed.
func (s msgServer) PauseConsent(ctx context.Context, m *profilev1.MsgPauseConsent) (*profilev1.MsgPauseConsentResponse, error) {
	c, by, err := s.ownConsent(ctx, m.ConsentId, m.Device, m.OrgId, false)
	if err != nil {
		return nil, err
	}
	if _, err := s.k.change(ctx, c, statePaused, by); err != nil {
		return nil, err
	}
	return &profilev1.MsgPauseConsentResponse{}, s.k.settleRewraps(ctx, m.OrgId)
}

// ResumeConsent lets reads continue, by whoever could give the consent. Where the
// key has moved on meanwhile, the custodian owes new wraps.
func (s msgServer) ResumeConsent(ctx context.Context, m *profilev1.MsgResumeConsent) (*profilev1.MsgResumeConsentResponse, error) {
	c, by, err := s.ownConsent(ctx, m.ConsentId, m.Device, m.OrgId, true)
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
	if c, err = s.k.change(ctx, c, stateActive, by); err != nil {
		return nil, err
	}
	return &profilev1.MsgResumeConsentResponse{}, s.k.demandWraps(ctx, c, p)
}

// RevokeConsent ends a consent from either side, starts the next key epoch of its
// categories and makes the grantee owe a deletion receipt. A request that was never
// granted is only withdrawn: no key was out.
func (s msgServer) RevokeConsent(ctx context.Context, m *profilev1.MsgRevokeConsent) (*profilev1.MsgRevokeConsentResponse, error) {
	c, d, err := s.consent(ctx, m.ConsentId, m.Device, m.OrgId)
	if err != nil {
		return nil, err
	}
	if err := checkNoCase(c); err != nil {
		return nil, err
	}
	if m.OrgId != c.Terms.EnterpriseId && m.OrgId != c.Terms.GranteeOrgId {
		return nil, ErrUnauthorised.Wrap("sender is neither the enterprise nor the grantee")
	}
	granted := isLive(c.State)
	if !granted && m.OrgId != c.Terms.GranteeOrgId {
		return nil, ErrTransition.Wrapf("%s: the enterprise refuses a request, it does not revoke it", c.State)
	}
	_, err = s.k.end(ctx, c, stateRevoked, actorOf(d))
	return &profilev1.MsgRevokeConsentResponse{}, err
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

// ownConsent is a consent of the sender's enterprise and who acts on it. What gives
// access takes the signer that the terms name; what stops it, any person.
func (s msgServer) ownConsent(ctx context.Context, id []byte, device string, orgID uint64, gives bool) (profilev1.Consent, actor, error) {
	c, d, err := s.consent(ctx, id, device, orgID)
	if err != nil {
		return c, actor{}, err
	}
	if orgID != c.Terms.EnterpriseId {
		return c, actor{}, ErrUnauthorised.Wrapf("consent is of enterprise %d", c.Terms.EnterpriseId)
	}
	if err := checkNoCase(c); err != nil {
		return c, actor{}, err
	}
	wanted := profilev1.Signer_SIGNER_HANDLER
	if gives {
		wanted = c.Terms.Signer
		if err := s.k.checkNotErased(ctx, orgID); err != nil {
			return c, actor{}, err
		}
	}
	by := actorOf(d)
	return c, by, checkSigns(by, wanted)
}

// checkSigns: the owner signs for a handler too, and a machine for nobody.
func checkSigns(by actor, wanted profilev1.Signer) error {
	if by.signer == profilev1.Signer_SIGNER_LEGAL_REPRESENTATIVE || by.signer == profilev1.Signer_SIGNER_HANDLER && wanted == by.signer {
		return nil
	}
	return ErrUnauthorised.Wrapf("%s may not decide, want %s", by.signer, wanted)
}

// checkNoCase: a regulator's case is not the owner's to decide on, nor ended like
// a consent.
func checkNoCase(c profilev1.Consent) error {
	if c.Terms.Purpose == profilev1.Purpose_PURPOSE_SUPERVISION {
		return ErrUnauthorised.Wrap("a regulator's case is opened, confirmed and closed by the regulator")
	}
	return nil
}
