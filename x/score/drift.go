package score

import (
	"math/big"
	"math/bits"

	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
)

const (
	million = 1_000_000
	// shareFloorPpm stands for an empty band, whose logarithm does not exist.
	shareFloorPpm = 500
	// calibrationSigmas is the width of the bound on defaults. Counts are looked at
	// again with each default, so it is wider than for one look; and an alarm
	// proposes, it does not stop.
	calibrationSigmas = 3
)

// stability is the population stability index of the observed counts against the
// shares of the training, sum of (o - e) ln(o / e), in millionths and rounded
// down; 100000 is commonly read as a shift to watch, 250000 as one to act on. The
// error is below 20 millionths for at most 16 bands. It is 0 without an
// observation or without shares.
func stability(bands []scorev1.Band, counts []scorev1.BandCount) uint64 {
	var total uint64
	for _, c := range counts {
		total += c.Window
	}
	if total == 0 || !sharesKnown(bands) {
		return 0
	}
	var sum int64 // in millionths of millionths, below 2^40 a band
	for i, b := range bands {
		hi, lo := bits.Mul64(counts[i].Window, million)
		observed, _ := bits.Div64(hi, lo, total) // Window is at most total, so this fits
		o, e := max(int64(observed), shareFloorPpm), max(int64(b.SharePpm), shareFloorPpm)
		sum += (o - e) * (lnPpm(uint64(o)) - lnPpm(uint64(e)))
	}
	return uint64(max(sum, 0)) / million
}

func sharesKnown(bands []scorev1.Band) bool {
	for _, b := range bands {
		if b.SharePpm != 0 {
			return true
		}
	}
	return false
}

// lnPpm is the natural logarithm of n in millionths, of 1 to 2^32. The binary
// logarithm comes bit by bit from repeated squaring of the mantissa.
func lnPpm(n uint64) int64 {
	whole := bits.Len64(n) - 1
	mantissa := n << (63 - whole) // 1 to 2, as 2^63 to 2^64
	log2 := uint64(whole)         // grows to 32 fractional bits
	for range 32 {
		hi, lo := bits.Mul64(mantissa, mantissa)
		log2 <<= 1
		if hi>>63 == 1 {
			log2, mantissa = log2|1, hi
		} else {
			mantissa = hi<<1 | lo>>63
		}
	}
	const ln2 = 693_147_181 // in thousandths of millionths
	hi, lo := bits.Mul64(log2, ln2)
	return int64(hi<<32|lo>>32) / 1000
}

// defaultsMax is the largest number of defaults among so many loans of a
// probability in millionths that raises no alarm: mean plus calibrationSigmas
// standard deviations of the binomial distribution, rounded up, and one for the
// continuity of counts.
func defaultsMax(loans uint64, pdPpm uint32) uint64 {
	n, p := new(big.Int).SetUint64(loans), big.NewInt(int64(pdPpm))
	mean := new(big.Int).Mul(n, p)
	variance := new(big.Int).Mul(mean, big.NewInt(million-int64(pdPpm)))
	variance.Mul(variance, big.NewInt(calibrationSigmas*calibrationSigmas))
	spread := new(big.Int).Sqrt(variance)
	if new(big.Int).Mul(spread, spread).Cmp(variance) < 0 {
		spread.Add(spread, big.NewInt(1))
	}
	bound := mean.Add(mean, spread)
	bound.Add(bound, big.NewInt(million-1)).Quo(bound, big.NewInt(million))
	return bound.Uint64() + 1
}
