package workbench

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/xinlian/xinlian/scorecard"
	"github.com/xinlian/xinlian/scorecard/train/boost"
	"github.com/xinlian/xinlian/scorecard/train/measure"
	"github.com/xinlian/xinlian/scorecard/train/table"
	"github.com/xinlian/xinlian/scorecard/train/woe"
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
	bins := p.bins
	if o.Kind == Scorecard {
		bins = min(bins, scorecardBins)
	}
	features, d, err := encode(ctx, f, o, bins)
	if err != nil {
		return nil, err
	}
	switch o.Kind {
	case Trees:
		m, err := boost.Trees(ctx, d, p.boost)
		if err != nil {
			return nil, err
		}
		return &fitted{features: features, trees: m}, nil
	case Scorecard:
		return fitScorecard(ctx, features, d, o)
	default:
		return fitAdditive(ctx, features, d, o, p)
	}
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

// only are some columns of features and data.
func only(features []Feature, d boost.Data, columns []int) ([]Feature, boost.Data) {
	s := boost.Data{Bad: d.Bad}
	var f []Feature
	for _, j := range columns {
		f = append(f, features[j])
		s.Bins, s.Counts, s.Monotone = append(s.Bins, d.Bins[j]), append(s.Counts, d.Counts[j]), append(s.Monotone, d.Monotone[j])
	}
	return f, s
}

// fitAdditive boosts tables and pairs. On chain it first chooses the columns
// that matter most by a quick fit over all.
func fitAdditive(ctx context.Context, features []Feature, d boost.Data, o *Options, p plan) (*fitted, error) {
	if o.OnChain && len(features) > featuresOnChain {
		columns, err := strongest(ctx, d, p.boost, featuresOnChain)
		if err != nil {
			return nil, err
		}
		features, d = only(features, d, columns)
	}
	m, err := boost.Additive(ctx, d, p.boost)
	if err != nil {
		return nil, err
	}
	hide(m, d)
	return finish(m, features, d, o), nil
}

