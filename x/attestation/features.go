package attestation

import (
	"bytes"
	"context"
	"errors"
	"math"

	"cosmossdk.io/collections"

	attestationv1 "github.com/xinlian/xinlian/gen/xinlian/attestation/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/zk"
)

// FeatureAttestations lists the live words that stand by a commitment of an
// enterprise, by feature set version and attestor. An attestor's newer feature
// statement of the same version takes its word away from the older one.
func (k *Keeper) FeatureAttestations(ctx context.Context, enterprise uint64, commitment []byte) ([]attestationv1.Attestation, error) {
	words, err := k.featureWordsOf(ctx, collections.NewPrefixedTripleRange[uint64, uint32, uint64](enterprise))
	if err != nil {
		return nil, err
	}
	var list []attestationv1.Attestation
	for _, a := range words {
		if bytes.Equal(a.Features.Commitment, commitment) {
			list = append(list, a)
		}
	}
	return list, nil
}

// NewestFeatures is the newest feature statement of that version that any
// attestor's live word stands by, and the height at which it was made; false
// when there is none. The later as-of day is newer, then the later statement.
func (k *Keeper) NewestFeatures(ctx context.Context, enterprise uint64, version uint32) (attestationv1.FeatureStatement, int64, bool, error) {
	words, err := k.featureWordsOf(ctx, collections.NewSuperPrefixedTripleRange[uint64, uint32, uint64](enterprise, version))
	if err != nil || len(words) == 0 {
		return attestationv1.FeatureStatement{}, 0, false, err
	}
	newest := words[0]
	for _, a := range words[1:] {
		if newer(a, newest) {
			newest = a
		}
	}
	return *newest.Features, newest.Height, true, nil
}

func newer(a, b attestationv1.Attestation) bool {
	if a.Features.AsOfDay != b.Features.AsOfDay {
		return a.Features.AsOfDay > b.Features.AsOfDay
	}
	return a.Id > b.Id
}

// featureWordsOf lists the live words in a range, in key order. There are as many
// as attestors that spoke, for each version.
func (k *Keeper) featureWordsOf(ctx context.Context, rng collections.Ranger[featureKey]) ([]attestationv1.Attestation, error) {
	var list []attestationv1.Attestation
	err := k.featureWords.Walk(ctx, rng, func(_ featureKey, id uint64) (bool, error) {
		a, err := k.Attestation(ctx, id)
		if err == nil && live(a, now(ctx)) == nil {
			list = append(list, a)
		}
		return false, err
	})
	return list, err
}

// standsBy is the attestor's live word of that version about the enterprise.
func (k *Keeper) standsBy(ctx context.Context, enterprise uint64, version uint32, attestor uint64) (attestationv1.Attestation, bool, error) {
	id, err := k.featureWords.Get(ctx, collections.Join3(enterprise, version, attestor))
	if errors.Is(err, collections.ErrNotFound) {
		return attestationv1.Attestation{}, false, nil
	}
	if err != nil {
		return attestationv1.Attestation{}, false, err
	}
	a, err := k.Attestation(ctx, id)
	return a, err == nil && live(a, now(ctx)) == nil, err
}

// DataDigest is the digest of batches as feature statements carry it: over batch
// id, root, source, schema and sequence, in order of batch id. ErrDigest when a
// row is outside the bounds of the digest.
func DataDigest(batches []profilev1.Batch) ([32]byte, error) {
	refs := make([]zk.DataRef, len(batches))
	for i, b := range batches {
		a := b.Anchor
		if len(a.BatchId) != HashBytes || len(a.Root) != HashBytes || a.SchemaVersion > math.MaxUint16 {
			return [32]byte{}, ErrDigest.Wrapf("batch %x has an odd anchor", a.BatchId)
		}
		refs[i] = zk.DataRef{
			BatchID: [32]byte(a.BatchId), Root: [32]byte(a.Root), SourceOrg: a.SourceOrgId,
			SchemaID: a.SchemaId, SchemaVersion: uint16(a.SchemaVersion), Sequence: a.Sequence,
		}
	}
	sum, err := zk.DataDigest(refs)
	if err != nil {
		return sum, ErrDigest.Wrap(err.Error())
	}
	return sum, nil
}
