package sample

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/xinlian/xinlian/internal/record"
)

// Profile is the kind of firm.
type Profile string

// The profiles.
const (
	Healthy Profile = "healthy"
	Thin    Profile = "thin"
	Fraud   Profile = "fraud"
	Random  Profile = "random"
)

// Profiles lists those made for demonstration.
var Profiles = []Profile{Healthy, Thin, Fraud}

// Months is the length of a book.
const Months = 24

// Options say which book. The zero EndMonth is DefaultEndMonth.
type Options struct {
	Seed     uint64
	Profile  Profile
	EndMonth uint32 // yyyymm, the last month of the book
	// BrokenRow adds one deliberately broken row to the platform's CSV, or to
	// the invoices' where the firm is on no platform. The book's records are
	// the same without it.
	BrokenRow bool
}

// DefaultEndMonth is the last month of a book that does not say.
const DefaultEndMonth = 202610

// Owner is who the books are of.
type Owner struct {
	TaxNumber string
	Name      string
	Account   string
}

// Book is the ground truth of one firm.
type Book struct {
	Options
	Owner    Owner
	FirstDay int64 // of the book, days since 1970-01-01
	LastDay  int64
	// Records are exactly what the connectors read from Files, in no
	// particular order.
	Records []*record.Record
	// Broken says where the deliberately broken row is; Row 0 if there is none.
	Broken Broken

	ledger *ledger
	habits habits
	papers []*record.Record // those of Records that are neither bank nor trade
	rest   *random          // of the papers' stream, for what is in no file
}

// paperSalt keeps the stream of a firm's papers apart from that of its ledger.
const paperSalt = 0x70617065727321

// Broken is the place of a deliberately broken row, and the rule it breaks.
type Broken struct {
	File   string
	Row    int
	Column string
	Rule   string
}

// Make makes a book. It panics on an unknown profile or an EndMonth outside
// 2002 to 2098.
func Make(o Options) *Book {
	if o.EndMonth == 0 {
		o.EndMonth = DefaultEndMonth
	}
	streams := map[Profile]uint64{Healthy: 1, Thin: 2, Fraud: 3, Random: 4}
	stream, ok := streams[o.Profile]
	if !ok {
		panic(fmt.Sprintf("sample: unknown profile %q", o.Profile))
	}
	return build(o, newRandom(o.Seed, stream))
}

func build(o Options, r *random) *Book {
	l := newLedger(o.EndMonth, shapeOf(o.Profile, r), r)
	l.fill()
	b := &Book{
		Options: o, ledger: l, FirstDay: l.first, LastDay: l.last,
		Owner: Owner{TaxNumber: l.owner.taxNumber, Name: l.owner.name, Account: l.owner.account},
	}
	b.rest = newRandom(o.Seed^paperSalt, uint64(r.below(1<<62)))
	b.habits = newHabits(o.Profile, b.rest)
	b.papers = l.facts(b.habits, b.rest)
	b.Records = append(l.records(), b.papers...)
	if o.BrokenRow {
		b.Broken = l.broken()
	}
	return b
}

// File is one document as its source would hand it out.
type File struct {
	Name   string
	Format string // the connector's name of it
	Data   []byte
}

// Files writes every document of the book, sorted by name.
func (b *Book) Files() []File {
	var files []File
	files = append(files, b.ledger.statementFiles()...)
	files = append(files, b.ledger.fapiaoFiles()...)
	files = append(files, b.ledger.ublFiles()...)
	files = append(files, b.ledger.tableFiles(b.Broken)...)
	files = append(files, factFiles(b.papers)...)
	slices.SortFunc(files, func(x, y File) int { return strings.Compare(x.Name, y.Name) })
	return files
}

// Write writes the files below dir, which is made if it is not there.
func (b *Book) Write(dir string) error {
	for _, f := range b.Files() {
		path := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fmt.Errorf("writing sample: %w", err)
		}
		if err := os.WriteFile(path, f.Data, 0o644); err != nil {
			return fmt.Errorf("writing sample: %w", err)
		}
	}
	return nil
}
