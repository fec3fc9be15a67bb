package woe

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestDivideIsBest compares the dynamic programme with every monotone division
// there is, on random small tables.
func TestDivideIsBest(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		bins := []Count{{3, 1}}
		for range 3 + r.IntN(6) {
			bins = append(bins, Count{float64(r.IntN(30)), float64(1 + r.IntN(10))})
		}
		l := Limits{PartsMax: 4, RowsMin: 8, Penalty: 0.5, Shrink: 5}
		for _, d := range []Direction{Rising, Falling} {
			_, got := divide(bins, d, l)
			if want := exhaustive(bins, d, l); math.Abs(got-want) > 1e-6 && !(math.IsInf(got, -1) && math.IsInf(want, -1)) {
				t.Fatalf("seed %d, direction %d: objective %f, best %f", seed, d, got, want)
			}
		}
	}
}

func exhaustive(bins []Count, d Direction, l Limits) float64 {
	n, best := len(bins)-1, math.Inf(-1)
	for mask := range 1 << (n - 1) {
		var parts []Count
		for b := 1; b <= n; b++ {
			if b == 1 || mask>>(b-2)&1 == 1 {
				parts = append(parts, Count{})
			}
			parts[len(parts)-1] = parts[len(parts)-1].plus(bins[b])
		}
		value, ok := 0.0, len(parts) <= l.PartsMax
		for k, p := range parts {
			value += p.logLikelihood()
			ok = ok && p.rows() >= l.RowsMin && (k == 0 || (p.rate()-parts[k-1].rate())*float64(d) > 0)
		}
		if ok {
			best = max(best, value-l.Penalty*float64(len(parts)-1))
		}
	}
	return best
}

// TestEvidence compares weights with values by hand, and shows that parts are in
// the order of risk.
func TestEvidence(t *testing.T) {
	t.Parallel()
	d := Divide([]Count{{0, 0}, {80, 20}, {81, 19}, {40, 60}}, Either, Limits{PartsMax: 5, RowsMin: 10, Penalty: 1})
	if !slices.Equal(d.Part, []int{0, 1, 1, 2}) {
		t.Fatalf("parts %v", d.Part)
	}
	want := math.Log(39.0/161) - math.Log(99.0/201)
	if math.Abs(d.Evidence[1]-want) > 1e-12 || d.Evidence[2] <= d.Evidence[1] {
		t.Errorf("evidence %v, want %f first", d.Evidence, want)
	}
}

// TestRegress shows that coefficients of planted effects come back, that one with
// the wrong sign is held at zero, and that a ridge shrinks.
func TestRegress(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(4, 4))
	const n = 20_000
	x := [][]float64{make([]float64, n), make([]float64, n), make([]float64, n)}
	bad := make([]bool, n)
	for i := range n {
		for j := range x {
			x[j][i] = r.NormFloat64()
		}
		bad[i] = r.Float64() < 1/(1+math.Exp(2-x[0][i]-0.5*x[1][i]+0.7*x[2][i]))
	}
	m := Regress(x, bad, 1e-6)
	c := m.Coefficients
	if c[2] != 0 || math.Abs(c[0]/c[1]-2) > 0.3 || c[0] < 0.8 || c[0] > 1.1 {
		t.Errorf("coefficients %v, planted 1, 0.5 and -0.7", c)
	}
	if s := Regress(x, bad, 10_000).Coefficients; s[0] >= c[0]/2 {
		t.Errorf("a large ridge leaves %f of %f", s[0], c[0])
	}
}
