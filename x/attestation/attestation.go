package attestation

import (
	"context"
	"errors"

	"cosmossdk.io/collections"

	attestationv1 "github.com/xinlian/xinlian/gen/xinlian/attestation/v1"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
)

// Attestation is the row of an attestation in whatever state, or
// ErrUnknownAttestation.
func (k *Keeper) Attestation(ctx context.Context, id uint64) (attestationv1.Attestation, error) {
	a, err := k.attestations.Get(ctx, id)
	return a, found(err, ErrUnknownAttestation, "id %d", id)
}

// Live is the row of an attestation that counts now, else ErrNotLive or
// ErrUnknownAttestation.
func (k *Keeper) Live(ctx context.Context, id uint64) (attestationv1.Attestation, error) {
	a, err := k.Attestation(ctx, id)
	if err != nil {
		return a, err
	}
	return a, live(a, now(ctx))
}

// live is nil while an attestation counts, else ErrNotLive.
func live(a attestationv1.Attestation, at int64) error {
	if a.Status != attestationv1.Status_STATUS_LIVE {
		return ErrNotLive.Wrapf("attestation %d is %s", a.Id, a.Status)
	}
	if at >= a.ExpiresAt {
		return ErrNotLive.Wrapf("attestation %d expired at %d", a.Id, a.ExpiresAt)
	}
	return nil
}

// BatchRefused tells whether an attestor's live word about the batch is that it
// is inconsistent.
func (k *Keeper) BatchRefused(ctx context.Context, batchID []byte) (bool, error) {
	words, err := k.wordsOf(ctx, batchID)
	if err != nil {
		return false, err
	}
	for _, a := range words {
		if a.Verdict == attestationv1.Verdict_VERDICT_INCONSISTENT && live(a, now(ctx)) == nil {
			return true, nil
		}
	}
	return false, nil
}

// wordsOf lists the newest attestation of each attestor about a batch, by
// attestor, in whatever state. There are as many as attestors that spoke, and
// council admits those.
func (k *Keeper) wordsOf(ctx context.Context, batchID []byte) ([]attestationv1.Attestation, error) {
	var list []attestationv1.Attestation
	err := k.batchWords.Walk(ctx, collections.NewPrefixedPairRange[[]byte, uint64](batchID),
		func(_ collections.Pair[[]byte, uint64], id uint64) (bool, error) {
			a, err := k.Attestation(ctx, id)
			list = append(list, a)
			return false, err
		})
	return list, err
}

// attest writes a checked attestation under the next id, with its words and the
// attestor's record.
func (k *Keeper) attest(ctx context.Context, a attestationv1.Attestation) (uint64, error) {
	id, err := k.nextAttestation.Next(ctx)
	if err != nil {
		return 0, err
	}
	a.Id, a.Status, a.Height, a.IssuedAt = id, attestationv1.Status_STATUS_LIVE, height(ctx), now(ctx)
	if err := k.put(ctx, a); err != nil {
		return 0, err
	}
	err = k.count(ctx, a.AttestorOrgId, func(r *attestationv1.AttestorRecord) {
		r.Issued++
		if a.Verdict == attestationv1.Verdict_VERDICT_INCONSISTENT {
			r.Refused++
		}
	})
	if err != nil {
		return 0, err
	}
	return id, emit(ctx, &attestationv1.EventAttested{
		AttestationId: id, EnterpriseId: a.EnterpriseId, AttestorOrgId: a.AttestorOrgId, Kind: a.Kind, Verdict: a.Verdict,
	})
}

// put writes a row and makes it its attestor's word. Rows are put in order of id.
func (k *Keeper) put(ctx context.Context, a attestationv1.Attestation) error {
	if err := k.attestations.Set(ctx, a.Id, a); err != nil {
		return err
	}
	if a.Kind == attestationv1.Kind_KIND_FEATURES {
		return k.featureWords.Set(ctx, collections.Join3(a.EnterpriseId, a.Features.FeatureSetVersion, a.AttestorOrgId), a.Id)
	}
	for _, batch := range a.BatchIds {
		if err := k.batchWords.Set(ctx, collections.Join(batch, a.AttestorOrgId), a.Id); err != nil {
			return err
		}
	}
	return nil
}

// end writes that a live attestation counts no more, and counts it against its
// attestor.
func (k *Keeper) end(ctx context.Context, a attestationv1.Attestation, status attestationv1.Status) error {
	a.Status = status
	if err := k.attestations.Set(ctx, a.Id, a); err != nil {
		return err
	}
	err := k.count(ctx, a.AttestorOrgId, func(r *attestationv1.AttestorRecord) {
		if status == attestationv1.Status_STATUS_WITHDRAWN {
			r.Withdrawn++
		} else {
			r.Overturned++
		}
	})
	if err != nil {
		return err
	}
	return emit(ctx, &attestationv1.EventWithdrawn{AttestationId: a.Id, Status: status})
}

// count changes an attestor's record.
func (k *Keeper) count(ctx context.Context, attestor uint64, change func(*attestationv1.AttestorRecord)) error {
	r, err := k.record(ctx, attestor)
	if err != nil {
		return err
	}
	change(&r)
	return k.records.Set(ctx, attestor, r)
}

// record is an attestor's record, zeros for one that never spoke.
func (k *Keeper) record(ctx context.Context, attestor uint64) (attestationv1.AttestorRecord, error) {
	r, err := k.records.Get(ctx, attestor)
	if errors.Is(err, collections.ErrNotFound) {
		return attestationv1.AttestorRecord{OrgId: attestor}, nil
	}
	return r, err
}

// enterprise is the organisation whose records are spoken of, or why it is none.
func (k *Keeper) enterprise(ctx context.Context, id uint64) (orgv1.Organisation, error) {
	o, err := k.orgs.Organisation(ctx, id)
	if err == nil && o.Kind != orgv1.OrgKind_ORG_KIND_ENTERPRISE {
		err = ErrField.Wrapf("enterprise_id: organisation %d is %s", id, o.Kind)
	}
	return o, err
}

// attestable reads the batches that an attestor speaks about: each is the
// enterprise's, of a category that the attestor is accredited for, and in a
// state that allows it.
func (k *Keeper) attestable(ctx context.Context, attestor, enterprise uint64, ids [][]byte, allowed ...profilev1.BatchStatus) ([]profilev1.Batch, error) {
	list := make([]profilev1.Batch, 0, len(ids))
	accredited := make(map[profilev1.Category]bool)
	for _, id := range ids {
		b, err := k.profiles.Batch(ctx, id)
		if err != nil {
			return nil, err
		}
		if err := suits(b, enterprise, allowed...); err != nil {
			return nil, err
		}
		if !accredited[b.Category] {
			ok, err := k.orgs.Accredited(ctx, attestor, uint32(b.Category))
			if err != nil {
				return nil, err
			}
			if !ok {
				return nil, ErrAccreditation.Wrapf("organisation %d, %s", attestor, b.Category)
			}
			accredited[b.Category] = true
		}
		list = append(list, b)
	}
	return list, nil
}

// suits is nil for a batch of the enterprise in one of the states.
func suits(b profilev1.Batch, enterprise uint64, allowed ...profilev1.BatchStatus) error {
	if b.EnterpriseId != enterprise {
		return ErrBatchOwner.Wrapf("batch %x is of enterprise %d", b.Anchor.BatchId, b.EnterpriseId)
	}
	for _, s := range allowed {
		if b.Status == s {
			return nil
		}
	}
	return ErrBatchStatus.Wrapf("batch %x is %s", b.Anchor.BatchId, b.Status)
}
