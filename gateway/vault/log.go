package vault

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"

	"github.com/xinlian/xinlian/internal/canon"
	"github.com/xinlian/xinlian/internal/record"
)

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
	// What was asked for, so that the owner reads it; empty where the request was
	// malformed. Batches and records named one by one are in Request only.
	Categories []record.Category
	Months     Months
}

// Encoded is the receipt's canonical bytes.
func (r *Receipt) Encoded() ([]byte, error) {
	w := canon.New("receipt").Uint64(r.Sequence).Fixed(r.Prev[:]).String(r.ChainID).Uint64(r.Custodian).
		Fixed(r.Consent[:]).Uint64(r.Enterprise).Uint64(r.Org).String(r.Device).Bool(r.Verified).String(r.Purpose).
		Fixed(r.Root[:]).Uint64(r.Records).Uint64(r.Height).Int64(r.TimeUnix).Uint16(uint16(r.Outcome)).
		Fixed(r.Nonce[:]).Int64(r.Expires).Fixed(r.Request[:])
	w.Uint8(uint8(len(r.Categories)))
	for _, c := range r.Categories {
		w.Uint8(uint8(c))
	}
	return w.Uint32(r.Months.From).Uint32(r.Months.To).Encoded()
}

// Hash links the receipt to all before it: the next receipt carries it, and the
// chain keeps that of the last one anchored. It is made of the receipt's digest,
// so that a later link can be shown without showing what was read.
func (r *Receipt) Hash() ([sha256.Size]byte, error) {
	digest, err := r.digest()
	if err != nil {
		return digest, err
	}
	return link(r.Sequence, r.Prev, digest), nil
}

// digest is SHA-256 of the canonical bytes with a zero Prev.
func (r *Receipt) digest() ([sha256.Size]byte, error) {
	alone := *r
	alone.Prev = [sha256.Size]byte{}
	b, err := alone.Encoded()
	return sha256.Sum256(b), err
}

func link(sequence uint64, prev, digest [sha256.Size]byte) [sha256.Size]byte {
	return canon.New("receipt-link").Uint64(sequence).Fixed(prev[:]).Fixed(digest[:]).MustSum()
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
	for range rd.Uint8() {
		r.Categories = append(r.Categories, record.Category(rd.Uint8()))
	}
	r.Months = Months{rd.Uint32(), rd.Uint32()}
	if err := rd.Done(); err != nil {
		return nil, fmt.Errorf("%w: receipt: %w", ErrDamaged, err)
	}
	return r, nil
}

// IntervalReceiptsMax bounds the receipts of one interval; a longer backlog is
// anchored in several.
const IntervalReceiptsMax = 4096

// Interval is a run of receipts as it is anchored on chain.
type Interval struct {
	From, To uint64            // sequence numbers, both included
	Prev     [sha256.Size]byte // hash of the receipt before From, zero for the first
	Head     [sha256.Size]byte // hash of receipt To
	Refused  uint64            // reads among them that were not allowed
}

// ReceiptProof leads from a receipt to an anchored head: the digests of the
// receipts after it, which say nothing of their content.
type ReceiptProof struct {
	To    uint64 // sequence number that the head is of
	Later [][sha256.Size]byte
}

// Verify checks that the anchored head of receipt p.To commits to r.
func (p ReceiptProof) Verify(r *Receipt, head [sha256.Size]byte) error {
	if r.Sequence+uint64(len(p.Later)) != p.To {
		return fmt.Errorf("%w: proof of receipt %d has %d links to %d", record.ErrProof, r.Sequence, len(p.Later), p.To)
	}
	h, err := r.Hash()
	if err != nil {
		return err
	}
	for i, digest := range p.Later {
		h = link(r.Sequence+uint64(i)+1, h, digest)
	}
	if h != head {
		return fmt.Errorf("%w: receipt %d is not under this head", record.ErrProof, r.Sequence)
	}
	return nil
}

// Log is the vault's log of receipts, safe for concurrent use.
type Log struct {
	mu       sync.RWMutex
	receipts *journal
	anchors  *journal
	files    *catalogue
	offsets  []int64             // of receipt i+1
	of       map[uint64][]uint64 // numbers of receipts that name an enterprise, ascending
	under    map[ID][]uint64     // numbers of receipts that name a consent, ascending
	last     [sha256.Size]byte
	anchored Interval // the last one
	grown    chan struct{}
}

