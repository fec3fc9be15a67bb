package attestation

import (
	"errors"
	"testing"

	attestationv1 "github.com/xinlian/xinlian/gen/xinlian/attestation/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/x/org"
)

const (
	open     = attestationv1.DisputeStatus_DISPUTE_STATUS_OPEN
	upheld   = attestationv1.DisputeStatus_DISPUTE_STATUS_UPHELD
	rejected = attestationv1.DisputeStatus_DISPUTE_STATUS_REJECTED
)

func (c kit) wantBatch(t *testing.T, n byte, want profilev1.BatchStatus) {
	t.Helper()
	if got := c.fakes.batch(n).Status; got != want {
		t.Errorf("batch %d: got %s, want %s", n, got, want)
	}
}

// A batch does not count while it is contested, and counts again when the dispute
// is rejected; it may then be contested anew.
func TestDisputeRejected(t *testing.T) {
	t.Parallel()
	c := newKit(t).fresh()
	c.attestBatches(t, attestorA, consistent, 1, 2)
	c = c.fresh()
	id, err := c.contestBatch(firm, 1)
	check(t, err)
	c.wantEvents(t, &attestationv1.EventDispute{DisputeId: 1, EnterpriseId: firm, Status: open})
	c.wantBatch(t, 1, batchDisputed)
	d, err := c.Dispute(c.ctx, id)
	check(t, err)
	if d.OpenedByOrgId != firm || d.OpenedAt != genesisTime.Unix() || d.Deadline != genesisTime.Unix()+DefaultParams().DisputeSeconds {
		t.Errorf("row: got %v", d)
	}
	c.checkInvariants(t)
	c = c.after(DefaultParams().DisputeSeconds + 1).fresh() // overdue is not lost
	check(t, c.resolve(regulator, id, false))
	c.wantEvents(t, &attestationv1.EventDispute{DisputeId: 1, EnterpriseId: firm, Status: rejected})
	c.wantBatch(t, 1, batchLive)
	if _, err := c.Live(c.ctx, 1); err != nil {
		t.Errorf("who stood by it: %v", err)
	}
	c.wantRecord(t, attestationv1.AttestorRecord{OrgId: attestorA, Issued: 1})
	c.checkInvariants(t)
	if err := c.resolve(regulator, id, true); !errors.Is(err, ErrDisputeClosed) {
		t.Errorf("again: got %v, want %v", err, ErrDisputeClosed)
	}
	_, err = c.contestBatch(firm, 1)
	check(t, err)
}

// A batch found wrong stays contested for good, and the attestations that stood by
// it are overturned and counted; refusals and withdrawn ones are not.
func TestDisputeUpheld(t *testing.T) {
	t.Parallel()
	c := newKit(t)
	c.attestBatches(t, attestorA, consistent, 1, 2)
	c.attestBatches(t, attestorB, inconsistent, 1)
	third := c.attestBatches(t, attestorC, consistent, 1)
	id, err := c.contestBatch(attestorB, 1)
	check(t, err)
	check(t, c.withdraw(attestorC, third))
	c = c.fresh()
	check(t, c.resolve(regulator, id, true))
	c.wantEvents(t,
		&attestationv1.EventWithdrawn{AttestationId: 1, Status: attestationv1.Status_STATUS_OVERTURNED},
		&attestationv1.EventDispute{DisputeId: 1, EnterpriseId: firm, Status: upheld})
	c.wantBatch(t, 1, batchDisputed)
	c.wantRecord(t, attestationv1.AttestorRecord{OrgId: attestorA, Issued: 1, Overturned: 1})
	c.wantRecord(t, attestationv1.AttestorRecord{OrgId: attestorB, Issued: 1, Refused: 1})
	c.wantRecord(t, attestationv1.AttestorRecord{OrgId: attestorC, Issued: 1, Withdrawn: 1})
	if _, err := c.contestBatch(firm, 1); !errors.Is(err, ErrBatchStatus) {
		t.Errorf("a second dispute: got %v, want %v", err, ErrBatchStatus)
	}
	c.checkInvariants(t)
}

