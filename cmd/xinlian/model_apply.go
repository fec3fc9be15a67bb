package main

import (
	"bufio"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/xinlian/xinlian/scorecard/train/measure"
	"github.com/xinlian/xinlian/scorecard/train/table"
	"github.com/xinlian/xinlian/scorecard/train/workbench"
)

// applied is a model, a table and what the one says of the other.
type applied struct {
	model  *workbench.Model
	table  *table.Table
	scored []workbench.Scored
}

// tableFlags are the flags of every command that applies a model to a table.
type tableFlags struct {
	model, data  string
	allowMissing bool
	read         table.Options
}

func (f *tableFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&f.model, "model", "", "folder of the model")
	c.Flags().StringVar(&f.data, "data", "", "table to score")
	f.addReading(c)
	_ = c.MarkFlagRequired("model")
	_ = c.MarkFlagRequired("data")
}

func (f *tableFlags) addReading(c *cobra.Command) {
	c.Flags().BoolVar(&f.allowMissing, "allow-missing", false, "take columns that the table lacks as missing in every row")
	c.Flags().BoolVar(&f.read.NoHeader, "no-header", false, "the first line is a row; columns are c1, c2 and so on")
}

func (f *tableFlags) apply(cmd *cobra.Command) (*applied, error) {
	m, err := workbench.Load(f.model)
	if err != nil {
		return nil, err
	}
	t, err := table.Read(f.data, f.read)
	if err != nil {
		return nil, err
	}
	return score(cmd, m, t, f.allowMissing)
}

func score(cmd *cobra.Command, m *workbench.Model, t *table.Table, allowMissing bool) (*applied, error) {
	scored, notes, err := m.Score(t, allowMissing)
	if err != nil {
		return nil, err
	}
	for _, n := range notes {
		fmt.Fprintln(cmd.ErrOrStderr(), "note:", n)
	}
	return &applied{m, t, scored}, nil
}

// known are the log odds and outcomes of the rows that have an outcome.
func (a *applied) known(target, positive string) (logOdds []float64, bad []bool, rows []int, err error) {
	all, rows, err := a.model.Outcomes(a.table, target, positive)
	if err != nil {
		return nil, nil, nil, err
	}
	z := workbench.LogOdds(a.scored)
	for _, i := range rows {
		logOdds, bad = append(logOdds, z[i]), append(bad, all[i])
	}
	return logOdds, bad, rows, nil
}

