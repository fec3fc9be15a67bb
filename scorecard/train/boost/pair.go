package boost

import (
	"cmp"
	"context"
	"slices"
)

// rankPairs are the pairs whose two columns, cut once each, explain most of
// what the single tables leave, best first, each with coarse bins of its own.
func rankPairs(d Data, o Options, z []float64) []Pair {
	p := &part{z: z, g: make([]float64, d.Rows()), h: make([]float64, d.Rows()), train: make([]int32, d.Rows())}
	for i := range p.train {
		p.train[i] = int32(i)
	}
	p.gradients(d)
	coarse := make([][]uint8, len(d.Bins))
	count := make([]int, len(d.Bins))
	for j := range d.Bins {
		coarse[j], count[j] = coarsen(d.Bins[j], d.Counts[j], o.PairBins)
	}
	type ranked struct {
		a, b int
		gain float64
	}
	var all []ranked
	hist := make([]cell, o.PairBins*o.PairBins)
	for a := range d.Bins {
		for b := a + 1; b < len(d.Bins); b++ {
			if count[a] < 2 || count[b] < 2 || d.direction(a) != 0 || d.direction(b) != 0 {
				continue // a table over both could break a direction
			}
			g := grid{cells: hist[:count[a]*count[b]], nb: count[b]}
			g.fill(d.Bins[a], d.Bins[b], coarse[a], coarse[b], p)
			if gain := g.cross(o); gain > 0 {
				all = append(all, ranked{a, b, gain})
			}
		}
	}
	slices.SortFunc(all, func(x, y ranked) int {
		return cmp.Or(cmp.Compare(y.gain, x.gain), cmp.Compare(x.a, y.a), cmp.Compare(x.b, y.b))
	})
	var pairs []Pair
	for _, r := range all[:min(len(all), o.Pairs)] {
		pairs = append(pairs, Pair{A: r.a, B: r.b, MapA: coarse[r.a], MapB: coarse[r.b], CountB: count[r.b]})
	}
	return pairs
}

// coarsen joins neighbouring bins until at most most are left, missing
// included, with as equal rows as the bins allow.
func coarsen(column []uint8, count, most int) (to []uint8, bins int) {
	to = make([]uint8, count)
	rows := make([]int, count)
	present := 0
	for _, b := range column {
		if rows[b]++; b > 0 {
			present++
		}
	}
	seen, bins := 0, 1
	for b := 1; b < count; b++ {
		// the bin whose middle row lies in the k-th of most-1 equal parts
		k := 1
		if present > 0 {
			k = 1 + (2*seen+rows[b])*(most-1)/(2*present)
		}
		k = min(k, most-1)
		to[b] = uint8(k)
		seen += rows[b]
	}
	// numbers without gaps
	last := uint8(0)
	for b := 1; b < count; b++ {
		if to[b] != last {
			last = to[b]
			bins++
		}
		to[b] = uint8(bins - 1)
	}
	return to, bins
}

// grid is a histogram over two columns.
type grid struct {
	cells []cell
	nb    int
}

func (g *grid) fill(a, b, toA, toB []uint8, p *part) {
	clear(g.cells)
	for _, i := range p.train {
		c := &g.cells[int(toA[a[i]])*g.nb+int(toB[b[i]])]
		c.g += p.g[i]
		c.h += p.h[i]
		c.n++
	}
}

// sums makes cells the sums over all cells at or before them in both columns.
func (g *grid) sums() {
	na := len(g.cells) / g.nb
	for a := range na {
		var row cell
		for b := range g.nb {
			c := &g.cells[a*g.nb+b]
			row = row.plus(*c)
			*c = row
			if a > 0 {
				*c = c.plus(g.cells[(a-1)*g.nb+b])
			}
		}
	}
}

// at is the sum over the first a bins of one column and the first b of the other.
func (g *grid) at(a, b int) cell {
	if a == 0 || b == 0 {
		return cell{}
	}
	return g.cells[(a-1)*g.nb+b-1]
}

func (g *grid) block(a0, a1, b0, b1 int) cell {
	return g.at(a1, b1).minus(g.at(a0, b1)).minus(g.at(a1, b0)).plus(g.at(a0, b0))
}

// cross is the gain of the best cut of each column into four quarters.
func (g *grid) cross(o Options) float64 {
	g.sums()
	na, best := len(g.cells)/g.nb, 0.0
	base := g.at(na, g.nb).gain(o.Ridge)
	for a := 1; a < na; a++ {
		for b := 1; b < g.nb; b++ {
			gain := -base
			for _, c := range []cell{g.block(0, a, 0, b), g.block(0, a, b, g.nb), g.block(a, na, 0, b), g.block(a, na, b, g.nb)} {
				gain += c.gain(o.Ridge + 1)
			}
			best = max(best, gain)
		}
	}
	return best
}

