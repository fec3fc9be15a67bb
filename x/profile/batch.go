package profile

import (
	"context"

	"cosmossdk.io/collections"

	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
)

// Batch is an anchored batch, or ErrNotFound.
func (k *Keeper) Batch(ctx context.Context, id []byte) (profilev1.Batch, error) {
	b, found, err := lookup(k.batches.Get(ctx, id))
	if err == nil && !found {
		err = ErrNotFound.Wrapf("batch %x", clip(id))
	}
	return b, err
}

// Streams lists the heads of an enterprise's streams by source and schema, at most StreamsMax.
func (k *Keeper) Streams(ctx context.Context, enterprise uint64) ([]profilev1.Stream, error) {
	var all []profilev1.Stream
	err := k.streams.Walk(ctx, collections.NewPrefixedTripleRange[uint64, string, string](enterprise),
		func(_ streamKey, s profilev1.Stream) (bool, error) {
			all = append(all, s)
			return false, nil
		})
	return all, err
}

// StreamBatches lists the newest limit batches of a stream in ascending order of
// sequence, superseded and disputed ones included; none for an unknown stream.
func (k *Keeper) StreamBatches(ctx context.Context, enterprise uint64, source, schema string, limit int) ([]profilev1.Batch, error) {
	s, found, err := lookup(k.streams.Get(ctx, collections.Join3(enterprise, source, schema)))
	if err != nil || !found || limit < 1 {
		return nil, err
	}
	first := uint64(1)
	if s.Sequence > uint64(limit) {
		first = s.Sequence - uint64(limit) + 1
	}
	all := make([]profilev1.Batch, 0, s.Sequence-first+1)
	for n := first; n <= s.Sequence; n++ {
		b, err := k.batchAt(ctx, enterprise, source, schema, n)
		if err != nil {
			return nil, err
		}
		all = append(all, b)
	}
	return all, nil
}

// SetDisputed marks a batch as contested, or clears the mark. A superseded batch
// stays superseded: disputing it is ErrSupersede, clearing it changes nothing.
func (k *Keeper) SetDisputed(ctx context.Context, batchID []byte, disputed bool) error {
	b, err := k.Batch(ctx, batchID)
	if err != nil {
		return err
	}
	if b.Status == profilev1.BatchStatus_BATCH_STATUS_SUPERSEDED {
		if disputed {
			return ErrSupersede.Wrap("a replaced batch counts for nothing and cannot be disputed")
		}
		return nil
	}
	b.Status = profilev1.BatchStatus_BATCH_STATUS_LIVE
	if disputed {
		b.Status = profilev1.BatchStatus_BATCH_STATUS_DISPUTED
	}
	return k.batches.Set(ctx, batchID, b)
}

func (k *Keeper) batchAt(ctx context.Context, enterprise uint64, source, schema string, sequence uint64) (profilev1.Batch, error) {
	id, err := k.batches.Indexes.stream.MatchExact(ctx, collections.Join4(enterprise, source, schema, sequence))
	if err != nil {
		return profilev1.Batch{}, ErrInvariant.Wrapf("batch %d of a stream: %v", sequence, err)
	}
	return k.Batch(ctx, id)
}

// head is the stream an anchor belongs to and its last batch, zeros for a new stream.
func (k *Keeper) head(ctx context.Context, enterprise uint64, a profilev1.BatchAnchor) (s profilev1.Stream, last profilev1.Batch, err error) {
	s, found, err := lookup(k.streams.Get(ctx, collections.Join3(enterprise, a.Source, a.SchemaId)))
	if err != nil {
		return s, last, err
	}
	if found {
		last, err = k.batchAt(ctx, enterprise, a.Source, a.SchemaId, s.Sequence)
		return s, last, err
	}
	others, err := k.Streams(ctx, enterprise)
	if err == nil && len(others) >= StreamsMax {
		err = ErrTooMany.Wrapf("enterprise %d has %d streams", enterprise, len(others))
	}
	return profilev1.Stream{EnterpriseId: enterprise, Source: a.Source, SchemaId: a.SchemaId}, last, err
}

// place decides where an anchor goes: the stream after it and the days missing
// before it.
func (k *Keeper) place(ctx context.Context, enterprise uint64, a profilev1.BatchAnchor) (profilev1.Stream, uint32, error) {
	s, last, err := k.head(ctx, enterprise, a)
	if err != nil {
		return s, 0, err
	}
	if len(a.Supersedes) == 0 {
		return extend(s, last, a)
	}
	old, err := k.Batch(ctx, a.Supersedes)
	if err != nil {
		return s, 0, err
	}
	return supersede(s, last, old, a)
}

// store writes a checked batch and its stream, and marks the batch it replaces.
func (k *Keeper) store(ctx context.Context, b profilev1.Batch, s profilev1.Stream) error {
	if len(b.Anchor.Supersedes) != 0 {
		old, err := k.Batch(ctx, b.Anchor.Supersedes)
		if err != nil {
			return err
		}
		old.Status = profilev1.BatchStatus_BATCH_STATUS_SUPERSEDED
		if err := k.batches.Set(ctx, b.Anchor.Supersedes, old); err != nil {
			return err
		}
	}
	if err := k.batches.Set(ctx, b.Anchor.BatchId, b); err != nil {
		return err
	}
	if err := k.anchored.Set(ctx, collections.Join3(b.EnterpriseId, uint64(b.Height), b.Anchor.BatchId)); err != nil {
		return err
	}
	return k.streams.Set(ctx, collections.Join3(s.EnterpriseId, s.Source, s.SchemaId), s)
}
