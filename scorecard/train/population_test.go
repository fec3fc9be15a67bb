package train

import (
	"math"
	"math/rand/v2"

	"github.com/xinlian/xinlian/scorecard"
)

// population draws firms whose log odds are a known function of three features,
// the rest being noise.
func population(seed uint64, n int) []Row {
	r := rand.New(rand.NewPCG(seed, 7))
	rows := make([]Row, n)
	for i := range rows {
		features := make([]scorecard.Value, len(scorecard.Definitions(scorecard.FeatureSet2)))
		for j, d := range scorecard.Definitions(scorecard.FeatureSet2) {
			if r.Float64() < 0.1 {
				continue
			}
			switch d.Unit {
			case scorecard.Fen:
				features[j] = scorecard.Known(int64(math.Exp(14 + 2*r.NormFloat64())))
			case scorecard.BPS:
				features[j] = scorecard.Known(r.Int64N(10_001))
			case scorecard.Months:
				features[j] = scorecard.Known(r.Int64N(13))
			default:
				features[j] = scorecard.Known(r.Int64N(60))
			}
		}
		z := 2.0
		if v := features[scorecard.SalesMonthly]; v.Present {
			z += 0.6 * (math.Log(float64(v.Int+1)) - 14)
		}
		if v := features[scorecard.CustomerTopShare]; v.Present {
			z += 1 - float64(v.Int)/5000
		}
		if v := features[scorecard.OverdraftDays]; v.Present {
			z += 1 - float64(v.Int)/30
		}
		rows[i] = Row{Features: features, Bad: r.Float64() > logistic(z)}
	}
	return rows
}