func modelScoreCommand() *cobra.Command {
	var f tableFlags
	var out, id string
	c := &cobra.Command{
		Use:   "score --model DIR --data F --out F",
		Short: "score every row of a table",
		Long: `score writes one line per row: row (from 1), points, log odds of default and
probability of default. Points of scorecards and additive models are integers and
decide; the probability is that of the points. Trees have no points.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			a, err := f.apply(cmd)
			if err != nil {
				return err
			}
			var ids []string
			if id != "" {
				j, err := a.table.Column(id)
				if err != nil {
					return err
				}
				ids = a.table.Cells[j]
			}
			if err := writeScores(out, a, id, ids); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%d rows scored into %s\n", len(a.scored), out)
			return nil
		},
	}
	f.add(c)
	c.Flags().StringVar(&out, "out", "", "CSV file for the scores")
	c.Flags().StringVar(&id, "id", "", "column to repeat beside each row")
	_ = c.MarkFlagRequired("out")
	return c
}

func writeScores(path string, a *applied, id string, ids []string) error {
	file, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("writing the scores: %w", err)
	}
	defer file.Close()
	buffered := bufio.NewWriter(file)
	w := csv.NewWriter(buffered)
	heading := []string{"row", "points", "log_odds", "pd"}
	if id != "" {
		heading = append(heading, id)
	}
	_ = w.Write(heading)
	for i, s := range a.scored {
		points := ""
		if a.model.Integer() {
			points = strconv.FormatInt(s.Points, 10)
		}
		line := []string{strconv.Itoa(i + 1), points, strconv.FormatFloat(s.LogOdds, 'f', 6, 64), strconv.FormatFloat(s.PD, 'f', 6, 64)}
		if id != "" {
			line = append(line, ids[i])
		}
		_ = w.Write(line) // the writer keeps the first error for Error
	}
	w.Flush()
	if err := w.Error(); err != nil {
		return fmt.Errorf("writing the scores: %w", err)
	}
	if err := buffered.Flush(); err != nil {
		return fmt.Errorf("writing the scores: %w", err)
	}
	if err := file.Close(); err != nil {
		return fmt.Errorf("writing the scores: %w", err)
	}
	return nil
}

// evaluation is the file of evaluate.
type evaluation struct {
	workbench.Quality
	Kind     workbench.Kind      `json:"kind"`
	Target   string              `json:"target"`
	Skipped  int                 `json:"rows_without_outcome"`
	Methods  map[string]string   `json:"intervals"`
	Segments []workbench.Segment `json:"segments,omitempty"`
}

var intervalMethods = map[string]string{
	"auc_95": "DeLong", "gini_95": "DeLong", "ks_95": "bootstrap of rows, percentile", "brier_95": "bootstrap of rows, percentile",
	"slope_95": "Wald", "intercept_95": "Wald",
}

func modelEvaluateCommand() *cobra.Command {
	var f tableFlags
	var target, positive, out string
	var segments []string
	var seed uint64
	c := &cobra.Command{
		Use:   "evaluate --model DIR --data F --target COL --json F",
		Short: "measure a model on a table with outcomes",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			a, err := f.apply(cmd)
			if err != nil {
				return err
			}
			logOdds, bad, rows, err := a.known(target, positive)
			if err != nil {
				return err
			}
			if target == "" {
				target = a.model.Manifest.Target
			}
			if hex.EncodeToString(a.table.Digest[:]) == a.model.Manifest.Data {
				fmt.Fprintln(cmd.ErrOrStderr(), "note: this is the table that the model was trained on, so these figures flatter; those out of fold are in its report")
			}
			e := evaluation{
				Quality: workbench.Measure(logOdds, bad, seed), Kind: a.model.Manifest.Kind, Target: target,
				Skipped: a.table.Rows - len(rows), Methods: intervalMethods,
			}
			if e.Bads == 0 || e.Bads == e.N {
				fmt.Fprintf(cmd.ErrOrStderr(), "note: %d of %d rows are bad; without both outcomes there is no AUC, KS, Gini, slope or intercept\n", e.Bads, e.N)
			}
			if e.Segments, err = a.segments(segments, rows, logOdds, bad); err != nil {
				return err
			}
			if out != "" {
				if err := writeJSON(out, e); err != nil {
					return err
				}
			}
			printQuality(cmd.OutOrStdout(), "evaluated", e.Quality)
			printSegments(cmd.OutOrStdout(), e.Segments)
			return nil
		},
	}
	f.add(c)
	c.Flags().StringVar(&target, "target", "", "column of outcomes; as in training where not given")
	c.Flags().StringVar(&positive, "positive", "", "value of the bad outcome; as in training where not given")
	c.Flags().StringVar(&out, "json", "", "file for the figures")
	segmentsFlag(c, &segments)
	c.Flags().Uint64Var(&seed, "seed", 1, "of the bootstrap")
	return c
}

// segmentsFlag is the flag of every command that measures groups.
func segmentsFlag(c *cobra.Command, names *[]string) {
	c.Flags().StringSliceVar(names, "segments", nil, "columns by whose groups to measure as well: size, region, sector")
}

// segments measures the rows with an outcome by the groups of columns.
func (a *applied) segments(names []string, rows []int, logOdds []float64, bad []bool) ([]workbench.Segment, error) {
	var all []workbench.Segment
	for _, name := range names {
		s, err := workbench.Segments(a.table.Take(rows), name, logOdds, bad)
		if err != nil {
			return nil, err
		}
		all = append(all, s...)
	}
	return all, nil
}

func printSegments(w io.Writer, segments []workbench.Segment) {
	for _, s := range segments {
		fmt.Fprintf(w, "  %s = %s: n %d, bads %d, rate %.4f, mean pd %.4f (z %.1f), auc %.3f, passing %.2f, ratio %.2f, of good rows %.2f\n",
			s.Column, s.Group, s.N, s.Bads, s.BadRate, s.MeanPD, s.GapZ, s.AUC, s.Passed, s.Ratio, s.GoodsRatio)
		for _, alarm := range s.Alarms {
			fmt.Fprintf(w, "    ALARM: %s\n", alarm)
		}
	}
}

func writeJSON(path string, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	if err := os.WriteFile(path, append(b, '\n'), 0o644); err != nil {
		return fmt.Errorf("writing the figures: %w", err)
	}
	return nil
}

func modelReportCommand() *cobra.Command {
	var f tableFlags
	var out, target, positive string
	var segments []string
	c := &cobra.Command{
		Use:   "report --model DIR [--data F --segments A,B]",
		Short: "make the model card, card.html and card.md with plots",
		Long: `report writes the card from the model's folder. With --data and --segments it
shows the figures by group on that table, which needs the target, instead of
those that training made with --fairness.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			m, err := workbench.Load(f.model)
			if err != nil {
				return err
			}
			if (f.data == "") != (len(segments) == 0) {
				return fmt.Errorf("--data and --segments go together: a table and the columns by whose groups to measure")
			}
			if f.data != "" {
				a, err := f.apply(cmd)
				if err != nil {
					return err
				}
				logOdds, bad, rows, err := a.known(target, positive)
				if err != nil {
					return err
				}
				if m.Report.Segments, err = a.segments(segments, rows, logOdds, bad); err != nil {
					return err
				}
				m.Report.SegmentsOf = hex.EncodeToString(a.table.Digest[:])
			}
			if out == "" {
				out = f.model
			}
			if err := m.SaveCard(out); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "card.html, card.md and their plots are in %s\n", out)
			return nil
		},
	}
	c.Flags().StringVar(&f.model, "model", "", "folder of the model")
	c.Flags().StringVar(&f.data, "data", "", "table by whose groups to measure")
	c.Flags().StringVar(&target, "target", "", "column of outcomes; as in training where not given")
	c.Flags().StringVar(&positive, "positive", "", "value of the bad outcome; as in training where not given")
	segmentsFlag(c, &segments)
	c.Flags().StringVar(&out, "out", "", "folder for the card; the model's own where not given")
	f.addReading(c)
	_ = c.MarkFlagRequired("model")
	return c
}

