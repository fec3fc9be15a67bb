package pledge

import (
	"bytes"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	pledgev1 "github.com/xinlian/xinlian/gen/xinlian/pledge/v1"
	"github.com/xinlian/xinlian/internal/wire"
)

// lived is a chain on which everything that makes a row has happened once, in the
// window of a rotation, with a proposal waiting.
func lived(t tester) kit {
	t.Helper()
	c := keyed(t)
	first := c.attest(t, bankA, 1)
	c.pledge(t, bankA, first, 1, 10)
	c.pledge(t, bankA, first, 1, 20)
	check(t, c.release(bankA, 1))
	c.rotate(t, 0x40)
	second := c.attest(t, bankB, 2)
	c.pledge(t, bankB, second, 2, FacePpm)
	wrong := c.attest(t, bankB, 3)
	c.pledge(t, bankB, wrong, 3, 7)
	check(t, c.contest(firm, wrong))
	check(t, c.decide(regulator, wrong, true))
	check(t, c.withdraw(attestorA, second))
	check(t, c.contest(firm, c.attest(t, bankA, 4)))
	check(t, c.serve(c.proposing(0x40)))
	check(t, c.confirm(bankB, 0x40))
	return c
}

// TestExportInitExport proves that an exported state, taken in by a new chain,
// exports to the same bytes, holds the same tags and goes on with the next ids.
func TestExportInitExport(t *testing.T) {
	t.Parallel()
	wired, err := wire.NewCodec()
	check(t, err)
	c := lived(t)
	c.checkInvariants(t)
	module := NewAppModule(c.Keeper)
	raw := module.ExportGenesis(c.ctx, wired.Proto)
	check(t, module.ValidateGenesis(wired.Proto, nil, raw))
	again := newKit(t)
	second := NewAppModule(again.Keeper)
	second.InitGenesis(again.ctx, wired.Proto, raw)
	if out := second.ExportGenesis(again.ctx, wired.Proto); !bytes.Equal(out, raw) {
		t.Errorf("got %s, want %s", out, raw)
	}
	again.checkInvariants(t)
	for _, one := range []kit{c, again} {
		one.wantCheck(t, tagN(1, 1), true)
		one.wantCheck(t, tagN(2, 2), true)
		one.wantCheck(t, tagN(3, 2), false)
		if id := one.attest(t, bankA, 9); id != 5 {
			t.Errorf("next statement: got %d, want 5", id)
		}
		for id := bankA; id <= regulator; id++ {
			if id != bankB {
				check(t, one.confirm(id, 0x40))
			}
		}
	}
	if err := module.ValidateGenesis(wired.Proto, nil, module.DefaultGenesis(wired.Proto)); err != nil {
		t.Errorf("default: %v", err)
	}
	if err := module.ValidateGenesis(wired.Proto, nil, []byte(`{"x":1}`)); !isOnly(err, ErrGenesis) {
		t.Errorf("unknown field: %v", err)
	}
	if err := Validate(nil); !isOnly(err, ErrGenesis) {
		t.Errorf("nothing: %v", err)
	}
}

