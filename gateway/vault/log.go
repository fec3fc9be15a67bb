package vault

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"path/filepath"
	"sync"

	"github.com/transparency-dev/merkle/rfc6962"

	"github.com/xinlian/xinlian/internal/canon"
	"github.com/xinlian/xinlian/internal/record"
)

// IntervalReceiptsMax bounds the receipts that one anchor covers.
const IntervalReceiptsMax = 4096

// Receipt says what became of one read. Receipts are numbered from 1 without
// gaps, and each carries the hash of the one before it.
type Receipt struct {
	Sequence   uint64
	Prev       [sha256.Size]byte // hash of the receipt before, zero for the first
	ChainID    string
	Custodian  uint64
	Consent    ID
	Enterprise uint64 // 0 where the consent is unknown
	Org        uint64 // of the device, 0 where it is unknown
	Device     string // as claimed, proven only if Verified
	Verified   bool   // the device's signature held
	Purpose    string
	Root       [record.HashBytes]byte // over the leaves of the records released
	Records    uint64
	Height     uint64 // of the block decided on, 0 where there was none
	TimeUnix   int64  // of that block
	Outcome    Outcome
	Nonce      [NonceBytes]byte
	Expires    int64             // unix seconds, of the request
	Request    [sha256.Size]byte // hash of the request's bytes
}

// Encoded is the receipt's canonical bytes.
func (r *Receipt) Encoded() ([]byte, error) {
	return canon.New("receipt").Uint64(r.Sequence).Fixed(r.Prev[:]).String(r.ChainID).Uint64(r.Custodian).
		Fixed(r.Consent[:]).Uint64(r.Enterprise).Uint64(r.Org).String(r.Device).Bool(r.Verified).String(r.Purpose).
		Fixed(r.Root[:]).Uint64(r.Records).Uint64(r.Height).Int64(r.TimeUnix).Uint16(uint16(r.Outcome)).
		Fixed(r.Nonce[:]).Int64(r.Expires).Fixed(r.Request[:]).Encoded()
}

// Hash is SHA-256 of the canonical bytes, which the next receipt carries.
func (r *Receipt) Hash() ([sha256.Size]byte, error) {
	b, err := r.Encoded()
	return sha256.Sum256(b), err
}

// DecodeReceipt reads canonical bytes back.
func DecodeReceipt(b []byte) (*Receipt, error) {
	rd := canon.Open("receipt", b)
	r := &Receipt{Sequence: rd.Uint64()}
	copy(r.Prev[:], rd.Fixed(len(r.Prev)))
	r.ChainID, r.Custodian = rd.String(), rd.Uint64()
	copy(r.Consent[:], rd.Fixed(IDBytes))
	r.Enterprise, r.Org, r.Device, r.Verified, r.Purpose = rd.Uint64(), rd.Uint64(), rd.String(), rd.Bool(), rd.String()
	copy(r.Root[:], rd.Fixed(len(r.Root)))
	r.Records, r.Height, r.TimeUnix, r.Outcome = rd.Uint64(), rd.Uint64(), rd.Int64(), Outcome(rd.Uint16())
	copy(r.Nonce[:], rd.Fixed(NonceBytes))
	r.Expires = rd.Int64()
	copy(r.Request[:], rd.Fixed(len(r.Request)))
	if err := rd.Done(); err != nil {
		return nil, fmt.Errorf("%w: receipt: %w", ErrDamaged, err)
	}
	return r, nil
}

// Interval is a run of receipts as it is anchored on chain: the RFC 6962 root
// over their bytes, and the root of the interval before, zero for the first.
type Interval struct {
	From, To uint64 // sequence numbers, both included
	Root     [record.HashBytes]byte
	PrevRoot [record.HashBytes]byte
}

// Log is the vault's log of receipts, safe for concurrent use.
type Log struct {
	mu        sync.RWMutex
	receipts  *journal
	anchors   *journal
	offsets   []int64 // of receipt i+1
	leaves    []hash  // of the receipts not yet anchored
	last      [sha256.Size]byte
	intervals []Interval // anchored, in order
}

