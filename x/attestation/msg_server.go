package attestation

import (
	"bytes"
	"context"

	attestationv1 "github.com/xinlian/xinlian/gen/xinlian/attestation/v1"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/x/org"
)

// msgServer serves the messages: attestations here, disputes in msg_dispute.go.
// Each goes through decode, authorise, check, write and emit, in this order, and
// writes nothing before everything is checked.
type msgServer struct{ k *Keeper }

var _ attestationv1.MsgServer = msgServer{}

// NewMsgServer serves the module's messages.
func NewMsgServer(k *Keeper) attestationv1.MsgServer { return msgServer{k} }

// AttestBatches records what an attestor found in batches. A dispute does not
// keep an attestor from speaking; a replaced batch is spoken of no more.
func (s msgServer) AttestBatches(ctx context.Context, m *attestationv1.MsgAttestBatches) (*attestationv1.MsgAttestBatchesResponse, error) {
	if err := batchIDs(m.BatchIds); err != nil {
		return nil, err
	}
	if err := verdict(m.Verdict); err != nil {
		return nil, err
	}
	if err := hash("method_hash", m.MethodHash); err != nil {
		return nil, err
	}
	if err := hash("evidence_hash", m.EvidenceHash); err != nil {
		return nil, err
	}

	if err := s.attestor(ctx, m.Device, m.OrgId, m.EnterpriseId); err != nil {
		return nil, err
	}

	p, err := s.k.Params(ctx)
	if err != nil {
		return nil, err
	}
	if err := expiry(now(ctx), m.ExpiresAt, p.AttestationSecondsMax); err != nil {
		return nil, err
	}
	if _, err := s.k.attestable(ctx, m.OrgId, m.EnterpriseId, m.BatchIds,
		profilev1.BatchStatus_BATCH_STATUS_LIVE, profilev1.BatchStatus_BATCH_STATUS_DISPUTED); err != nil {
		return nil, err
	}

	id, err := s.k.attest(ctx, attestationv1.Attestation{
		Kind: attestationv1.Kind_KIND_BATCHES, EnterpriseId: m.EnterpriseId, AttestorOrgId: m.OrgId, Device: m.Device,
		BatchIds: m.BatchIds, Verdict: m.Verdict, MethodHash: m.MethodHash, EvidenceHash: m.EvidenceHash, ExpiresAt: m.ExpiresAt,
	})
	return &attestationv1.MsgAttestBatchesResponse{AttestationId: id}, err
}

// AttestFeatures records that an attestor recomputed the features behind a
// commitment from the listed batches. The digest is the chain's own.
func (s msgServer) AttestFeatures(ctx context.Context, m *attestationv1.MsgAttestFeatures) (*attestationv1.MsgAttestFeaturesResponse, error) {
	if err := batchIDs(m.BatchIds); err != nil {
		return nil, err
	}
	if err := featureStatement(m.Features); err != nil {
		return nil, err
	}
	if err := hash("method_hash", m.MethodHash); err != nil {
		return nil, err
	}

	if err := s.attestor(ctx, m.Device, m.OrgId, m.EnterpriseId); err != nil {
		return nil, err
	}

	p, err := s.k.Params(ctx)
	if err != nil {
		return nil, err
	}
	if err := expiry(now(ctx), m.ExpiresAt, p.AttestationSecondsMax); err != nil {
		return nil, err
	}
	if today := Day(now(ctx)); m.Features.AsOfDay > today {
		return nil, ErrAsOf.Wrapf("got %d, today is %d", m.Features.AsOfDay, today)
	}
	standing, stands, err := s.k.standsBy(ctx, m.EnterpriseId, m.Features.FeatureSetVersion, m.OrgId)
	if err != nil {
		return nil, err
	}
	if stands && standing.Features.AsOfDay > m.Features.AsOfDay {
		return nil, ErrOlder.Wrapf("got as-of day %d, attestation %d has %d", m.Features.AsOfDay, standing.Id, standing.Features.AsOfDay)
	}
	batches, err := s.k.attestable(ctx, m.OrgId, m.EnterpriseId, m.BatchIds, profilev1.BatchStatus_BATCH_STATUS_LIVE)
	if err != nil {
		return nil, err
	}
	digest, err := DataDigest(batches)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(digest[:], m.Features.DataDigest) {
		return nil, ErrDigest.Wrapf("got %x, want %x", m.Features.DataDigest, digest)
	}

	id, err := s.k.attest(ctx, attestationv1.Attestation{
		Kind: attestationv1.Kind_KIND_FEATURES, EnterpriseId: m.EnterpriseId, AttestorOrgId: m.OrgId, Device: m.Device,
		BatchIds: m.BatchIds, Features: &m.Features, Verdict: attestationv1.Verdict_VERDICT_CONSISTENT,
		MethodHash: m.MethodHash, ExpiresAt: m.ExpiresAt,
	})
	return &attestationv1.MsgAttestFeaturesResponse{AttestationId: id}, err
}

// Withdraw takes a live attestation back. What the attestor said before about the
// same batches does not come back.
func (s msgServer) Withdraw(ctx context.Context, m *attestationv1.MsgWithdraw) (*attestationv1.MsgWithdrawResponse, error) {
	if err := hash("reason_hash", m.ReasonHash); err != nil {
		return nil, err
	}

	if _, _, err := org.Authorise(ctx, s.k.orgs, m.Device, m.OrgId); err != nil {
		return nil, err
	}

	a, err := s.k.Attestation(ctx, m.AttestationId)
	if err != nil {
		return nil, err
	}
	if a.AttestorOrgId != m.OrgId {
		return nil, ErrNotAttestor.Wrapf("attestation %d is of %d", a.Id, a.AttestorOrgId)
	}
	if err := live(a, now(ctx)); err != nil {
		return nil, err
	}

	return &attestationv1.MsgWithdrawResponse{}, s.k.end(ctx, a, attestationv1.Status_STATUS_WITHDRAWN)
}

// UpdateParams replaces the parameters.
func (s msgServer) UpdateParams(ctx context.Context, m *attestationv1.MsgUpdateParams) (*attestationv1.MsgUpdateParamsResponse, error) {
	if err := validateParams(m.Params); err != nil {
		return nil, err
	}
	if err := org.Council(s.k.authority, m.Authority); err != nil {
		return nil, err
	}
	return &attestationv1.MsgUpdateParamsResponse{}, s.k.params.Set(ctx, m.Params)
}

// attestor is nil when the device acts for an attestor that may vouch for the
// enterprise: neither it nor its custodian, nor under common control with them.
func (s msgServer) attestor(ctx context.Context, device string, orgID, enterpriseID uint64) error {
	if _, _, err := org.Authorise(ctx, s.k.orgs, device, orgID, org.AnyRole(orgv1.Role_ROLE_ATTESTOR)); err != nil {
		return err
	}
	enterprise, err := s.k.enterprise(ctx, enterpriseID)
	if err != nil {
		return err
	}
	return independent(ctx, s.k.orgs, orgID, Parties(enterprise))
}
