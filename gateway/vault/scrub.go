package vault

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Fault is what Scrub found wrong with an object.
type Fault string

// The faults that Scrub tells apart.
const (
	FaultMissing   Fault = "missing"   // the blob or manifest is not there
	FaultTruncated Fault = "truncated" // it is shorter than it was written
	FaultExtended  Fault = "extended"  // it is longer
	FaultSwapped   Fault = "swapped"   // it is another batch's or segment's
	FaultAltered   Fault = "altered"   // its bytes differ
	FaultRoot      Fault = "root"      // its root is not the one on chain
	FaultOrphan    Fault = "orphan"    // nothing refers to the blob
)

// Finding is one fault.
type Finding struct {
	Fault  Fault
	Object ID     // batch or document, zero for an orphan
	Blob   string // empty for a manifest
	Detail string
}

// ScrubReport is what Scrub looked at and found.
type ScrubReport struct {
	Batches, Segments, Documents, Records, Bytes uint64
	Unanchored                                   uint64 // batches not yet on chain
	Findings                                     []Finding
}

// Scrub reads everything stored and checks it against its manifest, and each
// batch against its anchor. It needs no keys: damage is found without decrypting.
// It returns an error only if it could not go on.
func (v *Vault) Scrub(ctx context.Context) (*ScrubReport, error) {
	leave, err := v.enter(ctx)
	if err != nil {
		return nil, err
	}
	leave()
	s := &scrub{vault: v, report: &ScrubReport{}}
	v.mu.RLock()
	batches, documents := make([]BatchInfo, 0, len(v.batches)), make([]DocumentInfo, 0, len(v.documents))
	for _, b := range v.batches {
		batches = append(batches, b)
	}
	for _, d := range v.documents {
		documents = append(documents, d)
	}
	v.mu.RUnlock()
	for i := range batches {
		if err := s.batch(ctx, &batches[i]); err != nil {
			return nil, err
		}
	}
	for i := range documents {
		if err := s.document(ctx, &documents[i]); err != nil {
			return nil, err
		}
	}
	return s.report, s.orphans(ctx)
}

type scrub struct {
	vault  *Vault
	report *ScrubReport
}

func (s *scrub) found(f Fault, object ID, blob string, err error) {
	_, batch := s.vault.Batch(object)
	_, document := s.vault.Document(object)
	if f != FaultOrphan && batch != nil && document != nil {
		return // erased meanwhile
	}
	s.report.Findings = append(s.report.Findings, Finding{Fault: f, Object: object, Blob: blob, Detail: err.Error()})
}

func (s *scrub) batch(ctx context.Context, b *BatchInfo) error {
	v := s.vault
	s.report.Batches++
	m, err := v.loadManifest(b.Enterprise, b.ID)
	if errors.Is(err, ErrDamaged) {
		s.found(FaultAltered, b.ID, "", err)
		return nil
	}
	if err != nil {
		return err
	}
	anchor, err := v.cfg.Chain.Anchored(ctx, b.ID)
	switch {
	case errors.Is(err, ErrNotAnchored):
		s.report.Unanchored++
	case err != nil:
		return fmt.Errorf("looking up the anchor of batch %s: %w", b.ID, err)
	default:
		if err := anchor.check(&m.BatchInfo); err != nil {
			s.found(FaultRoot, b.ID, "", err)
		}
	}
	for i := range m.segments {
		if err := s.segment(ctx, m, i); err != nil {
			return err
		}
	}
	return nil
}

