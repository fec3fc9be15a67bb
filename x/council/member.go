package council

import (
	"context"
	"encoding/hex"
	"errors"

	"cosmossdk.io/collections"

	"github.com/cometbft/cometbft/crypto/ed25519"
	sdk "github.com/cosmos/cosmos-sdk/types"

	councilv1 "github.com/xinlian/xinlian/gen/xinlian/council/v1"
)

// Bounds of a member.
const (
	PowerMax       = 1000
	NodeIDsMax     = 8
	nodeIDHexBytes = 40
	membersHardMax = 100

	consensusAddressBytes = 20
)

// checkMember is the rule for one member row, without looking at others.
func checkMember(m councilv1.Member) error {
	switch {
	case m.OrgId == 0:
		return ErrMember.Wrap("organisation 0")
	case len(m.ConsensusKey) == 0 && m.Power != 0:
		return ErrPower.Wrapf("power %d without a consensus key", m.Power)
	case len(m.ConsensusKey) != 0 && len(m.ConsensusKey) != ed25519.PubKeySize:
		return ErrKey.Wrapf("got %d bytes, want %d", len(m.ConsensusKey), ed25519.PubKeySize)
	case len(m.ConsensusKey) != 0 && (m.Power < 1 || m.Power > PowerMax):
		return ErrPower.Wrapf("got %d, want 1 to %d", m.Power, PowerMax)
	}
	return checkNodeIDs(m.NodeIds)
}

func checkNodeIDs(ids []string) error {
	if len(ids) > NodeIDsMax {
		return ErrNode.Wrapf("got %d ids, at most %d", len(ids), NodeIDsMax)
	}
	for i, id := range ids {
		if b, err := hex.DecodeString(id); err != nil || len(id) != nodeIDHexBytes || hex.EncodeToString(b) != id {
			return ErrNode.Wrapf("id %d is not %d lower-case hex digits", i, nodeIDHexBytes)
		}
	}
	return nil
}

func consensusAddressOf(key []byte) []byte { return ed25519.PubKey(key).Address() }

// keyFree refuses a consensus key that a member has, had within the evidence
// age, or that waits in this block: CometBFT must see one update per key.
func (k *Keeper) keyFree(ctx context.Context, key []byte) error {
	if len(key) == 0 {
		return nil
	}
	if len(key) != ed25519.PubKeySize {
		return ErrKey.Wrapf("got %d bytes, want %d", len(key), ed25519.PubKeySize)
	}
	owner, err := k.MemberOfConsensus(ctx, consensusAddressOf(key))
	if err == nil {
		return ErrKey.Wrapf("organisation %d has or had it", owner)
	}
	if !errors.Is(err, ErrNotFound) {
		return err
	}
	return k.notPending(ctx, key)
}

func (k *Keeper) notPending(ctx context.Context, key []byte) error {
	waits, err := k.pending.Has(ctx, key)
	if err != nil {
		return err
	}
	if waits {
		return ErrBusy.Wrap("try again in the next block")
	}
	return nil
}

// admit writes a checked new member and queues its validator.
func (k *Keeper) admit(ctx context.Context, m councilv1.Member) error {
	if err := k.members.Set(ctx, m.OrgId, m); err != nil {
		return err
	}
	return k.queue(ctx, m.ConsensusKey, m.Power)
}

// retireKey queues the removal of a member's validator and remembers its key
// for as long as evidence about it may arrive.
func (k *Keeper) retireKey(ctx context.Context, m councilv1.Member) error {
	if len(m.ConsensusKey) == 0 {
		return nil
	}
	p, err := k.params.Get(ctx)
	if err != nil {
		return err
	}
	addr := consensusAddressOf(m.ConsensusKey)
	err = k.former.Set(ctx, addr, councilv1.FormerKey{
		ConsensusAddress: addr,
		OrgId:            m.OrgId,
		UntilHeight:      sdk.UnwrapSDKContext(ctx).BlockHeight() + p.EvidenceBlocks,
	})
	if err != nil {
		return err
	}
	return k.queue(ctx, m.ConsensusKey, 0)
}

func (k *Keeper) queue(ctx context.Context, key []byte, power int64) error {
	if len(key) == 0 {
		return nil
	}
	return k.pending.Set(ctx, key, councilv1.ValidatorUpdate{ConsensusKey: key, Power: power})
}

// powerWithout is the total power when one member's validator is left out.
func (k *Keeper) powerWithout(ctx context.Context, orgID uint64) (int64, error) {
	all, err := k.allMembers(ctx)
	total := int64(0)
	for _, m := range all {
		if m.OrgId != orgID {
			total += m.Power
		}
	}
	return total, err
}

// takePending empties the queue of validator updates, in key order.
func (k *Keeper) takePending(ctx context.Context) ([]councilv1.ValidatorUpdate, error) {
	all, err := values(ctx, k.pending)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return all, k.pending.Clear(ctx, nil)
}

// dropFormerKeys removes at most 16 remembered keys whose time is over.
func (k *Keeper) dropFormerKeys(ctx context.Context, height int64) error {
	const batch = 16
	var over [][]byte
	err := k.former.Walk(ctx, nil, func(key []byte, f councilv1.FormerKey) (bool, error) {
		if f.UntilHeight < height {
			over = append(over, key)
		}
		return len(over) == batch, nil
	})
	if err != nil {
		return err
	}
	for _, key := range over {
		if err := k.former.Remove(ctx, key); err != nil {
			return err
		}
	}
	return nil
}

func (k *Keeper) member(ctx context.Context, orgID uint64) (councilv1.Member, error) {
	m, err := k.members.Get(ctx, orgID)
	if errors.Is(err, collections.ErrNotFound) {
		return m, ErrMember.Wrapf("organisation %d", orgID)
	}
	return m, err
}
