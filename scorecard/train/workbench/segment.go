package workbench

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/xinlian/xinlian/scorecard/train/measure"
	"github.com/xinlian/xinlian/scorecard/train/table"
)

// Segment is the figures of the rows in one group of a column: a region, a
// sector, a size. A row passes that has less risk than the median of all rows.
// Ratios compare a group with the one that passes most among those of
// segmentRowsMin rows.
type Segment struct {
	Column      string `json:"column"`
	Group       string `json:"group"`
	N           int    `json:"n"`
	Bads        int    `json:"bads"`
	BadRate     Figure `json:"bad_rate"`
	RateLow     Figure `json:"bad_rate_low"` // Wilson, 95 %
	RateHigh    Figure `json:"bad_rate_high"`
	MeanPD      Figure `json:"mean_pd"`
	GapZ        Figure `json:"calibration_z"` // bads less those expected, in standard deviations of the expectation
	AUC         Figure `json:"auc"`
	AUCLow      Figure `json:"auc_low"` // DeLong, 95 %
	AUCHigh     Figure `json:"auc_high"`
	Passed      Figure `json:"passed"`
	Ratio       Figure `json:"ratio"`        // of Passed: disparate impact
	GoodsPassed Figure `json:"goods_passed"` // share of the good rows that pass
	GoodsRatio  Figure `json:"goods_ratio"`  // of GoodsPassed: equal opportunity
	// Alarms are what asks for an explanation, none where chance explains it.
	Alarms []string `json:"alarms,omitempty"`
}

// The bounds of segments.
const (
	segmentsMax    = 12   // groups of a column; the rest are one group
	segmentRowsMin = 30   // a smaller group is shown and raises no alarm
	segmentBadsMin = 5    // of each outcome, before an AUC raises an alarm
	ratioMin       = 0.8  // four fifths, the usual bound of disparate impact
	alarmZ         = 3.0  // about one false alarm in 370 tests
	binaryShare    = 0.25 // largest variance of a share of one row
)

// pass counts rows that pass.
type pass struct{ passed, n float64 }

func (p pass) share() float64 { return p.passed / p.n }

// fewer tells whether p passes less than four fifths as often as best, and less
// often than chance explains.
func (p pass) fewer(best pass) bool {
	if !(p.share() < ratioMin*best.share()) {
		return false
	}
	all := (p.passed + best.passed) / (p.n + best.n)
	variance := min(all*(1-all), binaryShare) * (1/p.n + 1/best.n)
	return best.share()-p.share() > alarmZ*math.Sqrt(variance)
}

// Segments measures predictions by the groups of a column: its most frequent
// values, or the quarters of a number or date.
func Segments(t *table.Table, name string, logOdds []float64, bad []bool) ([]Segment, error) {
	j, err := t.Column(name)
	if err != nil {
		return nil, err
	}
	rows := map[string][]int{}
	var names []string
	for i, g := range groupsOf(t.Cells[j]) {
		if _, ok := rows[g]; !ok {
			names = append(names, g)
		}
		rows[g] = append(rows[g], i)
	}
	slices.Sort(names)
	sorted := slices.Sorted(slices.Values(logOdds))
	median := sorted[len(sorted)/2]
	out := make([]Segment, len(names))
	all, goods := make([]pass, len(names)), make([]pass, len(names))
	for k, g := range names {
		out[k], all[k], goods[k] = newSegment(rows[g], logOdds, bad, median)
		out[k].Column, out[k].Group = t.Names[j], g
	}
	best, bestGoods := most(all), most(goods)
	for k := range out {
		s := &out[k]
		s.Ratio, s.GoodsRatio = Figure(all[k].share()/best.share()), Figure(goods[k].share()/bestGoods.share())
		if s.N < segmentRowsMin {
			continue
		}
		if all[k].fewer(best) {
			s.Alarms = append(s.Alarms, fmt.Sprintf("%.0f %% of the group pass, %.2f times as many as of the group that passes most", 100*s.Passed, s.Ratio))
		}
		if goods[k].fewer(bestGoods) {
			s.Alarms = append(s.Alarms, fmt.Sprintf("%.0f %% of its good rows pass, %.2f times as many as of the group whose good rows pass most", 100*s.GoodsPassed, s.GoodsRatio))
		}
		if math.Abs(float64(s.GapZ)) > alarmZ {
			word := "overstated"
			if s.GapZ > 0 {
				word = "understated"
			}
			s.Alarms = append(s.Alarms, fmt.Sprintf("risk is %s: %.1f %% predicted, %.1f %% came", word, 100*s.MeanPD, 100*s.BadRate))
		}
	}
	weak(out, rows, logOdds, bad)
	return out, nil
}

