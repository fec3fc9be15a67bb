package vault

import (
	"context"
	"fmt"
	"slices"

	"github.com/xinlian/xinlian/internal/record"
)

// provenSegmentsMax is how many segments' trees a vault keeps for the proofs that
// follow. A tree and its index take about 100 KiB, so that all of them take 13 MiB
// at most, and cover a batch of 131,072 records.
const provenSegmentsMax = 128

type segmentRef struct {
	batch  ID
	number int
}

// provenSegment is what the proofs of one segment's records are made of. It was
// checked against the manifest when it was read, and is never changed.
type provenSegment struct {
	manifest *manifest
	index    *segmentIndex
	tree     *record.Tree
	above    [][]byte // from the segment's root to the batch's
}

func newProvenSegment(m *manifest, s *segmentIndex) *provenSegment {
	return &provenSegment{manifest: m, index: s, tree: s.tree(), above: m.top().Path(int(s.number))}
}

// proof is that of entry i of the segment.
func (p *provenSegment) proof(i int) record.Proof {
	return record.Proof{
		Index: uint64(p.index.number)*SegmentRecords + uint64(i), Size: p.manifest.Count,
		Path: slices.Concat(p.tree.Path(i), p.above),
	}
}

// Proof is the inclusion proof and the leaf of a record. It reads one segment's
// index, once for a run of proofs in that segment, and costs the same in a batch
// of any size.
func (v *Vault) Proof(ctx context.Context, batch ID, index uint64) ([]byte, record.Proof, error) {
	leave, err := v.enter(ctx)
	if err != nil {
		return nil, record.Proof{}, err
	}
	defer leave()
	b, err := v.Batch(batch)
	if err != nil {
		return nil, record.Proof{}, err
	}
	s, err := v.locate(ctx, b, index)
	if err != nil {
		return nil, record.Proof{}, err
	}
	i := int(index % SegmentRecords)
	return slices.Clone(s.index.entries[i].leaf[:]), s.proof(i), nil
}

// forgetProven drops the trees of a batch that is gone.
func (v *Vault) forgetProven(batch ID) {
	for _, at := range v.proven.Keys() {
		if at.batch == batch {
			v.proven.Remove(at)
		}
	}
}

// locate is the segment of a record. The caller has found the batch, so that a
// tree that was put back after the batch went is never used.
func (v *Vault) locate(ctx context.Context, b BatchInfo, index uint64) (*provenSegment, error) {
	if index >= b.Count {
		return nil, fmt.Errorf("%w: record %d of batch %s", ErrNotFound, index, b.ID)
	}
	at := segmentRef{b.ID, int(index / SegmentRecords)}
	if s, ok := v.proven.Get(at); ok {
		return s, nil
	}
	m, err := v.loadManifest(b.Enterprise, b.ID)
	if err != nil {
		return nil, err
	}
	entries, err := loadIndex(ctx, v.blobs, m, at.number)
	if err != nil {
		return nil, err
	}
	s := newProvenSegment(m, entries)
	v.proven.Add(at, s)
	return s, nil
}
