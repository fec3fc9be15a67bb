package council

import (
	"testing"
	"time"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"
	govtypes "github.com/cosmos/cosmos-sdk/x/gov/types"
	govv1 "github.com/cosmos/cosmos-sdk/x/gov/types/v1"

	councilv1 "github.com/xinlian/xinlian/gen/xinlian/council/v1"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	"github.com/xinlian/xinlian/internal/wire"
	"github.com/xinlian/xinlian/x/org"
)

func propose(t testing.TB, by string, msgs ...sdk.Msg) sdk.Msg {
	t.Helper()
	m, err := govv1.NewMsgSubmitProposal(msgs, nil, account(by), "", "title", "summary", false)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func vote(by string, option govv1.VoteOption) sdk.Msg {
	return govv1.NewMsgVote(sdk.MustAccAddressFromBech32(account(by)), 1, option, "")
}

func (w *world) proposal(t testing.TB, id uint64) govv1.Proposal {
	t.Helper()
	p, err := w.gov.Proposals.Get(w.ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Test that a proposal passes through the real x/gov with one vote an
// organisation, that it ends as soon as the outcome stands, and that its messages
// then change the validators in the same block.
func TestProposalPasses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.must(t, w.ctx, propose(t, "bank admin", &admitCandidate))
	same(t, "status", w.proposal(t, 1).Status, govv1.StatusVotingPeriod)
	for i, by := range []string{"bank admin", "verifier officer", "third admin"} {
		w.must(t, w.after(int64(i)), vote(by, govv1.OptionYes))
		if updates := w.end(t, w.after(int64(i))); len(updates) != 0 {
			t.Fatalf("decided after %d of 5 votes", i+1)
		}
	}
	w.must(t, w.after(3), vote("auditor admin", govv1.OptionYes))
	if updates := w.end(t, w.after(3)); len(updates) != 1 || updates[0].Power != 3 {
		t.Errorf("updates %v", updates)
	}
	p := w.proposal(t, 1)
	same(t, "status", p.Status, govv1.StatusPassed)
	same(t, "tally", *p.FinalTallyResult, govv1.TallyResult{YesCount: "4", NoCount: "0", AbstainCount: "0", NoWithVetoCount: "0"})
	if member, err := w.k.Member(w.ctx, candidate); err != nil || !member {
		t.Errorf("not admitted: %v", err)
	}
	w.checkInvariants(t, w.after(3))
}

// Test the outcomes of x/gov's tally under our parameters, by the options of the
// five members in order; an empty one did not vote.
func TestOutcomes(t *testing.T) {
	t.Parallel()
	const yes, no, abstain, veto, none = govv1.OptionYes, govv1.OptionNo, govv1.OptionAbstain, govv1.OptionNoWithVeto, govv1.OptionEmpty
	for _, c := range []struct {
		name  string
		votes [5]govv1.VoteOption
		early bool // decided before the period ends
		want  govv1.ProposalStatus
	}{
		{"unanimous", [5]govv1.VoteOption{yes, yes, yes, yes, yes}, true, govv1.StatusPassed},
		{"four", [5]govv1.VoteOption{yes, yes, yes, yes, none}, true, govv1.StatusPassed},
		{"three, two may still veto", [5]govv1.VoteOption{yes, yes, yes, none, none}, false, govv1.StatusPassed},
		{"three against two vetoes", [5]govv1.VoteOption{yes, yes, yes, veto, veto}, true, govv1.StatusRejected},
		{"three against one veto", [5]govv1.VoteOption{yes, yes, yes, veto, abstain}, true, govv1.StatusPassed},
		{"three refuse", [5]govv1.VoteOption{no, no, veto, none, none}, true, govv1.StatusRejected},
		{"no majority votes", [5]govv1.VoteOption{yes, yes, none, none, none}, false, govv1.StatusRejected},
		{"a tie", [5]govv1.VoteOption{yes, yes, no, no, none}, false, govv1.StatusRejected},
		{"abstentions count for the quorum only", [5]govv1.VoteOption{yes, abstain, abstain, none, none}, false, govv1.StatusPassed},
		{"all abstain", [5]govv1.VoteOption{abstain, abstain, abstain, abstain, abstain}, true, govv1.StatusRejected},
		{"nobody votes", [5]govv1.VoteOption{}, false, govv1.StatusRejected},
	} {
		w := newWorld(t)
		w.must(t, w.ctx, propose(t, "bank admin", &admitCandidate))
		for i, option := range c.votes {
			if option != none {
				w.must(t, w.ctx, vote(names[i]+" admin", option))
			}
		}
		w.end(t, w.after(1))
		early := w.proposal(t, 1).Status != govv1.StatusVotingPeriod
		same(t, c.name+": decided early", early, c.early)
		w.end(t, w.after(int64(votingPeriod/time.Second)+1))
		same(t, c.name, w.proposal(t, 1).Status, c.want)
		left, err := w.gov.Votes.Iterate(w.ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		if left.Valid() {
			t.Errorf("%s: votes are left behind", c.name)
		}
		left.Close()
	}
}

// Test that an organisation has one vote, its latest, whichever device casts it.
func TestOneOrganisationOneVote(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.must(t, w.ctx, propose(t, "bank admin", &admitCandidate),
		vote("bank admin", govv1.OptionYes), vote("bank officer", govv1.OptionNo), vote("verifier admin", govv1.OptionYes),
		vote("bank officer", govv1.OptionAbstain))
	counts, keys, err := w.k.count(w.ctx, *w.gov, 1)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "votes", [4]int64{counts.yes, counts.no, counts.abstain, counts.veto}, [4]int64{1, 0, 1, 0})
	same(t, "rows", len(keys), 2)
}

// Test that the vote of an organisation that has left the council is not counted.
func TestVoteOfFormerMember(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.must(t, w.ctx, propose(t, "bank admin", &admitCandidate), vote("auditor admin", govv1.OptionYes),
		&councilv1.MsgRemoveMember{Authority: wire.Authority(), OrgId: auditor})
	cast, members, results, err := w.k.Tally(w.ctx, *w.gov, w.proposal(t, 1))
	if err != nil {
		t.Fatal(err)
	}
	if !cast.IsZero() || !members.Equal(math.NewInt(4)) || len(results) != 4 {
		t.Errorf("cast %s of %s, %d options", cast, members, len(results))
	}
}

// Test who may neither propose nor vote, each with its own code.
func TestVoteRefusals(t *testing.T) {
	t.Parallel()
	voteNo := func(by string) sdk.Msg { return vote(by, govv1.OptionNo) }
	half := govv1.NewMsgVoteWeighted(sdk.MustAccAddressFromBech32(account("bank admin")), 1, govv1.WeightedVoteOptions{
		{Option: govv1.OptionYes, Weight: "0.500000000000000000"}, {Option: govv1.OptionNo, Weight: "0.500000000000000000"},
	}, "")
	freeze := &orgv1.MsgFreezeDevice{Device: account("bank admin"), OrgId: bank, Target: account("bank officer")}
	for _, c := range []struct {
		name   string
		before []sdk.Msg
		msg    sdk.Msg
		want   error
	}{
		{"vote: a service", nil, voteNo("bank service"), ErrVote},
		{"vote: not a member", nil, voteNo("candidate admin"), ErrVote},
		{"vote: an enterprise", nil, voteNo("firm admin"), ErrVote},
		{"vote: nobody", nil, voteNo("stranger"), ErrVote},
		{"vote: frozen", []sdk.Msg{freeze}, voteNo("bank officer"), org.ErrDeviceFrozen},
		{"vote: weighted", nil, half, ErrVote},
		{"propose: a service", nil, propose(t, "bank service", &admitCandidate), ErrVote},
		{"propose: not a member", nil, propose(t, "candidate admin", &admitCandidate), ErrVote},
		{"propose: nobody", nil, propose(t, "stranger", &admitCandidate), ErrVote},
		{"propose: a third open one", []sdk.Msg{propose(t, "bank officer", &admitCandidate)}, propose(t, "bank admin", &removeBank), ErrFull},
	} {
		w := newWorld(t)
		orgv1.RegisterMsgServer(w.router, org.NewMsgServer(w.orgs))
		w.must(t, w.ctx, propose(t, "bank admin", &admitCandidate))
		w.must(t, w.ctx, c.before...)
		if _, err := w.send(w.ctx, c.msg); !isOnly(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
	}
}

// Test that a member's open proposals count per member, and that a decided one
// makes room again.
func TestOpenProposals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.must(t, w.ctx, propose(t, "bank admin", &admitCandidate), propose(t, "bank officer", &admitCandidate),
		propose(t, "verifier admin", &admitCandidate))
	for _, by := range []string{"bank admin", "verifier admin", "third admin"} {
		w.must(t, w.ctx, vote(by, govv1.OptionNo))
	}
	w.end(t, w.after(1))
	same(t, "status", w.proposal(t, 1).Status, govv1.StatusRejected)
	w.must(t, w.after(2), propose(t, "bank admin", &admitCandidate))
}

// Test that the hooks without a rule do nothing, whatever they are given.
func TestSilentHooks(t *testing.T) {
	t.Parallel()
	var h govtypes.GovHooks = Hooks{}
	if err := h.AfterProposalDeposit(nil, 0, nil); err != nil { //nolint:staticcheck // the hook reads no context
		t.Error(err)
	}
	if err := h.AfterProposalFailedMinDeposit(nil, 0); err != nil { //nolint:staticcheck // the hook reads no context
		t.Error(err)
	}
	if err := h.AfterProposalVotingPeriodEnded(nil, 0); err != nil { //nolint:staticcheck // the hook reads no context
		t.Error(err)
	}
}

// Test, over every division of up to nine members' votes, that what counts as
// decided gives the same outcome as every way in which the others might still vote.
func TestDecidedIsFinal(t *testing.T) {
	t.Parallel()
	threshold := math.LegacyNewDecWithPrec(334, 3)
	for members := int64(1); members <= 9; members++ {
		each(members, func(now votes) {
			if !decided(now, members, threshold) {
				return
			}
			want := passes(now, members, threshold)
			each(members-now.total(), func(later votes) {
				all := votes{now.yes + later.yes, now.no + later.no, now.abstain + later.abstain, now.veto + later.veto}
				if passes(all, members, threshold) != want {
					t.Fatalf("%+v of %d is called decided, but %+v turns it", now, members, later)
				}
			})
		})
	}
}

// each calls f with every division of at most n votes.
func each(n int64, f func(votes)) {
	for y := range n + 1 {
		for no := range n - y + 1 {
			for a := range n - y - no + 1 {
				for v := range n - y - no - a + 1 {
					f(votes{y, no, a, v})
				}
			}
		}
	}
}

// passes is x/gov's rule, written again from its documentation.
func passes(v votes, members int64, threshold math.LegacyDec) bool {
	cast, counted := v.total(), v.total()-v.abstain
	return 2*cast >= members && counted > 0 && !math.LegacyNewDec(v.veto).QuoInt64(cast).GT(threshold) && 2*v.yes > counted
}
