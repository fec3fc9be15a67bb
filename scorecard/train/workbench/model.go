package workbench

import (
	"fmt"
	"math"
	"slices"

	"github.com/xinlian/xinlian/scorecard"
	"github.com/xinlian/xinlian/scorecard/train/measure"
	"github.com/xinlian/xinlian/scorecard/train/table"
)

// Model is a trained model with how it came about and how good it is.
type Model struct {
	fitted
	Manifest Manifest
	Report   Report
	held     []byte // the predictions out of fold, as a file
	pd       PDTable
}

// Manifest says what a model was made of; with the table it makes the model again.
type Manifest struct {
	Version   int       `json:"version"`
	Kind      Kind      `json:"kind"`
	Data      string    `json:"data_sha256"`
	Target    string    `json:"target"`
	Positive  string    `json:"positive"`
	Time      string    `json:"time,omitempty"`
	TestFrom  string    `json:"test_from,omitempty"`
	Seed      uint64    `json:"seed"`
	Folds     int       `json:"folds"`
	Prior     float64   `json:"prior,omitempty"`
	BadRate   float64   `json:"bad_rate"`
	OnChain   bool      `json:"on_chain_limits"`
	Exclude   []string  `json:"exclude,omitempty"`
	Keep      []string  `json:"keep,omitempty"`
	Category  []string  `json:"category,omitempty"`
	Rising    []string  `json:"rising,omitempty"`
	Falling   []string  `json:"falling,omitempty"`
	Fairness  []string  `json:"fairness,omitempty"`
	Bins      int       `json:"fine_bins"`
	Boost     Boost     `json:"boost"`
	Rows      Rows      `json:"rows"`
	LeftOut   []LeftOut `json:"left_out"`
	Notes     []string  `json:"notes"`
	Model     string    `json:"model_sha256"` // of the model's own file
	OutOfFold string    `json:"out_of_fold_sha256"`
}

// Boost are the options of boosting that were used.
type Boost struct {
	Bags      int     `json:"bags"`
	HeldOut   float64 `json:"held_out"`
	Rate      float64 `json:"rate"`
	RoundsMax int     `json:"rounds_max"`
	Patience  int     `json:"patience"`
	Ridge     float64 `json:"ridge"`
	RowsMin   int     `json:"rows_min"`
	PairsMax  int     `json:"pairs_max"`
	PairBins  int     `json:"pair_bins"`
	Depth     int     `json:"depth"`
}

// Rows says what became of the rows that were read.
type Rows struct {
	Read       int `json:"read"`
	NoOutcome  int `json:"no_outcome"`
	Duplicates int `json:"duplicates_removed"`
	Train      int `json:"train"`
	TrainBads  int `json:"train_bads"`
	Test       int `json:"test"`
	TestBads   int `json:"test_bads"`
}

// PDTable gives the probability of default, in millionths, of each score from
// Low on; scores outside have that of the nearest end.
type PDTable struct {
	Low int64    `json:"low"`
	PPM []uint32 `json:"ppm"`
}

// Of is the probability of a score, in millionths.
func (t *PDTable) Of(score int64) uint32 {
	return t.PPM[min(max(score-t.Low, 0), int64(len(t.PPM))-1)]
}

// newPDTable covers the scores that the model can give, as far as their
// probabilities differ from 0 and 1 by a millionth.
func newPDTable(p *Points) PDTable {
	low, high := p.Range()
	far := int64(math.Ceil(pointsFactor * math.Log(1e6)))
	middle := int64(math.Round(pointsOffset))
	low, high = min(max(low, middle-far), middle+far), max(min(high, middle+far), middle-far)
	t := PDTable{Low: low}
	for s := low; s <= high; s++ {
		t.PPM = append(t.PPM, uint32(math.Round(1e6*measure.Probability(ScoreLogOdds(s)))))
	}
	return t
}

// Scored is what a model says of one row.
type Scored struct {
	Points  int64 // of integer models
	LogOdds float64
	PD      float64
}

// Integer tells whether the model is integer tables, and not trees.
func (m *Model) Integer() bool { return m.points != nil }

// Features are the model's features in order.
func (m *Model) Features() []Feature { return m.features }

// Points are the integer model, nil for trees.
func (m *Model) Points() *Points { return m.points }