// An attestation counts while it is contested; upheld, it is overturned.
func TestDisputeOfAttestation(t *testing.T) {
	t.Parallel()
	c := newKit(t)
	a := c.attestBatches(t, attestorA, inconsistent, 1)
	id, err := c.contest(firm, a)
	check(t, err)
	c.wantBatch(t, 1, batchLive)
	c.wantRefused(t, 1, true)
	if _, err := c.contest(attestorB, a); !errors.Is(err, ErrDisputeOpen) {
		t.Errorf("twice: got %v, want %v", err, ErrDisputeOpen)
	}
	c.checkInvariants(t)
	check(t, c.resolve(attestorC, id, false))
	c.wantRefused(t, 1, true)
	id, err = c.contest(firm, a)
	check(t, err)
	check(t, c.resolve(attestorC, id, true))
	c.wantRefused(t, 1, false)
	c.wantRecord(t, attestationv1.AttestorRecord{OrgId: attestorA, Issued: 1, Refused: 1, Overturned: 1})
	if _, err := c.contest(firm, a); !errors.Is(err, ErrNotLive) {
		t.Errorf("overturned: got %v, want %v", err, ErrNotLive)
	}
	c.checkInvariants(t)

	list, err := c.asks.Disputes(c.ctx, &attestationv1.QueryDisputesRequest{EnterpriseId: firm})
	if err != nil || len(list.Disputes) != 2 || list.Disputes[0].Id != 1 {
		t.Errorf("query: got %v, %v", list, err)
	}
	all, err := c.asks.Attestations(c.ctx, &attestationv1.QueryAttestationsRequest{EnterpriseId: firm})
	if err != nil || len(all.Attestations) != 1 {
		t.Errorf("query: got %v, %v", all, err)
	}
	one, err := c.asks.Attestation(c.ctx, &attestationv1.QueryAttestationRequest{Id: a})
	if err != nil || one.Attestation.Status != attestationv1.Status_STATUS_OVERTURNED {
		t.Errorf("query: got %v, %v", one, err)
	}
}

// Each bent field and each unmet condition of a dispute is refused with its code.
func TestOpenDisputeRefused(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		want error
		bend func(c *kit, m *attestationv1.MsgOpenDispute)
	}{
		"nothing":         {ErrField, func(_ *kit, m *attestationv1.MsgOpenDispute) { m.BatchId = nil }},
		"both":            {ErrField, func(_ *kit, m *attestationv1.MsgOpenDispute) { m.AttestationId = 1 }},
		"short batch":     {ErrField, func(_ *kit, m *attestationv1.MsgOpenDispute) { m.BatchId = m.BatchId[1:] }},
		"reason":          {ErrField, func(_ *kit, m *attestationv1.MsgOpenDispute) { m.ReasonHash = nil }},
		"short consent":   {ErrField, func(_ *kit, m *attestationv1.MsgOpenDispute) { m.ConsentId = hash32[1:] }},
		"service":         {org.ErrDeviceRole, func(_ *kit, m *attestationv1.MsgOpenDispute) { m.Device = "service" }},
		"stranger":        {ErrMayNotDispute, func(_ *kit, m *attestationv1.MsgOpenDispute) { m.OrgId = otherFirm }},
		"without consent": {ErrMayNotDispute, func(_ *kit, m *attestationv1.MsgOpenDispute) { m.OrgId = lender }},
		"dead consent":    {ErrMayNotDispute, func(_ *kit, m *attestationv1.MsgOpenDispute) { m.OrgId, m.ConsentId = lender, hash32 }},
		"another's":       {ErrMayNotDispute, func(_ *kit, m *attestationv1.MsgOpenDispute) { m.OrgId, m.ConsentId = regulator, consentID }},
		"firm's consent": {ErrMayNotDispute, func(_ *kit, m *attestationv1.MsgOpenDispute) {
			m.OrgId, m.ConsentId, m.EnterpriseId = lender, consentID, otherFirm
		}},
		"batch unknown":   {errFake, func(_ *kit, m *attestationv1.MsgOpenDispute) { m.BatchId = ids(99)[0] }},
		"other firm":      {ErrBatchOwner, func(_ *kit, m *attestationv1.MsgOpenDispute) { m.BatchId = ids(4)[0] }},
		"superseded":      {ErrBatchStatus, func(c *kit, _ *attestationv1.MsgOpenDispute) { c.fakes.batch(1).Status = batchSuperseded }},
		"contested":       {ErrBatchStatus, func(c *kit, _ *attestationv1.MsgOpenDispute) { c.fakes.batch(1).Status = batchDisputed }},
		"unknown":         {ErrUnknownAttestation, func(_ *kit, m *attestationv1.MsgOpenDispute) { m.BatchId, m.AttestationId = nil, 9 }},
		"expired":         {ErrNotLive, func(c *kit, m *attestationv1.MsgOpenDispute) { m.BatchId, m.AttestationId, *c = nil, 1, c.after(life) }},
		"own attestation": {ErrMayNotDispute, func(_ *kit, m *attestationv1.MsgOpenDispute) { m.OrgId, m.BatchId, m.AttestationId = attestorA, nil, 1 }},
		"about other firm": {ErrField, func(_ *kit, m *attestationv1.MsgOpenDispute) {
			m.OrgId, m.EnterpriseId, m.BatchId, m.AttestationId = attestorB, otherFirm, nil, 1
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newKit(t)
			c.attestBatches(t, attestorA, consistent, 1)
			m := &attestationv1.MsgOpenDispute{Device: "officer", OrgId: firm, EnterpriseId: firm, BatchId: ids(1)[0], ReasonHash: hash32}
			tc.bend(&c, m)
			if _, err := c.msgs.OpenDispute(c.ctx, m); !errors.Is(err, tc.want) {
				t.Errorf("got %v, want %v", err, tc.want)
			}
		})
	}
	c := newKit(t)
	_, err := c.msgs.OpenDispute(c.ctx, &attestationv1.MsgOpenDispute{
		Device: "officer", OrgId: lender, EnterpriseId: firm, BatchId: ids(1)[0], ReasonHash: hash32, ConsentId: consentID,
	})
	check(t, err) // the grantee of a live consent may
}

