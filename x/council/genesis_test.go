package council

import (
	"encoding/json"
	"testing"

	"github.com/cosmos/gogoproto/proto"

	councilv1 "github.com/xinlian/xinlian/gen/xinlian/council/v1"
)

// lived is a world in which every collection that outlives a block has rows, and
// the queue of updates too.
func lived(t testing.TB) *world {
	t.Helper()
	w := newWorld(t)
	w.must(t, w.ctx, &rotateBank, &setNodes)
	for i := range int64(3) {
		if err := w.k.RecordHeader(w.after(i)); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// Test that an export, read into an empty chain and exported again, is the same
// text, and that InitGenesis names exactly the members' validators.
func TestExportInitExport(t *testing.T) {
	t.Parallel()
	w := lived(t)
	w.end(t, w.ctx)
	first := w.module.ExportGenesis(w.ctx, w.cdc.Proto)
	if err := w.module.ValidateGenesis(w.cdc.Proto, nil, first); err != nil {
		t.Fatal(err)
	}
	again := newEmptyWorld(t)
	updates := again.module.InitGenesis(again.ctx, again.cdc.Proto, first)
	got := map[string]int64{}
	for _, u := range updates {
		got[string(u.PubKey.GetEd25519())] = u.Power
	}
	same(t, "validators", got, map[string]int64{string(consensusKey("bank 2")): 10, string(consensusKey("verifier")): 5})
	same(t, "export", string(again.module.ExportGenesis(again.ctx, again.cdc.Proto)), string(first))
	again.checkInvariants(t, again.ctx)
	// the log goes on where it stood
	for _, x := range []*world{w, again} {
		if err := x.k.RecordHeader(x.after(9)); err != nil {
			t.Fatal(err)
		}
	}
	if !proto.Equal(w.export(t, w.ctx), again.export(t, again.ctx)) {
		t.Error("the log after an import goes on differently")
	}
}

// Test that the default genesis is valid and that an unknown field is not.
func TestDefaultGenesis(t *testing.T) {
	t.Parallel()
	w := newEmptyWorld(t)
	if err := w.module.ValidateGenesis(w.cdc.Proto, nil, w.module.DefaultGenesis(w.cdc.Proto)); err != nil {
		t.Error(err)
	}
	if err := w.module.ValidateGenesis(w.cdc.Proto, nil, json.RawMessage(`{"owners":[]}`)); err == nil {
		t.Error("an unknown field is accepted")
	}
}

// Test that each thing that must not be in a genesis is refused by its own code.
func TestValidate(t *testing.T) {
	t.Parallel()
	w := lived(t)
	w.end(t, w.ctx)
	base := w.export(t, w.ctx)
	for _, c := range []struct {
		name string
		bend func(*councilv1.GenesisState)
		want error
	}{
		{"no network", func(g *councilv1.GenesisState) { g.Params.Network = 0 }, ErrParams},
		{"too many members", func(g *councilv1.GenesisState) { g.Params.MembersMax = 4 }, ErrFull},
		{"members out of order", func(g *councilv1.GenesisState) { g.Members[0], g.Members[1] = g.Members[1], g.Members[0] }, ErrGenesis},
		{"member twice", func(g *councilv1.GenesisState) { g.Members[3].OrgId = third }, ErrGenesis},
		{"organisation 0", func(g *councilv1.GenesisState) { g.Members[0].OrgId = 0 }, ErrMember},
		{"shared key", func(g *councilv1.GenesisState) { g.Members[1].ConsensusKey = g.Members[0].ConsensusKey }, ErrKey},
		{"power without key", func(g *councilv1.GenesisState) { g.Members[2].Power = 1 }, ErrPower},
		{"malformed node id", func(g *councilv1.GenesisState) { g.Members[0].NodeIds[0] = "x" }, ErrNode},
		{"no validator", func(g *councilv1.GenesisState) {
			for i := range g.Members {
				g.Members[i].ConsensusKey, g.Members[i].Power = nil, 0
			}
		}, ErrPower},
		{"former key of no size", func(g *councilv1.GenesisState) { g.FormerKeys[0].ConsensusAddress = nil }, ErrGenesis},
		{"former key of nobody", func(g *councilv1.GenesisState) { g.FormerKeys[0].OrgId = 0 }, ErrGenesis},
		{"former key twice", func(g *councilv1.GenesisState) { g.FormerKeys = append(g.FormerKeys, g.FormerKeys[0]) }, ErrGenesis},
		{"waiting update", func(g *councilv1.GenesisState) {
			g.Pending = []councilv1.ValidatorUpdate{{ConsensusKey: consensusKey("x"), Power: 1}}
		}, ErrGenesis},
		{"log without an entry", func(g *councilv1.GenesisState) { g.Entries = g.Entries[:2] }, ErrGenesis},
		{"entry renumbered", func(g *councilv1.GenesisState) { g.Entries[1].Index = 2 }, ErrGenesis},
		{"heights out of order", func(g *councilv1.GenesisState) { g.Entries[1].Height = g.Entries[0].Height }, ErrGenesis},
		{"short block hash", func(g *councilv1.GenesisState) { g.Entries[1].BlockHash = g.Entries[1].BlockHash[1:] }, ErrGenesis},
		{"another block hash", func(g *councilv1.GenesisState) { g.Entries[1].BlockHash[0] ^= 1 }, ErrGenesis},
		{"another root", func(g *councilv1.GenesisState) { g.Log.Root[0] ^= 1 }, ErrGenesis},
		{"another range", func(g *councilv1.GenesisState) { g.Log.Hashes[0][0] ^= 1 }, ErrGenesis},
		{"another size", func(g *councilv1.GenesisState) { g.Log.Size_++ }, ErrGenesis},
	} {
		g := proto.Clone(base).(*councilv1.GenesisState)
		c.bend(g)
		if err := Validate(g); !isOnly(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
	}
}

// Test that each invariant can fail: a state broken behind the messages' back is
// found by exactly the one that is there for it.
func TestInvariantsFail(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, invariant string
		spoil           func(w *world) error
	}{
		{"a member that is no organisation", "members-known", func(w *world) error {
			return w.k.members.Set(w.ctx, 99, councilv1.Member{OrgId: 99})
		}},
		{"a member with too much power", "members-known", func(w *world) error {
			return w.k.members.Set(w.ctx, verifier, councilv1.Member{OrgId: verifier, ConsensusKey: consensusKey("verifier"), Power: PowerMax + 1})
		}},
		{"two members with one key", "validators-unique", func(w *world) error {
			return w.k.members.Set(w.ctx, third, councilv1.Member{OrgId: third, ConsensusKey: consensusKey("verifier"), Power: 1})
		}},
		{"no validator", "power-positive", func(w *world) error {
			if err := w.k.members.Remove(w.ctx, bank); err != nil {
				return err
			}
			return w.k.members.Remove(w.ctx, verifier)
		}},
		{"an entry changed", "log-consistent", func(w *world) error {
			return w.k.entries.Set(w.ctx, 1, councilv1.HeaderEntry{Index: 1, Height: genesisHeight + 1, BlockHash: blockHash(7)})
		}},
		{"an entry gone", "log-consistent", func(w *world) error { return w.k.entries.Remove(w.ctx, 2) }},
		{"a height gone", "log-consistent", func(w *world) error { return w.k.heights.Remove(w.ctx, genesisHeight) }},
		{"a height elsewhere", "log-consistent", func(w *world) error { return w.k.heights.Set(w.ctx, genesisHeight, 2) }},
	} {
		w := lived(t)
		w.checkInvariants(t, w.ctx)
		if err := c.spoil(w); err != nil {
			t.Fatal(err)
		}
		var failed []string
		for _, i := range w.k.Invariants() {
			if i.Check(w.ctx) != nil {
				failed = append(failed, i.Name)
			}
		}
		same(t, c.name, failed, []string{c.invariant})
	}
}
