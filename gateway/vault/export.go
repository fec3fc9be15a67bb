package vault

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/xinlian/xinlian/internal/record"
)

// PurposeExport is the purpose of an owner's request for her own records. Such a
// request names no consent: nobody needs one for what is held of himself.
const PurposeExport = "export"

// Export is what an owner's request opens: her records and documents in plain,
// of one moment. Its receipt was written before it was made.
type Export struct {
	Receipt   Receipt
	Batches   []BatchInfo    // anchored ones with records in the months asked for
	Documents []DocumentInfo // of the categories and months asked for

	vault  *Vault
	months Months
}

// Export decides on a signed request of an owner for her own records, writes its
// receipt, and says what may be opened. The request is a read request with
// PurposeExport, UseView and no consent, signed by an admin device of the
// enterprise. Refusals are those of Read; like those, they leave a receipt.
func (v *Vault) Export(ctx context.Context, req ReadRequest, signature []byte) (*Export, error) {
	leave, err := v.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	r := v.newReading(&req, signature)
	if err := r.settle(r.judgeExport(ctx)); err != nil {
		return nil, err
	}
	e := &Export{Receipt: r.receipt, Batches: r.plan.batches, vault: v, months: req.Selector.Months}
	for _, d := range v.Documents(r.receipt.Enterprise) {
		if slices.Contains(req.Selector.Categories, d.Category) && d.Months.Overlaps(req.Selector.Months) {
			e.Documents = append(e.Documents, d)
		}
	}
	return e, nil
}

func (r *reading) judgeExport(ctx context.Context) error {
	if _, err := r.asked(ctx); err != nil {
		return err
	}
	q := r.req
	if q.Consent != (ID{}) || q.Use != UseView || len(q.Selector.Batches) > 0 || len(q.Selector.Records) > 0 {
		return fmt.Errorf("%w: an export names no consent, batch or record, and is for viewing", ErrBadRequest)
	}
	if q.Purpose != PurposeExport {
		return ErrPurpose
	}
	if !r.admin {
		return fmt.Errorf("%w: an admin device of the enterprise asks for its records", ErrGrantee)
	}
	enterprise := r.receipt.Org
	r.receipt.Enterprise = enterprise
	gone, err := r.vault.keys.Erased(enterprise)
	if err != nil || gone {
		return errors.Join(err, erasedIf(gone, enterprise))
	}
	r.plan, err = r.vault.plan(ctx, &Consent{Enterprise: enterprise}, &q.Selector)
	if err != nil {
		return err
	}
	r.receipt.Root, r.receipt.Records = r.plan.root, r.plan.records
	return nil
}

// Records opens the records of one of the export's batches in order, a segment
// at a time, each proven against the anchored root. An erasure in between ends it.
func (e *Export) Records(ctx context.Context, b BatchInfo, visit func(*Opened) error) error {
	if b.Enterprise != e.Receipt.Enterprise || !slices.ContainsFunc(e.Batches, func(x BatchInfo) bool { return x.ID == b.ID }) {
		return fmt.Errorf("%w: batch %s is not of this export", ErrNotFound, b.ID)
	}
	segments := int((b.Count + SegmentRecords - 1) / SegmentRecords)
	for n := range segments {
		// The visitor may be slow, and an erasure waits for whoever is inside.
		list, err := e.segment(ctx, b, n)
		if err != nil {
			return err
		}
		for _, o := range list {
			if !e.months.Contains(o.Month) {
				continue
			}
			if err := visit(o); err != nil {
				return err
			}
		}
	}
	return nil
}

func (e *Export) segment(ctx context.Context, b BatchInfo, n int) ([]*Opened, error) {
	v := e.vault
	leave, err := v.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	if gone, err := v.keys.Erased(b.Enterprise); err != nil || gone {
		return nil, errors.Join(err, erasedIf(gone, b.Enterprise))
	}
	anchor, err := v.cfg.Chain.Anchored(ctx, b.ID)
	if err == nil {
		err = anchor.check(&b)
	}
	if err != nil {
		return nil, err
	}
	m, err := v.loadManifest(b.Enterprise, b.ID)
	if err != nil {
		return nil, err
	}
	s, err := loadIndex(ctx, v.blobs, m, n)
	if err != nil {
		return nil, err
	}
	return v.openSegment(ctx, nil, anchor, m, s)
}

// Every is the selector of everything: all categories, and the newest months up
// to one, as many as a selector may span.
func Every(to uint32) Selector {
	s := Selector{Months: Months{From: 198001, To: to}}
	for _, k := range record.Categories {
		s.Categories = append(s.Categories, k.Category)
	}
	slices.Sort(s.Categories)
	if s.Months.count() > MonthsMax {
		i := monthIndex(to) - MonthsMax + 1
		s.Months.From = uint32(i/12*100 + i%12 + 1)
	}
	return s
}
