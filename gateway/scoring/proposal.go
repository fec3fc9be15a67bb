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
	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
	"github.com/xinlian/xinlian/internal/canon"
	"github.com/xinlian/xinlian/internal/record"
	"github.com/xinlian/xinlian/scorecard"
	"github.com/xinlian/xinlian/zk"
)

// ExtractorHash names the pinned extractor: the feature set of a version, and the
// rules by which each document counts once.
func ExtractorHash(version uint32) [32]byte {
	return canon.New("extractor").Uint32(version).Uint32(identity.Version).MustSum()
}

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

// Basis is what a feature set is derived for: the version that the model wants,
// the enterprise and the day.
type Basis struct {
	Version    uint32
	Enterprise uint64
	AsOfDay    int64
}

// Propose derives a feature set from records that were opened under a consent,
// and commits to it under a fresh salt.
func Propose(ctx context.Context, c *chain.Client, on Basis, opened []*vault.Opened) (Proposal, error) {
	var salt [31]byte
	if _, err := rand.Read(salt[:]); err != nil {
		return Proposal{}, fmt.Errorf("drawing a salt: %w", err)
	}
	return Derive(ctx, c, on, opened, salt)
}

// Recompute derives a proposal again from records that the caller opened itself.
func Recompute(ctx context.Context, c *chain.Client, enterprise uint64, opened []*vault.Opened, p Proposal) (Proposal, error) {
	again, err := Derive(ctx, c, Basis{p.Set.Version, enterprise, int64(p.Set.AsOfDay)}, opened, p.Set.Salt)
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
			return Proposal{}, fmt.Errorf("%w: feature %s", ErrDiffers, scorecard.Definitions(p.Set.Version)[i].Name)
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
func Derive(ctx context.Context, c *chain.Client, on Basis, opened []*vault.Opened, salt [31]byte) (Proposal, error) {
	f, err := Extract(ctx, c, on, opened)
	if err != nil {
		return Proposal{}, err
	}
	p := Proposal{BatchIDs: f.BatchIDs, Set: zk.FeatureSet{
		Version: on.Version, Salt: salt, Enterprise: on.Enterprise, AsOfDay: uint32(on.AsOfDay),
		DataDigest: f.DataDigest, Features: f.Features,
	}}
	p.Commitment, err = zk.Commitment(p.Set)
	return p, err
}

// Extracted is a feature vector and the batches it comes from, without a commitment.
type Extracted struct {
	Features   []scorecard.Value
	BatchIDs   [][]byte // ascending
	DataDigest [32]byte
	Height     int64 // the block of the newest batch: the market is read as of it
}

// Extract derives features from opened records and from the market indices that
// lived at the block in which the newest of their batches was anchored. That
// block follows from the batches, so nobody chooses it, and whoever recomputes
// the features later reads the same market: it asks a node that keeps old state.
func Extract(ctx context.Context, c *chain.Client, on Basis, opened []*vault.Opened) (Extracted, error) {
	batches, err := anchored(ctx, c, on.Enterprise, opened)
	if err != nil {
		return Extracted{}, err
	}
	return extract(ctx, c, on, Standing(opened, batches), batches)
}

// extract derives features from records in the order in which they were anchored.
func extract(ctx context.Context, c *chain.Client, on Basis, opened []*vault.Opened, batches map[vault.ID]profilev1.Batch) (Extracted, error) {
	var x Extracted
	var err error
	var refs []zk.DataRef
	x.BatchIDs, refs = references(opened, batches)
	if x.DataDigest, err = zk.DataDigest(refs); err != nil {
		return Extracted{}, err
	}
	var records []*record.Record
	for _, o := range opened {
		if counts(o.Record, batches[o.Batch.ID].Anchor) {
			records = append(records, o.Record)
		}
		x.Height = max(x.Height, batches[o.Batch.ID].Height)
	}
	in := scorecard.Input{Records: identity.Sort(records).First, AsOfDay: on.AsOfDay}
	if in.Market, err = market(ctx, c, on.Version, in, x.Height); err != nil {
		return Extracted{}, err
	}
	if x.Features, err = scorecard.Extract(on.Version, in); err != nil {
		return Extracted{}, fmt.Errorf("deriving features: %w", err)
	}
	return x, nil
}

// counts is whether features may rest on a record of a batch. What counterparties
// confirm is nothing that an owner can declare: a source must have signed it.
func counts(r *record.Record, a profilev1.BatchAnchor) bool {
	return r.Schema.ID != record.Confirmation.ID || a.SourceClass == profilev1.SourceClass_SOURCE_CLASS_SIGNED
}

// market reads the indices that the features look at, as they lived at a block.
func market(ctx context.Context, c *chain.Client, version uint32, in scorecard.Input, height int64) (scorecard.Market, error) {
	names, err := scorecard.Indices(version, in.Records, in.AsOfDay)
	if err != nil {
		return nil, fmt.Errorf("deriving features: %w", err)
	}
	var m scorecard.Market
	for _, name := range names {
		r, err := c.Score.Index(chain.AtHeight(ctx, height), &scorev1.QueryIndexRequest{IndexId: name})
		if err != nil {
			return nil, fmt.Errorf("reading index %s at block %d, which takes a node that keeps old state: %w", name, height, err)
		}
		if r.Live {
			m = append(m, scorecard.Quote{Index: name, ValueBps: r.ValueBps})
		}
	}
	return m, nil
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
