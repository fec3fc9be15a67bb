package vault

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Fault is what Scrub found wrong with an object.
type Fault string

// The faults that Scrub tells apart.
const (
	FaultMissing    Fault = "missing"     // the blob or file is not there
	FaultTruncated  Fault = "truncated"   // it is shorter than it was written
	FaultExtended   Fault = "extended"    // it is longer
	FaultSwapped    Fault = "swapped"     // it is another object's
	FaultAltered    Fault = "altered"     // its bytes differ
	FaultRolledBack Fault = "rolled back" // it is what it was earlier
	FaultRoot       Fault = "root"        // its root is not the one on chain
	FaultOrphan     Fault = "orphan"      // nothing refers to it
)

// Finding is one fault.
type Finding struct {
	Fault  Fault  `json:"fault"`
	Object ID     `json:"object"` // batch, document or consent, zero where the file is of none
	Name   string `json:"name"`   // blob/… in the blob store, data/… and kms/… in the vault's folders, chain/… for a row
	Detail string `json:"detail"`
}

// ScrubReport is what Scrub looked at and found.
type ScrubReport struct {
	Batches    uint64    `json:"batches"`
	Segments   uint64    `json:"segments"`
	Documents  uint64    `json:"documents"`
	Records    uint64    `json:"records"`
	Bytes      uint64    `json:"bytes"`
	Files      uint64    `json:"files"`
	Receipts   uint64    `json:"receipts"`
	Unanchored uint64    `json:"unanchored"` // batches not yet on chain
	Rebased    uint64    `json:"rebased"`    // times that an older data folder was opened, as after a restore
	Witnessed  bool      `json:"witnessed"`  // the chain's rows were compared
	Findings   []Finding `json:"findings"`
}

// Witness is what the chain says that a custodian must hold. Without one a vault
// whose data and key folders were both put back to an earlier day looks sound.
type Witness interface {
	// Batches lists what the custodian anchored, with their enterprises.
	Batches(ctx context.Context) (map[ID]uint64, error)
	// Wraps are the hashes of the wraps of each consent in force.
	Wraps(ctx context.Context) (map[ID][][sha256.Size]byte, error)
	// Receipts is the number and hash of the last receipt on chain, zero for none.
	Receipts(ctx context.Context) (uint64, [sha256.Size]byte, error)
}

// ScrubOptions narrow or widen a scrub.
type ScrubOptions struct {
	Enterprise uint64                // only this one's batches and documents; 0: all
	Witness    Witness               // nil: the vault's own records alone
	Progress   func(done, total int) // called after each batch, document and file; may be nil
}

// Scrub reads everything stored and checks it: blobs against manifests, files
// against the catalogue, batches against their anchors, the logs against what was
// anchored. It needs no keys: damage is found without decrypting. It returns an
// error only if it could not go on.
func (v *Vault) Scrub(ctx context.Context, o ScrubOptions) (*ScrubReport, error) {
	leave, err := v.enter(ctx)
	if err != nil {
		return nil, err
	}
	leave()
	s := &scrub{dir: v.dir, kms: filepath.Clean(v.cfg.KMSDir), blobs: v.blobs, chain: v.cfg.Chain, files: v.files, live: true, options: o}
	return s.run(ctx)
}

// ScrubFolder is Scrub of a vault that nobody has open and that need not open:
// it looks at the folders as they are and mends nothing. cfg.Chain may be nil, and
// so may be what only a running vault needs.
func ScrubFolder(ctx context.Context, cfg Config, o ScrubOptions) (*ScrubReport, error) {
	dir, kms := filepath.Clean(cfg.Dir), filepath.Clean(cfg.KMSDir)
	if _, err := os.Stat(dir); err != nil {
		return nil, fmt.Errorf("looking for the vault: %w", err)
	}
	lock, err := lockDir(dir)
	if err != nil {
		return nil, err
	}
	s := &scrub{dir: dir, kms: kms, blobs: cfg.Blobs, chain: cfg.Chain, options: o}
	if s.blobs == nil {
		if s.blobs, err = FileBlobs(filepath.Join(dir, "blobs")); err != nil {
			return nil, errors.Join(err, lock.Release())
		}
		defer s.blobs.Close()
	}
	r, err := s.run(ctx)
	return r, errors.Join(err, lock.Release())
}

