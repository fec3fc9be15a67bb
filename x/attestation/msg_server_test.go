package attestation

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	attestationv1 "github.com/xinlian/xinlian/gen/xinlian/attestation/v1"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	"github.com/xinlian/xinlian/internal/wire"
	"github.com/xinlian/xinlian/x/org"
)

func (c kit) wantRefused(t *testing.T, n byte, want bool) {
	t.Helper()
	got, err := c.BatchRefused(c.ctx, ids(n)[0])
	check(t, err)
	if got != want {
		t.Errorf("batch %d refused: got %v, want %v", n, got, want)
	}
}

func (c kit) wantRecord(t *testing.T, want attestationv1.AttestorRecord) {
	t.Helper()
	got, err := c.asks.AttestorRecord(c.ctx, &attestationv1.QueryAttestorRecordRequest{OrgId: want.OrgId})
	check(t, err)
	if got.Record != want {
		t.Errorf("record: got %v, want %v", got.Record, want)
	}
}

// A verdict makes a row, an event and a count; INCONSISTENT marks its batches
// refused while it lives and is its attestor's newest word.
func TestAttestBatches(t *testing.T) {
	t.Parallel()
	c := newKit(t).fresh()
	id := c.attestBatches(t, attestorA, inconsistent, 1, 2)
	c.wantEvents(t, &attestationv1.EventAttested{
		AttestationId: 1, EnterpriseId: firm, AttestorOrgId: attestorA, Kind: attestationv1.Kind_KIND_BATCHES, Verdict: inconsistent,
	})
	a, err := c.Live(c.ctx, id)
	check(t, err)
	if a.Id != 1 || a.Status != attestationv1.Status_STATUS_LIVE || a.Height != 10 || a.IssuedAt != genesisTime.Unix() ||
		a.Device != "service" || len(a.BatchIds) != 2 || a.Features != nil {
		t.Errorf("row: got %v", a)
	}
	c.wantRefused(t, 1, true)
	c.wantRefused(t, 2, true)
	c.wantRefused(t, 3, false)
	c.wantRecord(t, attestationv1.AttestorRecord{OrgId: attestorA, Issued: 1, Refused: 1})

	c.attestBatches(t, attestorB, consistent, 1)
	c.wantRefused(t, 1, true) // one refusal is enough
	second := c.attestBatches(t, attestorA, consistent, 1)
	c.wantRefused(t, 1, false) // the attestor's newest word counts
	c.wantRefused(t, 2, true)
	check(t, c.withdraw(attestorA, second))
	c.wantRefused(t, 1, false) // and does not come back
	c.after(life-1).wantRefused(t, 2, true)
	c.after(life).wantRefused(t, 2, false)
	if _, err := c.after(life).Live(c.after(life).ctx, id); !errors.Is(err, ErrNotLive) {
		t.Errorf("expired: got %v, want %v", err, ErrNotLive)
	}
	c.wantRecord(t, attestationv1.AttestorRecord{OrgId: attestorA, Issued: 2, Refused: 1, Withdrawn: 1})
	c.checkInvariants(t)
}

