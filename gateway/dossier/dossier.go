package dossier

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"path"
	"strings"
	"time"

	"github.com/xinlian/xinlian/gateway/chain"
	"github.com/xinlian/xinlian/gateway/store"
	"github.com/xinlian/xinlian/gateway/vault"
	"github.com/xinlian/xinlian/internal/record"
)

// Form is the form of the archive's manifest.
const Form = "xinlian/dossier/1"

// Writer gathers from the chain, a vault and the gateway's database.
type Writer struct {
	Client *chain.Client
	Store  *store.Store
	Vault  *vault.Vault
	// Names are the public names of organisations, for the report.
	Names map[uint64]string
	// Progress is told how many records are written of all; nil: nobody is.
	Progress func(records uint64)
}

// Manifest lists the archive's other files.
type Manifest struct {
	Form       string        `json:"form"`
	ChainID    string        `json:"chain_id"`
	Enterprise uint64        `json:"enterprise_id"`
	Height     int64         `json:"height"` // of the chain's rows, of which some may be newer
	Made       time.Time     `json:"made"`
	Receipt    uint64        `json:"receipt"` // number of the receipt of this export in the custodian's log
	MonthFrom  uint32        `json:"month_from"`
	MonthTo    uint32        `json:"month_to"`
	Records    uint64        `json:"records"`
	Files      []FileSummary `json:"files"`
}

// FileSummary is one file of the archive.
type FileSummary struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// Record is one line of a file of records.
type Record struct {
	Schema    string         `json:"schema"`
	Version   uint16         `json:"version"`
	Batch     string         `json:"batch_id"`
	Index     uint64         `json:"index"` // in its batch
	Fields    map[string]any `json:"fields"`
	Salt      []byte         `json:"salt"`      // with it and the canonical bytes the batch's root is computed again
	Canonical []byte         `json:"canonical"` // what the leaf commits to
}

// archive is a ZIP under way.
type archive struct {
	zip   *zip.Writer
	files []FileSummary
}

// file writes one file and remembers its hash.
func (a *archive) file(name string, write func(w io.Writer) error) error {
	f, err := a.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: time.Now()})
	if err != nil {
		return err
	}
	c := &counter{w: f, sum: sha256.New()}
	if err := write(c); err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	a.files = append(a.files, FileSummary{name, c.n, hex.EncodeToString(c.sum.Sum(nil))})
	return nil
}

// json writes a value as a file.
func (a *archive) json(name string, v any) error {
	return a.file(name, func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		return e.Encode(v)
	})
}

type counter struct {
	w   io.Writer
	sum hash.Hash
	n   int64
}

func (c *counter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.sum.Write(b[:n])
	c.n += int64(n)
	return n, err
}

// Write writes the archive of an export. One segment of records and the chain's
// rows of the enterprise are in memory, whatever the number of records. After an
// error what was written is no archive: a ZIP ends with its directory.
func (d Writer) Write(ctx context.Context, w io.Writer, e *vault.Export) error {
	held, err := d.gather(ctx, e)
	if err != nil {
		return err
	}
	a := &archive{zip: zip.NewWriter(w)}
	if err := errors.Join(d.records(ctx, a, e), d.documents(ctx, a, e)); err != nil {
		return err
	}
	for _, f := range held.files() {
		if err := a.json(f.name, f.rows); err != nil {
			return err
		}
	}
	if err := errors.Join(held.fault, d.uploads(ctx, a, e.Receipt.Enterprise)); err != nil {
		return err
	}
	if err := a.file("report.html", func(w io.Writer) error { return d.report(ctx, w, held, e) }); err != nil {
		return err
	}
	m := Manifest{
		Form: Form, ChainID: d.Client.ChainID(), Enterprise: e.Receipt.Enterprise, Height: held.Height, Made: time.Now().UTC().Truncate(time.Second),
		Receipt: e.Receipt.Sequence, MonthFrom: e.Receipt.Months.From, MonthTo: e.Receipt.Months.To,
		Records: e.Receipt.Records, Files: a.files,
	}
	if err := a.json("manifest.json", m); err != nil {
		return err
	}
	return a.zip.Close()
}

// records writes one file of JSON lines for each batch.
func (d Writer) records(ctx context.Context, a *archive, e *vault.Export) error {
	var done uint64
	for _, b := range e.Batches {
		name := fmt.Sprintf("records/%s-v%d/%s.jsonl", b.SchemaID, b.Version, b.ID)
		err := a.file(name, func(w io.Writer) error {
			lines := json.NewEncoder(w)
			lines.SetEscapeHTML(false)
			return e.Records(ctx, b, func(o *vault.Opened) error {
				if done++; d.Progress != nil {
					d.Progress(done)
				}
				return lines.Encode(lineOf(o))
			})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func lineOf(o *vault.Opened) Record {
	r := Record{
		Schema: o.Record.Schema.ID, Version: o.Record.Schema.Version, Batch: o.Batch.ID.String(), Index: o.Proof.Index,
		Fields: map[string]any{}, Salt: o.Salt, Canonical: o.Canonical,
	}
	for i, f := range o.Record.Schema.Fields {
		if v := o.Record.Values[i]; v.Present {
			if f.Type == record.Text {
				r.Fields[f.Name] = v.Text
			} else {
				r.Fields[f.Name] = v.Int
			}
		}
	}
	return r
}

// documents writes the originals under their own names.
func (d Writer) documents(ctx context.Context, a *archive, e *vault.Export) error {
	for i, info := range e.Documents {
		doc, r, err := d.Vault.OpenDocument(ctx, info.ID)
		if err != nil {
			return err
		}
		name := fmt.Sprintf("documents/%04d-%s", i+1, safeName(doc.Name))
		err = a.file(name, func(w io.Writer) error {
			_, err := io.Copy(w, r)
			return err
		})
		if err := errors.Join(err, r.Close()); err != nil {
			return err
		}
	}
	return nil
}

// safeName is the last part of a name that an owner chose, without what could
// lead out of a folder.
func safeName(name string) string {
	name = path.Base(strings.ReplaceAll(name, `\`, "/"))
	name = strings.Map(func(r rune) rune {
		if r < ' ' || strings.ContainsRune(`<>:"|?*`, r) {
			return '_'
		}
		return r
	}, name)
	if name == "." || name == ".." || name == "/" {
		return "document"
	}
	return name
}

// uploads writes what the pages keep of each upload.
func (d Writer) uploads(ctx context.Context, a *archive, enterprise uint64) error {
	list := []json.RawMessage{}
	err := d.Store.Each(ctx, "upload", fmt.Sprintf("%d/", enterprise), func(_ string, open func(any) error) error {
		var raw json.RawMessage
		err := open(&raw)
		list = append(list, raw)
		return err
	})
	if err != nil {
		return err
	}
	return a.json("uploads.json", list)
}