// scrub is one run over a vault's folders.
type scrub struct {
	dir, kms string
	blobs    *Blobs
	chain    Chain // nil: anchors are not looked up
	files    *catalogue
	live     bool // the vault is in use: files is its own
	options  ScrubOptions

	report      ScrubReport
	done, total int
	told        map[string]bool // names with a finding
	log         *Log            // as far as it is sound
}

func (s *scrub) run(ctx context.Context) (*ScrubReport, error) {
	s.told = map[string]bool{}
	s.report.Findings = []Finding{}
	if err := s.journals(); err != nil {
		return nil, err
	}
	batches, err := s.infos("manifests")
	if err != nil {
		return nil, err
	}
	documents, err := s.infos("documents")
	if err != nil {
		return nil, err
	}
	s.total = len(batches) + len(documents)
	if err := s.allFiles(); err != nil {
		return nil, err
	}
	for _, b := range batches {
		if err := s.batch(ctx, b.enterprise, b.id); err != nil {
			return nil, err
		}
		s.step()
	}
	for _, d := range documents {
		if err := s.document(ctx, d.enterprise, d.id); err != nil {
			return nil, err
		}
		s.step()
	}
	if err := s.orphans(ctx); err != nil {
		return nil, err
	}
	if s.options.Witness != nil {
		if err := s.witness(ctx); err != nil {
			return nil, fmt.Errorf("comparing with the chain: %w", err)
		}
	}
	return &s.report, nil
}

func (s *scrub) step() {
	s.done++
	if s.options.Progress != nil {
		s.options.Progress(s.done, s.total)
	}
}

func (s *scrub) found(f Fault, object ID, name string, err error) {
	s.told[name] = true
	s.report.Findings = append(s.report.Findings, Finding{Fault: f, Object: object, Name: name, Detail: err.Error()})
}

// blobFound is a fault of a blob, unless its object was erased meanwhile.
func (s *scrub) blobFound(f Fault, object ID, key string, err error) {
	if s.live && !s.referenced(object) {
		return
	}
	s.found(f, object, "blob/"+key, err)
}

// objectAt is a manifest on disk.
type objectAt struct {
	enterprise uint64
	id         ID
}

// infos lists the manifests of a kind by their names, whatever is in them.
func (s *scrub) infos(kind string) ([]objectAt, error) {
	var out []objectAt
	dirs, err := list(filepath.Join(s.dir, kind))
	if err != nil {
		return nil, err
	}
	for _, d := range dirs {
		enterprise, err := strconv.ParseUint(d, 10, 64)
		if err != nil || s.options.Enterprise != 0 && enterprise != s.options.Enterprise {
			continue // a stray name is reported with the files
		}
		names, err := list(filepath.Join(s.dir, kind, d))
		if err != nil {
			return nil, err
		}
		for _, n := range names {
			if id, err := ParseID(n); err == nil {
				out = append(out, objectAt{enterprise, id})
			}
		}
	}
	return out, nil
}

// referenced says whether a batch or document has a manifest, or is being made.
func (s *scrub) referenced(id ID) bool {
	if there, err := exists(filepath.Join(s.dir, "attempts", id.String())); there || err != nil {
		return true
	}
	for _, kind := range []string{"manifests", "documents"} {
		match, err := filepath.Glob(filepath.Join(s.dir, kind, "*", id.String()))
		if err != nil || len(match) > 0 {
			return true
		}
	}
	return false
}

