package scorecard

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestExplain shows order, thresholds in both directions and points won.
func TestExplain(t *testing.T) {
	t.Parallel()
	no := Value{}
	for _, c := range []struct {
		name     string
		features []Value
		want     []Reason
	}{
		{"lower is better", []Value{Known(100), no, Known(80)}, []Reason{
			{Feature: 2, Value: Known(80), Bin: 1, Lost: 30, Step: true, StepAt: 49, StepGain: 30},
		}},
		{"costliest first", []Value{Known(5), no, Known(80)}, []Reason{
			{Feature: 2, Value: Known(80), Bin: 1, Lost: 30, Step: true, StepAt: 49, StepGain: 30},
			{Feature: 0, Value: Known(5), Bin: 2, Points: 20, Lost: 20, Step: true, Rising: true, StepAt: 100, StepGain: 20},
		}},
		{"equal losses by feature", []Value{Known(-5), no, Known(80)}, []Reason{
			{Feature: 0, Value: Known(-5), Bin: 1, Points: 10, Lost: 30, Step: true, Rising: true, StepAt: 0, StepGain: 10},
			{Feature: 2, Value: Known(80), Bin: 1, Lost: 30, Step: true, StepAt: 49, StepGain: 30},
		}},
		{"missing has no step", []Value{no, no, Known(0)}, []Reason{
			{Feature: 0, Bin: -1, Points: -5, Lost: 45, StepGain: 45},
		}},
		{"nothing lost", []Value{Known(100), no, Known(0)}, nil},
	} {
		for i := range c.want {
			c.want[i].Set = FeatureSet1
		}
		got, err := twoTables().Explain(c.features)
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: got %+v (%v), want %+v", c.name, got, err, c.want)
		}
	}
	if _, err := twoTables().Explain(nil); err == nil {
		t.Error("explained an empty vector")
	}
}

// TestReasonNearest shows that in a table that is best in the middle, or has
// flat bins, the nearest bin with more points is named.
func TestReasonNearest(t *testing.T) {
	t.Parallel()
	valley := Table{Cuts: []int64{0, 100}, Points: []int64{9, 1, 5}}
	flat := Table{Cuts: []int64{0, 100}, Points: []int64{1, 1, 5}}
	for _, c := range []struct {
		table  Table
		v      int64
		rising bool
		at     int64
		gain   int64
	}{
		{valley, 1, false, -1, 8},
		{valley, 99, true, 100, 4},
		{valley, 50, true, 100, 4},
		{valley, 49, false, -1, 8},
		{valley, 100, false, -1, 4},
		{flat, -7, true, 100, 4},
	} {
		r := c.table.reason(Known(c.v))
		if !r.Step || r.Rising != c.rising || r.StepAt != c.at || r.StepGain != c.gain {
			t.Errorf("%d in %v: got %+v", c.v, c.table.Points, r)
		}
	}
}

// anyModel draws a valid model over FeatureSet1.
func anyModel(t *rapid.T) *Model {
	points := rapid.Int64Range(-PointsMax, PointsMax)
	m := &Model{
		ID: "drawn", FeatureSet: FeatureSet1, Features: featureCount1, Base: rapid.Int64Range(0, PointsMax).Draw(t, "base"),
		Capacity: Capacity{Feature: NetCashMonthly, Numerator: 1, Denominator: 2},
	}
	for f := range uint16(featureCount1) {
		cuts := rapid.SliceOfNDistinct(rapid.Int64Range(-50, 50), 0, 6, rapid.ID[int64]).Draw(t, "cuts")
		slices.Sort(cuts)
		m.Tables = append(m.Tables, Table{
			Feature: f, Cuts: cuts, Points: rapid.SliceOfN(points, len(cuts)+1, len(cuts)+1).Draw(t, "points"),
			Missing: points.Draw(t, "missing"),
		})
	}
	return m
}

func anyVector(t *rapid.T) []Value {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Value {
		if rapid.IntRange(0, 4).Draw(t, "kind") == 0 {
			return Value{}
		}
		return Known(rapid.Int64Range(-60, 60).Draw(t, "v"))
	}), featureCount1, featureCount1).Draw(t, "features")
}

