package workbench

import (
	"github.com/xinlian/xinlian/scorecard/train/measure"
	"github.com/xinlian/xinlian/scorecard/train/table"
)

// Stability is how far a population has moved under a model, as PSI.
type Stability struct {
	Before   int          `json:"rows_before"`
	Now      int          `json:"rows_now"`
	Score    Figure       `json:"score"`
	Features []FeaturePSI `json:"features"`
}

// FeaturePSI is the index of one feature over the bins of its table, missing
// being one.
type FeaturePSI struct {
	Column string `json:"column"`
	PSI    Figure `json:"psi"`
}

// Stability compares two tables.
func (m *Model) Stability(before, now *table.Table, allowMissing bool) (*Stability, error) {
	a, _, err := m.Score(before, allowMissing)
	if err != nil {
		return nil, err
	}
	b, _, err := m.Score(now, allowMissing)
	if err != nil {
		return nil, err
	}
	s := &Stability{Before: before.Rows, Now: now.Rows, Score: Figure(measure.PSI(LogOdds(a), LogOdds(b)))}
	cuts := m.cuts()
	for j := range m.features {
		s.Features = append(s.Features, FeaturePSI{
			m.features[j].Column,
			Figure(measure.PSIOf(m.counts(before, j, cuts[j]), m.counts(now, j, cuts[j]))),
		})
	}
	return s, nil
}

// cuts are those of each feature's table or, where it has none, of a pair.
func (m *Model) cuts() [][]int64 {
	cuts := make([][]int64, len(m.features))
	if m.points == nil {
		for j := range m.features { // fine bins are too many to compare
			for k, c := range m.features[j].Cuts {
				if step := len(m.features[j].Cuts)/10 + 1; k%step == step/2 {
					cuts[j] = append(cuts[j], c)
				}
			}
		}
		return cuts
	}
	for _, p := range m.points.Pairs {
		cuts[p.A], cuts[p.B] = p.CutsA, p.CutsB
	}
	for _, t := range m.points.Tables {
		cuts[t.Feature] = t.Cuts
	}
	return cuts
}

func (m *Model) counts(t *table.Table, j int, cuts []int64) []float64 {
	n := make([]float64, len(cuts)+2)
	cells := make([]string, t.Rows)
	if at, err := t.Column(m.features[j].Column); err == nil {
		cells = t.Cells[at]
	}
	c := newColumn(m.features[j].Column, cells, m.features[j].Type)
	for _, v := range m.features[j].values(&c) {
		k := 0
		if v.Present {
			k = 1 + binOf(cuts, v.Int)
		}
		n[k]++
	}
	return n
}

// SplitByTime divides a table in the rows before a time and those from it on.
func SplitByTime(t *table.Table, column, from string) (before, now *table.Table, err error) {
	rows := make([]int, t.Rows)
	for i := range rows {
		rows[i] = i
	}
	a, b, err := split(t, rows, column, from)
	if err != nil {
		return nil, nil, err
	}
	return t.Take(a), t.Take(b), nil
}

// Comparison is of two models on the same rows.
type Comparison struct {
	A          Figure `json:"auc_a"`
	B          Figure `json:"auc_b"`
	Difference Figure `json:"difference"`
	Bootstrap  Range  `json:"difference_95_bootstrap"`
	DeLong     Range  `json:"difference_95_delong"`
	P          Figure `json:"p"`
}

// NewComparison makes figures of a comparison.
func NewComparison(c measure.Comparison) Comparison {
	return Comparison{Figure(c.A), Figure(c.B), Figure(c.Difference), rangeOf(c.Bootstrap), rangeOf(c.DeLong), Figure(c.P)}
}
