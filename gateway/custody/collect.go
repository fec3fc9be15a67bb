package custody

import (
	"bytes"
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"github.com/xinlian/xinlian/gateway/chain"
	"github.com/xinlian/xinlian/gateway/connector"
	"github.com/xinlian/xinlian/gateway/connector/format"
	"github.com/xinlian/xinlian/gateway/vault"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/internal/record"
)

// ErrNothing says that the documents held no record that could be read.
var ErrNothing = errors.New("custody: no record could be read from the documents")

// Upload is one document as the owner hands it in.
type Upload struct {
	Name string
	Data []byte
}

// Collected is what became of a set of documents.
type Collected struct {
	Files    []connector.Summary
	Problems []connector.RowError // each names file, row, column and rule
	Batches  []vault.BatchInfo
	Anchored chain.Result
}

// Records counts the sealed records.
func (c Collected) Records() (n uint64) {
	for _, b := range c.Batches {
		n += b.Count
	}
	return n
}

// Collect reads documents of an enterprise, keeps the originals, seals the
// records by stream and anchors the batches in one transaction. A bad row is
// among the problems and costs nothing else. When Collect fails before the
// anchor is on chain, nothing of it counts and it may be called again: a batch
// without an anchor is never served.
func (c *Custodian) Collect(ctx context.Context, enterprise uint64, owner connector.Owner, uploads []Upload) (Collected, error) {
	var out Collected
	streams, err := c.parse(ctx, owner, uploads, &out)
	if err != nil {
		return out, err
	}
	if len(streams) == 0 {
		return out, ErrNothing
	}
	if err := c.keepOriginals(ctx, enterprise, streams, uploads); err != nil {
		return out, err
	}
	var anchors []profilev1.BatchAnchor
	for _, s := range streams {
		info, err := c.Vault.Seal(ctx, vault.Batch{Enterprise: enterprise, Schema: s.schema, Records: vault.List(s.records)})
		if err != nil {
			return out, fmt.Errorf("sealing %s of %s: %w", s.schema.ID, s.source, err)
		}
		a, err := c.anchor(ctx, enterprise, s.source, info)
		if err != nil {
			return out, err
		}
		anchors = append(anchors, a)
		out.Batches = append(out.Batches, info)
	}
	out.Anchored, err = c.Client.Send(ctx, c.Service, &profilev1.MsgAnchorBatches{
		Device: c.address(), OrgId: c.OrgID, EnterpriseId: enterprise, Anchors: anchors,
	})
	if err != nil {
		return out, fmt.Errorf("anchoring: %w", err)
	}
	return out, nil
}

// stream is the records of one schema from one source.
type stream struct {
	source  string
	schema  *record.Schema
	records []*record.Record
}

// gather sorts parsed records into streams.
type gather struct {
	sourceOf func(*record.Record) string
	format   string
	streams  map[string]*stream
	problems *[]connector.RowError
}

func (g *gather) Record(_ connector.Position, r *record.Record) error {
	source := g.sourceOf(r)
	key := source + "/" + r.Schema.ID
	if g.streams[key] == nil {
		g.streams[key] = &stream{source: source, schema: r.Schema}
	}
	g.streams[key].records = append(g.streams[key].records, r)
	return nil
}

func (g *gather) Refuse(e connector.RowError) error {
	*g.problems = append(*g.problems, e)
	return nil
}

func (c *Custodian) parse(ctx context.Context, owner connector.Owner, uploads []Upload, out *Collected) ([]*stream, error) {
	g := &gather{streams: map[string]*stream{}, problems: &out.Problems}
	g.sourceOf = func(r *record.Record) string { return c.sourceName(g.format, r.Text("account")) }
	run := connector.NewRun(format.All, owner, g)
	for i, u := range uploads {
		g.format = formatOf(u)
		sum, err := run.Parse(ctx, connector.Source{Name: u.Name, Reader: bytes.NewReader(u.Data), Size: int64(len(u.Data))}, connector.Auto)
		if err != nil {
			return nil, fmt.Errorf("reading document %d: %w", i+1, err) // errors are logged: no name of a file
		}
		out.Files = append(out.Files, sum)
	}
	var streams []*stream
	for _, s := range g.streams {
		slices.SortStableFunc(s.records, func(a, b *record.Record) int {
			da, _ := a.Int("date")
			db, _ := b.Int("date")
			return cmp.Or(cmp.Compare(da, db), cmp.Compare(a.SourceID(), b.SourceID()))
		})
		streams = append(streams, s)
	}
	slices.SortFunc(streams, func(a, b *stream) int {
		return cmp.Or(cmp.Compare(a.schema.ID, b.schema.ID), cmp.Compare(a.source, b.source))
	})
	return streams, nil
}

