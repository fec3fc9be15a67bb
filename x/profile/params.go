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
	// RewrapBlocksCeiling is the most that rewrap_blocks may be.
	RewrapBlocksCeiling = 1_000_000
)

const daySeconds = 86400

// DefaultParams allow 64 anchors in a message, consents of a year, four open
// requests of one grantee to one enterprise, and 600 blocks to re-wrap.
func DefaultParams() profilev1.Params {
	return profilev1.Params{
		AnchorsPerMessageMax: 64, ConsentSecondsMax: ConsentSecondsCeiling, PendingConsentsMax: 4, RewrapBlocks: 600,
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
	} {
		if b.got < b.low || b.got > b.high {
			return ErrParams.Wrapf("%s: got %d, want %d to %d", b.name, b.got, b.low, b.high)
		}
	}
	return nil
}
