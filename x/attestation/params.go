package attestation

import (
	"context"

	attestationv1 "github.com/xinlian/xinlian/gen/xinlian/attestation/v1"
)

// Bounds of the parameters, both ends included. Fewer than two attestors would
// be one hand; the upper ends bound the work of a message and the harm of a
// mistyped proposal.
const (
	AttestorsFloor        = 2
	AttestorsMax          = 8 // a score lists as many
	AttestationSecondsMin = 60
	AttestationSecondsMax = 5 * 366 * daySeconds
	DisputeSecondsMin     = 1
	DisputeSecondsMax     = 366 * daySeconds
	GapDaysMax            = 366
)

const daySeconds = 24 * 3600

// DefaultParams are the values of a genesis that says nothing else.
func DefaultParams() attestationv1.Params {
	return attestationv1.Params{
		AttestorsMin:          AttestorsFloor,
		AttestationSecondsMax: 366 * daySeconds,
		DisputeSeconds:        30 * daySeconds,
		GapDaysMax:            3,
	}
}

// Params are the values in force.
func (k *Keeper) Params(ctx context.Context) (attestationv1.Params, error) { return k.params.Get(ctx) }

func validateParams(p attestationv1.Params) error {
	for _, b := range []struct {
		name             string
		got, least, most int64
	}{
		{"attestors_min", int64(p.AttestorsMin), AttestorsFloor, AttestorsMax},
		{"attestation_seconds_max", p.AttestationSecondsMax, AttestationSecondsMin, AttestationSecondsMax},
		{"dispute_seconds", p.DisputeSeconds, DisputeSecondsMin, DisputeSecondsMax},
		{"gap_days_max", int64(p.GapDaysMax), 0, GapDaysMax},
	} {
		if b.got < b.least || b.got > b.most {
			return ErrParams.Wrapf("%s: got %d, want %d to %d", b.name, b.got, b.least, b.most)
		}
	}
	return nil
}
