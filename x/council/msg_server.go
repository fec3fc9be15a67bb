package council

import (
	"context"

	sdk "github.com/cosmos/cosmos-sdk/types"

	councilv1 "github.com/xinlian/xinlian/gen/xinlian/council/v1"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
)

type msgServer struct{ k *Keeper }

// NewMsgServer serves the module's messages.
func NewMsgServer(k *Keeper) councilv1.MsgServer { return msgServer{k} }

// AdmitMember makes an organisation a member and queues its validator.
func (s msgServer) AdmitMember(ctx context.Context, msg *councilv1.MsgAdmitMember) (*councilv1.MsgAdmitMemberResponse, error) {
	m := councilv1.Member{
		OrgId: msg.OrgId, ConsensusKey: msg.ConsensusKey, Power: msg.Power, NodeIds: msg.NodeIds,
		Height: sdk.UnwrapSDKContext(ctx).BlockHeight(),
	}
	if err := checkMember(m); err != nil {
		return nil, err
	}
	if err := s.council(msg.Authority); err != nil {
		return nil, err
	}
	org, err := s.k.orgs.Organisation(ctx, msg.OrgId)
	if err != nil {
		return nil, err
	}
	if org.Kind == orgv1.OrgKind_ORG_KIND_ENTERPRISE || org.Status != orgv1.OrgStatus_ORG_STATUS_ACTIVE {
		return nil, ErrMember.Wrapf("organisation %d is an enterprise or not active", msg.OrgId)
	}
	if known, err := s.k.Member(ctx, msg.OrgId); err != nil || known {
		return nil, firstOf(err, ErrKnown.Wrapf("organisation %d", msg.OrgId))
	}
	p, err := s.k.params.Get(ctx)
	if err != nil {
		return nil, err
	}
	n, err := s.k.Members(ctx)
	if err != nil {
		return nil, err
	}
	if n >= int(p.MembersMax) {
		return nil, ErrFull.Wrapf("%d members", n)
	}
	if err := s.k.keyFree(ctx, msg.ConsensusKey); err != nil {
		return nil, err
	}
	if err := s.k.admit(ctx, m); err != nil {
		return nil, err
	}
	return &councilv1.MsgAdmitMemberResponse{}, emit(ctx, m, false)
}

// RemoveMember removes a member; the last validator stays.
func (s msgServer) RemoveMember(ctx context.Context, msg *councilv1.MsgRemoveMember) (*councilv1.MsgRemoveMemberResponse, error) {
	if err := s.council(msg.Authority); err != nil {
		return nil, err
	}
	m, err := s.k.member(ctx, msg.OrgId)
	if err != nil {
		return nil, err
	}
	if left, err := s.k.powerWithout(ctx, m.OrgId); err != nil || left == 0 {
		return nil, firstOf(err, ErrPower.Wrap("no validator would be left"))
	}
	if err := s.k.notPending(ctx, m.ConsensusKey); len(m.ConsensusKey) != 0 && err != nil {
		return nil, err
	}
	if err := s.k.retireKey(ctx, m); err != nil {
		return nil, err
	}
	if err := s.k.members.Remove(ctx, m.OrgId); err != nil {
		return nil, err
	}
	return &councilv1.MsgRemoveMemberResponse{}, emit(ctx, m, true)
}

// RotateConsensusKey replaces a validator's key within one block.
func (s msgServer) RotateConsensusKey(ctx context.Context, msg *councilv1.MsgRotateConsensusKey) (*councilv1.MsgRotateConsensusKeyResponse, error) {
	m, err := s.adminOfMember(ctx, msg.Device, msg.OrgId)
	if err != nil {
		return nil, err
	}
	if len(m.ConsensusKey) == 0 {
		return nil, ErrKey.Wrap("the member has no validator")
	}
	if err := s.k.keyFree(ctx, msg.ConsensusKey); err != nil {
		return nil, err
	}
	if len(msg.ConsensusKey) == 0 {
		return nil, ErrKey.Wrap("empty")
	}
	if err := s.k.notPending(ctx, m.ConsensusKey); err != nil {
		return nil, err
	}
	if err := s.k.retireKey(ctx, m); err != nil {
		return nil, err
	}
	m.ConsensusKey = msg.ConsensusKey
	if err := s.k.admit(ctx, m); err != nil {
		return nil, err
	}
	return &councilv1.MsgRotateConsensusKeyResponse{}, emit(ctx, m, false)
}

// SetNodes replaces the p2p ids that peers accept for the member.
func (s msgServer) SetNodes(ctx context.Context, msg *councilv1.MsgSetNodes) (*councilv1.MsgSetNodesResponse, error) {
	if err := checkNodeIDs(msg.NodeIds); err != nil {
		return nil, err
	}
	m, err := s.adminOfMember(ctx, msg.Device, msg.OrgId)
	if err != nil {
		return nil, err
	}
	m.NodeIds = msg.NodeIds
	if err := s.k.members.Set(ctx, m.OrgId, m); err != nil {
		return nil, err
	}
	return &councilv1.MsgSetNodesResponse{}, emit(ctx, m, false)
}

// UpdateParams replaces the parameters; the network kind is for ever.
func (s msgServer) UpdateParams(ctx context.Context, msg *councilv1.MsgUpdateParams) (*councilv1.MsgUpdateParamsResponse, error) {
	if err := validateParams(msg.Params); err != nil {
		return nil, err
	}
	if err := s.council(msg.Authority); err != nil {
		return nil, err
	}
	if now, err := s.k.Network(ctx); err != nil || now != msg.Params.Network {
		return nil, firstOf(err, ErrParams.Wrap("the network kind never changes"))
	}
	return &councilv1.MsgUpdateParamsResponse{}, s.k.params.Set(ctx, msg.Params)
}

func (s msgServer) council(authority string) error {
	if authority != s.k.authority {
		return ErrAuthority.Wrapf("got %s", authority)
	}
	return nil
}

func (s msgServer) adminOfMember(ctx context.Context, device string, orgID uint64) (councilv1.Member, error) {
	_, d, err := s.k.orgs.Acting(ctx, device, orgID)
	if err != nil {
		return councilv1.Member{}, err
	}
	if d.Role != orgv1.DeviceRole_DEVICE_ROLE_ADMIN {
		return councilv1.Member{}, ErrVote.Wrap("only an admin device may")
	}
	return s.k.member(ctx, orgID)
}

func emit(ctx context.Context, m councilv1.Member, removed bool) error {
	return sdk.UnwrapSDKContext(ctx).EventManager().EmitTypedEvent(&councilv1.EventMemberChanged{
		OrgId: m.OrgId, Power: m.Power, Removed: removed,
	})
}

// firstOf is the store's error where there is one, else the rule's.
func firstOf(storeErr, ruleErr error) error {
	if storeErr != nil {
		return storeErr
	}
	return ruleErr
}
