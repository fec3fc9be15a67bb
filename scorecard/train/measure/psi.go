package measure

import (
	"math"
	"slices"
)

// PSI is the population stability index of a score between two samples: the sum
// over groups of (share now − share before) × log(share now / share before), over
// ten groups of equal size in before. Half a row is added to each group, so that
// an empty one is not infinite. Below 0.1 is stable, above 0.25 has moved.
func PSI(before, now []float64) float64 {
	if len(before) == 0 || len(now) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(before))
	var cuts []float64
	for k := 1; k < 10; k++ {
		if c := sorted[k*len(sorted)/10]; c > sorted[0] && (len(cuts) == 0 || c > cuts[len(cuts)-1]) {
			cuts = append(cuts, c)
		}
	}
	count := func(values []float64) []float64 {
		n := make([]float64, len(cuts)+1)
		for _, v := range values {
			k, equal := slices.BinarySearch(cuts, v)
			if equal {
				k++
			}
			n[k]++
		}
		return n
	}
	return PSIOf(count(before), count(now))
}

// PSIOf is the index over given counts by group.
func PSIOf(before, now []float64) float64 {
	const half = 0.5
	var nb, nn float64
	for k := range before {
		nb, nn = nb+before[k]+half, nn+now[k]+half
	}
	sum := 0.0
	for k := range before {
		b, n := (before[k]+half)/nb, (now[k]+half)/nn
		sum += (n - b) * math.Log(n/b)
	}
	return sum
}
