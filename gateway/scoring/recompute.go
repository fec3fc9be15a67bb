package scoring

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/xinlian/xinlian/gateway/chain"
	"github.com/xinlian/xinlian/gateway/vault"
	attestationv1 "github.com/xinlian/xinlian/gen/xinlian/attestation/v1"
	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
	"github.com/xinlian/xinlian/scorecard"
)

// Account is a loan's score computed again, and what of it the chain has.
type Account struct {
	Loan       loanv1.Loan
	Score      scorev1.Score
	Model      *scorecard.Model
	Features   []scorecard.Value
	Result     scorecard.Result
	Reasons    []scorecard.Reason
	Difference *Difference // the first; nil where all is the same
}

// Difference is something that the chain has and the records do not give.
type Difference struct {
	What       string // batch, data digest, feature set, as-of day, score, capacity, band, or limit's inputs by name
	Chain, Got string
}

// String is the difference in one line.
func (d Difference) String() string {
	return fmt.Sprintf("%s: the chain has %s, the records give %s", d.What, d.Chain, d.Got)
}

// Behind reads a loan and the score that its decision rests on.
func Behind(ctx context.Context, c *chain.Client, loan uint64) (Account, error) {
	l, err := c.Loan.Loan(ctx, &loanv1.QueryLoanRequest{Id: loan})
	if err != nil {
		return Account{}, fmt.Errorf("reading loan %d: %w", loan, err)
	}
	a, err := c.Loan.Application(ctx, &loanv1.QueryApplicationRequest{Id: l.Loan.ApplicationId})
	if err != nil {
		return Account{}, fmt.Errorf("reading application %d: %w", l.Loan.ApplicationId, err)
	}
	s, err := c.Score.Score(ctx, &scorev1.QueryScoreRequest{ScoreId: a.Application.ScoreId})
	if err != nil {
		return Account{}, fmt.Errorf("reading score %x: %w", a.Application.ScoreId, err)
	}
	return Account{Loan: l.Loan, Score: s.Score}, nil
}

// Retrace computes the score behind a loan again from records that the caller
// opened itself under a consent: the attested batches, whatever became of them
// since, under the model as the chain has it. The error says that something could
// not be computed; a difference is no error.
func (a *Account) Retrace(ctx context.Context, c *chain.Client, opened []*vault.Opened) error {
	row, err := c.Score.Model(ctx, &scorev1.QueryModelRequest{ModelHash: a.Score.ModelHash})
	if err != nil {
		return fmt.Errorf("reading the model: %w", err)
	}
	if a.Model, err = scorecard.Decode(row.Model.Canonical); err != nil {
		return fmt.Errorf("reading the model: %w", err)
	}
	if hash, err := a.Model.Hash(); err != nil || !bytes.Equal(hash[:], a.Score.ModelHash) {
		a.Difference = &Difference{"model", hex.EncodeToString(a.Score.ModelHash), hex.EncodeToString(hash[:])}
		return err
	}
	ids, err := a.attested(ctx, c)
	if err != nil || a.Difference != nil {
		return err
	}
	x, err := a.again(ctx, c, opened, ids)
	if err != nil || a.Difference != nil {
		return err
	}
	a.Features = x.Features
	if a.Result, err = a.Model.Evaluate(x.Features); err != nil {
		return fmt.Errorf("evaluating the model: %w", err)
	}
	if a.Reasons, err = a.Model.Explain(x.Features); err != nil {
		return fmt.Errorf("evaluating the model: %w", err)
	}
	a.compare(row.Model.Bands, x)
	return nil
}

// attested lists the batches that the score's attestations name, and finds
// attestations that do not speak of what the score says.
func (a *Account) attested(ctx context.Context, c *chain.Client) (ids [][]byte, err error) {
	for _, id := range a.Score.AttestationIds {
		r, err := c.Attestation.Attestation(ctx, &attestationv1.QueryAttestationRequest{Id: id})
		if err != nil {
			return nil, fmt.Errorf("reading attestation %d: %w", id, err)
		}
		f := r.Attestation.Features
		what := fmt.Sprintf("attestation %d", id)
		switch {
		case f == nil || !bytes.Equal(f.Commitment, a.Score.Commitment):
			a.Difference = &Difference{what + ", commitment", hex.EncodeToString(a.Score.Commitment), "another"}
		case !bytes.Equal(f.DataDigest, a.Score.DataDigest):
			a.Difference = &Difference{what + ", data digest", hex.EncodeToString(a.Score.DataDigest), hex.EncodeToString(f.DataDigest)}
		case f.FeatureSetVersion != a.Model.FeatureSet:
			a.Difference = &Difference{what + ", feature set", fmt.Sprint(a.Model.FeatureSet), fmt.Sprint(f.FeatureSetVersion)}
		case ids != nil && !slices.EqualFunc(ids, r.Attestation.BatchIds, bytes.Equal):
			a.Difference = &Difference{what + ", batches", fmt.Sprintf("%d", len(ids)), fmt.Sprintf("others, %d", len(r.Attestation.BatchIds))}
		}
		if a.Difference != nil {
			return nil, nil
		}
		ids = r.Attestation.BatchIds
	}
	return ids, nil
}

// again extracts the features from the attested batches alone.
func (a *Account) again(ctx context.Context, c *chain.Client, opened []*vault.Opened, ids [][]byte) (Extracted, error) {
	seen := map[vault.ID]bool{}
	kept := slices.DeleteFunc(slices.Clone(opened), func(o *vault.Opened) bool {
		seen[o.Batch.ID] = true
		return !slices.ContainsFunc(ids, func(id []byte) bool { return bytes.Equal(id, o.Batch.ID[:]) })
	})
	for _, id := range ids {
		if len(id) != len(vault.ID{}) || !seen[vault.ID(id)] {
			a.Difference = &Difference{"batch", hex.EncodeToString(id), "nothing: the consent does not open it"}
			return Extracted{}, nil
		}
	}
	batches, err := anchored(ctx, c, a.Score.EnterpriseId, kept)
	if err != nil {
		return Extracted{}, err
	}
	for id, b := range batches { // as they were when the score was made
		b.Status = profilev1.BatchStatus_BATCH_STATUS_LIVE
		batches[id] = b
	}
	on := Basis{a.Model.FeatureSet, a.Score.EnterpriseId, int64(a.Score.AsOfDay)}
	return extract(ctx, c, on, Standing(kept, batches), batches)
}

// compare finds the first integer that differs.
func (a *Account) compare(bands []scorev1.Band, x Extracted) {
	band := "none"
	for _, b := range bands { // from the best down
		if band = b.Name; a.Result.Score >= b.ScoreMin {
			break
		}
	}
	for _, d := range []Difference{
		{"data digest", hex.EncodeToString(a.Score.DataDigest), hex.EncodeToString(x.DataDigest[:])},
		{"score", fmt.Sprint(a.Score.Score), fmt.Sprint(a.Result.Score)},
		{"capacity in fen", fmt.Sprint(a.Score.CapacityFen), fmt.Sprint(a.Result.CapacityFen)},
		{"band", a.Score.Band, band},
	} {
		if d.Chain != d.Got {
			a.Difference = &d
			return
		}
	}
}
