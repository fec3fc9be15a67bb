package loan

import (
	"context"

	councilv1 "github.com/xinlian/xinlian/gen/xinlian/council/v1"
	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
)

// Bounds of the parameters.
const (
	itemsPerBlockMax   = 10_000
	itemGasMin         = 1_000_000
	itemGasMax         = 100_000_000
	templateLockMax    = 365 * daySeconds
	compressedSecsMax  = compressedDays * daySeconds
	retrySecondsMax    = 30 * daySeconds
	reviewSecondsMax   = 90 * daySeconds
	appealSecondsMax   = 365 * daySeconds
	defaultRateCapBps  = 2_400
	defaultItems       = 200
	defaultItemGas     = 3_000_000
	defaultLockSeconds = 7 * daySeconds
	defaultRetry       = 6 * 3600
	defaultReview      = 7 * daySeconds
	defaultAppeal      = 30 * daySeconds
)

// DefaultParams are the values of a production network.
func DefaultParams() loanv1.Params {
	return loanv1.Params{
		RateCapBps: defaultRateCapBps, ItemsPerBlockMax: defaultItems, ItemGasMax: defaultItemGas,
		TemplateLockSeconds: defaultLockSeconds, RetrySeconds: defaultRetry,
		ReviewSeconds: defaultReview, AppealSeconds: defaultAppeal,
	}
}

func validateParams(p loanv1.Params) error {
	switch {
	case p.RateCapBps == 0 || p.RateCapBps > RateBpsMax:
		return ErrParams.Wrapf("rate_cap_bps %d, want 1 to %d", p.RateCapBps, RateBpsMax)
	case p.ItemsPerBlockMax == 0 || p.ItemsPerBlockMax > itemsPerBlockMax:
		return ErrParams.Wrapf("items_per_block_max %d, want 1 to %d", p.ItemsPerBlockMax, itemsPerBlockMax)
	case p.ItemGasMax < itemGasMin || p.ItemGasMax > itemGasMax:
		return ErrParams.Wrapf("item_gas_max %d, want %d to %d", p.ItemGasMax, itemGasMin, itemGasMax)
	case p.TemplateLockSeconds < 0 || p.TemplateLockSeconds > templateLockMax:
		return ErrParams.Wrapf("template_lock_seconds %d, want 0 to %d", p.TemplateLockSeconds, templateLockMax)
	case p.CompressedPeriodSeconds < 0 || p.CompressedPeriodSeconds > compressedSecsMax:
		return ErrParams.Wrapf("compressed_period_seconds %d, want 0 to %d", p.CompressedPeriodSeconds, compressedSecsMax)
	case p.RetrySeconds < 1 || p.RetrySeconds > retrySecondsMax:
		return ErrParams.Wrapf("retry_seconds %d, want 1 to %d", p.RetrySeconds, retrySecondsMax)
	case p.ReviewSeconds < 1 || p.ReviewSeconds > reviewSecondsMax:
		return ErrParams.Wrapf("review_seconds %d, want 1 to %d", p.ReviewSeconds, reviewSecondsMax)
	case p.AppealSeconds < 1 || p.AppealSeconds > appealSecondsMax:
		return ErrParams.Wrapf("appeal_seconds %d, want 1 to %d", p.AppealSeconds, appealSecondsMax)
	}
	return nil
}

// admitParams also asks the network: only a demonstration may compress time.
func (k *Keeper) admitParams(ctx context.Context, p loanv1.Params) error {
	if err := validateParams(p); err != nil {
		return err
	}
	network, err := k.left.Council.Network(ctx)
	if err != nil {
		return err
	}
	if p.CompressedPeriodSeconds != 0 && network != councilv1.NetworkKind_NETWORK_KIND_DEMO {
		return ErrParams.Wrap("compressed_period_seconds must be 0 outside a demonstration network")
	}
	return nil
}

// Params returns the parameters.
func (k *Keeper) Params(ctx context.Context) (loanv1.Params, error) {
	p, err := k.params.Get(ctx)
	return p, missing(err, "params")
}