func modelCompareCommand() *cobra.Command {
	var f tableFlags
	var a, b, target, positive, out string
	var seed uint64
	c := &cobra.Command{
		Use:   "compare --a DIR --b DIR --data F --target COL",
		Short: "compare the AUC of two models on the same rows",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			t, err := table.Read(f.data, f.read)
			if err != nil {
				return err
			}
			var logOdds [2][]float64
			var bad []bool
			for k, dir := range []string{a, b} {
				m, err := workbench.Load(dir)
				if err != nil {
					return err
				}
				s, err := score(cmd, m, t, f.allowMissing)
				if err != nil {
					return err
				}
				var outcome []bool
				if logOdds[k], outcome, _, err = s.known(target, positive); err != nil {
					return err
				}
				if bad == nil {
					bad = outcome
				}
			}
			r := workbench.NewComparison(measure.Compare(logOdds[0], logOdds[1], bad, seed))
			fmt.Fprintf(cmd.OutOrStdout(), "auc of a %.4f, of b %.4f; difference %.4f, 95%% [%.4f, %.4f] by bootstrap, [%.4f, %.4f] by DeLong, p %.4f\n",
				r.A, r.B, r.Difference, r.Bootstrap[0], r.Bootstrap[1], r.DeLong[0], r.DeLong[1], r.P)
			if out != "" {
				return writeJSON(out, r)
			}
			return nil
		},
	}
	c.Flags().StringVar(&a, "a", "", "folder of the first model")
	c.Flags().StringVar(&b, "b", "", "folder of the second model")
	c.Flags().StringVar(&f.data, "data", "", "table with outcomes that neither model was trained on")
	c.Flags().StringVar(&target, "target", "", "column of outcomes; as in training where not given")
	c.Flags().StringVar(&positive, "positive", "", "value of the bad outcome; as in training where not given")
	c.Flags().StringVar(&out, "json", "", "file for the figures")
	c.Flags().Uint64Var(&seed, "seed", 1, "of the bootstrap")
	f.addReading(c)
	for _, name := range []string{"a", "b", "data"} {
		_ = c.MarkFlagRequired(name)
	}
	return c
}

func modelPSICommand() *cobra.Command {
	var f tableFlags
	var data, segments []string
	var timeColumn, from, out string
	c := &cobra.Command{
		Use:   "psi --model DIR --data BEFORE --data NOW | --data F --time COL --test-from T",
		Short: "how far scores and features have moved between two periods",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			m, err := workbench.Load(f.model)
			if err != nil {
				return err
			}
			before, now, err := periods(data, timeColumn, from, f.read)
			if err != nil {
				return err
			}
			r, err := m.Stability(before, now, segments, f.allowMissing)
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%d rows before, %d now; below 0.1 is stable, above 0.25 has moved\n%-30s %.4f\n", r.Before, r.Now, "score", r.Score)
			for _, c := range r.Features {
				fmt.Fprintf(cmd.OutOrStdout(), "%-30s %.4f\n", c.Column, c.PSI)
			}
			for _, s := range r.Segments {
				fmt.Fprintf(cmd.OutOrStdout(), "%s = %s: score %.4f; %.1f %% of the rows before, %.1f %% now\n", s.Column, s.Group, s.Score, 100*s.ShareBefore, 100*s.ShareNow)
			}
			if out != "" {
				return writeJSON(out, r)
			}
			return nil
		},
	}
	c.Flags().StringVar(&f.model, "model", "", "folder of the model")
	c.Flags().StringArrayVar(&data, "data", nil, "the two tables, or one to split by time")
	c.Flags().StringVar(&timeColumn, "time", "", "column of time to split one table by")
	c.Flags().StringVar(&from, "test-from", "", "the time from which rows are now")
	segmentsFlag(c, &segments)
	c.Flags().StringVar(&out, "json", "", "file for the figures")
	f.addReading(c)
	_ = c.MarkFlagRequired("model")
	_ = c.MarkFlagRequired("data")
	return c
}

func periods(data []string, timeColumn, from string, read table.Options) (before, now *table.Table, err error) {
	switch {
	case len(data) == 2 && timeColumn == "":
		if before, err = table.Read(data[0], read); err != nil {
			return nil, nil, err
		}
		now, err = table.Read(data[1], read)
		return before, now, err
	case len(data) == 1 && timeColumn != "" && from != "":
		t, err := table.Read(data[0], read)
		if err != nil {
			return nil, nil, err
		}
		return workbench.SplitByTime(t, timeColumn, from)
	default:
		return nil, nil, fmt.Errorf("psi compares two tables, --data A --data B, or the two sides of one, --data F --time COL --test-from T")
	}
}
