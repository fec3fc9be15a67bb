package vault

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/rfc6962"

	"github.com/xinlian/xinlian/internal/canon"
	"github.com/xinlian/xinlian/internal/record"
)

// Anchors is what a reader asks of its own node about a batch.
type Anchors interface {
	// Anchored is the anchor of a batch; ErrNotAnchored.
	Anchored(ctx context.Context, batch ID) (Anchor, error)
}

// Reader is the grantee's side of a read: a lender, an attestor or a feature
// extractor. It trusts the vault with nothing: every record proves itself
// against the root that the reader's own node has.
type Reader struct {
	ChainID string
	Key     DataKeySource
	Anchors Anchors
}

// Opened is one record with what proves it.
type Opened struct {
	Batch     BatchInfo
	Month     uint32
	Record    *record.Record
	Salt      []byte
	Canonical []byte
	Proof     record.Proof
}

// Reading is a delivery being opened.
type Reading struct {
	// Receipt is as the vault wrote it. Its place in the log, height and time are
	// the vault's word until the log is anchored; the rest is checked.
	Receipt Receipt

	reader *Reader
	ctx    context.Context //nolint:containedctx // one reading, one context
	src    io.Reader
	req    ReadRequest
	keys   map[wrapKey]map[uint32]Key
	batch  BatchInfo
	anchor Anchor
	next   uint64 // lowest index that may come
	seen   map[ID]bool
	tree   *compact.Range
	count  uint64
	err    error
}

type wrapKey struct {
	category record.Category
	epoch    uint32
}

// Open starts opening the delivery that answers req. It reads the header and the
// wraps come with Next.
func (r *Reader) Open(ctx context.Context, req ReadRequest, src io.Reader) (*Reading, error) {
	raw, err := req.Encoded()
	if err != nil {
		return nil, err
	}
	kind, b, err := receiveFrame(src)
	if err != nil {
		return nil, err
	}
	if kind != frameHeader {
		return nil, fmt.Errorf("%w: delivery starts with frame %d", ErrDamaged, kind)
	}
	h := canon.Open("delivery", b)
	suite, receipt := Suite(h.String()), h.Bytes()
	if err := h.Done(); err != nil {
		return nil, fmt.Errorf("%w: delivery: %w", ErrDamaged, err)
	}
	if err := suite.check(); err != nil {
		return nil, err
	}
	rc, err := DecodeReceipt(receipt)
	if err != nil {
		return nil, err
	}
	if req.ChainID != r.ChainID || !rc.answers(&req, sha256.Sum256(raw)) {
		return nil, fmt.Errorf("%w: delivery answers another request", ErrDamaged)
	}
	return &Reading{
		Receipt: *rc, reader: r, ctx: ctx, src: src, req: req,
		keys: map[wrapKey]map[uint32]Key{}, seen: map[ID]bool{},
		tree: (&compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}).NewEmptyRange(0),
	}, nil
}

// Next opens the next record, or returns io.EOF after the last. Only io.EOF says
// that the delivery is whole and is what its receipt states: until then nothing
// may be concluded from a record that is missing. Errors stick.
func (o *Reading) Next() (*Opened, error) {
	for o.err == nil {
		var rec *Opened
		if rec, o.err = o.frame(); rec != nil && o.err == nil {
			return rec, nil
		}
	}
	return nil, o.err
}

// All opens every record of a delivery that fits in memory.
func (o *Reading) All() ([]*Opened, error) {
	var all []*Opened
	for {
		rec, err := o.Next()
		if errors.Is(err, io.EOF) && !errors.Is(err, ErrDamaged) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		all = append(all, rec)
	}
}

// answers says whether a receipt is that of an allowed read of this request.
func (r *Receipt) answers(req *ReadRequest, sum [sha256.Size]byte) bool {
	return r.Outcome == OutcomeAllowed && r.Verified && r.Request == sum && r.ChainID == req.ChainID && r.Custodian == req.Custodian &&
		r.Consent == req.Consent && r.Purpose == req.Purpose && r.Device == req.Device && r.Nonce == req.Nonce && r.Expires == req.Expires.Unix() &&
		slices.Equal(r.Categories, req.Selector.Categories) && r.Months == req.Selector.Months
}

func (o *Reading) frame() (*Opened, error) {
	kind, b, err := receiveFrame(o.src)
	if err != nil {
		return nil, err
	}
	switch kind {
	case frameWrap:
		return nil, o.takeWrap(b)
	case frameBatch:
		return nil, o.takeBatch(b)
	case frameRecord:
		return o.takeRecord(b)
	case frameEnd:
		return nil, o.end(b)
	}
	return nil, fmt.Errorf("%w: frame %d", ErrDamaged, kind)
}

