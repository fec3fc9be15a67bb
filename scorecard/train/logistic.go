package train

import "math"

// regression is log odds good to bad = intercept + sum of coefficients times
// weights of evidence, none of them negative.
type regression struct {
	intercept    float64
	coefficients []float64
}

const (
	sweepsMax = 2_000
	tolerance = 1e-10
)

// regress maximises the log likelihood less ridge/2 * sum of squares over
// coefficients >= 0, one coordinate at a time. x is column-major. Each step is
// bounded by the curvature p(1-p) <= 1/4, so the objective never falls and the
// result is the one maximum, whatever the start.
func regress(x [][]float64, bad []bool, ridge float64) regression {
	n := len(bad)
	good := 0.0
	for _, b := range bad {
		if !b {
			good++
		}
	}
	r := regression{intercept: math.Log(good) - math.Log(float64(n)-good), coefficients: make([]float64, len(x))}
	logOdds := make([]float64, n)
	for i := range logOdds {
		logOdds[i] = r.intercept
	}
	for range sweepsMax {
		largest := math.Abs(r.stepIntercept(logOdds, bad))
		for j := range x {
			largest = max(largest, math.Abs(r.step(j, x[j], logOdds, bad, ridge)))
		}
		if largest < tolerance {
			break
		}
	}
	return r
}

func (r *regression) stepIntercept(logOdds []float64, bad []bool) float64 {
	gradient := 0.0
	for i, z := range logOdds {
		gradient += residual(logistic(z), bad[i])
	}
	d := gradient / (float64(len(bad)) / 4)
	r.intercept += d
	for i := range logOdds {
		logOdds[i] += d
	}
	return d
}

func (r *regression) step(j int, x, logOdds []float64, bad []bool, ridge float64) float64 {
	gradient, curvature := -float64(ridge*r.coefficients[j]), ridge
	for i, z := range logOdds {
		gradient += float64(residual(logistic(z), bad[i]) * x[i])
		curvature += float64(x[i] * x[i] / 4)
	}
	next := max(0, r.coefficients[j]+gradient/curvature)
	d := next - r.coefficients[j]
	if d == 0 {
		return 0
	}
	r.coefficients[j] = next
	for i := range logOdds {
		logOdds[i] += float64(d * x[i])
	}
	return d
}

func logistic(z float64) float64 { return 1 / (1 + math.Exp(-z)) }

func residual(p float64, bad bool) float64 {
	if bad {
		return -p
	}
	return 1 - p
}
