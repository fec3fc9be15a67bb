package loan

import (
	"context"
	"fmt"

	"cosmossdk.io/collections"
	errorsmod "cosmossdk.io/errors"

	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"

	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
)

// ServicingURL is the name under which the circuit breaker stops the chain's own
// collections and releases. No message has it: keeper calls pass the breaker by,
// so the queue asks for itself.
const ServicingURL = "/xinlian.loan.v1.Servicing"

// deferGasMax bounds putting one item off, which reads and writes one instalment.
const deferGasMax = 1_000_000

// delaySecondsMin is the least delay of an attempt that counts as the chain's own
// fault, so that the pace of blocks never does.
const delaySecondsMin = 60

// EndBlock ends offers and reviews and collects instalments that are due, at most
// items_per_block_max of them; the rest waits for the next block. Each item runs
// on its own copy of the state with its own gas bound, so one that fails is put
// off by retry_seconds and holds up no other. It never returns an error, because
// that would halt the chain.
func (k *Keeper) EndBlock(ctx context.Context) error {
	sdkCtx := sdk.UnwrapSDKContext(ctx)
	params, err := k.Params(ctx)
	if err != nil {
		sdkCtx.Logger().Error("servicing: reading parameters", "error", err)
		return nil
	}
	done := k.endOffers(sdkCtx, params, int(params.ItemsPerBlockMax))
	done += k.endReviews(sdkCtx, params, int(params.ItemsPerBlockMax)-done)
	done += k.collectDue(sdkCtx, params, int(params.ItemsPerBlockMax)-done)
	if done == 0 {
		return nil
	}
	if err := attempt(sdkCtx, params.ItemGasMax, k.recordHeader); err != nil {
		sdkCtx.Logger().Error("servicing: recording header", "error", err)
	}
	return nil
}

func (k *Keeper) recordHeader(ctx sdk.Context) error { return k.left.Council.RecordHeader(ctx) }

// attempt runs f on a copy of the state that is kept only when f succeeds. A
// panic, that of the gas bound among them, is an error like others.
func attempt(ctx sdk.Context, gasMax uint64, f func(sdk.Context) error) (err error) {
	cache, write := ctx.CacheContext()
	defer func() {
		if r := recover(); r != nil {
			err = panicked(r)
		}
	}()
	if err := f(cache.WithGasMeter(storetypes.NewGasMeter(gasMax))); err != nil {
		return err
	}
	write()
	return nil
}

func panicked(r any) error {
	if out, ok := r.(storetypes.ErrorOutOfGas); ok {
		return sdkerrors.ErrOutOfGas.Wrap(out.Descriptor)
	}
	return sdkerrors.ErrPanic.Wrap(fmt.Sprint(r))
}

// endOffers lapses open offers whose time has passed, oldest end first.
func (k *Keeper) endOffers(ctx sdk.Context, params loanv1.Params, itemsMax int) int {
	keys, err := firstKeys(ctx, k.offerEnds, itemsMax, func(key offerEndKey) bool { return key.K1() <= unixNow(ctx) })
	if err != nil {
		ctx.Logger().Error("servicing: reading the ends of offers", "error", err)
		return 0
	}
	for _, key := range keys {
		err := attempt(ctx, params.ItemGasMax, func(ctx sdk.Context) error {
			o, err := k.offer(ctx, key.K2())
			if err != nil {
				return err
			}
			if key.K1() != o.ExpiresAt { // put off before
				if err := k.offerEnds.Remove(ctx, key); err != nil {
					return err
				}
			}
			return k.lapse(ctx, o)
		})
		if err != nil {
			k.deferred(ctx, err, loanv1.EventItemDeferred{OfferId: key.K2()}, func(ctx sdk.Context) error {
				if err := k.offerEnds.Remove(ctx, key); err != nil {
					return err
				}
				return k.offerEnds.Set(ctx, collections.Join(unixNow(ctx)+params.RetrySeconds, key.K2()))
			})
		}
	}
	return len(keys)
}

// collectDue handles instalments whose time has come, unless servicing is stopped.
func (k *Keeper) collectDue(ctx sdk.Context, params loanv1.Params, itemsMax int) int {
	if itemsMax <= 0 {
		return 0
	}
	keys, err := firstKeys(ctx, k.due, itemsMax, func(key dueKey) bool { return key.K1() <= unixNow(ctx) })
	if err != nil {
		ctx.Logger().Error("servicing: reading the due queue", "error", err)
		return 0
	}
	if len(keys) == 0 {
		return 0
	}
	if allowed, err := k.left.Safety.IsAllowed(ctx, ServicingURL); !allowed {
		ctx.Logger().Info("servicing is stopped", "error", err)
		return 0
	}
	for _, key := range keys {
		err := attempt(ctx, params.ItemGasMax, func(ctx sdk.Context) error { return k.collectItem(ctx, key) })
		if err != nil {
			event := loanv1.EventItemDeferred{LoanId: key.K2(), Tranche: key.K3(), Instalment: key.K4()}
			k.deferred(ctx, err, event, func(ctx sdk.Context) error {
				i, err := k.instalment(ctx, key.K2(), key.K3(), key.K4())
				if err != nil {
					return err
				}
				return k.requeue(ctx, i, unixNow(ctx)+params.RetrySeconds)
			})
		}
	}
	return len(keys)
}

