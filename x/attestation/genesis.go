package attestation

import (
	"context"

	"cosmossdk.io/collections"

	attestationv1 "github.com/xinlian/xinlian/gen/xinlian/attestation/v1"
)

// DefaultGenesis is a chain on which nobody has spoken.
func DefaultGenesis() *attestationv1.GenesisState {
	return &attestationv1.GenesisState{Params: DefaultParams()}
}

// Validate is nil when the genesis holds together: every rule that Invariants
// checks over a living state, as far as it needs no store.
func Validate(gs *attestationv1.GenesisState) error {
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

// InitGenesis writes a genesis into an empty store. The marks of disputed batches
// come with the genesis of x/profile.
func (k *Keeper) InitGenesis(ctx context.Context, gs *attestationv1.GenesisState) error {
	if err := Validate(gs); err != nil {
		return err
	}
	if err := k.params.Set(ctx, gs.Params); err != nil {
		return err
	}
	if err := k.nextAttestation.Set(ctx, uint64(len(gs.Attestations))+1); err != nil {
		return err
	}
	if err := k.nextDispute.Set(ctx, uint64(len(gs.Disputes))+1); err != nil {
		return err
	}
	for _, a := range gs.Attestations {
		if err := k.put(ctx, a); err != nil {
			return err
		}
	}
	for _, d := range gs.Disputes {
		if err := k.disputes.Set(ctx, d.Id, d); err != nil {
			return err
		}
		if d.AttestationId != 0 && d.Status == attestationv1.DisputeStatus_DISPUTE_STATUS_OPEN {
			if err := k.contests.Set(ctx, d.AttestationId, d.Id); err != nil {
				return err
			}
		}
	}
	for _, r := range gs.Records {
		if err := k.records.Set(ctx, r.OrgId, r); err != nil {
			return err
		}
	}
	return nil
}

// ExportGenesis is the whole state, lists in ascending key order.
func (k *Keeper) ExportGenesis(ctx context.Context) (*attestationv1.GenesisState, error) {
	gs := &attestationv1.GenesisState{}
	var err error
	if gs.Params, err = k.Params(ctx); err != nil {
		return nil, err
	}
	if gs.Attestations, err = rows(ctx, k.attestations); err != nil {
		return nil, err
	}
	if gs.Disputes, err = rows(ctx, k.disputes); err != nil {
		return nil, err
	}
	gs.Records, err = rows(ctx, k.records)
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
