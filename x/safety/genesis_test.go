package safety

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	sdk "github.com/cosmos/cosmos-sdk/types"

	safetyv1 "github.com/xinlian/xinlian/gen/xinlian/safety/v1"
)

// lived is a world in which every collection has rows.
func lived(t testing.TB) *world {
	t.Helper()
	w := newWorld(t)
	w.must(t, w.ctx, &stop, &audit, &open, &closeIt, &open,
		bend(stop, func(m *safetyv1.MsgStopMessage) { m.TypeUrl = "/xinlian.loan.v1.MsgDraw" }),
		bend(audit, func(m *safetyv1.MsgSignAudit) { m.SubjectHash = digest("second") }))
	return w
}

// Test that an export, read into an empty chain and exported again, is the same
// text, and that incidents go on from there.
func TestExportInitExport(t *testing.T) {
	t.Parallel()
	w := lived(t)
	module := NewAppModule(w.k)
	first := module.ExportGenesis(w.ctx, w.cdc.Proto)
	if err := module.ValidateGenesis(w.cdc.Proto, nil, first); err != nil {
		t.Fatal(err)
	}
	again := newEmptyWorld(t)
	module = NewAppModule(again.k)
	module.InitGenesis(again.ctx, again.cdc.Proto, first)
	same(t, "export", string(module.ExportGenesis(again.ctx, again.cdc.Proto)), string(first))
	w.must(t, w.ctx, &open)
	again.must(t, again.ctx, &open)
	same(t, "a further incident", again.export(t, again.ctx), w.export(t, w.ctx))
	again.checkInvariants(t, again.ctx)
	if err := module.ValidateGenesis(w.cdc.Proto, nil, module.DefaultGenesis(w.cdc.Proto)); err != nil {
		t.Errorf("default: %v", err)
	}
	if err := module.ValidateGenesis(w.cdc.Proto, nil, []byte(`{"x":1}`)); !isOnly(err, ErrGenesis) {
		t.Errorf("unknown field: %v", err)
	}
	if err := Validate(nil); !isOnly(err, ErrGenesis) {
		t.Errorf("nothing: %v", err)
	}
}

