package org

import (
	"bytes"
	"context"
	"slices"

	"cosmossdk.io/collections"

	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
)

// DefaultGenesis is a chain that nobody has joined.
func DefaultGenesis() *orgv1.GenesisState {
	return &orgv1.GenesisState{Params: DefaultParams(), NextOrgId: 1}
}

// Validate is nil when the genesis holds together: every rule that Invariants
// checks over a living state, as far as it needs no store.
func Validate(gs *orgv1.GenesisState) error {
	s, err := load(gs)
	if err != nil {
		return err
	}
	for _, r := range rules {
		if err := r.check(s); err != nil {
			return ErrGenesis.Wrapf("%s: %s", r.name, err)
		}
	}
	return nil
}

// SortDevices puts devices into the order that a genesis wants, that of their
// addresses' bytes, which is not that of their text. ErrAddress for a bad one.
func SortDevices(devices []orgv1.Device) error {
	var bad error
	key := func(d orgv1.Device) []byte {
		addr, err := address(d.Address)
		if err != nil {
			bad = err
		}
		return addr
	}
	slices.SortFunc(devices, func(a, b orgv1.Device) int { return bytes.Compare(key(a), key(b)) })
	return bad
}

// InitGenesis writes a genesis into an empty store, after x/auth has written
// its own. A device's account may be there already, as it is when both come from
// an export; otherwise it is made here.
func (k *Keeper) InitGenesis(ctx context.Context, gs *orgv1.GenesisState) error {
	if err := Validate(gs); err != nil {
		return err
	}
	if err := k.params.Set(ctx, gs.Params); err != nil {
		return err
	}
	if err := k.nextID.Set(ctx, gs.NextOrgId); err != nil {
		return err
	}
	for _, o := range gs.Organisations {
		if err := k.initOrganisation(ctx, o); err != nil {
			return err
		}
	}
	for _, d := range gs.Devices {
		if err := k.initDevice(ctx, d); err != nil {
			return err
		}
	}
	for _, a := range gs.Accreditations {
		if err := k.accreditations.Set(ctx, collections.Join(a.OrgId, a.Category), a); err != nil {
			return err
		}
	}
	for _, r := range gs.Recoveries {
		if err := k.recoveries.Set(ctx, r.EnterpriseId, r); err != nil {
			return err
		}
	}
	for _, q := range gs.Quotas {
		if err := k.quotas.Set(ctx, q.OrgId, q.Quota); err != nil {
			return err
		}
	}
	return nil
}

func (k *Keeper) initOrganisation(ctx context.Context, o orgv1.Organisation) error {
	if len(o.IdentityTag) != 0 {
		if err := k.takeTags(ctx, o); err != nil {
			return err
		}
	}
	return k.organisations.Set(ctx, o.Id, o)
}

func (k *Keeper) initDevice(ctx context.Context, d orgv1.Device) error {
	pub, addr, err := deviceKey(d.Key, d.Role)
	if err != nil {
		return err
	}
	if err := k.openAccount(ctx, addr, pub); err != nil {
		return err
	}
	return k.devices.Set(ctx, addr, d)
}

// ExportGenesis is the whole state, lists in ascending key order.
func (k *Keeper) ExportGenesis(ctx context.Context) (*orgv1.GenesisState, error) {
	gs := &orgv1.GenesisState{}
	var err error
	if gs.Params, err = k.Params(ctx); err != nil {
		return nil, err
	}
	if gs.NextOrgId, err = k.nextID.Peek(ctx); err != nil {
		return nil, err
	}
	if gs.Organisations, err = rows(ctx, k.organisations); err != nil {
		return nil, err
	}
	if gs.Devices, err = rows(ctx, k.devices); err != nil {
		return nil, err
	}
	if gs.Accreditations, err = rows(ctx, k.accreditations); err != nil {
		return nil, err
	}
	if gs.Recoveries, err = rows(ctx, k.recoveries); err != nil {
		return nil, err
	}
	err = k.quotas.Walk(ctx, nil, func(id uint64, q orgv1.Quota) (bool, error) {
		gs.Quotas = append(gs.Quotas, orgv1.OrgQuota{OrgId: id, Quota: q})
		return false, nil
	})
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
