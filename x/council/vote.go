package council

import (
	"context"

	"cosmossdk.io/collections"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"
	govkeeper "github.com/cosmos/cosmos-sdk/x/gov/keeper"
	govtypes "github.com/cosmos/cosmos-sdk/x/gov/types"
	govv1 "github.com/cosmos/cosmos-sdk/x/gov/types/v1"

	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	"github.com/xinlian/xinlian/internal/wire"
)

// Tally is x/gov's tally with one organisation one vote. It returns all four
// options, because x/gov panics on a missing one, and removes the votes.
func (k *Keeper) Tally(ctx context.Context, gov govkeeper.Keeper, proposal govv1.Proposal) (math.LegacyDec, math.Int, map[govv1.VoteOption]math.LegacyDec, error) {
	counts, keys, err := k.count(ctx, gov, proposal.Id)
	if err != nil {
		return math.LegacyDec{}, math.Int{}, nil, err
	}
	for _, key := range keys {
		if err := gov.Votes.Remove(ctx, key); err != nil {
			return math.LegacyDec{}, math.Int{}, nil, err
		}
	}
	members, err := k.Members(ctx)
	if err != nil {
		return math.LegacyDec{}, math.Int{}, nil, err
	}
	results := map[govv1.VoteOption]math.LegacyDec{
		govv1.OptionYes:        math.LegacyNewDec(counts.yes),
		govv1.OptionNo:         math.LegacyNewDec(counts.no),
		govv1.OptionAbstain:    math.LegacyNewDec(counts.abstain),
		govv1.OptionNoWithVeto: math.LegacyNewDec(counts.veto),
	}
	return math.LegacyNewDec(counts.total()), math.NewInt(int64(members)), results, nil
}

type votes struct{ yes, no, abstain, veto int64 }

func (v votes) total() int64 { return v.yes + v.no + v.abstain + v.veto }

// count counts the votes of organisations that are members now.
func (k *Keeper) count(ctx context.Context, gov govkeeper.Keeper, proposalID uint64) (votes, []collections.Pair[uint64, sdk.AccAddress], error) {
	var c votes
	var keys []collections.Pair[uint64, sdk.AccAddress]
	rng := collections.NewPrefixedPairRange[uint64, sdk.AccAddress](proposalID)
	err := gov.Votes.Walk(ctx, rng, func(key collections.Pair[uint64, sdk.AccAddress], vote govv1.Vote) (bool, error) {
		keys = append(keys, key)
		_, member, err := k.voter(ctx, vote.Voter)
		if err != nil || !member || len(vote.Options) != 1 {
			return false, err
		}
		switch vote.Options[0].Option {
		case govv1.OptionYes:
			c.yes++
		case govv1.OptionNo:
			c.no++
		case govv1.OptionAbstain:
			c.abstain++
		case govv1.OptionNoWithVeto:
			c.veto++
		default: // x/gov takes no other option
		}
		return false, nil
	})
	return c, keys, err
}

// voter finds a voting device's organisation and whether it is a member.
func (k *Keeper) voter(ctx context.Context, address string) (orgv1.Device, bool, error) {
	d, ok, err := k.orgs.DeviceOf(ctx, address)
	if err != nil || !ok {
		return d, false, err
	}
	member, err := k.Member(ctx, d.OrgId)
	return d, member, err
}

// Hooks keeps x/gov within the consortium's rules.
type Hooks struct {
	k   *Keeper
	gov *govkeeper.Keeper
}

var _ govtypes.GovHooks = Hooks{}

// NewHooks connects the council to x/gov. It is set once, by the app.
func NewHooks(k *Keeper, gov *govkeeper.Keeper) Hooks { return Hooks{k: k, gov: gov} }

// AfterProposalSubmission refuses proposers who are not an admin or officer of a
// member, and more open proposals of one member than the parameter allows.
func (h Hooks) AfterProposalSubmission(ctx context.Context, _ uint64, proposer sdk.AccAddress) error {
	d, err := h.acting(ctx, proposer)
	if err != nil {
		return err
	}
	p, err := h.k.params.Get(ctx)
	if err != nil {
		return err
	}
	open := uint32(0)
	err = h.gov.VotingPeriodProposals.Walk(ctx, nil, func(id uint64, _ []byte) (bool, error) {
		prop, err := h.gov.Proposals.Get(ctx, id)
		if err != nil {
			return true, err
		}
		other, ok, err := h.k.orgs.DeviceOf(ctx, prop.Proposer)
		if err == nil && ok && other.OrgId == d.OrgId {
			open++
		}
		return false, err
	})
	if err != nil {
		return err
	}
	if open >= p.OpenProposalsMax {
		return ErrFull.Wrapf("organisation %d has %d open proposals, at most %d", d.OrgId, open, p.OpenProposalsMax)
	}
	return nil
}

