package measure

import (
	"cmp"
	"math"
	"slices"
)

// Z95 is the normal quantile of a two-sided interval of 95 %.
const Z95 = 1.959963984540054

// Interval is a 95 % interval.
type Interval struct{ Low, High float64 }

// ranking is rows in the order of risk, with where ties end.
type ranking struct {
	order []int32
	ends  []int32 // one past the last place of each group of equal risk
	bad   []bool
}

func rank(risk []float64, bad []bool) ranking {
	r := ranking{order: make([]int32, len(risk)), bad: bad}
	for i := range r.order {
		r.order[i] = int32(i)
	}
	slices.SortStableFunc(r.order, func(a, b int32) int { return cmp.Compare(risk[a], risk[b]) })
	for k := range r.order {
		if k+1 == len(r.order) || risk[r.order[k]] != risk[r.order[k+1]] {
			r.ends = append(r.ends, int32(k+1))
		}
	}
	return r
}

// measure is AUC and KS with each row counted weight times; nil is once.
func (r ranking) measure(weight []float64) (auc, ks float64) {
	var goods, bads float64
	for i, b := range r.bad {
		w := 1.0
		if weight != nil {
			w = weight[i]
		}
		if b {
			bads += w
		} else {
			goods += w
		}
	}
	if goods == 0 || bads == 0 {
		return math.NaN(), math.NaN()
	}
	var pairs, below, belowBad float64
	k := int32(0)
	for _, end := range r.ends {
		var g, b float64
		for ; k < end; k++ {
			i := r.order[k]
			w := 1.0
			if weight != nil {
				w = weight[i]
			}
			if r.bad[i] {
				b += w
			} else {
				g += w
			}
		}
		pairs += b * (below + g/2)
		below, belowBad = below+g, belowBad+b
		ks = max(ks, below/goods-belowBad/bads)
	}
	return pairs / goods / bads, ks
}

// AUC is the chance that a bad row has a higher risk than a good one, ties
// counting half.
func AUC(risk []float64, bad []bool) float64 {
	auc, _ := rank(risk, bad).measure(nil)
	return auc
}

// KS is the greatest distance between the distributions of risk of goods and bads.
func KS(risk []float64, bad []bool) float64 {
	_, ks := rank(risk, bad).measure(nil)
	return ks
}

// placements are, for each row, the share of the other outcome's rows on its
// right side: of goods below it for a bad, of bads above it for a good.
func (r ranking) placements() []float64 {
	v := make([]float64, len(r.bad))
	var goods, bads float64
	for _, b := range r.bad {
		if b {
			bads++
		} else {
			goods++
		}
	}
	var below, belowBad float64
	k := int32(0)
	for _, end := range r.ends {
		var g, b float64
		for _, i := range r.order[k:end] {
			if r.bad[i] {
				b++
			} else {
				g++
			}
		}
		for ; k < end; k++ {
			if i := r.order[k]; r.bad[i] {
				v[i] = (below + g/2) / goods
			} else {
				v[i] = (bads - belowBad - b/2) / bads
			}
		}
		below, belowBad = below+g, belowBad+b
	}
	return v
}

// DeLong is the AUC's standard error after DeLong, DeLong and Clarke-Pearson
// (Biometrics 1988).
func DeLong(risk []float64, bad []bool) (auc, standardError float64) {
	r := rank(risk, bad)
	auc, _ = r.measure(nil)
	p := r.placements()
	return auc, math.Sqrt(covariance(p, p, bad))
}

// covariance of two AUCs from their placements; equal ones give the variance.
func covariance(p, q []float64, bad []bool) float64 {
	var n, mp, mq [2]float64
	side := func(i int) int {
		if bad[i] {
			return 1
		}
		return 0
	}
	for i := range p {
		s := side(i)
		n[s]++
		mp[s] += p[i]
		mq[s] += q[i]
	}
	if n[0] < 2 || n[1] < 2 {
		return math.NaN()
	}
	var c [2]float64
	for i := range p {
		s := side(i)
		c[s] += (p[i] - mp[s]/n[s]) * (q[i] - mq[s]/n[s])
	}
	return c[0]/(n[0]-1)/n[0] + c[1]/(n[1]-1)/n[1]
}

// Comparison is of two scores on the same rows.
type Comparison struct {
	A, B, Difference float64 // AUC, A less B
	Bootstrap        Interval
	DeLong           Interval
	P                float64 // two-sided, of no difference, by DeLong
}

// Compare compares the AUC of two scores on the same rows: DeLong's paired test
// and a bootstrap of rows.
func Compare(a, b []float64, bad []bool, seed uint64) Comparison {
	ra, rb := rank(a, bad), rank(b, bad)
	c := Comparison{}
	c.A, _ = ra.measure(nil)
	c.B, _ = rb.measure(nil)
	c.Difference = c.A - c.B
	pa, pb := ra.placements(), rb.placements()
	se := math.Sqrt(max(0, covariance(pa, pa, bad)+covariance(pb, pb, bad)-2*covariance(pa, pb, bad)))
	c.DeLong = Interval{c.Difference - Z95*se, c.Difference + Z95*se}
	c.P = 1
	if se > 0 {
		c.P = math.Erfc(math.Abs(c.Difference) / se / math.Sqrt2)
	}
	d := bootstrap(len(bad), seed, 1, func(w []float64, out []float64) {
		x, _ := ra.measure(w)
		y, _ := rb.measure(w)
		out[0] = x - y
	})
	c.Bootstrap = percentile(d[0])
	return c
}