// Test that each rule of the whole state refuses what it is there for. The same
// rules are the invariants, so this also proves that those can fail.
func TestRules(t *testing.T) {
	t.Parallel()
	w := lived(t)
	for _, c := range []struct {
		rule, name string
		bend       func(*safetyv1.GenesisState)
	}{
		{"params", "no audit", func(gs *safetyv1.GenesisState) { gs.Params.AuditsMin = 0 }},
		{"stop", "out of order", func(gs *safetyv1.GenesisState) { slices.Reverse(gs.Stops) }},
		{"stop", "no type", func(gs *safetyv1.GenesisState) { gs.Stops[0].TypeUrl = "x" }},
		{"stop", "of votes", func(gs *safetyv1.GenesisState) { gs.Stops[0].TypeUrl = "/cosmos.gov.v1.MsgVote" }},
		{"stop", "no reason", func(gs *safetyv1.GenesisState) { gs.Stops[0].ReasonHash = nil }},
		{"audit", "out of order", func(gs *safetyv1.GenesisState) { slices.Reverse(gs.Audits) }},
		{"audit", "twice", func(gs *safetyv1.GenesisState) { gs.Audits = append(gs.Audits, gs.Audits[1]) }},
		{"audit", "no kind", func(gs *safetyv1.GenesisState) { gs.Audits[0].SubjectKind = 0 }},
		{"audit", "no subject", func(gs *safetyv1.GenesisState) { gs.Audits[0].SubjectHash = nil }},
		{"audit", "no report", func(gs *safetyv1.GenesisState) { gs.Audits[0].ReportHash = nil }},
		{"audits-bound", "33 auditors", func(gs *safetyv1.GenesisState) {
			for i := range uint64(AuditsMax) {
				more := gs.Audits[1]
				more.AuditorOrgId += i + 1
				gs.Audits = append(gs.Audits, more)
			}
		}},
		{"incident", "gap", func(gs *safetyv1.GenesisState) { gs.Incidents[1].Id = 3 }},
		{"incident", "no kind", func(gs *safetyv1.GenesisState) { gs.Incidents[0].Kind = "" }},
		{"incident", "no status", func(gs *safetyv1.GenesisState) { gs.Incidents[0].Status = 0 }},
		{"incident", "open and closed", func(gs *safetyv1.GenesisState) { gs.Incidents[1].ClosedAt = 1 }},
		{"incident", "closed before it opened", func(gs *safetyv1.GenesisState) { gs.Incidents[0].ClosedAt = 1 }},
	} {
		t.Run(c.rule+" "+c.name, func(t *testing.T) {
			gs, err := w.k.ExportGenesis(w.ctx)
			if err != nil {
				t.Fatal(err)
			}
			c.bend(gs)
			i := slices.IndexFunc(rules, func(r rule) bool { return r.name == c.rule })
			if err := rules[i].check(gs); err == nil {
				t.Error("rule holds")
			}
			if err := Validate(gs); !isOnly(err, ErrGenesis) {
				t.Errorf("genesis: %v", err)
			}
		})
	}
	for name, bend := range map[string]func(*safetyv1.GenesisState){
		"stop of nobody":     func(gs *safetyv1.GenesisState) { gs.Stops[0].ByOrgId = 99 },
		"stop of an auditor": func(gs *safetyv1.GenesisState) { gs.Stops[0].ByOrgId = auditor1 },
		"audit of a bank":    func(gs *safetyv1.GenesisState) { gs.Audits[0].AuditorOrgId = bank },
		"incident of a firm": func(gs *safetyv1.GenesisState) { gs.Incidents[0].OpenedByOrgId = firm },
		"incident of nobody": func(gs *safetyv1.GenesisState) { gs.Incidents[0].OpenedByOrgId = 99 },
	} {
		gs, err := w.k.ExportGenesis(w.ctx)
		if err != nil {
			t.Fatal(err)
		}
		bend(gs)
		empty := newEmptyWorld(t)
		if err := empty.k.InitGenesis(empty.ctx, gs); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// Test that no sequence of messages breaks an invariant, and that the end
// exports to a genesis that starts a chain.
func TestRandomMessages(t *testing.T) {
	t.Parallel()
	w, empty := newWorld(t), newEmptyWorld(t)
	names := []string{"bank", "other bank", "regulator", "auditor1", "auditor2", "auditor3", "auditor4", "firm"}
	rapid.Check(t, func(r *rapid.T) {
		ctx, _ := w.ctx.CacheContext()
		for range rapid.IntRange(1, 40).Draw(r, "steps") {
			seconds := rapid.Int64Range(0, 100).Draw(r, "seconds")
			ctx = ctx.WithBlockHeight(ctx.BlockHeight() + 1).WithBlockTime(ctx.BlockTime().Add(time.Duration(seconds) * time.Second))
			id := rapid.IntRange(1, len(names)).Draw(r, "organisation")
			device := account(person(names[id-1] + " admin"))
			msg := drawMessage(r, device, uint64(id), ctx.BlockTime().Unix())
			branch, write := ctx.CacheContext()
			if _, err := w.router.Handler(msg)(branch, msg); err == nil {
				write()
			} else if w.export(t, ctx) != w.export(t, branch) {
				r.Fatalf("%T was refused and changed the state: %v", msg, err)
			}
		}
		for _, i := range w.k.Invariants() {
			if err := i.Check(ctx); err != nil {
				r.Fatalf("invariant %s: %v", i.Name, err)
			}
		}
		gs, err := w.k.ExportGenesis(ctx)
		if err != nil {
			r.Fatal(err)
		}
		other, _ := empty.ctx.CacheContext()
		if err := empty.k.InitGenesis(other, gs); err != nil {
			r.Fatal(err)
		}
		if again := empty.export(t, other); again != gs.String() {
			r.Fatalf("exported %s, then %s", gs, again)
		}
	})
}

func drawMessage(r *rapid.T, device string, id uint64, at int64) sdk.Msg {
	n := rapid.IntRange(0, 5).Draw(r, "number")
	typeURL := fmt.Sprintf("/xinlian.loan.v1.Msg%d", n)
	switch rapid.IntRange(0, 4).Draw(r, "message") {
	case 0:
		return &safetyv1.MsgStopMessage{Device: device, OrgId: id, TypeUrl: typeURL, ReasonHash: digest("r"), ExpiresAt: at + int64(n*40)}
	case 1:
		return &safetyv1.MsgResumeMessage{Device: device, OrgId: id, TypeUrl: typeURL}
	case 2:
		return &safetyv1.MsgSignAudit{
			Device: device, OrgId: id, SubjectKind: safetyv1.SubjectKind(n % 3), SubjectHash: digest(fmt.Sprint(n)),
			ReportHash: digest("r"), Passed: n%2 == 0,
		}
	case 3:
		return &safetyv1.MsgOpenIncident{Device: device, OrgId: id, Kind: fmt.Sprint("kind-", n)}
	default:
		return &safetyv1.MsgCloseIncident{Device: device, OrgId: id, IncidentId: uint64(n)}
	}
}
