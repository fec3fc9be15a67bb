package workbench

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"

	"github.com/xinlian/xinlian/scorecard/train/measure"
	"github.com/xinlian/xinlian/scorecard/train/table"
)

// Report is what is known of a model's quality and the material of its card.
type Report struct {
	OutOfFold  Quality      `json:"out_of_fold"` // pooled: each row by a model that has not seen it
	Folds      []Fold       `json:"folds"`
	Train      Quality      `json:"train"` // the rows it was fitted on: flattering
	Test       *Quality     `json:"test,omitempty"`
	Rounding   *Rounding    `json:"rounding,omitempty"`
	TestPSI    Figure       `json:"test_psi,omitempty"` // of the score, rows trained on against rows for testing
	ROC        [][2]Figure  `json:"roc"`                // out of fold: share of goods, share of bads
	Groups     []RateGroup  `json:"groups"`             // out of fold, by predicted risk
	Spread     Spread       `json:"spread"`             // out of fold
	Importance []Importance `json:"importance"`
	Segments   []Segment    `json:"segments,omitempty"` // out of fold, or of the table below
	SegmentsOf string       `json:"segments_of_sha256,omitempty"`
}

// Fold is the figures of one fold.
type Fold struct {
	N    int    `json:"n"`
	Bads int    `json:"bads"`
	AUC  Figure `json:"auc"`
	KS   Figure `json:"ks"`
}

// Rounding shows what integer points cost out of fold, against the same models
// before rounding.
type Rounding struct {
	ExactAUC Figure `json:"exact_auc"`
	Cost     Figure `json:"cost"` // exact less rounded
}

// RateGroup compares prediction and outcome in a tenth of the rows.
type RateGroup struct {
	N      int    `json:"n"`
	MeanPD Figure `json:"mean_pd"`
	Rate   Figure `json:"rate"`
	Low    Figure `json:"low"`
	High   Figure `json:"high"`
}

// Spread is how the predicted log odds of goods and bads lie.
type Spread struct {
	From  Figure `json:"from"`
	Width Figure `json:"width"`
	Goods []int  `json:"goods"`
	Bads  []int  `json:"bads"`
}

// report measures the model.
func (m *Model) report(t *table.Table, s *sets, o *Options, h *heldOut) error {
	o.say("measuring")
	bad := s.train.bad
	r := &m.Report
	r.OutOfFold = Measure(h.logOdds, bad, o.Seed)
	folds := slices.Max(h.fold) + 1
	for k := range folds {
		var z []float64
		var b []bool
		bads := 0
		for i, f := range h.fold {
			if f == k {
				z, b = append(z, h.logOdds[i]), append(b, bad[i])
				if bad[i] {
					bads++
				}
			}
		}
		r.Folds = append(r.Folds, Fold{len(b), bads, Figure(measure.AUC(z, b)), Figure(measure.KS(z, b))})
	}
	trained, _, _, err := m.predict(s.train)
	if err != nil {
		return err
	}
	r.Train = Measure(trained, bad, o.Seed)
	if m.Integer() {
		exact := measure.AUC(h.exact, bad)
		r.Rounding = &Rounding{Figure(exact), Figure(exact) - r.OutOfFold.AUC}
		m.pd = newPDTable(m.points)
	}
	if s.test != nil {
		tested, _, _, err := m.predict(s.test)
		if err != nil {
			return err
		}
		q := Measure(tested, s.test.bad, o.Seed)
		r.Test, r.TestPSI = &q, Figure(measure.PSI(trained, tested))
	}
	r.ROC, r.Spread = roc(h.logOdds, bad), spread(h.logOdds, bad)
	for _, g := range measure.Groups(h.logOdds, bad, 10) {
		r.Groups = append(r.Groups, RateGroup{g.N, Figure(g.MeanPD), Figure(g.Rate), Figure(g.Interval.Low), Figure(g.Interval.High)})
	}
	if r.Importance, err = m.importance(s.train); err != nil {
		return err
	}
	for _, name := range o.Fairness {
		segments, err := Segments(t.Take(s.rows), name, h.logOdds, bad)
		if err != nil {
			return err
		}
		r.Segments = append(r.Segments, segments...)
	}
	m.held = heldFile(s, h)
	digest := sha256.Sum256(m.held)
	m.Manifest.OutOfFold = hex.EncodeToString(digest[:])
	return nil
}

// heldFile lists the predictions out of fold, rows counted from 1 as in the table.
func heldFile(s *sets, h *heldOut) []byte {
	var b bytes.Buffer
	b.WriteString("row,fold,bad,points,log_odds\n")
	for k, i := range s.rows {
		bad := 0
		if s.train.bad[k] {
			bad = 1
		}
		fmt.Fprintf(&b, "%d,%d,%d,%d,%s\n", i+1, h.fold[k]+1, bad, h.score[k], strconv.FormatFloat(h.logOdds[k], 'f', 6, 64))
	}
	return b.Bytes()
}

// roc is at most about 100 points of the curve.
func roc(logOdds []float64, bad []bool) [][2]Figure {
	order := make([]int, len(bad))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case logOdds[a] > logOdds[b]:
			return -1
		case logOdds[a] < logOdds[b]:
			return 1
		}
		return 0
	})
	var goods, bads, g, b float64
	for _, x := range bad {
		if x {
			bads++
		} else {
			goods++
		}
	}
	points := [][2]Figure{{0, 0}}
	for k, i := range order {
		if bad[i] {
			b++
		} else {
			g++
		}
		if k+1 < len(order) && logOdds[order[k+1]] == logOdds[i] {
			continue
		}
		last := points[len(points)-1]
		if x, y := Figure(g/goods), Figure(b/bads); x-last[0]+y-last[1] >= 0.02 || k+1 == len(order) {
			points = append(points, [2]Figure{x, y})
		}
	}
	return points
}

const spreadBins = 30

func spread(logOdds []float64, bad []bool) Spread {
	sorted := slices.Sorted(slices.Values(logOdds))
	from, to := sorted[len(sorted)/200], sorted[len(sorted)-1-len(sorted)/200]
	s := Spread{From: Figure(from), Width: Figure((to - from) / spreadBins), Goods: make([]int, spreadBins), Bads: make([]int, spreadBins)}
	if to == from {
		s.Width = 1
	}
	for i, z := range logOdds {
		k := min(max(int((z-from)/float64(s.Width)), 0), spreadBins-1)
		if bad[i] {
			s.Bads[k]++
		} else {
			s.Goods[k]++
		}
	}
	return s
}
