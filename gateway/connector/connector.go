package connector

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/xinlian/xinlian/internal/record"
)

// Limits on what one file may ask for. Each has a rule that names its breach.
// The first, RowsMax and ProblemsMax are those of an upload; Limits may name others.
const (
	FileBytesMax     = 64 << 20  // rule file-size; checked before the first byte is read where the size is known
	HeadBytes        = 8 << 10   // what Detect may look at
	RowsMax          = 1_000_000 // rows of one file, and records of one run; rule row-limit
	ProblemsMax      = 10_000    // problems of one file, after which reading it stops; rule row-limit
	LineBytesMax     = 64 << 10  // one line of a table; rule length
	XMLDepthMax      = 64        // rule xml-limit
	XMLTokenBytesMax = 8 << 20   // one tag, text or comment; an embedded attachment is one text; rule xml-limit
	XMLNodesMax      = 200_000   // elements of one entry or one invoice; rule xml-limit
	XMLTextBytesMax  = 4 << 10   // text kept of one element: longer text is cut and can only fail its field's bound
	DescriptionBytes = record.TextMax
)

// Auto asks for the format to be told from the file's content.
const Auto = "auto"

// Limits are the limits of a run that its caller may choose: a command that
// streams a file of its own reads more than a gateway takes from anybody.
type Limits struct {
	FileBytes int64
	Rows      int // records of one file, and of the run: each costs some 70 bytes, by which duplicates are found
	Problems  int // of one file
}

// UploadLimits are the limits of a run where nobody chooses.
var UploadLimits = Limits{FileBytes: FileBytesMax, Rows: RowsMax, Problems: ProblemsMax}

// Source is one file. Size is its length in bytes, or 0 where unknown.
type Source struct {
	Name   string
	Reader io.Reader
	Size   int64
}

// OpenFile is the file at path as a Source named by its base name. The caller
// closes the closer.
func OpenFile(path string) (Source, io.Closer, error) {
	f, err := os.Open(path)
	if err != nil {
		return Source{}, nil, fmt.Errorf("opening document: %w", err)
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return Source{}, nil, fmt.Errorf("opening document: %w", err)
	}
	return Source{Name: filepath.Base(path), Reader: f, Size: info.Size()}, f, nil
}

// Owner is the enterprise whose documents are read. It decides whether an
// invoice is a sale or a purchase, and refuses documents of someone else.
// Empty Accounts takes statements of any account.
type Owner struct {
	TaxNumber string
	Name      string
	Accounts  []string
}

// Is reports whether the party of that tax number and name is the owner. The
// name decides only where the document carries no tax number.
func (o Owner) Is(taxNumber, name string) bool {
	if taxNumber = canonicalID(taxNumber); taxNumber != "" {
		return taxNumber == canonicalID(o.TaxNumber)
	}
	name = strings.TrimSpace(name)
	return name != "" && name == strings.TrimSpace(o.Name)
}

// Holds reports whether account is one of the owner's.
func (o Owner) Holds(account string) bool {
	if len(o.Accounts) == 0 {
		return true
	}
	for _, a := range o.Accounts {
		if canonicalID(a) == canonicalID(account) {
			return true
		}
	}
	return false
}

func canonicalID(s string) string {
	return strings.ToUpper(strings.Join(strings.Fields(s), ""))
}

// Position is where in its file a row stands. Row counts from 1: in a table it
// is the line as a spreadsheet shows it, header included; in a statement the
// entry; in an invoice always 1. Row 0 is the document itself. Line is the
// line of the file, 0 where unknown. Sheet is the sheet of a workbook.
// Enterprise is the file's own code of the enterprise whose row it is, where a
// file holds the rows of several.
type Position struct {
	File       string
	Sheet      string
	Row        int
	Line       int
	Enterprise string
}

// RowError is one problem. Where Note is set nothing was refused: it is told
// because a reader should know.
type RowError struct {
	Position
	Column string // the document's own name of it: a header or an element path
	Rule   Rule
	Remedy string // code; its texts are in Rules
	Note   bool
	Detail string // facts in English: never secret, never a whole row
}

// Error is one line in English.
func (e *RowError) Error() string {
	s := e.File
	if e.Sheet != "" {
		s += ": sheet " + e.Sheet
	}
	s += fmt.Sprintf(": row %d", e.Row)
	if e.Line > 0 {
		s += fmt.Sprintf(" (line %d)", e.Line)
	}
	if e.Column != "" {
		s += ": " + e.Column
	}
	return s + ": " + string(e.Rule) + ": " + e.Detail
}

// Fault is a problem of the whole document. A Parser returns it, wrapped or
// not, where it cannot go on; what it delivered before stands.
func Fault(rule Rule, line int, detail string) *RowError {
	return &RowError{Position: Position{Line: line}, Rule: rule, Detail: detail}
}

// Sink takes what a Parser finds, in the order of the document. An error from
// it ends the reading and is returned as it is.
type Sink interface {
	Record(at Position, r *record.Record) error
	Refuse(e RowError) error
}

// Parser reads one source format. It is stateless and safe for concurrent use.
type Parser interface {
	// Format is the stable name of the format.
	Format() string
	// Detect reports whether a file that starts with head (at most HeadBytes)
	// and is called name looks like this format. It promises nothing.
	Detect(head []byte, name string) bool
	// Parse reads src to its end. It returns a *RowError for a document it
	// cannot read on, an error of sink or of ctx, or a failure of the reader.
	Parse(ctx context.Context, src Source, owner Owner, sink Sink) error
}

// Set is the parsers a build knows, asked in order.
type Set []Parser

// Find is the parser of that format.
func (s Set) Find(format string) (Parser, bool) {
	for _, p := range s {
		if p.Format() == format {
			return p, true
		}
	}
	return nil, false
}

// Detect is the first parser that knows the head, or nil.
func (s Set) Detect(head []byte, name string) Parser {
	for _, p := range s {
		if p.Detect(head, name) {
			return p
		}
	}
	return nil
}

// Parse reads one file on its own; Run reads several and finds duplicates
// across them.
func (s Set) Parse(ctx context.Context, src Source, format string, owner Owner, sink Sink) (Summary, error) {
	return NewRun(s, owner, sink).Parse(ctx, src, format)
}
