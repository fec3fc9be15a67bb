package vault

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/xinlian/xinlian/internal/canon"
)

// catalogue is the vault's own record of what must lie on its disk: a
// hash-chained journal that says, before a file is written or removed, which file
// and the hash of its new content, and afterwards that it was done. So a file
// that is missing, altered, exchanged for another or put back to an earlier
// content is found, although each by itself may be whole. The last entry's number
// and hash are kept with the keys, so that putting the whole data folder back is
// found as well. Blobs are not in it: their manifests commit to them.
//
// A nil catalogue writes the files and remembers nothing.
type catalogue struct {
	data, kms string // folders whose files it knows

	mu      sync.Mutex
	journal *journal
	head    *headFile
	seq     uint64
	last    hash
	entries map[string]*catalogued
	marks   logMarks
	rebased uint64 // times that an older folder was opened
}

// catalogued is what is known of one file. A zero hash is absence.
type catalogued struct {
	settled hash
	pending *hash // being written when the process ended
	earlier map[hash]bool
}

// logMark is a receipt that the catalogue was told of.
type logMark struct {
	to   uint64
	head hash
}

// logMarks are the last receipt when the vault was closed, and the last anchored.
type logMarks struct{ written, anchored logMark }

// What an entry says.
const (
	entryBegin   = 1 // name will have this content
	entryDone    = 2 // name has this content
	entryAnchor  = 3 // receipts up to a number are anchored, hash is the head
	entryRebase  = 4 // opened after an older folder was put back
	entryReceipt = 5 // receipts up to a number are written, hash is the head
)

type catalogueEntry struct {
	kind   uint8
	name   string
	sum    hash
	number uint64
}

func catalogueFile(dir string) string { return filepath.Join(dir, "log", "catalogue") }
func headPath(kmsDir string) string   { return filepath.Join(kmsDir, "catalogue.head") }

// readCatalogue reads the journal without writing anything. visit may be nil.
func readCatalogue(dir, kmsDir string) (*catalogue, error) {
	c := &catalogue{data: dir, kms: kmsDir, entries: map[string]*catalogued{}}
	return c, visitJournal(catalogueFile(dir), func(b []byte) error { return c.load(b) })
}

