package woe

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestSmooth shows that a planted slope over the normal score comes back, that
// missing keeps evidence of its own, and that a slope against the direction is
// flat.
func TestSmooth(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 1))
	const bins, rows = 20, 4_000
	counts := make([]Count, bins+1)
	counts[0] = Count{100, 100}
	for b := 1; b <= bins; b++ {
		x := math.Sqrt2 * math.Erfinv(2*(float64(b)-0.5)/bins-1)
		for range rows {
			if r.Float64() < 1/(1+math.Exp(2-0.8*x)) {
				counts[b].Bad++
			} else {
				counts[b].Good++
			}
		}
	}
	d := Smooth(counts, Either, 20)
	x := normalScores(counts)
	for b := 2; b <= bins; b++ {
		if slope := (d.Evidence[b] - d.Evidence[b-1]) / (x[b] - x[b-1]); math.Abs(slope-0.8) > 0.03 {
			t.Fatalf("slope %.3f at bin %d, planted 0.8", slope, b)
		}
	}
	var all Count
	for _, c := range counts {
		all = all.plus(c)
	}
	if want := evidence(counts[0], all, 20); d.Evidence[0] != want || want < 1 {
		t.Errorf("missing has %.3f, want %.3f", d.Evidence[0], want)
	}
	if d.Information <= 0 {
		t.Errorf("information %f", d.Information)
	}
	against := Smooth(counts, Falling, 20)
	for b := 1; b <= bins; b++ {
		if against.Evidence[b] != 0 {
			t.Fatalf("against its direction bin %d has %.3f", b, against.Evidence[b])
		}
	}
}

// TestSmoothFinite shows that no outcome or only one in the present rows, empty
// bins, or a column that parts outcomes gives finite evidence.
func TestSmoothFinite(t *testing.T) {
	t.Parallel()
	for name, counts := range map[string][]Count{
		"all missing": {{50, 10}},
		"no bads":     {{5, 10}, {20, 0}, {20, 0}},
		"parted":      {{0, 0}, {500, 0}, {0, 500}},
		"empty bins":  {{0, 0}, {0, 0}, {30, 10}, {0, 0}},
	} {
		for _, d := range []Division{Smooth(counts, Either, 20), Shrunk(counts, 0.5)} {
			if len(d.Evidence) != len(counts) {
				t.Fatalf("%s: %d weights", name, len(d.Evidence))
			}
			for b, e := range d.Evidence {
				if math.IsNaN(e) || math.IsInf(e, 0) {
					t.Errorf("%s: bin %d has %v", name, b, e)
				}
			}
		}
	}
}

// TestMix shows that a mixture lies between its parts, bin by bin.
func TestMix(t *testing.T) {
	t.Parallel()
	counts := []Count{{10, 5}, {80, 20}, {60, 30}, {40, 60}}
	a := Divide(counts, Either, Limits{PartsMax: 2, RowsMin: 10, Shrink: 5})
	b := Smooth(counts, Either, 5)
	m := Mix(a, b, 0.25)
	for k := range counts {
		if want := 0.75*a.Evidence[a.Part[k]] + 0.25*b.Evidence[k]; math.Abs(m.Evidence[m.Part[k]]-want) > 1e-12 {
			t.Errorf("bin %d: %f, want %f", k, m.Evidence[m.Part[k]], want)
		}
	}
}
