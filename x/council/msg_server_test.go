package council

import (
	"testing"

	"github.com/cosmos/gogoproto/proto"

	sdk "github.com/cosmos/cosmos-sdk/types"

	councilv1 "github.com/xinlian/xinlian/gen/xinlian/council/v1"
	"github.com/xinlian/xinlian/internal/wire"
	"github.com/xinlian/xinlian/x/org"
)

var (
	admitCandidate = councilv1.MsgAdmitMember{
		Authority: wire.Authority(), OrgId: candidate, ConsensusKey: consensusKey("candidate"), Power: 3,
		NodeIds: []string{nodeID("candidate")},
	}
	removeBank = councilv1.MsgRemoveMember{Authority: wire.Authority(), OrgId: bank}
	rotateBank = councilv1.MsgRotateConsensusKey{Device: account("bank admin"), OrgId: bank, ConsensusKey: consensusKey("bank 2")}
	setNodes   = councilv1.MsgSetNodes{Device: account("bank admin"), OrgId: bank, NodeIds: []string{nodeID("a"), nodeID("b")}}
	setParams  = councilv1.MsgUpdateParams{Authority: wire.Authority(), Params: councilv1.Params{
		Network: councilv1.NetworkKind_NETWORK_KIND_PRODUCTION, MembersMax: 9, OpenProposalsMax: 3, EvidenceBlocks: 7,
	}}
)

// bend is a copy of a message with something changed.
func bend[M any](m M, change func(*M)) *M {
	change(&m)
	return &m
}

// Test that each message does what it says, tells it, and leaves a sound state.
func TestMessages(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		msg    sdk.Msg
		events []string
		want   func(*councilv1.GenesisState) // change of the genesis state
	}{
		{
			"admit with a validator", &admitCandidate,
			[]string{"xinlian.council.v1.EventMemberChanged org_id:6 power:3 "},
			func(g *councilv1.GenesisState) {
				g.Members = append(g.Members, councilv1.Member{
					OrgId: candidate, ConsensusKey: consensusKey("candidate"), Power: 3,
					NodeIds: []string{nodeID("candidate")}, Height: genesisHeight,
				})
			},
		},
		{
			"admit without a validator",
			bend(admitCandidate, func(m *councilv1.MsgAdmitMember) { m.ConsensusKey, m.Power, m.NodeIds = nil, 0, nil }),
			[]string{"xinlian.council.v1.EventMemberChanged org_id:6 "},
			func(g *councilv1.GenesisState) {
				g.Members = append(g.Members, councilv1.Member{OrgId: candidate, Height: genesisHeight})
			},
		},
		{
			"remove", &removeBank,
			[]string{"xinlian.council.v1.EventMemberChanged org_id:1 power:10 removed:true "},
			func(g *councilv1.GenesisState) {
				g.Members = g.Members[1:]
				g.FormerKeys = []councilv1.FormerKey{{
					ConsensusAddress: consensusAddressOf(consensusKey("bank")), OrgId: bank, UntilHeight: genesisHeight + 100,
				}}
			},
		},
		{
			"remove one without a validator", &councilv1.MsgRemoveMember{Authority: wire.Authority(), OrgId: auditor},
			[]string{"xinlian.council.v1.EventMemberChanged org_id:5 removed:true "},
			func(g *councilv1.GenesisState) { g.Members = g.Members[:4] },
		},
		{
			"rotate", &rotateBank,
			[]string{"xinlian.council.v1.EventMemberChanged org_id:1 power:10 "},
			func(g *councilv1.GenesisState) {
				g.Members[0].ConsensusKey = consensusKey("bank 2")
				g.FormerKeys = []councilv1.FormerKey{{
					ConsensusAddress: consensusAddressOf(consensusKey("bank")), OrgId: bank, UntilHeight: genesisHeight + 100,
				}}
			},
		},
		{
			"nodes", &setNodes,
			[]string{"xinlian.council.v1.EventMemberChanged org_id:1 power:10 "},
			func(g *councilv1.GenesisState) { g.Members[0].NodeIds = []string{nodeID("a"), nodeID("b")} },
		},
		{"params", &setParams, nil, func(g *councilv1.GenesisState) { g.Params = setParams.Params }},
	} {
		w := newWorld(t)
		res, err := w.send(w.ctx, c.msg)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		same(t, c.name+": events", eventsOf(t, res), c.events)
		w.end(t, w.ctx)
		want := exampleGenesis()
		c.want(want)
		got := w.export(t, w.ctx)
		if !proto.Equal(got, want) {
			same(t, c.name+": state", got.String(), want.String())
		}
		w.checkInvariants(t, w.ctx)
	}
}

