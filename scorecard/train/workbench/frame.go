package workbench

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/xinlian/xinlian/scorecard/train/table"
)

// column is one column of a table, read as what it is.
type column struct {
	name   string
	typ    table.Type
	num    []float64 // numbers and dates; NaN is missing
	code   []int32   // categories: index in levels; -1 is missing
	levels []string  // sorted
}

func newColumn(name string, cells []string, t table.Type) column {
	c := column{name: name, typ: t}
	if t.Kind == table.Category {
		index := map[string]int32{}
		for _, s := range cells {
			if s != "" {
				index[s] = 0
			}
		}
		for s := range index {
			c.levels = append(c.levels, s)
		}
		sort.Strings(c.levels)
		for k, s := range c.levels {
			index[s] = int32(k)
		}
		c.code = make([]int32, len(cells))
		for i, s := range cells {
			c.code[i] = -1
			if s != "" {
				c.code[i] = index[s]
			}
		}
		return c
	}
	c.num = make([]float64, len(cells))
	for i, s := range cells {
		v, ok := t.Parse(s)
		if !ok {
			v = math.NaN()
		}
		c.num[i] = v
	}
	return c
}

func (c *column) missing(i int) bool {
	if c.typ.Kind == table.Category {
		return c.code[i] < 0
	}
	return math.IsNaN(c.num[i])
}

// take is the column at some rows.
func (c *column) take(rows []int) column {
	t := column{name: c.name, typ: c.typ, levels: c.levels}
	for _, i := range rows {
		if c.code != nil {
			t.code = append(t.code, c.code[i])
		} else {
			t.num = append(t.num, c.num[i])
		}
	}
	return t
}

// frame is columns side by side with outcomes.
type frame struct {
	columns []column
	bad     []bool
}

func (f *frame) take(rows []int) *frame {
	t := &frame{columns: make([]column, len(f.columns)), bad: make([]bool, len(rows))}
	for j := range f.columns {
		t.columns[j] = f.columns[j].take(rows)
	}
	for k, i := range rows {
		t.bad[k] = f.bad[i]
	}
	return t
}

// thin is the frame with every n-th row of each outcome, so that about most rows
// are left; all of the rarer outcome's rows stay while they are few.
func (f *frame) thin(most int) *frame {
	n := len(f.bad)
	if n <= most {
		return f
	}
	total := map[bool]int{true: f.bads(), false: n - f.bads()}
	seen := map[bool]int{}
	var rows []int
	for i, b := range f.bad {
		stride := max(1, total[b]*2/most)
		if seen[b]%stride == 0 {
			rows = append(rows, i)
		}
		seen[b]++
	}
	return f.take(rows)
}

func (f *frame) bads() int {
	n := 0
	for _, b := range f.bad {
		if b {
			n++
		}
	}
	return n
}

// levelsMax bounds the different values of a target.
const levelsMax = 20

// outcomes reads a target. known are the rows that have one.
func outcomes(t *table.Table, target, positive string) (bad []bool, known []int, err error) {
	j, err := t.Column(target)
	if err != nil {
		return nil, nil, err
	}
	count := map[string]int{}
	for i, c := range t.Cells[j] {
		if c == "" {
			continue
		}
		count[c]++
		known = append(known, i)
	}
	names := make([]string, 0, len(count))
	for v := range count {
		names = append(names, v)
	}
	slices.Sort(names)
	shown := make([]string, 0, levelsMax)
	for _, v := range names[:min(len(names), levelsMax)] {
		shown = append(shown, fmt.Sprintf("%q (%d)", v, count[v]))
	}
	if len(known) == 0 {
		return nil, nil, fmt.Errorf("%w: the target %q has no value in any row", ErrRows, target)
	}
	if len(names) > levelsMax {
		return nil, nil, fmt.Errorf("%w: the target %q has %d different values, among them %s; an outcome has two", ErrRows, target, len(names), list(shown[:5]))
	}
	match := matches(names, positive)
	if len(match) == 0 {
		return nil, nil, fmt.Errorf("%w: no row of the target %q is %q; its values are %s; say which one is the bad outcome", ErrRows, target, positive, list(shown))
	}
	bad = make([]bool, t.Rows)
	for i, c := range t.Cells[j] {
		bad[i] = match[c]
	}
	return bad, known, nil
}

// matches are the values that positive names: the same text, else the same
// number, else the same letters.
func matches(values []string, positive string) map[string]bool {
	positive = strings.TrimSpace(positive)
	number, err := strconv.ParseFloat(positive, 64)
	for _, same := range []func(string) bool{
		func(v string) bool { return v == positive },
		func(v string) bool {
			x, e := strconv.ParseFloat(v, 64)
			return err == nil && e == nil && x == number
		},
		func(v string) bool { return strings.EqualFold(v, positive) },
	} {
		found := map[string]bool{}
		for _, v := range values {
			if same(v) {
				found[v] = true
			}
		}
		if len(found) > 0 {
			return found
		}
	}
	return nil
}

// duplicateShareMax is the greatest share of equal rows that is taken for an
// error. Where a table has few columns of few values, equal rows are different
// firms.
const duplicateShareMax = 0.2

// distinct are the rows without those that equal an earlier one in every cell,
// and for each of these rows a number that equal ones share.
func distinct(t *table.Table, rows []int) (kept []int, group []int, removed int) {
	first := map[string]int{}
	var key strings.Builder
	all := make([]int, 0, len(rows))
	for _, i := range rows {
		key.Reset()
		for j := range t.Cells {
			key.WriteString(t.Cells[j][i])
			key.WriteByte(0)
		}
		k := key.String()
		g, seen := first[k]
		if !seen {
			g = len(first)
			first[k] = g
			kept = append(kept, i)
		}
		all = append(all, g)
	}
	removed = len(rows) - len(kept)
	if float64(removed) > duplicateShareMax*float64(len(rows)) {
		return rows, all, 0
	}
	group = make([]int, len(kept))
	for k := range group {
		group[k] = k
	}
	return kept, group, removed
}

// split divides rows by time.
func split(t *table.Table, rows []int, name, from string) (train, test []int, err error) {
	j, err := t.Column(name)
	if err != nil {
		return nil, nil, err
	}
	typ, _ := table.Infer(t.Cells[j])
	limit, ok := typ.Parse(strings.TrimSpace(from))
	if typ.Kind == table.Date && !ok {
		// a date of another layout
		if other, _ := table.Infer([]string{strings.TrimSpace(from)}); other.Kind == table.Date {
			limit, ok = other.Parse(strings.TrimSpace(from))
		}
	}
	if typ.Kind != table.Category && !ok {
		return nil, nil, fmt.Errorf("%w: %q is not a %s, as the column %q is; an example is %q", ErrOptions, from, typ.Kind, name, firstPresent(t.Cells[j]))
	}
	for _, i := range rows {
		cell := t.Cells[j][i]
		later := cell >= from
		if typ.Kind != table.Category {
			v, ok := typ.Parse(cell)
			if !ok {
				continue // a row without a time belongs to neither side
			}
			later = v >= limit
		} else if cell == "" {
			continue
		}
		if later {
			test = append(test, i)
		} else {
			train = append(train, i)
		}
	}
	if len(train) == 0 || len(test) == 0 {
		return nil, nil, fmt.Errorf("%w: %d rows before %s = %s and %d from it on; both sides need rows", ErrOptions, len(train), name, from, len(test))
	}
	return train, test, nil
}

func firstPresent(cells []string) string {
	for _, c := range cells {
		if c != "" {
			return c
		}
	}
	return ""
}
