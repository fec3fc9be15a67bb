package workbench

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"regexp"
	"slices"

	"github.com/xinlian/xinlian/scorecard/train/boost"
	"github.com/xinlian/xinlian/scorecard/train/measure"
	"github.com/xinlian/xinlian/scorecard/train/table"
)

// LeftOut is a column that is not used, and why.
type LeftOut struct {
	Column string `json:"column"`
	Why    string `json:"why"`
	Leak   bool   `json:"leak,omitempty"` // it seems to know the outcome; Options.Keep uses it all the same
}

// The screen's bounds.
const (
	leakAUC       = 0.85 // of one column alone
	leakPurity    = 0.98 // share of bads where a column is filled, or is not its usual value
	leakBadsShare = 0.10 // of all bads that such rows must hold
	leakBadsMin   = 15
	uniqueMin     = 0.9 // share of different values from which a text names rows
	uniqueRowsMin = 50
)

var (
	idName    = regexp.MustCompile(`(?i)(^|[ _.-])(id|nr|no|num|number|key|uuid|index|idx|row)([ _.-]|$)|_?id$|ID$|^unnamed|chkdgt|编号|序号|代码|号码`)
	afterName = regexp.MustCompile(`(?i)chg.?off|charge.?off|writ.{0,4}off|default|recover|outcome|settle|arrear|delinq|核销|违约|追偿|处置|结清`)
)

// screen leaves out columns that cannot be features or know too much. The rest
// is what models may use; notes say what looks odd and is used all the same.
func screen(ctx context.Context, f *frame, o *Options) (used *frame, out []LeftOut, notes []string, err error) {
	kept := func(c *column) bool { return slices.Contains(o.Keep, c.name) }
	why := make([]LeftOut, len(f.columns))
	err = boost.Each(ctx, len(f.columns), func(j int) {
		c := &f.columns[j]
		if kept(c) && !c.empty() {
			return
		}
		if s := c.unusable(); s != "" {
			why[j] = LeftOut{Column: c.name, Why: s}
		} else if s := c.leaks(f.bad, o.Seed); s != "" {
			why[j] = LeftOut{Column: c.name, Why: s, Leak: true}
		}
	})
	used = &frame{bad: f.bad}
	for j, c := range f.columns {
		if why[j].Why != "" {
			out = append(out, why[j])
			continue
		}
		if afterName.MatchString(c.name) && !kept(&c) {
			notes = append(notes, fmt.Sprintf("the name of %q may mean that it is written after the outcome; if so, exclude it", c.name))
		}
		used.columns = append(used.columns, c)
	}
	if err == nil && len(used.columns) == 0 {
		err = fmt.Errorf("%w: no column is left that could be a feature: %s", ErrRows, reasons(out))
	}
	return used, out, notes, err
}

func reasons(out []LeftOut) string {
	var all []string
	for _, l := range out[:min(len(out), 10)] {
		all = append(all, l.Column+" ("+l.Why+")")
	}
	return list(all)
}

func (c *column) rows() int { return max(len(c.num), len(c.code)) }

func (c *column) empty() bool {
	for i := range c.rows() {
		if !c.missing(i) {
			return false
		}
	}
	return true
}

// unusable says why a column cannot be a feature, or "".
func (c *column) unusable() string {
	present, different, whole := 0, map[float64]bool{}, true
	low, high := math.Inf(1), math.Inf(-1)
	for i := range c.rows() {
		if c.missing(i) {
			continue
		}
		present++
		var v float64
		if c.typ.Kind == table.Category {
			v = float64(c.code[i])
		} else {
			v = c.num[i]
		}
		different[v] = true
		low, high, whole = min(low, v), max(high, v), whole && v == math.Trunc(v)
	}
	share := float64(len(different)) / float64(max(present, 1))
	switch {
	case present == 0:
		return "no value in any row"
	case len(different) == 1 && present == c.rows():
		return "the same value in every row"
	case c.typ.Kind == table.Category && present >= uniqueRowsMin && share > uniqueMin:
		return fmt.Sprintf("names rows: %d different values in %d rows", len(different), present)
	case c.typ.Kind == table.Number && whole && present >= uniqueRowsMin && share > 0.999 &&
		(idName.MatchString(c.name) || high-low < 2*float64(present)):
		return "numbers rows: a different whole number in each"
	}
	return ""
}

// leaks says why a column seems to know the outcome, or "".
func (c *column) leaks(bad []bool, seed uint64) string {
	if auc := c.aloneAUC(bad, seed); auc > leakAUC {
		return fmt.Sprintf("alone it orders outcomes with an AUC of %.3f, above %.2f", auc, leakAUC)
	}
	usual, bads, rows := c.usual(), 0, len(bad)
	for _, b := range bad {
		if b {
			bads++
		}
	}
	type group struct {
		name string
		in   func(i int) bool
	}
	for _, g := range []group{
		{"filled", func(i int) bool { return !c.missing(i) }},
		{"empty", func(i int) bool { return c.missing(i) }},
		{"not its usual value", func(i int) bool { return !c.missing(i) && c.at(i) != usual }},
	} {
		n, b := 0, 0
		for i := range bad {
			if g.in(i) {
				n++
				if bad[i] {
					b++
				}
			}
		}
		if n < rows && bads*2 < rows && b >= max(leakBadsMin, int(leakBadsShare*float64(bads))) && float64(b) >= leakPurity*float64(n) {
			return fmt.Sprintf("%d of the %d rows in which it is %s are bad: it seems to be written after the outcome", b, n, g.name)
		}
	}
	return ""
}

func (c *column) at(i int) float64 {
	if c.typ.Kind == table.Category {
		return float64(c.code[i])
	}
	return c.num[i]
}

// usual is the most frequent value, the lowest of equally frequent ones.
func (c *column) usual() float64 {
	count := map[float64]int{}
	for i := range c.rows() {
		if !c.missing(i) {
			count[c.at(i)]++
		}
	}
	best, most := math.NaN(), 0
	for v, n := range count {
		if n > most || n == most && v < best {
			best, most = v, n
		}
	}
	return best
}

// aloneAUC is the AUC of the column's own default rates by bin, each row judged
// by the other parts' rows.
func (c *column) aloneAUC(bad []bool, seed uint64) float64 {
	const parts, shrink, bins = 5, 5, 20
	_, bin := newFeature(c, bad, bins, seed)
	r := rand.New(rand.NewPCG(seed, 7))
	part := make([]int, len(bad))
	for k, i := range r.Perm(len(bad)) {
		part[i] = k % parts
	}
	var n, b [parts][256]float64
	var rows, bads float64
	for i := range bad {
		n[part[i]][bin[i]]++
		rows++
		if bad[i] {
			b[part[i]][bin[i]]++
			bads++
		}
	}
	risk := make([]float64, len(bad))
	for i := range bad {
		var rn, rb float64
		for p := range parts {
			if p != part[i] {
				rn, rb = rn+n[p][bin[i]], rb+b[p][bin[i]]
			}
		}
		risk[i] = (rb + shrink*bads/rows) / (rn + shrink)
	}
	return measure.AUC(risk, bad)
}