func formatOf(u Upload) string {
	if p := format.All.Detect(u.Data[:min(len(u.Data), 4096)], u.Name); p != nil {
		return p.Format()
	}
	return "unknown"
}

// sourceName names a stream on chain by the kind of document and a keyed tag of
// the account: an account number has too few digits for a plain hash.
func (c *Custodian) sourceName(format, account string) string {
	if account == "" {
		return format
	}
	m := hmac.New(sha256.New, c.TagKey)
	m.Write([]byte(account))
	return format + "-" + hex.EncodeToString(m.Sum(nil)[:8])
}

// keepOriginals stores each document under the category of its records, so that
// a dispute can be settled on what was really handed in.
func (c *Custodian) keepOriginals(ctx context.Context, enterprise uint64, streams []*stream, uploads []Upload) error {
	months := map[record.Category]vault.Months{}
	formats := map[string]record.Category{}
	for _, s := range streams {
		m, known := months[s.schema.Category]
		first, _ := s.records[0].Int("date")
		last, _ := s.records[len(s.records)-1].Int("date")
		from, to := record.Month(first), record.Month(last)
		if !known {
			m = vault.Months{From: from, To: to}
		}
		months[s.schema.Category] = vault.Months{From: min(m.From, from), To: max(m.To, to)}
		formats[s.source] = s.schema.Category
	}
	for i, u := range uploads {
		category, ok := categoryOf(formats, formatOf(u))
		if !ok {
			continue // nothing was read from it; the owner keeps it
		}
		d := vault.Document{Enterprise: enterprise, Category: category, Months: months[category], Name: u.Name, MediaType: "application/octet-stream"}
		if _, err := c.Vault.StoreDocument(ctx, d, bytes.NewReader(u.Data)); err != nil {
			return fmt.Errorf("keeping the original of document %d: %w", i+1, err)
		}
	}
	return nil
}

func categoryOf(formats map[string]record.Category, format string) (record.Category, bool) {
	names := make([]string, 0, len(formats))
	for name := range formats {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if name == format || len(name) > len(format) && name[:len(format)+1] == format+"-" {
			return formats[name], true
		}
	}
	return 0, false
}

// anchor makes the anchor of a sealed batch: the next number of its stream.
func (c *Custodian) anchor(ctx context.Context, enterprise uint64, source string, b vault.BatchInfo) (profilev1.BatchAnchor, error) {
	sequence, err := c.nextSequence(ctx, enterprise, source, b.SchemaID)
	if err != nil {
		return profilev1.BatchAnchor{}, err
	}
	return profilev1.BatchAnchor{
		BatchId: b.ID[:], SchemaId: b.SchemaID, SchemaVersion: uint32(b.Version),
		Source: source, SourceClass: profilev1.SourceClass_SOURCE_CLASS_OWNER_DECLARED,
		Sequence: sequence, PeriodFrom: uint32(b.FromDay), PeriodTo: uint32(b.ToDay),
		RecordCount: uint32(b.Count), Root: b.Root[:], Suite: profilev1.Suite_SUITE_NIST, Epoch: b.Epoch,
	}, nil
}

func (c *Custodian) nextSequence(ctx context.Context, enterprise uint64, source, schema string) (uint64, error) {
	r, err := c.Client.Profile.Streams(ctx, &profilev1.QueryStreamsRequest{EnterpriseId: enterprise})
	if err != nil {
		return 0, fmt.Errorf("reading the streams of enterprise %d: %w", enterprise, err)
	}
	for _, s := range r.Streams {
		if s.Source == source && s.SchemaId == schema {
			return s.Sequence + 1, nil
		}
	}
	return 1, nil
}