// openCatalogue opens or makes the catalogue. It settles what a crash left open
// by what lies on disk, and takes over the files of a vault that had none.
func openCatalogue(dir, kmsDir string) (*catalogue, error) {
	for _, d := range []string{filepath.Join(dir, "log"), kmsDir} {
		if err := makeDir(d); err != nil {
			return nil, err
		}
	}
	c := &catalogue{data: dir, kms: kmsDir, entries: map[string]*catalogued{}}
	var err error
	heads := map[uint64]hash{}
	c.journal, err = openJournal(catalogueFile(dir), func(_ int64, b []byte) error {
		err := c.load(b)
		heads[c.seq] = c.last
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := c.settle(heads); err != nil {
		return nil, errors.Join(err, c.close())
	}
	return c, nil
}

func (c *catalogue) settle(heads map[uint64]hash) error {
	var err error
	var kept headMark
	if c.head, kept, err = openHead(headPath(c.kms)); err != nil {
		return err
	}
	fresh := c.seq == 0 && kept.seq == 0
	if kept.seq > 0 && heads[kept.seq] != kept.sum {
		// An older data folder was put back. That is a restored backup's right; it is
		// written down, and what it held is the truth from now on.
		if err := c.append(catalogueEntry{kind: entryRebase, number: kept.seq}); err != nil {
			return err
		}
	}
	for name, e := range c.entries {
		if e.pending == nil {
			continue
		}
		sum, err := contentHash(c.path(name))
		if err != nil {
			return err
		}
		if sum == *e.pending || sum == e.settled {
			if err := c.append(catalogueEntry{kind: entryDone, name: name, sum: sum}); err != nil {
				return err
			}
		}
	}
	if !fresh {
		return nil
	}
	return c.eachFile(func(name string) error {
		sum, err := contentHash(c.path(name))
		if err != nil {
			return err
		}
		return c.append(catalogueEntry{kind: entryDone, name: name, sum: sum})
	})
}

// trackedFolders are those whose files the catalogue knows, by the first part of
// their names.
var trackedFolders = []string{"data/manifests", "data/documents", "data/wraps", "data/keys", "data/erasures", "kms"}

// eachFile visits every file that ought to be in the catalogue, by name.
func (c *catalogue) eachFile(visit func(name string) error) error {
	for _, folder := range trackedFolders {
		root := c.path(folder)
		err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) && path == root {
				return nil
			}
			if err != nil || e.IsDir() || strings.HasPrefix(e.Name(), tempPrefix) || path == headPath(c.kms) {
				return err
			}
			return visit(c.name(path))
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// write puts a file where it belongs and remembers it.
func (c *catalogue) write(path string, content []byte) error {
	if c == nil {
		return writeFile(path, content)
	}
	return c.change(path, sha256.Sum256(content), func() error { return writeFile(path, content) })
}

// shred destroys a file and remembers that it is gone.
func (c *catalogue) shred(path string) error {
	if c == nil {
		return shred(path)
	}
	return c.change(path, hash{}, func() error { return shred(path) })
}

// remove removes a file and remembers that it is gone.
func (c *catalogue) remove(path string) error {
	if c == nil {
		return removeFile(path)
	}
	return c.change(path, hash{}, func() error { return removeFile(path) })
}

func (c *catalogue) change(path string, sum hash, do func() error) error {
	name := c.name(path)
	if e := c.lookup(name); sum == (hash{}) && e.settled == sum && e.pending == nil {
		return do() // not there, as far as is known
	}
	if err := c.append(catalogueEntry{kind: entryBegin, name: name, sum: sum}); err != nil {
		return err
	}
	if err := do(); err != nil {
		return err
	}
	return c.append(catalogueEntry{kind: entryDone, name: name, sum: sum})
}

// anchored remembers that the receipts up to a number are on chain.
func (c *catalogue) anchored(iv Interval) error {
	if c == nil {
		return nil
	}
	return c.append(catalogueEntry{kind: entryAnchor, number: iv.To, sum: iv.Head})
}

// written remembers where the log of receipts ends, when the vault is closed.
func (c *catalogue) written(to uint64, head hash) error {
	if c == nil || c.journal == nil || to <= max(c.marks.written.to, c.marks.anchored.to) {
		return nil
	}
	return c.append(catalogueEntry{kind: entryReceipt, number: to, sum: head})
}

// lookup is a copy of what is known of a file.
func (c *catalogue) lookup(name string) catalogued {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.entries[name]; e != nil {
		return *e
	}
	return catalogued{}
}

func (c *catalogue) names() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	names := make([]string, 0, len(c.entries))
	for n := range c.entries {
		names = append(names, n)
	}
	return names
}

func (c *catalogue) append(e catalogueEntry) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	b, err := canon.New("catalogue").Uint64(c.seq + 1).Fixed(c.last[:]).Uint8(e.kind).String(e.name).Fixed(e.sum[:]).Uint64(e.number).Encoded()
	if err != nil {
		return err
	}
	// That a change is done need not outlast a power failure: then either content
	// is good, and the next opening looks.
	write := c.journal.append
	if e.kind == entryDone {
		write = c.journal.appendSoon
	}
	if _, err := write(b); err != nil {
		return fmt.Errorf("writing the catalogue: %w", err)
	}
	if err := c.load(b); err != nil {
		return err
	}
	return c.head.save(headMark{c.seq, c.last}, e.kind != entryDone)
}

// load takes in one entry.
func (c *catalogue) load(b []byte) error {
	r := canon.Open("catalogue", b)
	seq := r.Uint64()
	prev := r.Fixed(len(c.last))
	e := catalogueEntry{kind: r.Uint8(), name: r.String()}
	copy(e.sum[:], r.Fixed(len(e.sum)))
	e.number = r.Uint64()
	if err := r.Done(); err != nil {
		return fmt.Errorf("%w: catalogue: %w", ErrDamaged, err)
	}
	if seq != c.seq+1 || hash(prev) != c.last {
		return fmt.Errorf("%w: catalogue entry %d does not follow", ErrDamaged, seq)
	}
	c.seq, c.last = seq, sha256.Sum256(b)
	switch e.kind {
	case entryReceipt:
		c.marks.written = logMark{e.number, e.sum}
		return nil
	case entryAnchor:
		c.marks.anchored = logMark{e.number, e.sum}
		return nil
	case entryRebase:
		c.rebased++
		return nil
	}
	known := c.entries[e.name]
	if known == nil {
		known = &catalogued{earlier: map[hash]bool{}}
		c.entries[e.name] = known
	}
	if e.kind == entryBegin {
		known.pending = &e.sum
		return nil
	}
	if known.settled != (hash{}) && known.settled != e.sum {
		known.earlier[known.settled] = true
	}
	known.settled, known.pending = e.sum, nil
	return nil
}

func (c *catalogue) close() error {
	if c == nil {
		return nil
	}
	var errs []error
	if c.journal != nil {
		errs = append(errs, c.journal.sync(), c.journal.close())
	}
	if c.head != nil {
		errs = append(errs, c.head.file.Sync(), c.head.file.Close())
	}
	return errors.Join(errs...)
}

// name is a path as the catalogue calls it, the same wherever the folders lie.
func (c *catalogue) name(path string) string {
	if rest, ok := strings.CutPrefix(path, c.kms+string(filepath.Separator)); ok {
		return "kms/" + filepath.ToSlash(rest)
	}
	rest, _ := strings.CutPrefix(path, c.data+string(filepath.Separator))
	return "data/" + filepath.ToSlash(rest)
}

func (c *catalogue) path(name string) string {
	folder, rest, _ := strings.Cut(name, "/")
	if folder == "kms" {
		return filepath.Join(c.kms, filepath.FromSlash(rest))
	}
	return filepath.Join(c.data, filepath.FromSlash(rest))
}

// contentHash is the hash of a file's content, zero where it is missing. Of a
// damaged file it is that of the bytes that are there.
func contentHash(path string) (hash, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return hash{}, nil
	}
	if err != nil {
		return hash{}, err
	}
	n := len(b) - sha256.Size
	if n < 0 || sha256.Sum256(b[:n]) != hash(b[n:]) {
		return sha256.Sum256(b), nil
	}
	return hash(b[n:]), nil
}

