package evidence

import (
	"context"
	"fmt"

	"github.com/cosmos/cosmos-sdk/types/query"

	attestationv1 "github.com/xinlian/xinlian/gen/xinlian/attestation/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
	"github.com/xinlian/xinlian/internal/wire"
)

// consent lists the journal of a consent.
func (e Exporter) consent(ctx context.Context, id []byte) ([]wire.Row, []int64, error) {
	r, err := e.Client.Profile.ConsentJournal(ctx, &profilev1.QueryConsentJournalRequest{ConsentId: id, Pagination: &query.PageRequest{Limit: pageLimit}})
	if err != nil {
		return nil, nil, fmt.Errorf("reading the consent: %w", err)
	}
	var rows []wire.Row
	var heights []int64
	for _, entry := range r.Entries {
		rows = append(rows, wire.RowConsentEntry(id, entry.Number))
		heights = append(heights, entry.Height)
	}
	return rows, heights, nil
}

// score lists the model, the attestations behind a score, and their batches.
func (e Exporter) score(ctx context.Context, id []byte) ([]wire.Row, []int64, error) {
	r, err := e.Client.Score.Score(ctx, &scorev1.QueryScoreRequest{ScoreId: id})
	if err != nil {
		return nil, nil, fmt.Errorf("reading the score: %w", err)
	}
	rows := []wire.Row{wire.RowModel(r.Score.ModelHash)}
	seen := map[string]bool{}
	for _, a := range r.Score.AttestationIds {
		rows = append(rows, wire.RowAttestation(a))
		at, err := e.Client.Attestation.Attestation(ctx, &attestationv1.QueryAttestationRequest{Id: a})
		if err != nil {
			return nil, nil, fmt.Errorf("reading attestation %d: %w", a, err)
		}
		for _, b := range at.Attestation.BatchIds {
			if !seen[string(b)] {
				seen[string(b)] = true
				rows = append(rows, wire.RowBatch(b))
			}
		}
	}
	return rows, nil, nil
}
