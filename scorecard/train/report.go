package train

import (
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/xinlian/xinlian/scorecard"
)

// Report is everything that a member needs to judge a model before a vote.
type Report struct {
	Options    Options
	Model      *scorecard.Model
	Rows       int
	Train      Metrics   // on the rows it was trained on: flattering
	OutOfFold  Metrics   // pooled, every row scored by a model that has not seen it
	Folds      []Metrics // fold by fold
	Slope      float64   // of observed against scored log odds out of fold, 1 is perfect
	Intercept  float64   // of the same line, 0 is perfect
	Brier      float64   // mean squared error of the calibrated curve
	Bands      scorecard.Bands
	BandCounts []BandCount // out of fold, in the order of Bands
	Factors    []Factor    // in the order of the model's tables
	LeftOut    []LeftOut
}

// Factor is one feature of the model.
type Factor struct {
	Feature     int
	Information float64 // information value
	Coefficient float64
	bins        binning
}

// LeftOut is a feature that the model does not use.
type LeftOut struct {
	Feature     int
	Information float64
	Why         string
}

// WriteMarkdown writes the report with title as its heading and about as a
// paragraph that says where the rows come from.
func (r *Report) WriteMarkdown(w io.Writer, title, about string) error {
	var b strings.Builder
	hash, err := r.Model.Hash()
	if err != nil {
		return err
	}
	fmt.Fprintf(&b, "# %s\n\n%s\n\n", title, about)
	fmt.Fprintf(&b, "Model `%s`, feature set %d, hash `%x`.\n", r.Model.ID, r.Model.FeatureSet, hash)
	o := &r.Options
	fmt.Fprintf(&b, "Scale: %.0f points at %.0f:1 good to bad, %.0f points double the odds. Seed %d.\n\n",
		o.AnchorScore, o.AnchorOdds, o.PDO, o.Seed)
	r.writeQuality(&b)
	r.writeBands(&b)
	r.writeTables(&b)
	c := r.Model.Capacity
	fmt.Fprintf(&b, "## Capacity\n\nMonthly repayment capacity = max(0, %s) × %d / %d, rounded down. Fixed by policy, not learned.\n",
		o.Features[c.Feature].Name, c.Numerator, c.Denominator)
	if len(r.LeftOut) > 0 {
		b.WriteString("\n## Features left out\n\n| feature | information value | why |\n|---|---|---|\n")
		for _, l := range r.LeftOut {
			fmt.Fprintf(&b, "| %s | %.3f | %s |\n", o.Features[l.Feature].Name, l.Information, l.Why)
		}
	}
	_, err = io.WriteString(w, b.String())
	return err
}

func (r *Report) writeQuality(b *strings.Builder) {
	m := r.OutOfFold
	fmt.Fprintf(b, "## Quality\n\n%d rows, %d bad (%.2f %%). Out of fold: every step refitted inside each of %d folds.\n\n",
		r.Rows, m.Bads, 100*float64(m.Bads)/float64(r.Rows), len(r.Folds))
	b.WriteString("| | AUC | ± | KS |\n|---|---|---|---|\n")
	line := func(name string, m Metrics) {
		fmt.Fprintf(b, "| %s | %.3f | %.3f | %.3f |\n", name, m.AUC, m.AUCError, m.KS)
	}
	line("**out of fold, pooled**", r.OutOfFold)
	for k, f := range r.Folds {
		line(fmt.Sprintf("fold %d", k+1), f)
	}
	line("training rows (flattering)", r.Train)
	fmt.Fprintf(b, "\nCalibration out of fold: slope %.3f (perfect 1), intercept %.3f (perfect 0), Brier score %.4f.\n\n",
		r.Slope, r.Intercept, r.Brier)
}

func (r *Report) writeBands(b *strings.Builder) {
	b.WriteString("## Bands\n\nThe probability of default is the band's own rate out of fold, drawn towards the calibrated curve, " +
		"monotone, rounded up to millionths.\n\n| band | from score | PD, ppm | rows | bads | observed | curve |\n|---|---|---|---|---|---|---|\n")
	for i := len(r.BandCounts) - 1; i >= 0; i-- {
		k, c := r.Bands.Bands[i], r.BandCounts[i]
		observed := math.NaN()
		if c.Rows > 0 {
			observed = 100 * float64(c.Bads) / float64(c.Rows)
		}
		fmt.Fprintf(b, "| %s | %d | %d | %d | %d | %.2f %% | %.2f %% |\n", k.Name, k.MinScore, k.PDPpm, c.Rows, c.Bads, observed, 100*c.Curve)
	}
	b.WriteString("\n")
}

func (r *Report) writeTables(b *strings.Builder) {
	fmt.Fprintf(b, "## Points\n\nScore = %d + the points below. Rows and bads are those of training bins; neighbouring bins whose points round to "+
		"the same number are one bin of the model.\n", r.Model.Base)
	for k, f := range r.Factors {
		d, t := &r.Options.Features[f.Feature], &r.Model.Tables[k]
		fmt.Fprintf(b, "\n### %s · %s\n\n%s. Information value %.3f, coefficient %.3f.\n\n", d.Name, d.ZH, d.EN, f.Information, f.Coefficient)
		b.WriteString("| value | points | rows | bads | bad rate | weight of evidence |\n|---|---|---|---|---|---|\n")
		for i, k := range f.bins.bins {
			fmt.Fprintf(b, "| %s | %d | %.0f | %.0f | %.2f %% | %+.3f |\n", f.bins.label(d, i),
				t.PointsOf(scorecard.Known(k.least)), k.rows(), k.bad, 100*k.badRate(), f.bins.woe[i])
		}
		none, rate := f.bins.missing, "–"
		if none.rows() > 0 {
			rate = fmt.Sprintf("%.2f %%", 100*none.badRate())
		}
		fmt.Fprintf(b, "| missing | %d | %.0f | %.0f | %s | %+.3f |\n", t.Missing, none.rows(), none.bad, rate, f.bins.woeNone)
	}
	b.WriteString("\n")
}

func (b *binning) label(d *scorecard.Definition, i int) string {
	low, high := "", ""
	if i > 0 {
		low = "from " + d.Format(scorecard.Known(b.cuts[i-1]), scorecard.English)
	}
	if i < len(b.cuts) {
		high = "below " + d.Format(scorecard.Known(b.cuts[i]), scorecard.English)
	}
	return strings.TrimSpace(low + " " + high)
}
