package profile

import (
	"context"
	"math"

	"cosmossdk.io/collections"

	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
)

// EndBlock ends the consents whose time has passed and reports the deletion
// receipts that were not posted in time, each at most expiries_per_block_max in a
// block, those of the earliest time first; the rest follow in the next block.
// Access has ended by then in any case: [Keeper.LiveConsent] reads the clock.
func (k *Keeper) EndBlock(ctx context.Context) error {
	p, err := k.params.Get(ctx)
	if err != nil {
		return err
	}
	now, _ := moment(ctx)
	ended, err := until(ctx, k.expiries, now, int(p.ExpiriesPerBlockMax))
	if err != nil {
		return err
	}
	for _, id := range ended {
		c, err := k.Consent(ctx, id)
		if err != nil {
			return err
		}
		if _, err := k.end(ctx, c, stateExpired, actor{}); err != nil {
			return err
		}
	}
	missing, err := until(ctx, k.due, now-1, int(p.ExpiriesPerBlockMax))
	if err != nil {
		return err
	}
	for _, id := range missing {
		if err := k.reportOverdue(ctx, id, now); err != nil {
			return err
		}
	}
	return nil
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
func (k *Keeper) reportOverdue(ctx context.Context, consentID []byte, now int64) error {
	r, err := k.receipt(ctx, consentID)
	if err != nil {
		return err
	}
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
	if now == math.MaxInt64 {
		return nil, ErrInvariant.Wrap("block time is out of range")
	}
	err := queue.Walk(ctx, collections.NewPrefixUntilPairRange[int64, []byte](now),
		func(key timeKey) (bool, error) {
			ids = append(ids, key.K2())
			return len(ids) >= n, nil
		})
	return ids, err
}
