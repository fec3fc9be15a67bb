package woe

import "math"

// smoothRidge keeps the slope of a column finite that parts outcomes.
const smoothRidge = 1

// Smooth gives each bin the log odds, against the average, of a regression of
// outcomes on the normal score of the bin's middle rank: one number for a whole
// column, where a division has one for each part, so that it is steadier on few
// rows and keeps apart what a part would join. A slope against the direction is
// zero. Missing has its own shrunk weight of evidence.
func Smooth(bins []Count, direction Direction, shrink float64) Division {
	d := Shrunk(bins, shrink)
	x := normalScores(bins)
	slope, intercept := line(bins, x)
	if slope*float64(direction) < 0 {
		slope = 0
	}
	var all Count
	for _, c := range bins {
		all = all.plus(c)
	}
	level := 0.0
	if slope != 0 {
		level = intercept - math.Log(all.Bad) + math.Log(all.Good)
	}
	for b := 1; b < len(bins); b++ {
		d.Evidence[b] = level + slope*x[b]
	}
	d.Information = information(bins, all, d.Evidence)
	return d
}

// Shrunk gives each bin its own weight of evidence, shrink average rows added.
func Shrunk(bins []Count, shrink float64) Division {
	var all Count
	for _, c := range bins {
		all = all.plus(c)
	}
	d := Division{Part: make([]int, len(bins)), Evidence: make([]float64, len(bins))}
	for b, c := range bins {
		d.Part[b] = b
		d.Evidence[b] = evidence(c, all, shrink)
	}
	d.Information = information(bins, all, d.Evidence)
	return d
}

// Mix is the mean of two divisions' evidence, share of it the second's, bin by bin.
func Mix(a, b Division, share float64) Division {
	m := Division{Part: make([]int, len(a.Part)), Evidence: make([]float64, len(a.Part))}
	for k := range a.Part {
		m.Part[k] = k
		m.Evidence[k] = (1-share)*a.Evidence[a.Part[k]] + share*b.Evidence[b.Part[k]]
	}
	m.Information = (1-share)*a.Information + share*b.Information
	return m
}

// evidence is a bin's log odds against the average, shrink average rows added.
func evidence(c, all Count, shrink float64) float64 {
	good := c.Good + shrink*all.Good/all.rows()
	bad := c.Bad + shrink*all.Bad/all.rows()
	if good == 0 && bad == 0 {
		return 0
	}
	return math.Log(bad) - math.Log(good) - math.Log(all.Bad) + math.Log(all.Good)
}

func information(bins []Count, all Count, evidence []float64) float64 {
	sum := 0.0
	for b, c := range bins {
		sum += (c.Bad/all.Bad - c.Good/all.Good) * evidence[b]
	}
	return sum
}

// normalScores are, for each present bin, the standard normal quantile at its
// middle rank.
func normalScores(bins []Count) []float64 {
	total, below := 0.0, 0.0
	for _, c := range bins[1:] {
		total += c.rows()
	}
	x := make([]float64, len(bins))
	for b := 1; b < len(bins); b++ {
		rank := (below + bins[b].rows()/2 + 0.5) / (total + 1)
		x[b] = math.Sqrt2 * math.Erfinv(2*rank-1)
		below += bins[b].rows()
	}
	return x
}

// line fits log odds of bad = slope × x + intercept to present bins by damped
// Newton steps, with a small ridge on the slope.
func line(bins []Count, x []float64) (slope, intercept float64) {
	var all Count
	for _, c := range bins[1:] {
		all = all.plus(c)
	}
	const half = 0.5
	intercept = math.Log(all.Bad+half) - math.Log(all.Good+half)
	if all.Good == 0 || all.Bad == 0 {
		return 0, intercept
	}
	loss := func(s, i float64) float64 {
		sum := smoothRidge / 2 * s * s
		for b := 1; b < len(bins); b++ {
			z := s*x[b] + i
			sum += bins[b].Good*softplus(z) + bins[b].Bad*softplus(-z)
		}
		return sum
	}
	now := loss(slope, intercept)
	for range 30 {
		gs, hss := smoothRidge*slope, float64(smoothRidge)
		var gi, hsi, hii float64
		for b := 1; b < len(bins); b++ {
			n := bins[b].rows()
			p := 1 / (1 + math.Exp(-slope*x[b]-intercept))
			r, w := n*p-bins[b].Bad, n*p*(1-p)
			gs, gi = gs+r*x[b], gi+r
			hss, hsi, hii = hss+w*x[b]*x[b], hsi+w*x[b], hii+w
		}
		det := hss*hii - hsi*hsi
		if !(det > 0) {
			break
		}
		ds, di := (hii*gs-hsi*gi)/det, (hss*gi-hsi*gs)/det
		step, next := 1.0, now
		for ; step > 1e-4; step /= 2 {
			if next = loss(slope-step*ds, intercept-step*di); next <= now {
				break
			}
		}
		if step <= 1e-4 {
			break
		}
		slope, intercept = slope-step*ds, intercept-step*di
		if now-next < 1e-9 {
			break
		}
		now = next
	}
	return slope, intercept
}

func softplus(z float64) float64 {
	if z > 0 {
		return z + math.Log1p(math.Exp(-z))
	}
	return math.Log1p(math.Exp(z))
}
