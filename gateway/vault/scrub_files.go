package vault

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
)

const catalogueName = "data/log/catalogue"

// journals reads the catalogue and the two logs and compares what each says of
// the others.
func (s *scrub) journals() error {
	if s.live {
		s.files.mu.Lock()
		seq, last := s.files.seq, s.files.last
		s.files.mu.Unlock()
		now, err := readCatalogue(s.dir, s.kms)
		if err := s.journalFault(catalogueName, err); err != nil {
			return err
		}
		if !s.told[catalogueName] && (now.seq < seq || now.seq == seq && now.last != last) {
			s.found(FaultRolledBack, ID{}, catalogueName, fmt.Errorf("%d entries, written %d", now.seq, seq))
		}
	} else if err := s.readCatalogue(); err != nil {
		return err
	}
	s.report.Rebased = s.files.rebased
	s.files.mu.Lock()
	marks := s.files.marks
	s.files.mu.Unlock()
	return s.logs(marks)
}

func (s *scrub) readCatalogue() error {
	var err error
	s.files, err = readCatalogue(s.dir, s.kms)
	if err := s.journalFault(catalogueName, err); err != nil {
		return err
	}
	f, err := os.Open(headPath(s.kms))
	if errors.Is(err, fs.ErrNotExist) {
		s.found(FaultMissing, ID{}, "kms/catalogue.head", err)
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	kept, whole, err := readHead(f)
	switch {
	case errors.Is(err, ErrDamaged):
		s.found(FaultAltered, ID{}, "kms/catalogue.head", err)
	case err != nil:
		return err
	case kept.seq > s.files.seq:
		s.found(FaultRolledBack, ID{}, catalogueName, fmt.Errorf("the data folder ends at entry %d, the key folder knows %d", s.files.seq, kept.seq))
	case kept.seq < s.files.seq:
		s.found(FaultRolledBack, ID{}, "kms/catalogue.head", fmt.Errorf("the key folder knows entry %d, the data folder has %d", kept.seq, s.files.seq))
	case err == nil && !whole:
		s.found(FaultAltered, ID{}, "kms/catalogue.head", errors.New("one of its two marks is not whole"))
	case kept.sum != s.files.last:
		s.found(FaultAltered, ID{}, catalogueName, fmt.Errorf("entry %d is not the one that the key folder knows", kept.seq))
	}
	return nil
}

// journalFault reports a journal that is missing or damaged; any other error is
// given back.
func (s *scrub) journalFault(name string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		s.found(FaultMissing, ID{}, name, err)
	case errors.Is(err, ErrDamaged):
		s.found(FaultAltered, ID{}, name, err)
	case errors.Is(err, errUnfinished):
		if !s.live { // else it is being written
			s.found(FaultExtended, ID{}, name, err)
		}
	default:
		return err
	}
	return nil
}

// logs reads the receipts and their anchors up to the first fault.
func (s *scrub) logs(marks logMarks) error {
	s.log = newLog(nil)
	heads := map[uint64]hash{}
	err := visitJournal(filepath.Join(s.dir, "log", "anchors"), func(b []byte) error {
		err := s.log.loadInterval(b)
		heads[s.log.anchored.To] = s.log.anchored.Head
		return err
	})
	if err := s.journalFault("data/log/anchors", err); err != nil {
		return err
	}
	if !s.told["data/log/anchors"] && s.log.anchored.To < marks.anchored.to {
		s.found(FaultRolledBack, ID{}, "data/log/anchors", fmt.Errorf("receipts anchored to %d, the catalogue knows %d", s.log.anchored.To, marks.anchored.to))
	}
	heads[marks.written.to] = marks.written.head
	heads[marks.anchored.to] = marks.anchored.head
	err = visitJournal(filepath.Join(s.dir, "log", "receipts"), func(b []byte) error {
		r, err := s.log.loadReceipt(0, b)
		if err != nil {
			return err
		}
		s.report.Receipts = r.Sequence
		if head, known := heads[r.Sequence]; known && head != s.log.last {
			return fmt.Errorf("%w: receipt %d is not the one that was anchored", ErrDamaged, r.Sequence)
		}
		return nil
	})
	if err := s.journalFault("data/log/receipts", err); err != nil {
		return err
	}
	if least := max(marks.written.to, marks.anchored.to, s.log.anchored.To); !s.told["data/log/receipts"] && s.report.Receipts < least {
		s.found(FaultRolledBack, ID{}, "data/log/receipts", fmt.Errorf("%d receipts, written at least %d", s.report.Receipts, least))
	}
	return nil
}

// allFiles compares each file with the catalogue, and looks for files that it
// does not know.
func (s *scrub) allFiles() error {
	names := s.files.names()
	slices.Sort(names)
	s.total += len(names)
	owners := make(map[hash]string, len(names))
	for _, n := range names {
		if e := s.files.lookup(n); e.settled != (hash{}) {
			owners[e.settled] = n
		}
	}
	for _, n := range names {
		if err := s.file(n, owners); err != nil {
			return err
		}
		s.report.Files++
		s.step()
	}
	if s.files.seq == 0 {
		return nil // there is no catalogue; that was reported
	}
	return s.files.eachFile(func(name string) error {
		e := s.files.lookup(name)
		if e.settled == (hash{}) && e.pending == nil && !s.told[name] {
			if there, err := exists(s.files.path(name)); err != nil || !there {
				return err
			}
			s.found(FaultOrphan, objectOf(name), name, errors.New("the catalogue does not know it"))
		}
		return nil
	})
}

