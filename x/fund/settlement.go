package fund

import (
	"context"
	"fmt"

	"cosmossdk.io/collections"
	errorsmod "cosmossdk.io/errors"

	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"

	fundv1 "github.com/xinlian/xinlian/gen/xinlian/fund/v1"
)

// SettlementURL is the name under which the circuit breaker stops settlements. No
// message has it: the end of a block asks for itself.
const SettlementURL = "/xinlian.fund.v1.Settlement"

// deferGasMax bounds putting a round off or passing an order over.
const deferGasMax = 1_000_000

// EndBlock ends rounds and settles their orders, at most orders_per_block_max of
// both together; the rest waits for the next block. Each runs on its own copy of
// the state with its own gas bound. It never returns an error, because that would
// halt the chain.
func (k *Keeper) EndBlock(ctx context.Context) error {
	sdkCtx := sdk.UnwrapSDKContext(ctx)
	params, err := k.Params(ctx)
	if err != nil {
		sdkCtx.Logger().Error("settling funds: reading parameters", "error", err)
		return nil
	}
	keys, err := k.ripe(ctx, int(params.OrdersPerBlockMax))
	if err != nil {
		sdkCtx.Logger().Error("settling funds: reading the queue", "error", err)
		return nil
	}
	if len(keys) == 0 {
		return nil
	}
	if allowed, err := k.left.Safety.IsAllowed(ctx, SettlementURL); !allowed {
		sdkCtx.Logger().Info("settling funds is stopped", "error", err)
		return nil
	}
	left := int(params.OrdersPerBlockMax)
	for _, key := range keys {
		if left <= 0 {
			break
		}
		left -= k.advance(sdkCtx, params, key.K2(), left)
	}
	if err := attempt(sdkCtx, params.OrderGasMax, func(ctx sdk.Context) error { return k.left.Council.RecordHeader(ctx) }); err != nil {
		sdkCtx.Logger().Error("settling funds: recording header", "error", err)
	}
	return nil
}

