package custody

import (
	"context"
	"fmt"
	"strconv"

	"github.com/xinlian/xinlian/gateway/store"
	"github.com/xinlian/xinlian/gateway/vault"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/internal/record"
)

// claims are the index rows of a delivery: one for each record, in its order. Of
// those that the profile has already only the sighting is written.
type claims struct {
	list  []*store.Claim
	fresh map[*record.Record]*store.Claim // those of list that get a batch
}

func (c *claims) all() []store.Claim {
	list := make([]store.Claim, len(c.list))
	for i, f := range c.list {
		list[i] = *f
	}
	return list
}

// sift drops the records that the profile has already, however they came, and
// names those that contradict one that it has. What a source signs is compared
// with the source's own batches, where it is sealed: it adds the source's word to
// what others declared, and corrects the source's own.
func (n *Intake) sift(ctx context.Context, d Delivery, records []found, out *Collected) ([]found, *claims, error) {
	c := &claims{fresh: map[*record.Record]*store.Claim{}}
	here := map[store.Hash][]store.Hash{} // tag → contents of this delivery
	var fresh []found
	for _, f := range records {
		claim := n.claim(d.Enterprise, f.record, sourceOf(d, f))
		claim.Seen.File, claim.Seen.Row = f.at.File, f.at.Row
		known, err := n.Book.Known(ctx, n.OrgID, d.Enterprise, claim.Tag)
		if err != nil {
			return nil, nil, err
		}
		c.list = append(c.list, &claim)
		twice := has(known, here[claim.Tag], claim.Content)
		if twice && d.Signed == nil {
			out.Twice++
			continue
		}
		if len(known) > 0 && !twice && d.Signed == nil {
			out.Conflicts = append(out.Conflicts, Conflict{
				Schema: f.record.Schema.ID, SourceID: f.record.SourceID(), Batch: vault.ID(known[0].Batch), Position: known[0].Position,
			})
		}
		here[claim.Tag] = append(here[claim.Tag], claim.Content)
		fresh = append(fresh, f)
		c.fresh[f.record] = &claim
	}
	return fresh, c, nil
}

func has(known []store.Known, here []store.Hash, content store.Hash) bool {
	for _, k := range known {
		if k.Content == content {
			return true
		}
	}
	for _, h := range here {
		if h == content {
			return true
		}
	}
	return false
}

// sourceOf names a record's source: the scheduled source, or the kind of file.
func sourceOf(d Delivery, f found) string {
	if d.Source != "" {
		return d.Source
	}
	return f.format
}

// lanesMax bounds the streams that one source's records of one kind are spread
// over.
const lanesMax = 16

// seal seals the records by stream. A stream's batches cover their days once, so
// a record of a day that its stream has covered, because it came late or corrects
// another, goes to the stream's next lane, which is a stream of its own.
func (n *Intake) seal(ctx context.Context, d Delivery, records []found, c *claims, p *plan) error {
	if len(records) == 0 {
		return nil
	}
	streams, err := n.Chain.Streams(ctx, d.Enterprise)
	if err != nil {
		return err
	}
	for len(records) > 0 {
		first, size := records[0], 1
		for size < len(records) && records[size].stream == first.stream && records[size].record.Schema == first.record.Schema {
			size++
		}
		if err := n.sealLanes(ctx, d, streams, records[:size], c, p); err != nil {
			return err
		}
		records = records[size:]
	}
	return nil
}

// sealLanes seals the records of one stream, which are in the order of days.
func (n *Intake) sealLanes(ctx context.Context, d Delivery, streams []profilev1.Stream, records []found, c *claims, p *plan) error {
	name, schema := records[0].stream, records[0].record.Schema
	for lane := 1; len(records) > 0; lane++ {
		if lane > lanesMax {
			return fmt.Errorf("sealing %s of %s: its days are covered by %d streams already: ask the source to deliver late records in one piece", schema.ID, name, lanesMax)
		}
		source := name
		if lane > 1 {
			source = name + "." + strconv.Itoa(lane)
		}
		head := headOf(streams, source, schema.ID)
		head.Source, head.SchemaId = source, schema.ID
		var err error
		if lane == 1 {
			if records, err = n.correct(ctx, d, &head, records, c, p); err != nil {
				return err
			}
		}
		var take []*record.Record
		var rest []found
		for _, f := range records {
			if day, _ := f.record.Int("date"); head.Sequence > 0 && day <= int64(head.PeriodTo) {
				rest = append(rest, f)
			} else {
				take = append(take, f.record)
			}
		}
		records = rest
		if len(take) == 0 {
			continue
		}
		info, err := n.Vault.Seal(ctx, vault.Batch{Enterprise: d.Enterprise, Source: d.Signed.org(), Schema: schema, Records: vault.List(take)})
		if err != nil {
			return fmt.Errorf("sealing %s of %s: %w", schema.ID, source, err)
		}
		c.place(take, info.ID)
		p.Result.Batches = append(p.Result.Batches, info)
		// A late lane says nothing of the days between its batches: the first lane does.
		a := anchorOf(source, info, head, d.Complete || lane > 1)
		if err := d.Signed.sign(n.ChainID, d.Enterprise, &a); err != nil {
			return err
		}
		p.Anchors = append(p.Anchors, a)
	}
	return nil
}

func headOf(streams []profilev1.Stream, source, schema string) profilev1.Stream {
	for _, s := range streams {
		if s.Source == source && s.SchemaId == schema {
			return s
		}
	}
	return profilev1.Stream{}
}

// anchorOf makes the anchor of a sealed batch: the next number of its stream. A
// complete stream covers the days since its last batch too.
func anchorOf(source string, b vault.BatchInfo, head profilev1.Stream, complete bool) profilev1.BatchAnchor {
	from := uint32(b.FromDay)
	if complete && head.Sequence > 0 {
		from = head.PeriodTo + 1
	}
	return profilev1.BatchAnchor{
		BatchId: b.ID[:], SchemaId: b.SchemaID, SchemaVersion: uint32(b.Version),
		Source: source, SourceClass: profilev1.SourceClass_SOURCE_CLASS_OWNER_DECLARED,
		Sequence: head.Sequence + 1, PeriodFrom: from, PeriodTo: uint32(b.ToDay),
		RecordCount: uint32(b.Count), Root: b.Root[:], Suite: onChain(b.Suite), Epoch: b.Epoch,
	}
}
