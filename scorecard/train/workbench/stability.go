package workbench

import (
	"math"
	"slices"

	"github.com/xinlian/xinlian/scorecard/train/measure"
	"github.com/xinlian/xinlian/scorecard/train/table"
)

// Stability is how far a population has moved under a model, as PSI.
type Stability struct {
	Before   int          `json:"rows_before"`
	Now      int          `json:"rows_now"`
	Score    Figure       `json:"score"`
	Features []FeaturePSI `json:"features"`
	Segments []SegmentPSI `json:"segments,omitempty"`
}

// SegmentPSI is how far the score has moved within one group of a column, and how
// the group's share of the rows has changed.
type SegmentPSI struct {
	Column      string `json:"column"`
	Group       string `json:"group"`
	Before      int    `json:"rows_before"`
	Now         int    `json:"rows_now"`
	ShareBefore Figure `json:"share_before"`
	ShareNow    Figure `json:"share_now"`
	Score       Figure `json:"score"` // no figure where a side has fewer than segmentRowsMin rows
}

// FeaturePSI is the index of one feature over the bins of its table, missing
// being one.
type FeaturePSI struct {
	Column string `json:"column"`
	PSI    Figure `json:"psi"`
}

// Stability compares two tables, also within the groups of the columns named.
func (m *Model) Stability(before, now *table.Table, segments []string, allowMissing bool) (*Stability, error) {
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
	for _, name := range segments {
		groups, err := segmentPSI(before, now, name, LogOdds(a), LogOdds(b))
		if err != nil {
			return nil, err
		}
		s.Segments = append(s.Segments, groups...)
	}
	return s, nil
}

// segmentPSI groups both tables together, so that a group is the same in both.
func segmentPSI(before, now *table.Table, name string, a, b []float64) ([]SegmentPSI, error) {
	j, err := before.Column(name)
	if err != nil {
		return nil, err
	}
	k, err := now.Column(name)
	if err != nil {
		return nil, err
	}
	groups := groupsOf(slices.Concat(before.Cells[j], now.Cells[k]))
	old, current := map[string][]float64{}, map[string][]float64{}
	for i, g := range groups {
		if i < before.Rows {
			old[g] = append(old[g], a[i])
		} else {
			current[g] = append(current[g], b[i-before.Rows])
		}
	}
	slices.Sort(groups)
	var out []SegmentPSI
	for _, g := range slices.Compact(groups) {
		s := SegmentPSI{
			Column: before.Names[j], Group: g, Before: len(old[g]), Now: len(current[g]), Score: Figure(math.NaN()),
			ShareBefore: Figure(float64(len(old[g])) / float64(before.Rows)), ShareNow: Figure(float64(len(current[g])) / float64(now.Rows)),
		}
		if min(s.Before, s.Now) >= segmentRowsMin {
			s.Score = Figure(measure.PSI(old[g], current[g]))
		}
		out = append(out, s)
	}
	return out, nil
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