// TestReasonsAddUp shows for random models that base + best points - points
// lost is the score, that reasons are the costliest losses, and that each step
// wins exactly what it promises, by the code that scores.
func TestReasonsAddUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m, features := anyModel(t), anyVector(t)
		result, err := m.Evaluate(features)
		if err != nil {
			t.Fatal(err)
		}
		losses, err := m.Losses(features)
		if err != nil {
			t.Fatal(err)
		}
		sum := m.Base
		for i := range m.Tables {
			sum += m.Tables[i].Best() - losses[i].Lost
		}
		if sum != result.Score {
			t.Fatalf("reasons give %d, score is %d", sum, result.Score)
		}
		reasons, err := m.Explain(features)
		if err != nil || len(reasons) > ReasonsMax {
			t.Fatalf("%d reasons (%v)", len(reasons), err)
		}
		for i, r := range reasons {
			if r.Lost <= 0 || (i > 0 && r.Lost > reasons[i-1].Lost) || r.Text(Chinese) == "" || r.Text(English) == "" {
				t.Fatalf("reason %d: %+v", i, r)
			}
		}
		steps, err := m.PathUp(features)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range steps {
			if s.Reason.StepGain <= 0 || s.Result.Score != result.Score+s.Reason.StepGain {
				t.Fatalf("step %+v from %d", s, result.Score)
			}
			inner := s.Reason.StepAt - 1 // one unit short of the step wins less
			if !s.Reason.Rising {
				inner = s.Reason.StepAt + 1
			}
			short, err := m.WhatIf(features, int(s.Reason.Feature), Known(inner))
			if err != nil || short.Score > result.Score {
				t.Fatalf("%+v: already %d one unit short (%v)", s, short.Score, err)
			}
		}
	})
}

// TestReasonText shows units, rounding-free numbers and both languages.
func TestReasonText(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		r      Reason
		zh, en string
	}{
		{
			Reason{Set: FeatureSet1, Feature: CustomerTopShare, Value: Known(8205), Lost: 24, Step: true, StepAt: 5999, StepGain: 10},
			"销售过于依赖一个客户：第一大客户占比为 82.05%，失 24 分；不高于 59.99%可加 10 分",
			"Sales depend too much on one customer: 82.05%, 24 points lost; at most 59.99% wins 10 points",
		},
		{
			Reason{Set: FeatureSet1, Feature: SalesMonthly, Value: Known(-123_456_789), Lost: 7, Step: true, Rising: true, StepAt: 500_000, StepGain: 3},
			"月均净销售额偏低：月均净销售额为 -1,234,567.89 元，失 7 分；达到 5,000.00 元可加 3 分",
			"Average monthly net sales are low: CNY -1,234,567.89, 7 points lost; at least CNY 5,000.00 wins 3 points",
		},
		{
			Reason{Set: FeatureSet1, Feature: OverdraftDays, Value: Known(1), Lost: 7},
			"账户透支天数偏多：透支天数为 1 天，失 7 分",
			"An account was overdrawn on too many days: 1 day, 7 points lost",
		},
		{
			Reason{Set: FeatureSet1, Feature: SalesActiveMonths, Value: Known(3), Lost: 7},
			"有销售的月份偏少：有销售的月数为 3 个月，失 7 分",
			"Too few months with sales: 3 months, 7 points lost",
		},
		{
			Reason{Set: FeatureSet1, Feature: CashBufferDays, Lost: 9, StepGain: 9},
			"缺少“现金缓冲天数”所需的数据（银行余额、银行交易），失 9 分；补充后最多可加 9 分",
			`No data for "Days of outflow held in cash" (bank balance, bank transaction): 9 points lost; supplying it may win up to 9`,
		},
		{
			Reason{Set: FeatureSet2, Feature: MarketBaseRate, Lost: 9, StepGain: 9},
			"缺少“基准利率”所需的数据（市场指数），失 9 分；补充后最多可加 9 分",
			"No data for \"Base rate\" (indices of the market): 9 points lost; supplying it may win up to 9",
		},
		{Reason{Set: 3}, "", ""},
		{Reason{Set: FeatureSet1, Feature: featureCount1}, "", ""},
	} {
		if got := c.r.Text(Chinese); got != c.zh {
			t.Errorf("got  %s\nwant %s", got, c.zh)
		}
		if got := c.r.Text(English); got != c.en {
			t.Errorf("got  %s\nwant %s", got, c.en)
		}
	}
}

// TestWhatIfRefuses shows that a feature that does not exist cannot be changed.
func TestWhatIfRefuses(t *testing.T) {
	t.Parallel()
	features := []Value{{}, {}, {}}
	for _, index := range []int{-1, 3} {
		if _, err := twoTables().WhatIf(features, index, Known(1)); err == nil {
			t.Errorf("changed feature %d", index)
		}
	}
}
