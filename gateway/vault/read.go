package vault

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/rfc6962"

	"github.com/xinlian/xinlian/internal/canon"
	"github.com/xinlian/xinlian/internal/record"
)

// Read decides on a signed request and, if it is allowed, returns what to send
// to the reader: ciphertexts, the wraps that open them and proofs, never
// plaintext. Whatever the decision, a receipt is on disk before Read returns; if
// it cannot be written nothing is released. A refusal is one of the package's
// errors and is told apart by errors.Is.
func (v *Vault) Read(ctx context.Context, req ReadRequest, signature []byte) (*Delivery, error) {
	leave, err := v.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	r := &reading{vault: v, req: &req, signature: signature, receipt: Receipt{
		ChainID: v.cfg.ChainID, Custodian: v.cfg.Custodian, Consent: req.Consent, Nonce: req.Nonce,
		Expires: req.Expires.Unix(), Device: presentable(req.Device, AddressBytesMax), Purpose: presentable(req.Purpose, PurposeBytesMax),
	}}
	verdict := r.settle(r.judge(ctx))
	if verdict != nil {
		if errors.Is(verdict, ErrConsentRevoked) || errors.Is(verdict, ErrConsentExpired) || errors.Is(verdict, ErrConsentAmended) {
			verdict = errors.Join(verdict, v.DropWraps(req.Consent))
		}
		return nil, verdict
	}
	return &Delivery{vault: v, plan: r.plan, receipt: r.receipt}, nil
}

// reading is one read on its way to a decision.
type reading struct {
	vault     *Vault
	req       *ReadRequest
	signature []byte
	receipt   Receipt
	consent   *Consent
	plan      *plan
}

// judge makes every check that does not depend on other reads, in the order in
// which a refusal is reported.
func (r *reading) judge(ctx context.Context) error {
	v := r.vault
	raw, err := r.req.Encoded()
	if err != nil {
		return err
	}
	r.receipt.Request = sha256.Sum256(raw)
	r.receipt.Categories, r.receipt.Months = slices.Clone(r.req.Selector.Categories), r.req.Selector.Months
	if r.req.ChainID != v.cfg.ChainID || r.req.Custodian != v.cfg.Custodian {
		return ErrWrongVault
	}
	head, err := v.cfg.Chain.Head(ctx)
	if err != nil {
		return fmt.Errorf("reading the chain's head: %w", err)
	}
	r.receipt.Height, r.receipt.TimeUnix = head.Height, head.Time.Unix()
	if err := head.fresh(v.cfg.Now()); err != nil {
		return err
	}
	if err := r.identify(ctx, raw); err != nil {
		return err
	}
	if r.req.Expires.Before(head.Time) || r.req.Expires.Sub(head.Time) > RequestLifeMax {
		return ErrRequestExpired
	}
	if err := r.authorise(ctx, head.Time); err != nil {
		return err
	}
	return r.gather(ctx)
}

// identify proves which device asks.
func (r *reading) identify(ctx context.Context, raw []byte) error {
	d, err := r.vault.cfg.Chain.Device(ctx, r.req.Device)
	if err != nil {
		return fmt.Errorf("looking up the device: %w", err)
	}
	if d.Address != r.req.Device || !d.Active {
		return ErrDevice
	}
	r.receipt.Org = d.Org
	if err := r.vault.cfg.Signers.Check(d, raw, r.signature); err != nil {
		return err
	}
	r.receipt.Verified = true
	return nil
}

// authorise holds the request against the consent as the chain has it now.
func (r *reading) authorise(ctx context.Context, at time.Time) error {
	c, err := r.vault.cfg.Chain.Consent(ctx, r.req.Consent)
	if err != nil {
		return fmt.Errorf("looking up the consent: %w", err)
	}
	if c.ID != r.req.Consent {
		return ErrConsentUnknown
	}
	r.receipt.Enterprise = c.Enterprise
	if c.Grantee != r.receipt.Org {
		return ErrGrantee
	}
	if err := c.live(at); err != nil {
		return err
	}
	if err := c.covers(r.req); err != nil {
		return err
	}
	gone, err := r.vault.keys.Erased(c.Enterprise)
	if err != nil || gone {
		return errors.Join(err, erasedIf(gone, c.Enterprise))
	}
	r.consent = &c
	return nil
}