// AfterProposalVote lets each member organisation have one vote, its latest, and
// ends the voting when no further vote can change the outcome.
func (h Hooks) AfterProposalVote(ctx context.Context, proposalID uint64, voter sdk.AccAddress) error {
	d, err := h.acting(ctx, voter)
	if err != nil {
		return err
	}
	vote, err := h.gov.Votes.Get(ctx, collections.Join(proposalID, voter))
	if err != nil {
		return err
	}
	if len(vote.Options) != 1 {
		return ErrVote.Wrap("a weighted vote")
	}
	counts, keys, err := h.k.count(ctx, *h.gov, proposalID)
	if err != nil {
		return err
	}
	for _, key := range keys {
		other, ok, err := h.k.orgs.DeviceOf(ctx, wire.AddressText(key.K2()))
		if err != nil {
			return err
		}
		if !ok || other.OrgId != d.OrgId || key.K2().Equals(voter) {
			continue
		}
		if err := h.gov.Votes.Remove(ctx, key); err != nil {
			return err
		}
		if counts, _, err = h.k.count(ctx, *h.gov, proposalID); err != nil {
			return err
		}
	}
	members, err := h.k.Members(ctx)
	if err != nil {
		return err
	}
	p, err := h.gov.Params.Get(ctx)
	if err != nil {
		return err
	}
	veto, err := math.LegacyNewDecFromStr(p.VetoThreshold)
	if err != nil {
		return err
	}
	if !decided(counts, int64(members), veto) {
		return nil
	}
	return h.closeVoting(ctx, proposalID)
}

// decided tells that the members who have not voted can no longer change the
// outcome: there are none; or more than half of all members refuse; or more than
// half of all members agree and even vetoes of all the others would not exceed
// the threshold, which is a share of the votes cast.
func decided(c votes, members int64, vetoThreshold math.LegacyDec) bool {
	vetoesMax := c.veto + members - c.total()
	switch {
	case c.total() >= members:
		return true
	case 2*(c.no+c.veto) > members:
		return true
	case 2*c.yes > members:
		return !math.LegacyNewDec(vetoesMax).QuoInt64(members).GT(vetoThreshold)
	default:
		return false
	}
}

// closeVoting moves the proposal's end to now; x/gov tallies it at the end of
// this block.
func (h Hooks) closeVoting(ctx context.Context, id uint64) error {
	prop, err := h.gov.Proposals.Get(ctx, id)
	if err != nil {
		return err
	}
	if prop.VotingEndTime == nil {
		return nil
	}
	if err := h.gov.ActiveProposalsQueue.Remove(ctx, collections.Join(*prop.VotingEndTime, id)); err != nil {
		return err
	}
	now := sdk.UnwrapSDKContext(ctx).BlockTime()
	prop.VotingEndTime = &now
	if err := h.gov.Proposals.Set(ctx, id, prop); err != nil {
		return err
	}
	return h.gov.ActiveProposalsQueue.Set(ctx, collections.Join(now, id), id)
}

func (h Hooks) acting(ctx context.Context, addr sdk.AccAddress) (orgv1.Device, error) {
	text := wire.AddressText(addr)
	d, member, err := h.k.voter(ctx, text)
	if err != nil {
		return d, err
	}
	if !member {
		return d, ErrVote.Wrapf("%s is not of a member organisation", text)
	}
	if _, d, err = h.k.orgs.Acting(ctx, text, d.OrgId); err != nil {
		return d, err
	}
	if d.Role != orgv1.DeviceRole_DEVICE_ROLE_ADMIN && d.Role != orgv1.DeviceRole_DEVICE_ROLE_OFFICER {
		return d, ErrVote.Wrap("a service device neither proposes nor votes")
	}
	return d, nil
}

// AfterProposalDeposit does nothing: there are no deposits.
func (h Hooks) AfterProposalDeposit(context.Context, uint64, sdk.AccAddress) error { return nil }

// AfterProposalFailedMinDeposit does nothing: there are no deposits.
func (h Hooks) AfterProposalFailedMinDeposit(context.Context, uint64) error { return nil }

// AfterProposalVotingPeriodEnded does nothing: the tally has removed the votes.
func (h Hooks) AfterProposalVotingPeriodEnded(context.Context, uint64) error { return nil }