// Each bent field and each unmet condition of a verdict is refused with its code,
// and nothing is written.
func TestAttestBatchesRefused(t *testing.T) {
	t.Parallel()
	secondsMax := DefaultParams().AttestationSecondsMax
	for name, tc := range map[string]struct {
		want error
		bend func(c *kit, m *attestationv1.MsgAttestBatches)
	}{
		"no batches":     {ErrField, func(_ *kit, m *attestationv1.MsgAttestBatches) { m.BatchIds = nil }},
		"many batches":   {ErrField, func(_ *kit, m *attestationv1.MsgAttestBatches) { m.BatchIds = make([][]byte, BatchesMax+1) }},
		"short batch":    {ErrField, func(_ *kit, m *attestationv1.MsgAttestBatches) { m.BatchIds[0] = hash32[1:] }},
		"batch twice":    {ErrField, func(_ *kit, m *attestationv1.MsgAttestBatches) { m.BatchIds = ids(1, 1) }},
		"descending":     {ErrField, func(_ *kit, m *attestationv1.MsgAttestBatches) { m.BatchIds = ids(2, 1) }},
		"no verdict":     {ErrField, func(_ *kit, m *attestationv1.MsgAttestBatches) { m.Verdict = 0 }},
		"odd verdict":    {ErrField, func(_ *kit, m *attestationv1.MsgAttestBatches) { m.Verdict = 3 }},
		"method":         {ErrField, func(_ *kit, m *attestationv1.MsgAttestBatches) { m.MethodHash = nil }},
		"evidence":       {ErrField, func(_ *kit, m *attestationv1.MsgAttestBatches) { m.EvidenceHash = nil }},
		"expired":        {ErrField, func(_ *kit, m *attestationv1.MsgAttestBatches) { m.ExpiresAt = genesisTime.Unix() }},
		"too long":       {ErrField, func(_ *kit, m *attestationv1.MsgAttestBatches) { m.ExpiresAt = genesisTime.Unix() + secondsMax + 1 }},
		"no enterprise":  {ErrField, func(_ *kit, m *attestationv1.MsgAttestBatches) { m.EnterpriseId = lender }},
		"device":         {errFake, func(_ *kit, m *attestationv1.MsgAttestBatches) { m.Device = "stranger" }},
		"role":           {org.ErrRole, func(_ *kit, m *attestationv1.MsgAttestBatches) { m.OrgId = lender }},
		"custodian":      {ErrIndependence, func(_ *kit, m *attestationv1.MsgAttestBatches) { m.OrgId = custodian }},
		"firm's control": {ErrIndependence, func(c *kit, _ *attestationv1.MsgAttestBatches) { c.relate(attestorA, firm) }},
		"its control":    {ErrIndependence, func(c *kit, _ *attestationv1.MsgAttestBatches) { c.relate(attestorA, custodian) }},
		"second custodian": {ErrIndependence, func(c *kit, _ *attestationv1.MsgAttestBatches) {
			c.fakes.change(firm, func(o *orgv1.Organisation) { o.SecondCustodianOrgId = attestorA })
		}},
		"category":      {ErrAccreditation, func(_ *kit, m *attestationv1.MsgAttestBatches) { m.OrgId, m.BatchIds = attestorD, ids(1, 3) }},
		"batch unknown": {errFake, func(_ *kit, m *attestationv1.MsgAttestBatches) { m.BatchIds = ids(1, 99) }},
		"another's":     {ErrBatchOwner, func(_ *kit, m *attestationv1.MsgAttestBatches) { m.BatchIds = ids(1, 4) }},
		"superseded":    {ErrBatchStatus, func(c *kit, _ *attestationv1.MsgAttestBatches) { c.fakes.batch(1).Status = batchSuperseded }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newKit(t)
			m := c.batchesMsg(attestorA, consistent, 1, 2)
			tc.bend(&c, m)
			if _, err := c.msgs.AttestBatches(c.ctx, m); !errors.Is(err, tc.want) {
				t.Errorf("got %v, want %v", err, tc.want)
			}
			c.wantNothing(t)
		})
	}
}

// A feature statement stands behind its commitment until its attestor's newer one,
// and the newest by as-of day, then by order, is the newest of all.
func TestAttestFeatures(t *testing.T) {
	t.Parallel()
	c := newKit(t).fresh()
	first := c.attestFeatures(t, attestorA, 0x11, today-2, 1, 2, 3)
	c.wantEvents(t, &attestationv1.EventAttested{
		AttestationId: first, EnterpriseId: firm, AttestorOrgId: attestorA, Kind: attestationv1.Kind_KIND_FEATURES, Verdict: consistent,
	})
	second := c.attestFeatures(t, attestorB, 0x11, today-2, 1, 2, 3)
	c.wantBehind(t, 0x11, first, second)
	c.wantNewest(t, 0x11)

	third := c.attestFeatures(t, attestorA, 0x22, today-1, 1, 2, 3)
	c.wantBehind(t, 0x11, second)
	c.wantBehind(t, 0x22, third)
	c.wantNewest(t, 0x22)
	c.attestFeatures(t, attestorC, 0x33, today-2, 1, 2, 3) // said later, about an earlier day
	c.wantNewest(t, 0x22)
	c.attestFeatures(t, attestorB, 0x44, today-1, 1, 2, 3) // the same day, said later
	c.wantNewest(t, 0x44)
	check(t, c.withdraw(attestorB, 5))
	c.wantNewest(t, 0x22)
	c.wantBehind(t, 0x11) // B's older word does not come back
	m := c.featuresMsg(t, attestorB, 0x55, today-5, 1)
	_, err := c.msgs.AttestFeatures(c.ctx, m) // but it may say something older now
	check(t, err)
	c.wantRefused(t, 1, false)
	c.checkInvariants(t)

	late := c.after(life)
	late.wantBehind(t, 0x22)
	if _, _, any, err := late.NewestFeatures(late.ctx, firm, 1); err != nil || any {
		t.Errorf("all expired: got %v, %v", any, err)
	}
	if _, _, any, err := c.NewestFeatures(c.ctx, firm, 2); err != nil || any {
		t.Errorf("another version: got %v, %v", any, err)
	}
	if _, _, any, err := c.NewestFeatures(c.ctx, otherFirm, 1); err != nil || any {
		t.Errorf("another enterprise: got %v, %v", any, err)
	}
}

