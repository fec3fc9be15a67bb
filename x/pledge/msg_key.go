package pledge

import (
	"bytes"
	"context"
	"slices"

	pledgev1 "github.com/xinlian/xinlian/gen/xinlian/pledge/v1"
	"github.com/xinlian/xinlian/x/org"
)

// ProposeKey records what a ceremony gave, for its holders to confirm. A later
// proposal takes the place of one that was not confirmed by all.
func (s msgServer) ProposeKey(ctx context.Context, m *pledgev1.MsgProposeKey) (*pledgev1.MsgProposeKeyResponse, error) {
	key := pledgev1.Key{
		Threshold: m.Threshold, Point: m.Point, Shares: m.Shares, TranscriptHash: m.TranscriptHash, Status: keyProposed, ChangedAt: now(ctx),
	}
	if err := keyShape(key); err != nil {
		return nil, err
	}

	if err := org.Council(s.k.authority, m.Authority); err != nil {
		return nil, err
	}

	for _, h := range key.Shares {
		member, err := s.k.council.Member(ctx, h.OrgId)
		if err != nil || !member {
			return nil, either(err, ErrKeyShape.Wrapf("organisation %d is not a member", h.OrgId))
		}
	}
	checked, err := s.k.checked(ctx)
	if err != nil {
		return nil, err
	}
	if key.Epoch, key.Sharing, err = place(checked, m.Point); err != nil {
		return nil, err
	}

	if err := s.k.proposal.Set(ctx, key); err != nil {
		return nil, err
	}
	return &pledgev1.MsgProposeKeyResponse{Epoch: key.Epoch, Sharing: key.Sharing},
		emit(ctx, &pledgev1.EventKeyChanged{Epoch: key.Epoch, Sharing: key.Sharing, Status: key.Status})
}

// ConfirmKey records a holder's word; the last one makes the key count.
func (s msgServer) ConfirmKey(ctx context.Context, m *pledgev1.MsgConfirmKey) (*pledgev1.MsgConfirmKeyResponse, error) {
	if err := hash("transcript_hash", m.TranscriptHash); err != nil {
		return nil, err
	}

	if _, _, err := org.Authorise(ctx, s.k.orgs, m.Device, m.OrgId, org.Person); err != nil {
		return nil, err
	}

	key, err := s.k.waiting(ctx)
	if err != nil || key == nil {
		return nil, either(err, ErrNoProposal)
	}
	if !bytes.Equal(key.TranscriptHash, m.TranscriptHash) {
		return nil, ErrTranscript.Wrapf("got %x, want %x", m.TranscriptHash, key.TranscriptHash)
	}
	if !holdsShare(*key, m.OrgId) {
		return nil, ErrHolder.Wrapf("organisation %d", m.OrgId)
	}
	i, confirmed := slices.BinarySearch(key.ConfirmedBy, m.OrgId)
	if confirmed {
		return nil, ErrConfirmed.Wrapf("organisation %d", m.OrgId)
	}

	key.ConfirmedBy = slices.Insert(key.ConfirmedBy, i, m.OrgId)
	if len(key.ConfirmedBy) == len(key.Shares) {
		return &pledgev1.MsgConfirmKeyResponse{}, s.k.activate(ctx, *key)
	}
	return &pledgev1.MsgConfirmKeyResponse{}, s.k.proposal.Set(ctx, *key)
}

// UpdateParams replaces the parameters.
func (s msgServer) UpdateParams(ctx context.Context, m *pledgev1.MsgUpdateParams) (*pledgev1.MsgUpdateParamsResponse, error) {
	if err := validateParams(m.Params); err != nil {
		return nil, err
	}
	if err := org.Council(s.k.authority, m.Authority); err != nil {
		return nil, err
	}
	return &pledgev1.MsgUpdateParamsResponse{}, s.k.params.Set(ctx, m.Params)
}
