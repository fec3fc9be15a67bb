package score

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"

	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
	"github.com/xinlian/xinlian/internal/wire"
	"github.com/xinlian/xinlian/x/org"
)

const (
	proposed = scorev1.ModelStatus_MODEL_STATUS_PROPOSED
	active   = scorev1.ModelStatus_MODEL_STATUS_ACTIVE
	stopped  = scorev1.ModelStatus_MODEL_STATUS_STOPPED
	retiredS = scorev1.ModelStatus_MODEL_STATUS_RETIRED

	champion   = scorev1.ModelRole_MODEL_ROLE_CHAMPION
	challenger = scorev1.ModelRole_MODEL_ROLE_CHALLENGER
)

func registration(t tester) *scorev1.MsgRegisterModel {
	t.Helper()
	m := provenOnce(t).model
	return &scorev1.MsgRegisterModel{
		Device: "officer", OrgId: lender, Canonical: bytes.Clone(m.Canonical), Key: bytes.Clone(m.Key), Bands: testBands(),
		Role: scorev1.ModelRole_MODEL_ROLE_CHAMPION,
	}
}

func (c kit) register(t tester) []byte {
	t.Helper()
	res, err := c.msgs.RegisterModel(c.ctx, registration(t))
	check(t, err)
	return res.ModelHash
}

func (c kit) cast(by uint64, model, keyHash []byte, approve bool) error {
	_, err := c.msgs.VoteModel(c.ctx, &scorev1.MsgVoteModel{
		Device: "officer", OrgId: by, ModelHash: model, KeyHash: keyHash, Approve: approve,
	})
	return err
}

func (c kit) wantStatus(t *testing.T, model []byte, want scorev1.ModelStatus) {
	t.Helper()
	m, err := c.Model(c.ctx, model)
	check(t, err)
	if m.Status != want {
		t.Errorf("status: got %s, want %s", m.Status, want)
	}
}

// A registered model waits, with the hash and key hash that the chain computed.
func TestRegisterModel(t *testing.T) {
	t.Parallel()
	c := newKit(t).fresh()
	hash := c.register(t)
	want := provenOnce(t).model
	c.wantEvents(t, &scorev1.EventModelChanged{ModelHash: want.Hash, Status: proposed, Role: champion})
	got, err := c.Model(c.ctx, hash)
	check(t, err)
	if !bytes.Equal(got.Hash, want.Hash) || !bytes.Equal(got.KeyHash, want.KeyHash) || got.Status != proposed ||
		got.FeatureSetVersion != 1 || got.ProposerOrgId != lender || got.Height != issueHeight+10 || len(got.Votes) != 0 {
		t.Errorf("row: got %v", got)
	}
	c.checkInvariants(t)
}