func (s *scrub) segment(ctx context.Context, m *manifest, i int) error {
	key, info := segmentKey(m.ID, i), m.segments[i]
	s.report.Segments++
	want := int64(info.indexBytes) + int64(info.bodyBytes)
	blob, err := s.whole(ctx, m.ID, key, want)
	if err != nil || blob == nil {
		return err
	}
	head, body := blob[:min(len(blob), int(info.indexBytes))], blob[min(len(blob), int(info.indexBytes)):]
	if sha256.Sum256(head) != info.indexHash {
		if another(blob, m.ID, i) {
			s.found(FaultSwapped, m.ID, key, fmt.Errorf("%w: another segment's bytes", ErrDamaged))
			return nil
		}
		s.sized(m.ID, key, int64(len(blob)), want)
		return nil
	}
	index, err := decodeSegmentIndex(head)
	if err == nil && index.tree().Root() != info.root {
		err = fmt.Errorf("%w: leaves do not give the segment's root", ErrDamaged)
	}
	if err == nil {
		_, err = index.split(body)
	}
	if err != nil {
		s.sized(m.ID, key, int64(len(blob)), want)
		return nil //nolint:nilerr // damage is a finding
	}
	s.report.Records += uint64(info.records)
	s.report.Bytes += uint64(want)
	return nil
}

// sized reports a blob whose bytes are wrong, by what its length says.
func (s *scrub) sized(id ID, key string, got, want int64) {
	fault := FaultAltered
	switch {
	case got < want:
		fault = FaultTruncated
	case got > want:
		fault = FaultExtended
	}
	s.found(fault, id, key, fmt.Errorf("%w: %d bytes, written %d", ErrDamaged, got, want))
}

// excessBytesMax is how far scrub reads beyond a segment's size: enough to
// recognise the index of any other segment.
const excessBytesMax = 64 << 10

// whole reads a blob, up to excessBytesMax more than it should have. It returns nil
// after reporting a blob that is not there.
func (s *scrub) whole(ctx context.Context, id ID, key string, want int64) ([]byte, error) {
	r, err := s.vault.blobs.open(ctx, key, 0, -1)
	if errors.Is(err, ErrNotFound) {
		s.found(FaultMissing, id, key, err)
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(r, want+excessBytesMax))
	if b == nil {
		b = []byte{}
	}
	return b, errors.Join(err, r.Close())
}

// another says whether a blob is a sound segment of another place.
func another(blob []byte, batch ID, number int) bool {
	head, err := leadingIndex(blob)
	return err == nil && (head.batch != batch || int(head.number) != number)
}

func (s *scrub) document(ctx context.Context, d *DocumentInfo) error {
	key := documentKey(d.ID)
	s.report.Documents++
	if _, err := s.vault.loadDocumentInfo(d.Enterprise, d.ID); errors.Is(err, ErrDamaged) {
		s.found(FaultAltered, d.ID, "", err)
	} else if err != nil {
		return err
	}
	r, err := s.vault.blobs.open(ctx, key, 0, -1)
	if errors.Is(err, ErrNotFound) {
		s.found(FaultMissing, d.ID, key, err)
		return nil
	}
	if err != nil {
		return err
	}
	sum := sha256.New()
	n, err := io.Copy(sum, r)
	if err := errors.Join(err, r.Close()); err != nil {
		return err
	}
	if hash(sum.Sum(nil)) != d.Hash {
		s.sized(d.ID, key, n, int64(d.Bytes))
		return nil
	}
	s.report.Bytes += d.Bytes
	return nil
}

// orphans reports blobs that nothing refers to: what an erasure has to remove
// again after the blobs alone were restored. Attempts under way are left out.
func (s *scrub) orphans(ctx context.Context) error {
	v := s.vault
	return v.blobs.keys(ctx, "", func(key string) error {
		kind, rest, _ := strings.Cut(key, "/")
		name, _, _ := strings.Cut(rest, "/")
		id, err := ParseID(name)
		if err == nil && (kind == "batches" || kind == "documents") {
			attempt, err := exists(v.attemptFile(id))
			if err != nil {
				return err
			}
			v.mu.RLock()
			_, batch := v.batches[id]
			_, document := v.documents[id]
			v.mu.RUnlock()
			if attempt || batch || document {
				return nil
			}
		}
		s.found(FaultOrphan, id, key, errors.New("nothing refers to it"))
		return nil
	})
}
