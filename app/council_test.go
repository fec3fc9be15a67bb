package app_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"
	govv1 "github.com/cosmos/cosmos-sdk/x/gov/types/v1"

	councilv1 "github.com/xinlian/xinlian/gen/xinlian/council/v1"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	"github.com/xinlian/xinlian/internal/testkit"
	"github.com/xinlian/xinlian/internal/wire"
	"github.com/xinlian/xinlian/x/council"
)

// newOrganisation registers an organisation through the council and activates its
// admin, whose name is the organisation's.
func newOrganisation(t *testing.T, c *testkit.Chain, name string) testkit.Founder {
	t.Helper()
	f := testkit.Founder{Admin: testkit.Passkey(t, name)}
	c.Pass(&orgv1.MsgRegisterOrganisation{
		Authority: wire.Authority(), Kind: orgv1.OrgKind_ORG_KIND_BANK, Roles: []orgv1.Role{orgv1.Role_ROLE_LENDER},
		Name: name, AdminKey: wire.DeviceKey(f.Admin),
	})
	c.Do(f.Admin, &orgv1.MsgActivateDevice{Device: wire.Address(f.Admin)})
	res, err := orgv1.NewQueryClient(c.Conn()).Device(context.Background(), &orgv1.QueryDeviceRequest{Address: wire.Address(f.Admin)})
	if err != nil {
		t.Fatal(err)
	}
	f.ID = res.Device.OrgId
	return f
}

// updates fails the test unless the last block told consensus exactly these
// powers, each of the validator of that name.
func updates(t *testing.T, c *testkit.Chain, want map[string]int64) {
	t.Helper()
	if len(c.Updates) != len(want) {
		t.Errorf("block %d has %d validator updates, want %d", c.Height(), len(c.Updates), len(want))
	}
	for name, power := range want {
		n := 0
		for _, u := range c.Updates {
			if isKey(u, name) && u.Power == power {
				n++
			}
		}
		if n != 1 {
			t.Errorf("block %d: %d updates of %s to power %d, want 1", c.Height(), n, name, power)
		}
	}
}

// Test that a proposal makes an organisation a member with a validator in the
// block in which it is decided, that it may then vote and rotate its key in one
// block, and that a removal takes the validator away.
func TestAdmission(t *testing.T) {
	t.Parallel()
	c := testkit.Start(t)
	joins := newOrganisation(t, c, "bank-c")
	updates(t, c, nil)

	open := c.Propose(c.BankA.Admin, &councilv1.MsgRemoveMember{Authority: wire.Authority(), OrgId: c.Auditor.ID})
	c.Refuse(joins.Admin, council.ErrVote, testkit.Vote(joins.Admin, open, govv1.OptionYes))
	c.Refuse(joins.Admin, council.ErrVote, c.Proposal(joins.Admin, &councilv1.MsgRemoveMember{Authority: wire.Authority(), OrgId: c.Auditor.ID}))

	c.Pass(&councilv1.MsgAdmitMember{
		Authority: wire.Authority(), OrgId: joins.ID, ConsensusKey: testkit.ConsensusKey("bank-c"), Power: 7,
	})
	updates(t, c, map[string]int64{"bank-c": 7})
	c.Block(time.Second)
	updates(t, c, nil)
	c.Do(joins.Admin, testkit.Vote(joins.Admin, open, govv1.OptionYes))

	c.Do(joins.Admin, &councilv1.MsgRotateConsensusKey{
		Device: wire.Address(joins.Admin), OrgId: joins.ID, ConsensusKey: testkit.ConsensusKey("bank-c-2"),
	})
	updates(t, c, map[string]int64{"bank-c": 0, "bank-c-2": 7})
	c.Refuse(c.BankA.Admin, council.ErrKey, &councilv1.MsgRotateConsensusKey{
		Device: wire.Address(c.BankA.Admin), OrgId: c.BankA.ID, ConsensusKey: testkit.ConsensusKey("bank-c"),
	})
	updates(t, c, nil)

	c.Pass(&councilv1.MsgRemoveMember{Authority: wire.Authority(), OrgId: joins.ID})
	updates(t, c, map[string]int64{"bank-c-2": 0})
	c.Refuse(joins.Admin, council.ErrVote, testkit.Vote(joins.Admin, open, govv1.OptionNo))
	c.CheckInvariants()
}

// Test that two changes of one key in one block leave consensus one update: the
// second is refused.
func TestRotationTwiceInABlock(t *testing.T) {
	t.Parallel()
	c := testkit.Start(t)
	cli := cliKey{secp256k1.GenPrivKeyFromSecret([]byte("cli"))}
	added(t, c, c.BankA, cli, orgv1.DeviceRole_DEVICE_ROLE_ADMIN, 0, true)
	rotate := func(s wire.Signer, key string) []byte {
		return c.Sign(s, &councilv1.MsgRotateConsensusKey{
			Device: wire.Address(s), OrgId: c.BankA.ID, ConsensusKey: testkit.ConsensusKey(key),
		})
	}
	got := c.Block(time.Second, rotate(c.BankA.Admin, "second"), rotate(cli, "third"))
	if got[0].Code != 0 || got[1].Space != council.Name || got[1].Code != council.ErrBusy.ABCICode() {
		t.Errorf("got %d and %s/%d %s", got[0].Code, got[1].Space, got[1].Code, got[1].Log)
	}
	updates(t, c, map[string]int64{"bank-a": 0, "second": 10})
	c.CheckInvariants()
}

