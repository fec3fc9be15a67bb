package train

import (
	"cmp"
	"math"
	"slices"

	"github.com/xinlian/xinlian/scorecard"
)

// cell is a number of rows of each outcome.
type cell struct{ good, bad float64 }

func (c cell) rows() float64    { return c.good + c.bad }
func (c cell) badRate() float64 { return c.bad / c.rows() }
func (c cell) plus(d cell) cell { return cell{c.good + d.good, c.bad + d.bad} }

// bin is a range of values from least up to the least of the next bin.
type bin struct {
	cell
	least, most int64 // smallest and largest value seen
}

// binning is a feature cut into bins.
type binning struct {
	feature  int
	bins     []bin
	cuts     []int64
	missing  cell
	woe      []float64 // weight of evidence of each bin, good positive
	woeNone  float64   // of a missing value
	evidence float64   // information value
}

const fineBins = 40

// newBinning cuts one feature: fine quantiles first, then neighbours are merged
// until the bad rate is monotone in the feature's direction, no bin is too
// small, neighbours differ, and there are not too many.
func newBinning(rows []Row, feature int, all cell, o *Options) binning {
	b := binning{feature: feature}
	present := make([]Row, 0, len(rows))
	for _, r := range rows {
		if r.Features[feature].Present {
			present = append(present, r)
			continue
		}
		b.missing = b.missing.plus(outcome(r.Bad))
	}
	value := func(r Row) int64 { return r.Features[feature].Int }
	slices.SortStableFunc(present, func(x, y Row) int { return cmp.Compare(value(x), value(y)) })
	b.bins = fine(present, value)
	direction := o.Features[feature].Direction
	b.bins = monotone(b.bins, direction)
	b.bins = merge(b.bins, o.BinShareMin*float64(len(present)), o.PairChi2Min, o.BinsMax)
	for i := 1; i < len(b.bins); i++ {
		b.cuts = append(b.cuts, roundest(b.bins[i-1].most, b.bins[i].least))
	}
	b.weigh(all, o.ShrinkRows, o.Features[feature].Optional)
	return b
}

func outcome(bad bool) cell {
	if bad {
		return cell{bad: 1}
	}
	return cell{good: 1}
}

// fine makes up to about fineBins bins of equal size; equal values stay together.
func fine(sorted []Row, value func(Row) int64) []bin {
	var bins []bin
	size := float64(len(sorted)) / fineBins
	for i, r := range sorted {
		v := value(r)
		n := len(bins)
		if i == 0 || (bins[n-1].rows() >= size && v != bins[n-1].most) {
			bins = append(bins, bin{least: v})
			n++
		}
		bins[n-1].cell = bins[n-1].plus(outcome(r.Bad))
		bins[n-1].most = v
	}
	return bins
}

// monotone merges neighbours until the bad rate strictly falls along the good
// direction: pooling of adjacent violators.
func monotone(bins []bin, d scorecard.Direction) []bin {
	var out []bin
	for _, b := range bins {
		out = append(out, b)
		for len(out) > 1 && !improves(out[len(out)-2], out[len(out)-1], d) {
			out = join(out, len(out)-2)
		}
	}
	return out
}

func improves(low, high bin, d scorecard.Direction) bool {
	if d == scorecard.HigherBetter {
		return high.badRate() < low.badRate()
	}
	return high.badRate() > low.badRate()
}

// join merges bin i with the one after it.
func join(bins []bin, i int) []bin {
	bins[i].cell = bins[i].plus(bins[i+1].cell)
	bins[i].most = bins[i+1].most
	return slices.Delete(bins, i+1, i+2)
}

// merge joins the pair of neighbours that differ least, while a bin is too
// small, a pair does not differ enough, or there are too many bins. Joining
// neighbours keeps the bad rate monotone.
func merge(bins []bin, rowsMin, chi2Min float64, binsMax int) []bin {
	for len(bins) > 1 {
		small := slices.IndexFunc(bins, func(b bin) bool { return b.rows() < rowsMin })
		best, least := -1, math.Inf(1)
		for i := range len(bins) - 1 {
			if small >= 0 && i != small && i+1 != small {
				continue
			}
			if c := chi2(bins[i].cell, bins[i+1].cell); c < least {
				best, least = i, c
			}
		}
		if small < 0 && least >= chi2Min && len(bins) <= binsMax {
			break
		}
		bins = join(bins, best)
	}
	return bins
}

// chi2 is the statistic of the two-by-two table of two bins.
func chi2(a, b cell) float64 {
	all := a.plus(b)
	if all.good == 0 || all.bad == 0 {
		return 0
	}
	d := float64(a.good*b.bad) - float64(a.bad*b.good)
	return d * d * all.rows() / (a.rows() * b.rows() * all.good * all.bad)
}

// roundest is the number with the most trailing zeros in (below, upTo], so that
// people read round thresholds while no row of the sample changes its bin.
func roundest(below, upTo int64) int64 {
	if below < 0 && upTo >= 0 {
		return 0
	}
	for step := int64(1e15); step > 1; step /= 10 {
		for _, s := range []int64{step, step / 2} {
			if c := floorTo(upTo, s); c > below {
				return c
			}
		}
	}
	return upTo
}

func floorTo(v, step int64) int64 {
	r := v % step
	if r < 0 {
		r += step
	}
	return v - r
}

// weigh sets the weights of evidence: the log of how much more often goods than
// bads fall into a bin, after adding a few average rows.
func (b *binning) weigh(all cell, shrinkRows float64, optional bool) {
	worst := 0.0
	for _, k := range b.bins {
		w := evidence(k.cell, all, shrinkRows)
		b.woe = append(b.woe, w)
		worst = min(worst, w)
		b.evidence += share(k.cell, all) * w
	}
	b.woeNone = evidence(b.missing, all, shrinkRows)
	b.evidence += share(b.missing, all) * b.woeNone
	ceiling := worst
	if optional {
		ceiling = 0
	}
	if b.missing.rows() == 0 || b.woeNone > ceiling {
		b.woeNone = ceiling
	}
}

func evidence(c, all cell, shrinkRows float64) float64 {
	good := c.good + shrinkRows*all.good/all.rows()
	bad := c.bad + shrinkRows*all.bad/all.rows()
	return math.Log(good) - math.Log(bad) + math.Log(all.bad) - math.Log(all.good)
}

func share(c, all cell) float64 { return c.good/all.good - c.bad/all.bad }

// of is the weight of evidence of a value.
func (b *binning) of(v scorecard.Value) float64 {
	if !v.Present {
		return b.woeNone
	}
	t := scorecard.Table{Cuts: b.cuts}
	return b.woe[t.Bin(v)]
}