// openLog opens the log in dir, verifies its chain and its anchored roots, and
// visits every receipt.
func openLog(dir string, visit func(*Receipt)) (*Log, error) {
	if err := makeDir(dir); err != nil {
		return nil, err
	}
	l := &Log{}
	var err error
	if l.anchors, err = openJournal(filepath.Join(dir, "anchors"), l.loadInterval); err != nil {
		return nil, err
	}
	var leaves []hash // of the interval being read
	open := l.intervals
	l.receipts, err = openJournal(filepath.Join(dir, "receipts"), func(offset int64, b []byte) error {
		r, err := l.loadReceipt(offset, b)
		if err != nil {
			return err
		}
		visit(r)
		leaves = append(leaves, receiptLeaf(b))
		if len(open) > 0 && r.Sequence == open[0].To {
			if record.NewTree(leaves).Root() != open[0].Root {
				return fmt.Errorf("%w: receipts %d to %d are not those anchored", ErrDamaged, open[0].From, open[0].To)
			}
			open, leaves = open[1:], nil
		}
		return nil
	})
	if err != nil {
		return nil, errors.Join(err, l.anchors.close())
	}
	if len(open) > 0 {
		return nil, errors.Join(fmt.Errorf("%w: receipts end at %d, anchored to %d", ErrDamaged, len(l.offsets), open[len(open)-1].To),
			l.anchors.close(), l.receipts.close())
	}
	l.leaves = leaves
	return l, nil
}

// Pending is the next interval to anchor, at most IntervalReceiptsMax receipts,
// and whether there is any.
func (l *Log) Pending() (Interval, bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	n := min(len(l.leaves), IntervalReceiptsMax)
	if n == 0 {
		return Interval{}, false
	}
	return l.interval(n), true
}

// Anchored marks an interval that Pending gave as anchored on chain. Marking it
// again changes nothing; an interval that is neither is refused.
func (l *Log) Anchored(iv Interval) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, k := range l.intervals {
		if k == iv {
			return nil
		}
	}
	n := int(iv.To-iv.From) + 1
	if iv.To < iv.From || n > min(len(l.leaves), IntervalReceiptsMax) || l.interval(n) != iv {
		return fmt.Errorf("%w: receipts %d to %d are not the next to anchor", ErrBadRequest, iv.From, iv.To)
	}
	b, err := canon.New("receipt-interval").Uint64(iv.From).Uint64(iv.To).Fixed(iv.Root[:]).Fixed(iv.PrevRoot[:]).Encoded()
	if err != nil {
		return err
	}
	if _, err := l.anchors.append(b); err != nil {
		return err
	}
	l.intervals = append(l.intervals, iv)
	l.leaves = append([]hash(nil), l.leaves[n:]...)
	return nil
}

// Len is the number of receipts.
func (l *Log) Len() uint64 {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return uint64(len(l.offsets))
}

// Receipt is the receipt with that sequence number; ErrNotFound.
func (l *Log) Receipt(sequence uint64) (*Receipt, error) {
	b, err := l.raw(sequence)
	if err != nil {
		return nil, err
	}
	return DecodeReceipt(b)
}

// Visit calls visit for each receipt from a sequence number on, until it
// returns false. Receipts appended meanwhile may be missed.
func (l *Log) Visit(from uint64, visit func(*Receipt) bool) error {
	for s, n := max(from, 1), l.Len(); s <= n; s++ {
		r, err := l.Receipt(s)
		if err != nil {
			return err
		}
		if !visit(r) {
			return nil
		}
	}
	return nil
}

