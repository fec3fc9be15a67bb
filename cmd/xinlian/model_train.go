package main

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/xinlian/xinlian/scorecard/train/table"
	"github.com/xinlian/xinlian/scorecard/train/workbench"
)

func modelTrainCommand() *cobra.Command {
	var data, out string
	var read table.Options
	var kind string
	o := workbench.Options{}
	c := &cobra.Command{
		Use:   "train --data F --target COL --positive V --out DIR",
		Short: "train a model on a table and measure it honestly",
		Long: `train makes a model of any table: CSV with any delimiter, gzipped or not, or ARFF.

Kinds: scorecard (binning, weight of evidence, regression), additive (boosted
tables and pairs of columns), gbdt (boosted trees, a challenger that cannot go
on chain). The first two are rounded to integer points; 30 points double the odds.

Columns that seem to know the outcome are left out with a note; --keep uses
them all the same. Every figure is out of fold, with all steps repeated inside
each fold; with --time and --test-from, also on the later rows.`,
		Example: `  xinlian model train --data loans.csv --target default --positive 1 --kind additive --out model
  xinlian model train --data loans.csv.gz --target status --positive Bad --time approved --test-from 2023-01-01 --out model`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			start := time.Now()
			o.Kind = workbench.Kind(kind)
			o.Progress = func(s string) {
				fmt.Fprintf(cmd.ErrOrStderr(), "%6.1fs  %s\n", time.Since(start).Seconds(), s)
			}
			o.Progress("reading " + data)
			t, err := table.Read(data, read)
			if err != nil {
				return err
			}
			m, err := workbench.Train(cmd.Context(), t, o)
			if err != nil {
				return err
			}
			if err := m.Save(out); err != nil {
				return err
			}
			if err := m.SaveCard(out); err != nil {
				return err
			}
			o.Progress("done")
			printTrained(cmd.OutOrStdout(), m, out)
			return nil
		},
	}
	f := c.Flags()
	f.StringVar(&data, "data", "", "table to train on")
	f.StringVar(&o.Target, "target", "", "column of outcomes")
	f.StringVar(&o.Positive, "positive", "", "value of the target that is the bad outcome")
	f.StringSliceVar(&o.Exclude, "exclude", nil, "columns not to use")
	f.StringSliceVar(&o.Keep, "keep", nil, "columns to use although the screen leaves them out")
	f.StringSliceVar(&o.Category, "category", nil, "columns whose numbers are codes without order")
	f.StringSliceVar(&o.Rising, "rising", nil, "columns with which risk may only rise; missing is then worst")
	f.StringSliceVar(&o.Falling, "falling", nil, "columns with which risk may only fall; missing is then worst")
	f.StringVar(&o.Time, "time", "", "column of time to split by; never used as a feature")
	f.StringVar(&o.TestFrom, "test-from", "", "rows from this time on test the model and do not train it")
	f.StringSliceVar(&o.Fairness, "fairness", nil, "columns by whose groups the card shows figures: size, region, sector")
	f.StringVar(&kind, "kind", string(workbench.Additive), "scorecard, additive or gbdt")
	f.Uint64Var(&o.Seed, "seed", 1, "of folds, bags and bootstrap; the same seed gives the same bytes")
	f.IntVar(&o.Folds, "folds", 0, "folds, 2 to 20; 0 chooses by size")
	f.Float64Var(&o.Prior, "prior", 0, "default rate of the population, where the sample was drawn by outcome")
	f.BoolVar(&o.OnChain, "on-chain-limits", true, "keep to 32 features of 32 bins and 16 pairs, the bounds of a model on chain")
	f.IntVar(&o.Tune.Bins, "bins", 0, "fine bins before joining, 8 to 255; 0 chooses by size")
	f.IntVar(&o.Tune.Bags, "bags", 0, "fits to average; 0 chooses by size")
	f.IntVar(&o.Tune.Pairs, "pairs", 0, "pair tables at most; 0 chooses by size, -1 none")
	f.IntVar(&o.Tune.PairBins, "pair-bins", 0, "bins of each column of a pair, missing being one; 0 is 8")
	f.IntVar(&o.Tune.RowsMin, "rows-min", 0, "rows at least on each side of a cut; 0 chooses by size")
	f.Float64Var(&o.Tune.Rate, "rate", 0, "step of boosting; 0 chooses by size")
	f.Float64Var(&o.Tune.Ridge, "ridge", 0, "penalty of boosting; 0 is 5")
	f.StringVar(&out, "out", "", "folder for the model")
	f.BoolVar(&read.NoHeader, "no-header", false, "the first line is a row; columns are c1, c2 and so on")
	for _, name := range []string{"data", "target", "positive", "out"} {
		_ = c.MarkFlagRequired(name)
	}
	return c
}

func printTrained(w io.Writer, m *workbench.Model, out string) {
	r := m.Manifest.Rows
	fmt.Fprintf(w, "%s on %d rows, %d bad (%d read, %d without outcome, %d duplicates removed)\n",
		m.Manifest.Kind, r.Train, r.TrainBads, r.Read, r.NoOutcome, r.Duplicates)
	for _, l := range m.Manifest.LeftOut {
		if l.Leak {
			fmt.Fprintf(w, "LEAK, left out: %s: %s (--keep uses it all the same)\n", l.Column, l.Why)
		} else {
			fmt.Fprintf(w, "left out: %s: %s\n", l.Column, l.Why)
		}
	}
	for _, n := range m.Manifest.Notes {
		fmt.Fprintf(w, "note: %s\n", n)
	}
	if m.Integer() {
		low, high := m.Points().Range()
		fmt.Fprintf(w, "model: %d features, %d pairs, %d to %d points; %d points double the odds\n",
			len(m.Features()), len(m.Points().Pairs), low, high, workbench.PDO)
	}
	printQuality(w, "out of fold", m.Report.OutOfFold)
	if c := m.Report.Rounding; c != nil {
		fmt.Fprintf(w, "rounding to integers costs %.4f of AUC\n", c.Cost)
	}
	if q := m.Report.Test; q != nil {
		printQuality(w, "test, "+m.Manifest.Time+" from "+m.Manifest.TestFrom, *q)
		fmt.Fprintf(w, "PSI of the score, training against test: %.3f\n", m.Report.TestPSI)
	}
	if m.Report.OutOfFold.AUC > 0.97 {
		fmt.Fprintln(w, "WARNING: an AUC this high nearly always means that a column knows the outcome; look at the card's features")
	}
	fmt.Fprintf(w, "model, card and figures are in %s\n", out)
}

func printQuality(w io.Writer, title string, q workbench.Quality) {
	fmt.Fprintf(w, "%s: n %d, bads %d\n", title, q.N, q.Bads)
	for _, f := range []struct {
		name     string
		value    workbench.Figure
		interval workbench.Range
	}{
		{"auc", q.AUC, q.AUCInterval},
		{"ks", q.KS, q.KSInterval},
		{"gini", q.Gini, q.GiniInterval},
		{"brier", q.Brier, q.BrierInterval},
		{"slope", q.Slope, q.SlopeInterval},
		{"intercept", q.Intercept, q.InterceptInterval},
	} {
		fmt.Fprintf(w, "  %-10s %7.4f  [%.4f, %.4f]\n", f.name, f.value, f.interval[0], f.interval[1])
	}
}
