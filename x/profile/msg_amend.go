package profile

import (
	"context"

	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
)

// AmendConsent is the owner's third answer to a request, and how a live consent is
// narrowed, for one provider or one category less: the old artefact ends AMENDED
// and the narrower one, a consent of its own, is active at once. The grantee has
// nothing to say, because nothing is added for it. Where the old one gave access,
// the keys turn as at a revocation and a deletion receipt is due.
func (s msgServer) AmendConsent(ctx context.Context, m *profilev1.MsgAmendConsent) (*profilev1.MsgAmendConsentResponse, error) {
	if err := checkTerms(m.Terms); err != nil {
		return nil, err
	}
	old, by, err := s.ownConsent(ctx, m.Terms.Amends, m.Device, m.OrgId, true)
	if err != nil {
		return nil, err
	}
	if err := checkSigns(by, m.Terms.Signer); err != nil {
		return nil, err
	}
	if !ends(old.State) {
		return nil, ErrTransition.Wrapf("%s has ended", old.State)
	}
	if err := checkNarrower(old.Terms, m.Terms); err != nil {
		return nil, err
	}
	now, _ := moment(ctx)
	if now >= m.Terms.ExpiresAt {
		return nil, ErrTerms.Wrapf("expires_at: got %d, want after %d", m.Terms.ExpiresAt, now)
	}
	if err := s.k.checkFilterPinned(ctx, m.Terms); err != nil {
		return nil, err
	}
	id, err := s.newID(ctx, m.Terms)
	if err != nil {
		return nil, err
	}
	if !isLive(old.State) {
		if err := s.k.checkRoom(ctx, m.OrgId); err != nil {
			return nil, err
		}
	}
	// The new row first: the turn of the keys then sees it as a reader.
	c := profilev1.Consent{
		Id: id, Terms: m.Terms, State: stateActive, RequesterDevice: old.RequesterDevice, SignerDevice: m.Device,
	}
	if _, err := s.k.record(ctx, c, by); err != nil {
		return nil, err
	}
	old.AmendedBy = id
	_, err = s.k.end(ctx, old, stateAmended, by)
	return &profilev1.MsgAmendConsentResponse{ConsentId: id}, err
}
