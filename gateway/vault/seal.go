package vault

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"iter"

	"github.com/xinlian/xinlian/internal/record"
)

// Batch is records of one schema to encrypt and store together.
type Batch struct {
	Enterprise uint64
	Epoch      uint32 // 0 is the current one; any other must be current
	Source     uint64 // organisation that provided the records, 0 for the owner
	Origin     ID     // stored document the records were read from, or zero
	Schema     *record.Schema
	Records    iter.Seq2[*record.Record, error] // an error ends the sealing
}

// List makes the Records of a Batch from a slice.
func List(records []*record.Record) iter.Seq2[*record.Record, error] {
	return func(yield func(*record.Record, error) bool) {
		for _, r := range records {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// Seal encrypts a batch, stores it and returns what to anchor. When it returns
// without an error the batch is on disk; with one, nothing of it is referenced.
// The batch can be read under a consent once the chain has its anchor. Memory is
// bounded by one segment, whatever the size of the batch.
func (v *Vault) Seal(ctx context.Context, b Batch) (BatchInfo, error) {
	leave, err := v.enter(ctx)
	if err != nil {
		return BatchInfo{}, err
	}
	leave() // the records may come slowly: nobody waits for them
	if b.Schema == nil || b.Schema.Index(dateField) < 0 {
		return BatchInfo{}, fmt.Errorf("%w: the schema has no date", ErrBatch)
	}
	if b.Origin != (ID{}) {
		if d, err := v.Document(b.Origin); err != nil || d.Enterprise != b.Enterprise {
			return BatchInfo{}, fmt.Errorf("%w: origin %s is not a document of the enterprise", ErrBatch, b.Origin)
		}
	}
	epoch, err := v.epochFor(b.Enterprise, b.Schema.Category, b.Epoch)
	if err != nil {
		return BatchInfo{}, err
	}
	id, err := v.beginAttempt()
	if err != nil {
		return BatchInfo{}, err
	}
	s := newSealer(v, b, id, epoch)
	if err := s.run(ctx, b.Records); err != nil {
		return BatchInfo{}, errors.Join(fmt.Errorf("sealing a batch: %w", err), v.abandon(ctx, id))
	}
	err = v.commit(ctx, id, b.Enterprise, func() error {
		if err := v.saveManifest(&s.manifest); err != nil {
			return err
		}
		v.mu.Lock()
		defer v.mu.Unlock()
		v.batches[id] = s.manifest.BatchInfo
		return nil
	})
	if err != nil {
		return BatchInfo{}, fmt.Errorf("committing a batch: %w", err)
	}
	return s.manifest.BatchInfo, nil
}

// commit saves an attempt's manifest, unless the enterprise was erased while it
// was being encrypted. An attempt whose commit failed half-way is settled by the
// next Open, by whether its manifest is there.
func (v *Vault) commit(ctx context.Context, id ID, enterprise uint64, save func() error) error {
	leave, err := v.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	gone, err := v.keys.Erased(enterprise)
	if err != nil || gone {
		return errors.Join(err, erasedIf(gone, enterprise), v.abandon(ctx, id))
	}
	if err := save(); err != nil {
		return err
	}
	return v.finishAttempt(id)
}

// epochFor is the epoch to seal under.
func (v *Vault) epochFor(enterprise uint64, c record.Category, want uint32) (uint32, error) {
	current, err := v.keys.Ensure(enterprise, c)
	if err != nil {
		return 0, err
	}
	if want != 0 && want != current {
		return 0, fmt.Errorf("%w: %d, current is %d", ErrEpoch, want, current)
	}
	return current, nil
}

// dateField is the field of every schema whose month chooses the period key.
const dateField = "date"

// sealer is one sealing under way.
type sealer struct {
	vault    *Vault
	schema   *record.Schema
	manifest manifest
	segment  segmentWriter
	periods  map[uint32]Key
}

func newSealer(v *Vault, b Batch, id ID, epoch uint32) *sealer {
	s := &sealer{vault: v, schema: b.Schema, periods: map[uint32]Key{}}
	s.manifest.BatchInfo = BatchInfo{
		Suite: v.cfg.Suite, ID: id, Enterprise: b.Enterprise, Category: b.Schema.Category, Epoch: epoch,
		Source: b.Source, Origin: b.Origin, SchemaID: b.Schema.ID, Version: b.Schema.Version,
	}
	s.segment.index = segmentIndex{suite: v.cfg.Suite, batch: id}
	return s
}

func (s *sealer) run(ctx context.Context, records iter.Seq2[*record.Record, error]) error {
	for r, err := range records {
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if s.manifest.Count == BatchRecordsMax {
			return fmt.Errorf("%w: more than %d records", ErrBatch, BatchRecordsMax)
		}
		if err := s.add(r); err != nil {
			return fmt.Errorf("record %d: %w", s.manifest.Count, err)
		}
		if len(s.segment.index.entries) == SegmentRecords {
			if err := s.flush(ctx); err != nil {
				return err
			}
		}
	}
	if s.manifest.Count == 0 {
		return fmt.Errorf("%w: no records", ErrBatch)
	}
	if len(s.segment.index.entries) > 0 {
		if err := s.flush(ctx); err != nil {
			return err
		}
	}
	s.manifest.Root = s.manifest.top().Root()
	return nil
}

func (s *sealer) add(r *record.Record) error {
	if r == nil || r.Schema != s.schema {
		return fmt.Errorf("%w: a record of another schema", ErrBatch)
	}
	day, ok := r.Int(dateField)
	if !ok {
		return fmt.Errorf("%w: a record without a date", ErrBatch)
	}
	plain, err := r.Canonical()
	if err != nil {
		return err
	}
	if len(plain) > record.CanonicalBytesMax {
		return fmt.Errorf("%w: a record of %d bytes", ErrBatch, len(plain))
	}
	month := record.Month(day)
	period, err := s.period(month)
	if err != nil {
		return err
	}
	place := s.manifest.Place(s.manifest.Count)
	key, err := RecordKey(place.Suite, []Key{period}, ModeSingle, place.Batch, place.Index)
	if err != nil {
		return err
	}
	salt := make([]byte, record.SaltBytes)
	rand.Read(salt)
	ct, err := sealSingle(place, key, salt, plain)
	if err != nil {
		return err
	}
	leaf := hash(record.LeafHash(place.Enterprise, s.schema, salt, plain))
	s.segment.add(segmentEntry{month: month, length: uint32(len(ct)), leaf: leaf}, ct)
	s.extend(day, month)
	return nil
}

// extend counts a record and stretches the batch's range to it.
func (s *sealer) extend(day int64, month uint32) {
	m := &s.manifest
	if m.Count == 0 {
		m.FromDay, m.ToDay, m.Months = day, day, Months{month, month}
	}
	m.FromDay, m.ToDay = min(m.FromDay, day), max(m.ToDay, day)
	m.Months = Months{min(m.Months.From, month), max(m.Months.To, month)}
	m.Count++
}

func (s *sealer) period(month uint32) (Key, error) {
	if k, ok := s.periods[month]; ok {
		return k, nil
	}
	k, err := s.vault.keys.periodKey(s.manifest.Enterprise, s.manifest.Category, s.manifest.Epoch, month)
	if err == nil {
		s.periods[month] = k
	}
	return k, err
}

func (s *sealer) flush(ctx context.Context) error {
	info, err := s.segment.flush(ctx, s.vault.blobs)
	if err == nil {
		s.manifest.segments = append(s.manifest.segments, info)
	}
	return err
}

// anchoredBatch is a batch of this vault and its anchor on chain, which fit.
func (v *Vault) anchoredBatch(ctx context.Context, batch ID) (BatchInfo, Anchor, error) {
	b, err := v.Batch(batch)
	if err != nil {
		return BatchInfo{}, Anchor{}, err
	}
	anchor, err := v.cfg.Chain.Anchored(ctx, batch)
	if err != nil {
		return BatchInfo{}, Anchor{}, err
	}
	return b, anchor, anchor.check(&b)
}

// OpenRecord decrypts one record for its owner and for the custodian's own
// work, recomputes its leaf and proves it against the anchored root. It is never
// a lender's way to a record: lenders use Read, which hands out no plaintext.
func (v *Vault) OpenRecord(ctx context.Context, batch ID, index uint64) (*record.Record, error) {
	leave, err := v.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	b, anchor, err := v.anchoredBatch(ctx, batch)
	if err != nil {
		return nil, err
	}
	s, err := v.locate(ctx, b, index)
	if err != nil {
		return nil, err
	}
	parts, err := loadBody(ctx, v.blobs, s.manifest, s.index)
	if err != nil {
		return nil, err
	}
	i := int(index % SegmentRecords)
	month := s.index.entries[i].month
	period, err := v.keys.periodKey(b.Enterprise, b.Category, b.Epoch, month)
	if err != nil {
		return nil, err
	}
	return openRecord(&b, anchor, month, period, parts[i], s.proof(i))
}

// OpenBatch decrypts a whole batch like OpenRecord, and returns each record with
// what proves it: an owner exports her records with it.
func (v *Vault) OpenBatch(ctx context.Context, batch ID) ([]*Opened, error) {
	leave, err := v.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	b, anchor, err := v.anchoredBatch(ctx, batch)
	if err != nil {
		return nil, err
	}
	m, err := v.loadManifest(b.Enterprise, b.ID)
	if err != nil {
		return nil, err
	}
	var all []*Opened
	for n := range m.segments {
		s, err := loadIndex(ctx, v.blobs, m, n)
		if err != nil {
			return nil, err
		}
		if all, err = v.openSegment(ctx, all, anchor, m, s); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (v *Vault) openSegment(ctx context.Context, all []*Opened, anchor Anchor, m *manifest, s *segmentIndex) ([]*Opened, error) {
	parts, err := loadBody(ctx, v.blobs, m, s)
	if err != nil {
		return nil, err
	}
	proven, periods := newProvenSegment(m, s), map[uint32]Key{}
	for i, e := range s.entries {
		if _, ok := periods[e.month]; !ok {
			if periods[e.month], err = v.keys.periodKey(m.Enterprise, m.Category, m.Epoch, e.month); err != nil {
				return nil, err
			}
		}
		o, err := openProven(&m.BatchInfo, anchor, e.month, periods[e.month], parts[i], proven.proof(i))
		if err != nil {
			return nil, err
		}
		all = append(all, o)
	}
	return all, nil
}

// openRecord decrypts a record and proves everything that was said about it.
func openRecord(b *BatchInfo, a Anchor, month uint32, period Key, ciphertext []byte, p record.Proof) (*record.Record, error) {
	o, err := openProven(b, a, month, period, ciphertext, p)
	if err != nil {
		return nil, err
	}
	return o.Record, nil
}
