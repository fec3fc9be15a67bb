package profile

import (
	"context"
	"encoding/hex"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
)

// Headers logs the header of a block that changes state without a transaction, so
// that what it changed can be proven later; x/council does.
type Headers interface {
	RecordHeader(ctx context.Context) error
}

// EndBlock ends the consents whose time has passed and reports the deletion
// receipts that were not posted in time, each at most expiries_per_block_max in a
// block, those of the earliest time first; the rest follow in the next block.
// Access has ended by then in any case: [Keeper.LiveConsent] reads the clock.
//
// Each runs on its own copy of the state, so that one that fails holds up no other.
// It never returns an error, because that would halt the chain.
func (k *Keeper) EndBlock(ctx context.Context) error {
	sdkCtx := sdk.UnwrapSDKContext(ctx)
	p, err := k.params.Get(ctx)
	if err != nil {
		sdkCtx.Logger().Error("ending consents: reading parameters", "error", err)
		return nil
	}
	now, _ := moment(ctx)
	done := k.drain(sdkCtx, k.expiries, now, p, k.expire)
	// A receipt that is posted in the very second is in time.
	done += k.drain(sdkCtx, k.due, now-1, p, k.reportOverdue)
	if done == 0 {
		return nil
	}
	if err := k.headers.RecordHeader(ctx); err != nil {
		sdkCtx.Logger().Error("ending consents: recording header", "error", err)
	}
	return nil
}

// drain does what is due of a queue by time and counts what succeeded.
func (k *Keeper) drain(ctx sdk.Context, queue collections.KeySet[timeKey], now int64, p profilev1.Params, do func(context.Context, []byte) error) int {
	ids, err := until(ctx, queue, now, int(p.ExpiriesPerBlockMax))
	if err != nil {
		ctx.Logger().Error("ending consents: reading the queue", "error", err)
		return 0
	}
	done := 0
	for _, id := range ids {
		attempt, write := ctx.CacheContext()
		if err := do(attempt, id); err != nil {
			ctx.Logger().Error("ending consents", "consent", hex.EncodeToString(id), "error", err)
			continue
		}
		write()
		done++
	}
	return done
}

// expire ends a consent by time.
func (k *Keeper) expire(ctx context.Context, id []byte) error {
	c, err := k.Consent(ctx, id)
	if err != nil {
		return err
	}
	_, err = k.end(ctx, c, stateExpired, actor{})
	return err
}

// end moves a consent to a state without access. Where it gave access, the next
// key epoch of its categories begins: whoever read under it has the old key.
func (k *Keeper) end(ctx context.Context, c profilev1.Consent, to profilev1.ConsentState, by actor) (profilev1.Consent, error) {
	gave := isLive(c.State)
	c, err := k.change(ctx, c, to, by)
	if err != nil || !gave {
		return c, err
	}
	p, err := k.params.Get(ctx)
	if err != nil {
		return c, err
	}
	return c, k.rotate(ctx, c, p)
}

// reportOverdue marks a receipt as overdue and tells, once.
func (k *Keeper) reportOverdue(ctx context.Context, consentID []byte) error {
	r, err := k.receipt(ctx, consentID)
	if err != nil {
		return err
	}
	now, _ := moment(ctx)
	r.OverdueAt = now
	if err := k.setReceipt(ctx, r); err != nil {
		return err
	}
	return emit(ctx, &profilev1.EventDeletionOverdue{
		ConsentId: r.ConsentId, OrgId: r.OrgId, EnterpriseId: r.EnterpriseId, DueAt: r.DueAt,
	})
}

// until lists the first n ids of a queue by time whose time is at most now.
func until(ctx context.Context, queue collections.KeySet[timeKey], now int64, n int) ([][]byte, error) {
	var ids [][]byte
	err := queue.Walk(ctx, collections.NewPrefixUntilPairRange[int64, []byte](now),
		func(key timeKey) (bool, error) {
			ids = append(ids, key.K2())
			return len(ids) >= n, nil
		})
	return ids, err
}