func (s *scrub) batch(ctx context.Context, enterprise uint64, id ID) error {
	name := fmt.Sprintf("data/manifests/%d/%s", enterprise, id)
	b, err := readFile(filepath.Join(s.dir, "manifests", strconv.FormatUint(enterprise, 10), id.String()))
	if errors.Is(err, fs.ErrNotExist) {
		return nil // erased meanwhile, or reported with the files
	}
	s.report.Batches++
	var m *manifest
	if err == nil {
		m, err = decodeManifest(b)
	}
	if err == nil && (m.Enterprise != enterprise || m.ID != id) {
		err = fmt.Errorf("%w: manifest of batch %s is another's", ErrDamaged, id)
	}
	if errors.Is(err, ErrDamaged) || errors.Is(err, ErrSuite) {
		if !s.told[name] {
			s.found(FaultAltered, id, name, err)
		}
		return nil
	}
	if err != nil {
		return err
	}
	if err := s.anchor(ctx, m); err != nil {
		return err
	}
	for i := range m.segments {
		if err := s.segment(ctx, m, i); err != nil {
			return err
		}
	}
	return nil
}

func (s *scrub) anchor(ctx context.Context, m *manifest) error {
	if s.chain == nil {
		return nil
	}
	anchor, err := s.chain.Anchored(ctx, m.ID)
	switch {
	case errors.Is(err, ErrNotAnchored):
		s.report.Unanchored++
	case err != nil:
		return fmt.Errorf("looking up the anchor of batch %s: %w", m.ID, err)
	default:
		if err := anchor.check(&m.BatchInfo); err != nil {
			s.found(FaultRoot, m.ID, "chain/batch", err)
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
			s.blobFound(FaultSwapped, m.ID, key, fmt.Errorf("%w: another segment's bytes", ErrDamaged))
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
	s.blobFound(fault, id, key, fmt.Errorf("%w: %d bytes, written %d", ErrDamaged, got, want))
}

// excessBytesMax is how far scrub reads beyond a segment's size: enough to
// recognise the index of any other segment.
const excessBytesMax = 64 << 10

// whole reads a blob, up to excessBytesMax more than it should have. It returns nil
// after reporting a blob that is not there.
func (s *scrub) whole(ctx context.Context, id ID, key string, want int64) ([]byte, error) {
	r, err := s.blobs.open(ctx, key, 0, -1)
	if errors.Is(err, ErrNotFound) {
		s.blobFound(FaultMissing, id, key, err)
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

func (s *scrub) document(ctx context.Context, enterprise uint64, id ID) error {
	name := fmt.Sprintf("data/documents/%d/%s", enterprise, id)
	b, err := readFile(filepath.Join(s.dir, "documents", strconv.FormatUint(enterprise, 10), id.String()))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	s.report.Documents++
	var d DocumentInfo
	if err == nil {
		d, err = decodeDocumentInfo(b)
	}
	if err == nil && (d.Enterprise != enterprise || d.ID != id) {
		err = fmt.Errorf("%w: manifest of document %s is another's", ErrDamaged, id)
	}
	if err != nil {
		if !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrSuite) && !errors.Is(err, ErrOutOfRange) {
			return err
		}
		if !s.told[name] {
			s.found(FaultAltered, id, name, err)
		}
		return nil
	}
	key := documentKey(id)
	r, err := s.blobs.open(ctx, key, 0, -1)
	if errors.Is(err, ErrNotFound) {
		s.blobFound(FaultMissing, id, key, err)
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
		s.sized(id, key, n, int64(d.Bytes))
		return nil
	}
	s.report.Bytes += d.Bytes
	return nil
}

// orphans reports blobs that nothing refers to: what an erasure has to remove
// again after the blobs alone were restored. Attempts under way are left out.
func (s *scrub) orphans(ctx context.Context) error {
	if s.options.Enterprise != 0 {
		return nil // a blob without a manifest is nobody's
	}
	return s.blobs.keys(ctx, "", func(key string) error {
		kind, rest, _ := strings.Cut(key, "/")
		name, _, _ := strings.Cut(rest, "/")
		id, err := ParseID(name)
		if err != nil || !slices.Contains([]string{"batches", "documents"}, kind) || !s.referenced(id) {
			s.found(FaultOrphan, id, "blob/"+key, errors.New("nothing refers to it"))
		}
		return nil
	})
}
