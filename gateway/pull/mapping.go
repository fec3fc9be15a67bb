package pull

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/pelletier/go-toml/v2"
	"github.com/theory/jsonpath"

	"github.com/xinlian/xinlian/internal/record"
)

// MappingVersion is the version of the mapping file's format.
const MappingVersion = 1

// Mapping says how pages of one interface become records of one schema. Its
// paths are JSONPath (RFC 9535) that lead to at most one value.
type Mapping struct {
	Version       int               `toml:"version"`
	Schema        string            `toml:"schema"`
	SchemaVersion uint16            `toml:"schema_version"`
	Rows          string            `toml:"rows"`  // from the page to the list of rows
	Owner         string            `toml:"owner"` // from a row to the tax number of whose it is
	Paging        Paging            `toml:"paging"`
	Fields        map[string]*Field `toml:"fields"` // by name in the schema

	schema *record.Schema
	rows   *jsonpath.Path
	owner  *jsonpath.Path
	next   *jsonpath.Path
	names  []string // of Fields, in the order of the schema
}

// Paging says how the next page is asked for.
type Paging struct {
	Kind      string `toml:"kind"`      // none, cursor, page or link
	Parameter string `toml:"parameter"` // of the query: the cursor or the page's number
	Next      string `toml:"next"`      // from the page to the next cursor or link
	First     int    `toml:"first"`     // number of the first page
}

// Field says where a field's value is and how it is written.
type Field struct {
	Path   string            `toml:"path"`       // from the row
	Value  string            `toml:"value"`      // a constant instead of a path
	Within string            `toml:"within"`     // source_id: from the row to what its number is unique in
	Unit   string            `toml:"unit"`       // amounts: yuan (the default) or fen
	Layout string            `toml:"layout"`     // dates: day (the default), unix or unix-ms
	Offset string            `toml:"utc_offset"` // dates of unix and unix-ms: whose calendar, such as +08:00
	Codes  map[string]string `toml:"codes"`      // from the interface's words to the schema's

	path, within *jsonpath.Path
	zone         *time.Location
}

// LoadMapping reads a mapping file. Unknown keys, fields that the schema does
// not have, and required fields that are missing are errors.
func LoadMapping(path string) (*Mapping, error) {
	b, err := readSmall(path)
	if err != nil {
		return nil, fmt.Errorf("reading the mapping: %w", err)
	}
	m, err := ParseMapping(b)
	if err != nil {
		return nil, fmt.Errorf("mapping %s: %w", path, err)
	}
	return m, nil
}

// ParseMapping reads the text of a mapping file.
func ParseMapping(b []byte) (*Mapping, error) {
	m := &Mapping{}
	if err := decodeTOML(b, m); err != nil {
		return nil, err
	}
	if m.Version != MappingVersion {
		return nil, fmt.Errorf("version: got %d, want %d", m.Version, MappingVersion)
	}
	var ok bool
	if m.schema, ok = record.Find(m.Schema, m.SchemaVersion); !ok {
		return nil, fmt.Errorf("schema, schema_version: there is no %q version %d", m.Schema, m.SchemaVersion)
	}
	var err error
	if m.rows, err = single("rows", m.Rows, true); err != nil {
		return nil, err
	}
	if m.owner, err = single("owner", m.Owner, false); err != nil {
		return nil, err
	}
	if err := m.compilePaging(); err != nil {
		return nil, err
	}
	return m, m.compileFields()
}

func (m *Mapping) compilePaging() (err error) {
	p := &m.Paging
	p.Kind = cmp.Or(p.Kind, "none")
	wantNext, wantParameter := false, false
	switch p.Kind {
	case "none":
	case "cursor":
		wantNext, wantParameter = true, true
	case "page":
		wantParameter = true
	case "link":
		wantNext = true
	default:
		return fmt.Errorf("paging.kind: got %q, want none, cursor, page or link", p.Kind)
	}
	if wantParameter != (p.Parameter != "") {
		return fmt.Errorf("paging.parameter: kind %s has one: %t", p.Kind, wantParameter)
	}
	if !wantNext && p.Next != "" {
		return fmt.Errorf("paging.next: kind %s has none", p.Kind)
	}
	if p.First < 0 || p.First != 0 && p.Kind != "page" {
		return errors.New("paging.first: a number from 0, of kind page only")
	}
	m.next, err = single("paging.next", p.Next, wantNext)
	return err
}

