package train

import (
	"math"
	"math/rand/v2"
)

// folds assigns every row to one of n folds, with equal shares of bad rows in
// each, by a permutation that the seed fixes.
func folds(bad []bool, n int, seed uint64) []int {
	random := rand.New(rand.NewPCG(seed, 0x78696e6c69616e)) // the second word is only a constant
	fold := make([]int, len(bad))
	next := map[bool]int{}
	for _, i := range random.Perm(len(bad)) {
		fold[i] = next[bad[i]] % n
		next[bad[i]]++
	}
	return fold
}

// crossValidate scores every row by a model trained without its fold, and
// measures, calibrates and cuts bands on those scores.
func (r *Report) crossValidate(rows []Row, o *Options) error {
	bad := outcomes(rows)
	fold := folds(bad, o.Folds, o.Seed)
	held := make([]int64, len(rows))
	for k := range o.Folds {
		var rest, out []Row
		var at []int
		for i, row := range rows {
			if fold[i] == k {
				out, at = append(out, row), append(at, i)
			} else {
				rest = append(rest, row)
			}
		}
		f, err := fitOnce(rest, o)
		if err != nil {
			return err
		}
		for i, s := range scores(f.model, out) {
			held[at[i]] = s
		}
		r.Folds = append(r.Folds, Measure(scores(f.model, out), outcomes(out)))
	}
	r.OutOfFold = Measure(held, bad)
	r.calibrate(held, bad, o)
	return r.cutBands(held, bad, o)
}

// calibrate fits observed log odds = intercept + slope * those of the score.
func (r *Report) calibrate(score []int64, bad []bool, o *Options) {
	s := o.scale()
	x, mean := make([]float64, len(score)), 0.0
	for i, v := range score {
		x[i] = s.logOdds(v)
		mean += x[i] / float64(len(score))
	}
	for i := range x {
		x[i] -= mean // a centred column makes the two steps independent
	}
	const barely = 1e-6
	c := regress([][]float64{x}, bad, barely)
	r.Slope = c.coefficients[0]
	r.Intercept = c.intercept - float64(r.Slope*mean)
	for i, v := range score {
		e := r.PD(v)
		if bad[i] {
			e = 1 - e
		}
		r.Brier += float64(e*e) / float64(len(score))
	}
}

// PD is the calibrated probability of default at a score.
func (r *Report) PD(score int64) float64 {
	z := r.Options.scale().logOdds(score)
	return 1 / (1 + math.Exp(r.Intercept+float64(r.Slope*z)))
}
