package fund

import (
	"math"
	"math/big"
)

const (
	// SizeFenMax bounds the net asset value up to which a fund sells shares: 100
	// billion yuan.
	SizeFenMax = 10_000_000_000_000
	// SharesMax bounds the shares of a class. Sums of two classes stay within int64.
	SharesMax = math.MaxInt64 / 4

	// sharesPerFen is how many shares the first fen buys. One virtual fen stands
	// against as many virtual shares in every price: they are worth about a fen, and
	// whoever drives the price of the first shares up gives the gain to them.
	sharesPerFen = 1_000
	// priceFloor closes a class to buyers when its shares are worth less than this
	// part of what they first cost; their number would leave 64 bits.
	priceFloor = 100

	// incomeUnit makes income per share an integer: billionths of a fen for
	// sharesPerFen shares.
	incomeUnit = 1_000_000_000 * sharesPerFen

	bpsUnit     = 10_000
	daySeconds  = 24 * 3600
	yearSeconds = 365 * daySeconds
)

// floorDiv is a*b/d rounded down, for a, b >= 0 and d > 0, the product exact.
// ErrAmount when it leaves 64 bits.
func floorDiv(a, b, d int64) (int64, error) { return quotient(a, b, d, false) }

// ceilDiv is a*b/d rounded up.
func ceilDiv(a, b, d int64) (int64, error) { return quotient(a, b, d, true) }

func quotient(a, b, d int64, up bool) (int64, error) {
	if a < 0 || b < 0 || d <= 0 {
		return 0, ErrAmount.Wrapf("internal: %d * %d / %d", a, b, d)
	}
	n := new(big.Int).Mul(big.NewInt(a), big.NewInt(b))
	if up {
		n.Add(n, big.NewInt(d-1))
	}
	n.Quo(n, big.NewInt(d))
	if !n.IsInt64() {
		return 0, ErrAmount.Wrapf("%d * %d / %d leaves 64 bits", a, b, d)
	}
	return n.Int64(), nil
}

// add moves delta into a total, which must stay within 0 and most.
func add(total *int64, delta, most int64) error {
	if (delta > 0 && *total > most-delta) || (delta < 0 && *total < -delta) {
		return ErrAmount.Wrapf("%d and %d leave 0 to %d", *total, delta, most)
	}
	*total += delta
	return nil
}

// accrued is amount at a yearly rate over seconds of 365 days, rounded down.
func accrued(amountFen int64, rateBps uint32, seconds int64) (int64, error) {
	if amountFen <= 0 || seconds <= 0 {
		return 0, nil
	}
	n := new(big.Int).Mul(big.NewInt(amountFen), big.NewInt(int64(rateBps)))
	n.Mul(n, big.NewInt(seconds)).Quo(n, big.NewInt(bpsUnit*yearSeconds))
	if !n.IsInt64() {
		return 0, ErrAmount.Wrapf("interest on %d leaves 64 bits", amountFen)
	}
	return n.Int64(), nil
}