// TestRules proves that each rule of the whole state refuses what it is there
// for. The same rules are the invariants, so this also proves that those can fail.
func TestRules(t *testing.T) {
	t.Parallel()
	c := lived(t)
	for _, s := range []struct {
		rule, name string
		bend       func(*pledgev1.GenesisState)
	}{
		{"params", "no time", func(gs *pledgev1.GenesisState) { gs.Params.PledgeSecondsMax = 0 }},
		{"params", "no evaluation", func(gs *pledgev1.GenesisState) { gs.Params.IdentityEvaluationsMax = 0 }},
		{"key", "gap", func(gs *pledgev1.GenesisState) { gs.Keys[1].Epoch = 3 }},
		{"key", "no sharing", func(gs *pledgev1.GenesisState) { gs.Keys[0].Sharing = 0 }},
		{"key", "threshold", func(gs *pledgev1.GenesisState) { gs.Keys[0].Threshold = 1 }},
		{"key", "half confirmed", func(gs *pledgev1.GenesisState) { gs.Keys[0].ConfirmedBy = gs.Keys[0].ConfirmedBy[1:] }},
		{"key", "confirmed by a stranger", func(gs *pledgev1.GenesisState) { gs.Keys[0].ConfirmedBy[3] = 9 }},
		{"key", "confirmed in disorder", func(gs *pledgev1.GenesisState) { slices.Reverse(gs.Keys[0].ConfirmedBy) }},
		{"key", "two active", func(gs *pledgev1.GenesisState) { gs.Keys[0].Status = keyActive }},
		{"key", "none active", func(gs *pledgev1.GenesisState) { gs.Keys[1].Status = keyRetired }},
		{"retiring", "retired too early", func(gs *pledgev1.GenesisState) { gs.Keys[0].Status = keyRetired }},
		{"proposal", "another epoch", func(gs *pledgev1.GenesisState) { gs.Proposal.Epoch = 3 }},
		{"proposal", "a new epoch in the window", func(gs *pledgev1.GenesisState) { gs.Proposal.Point = b32(1) }},
		{"proposal", "active", func(gs *pledgev1.GenesisState) { gs.Proposal.Status = keyActive }},
		{"proposal", "shape", func(gs *pledgev1.GenesisState) { gs.Proposal.Shares = nil }},
		{"proposal", "confirmed by all", func(gs *pledgev1.GenesisState) { gs.Proposal.ConfirmedBy = gs.Keys[0].ConfirmedBy }},
		{"proposal", "confirmed by a stranger", func(gs *pledgev1.GenesisState) { gs.Proposal.ConfirmedBy[0] = 9 }},
		{"statement", "gap", func(gs *pledgev1.GenesisState) { gs.Statements[1].Id = 9 }},
		{"statement", "leaf", func(gs *pledgev1.GenesisState) { gs.Statements[0].LeafHash = nil }},
		{"statement", "tags", func(gs *pledgev1.GenesisState) { slices.Reverse(gs.Statements[1].Tags) }},
		{"statement", "tag of a coming epoch", func(gs *pledgev1.GenesisState) { gs.Statements[1].Tags[1].Epoch = 3 }},
		{"statement", "of itself", func(gs *pledgev1.GenesisState) { gs.Statements[0].AttestorOrgId = firm }},
		{"statement", "ends before it begins", func(gs *pledgev1.GenesisState) { gs.Statements[0].ExpiresAt = 1 }},
		{"statement", "no status", func(gs *pledgev1.GenesisState) { gs.Statements[0].Status = 0 }},
		{"statement", "live and withdrawn", func(gs *pledgev1.GenesisState) { gs.Statements[0].Withdrawn = true }},
		{"statement", "withdrawn by nobody", func(gs *pledgev1.GenesisState) { gs.Statements[1].Withdrawn = false }},
		{"statement", "contested for nothing", func(gs *pledgev1.GenesisState) { gs.Statements[3].ContestHash = nil }},
		{"pledge", "gap", func(gs *pledgev1.GenesisState) { gs.Pledges[1].Id = 9 }},
		{"pledge", "of no statement", func(gs *pledgev1.GenesisState) { gs.Pledges[1].StatementId = 9 }},
		{"pledge", "share", func(gs *pledgev1.GenesisState) { gs.Pledges[1].SharePpm = 0 }},
		{"pledge", "status", func(gs *pledgev1.GenesisState) { gs.Pledges[1].Status = 0 }},
		{"pledge", "live and ended", func(gs *pledgev1.GenesisState) { gs.Pledges[1].EndedAt = 1 }},
		{"share-sum", "sum", func(gs *pledgev1.GenesisState) { gs.Statements[0].PledgedPpm++ }},
		{"share-sum", "count", func(gs *pledgev1.GenesisState) { gs.Statements[0].Pledges++ }},
		{"share-sum", "live on a wrong statement", func(gs *pledgev1.GenesisState) { gs.Statements[0].Status = stateOverturned }},
		{"share-sum", "above the face", func(gs *pledgev1.GenesisState) {
			gs.Pledges[1].SharePpm, gs.Statements[0].PledgedPpm = FacePpm+1, FacePpm+1
		}},
		{"holder", "one tag twice", func(gs *pledgev1.GenesisState) { gs.Statements[1].Tags[0] = gs.Statements[0].Tags[0] }},
	} {
		t.Run(s.rule+" "+s.name, func(t *testing.T) {
			gs, err := c.ExportGenesis(c.ctx)
			check(t, err)
			s.bend(gs)
			i := slices.IndexFunc(rules, func(r rule) bool { return r.name == s.rule })
			if err := rules[i].check(gs); err == nil {
				t.Error("rule holds")
			}
			if err := Validate(gs); !isOnly(err, ErrGenesis) {
				t.Errorf("genesis: %v", err)
			}
		})
	}
}

