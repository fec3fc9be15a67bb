package scorecard

import (
	"cmp"
	"fmt"
	"slices"
)

// ReasonsMax is how many reasons a decision names. More are of no help to the
// person who reads them.
const ReasonsMax = 4

// Reason is one factor that was really scored: what the firm has, and what the
// next better bin asks for, with every other feature as it is.
//
// A pair of features is counted whole with one of the two: the one that wins
// more when it alone changes to its best, the lower index of equals. Steps see
// every pair that the feature is in.
type Reason struct {
	Feature  uint16 // index in the feature set
	Value    Value
	Bin      int   // bin of Value among the cuts of the feature, -1 when missing
	Points   int64 // scored by the feature's table and the pairs counted with it
	Lost     int64 // the best points of these less Points
	Step     bool  // a better bin can be reached from a present value
	Rising   bool  // Step: the value must reach StepAt or more; else StepAt or less
	StepAt   int64 // value at which the nearest better bin begins
	StepGain int64 // points won there; for a missing value, those of its best bin
}

// Losses lists every feature that a valid model scores, in order, with the
// points it cost. Base + the best points of all tables and pairs - the points
// lost is the score. Lost is negative only where a model pays missing values
// more than any present one.
func (m *Model) Losses(features []Value) ([]Reason, error) {
	if _, err := m.Evaluate(features); err != nil {
		return nil, err
	}
	points, lost := make([]int64, m.Features), make([]int64, m.Features)
	count := func(feature uint16, scored, best int64) {
		points[feature] += scored
		lost[feature] += best - scored
	}
	for i := range m.Tables {
		t := &m.Tables[i]
		count(t.Feature, t.PointsOf(features[t.Feature]), t.Best())
	}
	for i := range m.Pairs {
		p := &m.Pairs[i]
		a, b := features[p.A], features[p.B]
		count(p.blamed(a, b), p.PointsOf(a, b), p.Best())
	}
	var all []Reason
	for f, read := range m.Reads() {
		if !read {
			continue
		}
		effect := m.effect(features, uint16(f))
		r := effect.reason(features[f])
		r.Points, r.Lost = points[f], lost[f]
		all = append(all, r)
	}
	return all, nil
}

// Explain gives at most ReasonsMax reasons, the costliest first and of equal
// ones the lower feature first. A feature that cost nothing is no reason.
func (m *Model) Explain(features []Value) ([]Reason, error) {
	all, err := m.Losses(features)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(r Reason) bool { return r.Lost <= 0 })
	slices.SortStableFunc(all, func(a, b Reason) int { return cmp.Compare(b.Lost, a.Lost) })
	return all[:min(len(all), ReasonsMax)], nil
}

func (t *Table) reason(v Value) Reason {
	r := Reason{Feature: t.Feature, Value: v, Bin: t.Bin(v), Points: t.PointsOf(v)}
	r.Lost = t.Best() - r.Points
	if !v.Present {
		r.StepGain = max(r.Lost, 0)
		return r
	}
	up, down := r.Bin+1, r.Bin-1
	for up < len(t.Points) && t.Points[up] <= r.Points {
		up++
	}
	for down >= 0 && t.Points[down] <= r.Points {
		down--
	}
	// Where both ways lead to more points the shorter one is named.
	rises, falls := up < len(t.Points), down >= 0
	if rises && falls {
		rises = t.Cuts[up-1]-v.Int <= v.Int-(t.Cuts[down]-1)
	}
	switch {
	case rises:
		r.Step, r.Rising, r.StepAt, r.StepGain = true, true, t.Cuts[up-1], t.Points[up]-r.Points
	case falls:
		r.Step, r.StepAt, r.StepGain = true, t.Cuts[down]-1, t.Points[down]-r.Points
	}
	return r
}

// WhatIf is the result of the same firm with one feature changed.
func (m *Model) WhatIf(features []Value, index int, v Value) (Result, error) {
	if index < 0 || index >= len(features) {
		return Result{}, fmt.Errorf("%w: no feature %d among %d", ErrFeature, index, len(features))
	}
	changed := slices.Clone(features)
	changed[index] = v
	return m.Evaluate(changed)
}

// Step is one way up: a reason whose next better bin is reached, and what the
// model then says.
type Step struct {
	Reason Reason
	Result Result
}

// PathUp lists every single step to a better bin, the greatest gain first and
// of equal ones the lower feature first. Missing values are not steps: what a
// new source would show is not known.
func (m *Model) PathUp(features []Value) ([]Step, error) {
	all, err := m.Losses(features)
	if err != nil {
		return nil, err
	}
	var steps []Step
	for _, r := range all {
		if !r.Step {
			continue
		}
		result, err := m.WhatIf(features, int(r.Feature), Known(r.StepAt))
		if err != nil {
			return nil, err
		}
		steps = append(steps, Step{Reason: r, Result: result})
	}
	slices.SortStableFunc(steps, func(a, b Step) int { return cmp.Compare(b.Reason.StepGain, a.Reason.StepGain) })
	return steps, nil
}
