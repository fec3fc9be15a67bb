package attestation

import (
	"context"

	attestationv1 "github.com/xinlian/xinlian/gen/xinlian/attestation/v1"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	"github.com/xinlian/xinlian/x/org"
)

// OpenDispute contests a batch, which then counts for nothing until the dispute
// is decided, or another organisation's attestation, which counts until then.
func (s msgServer) OpenDispute(ctx context.Context, m *attestationv1.MsgOpenDispute) (*attestationv1.MsgOpenDisputeResponse, error) {
	if err := subject(m.BatchId, m.AttestationId); err != nil {
		return nil, err
	}
	if err := hash("reason_hash", m.ReasonHash); err != nil {
		return nil, err
	}
	if len(m.ConsentId) != 0 {
		if err := hash("consent_id", m.ConsentId); err != nil {
			return nil, err
		}
	}

	o, _, err := org.Authorise(ctx, s.k.orgs, m.Device, m.OrgId, org.Person)
	if err != nil {
		return nil, err
	}
	if err := s.k.mayContest(ctx, o, m.EnterpriseId, m.ConsentId); err != nil {
		return nil, err
	}

	p, err := s.k.Params(ctx)
	if err != nil {
		return nil, err
	}
	d := attestationv1.Dispute{
		EnterpriseId: m.EnterpriseId, BatchId: m.BatchId, AttestationId: m.AttestationId, OpenedByOrgId: m.OrgId,
		ReasonHash: m.ReasonHash, OpenedAt: now(ctx), Deadline: now(ctx) + p.DisputeSeconds,
	}
	if err := s.k.contestable(ctx, d); err != nil {
		return nil, err
	}

	id, err := s.k.open(ctx, d)
	return &attestationv1.MsgOpenDisputeResponse{DisputeId: id}, err
}

// ResolveDispute decides a dispute, in time or after its deadline.
func (s msgServer) ResolveDispute(ctx context.Context, m *attestationv1.MsgResolveDispute) (*attestationv1.MsgResolveDisputeResponse, error) {
	if err := hash("resolution_hash", m.ResolutionHash); err != nil {
		return nil, err
	}

	o, _, err := org.Authorise(ctx, s.k.orgs, m.Device, m.OrgId, org.Person,
		org.AnyRole(orgv1.Role_ROLE_REGULATOR, orgv1.Role_ROLE_ATTESTOR))
	if err != nil {
		return nil, err
	}

	d, err := s.k.Dispute(ctx, m.DisputeId)
	if err != nil {
		return nil, err
	}
	if d.Status != attestationv1.DisputeStatus_DISPUTE_STATUS_OPEN {
		return nil, ErrDisputeClosed.Wrapf("dispute %d is %s", d.Id, d.Status)
	}
	if err := s.k.mayDecide(ctx, o, d); err != nil {
		return nil, err
	}

	d.Status = attestationv1.DisputeStatus_DISPUTE_STATUS_REJECTED
	if m.Upheld {
		d.Status = attestationv1.DisputeStatus_DISPUTE_STATUS_UPHELD
	}
	d.ResolvedByOrgId, d.ResolutionHash = m.OrgId, m.ResolutionHash
	return &attestationv1.MsgResolveDisputeResponse{}, s.k.decide(ctx, d)
}
