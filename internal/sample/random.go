package sample

import "math/rand/v2"

// random is a seeded source of integers. Its methods are our own arithmetic
// over the generator's fixed stream, so that books do not change with Go.
type random struct{ pcg *rand.PCG }

func newRandom(seed, stream uint64) *random { return &random{rand.NewPCG(seed, stream)} }

// below is uniform in [0, n).
func (r *random) below(n int64) int64 {
	if n <= 1 {
		return 0
	}
	return int64(r.pcg.Uint64() % uint64(n))
}

// between is uniform in [lo, hi].
func (r *random) between(lo, hi int64) int64 { return lo + r.below(hi-lo+1) }

// chance is true with probability bps in ten thousand.
func (r *random) chance(bps int64) bool { return r.below(10_000) < bps }

// around is bell-shaped about mean, at most bps in ten thousand away.
func (r *random) around(mean, bps int64) int64 {
	const draws, steps = 3, 2001
	var sum int64
	for range draws {
		sum += r.below(steps) - steps/2
	}
	return mean + mean*bps/10_000*sum/(draws*(steps/2))
}

// pick is an index drawn by weight; at least one weight is positive.
func (r *random) pick(weights []int64) int {
	var total int64
	for _, w := range weights {
		total += w
	}
	at := r.below(total)
	for i, w := range weights {
		if at -= w; at < 0 {
			return i
		}
	}
	return len(weights) - 1
}
