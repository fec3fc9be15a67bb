package score

import (
	"context"

	"cosmossdk.io/collections"

	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
)

// DefaultGenesis is a chain without models. It is not valid as it stands: the
// reference string is for the founders to choose, and there is no default.
func DefaultGenesis() *scorev1.GenesisState {
	return &scorev1.GenesisState{Params: DefaultParams()}
}

// Validate is nil when the genesis holds together: every rule that Invariants
// checks over a living state, as far as it needs no store.
func Validate(gs *scorev1.GenesisState) error {
	if gs == nil {
		return ErrGenesis.Wrap("empty")
	}
	for _, r := range rules {
		if err := r.check(gs); err != nil {
			return ErrGenesis.Wrapf("%s: %s", r.name, err)
		}
	}
	return nil
}

// InitGenesis writes a genesis into an empty store.
func (k *Keeper) InitGenesis(ctx context.Context, gs *scorev1.GenesisState) error {
	if err := Validate(gs); err != nil {
		return err
	}
	if err := k.params.Set(ctx, gs.Params); err != nil {
		return err
	}
	if err := k.srsKey.Set(ctx, gs.SrsKey); err != nil {
		return err
	}
	if err := k.srsKind.Set(ctx, uint32(gs.SrsKind)); err != nil {
		return err
	}
	if err := k.srsSeal.Set(ctx, gs.SrsSeal); err != nil {
		return err
	}
	for _, m := range gs.Models {
		if err := k.models.Set(ctx, m.Hash, m); err != nil {
			return err
		}
	}
	for _, s := range gs.Scores {
		if err := k.putScore(ctx, s); err != nil {
			return err
		}
	}
	for _, w := range gs.Watches {
		if err := k.watches.Set(ctx, w.ModelHash, w); err != nil {
			return err
		}
	}
	for _, q := range gs.Quotes {
		if err := k.quotes.Set(ctx, collections.Join(q.IndexId, q.PublisherOrgId), q); err != nil {
			return err
		}
	}
	return nil
}

// ExportGenesis is the whole state, lists in ascending key order.
func (k *Keeper) ExportGenesis(ctx context.Context) (*scorev1.GenesisState, error) {
	gs := &scorev1.GenesisState{}
	var err error
	if gs.Params, err = k.Params(ctx); err != nil {
		return nil, err
	}
	if gs.SrsKey, err = k.srsKey.Get(ctx); err != nil {
		return nil, err
	}
	kind, err := k.srsKind.Get(ctx)
	if err != nil {
		return nil, err
	}
	gs.SrsKind = scorev1.SrsKind(kind)
	if gs.SrsSeal, err = k.srsSeal.Get(ctx); err != nil {
		return nil, err
	}
	if gs.Watches, err = rows(ctx, k.watches); err != nil {
		return nil, err
	}
	if gs.Models, err = rows(ctx, k.models); err != nil {
		return nil, err
	}
	if gs.Scores, err = rows(ctx, k.scores); err != nil {
		return nil, err
	}
	gs.Quotes, err = rows(ctx, k.quotes)
	return gs, err
}

// walker is what a map and an indexed map have in common.
type walker[K, V any] interface {
	Walk(context.Context, collections.Ranger[K], func(K, V) (bool, error)) error
}

// rows lists a collection in key order.
func rows[K, V any](ctx context.Context, m walker[K, V]) ([]V, error) {
	var list []V
	err := m.Walk(ctx, nil, func(_ K, v V) (bool, error) {
		list = append(list, v)
		return false, nil
	})
	return list, err
}
