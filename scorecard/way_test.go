package scorecard

import (
	"cmp"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// wayModel draws a model over the first features of set 1, with pairs.
func wayModel(r *rapid.T) *Model {
	m := &Model{ID: "way", FeatureSet: FeatureSet1, Features: featureCount1, Capacity: Capacity{Feature: NetCashMonthly, Numerator: 1, Denominator: 2}}
	points := rapid.Int64Range(-20, 40)
	for _, f := range []uint16{SalesTrend, SalesVolatility, CustomerCount, GrossMargin, OverdraftDays} {
		n := rapid.IntRange(0, 4).Draw(r, "cuts")
		t := Table{Feature: f, Cuts: cuts(r, n)}
		for range n + 1 {
			t.Points = append(t.Points, points.Draw(r, "points"))
		}
		m.Tables = append(m.Tables, t)
	}
	for _, sides := range [][2]uint16{{SalesTrend, GrossMargin}, {SalesVolatility, CustomerCount}}[:rapid.IntRange(0, 2).Draw(r, "pairs")] {
		p := PairTable{A: sides[0], B: sides[1], CutsA: cuts(r, 2), CutsB: cuts(r, 1)}
		for range len(p.CutsA) + 2 {
			var row []int64
			for range len(p.CutsB) + 2 {
				row = append(row, points.Draw(r, "pair"))
			}
			p.Points = append(p.Points, row)
		}
		m.Pairs = append(m.Pairs, p)
	}
	return m
}

func cuts(r *rapid.T, n int) []int64 {
	list := rapid.SliceOfNDistinct(rapid.Int64Range(-2_000, 4_000), n, n, rapid.ID[int64]).Draw(r, "cut")
	slices.Sort(list)
	return list
}

// tried is every set of at most ChangesMax changes, to every value at which a bin
// begins or ends within reach, by brute force.
func tried(t rapid.TB, m *Model, features []Value, points int64) (best Way, found bool) {
	list := Definitions(m.FeatureSet)
	var walk func(f int, chosen []Change, effort int64)
	walk = func(f int, chosen []Change, effort int64) {
		if len(chosen) > ChangesMax {
			return
		}
		if f == len(features) {
			w := Way{Changes: slices.Clone(chosen), EffortPpm: effort}
			var err error
			if w.Result, err = m.Evaluate(w.Apply(features)); err != nil {
				t.Fatal(err)
			}
			better := !found || cmp.Or(cmp.Compare(len(w.Changes), len(best.Changes)), cmp.Compare(w.EffortPpm, best.EffortPpm)) < 0
			if w.Result.Score >= points && better {
				best, found = w, true
			}
			return
		}
		walk(f+1, chosen, effort)
		if !m.Reads()[f] || !features[f].Present {
			return
		}
		v := features[f].Int
		from, to := list[f].Range(f, v)
		for _, c := range m.Cuts(uint16(f)) {
			for _, at := range []int64{c - 1, c} {
				if at != v && at >= from && at <= to {
					walk(f+1, append(slices.Clone(chosen), Change{uint16(f), v, at}), effort+effortPpm(at-v, ReachOf(f).Step(v)))
				}
			}
		}
	}
	walk(0, nil, 0)
	return best, found
}

// The way found has the fewest changes and of those the least effort, as trying all
// sets says, with pairs and without; where none is found, there is none.
func TestWayIsSmallest(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		m := wayModel(r)
		if err := m.Validate(); err != nil {
			r.Fatal(err)
		}
		features := make([]Value, m.Features)
		for _, f := range []int{SalesTrend, SalesVolatility, CustomerCount, GrossMargin, OverdraftDays} {
			d := Definitions(FeatureSet1)[f]
			v := rapid.Int64Range(max(d.Min, -2_000), min(d.Max, 4_000)).Draw(r, d.Name)
			features[f] = Value{Present: rapid.IntRange(0, 9).Draw(r, "present") > 0}
			if features[f].Present {
				features[f].Int = v
			}
		}
		now, err := m.Evaluate(features)
		if err != nil {
			r.Fatal(err)
		}
		points := now.Score + rapid.Int64Range(1, 120).Draw(r, "more")
		got, ok, err := m.WayTo(features, points)
		if err != nil {
			r.Fatal(err)
		}
		want, wanted := tried(r, m, features, points)
		if ok != wanted || len(got.Changes) != len(want.Changes) || got.EffortPpm != want.EffortPpm {
			r.Fatalf("to %d points got %+v %t, want %+v %t", points, got, ok, want, wanted)
		}
		if ok && got.Result.Score < points {
			r.Fatalf("%+v ends at %d points, want %d", got, got.Result.Score, points)
		}
	})
}