// Each bent field of a registration is refused with its code.
func TestRegisterModelRefused(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		want error
		bend func(c *kit, m *scorev1.MsgRegisterModel)
	}{
		"model long":    {ErrModel, func(_ *kit, m *scorev1.MsgRegisterModel) { m.Canonical = make([]byte, CanonicalBytesMax+1) }},
		"model cut":     {ErrModel, func(_ *kit, m *scorev1.MsgRegisterModel) { m.Canonical = m.Canonical[:40] }},
		"model tail":    {ErrModel, func(_ *kit, m *scorev1.MsgRegisterModel) { m.Canonical = append(m.Canonical, 0) }},
		"key long":      {ErrKey, func(_ *kit, m *scorev1.MsgRegisterModel) { m.Key = make([]byte, KeyBytesMax+1) }},
		"key cut":       {ErrKey, func(_ *kit, m *scorev1.MsgRegisterModel) { m.Key = m.Key[1:] }},
		"key bent":      {ErrKey, func(_ *kit, m *scorev1.MsgRegisterModel) { m.Key[len(m.Key)-1] ^= 1 }},
		"no bands":      {ErrBands, func(_ *kit, m *scorev1.MsgRegisterModel) { m.Bands = nil }},
		"bands rise":    {ErrBands, func(_ *kit, m *scorev1.MsgRegisterModel) { slices.Reverse(m.Bands) }},
		"bands equal":   {ErrBands, func(_ *kit, m *scorev1.MsgRegisterModel) { m.Bands[1].ScoreMin = m.Bands[0].ScoreMin }},
		"risk falls":    {ErrBands, func(_ *kit, m *scorev1.MsgRegisterModel) { m.Bands[1].PdPpm = m.Bands[0].PdPpm - 1 }},
		"risk over one": {ErrBands, func(_ *kit, m *scorev1.MsgRegisterModel) { m.Bands[2].PdPpm = 1_000_001 }},
		"band unnamed":  {ErrBands, func(_ *kit, m *scorev1.MsgRegisterModel) { m.Bands[0].Name = "" }},
		"band odd name": {ErrBands, func(_ *kit, m *scorev1.MsgRegisterModel) { m.Bands[0].Name = "A B" }},
		"bands alike":   {ErrBands, func(_ *kit, m *scorev1.MsgRegisterModel) { m.Bands[0].Name = m.Bands[1].Name }},
		"too many bands": {ErrBands, func(_ *kit, m *scorev1.MsgRegisterModel) {
			m.Bands = nil
			for i := range int64(17) {
				m.Bands = append(m.Bands, scorev1.Band{Name: fmt.Sprint(i), ScoreMin: 100 - i, PdPpm: uint32(i)})
			}
		}},
		"device":     {errFake, func(_ *kit, m *scorev1.MsgRegisterModel) { m.Device = "stranger" }},
		"service":    {org.ErrDeviceRole, func(_ *kit, m *scorev1.MsgRegisterModel) { m.Device = "service" }},
		"no member":  {ErrNotMember, func(_ *kit, m *scorev1.MsgRegisterModel) { m.OrgId = lender2 }},
		"registered": {ErrModelTaken, func(c *kit, _ *scorev1.MsgRegisterModel) { c.register(t) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, m := newKit(t), registration(t)
			tc.bend(&c, m)
			if _, err := c.msgs.RegisterModel(c.ctx, m); !errors.Is(err, tc.want) {
				t.Errorf("got %v, want %v", err, tc.want)
			}
		})
	}
}

// A model becomes active with the vote that makes it votes_min and more than half
// of the council, and not before it is audited.
func TestVotesActivate(t *testing.T) {
	t.Parallel()
	c := newKit(t)
	c.fakes.audited = false
	model, key := c.register(t), provenOnce(t).model.KeyHash
	check(t, c.cast(lender, model, key, true))
	check(t, c.cast(lender, model, key, true)) // again: still one
	c.wantStatus(t, model, proposed)
	check(t, c.cast(custodian, model, key, false))
	c.wantStatus(t, model, proposed)
	check(t, c.cast(custodian, model, key, true)) // changed its mind, the audit is missing
	c.wantStatus(t, model, proposed)
	c.fakes.audited = true
	c = c.fresh()
	check(t, c.cast(custodian, model, key, true))
	c.wantStatus(t, model, active)
	c.wantEvents(t, &scorev1.EventModelChanged{ModelHash: model, Status: active, Role: champion})
	c.checkInvariants(t)
	c = c.fresh()
	check(t, c.cast(attestorA, model, key, false)) // a late no does not undo it
	c.wantStatus(t, model, active)
	c.wantEvents(t)
	m, err := c.Model(c.ctx, model)
	check(t, err)
	if len(m.Votes) != 3 || m.Votes[0].OrgId != lender || m.Votes[2].OrgId != attestorA {
		t.Errorf("votes: got %v, want three in order", m.Votes)
	}
}

// Votes of members that left do not count.
func TestVotesOfFormerMembers(t *testing.T) {
	t.Parallel()
	c := newKit(t)
	model, key := c.register(t), provenOnce(t).model.KeyHash
	check(t, c.cast(lender, model, key, true))
	c.fakes.members = []uint64{custodian, attestorA}
	check(t, c.cast(custodian, model, key, true))
	c.wantStatus(t, model, proposed)
	if err := c.cast(lender, model, key, true); !errors.Is(err, ErrNotMember) {
		t.Errorf("got %v, want %v", err, ErrNotMember)
	}
	check(t, c.cast(attestorA, model, key, true))
	c.wantStatus(t, model, active)
}

