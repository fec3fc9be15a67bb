package train

import (
	"errors"
	"fmt"
	"math"

	"github.com/xinlian/xinlian/scorecard"
)

// Row is one firm at one as-of day.
type Row struct {
	Features []scorecard.Value
	Bad      bool // defaulted within the horizon
}

// BandEdge asks for a band of firms whose probability of default is at most
// PDMax.
type BandEdge struct {
	Name  string
	PDMax float64
}

// Options say how to train. Defaults gives values that suit the feature set of
// this build.
type Options struct {
	ID         string
	FeatureSet uint32
	Features   []scorecard.Definition // one per feature, in order
	Capacity   scorecard.Capacity     // fixed by policy, not learned

	Seed  uint64 // of the assignment to folds
	Folds int

	BinsMax        int     // per feature, missing not counted
	BinShareMin    float64 // least share of the present rows in a bin
	PairChi2Min    float64 // neighbouring bins that differ by less are merged
	ShrinkRows     float64 // average rows added to each bin before its weight of evidence
	InformationMin float64 // features with less information value are left out
	Ridge          float64 // penalty on squared coefficients

	AnchorScore float64 // score of a firm with AnchorOdds good to bad
	AnchorOdds  float64
	PDO         float64 // points that double the odds

	Bands          []BandEdge // best first; a last band takes the rest
	BandRest       string     // name of that last band
	BandRowsMin    int        // bands with fewer rows out of fold join the next worse one
	BandShrinkRows float64    // weight, in rows, of the fitted curve against the band's own rate
}

// Defaults are the options of the product's own scorecards: 600 points at 30
// to 1, 30 points double the odds, repayment capacity two thirds of the net cash
// flow, that is a debt service cover of 1.5.
func Defaults(id string) Options {
	return Options{
		ID: id, FeatureSet: scorecard.FeatureSet1, Features: scorecard.Definitions(),
		Capacity: scorecard.Capacity{Feature: scorecard.NetCashMonthly, Numerator: 2, Denominator: 3},
		Seed:     1, Folds: 5,
		BinsMax: 6, BinShareMin: 0.05, PairChi2Min: 2, ShrinkRows: 5, InformationMin: 0.02, Ridge: 10,
		AnchorScore: 600, AnchorOdds: 30, PDO: 30,
		Bands:    []BandEdge{{"A", 0.01}, {"B", 0.025}, {"C", 0.05}, {"D", 0.10}, {"E", 0.20}},
		BandRest: "F", BandRowsMin: 30, BandShrinkRows: 20,
	}
}

// Errors of Fit.
var (
	ErrOptions = errors.New("train: unusable options")
	ErrRows    = errors.New("train: unusable rows")
	ErrSignal  = errors.New("train: nothing in the rows tells good from bad")
)

// Least numbers of rows of each outcome; below them a scorecard is noise.
const (
	goodsMin = 20
	badsMin  = 20
)

func (o *Options) validate() error {
	positive := func(v float64) bool { return v > 0 && !math.IsInf(v, 1) }
	switch {
	case len(o.Features) == 0 || len(o.Features) > scorecard.TablesMax:
		return fmt.Errorf("%w: %d features, want 1 to %d", ErrOptions, len(o.Features), scorecard.TablesMax)
	case o.Folds < 2 || o.Folds > badsMin:
		return fmt.Errorf("%w: %d folds, want 2 to %d", ErrOptions, o.Folds, badsMin)
	case o.BinsMax < 2 || o.BinsMax > scorecard.CutsMax+1:
		return fmt.Errorf("%w: %d bins, want 2 to %d", ErrOptions, o.BinsMax, scorecard.CutsMax+1)
	case !(o.BinShareMin >= 0 && o.BinShareMin < 0.5) || !(o.PairChi2Min >= 0) || !(o.InformationMin >= 0):
		return fmt.Errorf("%w: thresholds of bins", ErrOptions)
	case !positive(o.ShrinkRows) || !positive(o.Ridge) || !positive(o.BandShrinkRows):
		return fmt.Errorf("%w: regularisation must be positive", ErrOptions)
	case !positive(o.PDO) || !positive(o.AnchorOdds) || math.IsNaN(o.AnchorScore):
		return fmt.Errorf("%w: scale", ErrOptions)
	case len(o.Bands) == 0 || len(o.Bands) >= scorecard.BandsMax:
		return fmt.Errorf("%w: %d bands, want 1 to %d", ErrOptions, len(o.Bands), scorecard.BandsMax-1)
	}
	for i, b := range o.Bands {
		if !(b.PDMax > 0 && b.PDMax < 1) || (i > 0 && b.PDMax <= o.Bands[i-1].PDMax) {
			return fmt.Errorf("%w: band %d out of order", ErrOptions, i)
		}
	}
	return nil
}

func (o *Options) check(rows []Row) error {
	bads := 0
	for i, r := range rows {
		if len(r.Features) != len(o.Features) {
			return fmt.Errorf("%w: row %d has %d features, want %d", ErrRows, i, len(r.Features), len(o.Features))
		}
		for j, v := range r.Features {
			if _, err := v.Encode(); err != nil {
				return fmt.Errorf("%w: row %d, feature %d: %w", ErrRows, i, j, err)
			}
		}
		if r.Bad {
			bads++
		}
	}
	if bads < badsMin || len(rows)-bads < goodsMin {
		return fmt.Errorf("%w: %d bad of %d, want at least %d bad and %d good", ErrRows, bads, len(rows), badsMin, goodsMin)
	}
	return nil
}

// scale turns log odds good to bad into points and back.
type scale struct{ factor, offset float64 }

func (o *Options) scale() scale {
	factor := o.PDO / math.Ln2
	return scale{factor: factor, offset: o.AnchorScore - float64(factor*math.Log(o.AnchorOdds))}
}

func (s scale) logOdds(score int64) float64 { return (float64(score) - s.offset) / s.factor }