// headMark is the number and hash of the catalogue's last entry.
type headMark struct {
	seq uint64
	sum hash
}

// headFile keeps a mark in two places that are written in turn, so that a torn
// write spoils one and the other holds.
type headFile struct{ file *os.File }

const headBytes = 8 + sha256.Size + sha256.Size

func openHead(path string) (*headFile, headMark, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, secretMode)
	if err != nil {
		return nil, headMark{}, err
	}
	m, _, err := readHead(f)
	if err = errors.Join(err, syncDir(filepath.Dir(path))); err != nil {
		return nil, m, errors.Join(err, f.Close())
	}
	return &headFile{f}, m, nil
}

// readHead is the newer of the two marks that are whole, and whether both are:
// a power failure while one is written spoils it until the next but one is. If
// the file has bytes and no mark is whole it is ErrDamaged.
func readHead(f *os.File) (newest headMark, whole bool, err error) {
	b, err := io.ReadAll(io.NewSectionReader(f, 0, 2*headBytes+1))
	if err != nil || len(b) == 0 {
		return newest, err == nil, err
	}
	good := 0
	for rest := b; len(rest) >= headBytes; rest = rest[headBytes:] {
		body, sum := rest[:headBytes-sha256.Size], rest[headBytes-sha256.Size:headBytes]
		if sha256.Sum256(body) != hash(sum) {
			continue
		}
		good++
		if m := (headMark{seq: binary.BigEndian.Uint64(body), sum: hash(body[8:])}); m.seq > newest.seq {
			newest = m
		}
	}
	if newest.seq == 0 {
		return newest, false, fmt.Errorf("%w: neither mark of the catalogue's head is whole", ErrDamaged)
	}
	return newest, good == 2 && len(b) == 2*headBytes, nil
}

func (h *headFile) save(m headMark, now bool) error {
	b := append(binary.BigEndian.AppendUint64(nil, m.seq), m.sum[:]...)
	sum := sha256.Sum256(b)
	if _, err := h.file.WriteAt(append(b, sum[:]...), int64(m.seq%2)*headBytes); err != nil {
		return fmt.Errorf("writing the catalogue's head: %w", err)
	}
	if !now {
		return nil
	}
	if err := h.file.Sync(); err != nil {
		return fmt.Errorf("writing the catalogue's head: %w", err)
	}
	return nil
}