// gather finds the records and the wraps that open them.
func (r *reading) gather(ctx context.Context) error {
	wraps, err := r.vault.wraps.load(r.req.Consent)
	if err != nil {
		return err
	}
	p, err := r.vault.plan(ctx, r.consent, &r.req.Selector)
	if err != nil {
		return err
	}
	for _, b := range p.batches {
		i := slices.IndexFunc(wraps, func(w *Wrap) bool { return w.Category == b.Category && w.Epoch == b.Epoch })
		if i < 0 {
			return fmt.Errorf("%w: %s, epoch %d", ErrNoWraps, b.Category, b.Epoch)
		}
		if !slices.Contains(p.wraps, wraps[i]) {
			p.wraps = append(p.wraps, wraps[i])
		}
	}
	r.plan, r.receipt.Root, r.receipt.Records = p, p.root, p.records
	return nil
}

// settle adds what depends on other reads to the verdict, one read at a time,
// and writes the receipt.
func (r *reading) settle(verdict error) error {
	g := r.vault.gate
	g.mu.Lock()
	defer g.mu.Unlock()
	if r.receipt.Verified {
		if g.used(&r.receipt) {
			verdict = ErrNonceUsed
		} else if verdict == nil {
			verdict = g.admit(&r.receipt, r.consent)
		}
	}
	if verdict != nil {
		r.receipt.Root, r.receipt.Records = hash{}, 0
	}
	r.receipt.Outcome = OutcomeOf(verdict)
	if err := r.vault.log.append(&r.receipt); err != nil {
		return errors.Join(err, verdict)
	}
	g.replay(&r.receipt)
	return verdict
}

// plan is what an allowed read releases.
type plan struct {
	filter

	batches []BatchInfo
	wraps   []*Wrap
	root    hash
	records uint64
}

// filter says which records of a batch are released.
type filter struct {
	selector     *Selector
	refs         map[RecordRef]bool // nil: all
	amountFenMin int64              // of the consent; the vault alone enforces it
}

// plan finds the records of the selector that are anchored. Batches not yet on chain are passed over, unless named.
func (v *Vault) plan(ctx context.Context, c *Consent, s *Selector) (*plan, error) {
	p := &plan{filter: filter{selector: s, refs: s.refs(), amountFenMin: c.AmountFenMin}}
	tree := (&compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}).NewEmptyRange(0)
	named, err := v.named(c, s)
	if err != nil {
		return nil, err
	}
	for _, b := range v.Batches(c.Enterprise) {
		if !s.wantsBatch(&b) {
			continue
		}
		anchor, err := v.cfg.Chain.Anchored(ctx, b.ID)
		if errors.Is(err, ErrNotAnchored) && !named[b.ID] {
			continue
		}
		if err == nil {
			err = anchor.check(&b)
		}
		if err != nil {
			return nil, err
		}
		if !c.admits(&b, &anchor) {
			if named[b.ID] {
				return nil, fmt.Errorf("%w: batch %s is of a source or schema that is not covered", ErrOutOfRange, b.ID)
			}
			continue
		}
		before := p.records
		err = v.each(ctx, &b, &p.filter, func(_ *manifest, seg *segmentIndex, i int) error {
			p.records++
			return tree.Append(seg.entries[i].leaf[:], nil)
		})
		if err != nil {
			return nil, err
		}
		if p.records > before {
			p.batches = append(p.batches, b)
		}
	}
	if len(s.Records) > 0 && p.records != uint64(len(p.refs)) {
		return nil, fmt.Errorf("%w: a named record is outside the months named or hidden by the filter", ErrOutOfRange)
	}
	p.root = hash(rfc6962.DefaultHasher.EmptyRoot())
	if p.records > 0 {
		root, err := tree.GetRootHash(nil)
		if err != nil {
			return nil, err
		}
		p.root = hash(root)
	}
	return p, nil
}

