package org

import (
	"context"
	"slices"

	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	"github.com/xinlian/xinlian/passkey"
)

// Bounds of the parameters, both ends included. A device limit below two or a
// delay of nothing would leave no protection; the upper ends bound the work of
// one message and the harm of a mistyped proposal.
const (
	OriginBytesMax          = 128
	DevicesMaxMin           = 2
	DevicesMaxMax           = 64
	KybStatementsFloor      = 2
	KybStatementsMax        = 4
	RecoveryDelaySecondsMin = 1
	RecoveryDelaySecondsMax = 90 * 24 * 3600
	QuotaWindowBlocksMax    = 1_000_000
	QuotaTxsMax             = 1_000_000
	TxBytesMin              = 4 << 10
	TxBytesMax              = 1 << 20
	TimeoutSecondsMin       = 10
	TimeoutSecondsMax       = 300
)

// DefaultParams are the values of a genesis that says nothing else. Passkeys
// are off: which origins may ask for one is for the network to say.
func DefaultParams() orgv1.Params {
	return orgv1.Params{
		DevicesMax:           16,
		KybStatementsMin:     KybStatementsFloor,
		RecoveryDelaySeconds: 72 * 3600,
		QuotaWindowBlocks:    100,
		QuotaMemberTxs:       5_000,
		QuotaEnterpriseTxs:   100,
		TxBytesMax:           64 << 10,
		TimeoutSecondsMax:    TimeoutSecondsMax,
		Suite:                orgv1.Suite_SUITE_NIST,
		TagEpoch:             1,
		TagEpochMin:          1,
	}
}

// Params are the values in force.
func (k *Keeper) Params(ctx context.Context) (orgv1.Params, error) { return k.params.Get(ctx) }

// Suite is the chain's cipher suite. Genesis chooses it, and nothing changes it
// later: data keys and records of two suites would not open for one another.
func (k *Keeper) Suite(ctx context.Context) (orgv1.Suite, error) {
	p, err := k.Params(ctx)
	return p.Suite, err
}

// PasskeyPolicy is what the parameters say about passkeys, for the ante chain.
func PasskeyPolicy(p orgv1.Params) passkey.Policy {
	return passkey.Policy{Enabled: p.PasskeyEnabled, Origins: p.Origins, RPIDs: p.RpIds}
}

func validateParams(p orgv1.Params) error {
	for i, s := range append(slices.Clone(p.Origins), p.RpIds...) {
		if len(s) > OriginBytesMax {
			return ErrParams.Wrapf("origin or rp id %d: got %d bytes, want at most %d", i, len(s), OriginBytesMax)
		}
	}
	if p.Suite != orgv1.Suite_SUITE_NIST && p.Suite != orgv1.Suite_SUITE_SM {
		return ErrParams.Wrapf("suite: got %s, want SUITE_NIST or SUITE_SM", p.Suite)
	}
	if err := PasskeyPolicy(p).Validate(); err != nil {
		return ErrParams.Wrap(err.Error())
	}
	if err := validateTagEpochs(p); err != nil {
		return err
	}
	for _, b := range []struct {
		name             string
		got, least, most int64
	}{
		{"devices_max", int64(p.DevicesMax), DevicesMaxMin, DevicesMaxMax},
		{"kyb_statements_min", int64(p.KybStatementsMin), KybStatementsFloor, KybStatementsMax},
		{"recovery_delay_seconds", p.RecoveryDelaySeconds, RecoveryDelaySecondsMin, RecoveryDelaySecondsMax},
		{"quota_window_blocks", p.QuotaWindowBlocks, 1, QuotaWindowBlocksMax},
		{"quota_member_txs", int64(p.QuotaMemberTxs), 1, QuotaTxsMax},
		{"quota_enterprise_txs", int64(p.QuotaEnterpriseTxs), 1, QuotaTxsMax},
		{"tx_bytes_max", int64(p.TxBytesMax), TxBytesMin, TxBytesMax},
		{"timeout_seconds_max", p.TimeoutSecondsMax, TimeoutSecondsMin, TimeoutSecondsMax},
	} {
		if b.got < b.least || b.got > b.most {
			return ErrParams.Wrapf("%s: got %d, want %d to %d", b.name, b.got, b.least, b.most)
		}
	}
	return nil
}