// A dispute is decided by a regulator or by an attestor that is independent of
// everyone in the matter and knows its category, and by nobody else.
func TestResolveDisputeRefused(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		want error
		bend func(c *kit, m *attestationv1.MsgResolveDispute)
	}{
		"resolution":        {ErrField, func(_ *kit, m *attestationv1.MsgResolveDispute) { m.ResolutionHash = nil }},
		"service":           {org.ErrDeviceRole, func(_ *kit, m *attestationv1.MsgResolveDispute) { m.Device = "service" }},
		"role":              {org.ErrRole, func(_ *kit, m *attestationv1.MsgResolveDispute) { m.OrgId = lender }},
		"unknown":           {ErrUnknownDispute, func(_ *kit, m *attestationv1.MsgResolveDispute) { m.DisputeId = 2 }},
		"opener":            {ErrIndependence, func(_ *kit, m *attestationv1.MsgResolveDispute) { m.OrgId = attestorB }},
		"opener's control":  {ErrIndependence, func(c *kit, _ *attestationv1.MsgResolveDispute) { c.relate(attestorC, attestorB) }},
		"regulator related": {ErrIndependence, func(c *kit, m *attestationv1.MsgResolveDispute) { m.OrgId = regulator; c.relate(regulator, attestorB) }},
		"spoke":             {ErrIndependence, func(_ *kit, m *attestationv1.MsgResolveDispute) { m.OrgId = attestorA }},
		"speaker's control": {ErrIndependence, func(c *kit, _ *attestationv1.MsgResolveDispute) { c.relate(attestorC, attestorA) }},
		"firm's control":    {ErrIndependence, func(c *kit, _ *attestationv1.MsgResolveDispute) { c.relate(attestorC, firm) }},
		"custodian":         {ErrIndependence, func(_ *kit, m *attestationv1.MsgResolveDispute) { m.OrgId = custodian }},
		"category":          {ErrAccreditation, func(_ *kit, m *attestationv1.MsgResolveDispute) { m.OrgId = attestorD }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, batch := range []bool{true, false} {
				c := newKit(t)
				a := c.attestBatches(t, attestorA, consistent, 1)
				var err error
				if batch {
					_, err = c.contestBatch(attestorB, 1)
				} else {
					_, err = c.contest(attestorB, a)
				}
				check(t, err)
				m := &attestationv1.MsgResolveDispute{Device: "officer", OrgId: attestorC, DisputeId: 1, ResolutionHash: hash32}
				tc.bend(&c, m)
				if _, err := c.msgs.ResolveDispute(c.ctx, m); !errors.Is(err, tc.want) {
					t.Errorf("batch %v: got %v, want %v", batch, err, tc.want)
				}
			}
		})
	}
}
