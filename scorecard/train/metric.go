package train

import (
	"cmp"
	"math"
	"slices"
)

// Metrics say how well scores tell good rows from bad ones.
type Metrics struct {
	Goods, Bads int
	AUC         float64 // chance that a good row scores above a bad one, ties half
	AUCError    float64 // its standard error after Hanley and McNeil
	KS          float64 // greatest distance of the two distributions of scores
}

// Measure compares scores with outcomes. AUC is 0.5 and KS 0 where one of the
// outcomes does not occur.
func Measure(score []int64, bad []bool) Metrics {
	order := make([]int, len(score))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Or(cmp.Compare(score[a], score[b]), cmp.Compare(a, b)) })
	m := Metrics{AUC: 0.5}
	for _, b := range bad {
		if b {
			m.Bads++
		}
	}
	m.Goods = len(bad) - m.Bads
	if m.Goods == 0 || m.Bads == 0 {
		return m
	}
	var below cell
	pairs, goods, bads := 0.0, float64(m.Goods), float64(m.Bads)
	for i := 0; i < len(order); {
		var here cell
		for s := score[order[i]]; i < len(order) && score[order[i]] == s; i++ {
			here = here.plus(outcome(bad[order[i]]))
		}
		pairs += float64(here.good * (below.bad + here.bad/2))
		below = below.plus(here)
		m.KS = max(m.KS, below.bad/bads-below.good/goods)
	}
	m.AUC = pairs / (goods * bads)
	a := m.AUC
	q1, q2 := a/(2-a), 2*a*a/(1+a)
	m.AUCError = math.Sqrt((a*(1-a) + (bads-1)*(q1-a*a) + (goods-1)*(q2-a*a)) / (goods * bads))
	return m
}
