package workbench

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sort"

	"github.com/xinlian/xinlian/scorecard"
	"github.com/xinlian/xinlian/scorecard/train/table"
)

// Feature turns cells of a column to integers. A number is multiplied by
// 10^Digits, which are negative for numbers beyond any integer, rounded half away from zero and held between Min and Max. A
// category is the code of its level; codes rise with the risk seen in training.
type Feature struct {
	Column string     `json:"column"`
	Type   table.Type `json:"type"`
	Digits int        `json:"digits"`
	Min    int64      `json:"min"`
	Max    int64      `json:"max"`
	Levels []string   `json:"levels,omitempty"` // sorted
	Codes  []int64    `json:"codes,omitempty"`  // of Levels
	Other  int64      `json:"other,omitempty"`  // of any other level
	Cuts   []int64    `json:"-"`                // of the fine bins it was fitted on: bin k > 0 holds Cuts[k-2] <= v < Cuts[k-1]
}

// number is the integer of a present number.
func (f *Feature) number(v float64) int64 {
	return min(max(int64(math.Round(min(max(v*math.Pow10(f.Digits), -valueMax), valueMax))), f.Min), f.Max)
}

const (
	valueMax  = 1 << 46 // leaves room below scorecard.FeatureBound
	digitsMax = 30
)

// values are the integers of a column of any table with the feature's type.
func (f *Feature) values(c *column) []scorecard.Value {
	if f.Type.Kind != table.Category {
		v := make([]scorecard.Value, len(c.num))
		for i, x := range c.num {
			if !math.IsNaN(x) {
				v[i] = scorecard.Known(f.number(x))
			}
		}
		return v
	}
	code := make([]int64, len(c.levels))
	for k, s := range c.levels {
		code[k] = f.Other
		if at, ok := slices.BinarySearch(f.Levels, s); ok {
			code[k] = f.Codes[at]
		}
	}
	v := make([]scorecard.Value, len(c.code))
	for i, k := range c.code {
		if k >= 0 {
			v[i] = scorecard.Known(code[k])
		}
	}
	return v
}

// bins are the fine bins of values.
func (f *Feature) bins(values []scorecard.Value) []uint8 {
	b := make([]uint8, len(values))
	for i, v := range values {
		if v.Present {
			b[i] = uint8(1 + binOf(f.Cuts, v.Int))
		}
	}
	return b
}

// binOf is the number of cuts at or below v.
func binOf(cuts []int64, v int64) int {
	return sort.Search(len(cuts), func(k int) bool { return cuts[k] > v })
}

// newFeature learns a feature from a column of training rows and returns also
// the rows' bins. For a category of many levels these are not those of the
// finished code: each row is coded by the outcomes of other rows only, so that
// no row tells the model its own outcome.
func newFeature(c *column, bad []bool, binsMax int, seed uint64) (Feature, []uint8) {
	f := Feature{Column: c.name, Type: c.typ}
	if c.typ.Kind == table.Category {
		return f.category(c, bad, binsMax, seed)
	}
	f.digits(c.num)
	values := f.values(c)
	present := make([]int64, 0, len(values))
	for _, v := range values {
		if v.Present {
			present = append(present, v.Int)
		}
	}
	slices.Sort(present)
	if len(present) > 0 {
		f.Min, f.Max = present[0], present[len(present)-1]
	}
	f.Cuts = quantiles(present, binsMax-1)
	return f, f.bins(values)
}

// digits chooses the fewest decimal digits that keep nearly all different
// numbers different, within the bounds of an integer value.
func (f *Feature) digits(numbers []float64) {
	f.Min, f.Max = -valueMax, valueMax
	largest := 0.0
	seen := map[float64]bool{}
	for _, v := range numbers {
		if !math.IsNaN(v) {
			largest = max(largest, math.Abs(v))
			if len(seen) < 50_000 {
				seen[v] = true
			}
		}
	}
	first := 0
	for largest*math.Pow10(first) > valueMax {
		first--
	}
	for d := first; d <= digitsMax; d++ {
		if largest*math.Pow10(d+1) > valueMax {
			f.Digits = d
			return
		}
		rounded := map[int64]bool{}
		for v := range seen {
			rounded[int64(math.Round(v*math.Pow10(d)))] = true
		}
		if f.Digits = d; float64(len(rounded)) >= 0.999*float64(len(seen)) {
			return
		}
	}
}

// quantiles are cuts of sorted values into at most most parts of about equal
// size. Equal values stay together, and each cut is the roundest number that
// parts the same values.
func quantiles(sorted []int64, most int) []int64 {
	var cuts []int64
	last := 0 // first value of the open part
	for k := 1; k < most && len(sorted) > 0; k++ {
		at := k * len(sorted) / most
		if at <= last || sorted[at] == sorted[last] {
			continue
		}
		for at > last+1 && sorted[at-1] == sorted[at] {
			at--
		}
		if sorted[at-1] == sorted[at] {
			continue
		}
		cuts = append(cuts, Roundest(sorted[at-1], sorted[at]))
		last = at
	}
	// few different values: each one its own part
	if distinct := slices.Compact(slices.Clone(sorted)); len(distinct) <= most {
		cuts = cuts[:0]
		for k := 1; k < len(distinct); k++ {
			cuts = append(cuts, Roundest(distinct[k-1], distinct[k]))
		}
	}
	return cuts
}

