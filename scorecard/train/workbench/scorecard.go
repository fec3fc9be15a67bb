package workbench

import (
	"cmp"
	"context"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/xinlian/xinlian/scorecard/train/boost"
	"github.com/xinlian/xinlian/scorecard/train/measure"
	"github.com/xinlian/xinlian/scorecard/train/table"
	"github.com/xinlian/xinlian/scorecard/train/woe"
)

// The scorecard's method.
const (
	scorecardBins    = 40 // fine
	scorecardParts   = 8
	scorecardShare   = 0.02 // of the rows in each part
	scorecardPenalty = 0.3  // log likelihood per part; the ridge does the rest
	scorecardShrink  = 20
	scorecardRowsMax = 30_000 // in each bag
	scorecardBagsMin = 4
	scorecardBagsMax = 32
	scorecardWork    = 100_000_000 // bags × rows × columns², about
	scorecardSeed    = 0x776f65
)

// strengths are the penalties and least information values among which the
// choice is made, by the loss on rows left out, weakest last.
var strengths = []struct{ ridge, information float64 }{
	{100, 0.05}, {100, 0.02}, {30, 0.05}, {30, 0.02}, {30, 0}, {10, 0.05}, {10, 0.02}, {10, 0}, {3, 0.02}, {3, 0}, {1, 0},
}

// scorecardTables makes a scorecard of bags: each draws rows with replacement,
// joins bins and weighs columns on them and is judged on the rows it did not draw.
// Penalty and least information are those with the least loss there, the same
// rows say how far to stretch, and the mean of the bags' tables is the scorecard:
// the sum of monotone tables, smoother than any of them.
func scorecardTables(ctx context.Context, features []Feature, d boost.Data, o *Options) (*boost.AdditiveModel, error) {
	bags := scorecardBags(len(d.Bad), len(features))
	cards := make([][]*boost.AdditiveModel, bags) // by bag and strength
	out := make([][]int, bags)
	err := boost.Each(ctx, bags, func(k int) {
		var rows []int
		rows, out[k] = draw(d.Bad, rand.New(rand.NewPCG(o.Seed^scorecardSeed, uint64(k))))
		divisions := divideAll(features, d, rows)
		for _, s := range strengths {
			cards[k] = append(cards[k], regress(divisions, d, rows, s.ridge, s.information, o))
		}
	})
	if err != nil {
		return nil, err
	}
	best, least := 0, math.Inf(1)
	var logOdds []float64
	var bad []bool
	for s := range strengths {
		z, b := judged(cards, out, s, d)
		if l := loss(z, b); l < least {
			best, least, logOdds, bad = s, l, z, b
		}
	}
	m := &boost.AdditiveModel{Tables: make([][]float64, len(features))}
	for j := range m.Tables {
		m.Tables[j] = make([]float64, d.Counts[j])
	}
	for _, c := range cards {
		m.Intercept += c[best].Intercept / float64(bags)
		for j, t := range c[best].Tables {
			for b, v := range t {
				m.Tables[j][b] += v / float64(bags)
			}
		}
	}
	if line := measure.FitLine(logOdds, bad); line.Slope > 0 {
		m.Intercept = m.Intercept*line.Slope + line.Intercept
		scale(m.Tables, line.Slope)
	}
	return m, nil
}

// scorecardBags is how many bags the size of a table affords.
func scorecardBags(rows, columns int) int {
	return min(max(scorecardWork/(rows*columns*columns), scorecardBagsMin), scorecardBagsMax)
}

// draw draws as many rows of each outcome as there are, with replacement, at
// most scorecardRowsMax, and returns also those not drawn.
func draw(bad []bool, r *rand.Rand) (rows, out []int) {
	drawn := make([]bool, len(bad))
	share := min(1, float64(scorecardRowsMax)/float64(len(bad)))
	for _, outcome := range []bool{false, true} {
		var all []int
		for i, b := range bad {
			if b == outcome {
				all = append(all, i)
			}
		}
		for range int(math.Ceil(share * float64(len(all)))) {
			i := all[r.IntN(len(all))]
			rows, drawn[i] = append(rows, i), true
		}
	}
	for i := range bad {
		if !drawn[i] {
			out = append(out, i)
		}
	}
	return rows, out
}

// judged are the mean log odds of strength s of every row that some bag did not
// draw, by those bags, and the rows' outcomes.
func judged(cards [][]*boost.AdditiveModel, out [][]int, s int, d boost.Data) (logOdds []float64, bad []bool) {
	sum, n := make([]float64, len(d.Bad)), make([]float64, len(d.Bad))
	for k, c := range cards {
		for _, i := range out[k] {
			sum[i] += c[s].LogOdds(d.Bins, i)
			n[i]++
		}
	}
	for i := range sum {
		if n[i] > 0 {
			logOdds, bad = append(logOdds, sum[i]/n[i]), append(bad, d.Bad[i])
		}
	}
	return logOdds, bad
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

func divideAll(features []Feature, d boost.Data, rows []int) []woe.Division {
	out := make([]woe.Division, len(features))
	for j := range features {
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
	}
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
