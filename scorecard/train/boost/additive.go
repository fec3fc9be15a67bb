package boost

import (
	"context"
	"math"
	"math/rand/v2"

	"github.com/xinlian/xinlian/scorecard/train/measure"
)

// columnsPerGradient is how many columns in turn step by the same gradients,
// which are half of the work. A step is small, so they are hardly out of date.
const columnsPerGradient = 4

// Bounds of the stretch that calibration may apply.
const (
	slopeMin = 0.2
	slopeMax = 3
)

// Options say how to fit.
type Options struct {
	Seed      uint64
	Bags      int     // fits to random parts of the rows, averaged
	HeldOut   float64 // share of the rows that each fit leaves out to know when to stop
	Rate      float64 // step of each update
	Rounds    int     // at most, each over all tables
	Patience  int     // rounds without gain on the rows held out before stopping
	Cuts      int     // of each update of a column
	Ridge     float64 // added to the curvature of each leaf
	RowsMin   int     // in each leaf
	Pairs     int     // tables over two columns, at most
	PairBins  int     // bins of each column in them, missing included
	Depth     int     // of trees, Trees only
	Subsample float64 // share of a fit's rows and columns that each tree sees, Trees only
	// Progress is told of every finished fit, from several goroutines; nil for none.
	Progress func(done, all int)
}

// Pair is a table over two columns. MapA and MapB take a column's bin to the
// pair's own, coarser one.
type Pair struct {
	A, B       int
	MapA, MapB []uint8
	CountB     int
	Value      []float64 // by the pair's bin of A times CountB plus that of B
}

// At is the pair's value at bins of its columns.
func (p *Pair) At(a, b uint8) float64 {
	return p.Value[int(p.MapA[a])*p.CountB+int(p.MapB[b])]
}

// AdditiveModel gives log odds of default = Intercept + a value from every table.
type AdditiveModel struct {
	Intercept float64
	Tables    [][]float64 // by column and bin
	Pairs     []Pair
}

// LogOdds is the model's log odds of default of row i of bins.
func (m *AdditiveModel) LogOdds(bins [][]uint8, i int) float64 {
	z := m.Intercept
	for j, t := range m.Tables {
		z += t[bins[j][i]]
	}
	for k := range m.Pairs {
		p := &m.Pairs[k]
		z += p.At(bins[p.A][i], bins[p.B][i])
	}
	return z
}

// part is one fit: its rows, the rows it holds out, and what it has learned.
type part struct {
	train, held []int32
	z           []float64 // log odds of every row of the data
	g, h        []float64 // gradient and curvature, at rows of train
	intercept   float64
	tables      [][]float64
	pairs       []Pair
}

// Additive fits an additive model. The error is the context's, or ErrData.
func Additive(ctx context.Context, d Data, o Options) (*AdditiveModel, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	parts := split(d, o)
	stages := 1
	if o.Pairs > 0 && len(d.Bins) > 1 {
		stages = 2
	}
	tick := counter(o.Progress, stages*len(parts))
	if err := Each(ctx, len(parts), func(k int) { parts[k].boostColumns(ctx, d, o); tick() }); err != nil {
		return nil, err
	}
	if stages == 2 {
		chosen := rankPairs(d, o, meanLogOdds(parts))
		if err := Each(ctx, len(parts), func(k int) { parts[k].boostPairs(ctx, d, o, chosen); tick() }); err != nil {
			return nil, err
		}
	}
	m := average(parts)
	m.calibrate(d, parts)
	m.center(d)
	return m, nil
}

// split draws the rows of each fit, goods and bads apart so that every fit
// sees both.
func split(d Data, o Options) []*part {
	parts := make([]*part, o.Bags)
	for k := range parts {
		r := rand.New(rand.NewPCG(o.Seed, uint64(k)+1))
		p := &part{z: make([]float64, d.Rows()), g: make([]float64, d.Rows()), h: make([]float64, d.Rows())}
		for _, outcome := range []bool{false, true} {
			var rows []int32
			for i, b := range d.Bad {
				if b == outcome {
					rows = append(rows, int32(i))
				}
			}
			r.Shuffle(len(rows), func(a, b int) { rows[a], rows[b] = rows[b], rows[a] })
			n := int(math.Round(o.HeldOut * float64(len(rows))))
			n = min(n, len(rows)-1)
			p.held, p.train = append(p.held, rows[:n]...), append(p.train, rows[n:]...)
		}
		bads := 0.0
		for _, i := range p.train {
			if d.Bad[i] {
				bads++
			}
		}
		p.intercept = math.Log(bads) - math.Log(float64(len(p.train))-bads)
		for i := range p.z {
			p.z[i] = p.intercept
		}
		p.tables = make([][]float64, len(d.Bins))
		for j, n := range d.Counts {
			p.tables[j] = make([]float64, n)
		}
		parts[k] = p
	}
	return parts
}

