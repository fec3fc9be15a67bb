package score

import (
	"context"

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
// height, its model was not stopped, every attestation behind it is live, and
// every batch behind those still counts. A score so ends at its expiry height or
// with the earliest end of an attestation, whichever comes first. Whether it is
// for the caller's lender and purpose is for the caller to ask. Else ErrExpired,
// ErrModelStatus, ErrAttestationEnded, ErrBatchStatus or ErrBatchRefused.
func (k *Keeper) Usable(ctx context.Context, s scorev1.Score) error {
	if h := height(ctx); h > s.ExpiryHeight {
		return ErrExpired.Wrapf("at %d, now %d", s.ExpiryHeight, h)
	}
	m, err := k.Model(ctx, s.ModelHash)
	if err != nil {
		return err
	}
	if m.Status == scorev1.ModelStatus_MODEL_STATUS_STOPPED {
		return ErrModelStatus.Wrapf("model %x is %s", m.Hash, m.Status)
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

func (k *Keeper) putScore(ctx context.Context, s scorev1.Score) error {
	if err := k.scores.Set(ctx, s.Id, s); err != nil {
		return err
	}
	return k.scoresByEnterprise.Set(ctx, collections.Join3(s.EnterpriseId, uint64(s.Height), s.Id))
}