// Nothing is suggested that a firm cannot do: no age, no history, no market, no
// missing value, nothing beyond a reach or against the better direction; and
// nothing at all where the points are there.
func TestWayIsFeasible(t *testing.T) {
	t.Parallel()
	m := &Model{ID: "way", FeatureSet: FeatureSet2, Features: featureCount2, Capacity: Capacity{Feature: NetCashMonthly, Numerator: 1, Denominator: 2}}
	for f := range uint16(31) {
		m.Tables = append(m.Tables, Table{Feature: f, Cuts: []int64{1_000, 5_000}, Points: []int64{0, 10, 20}})
	}
	m.Tables = append(m.Tables, Table{Feature: BusinessAge, Cuts: []int64{1_000}, Points: []int64{0, 500}})
	features := make([]Value, featureCount2)
	for f := range features {
		features[f] = Known(999)
	}
	features[CustomerCount] = Value{}
	w, ok, err := m.WayTo(features, 30)
	if err != nil || !ok {
		t.Fatalf("no way: %v", err)
	}
	for _, c := range w.Changes {
		d := Definitions(FeatureSet2)[c.Feature]
		if ReachOf(int(c.Feature)) == (Reach{}) || c.Feature == CustomerCount || d.Direction == LowerBetter {
			t.Errorf("suggests %s from %d to %d", d.Name, c.From, c.To)
		}
	}
	if len(w.Changes) != 3 || w.Result.Score != 30 {
		t.Errorf("got %+v", w)
	}
	if _, ok, err := m.WayTo(features, 100); ok || err != nil {
		t.Errorf("four changes of at most 20 points win 100: %v", err)
	}
	if _, ok, err := m.WayTo(features, 0); ok || err != nil {
		t.Errorf("a way to where it is: %v", err)
	}
	if _, _, err := m.WayTo(features[1:], 30); err == nil {
		t.Error("a vector of another length has a way")
	}
}

// Every feature has its say on reach: the table is as long as the newest set, and
// what is judged beyond effort is listed here, so that a new feature is looked at.
func TestReach(t *testing.T) {
	t.Parallel()
	if len(reaches) != featureCount2 {
		t.Fatalf("%d reaches for %d features", len(reaches), featureCount2)
	}
	var fixed []string
	for f, d := range Definitions(FeatureSet2) {
		if ReachOf(f) == (Reach{}) {
			fixed = append(fixed, d.Name)
		}
	}
	want := []string{
		"sales-history-monthly", "customer-tenure", "customer-renewal", "supplier-tenure", "supplier-renewal", "profit-margin",
		"business-age", "court-severe-count", "confirmed-quality", "market-sector", "market-region", "market-base-rate",
	}
	if !slices.Equal(fixed, want) {
		t.Errorf("fixed are %v, want %v", fixed, want)
	}
	for _, f := range []int{-1, featureCount2} {
		if ReachOf(f) != (Reach{}) {
			t.Errorf("feature %d has a reach", f)
		}
	}
	for name, c := range map[string]struct {
		feature     int
		v, from, to int64
	}{
		"a share of what is":    {SalesMonthly, 10_000_000, 10_000_000, 13_000_000},
		"at least a few":        {CustomerCount, 4, 4, 7},
		"never below its least": {OverdraftDays, 12, 0, 12},
		"never above its most":  {InflowAgreement, 9_500, 9_500, 10_000},
		"a loss":                {NetCashMonthly, -10_000_000, -10_000_000, -7_000_000},
		"age":                   {BusinessAge, 30, 30, 30},
	} {
		d := Definitions(FeatureSet2)[c.feature]
		if from, to := d.Range(c.feature, c.v); from != c.from || to != c.to {
			t.Errorf("%s: %d to %d, want %d to %d", name, from, to, c.from, c.to)
		}
	}
}
