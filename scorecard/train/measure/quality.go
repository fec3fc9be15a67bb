package measure

import (
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// Quality is every figure of a score on rows with known outcomes.
type Quality struct {
	N, Bads           int
	AUC, Gini, KS     float64
	Brier             float64 // mean squared error of the probability
	Slope, Intercept  float64 // log odds of outcome = Slope × predicted log odds + Intercept
	MeanPD            float64
	AUCInterval       Interval // DeLong
	GiniInterval      Interval // DeLong
	KSInterval        Interval // bootstrap of rows, percentile
	BrierInterval     Interval // bootstrap of rows, percentile
	SlopeInterval     Interval // Wald
	InterceptInterval Interval // Wald
	BootstrapSamples  int
	CalibrationError  float64 // expected calibration error: mean distance of rate and probability over ten groups
}

// Of measures log odds of default, predicted, against outcomes.
func Of(logOdds []float64, bad []bool, seed uint64) Quality {
	q := Quality{N: len(bad)}
	risk := make([]float64, len(bad))
	loss := make([]float64, len(bad))
	for i, z := range logOdds {
		risk[i] = Probability(z)
		e := risk[i]
		if bad[i] {
			q.Bads++
			e = 1 - e
		}
		loss[i] = e * e
		q.Brier += loss[i] / float64(len(bad))
		q.MeanPD += risk[i] / float64(len(bad))
	}
	r := rank(logOdds, bad)
	q.AUC, q.KS = r.measure(nil)
	q.Gini = 2*q.AUC - 1
	p := r.placements()
	se := math.Sqrt(covariance(p, p, bad))
	q.AUCInterval = Interval{max(0, q.AUC-Z95*se), min(1, q.AUC+Z95*se)}
	q.GiniInterval = Interval{2*q.AUCInterval.Low - 1, 2*q.AUCInterval.High - 1}
	l := FitLine(logOdds, bad)
	q.Slope, q.Intercept = l.Slope, l.Intercept
	q.SlopeInterval = Interval{l.Slope - Z95*l.SlopeError, l.Slope + Z95*l.SlopeError}
	q.InterceptInterval = Interval{l.Intercept - Z95*l.InterceptError, l.Intercept + Z95*l.InterceptError}
	draws := bootstrap(len(bad), seed, 2, func(w, out []float64) {
		_, out[0] = r.measure(w)
		for i, x := range loss {
			out[1] += w[i] * x / float64(len(loss))
		}
	})
	q.BootstrapSamples = len(draws[0])
	q.KSInterval, q.BrierInterval = percentile(draws[0]), percentile(draws[1])
	for _, g := range Groups(logOdds, bad, 10) {
		q.CalibrationError += math.Abs(g.Rate-g.MeanPD) * float64(g.N) / float64(len(bad))
	}
	return q
}

// Probability of log odds.
func Probability(z float64) float64 { return 1 / (1 + math.Exp(-z)) }

// LogOdds of a probability.
func LogOdds(p float64) float64 { return math.Log(p) - math.Log1p(-p) }

// Group is neighbouring rows by predicted risk.
type Group struct {
	N, Bads      int
	MeanPD, Rate float64
	Interval     Interval // of Rate, Wilson
}

// Groups cuts rows in n groups of about equal size by predicted risk; equal
// predictions stay together.
func Groups(logOdds []float64, bad []bool, n int) []Group {
	r := rank(logOdds, bad)
	var groups []Group
	var g Group
	k := int32(0)
	for _, end := range r.ends {
		for ; k < end; k++ {
			i := r.order[k]
			g.N++
			g.MeanPD += Probability(logOdds[i])
			if bad[i] {
				g.Bads++
			}
		}
		if int(end)*n >= (len(groups)+1)*len(bad) || int(end) == len(bad) {
			g.MeanPD /= float64(g.N)
			g.Rate = float64(g.Bads) / float64(g.N)
			g.Interval = Wilson(g.Bads, g.N)
			groups, g = append(groups, g), Group{}
		}
	}
	return groups
}

// Wilson is the score interval of a share.
func Wilson(hits, n int) Interval {
	if n == 0 {
		return Interval{math.NaN(), math.NaN()}
	}
	p, m, z2 := float64(hits)/float64(n), float64(n), Z95*Z95
	middle := (p + z2/(2*m)) / (1 + z2/m)
	half := Z95 / (1 + z2/m) * math.Sqrt(p*(1-p)/m+z2/(4*m*m))
	return Interval{max(0, middle-half), min(1, middle+half)}
}

// bootstrap draws rows with replacement and returns each of f's figures over the
// draws. f gets how often each row was drawn. Fewer draws where there are many rows.
func bootstrap(n int, seed uint64, figures int, f func(weight, out []float64)) [][]float64 {
	draws := min(1_000, max(200, 20_000_000/max(n, 1)))
	all := make([][]float64, figures)
	for k := range all {
		all[k] = make([]float64, draws)
	}
	var next atomic.Int64
	var wait sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wait.Go(func() {
			weight, out := make([]float64, n), make([]float64, figures)
			for d := int(next.Add(1)) - 1; d < draws; d = int(next.Add(1)) - 1 {
				r := rand.New(rand.NewPCG(seed, uint64(d)))
				clear(weight)
				clear(out)
				for range n {
					weight[r.IntN(n)]++
				}
				f(weight, out)
				for k, v := range out {
					all[k][d] = v
				}
			}
		})
	}
	wait.Wait()
	return all
}

// percentile is the 2.5th to the 97.5th percentile of draws; draws without a
// figure do not count.
func percentile(draws []float64) Interval {
	d := slices.DeleteFunc(slices.Clone(draws), math.IsNaN)
	if len(d) == 0 {
		return Interval{math.NaN(), math.NaN()}
	}
	slices.Sort(d)
	at := func(p float64) float64 {
		x := p * float64(len(d)-1)
		k := int(x)
		if k+1 == len(d) {
			return d[k]
		}
		return d[k] + (x-float64(k))*(d[k+1]-d[k])
	}
	return Interval{at(0.025), at(0.975)}
}
