package connector

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	"github.com/xinlian/xinlian/internal/record"
)

// Summary counts what one file gave.
type Summary struct {
	File    string
	Format  string // "" where the type was not recognised
	Records int    // delivered
	Repeats int    // identical to an earlier record of the run, dropped
	Refused int    // problems that refused a row or the document
	Notes   int    // problems that refused nothing, repeats included
}

// Run reads the files of one enterprise into one sink. It validates every
// record, finds duplicates by schema and source id across all its files, and
// keeps the limits. It is not safe for concurrent use.
type Run struct {
	set   Set
	owner Owner
	sink  Sink
	limit Limits
	seen  map[digest]first
	files []string // read so far, by name
}

// digest is a SHA-256 cut to 16 bytes: a run of millions must hold one for each
// record's key and one for its contents. Who makes two that collide, at the
// cost of 2^64 hashes, hides a difference between two of his own documents.
type digest [16]byte

func digestOf(b []byte) (d digest) {
	sum := sha256.Sum256(b)
	copy(d[:], sum[:])
	return d
}

// first is where a record was first read, and its hash.
type first struct {
	sum  digest
	file int32 // in Run.files
	row  int32
}

// NewRun starts a run with the limits of an upload.
func NewRun(set Set, owner Owner, sink Sink) *Run {
	return &Run{set: set, owner: owner, sink: sink, limit: UploadLimits, seen: make(map[digest]first)}
}

// Within sets other limits, before the first file is read.
func (r *Run) Within(l Limits) *Run {
	r.limit = l
	return r
}

// Parse reads one file in the given format, or Auto. A document that cannot be
// read is a problem in the sink, not an error: the error is one of the sink, of
// ctx or of the reader.
func (r *Run) Parse(ctx context.Context, src Source, format string) (Summary, error) {
	r.files = append(r.files, src.Name)
	f := &file{run: r, sum: Summary{File: src.Name}}
	err := f.parse(ctx, src, format)
	var fault *RowError
	if errors.As(err, &fault) {
		err = f.tell(*fault)
	}
	if errors.Is(err, errStop) {
		err = nil
	}
	return f.sum, err
}

// file is the sink that a parser writes to during one file.
type file struct {
	run      *Run
	sum      Summary
	problems int
	key      []byte // reused
}

// errStop ends a file whose limit of rows or problems is used up.
var errStop = errors.New("connector: limit reached")

func (f *file) parse(ctx context.Context, src Source, format string) error {
	most := f.run.limit.FileBytes
	if src.Size > most {
		return Fault(RuleFileSize, 0, fmt.Sprintf("%d bytes, at most %d", src.Size, most))
	}
	src.Reader = &boundedReader{ctx: ctx, r: src.Reader, most: most, left: most}
	head := bufio.NewReaderSize(src.Reader, HeadBytes)
	start, err := head.Peek(HeadBytes)
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("reading %s: %w", src.Name, err)
	}
	if len(start) == 0 {
		return Fault(RuleFileEmpty, 0, "no bytes")
	}
	if utf16(start) {
		return Fault(RuleEncoding, 1, "UTF-16 is not taken")
	}
	p, ok := f.run.set.Find(format)
	if format == Auto {
		p = f.run.set.Detect(start, src.Name)
		ok = p != nil
	}
	if !ok {
		return unknownType(start, format)
	}
	f.sum.Format = p.Format()
	src.Reader = head
	return p.Parse(ctx, src, f.run.owner, f)
}

// utf16 tells the encoding that Windows calls Unicode by its mark, or by the
// zero byte beside a first ASCII character of a text.
func utf16(head []byte) bool {
	return bytes.HasPrefix(head, []byte{0xff, 0xfe}) || bytes.HasPrefix(head, []byte{0xfe, 0xff}) ||
		bytes.HasPrefix(head, []byte("<\x00")) || bytes.HasPrefix(head, []byte("\x00<"))
}

