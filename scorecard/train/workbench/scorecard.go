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
	scorecardBins     = partsOnChain // fine: what a table on chain can tell apart
	scorecardParts    = 8
	scorecardShare    = 0.02 // of the rows in each part
	scorecardPenalty  = 0.3  // log likelihood per part; the ridge does the rest
	scorecardShrink   = 20
	scorecardRowsMax  = 10_000 // in each bag
	scorecardBagsMin  = 4
	scorecardBagsMax  = 32
	scorecardWork     = 25_000_000 // bags × rows × columns², about
	scorecardChoosing = 8          // bags that choose
	scorecardSeed     = 0x776f65
)

// smoothness are the shares of smooth evidence among which the choice is made.
var smoothness = []float64{0.5, 0, 1}

// strengths are the penalties and least information values among which the
// choice is made, by the loss on rows left out, weakest last.
var strengths = []struct{ ridge, information float64 }{
	{300, 0.1}, {300, 0.02}, {100, 0.2}, {100, 0.1}, {100, 0.05}, {100, 0.02}, {30, 0.1}, {30, 0.05}, {30, 0.02}, {30, 0}, {10, 0.05}, {10, 0.02}, {10, 0}, {3, 0.02}, {3, 0}, {1, 0},
}

// choice is how a scorecard is made of divisions: the share of smooth evidence in
// them, an index in strengths.
type choice struct {
	smooth   float64
	strength int
}

// scorecardTables makes a scorecard of bags: each draws rows with replacement,
// joins bins and weighs columns on them and is judged on the rows it did not draw.
// Every choice of penalty, least information and smoothness counts by its
// likelihood on those rows, as one among equals where they cannot tell it from
// another. The mean, stretched to the same rows' outcomes, is the scorecard: a sum
// of monotone tables, smoother than any of them.
func scorecardTables(ctx context.Context, features []Feature, d boost.Data, o *Options) (*boost.AdditiveModel, error) {
	bags := make([]*bag, scorecardBags(len(d.Bad), len(features)))
	err := boost.Each(ctx, len(bags), func(k int) {
		bags[k] = newBag(features, d, rand.New(rand.NewPCG(o.Seed^scorecardSeed, uint64(k))))
	})
	if err != nil {
		return nil, err
	}
	var tried []*candidate
	best := 0
	try := func(c choice) error {
		t, err := newCandidate(ctx, bags, c, d, o)
		if err != nil {
			return err
		}
		if tried = append(tried, t); t.loss < tried[best].loss {
			best = len(tried) - 1
		}
		return nil
	}
	for s := range strengths {
		if err := try(choice{smoothness[0], s}); err != nil {
			return nil, err
		}
	}
	for s, strength := 1, best; s < len(smoothness); s++ {
		if err := try(choice{smoothness[s], strength}); err != nil {
			return nil, err
		}
	}
	m := &boost.AdditiveModel{Tables: make([][]float64, len(features))}
	for j := range m.Tables {
		m.Tables[j] = make([]float64, d.Counts[j])
	}
	z, bad := make([]float64, len(tried[0].logOdds)), tried[0].bad
	losses := make([]float64, len(tried))
	for k, t := range tried {
		losses[k] = t.loss
	}
	for k, w := range likelihoods(losses, len(bad)) {
		if w == 0 {
			continue
		}
		for i, v := range tried[k].logOdds {
			z[i] += w * v
		}
		for _, c := range tried[k].cards {
			m.Intercept += w * c.Intercept / float64(len(bags))
			for j, t := range c.Tables {
				for b, v := range t {
					m.Tables[j][b] += w * v / float64(len(bags))
				}
			}
		}
	}
	if line := measure.FitLine(z, bad); line.Slope > 0 {
		m.Intercept = m.Intercept*line.Slope + line.Intercept
		scale(m.Tables, line.Slope)
	}
	return m, nil
}

// candidate is the bags' scorecards by one choice, and what they say of the rows
// that they did not draw.
type candidate struct {
	cards   []*boost.AdditiveModel
	logOdds []float64
	bad     []bool
	loss    float64
}

func newCandidate(ctx context.Context, bags []*bag, c choice, d boost.Data, o *Options) (*candidate, error) {
	t := &candidate{cards: make([]*boost.AdditiveModel, len(bags))}
	if err := boost.Each(ctx, len(bags), func(k int) { t.cards[k] = bags[k].card(c, d, o) }); err != nil {
		return nil, err
	}
	t.logOdds, t.bad = judged(bags, t.cards, d)
	t.loss = loss(t.logOdds, t.bad)
	return t, nil
}

// weightMin is the weight below which a candidate does not count.
const weightMin = 0.02

// likelihoods are weights in proportion to the likelihoods of n rows, from their
// mean losses; those that hardly count are zero, all together are one.
func likelihoods(losses []float64, n int) []float64 {
	least := slices.Min(losses)
	w, sum := make([]float64, len(losses)), 0.0
	for k, l := range losses {
		if v := math.Exp(float64(n) * (least - l)); v >= weightMin {
			w[k] = v
			sum += v
		}
	}
	for k := range w {
		w[k] /= sum
	}
	return w
}

// bag is rows drawn with replacement, those not drawn, and the columns' bins as
// the drawn rows see them.
type bag struct {
	rows, out     []int
	steps, smooth []woe.Division
}

func newBag(features []Feature, d boost.Data, r *rand.Rand) *bag {
	b := &bag{}
	b.rows, b.out = draw(d.Bad, r)
	for j := range features {
		steps, smooth := divide2(&features[j], d, j, b.rows)
		b.steps, b.smooth = append(b.steps, steps), append(b.smooth, smooth)
	}
	return b
}

func (b *bag) card(c choice, d boost.Data, o *Options) *boost.AdditiveModel {
	mixed := make([]woe.Division, len(b.steps))
	for j := range mixed {
		mixed[j] = woe.Mix(b.steps[j], b.smooth[j], c.smooth)
	}
	return regress(mixed, d, b.rows, strengths[c.strength].ridge, strengths[c.strength].information, o)
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

// judged are the mean log odds of every row that some bag did not draw, by those
// bags, and the rows' outcomes.
func judged(bags []*bag, cards []*boost.AdditiveModel, d boost.Data) (logOdds []float64, bad []bool) {
	sum, n := make([]float64, len(d.Bad)), make([]float64, len(d.Bad))
	for k, c := range cards {
		for _, i := range bags[k].out {
			sum[i] += c.LogOdds(d.Bins, i)
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

// divide2 is a column's best monotone division on some rows, and its smooth
// evidence: of a category each level's own.
func divide2(f *Feature, d boost.Data, j int, rows []int) (steps, smooth woe.Division) {
	counts := make([]woe.Count, d.Counts[j])
	for _, i := range rows {
		if c := &counts[d.Bins[j][i]]; d.Bad[i] {
			c.Bad++
		} else {
			c.Good++
		}
	}
	direction := woe.Direction(d.Monotone[j])
	if f.Type.Kind == table.Category {
		direction = woe.Rising // codes are in the order of risk
		smooth = woe.Shrunk(counts, scorecardShrink)
	} else {
		smooth = woe.Smooth(counts, direction, scorecardShrink)
	}
	steps = woe.Divide(counts, direction, woe.Limits{
		PartsMax: scorecardParts, FineMax: scorecardBins, RowsMin: scorecardShare * float64(len(rows)), Penalty: scorecardPenalty, Shrink: scorecardShrink,
	})
	return steps, smooth
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
