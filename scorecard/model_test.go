package scorecard

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// twoTables is a small model over three features.
func twoTables() *Model {
	return &Model{
		ID: "test", FeatureSet: FeatureSet1, Features: 3, Base: 500,
		Tables: []Table{
			{Feature: 0, Cuts: []int64{-10, 0, 100}, Points: []int64{0, 10, 20, 40}, Missing: -5},
			{Feature: 2, Cuts: []int64{50}, Points: []int64{30, 0}, Missing: 10},
		},
		Capacity: Capacity{Feature: 1, Numerator: 2, Denominator: 3},
	}
}

// TestEvaluate shows the points on both sides of every cut and the capacity.
func TestEvaluate(t *testing.T) {
	t.Parallel()
	no := Value{}
	for _, c := range []struct {
		features []Value
		want     Result
	}{
		{[]Value{Known(-11), Known(100), Known(49)}, Result{530, 66}},
		{[]Value{Known(-10), Known(-1), Known(50)}, Result{510, 0}},
		{[]Value{Known(-1), Known(0), Known(50)}, Result{510, 0}},
		{[]Value{Known(0), Known(1), Known(50)}, Result{520, 0}},
		{[]Value{Known(99), Known(2), Known(50)}, Result{520, 1}},
		{[]Value{Known(100), Known(3), Known(50)}, Result{540, 2}},
		{[]Value{no, no, no}, Result{505, 0}},
		{[]Value{Known(FeatureBound - 1), Known(FeatureBound - 1), Known(1 - FeatureBound)}, Result{570, CapacityMax}},
	} {
		got, err := twoTables().Evaluate(c.features)
		if err != nil || got != c.want {
			t.Errorf("%v: got %+v (%v), want %+v", c.features, got, err, c.want)
		}
	}
}

// TestEvaluateRefuses shows that a vector of the wrong length or a value out of
// bounds has no score.
func TestEvaluateRefuses(t *testing.T) {
	t.Parallel()
	for _, features := range [][]Value{
		nil,
		{Known(1), Known(1)},
		{Known(1), Known(1), Known(1), Known(1)},
		{Known(FeatureBound), Known(1), Known(1)},
		{Known(1), Known(-FeatureBound), Known(1)},
	} {
		if _, err := twoTables().Evaluate(features); !errors.Is(err, ErrFeature) {
			t.Errorf("%v: got %v", features, err)
		}
	}
}

// TestCapacity shows that the division in two steps rounds down once.
func TestCapacity(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.Int64Range(1-FeatureBound, FeatureBound-1).Draw(t, "v")
		c := Capacity{
			Numerator:   rapid.Int64Range(1, RatioMax).Draw(t, "numerator"),
			Denominator: rapid.Int64Range(1, RatioMax).Draw(t, "denominator"),
		}
		if got, want := c.Of(Known(v)), exactCapacity(v, c.Numerator, c.Denominator); got != want {
			t.Fatalf("got %d, want %d", got, want)
		}
	})
}

// TestValidate shows that each bound of a model is checked.
func TestValidate(t *testing.T) {
	t.Parallel()
	if err := twoTables().Validate(); err != nil {
		t.Fatal(err)
	}
	for name, bend := range map[string]func(*Model){
		"no id":                func(m *Model) { m.ID = "" },
		"long id":              func(m *Model) { m.ID = string(make([]byte, ModelIDMax+1)) },
		"no features":          func(m *Model) { m.Features = 0 },
		"too many features":    func(m *Model) { m.Features = FeaturesMax + 1 },
		"negative base":        func(m *Model) { m.Base = -1 },
		"large base":           func(m *Model) { m.Base = PointsMax + 1 },
		"no tables":            func(m *Model) { m.Tables = nil },
		"feature out of range": func(m *Model) { m.Tables[1].Feature = 3 },
		"feature twice":        func(m *Model) { m.Tables[1].Feature = 0 },
		"points missing":       func(m *Model) { m.Tables[0].Points = m.Tables[0].Points[:3] },
		"cuts equal":           func(m *Model) { m.Tables[0].Cuts[1] = -10 },
		"cut out of bounds":    func(m *Model) { m.Tables[0].Cuts[2] = FeatureBound },
		"points out of bounds": func(m *Model) { m.Tables[0].Points[0] = -PointsMax - 1 },
		"missing out of bound": func(m *Model) { m.Tables[0].Missing = PointsMax + 1 },
		"capacity feature":     func(m *Model) { m.Capacity.Feature = 3 },
		"zero denominator":     func(m *Model) { m.Capacity.Denominator = 0 },
		"large numerator":      func(m *Model) { m.Capacity.Numerator = RatioMax + 1 },
	} {
		m := twoTables()
		bend(m)
		if err := m.Validate(); !errors.Is(err, ErrModel) {
			t.Errorf("%s: got %v", name, err)
		}
		if _, err := m.Canonical(); err == nil {
			t.Errorf("%s: has canonical bytes", name)
		}
	}
}

// FuzzDecode shows that what decodes is valid and encodes to the same bytes.
func FuzzDecode(f *testing.F) {
	good, err := twoTables().Canonical()
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
		if err != nil || !bytes.Equal(raw, again) {
			t.Fatalf("%x encodes to %x (%v)", raw, again, err)
		}
	})
}

// FuzzDecodeBands shows the same for bands.
func FuzzDecodeBands(f *testing.F) {
	good, err := threeBands().Canonical()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(good[:len(good)-1])
	f.Fuzz(func(t *testing.T, raw []byte) {
		b, err := DecodeBands(raw)
		if err != nil {
			return
		}
		again, err := b.Canonical()
		if err != nil || !bytes.Equal(raw, again) {
			t.Fatalf("%x encodes to %x (%v)", raw, again, err)
		}
	})
}