// Test that the last validator stays: a chain without one would halt.
func TestLastValidatorStays(t *testing.T) {
	t.Parallel()
	c := testkit.Start(t)
	p := c.Decide(&councilv1.MsgRemoveMember{Authority: wire.Authority(), OrgId: c.BankA.ID})
	if p.Status != govv1.StatusFailed {
		t.Errorf("removing the only validator: %s", p.Status)
	}
	updates(t, c, nil)
	c.CheckInvariants()
}

// Test that voting ends in the block whose vote decides, not before and not at
// the end of the voting period.
func TestEarlyClose(t *testing.T) {
	t.Parallel()
	for _, r := range []struct {
		name   string
		option govv1.VoteOption
		votes  int // of seven members, after which nothing can change the outcome
		want   govv1.ProposalStatus
	}{
		{"yes, until vetoes of the rest are under a third", govv1.OptionYes, 5, govv1.StatusPassed},
		{"no, with a majority of all members", govv1.OptionNo, 4, govv1.StatusRejected},
		{"vetoes, with a majority of all members", govv1.OptionNoWithVeto, 4, govv1.StatusRejected},
		{"abstentions decide nothing until all have voted", govv1.OptionAbstain, 7, govv1.StatusRejected},
	} {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			c := testkit.Start(t)
			id := c.Propose(c.BankA.Admin, &councilv1.MsgRemoveMember{Authority: wire.Authority(), OrgId: c.Auditor.ID})
			for i, f := range c.Founders()[:r.votes] {
				if p := c.ProposalOf(id); p.Status != govv1.StatusVotingPeriod {
					t.Fatalf("after %d votes: %s", i, p.Status)
				}
				c.Do(f.Admin, testkit.Vote(f.Admin, id, r.option))
			}
			if p := c.ProposalOf(id); p.Status != r.want || !p.VotingEndTime.Equal(c.Now()) {
				t.Errorf("after %d votes: %s, ended %s, now %s", r.votes, p.Status, p.VotingEndTime, c.Now())
			}
			c.CheckInvariants()
		})
	}
}

// Test that a proposal for which too few vote is rejected when its period ends.
func TestQuorum(t *testing.T) {
	t.Parallel()
	c := testkit.Start(t)
	id := c.Propose(c.BankA.Admin, &councilv1.MsgRemoveMember{Authority: wire.Authority(), OrgId: c.Auditor.ID})
	for _, f := range c.Founders()[:3] {
		c.Do(f.Admin, testkit.Vote(f.Admin, id, govv1.OptionYes))
	}
	c.Block(c.ProposalOf(id).VotingEndTime.Sub(c.Now()) - time.Second)
	if p := c.ProposalOf(id); p.Status != govv1.StatusVotingPeriod {
		t.Errorf("a second before the end: %s", p.Status)
	}
	c.Block(time.Second)
	if p := c.ProposalOf(id); p.Status != govv1.StatusRejected {
		t.Errorf("three of seven voted yes: %s", p.Status)
	}
}

// Test that an organisation has one vote, its latest, whichever of its devices
// cast it, and that a service device has none.
func TestOneOrganisationOneVote(t *testing.T) {
	t.Parallel()
	c := testkit.Start(t)
	cli := cliKey{secp256k1.GenPrivKeyFromSecret([]byte("cli"))}
	added(t, c, c.BankA, cli, orgv1.DeviceRole_DEVICE_ROLE_OFFICER, 0, true)
	id := c.Propose(c.BankA.Admin, &councilv1.MsgRemoveMember{Authority: wire.Authority(), OrgId: c.Auditor.ID})
	c.Refuse(c.BankA.Service, council.ErrVote, testkit.Vote(c.BankA.Service, id, govv1.OptionYes))

	c.Do(c.BankA.Admin, testkit.Vote(c.BankA.Admin, id, govv1.OptionYes))
	c.Do(cli, testkit.Vote(cli, id, govv1.OptionNo))
	res, err := govv1.NewQueryClient(c.Conn()).Votes(context.Background(), &govv1.QueryVotesRequest{ProposalId: id})
	if err != nil {
		t.Fatal(err)
	}
	if len(res.Votes) != 1 || res.Votes[0].Voter != wire.Address(cli) || res.Votes[0].Options[0].Option != govv1.OptionNo {
		t.Errorf("bank A's votes: %v", res.Votes)
	}
	for _, f := range c.Founders()[1:4] {
		c.Do(f.Admin, testkit.Vote(f.Admin, id, govv1.OptionNo))
	}
	if p := c.ProposalOf(id); p.Status != govv1.StatusRejected || p.FinalTallyResult.NoCount != "4" || p.FinalTallyResult.YesCount != "0" {
		t.Errorf("%s: %v", p.Status, p.FinalTallyResult)
	}
}

// Test that the genesis of x/council alone names the first validators.
func TestGenesisValidators(t *testing.T) {
	t.Parallel()
	c := testkit.Start(t)
	res, err := councilv1.NewQueryClient(c.Conn()).Members(context.Background(), &councilv1.QueryMembersRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if len(res.Members) != len(c.Founders()) {
		t.Errorf("got %d members, want %d", len(res.Members), len(c.Founders()))
	}
	if len(c.Validators) != 1 || c.Validators[0].Power != 10 || !isKey(c.Validators[0], "bank-a") {
		t.Errorf("validators of the genesis: %v", c.Validators)
	}
}

func isKey(u abci.ValidatorUpdate, name string) bool {
	return bytes.Equal(u.PubKey.GetEd25519(), testkit.ConsensusKey(name))
}
