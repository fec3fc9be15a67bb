package score

import (
	"context"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
	"github.com/xinlian/xinlian/x/attestation"
	"github.com/xinlian/xinlian/x/org"
)

// msgServer serves the messages. Each goes through decode, authorise, check,
// write and emit, in this order, and writes nothing before everything is checked.
type msgServer struct{ k *Keeper }

var _ scorev1.MsgServer = msgServer{}

// NewMsgServer serves the module's messages.
func NewMsgServer(k *Keeper) scorev1.MsgServer { return msgServer{k} }

// RegisterModel proposes a model with its verifying key and bands. Its proposer
// votes like every other member.
func (s msgServer) RegisterModel(ctx context.Context, m *scorev1.MsgRegisterModel) (*scorev1.MsgRegisterModelResponse, error) {
	sdk.UnwrapSDKContext(ctx).GasMeter().ConsumeGas(GasKey, "score: decode key")
	row, err := decodeModel(m.Canonical, m.Key, m.Bands, m.Role)
	if err != nil {
		return nil, err
	}

	if err := s.member(ctx, m.Device, m.OrgId); err != nil {
		return nil, err
	}

	taken, err := s.k.models.Has(ctx, row.Hash)
	if err != nil {
		return nil, err
	}
	if taken {
		return nil, ErrModelTaken.Wrapf("hash %x", row.Hash)
	}

	row.ProposerOrgId, row.Height = m.OrgId, height(ctx)
	return &scorev1.MsgRegisterModelResponse{ModelHash: row.Hash},
		s.k.putModel(ctx, row, scorev1.ModelStatus_MODEL_STATUS_UNSPECIFIED)
}

// VoteModel records a member's vote with the key hash that it recomputed. A vote
// on an active model changes nothing, unless its hash differs.
func (s msgServer) VoteModel(ctx context.Context, m *scorev1.MsgVoteModel) (*scorev1.MsgVoteModelResponse, error) {
	if err := hash("model_hash", m.ModelHash); err != nil {
		return nil, err
	}
	if err := hash("key_hash", m.KeyHash); err != nil {
		return nil, err
	}

	if err := s.member(ctx, m.Device, m.OrgId); err != nil {
		return nil, err
	}

	model, err := s.k.Model(ctx, m.ModelHash)
	if err != nil {
		return nil, err
	}
	before := model.Status
	model, err = s.k.vote(ctx, model, scorev1.ModelVote{
		OrgId: m.OrgId, KeyHash: m.KeyHash, Approve: m.Approve, Height: height(ctx),
	})
	if err != nil {
		return nil, err
	}

	return &scorev1.MsgVoteModelResponse{}, s.k.putModel(ctx, model, before)
}

// RetireModel takes a model out of use. Scores that it made stay usable until
// they expire, unless it had been stopped.
func (s msgServer) RetireModel(ctx context.Context, m *scorev1.MsgRetireModel) (*scorev1.MsgRetireModelResponse, error) {
	if err := hash("model_hash", m.ModelHash); err != nil {
		return nil, err
	}
	if err := org.Council(s.k.authority, m.Authority); err != nil {
		return nil, err
	}

	model, err := s.k.Model(ctx, m.ModelHash)
	if err != nil {
		return nil, err
	}
	before := model.Status
	if model, err = retired(model); err != nil {
		return nil, err
	}

	return &scorev1.MsgRetireModelResponse{}, s.k.putModel(ctx, model, before)
}

// AssignRole makes a model champion or challenger.
func (s msgServer) AssignRole(ctx context.Context, m *scorev1.MsgAssignRole) (*scorev1.MsgAssignRoleResponse, error) {
	if err := hash("model_hash", m.ModelHash); err != nil {
		return nil, err
	}
	if err := org.Council(s.k.authority, m.Authority); err != nil {
		return nil, err
	}

	model, err := s.k.Model(ctx, m.ModelHash)
	if err != nil {
		return nil, err
	}
	if model, err = assigned(model, m.Role); err != nil {
		return nil, err
	}

	if err := s.k.models.Set(ctx, model.Hash, model); err != nil {
		return nil, err
	}
	return &scorev1.MsgAssignRoleResponse{},
		emit(ctx, &scorev1.EventModelChanged{ModelHash: model.Hash, Status: model.Status, Role: model.Role})
}

