package pledge

import (
	"context"

	"cosmossdk.io/collections"

	pledgev1 "github.com/xinlian/xinlian/gen/xinlian/pledge/v1"
)

// DefaultGenesis is a chain without a key and without pledges.
func DefaultGenesis() *pledgev1.GenesisState {
	return &pledgev1.GenesisState{Params: DefaultParams()}
}

// Validate is nil when the genesis holds together: every rule that Invariants
// checks over a living state, as far as it needs no store.
func Validate(gs *pledgev1.GenesisState) error {
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

// InitGenesis writes a genesis into an empty store. What holds and what is due
// follows from the statements and pledges.
func (k *Keeper) InitGenesis(ctx context.Context, gs *pledgev1.GenesisState) error {
	if err := Validate(gs); err != nil {
		return err
	}
	if err := k.params.Set(ctx, gs.Params); err != nil {
		return err
	}
	if err := k.nextStatement.Set(ctx, uint64(len(gs.Statements))+1); err != nil {
		return err
	}
	if err := k.nextPledge.Set(ctx, uint64(len(gs.Pledges))+1); err != nil {
		return err
	}
	for _, key := range gs.Keys {
		if err := k.keys.Set(ctx, key.Epoch, key); err != nil {
			return err
		}
	}
	if gs.Proposal != nil {
		if err := k.proposal.Set(ctx, *gs.Proposal); err != nil {
			return err
		}
	}
	return k.initPledges(ctx, gs)
}

func (k *Keeper) initPledges(ctx context.Context, gs *pledgev1.GenesisState) error {
	for _, st := range gs.Statements {
		if err := k.statements.Set(ctx, st.Id, st); err != nil {
			return err
		}
		if st.PledgedPpm > 0 {
			if err := k.hold(ctx, st); err != nil {
				return err
			}
		}
	}
	for _, p := range gs.Pledges {
		put := k.putLive
		if p.Status != pledgeLive {
			put = func(ctx context.Context, p pledgev1.Pledge) error { return k.pledges.Set(ctx, p.Id, p) }
		}
		if err := put(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// ExportGenesis is the whole state, lists in ascending key order.
func (k *Keeper) ExportGenesis(ctx context.Context) (*pledgev1.GenesisState, error) {
	gs := &pledgev1.GenesisState{}
	var err error
	if gs.Params, err = k.Params(ctx); err != nil {
		return nil, err
	}
	if gs.Keys, err = rows(ctx, k.keys); err != nil {
		return nil, err
	}
	if gs.Proposal, err = k.waiting(ctx); err != nil {
		return nil, err
	}
	if gs.Statements, err = rows(ctx, k.statements); err != nil {
		return nil, err
	}
	gs.Pledges, err = rows(ctx, k.pledges)
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