// Each bent field and each unmet condition of a feature statement is refused with
// its code, and nothing is written.
func TestAttestFeaturesRefused(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		want error
		bend func(c *kit, m *attestationv1.MsgAttestFeatures)
	}{
		"no batches":   {ErrField, func(_ *kit, m *attestationv1.MsgAttestFeatures) { m.BatchIds = nil }},
		"descending":   {ErrField, func(_ *kit, m *attestationv1.MsgAttestFeatures) { slices.Reverse(m.BatchIds) }},
		"version":      {ErrField, func(_ *kit, m *attestationv1.MsgAttestFeatures) { m.Features.FeatureSetVersion = 0 }},
		"no day":       {ErrField, func(_ *kit, m *attestationv1.MsgAttestFeatures) { m.Features.AsOfDay = 0 }},
		"digest short": {ErrField, func(_ *kit, m *attestationv1.MsgAttestFeatures) { m.Features.DataDigest = nil }},
		"commitment":   {ErrField, func(_ *kit, m *attestationv1.MsgAttestFeatures) { m.Features.Commitment = nil }},
		"method":       {ErrField, func(_ *kit, m *attestationv1.MsgAttestFeatures) { m.MethodHash = nil }},
		"expired":      {ErrField, func(_ *kit, m *attestationv1.MsgAttestFeatures) { m.ExpiresAt = genesisTime.Unix() }},
		"role":         {org.ErrRole, func(_ *kit, m *attestationv1.MsgAttestFeatures) { m.OrgId = lender }},
		"custodian":    {ErrIndependence, func(_ *kit, m *attestationv1.MsgAttestFeatures) { m.OrgId = custodian }},
		"category":     {ErrAccreditation, func(_ *kit, m *attestationv1.MsgAttestFeatures) { m.OrgId = attestorD }},
		"future":       {ErrAsOf, func(_ *kit, m *attestationv1.MsgAttestFeatures) { m.Features.AsOfDay = today + 1 }},
		"digest":       {ErrDigest, func(_ *kit, m *attestationv1.MsgAttestFeatures) { m.Features.DataDigest[0] ^= 1 }},
		"root":         {ErrDigest, func(c *kit, _ *attestationv1.MsgAttestFeatures) { c.fakes.batch(1).Anchor.Root[0] ^= 1 }},
		"source":       {ErrDigest, func(c *kit, _ *attestationv1.MsgAttestFeatures) { c.fakes.batch(1).Anchor.SourceOrgId++ }},
		"schema":       {ErrDigest, func(c *kit, _ *attestationv1.MsgAttestFeatures) { c.fakes.batch(1).Anchor.SchemaVersion++ }},
		"odd schema":   {ErrDigest, func(c *kit, _ *attestationv1.MsgAttestFeatures) { c.fakes.batch(1).Anchor.SchemaVersion = 1 << 16 }},
		"sequence":     {ErrDigest, func(c *kit, _ *attestationv1.MsgAttestFeatures) { c.fakes.batch(1).Anchor.Sequence++ }},
		"one less":     {ErrDigest, func(_ *kit, m *attestationv1.MsgAttestFeatures) { m.BatchIds = ids(1) }},
		"another's":    {ErrBatchOwner, func(_ *kit, m *attestationv1.MsgAttestFeatures) { m.BatchIds = ids(1, 4) }},
		"superseded":   {ErrBatchStatus, func(c *kit, _ *attestationv1.MsgAttestFeatures) { c.fakes.batch(1).Status = batchSuperseded }},
		"disputed":     {ErrBatchStatus, func(c *kit, _ *attestationv1.MsgAttestFeatures) { c.fakes.batch(1).Status = batchDisputed }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newKit(t)
			m := c.featuresMsg(t, attestorA, 0x11, today-1, 1, 2)
			tc.bend(&c, m)
			if _, err := c.msgs.AttestFeatures(c.ctx, m); !errors.Is(err, tc.want) {
				t.Errorf("got %v, want %v", err, tc.want)
			}
			c.wantNothing(t)
		})
	}
	c := newKit(t)
	c.attestFeatures(t, attestorA, 0x11, today-1, 1)
	if _, err := c.msgs.AttestFeatures(c.ctx, c.featuresMsg(t, attestorA, 0x22, today-2, 1)); !errors.Is(err, ErrOlder) {
		t.Errorf("an older day: got %v, want %v", err, ErrOlder)
	}
	c.attestFeatures(t, attestorA, 0x22, today-1, 1)
}

