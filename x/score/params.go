package score

import (
	"context"

	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
)

// Bounds of the parameters, both ends included. One attestor, one vote or one
// publisher would be one hand; the upper ends bound the work of a block and the
// harm of a mistyped proposal.
const (
	AttestorsFloor      = 2
	AttestorsMax        = AttestationsMax
	BlocksMax           = 100_000_000
	AsOfDaysMax         = 366
	ProofsPerBlockLimit = 1_000
	FailedProofsMax     = 1_000_000
	PublishersFloor     = 3 // below three the median is one publisher's word
	PublishersMax       = 32
	IndexSecondsMin     = 1
	IndexSecondsMax     = 366 * 24 * 3600
	VotesFloor          = 2
	DriftWindowMin      = 100
	DriftWindowMax      = 1_000_000
	DriftPpmFloor       = 10_000
	DriftPpmMax         = 10_000_000
	CalibrationLoansMin = 10
	CalibrationLoansMax = 1_000_000
	HorizonSecondsMin   = 60
	HorizonSecondsMax   = 5 * 366 * 24 * 3600
)

// DefaultParams are the values of a genesis that says nothing else: with blocks
// of a second a score is good for thirty days.
func DefaultParams() scorev1.Params {
	return scorev1.Params{
		AttestorsMin:       AttestorsFloor,
		IssueWindowBlocks:  1_800,
		ValidityBlocks:     30 * 24 * 3600,
		AsOfDaysMax:        62,
		ProofsPerBlockMax:  32,
		FailedProofsMax:    20,
		FailedWindowBlocks: 1_000,
		PublishersMin:      PublishersFloor,
		IndexSecondsMax:    7 * 24 * 3600,
		VotesMin:           VotesFloor,

		DriftWindowScores:     1_000,
		DriftPpmMax:           250_000,
		CalibrationLoansMin:   30,
		DefaultHorizonSeconds: 366 * 24 * 3600,
	}
}

// Params are the values in force.
func (k *Keeper) Params(ctx context.Context) (scorev1.Params, error) { return k.params.Get(ctx) }

// ProofsPerBlockMax is how many score messages a block may carry.
func (k *Keeper) ProofsPerBlockMax(ctx context.Context) (uint32, error) {
	p, err := k.Params(ctx)
	return p.ProofsPerBlockMax, err
}

func validateParams(p scorev1.Params) error {
	for _, b := range []struct {
		name             string
		got, least, most int64
	}{
		{"attestors_min", int64(p.AttestorsMin), AttestorsFloor, AttestorsMax},
		{"validity_blocks", p.ValidityBlocks, 2, BlocksMax},
		// A score is never accepted after it has expired.
		{"issue_window_blocks", p.IssueWindowBlocks, 1, p.ValidityBlocks - 1},
		{"as_of_days_max", int64(p.AsOfDaysMax), 1, AsOfDaysMax},
		{"proofs_per_block_max", int64(p.ProofsPerBlockMax), 1, ProofsPerBlockLimit},
		{"failed_proofs_max", int64(p.FailedProofsMax), 1, FailedProofsMax},
		{"failed_window_blocks", p.FailedWindowBlocks, 1, BlocksMax},
		{"publishers_min", int64(p.PublishersMin), PublishersFloor, PublishersMax},
		{"index_seconds_max", p.IndexSecondsMax, IndexSecondsMin, IndexSecondsMax},
		{"votes_min", int64(p.VotesMin), VotesFloor, VotesMax},
		{"drift_window_scores", int64(p.DriftWindowScores), DriftWindowMin, DriftWindowMax},
		{"drift_ppm_max", int64(p.DriftPpmMax), DriftPpmFloor, DriftPpmMax},
		{"calibration_loans_min", int64(p.CalibrationLoansMin), CalibrationLoansMin, CalibrationLoansMax},
		{"default_horizon_seconds", p.DefaultHorizonSeconds, HorizonSecondsMin, HorizonSecondsMax},
	} {
		if b.got < b.least || b.got > b.most {
			return ErrParams.Wrapf("%s: got %d, want %d to %d", b.name, b.got, b.least, b.most)
		}
	}
	return nil
}
