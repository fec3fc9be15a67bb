package custody

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/xinlian/xinlian/gateway/identity"
	"github.com/xinlian/xinlian/gateway/store"
	"github.com/xinlian/xinlian/gateway/vault"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/internal/artefact"
	"github.com/xinlian/xinlian/internal/record"
	"github.com/xinlian/xinlian/internal/wire"
)

// Source is an organisation that stands by what its system delivers: its service
// device signs each anchor, and it alone may correct what it signed.
type Source struct {
	OrgID   uint64
	Service wire.Signer // an active service device of the organisation
}

// stream is the name of one of the source's streams: nobody else continues it.
func (s *Source) stream(name string) string {
	if s == nil {
		return name
	}
	return fmt.Sprintf("org-%d/%s", s.OrgID, name)
}

// org is the organisation, 0 where the owner declares.
func (s *Source) org() uint64 {
	if s == nil {
		return 0
	}
	return s.OrgID
}

// sign makes an anchor the source's own; nothing where the owner declares.
func (s *Source) sign(chainID string, enterprise uint64, a *profilev1.BatchAnchor) error {
	if s == nil {
		return nil
	}
	a.SourceClass = profilev1.SourceClass_SOURCE_CLASS_SIGNED
	a.SourceOrgId, a.SourceDevice = s.OrgID, wire.Address(s.Service)
	content, err := artefact.AnchorContent(chainID, enterprise, *a)
	if err != nil {
		return fmt.Errorf("making what organisation %d signs: %w", s.OrgID, err)
	}
	if a.SourceSignature, err = s.Service.Sign(content); err != nil {
		return fmt.Errorf("signing for organisation %d: %w", s.OrgID, err)
	}
	return nil
}

// correct seals a batch in the place of each earlier one of the stream whose days
// the records restate: the earlier records, those of the same document replaced,
// and what is new. What the source says nothing of stands. The earlier batch stays
// visible. A batch that the records do not change is left alone. It returns the
// records that no batch's days cover, and leaves head at the stream's last number.
func (n *Intake) correct(ctx context.Context, d Delivery, head *profilev1.Stream, records []found, c *claims, p *plan) ([]found, error) {
	if d.Signed == nil || head.Sequence == 0 || len(records) == 0 {
		return records, nil
	}
	batches, err := n.Chain.Profile(ctx, d.Enterprise)
	if err != nil {
		return nil, err
	}
	for _, b := range batches {
		a := b.Anchor
		if a.Source != head.Source || a.SchemaId != head.SchemaId || b.Status == profilev1.BatchStatus_BATCH_STATUS_SUPERSEDED {
			continue
		}
		var restated []*record.Record
		var rest []found
		for _, f := range records {
			if day, _ := f.record.Int("date"); day >= int64(a.PeriodFrom) && day <= int64(a.PeriodTo) {
				restated = append(restated, f.record)
			} else {
				rest = append(rest, f)
			}
		}
		if len(restated) == 0 {
			continue
		}
		records = rest
		if err := n.replace(ctx, d, head, b, restated, c, p); err != nil {
			return nil, err
		}
	}
	return records, nil
}

// replace seals the batch that takes the place of old.
func (n *Intake) replace(ctx context.Context, d Delivery, head *profilev1.Stream, old profilev1.Batch, restated []*record.Record, c *claims, p *plan) error {
	id := vault.ID(old.Anchor.BatchId)
	opened, err := n.Vault.OpenBatch(ctx, id)
	if err != nil {
		return fmt.Errorf("opening batch %s to correct it: %w", id, err)
	}
	schema := restated[0].Schema
	list := make([]*record.Record, 0, len(opened))
	at := map[[32]byte]int{}
	for i, o := range opened {
		list = append(list, under(schema, o.Record))
		at[identity.Of(list[i])] = i
	}
	changed := false
	for _, r := range restated {
		i, known := at[identity.Of(r)]
		switch {
		case known && identity.Content(list[i]) == identity.Content(r):
			p.Result.Twice++
			c.drop(r)
			continue
		case known:
			list[i] = r
			p.Result.Corrected++
		default:
			at[identity.Of(r)] = len(list)
			list = append(list, r)
		}
		changed = true
	}
	if !changed {
		return nil
	}
	slices.SortStableFunc(list, func(a, b *record.Record) int {
		da, _ := a.Int("date")
		db, _ := b.Int("date")
		return cmp.Or(cmp.Compare(da, db), cmp.Compare(a.SourceID(), b.SourceID()))
	})
	info, err := n.Vault.Seal(ctx, vault.Batch{Enterprise: d.Enterprise, Source: d.Signed.org(), Schema: schema, Records: vault.List(list)})
	if err != nil {
		return fmt.Errorf("sealing the correction of batch %s: %w", id, err)
	}
	p.Result.Batches = append(p.Result.Batches, info)
	c.place(list, info.ID)
	a := anchorOf(head.Source, info, *head, false)
	a.PeriodFrom, a.PeriodTo, a.Supersedes = old.Anchor.PeriodFrom, old.Anchor.PeriodTo, old.Anchor.BatchId
	head.Sequence++
	if err := d.Signed.sign(n.ChainID, d.Enterprise, &a); err != nil {
		return err
	}
	p.Anchors = append(p.Anchors, a)
	return nil
}

// under is a record under a later version of its schema, which has every field
// of the earlier one.
func under(s *record.Schema, r *record.Record) *record.Record {
	if r.Schema == s {
		return r
	}
	out := record.New(s)
	for i, f := range r.Schema.Fields {
		if to := s.Index(f.Name); to >= 0 {
			out.Values[to] = r.Values[i]
		}
	}
	return out
}

// place writes down where the records of a delivery lie; others are passed over.
func (c *claims) place(records []*record.Record, batch vault.ID) {
	for i, r := range records {
		if claim := c.fresh[r]; claim != nil {
			claim.Batch, claim.Position = store.Hash(batch), uint64(i)
		}
	}
}

// drop takes back that a record gets a batch; that it was seen stays.
func (c *claims) drop(r *record.Record) { delete(c.fresh, r) }
