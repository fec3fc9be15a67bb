package fund

import (
	"context"

	fundv1 "github.com/xinlian/xinlian/gen/xinlian/fund/v1"
)

// Bounds of the parameters, both ends included.
const (
	OrdersPerBlockMax = 10_000
	OrderGasMin       = 500_000
	OrderGasMax       = 100_000_000
	RoundSecondsMin   = 60
	RoundSecondsMax   = 366 * daySeconds
	RetrySecondsMax   = 30 * daySeconds
)

// DefaultParams are the values of a production network.
func DefaultParams() fundv1.Params {
	return fundv1.Params{OrdersPerBlockMax: 100, OrderGasMax: 3_000_000, RoundSecondsMin: daySeconds, RetrySeconds: 3600}
}

// Params are the values in force.
func (k *Keeper) Params(ctx context.Context) (fundv1.Params, error) { return k.params.Get(ctx) }

func validateParams(p fundv1.Params) error {
	for _, b := range []struct {
		name             string
		got, least, most int64
	}{
		{"orders_per_block_max", int64(p.OrdersPerBlockMax), 1, OrdersPerBlockMax},
		{"order_gas_max", int64(min(p.OrderGasMax, OrderGasMax+1)), OrderGasMin, OrderGasMax},
		{"round_seconds_min", p.RoundSecondsMin, RoundSecondsMin, RoundSecondsMax},
		{"retry_seconds", p.RetrySeconds, 1, RetrySecondsMax},
	} {
		if b.got < b.least || b.got > b.most {
			return ErrParams.Wrapf("%s: got %d, want %d to %d", b.name, b.got, b.least, b.most)
		}
	}
	return nil
}
