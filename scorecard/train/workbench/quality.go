package workbench

import (
	"encoding/json"
	"math"

	"github.com/xinlian/xinlian/scorecard/train/measure"
)

// Figure is a number that may not exist; then it is null in JSON.
type Figure float64

// MarshalJSON writes null for a figure that does not exist.
func (f Figure) MarshalJSON() ([]byte, error) {
	if math.IsNaN(float64(f)) || math.IsInf(float64(f), 0) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(f))
}

// UnmarshalJSON reads null as a figure that does not exist.
func (f *Figure) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*f = Figure(math.NaN())
		return nil
	}
	return json.Unmarshal(b, (*float64)(f))
}

// Range is a 95 % interval, low then high.
type Range [2]Figure

func rangeOf(i measure.Interval) Range { return Range{Figure(i.Low), Figure(i.High)} }

// Quality is every figure of predictions with known outcomes. Intervals are of
// 95 %: DeLong for AUC and Gini, percentiles of a bootstrap of rows for KS and
// Brier, Wald for slope and intercept.
type Quality struct {
	N                 int    `json:"n"`
	Bads              int    `json:"bads"`
	AUC               Figure `json:"auc"`
	AUCInterval       Range  `json:"auc_95"`
	KS                Figure `json:"ks"`
	KSInterval        Range  `json:"ks_95"`
	Gini              Figure `json:"gini"`
	GiniInterval      Range  `json:"gini_95"`
	Brier             Figure `json:"brier"`
	BrierInterval     Range  `json:"brier_95"`
	Slope             Figure `json:"slope"`
	SlopeInterval     Range  `json:"slope_95"`
	Intercept         Figure `json:"intercept"`
	InterceptInterval Range  `json:"intercept_95"`
	MeanPD            Figure `json:"mean_pd"`
	BadRate           Figure `json:"bad_rate"`
	CalibrationError  Figure `json:"calibration_error"`
}

func newQuality(q measure.Quality) Quality {
	return Quality{
		N: q.N, Bads: q.Bads,
		AUC: Figure(q.AUC), AUCInterval: rangeOf(q.AUCInterval),
		KS: Figure(q.KS), KSInterval: rangeOf(q.KSInterval),
		Gini: Figure(q.Gini), GiniInterval: rangeOf(q.GiniInterval),
		Brier: Figure(q.Brier), BrierInterval: rangeOf(q.BrierInterval),
		Slope: Figure(q.Slope), SlopeInterval: rangeOf(q.SlopeInterval),
		Intercept: Figure(q.Intercept), InterceptInterval: rangeOf(q.InterceptInterval),
		MeanPD: Figure(q.MeanPD), BadRate: Figure(float64(q.Bads) / float64(q.N)), CalibrationError: Figure(q.CalibrationError),
	}
}
