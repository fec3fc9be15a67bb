package safety

import (
	"context"

	"cosmossdk.io/collections"

	safetyv1 "github.com/xinlian/xinlian/gen/xinlian/safety/v1"
)

// DefaultGenesis is a chain on which nothing has happened.
func DefaultGenesis() *safetyv1.GenesisState {
	return &safetyv1.GenesisState{Params: DefaultParams()}
}

// Validate is nil when the genesis holds together: every rule that Invariants
// checks over a living state, as far as it needs no other module.
func Validate(gs *safetyv1.GenesisState) error {
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

// InitGenesis writes a genesis into an empty store, after x/org has written its
// own. Incidents never die, so the next id follows from the last one. It fails
// when a row names an organisation that does not exist or could not have made it.
func (k *Keeper) InitGenesis(ctx context.Context, gs *safetyv1.GenesisState) error {
	if err := Validate(gs); err != nil {
		return err
	}
	if err := k.params.Set(ctx, gs.Params); err != nil {
		return err
	}
	for _, s := range gs.Stops {
		if err := k.stops.Set(ctx, s.TypeUrl, s); err != nil {
			return err
		}
	}
	for _, a := range gs.Audits {
		if err := k.audits.Set(ctx, keyOf(a), a); err != nil {
			return err
		}
	}
	for _, i := range gs.Incidents {
		if err := k.incidents.Set(ctx, i.Id, i); err != nil {
			return err
		}
	}
	if err := k.nextIncident.Set(ctx, uint64(len(gs.Incidents))+1); err != nil {
		return err
	}
	return k.organisations(ctx)
}

// ExportGenesis is the whole state, lists in ascending key order.
func (k *Keeper) ExportGenesis(ctx context.Context) (*safetyv1.GenesisState, error) {
	gs := &safetyv1.GenesisState{}
	var err error
	if gs.Params, err = k.Params(ctx); err != nil {
		return nil, err
	}
	if gs.Stops, err = rows(ctx, k.stops); err != nil {
		return nil, err
	}
	if gs.Audits, err = rows(ctx, k.audits); err != nil {
		return nil, err
	}
	gs.Incidents, err = rows(ctx, k.incidents)
	return gs, err
}

// rows lists a collection in key order.
func rows[K, V any](ctx context.Context, m collections.Map[K, V]) ([]V, error) {
	var list []V
	err := m.Walk(ctx, nil, func(_ K, v V) (bool, error) {
		list = append(list, v)
		return false, nil
	})
	return list, err
}
