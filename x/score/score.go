package score

import (
	"bytes"
	"context"
	"errors"

	"cosmossdk.io/collections"

	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
)

// Score is the row of a score, or ErrUnknownScore. Its existence does not mean
// that it may be used now: ask Usable.
func (k *Keeper) Score(ctx context.Context, id []byte) (scorev1.Score, error) {
	s, err := k.scores.Get(ctx, id)
	return s, found(err, ErrUnknownScore, "id %.32x", id)
}

// Usable is nil while a decision may rest on the score: it has not expired by
// height, its model is neither stopped nor suspended nor a challenger, now or when
// it was made, no newer score replaced it, every attestation behind it is live,
// and every batch behind those still counts. A score so ends at its expiry height or
// with the earliest end of an attestation, whichever comes first. Whether it is
// for the caller's lender and purpose is for the caller to ask. Else ErrExpired,
// ErrModelStatus, ErrShadow, ErrRefreshed, ErrAttestationEnded, ErrBatchStatus or
// ErrBatchRefused.
func (k *Keeper) Usable(ctx context.Context, s scorev1.Score) error {
	if h := height(ctx); h > s.ExpiryHeight {
		return ErrExpired.Wrapf("at %d, now %d", s.ExpiryHeight, h)
	}
	m, err := k.Model(ctx, s.ModelHash)
	if err != nil {
		return err
	}
	if m.Status == scorev1.ModelStatus_MODEL_STATUS_STOPPED || m.Status == scorev1.ModelStatus_MODEL_STATUS_SUSPENDED {
		return ErrModelStatus.Wrapf("model %x is %s", m.Hash, m.Status)
	}
	if s.Shadow || m.Role != scorev1.ModelRole_MODEL_ROLE_CHAMPION {
		return ErrShadow.Wrapf("model %x is %s", m.Hash, m.Role)
	}
	newest, err := k.latest.Get(ctx, latestOf(s))
	if err != nil {
		return found(err, ErrUnknownScore, "id %.32x", s.Id)
	}
	if !bytes.Equal(newest, s.Id) {
		return ErrRefreshed.Wrapf("by score %x", newest)
	}
	var batches [][]byte
	for _, id := range s.AttestationIds {
		a, err := k.Attestations.Live(ctx, id)
		if err != nil {
			return ErrAttestationEnded.Wrap(err.Error())
		}
		batches = a.BatchIds // the same of all
	}
	for _, id := range batches {
		if _, err := k.counting(ctx, s.EnterpriseId, id); err != nil {
			return err
		}
	}
	return nil
}

// putScore writes a score. It replaces the one before for the same enterprise,
// model, purpose and lender: only on the newest feature set can it have been made.
func (k *Keeper) putScore(ctx context.Context, s scorev1.Score) error {
	if err := k.scores.Set(ctx, s.Id, s); err != nil {
		return err
	}
	if err := k.refresh(ctx, s); err != nil {
		return err
	}
	return k.scoresByEnterprise.Set(ctx, collections.Join3(s.EnterpriseId, uint64(s.Height), s.Id))
}

// Newest is the newest score of the same enterprise, model, purpose and lender as
// a given one, or that one itself.
func (k *Keeper) Newest(ctx context.Context, like scorev1.Score) (scorev1.Score, error) {
	id, err := k.latest.Get(ctx, latestOf(like))
	if err != nil {
		return scorev1.Score{}, found(err, ErrUnknownScore, "id %.32x", like.Id)
	}
	return k.Score(ctx, id)
}

// latestOf is the key under which a score replaces those before.
func latestOf(s scorev1.Score) latestKey {
	return collections.Join4(s.EnterpriseId, s.ModelHash, uint64(s.Purpose), s.LenderOrgId)
}

// refresh makes the score the latest of its kind, unless a later one is there
// already, which happens only while a genesis is read in order of id.
func (k *Keeper) refresh(ctx context.Context, s scorev1.Score) error {
	id, err := k.latest.Get(ctx, latestOf(s))
	if err != nil && !errors.Is(err, collections.ErrNotFound) {
		return err
	}
	if err == nil {
		before, err := k.scores.Get(ctx, id)
		if err != nil {
			return err
		}
		if later(before, s) {
			return nil
		}
	}
	return k.latest.Set(ctx, latestOf(s), s.Id)
}

// later orders scores of one kind by block, and within one by their as-of day and
// id, so that a chain and its copy agree.
func later(a, b scorev1.Score) bool {
	if a.Height != b.Height {
		return a.Height > b.Height
	}
	if a.AsOfDay != b.AsOfDay {
		return a.AsOfDay > b.AsOfDay
	}
	return bytes.Compare(a.Id, b.Id) > 0
}