// Roundest is the number with the most trailing zeros in (below, upTo].
func Roundest(below, upTo int64) int64 {
	if below < 0 && upTo >= 0 {
		return 0
	}
	for step := int64(1e15); step > 1; step /= 10 {
		for _, s := range []int64{step, step / 2} {
			c := upTo - upTo%s
			if upTo%s < 0 {
				c -= s
			}
			if c > below {
				return c
			}
		}
	}
	return upTo
}

const (
	levelRowsMin  = 10 // a rarer level is coded with the others
	levelShrink   = 15 // average rows added to each level of a category of many
	levelsDirect  = 15 // more levels than that are coded out of fold
	categoryParts = 5
	levelsSeed    = 0x6c6576656c
)

// category orders levels by their risk.
func (f *Feature) category(c *column, bad []bool, binsMax int, seed uint64) (Feature, []uint8) {
	n, b := make([]float64, len(c.levels)), make([]float64, len(c.levels))
	var all, bads float64
	for i, k := range c.code {
		if k < 0 {
			continue
		}
		n[k]++
		all++
		if bad[i] {
			b[k]++
			bads++
		}
	}
	rate := bads / max(all, 1)
	frequent := 0
	for _, rows := range n {
		if rows >= levelRowsMin {
			frequent++
		}
	}
	if frequent <= levelsDirect && frequent < binsMax-2 && !longTail(n, all) {
		return f.direct(c, n, b, rate)
	}
	risk := func(bads, rows float64) float64 { return (bads + levelShrink*rate) / (rows + levelShrink) }
	// outcomes of the rows of each part, to be left out
	r := rand.New(rand.NewPCG(seed, levelsSeed))
	part := make([]int, len(c.code))
	for k, i := range r.Perm(len(c.code)) {
		part[i] = k % categoryParts
	}
	pn, pb := make([]float64, categoryParts*len(c.levels)), make([]float64, categoryParts*len(c.levels))
	for i, k := range c.code {
		if k >= 0 {
			pn[part[i]*len(n)+int(k)]++
			if bad[i] {
				pb[part[i]*len(n)+int(k)]++
			}
		}
	}
	const digits = 1e6
	code := func(v float64) int64 { return int64(math.Round(v * digits)) }
	own := make([]int64, len(c.code))
	var present []int64
	for i, k := range c.code {
		if k >= 0 {
			at := part[i]*len(n) + int(k)
			own[i] = code(risk(b[k]-pb[at], n[k]-pn[at]))
			present = append(present, own[i])
		}
	}
	slices.Sort(present)
	cuts := quantiles(present, min(16, binsMax-1))
	bins := make([]uint8, len(c.code))
	for i, k := range c.code {
		if k >= 0 {
			bins[i] = uint8(1 + binOf(cuts, own[i]))
		}
	}
	f.Other = int64(1 + binOf(cuts, code(rate)))
	for k, s := range c.levels {
		if v := int64(1 + binOf(cuts, code(risk(b[k], n[k])))); n[k] > 0 && v != f.Other {
			f.Levels, f.Codes = append(f.Levels, s), append(f.Codes, v)
		}
	}
	f.codeBounds(len(cuts) + 1)
	return *f, bins
}

// longTail tells whether rare levels hold many of the rows.
func longTail(n []float64, all float64) bool {
	rare := 0.0
	for _, rows := range n {
		if rows < levelRowsMin {
			rare += rows
		}
	}
	return rare > 0.1*all
}

// direct gives each frequent level a code of its own.
func (f *Feature) direct(c *column, n, b []float64, rate float64) (Feature, []uint8) {
	const shrink = 5
	type group struct {
		level int // -1: all rare levels together
		risk  float64
	}
	var groups []group
	var rareRows, rareBads float64
	for k := range n {
		if n[k] >= levelRowsMin {
			groups = append(groups, group{k, (b[k] + shrink*rate) / (n[k] + shrink)})
		} else {
			rareRows, rareBads = rareRows+n[k], rareBads+b[k]
		}
	}
	if rareRows > 0 {
		groups = append(groups, group{-1, (rareBads + levelShrink*rate) / (rareRows + levelShrink)})
	}
	slices.SortStableFunc(groups, func(x, y group) int {
		switch {
		case x.risk < y.risk:
			return -1
		case x.risk > y.risk:
			return 1
		}
		return 0
	})
	codes := make([]int64, len(n))
	nearest := math.Inf(1)
	for k, g := range groups {
		if g.level >= 0 {
			codes[g.level] = int64(k + 1)
		}
		if d := math.Abs(g.risk - rate); g.level < 0 || rareRows == 0 && d < nearest {
			f.Other, nearest = int64(k+1), d
		}
	}
	for k, s := range c.levels {
		if n[k] >= levelRowsMin {
			f.Levels, f.Codes = append(f.Levels, s), append(f.Codes, codes[k])
		}
	}
	f.codeBounds(len(groups))
	return *f, f.bins(f.values(c))
}

func (f *Feature) codeBounds(codes int) {
	f.Min, f.Max = 1, int64(max(codes, 1))
	for k := 2; k <= codes; k++ {
		f.Cuts = append(f.Cuts, int64(k))
	}
}

// Name of a value for people.
func (f *Feature) text(v int64) string {
	switch f.Type.Kind {
	case table.Date:
		return dateOf(v, f.Type.Layout)
	case table.Category:
		return fmt.Sprintf("group %d", v)
	default:
		return decimal(v, f.Digits)
	}
}
