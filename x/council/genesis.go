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
	if err := validateMembers(g.Members); err != nil {
		return err
	}
	if err := validateKeys(g); err != nil {
		return err
	}
	return validateLog(g.Log, g.Entries)
}

func validateMembers(members []councilv1.Member) error {
	total := int64(0)
	for i, m := range members {
		if err := checkMember(m); err != nil {
			return err
		}
		if i > 0 && members[i-1].OrgId >= m.OrgId {
			return ErrGenesis.Wrapf("members are not in ascending order at %d", i)
		}
		for _, other := range members[:i] {
			if len(m.ConsensusKey) != 0 && bytes.Equal(other.ConsensusKey, m.ConsensusKey) {
				return ErrKey.Wrapf("organisations %d and %d share a key", other.OrgId, m.OrgId)
			}
		}
		total += m.Power
	}
	if len(members) > 0 && total == 0 {
		return ErrPower.Wrap("no validator")
	}
	return nil
}

// validateKeys checks the remembered keys and that no update waits: the queue is
// empty between blocks, and what CometBFT has not been told yet must not be lost
// or told twice across an export.
func validateKeys(g *councilv1.GenesisState) error {
	for i, f := range g.FormerKeys {
		if len(f.ConsensusAddress) != consensusAddressBytes || f.OrgId == 0 {
			return ErrGenesis.Wrapf("former key %d is malformed", i)
		}
		if i > 0 && bytes.Compare(g.FormerKeys[i-1].ConsensusAddress, f.ConsensusAddress) >= 0 {
			return ErrGenesis.Wrapf("former keys are not in ascending order at %d", i)
		}
	}
	if len(g.Pending) != 0 {
		return ErrGenesis.Wrapf("%d validator updates wait", len(g.Pending))
	}
	return nil
}

// validateLog plays the log again from its leaves.
func validateLog(log councilv1.HeaderLog, entries []councilv1.HeaderEntry) error {
	var again councilv1.HeaderLog
	for i, e := range entries {
		if e.Index != uint64(i) || len(e.BlockHash) != blockHashBytes || i > 0 && entries[i-1].Height >= e.Height {
			return ErrGenesis.Wrapf("log entry %d is malformed or out of order", i)
		}
		var err error
		if again, err = appendHash(again, e.BlockHash); err != nil {
			return ErrGenesis.Wrapf("log entry %d: %v", i, err)
		}
	}
	if !sameLog(log, again) {
		return ErrGenesis.Wrapf("the log of size %d does not follow from its %d entries", log.Size_, len(entries))
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
