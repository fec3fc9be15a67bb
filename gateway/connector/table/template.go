package table

import (
	"strings"

	"github.com/xinlian/xinlian/gateway/connector"
	"github.com/xinlian/xinlian/internal/record"
)

// Column is a column of a template. A header may call it by its name, by its
// English or Chinese title, or by an older name.
type Column struct {
	Name     string // of the record's field, where it is one
	EN, ZH   string
	Also     []string
	Required bool // the column must be there and no cell empty
}

type template struct {
	Name    string
	Columns []Column
	record  func(*row, connector.Owner) *record.Record
	byName  map[string]int // by canonical name
}

// templates is every template: one for each schema, then those of other layouts.
var templates = append(schemaTemplates(), invoices, cumcm(true), cumcm(false))

// Invoices is the name of the template for a list of sales and purchases with
// both sides' tax numbers. The other templates have the names of their schemas.
const Invoices = "invoices"

func newTemplate(name string, columns []Column, read func(*row, connector.Owner) *record.Record) *template {
	t := &template{Name: name, Columns: columns, record: read, byName: map[string]int{}}
	for i, c := range columns {
		for _, n := range append([]string{c.Name, c.EN, c.ZH}, c.Also...) {
			t.byName[canonicalName(n)] = i
		}
	}
	return t
}

// Templates are the names of the templates that Template knows.
func Templates() []string {
	var out []string
	for _, t := range templates {
		if t.Name == schemaInvoices {
			out = append(out, record.SalesInvoice.ID, record.PurchaseInvoice.ID)
		} else if !strings.HasPrefix(t.Name, cumcmName) {
			out = append(out, t.Name)
		}
	}
	return out
}

// Titles is the header row of a template, in Chinese or English; nil if unknown.
func Titles(name string, chinese bool) []string {
	if name == record.SalesInvoice.ID || name == record.PurchaseInvoice.ID {
		name = schemaInvoices
	}
	for _, t := range templates {
		if t.Name != name || strings.HasPrefix(name, cumcmName) {
			continue
		}
		var titles []string
		for _, c := range t.Columns {
			if chinese {
				titles = append(titles, c.ZH)
			} else {
				titles = append(titles, c.EN)
			}
		}
		return titles
	}
	return nil
}

// Template is the header row of a template as a CSV to fill in, UTF-8 with the
// byte order mark spreadsheets look for; nil if unknown.
func Template(name string, chinese bool) []byte {
	titles := Titles(name, chinese)
	if titles == nil {
		return nil
	}
	return []byte("\ufeff" + strings.Join(titles, ",") + "\r\n")
}

// canonicalName is a column's name without what people and programs change in
// one: case, spaces, underscores, full-width brackets, the mark of a required column.
func canonicalName(s string) string {
	s = strings.NewReplacer("（", "(", "）", ")", "_", " ", "-", " ", "\ufeff", "", "*", "").Replace(s)
	return strings.ToLower(strings.Join(strings.Fields(s), " "))
}

// column is the column of that name, in either language, or nil.
func (t *template) column(name string) *Column {
	if i, ok := t.byName[canonicalName(name)]; ok {
		return &t.Columns[i]
	}
	return nil
}

// candidate is a template that a header fits.
type candidate struct {
	*template
	index   map[string]int
	missing int // required columns that the header lacks
}

// candidates are the templates whose columns cover most of the header, and at
// least half of their required ones, so that a missing column is named and not
// a type refused. Of those that cover as much the ones that miss least remain:
// more than one means that the header does not tell them apart.
func candidates(names []string) []candidate {
	var best []candidate
	for _, t := range templates {
		c := candidate{template: t, index: map[string]int{}}
		for i, n := range names {
			if column := t.column(n); column != nil {
				if _, ok := c.index[column.Name]; !ok {
					c.index[column.Name] = i
				}
			}
		}
		required := 0
		for _, column := range t.Columns {
			if !column.Required {
				continue
			}
			required++
			if _, ok := c.index[column.Name]; !ok {
				c.missing++
			}
		}
		if (required-c.missing)*2 < required {
			continue
		}
		switch {
		case len(best) == 0 || len(c.index) > len(best[0].index),
			len(c.index) == len(best[0].index) && c.missing < best[0].missing:
			best = []candidate{c}
		case len(c.index) == len(best[0].index) && c.missing == best[0].missing:
			best = append(best, c)
		}
	}
	return best
}
