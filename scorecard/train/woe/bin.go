package woe

import (
	"math"
)

// Count is rows by outcome.
type Count struct{ Good, Bad float64 }

func (c Count) plus(d Count) Count  { return Count{c.Good + d.Good, c.Bad + d.Bad} }
func (c Count) minus(d Count) Count { return Count{c.Good - d.Good, c.Bad - d.Bad} }
func (c Count) rows() float64       { return c.Good + c.Bad }
func (c Count) rate() float64       { return c.Bad / c.rows() }

// logLikelihood is that of the outcomes at their own rate.
func (c Count) logLikelihood() float64 {
	term := func(n float64) float64 {
		if n == 0 {
			return 0
		}
		return n * math.Log(n/c.rows())
	}
	return term(c.Good) + term(c.Bad)
}

// Direction says how risk may move with the bin.
type Direction int8

// The directions of risk.
const (
	Either  Direction = 0 // monotone, whichever way explains more
	Rising  Direction = 1
	Falling Direction = -1
)

// Limits bound a division.
type Limits struct {
	PartsMax int
	FineMax  int     // bins that the search sees, missing not counted; more are first joined to about equal rows
	RowsMin  float64 // in each part
	Penalty  float64 // log likelihood that each further part must win
	Shrink   float64 // average rows added to each part before its weight of evidence
}

// Division is a column's bins joined to parts.
type Division struct {
	Part        []int     // by bin; bin 0, missing, is part 0
	Evidence    []float64 // by part: log odds of default against the average, by which parts are ordered
	Information float64   // information value
}

// Divide joins neighbouring bins, the first of which is missing and stays
// apart, so that the default rate is strictly monotone over the parts, each has
// enough rows, and the log likelihood less the penalty of the parts is greatest.
// It is exact: a dynamic programme over the last two borders. bins counts the
// rows of each bin.
func Divide(bins []Count, direction Direction, l Limits) Division {
	var all Count
	for _, c := range bins {
		all = all.plus(c)
	}
	fine, first := coarsen(bins, l.FineMax)
	var starts []int
	best := math.Inf(-1)
	for _, d := range []Direction{Rising, Falling} {
		if direction != Either && d != direction {
			continue
		}
		if s, value := divide(fine, d, l); value > best+1e-9 {
			starts, best = s, value
		}
	}
	for k, s := range starts {
		starts[k] = first[s]
	}
	return weigh(bins, starts, all, l)
}

// coarsen joins neighbouring present bins to at most most of about equal rows,
// and returns also the first bin of each.
func coarsen(bins []Count, most int) (joined []Count, first []int) {
	present := 0.0
	for _, c := range bins[1:] {
		present += c.rows()
	}
	joined, first = []Count{bins[0]}, []int{0}
	if most == 0 || len(bins)-1 <= most {
		most = len(bins)
	}
	open := 0.0
	for b := 1; b < len(bins); b++ {
		if len(joined) == 1 || most < len(bins) && open >= present/float64(most) || most == len(bins) {
			joined, first, open = append(joined, Count{}), append(first, b), 0
		}
		last := len(joined) - 1
		joined[last] = joined[last].plus(bins[b])
		open += bins[b].rows()
	}
	return joined, first
}

// divide returns the first bin of each part but the first, and the objective.
func divide(bins []Count, d Direction, l Limits) ([]int, float64) {
	n := len(bins) - 1 // present bins are 1 .. n
	sums := make([]Count, n+1)
	for k := 1; k <= n; k++ {
		sums[k] = sums[k-1].plus(bins[k])
	}
	part := func(i, j int) Count { return sums[j].minus(sums[i]) } // bins i+1 .. j
	const none = -1
	// value[p][i][j]: best division of the first j bins into p parts of which the last is i+1 .. j
	type state struct {
		value float64
		from  int
	}
	width := n + 1
	layers := make([][]state, l.PartsMax+1)
	end, endParts, endValue := none, 0, math.Inf(-1)
	for p := 1; p <= l.PartsMax; p++ {
		layer := make([]state, width*width)
		for k := range layer {
			layer[k] = state{math.Inf(-1), none}
		}
		reached := false
		for j := 1; j <= n; j++ {
			for i := 0; i < j; i++ {
				c := part(i, j)
				if c.rows() < l.RowsMin || c.rows() == 0 || p == 1 && i > 0 {
					continue
				}
				s := state{c.logLikelihood(), none}
				if p > 1 {
					s.value = math.Inf(-1)
					for h := 0; h < i; h++ {
						before := layers[p-1][h*width+i]
						if !math.IsInf(before.value, -1) && (c.rate()-part(h, i).rate())*float64(d) > 0 && before.value+c.logLikelihood()-l.Penalty > s.value {
							s = state{before.value + c.logLikelihood() - l.Penalty, h}
						}
					}
				}
				layer[i*width+j] = s
				reached = reached || !math.IsInf(s.value, -1)
				if j == n && s.value > endValue+1e-9 {
					end, endParts, endValue = i, p, s.value
				}
			}
		}
		layers[p] = layer
		if !reached {
			break
		}
	}
	var starts []int
	for i, j, p := end, n, endParts; p > 1; p-- {
		starts = append([]int{i + 1}, starts...)
		i, j = layers[p][i*width+j].from, i
	}
	return starts, endValue
}

func weigh(bins []Count, starts []int, all Count, l Limits) Division {
	d := Division{Part: make([]int, len(bins))}
	counts := []Count{{}, {}}
	counts[0] = bins[0]
	k := 0
	for b := 1; b < len(bins); b++ {
		if k < len(starts) && b == starts[k] {
			counts = append(counts, Count{})
			k++
		}
		d.Part[b] = len(counts) - 1
		counts[d.Part[b]] = counts[d.Part[b]].plus(bins[b])
	}
	for _, c := range counts {
		w := evidence(c, all, l.Shrink)
		d.Evidence = append(d.Evidence, w)
		d.Information += (c.Bad/all.Bad - c.Good/all.Good) * w
	}
	return d
}
