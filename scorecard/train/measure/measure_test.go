package measure

import (
	"math"
	"math/rand/v2"
	"testing"
)

func near(t *testing.T, name string, got, want, within float64) {
	t.Helper()
	if !(math.Abs(got-want) <= within) {
		t.Errorf("%s %.6f, want %.6f", name, got, want)
	}
}

// TestRankByHand compares AUC, KS and DeLong's error with values worked out by
// hand: bads at 3, 4, 5 and goods at 1, 2, 3, 3.
func TestRankByHand(t *testing.T) {
	t.Parallel()
	risk := []float64{3, 4, 5, 1, 2, 3, 3}
	bad := []bool{true, true, true, false, false, false, false}
	near(t, "AUC", AUC(risk, bad), 11.0/12, 1e-12) // 12 pairs, 2 of them ties
	near(t, "KS", KS(risk, bad), 2.0/3, 1e-12)
	// placements: bads 3/4, 1, 1; goods 1, 1, 5/6, 5/6
	bad0, other := 3.0/4-11.0/12, 1.0/12
	variance := (bad0*bad0+2*other*other)/2/3 + 4*other*other/3/4
	auc, se := DeLong(risk, bad)
	near(t, "AUC of DeLong", auc, 11.0/12, 1e-12)
	near(t, "standard error", se, math.Sqrt(variance), 1e-12)
}

// TestNoOutcome shows that figures that do not exist are not numbers.
func TestNoOutcome(t *testing.T) {
	t.Parallel()
	q := Of([]float64{1, 2, 3}, []bool{false, false, false}, 1)
	for name, v := range map[string]float64{"AUC": q.AUC, "KS": q.KS, "slope": q.Slope, "low": q.KSInterval.Low} {
		if !math.IsNaN(v) {
			t.Errorf("%s = %v without a bad row", name, v)
		}
	}
	if l := FitLine([]float64{1, 2, 3, 4}, []bool{false, false, true, true}); !math.IsNaN(l.Slope) {
		t.Errorf("outcomes parted by x have a slope of %v", l.Slope)
	}
}

// TestCalibration shows that true log odds have slope 1 and intercept 0 within
// their intervals, that doubled ones have slope one half, and the Brier score of a
// constant is p(1-p).
func TestCalibration(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 1))
	var z, twice, flat []float64
	var bad []bool
	for range 20_000 {
		x := r.NormFloat64() - 1
		z, twice, flat = append(z, x), append(twice, 2*x+1), append(flat, 0)
		bad = append(bad, r.Float64() < Probability(x))
	}
	q := Of(z, bad, 1)
	near(t, "slope", q.Slope, 1, 0.06)
	near(t, "intercept", q.Intercept, 0, 0.06)
	if q.SlopeInterval.Low > 1 || q.SlopeInterval.High < 1 || q.SlopeInterval.High-q.SlopeInterval.Low > 0.1 {
		t.Errorf("interval of the slope %v", q.SlopeInterval)
	}
	d := Of(twice, bad, 1)
	near(t, "slope of doubled log odds", d.Slope, q.Slope/2, 1e-6)
	near(t, "intercept of doubled log odds", d.Intercept, q.Intercept-q.Slope/2, 1e-6)
	near(t, "AUC after a monotone change", d.AUC, q.AUC, 1e-12)
	near(t, "Brier of one half", Of(flat, bad, 1).Brier, 0.25, 1e-12)
}

// TestIntervalsCover shows that the 95 % intervals of the AUC hold the true value
// in about 95 % of samples: two normals one deviation apart have an AUC of 0.7602.
func TestIntervalsCover(t *testing.T) {
	t.Parallel()
	const truth, samples = 0.76025, 300
	held := 0
	for s := range samples {
		r := rand.New(rand.NewPCG(uint64(s), 2))
		var z []float64
		var bad []bool
		for i := range 200 {
			b := i%4 == 0
			x := r.NormFloat64()
			if b {
				x++
			}
			z, bad = append(z, x), append(bad, b)
		}
		auc, se := DeLong(z, bad)
		if math.Abs(auc-truth) <= Z95*se {
			held++
		}
	}
	if share := float64(held) / samples; share < 0.91 || share > 0.985 {
		t.Errorf("the interval holds the truth in %.3f of samples", share)
	}
}

// TestCompare shows that the same score twice does not differ, and that a better
// one is told from a worse one.
func TestCompare(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 3))
	var a, b []float64
	var bad []bool
	for range 1_500 {
		x := r.NormFloat64()
		a, b = append(a, x), append(b, x+2*r.NormFloat64())
		bad = append(bad, r.Float64() < Probability(1.5*x-1))
	}
	if c := Compare(a, a, bad, 1); c.Difference != 0 || c.P != 1 || c.Bootstrap != (Interval{}) {
		t.Errorf("the same score: %+v", c)
	}
	c := Compare(a, b, bad, 1)
	if c.P > 1e-6 || c.DeLong.Low < 0.05 || math.Abs(c.Bootstrap.Low-c.DeLong.Low) > 0.02 || math.Abs(c.Bootstrap.High-c.DeLong.High) > 0.02 {
		t.Errorf("a better and a worse score: %+v", c)
	}
}

// TestPSIByHand compares the index with a value worked out by hand.
func TestPSIByHand(t *testing.T) {
	t.Parallel()
	got := PSIOf([]float64{49.5, 49.5}, []float64{79.5, 19.5})
	near(t, "PSI", got, 0.3*math.Log(1.6)-0.3*math.Log(0.4), 1e-12)
	same := []float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}
	near(t, "PSI of the same sample", PSI(same, same), 0, 1e-12)
	if !math.IsNaN(PSI(nil, same)) {
		t.Error("PSI against nothing")
	}
}

// TestWilson compares with published values: 10 of 100 is 0.0552 to 0.1744.
func TestWilson(t *testing.T) {
	t.Parallel()
	i := Wilson(10, 100)
	near(t, "low", i.Low, 0.0552, 5e-5)
	near(t, "high", i.High, 0.1744, 5e-5)
}