// deferred puts a failed item off and tells the operators.
func (k *Keeper) deferred(ctx sdk.Context, cause error, event loanv1.EventItemDeferred, putOff func(sdk.Context) error) {
	event.Codespace, event.Code, _ = errorsmod.ABCIInfo(cause, false)
	ctx.Logger().Error("servicing: item put off", "loan", event.LoanId, "offer", event.OfferId, "application", event.ApplicationId, "error", cause)
	err := attempt(ctx, deferGasMax, func(ctx sdk.Context) error {
		if err := putOff(ctx); err != nil {
			return err
		}
		return emit(ctx, &event)
	})
	if err != nil {
		ctx.Logger().Error("servicing: item not put off", "loan", event.LoanId, "offer", event.OfferId, "application", event.ApplicationId, "error", err)
	}
}

// collectItem collects what a loan owes by now, oldest instalment first, and
// decides what becomes of the instalment whose turn it is.
func (k *Keeper) collectItem(ctx context.Context, key dueKey) error {
	queued, err := k.due.Has(ctx, key)
	if err != nil || !queued { // paid together with an older one in this block
		return err
	}
	l, err := k.loan(ctx, key.K2())
	if err != nil {
		return err
	}
	b, err := k.load(ctx, l)
	if err != nil {
		return err
	}
	frozen, err := k.left.Cash.Frozen(ctx, l.EnterpriseId)
	if err != nil {
		return err
	}
	var paid int
	if !frozen {
		if paid, err = k.debit(ctx, b); err != nil {
			return err
		}
	}
	becameLate, err := k.afterAttempt(ctx, b, key, frozen)
	if err != nil {
		return err
	}
	if paid > 0 || becameLate {
		if err := k.settle(ctx, b, true); err != nil {
			return err
		}
	}
	return k.save(ctx, b)
}

// debit takes what is owed from the borrower's account, as far as it goes.
func (k *Keeper) debit(ctx context.Context, b *book) (paid int, err error) {
	account := k.left.CashAccount(b.loan.EnterpriseId)
	balanceFen, err := k.left.Cash.Balance(ctx, account)
	if err != nil {
		return 0, err
	}
	takenFen, paid, err := k.payOwed(ctx, b, b.now, balanceFen, loanv1.EntryKind_ENTRY_KIND_COLLECTED)
	if err != nil || takenFen == 0 {
		return paid, err
	}
	return paid, k.left.Cash.Move(ctx, account, PoolAccount(b.pool.Id), takenFen)
}

// afterAttempt puts an instalment that is still unpaid off to its next turn and
// makes it late when its grace is over. Nothing becomes late while the borrower's
// money is frozen, nor at an attempt that the chain itself made more than
// retry_seconds, and a minute, after its time: the borrower answers for neither.
func (k *Keeper) afterAttempt(ctx context.Context, b *book, key dueKey, frozen bool) (becameLate bool, err error) {
	i, err := k.instalment(ctx, key.K2(), key.K3(), key.K4())
	if err != nil || i.Status == loanv1.InstalmentStatus_INSTALMENT_STATUS_PAID {
		return false, err
	}
	graceEnd := b.calendar().GraceEnd(i.DueAt, b.contract.Terms.GraceDays)
	retryAt := b.now + b.params.RetrySeconds
	overdue := b.now-key.K1() > max(b.params.RetrySeconds, delaySecondsMin)
	switch {
	case i.Status == loanv1.InstalmentStatus_INSTALMENT_STATUS_LATE || frozen || (overdue && b.now >= graceEnd):
		return false, k.requeue(ctx, i, retryAt)
	case b.now < graceEnd:
		return false, k.requeue(ctx, i, min(retryAt, graceEnd))
	}
	owed := unpaid(i)
	if i.FeeFen, err = lateFee(i, b.contract.Terms.LateFeeBps); err != nil {
		return false, err
	}
	i.Status = loanv1.InstalmentStatus_INSTALMENT_STATUS_LATE
	b.loan.Late++
	owed.FeeFen = i.FeeFen
	if err := k.append(ctx, &b.loan, loanv1.EntryKind_ENTRY_KIND_LATE, i.Tranche, i.Number, owed); err != nil {
		return false, err
	}
	return true, k.requeue(ctx, i, retryAt)
}

// firstKeys lists up to max keys of a queue from its start while they are ripe.
func firstKeys[K any](ctx context.Context, queue collections.KeySet[K], itemsMax int, ripe func(K) bool) ([]K, error) {
	it, err := queue.Iterate(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer it.Close()
	var keys []K
	for ; it.Valid() && len(keys) < itemsMax; it.Next() {
		key, err := it.Key()
		if err != nil {
			return nil, err
		}
		if !ripe(key) {
			break
		}
		keys = append(keys, key)
	}
	return keys, nil
}
