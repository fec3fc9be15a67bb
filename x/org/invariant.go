package org

import (
	"bytes"
	"context"

	"cosmossdk.io/collections"

	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
)

// Invariant is a named check over the whole state. Tests run all of them after
// every step of a simulation, and an operator on a stopped node; a block never.
type Invariant struct {
	Name  string
	Check func(ctx context.Context) error
}

// Invariants are the rules of a genesis, asked of the living state, and what
// only a store can break.
func (k *Keeper) Invariants() []Invariant {
	var list []Invariant
	for _, r := range rules {
		list = append(list, Invariant{r.name, func(ctx context.Context) error {
			gs, err := k.ExportGenesis(ctx)
			if err != nil {
				return err
			}
			s, err := load(gs)
			if err != nil {
				return err
			}
			return r.check(s)
		}})
	}
	return append(
		list,
		Invariant{"tag-index", k.tagIndex},
		Invariant{"device-index", k.deviceIndex},
		Invariant{"device-account", k.deviceAccount},
	)
}

// tagIndex: every tag of an enterprise is its, no other is taken, and each epoch's
// enterprises are counted.
func (k *Keeper) tagIndex(ctx context.Context) error {
	taken := 0
	epochs := map[uint64]uint64{}
	err := k.organisations.Walk(ctx, nil, func(id uint64, o orgv1.Organisation) (bool, error) {
		if o.Kind != orgv1.OrgKind_ORG_KIND_ENTERPRISE {
			return false, nil
		}
		epochs[o.TagEpoch]++
		for _, tag := range tagsOf(o) {
			taken++
			got, err := k.tags.Get(ctx, tag)
			if err == nil && got != id {
				err = ErrTagTaken.Wrapf("organisation %d has the tag of %d", id, got)
			}
			if err != nil {
				return true, err
			}
		}
		return false, nil
	})
	if err != nil {
		return err
	}
	tags, err := rows(ctx, k.tags)
	if err == nil && len(tags) != taken {
		err = ErrGenesis.Wrapf("%d tags, enterprises have %d", len(tags), taken)
	}
	if err != nil {
		return err
	}
	counted := 0
	err = k.tagged.Walk(ctx, nil, func(epoch, n uint64) (bool, error) {
		counted++
		if epochs[epoch] != n {
			return true, ErrGenesis.Wrapf("%d enterprises counted under epoch %d, there are %d", n, epoch, epochs[epoch])
		}
		return false, nil
	})
	if err == nil && counted != len(epochs) {
		err = ErrGenesis.Wrapf("%d epochs counted, enterprises have %d", counted, len(epochs))
	}
	return err
}

// deviceIndex: byOrg lists every device, live those that are not revoked.
func (k *Keeper) deviceIndex(ctx context.Context) error {
	all, live := 0, 0
	err := k.devices.Walk(ctx, nil, func(addr []byte, d orgv1.Device) (bool, error) {
		all++
		wanted := d.Status != orgv1.DeviceStatus_DEVICE_STATUS_REVOKED
		if wanted {
			live++
		}
		got, err := k.devices.Indexes.live.keys.Has(ctx, collections.Join(d.OrgId, addr))
		if err == nil && got != wanted {
			err = ErrGenesis.Wrapf("device %s is %s, live index says %t", d.Address, d.Status, got)
		}
		return false, err
	})
	if err != nil {
		return err
	}
	err = k.devices.Indexes.byOrg.Walk(ctx, nil, func(orgID uint64, addr []byte) (bool, error) {
		all--
		d, err := k.device(ctx, addr)
		if err == nil && d.OrgId != orgID {
			err = ErrNotActing.Wrapf("device %s of %d is listed under %d", d.Address, d.OrgId, orgID)
		}
		return false, err
	})
	if err != nil {
		return err
	}
	err = k.devices.Indexes.live.keys.Walk(ctx, nil, func(collections.Pair[uint64, []byte]) (bool, error) {
		live--
		return false, nil
	})
	if err == nil && (all != 0 || live != 0) {
		err = ErrGenesis.Wrapf("the indexes miss %d of all and %d of the live devices", all, live)
	}
	return err
}

// deviceAccount: every device has an account with its key, or could never sign.
func (k *Keeper) deviceAccount(ctx context.Context) error {
	return k.devices.Walk(ctx, nil, func(addr []byte, d orgv1.Device) (bool, error) {
		acc := k.accounts.GetAccount(ctx, addr)
		if acc == nil || acc.GetPubKey() == nil || !bytes.Equal(acc.GetPubKey().Bytes(), d.Key.Key) {
			return true, ErrKey.Wrapf("account of device %s", d.Address)
		}
		return false, nil
	})
}
