package attestation

import (
	"context"

	attestationv1 "github.com/xinlian/xinlian/gen/xinlian/attestation/v1"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/x/org"
)

// Dispute is the row of a dispute, else ErrUnknownDispute.
func (k *Keeper) Dispute(ctx context.Context, id uint64) (attestationv1.Dispute, error) {
	d, err := k.disputes.Get(ctx, id)
	return d, found(err, ErrUnknownDispute, "id %d", id)
}

// mayContest is nil for the enterprise, an attestor, and the grantee of the live
// consent that it names; else ErrMayNotDispute.
func (k *Keeper) mayContest(ctx context.Context, by orgv1.Organisation, enterprise uint64, consentID []byte) error {
	if by.Id == enterprise || org.HasRole(by, orgv1.Role_ROLE_ATTESTOR) {
		return nil
	}
	if len(consentID) == 0 {
		return ErrMayNotDispute.Wrapf("organisation %d names no consent", by.Id)
	}
	c, err := k.profiles.LiveConsent(ctx, consentID)
	if err != nil {
		return ErrMayNotDispute.Wrapf("consent %x: %s", consentID, err)
	}
	if c.Terms.EnterpriseId != enterprise || c.Terms.GranteeOrgId != by.Id {
		return ErrMayNotDispute.Wrapf("consent %x is from %d to %d", consentID, c.Terms.EnterpriseId, c.Terms.GranteeOrgId)
	}
	return nil
}

// contestable is nil when the subject may be contested: a live batch, or a live
// attestation of another organisation about which no dispute is open. A batch
// once found wrong is contested no more, or a second dispute could clear it.
func (k *Keeper) contestable(ctx context.Context, d attestationv1.Dispute) error {
	if d.AttestationId == 0 {
		b, err := k.profiles.Batch(ctx, d.BatchId)
		if err != nil {
			return err
		}
		return suits(b, d.EnterpriseId, profilev1.BatchStatus_BATCH_STATUS_LIVE)
	}
	a, err := k.Live(ctx, d.AttestationId)
	if err != nil {
		return err
	}
	if a.EnterpriseId != d.EnterpriseId {
		return ErrField.Wrapf("enterprise_id: attestation %d is about %d", a.Id, a.EnterpriseId)
	}
	if a.AttestorOrgId == d.OpenedByOrgId {
		return ErrMayNotDispute.Wrap("an attestor withdraws its own word")
	}
	open, err := k.contests.Has(ctx, a.Id)
	if err == nil && open {
		err = ErrDisputeOpen.Wrapf("attestation %d", a.Id)
	}
	return err
}

// mayDecide is nil for a regulator, and for an attestor independent of the
// enterprise, its custodians, whoever contests and everyone that spoke on the
// matter; else ErrIndependence or ErrAccreditation.
func (k *Keeper) mayDecide(ctx context.Context, by orgv1.Organisation, d attestationv1.Dispute) error {
	if err := independent(ctx, k.orgs, by.Id, []uint64{d.OpenedByOrgId}); err != nil {
		return err
	}
	if org.HasRole(by, orgv1.Role_ROLE_REGULATOR) {
		return nil
	}
	enterprise, err := k.enterprise(ctx, d.EnterpriseId)
	if err != nil {
		return err
	}
	spoke, categories, err := k.matter(ctx, d)
	if err != nil {
		return err
	}
	if err := independent(ctx, k.orgs, by.Id, Parties(enterprise, spoke...)); err != nil {
		return err
	}
	for _, c := range categories {
		ok, err := k.orgs.Accredited(ctx, by.Id, uint32(c))
		if err != nil {
			return err
		}
		if !ok {
			return ErrAccreditation.Wrapf("organisation %d, %s", by.Id, c)
		}
	}
	return nil
}

// matter lists who spoke on what is contested, and the categories it is about.
func (k *Keeper) matter(ctx context.Context, d attestationv1.Dispute) (spoke []uint64, categories []profilev1.Category, err error) {
	batches := [][]byte{d.BatchId}
	if d.AttestationId != 0 {
		a, err := k.Attestation(ctx, d.AttestationId)
		if err != nil {
			return nil, nil, err
		}
		batches, spoke = a.BatchIds, []uint64{a.AttestorOrgId}
	} else {
		words, err := k.wordsOf(ctx, d.BatchId)
		if err != nil {
			return nil, nil, err
		}
		for _, a := range words {
			spoke = append(spoke, a.AttestorOrgId)
		}
	}
	seen := make(map[profilev1.Category]bool)
	for _, id := range batches {
		b, err := k.profiles.Batch(ctx, id)
		if err != nil {
			return nil, nil, err
		}
		if !seen[b.Category] {
			seen[b.Category] = true
			categories = append(categories, b.Category)
		}
	}
	return spoke, categories, nil
}

// open writes a checked dispute under the next id and marks its subject.
func (k *Keeper) open(ctx context.Context, d attestationv1.Dispute) (uint64, error) {
	id, err := k.nextDispute.Next(ctx)
	if err != nil {
		return 0, err
	}
	d.Id, d.Status = id, attestationv1.DisputeStatus_DISPUTE_STATUS_OPEN
	if d.AttestationId != 0 {
		err = k.contests.Set(ctx, d.AttestationId, id)
	} else {
		err = k.profiles.SetDisputed(ctx, d.BatchId, true)
	}
	if err != nil {
		return 0, err
	}
	return id, k.putDispute(ctx, d)
}

func (k *Keeper) putDispute(ctx context.Context, d attestationv1.Dispute) error {
	if err := k.disputes.Set(ctx, d.Id, d); err != nil {
		return err
	}
	return emit(ctx, &attestationv1.EventDispute{DisputeId: d.Id, EnterpriseId: d.EnterpriseId, Status: d.Status})
}

// decide writes the outcome. Upheld, the attestation is overturned, or the batch
// stays contested and those who stood by it are overturned; rejected, the batch
// counts again.
func (k *Keeper) decide(ctx context.Context, d attestationv1.Dispute) error {
	upheld := d.Status == attestationv1.DisputeStatus_DISPUTE_STATUS_UPHELD
	var wrong []attestationv1.Attestation
	if d.AttestationId != 0 {
		if err := k.contests.Remove(ctx, d.AttestationId); err != nil {
			return err
		}
		a, err := k.Attestation(ctx, d.AttestationId)
		if err != nil {
			return err
		}
		wrong = append(wrong, a)
	} else if upheld {
		words, err := k.wordsOf(ctx, d.BatchId)
		if err != nil {
			return err
		}
		for _, a := range words {
			if a.Verdict == attestationv1.Verdict_VERDICT_CONSISTENT {
				wrong = append(wrong, a)
			}
		}
	} else if err := k.profiles.SetDisputed(ctx, d.BatchId, false); err != nil {
		return err
	}
	if upheld {
		for _, a := range wrong {
			if a.Status != attestationv1.Status_STATUS_LIVE {
				continue // withdrawn in time: that is counted already
			}
			if err := k.end(ctx, a, attestationv1.Status_STATUS_OVERTURNED); err != nil {
				return err
			}
		}
	}
	return k.putDispute(ctx, d)
}
