package cash

import (
	cashv1 "github.com/xinlian/xinlian/gen/xinlian/cash/v1"
)

// Bounds of the parameters.
const (
	// AmountFenCeiling is the most that amount_fen_max may be: a hundred billion yuan.
	AmountFenCeiling = 100_000_000_000_00
	// FreezeSecondsMin is the least that freeze_seconds_max may be: an hour.
	FreezeSecondsMin = 3600
	// FreezeSecondsCeiling is the most that freeze_seconds_max may be: a year.
	FreezeSecondsCeiling = 366 * 86400
)

// DefaultParams allow a billion yuan in one message and freezes of 180 days.
func DefaultParams() cashv1.Params {
	return cashv1.Params{AmountFenMax: 1_000_000_000_00, FreezeSecondsMax: 180 * 86400}
}

// ValidateParams checks every parameter against its bounds.
func ValidateParams(p cashv1.Params) error {
	if p.AmountFenMax < 1 || p.AmountFenMax > AmountFenCeiling {
		return ErrParams.Wrapf("amount_fen_max: got %d, want 1 to %d", p.AmountFenMax, int64(AmountFenCeiling))
	}
	if p.FreezeSecondsMax < FreezeSecondsMin || p.FreezeSecondsMax > FreezeSecondsCeiling {
		return ErrParams.Wrapf("freeze_seconds_max: got %d, want %d to %d",
			p.FreezeSecondsMax, FreezeSecondsMin, FreezeSecondsCeiling)
	}
	return nil
}