func newSegment(rows []int, logOdds []float64, bad []bool, median float64) (s Segment, all, goods pass) {
	s.N = len(rows)
	var z []float64
	var b []bool
	var expected, variance float64
	for _, i := range rows {
		z, b = append(z, logOdds[i]), append(b, bad[i])
		p := measure.Probability(logOdds[i])
		expected, variance = expected+p, variance+p*(1-p)
		all.n++
		through := 0.0
		if logOdds[i] < median {
			through = 1
		}
		all.passed += through
		if bad[i] {
			s.Bads++
		} else {
			goods.n++
			goods.passed += through
		}
	}
	n := float64(s.N)
	s.MeanPD, s.BadRate, s.GapZ = Figure(expected/n), Figure(float64(s.Bads)/n), Figure((float64(s.Bads)-expected)/math.Sqrt(variance))
	s.Passed, s.GoodsPassed = Figure(all.share()), Figure(goods.share())
	w := measure.Wilson(s.Bads, s.N)
	s.RateLow, s.RateHigh = Figure(w.Low), Figure(w.High)
	auc, se := measure.DeLong(z, b)
	s.AUC, s.AUCLow, s.AUCHigh = Figure(auc), Figure(max(0, auc-measure.Z95*se)), Figure(min(1, auc+measure.Z95*se))
	return s, all, goods
}

// most is the group that passes most, of those large enough where there are any.
func most(groups []pass) pass {
	best := pass{}
	for _, least := range []float64{segmentRowsMin, 1} {
		for _, g := range groups {
			if g.n >= least && (best.n == 0 || g.share() > best.share()) {
				best = g
			}
		}
		if best.passed > 0 {
			break
		}
	}
	return best
}

// weak raises an alarm for groups that the model orders worse than all others
// together, by more than chance explains.
func weak(out []Segment, rows map[string][]int, logOdds []float64, bad []bool) {
	for k := range out {
		s := &out[k]
		if s.N < segmentRowsMin || s.Bads < segmentBadsMin || s.N-s.Bads < segmentBadsMin {
			continue
		}
		var z []float64
		var b []bool
		in := make([]bool, len(bad))
		for _, i := range rows[s.Group] {
			in[i] = true
		}
		for i := range bad {
			if !in[i] {
				z, b = append(z, logOdds[i]), append(b, bad[i])
			}
		}
		rest, restError := measure.DeLong(z, b)
		own := float64(s.AUCHigh-s.AUC) / measure.Z95
		if d := rest - float64(s.AUC); d > alarmZ*math.Hypot(own, restError) && d > 0.05 {
			s.Alarms = append(s.Alarms, fmt.Sprintf("the score orders it worse: AUC %.3f, that of all others %.3f", s.AUC, rest))
		}
	}
}

func groupsOf(cells []string) []string {
	typ, _ := table.Infer(cells)
	c := newColumn("", cells, typ)
	distinct := map[string]int{}
	for _, s := range cells {
		distinct[s]++
	}
	out := make([]string, len(cells))
	if typ.Kind != table.Category && len(distinct) > segmentsMax {
		var present []float64
		for i := range cells {
			if !c.missing(i) {
				present = append(present, c.num[i])
			}
		}
		slices.Sort(present)
		cut := [3]float64{present[len(present)/4], present[len(present)/2], present[3*len(present)/4]}
		name := func(v float64) string {
			if typ.Kind == table.Date {
				return dateOf(int64(v), typ.Layout)
			}
			return strconv.FormatFloat(v, 'g', 6, 64)
		}
		for i := range cells {
			switch v := c.num[i]; {
			case c.missing(i):
				out[i] = "missing"
			case v < cut[0]:
				out[i] = "1: below " + name(cut[0])
			case v < cut[1]:
				out[i] = "2: " + name(cut[0]) + " to " + name(cut[1])
			case v < cut[2]:
				out[i] = "3: " + name(cut[1]) + " to " + name(cut[2])
			default:
				out[i] = "4: from " + name(cut[2])
			}
		}
		return out
	}
	values := make([]string, 0, len(distinct))
	for v := range distinct {
		values = append(values, v)
	}
	slices.SortFunc(values, func(a, b string) int {
		if distinct[a] != distinct[b] {
			return distinct[b] - distinct[a]
		}
		if a < b {
			return -1
		}
		return 1
	})
	named := map[string]string{}
	for k, v := range values {
		switch {
		case v == "":
			named[v] = "missing"
		case k < segmentsMax:
			named[v] = v
		default:
			named[v] = "all others"
		}
	}
	for i, s := range cells {
		out[i] = named[s]
	}
	return out
}
