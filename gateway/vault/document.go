package vault

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/xinlian/xinlian/internal/canon"
	"github.com/xinlian/xinlian/internal/record"
)

// Limits of documents.
const (
	ChunkBytes       = 64 << 10
	DocumentBytesMax = 256 << 20
	nameBytesMax     = 1 << 10
)

// documentSchema stands for the schema in the AAD of a document.
const (
	documentSchema  = "document"
	documentVersion = 1
)

// Document is an owner's original file, as it was handed in.
type Document struct {
	Enterprise uint64
	Category   record.Category
	Months     Months // that the document tells about
	Name       string // both are stored encrypted
	MediaType  string
}

// DocumentInfo describes a stored document without its name.
type DocumentInfo struct {
	Suite      Suite
	ID         ID
	Enterprise uint64
	Category   record.Category
	Epoch      uint32
	Months     Months
	Bytes      uint64            // of the ciphertext
	Hash       [sha256.Size]byte // of the ciphertext
}

func (d *DocumentInfo) place() Place {
	return Place{
		Suite: d.Suite, Mode: ModeStream, Enterprise: d.Enterprise, Category: d.Category, Epoch: d.Epoch,
		Batch: d.ID, SchemaID: documentSchema, Version: documentVersion,
	}
}

func (d *DocumentInfo) encoded() ([]byte, error) {
	return canon.New("document").String(string(d.Suite)).Fixed(d.ID[:]).Uint64(d.Enterprise).Uint8(uint8(d.Category)).
		Uint32(d.Epoch).Uint32(d.Months.From).Uint32(d.Months.To).Uint64(d.Bytes).Fixed(d.Hash[:]).Encoded()
}

func decodeDocumentInfo(b []byte) (d DocumentInfo, err error) {
	r := canon.Open("document", b)
	d.Suite = Suite(r.String())
	copy(d.ID[:], r.Fixed(IDBytes))
	d.Enterprise, d.Category, d.Epoch = r.Uint64(), record.Category(r.Uint8()), r.Uint32()
	d.Months, d.Bytes = Months{r.Uint32(), r.Uint32()}, r.Uint64()
	copy(d.Hash[:], r.Fixed(len(d.Hash)))
	if err := r.Done(); err != nil {
		return d, fmt.Errorf("%w: document: %w", ErrDamaged, err)
	}
	return d, errors.Join(d.Suite.check(), d.Months.check())
}

// StoreDocument encrypts a file in chunks and stores it. Its key takes the period
// keys of all its months, so that a consent for some of them cannot open it.
func (v *Vault) StoreDocument(ctx context.Context, d Document, content io.Reader) (DocumentInfo, error) {
	leave, err := v.enter(ctx)
	if err != nil {
		return DocumentInfo{}, err
	}
	leave() // the file may come slowly: nobody waits for it
	if err := d.Months.check(); err != nil {
		return DocumentInfo{}, err
	}
	if len(d.Name) > nameBytesMax || len(d.MediaType) > nameBytesMax {
		return DocumentInfo{}, fmt.Errorf("%w: document name too long", ErrBadRequest)
	}
	head, err := canon.New("document-head").String(d.Name).String(d.MediaType).Encoded()
	if err != nil {
		return DocumentInfo{}, fmt.Errorf("%w: document name: %w", ErrBadRequest, err)
	}
	epoch, err := v.epochFor(d.Enterprise, d.Category, 0)
	if err != nil {
		return DocumentInfo{}, err
	}
	id, err := v.beginAttempt()
	if err != nil {
		return DocumentInfo{}, err
	}
	info := DocumentInfo{Suite: v.cfg.Suite, ID: id, Enterprise: d.Enterprise, Category: d.Category, Epoch: epoch, Months: d.Months}
	if err := v.writeDocument(ctx, &info, head, content); err != nil {
		return DocumentInfo{}, errors.Join(fmt.Errorf("storing a document: %w", err), v.abandon(ctx, id))
	}
	err = v.commit(ctx, id, info.Enterprise, func() error { return v.saveDocumentInfo(info) })
	if err != nil {
		return DocumentInfo{}, fmt.Errorf("committing a document: %w", err)
	}
	return info, nil
}

func (v *Vault) saveDocumentInfo(info DocumentInfo) error {
	b, err := info.encoded()
	if err != nil {
		return err
	}
	path := v.documentFile(info.Enterprise, info.ID)
	if err := makeDir(filepath.Dir(path)); err != nil {
		return err
	}
	if err := v.files.write(path, b); err != nil {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.documents[info.ID] = info
	return nil
}

// Document describes a stored document; ErrNotFound.
func (v *Vault) Document(id ID) (DocumentInfo, error) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	d, ok := v.documents[id]
	if !ok {
		return DocumentInfo{}, fmt.Errorf("%w: document %s", ErrNotFound, id)
	}
	return d, nil
}

// Documents lists an enterprise's documents by id.
func (v *Vault) Documents(enterprise uint64) []DocumentInfo {
	v.mu.RLock()
	defer v.mu.RUnlock()
	var out []DocumentInfo
	for _, d := range v.documents {
		if d.Enterprise == enterprise {
			out = append(out, d)
		}
	}
	slices.SortFunc(out, func(a, b DocumentInfo) int { return slices.Compare(a.ID[:], b.ID[:]) })
	return out
}

