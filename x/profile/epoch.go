package profile

import (
	"context"

	"cosmossdk.io/collections"

	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
)

// epoch is the current key epoch of a category: number 1 until a revocation.
func (k *Keeper) epoch(ctx context.Context, enterprise uint64, c profilev1.Category) (e profilev1.Epoch, started bool, err error) {
	e, started, err = lookup(k.epochs.Get(ctx, collections.Join(enterprise, uint32(c))))
	if err == nil && !started {
		e = profilev1.Epoch{EnterpriseId: enterprise, Category: c, Number: 1}
	}
	return e, started, err
}

func (k *Keeper) setEpoch(ctx context.Context, e profilev1.Epoch) error {
	return k.epochs.Set(ctx, collections.Join(e.EnterpriseId, uint32(e.Category)), e)
}

// startEpoch begins the next key epoch of a category at that height. While other
// consents read the category, the custodian must have wrapped the new key for
// them by dueHeight; 0 where there are none.
func (k *Keeper) startEpoch(ctx context.Context, e profilev1.Epoch, height, dueHeight int64) error {
	e.Number++
	e.SinceHeight, e.RewrapDueHeight = height, dueHeight
	if err := k.setEpoch(ctx, e); err != nil {
		return err
	}
	return emit(ctx, &profilev1.EventEpochStarted{EnterpriseId: e.EnterpriseId, Category: e.Category, Number: e.Number})
}

// openEpoch writes the row of epoch 1 when the first batch of a category arrives.
func (k *Keeper) openEpoch(ctx context.Context, e profilev1.Epoch, height int64) error {
	e.SinceHeight = height
	if err := k.setEpoch(ctx, e); err != nil {
		return err
	}
	return emit(ctx, &profilev1.EventEpochStarted{EnterpriseId: e.EnterpriseId, Category: e.Category, Number: e.Number})
}

// rotate starts the next epoch of every category of an ended consent, whose row no
// longer is live. While others read the category, wraps for them are due.
func (k *Keeper) rotate(ctx context.Context, ended profilev1.Consent, p profilev1.Params) error {
	now, height := moment(ctx)
	others, err := k.liveConsents(ctx, ended.Terms.EnterpriseId)
	if err != nil {
		return err
	}
	for _, c := range ended.Terms.Categories {
		e, _, err := k.epoch(ctx, ended.Terms.EnterpriseId, c)
		if err != nil {
			return err
		}
		due := int64(0)
		for _, o := range others {
			if reads(o, c, now) {
				due = height + p.RewrapBlocks
			}
		}
		if err := k.startEpoch(ctx, e, height, due); err != nil {
			return err
		}
	}
	return nil
}

// settleRewraps clears the due height of every category whose remaining readers
// all have wraps of the current epoch.
func (k *Keeper) settleRewraps(ctx context.Context, enterprise uint64) error {
	now, _ := moment(ctx)
	var live []profilev1.Consent
	for c := profilev1.Category_CATEGORY_BANK; knownCategory(c); c++ {
		e, _, err := k.epoch(ctx, enterprise, c)
		if err != nil {
			return err
		}
		if e.RewrapDueHeight == 0 {
			continue
		}
		if live == nil {
			if live, err = k.liveConsents(ctx, enterprise); err != nil {
				return err
			}
		}
		if !rewrapped(e, live, now) {
			continue
		}
		e.RewrapDueHeight = 0
		if err := k.setEpoch(ctx, e); err != nil {
			return err
		}
	}
	return nil
}

// demandWraps makes the custodian owe wraps for a consent that comes back while
// the key has moved on.
func (k *Keeper) demandWraps(ctx context.Context, c profilev1.Consent, p profilev1.Params) error {
	_, height := moment(ctx)
	for _, category := range c.Terms.Categories {
		e, started, err := k.epoch(ctx, c.Terms.EnterpriseId, category)
		if err != nil {
			return err
		}
		if !started || e.RewrapDueHeight != 0 || hasWrap(c, category, e.Number) {
			continue
		}
		e.RewrapDueHeight = height + p.RewrapBlocks
		if err := k.setEpoch(ctx, e); err != nil {
			return err
		}
	}
	return nil
}

// rewrapped tells whether every consent that reads the category now has a wrap
// of its current epoch.
func rewrapped(e profilev1.Epoch, live []profilev1.Consent, now int64) bool {
	for _, c := range live {
		if reads(c, e.Category, now) && !hasWrap(c, e.Category, e.Number) {
			return false
		}
	}
	return true
}

// closeEpochs ends the key epochs of an erased enterprise: each that began is over,
// and no wrap is due any more.
func (k *Keeper) closeEpochs(ctx context.Context, enterprise uint64) error {
	_, height := moment(ctx)
	for c := profilev1.Category_CATEGORY_BANK; knownCategory(c); c++ {
		e, started, err := k.epoch(ctx, enterprise, c)
		if err != nil {
			return err
		}
		if !started {
			continue
		}
		if err := k.startEpoch(ctx, e, height, 0); err != nil {
			return err
		}
	}
	return nil
}