func unknownType(head []byte, format string) error {
	if bytes.Contains(head, []byte("<!DOCTYPE")) {
		return Fault(RuleXMLDTD, 0, "the document declares a document type")
	}
	detail := "content is none of the known formats"
	if format != Auto {
		detail = fmt.Sprintf("no format is called %q", format)
	}
	return Fault(RuleFileType, 0, detail)
}

// Record validates, drops repeats, refuses duplicates and delivers the rest.
func (f *file) Record(at Position, r *record.Record) error {
	at.File = f.sum.File
	if most := f.run.limit.Rows; len(f.run.seen) >= most {
		return errors.Join(f.tell(RowError{Position: at, Rule: RuleRowLimit, Detail: fmt.Sprintf("at most %d records", most)}), errStop)
	}
	b, err := r.Canonical()
	if err != nil {
		return f.Refuse(fieldProblem(at, err))
	}
	// Source ids are unique within an account where the record is of one.
	f.key = append(append(append(append(append(f.key[:0], r.Schema.ID...), 0), r.Text("account")...), 0), r.SourceID()...)
	key, sum := digestOf(f.key), digestOf(b)
	if old, ok := f.run.seen[key]; ok {
		where := fmt.Sprintf("first read in %s, row %d", f.run.files[old.file], old.row)
		if old.sum != sum {
			return f.Refuse(RowError{Position: at, Column: "source_id", Rule: RuleDuplicate, Detail: where + ", with other values"})
		}
		f.sum.Repeats++
		return f.Refuse(RowError{Position: at, Column: "source_id", Rule: RuleRepeat, Note: true, Detail: where + ", identical"})
	}
	f.run.seen[key] = first{sum, int32(len(f.run.files) - 1), int32(at.Row)}
	f.sum.Records++
	return f.run.sink.Record(at, r)
}

// Refuse passes a problem on, until there are too many.
func (f *file) Refuse(e RowError) error {
	if f.problems++; f.problems > f.run.limit.Problems {
		return errors.Join(f.tell(RowError{
			Position: e.Position, Rule: RuleRowLimit,
			Detail: fmt.Sprintf("more than %d problems: the rest of the file was not read", f.run.limit.Problems),
		}), errStop)
	}
	return f.tell(e)
}

func (f *file) tell(e RowError) error {
	e.File, e.Remedy = f.sum.File, e.Rule.Remedy()
	if e.Note {
		f.sum.Notes++
	} else {
		f.sum.Refused++
	}
	return f.run.sink.Refuse(e)
}

func fieldProblem(at Position, err error) RowError {
	e := RowError{Position: at, Rule: RuleRange, Detail: err.Error()}
	var field *record.FieldError
	if errors.As(err, &field) {
		e.Column, e.Detail = field.Field, field.Detail
		switch field.Rule {
		case "required":
			e.Rule = RuleRequired
		case "length":
			e.Rule = RuleLength
		case "code":
			e.Rule = RuleCode
		}
	}
	return e
}

// boundedReader ends with a file-size fault after left bytes, and with the
// error of ctx where that is done: no parser needs to look at either.
type boundedReader struct {
	ctx  context.Context
	r    io.Reader
	most int64
	left int64
}

// Read reads one byte more than is left, to tell a full file from too large a one.
func (b *boundedReader) Read(p []byte) (int, error) {
	if err := b.ctx.Err(); err != nil {
		return 0, err
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.r.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, Fault(RuleFileSize, 0, fmt.Sprintf("more than %d bytes", b.most))
	}
	return n, err
}

// Collector is a Sink that keeps everything, in order.
type Collector struct {
	Records  []*record.Record
	Problems []RowError
}

// Record keeps r.
func (c *Collector) Record(_ Position, r *record.Record) error {
	c.Records = append(c.Records, r)
	return nil
}

// Refuse keeps e.
func (c *Collector) Refuse(e RowError) error {
	c.Problems = append(c.Problems, e)
	return nil
}