// named checks that what the selector names by id exists and lies inside the
// consent and the selector itself.
func (v *Vault) named(c *Consent, s *Selector) (map[ID]bool, error) {
	ids := map[ID]bool{}
	for _, id := range s.Batches {
		ids[id] = true
	}
	for _, k := range s.Records {
		if len(s.Batches) > 0 && !ids[k.Batch] {
			return nil, fmt.Errorf("%w: record of a batch that is not named", ErrBadRequest)
		}
	}
	for _, k := range s.Records {
		ids[k.Batch] = true
	}
	for id := range ids {
		b, err := v.Batch(id)
		if err != nil {
			return nil, err
		}
		if b.Enterprise != c.Enterprise { // as if there were none: others' batches are not told of
			return nil, fmt.Errorf("%w: batch %s", ErrNotFound, id)
		}
		if !s.wantsBatch(&b) {
			return nil, fmt.Errorf("%w: batch %s", ErrOutOfRange, id)
		}
	}
	for _, k := range s.Records {
		if b, err := v.Batch(k.Batch); err != nil || k.Index >= b.Count {
			return nil, fmt.Errorf("%w: record %d of batch %s", ErrNotFound, k.Index, k.Batch)
		}
	}
	return ids, nil
}

func (s *Selector) wantsBatch(b *BatchInfo) bool {
	if !slices.Contains(s.Categories, b.Category) || !s.Months.Overlaps(b.Months) {
		return false
	}
	if len(s.Records) > 0 {
		return slices.ContainsFunc(s.Records, func(k RecordRef) bool { return k.Batch == b.ID })
	}
	return len(s.Batches) == 0 || slices.Contains(s.Batches, b.ID)
}

func (s *Selector) refs() map[RecordRef]bool {
	if len(s.Records) == 0 {
		return nil
	}
	refs := make(map[RecordRef]bool, len(s.Records))
	for _, k := range s.Records {
		refs[k] = true
	}
	return refs
}

// each visits the records of a batch that the filter lets through, in order,
// with one segment in memory at a time.
func (v *Vault) each(ctx context.Context, b *BatchInfo, f *filter, visit func(*manifest, *segmentIndex, int) error) error {
	m, err := v.loadManifest(b.Enterprise, b.ID)
	if err != nil {
		return err
	}
	for n := range m.segments {
		if !f.selector.Months.Overlaps(m.segments[n].months) {
			continue
		}
		seg, err := loadIndex(ctx, v.blobs, m, n)
		if err != nil {
			return err
		}
		hidden, err := v.hidden(ctx, m, seg, f)
		if err != nil {
			return err
		}
		for i, e := range seg.entries {
			ref := RecordRef{b.ID, uint64(n)*SegmentRecords + uint64(i)}
			if !f.selector.Months.Contains(e.month) || f.refs != nil && !f.refs[ref] || hidden[i] {
				continue
			}
			if err := visit(m, seg, i); err != nil {
				return err
			}
		}
	}
	return nil
}

// hidden opens a segment's records, where the consent has a least amount, and
// says which fall below it. A record without an amount is not hidden.
func (v *Vault) hidden(ctx context.Context, m *manifest, seg *segmentIndex, f *filter) (map[int]bool, error) {
	if f.amountFenMin <= 0 {
		return nil, nil
	}
	parts, err := loadBody(ctx, v.blobs, m, seg)
	if err != nil {
		return nil, err
	}
	out, periods := map[int]bool{}, map[uint32]Key{}
	for i, e := range seg.entries {
		if !f.selector.Months.Contains(e.month) {
			continue
		}
		if _, ok := periods[e.month]; !ok {
			if periods[e.month], err = v.keys.periodKey(m.Enterprise, m.Category, m.Epoch, e.month); err != nil {
				return nil, err
			}
		}
		p := m.Place(uint64(seg.number)*SegmentRecords + uint64(i))
		key, err := RecordKey(p.Suite, []Key{periods[e.month]}, p.Mode, p.Batch, p.Index)
		if err != nil {
			return nil, err
		}
		_, plain, err := openSingle(p, key, parts[i])
		if err != nil {
			return nil, err
		}
		r, err := record.Decode(plain)
		if err != nil {
			return nil, fmt.Errorf("%w: record %d of batch %s: %w", ErrDamaged, p.Index, p.Batch, err)
		}
		amount, ok := r.Int(amountField)
		out[i] = ok && max(amount, -amount) < f.amountFenMin
	}
	return out, nil
}

// amountField is the field that a consent's least amount is about.
const amountField = "amount"

// presentable is s if it can stand in a receipt, else nothing: a malformed
// request must not be able to keep its refusal out of the log.
func presentable(s string, bytesMax int) string {
	if _, err := canon.New("receipt").String(s).Encoded(); err != nil || len(s) > bytesMax {
		return ""
	}
	return s
}
