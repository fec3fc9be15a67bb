package safety

import (
	safetyv1 "github.com/xinlian/xinlian/gen/xinlian/safety/v1"
)

// Bounds of the parameters, both ends included.
const (
	StopSecondsMin = 60
	StopSecondsMax = 7 * 24 * 3600
	AuditsMinMin   = 1
	AuditsMinMax   = 8
)

// DefaultParams are the values of a genesis that says nothing else.
func DefaultParams() safetyv1.Params {
	return safetyv1.Params{StopSecondsMax: 6 * 3600, AuditsMin: 2}
}

func validateParams(p safetyv1.Params) error {
	if p.StopSecondsMax < StopSecondsMin || p.StopSecondsMax > StopSecondsMax {
		return ErrParams.Wrapf("stop_seconds_max: got %d, want %d to %d", p.StopSecondsMax, StopSecondsMin, StopSecondsMax)
	}
	if p.AuditsMin < AuditsMinMin || p.AuditsMin > AuditsMinMax {
		return ErrParams.Wrapf("audits_min: got %d, want %d to %d", p.AuditsMin, AuditsMinMin, AuditsMinMax)
	}
	return nil
}
