package scorecard

import "math/big"

// exactRatio is ratio by another road: big integers, Euclidean division.
func exactRatio(a, b, d int64) int64 {
	q := new(big.Int).Mul(big.NewInt(a), big.NewInt(b))
	q.Div(q, big.NewInt(d)) // rounds down for a positive divisor
	limit := big.NewInt(fenMax)
	if q.CmpAbs(limit) > 0 {
		return limit.Int64() * int64(q.Sign())
	}
	return q.Int64()
}

// exactCapacity is Capacity.Of by another road.
func exactCapacity(v, numerator, denominator int64) int64 {
	if v <= 0 {
		return 0
	}
	q := new(big.Int).Mul(big.NewInt(v), big.NewInt(numerator))
	q.Quo(q, big.NewInt(denominator))
	if q.Cmp(big.NewInt(CapacityMax)) > 0 {
		return CapacityMax
	}
	return q.Int64()
}
