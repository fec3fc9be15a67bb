package woe

import "math"

// Regression is log odds of default = Intercept + Σ Coefficients × column.
type Regression struct {
	Intercept    float64
	Coefficients []float64 // none negative
}

// Regress maximises the log likelihood less ridge/2 × the sum of squares over
// coefficients that are not negative: Newton steps, each a quadratic programme
// solved one coordinate at a time. x is by column; columns should be centred on
// zero, as weights of evidence nearly are.
func Regress(x [][]float64, bad []bool, ridge float64) Regression {
	n, p := len(bad), len(x)
	bads := 0.0
	for _, b := range bad {
		if b {
			bads++
		}
	}
	r := Regression{Intercept: math.Log(bads) - math.Log(float64(n)-bads), Coefficients: make([]float64, p)}
	z := make([]float64, n)
	w := make([]float64, n)
	loss := math.Inf(1)
	for range 50 {
		next := r.score(x, bad, ridge, z)
		if loss-next < 1e-8*(1+math.Abs(next)) {
			break
		}
		loss = next
		g := make([]float64, p+1) // the last is the intercept
		for i := range z {
			q := 1 / (1 + math.Exp(-z[i]))
			w[i] = max(q*(1-q), 1e-6)
			if bad[i] {
				q--
			}
			z[i] = q
			g[p] += q
		}
		h := curvature(x, w, ridge)
		for j := range x {
			g[j] = ridge * r.Coefficients[j]
			for i, v := range x[j] {
				g[j] += z[i] * v
			}
		}
		r.step(x, bad, ridge, g, h, loss, z)
	}
	return r
}

// score is the penalised loss; z takes the log odds.
func (r *Regression) score(x [][]float64, bad []bool, ridge float64, z []float64) float64 {
	for i := range z {
		z[i] = r.Intercept
	}
	loss := 0.0
	for j, c := range r.Coefficients {
		if c == 0 {
			continue
		}
		loss += ridge / 2 * c * c
		for i, v := range x[j] {
			z[i] += c * v
		}
	}
	for i, v := range z {
		if bad[i] {
			v = -v
		}
		if v > 0 {
			loss += v + math.Log1p(math.Exp(-v))
		} else {
			loss += math.Log1p(math.Exp(v))
		}
	}
	return loss
}

func curvature(x [][]float64, w []float64, ridge float64) [][]float64 {
	p := len(x)
	h := make([][]float64, p+1)
	for j := range h {
		h[j] = make([]float64, p+1)
	}
	wx := make([]float64, len(w))
	for j := range x {
		for i, v := range x[j] {
			wx[i] = w[i] * v
			h[j][p] += wx[i]
		}
		for k := 0; k <= j; k++ {
			sum := 0.0
			for i, v := range x[k] {
				sum += wx[i] * v
			}
			h[j][k], h[k][j] = sum, sum
		}
		h[p][j] = h[j][p]
		h[j][j] += ridge
	}
	for _, v := range w {
		h[p][p] += v
	}
	return h
}

// step moves to the best point of the quadratic model, or part of the way where
// that does not lower the loss.
func (r *Regression) step(x [][]float64, bad []bool, ridge float64, g []float64, h [][]float64, loss float64, z []float64) {
	p := len(x)
	d := make([]float64, p+1)
	slope := append([]float64(nil), g...) // of the quadratic model at d
	for range 1_000 {
		largest := 0.0
		for j := 0; j <= p; j++ {
			to := d[j] - slope[j]/h[j][j]
			if j < p {
				to = max(to, -r.Coefficients[j])
			}
			by := to - d[j]
			if by == 0 {
				continue
			}
			d[j] = to
			for k := range slope {
				slope[k] += h[j][k] * by
			}
			largest = max(largest, math.Abs(by))
		}
		if largest < 1e-10 {
			break
		}
	}
	start := Regression{r.Intercept, append([]float64(nil), r.Coefficients...)}
	for t := 1.0; t > 1e-4; t /= 2 {
		for j := range x {
			r.Coefficients[j] = start.Coefficients[j] + t*d[j]
		}
		r.Intercept = start.Intercept + t*d[p]
		if r.score(x, bad, ridge, z) <= loss {
			return
		}
	}
	*r = start
}
