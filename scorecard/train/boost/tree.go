package boost

import (
	"context"
	"fmt"
	"math/rand/v2"
)

// Node is an inner node where Cut > 0: rows of column Column with a bin below Cut
// go left. Missing goes left where Missing is set. A leaf has Value.
type Node struct {
	Column      int
	Cut         uint8
	MissingLeft bool
	Left, Right int
	Value       float64
}

// TreesModel gives log odds of default = Intercept + the leaves a row falls in.
type TreesModel struct {
	Intercept float64
	Forests   [][][]Node // by fit, then tree; divided by the number of fits
	Scale     float64
}

// LogOdds is the model's log odds of default of row i of bins.
func (m *TreesModel) LogOdds(bins [][]uint8, i int) float64 {
	z := 0.0
	for _, trees := range m.Forests {
		for _, t := range trees {
			z += leafOf(t, bins, i)
		}
	}
	return m.Intercept + m.Scale*z/float64(len(m.Forests))
}

func leafOf(t []Node, bins [][]uint8, i int) float64 {
	n := &t[0]
	for n.Cut > 0 {
		b := bins[n.Column][i]
		if b == 0 && n.MissingLeft || b > 0 && b < n.Cut {
			n = &t[n.Left]
		} else {
			n = &t[n.Right]
		}
	}
	return n.Value
}

// Trees fits gradient-boosted trees. The error is the context's, or ErrData.
func Trees(ctx context.Context, d Data, o Options) (*TreesModel, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	parts := split(d, o)
	m := &TreesModel{Forests: make([][][]Node, len(parts)), Scale: 1}
	tick := counter(o.Progress, len(parts))
	err := Each(ctx, len(parts), func(k int) {
		m.Forests[k] = parts[k].boostTrees(ctx, d, o, rand.New(rand.NewPCG(o.Seed, 1_000+uint64(k))))
		tick()
	})
	if err != nil {
		return nil, err
	}
	intercept := 0.0
	for _, p := range parts {
		intercept += p.intercept / float64(len(parts))
	}
	m.Intercept = intercept
	if slope, shift, ok := heldLine(d, parts); ok {
		m.Scale, m.Intercept = slope, intercept*slope+shift
	}
	return m, nil
}

func (p *part) boostTrees(ctx context.Context, d Data, o Options, r *rand.Rand) [][]Node {
	var trees [][]Node
	best := 0
	w := newWatch(o.Patience)
	for round := 0; round < o.Rounds && ctx.Err() == nil; round++ {
		p.gradients(d)
		rows := p.train
		if o.Subsample < 1 {
			rows = rows[:0:0]
			for _, i := range p.train {
				if r.Float64() < o.Subsample {
					rows = append(rows, i)
				}
			}
		}
		columns := make([]int, 0, len(d.Bins))
		for j := range d.Bins {
			if o.Subsample >= 1 || r.Float64() < o.Subsample {
				columns = append(columns, j)
			}
		}
		g := grower{d: d, o: o, p: p, columns: columns, hist: make([]cell, BinsMax)}
		g.grow(rows, o.Depth)
		trees = append(trees, g.nodes)
		for i := range p.z {
			p.z[i] += leafOf(g.nodes, d.Bins, i)
		}
		improved, stop := w.see(p.loss(d))
		if improved {
			best = len(trees)
		}
		if stop {
			break
		}
	}
	for i := range p.z {
		p.z[i] = p.intercept
		for _, t := range trees[:best] {
			p.z[i] += leafOf(t, d.Bins, i)
		}
	}
	return trees[:best]
}

type grower struct {
	d       Data
	o       Options
	p       *part
	columns []int
	hist    []cell
	nodes   []Node
}

// grow appends the tree of rows and returns its root.
func (g *grower) grow(rows []int32, depth int) int {
	at := len(g.nodes)
	var all cell
	for _, i := range rows {
		all = all.plus(cell{g.p.g[i], g.p.h[i], 1})
	}
	g.nodes = append(g.nodes, Node{Value: all.value(g.o)})
	if depth == 0 || all.n < 2*float64(g.o.RowsMin) {
		return at
	}
	n, ok := g.cut(rows, all)
	if !ok {
		return at
	}
	var left, right []int32
	for _, i := range rows {
		if b := g.d.Bins[n.Column][i]; b == 0 && n.MissingLeft || b > 0 && b < n.Cut {
			left = append(left, i)
		} else {
			right = append(right, i)
		}
	}
	n.Left = g.grow(left, depth-1)
	n.Right = g.grow(right, depth-1)
	g.nodes[at] = n
	return at
}

func (g *grower) cut(rows []int32, all cell) (Node, bool) {
	base, top := all.gain(g.o.Ridge), 1e-9
	var best Node
	for _, j := range g.columns {
		h := g.hist[:g.d.Counts[j]]
		fill(h, g.d.Bins[j], rows, g.p.g, g.p.h)
		for _, missingLeft := range []bool{true, false} {
			var left cell
			if missingLeft {
				left = h[0]
			} else if h[0].n == 0 {
				break
			}
			for b := 1; b < len(h); b++ {
				if b > 1 {
					left = left.plus(h[b-1])
				}
				right := all.minus(left)
				if left.n < float64(g.o.RowsMin) || right.n < float64(g.o.RowsMin) {
					continue
				}
				if gain := left.gain(g.o.Ridge) + right.gain(g.o.Ridge) - base; gain > top {
					top, best = gain, Node{Column: j, Cut: uint8(b), MissingLeft: missingLeft}
				}
			}
		}
	}
	return best, top > 1e-9
}

// Check proves that no tree reaches outside itself or its columns.
func (m *TreesModel) Check(columns int) error {
	if len(m.Forests) == 0 {
		return fmt.Errorf("%w: no trees", ErrData)
	}
	for _, trees := range m.Forests {
		for _, t := range trees {
			for k, n := range t {
				if n.Cut > 0 && (n.Column < 0 || n.Column >= columns || n.Left <= k || n.Right <= k || n.Left >= len(t) || n.Right >= len(t)) {
					return fmt.Errorf("%w: node %d", ErrData, k)
				}
			}
			if len(t) == 0 {
				return fmt.Errorf("%w: a tree without nodes", ErrData)
			}
		}
	}
	return nil
}
