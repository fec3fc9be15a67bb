package profile

import (
	"context"

	"cosmossdk.io/collections"

	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
)

// DefaultGenesis pins the standard schemas of this build and holds nothing else.
func DefaultGenesis() *profilev1.GenesisState {
	return &profilev1.GenesisState{Params: DefaultParams(), Schemas: standardSchemas()}
}

// Validate checks a genesis state by itself: bounds, order of keys, and every
// claim in [claims].
func Validate(gs *profilev1.GenesisState) error {
	if err := ValidateParams(gs.Params); err != nil {
		return err
	}
	if err := checkOrder(gs); err != nil {
		return err
	}
	for _, c := range claims {
		if err := c.check(gs); err != nil {
			return ErrGenesis.Wrapf("%s: %v", c.name, err)
		}
	}
	return nil
}

// InitGenesis writes a valid genesis state; the sets and indexes follow its rows.
func (k *Keeper) InitGenesis(ctx context.Context, gs *profilev1.GenesisState) error {
	if err := Validate(gs); err != nil {
		return err
	}
	if err := k.params.Set(ctx, gs.Params); err != nil {
		return err
	}
	if err := k.checkSuite(ctx, gs); err != nil {
		return ErrGenesis.Wrapf("suites-agree: %v", err)
	}
	for _, s := range gs.Schemas {
		if err := k.schemas.Set(ctx, collections.Join(s.Id, s.Version), s); err != nil {
			return err
		}
	}
	if err := k.initBatches(ctx, gs); err != nil {
		return err
	}
	if err := k.initConsents(ctx, gs); err != nil {
		return err
	}
	for _, l := range gs.Logs {
		if err := k.logs.Set(ctx, l.VaultOrgId, l); err != nil {
			return err
		}
	}
	for _, a := range gs.LogAnchors {
		if err := k.logAnchors.Set(ctx, collections.Join(a.VaultOrgId, a.Sequence), a); err != nil {
			return err
		}
	}
	for _, r := range gs.Receipts {
		if err := k.setReceipt(ctx, r); err != nil {
			return err
		}
	}
	for _, e := range gs.Erasures {
		if err := k.setErasure(ctx, e); err != nil {
			return err
		}
	}
	return nil
}

func (k *Keeper) initBatches(ctx context.Context, gs *profilev1.GenesisState) error {
	for _, b := range gs.Batches {
		if err := k.batches.Set(ctx, b.Anchor.BatchId, b); err != nil {
			return err
		}
		if err := k.anchored.Set(ctx, collections.Join3(b.EnterpriseId, uint64(b.Height), b.Anchor.BatchId)); err != nil {
			return err
		}
		if err := k.holdKeys(ctx, b.EnterpriseId, b.CustodianOrgId); err != nil {
			return err
		}
	}
	for _, s := range gs.Streams {
		if err := k.streams.Set(ctx, collections.Join3(s.EnterpriseId, s.Source, s.SchemaId), s); err != nil {
			return err
		}
	}
	for _, e := range gs.Epochs {
		if err := k.setEpoch(ctx, e); err != nil {
			return err
		}
	}
	return nil
}

func (k *Keeper) initConsents(ctx context.Context, gs *profilev1.GenesisState) error {
	for _, c := range gs.Consents {
		if err := k.consents.Set(ctx, c.Id, c); err != nil {
			return err
		}
		if err := k.follow(ctx, c); err != nil {
			return err
		}
	}
	for _, j := range gs.Journals {
		for _, e := range j.Entries {
			if err := k.journal.Set(ctx, collections.Join(j.ConsentId, e.Number), e); err != nil {
				return err
			}
		}
	}
	return nil
}

// ExportGenesis reads the whole state in ascending order of keys.
func (k *Keeper) ExportGenesis(ctx context.Context) (*profilev1.GenesisState, error) {
	gs := &profilev1.GenesisState{}
	var err error
	if gs.Params, err = k.params.Get(ctx); err != nil {
		return nil, err
	}
	if gs.Schemas, err = k.allSchemas(ctx); err != nil {
		return nil, err
	}
	if gs.Batches, err = values(ctx, k.batches); err != nil {
		return nil, err
	}
	if gs.Streams, err = values(ctx, k.streams); err != nil {
		return nil, err
	}
	if gs.Epochs, err = values(ctx, k.epochs); err != nil {
		return nil, err
	}
	if gs.Consents, err = values(ctx, k.consents); err != nil {
		return nil, err
	}
	if gs.Journals, err = k.allJournals(ctx); err != nil {
		return nil, err
	}
	if gs.Logs, err = values(ctx, k.logs); err != nil {
		return nil, err
	}
	if gs.Receipts, err = values(ctx, k.receipts); err != nil {
		return nil, err
	}
	if gs.LogAnchors, err = values(ctx, k.logAnchors); err != nil {
		return nil, err
	}
	gs.Erasures, err = values(ctx, k.erasures)
	return gs, err
}

func (k *Keeper) allSchemas(ctx context.Context) ([]profilev1.Schema, error) {
	return values(ctx, k.schemas)
}

func (k *Keeper) allJournals(ctx context.Context) ([]profilev1.ConsentEntries, error) {
	var all []profilev1.ConsentEntries
	err := k.journal.Walk(ctx, nil, func(key collections.Pair[[]byte, uint64], e profilev1.ConsentEntry) (bool, error) {
		if key.K2() == 1 {
			all = append(all, profilev1.ConsentEntries{ConsentId: key.K1()})
		}
		if len(all) == 0 {
			return true, ErrInvariant.Wrapf("consent %x: journal begins with %d", key.K1(), key.K2())
		}
		j := &all[len(all)-1]
		j.Entries = append(j.Entries, e)
		return false, nil
	})
	return all, err
}

// walker is a collection of rows, indexed or not.
type walker[K, V any] interface {
	Walk(ctx context.Context, ranger collections.Ranger[K], visit func(K, V) (bool, error)) error
}

func values[K, V any](ctx context.Context, m walker[K, V]) ([]V, error) {
	var all []V
	err := m.Walk(ctx, nil, func(_ K, v V) (bool, error) {
		all = append(all, v)
		return false, nil
	})
	return all, err
}