// The threshold is votes_min and more than half, whichever is more.
func TestPasses(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		approvals, members int
		votesMin           uint32
		want               bool
	}{
		{1, 1, 2, false}, {2, 2, 2, true}, {2, 3, 2, true}, {2, 4, 2, false}, {3, 4, 2, true}, {3, 5, 4, false}, {4, 5, 4, true}, {0, 0, 2, false},
	} {
		if got := passes(tc.approvals, tc.members, tc.votesMin); got != tc.want {
			t.Errorf("%+v: got %v", tc, got)
		}
	}
}

// One differing key stops a model, proposed or active, however the member votes;
// an incident is opened, and nothing brings the model back.
func TestDifferingKeyStops(t *testing.T) {
	t.Parallel()
	for _, approve := range []bool{true, false} {
		for _, activate := range []bool{true, false} {
			c := newKit(t)
			model, key := c.register(t), provenOnce(t).model.KeyHash
			check(t, c.cast(lender, model, key, true))
			if activate {
				check(t, c.cast(custodian, model, key, true))
				c.wantStatus(t, model, active)
			}
			other := bytes.Clone(key)
			other[31] ^= 1
			c = c.fresh()
			check(t, c.cast(attestorA, model, other, approve))
			c.wantStatus(t, model, stopped)
			c.wantEvents(t, &scorev1.EventModelChanged{ModelHash: model, Status: stopped, Role: champion})
			if want := []string{fmt.Sprintf("%s %x", IncidentKeyDiffers, model)}; !slices.Equal(c.fakes.incident, want) {
				t.Errorf("incidents: got %v, want %v", c.fakes.incident, want)
			}
			c.checkInvariants(t)
			if err := c.cast(attestorA, model, key, true); !errors.Is(err, ErrModelStatus) {
				t.Errorf("a vote after the stop: got %v, want %v", err, ErrModelStatus)
			}
			if _, err := c.msgs.RegisterModel(c.ctx, registration(t)); !errors.Is(err, ErrModelTaken) {
				t.Errorf("the same model again: got %v, want %v", err, ErrModelTaken)
			}
		}
	}
}

// Each bent field of a vote is refused with its code.
func TestVoteRefused(t *testing.T) {
	t.Parallel()
	c := newKit(t)
	model, key := c.register(t), provenOnce(t).model.KeyHash
	for name, tc := range map[string]struct {
		want error
		m    scorev1.MsgVoteModel
	}{
		"model hash": {ErrField, scorev1.MsgVoteModel{Device: "officer", OrgId: lender, ModelHash: model[1:], KeyHash: key}},
		"key hash":   {ErrField, scorev1.MsgVoteModel{Device: "officer", OrgId: lender, ModelHash: model, KeyHash: key[1:]}},
		"service":    {org.ErrDeviceRole, scorev1.MsgVoteModel{Device: "service", OrgId: lender, ModelHash: model, KeyHash: key}},
		"no member":  {ErrNotMember, scorev1.MsgVoteModel{Device: "officer", OrgId: lender2, ModelHash: model, KeyHash: key}},
		"unknown":    {ErrUnknownModel, scorev1.MsgVoteModel{Device: "officer", OrgId: lender, ModelHash: key, KeyHash: key}},
	} {
		if _, err := c.msgs.VoteModel(c.ctx, &tc.m); !errors.Is(err, tc.want) {
			t.Errorf("%s: got %v, want %v", name, err, tc.want)
		}
	}
}

