package testkit

import (
	"context"

	sdk "github.com/cosmos/cosmos-sdk/types"
	govv1 "github.com/cosmos/cosmos-sdk/x/gov/types/v1"

	"github.com/xinlian/xinlian/internal/wire"
)

// Proposal makes the message by which a device puts messages to the council.
func (c *Chain) Proposal(s wire.Signer, msgs ...sdk.Msg) *govv1.MsgSubmitProposal {
	c.tb.Helper()
	m, err := govv1.NewMsgSubmitProposal(msgs, nil, wire.Address(s), "", "A proposal", "What the test is about.", false)
	if err != nil {
		c.tb.Fatal(err)
	}
	return m
}

// Propose puts messages to the council and returns the proposal's id.
func (c *Chain) Propose(s wire.Signer, msgs ...sdk.Msg) uint64 {
	c.tb.Helper()
	var res govv1.MsgSubmitProposalResponse
	c.Do(s, c.Proposal(s, msgs...)).Response(c.tb, &res)
	return res.ProposalId
}

// Vote makes a device's vote.
func Vote(s wire.Signer, proposal uint64, option govv1.VoteOption) *govv1.MsgVote {
	return govv1.NewMsgVote(s.PubKey().Address().Bytes(), proposal, option, "")
}

// Decide puts messages to the council, lets founders agree one after another
// until the voting ends, and returns the proposal as it was decided. Whether its
// messages succeeded is in its status.
func (c *Chain) Decide(msgs ...sdk.Msg) govv1.Proposal {
	c.tb.Helper()
	id := c.Propose(c.BankA.Admin, msgs...)
	for _, f := range c.Founders() {
		c.Do(f.Admin, Vote(f.Admin, id, govv1.OptionYes))
		if p := c.ProposalOf(id); p.Status != govv1.StatusVotingPeriod {
			return p
		}
	}
	c.tb.Fatalf("proposal %d: every founder agreed and it is still open", id)
	return govv1.Proposal{}
}

// Pass is Decide that must succeed.
func (c *Chain) Pass(msgs ...sdk.Msg) {
	c.tb.Helper()
	if p := c.Decide(msgs...); p.Status != govv1.StatusPassed {
		c.tb.Fatalf("proposal %d: %s: %s", p.Id, p.Status, p.FailedReason)
	}
}

// ProposalOf is a proposal in the last committed state.
func (c *Chain) ProposalOf(id uint64) govv1.Proposal {
	c.tb.Helper()
	res, err := govv1.NewQueryClient(c.Conn()).Proposal(context.Background(), &govv1.QueryProposalRequest{ProposalId: id})
	if err != nil {
		c.tb.Fatal(err)
	}
	return *res.Proposal
}