// quarters is one step on a pair: one column cut at first, then each side of it
// by the other column at its own place. swap says that B is cut first.
type quarters struct {
	swap      bool
	first     int
	cut       [2]int
	value     [2][2]float64
	gain      float64
	available bool
}

func (g *grid) best(o Options) quarters {
	g.sums()
	na := len(g.cells) / g.nb
	var best quarters
	for _, swap := range []bool{false, true} {
		n, m := na, g.nb
		block := g.block
		if swap {
			n, m = g.nb, na
			block = func(a0, a1, b0, b1 int) cell { return g.block(b0, b1, a0, a1) }
		}
		for a := 1; a < n; a++ {
			q := quarters{swap: swap, first: a}
			whole := true
			for side, r := range [2][2]int{{0, a}, {a, n}} {
				sum := block(r[0], r[1], 0, m)
				if sum.n < float64(o.RowsMin) {
					whole = false
					break
				}
				top, at := sum.gain(o.Ridge), 0
				for b := 1; b < m; b++ {
					l := block(r[0], r[1], 0, b)
					u := sum.minus(l)
					if l.n < float64(o.RowsMin) || u.n < float64(o.RowsMin) {
						continue
					}
					if gain := l.gain(o.Ridge) + u.gain(o.Ridge); gain > top+1e-12 {
						top, at = gain, b
					}
				}
				q.cut[side], q.gain = at, q.gain+top
				l := block(r[0], r[1], 0, at)
				q.value[side] = [2]float64{l.value(o), sum.minus(l).value(o)}
			}
			if whole && (!best.available || q.gain > best.gain) {
				best, best.available = q, true
			}
		}
	}
	return best
}

// add adds the step to the pair's values.
func (q quarters) add(p *Pair) {
	for k := range p.Value {
		a, b := k/p.CountB, k%p.CountB
		if q.swap {
			a, b = b, a
		}
		side := 0
		if a >= q.first {
			side = 1
		}
		part := 0
		if b >= q.cut[side] {
			part = 1
		}
		p.Value[k] += q.value[side][part]
	}
}

// boostPairs adds steps to the pairs' tables in turn, as boostColumns does.
func (p *part) boostPairs(ctx context.Context, d Data, o Options, chosen []Pair) {
	p.pairs = make([]Pair, len(chosen))
	size := 0
	for k, c := range chosen {
		p.pairs[k] = c
		na := int(slices.Max(c.MapA)) + 1
		p.pairs[k].Value = make([]float64, na*c.CountB)
		size = max(size, na*c.CountB)
	}
	cells := make([]cell, size)
	w := newWatch(o.Patience)
	w.see(p.loss(d))
	best := p.values()
	for round := 0; round < o.Rounds && ctx.Err() == nil && len(chosen) > 0; round++ {
		for k := range p.pairs {
			pair := &p.pairs[k]
			p.gradients(d)
			g := grid{cells: cells[:len(pair.Value)], nb: pair.CountB}
			a, b := d.Bins[pair.A], d.Bins[pair.B]
			g.fill(a, b, pair.MapA, pair.MapB, p)
			q := g.best(o)
			if !q.available {
				continue
			}
			before := slices.Clone(pair.Value)
			q.add(pair)
			for c := range before {
				before[c] = pair.Value[c] - before[c]
			}
			for i := range p.z {
				p.z[i] += before[int(pair.MapA[a[i]])*pair.CountB+int(pair.MapB[b[i]])]
			}
		}
		improved, stop := w.see(p.loss(d))
		if improved {
			best = p.values()
		}
		if stop {
			break
		}
	}
	for k := range p.pairs {
		p.pairs[k].Value = best[k]
	}
	p.rescore(d)
}

func (p *part) values() [][]float64 {
	v := make([][]float64, len(p.pairs))
	for k := range p.pairs {
		v[k] = slices.Clone(p.pairs[k].Value)
	}
	return v
}

// meanLogOdds are the fits' mean log odds of every row; a fit that held a row
// out speaks of it alone where there is one.
func meanLogOdds(parts []*part) []float64 {
	z := make([]float64, len(parts[0].z))
	for _, p := range parts {
		for i, v := range p.z {
			z[i] += v / float64(len(parts))
		}
	}
	return z
}