// Only the attestor takes a live attestation back, once.
func TestWithdraw(t *testing.T) {
	t.Parallel()
	c := newKit(t)
	id := c.attestBatches(t, attestorA, inconsistent, 1)
	if err := c.withdraw(attestorB, id); !errors.Is(err, ErrNotAttestor) {
		t.Errorf("another's: got %v, want %v", err, ErrNotAttestor)
	}
	if err := c.withdraw(attestorA, 2); !errors.Is(err, ErrUnknownAttestation) {
		t.Errorf("unknown: got %v, want %v", err, ErrUnknownAttestation)
	}
	if err := c.after(life).withdraw(attestorA, id); !errors.Is(err, ErrNotLive) {
		t.Errorf("expired: got %v, want %v", err, ErrNotLive)
	}
	_, err := c.msgs.Withdraw(c.ctx, &attestationv1.MsgWithdraw{Device: "service", OrgId: attestorA, AttestationId: id})
	if !errors.Is(err, ErrField) {
		t.Errorf("no reason: got %v, want %v", err, ErrField)
	}
	c = c.fresh()
	check(t, c.withdraw(attestorA, id))
	c.wantEvents(t, &attestationv1.EventWithdrawn{AttestationId: id, Status: attestationv1.Status_STATUS_WITHDRAWN})
	c.wantRefused(t, 1, false)
	if err := c.withdraw(attestorA, id); !errors.Is(err, ErrNotLive) {
		t.Errorf("again: got %v, want %v", err, ErrNotLive)
	}
	c.checkInvariants(t)
}

// Parameters are council's to change, within bounds.
func TestUpdateParams(t *testing.T) {
	t.Parallel()
	c := newKit(t)
	p := DefaultParams()
	p.AttestorsMin = 3
	if _, err := c.msgs.UpdateParams(c.ctx, &attestationv1.MsgUpdateParams{Authority: "officer", Params: p}); !errors.Is(err, org.ErrAuthority) {
		t.Errorf("got %v, want %v", err, org.ErrAuthority)
	}
	_, err := c.msgs.UpdateParams(c.ctx, &attestationv1.MsgUpdateParams{Authority: wire.Authority(), Params: p})
	check(t, err)
	if got, err := c.asks.Params(c.ctx, &attestationv1.QueryParamsRequest{}); err != nil || got.Params != p {
		t.Errorf("got %v, %v, want %v", got, err, p)
	}
	for name, bend := range map[string]func(*attestationv1.Params){
		"attestors_min":           func(p *attestationv1.Params) { p.AttestorsMin = 1 },
		"attestation_seconds_max": func(p *attestationv1.Params) { p.AttestationSecondsMax = 0 },
		"dispute_seconds":         func(p *attestationv1.Params) { p.DisputeSeconds = 0 },
		"gap_days_max":            func(p *attestationv1.Params) { p.GapDaysMax = GapDaysMax + 1 },
	} {
		p := DefaultParams()
		bend(&p)
		if _, err := c.msgs.UpdateParams(c.ctx, &attestationv1.MsgUpdateParams{Authority: wire.Authority(), Params: p}); !errors.Is(err, ErrParams) {
			t.Errorf("%s: got %v, want %v", name, err, ErrParams)
		}
	}
}

func (c kit) wantBehind(t *testing.T, n byte, want ...uint64) {
	t.Helper()
	list, err := c.FeatureAttestations(c.ctx, firm, bytes.Repeat([]byte{n}, HashBytes))
	check(t, err)
	var got []uint64
	for _, a := range list {
		got = append(got, a.Id)
	}
	if !slices.Equal(got, want) {
		t.Errorf("behind commitment %x: got %v, want %v", n, got, want)
	}
}

func (c kit) wantNewest(t *testing.T, n byte) {
	t.Helper()
	f, height, any, err := c.NewestFeatures(c.ctx, firm, 1)
	check(t, err)
	if !any || f.Commitment[0] != n || height != 10 {
		t.Errorf("newest: got %x at %d, want %x", f.Commitment, height, n)
	}
}

// wantNothing tells whether the store is as it was at genesis.
func (c kit) wantNothing(t *testing.T) {
	t.Helper()
	gs, err := c.ExportGenesis(c.ctx)
	check(t, err)
	if len(gs.Attestations)+len(gs.Disputes)+len(gs.Records) != 0 {
		t.Errorf("got %v, want nothing", gs)
	}
}

// relate puts a into the control group of b.
func (c kit) relate(a, b uint64) {
	c.fakes.change(a, func(o *orgv1.Organisation) { o.ControlGroup = b })
}
