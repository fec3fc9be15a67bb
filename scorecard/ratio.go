package scorecard

import "math/bits"

// ratio is a * b / d, rounded down (towards minus infinity), for b >= 0 and
// d > 0. The product is taken in 128 bits and a quotient beyond the bound of
// features is held at it, so no input overflows.
func ratio(a, b, d int64) int64 {
	hi, lo := bits.Mul64(magnitude(a), uint64(b))
	if hi >= uint64(d) {
		return signed(a < 0, uint64(fenMax))
	}
	q, r := bits.Div64(hi, lo, uint64(d))
	if a < 0 && r > 0 {
		q++
	}
	return signed(a < 0, min(q, uint64(fenMax)))
}

func magnitude(v int64) uint64 {
	if v < 0 {
		return -uint64(v)
	}
	return uint64(v)
}

func signed(negative bool, q uint64) int64 {
	if negative {
		return -int64(q)
	}
	return int64(q)
}

func absolute(v int64) int64 { return max(v, -v) }

// weighted is a running sum of weight * value in 128 bits.
type weighted struct {
	hi, lo uint64
	weight uint64
}

// add adds value, at least 0, with a weight of at least 0.
func (w *weighted) add(weight, value int64) {
	hi, lo := bits.Mul64(uint64(weight), uint64(value))
	var carry uint64
	w.lo, carry = bits.Add64(w.lo, lo, 0)
	w.hi, _ = bits.Add64(w.hi, hi, carry)
	w.weight += uint64(weight)
}

// mean is the weighted mean, rounded down. It lies between the values that
// were added, so the quotient fits and the division cannot trap.
func (w *weighted) mean() (int64, bool) {
	if w.weight == 0 {
		return 0, false
	}
	q, _ := bits.Div64(w.hi, w.lo, w.weight)
	return int64(q), true
}