func (o *Reading) takeWrap(b []byte) error {
	r := canon.Open("delivery-wrap", b)
	raw := r.Bytes()
	if err := r.Done(); err != nil {
		return fmt.Errorf("%w: wrap: %w", ErrDamaged, err)
	}
	w, err := DecodeWrap(raw)
	if err != nil {
		return err
	}
	if w.Consent != o.req.Consent || w.ChainID != o.reader.ChainID || w.Enterprise != o.Receipt.Enterprise {
		return fmt.Errorf("%w: wrap is for another consent", ErrDamaged)
	}
	key, err := o.reader.Key.DataKey(w.Recipient)
	if err != nil {
		return err
	}
	o.keys[wrapKey{w.Category, w.Epoch}], err = w.Open(key)
	return err
}

func (o *Reading) takeBatch(b []byte) error {
	r := canon.Open("delivery-batch", b)
	o.batch, o.next = readBatchInfo(r), 0
	if err := r.Done(); err != nil {
		return fmt.Errorf("%w: batch: %w", ErrDamaged, err)
	}
	if o.seen[o.batch.ID] || o.batch.Enterprise != o.Receipt.Enterprise || !slices.Contains(o.req.Selector.Categories, o.batch.Category) {
		return fmt.Errorf("%w: batch %s was not asked for", ErrDamaged, o.batch.ID)
	}
	o.seen[o.batch.ID] = true
	var err error
	if o.anchor, err = o.reader.Anchors.Anchored(o.ctx, o.batch.ID); err != nil {
		return err
	}
	if o.batch.Origin != (ID{}) || o.batch.FromDay != 0 || o.batch.ToDay != 0 || o.batch.Months != (Months{}) {
		return fmt.Errorf("%w: batch %s says more than is proven", ErrDamaged, o.batch.ID)
	}
	o.batch.FromDay, o.batch.ToDay = o.anchor.PeriodFrom, o.anchor.PeriodTo
	o.batch.Months = Months{record.Month(o.anchor.PeriodFrom), record.Month(o.anchor.PeriodTo)}
	return o.anchor.check(&o.batch)
}

func (o *Reading) takeRecord(b []byte) (*Opened, error) {
	r := canon.Open("delivery-record", b)
	p := record.Proof{Index: r.Uint64(), Size: o.anchor.Count}
	month, ct := r.Uint32(), r.Bytes()
	for range r.Uint8() {
		p.Path = append(p.Path, r.Fixed(record.HashBytes))
	}
	if err := r.Done(); err != nil {
		return nil, fmt.Errorf("%w: record: %w", ErrDamaged, err)
	}
	if len(o.seen) == 0 || p.Index < o.next || !o.req.Selector.Months.Contains(month) {
		return nil, fmt.Errorf("%w: record %d was not asked for or comes twice", ErrDamaged, p.Index)
	}
	o.next = p.Index + 1
	period, ok := o.keys[wrapKey{o.batch.Category, o.batch.Epoch}][month]
	if !ok {
		return nil, fmt.Errorf("%w: month %d", ErrNoWraps, month)
	}
	rec, err := openProven(&o.batch, o.anchor, month, period, ct, p)
	if err != nil {
		return nil, err
	}
	o.count++
	return rec, o.tree.Append(record.LeafHash(o.batch.Enterprise, rec.Record.Schema, rec.Salt, rec.Canonical), nil)
}

// end compares what came with what the receipt states.
func (o *Reading) end(b []byte) error {
	r := canon.Open("delivery-end", b)
	n := r.Uint64()
	if err := r.Done(); err != nil {
		return fmt.Errorf("%w: end: %w", ErrDamaged, err)
	}
	root := rfc6962.DefaultHasher.EmptyRoot()
	if o.count > 0 {
		var err error
		if root, err = o.tree.GetRootHash(nil); err != nil {
			return err
		}
	}
	if n != o.count || n != o.Receipt.Records || hash(root) != o.Receipt.Root {
		return fmt.Errorf("%w: %d records do not match their receipt", ErrDamaged, o.count)
	}
	return io.EOF
}

// openProven decrypts a record, proves it against the anchored root and checks
// everything that was said about it in the clear.
func openProven(b *BatchInfo, a Anchor, month uint32, period Key, ciphertext []byte, p record.Proof) (*Opened, error) {
	key, err := RecordKey(b.Suite, []Key{period}, ModeSingle, b.ID, p.Index)
	if err != nil {
		return nil, err
	}
	salt, plain, err := openSingle(b.Place(p.Index), key, ciphertext)
	if err != nil {
		return nil, err
	}
	if p.Size != a.Count {
		return nil, fmt.Errorf("%w: proof is for a batch of %d", ErrDamaged, p.Size)
	}
	r, err := record.Verify(a.Root[:], a.Enterprise, salt, plain, p)
	if err != nil {
		return nil, fmt.Errorf("%w: record %d of batch %s: %w", ErrDamaged, p.Index, b.ID, err)
	}
	day, _ := r.Int(dateField)
	if r.Schema.ID != b.SchemaID || r.Schema.Version != b.Version || r.Schema.Category != a.Category || record.Month(day) != month {
		return nil, fmt.Errorf("%w: record %d of batch %s is not what it was said to be", ErrDamaged, p.Index, b.ID)
	}
	return &Opened{Batch: *b, Month: month, Record: r, Salt: salt, Canonical: plain, Proof: p}, nil
}
