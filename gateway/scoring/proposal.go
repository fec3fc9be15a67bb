package scoring

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"

	"github.com/xinlian/xinlian/gateway/chain"
	"github.com/xinlian/xinlian/gateway/identity"
	"github.com/xinlian/xinlian/gateway/vault"
	attestationv1 "github.com/xinlian/xinlian/gen/xinlian/attestation/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/internal/canon"
	"github.com/xinlian/xinlian/internal/record"
	"github.com/xinlian/xinlian/scorecard"
	"github.com/xinlian/xinlian/zk"
)

// ExtractorHash names the pinned extractor: the feature set of this version, and
// the rules by which each document counts once.
var ExtractorHash = canon.New("extractor").Uint32(scorecard.FeatureSet1).Uint32(identity.Version).MustSum()

// ErrDiffers says that a feature set derived again is not the proposed one.
var ErrDiffers = errors.New("scoring: the features derived from the records differ from the proposal")

// Proposal is a feature set with the batches it was derived from. Its salt and
// values are the borrower's secret; the chain sees only the commitment.
type Proposal struct {
	Set        zk.FeatureSet
	BatchIDs   [][]byte // ascending
	Commitment [32]byte
}

// Statement is what attestors sign about the proposal.
func (p Proposal) Statement() attestationv1.FeatureStatement {
	return attestationv1.FeatureStatement{
		FeatureSetVersion: p.Set.Version, AsOfDay: p.Set.AsOfDay, DataDigest: p.Set.DataDigest[:], Commitment: p.Commitment[:],
	}
}

// Propose derives a feature set from records that were opened under a consent,
// as of a day, and commits to it under a fresh salt.
func Propose(ctx context.Context, c *chain.Client, enterprise uint64, opened []*vault.Opened, asOfDay int64) (Proposal, error) {
	var salt [31]byte
	if _, err := rand.Read(salt[:]); err != nil {
		return Proposal{}, fmt.Errorf("drawing a salt: %w", err)
	}
	return Derive(ctx, c, enterprise, opened, asOfDay, salt)
}

// Recompute derives a proposal again from records that the caller opened itself.
func Recompute(ctx context.Context, c *chain.Client, enterprise uint64, opened []*vault.Opened, p Proposal) (Proposal, error) {
	again, err := Derive(ctx, c, enterprise, opened, int64(p.Set.AsOfDay), p.Set.Salt)
	if err != nil {
		return Proposal{}, err
	}
	switch {
	case p.Set.Enterprise != enterprise:
		return Proposal{}, fmt.Errorf("%w: it is about enterprise %d", ErrDiffers, p.Set.Enterprise)
	case !slices.EqualFunc(p.BatchIDs, again.BatchIDs, bytes.Equal):
		return Proposal{}, fmt.Errorf("%w: it rests on other batches", ErrDiffers)
	case p.Set.DataDigest != again.Set.DataDigest:
		return Proposal{}, fmt.Errorf("%w: its data digest", ErrDiffers)
	}
	for i, v := range again.Set.Features {
		if i >= len(p.Set.Features) || p.Set.Features[i] != v {
			return Proposal{}, fmt.Errorf("%w: feature %d", ErrDiffers, i)
		}
	}
	if p.Commitment != again.Commitment {
		return Proposal{}, fmt.Errorf("%w: its commitment", ErrDiffers)
	}
	return again, nil
}

// Derive derives a feature set under a salt that is already drawn. Batches that
// their source has replaced count for nothing, and each document counts once,
// as it was anchored first, whatever sources gave it.
func Derive(ctx context.Context, c *chain.Client, enterprise uint64, opened []*vault.Opened, asOfDay int64, salt [31]byte) (Proposal, error) {
	batches, err := anchored(ctx, c, enterprise, opened)
	if err != nil {
		return Proposal{}, err
	}
	opened = Standing(opened, batches)
	ids, refs := references(opened, batches)
	digest, err := zk.DataDigest(refs)
	if err != nil {
		return Proposal{}, err
	}
	records := make([]*record.Record, len(opened))
	for i, o := range opened {
		records[i] = o.Record
	}
	features, err := scorecard.Extract(identity.Sort(records).First, asOfDay)
	if err != nil {
		return Proposal{}, fmt.Errorf("deriving features: %w", err)
	}
	p := Proposal{BatchIDs: ids, Set: zk.FeatureSet{
		Version: scorecard.FeatureSet1, Salt: salt, Enterprise: enterprise, AsOfDay: uint32(asOfDay),
		DataDigest: digest, Features: features,
	}}
	p.Commitment, err = zk.Commitment(p.Set)
	return p, err
}

// anchored reads the batches of the opened records as the chain has them.
func anchored(ctx context.Context, c *chain.Client, enterprise uint64, opened []*vault.Opened) (map[vault.ID]profilev1.Batch, error) {
	batches := map[vault.ID]profilev1.Batch{}
	for _, o := range opened {
		if _, ok := batches[o.Batch.ID]; ok {
			continue
		}
		r, err := c.Profile.Batch(ctx, &profilev1.QueryBatchRequest{BatchId: o.Batch.ID[:]})
		if err != nil {
			return nil, fmt.Errorf("reading batch %s: %w", o.Batch.ID, err)
		}
		if r.Batch.EnterpriseId != enterprise {
			return nil, fmt.Errorf("batch %s is not of enterprise %d", o.Batch.ID, enterprise)
		}
		batches[o.Batch.ID] = r.Batch
	}
	return batches, nil
}

// Standing lists the records of batches that are not superseded: what sources
// signed before what owners declare, then in the order in which they were anchored:
// by block, stream and number, then place in the batch.
func Standing(opened []*vault.Opened, batches map[vault.ID]profilev1.Batch) []*vault.Opened {
	var list []*vault.Opened
	for _, o := range opened {
		if batches[o.Batch.ID].Status != profilev1.BatchStatus_BATCH_STATUS_SUPERSEDED {
			list = append(list, o)
		}
	}
	slices.SortStableFunc(list, func(x, y *vault.Opened) int {
		a, b := batches[x.Batch.ID], batches[y.Batch.ID]
		return cmp.Or(cmp.Compare(a.Anchor.SourceClass, b.Anchor.SourceClass), cmp.Compare(a.Height, b.Height), cmp.Compare(a.Anchor.Source, b.Anchor.Source), cmp.Compare(a.Anchor.SchemaId, b.Anchor.SchemaId),
			cmp.Compare(a.Anchor.Sequence, b.Anchor.Sequence), cmp.Compare(x.Proof.Index, y.Proof.Index))
	})
	return list
}

// references lists the batches of the opened records, ascending, and what the
// data digest says of each.
func references(opened []*vault.Opened, batches map[vault.ID]profilev1.Batch) ([][]byte, []zk.DataRef) {
	seen := map[vault.ID]bool{}
	var ids [][]byte
	var refs []zk.DataRef
	for _, o := range opened {
		if seen[o.Batch.ID] {
			continue
		}
		seen[o.Batch.ID] = true
		a := batches[o.Batch.ID].Anchor
		ids = append(ids, bytes.Clone(o.Batch.ID[:]))
		refs = append(refs, zk.DataRef{
			BatchID: o.Batch.ID, Root: o.Batch.Root, SourceOrg: a.SourceOrgId,
			SchemaID: a.SchemaId, SchemaVersion: uint16(a.SchemaVersion), Sequence: a.Sequence,
		})
	}
	slices.SortFunc(ids, bytes.Compare)
	return ids, refs
}
