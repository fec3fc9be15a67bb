package scorecard

import (
	"errors"
	"fmt"

	"github.com/xinlian/xinlian/internal/canon"
)

// Bounds of a table of bands.
const (
	BandsMax     = 16
	BandNameMax  = 8
	ppm          = 1_000_000
	bandScoreMax = PointsMax * (TablesMax + PairsMax + 1)
)

// ErrBands says that a table of bands breaks a bound or an order rule.
var ErrBands = errors.New("scorecard: malformed bands")

// Band is a range of scores with the probability of default that was observed
// in it. A band reaches up to the MinScore of the next.
type Band struct {
	MinScore int64
	PDPpm    uint32 // probability of default within the horizon, in millionths
	Name     string
}

// Bands are the bands of one model from the worst up. The first also holds
// every score below its MinScore.
type Bands struct {
	Model [32]byte // Hash of the model they were calibrated for
	Bands []Band
}

// Of is the band of a score, of a valid table.
func (b *Bands) Of(score int64) Band {
	k := 0
	for k+1 < len(b.Bands) && score >= b.Bands[k+1].MinScore {
		k++
	}
	return b.Bands[k]
}

// Validate checks bounds and order: scores rise strictly and the probability of
// default never rises with them.
func (b *Bands) Validate() error {
	if len(b.Bands) == 0 || len(b.Bands) > BandsMax {
		return fmt.Errorf("%w: %d bands, want 1 to %d", ErrBands, len(b.Bands), BandsMax)
	}
	for i, k := range b.Bands {
		if k.Name == "" || len(k.Name) > BandNameMax {
			return fmt.Errorf("%w: band %d: name of %d bytes, want 1 to %d", ErrBands, i, len(k.Name), BandNameMax)
		}
		if k.PDPpm > ppm || k.MinScore < -bandScoreMax || k.MinScore > bandScoreMax {
			return fmt.Errorf("%w: band %d: %d points, %d ppm", ErrBands, i, k.MinScore, k.PDPpm)
		}
		if i > 0 && (k.MinScore <= b.Bands[i-1].MinScore || k.PDPpm > b.Bands[i-1].PDPpm) {
			return fmt.Errorf("%w: band %d out of order", ErrBands, i)
		}
	}
	return nil
}

// Canonical is the table's canonical bytes.
func (b *Bands) Canonical() ([]byte, error) {
	if err := b.Validate(); err != nil {
		return nil, err
	}
	w := canon.New("score-bands").Fixed(b.Model[:]).Uint16(uint16(len(b.Bands)))
	for _, k := range b.Bands {
		w.Int64(k.MinScore).Uint32(k.PDPpm).String(k.Name)
	}
	return w.Encoded()
}

// DecodeBands reads canonical bytes back and validates them.
func DecodeBands(raw []byte) (*Bands, error) {
	r := canon.Open("score-bands", raw)
	b := &Bands{}
	copy(b.Model[:], r.Fixed(len(b.Model)))
	n := int(r.Uint16())
	if n > BandsMax {
		return nil, fmt.Errorf("%w: %d bands, at most %d", ErrBands, n, BandsMax)
	}
	for range n {
		b.Bands = append(b.Bands, Band{MinScore: r.Int64(), PDPpm: r.Uint32(), Name: r.String()})
	}
	if err := r.Done(); err != nil {
		return nil, err
	}
	if err := b.Validate(); err != nil {
		return nil, err
	}
	return b, nil
}