// ripe lists up to most rounds whose end has come, oldest first.
func (k *Keeper) ripe(ctx context.Context, most int) ([]dueKey, error) {
	it, err := k.due.Iterate(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer it.Close()
	var keys []dueKey
	for ; it.Valid() && len(keys) < most; it.Next() {
		key, err := it.Key()
		if err != nil {
			return nil, err
		}
		if key.K1() > unixNow(ctx) {
			break
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// attempt runs f on a copy of the state that is kept only when f succeeds. A panic,
// that of the gas bound among them, is an error like others.
func attempt(ctx sdk.Context, gasMax uint64, f func(sdk.Context) error) (err error) {
	cache, write := ctx.CacheContext()
	defer func() {
		r := recover()
		if r == nil {
			return
		}
		err = sdkerrors.ErrPanic.Wrap(fmt.Sprint(r))
		if out, ok := r.(storetypes.ErrorOutOfGas); ok {
			err = sdkerrors.ErrOutOfGas.Wrap(out.Descriptor)
		}
	}()
	if err := f(cache.WithGasMeter(storetypes.NewGasMeter(gasMax))); err != nil {
		return err
	}
	write()
	return nil
}

// advance takes one fund as far as the items that are left in this block go and
// says how many it used: the end of its round counts as one, and so does each order.
func (k *Keeper) advance(ctx sdk.Context, params fundv1.Params, id uint64, left int) int {
	f, err := k.Fund(ctx, id)
	if err != nil {
		ctx.Logger().Error("settling fund", "fund", id, "error", err)
		return 1
	}
	used := 0
	if f.Settlement == nil {
		used = 1
		if err := attempt(ctx, params.OrderGasMax, func(ctx sdk.Context) error { return k.endRound(ctx, id) }); err != nil {
			k.putOff(ctx, params, id, err)
			return used
		}
		if f, err = k.Fund(ctx, id); err != nil || f.Settlement == nil {
			return used
		}
	}
	orders, err := k.next(ctx, f, left-used)
	if err != nil {
		ctx.Logger().Error("settling fund: reading orders", "fund", id, "error", err)
		return used
	}
	for _, o := range orders {
		used++
		err := attempt(ctx, params.OrderGasMax, func(ctx sdk.Context) error { return k.handle(ctx, o, k.settle) })
		if err != nil {
			k.passOver(ctx, o, err)
		}
	}
	if used < left { // no order is left
		if err := attempt(ctx, params.OrderGasMax, func(ctx sdk.Context) error { return k.finish(ctx, id) }); err != nil {
			k.putOff(ctx, params, id, err)
		}
	}
	return used
}

// next lists up to most orders after the last one that was handled.
func (k *Keeper) next(ctx context.Context, f fundv1.Fund, most int) ([]fundv1.Order, error) {
	if most <= 0 {
		return nil, nil
	}
	rng := new(collections.Range[orderKey]).
		StartExclusive(collections.Join4(f.Id, uint32(f.Settlement.AfterKind), uint32(f.Settlement.AfterClass), f.Settlement.AfterOrgId)).
		EndExclusive(collections.Join4(f.Id+1, uint32(0), uint32(0), uint64(0)))
	it, err := k.orders.Iterate(ctx, rng)
	if err != nil {
		return nil, err
	}
	defer it.Close()
	var list []fundv1.Order
	for ; it.Valid() && len(list) < most; it.Next() {
		o, err := it.Value()
		if err != nil {
			return nil, err
		}
		list = append(list, o)
	}
	return list, nil
}

// handle does something with an order and marks it as handled.
func (k *Keeper) handle(ctx context.Context, o fundv1.Order, do func(context.Context, *fundv1.Fund, fundv1.Order) error) error {
	f, err := k.Fund(ctx, o.FundId)
	if err != nil {
		return err
	}
	if err := do(ctx, &f, o); err != nil {
		return err
	}
	f.Settlement.AfterKind, f.Settlement.AfterClass, f.Settlement.AfterOrgId = o.Kind, o.Class, o.OrgId
	return k.funds.Set(ctx, f.Id, f)
}

// passOver leaves an order that failed as it is, for the next round.
func (k *Keeper) passOver(ctx sdk.Context, o fundv1.Order, cause error) {
	event := fundv1.EventSettlementDeferred{FundId: o.FundId, OrgId: o.OrgId}
	event.Codespace, event.Code, _ = errorsmod.ABCIInfo(cause, false)
	err := attempt(ctx, deferGasMax, func(ctx sdk.Context) error {
		nothing := func(context.Context, *fundv1.Fund, fundv1.Order) error { return nil }
		if err := k.handle(ctx, o, nothing); err != nil {
			return err
		}
		return emit(ctx, &event)
	})
	if err != nil {
		ctx.Logger().Error("settling fund: order not passed over", "fund", o.FundId, "error", err)
	}
}

// putOff lets a round that failed wait and tells the operators.
func (k *Keeper) putOff(ctx sdk.Context, params fundv1.Params, id uint64, cause error) {
	ctx.Logger().Error("settling fund: put off", "fund", id, "error", cause)
	event := fundv1.EventSettlementDeferred{FundId: id}
	event.Codespace, event.Code, _ = errorsmod.ABCIInfo(cause, false)
	err := attempt(ctx, deferGasMax, func(ctx sdk.Context) error {
		f, err := k.Fund(ctx, id)
		if err != nil {
			return err
		}
		if err := k.endAt(ctx, &f, unixNow(ctx)+params.RetrySeconds); err != nil {
			return err
		}
		if err := k.funds.Set(ctx, id, f); err != nil {
			return err
		}
		return emit(ctx, &event)
	})
	if err != nil {
		ctx.Logger().Error("settling fund: not put off", "fund", id, "error", err)
	}
}
