package record

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/transparency-dev/merkle/rfc6962"

	"github.com/xinlian/xinlian/internal/canon"
)

// SaltBytes is the size of a leaf's salt.
const SaltBytes = 32

// CanonicalBytesMax bounds the canonical bytes of one record.
const CanonicalBytesMax = 16 << 10

// ErrField says that a value breaks its schema; FieldError carries which and how.
var ErrField = errors.New("record: value breaks its schema")

// FieldError names the field, the rule it breaks and what to do about it.
type FieldError struct {
	Field  string // name in the schema
	Rule   string // stable code: required, range, length, text, code
	Detail string
}

// Error is one line in English; the portal translates by Rule.
func (e *FieldError) Error() string { return fmt.Sprintf("%s: %s: %s", e.Field, e.Rule, e.Detail) }

// Unwrap makes errors.Is(err, ErrField) hold.
func (e *FieldError) Unwrap() error { return ErrField }

// Value is the value of one field: Text for type Text, Int for the others.
// A missing value is not the same as zero.
type Value struct {
	Present bool
	Text    string
	Int     int64
}

// Record is one standard record: the values of its schema's fields, in order.
type Record struct {
	Schema *Schema
	Values []Value
}

// New is an empty record of schema s.
func New(s *Schema) *Record { return &Record{Schema: s, Values: make([]Value, len(s.Fields))} }

// SetText sets a text field, normalised to NFC; an empty string leaves it missing.
// It panics on a name that the schema does not have.
func (r *Record) SetText(name, v string) *Record {
	if v != "" {
		r.Values[r.index(name)] = Value{Present: true, Text: norm.NFC.String(v)}
	}
	return r
}

// SetInt sets a field of any type but Text. It panics on an unknown name.
func (r *Record) SetInt(name string, v int64) *Record {
	r.Values[r.index(name)] = Value{Present: true, Int: v}
	return r
}

// Text is the value of a text field, "" where it is missing or not in the schema.
func (r *Record) Text(name string) string {
	if i := r.Schema.Index(name); i >= 0 {
		return r.Values[i].Text
	}
	return ""
}

// Int is the value of a field that is not text, and whether it is present.
func (r *Record) Int(name string) (int64, bool) {
	if i := r.Schema.Index(name); i >= 0 {
		return r.Values[i].Int, r.Values[i].Present
	}
	return 0, false
}

// SourceID is the document's own number at its source.
func (r *Record) SourceID() string { return r.Values[0].Text }

func (r *Record) index(name string) int {
	i := r.Schema.Index(name)
	if i < 0 {
		panic("record: schema " + r.Schema.ID + " has no field " + name)
	}
	return i
}

// Validate checks every value against its schema. The error is a *FieldError.
func (r *Record) Validate() error {
	for i, f := range r.Schema.Fields {
		v := r.Values[i]
		if !v.Present {
			if f.Required {
				return &FieldError{Field: f.Name, Rule: "required", Detail: "value is missing"}
			}
			continue
		}
		n := v.Int
		rule := "range"
		switch f.Type {
		case Text:
			n, rule = int64(len(v.Text)), "length"
		case Code:
			rule = "code"
		}
		if n < f.Min || n > f.Max {
			return &FieldError{Field: f.Name, Rule: rule, Detail: fmt.Sprintf("got %d, want %d to %d", n, f.Min, f.Max)}
		}
	}
	return nil
}

// Canonical is the record's canonical bytes. It validates first.
func (r *Record) Canonical() ([]byte, error) {
	if err := r.Validate(); err != nil {
		return nil, err
	}
	w := canon.New("record-body").String(r.Schema.ID).Uint16(r.Schema.Version)
	for i, f := range r.Schema.Fields {
		v := r.Values[i]
		w.Bool(v.Present)
		switch {
		case !v.Present:
		case f.Type == Text:
			w.String(v.Text)
		default:
			w.Int64(v.Int)
		}
	}
	return w.Encoded()
}

// Decode reads canonical bytes back and refuses any that break the schema or
// would not encode to the same bytes.
func Decode(b []byte) (*Record, error) {
	if len(b) > CanonicalBytesMax {
		return nil, fmt.Errorf("record: %d bytes, at most %d", len(b), CanonicalBytesMax)
	}
	rd := canon.Open("record-body", b)
	id, version := rd.String(), rd.Uint16()
	if err := rd.Err(); err != nil {
		return nil, err
	}
	s, ok := Find(id, version)
	if !ok {
		return nil, fmt.Errorf("record: unknown schema %q version %d", id, version)
	}
	r := New(s)
	for i, f := range s.Fields {
		if r.Values[i].Present = rd.Bool(); !r.Values[i].Present {
			continue
		}
		if f.Type == Text {
			r.Values[i].Text = rd.String()
		} else {
			r.Values[i].Int = rd.Int64()
		}
	}
	if err := rd.Done(); err != nil {
		return nil, err
	}
	return r, r.Validate()
}

// LeafData is what a record's Merkle leaf commits to: the record path of docs/spec/records.md.
// salt is SaltBytes random bytes that live inside the record's ciphertext.
func LeafData(enterprise uint64, s *Schema, salt, canonical []byte) []byte {
	sum := sha256.Sum256(canonical)
	b, err := canon.New("record").Uint64(enterprise).Uint8(uint8(s.Category)).
		String(s.ID).Uint16(s.Version).Fixed(salt).Fixed(sum[:]).Encoded()
	if err != nil {
		panic(err) // schema ids are constants of this package
	}
	return b
}

// LeafHash is the RFC 6962 hash of LeafData.
func LeafHash(enterprise uint64, s *Schema, salt, canonical []byte) []byte {
	return rfc6962.DefaultHasher.HashLeaf(LeafData(enterprise, s, salt, canonical))
}

// Day is the number of days from 1970-01-01 to the calendar day of t in t's zone.
func Day(t time.Time) int64 {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400
}

// DayTime is midnight UTC of a day.
func DayTime(day int64) time.Time { return time.Unix(day*86400, 0).UTC() }

// Month is yyyymm of a day.
func Month(day int64) uint32 {
	t := DayTime(day)
	return uint32(t.Year()*100 + int(t.Month()))
}