// Test that each refusal has its own code and changes nothing.
func TestRefusals(t *testing.T) {
	t.Parallel()
	nine := make([]string, 9)
	for i := range nine {
		nine[i] = nodeID(string(rune('a' + i)))
	}
	admit := func(change func(*councilv1.MsgAdmitMember)) sdk.Msg { return bend(admitCandidate, change) }
	rotate := func(change func(*councilv1.MsgRotateConsensusKey)) sdk.Msg { return bend(rotateBank, change) }
	nodes := func(ids ...string) sdk.Msg {
		return bend(setNodes, func(m *councilv1.MsgSetNodes) { m.NodeIds = ids })
	}
	params := func(change func(*councilv1.Params)) sdk.Msg {
		return bend(setParams, func(m *councilv1.MsgUpdateParams) { change(&m.Params) })
	}
	for _, c := range []struct {
		name   string
		before []sdk.Msg
		msg    sdk.Msg
		want   error
	}{
		{"admit: not the council", nil, admit(func(m *councilv1.MsgAdmitMember) { m.Authority = account("bank admin") }), ErrAuthority},
		{"admit: organisation 0", nil, admit(func(m *councilv1.MsgAdmitMember) { m.OrgId = 0 }), ErrMember},
		{"admit: unknown organisation", nil, admit(func(m *councilv1.MsgAdmitMember) { m.OrgId = 99 }), org.ErrUnknownOrganisation},
		{"admit: enterprise", nil, admit(func(m *councilv1.MsgAdmitMember) { m.OrgId = firm }), ErrMember},
		{"admit: suspended", nil, admit(func(m *councilv1.MsgAdmitMember) { m.OrgId = sleeping }), ErrMember},
		{"admit: known", nil, admit(func(m *councilv1.MsgAdmitMember) { m.OrgId = bank }), ErrKnown},
		{"admit: no place", []sdk.Msg{params(func(p *councilv1.Params) { p.MembersMax = 5 })}, &admitCandidate, ErrFull},
		{"admit: short key", nil, admit(func(m *councilv1.MsgAdmitMember) { m.ConsensusKey = m.ConsensusKey[:31] }), ErrKey},
		{"admit: another's key", nil, admit(func(m *councilv1.MsgAdmitMember) { m.ConsensusKey = consensusKey("bank") }), ErrKey},
		{"admit: another's former key", []sdk.Msg{&rotateBank}, admit(func(m *councilv1.MsgAdmitMember) { m.ConsensusKey = consensusKey("bank") }), ErrKey},
		{"admit: power without key", nil, admit(func(m *councilv1.MsgAdmitMember) { m.ConsensusKey = nil }), ErrPower},
		{"admit: key without power", nil, admit(func(m *councilv1.MsgAdmitMember) { m.Power = 0 }), ErrPower},
		{"admit: negative power", nil, admit(func(m *councilv1.MsgAdmitMember) { m.Power = -1 }), ErrPower},
		{"admit: too much power", nil, admit(func(m *councilv1.MsgAdmitMember) { m.Power = PowerMax + 1 }), ErrPower},
		{"admit: node id", nil, admit(func(m *councilv1.MsgAdmitMember) { m.NodeIds = []string{"x"} }), ErrNode},

		{"remove: not the council", nil, bend(removeBank, func(m *councilv1.MsgRemoveMember) { m.Authority = account("bank admin") }), ErrAuthority},
		{"remove: no member", nil, bend(removeBank, func(m *councilv1.MsgRemoveMember) { m.OrgId = candidate }), ErrMember},
		{"remove: the last validator", []sdk.Msg{&removeBank}, bend(removeBank, func(m *councilv1.MsgRemoveMember) { m.OrgId = verifier }), ErrPower},
		{"remove: admitted in this block", []sdk.Msg{&admitCandidate}, bend(removeBank, func(m *councilv1.MsgRemoveMember) { m.OrgId = candidate }), ErrBusy},
		{"remove: rotated in this block", []sdk.Msg{&rotateBank}, &removeBank, ErrBusy},

		{"rotate: an officer", nil, rotate(func(m *councilv1.MsgRotateConsensusKey) { m.Device = account("bank officer") }), ErrVote},
		{"rotate: another's device", nil, rotate(func(m *councilv1.MsgRotateConsensusKey) { m.Device = account("verifier admin") }), org.ErrNotActing},
		{"rotate: no device", nil, rotate(func(m *councilv1.MsgRotateConsensusKey) { m.Device = account("nobody") }), org.ErrUnknownDevice},
		{"rotate: no member", nil, rotate(func(m *councilv1.MsgRotateConsensusKey) { m.Device, m.OrgId = account("candidate admin"), candidate }), ErrMember},
		{"rotate: no validator", nil, rotate(func(m *councilv1.MsgRotateConsensusKey) { m.Device, m.OrgId = account("third admin"), third }), ErrKey},
		{"rotate: empty key", nil, rotate(func(m *councilv1.MsgRotateConsensusKey) { m.ConsensusKey = nil }), ErrKey},
		{"rotate: short key", nil, rotate(func(m *councilv1.MsgRotateConsensusKey) { m.ConsensusKey = []byte("short") }), ErrKey},
		{"rotate: its own key", nil, rotate(func(m *councilv1.MsgRotateConsensusKey) { m.ConsensusKey = consensusKey("bank") }), ErrKey},
		{"rotate: another's key", nil, rotate(func(m *councilv1.MsgRotateConsensusKey) { m.ConsensusKey = consensusKey("verifier") }), ErrKey},
		{"rotate: twice in one block", []sdk.Msg{&rotateBank}, rotate(func(m *councilv1.MsgRotateConsensusKey) { m.ConsensusKey = consensusKey("bank 3") }), ErrBusy},
		{"rotate: back to the key it had", []sdk.Msg{&rotateBank}, rotate(func(m *councilv1.MsgRotateConsensusKey) { m.ConsensusKey = consensusKey("bank") }), ErrKey},

		{"nodes: an officer", nil, bend(setNodes, func(m *councilv1.MsgSetNodes) { m.Device = account("bank officer") }), ErrVote},
		{"nodes: no member", nil, bend(setNodes, func(m *councilv1.MsgSetNodes) { m.Device, m.OrgId = account("candidate admin"), candidate }), ErrMember},
		{"nodes: too many", nil, nodes(nine...), ErrNode},
		{"nodes: upper case", nil, nodes("ABCDEF0123456789ABCDEF0123456789ABCDEF01"), ErrNode},
		{"nodes: short", nil, nodes("abcdef"), ErrNode},
		{"nodes: not hex", nil, nodes("zbcdef0123456789abcdef0123456789abcdef01"), ErrNode},

		{"params: not the council", nil, bend(setParams, func(m *councilv1.MsgUpdateParams) { m.Authority = account("bank admin") }), ErrAuthority},
		{"params: another network kind", nil, params(func(p *councilv1.Params) { p.Network = councilv1.NetworkKind_NETWORK_KIND_DEMO }), ErrParams},
		{"params: no network kind", nil, params(func(p *councilv1.Params) { p.Network = 0 }), ErrParams},
		{"params: no members", nil, params(func(p *councilv1.Params) { p.MembersMax = 0 }), ErrParams},
		{"params: too many members", nil, params(func(p *councilv1.Params) { p.MembersMax = 101 }), ErrParams},
		{"params: no proposals", nil, params(func(p *councilv1.Params) { p.OpenProposalsMax = 0 }), ErrParams},
		{"params: too many proposals", nil, params(func(p *councilv1.Params) { p.OpenProposalsMax = 65 }), ErrParams},
		{"params: no evidence age", nil, params(func(p *councilv1.Params) { p.EvidenceBlocks = 0 }), ErrParams},
	} {
		w := newWorld(t)
		w.must(t, w.ctx, c.before...)
		before := w.export(t, w.ctx)
		if _, err := w.send(w.ctx, c.msg); !isOnly(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
		if !proto.Equal(w.export(t, w.ctx), before) {
			t.Errorf("%s: changed the state", c.name)
		}
	}
}

// Test that CometBFT is told each change once, at the end of its block: an
// admission, a removal, and a rotation as two updates.
func TestValidatorUpdates(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.must(t, w.ctx, &admitCandidate, &rotateBank)
	got := map[string]int64{}
	for _, u := range w.end(t, w.ctx) {
		key := string(u.PubKey.GetEd25519())
		if _, twice := got[key]; twice {
			t.Errorf("two updates for one key")
		}
		got[key] = u.Power
	}
	same(t, "updates", got, map[string]int64{
		string(consensusKey("candidate")): 3, string(consensusKey("bank")): 0, string(consensusKey("bank 2")): 10,
	})
	if left := w.end(t, w.after(1)); len(left) != 0 {
		t.Errorf("the next block tells %d again", len(left))
	}
	w.must(t, w.after(2), &removeBank)
	updates := w.end(t, w.after(2))
	if len(updates) != 1 || updates[0].Power != 0 || string(updates[0].PubKey.GetEd25519()) != string(consensusKey("bank 2")) {
		t.Errorf("removal: got %v", updates)
	}
}

// Test that evidence about a replaced key finds its member until the parameter's
// age has passed, and that the key is then free.
func TestFormerKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.must(t, w.ctx, &rotateBank)
	w.end(t, w.ctx)
	old := consensusAddressOf(consensusKey("bank"))
	for _, c := range []struct {
		at   int64
		want error
	}{{100, nil}, {101, ErrNotFound}} {
		w.end(t, w.after(c.at))
		id, err := w.k.MemberOfConsensus(w.after(c.at), old)
		if c.want == nil && (err != nil || id != bank) || c.want != nil && !isOnly(err, c.want) {
			t.Errorf("after %d blocks: got %d, %v", c.at, id, err)
		}
	}
	if id, err := w.k.MemberOfConsensus(w.ctx, consensusAddressOf(consensusKey("bank 2"))); err != nil || id != bank {
		t.Errorf("the new key: got %d, %v", id, err)
	}
	w.must(t, w.after(102), &councilv1.MsgRotateConsensusKey{Device: account("verifier admin"), OrgId: verifier, ConsensusKey: consensusKey("bank")})
	w.checkInvariants(t, w.after(102))
}

// Test that a burst of expired keys is dropped in bounded steps, and completely.
func TestFormerKeysDropInBatches(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range int64(40) {
		m := bend(rotateBank, func(m *councilv1.MsgRotateConsensusKey) { m.ConsensusKey = consensusKey("bank " + string(rune('a'+i))) })
		w.must(t, w.after(i), m)
		w.end(t, w.after(i))
	}
	for i, want := range []int{24, 8, 0} {
		w.end(t, w.after(1_000+int64(i)))
		same(t, "keys left", len(w.export(t, w.ctx).FormerKeys), want)
	}
}

// Test that only a member's listed node ids pass the peer filter.
func TestNodeAllowed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.must(t, w.ctx, &setNodes)
	for id, want := range map[string]bool{nodeID("a"): true, nodeID("b"): true, nodeID("bank"): false, "": false} {
		if got, err := w.k.NodeAllowed(w.ctx, id); err != nil || got != want {
			t.Errorf("%q: got %t, %v", id, got, err)
		}
	}
}