// boostColumns adds steps to each column's table in turn, and keeps the round
// that was best on the rows held out.
func (p *part) boostColumns(ctx context.Context, d Data, o Options) {
	w := newWatch(o.Patience)
	hist := make([]cell, BinsMax)
	step := make([]float64, BinsMax)
	best := clone2(p.tables)
	for round := 0; round < o.Rounds && ctx.Err() == nil; round++ {
		for j, column := range d.Bins {
			if j%columnsPerGradient == 0 {
				p.gradients(d)
			}
			if d.Counts[j] < 2 {
				continue
			}
			h := hist[:d.Counts[j]]
			fill(h, column, p.train, p.g, p.h)
			if !columnStep(step[:len(h)], h, o, d.direction(j)) {
				continue
			}
			for b := range h {
				p.tables[j][b] += step[b]
			}
			for i, b := range column {
				p.z[i] += step[b]
			}
		}
		improved, stop := w.see(p.loss(d))
		if improved {
			copy2(best, p.tables)
		}
		if stop {
			break
		}
	}
	copy2(p.tables, best)
	p.rescore(d)
}

// gradients are those of the logistic loss at the rows of the fit.
func (p *part) gradients(d Data) {
	for _, i := range p.train {
		q := 1 / (1 + math.Exp(-p.z[i]))
		p.h[i] = q * (1 - q)
		if d.Bad[i] {
			q--
		}
		p.g[i] = q
	}
}

// loss is the mean logistic loss on the rows held out, or on those of the fit
// where none are.
func (p *part) loss(d Data) float64 {
	rows := p.held
	if len(rows) == 0 {
		rows = p.train
	}
	sum := 0.0
	for _, i := range rows {
		z := p.z[i]
		if d.Bad[i] {
			z = -z
		}
		sum += softplus(z)
	}
	return sum / float64(len(rows))
}

func softplus(z float64) float64 {
	if z > 0 {
		return z + math.Log1p(math.Exp(-z))
	}
	return math.Log1p(math.Exp(z))
}

func (p *part) rescore(d Data) {
	m := AdditiveModel{Intercept: p.intercept, Tables: p.tables, Pairs: p.pairs}
	for i := range p.z {
		p.z[i] = m.LogOdds(d.Bins, i)
	}
}

// average is the mean of the fits.
func average(parts []*part) *AdditiveModel {
	n := float64(len(parts))
	m := &AdditiveModel{Tables: make([][]float64, len(parts[0].tables))}
	for j, t := range parts[0].tables {
		m.Tables[j] = make([]float64, len(t))
	}
	for k, p := range parts[0].pairs {
		m.Pairs = append(m.Pairs, p)
		m.Pairs[k].Value = make([]float64, len(p.Value))
	}
	for _, p := range parts {
		m.Intercept += p.intercept / n
		for j, t := range p.tables {
			for b, v := range t {
				m.Tables[j][b] += v / n
			}
		}
		for k := range p.pairs {
			for c, v := range p.pairs[k].Value {
				m.Pairs[k].Value[c] += v / n
			}
		}
	}
	return m
}

// calibrate stretches the mean so that its log odds fit the outcomes.
func (m *AdditiveModel) calibrate(d Data, parts []*part) {
	slope, shift, ok := heldLine(d, parts)
	if !ok {
		return
	}
	m.Intercept = m.Intercept*slope + shift
	for j := range m.Tables {
		for b := range m.Tables[j] {
			m.Tables[j][b] *= slope
		}
	}
	for k := range m.Pairs {
		for c := range m.Pairs[k].Value {
			m.Pairs[k].Value[c] *= slope
		}
	}
}

// center moves each table's mean over the rows into the intercept, so that a
// value says how far a bin is from the average row.
func (m *AdditiveModel) center(d Data) {
	n := float64(d.Rows())
	for j, t := range m.Tables {
		mean := 0.0
		for _, b := range d.Bins[j] {
			mean += t[b] / n
		}
		for b := range t {
			t[b] -= mean
		}
		m.Intercept += mean
	}
}

// heldLine fits outcomes to log odds. Each row is judged by the fits that held it
// out, which are fewer and so noisier than the mean; rows that no fit held out do
// not count.
func heldLine(d Data, parts []*part) (slope, shift float64, ok bool) {
	sum, n := make([]float64, d.Rows()), make([]float64, d.Rows())
	for _, p := range parts {
		for _, i := range p.held {
			sum[i] += p.z[i]
			n[i]++
		}
	}
	var z []float64
	var bad []bool
	for i := range sum {
		if n[i] > 0 {
			z, bad = append(z, sum[i]/n[i]), append(bad, d.Bad[i])
		}
	}
	line := measure.FitLine(z, bad)
	if math.IsNaN(line.Slope) {
		return 1, 0, false
	}
	return min(max(line.Slope, slopeMin), slopeMax), line.Intercept, true
}
