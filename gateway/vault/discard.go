package vault

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/xinlian/xinlian/internal/canon"
)

// Enterprises lists, ascending, those that have a batch here.
func (v *Vault) Enterprises() []uint64 {
	v.mu.RLock()
	defer v.mu.RUnlock()
	seen := map[uint64]bool{}
	for _, b := range v.batches {
		seen[b.Enterprise] = true
	}
	return slices.Sorted(maps.Keys(seen))
}

// Discard removes a sealed batch that never came on chain. It refuses one that
// the chain has (ErrBadRequest). A crash half-way leaves either the whole batch
// or one that the next Open clears away.
func (v *Vault) Discard(ctx context.Context, id ID) error {
	leave, err := v.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	b, err := v.Batch(id)
	if err != nil {
		return err
	}
	_, err = v.cfg.Chain.Anchored(ctx, id)
	if err == nil {
		return fmt.Errorf("%w: batch %s is on chain", ErrBadRequest, id)
	}
	if !errors.Is(err, ErrNotAnchored) {
		return err
	}
	// The batch becomes an attempt again before its manifest goes.
	mark, err := canon.New("attempt").Fixed(id[:]).Encoded()
	if err != nil {
		return err
	}
	if err := writeFile(v.attemptFile(id), mark); err != nil {
		return fmt.Errorf("discarding batch %s: %w", id, err)
	}
	if err := removeFile(v.manifestFile(b.Enterprise, id)); err != nil {
		return fmt.Errorf("discarding batch %s: %w", id, err)
	}
	v.mu.Lock()
	delete(v.batches, id)
	v.mu.Unlock()
	v.forgetProven(id)
	return v.abandon(ctx, id)
}