func (m *Mapping) compileFields() error {
	for _, name := range slices.Sorted(maps.Keys(m.Fields)) {
		i := m.schema.Index(name)
		if i < 0 {
			return fmt.Errorf("fields.%s: schema %s has no such field", name, m.Schema)
		}
		if err := m.Fields[name].compile("fields."+name, m.schema.Fields[i], i == 0); err != nil {
			return err
		}
	}
	for _, f := range m.schema.Fields {
		if m.Fields[f.Name] != nil {
			m.names = append(m.names, f.Name)
		} else if f.Required {
			return fmt.Errorf("fields.%s: schema %s requires it", f.Name, m.Schema)
		}
	}
	return nil
}

// compile checks a field's keys against its type: a key that would have no
// effect is an error.
func (f *Field) compile(key string, of record.Field, number bool) (err error) {
	if (f.Path == "") == (f.Value == "") {
		return fmt.Errorf("%s: give path or value, one of them", key)
	}
	if f.path, err = single(key+".path", f.Path, false); err != nil {
		return err
	}
	if f.within, err = single(key+".within", f.Within, false); err != nil {
		return err
	}
	switch {
	case f.Within != "" && !number:
		return fmt.Errorf("%s.within: is for source_id", key)
	case f.Unit != "" && of.Type != record.Amount:
		return fmt.Errorf("%s.unit: is for amounts", key)
	case (f.Layout != "" || f.Offset != "") && of.Type != record.Date:
		return fmt.Errorf("%s.layout, utc_offset: are for dates", key)
	case len(f.Codes) > 0 && of.Type != record.Code:
		return fmt.Errorf("%s.codes: is for codes", key)
	}
	if f.Unit = cmp.Or(f.Unit, "yuan"); f.Unit != "yuan" && f.Unit != "fen" {
		return fmt.Errorf("%s.unit: got %q, want yuan or fen", key, f.Unit)
	}
	for from, to := range f.Codes {
		if !slices.Contains(of.Codes, to) {
			return fmt.Errorf("%s.codes: %q becomes %q, want one of %v", key, from, to, of.Codes)
		}
	}
	return f.compileLayout(key)
}

func (f *Field) compileLayout(key string) error {
	switch f.Layout = cmp.Or(f.Layout, "day"); f.Layout {
	case "day":
		if f.Offset != "" {
			return fmt.Errorf("%s.utc_offset: a day is the one that is named: it has no offset", key)
		}
	case "unix", "unix-ms":
		t, err := time.Parse("-07:00", f.Offset)
		if err != nil {
			return fmt.Errorf("%s.utc_offset: got %q, want the calendar's offset such as +08:00", key, f.Offset)
		}
		_, seconds := t.Zone()
		f.zone = time.FixedZone(f.Offset, seconds)
	default:
		return fmt.Errorf("%s.layout: got %q, want day, unix or unix-ms", key, f.Layout)
	}
	return nil
}

// single parses a path that leads to at most one value; nil for none.
func single(key, path string, required bool) (*jsonpath.Path, error) {
	if path == "" {
		if required {
			return nil, fmt.Errorf("%s: is missing", key)
		}
		return nil, nil //nolint:nilnil // no path is a legal mapping
	}
	p, err := jsonpath.Parse(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", key, err)
	}
	if p.Query().Singular() == nil {
		return nil, fmt.Errorf("%s: %q may lead to several values: use names and indexes only", key, path)
	}
	return p, nil
}

// at is the value that a path leads to; false for none and for null.
func at(p *jsonpath.Path, in any) (any, bool) {
	if p == nil {
		return nil, false
	}
	list := p.Select(in)
	if len(list) == 0 || list[0] == nil {
		return nil, false
	}
	return list[0], true
}

// definitionBytesMax bounds definitions, mappings and credentials.
const definitionBytesMax = 64 << 10

func readSmall(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > definitionBytesMax {
		return nil, fmt.Errorf("%s is not a file of at most %d bytes", path, definitionBytesMax)
	}
	return os.ReadFile(path)
}

// decodeTOML refuses keys that into does not have.
func decodeTOML(b []byte, into any) error {
	err := toml.NewDecoder(bytes.NewReader(b)).DisallowUnknownFields().Decode(into)
	var strict *toml.StrictMissingError
	if errors.As(err, &strict) && len(strict.Errors) > 0 {
		row, _ := strict.Errors[0].Position()
		return fmt.Errorf("line %d: there is no key %v", row, strict.Errors[0].Key())
	}
	return err
}