// openLog opens the log in dir, verifies its chain and its anchored heads, and
// visits every receipt.
func openLog(dir string, files *catalogue, visit func(*Receipt)) (*Log, error) {
	if err := makeDir(dir); err != nil {
		return nil, err
	}
	l := &Log{files: files, grown: make(chan struct{}, 1), of: map[uint64][]uint64{}, under: map[ID][]uint64{}}
	heads := map[uint64][sha256.Size]byte{} // anchored, by sequence
	var err error
	l.anchors, err = openJournal(filepath.Join(dir, "anchors"), func(_ int64, b []byte) error {
		if err := l.loadInterval(b); err != nil {
			return err
		}
		heads[l.anchored.To] = l.anchored.Head
		return nil
	})
	if err != nil {
		return nil, err
	}
	l.receipts, err = openJournal(filepath.Join(dir, "receipts"), func(offset int64, b []byte) error {
		r, err := l.loadReceipt(offset, b)
		if err != nil {
			return err
		}
		if head, ok := heads[r.Sequence]; ok && head != l.last {
			return fmt.Errorf("%w: receipt %d is not the one anchored", ErrDamaged, r.Sequence)
		}
		visit(r)
		return nil
	})
	if err != nil {
		return nil, errors.Join(err, l.anchors.close())
	}
	if n := uint64(len(l.offsets)); n < l.anchored.To {
		return nil, errors.Join(fmt.Errorf("%w: receipts end at %d, anchored to %d", ErrDamaged, n, l.anchored.To), l.close())
	}
	return l, nil
}

// Pending is the next receipts to anchor, and whether there are any.
func (l *Log) Pending() (Interval, bool, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	to := min(uint64(len(l.offsets)), l.anchored.To+IntervalReceiptsMax)
	if to == l.anchored.To {
		return Interval{}, false, nil
	}
	iv, err := l.interval(to)
	return iv, err == nil, err
}

// PendingTo is the receipts after the last one marked, up to one that the chain
// has: a crash came between the chain's block and the mark. ErrDamaged says that
// the log has fewer receipts than the chain.
func (l *Log) PendingTo(to uint64) (Interval, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if to <= l.anchored.To || to > uint64(len(l.offsets)) {
		return Interval{}, fmt.Errorf("%w: receipts %d to %d, the chain has %d", ErrDamaged, l.anchored.To+1, len(l.offsets), to)
	}
	return l.interval(to)
}

// Anchored marks an interval that Pending or PendingTo gave as anchored on chain. Marking the
// last one again changes nothing; one that is neither is refused.
func (l *Log) Anchored(iv Interval) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if iv == l.anchored {
		return nil
	}
	if iv.To <= l.anchored.To || iv.To > min(uint64(len(l.offsets)), l.anchored.To+IntervalReceiptsMax) {
		return fmt.Errorf("%w: receipts %d to %d are not the next to anchor", ErrBadRequest, iv.From, iv.To)
	}
	want, err := l.interval(iv.To)
	if err != nil {
		return err
	}
	if want != iv {
		return fmt.Errorf("%w: receipts %d to %d differ from the log's", ErrBadRequest, iv.From, iv.To)
	}
	b, err := canon.New("receipt-interval").Uint64(iv.From).Uint64(iv.To).Fixed(iv.Prev[:]).Fixed(iv.Head[:]).Uint64(iv.Refused).Encoded()
	if err != nil {
		return err
	}
	if _, err := l.anchors.append(b); err != nil {
		return err
	}
	l.anchored = iv
	return l.files.anchored(iv)
}

// Len is the number of receipts.
func (l *Log) Len() uint64 {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return uint64(len(l.offsets))
}

// Grown tells that receipts were appended since it was last received from. It
// has one listener: the one who anchors.
func (l *Log) Grown() <-chan struct{} { return l.grown }

// LastAnchored is the last interval that was marked, zero before the first.
func (l *Log) LastAnchored() Interval {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.anchored
}

