package attestation

import (
	errorsmod "cosmossdk.io/errors"

	attestationv1 "github.com/xinlian/xinlian/gen/xinlian/attestation/v1"
)

// rule is one named truth about the whole state. A genesis must satisfy all of
// them before it is written, and no sequence of messages may break one.
type rule struct {
	name  string
	check func(*attestationv1.GenesisState) error
}

func attestationRule(gs *attestationv1.GenesisState) error {
	for i, a := range gs.Attestations {
		if a.Id != uint64(i)+1 {
			return ErrGenesis.Wrapf("attestation %d has id %d", i+1, a.Id)
		}
		if err := validAttestation(a); err != nil {
			return errorsmod.Wrapf(err, "attestation %d", a.Id)
		}
	}
	return nil
}

// validAttestation judges a row by itself.
func validAttestation(a attestationv1.Attestation) error {
	if a.EnterpriseId == 0 || a.AttestorOrgId == 0 || a.EnterpriseId == a.AttestorOrgId {
		return ErrField.Wrapf("organisation %d attests for %d", a.AttestorOrgId, a.EnterpriseId)
	}
	if a.Status < attestationv1.Status_STATUS_LIVE || a.Status > attestationv1.Status_STATUS_OVERTURNED {
		return ErrField.Wrapf("status: got %d", a.Status)
	}
	if a.ExpiresAt <= a.IssuedAt || a.Height < 0 {
		return ErrField.Wrapf("expires_at: got %d, issued at %d", a.ExpiresAt, a.IssuedAt)
	}
	if err := batchIDs(a.BatchIds); err != nil {
		return err
	}
	if err := verdict(a.Verdict); err != nil {
		return err
	}
	if err := hash("method_hash", a.MethodHash); err != nil {
		return err
	}
	switch a.Kind {
	case attestationv1.Kind_KIND_BATCHES:
		if a.Features != nil {
			return ErrField.Wrap("features: an attestation of batches has none")
		}
		return hash("evidence_hash", a.EvidenceHash)
	case attestationv1.Kind_KIND_FEATURES:
		if a.Features == nil || len(a.EvidenceHash) != 0 || a.Verdict != attestationv1.Verdict_VERDICT_CONSISTENT {
			return ErrField.Wrap("features: an attestation of features has them, a good verdict and no working papers")
		}
		return featureStatement(*a.Features)
	}
	return ErrField.Wrapf("kind: got %d", a.Kind)
}

func disputeRule(gs *attestationv1.GenesisState) error {
	batches, attestations := make(map[string]uint64), make(map[uint64]uint64)
	for i, d := range gs.Disputes {
		if d.Id != uint64(i)+1 {
			return ErrGenesis.Wrapf("dispute %d has id %d", i+1, d.Id)
		}
		if err := validDispute(gs, d); err != nil {
			return errorsmod.Wrapf(err, "dispute %d", d.Id)
		}
		if d.AttestationId != 0 && d.Status == attestationv1.DisputeStatus_DISPUTE_STATUS_OPEN {
			if other := attestations[d.AttestationId]; other != 0 {
				return ErrDisputeOpen.Wrapf("attestation %d: %d and %d", d.AttestationId, other, d.Id)
			}
			attestations[d.AttestationId] = d.Id
		}
		if d.AttestationId == 0 && d.Status != attestationv1.DisputeStatus_DISPUTE_STATUS_REJECTED {
			// An upheld dispute about a batch is the last about it.
			if other := batches[string(d.BatchId)]; other != 0 {
				return ErrDisputeOpen.Wrapf("batch %x: %d and %d", d.BatchId, other, d.Id)
			}
			batches[string(d.BatchId)] = d.Id
		}
	}
	return nil
}

// validDispute judges a row by itself and by the attestation it names.
func validDispute(gs *attestationv1.GenesisState, d attestationv1.Dispute) error {
	if err := subject(d.BatchId, d.AttestationId); err != nil {
		return err
	}
	if err := hash("reason_hash", d.ReasonHash); err != nil {
		return err
	}
	if d.EnterpriseId == 0 || d.OpenedByOrgId == 0 || d.Deadline <= d.OpenedAt {
		return ErrField.Wrapf("enterprise %d, by %d, from %d to %d", d.EnterpriseId, d.OpenedByOrgId, d.OpenedAt, d.Deadline)
	}
	if n := uint64(len(gs.Attestations)); d.AttestationId > n {
		return ErrUnknownAttestation.Wrapf("id %d, there are %d", d.AttestationId, n)
	}
	if d.AttestationId != 0 && gs.Attestations[d.AttestationId-1].EnterpriseId != d.EnterpriseId {
		return ErrField.Wrapf("attestation %d is about another enterprise", d.AttestationId)
	}
	switch d.Status {
	case attestationv1.DisputeStatus_DISPUTE_STATUS_OPEN:
		if d.ResolvedByOrgId != 0 || len(d.ResolutionHash) != 0 {
			return ErrField.Wrap("resolution_hash: the dispute is open")
		}
		return nil
	case attestationv1.DisputeStatus_DISPUTE_STATUS_UPHELD, attestationv1.DisputeStatus_DISPUTE_STATUS_REJECTED:
		if d.ResolvedByOrgId == 0 || d.ResolvedByOrgId == d.OpenedByOrgId {
			return ErrField.Wrapf("resolved_by_org_id: got %d, opened by %d", d.ResolvedByOrgId, d.OpenedByOrgId)
		}
		return hash("resolution_hash", d.ResolutionHash)
	}
	return ErrField.Wrapf("status: got %d", d.Status)
}

// recordRule: an attestor's record is the count of its rows.
func recordRule(gs *attestationv1.GenesisState) error {
	counted := make(map[uint64]attestationv1.AttestorRecord)
	for _, a := range gs.Attestations {
		r := counted[a.AttestorOrgId]
		r.OrgId = a.AttestorOrgId
		r.Issued++
		if a.Verdict == attestationv1.Verdict_VERDICT_INCONSISTENT {
			r.Refused++
		}
		switch a.Status {
		case attestationv1.Status_STATUS_WITHDRAWN:
			r.Withdrawn++
		case attestationv1.Status_STATUS_OVERTURNED:
			r.Overturned++
		}
		counted[a.AttestorOrgId] = r
	}
	var last uint64
	for _, r := range gs.Records {
		if r.OrgId <= last {
			return ErrGenesis.Wrapf("record of %d is out of order", r.OrgId)
		}
		last = r.OrgId
		if counted[r.OrgId] != r {
			return ErrGenesis.Wrapf("record of %d: got %v, want %v", r.OrgId, r, counted[r.OrgId])
		}
	}
	if len(gs.Records) != len(counted) {
		return ErrGenesis.Wrapf("%d records, %d attestors", len(gs.Records), len(counted))
	}
	return nil
}
