package council

import (
	"bytes"
	"context"

	councilv1 "github.com/xinlian/xinlian/gen/xinlian/council/v1"
)

// DefaultGenesis has no members: a consortium names its own.
func DefaultGenesis() *councilv1.GenesisState {
	return &councilv1.GenesisState{Params: councilv1.Params{
		Network:          councilv1.NetworkKind_NETWORK_KIND_PRODUCTION,
		MembersMax:       64,
		OpenProposalsMax: 8,
		EvidenceBlocks:   200_000,
	}}
}

func validateParams(p councilv1.Params) error {
	switch {
	case p.Network != councilv1.NetworkKind_NETWORK_KIND_PRODUCTION && p.Network != councilv1.NetworkKind_NETWORK_KIND_DEMO:
		return ErrParams.Wrapf("network %d", p.Network)
	case p.MembersMax < 1 || p.MembersMax > membersHardMax:
		return ErrParams.Wrapf("members_max %d, want 1 to %d", p.MembersMax, membersHardMax)
	case p.OpenProposalsMax < 1 || p.OpenProposalsMax > 64:
		return ErrParams.Wrapf("open_proposals_max %d, want 1 to 64", p.OpenProposalsMax)
	case p.EvidenceBlocks < 1:
		return ErrParams.Wrapf("evidence_blocks %d", p.EvidenceBlocks)
	}
	return nil
}

// Validate checks a genesis without a store.
func Validate(g *councilv1.GenesisState) error {
	if err := validateParams(g.Params); err != nil {
		return err
	}
	if len(g.Members) > int(g.Params.MembersMax) {
		return ErrFull.Wrapf("%d members", len(g.Members))
	}
	total := int64(0)
	for i, m := range g.Members {
		if err := checkMember(m); err != nil {
			return err
		}
		if i > 0 && g.Members[i-1].OrgId >= m.OrgId {
			return ErrKnown.Wrapf("members are not in ascending order at %d", i)
		}
		for _, other := range g.Members[:i] {
			if len(m.ConsensusKey) != 0 && bytes.Equal(other.ConsensusKey, m.ConsensusKey) {
				return ErrKey.Wrapf("organisations %d and %d share a key", other.OrgId, m.OrgId)
			}
		}
		total += m.Power
	}
	if len(g.Members) > 0 && total == 0 {
		return ErrPower.Wrap("no validator")
	}
	for i, e := range g.Entries {
		if e.Index != uint64(i) || len(e.BlockHash) != 32 {
			return ErrNotFound.Wrapf("log entry %d is malformed", i)
		}
	}
	if g.Log.Size_ != uint64(len(g.Entries)) {
		return ErrNotFound.Wrapf("log of size %d with %d entries", g.Log.Size_, len(g.Entries))
	}
	return nil
}

// InitGenesis writes a validated genesis.
func (k *Keeper) InitGenesis(ctx context.Context, g *councilv1.GenesisState) error {
	if err := k.params.Set(ctx, g.Params); err != nil {
		return err
	}
	for _, m := range g.Members {
		if err := k.members.Set(ctx, m.OrgId, m); err != nil {
			return err
		}
	}
	for _, f := range g.FormerKeys {
		if err := k.former.Set(ctx, f.ConsensusAddress, f); err != nil {
			return err
		}
	}
	for _, u := range g.Pending {
		if err := k.pending.Set(ctx, u.ConsensusKey, u); err != nil {
			return err
		}
	}
	for _, e := range g.Entries {
		if err := k.entries.Set(ctx, e.Index, e); err != nil {
			return err
		}
		if err := k.heights.Set(ctx, e.Height, e.Index); err != nil {
			return err
		}
	}
	if g.Log.Size_ == 0 {
		return nil
	}
	return k.log.Set(ctx, g.Log)
}

// ExportGenesis reads the whole state.
func (k *Keeper) ExportGenesis(ctx context.Context) (*councilv1.GenesisState, error) {
	g := &councilv1.GenesisState{}
	var err error
	if g.Params, err = k.params.Get(ctx); err != nil {
		return nil, err
	}
	if g.Members, err = values(ctx, k.members); err != nil {
		return nil, err
	}
	if g.FormerKeys, err = values(ctx, k.former); err != nil {
		return nil, err
	}
	if g.Pending, err = values(ctx, k.pending); err != nil {
		return nil, err
	}
	if g.Entries, err = values(ctx, k.entries); err != nil {
		return nil, err
	}
	g.Log, err = k.headerLog(ctx)
	return g, err
}
