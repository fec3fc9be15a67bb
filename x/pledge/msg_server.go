package pledge

import (
	"context"

	sdk "github.com/cosmos/cosmos-sdk/types"

	pledgev1 "github.com/xinlian/xinlian/gen/xinlian/pledge/v1"
	"github.com/xinlian/xinlian/internal/artefact"
)

// msgServer serves the messages: pledges here, statements in msg_statement.go,
// keys in msg_key.go. Each goes through decode, authorise, check, write and emit,
// in this order, and writes nothing before everything is checked.
type msgServer struct{ k *Keeper }

var _ pledgev1.MsgServer = msgServer{}

// NewMsgServer serves the module's messages.
func NewMsgServer(k *Keeper) pledgev1.MsgServer { return msgServer{k} }

// Pledge registers a share. Of two lenders in one block the one whose transaction
// comes first has it; the other gets ErrPledged.
func (s msgServer) Pledge(ctx context.Context, m *pledgev1.MsgPledge) (*pledgev1.MsgPledgeResponse, error) {
	if err := hash("tag", m.Tag); err != nil {
		return nil, err
	}
	if err := share(m.SharePpm); err != nil {
		return nil, err
	}
	if err := proof(m.Opening, m.LenderSignature); err != nil {
		return nil, err
	}

	if err := s.sender(ctx, m.Device, m.OrgId, m.Opening != nil); err != nil {
		return nil, err
	}

	st, err := s.k.Statement(ctx, m.StatementId)
	if err != nil {
		return nil, err
	}
	if m.Opening == nil {
		b, err := content(artefact.PledgeContent(sdk.UnwrapSDKContext(ctx).ChainID(), st.Id, st.Pledges, m.Tag, m.SharePpm, m.ExpiresAt))
		if err != nil {
			return nil, err
		}
		if err := lenderSigned(st, b, m.LenderSignature); err != nil {
			return nil, err
		}
	} else {
		if err := lenderOpened(st, m.OrgId, m.Opening); err != nil {
			return nil, err
		}
		if err := s.k.consented(ctx, st, m.OrgId, m.Opening.ConsentId); err != nil {
			return nil, err
		}
	}
	if err := s.pledgeable(ctx, st, m); err != nil {
		return nil, err
	}

	id, err := s.k.add(ctx, st, m.SharePpm, m.ExpiresAt)
	return &pledgev1.MsgPledgeResponse{PledgeId: id}, err
}

// pledgeable is nil when the statement stands, the tags are those of the day, the
// receivable is free or this lender's, and the shares stay within the face.
func (s msgServer) pledgeable(ctx context.Context, st pledgev1.Statement, m *pledgev1.MsgPledge) error {
	if st.Status != stateLive || st.ExpiresAt <= now(ctx) {
		return ErrStatementStatus.Wrapf("statement %d is %s, until %d", st.Id, st.Status, st.ExpiresAt)
	}
	p, err := s.k.Params(ctx)
	if err != nil {
		return err
	}
	if err := expiry(now(ctx), m.ExpiresAt, p.PledgeSecondsMax); err != nil {
		return err
	}
	checked, err := s.k.checked(ctx)
	if err != nil {
		return err
	}
	if err := tagged(st, checked, m.Tag); err != nil {
		return err
	}
	if err := s.k.heldByOther(ctx, st.Id, st.Tags); err != nil {
		return err
	}
	if st.PledgedPpm+m.SharePpm > FacePpm {
		return ErrShare.Wrapf("%d and %d millionths", st.PledgedPpm, m.SharePpm)
	}
	live, err := s.k.livePledges(ctx, st.Id)
	if err != nil || len(live) >= PledgesMax {
		return either(err, ErrPledgesFull.Wrapf("statement %d has %d", st.Id, len(live)))
	}
	return nil
}

// ReleasePledge lets a share go. It asks for no consent: that may have ended.
func (s msgServer) ReleasePledge(ctx context.Context, m *pledgev1.MsgReleasePledge) (*pledgev1.MsgReleasePledgeResponse, error) {
	if err := proof(m.Opening, m.LenderSignature); err != nil {
		return nil, err
	}

	if err := s.sender(ctx, m.Device, m.OrgId, m.Opening != nil); err != nil {
		return nil, err
	}

	p, err := s.k.Pledge(ctx, m.PledgeId)
	if err != nil {
		return nil, err
	}
	if p.Status != pledgeLive {
		return nil, ErrPledgeEnded.Wrapf("pledge %d is %s", p.Id, p.Status)
	}
	st, err := s.k.Statement(ctx, p.StatementId)
	if err != nil {
		return nil, err
	}
	if m.Opening == nil {
		b, err := content(artefact.ReleaseContent(sdk.UnwrapSDKContext(ctx).ChainID(), p.Id))
		if err != nil {
			return nil, err
		}
		if err := lenderSigned(st, b, m.LenderSignature); err != nil {
			return nil, err
		}
	} else if err := lenderOpened(st, m.OrgId, m.Opening); err != nil {
		return nil, err
	}

	_, err = s.k.end(ctx, p, pledgeReleased)
	return &pledgev1.MsgReleasePledgeResponse{}, err
}