// DecideSuspension decides on what the watch proposes: suspend the model, or
// dismiss the proposal or lift the suspension, after which the counts begin anew.
func (s msgServer) DecideSuspension(ctx context.Context, m *scorev1.MsgDecideSuspension) (*scorev1.MsgDecideSuspensionResponse, error) {
	if err := hash("model_hash", m.ModelHash); err != nil {
		return nil, err
	}
	if err := org.Council(s.k.authority, m.Authority); err != nil {
		return nil, err
	}

	model, err := s.k.Model(ctx, m.ModelHash)
	if err != nil {
		return nil, err
	}
	if model, err = judged(model, m.Suspend); err != nil {
		return nil, err
	}

	if !m.Suspend {
		if err := s.k.restart(ctx, model); err != nil {
			return nil, err
		}
	}
	// Told in any case: a dismissed proposal leaves the status as it was.
	return &scorev1.MsgDecideSuspensionResponse{},
		s.k.putModel(ctx, model, scorev1.ModelStatus_MODEL_STATUS_UNSPECIFIED)
}

// SubmitScore verifies a score and writes it. Every check is in Keeper.accept,
// which admission shares.
func (s msgServer) SubmitScore(ctx context.Context, m *scorev1.MsgSubmitScore) (*scorev1.MsgSubmitScoreResponse, error) {
	row, err := s.k.accept(ctx, m)
	if err != nil {
		return nil, err
	}

	if err := s.k.putScore(ctx, row); err != nil {
		return nil, err
	}
	if err := s.k.observe(ctx, row); err != nil {
		return nil, err
	}
	return &scorev1.MsgSubmitScoreResponse{ScoreId: row.Id}, emit(ctx, &scorev1.EventScored{
		ScoreId: row.Id, EnterpriseId: row.EnterpriseId, LenderOrgId: row.LenderOrgId, Score: row.Score,
	})
}

// PublishIndex puts a publisher's quote in place of its last.
func (s msgServer) PublishIndex(ctx context.Context, m *scorev1.MsgPublishIndex) (*scorev1.MsgPublishIndexResponse, error) {
	if err := indexID(m.IndexId); err != nil {
		return nil, err
	}
	if err := valueBps(m.ValueBps); err != nil {
		return nil, err
	}

	if _, _, err := org.Authorise(ctx, s.k.Orgs, m.Device, m.OrgId, org.AnyRole(orgv1.Role_ROLE_INDEX_PUBLISHER)); err != nil {
		return nil, err
	}

	q := scorev1.Quote{
		IndexId: m.IndexId, PublisherOrgId: m.OrgId, ValueBps: m.ValueBps, Day: m.Day, PublishedAt: now(ctx),
	}
	if err := s.k.quotable(ctx, q, attestation.Day(now(ctx))); err != nil {
		return nil, err
	}

	if err := s.k.quotes.Set(ctx, collections.Join(q.IndexId, q.PublisherOrgId), q); err != nil {
		return nil, err
	}
	return &scorev1.MsgPublishIndexResponse{},
		emit(ctx, &scorev1.EventQuoted{IndexId: q.IndexId, PublisherOrgId: q.PublisherOrgId, ValueBps: q.ValueBps})
}

// UpdateParams replaces the parameters.
func (s msgServer) UpdateParams(ctx context.Context, m *scorev1.MsgUpdateParams) (*scorev1.MsgUpdateParamsResponse, error) {
	if err := validateParams(m.Params); err != nil {
		return nil, err
	}
	if err := org.Council(s.k.authority, m.Authority); err != nil {
		return nil, err
	}
	return &scorev1.MsgUpdateParamsResponse{}, s.k.params.Set(ctx, m.Params)
}

// member is nil when the device is a person's of a member of the council.
func (s msgServer) member(ctx context.Context, device string, orgID uint64) error {
	if _, _, err := org.Authorise(ctx, s.k.Orgs, device, orgID, org.Person); err != nil {
		return err
	}
	member, err := s.k.Council.Member(ctx, orgID)
	if err == nil && !member {
		err = ErrNotMember.Wrapf("organisation %d", orgID)
	}
	return err
}
