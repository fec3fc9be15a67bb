package train

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/xinlian/xinlian/scorecard"
)

// Fit trains a scorecard on rows and measures it out of fold: every step, from
// the bins on, is repeated inside each fold, and the score of a row comes from
// a model that has not seen it. The model, its bands and every figure of the
// report depend on nothing but rows, their order, and options.
func Fit(rows []Row, o Options) (*scorecard.Model, Report, error) {
	if err := o.validate(); err != nil {
		return nil, Report{}, err
	}
	if err := o.check(rows); err != nil {
		return nil, Report{}, err
	}
	f, err := fitOnce(rows, &o)
	if err != nil {
		return nil, Report{}, err
	}
	report := Report{Options: o, Model: f.model, Rows: len(rows), Factors: f.factors, LeftOut: f.leftOut}
	report.Train = Measure(scores(f.model, rows), outcomes(rows))
	if err := report.crossValidate(rows, &o); err != nil {
		return nil, Report{}, err
	}
	return f.model, report, nil
}

// fitted is a model with how it came about.
type fitted struct {
	model   *scorecard.Model
	factors []Factor
	leftOut []LeftOut
}

func fitOnce(rows []Row, o *Options) (fitted, error) {
	var f fitted
	var all cell
	for _, r := range rows {
		all = all.plus(outcome(r.Bad))
	}
	var kept []binning
	for j := range o.Features {
		b := newBinning(rows, j, all, o)
		switch {
		case len(b.bins) < 2:
			f.leftOut = append(f.leftOut, LeftOut{Feature: j, Information: b.evidence, Why: "one bin: no monotone difference"})
		case b.evidence < o.InformationMin:
			f.leftOut = append(f.leftOut, LeftOut{Feature: j, Information: b.evidence, Why: "too little information"})
		default:
			kept = append(kept, b)
		}
	}
	if len(kept) == 0 {
		return f, ErrSignal
	}
	kept = f.strongest(kept, o.TablesMax)
	x := make([][]float64, len(kept))
	for k := range kept {
		x[k] = make([]float64, len(rows))
		for i, r := range rows {
			x[k][i] = kept[k].of(r.Features[kept[k].feature])
		}
	}
	f.points(kept, regress(x, outcomes(rows), o.Ridge), o)
	if len(f.model.Tables) == 0 {
		return f, ErrSignal
	}
	if err := f.model.Validate(); err != nil {
		return f, fmt.Errorf("%w: points do not fit the model, choose another scale: %w", ErrOptions, err)
	}
	return f, nil
}

// strongest keeps the n features with the most information value, of equal ones
// the first, in index order.
func (f *fitted) strongest(kept []binning, n int) []binning {
	ranked := slices.Clone(kept)
	slices.SortStableFunc(ranked, func(x, y binning) int { return cmp.Compare(y.evidence, x.evidence) })
	for _, b := range ranked[min(n, len(ranked)):] {
		f.leftOut = append(f.leftOut, LeftOut{Feature: b.feature, Information: b.evidence, Why: fmt.Sprintf("%d others tell more", n)})
	}
	ranked = ranked[:min(n, len(ranked))]
	slices.SortFunc(ranked, func(x, y binning) int { return cmp.Compare(x.feature, y.feature) })
	return ranked
}

// points rounds the regression to integers. Each table is shifted so that its
// lowest entry is zero, and the base takes up the difference.
func (f *fitted) points(kept []binning, r regression, o *Options) {
	s := o.scale()
	m := &scorecard.Model{ID: o.ID, FeatureSet: o.FeatureSet, Features: uint16(len(o.Features)), Capacity: o.Capacity}
	m.Base = round(s.offset + float64(s.factor*r.intercept))
	for k, b := range kept {
		weight := s.factor * r.coefficients[k]
		t := scorecard.Table{Feature: uint16(b.feature), Missing: round(weight * b.woeNone)}
		least := t.Missing
		for i, w := range b.woe {
			p := round(weight * w)
			least = min(least, p)
			if i > 0 && p == t.Points[len(t.Points)-1] {
				continue // two bins of equal points are one
			}
			if i > 0 {
				t.Cuts = append(t.Cuts, b.cuts[i-1])
			}
			t.Points = append(t.Points, p)
		}
		if len(t.Cuts) == 0 {
			f.leftOut = append(f.leftOut, LeftOut{Feature: b.feature, Information: b.evidence, Why: "nothing left beside the other features"})
			continue
		}
		for i := range t.Points {
			t.Points[i] -= least
		}
		t.Missing -= least
		m.Base += least
		m.Tables = append(m.Tables, t)
		f.factors = append(f.factors, Factor{
			Feature: b.feature, Information: b.evidence, Coefficient: r.coefficients[k], bins: b,
		})
	}
	f.model = m
}

func round(v float64) int64 { return int64(math.Round(v)) }

func outcomes(rows []Row) []bool {
	bad := make([]bool, len(rows))
	for i, r := range rows {
		bad[i] = r.Bad
	}
	return bad
}

// scores of rows whose features have been checked.
func scores(m *scorecard.Model, rows []Row) []int64 {
	s := make([]int64, len(rows))
	for i, r := range rows {
		result, err := m.Evaluate(r.Features)
		if err != nil {
			panic("train: checked row does not evaluate: " + err.Error())
		}
		s[i] = result.Score
	}
	return s
}
