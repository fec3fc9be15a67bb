package pledge

import (
	"context"

	pledgev1 "github.com/xinlian/xinlian/gen/xinlian/pledge/v1"
)

const daySeconds = 24 * 3600

// Bounds of the parameters, both ends included.
const (
	SecondsMin              = 60
	StatementSecondsMax     = 366 * daySeconds
	PledgeSecondsMax        = 5 * 366 * daySeconds
	EvaluationWindowSeconds = 7 * daySeconds
	EvaluationsMax          = 1_000_000
)

// DefaultParams are the values of a genesis that says nothing else.
func DefaultParams() pledgev1.Params {
	return pledgev1.Params{
		StatementSecondsMax: 30 * daySeconds, PledgeSecondsMax: 366 * daySeconds,
		EvaluationWindowSeconds: daySeconds, EvaluationsMax: 1_000, IdentityEvaluationsMax: 200,
	}
}

// Params are the values in force.
func (k *Keeper) Params(ctx context.Context) (pledgev1.Params, error) { return k.params.Get(ctx) }

func validateParams(p pledgev1.Params) error {
	for _, b := range []struct {
		name             string
		got, least, most int64
	}{
		{"statement_seconds_max", p.StatementSecondsMax, SecondsMin, StatementSecondsMax},
		{"pledge_seconds_max", p.PledgeSecondsMax, SecondsMin, PledgeSecondsMax},
		{"evaluation_window_seconds", p.EvaluationWindowSeconds, SecondsMin, EvaluationWindowSeconds},
		{"evaluations_max", int64(p.EvaluationsMax), 1, EvaluationsMax},
		{"identity_evaluations_max", int64(p.IdentityEvaluationsMax), 1, EvaluationsMax},
	} {
		if b.got < b.least || b.got > b.most {
			return ErrParams.Wrapf("%s: got %d, want %d to %d", b.name, b.got, b.least, b.most)
		}
	}
	return nil
}
