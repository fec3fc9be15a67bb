package measure

import "math"

// Line is a logistic regression of outcomes on one predictor.
type Line struct {
	Slope, Intercept           float64
	SlopeError, InterceptError float64 // standard errors
}

// FitLine fits log odds of bad = Slope × x + Intercept by damped Newton steps.
// All is NaN where no finite line is best: outcomes all alike or parted by x,
// or x constant.
func FitLine(x []float64, bad []bool) Line {
	none := Line{math.NaN(), math.NaN(), math.NaN(), math.NaN()}
	slope, intercept := 0.0, 0.0
	loss := lineLoss(x, bad, slope, intercept)
	for range 100 {
		var gs, gi, hss, hsi, hii float64
		for i, v := range x {
			p := Probability(slope*v + intercept)
			w := p * (1 - p)
			if bad[i] {
				p--
			}
			gs, gi = gs+p*v, gi+p
			hss, hsi, hii = hss+w*v*v, hsi+w*v, hii+w
		}
		det := hss*hii - hsi*hsi
		if !(det > 1e-10*hss*hii) || !(hii > 1e-9) {
			return none
		}
		ds, di := (hii*gs-hsi*gi)/det, (hss*gi-hsi*gs)/det
		step := 1.0
		next := loss
		for ; step > 1e-6; step /= 2 {
			if next = lineLoss(x, bad, slope-step*ds, intercept-step*di); next <= loss {
				break
			}
		}
		slope, intercept = slope-step*ds, intercept-step*di
		if math.Abs(slope) > 1e4 {
			return none
		}
		if math.Abs(ds)+math.Abs(di) < 1e-9 || step <= 1e-6 {
			return Line{slope, intercept, math.Sqrt(hii / det), math.Sqrt(hss / det)}
		}
		loss = next
	}
	return none
}

func lineLoss(x []float64, bad []bool, slope, intercept float64) float64 {
	sum := 0.0
	for i, v := range x {
		z := slope*v + intercept
		if bad[i] {
			z = -z
		}
		sum += softplus(z)
	}
	return sum
}

func softplus(z float64) float64 {
	if z > 0 {
		return z + math.Log1p(math.Exp(-z))
	}
	return math.Log1p(math.Exp(z))
}