// Values are the integers of one row's cells, by feature; the circuit and the
// chain score these.
func (m *Model) Values(cells map[string]string) []scorecard.Value {
	values := make([]scorecard.Value, len(m.features))
	for j := range m.features {
		f := &m.features[j]
		c := newColumn(f.Column, []string{cells[f.Column]}, f.Type)
		values[j] = f.values(&c)[0]
	}
	return values
}

// Score scores every row of a table, which needs the model's columns in any
// order. With allowMissing a column that the table lacks is missing in every row.
// The notes say what was odd.
func (m *Model) Score(t *table.Table, allowMissing bool) ([]Scored, []string, error) {
	f := &frame{bad: make([]bool, t.Rows)}
	var absent, notes []string
	for j := range m.features {
		want := &m.features[j]
		cells := make([]string, t.Rows)
		if at, err := t.Column(want.Column); err == nil {
			cells = t.Cells[at]
		} else {
			absent = append(absent, want.Column)
		}
		c := newColumn(want.Column, cells, want.Type)
		if n := odd(&c, want, cells); n > 0 {
			notes = append(notes, fmt.Sprintf("%q: %d of %d cells are not a %s as in training; they count as missing", want.Column, n, t.Rows, want.Type.Kind))
		}
		f.columns = append(f.columns, c)
	}
	if len(absent) > 0 && !allowMissing {
		return nil, nil, fmt.Errorf("%w: the table lacks %d of the model's %d columns: %s; add them, or ask for missing columns to count as missing values",
			ErrRows, len(absent), len(m.features), list(absent))
	}
	if len(absent) > 0 {
		notes = append(notes, "missing in every row: "+list(absent))
	}
	logOdds, _, score, err := m.predict(f)
	if err != nil {
		return nil, nil, err
	}
	out := make([]Scored, t.Rows)
	for i := range out {
		out[i] = Scored{Points: score[i], LogOdds: logOdds[i], PD: measure.Probability(logOdds[i])}
		if m.Integer() {
			out[i].PD = float64(m.pd.Of(score[i])) / 1e6
		}
	}
	return out, notes, nil
}

// odd counts cells that are there but do not read as the feature's type.
func odd(c *column, f *Feature, cells []string) int {
	if f.Type.Kind == table.Category {
		return 0
	}
	n := 0
	for i, s := range cells {
		if s != "" && c.missing(i) {
			n++
		}
	}
	return n
}

// LogOdds are the log odds of scored rows.
func LogOdds(rows []Scored) []float64 {
	z := make([]float64, len(rows))
	for i, r := range rows {
		z[i] = r.LogOdds
	}
	return z
}

// Outcomes reads the model's target from a table and returns the rows that have
// one. positive, where not empty, is the value of a bad outcome in this table.
func (m *Model) Outcomes(t *table.Table, target, positive string) (bad []bool, known []int, err error) {
	if target == "" {
		target = m.Manifest.Target
	}
	if positive == "" {
		positive = m.Manifest.Positive
	}
	return outcomes(t, target, positive)
}

// Importance is how much a column moves the score.
type Importance struct {
	Column string  `json:"column"`
	Points float64 `json:"points"` // standard deviation over the rows trained on, tables and half of each pair
}

// importance is over the rows of a frame, greatest first.
func (f *fitted) importance(fr *frame) ([]Importance, error) {
	values, err := f.values(fr)
	if err != nil || f.points == nil {
		return nil, err
	}
	n := len(fr.bad)
	effect := make([][]float64, len(f.features))
	for j := range effect {
		effect[j] = make([]float64, n)
	}
	for k := range f.points.Tables {
		t := &f.points.Tables[k]
		for i, v := range values[t.Feature] {
			effect[t.Feature][i] += float64(t.PointsOf(v))
		}
	}
	for k := range f.points.Pairs {
		t := &f.points.Pairs[k]
		for i := range n {
			half := float64(t.PointsOf(values[t.A][i], values[t.B][i])) / 2
			effect[t.A][i] += half
			effect[t.B][i] += half
		}
	}
	out := make([]Importance, len(effect))
	for j, e := range effect {
		var sum, square float64
		for _, v := range e {
			sum, square = sum+v, square+v*v
		}
		out[j] = Importance{f.features[j].Column, math.Sqrt(max(0, square/float64(n)-sum/float64(n)*sum/float64(n)))}
	}
	slices.SortStableFunc(out, func(a, b Importance) int {
		switch {
		case a.Points > b.Points:
			return -1
		case a.Points < b.Points:
			return 1
		}
		return 0
	})
	return out, nil
}