// Prove is the anchored interval that holds a receipt and the receipt's
// inclusion in it, by the bytes of Encoded; ErrNotAnchored if none holds it yet.
func (l *Log) Prove(sequence uint64) (Interval, record.Proof, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	for _, iv := range l.intervals {
		if sequence < iv.From || sequence > iv.To {
			continue
		}
		leaves := make([]hash, 0, iv.To-iv.From+1)
		for s := iv.From; s <= iv.To; s++ {
			b, err := l.receipts.at(l.offsets[s-1])
			if err != nil {
				return Interval{}, record.Proof{}, err
			}
			leaves = append(leaves, receiptLeaf(b))
		}
		i := sequence - iv.From
		p := record.Proof{Index: i, Size: uint64(len(leaves)), Path: record.NewTree(leaves).Path(int(i))}
		return iv, p, nil
	}
	return Interval{}, record.Proof{}, fmt.Errorf("%w: receipt %d", ErrNotAnchored, sequence)
}

// VerifyReceipt checks that an anchored interval's root covers a receipt.
func VerifyReceipt(root [record.HashBytes]byte, r *Receipt, p record.Proof) error {
	b, err := r.Encoded()
	if err != nil {
		return err
	}
	leaf := receiptLeaf(b)
	return record.VerifyInclusion(root[:], leaf[:], p)
}

// append numbers the receipt, chains it and returns when it is on disk.
func (l *Log) append(r *Receipt) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	r.Sequence, r.Prev = uint64(len(l.offsets))+1, l.last
	b, err := r.Encoded()
	if err != nil {
		return err
	}
	offset, err := l.receipts.append(b)
	if err != nil {
		return err
	}
	l.offsets = append(l.offsets, offset)
	l.leaves = append(l.leaves, receiptLeaf(b))
	l.last = sha256.Sum256(b)
	return nil
}

func (l *Log) raw(sequence uint64) ([]byte, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if sequence == 0 || sequence > uint64(len(l.offsets)) {
		return nil, fmt.Errorf("%w: receipt %d", ErrNotFound, sequence)
	}
	return l.receipts.at(l.offsets[sequence-1])
}

// interval is the next n receipts to anchor.
func (l *Log) interval(n int) Interval {
	iv := Interval{From: uint64(len(l.offsets)-len(l.leaves)) + 1, Root: record.NewTree(l.leaves[:n]).Root()}
	iv.To = iv.From + uint64(n) - 1
	if k := len(l.intervals); k > 0 {
		iv.PrevRoot = l.intervals[k-1].Root
	}
	return iv
}

func (l *Log) loadInterval(_ int64, b []byte) error {
	r := canon.Open("receipt-interval", b)
	iv := Interval{From: r.Uint64(), To: r.Uint64()}
	copy(iv.Root[:], r.Fixed(len(iv.Root)))
	copy(iv.PrevRoot[:], r.Fixed(len(iv.PrevRoot)))
	if err := r.Done(); err != nil {
		return fmt.Errorf("%w: interval: %w", ErrDamaged, err)
	}
	next, prev := uint64(1), [record.HashBytes]byte{}
	if n := len(l.intervals); n > 0 {
		next, prev = l.intervals[n-1].To+1, l.intervals[n-1].Root
	}
	if iv.From != next || iv.To < iv.From || !bytes.Equal(iv.PrevRoot[:], prev[:]) {
		return fmt.Errorf("%w: interval %d to %d does not follow", ErrDamaged, iv.From, iv.To)
	}
	l.intervals = append(l.intervals, iv)
	return nil
}

func (l *Log) loadReceipt(offset int64, b []byte) (*Receipt, error) {
	r, err := DecodeReceipt(b)
	if err != nil {
		return nil, err
	}
	if r.Sequence != uint64(len(l.offsets))+1 || r.Prev != l.last {
		return nil, fmt.Errorf("%w: receipt %d does not follow", ErrDamaged, r.Sequence)
	}
	l.offsets = append(l.offsets, offset)
	l.last = sha256.Sum256(b)
	return r, nil
}

func (l *Log) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return errors.Join(l.receipts.close(), l.anchors.close())
}

func receiptLeaf(b []byte) hash { return hash(rfc6962.DefaultHasher.HashLeaf(b)) }