// Council, and nobody else, retires a model in any state, once.
func TestRetireModel(t *testing.T) {
	t.Parallel()
	c := newKit(t)
	model := c.register(t)
	m := &scorev1.MsgRetireModel{Authority: "officer", ModelHash: model}
	if _, err := c.msgs.RetireModel(c.ctx, m); !errors.Is(err, org.ErrAuthority) {
		t.Errorf("got %v, want %v", err, org.ErrAuthority)
	}
	m.Authority = wire.Authority()
	c = c.fresh()
	_, err := c.msgs.RetireModel(c.ctx, m)
	check(t, err)
	c.wantStatus(t, model, retiredS)
	c.wantEvents(t, &scorev1.EventModelChanged{ModelHash: model, Status: retiredS, Role: champion})
	c.checkInvariants(t)
	if _, err := c.msgs.RetireModel(c.ctx, m); !errors.Is(err, ErrModelStatus) {
		t.Errorf("again: got %v, want %v", err, ErrModelStatus)
	}
	if err := c.cast(lender, model, provenOnce(t).model.KeyHash, true); !errors.Is(err, ErrModelStatus) {
		t.Errorf("a vote: got %v, want %v", err, ErrModelStatus)
	}
	m.ModelHash = m.ModelHash[1:]
	if _, err := c.msgs.RetireModel(c.ctx, m); !errors.Is(err, ErrField) {
		t.Errorf("hash: got %v, want %v", err, ErrField)
	}
}

// The band of a score is the first whose least score it reaches; below all, the lowest.
func TestBandOf(t *testing.T) {
	t.Parallel()
	for score, want := range map[int64]string{1 << 31: "A", 140: "A", 139: "B", 0: "B", -1: "C", -500: "C", -(1 << 31): "C"} {
		if got := bandOf(testBands(), score).Name; got != want {
			t.Errorf("%d: got %s, want %s", score, got, want)
		}
	}
}

// Parameters are council's to change, within bounds.
func TestUpdateParams(t *testing.T) {
	t.Parallel()
	c := newKit(t)
	p := DefaultParams()
	p.ProofsPerBlockMax = 7
	if _, err := c.msgs.UpdateParams(c.ctx, &scorev1.MsgUpdateParams{Authority: "officer", Params: p}); !errors.Is(err, org.ErrAuthority) {
		t.Errorf("got %v, want %v", err, org.ErrAuthority)
	}
	_, err := c.msgs.UpdateParams(c.ctx, &scorev1.MsgUpdateParams{Authority: wire.Authority(), Params: p})
	check(t, err)
	if got, err := c.ProofsPerBlockMax(c.ctx); err != nil || got != 7 {
		t.Errorf("got %d, %v, want 7", got, err)
	}
	for name, bend := range map[string]func(*scorev1.Params){
		"attestors_min":        func(p *scorev1.Params) { p.AttestorsMin = 1 },
		"attestors_min high":   func(p *scorev1.Params) { p.AttestorsMin = AttestationsMax + 1 },
		"issue_window_blocks":  func(p *scorev1.Params) { p.IssueWindowBlocks = p.ValidityBlocks },
		"issue window none":    func(p *scorev1.Params) { p.IssueWindowBlocks = 0 },
		"validity_blocks":      func(p *scorev1.Params) { p.ValidityBlocks = BlocksMax + 1 },
		"as_of_days_max":       func(p *scorev1.Params) { p.AsOfDaysMax = 0 },
		"proofs_per_block_max": func(p *scorev1.Params) { p.ProofsPerBlockMax = 0 },
		"failed_proofs_max":    func(p *scorev1.Params) { p.FailedProofsMax = 0 },
		"failed_window_blocks": func(p *scorev1.Params) { p.FailedWindowBlocks = 0 },
		"publishers_min":       func(p *scorev1.Params) { p.PublishersMin = 2 },
		"index_seconds_max":    func(p *scorev1.Params) { p.IndexSecondsMax = 0 },
		"votes_min":            func(p *scorev1.Params) { p.VotesMin = 1 },
	} {
		p := DefaultParams()
		bend(&p)
		if _, err := c.msgs.UpdateParams(c.ctx, &scorev1.MsgUpdateParams{Authority: wire.Authority(), Params: p}); !errors.Is(err, ErrParams) {
			t.Errorf("%s: got %v, want %v", name, err, ErrParams)
		}
	}
}

// suspended marks an organisation that may act no more.
func suspended(o *orgv1.Organisation) { o.Status = orgv1.OrgStatus_ORG_STATUS_SUSPENDED }