// strongest are the columns whose tables move log odds most, in order of index.
func strongest(ctx context.Context, d boost.Data, b boost.Options, most int) ([]int, error) {
	b.Bags, b.Pairs, b.Rate, b.Patience, b.Progress = min(b.Bags, 4), 0, min(2*b.Rate, 0.2), max(b.Patience/2, 5), nil
	m, err := boost.Additive(ctx, d, b)
	if err != nil {
		return nil, err
	}
	weight := make([]float64, len(d.Bins))
	order := make([]int, len(d.Bins))
	for j, column := range d.Bins {
		order[j] = j
		for _, k := range column {
			weight[j] += m.Tables[j][k] * m.Tables[j][k]
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(weight[b], weight[a]) })
	columns := order[:min(most, len(order))]
	slices.Sort(columns)
	return columns, nil
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

// The scorecard's method.
const (
	scorecardBins     = 40 // fine
	scorecardParts    = 8
	scorecardShare    = 0.04 // of the rows in each part
	scorecardPenalty  = 2    // log likelihood per part: about Akaike's two parameters
	scorecardShrink   = 5
	scorecardRowsMax  = 30_000 // for choosing the ridge
	scorecardFoldSeed = 0x776f65
)

// strengths are the penalties and least information values among which the
// choice is made, by the loss on rows left out, weakest last.
var strengths = []struct{ ridge, information float64 }{
	{100, 0.05}, {100, 0.02}, {30, 0.05}, {30, 0.02}, {10, 0.05}, {10, 0.02}, {3, 0.02}, {1, 0.02},
}

// fitScorecard joins bins, chooses columns and penalty on rows left out, and
// fits the regression.
func fitScorecard(ctx context.Context, features []Feature, d boost.Data, o *Options) (*fitted, error) {
	best, line := 1, measure.Line{Slope: math.NaN()}
	least := math.Inf(1)
	part := parts(d.Bad, 3, o.Seed^scorecardFoldSeed)
	logOdds := make([][]float64, len(strengths))
	sample := len(d.Bad)
	for k := range strengths {
		logOdds[k] = make([]float64, sample)
	}
	for k := range 3 {
		var rest []int
		for i := range part {
			if part[i] != k && len(rest) < scorecardRowsMax {
				rest = append(rest, i)
			}
		}
		cards := make([]*boost.AdditiveModel, len(strengths))
		divisions := divideAll(ctx, features, d, rest, o)
		if err := boost.Each(ctx, len(strengths), func(s int) {
			cards[s] = regress(divisions, d, rest, strengths[s].ridge, strengths[s].information, o)
		}); err != nil {
			return nil, err
		}
		for i := range part {
			if part[i] == k {
				for s, card := range cards {
					logOdds[s][i] = card.LogOdds(d.Bins, i)
				}
			}
		}
	}
	for s := range strengths {
		loss := 0.0
		for i, z := range logOdds[s] {
			p := measure.Probability(z)
			if !d.Bad[i] {
				p = 1 - p
			}
			loss -= math.Log(max(p, 1e-12))
		}
		if loss < least {
			best, least, line = s, loss, measure.FitLine(logOdds[s], d.Bad)
		}
	}
	all := make([]int, len(d.Bad))
	for i := range all {
		all[i] = i
	}
	m := regress(divideAll(ctx, features, d, all, o), d, all, strengths[best].ridge, strengths[best].information, o)
	if !math.IsNaN(line.Slope) && line.Slope > 0 {
		m.Intercept = m.Intercept*line.Slope + line.Intercept
		for _, t := range m.Tables {
			for b := range t {
				t[b] *= line.Slope
			}
		}
	}
	hide(m, d)
	return finish(m, features, d, o), ctx.Err()
}

func divideAll(ctx context.Context, features []Feature, d boost.Data, rows []int, o *Options) []woe.Division {
	out := make([]woe.Division, len(features))
	_ = boost.Each(ctx, len(features), func(j int) {
		counts := make([]woe.Count, d.Counts[j])
		for _, i := range rows {
			if c := &counts[d.Bins[j][i]]; d.Bad[i] {
				c.Bad++
			} else {
				c.Good++
			}
		}
		direction := woe.Direction(d.Monotone[j])
		if features[j].Type.Kind == table.Category {
			direction = woe.Rising // codes are in the order of risk
		}
		out[j] = woe.Divide(counts, direction, woe.Limits{
			PartsMax: scorecardParts, RowsMin: scorecardShare * float64(len(rows)), Penalty: scorecardPenalty, Shrink: scorecardShrink,
		})
	})
	return out
}

// regress weighs the divisions with enough information by a regression on rows.
func regress(divisions []woe.Division, d boost.Data, rows []int, ridge, information float64, o *Options) *boost.AdditiveModel {
	var chosen []int
	for j, v := range divisions {
		if len(v.Evidence) > 0 && v.Information >= information {
			chosen = append(chosen, j)
		}
	}
	if o.OnChain && len(chosen) > featuresOnChain {
		slices.SortStableFunc(chosen, func(a, b int) int { return cmp.Compare(divisions[b].Information, divisions[a].Information) })
		chosen = chosen[:featuresOnChain]
		slices.Sort(chosen)
	}
	bad := make([]bool, len(rows))
	for k, i := range rows {
		bad[k] = d.Bad[i]
	}
	x := make([][]float64, len(chosen))
	for c, j := range chosen {
		x[c] = make([]float64, len(rows))
		for k, i := range rows {
			x[c][k] = divisions[j].Evidence[divisions[j].Part[d.Bins[j][i]]]
		}
	}
	r := woe.Regress(x, bad, ridge)
	m := &boost.AdditiveModel{Intercept: r.Intercept, Tables: make([][]float64, len(divisions))}
	for j, v := range divisions {
		m.Tables[j] = make([]float64, d.Counts[j])
		if c, ok := slices.BinarySearch(chosen, j); ok {
			for b := range m.Tables[j] {
				m.Tables[j][b] = r.Coefficients[c] * v.Evidence[v.Part[b]]
			}
		}
	}
	return m
}

// parts assigns rows to n parts with equal shares of bads.
func parts(bad []bool, n int, seed uint64) []int {
	group := make([]int, len(bad))
	for i := range group {
		group[i] = i
	}
	return folds(bad, group, n, seed)
}

// folds assigns rows to n folds with about equal shares of bads in each. Rows
// of one group stay together.
func folds(bad []bool, group []int, n int, seed uint64) []int {
	const stream = 0x78696e6c69616e
	size := slices.Max(group) + 1
	rate := make([]float64, size)
	for i, b := range bad {
		if b {
			rate[group[i]] = 1 // a group with a bad counts as one
		}
	}
	of := make([]int, size)
	next := [2]int{}
	for _, g := range rand.New(rand.NewPCG(seed, stream)).Perm(size) {
		of[g] = next[int(rate[g])] % n
		next[int(rate[g])]++
	}
	fold := make([]int, len(bad))
	for i := range fold {
		fold[i] = of[group[i]]
	}
	return fold
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
