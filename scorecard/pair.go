package scorecard

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/xinlian/xinlian/internal/canon"
)

// PairTable gives the points of two features taken together, on top of what
// each scores in a table of its own. Its bins are those of a Table, cut for each
// feature on its own.
type PairTable struct {
	A, B         uint16  // indexes in the feature set, A below B
	CutsA, CutsB []int64 // strictly ascending, at most PairCutsMax each
	// Points by bin of A, then by bin of B. The first row is for a missing A and
	// the first column for a missing B, so there are len(CutsA)+2 rows of
	// len(CutsB)+2 points.
	Points [][]int64
}

// PointsOf is what the two values score together.
func (p *PairTable) PointsOf(a, b Value) int64 {
	return p.Points[binOf(p.CutsA, a)+1][binOf(p.CutsB, b)+1]
}

// Best is the highest number of points that two present values score.
func (p *PairTable) Best() int64 {
	best := p.Points[1][1]
	for _, row := range p.Points[1:] {
		best = max(best, slices.Max(row[1:]))
	}
	return best
}

// blamed is the feature that answers for what a pair costs: the one that wins
// more when it alone takes its best present value, A when both win the same.
func (p *PairTable) blamed(a, b Value) uint16 {
	i, j := binOf(p.CutsA, a)+1, binOf(p.CutsB, b)+1
	byA := p.Points[1][j]
	for _, row := range p.Points[1:] {
		byA = max(byA, row[j])
	}
	if slices.Max(p.Points[i][1:]) > byA {
		return p.B
	}
	return p.A
}

func (p *PairTable) validate() error {
	if err := validateCuts(p.CutsA, PairCutsMax); err != nil {
		return err
	}
	if err := validateCuts(p.CutsB, PairCutsMax); err != nil {
		return err
	}
	if len(p.Points) != len(p.CutsA)+2 {
		return fmt.Errorf("%d rows of points, want %d", len(p.Points), len(p.CutsA)+2)
	}
	for _, row := range p.Points {
		if len(row) != len(p.CutsB)+2 {
			return fmt.Errorf("%d points in a row, want %d", len(row), len(p.CutsB)+2)
		}
		if err := validatePoints(row); err != nil {
			return err
		}
	}
	return nil
}

// before orders pairs by A, then B, strictly.
func (p *PairTable) before(q *PairTable) bool {
	return cmp.Or(cmp.Compare(p.A, q.A), cmp.Compare(p.B, q.B)) < 0
}

// decodePairs refuses zero pairs: a model without any has the other form.
func decodePairs(r *canon.Reader) ([]PairTable, error) {
	n := int(r.Uint16())
	if r.Err() == nil && (n == 0 || n > PairsMax) {
		return nil, fmt.Errorf("%w: %d pairs, want 1 to %d", ErrModel, n, PairsMax)
	}
	var pairs []PairTable
	for range n {
		p := PairTable{A: r.Uint16(), B: r.Uint16()}
		rows, columns := int(r.Uint16()), int(r.Uint16())
		if rows > PairCutsMax || columns > PairCutsMax {
			return nil, fmt.Errorf("%w: pair of %d and %d cuts, at most %d each", ErrModel, rows, columns, PairCutsMax)
		}
		p.CutsA, p.CutsB = readNumbers(r, rows), readNumbers(r, columns)
		for range rows + 2 {
			p.Points = append(p.Points, readNumbers(r, columns+2))
		}
		pairs = append(pairs, p)
	}
	return pairs, nil
}

// Cuts lists every value at which the points of a feature may change, in its
// table or in a pair, strictly ascending.
func (m *Model) Cuts(feature uint16) []int64 {
	var cuts []int64
	for i := range m.Tables {
		if m.Tables[i].Feature == feature {
			cuts = append(cuts, m.Tables[i].Cuts...)
		}
	}
	for i := range m.Pairs {
		switch feature {
		case m.Pairs[i].A:
			cuts = append(cuts, m.Pairs[i].CutsA...)
		case m.Pairs[i].B:
			cuts = append(cuts, m.Pairs[i].CutsB...)
		}
	}
	slices.Sort(cuts)
	return slices.Compact(cuts)
}

// Reads tells for each feature whether a table or a pair scores it.
func (m *Model) Reads() []bool {
	reads := make([]bool, m.Features)
	for i := range m.Tables {
		reads[m.Tables[i].Feature] = true
	}
	for i := range m.Pairs {
		reads[m.Pairs[i].A], reads[m.Pairs[i].B] = true, true
	}
	return reads
}

// effect is the table of one feature with every other held as it is: its own
// points and those of its pairs.
func (m *Model) effect(features []Value, feature uint16) Table {
	t := Table{Feature: feature, Cuts: m.Cuts(feature)}
	t.Missing = m.pointsAt(features, feature, Value{})
	for k := range len(t.Cuts) + 1 {
		at := Value{Present: true}
		switch {
		case k > 0:
			at.Int = t.Cuts[k-1]
		case len(t.Cuts) > 0:
			at.Int = t.Cuts[0] - 1
		}
		t.Points = append(t.Points, m.pointsAt(features, feature, at))
	}
	return t
}

// pointsAt is what all that reads the feature scores when it is v.
func (m *Model) pointsAt(features []Value, feature uint16, v Value) int64 {
	var points int64
	for i := range m.Tables {
		if m.Tables[i].Feature == feature {
			points += m.Tables[i].PointsOf(v)
		}
	}
	for i := range m.Pairs {
		p := &m.Pairs[i]
		switch feature {
		case p.A:
			points += p.PointsOf(v, features[p.B])
		case p.B:
			points += p.PointsOf(features[p.A], v)
		}
	}
	return points
}
