package vault

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/xinlian/xinlian/internal/record"
)

// Grant wraps the period keys of a consent's months to the grantee's current
// data key, stores the wraps and returns them all; the chain gets their hashes.
// It wraps only what is missing, so that it may be repeated, and it does so for
// a consent that the chain has as active or paused, not for any other.
func (v *Vault) Grant(ctx context.Context, consent ID) ([]*Wrap, error) {
	leave, err := v.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	v.wrapMu.Lock()
	defer v.wrapMu.Unlock()
	return v.grant(ctx, consent)
}

// Rotate starts the next epoch of a category after a revocation and wraps its
// keys for the consents that remain; it deletes the wraps of consents that are
// over. With an epoch but an error, the epoch stands and Rewrap does the rest.
func (v *Vault) Rotate(ctx context.Context, enterprise uint64, c record.Category) (uint32, []*Wrap, error) {
	leave, err := v.enter(ctx)
	if err != nil {
		return 0, nil, err
	}
	defer leave()
	v.wrapMu.Lock()
	defer v.wrapMu.Unlock()
	if err := v.dropOver(ctx); err != nil {
		return 0, nil, err
	}
	epoch, err := v.keys.Rotate(enterprise, c)
	if err != nil {
		return 0, nil, fmt.Errorf("starting an epoch: %w", err)
	}
	wraps, err := v.rewrap(ctx, enterprise)
	return epoch, wraps, err
}

// Rewrap wraps what the consents of an enterprise lack: new epochs, and all of
// them after a grantee changed its data key. It returns every wrap of the
// consents that it could serve; one that fails does not hold up the others.
func (v *Vault) Rewrap(ctx context.Context, enterprise uint64) ([]*Wrap, error) {
	leave, err := v.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	v.wrapMu.Lock()
	defer v.wrapMu.Unlock()
	if err := v.dropOver(ctx); err != nil {
		return nil, err
	}
	return v.rewrap(ctx, enterprise)
}

// rewrap is Rewrap under wrapMu, when no consent that is over has wraps.
func (v *Vault) rewrap(ctx context.Context, enterprise uint64) ([]*Wrap, error) {
	ids, err := v.wraps.consents()
	if err != nil {
		return nil, err
	}
	var all []*Wrap
	var errs []error
	for _, id := range ids {
		wraps, err := v.wraps.load(id)
		if err == nil && wraps[0].Enterprise != enterprise {
			continue
		}
		if err == nil {
			wraps, err = v.grant(ctx, id)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("wrapping for consent %s: %w", id, err))
			continue
		}
		all = append(all, wraps...)
	}
	return all, errors.Join(errs...)
}

// Wraps are the stored wraps of a consent; ErrNoWraps.
func (v *Vault) Wraps(consent ID) ([]*Wrap, error) {
	v.wrapMu.Lock()
	defer v.wrapMu.Unlock()
	return v.wraps.load(consent)
}

// DropWraps destroys the wraps of a consent. A grantee may have kept the keys it
// opened before: what it could read then it may still know, which is why a
// revocation also starts an epoch.
func (v *Vault) DropWraps(consent ID) error {
	v.wrapMu.Lock()
	defer v.wrapMu.Unlock()
	return v.wraps.drop(consent)
}

// Sweep destroys the wraps of consents that are revoked, refused, expired or no
// longer known, and applies erasures that are new on chain. It is to be called
// at every block or so.
func (v *Vault) Sweep(ctx context.Context) error {
	if err := v.ReplayErasures(ctx); err != nil {
		return err
	}
	leave, err := v.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	v.wrapMu.Lock()
	defer v.wrapMu.Unlock()
	return v.dropOver(ctx)
}

func (v *Vault) dropOver(ctx context.Context) error {
	head, err := v.cfg.Chain.Head(ctx)
	if err != nil {
		return fmt.Errorf("reading the chain's head: %w", err)
	}
	ids, err := v.wraps.consents()
	if err != nil {
		return err
	}
	for _, id := range ids {
		c, err := v.cfg.Chain.Consent(ctx, id)
		if err != nil && !errors.Is(err, ErrConsentUnknown) {
			return fmt.Errorf("looking up consent %s: %w", id, err)
		}
		if err != nil || c.over(head.Time) {
			if err := v.wraps.drop(id); err != nil {
				return fmt.Errorf("destroying wraps: %w", err)
			}
		}
	}
	return nil
}

// grant is Grant under wrapMu.
func (v *Vault) grant(ctx context.Context, consent ID) ([]*Wrap, error) {
	head, err := v.cfg.Chain.Head(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the chain's head: %w", err)
	}
	if err := head.fresh(v.cfg.Now()); err != nil {
		return nil, err
	}
	c, err := v.cfg.Chain.Consent(ctx, consent)
	if err != nil {
		return nil, fmt.Errorf("looking up the consent: %w", err)
	}
	if err := c.live(head.Time); err != nil && !errors.Is(err, ErrConsentPaused) && !errors.Is(err, ErrConsentEarly) {
		return nil, err
	}
	if c.over(head.Time) { // its pause would hide that its time has run out
		return nil, ErrConsentExpired
	}
	to, err := v.cfg.Chain.DataKey(ctx, c.Grantee)
	if err != nil {
		return nil, fmt.Errorf("looking up the grantee's data key: %w", err)
	}
	kept, err := v.wraps.load(consent)
	if err != nil && !errors.Is(err, ErrNoWraps) {
		return nil, err
	}
	var wraps []*Wrap
	for _, category := range c.Categories {
		epochs, err := v.epochs(&c, category)
		if err != nil {
			return nil, err
		}
		for _, epoch := range epochs {
			w, err := v.wrap(&c, to, wrapKey{category, epoch}, kept)
			if err != nil {
				return nil, err
			}
			wraps = append(wraps, w)
		}
	}
	return wraps, v.wraps.save(consent, wraps)
}

// epochs lists those with batches in the consent's months, and the current one.
func (v *Vault) epochs(c *Consent, category record.Category) ([]uint32, error) {
	current, err := v.keys.Ensure(c.Enterprise, category)
	if err != nil {
		return nil, err
	}
	epochs := []uint32{current}
	for _, b := range v.Batches(c.Enterprise) {
		if b.Category == category && b.Months.Overlaps(c.Months) && !slices.Contains(epochs, b.Epoch) {
			epochs = append(epochs, b.Epoch)
		}
	}
	slices.Sort(epochs)
	return epochs, nil
}

// wrap is the kept wrap for that key if it still fits, else a new one.
func (v *Vault) wrap(c *Consent, to Recipient, k wrapKey, kept []*Wrap) (*Wrap, error) {
	wc := WrapContext{
		Suite: v.cfg.Suite, ChainID: v.cfg.ChainID, Enterprise: c.Enterprise, Category: k.category, Epoch: k.epoch,
		Months: c.Months, Recipient: to.ID(), Consent: c.ID,
	}
	for _, w := range kept {
		if w.WrapContext == wc {
			return w, nil
		}
	}
	if err := c.Months.check(); err != nil {
		return nil, err
	}
	var periods []Key
	for _, m := range c.Months.each() {
		key, err := v.keys.periodKey(c.Enterprise, k.category, k.epoch, m)
		if err != nil {
			return nil, err
		}
		periods = append(periods, key)
	}
	return SealWrap(wc, to, periods)
}
