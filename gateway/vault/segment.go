package vault

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/xinlian/xinlian/internal/canon"
	"github.com/xinlian/xinlian/internal/record"
)

// SegmentRecords is the number of records in every segment of a batch but the
// last. It is a power of two, so that the roots of segments are nodes of the
// batch's Merkle tree; it bounds what sealing and reading hold in memory.
const SegmentRecords = 1 << 10

type hash = [record.HashBytes]byte

// segmentEntry is what a segment's index says about one record, in the clear.
// The leaf is salted, so that it betrays nothing.
type segmentEntry struct {
	month  uint32
	length uint32 // of the ciphertext
	leaf   hash
}

// segmentIndex is the head of a segment's blob; the ciphertexts follow it in
// order without gaps.
type segmentIndex struct {
	suite    Suite
	batch    ID
	number   uint32
	entries  []segmentEntry
	bodyHash hash
}

func (s *segmentIndex) encoded() ([]byte, error) {
	w := canon.New("segment").String(string(s.suite)).Fixed(s.batch[:]).Uint32(s.number).Uint32(uint32(len(s.entries)))
	for _, e := range s.entries {
		w.Uint32(e.month).Uint32(e.length).Fixed(e.leaf[:])
	}
	return w.Fixed(s.bodyHash[:]).Encoded()
}

func decodeSegmentIndex(b []byte) (*segmentIndex, error) {
	r := canon.Open("segment", b)
	s := &segmentIndex{suite: Suite(r.String())}
	copy(s.batch[:], r.Fixed(IDBytes))
	s.number = r.Uint32()
	n := r.Uint32()
	if n == 0 || n > SegmentRecords {
		return nil, fmt.Errorf("%w: segment of %d records", ErrDamaged, n)
	}
	for range n {
		e := segmentEntry{month: r.Uint32(), length: r.Uint32()}
		copy(e.leaf[:], r.Fixed(len(e.leaf)))
		if e.length > CiphertextMax {
			return nil, fmt.Errorf("%w: ciphertext of %d bytes", ErrDamaged, e.length)
		}
		s.entries = append(s.entries, e)
	}
	copy(s.bodyHash[:], r.Fixed(len(s.bodyHash)))
	if err := r.Done(); err != nil {
		return nil, fmt.Errorf("%w: segment: %w", ErrDamaged, err)
	}
	return s, nil
}

func (s *segmentIndex) tree() *record.Tree {
	leaves := make([]hash, len(s.entries))
	for i, e := range s.entries {
		leaves[i] = e.leaf
	}
	return record.NewTree(leaves)
}

// body splits the ciphertexts.
func (s *segmentIndex) split(body []byte) ([][]byte, error) {
	if sha256.Sum256(body) != s.bodyHash {
		return nil, fmt.Errorf("%w: segment %d of batch %s has altered ciphertexts", ErrDamaged, s.number, s.batch)
	}
	parts := make([][]byte, len(s.entries))
	for i, e := range s.entries {
		if int(e.length) > len(body) {
			return nil, fmt.Errorf("%w: segment %d of batch %s is truncated", ErrDamaged, s.number, s.batch)
		}
		parts[i], body = body[:e.length:e.length], body[e.length:]
	}
	if len(body) != 0 {
		return nil, fmt.Errorf("%w: segment %d of batch %s has extra bytes", ErrDamaged, s.number, s.batch)
	}
	return parts, nil
}

// segmentInfo is what the manifest says about a segment.
type segmentInfo struct {
	records    uint32
	indexBytes uint32
	bodyBytes  uint32
	indexHash  hash
	root       hash
	months     Months
}

func batchPrefix(batch ID) string { return "batches/" + batch.String() + "/" }

func segmentKey(batch ID, number int) string {
	return fmt.Sprintf("%s%05d", batchPrefix(batch), number)
}

// segmentWriter collects one segment.
type segmentWriter struct {
	index segmentIndex
	body  []byte
}

func (w *segmentWriter) add(e segmentEntry, ciphertext []byte) {
	w.index.entries = append(w.index.entries, e)
	w.body = append(w.body, ciphertext...)
}

// flush stores the segment and resets the writer for the next one.
func (w *segmentWriter) flush(ctx context.Context, blobs *Blobs) (segmentInfo, error) {
	w.index.bodyHash = sha256.Sum256(w.body)
	head, err := w.index.encoded()
	if err != nil {
		return segmentInfo{}, err
	}
	info := segmentInfo{
		records: uint32(len(w.index.entries)), indexBytes: uint32(len(head)), bodyBytes: uint32(len(w.body)),
		indexHash: sha256.Sum256(head), root: w.index.tree().Root(),
		months: Months{w.index.entries[0].month, w.index.entries[0].month},
	}
	for _, e := range w.index.entries {
		info.months.From, info.months.To = min(info.months.From, e.month), max(info.months.To, e.month)
	}
	if err := blobs.put(ctx, segmentKey(w.index.batch, int(w.index.number)), append(head, w.body...)); err != nil {
		return segmentInfo{}, err
	}
	w.index.number++
	w.index.entries, w.body = w.index.entries[:0], w.body[:0]
	return info, nil
}

// loadIndex reads and checks the index of segment i of a batch.
func loadIndex(ctx context.Context, blobs *Blobs, m *manifest, i int) (*segmentIndex, error) {
	info := m.segments[i]
	head, err := blobs.read(ctx, segmentKey(m.ID, i), 0, int64(info.indexBytes))
	if errors.Is(err, ErrNotFound) {
		return nil, fmt.Errorf("%w: segment %d of batch %s is missing", ErrDamaged, i, m.ID)
	}
	if err != nil {
		return nil, err
	}
	if sha256.Sum256(head) != info.indexHash {
		return nil, fmt.Errorf("%w: segment %d of batch %s has an altered index", ErrDamaged, i, m.ID)
	}
	s, err := decodeSegmentIndex(head)
	if err != nil {
		return nil, err
	}
	if s.batch != m.ID || int(s.number) != i || s.suite != m.Suite || len(s.entries) != int(info.records) {
		return nil, fmt.Errorf("%w: segment %d of batch %s is another segment", ErrDamaged, i, m.ID)
	}
	return s, nil
}

// loadBody reads and checks the ciphertexts of segment i of a batch.
func loadBody(ctx context.Context, blobs *Blobs, m *manifest, s *segmentIndex) ([][]byte, error) {
	info := m.segments[s.number]
	body, err := blobs.read(ctx, segmentKey(m.ID, int(s.number)), int64(info.indexBytes), int64(info.bodyBytes))
	if err != nil {
		return nil, err
	}
	return s.split(body)
}

// leadingIndex decodes the index that a blob starts with, whatever follows.
func leadingIndex(blob []byte) (*segmentIndex, error) {
	r := canon.Open("segment", blob)
	suite := r.String()
	r.Fixed(IDBytes)
	r.Uint32()
	n := r.Uint32()
	if err := r.Err(); err != nil {
		return nil, fmt.Errorf("%w: segment: %w", ErrDamaged, err)
	}
	fixed := 4 + len(canon.Domain("segment")) + 4 + len(suite) + IDBytes + 4 + 4 + len(hash{})
	size := uint64(fixed) + uint64(n)*(4+4+uint64(len(hash{})))
	if size > uint64(len(blob)) {
		return nil, fmt.Errorf("%w: segment is truncated", ErrDamaged)
	}
	return decodeSegmentIndex(blob[:size])
}
