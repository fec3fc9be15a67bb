package vault

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"

	"github.com/xinlian/xinlian/internal/canon"
	"github.com/xinlian/xinlian/internal/record"
)

// BatchRecordsMax bounds the records of one batch, as the chain does.
const BatchRecordsMax = 1 << 20

const segmentsMax = BatchRecordsMax / SegmentRecords

// BatchInfo describes a sealed batch. All of it but Source and Origin goes into
// the anchor on chain.
type BatchInfo struct {
	Suite      Suite
	ID         ID
	Enterprise uint64
	Category   record.Category
	Epoch      uint32
	Source     uint64 // organisation that provided the records, 0 for the owner
	Origin     ID     // document the records were read from, zero where there is none
	SchemaID   string
	Version    uint16 // of the schema
	Count      uint64
	FromDay    int64 // of the earliest record, days since 1970-01-01
	ToDay      int64 // of the latest
	Months     Months
	Root       [record.HashBytes]byte
}

// Place is where the record at index belongs.
func (b *BatchInfo) Place(index uint64) Place {
	return Place{
		Suite: b.Suite, Mode: ModeSingle, Enterprise: b.Enterprise, Category: b.Category, Epoch: b.Epoch,
		Batch: b.ID, Index: index, SchemaID: b.SchemaID, Version: b.Version,
	}
}

func (b *BatchInfo) write(w *canon.Writer) *canon.Writer {
	return w.String(string(b.Suite)).Fixed(b.ID[:]).Uint64(b.Enterprise).Uint8(uint8(b.Category)).Uint32(b.Epoch).
		Uint64(b.Source).Fixed(b.Origin[:]).String(b.SchemaID).Uint16(b.Version).Uint64(b.Count).
		Int64(b.FromDay).Int64(b.ToDay).Uint32(b.Months.From).Uint32(b.Months.To).Fixed(b.Root[:])
}

func readBatchInfo(r *canon.Reader) (b BatchInfo) {
	b.Suite = Suite(r.String())
	copy(b.ID[:], r.Fixed(IDBytes))
	b.Enterprise, b.Category, b.Epoch, b.Source = r.Uint64(), record.Category(r.Uint8()), r.Uint32(), r.Uint64()
	copy(b.Origin[:], r.Fixed(IDBytes))
	b.SchemaID, b.Version, b.Count = r.String(), r.Uint16(), r.Uint64()
	b.FromDay, b.ToDay = r.Int64(), r.Int64()
	b.Months = Months{r.Uint32(), r.Uint32()}
	copy(b.Root[:], r.Fixed(len(b.Root)))
	return b
}

// manifest is a batch and its segments. Writing it commits the batch: segments
// without one are never referenced.
type manifest struct {
	BatchInfo

	segments []segmentInfo
}

// top is the tree over the roots of the segments; its root is the batch's.
func (m *manifest) top() *record.Tree {
	roots := make([]hash, len(m.segments))
	for i, s := range m.segments {
		roots[i] = s.root
	}
	return record.NewTree(roots)
}

func (m *manifest) encoded() ([]byte, error) {
	w := m.write(canon.New("manifest")).Uint32(uint32(len(m.segments)))
	for _, s := range m.segments {
		w.Uint32(s.records).Uint32(s.indexBytes).Uint32(s.bodyBytes).Fixed(s.indexHash[:]).Fixed(s.root[:]).
			Uint32(s.months.From).Uint32(s.months.To)
	}
	return w.Encoded()
}

func decodeManifest(b []byte) (*manifest, error) {
	r := canon.Open("manifest", b)
	m := &manifest{BatchInfo: readBatchInfo(r)}
	n := r.Uint32()
	if n == 0 || n > segmentsMax {
		return nil, fmt.Errorf("%w: manifest of %d segments", ErrDamaged, n)
	}
	var count uint64
	for range n {
		s := segmentInfo{records: r.Uint32(), indexBytes: r.Uint32(), bodyBytes: r.Uint32()}
		copy(s.indexHash[:], r.Fixed(len(s.indexHash)))
		copy(s.root[:], r.Fixed(len(s.root)))
		s.months = Months{r.Uint32(), r.Uint32()}
		m.segments = append(m.segments, s)
		count += uint64(s.records)
	}
	if err := r.Done(); err != nil {
		return nil, fmt.Errorf("%w: manifest: %w", ErrDamaged, err)
	}
	if count != m.Count || m.top().Root() != m.Root {
		return nil, fmt.Errorf("%w: manifest of batch %s does not add up", ErrDamaged, m.ID)
	}
	return m, m.Suite.check()
}

func (v *Vault) manifestDir(enterprise uint64) string {
	return filepath.Join(v.dir, "manifests", strconv.FormatUint(enterprise, 10))
}

func (v *Vault) manifestFile(enterprise uint64, batch ID) string {
	return filepath.Join(v.manifestDir(enterprise), batch.String())
}

func (v *Vault) saveManifest(m *manifest) error {
	b, err := m.encoded()
	if err != nil {
		return err
	}
	if err := makeDir(v.manifestDir(m.Enterprise)); err != nil {
		return err
	}
	return v.files.write(v.manifestFile(m.Enterprise, m.ID), b)
}

func (v *Vault) loadManifest(enterprise uint64, batch ID) (*manifest, error) {
	b, err := readFile(v.manifestFile(enterprise, batch))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: manifest of batch %s is missing", ErrDamaged, batch)
	}
	if err != nil {
		return nil, err
	}
	m, err := decodeManifest(b)
	if err != nil {
		return nil, err
	}
	if m.Enterprise != enterprise || m.ID != batch {
		return nil, fmt.Errorf("%w: manifest of batch %s is another's", ErrDamaged, batch)
	}
	return m, nil
}