// Receipt is the receipt with that sequence number; ErrNotFound.
func (l *Log) Receipt(sequence uint64) (*Receipt, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.at(sequence)
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

// Prove leads from a receipt to the last anchored head; ErrNotAnchored if the
// receipt came after it.
func (l *Log) Prove(sequence uint64) (ReceiptProof, error) {
	return l.ProveTo(sequence, l.LastAnchored().To)
}

// ProveTo leads from a receipt to the head of receipt to, which the chain has;
// ErrNotAnchored if the receipt came after it or the log has not so many.
func (l *Log) ProveTo(sequence, to uint64) (ReceiptProof, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if sequence == 0 || sequence > to || to > uint64(len(l.offsets)) {
		return ReceiptProof{}, fmt.Errorf("%w: receipt %d", ErrNotAnchored, sequence)
	}
	p := ReceiptProof{To: to}
	for s := sequence + 1; s <= p.To; s++ {
		r, err := l.at(s)
		if err != nil {
			return ReceiptProof{}, err
		}
		digest, err := r.digest()
		if err != nil {
			return ReceiptProof{}, err
		}
		p.Later = append(p.Later, digest)
	}
	return p, nil
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
	head, err := r.Hash()
	if err != nil {
		return err
	}
	offset, err := l.receipts.append(b)
	if err != nil {
		return err
	}
	l.last = head
	l.note(offset, r)
	select {
	case l.grown <- struct{}{}:
	default: // it is known already
	}
	return nil
}

// at is Receipt under mu.
func (l *Log) at(sequence uint64) (*Receipt, error) {
	if sequence == 0 || sequence > uint64(len(l.offsets)) {
		return nil, fmt.Errorf("%w: receipt %d", ErrNotFound, sequence)
	}
	b, err := l.receipts.at(l.offsets[sequence-1])
	if err != nil {
		return nil, err
	}
	return DecodeReceipt(b)
}

// interval is the receipts after the last anchored one, up to and with to.
func (l *Log) interval(to uint64) (Interval, error) {
	iv := Interval{From: l.anchored.To + 1, To: to, Prev: l.anchored.Head}
	for s := iv.From; s <= to; s++ {
		r, err := l.at(s)
		if err != nil {
			return Interval{}, err
		}
		if r.Outcome != OutcomeAllowed {
			iv.Refused++
		}
		if iv.Head, err = r.Hash(); err != nil {
			return Interval{}, err
		}
	}
	return iv, nil
}

func (l *Log) loadInterval(b []byte) error {
	r := canon.Open("receipt-interval", b)
	iv := Interval{From: r.Uint64(), To: r.Uint64()}
	copy(iv.Prev[:], r.Fixed(len(iv.Prev)))
	copy(iv.Head[:], r.Fixed(len(iv.Head)))
	iv.Refused = r.Uint64()
	if err := r.Done(); err != nil {
		return fmt.Errorf("%w: interval: %w", ErrDamaged, err)
	}
	if iv.From != l.anchored.To+1 || iv.To < iv.From || iv.Prev != l.anchored.Head {
		return fmt.Errorf("%w: interval %d to %d does not follow", ErrDamaged, iv.From, iv.To)
	}
	l.anchored = iv
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
	l.note(offset, r)
	l.last, err = r.Hash()
	return r, err
}

// note remembers where a receipt is and whom it concerns; the caller is alone or
// holds mu.
func (l *Log) note(offset int64, r *Receipt) {
	l.offsets = append(l.offsets, offset)
	l.under[r.Consent] = append(l.under[r.Consent], r.Sequence)
	if r.Enterprise != 0 {
		l.of[r.Enterprise] = append(l.of[r.Enterprise], r.Sequence)
	}
}

// Concerning lists the numbers, ascending, of the receipts that name an
// enterprise or one of its consents: a read that was refused before the vault
// looked its consent up names the consent only.
func (l *Log) Concerning(enterprise uint64, consents ...ID) []uint64 {
	l.mu.RLock()
	defer l.mu.RUnlock()
	list := slices.Clone(l.of[enterprise])
	for _, id := range consents {
		list = append(list, l.under[id]...)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func (l *Log) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return errors.Join(l.receipts.close(), l.anchors.close())
}