// OpenDocument decrypts a document for its owner and for the custodian's own
// work. Each chunk is authentic when it is read, but the file is complete only
// when Read has returned io.EOF; a truncated one ends in ErrDamaged.
func (v *Vault) OpenDocument(ctx context.Context, id ID) (Document, io.ReadCloser, error) {
	leave, err := v.enter(ctx)
	if err != nil {
		return Document{}, nil, err
	}
	defer leave()
	info, err := v.Document(id)
	if err != nil {
		return Document{}, nil, err
	}
	key, err := v.documentKey(&info)
	if err != nil {
		return Document{}, nil, err
	}
	body, err := v.blobs.open(ctx, documentKey(id), 0, -1)
	if errors.Is(err, ErrNotFound) {
		return Document{}, nil, fmt.Errorf("%w: document %s is missing", ErrDamaged, id)
	}
	if err != nil {
		return Document{}, nil, err
	}
	d, r, err := openStream(&info, key, body)
	if err != nil {
		return Document{}, nil, errors.Join(err, body.Close())
	}
	return d, struct {
		io.Reader
		io.Closer
	}{r, body}, nil
}

func (v *Vault) documentKey(d *DocumentInfo) (Key, error) {
	var periods []Key
	for _, m := range d.Months.each() {
		k, err := v.keys.periodKey(d.Enterprise, d.Category, d.Epoch, m)
		if err != nil {
			return Key{}, err
		}
		periods = append(periods, k)
	}
	return RecordKey(d.Suite, periods, ModeStream, d.ID, 0)
}

func (v *Vault) writeDocument(ctx context.Context, info *DocumentInfo, head []byte, content io.Reader) error {
	key, err := v.documentKey(info)
	if err != nil {
		return err
	}
	blob, err := v.blobs.create(ctx, documentKey(info.ID))
	if err != nil {
		return err
	}
	sum := &countingHash{Hash: sha256.New()}
	s, err := newStreamWriter(info.place(), key, io.MultiWriter(blob, sum))
	if err == nil {
		_, err = s.Write(binary.BigEndian.AppendUint32(nil, uint32(len(head))))
	}
	if err == nil {
		_, err = s.Write(head)
	}
	if err == nil {
		var n int64
		n, err = io.Copy(s, io.LimitReader(content, DocumentBytesMax+1))
		if err == nil && n > DocumentBytesMax {
			err = fmt.Errorf("%w: document of more than %d bytes", ErrBadRequest, DocumentBytesMax)
		}
	}
	if err == nil {
		err = s.Close()
	}
	if err != nil {
		blob.abort()
		return err
	}
	info.Bytes, info.Hash = sum.n, hash(sum.Sum(nil))
	return blob.Close()
}

// openStream reads a document's head and leaves r at the file's first byte.
func openStream(info *DocumentInfo, key Key, body io.Reader) (Document, io.Reader, error) {
	r, err := newStreamReader(info.place(), key, body)
	if err != nil {
		return Document{}, nil, err
	}
	var size [4]byte
	if _, err := io.ReadFull(r, size[:]); err != nil {
		return Document{}, nil, damagedStream(err)
	}
	n := binary.BigEndian.Uint32(size[:])
	if n > 4*nameBytesMax {
		return Document{}, nil, fmt.Errorf("%w: document head of %d bytes", ErrDamaged, n)
	}
	head := make([]byte, n)
	if _, err := io.ReadFull(r, head); err != nil {
		return Document{}, nil, damagedStream(err)
	}
	c := canon.Open("document-head", head)
	d := Document{Enterprise: info.Enterprise, Category: info.Category, Months: info.Months, Name: c.String(), MediaType: c.String()}
	if err := c.Done(); err != nil {
		return Document{}, nil, fmt.Errorf("%w: document head: %w", ErrDamaged, err)
	}
	return d, r, nil
}

func damagedStream(err error) error {
	if errors.Is(err, ErrDamaged) {
		return err
	}
	return fmt.Errorf("%w: document: %w", ErrDamaged, err)
}

func documentKey(id ID) string { return "documents/" + id.String() }

func (v *Vault) documentFile(enterprise uint64, id ID) string {
	return filepath.Join(v.infoRoot("documents"), strconv.FormatUint(enterprise, 10), id.String())
}

func (v *Vault) loadDocumentInfo(enterprise uint64, id ID) (DocumentInfo, error) {
	b, err := readFile(v.documentFile(enterprise, id))
	if errors.Is(err, fs.ErrNotExist) {
		return DocumentInfo{}, fmt.Errorf("%w: document manifest %s is missing", ErrDamaged, id)
	}
	if err != nil {
		return DocumentInfo{}, err
	}
	d, err := decodeDocumentInfo(b)
	if err == nil && (d.ID != id || d.Enterprise != enterprise) {
		err = fmt.Errorf("%w: document manifest %s is another's", ErrDamaged, id)
	}
	return d, err
}
