package workbench

import (
	"cmp"
	"context"
	"slices"

	"github.com/xinlian/xinlian/scorecard/train/boost"
	"github.com/xinlian/xinlian/scorecard/train/woe"
)

// blend is three sums that together are an additive model: a scorecard's tables,
// boosted tables, boosted pairs. Weights, none negative, say how much of each to
// believe; they are fitted on rows that none of the three has seen.
type blend struct {
	card, boosted *boost.AdditiveModel
}

// blendRidge keeps a weight finite where a part orders rows perfectly.
const blendRidge = 1e-3

// fitAdditive fits a scorecard and boosted tables and blends them. All is first
// done without each inner fold in turn, on as many bags as that needs, so that
// the weights know how much each part overfits; they also calibrate the sum.
func fitAdditive(ctx context.Context, f *frame, o *Options, p plan) (*fitted, error) {
	if o.OnChain && len(f.columns) > featuresOnChain {
		var err error
		if f, err = strongest(ctx, f, o, p, featuresOnChain); err != nil {
			return nil, err
		}
	}
	weights := woe.Regression{Coefficients: []float64{0, 1, 1}}
	if p.inner > 0 {
		x, err := unseen(ctx, f, o, p)
		if err != nil {
			return nil, err
		}
		weights = blendWeights(x, f.bad)
	}
	features, d, err := encode(ctx, f, o, p.bins)
	if err != nil {
		return nil, err
	}
	b, err := fitBlend(ctx, features, d, o, p.boost)
	if err != nil {
		return nil, err
	}
	m := b.sum(weights)
	hide(m, d)
	return finish(m, features, d, o), nil
}

func fitBlend(ctx context.Context, features []Feature, d boost.Data, o *Options, b boost.Options) (*blend, error) {
	card, err := scorecardTables(ctx, features, d, o)
	if err != nil {
		return nil, err
	}
	boosted, err := boost.Additive(ctx, d, b)
	return &blend{card, boosted}, err
}

// blendSteps are the shares of boosted tables among which a blend is sought.
const blendSteps = 4

// blendWeights are the weights of what the three parts say of unseen rows. The
// share of boosted tables against the scorecard is the mean over a few shares,
// each by its likelihood, so that few rows, which cannot tell, give both their
// say; how far to stretch the sum, and the pairs, is a regression's.
func blendWeights(x [][]float64, bad []bool) woe.Regression {
	mix := func(share float64) []float64 {
		z := make([]float64, len(bad))
		for i := range z {
			z[i] = (1-share)*x[0][i] + share*x[1][i]
		}
		return z
	}
	var losses [blendSteps + 1]float64
	for k := range losses {
		losses[k] = loss(mix(float64(k)/blendSteps), bad)
	}
	share := 0.0
	for k, w := range likelihoods(losses[:], len(bad)) {
		share += w * float64(k) / blendSteps
	}
	r := woe.Regress([][]float64{mix(share), x[2]}, bad, blendRidge)
	c := r.Coefficients
	return woe.Regression{Intercept: r.Intercept, Coefficients: []float64{c[0] * (1 - share), c[0] * share, c[1]}}
}

// sum is the weighted sum as one model.
func (b *blend) sum(w woe.Regression) *boost.AdditiveModel {
	c, t, p := w.Coefficients[0], w.Coefficients[1], w.Coefficients[2]
	m := &boost.AdditiveModel{Intercept: w.Intercept + c*b.card.Intercept + t*b.boosted.Intercept}
	for j, values := range b.boosted.Tables {
		sum := make([]float64, len(values))
		for k, v := range values {
			sum[k] = c*b.card.Tables[j][k] + t*v
		}
		m.Tables = append(m.Tables, sum)
	}
	for _, pair := range b.boosted.Pairs {
		pair.Value = slices.Clone(pair.Value)
		scale([][]float64{pair.Value}, p)
		m.Pairs = append(m.Pairs, pair)
	}
	return m
}

// unseen is what each of the three parts says of every row, from fits that have
// not seen it.
func unseen(ctx context.Context, f *frame, o *Options, p plan) ([][]float64, error) {
	const seed = 0x626c656e64
	n := len(f.bad)
	x := [][]float64{make([]float64, n), make([]float64, n), make([]float64, n)}
	fold := parts(f.bad, p.inner, o.Seed^seed)
	inner := p.boost
	inner.Bags = max(inner.Bags/2, min(inner.Bags, 4))
	for k := range p.inner {
		var rest, out []int
		for i, at := range fold {
			if at == k {
				out = append(out, i)
			} else {
				rest = append(rest, i)
			}
		}
		features, d, err := encode(ctx, f.take(rest), o, p.bins)
		if err != nil {
			return nil, err
		}
		b, err := fitBlend(ctx, features, d, o, inner)
		if err != nil {
			return nil, err
		}
		held := f.take(out)
		bins := make([][]uint8, len(features))
		for j := range features {
			bins[j] = features[j].bins(features[j].values(&held.columns[j]))
		}
		single := boost.AdditiveModel{Intercept: b.boosted.Intercept, Tables: b.boosted.Tables}
		for r, i := range out {
			x[0][i] = b.card.LogOdds(bins, r)
			x[1][i] = single.LogOdds(bins, r)
			x[2][i] = b.boosted.LogOdds(bins, r) - x[1][i]
		}
	}
	return x, nil
}

// strongestRows are enough rows to tell strong columns from weak ones.
const strongestRows = 20_000

// strongest keeps the columns whose tables move log odds most in a quick fit.
func strongest(ctx context.Context, f *frame, o *Options, p plan, most int) (*frame, error) {
	_, d, err := encode(ctx, f.thin(strongestRows), o, p.bins)
	if err != nil {
		return nil, err
	}
	b := p.boost
	b.Bags, b.Pairs, b.Rate, b.Patience = min(b.Bags, 4), 0, min(2*b.Rate, 0.2), max(b.Patience/2, 5)
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
	kept := &frame{bad: f.bad}
	for _, j := range columns {
		kept.columns = append(kept.columns, f.columns[j])
	}
	return kept, nil
}
