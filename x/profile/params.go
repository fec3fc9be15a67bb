package profile

import (
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
)

// Bounds of the parameters.
const (
	// AnchorsCeiling is the most that anchors_per_message_max may be.
	AnchorsCeiling = 256
	// ConsentSecondsCeiling is the most that consent_seconds_max may be: a year.
	ConsentSecondsCeiling = 366 * daySeconds
	// PendingCeiling is the most that pending_consents_max may be.
	PendingCeiling = 64
	// ExpiriesCeiling is the most that expiries_per_block_max may be: each may read
	// all live consents of its enterprise.
	ExpiriesCeiling = 256
	// ErasureSecondsCeiling is the most that erasure_seconds may be.
	ErasureSecondsCeiling = 90 * daySeconds
	// LogLateBlocksCeiling is the most that log_late_blocks may be.
	LogLateBlocksCeiling = 1000
	// LogAnchorsCeiling is the most that log_anchors_max may be.
	LogAnchorsCeiling = 1 << 20
	// RewrapBlocksCeiling is the most that rewrap_blocks may be.
	RewrapBlocksCeiling = 1_000_000
)

const daySeconds = 86400

// DefaultParams allow 64 anchors in a message, consents of a year, four open
// requests of one grantee to one enterprise, 600 blocks to re-wrap, and 15 days
// to erase, the time the law gives to answer a data subject.
func DefaultParams() profilev1.Params {
	return profilev1.Params{
		AnchorsPerMessageMax: 64, ConsentSecondsMax: ConsentSecondsCeiling, PendingConsentsMax: 4, RewrapBlocks: 600,
		Ceilings: defaultCeilings(), ExpiriesPerBlockMax: 64,
		ErasureSeconds: 15 * daySeconds, LoansHoldErasure: true, LogLateBlocks: 2, LogAnchorsMax: 4096,
	}
}

// ValidateParams checks every parameter against its bounds.
func ValidateParams(p profilev1.Params) error {
	for _, b := range []struct {
		name           string
		got, low, high int64
	}{
		{"anchors_per_message_max", int64(p.AnchorsPerMessageMax), 1, AnchorsCeiling},
		{"consent_seconds_max", p.ConsentSecondsMax, daySeconds, ConsentSecondsCeiling},
		{"pending_consents_max", int64(p.PendingConsentsMax), 1, PendingCeiling},
		{"rewrap_blocks", p.RewrapBlocks, 1, RewrapBlocksCeiling},
		{"expiries_per_block_max", int64(p.ExpiriesPerBlockMax), 1, ExpiriesCeiling},
		{"erasure_seconds", p.ErasureSeconds, daySeconds, ErasureSecondsCeiling},
		{"log_late_blocks", p.LogLateBlocks, 1, LogLateBlocksCeiling},
		{"log_anchors_max", int64(p.LogAnchorsMax), 1, LogAnchorsCeiling},
	} {
		if b.got < b.low || b.got > b.high {
			return ErrParams.Wrapf("%s: got %d, want %d to %d", b.name, b.got, b.low, b.high)
		}
	}
	return checkCeilings(p.Ceilings)
}
