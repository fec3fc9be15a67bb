package workbench

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/xinlian/xinlian/scorecard/train/boost"
	"github.com/xinlian/xinlian/scorecard/train/measure"
	"github.com/xinlian/xinlian/scorecard/train/table"
	"github.com/xinlian/xinlian/scorecard/train/woe"
)

// The scorecard's method.
const (
	scorecardBins     = 40 // fine
	scorecardParts    = 8
	scorecardShare    = 0.02 // of the rows in each part
	scorecardPenalty  = 0.3  // log likelihood per part; the ridge does the rest
	scorecardShrink   = 20
	scorecardRowsMax  = 30_000 // for choosing the ridge
	scorecardFoldSeed = 0x776f65
)

// strengths are the penalties and least information values among which the
// choice is made, by the loss on rows left out, weakest last.
var strengths = []struct{ ridge, information float64 }{
	{100, 0.05}, {100, 0.02}, {30, 0.05}, {30, 0.02}, {30, 0}, {10, 0.05}, {10, 0.02}, {10, 0}, {3, 0.02}, {3, 0}, {1, 0},
}

// scorecardTables joins bins, chooses columns and penalty on rows left out, fits
// the regression and stretches it to the outcomes of those rows.
func scorecardTables(ctx context.Context, features []Feature, d boost.Data, o *Options) (*boost.AdditiveModel, error) {
	const third = 3
	part := parts(d.Bad, third, o.Seed^scorecardFoldSeed)
	logOdds := make([][]float64, len(strengths))
	for s := range strengths {
		logOdds[s] = make([]float64, len(d.Bad))
	}
	for k := range third {
		var rest []int
		for i := range part {
			if part[i] != k && len(rest) < scorecardRowsMax {
				rest = append(rest, i)
			}
		}
		divisions, err := divideAll(ctx, features, d, rest)
		if err != nil {
			return nil, err
		}
		err = boost.Each(ctx, len(strengths), func(s int) {
			card := regress(divisions, d, rest, strengths[s].ridge, strengths[s].information, o)
			for i := range part {
				if part[i] == k {
					logOdds[s][i] = card.LogOdds(d.Bins, i)
				}
			}
		})
		if err != nil {
			return nil, err
		}
	}
	best, least := 0, math.Inf(1)
	for s := range strengths {
		if l := loss(logOdds[s], d.Bad); l < least {
			best, least = s, l
		}
	}
	all := make([]int, len(d.Bad))
	for i := range all {
		all[i] = i
	}
	divisions, err := divideAll(ctx, features, d, all)
	if err != nil {
		return nil, err
	}
	m := regress(divisions, d, all, strengths[best].ridge, strengths[best].information, o)
	if line := measure.FitLine(logOdds[best], d.Bad); line.Slope > 0 {
		m.Intercept = m.Intercept*line.Slope + line.Intercept
		scale(m.Tables, line.Slope)
	}
	return m, nil
}

// loss is the mean logistic loss of predictions.
func loss(logOdds []float64, bad []bool) float64 {
	sum := 0.0
	for i, z := range logOdds {
		if bad[i] {
			z = -z
		}
		sum += max(z, 0) + math.Log1p(math.Exp(-math.Abs(z)))
	}
	return sum / float64(len(bad))
}

func scale(tables [][]float64, by float64) {
	for _, t := range tables {
		for b := range t {
			t[b] *= by
		}
	}
}

func divideAll(ctx context.Context, features []Feature, d boost.Data, rows []int) ([]woe.Division, error) {
	out := make([]woe.Division, len(features))
	err := boost.Each(ctx, len(features), func(j int) {
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
			PartsMax: scorecardParts, FineMax: scorecardBins, RowsMin: scorecardShare * float64(len(rows)), Penalty: scorecardPenalty, Shrink: scorecardShrink,
		})
	})
	return out, err
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
