package scorecard

import (
	"fmt"
	"slices"
)

// ChangesMax bounds the changes of a way up. More is no advice.
const ChangesMax = 4

// Change is one present feature moved to another value.
type Change struct {
	Feature  uint16
	From, To int64
}

// Way is a set of changes, by feature, and what the model says after all of them.
type Way struct {
	Changes   []Change
	EffortPpm int64 // the sum of each change's part of its reach, in millionths
	Result    Result
}

// WayTo is the smallest feasible set of changes that brings a firm to a number of
// points: the fewest changes within each feature's reach, of as few those that use
// the least of it, of equal ones the lower features and nearer values. Every other
// feature stays as it is. It is exact: no smaller set does it. False when no set of
// ChangesMax does, or when the points are there already.
func (m *Model) WayTo(features []Value, points int64) (Way, bool, error) {
	now, err := m.Evaluate(features)
	if err != nil {
		return Way{}, false, err
	}
	s := &search{model: m, features: slices.Clone(features), now: now.Score, need: points - now.Score}
	if s.need <= 0 {
		return Way{}, false, nil
	}
	if s.moves, err = m.moves(features); err != nil {
		return Way{}, false, err
	}
	s.prepare()
	for n := 1; n <= ChangesMax && s.best == nil; n++ {
		s.choose(0, n, 0, 0)
	}
	if s.best == nil {
		return Way{}, false, nil
	}
	w := Way{Changes: s.best, EffortPpm: s.effort}
	w.Result, err = m.Evaluate(w.Apply(features))
	return w, true, err
}

// Apply is the features after the changes.
func (w Way) Apply(features []Value) []Value {
	changed := slices.Clone(features)
	for _, c := range w.Changes {
		changed[c.Feature] = Known(c.To)
	}
	return changed
}

// lever is one feature with the values that are worth moving it to, nearest first.
type lever struct {
	feature uint16
	from    int64
	options []option
	most    int64 // the greatest gain of an option
}

// option is a value with the most points that it can win: by tables exactly, by
// pairs at best, whatever else is moved.
type option struct {
	to, gain, effortPpm int64
}

// moves lists the features that the model scores and a firm can move.
func (m *Model) moves(features []Value) ([]lever, error) {
	list := Definitions(m.FeatureSet)
	if len(list) != len(features) {
		return nil, fmt.Errorf("%w: feature set %d has %d features, want %d", ErrFeature, m.FeatureSet, len(list), len(features))
	}
	var moves []lever
	for f, read := range m.Reads() {
		v := features[f]
		if !read || !v.Present {
			continue
		}
		from, to := list[f].Range(f, v.Int)
		mv := lever{feature: uint16(f), from: v.Int}
		paired := m.paired(uint16(f))
		for _, at := range m.targets(uint16(f), v.Int, from, to) {
			o := option{to: at, gain: m.gainAtBest(features, uint16(f), at), effortPpm: effortPpm(at-v.Int, ReachOf(f).Step(v.Int))}
			// Nearer and as good leaves a farther one without use. In a pair it is not
			// known yet what is as good: that depends on the other side.
			if o.gain > mv.most || paired {
				mv.options, mv.most = append(mv.options, o), max(mv.most, o.gain)
			}
		}
		if len(mv.options) > 0 {
			moves = append(moves, mv)
		}
	}
	return moves, nil
}

func (m *Model) paired(feature uint16) bool {
	return slices.ContainsFunc(m.Pairs, func(p PairTable) bool { return p.A == feature || p.B == feature })
}

// targets are the nearest values of the bins between from and to, nearest first.
func (m *Model) targets(feature uint16, v, from, to int64) []int64 {
	var list []int64
	for _, c := range m.Cuts(feature) {
		switch {
		case c > v && c <= to:
			list = append(list, c)
		case c <= v && c-1 >= from:
			list = append(list, c-1)
		}
	}
	if from < v { // a falling feature: the nearest is the highest
		slices.Reverse(list)
	}
	return list
}

// effortPpm is the part of a reach that a change uses, rounded up; a step is at
// least the change, so it is at most a million.
func effortPpm(change, step int64) int64 {
	change = absolute(change)
	part := ratio(change, ppm, step)
	if ratio(part, step, ppm) < change {
		part++
	}
	return part
}

// gainAtBest is what a feature wins in its own table when it is moved, and in each
// of its pairs at best, with the other side wherever it suits and never less than
// nothing: so that the gains of a set of levers sum to at least what it wins, though
// a pair with both sides moved is counted twice.
func (m *Model) gainAtBest(features []Value, feature uint16, to int64) int64 {
	var gain int64
	for i := range m.Tables {
		if t := &m.Tables[i]; t.Feature == feature {
			gain += t.PointsOf(Known(to)) - t.PointsOf(features[feature])
		}
	}
	for i := range m.Pairs {
		p := &m.Pairs[i]
		now := p.PointsOf(features[p.A], features[p.B])
		best := now
		switch feature {
		case p.A:
			best = slices.Max(p.Points[binOf(p.CutsA, Known(to))+1])
		case p.B:
			for _, row := range p.Points {
				best = max(best, row[binOf(p.CutsB, Known(to))+1])
			}
		}
		gain += max(best-now, 0)
	}
	return gain
}

// search looks through sets of moves, cutting off what cannot win enough or costs
// more than what was found.
type search struct {
	model    *Model
	features []Value
	now      int64 // points before
	need     int64 // points to win
	moves    []lever
	// rest[i][n] is the most that n of the moves from i on can win.
	rest   [][ChangesMax + 1]int64
	chosen []Change
	best   []Change
	effort int64 // of best
}

func (s *search) prepare() {
	s.rest = make([][ChangesMax + 1]int64, len(s.moves)+1)
	for i := len(s.moves) - 1; i >= 0; i-- {
		s.rest[i] = s.rest[i+1]
		for n := 1; n <= ChangesMax; n++ {
			s.rest[i][n] = max(s.rest[i+1][n], s.rest[i+1][n-1]+s.moves[i].most)
		}
	}
}

// choose takes n more moves from i on, with what was won at best and spent so far.
func (s *search) choose(i, n int, won, spent int64) {
	if n == 0 {
		s.check(spent)
		return
	}
	for ; i+n <= len(s.moves); i++ {
		if won+s.rest[i][n] < s.need {
			return
		}
		mv := &s.moves[i]
		for _, o := range mv.options {
			if s.best != nil && spent+o.effortPpm >= s.effort {
				break // farther options cost more
			}
			if won+o.gain+s.rest[i+1][n-1] < s.need {
				continue
			}
			s.features[mv.feature] = Known(o.to)
			s.chosen = append(s.chosen, Change{mv.feature, mv.from, o.to})
			s.choose(i+1, n-1, won+o.gain, spent+o.effortPpm)
			s.chosen = s.chosen[:len(s.chosen)-1]
		}
		s.features[mv.feature] = Known(mv.from)
	}
}

// check keeps a set that truly wins enough and costs less than the one before.
func (s *search) check(spent int64) {
	if s.best != nil && spent >= s.effort {
		return
	}
	if s.model.score(s.features)-s.now >= s.need {
		s.best, s.effort = slices.Clone(s.chosen), spent
	}
}
