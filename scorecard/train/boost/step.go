package boost

import "math"

// cell sums gradient, curvature and rows of a set of rows.
type cell struct{ g, h, n float64 }

func (c cell) plus(o cell) cell  { return cell{c.g + o.g, c.h + o.h, c.n + o.n} }
func (c cell) minus(o cell) cell { return cell{c.g - o.g, c.h - o.h, c.n - o.n} }

// gain is what fitting one value to the cell's rows wins.
func (c cell) gain(ridge float64) float64 {
	if c.n == 0 {
		return 0
	}
	return c.g * c.g / (c.h + ridge)
}

// value is the step of the cell's rows.
func (c cell) value(o Options) float64 {
	if c.n == 0 {
		return 0
	}
	return -o.Rate * c.g / (c.h + o.Ridge)
}

func fill(hist []cell, column []uint8, rows []int32, g, h []float64) {
	clear(hist)
	for _, i := range rows {
		c := &hist[column[i]]
		c.g += g[i]
		c.h += h[i]
		c.n++
	}
}

// leaf is the bins from .. to-1 of a column.
type leaf struct {
	from, to int
	sum      cell
	cut      int // best first bin of a right part, 0 for none
	gain     float64
}

// columnStep cuts the column's bins in up to o.Cuts+1 leaves, best cut first,
// and writes each bin's step. Missing is a leaf of its own. It says whether
// anything was cut.
func columnStep(step []float64, hist []cell, o Options, direction int8) bool {
	all := leaf{from: 1, to: len(hist)}
	for _, c := range hist[1:] {
		all.sum = all.sum.plus(c)
	}
	all.search(hist, o, direction)
	leaves := []leaf{all}
	for range o.Cuts {
		best := -1
		for k := range leaves {
			if leaves[k].cut > 0 && (best < 0 || leaves[k].gain > leaves[best].gain) {
				best = k
			}
		}
		if best < 0 {
			break
		}
		left, right := leaves[best].divide(hist)
		next := append(append(append([]leaf{}, leaves[:best]...), left, right), leaves[best+1:]...)
		if direction != 0 && !ordered(next, o, direction) {
			leaves[best].cut = 0
			continue
		}
		next[best].search(hist, o, direction)
		next[best+1].search(hist, o, direction)
		leaves = next
	}
	missing := 0.0
	if hist[0].n >= float64(o.RowsMin) {
		missing = hist[0].value(o)
	}
	if len(leaves) == 1 && missing == 0 {
		return false
	}
	step[0] = missing
	for _, l := range leaves {
		v := l.sum.value(o)
		if len(leaves) == 1 {
			v = 0
		}
		for b := l.from; b < l.to; b++ {
			step[b] = v
		}
	}
	return true
}

func ordered(leaves []leaf, o Options, direction int8) bool {
	for k := 1; k < len(leaves); k++ {
		if (leaves[k].sum.value(o)-leaves[k-1].sum.value(o))*float64(direction) < 0 {
			return false
		}
	}
	return true
}

func (l *leaf) search(hist []cell, o Options, direction int8) {
	l.cut, l.gain = 0, 0
	base := l.sum.gain(o.Ridge)
	var left cell
	for b := l.from; b+1 < l.to; b++ {
		left = left.plus(hist[b])
		right := l.sum.minus(left)
		if left.n < float64(o.RowsMin) || right.n < float64(o.RowsMin) || hist[b+1].n == 0 && right.n == 0 {
			continue
		}
		if direction != 0 && (right.value(o)-left.value(o))*float64(direction) < 0 {
			continue
		}
		if gain := left.gain(o.Ridge) + right.gain(o.Ridge) - base; gain > l.gain+1e-12 {
			l.cut, l.gain = b+1, gain
		}
	}
}

func (l *leaf) divide(hist []cell) (left, right leaf) {
	left, right = leaf{from: l.from, to: l.cut}, leaf{from: l.cut, to: l.to}
	for b := left.from; b < left.to; b++ {
		left.sum = left.sum.plus(hist[b])
	}
	right.sum = l.sum.minus(left.sum)
	return left, right
}

// watch says when a loss has stopped to fall.
type watch struct {
	best     float64
	patience int
	since    int
}

func newWatch(patience int) *watch { return &watch{best: math.Inf(1), patience: patience} }

func (w *watch) see(loss float64) (improved, stop bool) {
	if loss < w.best-1e-7 {
		w.best, w.since = loss, 0
		return true, false
	}
	w.since++
	return false, w.since > w.patience
}
