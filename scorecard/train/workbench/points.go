package workbench

import (
	"fmt"
	"math"
	"slices"

	"github.com/xinlian/xinlian/scorecard"
	"github.com/xinlian/xinlian/scorecard/train/boost"
)

// Points are an integer model: score = Base + an entry of every table and pair.
// More points are less risk.
type Points struct {
	Base   int64             `json:"base"`
	Tables []scorecard.Table `json:"tables"` // Feature is an index in the model's features
	Pairs  []PairTable       `json:"pairs,omitempty"`
}

// PairTable gives points by the bins of two features. Bin 0 of each is missing;
// bin k > 0 holds Cuts[k-2] <= v < Cuts[k-1].
type PairTable struct {
	A      uint16  `json:"a"`
	B      uint16  `json:"b"`
	CutsA  []int64 `json:"cuts_a"`
	CutsB  []int64 `json:"cuts_b"`
	Points []int64 `json:"points"` // by bin of A times the bins of B, plus the bin of B
}

// At is the points of two values.
func (p *PairTable) At(a, b scorecard.Value) int64 {
	return p.Points[pairBin(p.CutsA, a)*(len(p.CutsB)+2)+pairBin(p.CutsB, b)]
}

func pairBin(cuts []int64, v scorecard.Value) int {
	if !v.Present {
		return 0
	}
	return 1 + binOf(cuts, v.Int)
}

// Score is the points of values by feature.
func (p *Points) Score(values []scorecard.Value) int64 {
	score := p.Base
	for k := range p.Tables {
		score += p.Tables[k].PointsOf(values[p.Tables[k].Feature])
	}
	for k := range p.Pairs {
		t := &p.Pairs[k]
		score += t.At(values[t.A], values[t.B])
	}
	return score
}

// Range is the lowest and the highest score that any values could have.
func (p *Points) Range() (low, high int64) {
	low, high = p.Base, p.Base
	for _, t := range p.Tables {
		low += min(t.Missing, slices.Min(t.Points))
		high += max(t.Missing, slices.Max(t.Points))
	}
	for _, t := range p.Pairs {
		low, high = low+slices.Min(t.Points), high+slices.Max(t.Points)
	}
	return low, high
}

// ScoreLogOdds is the log odds of default that a score stands for.
func ScoreLogOdds(score int64) float64 { return (pointsOffset - float64(score)) / pointsFactor }

// OnChain is the model as members vote on it. It has no pairs: tables over two
// columns need a later version of the scorecard.
func (p *Points) OnChain(id string, featureSet uint32, features int, c scorecard.Capacity) (*scorecard.Model, error) {
	if len(p.Pairs) > 0 {
		return nil, fmt.Errorf("%w: it has %d pair tables, which a scorecard on chain has not; train without pairs", ErrModel, len(p.Pairs))
	}
	m := &scorecard.Model{ID: id, FeatureSet: featureSet, Features: uint16(features), Base: p.Base, Tables: p.Tables, Capacity: c}
	return m, m.Validate()
}

// round makes points of log odds over fine bins. Each table is first joined to
// at most partsMax parts that are nearest to it over the rows; bins counts them
// by feature and fine bin.
func round(m *boost.AdditiveModel, features []Feature, bins [][]float64, partsMax int) *Points {
	p := &Points{Base: points(pointsOffset - pointsFactor*m.Intercept)}
	for j, t := range m.Tables {
		starts := segment(t[1:], bins[j][1:], partsMax)
		s := scorecard.Table{Feature: uint16(j), Missing: points(-pointsFactor * t[0])}
		flat := s.Missing == 0
		for k, from := range starts {
			to := len(t) - 1
			if k+1 < len(starts) {
				to = starts[k+1]
			}
			v := points(-pointsFactor * mean(t[1:][from:to], bins[j][1:][from:to]))
			if k > 0 && v == s.Points[len(s.Points)-1] {
				continue
			}
			if k > 0 {
				s.Cuts = append(s.Cuts, features[j].Cuts[from-1])
			}
			s.Points = append(s.Points, v)
			flat = flat && v == 0
		}
		if len(s.Points) == 0 { // missing in every row
			s.Points = []int64{0}
		}
		if !flat {
			p.Tables = append(p.Tables, s)
		}
	}
	for k := range m.Pairs {
		if t := roundPair(&m.Pairs[k], features); slices.ContainsFunc(t.Points, func(v int64) bool { return v != 0 }) {
			p.Pairs = append(p.Pairs, t)
		}
	}
	return p
}

func roundPair(pair *boost.Pair, features []Feature) PairTable {
	t := PairTable{A: uint16(pair.A), B: uint16(pair.B)}
	cuts := func(to []uint8, f *Feature) []int64 {
		var c []int64
		for b := 2; b < len(to); b++ {
			if to[b] != to[b-1] {
				c = append(c, f.Cuts[b-2])
			}
		}
		return c
	}
	t.CutsA, t.CutsB = cuts(pair.MapA, &features[pair.A]), cuts(pair.MapB, &features[pair.B])
	for _, v := range pair.Value {
		t.Points = append(t.Points, points(-pointsFactor*v))
	}
	return t
}

func points(v float64) int64 {
	return min(max(int64(math.Round(v)), -scorecard.PointsMax), scorecard.PointsMax)
}

func mean(values, weights []float64) float64 {
	var sum, w float64
	for k, v := range values {
		sum += v * (weights[k] + 1e-9)
		w += weights[k] + 1e-9
	}
	return sum / w
}

// segment divides values into at most most runs with the least weighted squared
// distance from their means, and returns the first index of each run.
func segment(values, weights []float64, most int) []int {
	n := len(values)
	if n <= most {
		all := make([]int, n)
		for k := range all {
			all[k] = k
		}
		return all
	}
	w, s, q := make([]float64, n+1), make([]float64, n+1), make([]float64, n+1)
	for k, v := range values {
		x := weights[k] + 1e-9
		w[k+1], s[k+1], q[k+1] = w[k]+x, s[k]+x*v, q[k]+x*v*v
	}
	cost := func(i, j int) float64 { // of values i .. j-1 as one run
		d := s[j] - s[i]
		return max(0, q[j]-q[i]-d*d/(w[j]-w[i]))
	}
	best := make([]float64, n+1)
	from := make([][]int, most+1)
	for j := 1; j <= n; j++ {
		best[j] = cost(0, j)
	}
	for p := 2; p <= most; p++ {
		from[p] = make([]int, n+1)
		next := make([]float64, n+1)
		for j := range next {
			next[j] = math.Inf(1)
			for i := p - 1; i < j; i++ {
				if c := best[i] + cost(i, j); c < next[j] {
					next[j], from[p][j] = c, i
				}
			}
		}
		best = next
	}
	starts := make([]int, most)
	for p, j := most, n; p >= 2; p-- {
		j = from[p][j]
		starts[p-1] = j
	}
	return starts
}
