package workbench

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/xinlian/xinlian/scorecard/train/measure"
	"github.com/xinlian/xinlian/scorecard/train/table"
)

// groups makes rows of four regions with true log odds of default, and what a
// model says of them after wrong has had its way.
func groups(seed uint64, wrong func(region int, z float64) float64) (t *table.Table, logOdds []float64, bad []bool) {
	r := rand.New(rand.NewPCG(seed, 3))
	t = &table.Table{Names: []string{"region"}, Cells: make([][]string, 1)}
	for range 8_000 {
		region, z := r.IntN(4), -1+r.NormFloat64()
		t.Cells[0] = append(t.Cells[0], fmt.Sprintf("region %d", region))
		logOdds, bad = append(logOdds, wrong(region, z)), append(bad, r.Float64() < measure.Probability(z))
	}
	t.Rows = len(bad)
	return t, logOdds, bad
}

func alarms(t *testing.T, rows *table.Table, logOdds []float64, bad []bool) map[string]string {
	t.Helper()
	segments, err := Segments(rows, "region", logOdds, bad)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, s := range segments {
		if len(s.Alarms) > 0 {
			found[s.Group] = strings.Join(s.Alarms, "; ")
		}
	}
	return found
}

// TestFairness shows that each planted unfairness raises its own alarm for the
// group that suffers it and for no other, and that a fair model raises none on
// twenty populations.
func TestFairness(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		rows, z, bad := groups(seed, func(_ int, z float64) float64 { return z })
		if got := alarms(t, rows, z, bad); len(got) > 0 {
			t.Errorf("fair, seed %d: %v", seed, got)
		}
	}
	r := rand.New(rand.NewPCG(9, 9))
	for name, c := range map[string]struct {
		wrong func(region int, z float64) float64
		want  []string
	}{
		"a surcharge for being of region 2": {func(g int, z float64) float64 {
			if g == 2 {
				return z + 1
			}
			return z
		}, []string{"of the group pass", "good rows pass", "overstated"}},
		"region 2 is flattered": {func(g int, z float64) float64 {
			if g == 2 {
				return z - 0.5
			}
			return z
		}, []string{"understated"}},
		"noise for region 2": {func(g int, z float64) float64 {
			if g == 2 {
				return -0.8 + 0.4*r.NormFloat64()
			}
			return z
		}, []string{"orders it worse"}},
	} {
		rows, z, bad := groups(1, c.wrong)
		got := alarms(t, rows, z, bad)
		for _, want := range c.want {
			if !strings.Contains(got["region 2"], want) {
				t.Errorf("%s: %q lacks %q", name, got["region 2"], want)
			}
		}
		if name == "a surcharge for being of region 2" && len(got) != 1 {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestSmallGroups shows that a group of few rows is shown and raises no alarm,
// nor sets the bar for others, however it came out.
func TestSmallGroups(t *testing.T) {
	t.Parallel()
	rows, z, bad := groups(2, func(_ int, z float64) float64 { return z })
	for i := range 10 {
		rows.Cells[0][i], z[i], bad[i] = "tiny", 5, false
	}
	for i := 10; i < 20; i++ {
		rows.Cells[0][i], z[i], bad[i] = "lucky", -9, false
	}
	segments, err := Segments(rows, "region", z, bad)
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(segments, func(s Segment) bool { return s.Group == "tiny" })
	if at < 0 || segments[at].N != 10 || segments[at].Passed != 0 {
		t.Fatalf("segments %+v", segments)
	}
	for _, s := range segments {
		if len(s.Alarms) > 0 {
			t.Errorf("%s: %q", s.Group, s.Alarms)
		}
	}
}

// TestSegmentFigures compares the figures of a group with values by hand.
func TestSegmentFigures(t *testing.T) {
	t.Parallel()
	rows := &table.Table{Names: []string{"g"}, Cells: [][]string{{"a", "a", "a", "a", "b", "b", "b", "b"}}, Rows: 8}
	z := []float64{-2, -1, 1, 2, -2.5, -3, -4, 3}
	bad := []bool{false, true, false, true, false, false, false, true}
	got, err := Segments(rows, "g", z, bad)
	if err != nil {
		t.Fatal(err)
	}
	// the median of all eight is -1: a passes 1 of 4, b 3 of 4; good rows 1 of 2 and 3 of 3
	a := got[0]
	if a.Passed != 0.25 || a.GoodsPassed != 0.5 || a.AUC != 0.75 || a.BadRate != 0.5 {
		t.Errorf("a: %+v", a)
	}
	if math.Abs(float64(a.Ratio)-1.0/3) > 1e-12 || math.Abs(float64(a.GoodsRatio)-0.5) > 1e-12 {
		t.Errorf("a: ratios %v and %v, want 1/3 and 1/2", a.Ratio, a.GoodsRatio)
	}
}

// TestSegmentPSI shows that a shift within one group is seen there alone, and a
// group that appears is shown without an index.
func TestSegmentPSI(t *testing.T) {
	t.Parallel()
	before, a, _ := groups(4, func(_ int, z float64) float64 { return z })
	now, b, _ := groups(5, func(g int, z float64) float64 {
		if g == 1 {
			return z + 1
		}
		return z
	})
	now.Cells[0][0] = "new"
	got, err := segmentPSI(before, now, "region", a, b)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range got {
		switch moved := float64(s.Score); {
		case s.Group == "new" && (!math.IsNaN(moved) || s.Before != 0 || s.Now != 1),
			s.Group == "region 1" && !(moved > 0.25),
			s.Group != "new" && s.Group != "region 1" && !(moved < 0.1):
			t.Errorf("%+v", s)
		}
	}
	if len(got) != 5 {
		t.Errorf("%d groups", len(got))
	}
}
