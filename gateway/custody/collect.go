package custody

import (
	"bytes"
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"github.com/xinlian/xinlian/gateway/chain"
	"github.com/xinlian/xinlian/gateway/connector"
	"github.com/xinlian/xinlian/gateway/connector/format"
	"github.com/xinlian/xinlian/gateway/vault"
	"github.com/xinlian/xinlian/internal/record"
)

// ErrNothing says that the documents held no record that could be read.
var ErrNothing = errors.New("custody: no record could be read from the documents")

// Upload is one document as the owner hands it in.
type Upload struct {
	Name string
	Data []byte
}

// Delivery is documents of one enterprise, handed in together.
type Delivery struct {
	Enterprise uint64
	// Key names the delivery among those of the enterprise, at most 200 bytes. The
	// same key again is the same delivery: nothing is taken in twice, and the first
	// result is returned. Empty: each call is a delivery of its own.
	Key     string
	Owner   connector.Owner
	Parsers connector.Set // nil: every format of the build
	// Source names where the documents come from, to the owner: a scheduled
	// source's id. Empty: the owner brought them.
	Source string
	// Complete says that the source leaves nothing out between one delivery and the
	// next, so that days without records are not days missing.
	Complete bool
	Uploads  []Upload
}

func (d Delivery) parsers() connector.Set {
	if d.Parsers == nil {
		return format.All
	}
	return d.Parsers
}

// Collected is what became of a set of documents.
type Collected struct {
	Files     []connector.Summary
	Problems  []connector.RowError // each names file, row, column and rule
	Batches   []vault.BatchInfo
	Anchored  chain.Result // empty where nothing was new
	Twice     int          // records that the profile had already from another document
	Conflicts []Conflict   // records that contradict one that the profile had already
}

// Conflict is a record that says something else than an earlier one of the same
// document. Both are kept; the earlier one counts.
type Conflict struct {
	Schema   string
	SourceID string
	Batch    vault.ID // of the earlier record
	Position uint64   // of the earlier record in its batch
}

// Records counts the sealed records.
func (c Collected) Records() (n uint64) {
	for _, b := range c.Batches {
		n += b.Count
	}
	return n
}

// Collect takes in documents that an owner brings. See Intake.Deliver.
func (c *Custodian) Collect(ctx context.Context, enterprise uint64, owner connector.Owner, uploads []Upload) (Collected, error) {
	return c.Intake.Deliver(ctx, Delivery{Enterprise: enterprise, Owner: owner, Uploads: uploads})
}

// reading is the records of a delivery, parsed.
type reading struct {
	Collected

	records []found
}

// found is a record with its place and the stream that it belongs to.
type found struct {
	record *record.Record
	at     connector.Position
	format string
	stream string
}

// gather takes what the parsers find.
type gather struct {
	intake   *Intake
	delivery Delivery
	format   string
	out      *reading
}

func (g *gather) Record(at connector.Position, r *record.Record) error {
	account := r.Text("account")
	if g.delivery.Parsers != nil { // a form of the source's own: its stream is its own too
		account = g.delivery.Source + "/" + account
	}
	g.out.records = append(g.out.records, found{r, at, g.format, g.intake.streamName(g.format, account)})
	return nil
}

func (g *gather) Refuse(e connector.RowError) error {
	g.out.Problems = append(g.out.Problems, e)
	return nil
}

func (n *Intake) parse(ctx context.Context, d Delivery) (*reading, error) {
	g := &gather{intake: n, delivery: d, out: &reading{}}
	run := connector.NewRun(d.parsers(), d.Owner, g)
	for i, u := range d.Uploads {
		g.format = formatOf(d.parsers(), u)
		sum, err := run.Parse(ctx, connector.Source{Name: u.Name, Reader: bytes.NewReader(u.Data), Size: int64(len(u.Data))}, connector.Auto)
		if err != nil {
			return nil, fmt.Errorf("reading document %d: %w", i+1, err) // errors are logged: no name of a file
		}
		g.out.Files = append(g.out.Files, sum)
	}
	slices.SortStableFunc(g.out.records, func(a, b found) int {
		da, _ := a.record.Int("date")
		db, _ := b.record.Int("date")
		return cmp.Or(cmp.Compare(a.record.Schema.ID, b.record.Schema.ID), cmp.Compare(a.stream, b.stream),
			cmp.Compare(da, db), cmp.Compare(a.record.SourceID(), b.record.SourceID()))
	})
	return g.out, nil
}

func formatOf(set connector.Set, u Upload) string {
	if p := set.Detect(u.Data[:min(len(u.Data), connector.HeadBytes)], u.Name); p != nil {
		return p.Format()
	}
	return "unknown"
}

// streamName names a stream on chain by the kind of document and a keyed tag of
// the account: an account number has too few digits for a plain hash.
func (n *Intake) streamName(format, account string) string {
	if account == "" {
		return format
	}
	m := hmac.New(sha256.New, n.TagKey)
	m.Write([]byte(account))
	return format + "-" + hex.EncodeToString(m.Sum(nil)[:8])
}

// keepOriginals stores each document that has something new under the category
// and months of all its records, so that a dispute can be settled on what was
// really handed in and nobody opens it who may not open each of them.
func (n *Intake) keepOriginals(ctx context.Context, d Delivery, records, fresh []found) error {
	type span struct {
		category record.Category
		months   vault.Months
		mixed    bool // of several categories, so that it fits under no one key
		news     bool
	}
	spans := map[string]span{}
	for _, f := range records {
		day, _ := f.record.Int("date")
		month := record.Month(day)
		s, ok := spans[f.at.File]
		if !ok {
			s = span{category: f.record.Schema.Category, months: vault.Months{From: month, To: month}}
		}
		s.mixed = s.mixed || s.category != f.record.Schema.Category
		s.months = vault.Months{From: min(s.months.From, month), To: max(s.months.To, month)}
		spans[f.at.File] = s
	}
	for _, f := range fresh {
		s := spans[f.at.File]
		s.news = true
		spans[f.at.File] = s
	}
	for i, u := range d.Uploads {
		s := spans[u.Name]
		if !s.news || s.mixed {
			continue // the owner keeps it
		}
		doc := vault.Document{Enterprise: d.Enterprise, Category: s.category, Months: s.months, Name: u.Name, MediaType: "application/octet-stream"}
		if _, err := n.Vault.StoreDocument(ctx, doc, bytes.NewReader(u.Data)); err != nil {
			return fmt.Errorf("keeping the original of document %d: %w", i+1, err)
		}
	}
	return nil
}

// freshKey names a delivery that its caller does not name.
func freshKey() (string, error) {
	var b [16]byte
	if _, err := rand.Read(b[:]); err != nil {
		return "", fmt.Errorf("drawing a key: %w", err)
	}
	return "once/" + hex.EncodeToString(b[:]), nil
}
