package vault

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"sync"
)

// entryBytesMax bounds one entry of a journal.
const entryBytesMax = 8 << 10

const (
	entryHead = 8 // length and its own checksum, so that a bent length is no torn entry
	entryTail = sha256.Size
)

// journal is a file of entries that is only appended to and is synced to disk
// after each. An entry is its length, a checksum of that, its bytes and their
// SHA-256. A last entry that a crash left unfinished was never acknowledged and
// is cut off; any other fault is ErrDamaged.
type journal struct {
	mu     sync.Mutex
	file   *os.File
	size   int64
	broken bool // a failed write or sync leaves the tail unknown
}

// openJournal opens or makes the journal and visits its entries in order.
func openJournal(path string, visit func(offset int64, entry []byte) error) (*journal, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, secretMode)
	if err != nil {
		return nil, err
	}
	j := &journal{file: f}
	if err := j.load(visit); err != nil {
		return nil, errors.Join(fmt.Errorf("reading %s: %w", filepath.Base(path), err), f.Close())
	}
	if err := errors.Join(f.Truncate(j.size), f.Sync(), syncDir(filepath.Dir(path))); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return j, nil
}

func (j *journal) load(visit func(int64, []byte) error) error {
	info, err := j.file.Stat()
	if err != nil {
		return err
	}
	r := bufio.NewReaderSize(j.file, 1<<16)
	for j.size < info.Size() {
		entry, err := readEntry(r, info.Size()-j.size)
		if errors.Is(err, errTorn) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("at byte %d: %w", j.size, err)
		}
		if err := visit(j.size, entry); err != nil {
			return fmt.Errorf("at byte %d: %w", j.size, err)
		}
		j.size += int64(entryHead + len(entry) + entryTail)
	}
	return nil
}

var errTorn = errors.New("vault: entry was never finished")

// readEntry reads the entry at the head of the rest bytes that r still has.
func readEntry(r io.Reader, rest int64) ([]byte, error) {
	var head [entryHead]byte
	if rest < entryHead {
		return nil, errTorn
	}
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	n := int64(binary.BigEndian.Uint32(head[:]))
	switch {
	case n == 0 && binary.BigEndian.Uint32(head[4:]) == 0 && rest <= entryHead+entryBytesMax+entryTail:
		return nil, zeros(r) // the file grew but its bytes did not reach the disk
	case crc32.ChecksumIEEE(head[:4]) != binary.BigEndian.Uint32(head[4:]) || n > entryBytesMax:
		return nil, fmt.Errorf("%w: entry's length is altered", ErrDamaged)
	case rest < entryHead+n+entryTail:
		return nil, errTorn
	}
	body := make([]byte, n+entryTail)
	if _, err := io.ReadFull(r, body); err != nil {
		return nil, err
	}
	entry, sum := body[:n:n], body[n:]
	if got := sha256.Sum256(entry); !bytes.Equal(got[:], sum) {
		if last := rest == entryHead+n+entryTail; last && bytes.Equal(sum, make([]byte, entryTail)) {
			return nil, errTorn
		}
		return nil, fmt.Errorf("%w: entry's bytes are altered", ErrDamaged)
	}
	return entry, nil
}

// zeros is errTorn if only zero bytes follow.
func zeros(r io.Reader) error {
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if len(bytes.TrimLeft(b, "\x00")) > 0 {
		return fmt.Errorf("%w: entry is overwritten", ErrDamaged)
	}
	return errTorn
}

// append adds an entry and returns its offset when it is on disk. After a
// failure the journal refuses everything until it is opened again.
func (j *journal) append(entry []byte) (int64, error) { return j.add(entry, true) }

// appendSoon adds an entry that reaches the disk with the next that is synced.
func (j *journal) appendSoon(entry []byte) (int64, error) { return j.add(entry, false) }

func (j *journal) add(entry []byte, now bool) (int64, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.broken {
		return 0, ErrLogBroken
	}
	if len(entry) == 0 || len(entry) > entryBytesMax {
		return 0, fmt.Errorf("%w: entry of %d bytes", ErrLogBroken, len(entry))
	}
	buf := binary.BigEndian.AppendUint32(make([]byte, 0, entryHead+len(entry)+entryTail), uint32(len(entry)))
	buf = binary.BigEndian.AppendUint32(buf, crc32.ChecksumIEEE(buf))
	sum := sha256.Sum256(entry)
	buf = append(append(buf, entry...), sum[:]...)
	offset := j.size
	_, err := j.file.WriteAt(buf, offset)
	if err == nil && now {
		err = j.file.Sync()
	}
	if err != nil {
		j.broken = true
		return 0, fmt.Errorf("%w: %w", ErrLogBroken, err)
	}
	j.size += int64(len(buf))
	return offset, nil
}

// at reads the entry at an offset that load or append gave.
func (j *journal) at(offset int64) ([]byte, error) {
	j.mu.Lock()
	rest := j.size - offset
	j.mu.Unlock()
	entry, err := readEntry(io.NewSectionReader(j.file, offset, rest), rest)
	if errors.Is(err, errTorn) {
		return nil, fmt.Errorf("%w: entry is cut off", ErrDamaged)
	}
	return entry, err
}

func (j *journal) sync() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.file.Sync()
}

// errUnfinished says that a journal ends in an entry that was never finished.
var errUnfinished = errors.New("vault: an unfinished entry at the end, which the next opening cuts off")

// visitJournal reads a journal without mending it. A missing one is
// fs.ErrNotExist, one with a last entry that was never finished errUnfinished
// after the visits.
func visitJournal(path string, visit func(entry []byte) error) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	j := &journal{file: f}
	err = j.load(func(_ int64, b []byte) error { return visit(b) })
	info, statErr := f.Stat()
	if err == nil && statErr == nil && info.Size() > j.size {
		err = errUnfinished
	}
	return errors.Join(err, statErr, f.Close())
}

func (j *journal) close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.broken = true
	return j.file.Close()
}