// TestInvariantsOfTheStore proves that each invariant that only a store can break
// is broken by what it is there for.
func TestInvariantsOfTheStore(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(c kit) error{
		"id-order": func(c kit) error { return c.nextPledge.Set(c.ctx, 9) },
		"holder-index": func(c kit) error {
			return c.holders.Set(c.ctx, collections.Join(uint64(1), b32(99)), 1)
		},
		"live-index": func(c kit) error { return c.due.Remove(c.ctx, collections.Join(genesisTime.Unix()+30*daySeconds, uint64(2))) },
	} {
		c := lived(t)
		check(t, spoil(c))
		for _, i := range c.Invariants() {
			if err := i.Check(c.ctx); (err != nil) != (i.Name == name) {
				t.Errorf("%s spoilt, %s: %v", name, i.Name, err)
			}
		}
	}
	c := lived(t)
	check(t, c.held.Set(c.ctx, 1, 2))
	if err := c.holderIndex(c.ctx); err == nil {
		t.Error("a wrong count is not found")
	}
}

// TestRandomMessages proves that no sequence of messages breaks an invariant or
// changes the state by a refusal, and that the end exports to a genesis that
// starts a chain.
func TestRandomMessages(t *testing.T) {
	t.Parallel()
	start, empty := newKit(t), newKit(t)
	rapid.Check(t, func(r *rapid.T) {
		c := start
		c.ctx, _ = start.ctx.CacheContext()
		for range rapid.IntRange(1, 60).Draw(r, "steps") {
			c = c.after(rapid.Int64Range(0, 5*daySeconds).Draw(r, "seconds"))
			check(r, c.EndBlock(c.ctx))
			msg := c.drawMessage(r)
			branch, write := c.ctx.CacheContext()
			if err := c.serveAt(branch, msg); err == nil {
				write()
			}
		}
		c.checkInvariants(r)
		gs, err := c.ExportGenesis(c.ctx)
		check(r, err)
		other := empty
		other.ctx, _ = empty.ctx.CacheContext()
		check(r, other.InitGenesis(other.ctx, gs))
		again, err := other.ExportGenesis(other.ctx)
		check(r, err)
		if again.String() != gs.String() {
			r.Fatalf("exported %s, then %s", gs, again)
		}
		other.checkInvariants(r)
	})
}

func (c kit) drawMessage(r *rapid.T) sdk.Msg {
	n := rapid.ByteRange(1, 4).Draw(r, "receivable")
	lender := rapid.Uint64Range(bankA, bankB).Draw(r, "lender")
	id := rapid.Uint64Range(1, 8).Draw(r, "id")
	point := rapid.SampledFrom([]byte{0x10, 0x40, 0x70}).Draw(r, "key")
	switch rapid.IntRange(0, 9).Draw(r, "message") {
	case 0:
		return c.proposing(point)
	case 1, 2:
		by := rapid.Uint64Range(bankA, regulator).Draw(r, "holder")
		if rapid.Bool().Draw(r, "all") {
			for other := bankA; other <= regulator; other++ {
				if other != by {
					_ = c.confirm(other, point) // those that may
				}
			}
		}
		return &pledgev1.MsgConfirmKey{Device: "officer", OrgId: by, TranscriptHash: b32(point + 1)}
	case 3:
		return c.attesting(r, lender, n)
	case 4, 5:
		if _, err := c.active(c.ctx); err != nil {
			return c.proposing(point)
		}
		m := c.pledging(r, lender, id, n, rapid.Uint32Range(1, FacePpm).Draw(r, "share"))
		if st, err := c.Statement(c.ctx, id); err == nil {
			m.Tag = st.Tags[len(st.Tags)-1].Tag
		}
		return m
	case 6:
		return &pledgev1.MsgReleasePledge{Device: "service", OrgId: lender, PledgeId: id, Opening: opening(lender)}
	case 7:
		m := &pledgev1.MsgRetagReceivable{Device: "service", OrgId: attestorA, StatementId: id, Tag: tagN(n, id)}
		if key, err := c.active(c.ctx); err == nil {
			m.Tag = tagN(n, key.Epoch)
		}
		return m
	case 8:
		return &pledgev1.MsgContestReceivable{Device: "officer", OrgId: firm, StatementId: id, ReasonHash: b32(9)}
	default:
		return &pledgev1.MsgDecideReceivable{Device: "officer", OrgId: regulator, StatementId: id, Upheld: n == 1}
	}
}
