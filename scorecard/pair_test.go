package scorecard

import (
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// withPair is twoTables and one pair: feature 0 has a table, feature 1 has none.
func withPair() *Model {
	m := twoTables()
	m.Pairs = []PairTable{{
		A: 0, B: 1, CutsA: []int64{50}, CutsB: []int64{7, 9},
		Points: [][]int64{
			{1, 2, 3, 4},
			{5, 0, -7, 30},
			{6, 8, 25, 8},
		},
	}}
	return m
}

// TestPairPoints shows the points on both sides of every cut of a pair and for
// missing values of either or both.
func TestPairPoints(t *testing.T) {
	t.Parallel()
	no, p := Value{}, withPair().Pairs[0]
	for _, c := range []struct {
		a, b Value
		want int64
	}{
		{no, no, 1},
		{no, Known(6), 2},
		{no, Known(9), 4},
		{Known(49), no, 5},
		{Known(49), Known(6), 0},
		{Known(49), Known(7), -7},
		{Known(49), Known(9), 30},
		{Known(50), no, 6},
		{Known(50), Known(8), 25},
		{Known(1 << 40), Known(-1 << 40), 8},
	} {
		if got := p.PointsOf(c.a, c.b); got != c.want {
			t.Errorf("%v, %v: got %d, want %d", c.a, c.b, got, c.want)
		}
		m := withPair()
		base, err := twoTables().Evaluate([]Value{c.a, c.b, no})
		if err != nil {
			t.Fatal(err)
		}
		got, err := m.Evaluate([]Value{c.a, c.b, no})
		if err != nil || got.Score != base.Score+c.want || got.CapacityFen != base.CapacityFen {
			t.Errorf("%v, %v: got %+v (%v), want %+v and %d", c.a, c.b, got, err, base, c.want)
		}
	}
	if best := p.Best(); best != 30 {
		t.Errorf("best is %d", best)
	}
}

// TestPairBlame shows which of two features answers for a pair, that its step
// counts table and pair together, and that a feature without a table of its own
// is among the reasons.
func TestPairBlame(t *testing.T) {
	t.Parallel()
	p := withPair().Pairs[0]
	for _, c := range []struct {
		a, b Value
		want uint16
	}{
		{Known(0), Known(0), 1},   // A alone wins 8, B alone 30
		{Known(0), Known(8), 1},   // 32 and 37
		{Known(60), Known(9), 0},  // 22 and 17
		{Known(60), Known(8), 0},  // nothing either way
		{Value{}, Known(8), 0},    // 22 and 1
		{Known(0), Value{}, 1},    // 1 and 25
		{Value{}, Value{}, 0},     // 5 and 3
		{Known(0), Known(100), 0}, // nothing: it is the best
	} {
		if got := p.blamed(c.a, c.b); got != c.want {
			t.Errorf("%v, %v: got %d, want %d", c.a, c.b, got, c.want)
		}
	}
	losses, err := withPair().Losses([]Value{Known(0), Known(8), Known(0)})
	if err != nil {
		t.Fatal(err)
	}
	want := []Reason{
		// 20 of 40 in the table; from 50 on the pair wins 32 with B as it is.
		{Set: FeatureSet1, Feature: 0, Value: Known(0), Bin: 2, Points: 20, Lost: 20, Step: true, Rising: true, StepAt: 50, StepGain: 32},
		// -7 of 30; 9 is nearer than 6, which would win 7.
		{Set: FeatureSet1, Feature: 1, Value: Known(8), Bin: 1, Points: -7, Lost: 37, Step: true, Rising: true, StepAt: 9, StepGain: 37},
		{Set: FeatureSet1, Feature: 2, Value: Known(0), Points: 30},
	}
	if !slices.Equal(losses, want) {
		t.Errorf("got %+v, want %+v", losses, want)
	}
}

// TestPairValidate shows that each bound of a pair is checked, and that decoding
// refuses what breaks one.
func TestPairValidate(t *testing.T) {
	t.Parallel()
	if err := withPair().Validate(); err != nil {
		t.Fatal(err)
	}
	many := func(n int) []int64 {
		cuts := make([]int64, n)
		for i := range cuts {
			cuts[i] = int64(i)
		}
		return cuts
	}
	for name, bend := range map[string]func(*Model){
		"feature out of range":  func(m *Model) { m.Pairs[0].B = 3 },
		"a feature with itself": func(m *Model) { m.Pairs[0].B = 0 },
		"features in disorder":  func(m *Model) { m.Pairs[0].A, m.Pairs[0].B = 1, 0 },
		"pair twice":            func(m *Model) { m.Pairs = append(m.Pairs, m.Pairs[0]) },
		"too many pairs":        func(m *Model) { m.Pairs = make([]PairTable, PairsMax+1) },
		"too many cuts":         func(m *Model) { m.Pairs[0].CutsA = many(PairCutsMax + 1) },
		"cuts equal":            func(m *Model) { m.Pairs[0].CutsB[1] = 7 },
		"cut out of bounds":     func(m *Model) { m.Pairs[0].CutsA[0] = -FeatureBound },
		"no points":             func(m *Model) { m.Pairs[0].Points = nil },
		"row missing":           func(m *Model) { m.Pairs[0].Points = m.Pairs[0].Points[:2] },
		"column missing":        func(m *Model) { m.Pairs[0].Points[1] = m.Pairs[0].Points[1][:3] },
		"points out of bounds":  func(m *Model) { m.Pairs[0].Points[2][3] = PointsMax + 1 },
	} {
		m := withPair()
		bend(m)
		if err := m.Validate(); !errors.Is(err, ErrModel) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// TestPairCanonical shows that a model with pairs comes back from its bytes, that
// each number of a pair is in the hash, that a model without pairs has the bytes
// it had before there were any, and that no bytes say "no pairs" another way.
func TestPairCanonical(t *testing.T) {
	t.Parallel()
	good, err := withPair().Canonical()
	if err != nil {
		t.Fatal(err)
	}
	m, err := Decode(good)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := m.Canonical(); err != nil || !slices.Equal(again, good) {
		t.Errorf("%x encodes to %x (%v)", good, again, err)
	}
	seen := map[[32]byte]string{}
	for name, bend := range map[string]func(*Model){
		"none":  func(*Model) {},
		"pairs": func(m *Model) { m.Pairs = nil },
		"a":     func(m *Model) { m.Pairs[0].A = 1; m.Pairs[0].B = 2 },
		"b":     func(m *Model) { m.Pairs[0].B = 2 },
		"cut a": func(m *Model) { m.Pairs[0].CutsA[0]++ },
		"cut b": func(m *Model) { m.Pairs[0].CutsB[1]++ },
		"point": func(m *Model) { m.Pairs[0].Points[0][0]++ },
		"last":  func(m *Model) { m.Pairs[0].Points[2][3]++ },
	} {
		m := withPair()
		bend(m)
		hash, err := m.Hash()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if other, ok := seen[hash]; ok {
			t.Errorf("%s has the hash of %s", name, other)
		}
		seen[hash] = name
	}
	plain, err := twoTables().Canonical()
	if err != nil {
		t.Fatal(err)
	}
	const domain = "xinlian/score-model/v1"
	if string(plain[4:4+len(domain)]) != domain {
		t.Errorf("a model without pairs begins as %q", plain[:4+len(domain)])
	}
}

// TestLargestModel shows that the largest model fits into a proposal, points of
// both signs and all.
func TestLargestModel(t *testing.T) {
	t.Parallel()
	m := &Model{ID: "largest-model-that-may-be-made-32", Features: FeaturesMax, Capacity: Capacity{Numerator: 1, Denominator: 1}}
	m.ID = m.ID[:ModelIDMax]
	list := func(n int) []int64 {
		out := make([]int64, n)
		for i := range out {
			out[i] = int64(i*17 - 200)
		}
		return out
	}
	for f := range uint16(TablesMax) {
		m.Tables = append(m.Tables, Table{Feature: f, Cuts: list(CutsMax), Points: list(CutsMax + 1), Missing: -PointsMax})
	}
	for f := range uint16(PairsMax) {
		p := PairTable{A: f, B: FeaturesMax - 1, CutsA: list(PairCutsMax), CutsB: list(PairCutsMax)}
		for range PairCutsMax + 2 {
			p.Points = append(p.Points, append(list(PairCutsMax), -PointsMax, PointsMax))
		}
		m.Pairs = append(m.Pairs, p)
	}
	raw, err := m.Canonical()
	if err != nil {
		t.Fatal(err)
	}
	if len(raw) > 32<<10 {
		t.Errorf("%d bytes", len(raw))
	}
	again, err := Decode(raw)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(again.Pairs[15].Points[16], m.Pairs[15].Points[16]) {
		t.Errorf("got %v", again.Pairs[15].Points[16])
	}
}

// TestPairReasonsAddUp shows for random models with pairs what TestReasonsAddUp
// shows without: losses and points add up, steps win exactly what they promise.
func TestPairReasonsAddUp(t *testing.T) {
	t.Parallel()
	points := rapid.Int64Range(-50, 50)
	cuts := rapid.Custom(func(t *rapid.T) []int64 {
		c := rapid.SliceOfNDistinct(rapid.Int64Range(-50, 50), 0, 4, rapid.ID[int64]).Draw(t, "cuts")
		slices.Sort(c)
		return c
	})
	rapid.Check(t, func(t *rapid.T) {
		m, features := anyModel(t), anyVector(t)
		keep := rapid.IntRange(1, len(m.Tables)).Draw(t, "tables") // the rest is in pairs only, or nowhere
		m.Tables = m.Tables[:keep]
		for a := range uint16(5) {
			p := PairTable{A: a, B: a + rapid.Uint16Range(1, 10).Draw(t, "b"), CutsA: cuts.Draw(t, "a"), CutsB: cuts.Draw(t, "b")}
			for range len(p.CutsA) + 2 {
				p.Points = append(p.Points, rapid.SliceOfN(points, len(p.CutsB)+2, len(p.CutsB)+2).Draw(t, "row"))
			}
			m.Pairs = append(m.Pairs, p)
		}
		if err := m.Validate(); err != nil {
			t.Fatal(err)
		}
		result, err := m.Evaluate(features)
		if err != nil {
			t.Fatal(err)
		}
		losses, err := m.Losses(features)
		if err != nil {
			t.Fatal(err)
		}
		scored, best := m.Base, m.Base
		for i := range m.Tables {
			best += m.Tables[i].Best()
		}
		for i := range m.Pairs {
			best += m.Pairs[i].Best()
		}
		for _, r := range losses {
			scored += r.Points
			best -= r.Lost
		}
		if scored != result.Score || best != result.Score {
			t.Fatalf("points give %d, losses %d, score is %d", scored, best, result.Score)
		}
		steps, err := m.PathUp(features)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range steps {
			if s.Reason.StepGain <= 0 || s.Result.Score != result.Score+s.Reason.StepGain {
				t.Fatalf("step %+v from %d", s, result.Score)
			}
		}
	})
}

// FuzzDecodePairs shows that what decodes with pairs is valid and encodes to the
// same bytes.
func FuzzDecodePairs(f *testing.F) {
	good, err := withPair().Canonical()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(good[:len(good)-1])
	f.Add(append(slices.Clone(good), 0))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := Decode(raw)
		if err != nil {
			return
		}
		again, err := m.Canonical()
		if err != nil || !slices.Equal(raw, again) {
			t.Fatalf("%x encodes to %x (%v)", raw, again, err)
		}
	})
}