// file checks one file. In a vault in use it may change meanwhile: then it is
// looked at again.
func (s *scrub) file(name string, owners map[hash]string) error {
	for {
		known := s.files.lookup(name)
		fault, detail, err := s.compare(name, known, owners)
		if err != nil || fault == "" {
			return err
		}
		again := s.files.lookup(name)
		if s.live && (again.settled != known.settled || again.pending != known.pending) {
			continue
		}
		s.found(fault, objectOf(name), name, detail)
		return nil
	}
}

func (s *scrub) compare(name string, known catalogued, owners map[hash]string) (Fault, error, error) {
	b, err := readFile(s.files.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		if known.settled == (hash{}) || known.pending != nil && *known.pending == (hash{}) {
			return "", nil, nil
		}
		return FaultMissing, err, nil
	}
	if errors.Is(err, ErrDamaged) {
		return FaultAltered, err, nil
	}
	if err != nil {
		return "", nil, err
	}
	sum := sha256.Sum256(b)
	other, swapped := owners[sum]
	switch {
	case sum == known.settled || known.pending != nil && sum == *known.pending:
		return "", nil, nil
	case known.settled == (hash{}):
		return FaultRolledBack, errors.New("it was removed and is back"), nil
	case known.earlier[sum]:
		return FaultRolledBack, errors.New("it has a content that was replaced"), nil
	case swapped:
		return FaultSwapped, fmt.Errorf("it has the content of %s", other), nil
	}
	return FaultAltered, fmt.Errorf("%w: content is not what was written", ErrDamaged), nil
}

// objectOf is the batch, document or consent that a file is named after.
func objectOf(name string) ID {
	id, err := ParseID(path.Base(name))
	if err != nil {
		return ID{}
	}
	return id
}

// witness compares the vault with the rows on chain.
func (s *scrub) witness(ctx context.Context) error {
	s.report.Witnessed = true
	batches, err := s.options.Witness.Batches(ctx)
	if err != nil {
		return err
	}
	for id, enterprise := range batches {
		if s.options.Enterprise != 0 && enterprise != s.options.Enterprise || s.referenced(id) {
			continue
		}
		gone, err := exists(filepath.Join(s.kms, "enterprises", fmt.Sprintf("%d%s", enterprise, erasedSuffix)))
		if err != nil {
			return err
		}
		if name := fmt.Sprintf("data/manifests/%d/%s", enterprise, id); !gone && !s.told[name] {
			s.found(FaultMissing, id, name, errors.New("the chain has its anchor"))
		}
	}
	wraps, err := s.options.Witness.Wraps(ctx)
	if err != nil {
		return err
	}
	for id, hashes := range wraps {
		if err := s.witnessWraps(id, hashes); err != nil {
			return err
		}
	}
	sequence, head, err := s.options.Witness.Receipts(ctx)
	if err != nil || sequence == 0 || s.told["data/log/receipts"] {
		return err
	}
	if s.report.Receipts < sequence {
		s.found(FaultRolledBack, ID{}, "data/log/receipts", fmt.Errorf("%d receipts, the chain has %d", s.report.Receipts, sequence))
		return nil
	}
	return s.witnessReceipt(sequence, head)
}

func (s *scrub) witnessWraps(id ID, hashes [][sha256.Size]byte) error {
	name := "data/wraps/" + id.String()
	if s.told[name] || len(hashes) == 0 {
		return nil
	}
	kept, err := wrapStore{dir: filepath.Join(s.dir, "wraps")}.load(id)
	if errors.Is(err, ErrNoWraps) {
		s.found(FaultMissing, id, name, errors.New("the chain has the hashes of its wraps"))
		return nil
	}
	if errors.Is(err, ErrDamaged) {
		s.found(FaultAltered, id, name, err)
		return nil
	}
	if err != nil {
		return err
	}
	have := map[hash]bool{}
	for _, w := range kept {
		h, err := w.Hash()
		if err != nil {
			return err
		}
		have[h] = true
	}
	for _, h := range hashes {
		if !have[h] {
			s.found(FaultRolledBack, id, name, fmt.Errorf("it lacks wrap %x, which the chain has", h))
			return nil
		}
	}
	return nil
}

// witnessReceipt walks the log again, to the receipt that the chain has.
func (s *scrub) witnessReceipt(sequence uint64, head hash) error {
	walk := newLog(nil)
	err := visitJournal(filepath.Join(s.dir, "log", "receipts"), func(b []byte) error {
		r, err := walk.loadReceipt(0, b)
		if err == nil && r.Sequence == sequence && walk.last != head {
			return fmt.Errorf("%w: the chain has another receipt %d", ErrDamaged, sequence)
		}
		return err
	})
	return s.journalFault("data/log/receipts", err)
}
