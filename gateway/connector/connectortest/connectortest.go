// Package connectortest holds what the tests of all parsers share.
package connectortest

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/xinlian/xinlian/gateway/connector"
)

// Owner is the enterprise of the parsers' own test documents.
var Owner = connector.Owner{TaxNumber: "99000000000000001A", Name: "样本业主公司"}

// Parse reads b with p alone.
func Parse(t testing.TB, p connector.Parser, b []byte) *connector.Collector {
	t.Helper()
	var c connector.Collector
	src := connector.Source{Name: "test", Reader: bytes.NewReader(b), Size: int64(len(b))}
	if _, err := (connector.Set{p}).Parse(context.Background(), src, p.Format(), Owner, &c); err != nil {
		t.Fatal(err)
	}
	return &c
}

// File is a document from testdata.
func File(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Fuzz feeds p with anything, from the documents in testdata on. Whatever comes
// in, every record delivered is valid and every problem is in the catalogue.
func Fuzz(f *testing.F, p connector.Parser) {
	names, err := filepath.Glob(filepath.Join("testdata", "*.*"))
	if err != nil || len(names) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p.Detect(b[:min(len(b), connector.HeadBytes)], "fuzz")
		c := Parse(t, p, b)
		for _, r := range c.Records {
			if _, err := r.Canonical(); err != nil {
				t.Fatal(err)
			}
		}
		for _, e := range c.Problems {
			if _, ok := e.Rule.Text(); !ok || e.Remedy == "" {
				t.Fatalf("rule %q is not in the catalogue", e.Rule)
			}
		}
	})
}

// Want compares problems by row, column and rule.
func Want(t testing.TB, got []connector.RowError, want ...connector.RowError) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d problems, want %d: %v", len(got), len(want), got)
	}
	for i, w := range want {
		if g := got[i]; g.Row != w.Row || g.Column != w.Column || g.Rule != w.Rule {
			t.Errorf("problem %d: %v, want row %d column %q rule %s", i, &g, w.Row, w.Column, w.Rule)
		}
	}
}

// At is a problem to want.
func At(row int, column string, rule connector.Rule) connector.RowError {
	return connector.RowError{Position: connector.Position{Row: row}, Column: column, Rule: rule}
}
