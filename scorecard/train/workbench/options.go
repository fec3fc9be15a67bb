package workbench

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/xinlian/xinlian/scorecard"
	"github.com/xinlian/xinlian/scorecard/train/boost"
)

// Kind is a kind of model.
type Kind string

// The kinds of models.
const (
	Scorecard Kind = "scorecard"
	Additive  Kind = "additive"
	Trees     Kind = "gbdt"
)

// Errors of this package.
var (
	ErrOptions = errors.New("model: unusable options")
	ErrRows    = errors.New("model: unusable rows")
	ErrModel   = errors.New("model: unusable model")
)

// Options say how to train.
type Options struct {
	Kind     Kind
	Target   string // column of outcomes
	Positive string // its value for a bad outcome
	Exclude  []string
	Keep     []string       // columns to use although the screen would leave them out
	Category []string       // columns to take as categories although their cells are numbers
	Rising   []string       // columns with which risk may only rise
	Falling  []string       // columns with which risk may only fall
	Time     string         // column of time, "" for none; never a feature
	TestFrom string         // rows from this time on are for testing only
	Fairness []string       // columns by whose values figures are shown; they may be features or not
	Seed     uint64         // of folds, bags and bootstrap
	Folds    int            // 0: by size
	Prior    float64        // default rate of the population where the sample's is not its own; 0 for none
	OnChain  bool           // keep to the bounds of a model on chain
	Tune     Tune           // zero values are chosen by size
	Progress func(s string) // told what is being done; nil for none
}

// Tune are the options of fitting that need not be given.
type Tune struct {
	Bins, Bags, Rounds, Cuts, Pairs, PairBins, RowsMin, Depth int
	Rate, Ridge, HeldOut                                      float64
}

// The bounds of a model on chain that limit training.
const (
	featuresOnChain = scorecard.TablesMax
	partsOnChain    = scorecard.CutsMax + 1
	pairsOnChain    = scorecard.PairsMax
	pairBinsOnChain = scorecard.PairCutsMax + 2 // missing is one of them
)

// The scale of points, that of the product's scorecards.
const (
	AnchorScore = 600
	AnchorOdds  = 30
	PDO         = 30 // points that double the odds
)

var (
	pointsFactor = PDO / math.Ln2
	pointsOffset = AnchorScore - PDO/math.Ln2*math.Log(AnchorOdds)
)

func (o *Options) validate() error {
	switch {
	case o.Kind != Scorecard && o.Kind != Additive && o.Kind != Trees:
		return fmt.Errorf("%w: kind %q, want %s, %s or %s", ErrOptions, o.Kind, Scorecard, Additive, Trees)
	case o.Target == "":
		return fmt.Errorf("%w: no target; name the column that says how it ended", ErrOptions)
	case o.Positive == "":
		return fmt.Errorf("%w: no positive value; name the target's value that means a bad outcome", ErrOptions)
	case (o.Time == "") != (o.TestFrom == ""):
		return fmt.Errorf("%w: a column of time and the time that testing begins at go together", ErrOptions)
	case o.Folds != 0 && (o.Folds < 2 || o.Folds > 20):
		return fmt.Errorf("%w: %d folds, want 2 to 20", ErrOptions, o.Folds)
	case o.Prior < 0 || o.Prior >= 1 || math.IsNaN(o.Prior):
		return fmt.Errorf("%w: prior %v, want a share between 0 and 1", ErrOptions, o.Prior)
	}
	for _, c := range o.Rising {
		if slices.Contains(o.Falling, c) {
			return fmt.Errorf("%w: risk cannot both rise and fall with %q", ErrOptions, c)
		}
	}
	return nil
}

func (o *Options) say(format string, a ...any) {
	if o.Progress != nil {
		o.Progress(fmt.Sprintf(format, a...))
	}
}

// plan is what of the work is affordable.
type plan struct {
	folds int
	inner int // folds inside each fit, by which the parts of an additive model are weighed; 0 for none
	boost boost.Options
	bins  int
}

// workMax is rows × columns × rounds × bags × fits that two processors do in
// about a minute.
const workMax = 2e10

// pairRowsMin is the number of rows below which pairs, unless asked for, fit noise.
const pairRowsMin = 2_000

// plan fits bags, rounds and folds to the size of the table. Small tables get
// more bags, which costs little and steadies the model; large ones need fewer,
// with longer steps.
func (o *Options) plan(rows, bads, columns int) plan {
	t := o.Tune
	if o.OnChain && o.Kind == Additive {
		columns = min(columns, featuresOnChain)
	}
	p := plan{folds: cmpOr(o.Folds, 5), bins: cmpOr(t.Bins, 128)}
	if o.Kind == Additive {
		p.inner = 4
	}
	b := boost.Options{
		Seed: o.Seed, Bags: cmpOr(t.Bags, 16), Rounds: cmpOr(t.Rounds, 2_000), Patience: 50, Cuts: cmpOr(t.Cuts, 2),
		RowsMin: cmpOr(t.RowsMin, 5), Pairs: t.Pairs, PairBins: cmpOr(t.PairBins, 8),
		Depth: cmpOr(t.Depth, 4), Rate: t.Rate, Ridge: t.Ridge, HeldOut: t.HeldOut, Subsample: 0.7,
	}
	if b.Rate == 0 {
		b.Rate = 0.03
	}
	if b.HeldOut == 0 {
		b.HeldOut = 0.15
	}
	if b.Ridge == 0 {
		b.Ridge = 5
	}
	if b.Pairs == 0 {
		b.Pairs = min(8, bads/10, columns*(columns-1)/2)
	}
	if rows < pairRowsMin {
		b.Pairs = max(t.Pairs, 0)
	}
	if rows >= 3_000 {
		b.Bags = cmpOr(t.Bags, 16)
	} else { // little data: smoother tables
		p.bins = cmpOr(t.Bins, 24)
		b.RowsMin = cmpOr(t.RowsMin, max(5, rows/100))
		b.Patience = 30
	}
	if o.OnChain && o.Kind == Additive {
		b.Pairs, b.PairBins = min(b.Pairs, pairsOnChain), min(b.PairBins, pairBinsOnChain)
	}
	work := func() float64 {
		return float64(rows) * float64(columns) * 300 * (0.03 / b.Rate) * float64(b.Bags*(p.folds+1)) * (1 + 0.4*float64(p.inner))
	}
	for work() > workMax {
		switch {
		case t.Bags == 0 && b.Bags > 4:
			b.Bags /= 2
		case t.Rate == 0 && b.Rate < 0.12:
			b.Rate *= 2
			b.Patience = max(10, b.Patience/2)
		case o.Folds == 0 && p.folds > 3:
			p.folds = 3
		case p.inner > 2:
			p.inner = 2
		case t.Bags == 0 && b.Bags > 2:
			b.Bags /= 2
		case t.Rounds == 0 && b.Rounds > 100:
			b.Rounds = max(60, int(float64(b.Rounds)*0.5))
			p.boost = b
			return p
		default:
			p.boost = b
			return p
		}
	}
	p.boost = b
	return p
}

func cmpOr(given, otherwise int) int {
	if given != 0 {
		return given
	}
	return otherwise
}

// list is names as people write them behind a flag.
func list(names []string) string { return strings.Join(names, ", ") }
