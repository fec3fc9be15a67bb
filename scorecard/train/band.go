package train

import (
	"fmt"
	"math"
	"slices"

	"github.com/xinlian/xinlian/scorecard"
)

// BandCount is what was seen of one band out of fold.
type BandCount struct {
	Rows, Bads int
	Curve      float64 // mean of the calibrated curve
}

// cutBands puts the border of each band where the calibrated curve crosses its
// edge, joins thin bands with the next worse one, and gives each band its own
// default rate, drawn towards the curve; bands that would not fall are one.
func (r *Report) cutBands(score []int64, bad []bool, o *Options) error {
	if r.Slope <= 0 {
		return fmt.Errorf("%w: out of fold the score orders nothing", ErrSignal)
	}
	lowest, highest := r.Model.Base, r.Model.Base
	for i := range r.Model.Tables {
		t := &r.Model.Tables[i]
		lowest += min(t.Missing, slices.Min(t.Points))
		highest += max(t.Missing, slices.Max(t.Points))
	}
	s := o.scale()
	bands := []scorecard.Band{{MinScore: lowest, Name: o.BandRest}}
	for _, e := range slices.Backward(o.Bands) {
		needed := (math.Log((1-e.PDMax)/e.PDMax) - r.Intercept) / r.Slope
		border := int64(math.Ceil(s.offset + float64(s.factor*needed)))
		switch last := &bands[len(bands)-1]; {
		case border > highest:
		case border <= last.MinScore:
			last.Name = e.Name // even the lowest score is that good
		default:
			bands = append(bands, scorecard.Band{MinScore: border, Name: e.Name})
		}
	}
	counts := count(bands, score, bad, r)
	for k := 0; k < len(bands); {
		if counts[k].Rows >= o.BandRowsMin || len(bands) == 1 {
			k++
			continue
		}
		drop := max(k, 1) // the worst band takes in the next, any other joins the one below
		bands = slices.Delete(bands, drop, drop+1)
		counts = count(bands, score, bad, r)
		k = 0
	}
	for k, pd := range rates(counts, o.BandShrinkRows) {
		bands[k].PDPpm = uint32(math.Ceil(pd * 1e6))
	}
	// Bands that were pooled are one band: nothing shows that the upper is better.
	bands = slices.CompactFunc(bands, func(a, b scorecard.Band) bool { return a.PDPpm == b.PDPpm })
	counts = count(bands, score, bad, r)
	hash, err := r.Model.Hash()
	if err != nil {
		return err
	}
	r.Bands, r.BandCounts = scorecard.Bands{Model: hash, Bands: bands}, counts
	return r.Bands.Validate()
}

func count(bands []scorecard.Band, score []int64, bad []bool, r *Report) []BandCount {
	counts := make([]BandCount, len(bands))
	for i, s := range score {
		k := len(bands) - 1
		for k > 0 && s < bands[k].MinScore {
			k--
		}
		c := &counts[k]
		c.Rows++
		c.Curve += r.PD(s)
		if bad[i] {
			c.Bads++
		}
	}
	for k := range counts {
		if counts[k].Rows > 0 {
			counts[k].Curve /= float64(counts[k].Rows)
		}
	}
	return counts
}

// rates are the default rates of the bands, worst first, each drawn towards the
// curve by a weight in rows; neighbours that would rise are pooled.
func rates(counts []BandCount, weight float64) []float64 {
	type pool struct {
		bads, rows float64
		bands      int
	}
	var pools []pool
	for _, c := range counts {
		p := pool{float64(c.Bads) + float64(weight*c.Curve), float64(c.Rows) + weight, 1}
		for len(pools) > 0 {
			last := pools[len(pools)-1]
			if p.bads/p.rows <= last.bads/last.rows {
				break
			}
			p = pool{p.bads + last.bads, p.rows + last.rows, p.bands + last.bands}
			pools = pools[:len(pools)-1]
		}
		pools = append(pools, p)
	}
	var out []float64
	for _, p := range pools {
		for range p.bands {
			out = append(out, p.bads/p.rows)
		}
	}
	return out
}
