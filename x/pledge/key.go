package pledge

import (
	"bytes"
	"context"
	"errors"
	"math"
	"slices"

	"cosmossdk.io/collections"

	pledgev1 "github.com/xinlian/xinlian/gen/xinlian/pledge/v1"
)

const (
	keyActive   = pledgev1.KeyStatus_KEY_STATUS_ACTIVE
	keyRetiring = pledgev1.KeyStatus_KEY_STATUS_RETIRING
	keyRetired  = pledgev1.KeyStatus_KEY_STATUS_RETIRED
	keyProposed = pledgev1.KeyStatus_KEY_STATUS_PROPOSED
)

// checked lists the keys whose tags count: the active one, last, and the one
// before while it is retiring. Empty before the first ceremony.
func (k *Keeper) checked(ctx context.Context) ([]pledgev1.Key, error) {
	var list []pledgev1.Key
	err := k.keys.Walk(ctx, new(collections.Range[uint64]).Descending(), func(_ uint64, key pledgev1.Key) (bool, error) {
		if key.Status == keyRetired {
			return true, nil
		}
		list = append(list, key)
		return false, nil
	})
	slices.Reverse(list)
	return list, err
}

// active is the key that makes tags, or ErrNoKey.
func (k *Keeper) active(ctx context.Context) (pledgev1.Key, error) {
	list, err := k.checked(ctx)
	if err == nil && len(list) == 0 {
		err = ErrNoKey
	}
	if err != nil {
		return pledgev1.Key{}, err
	}
	return list[len(list)-1], nil
}

// waiting is the proposed key, nil where there is none.
func (k *Keeper) waiting(ctx context.Context) (*pledgev1.Key, error) {
	key, err := k.proposal.Get(ctx)
	if errors.Is(err, collections.ErrNotFound) {
		return nil, nil
	}
	return &key, err
}

// place numbers a proposed key: the next sharing of the active one where the
// points are the same, else the first of the next epoch.
func place(checked []pledgev1.Key, point []byte) (epoch uint64, sharing uint32, err error) {
	if len(checked) == 0 {
		return 1, 1, nil
	}
	last := checked[len(checked)-1]
	if bytes.Equal(last.Point, point) {
		return last.Epoch, last.Sharing + 1, nil
	}
	if len(checked) > 1 {
		return 0, 0, ErrRetiring.Wrapf("epoch %d", checked[0].Epoch)
	}
	return last.Epoch + 1, 1, nil
}

// activate lets a key count that every holder has confirmed.
func (k *Keeper) activate(ctx context.Context, key pledgev1.Key) error {
	key.Status, key.ChangedAt = keyActive, now(ctx)
	if err := k.proposal.Remove(ctx); err != nil {
		return err
	}
	if err := k.setKey(ctx, key); err != nil {
		return err
	}
	if key.Epoch == 1 || key.Sharing > 1 {
		return nil
	}
	before, err := k.keys.Get(ctx, key.Epoch-1)
	if err != nil {
		return err
	}
	n, err := k.holding(ctx, before.Epoch)
	if err != nil {
		return err
	}
	before.Status, before.ChangedAt = keyRetiring, now(ctx)
	if n == 0 {
		before.Status = keyRetired
	}
	return k.setKey(ctx, before)
}

func (k *Keeper) setKey(ctx context.Context, key pledgev1.Key) error {
	if err := k.keys.Set(ctx, key.Epoch, key); err != nil {
		return err
	}
	return emit(ctx, &pledgev1.EventKeyChanged{Epoch: key.Epoch, Sharing: key.Sharing, Status: key.Status})
}

// holding counts the holding statements that have no tag newer than the epoch's.
func (k *Keeper) holding(ctx context.Context, epoch uint64) (uint64, error) {
	n, err := k.held.Get(ctx, epoch)
	if errors.Is(err, collections.ErrNotFound) {
		return 0, nil
	}
	return n, err
}

// keep counts one holding statement more whose newest tag is the epoch's.
func (k *Keeper) keep(ctx context.Context, epoch uint64) error {
	n, err := k.holding(ctx, epoch)
	if err != nil {
		return err
	}
	return k.held.Set(ctx, epoch, n+1)
}

// drop counts one less. The last one of a retiring key retires it.
func (k *Keeper) drop(ctx context.Context, epoch uint64) error {
	n, err := k.holding(ctx, epoch)
	if err != nil {
		return err
	}
	if n > 1 {
		return k.held.Set(ctx, epoch, n-1)
	}
	if err := k.held.Remove(ctx, epoch); err != nil {
		return err
	}
	key, err := k.keys.Get(ctx, epoch)
	if err != nil || key.Status != keyRetiring {
		return err
	}
	key.Status, key.ChangedAt = keyRetired, now(ctx)
	return k.setKey(ctx, key)
}

// keyShape is nil for a key of the form that members share. The points are not
// computed with: that they lie on one polynomial is what each holder confirms.
func keyShape(key pledgev1.Key) error {
	n := len(key.Shares)
	if n == 0 || n > HoldersMax {
		return ErrKeyShape.Wrapf("got %d shares, want 1 to %d", n, HoldersMax)
	}
	if t := int(key.Threshold); t < 2*n/3+1 || t > n {
		return ErrKeyShape.Wrapf("got threshold %d of %d, want %d to %d", t, n, 2*n/3+1, n)
	}
	if err := hashes(namedBytes{"point", key.Point}, namedBytes{"transcript_hash", key.TranscriptHash}); err != nil {
		return err
	}
	var holders []uint64
	for i, s := range key.Shares {
		if err := hash("share", s.Point); err != nil {
			return err
		}
		if s.Index == 0 || s.Index > math.MaxUint16 || i > 0 && s.Index <= key.Shares[i-1].Index {
			return ErrKeyShape.Wrapf("share %d has index %d, want ascending to %d", i, s.Index, math.MaxUint16)
		}
		if s.OrgId == 0 || slices.Contains(holders, s.OrgId) {
			return ErrKeyShape.Wrapf("share %d is of organisation %d, want each once", i, s.OrgId)
		}
		holders = append(holders, s.OrgId)
	}
	return nil
}

// holdsShare tells whether the organisation holds one of the key's shares.
func holdsShare(key pledgev1.Key, orgID uint64) bool {
	return slices.ContainsFunc(key.Shares, func(s pledgev1.KeyShare) bool { return s.OrgId == orgID })
}
