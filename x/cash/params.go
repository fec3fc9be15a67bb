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
	// RefundSecondsMin is the least that refund_seconds may be: a minute, for networks with compressed periods.
	RefundSecondsMin = 60
	// RefundSecondsCeiling is the most that refund_seconds may be: a year. It bounds the life of a payment's row.
	RefundSecondsCeiling = 366 * 86400
	// DifferenceFenCeiling is the most that difference_fen_max may be: ten thousand yuan.
	DifferenceFenCeiling = 10_000_00
	// ReportDaysCeiling is the most that difference_days_max and report_days_max may be.
	ReportDaysCeiling = 31
)

// DefaultParams allow a billion yuan in one message, freezes and refunds of 180
// days and chargebacks of eight weeks. A bank balance must match to the fen, within
// three days; reports are not asked for.
func DefaultParams() cashv1.Params {
	return cashv1.Params{
		AmountFenMax: 1_000_000_000_00, FreezeSecondsMax: 180 * 86400,
		RefundSeconds: 180 * 86400, ChargebackSeconds: 56 * 86400, DifferenceDaysMax: 3,
	}
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
	for _, b := range []struct {
		name             string
		got, least, most int64
	}{
		{"refund_seconds", p.RefundSeconds, RefundSecondsMin, RefundSecondsCeiling},
		{"chargeback_seconds", p.ChargebackSeconds, 1, p.RefundSeconds},
		{"difference_fen_max", p.DifferenceFenMax, 0, DifferenceFenCeiling},
		{"difference_days_max", p.DifferenceDaysMax, 0, ReportDaysCeiling},
		{"report_days_max", p.ReportDaysMax, 0, ReportDaysCeiling},
	} {
		if b.got < b.least || b.got > b.most {
			return ErrParams.Wrapf("%s: got %d, want %d to %d", b.name, b.got, b.least, b.most)
		}
	}
	return nil
}
