package workbench

import (
	"context"
	"fmt"
	"slices"

	"github.com/xinlian/xinlian/scorecard"
	"github.com/xinlian/xinlian/scorecard/train/boost"
)

// fitted is a model as it comes out of fitting.
type fitted struct {
	features []Feature
	tables   *boost.AdditiveModel // before rounding; nil for trees
	points   *Points              // nil for trees
	trees    *boost.TreesModel
}

// fit learns everything from the rows of f and from nothing else.
func fit(ctx context.Context, f *frame, o *Options, p plan) (*fitted, error) {
	if o.Kind == Additive {
		return fitAdditive(ctx, f, o, p)
	}
	bins := p.bins
	if o.Kind == Scorecard {
		bins = scorecardBins // whatever the number of rows: the bags smooth
	}
	features, d, err := encode(ctx, f, o, bins)
	if err != nil {
		return nil, err
	}
	if o.Kind == Trees {
		m, err := boost.Trees(ctx, d, p.boost)
		return &fitted{features: features, trees: m}, err
	}
	m, err := scorecardTables(ctx, features, d, o)
	if err != nil {
		return nil, err
	}
	hide(m, d)
	return finish(m, features, d, o), nil
}

// encode learns features of every column.
func encode(ctx context.Context, f *frame, o *Options, bins int) ([]Feature, boost.Data, error) {
	n := len(f.columns)
	features := make([]Feature, n)
	d := boost.Data{Bins: make([][]uint8, n), Counts: make([]int, n), Monotone: make([]int8, n), Bad: f.bad}
	err := boost.Each(ctx, n, func(j int) {
		c := &f.columns[j]
		features[j], d.Bins[j] = newFeature(c, f.bad, bins, o.Seed+uint64(j))
		d.Counts[j] = len(features[j].Cuts) + 2
		switch {
		case slices.Contains(o.Rising, c.name):
			d.Monotone[j] = 1
		case slices.Contains(o.Falling, c.name):
			d.Monotone[j] = -1
		}
	})
	return features, d, err
}

// hide makes a missing value no better than the worst present one wherever a
// direction is declared: hiding never pays.
func hide(m *boost.AdditiveModel, d boost.Data) {
	for j, t := range m.Tables {
		if d.Monotone[j] != 0 {
			t[0] = max(t[0], slices.Max(t[1:]))
		}
	}
}

// finish rounds a model to points and drops the features that no table uses.
func finish(m *boost.AdditiveModel, features []Feature, d boost.Data, o *Options) *fitted {
	counts := make([][]float64, len(features))
	for j, column := range d.Bins {
		counts[j] = make([]float64, d.Counts[j])
		for _, k := range column {
			counts[j][k]++
		}
	}
	parts := boost.BinsMax
	if o.OnChain {
		parts = partsOnChain
	}
	f := &fitted{features: features, tables: m, points: round(m, features, counts, parts)}
	f.drop()
	return f
}

// shift adds to the log odds of every row.
func (f *fitted) shift(by float64) {
	if f.trees != nil {
		f.trees.Intercept += by
		return
	}
	f.tables.Intercept += by
	f.points.Base = points(pointsOffset - pointsFactor*f.tables.Intercept)
}

func badRate(bad []bool) float64 {
	n := 0.0
	for _, b := range bad {
		if b {
			n++
		}
	}
	return n / float64(len(bad))
}

// drop removes features that the points do not use.
func (f *fitted) drop() {
	used := make([]bool, len(f.features))
	for _, t := range f.points.Tables {
		used[t.Feature] = true
	}
	for _, t := range f.points.Pairs {
		used[t.A], used[t.B] = true, true
	}
	to := make([]int, len(used))
	var features []Feature
	m := &boost.AdditiveModel{Intercept: f.tables.Intercept}
	for j, u := range used {
		if u {
			to[j] = len(features)
			features = append(features, f.features[j])
			m.Tables = append(m.Tables, f.tables.Tables[j])
		}
	}
	for k := range f.points.Tables {
		f.points.Tables[k].Feature = uint16(to[f.points.Tables[k].Feature])
	}
	for k := range f.points.Pairs {
		t := &f.points.Pairs[k]
		t.A, t.B = uint16(to[t.A]), uint16(to[t.B])
	}
	for _, p := range f.tables.Pairs {
		if used[p.A] && used[p.B] {
			p.A, p.B = to[p.A], to[p.B]
			m.Pairs = append(m.Pairs, p)
		}
	}
	f.features, f.tables = features, m
}

// apply gives values of each feature of a frame. Columns are found by name.
func (f *fitted) values(fr *frame) ([][]scorecard.Value, error) {
	out := make([][]scorecard.Value, len(f.features))
	for j := range f.features {
		k := slices.IndexFunc(fr.columns, func(c column) bool { return c.name == f.features[j].Column })
		if k < 0 {
			return nil, fmt.Errorf("%w: no column %q", ErrModel, f.features[j].Column)
		}
		out[j] = f.features[j].values(&fr.columns[k])
	}
	return out, nil
}

// predict gives for each row the log odds of default as stored, the same before
// rounding, and the points; trees have no points.
func (f *fitted) predict(fr *frame) (stored, exact []float64, score []int64, err error) {
	values, err := f.values(fr)
	if err != nil {
		return nil, nil, nil, err
	}
	n := len(fr.bad)
	stored, exact, score = make([]float64, n), make([]float64, n), make([]int64, n)
	bins := make([][]uint8, len(values))
	for j, v := range values {
		bins[j] = f.features[j].bins(v)
	}
	row := make([]scorecard.Value, len(values))
	for i := range n {
		if f.trees != nil {
			stored[i] = f.trees.LogOdds(bins, i)
			exact[i] = stored[i]
			continue
		}
		for j := range values {
			row[j] = values[j][i]
		}
		score[i] = f.points.Score(row)
		stored[i] = ScoreLogOdds(score[i])
		if f.tables != nil { // absent from a stored model
			exact[i] = f.tables.LogOdds(bins, i)
		}
	}
	return stored, exact, score, nil
}
