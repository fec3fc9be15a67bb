package workbench

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/xinlian/xinlian/scorecard"
	"github.com/xinlian/xinlian/scorecard/train/boost"
)

// Points are an integer model: score = Base + an entry of every table and pair.
// More points are less risk.
type Points struct {
	Base   int64                 `json:"base"`
	Tables []scorecard.Table     `json:"tables"` // Feature is an index in the model's features
	Pairs  []scorecard.PairTable `json:"pairs,omitempty"`
}

// Score is the points of values by feature.
func (p *Points) Score(values []scorecard.Value) int64 {
	score := p.Base
	for k := range p.Tables {
		score += p.Tables[k].PointsOf(values[p.Tables[k].Feature])
	}
	for k := range p.Pairs {
		t := &p.Pairs[k]
		score += t.PointsOf(values[t.A], values[t.B])
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
		all := slices.Concat(t.Points...)
		low, high = low+slices.Min(all), high+slices.Max(all)
	}
	return low, high
}

// ScoreLogOdds is the log odds of default that a score stands for.
func ScoreLogOdds(score int64) float64 { return (pointsOffset - float64(score)) / pointsFactor }

// OnChain is the model as members vote on it. index gives each of the model's
// features its number in the feature set of that many features.
func (p *Points) OnChain(id string, featureSet uint32, features uint16, index []uint16, c scorecard.Capacity) (*scorecard.Model, error) {
	m := &scorecard.Model{ID: id, FeatureSet: featureSet, Features: features, Base: p.Base, Capacity: c}
	for _, t := range p.Tables {
		t.Feature = index[t.Feature]
		m.Tables = append(m.Tables, t)
	}
	slices.SortFunc(m.Tables, func(a, b scorecard.Table) int { return int(a.Feature) - int(b.Feature) })
	for _, t := range p.Pairs {
		if t.A, t.B = index[t.A], index[t.B]; t.A > t.B {
			t = transposed(t)
		}
		m.Pairs = append(m.Pairs, t)
	}
	slices.SortFunc(m.Pairs, byFeatures)
	if err := m.Validate(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrModel, err)
	}
	return m, nil
}

func byFeatures(a, b scorecard.PairTable) int {
	return cmp.Or(int(a.A)-int(b.A), int(a.B)-int(b.B))
}

func transposed(t scorecard.PairTable) scorecard.PairTable {
	points := make([][]int64, len(t.CutsB)+2)
	for b := range points {
		for a := range t.Points {
			points[b] = append(points[b], t.Points[a][b])
		}
	}
	return scorecard.PairTable{A: t.B, B: t.A, CutsA: t.CutsB, CutsB: t.CutsA, Points: points}
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
		if t := roundPair(&m.Pairs[k], features); slices.ContainsFunc(slices.Concat(t.Points...), func(v int64) bool { return v != 0 }) {
			p.Pairs = append(p.Pairs, t)
		}
	}
	slices.SortFunc(p.Pairs, byFeatures)
	return p
}

func roundPair(pair *boost.Pair, features []Feature) scorecard.PairTable {
	t := scorecard.PairTable{A: uint16(pair.A), B: uint16(pair.B)}
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
	for row := range slices.Chunk(pair.Value, pair.CountB) {
		var r []int64
		for _, v := range row {
			r = append(r, points(-pointsFactor*v))
		}
		t.Points = append(t.Points, r)
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
