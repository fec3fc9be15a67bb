package workbench

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/xinlian/xinlian/scorecard/train/boost"
	"github.com/xinlian/xinlian/scorecard/train/measure"
	"github.com/xinlian/xinlian/scorecard/train/table"
)

// Least numbers of rows of each outcome; below them a model is noise.
const (
	badsMin  = 10
	goodsMin = 10
	badsFew  = 100 // fewer make a model that the card warns of
)

// sets are the parts of a table by what they are for.
type sets struct {
	train, test   *frame
	rows, testRow []int // of the table
	group         []int // of train; equal rows share one
	notes         []string
	out           []LeftOut
	record        Rows
}

// Train makes a model of a table. Everything in the returned model follows from
// the table, the options and nothing else.
func Train(ctx context.Context, t *table.Table, o Options) (*Model, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	s, err := divide(ctx, t, &o)
	if err != nil {
		return nil, err
	}
	p := o.plan(len(s.train.bad), s.train.bads(), len(s.train.columns))
	p.folds = min(p.folds, s.train.bads(), len(s.train.bad)-s.train.bads())
	o.say("%d rows, %d bad, %d columns; %s: %d folds, %d bags, rate %.2f", len(s.train.bad), s.train.bads(), len(s.train.columns),
		o.Kind, p.folds, p.boost.Bags, p.boost.Rate)
	held, err := crossFit(ctx, s, &o, p)
	if err != nil {
		return nil, err
	}
	o.say("fitting the model on all %d rows", len(s.train.bad))
	final, err := fit(ctx, s.train, &o, p)
	if err != nil {
		return nil, err
	}
	if o.Prior > 0 { // after measuring: the sample has its own rate
		final.shift(measure.LogOdds(o.Prior) - measure.LogOdds(badRate(s.train.bad)))
	}
	m := &Model{fitted: *final, Manifest: s.manifest(t, &o, p)}
	if err := m.report(t, s, &o, held); err != nil {
		return nil, err
	}
	return m, nil
}

// divide reads the target, removes equal rows, splits by time and screens
// columns on the rows to train on.
func divide(ctx context.Context, t *table.Table, o *Options) (*sets, error) {
	s := &sets{notes: slices.Clone(t.Notes)}
	if err := o.names(t); err != nil {
		return nil, err
	}
	bad, known, err := outcomes(t, o.Target, o.Positive)
	if err != nil {
		return nil, err
	}
	s.record = Rows{Read: t.Rows, NoOutcome: t.Rows - len(known)}
	rows, group, removed := distinct(t, known)
	s.record.Duplicates = removed
	if removed == 0 && len(rows) != slices.Max(group)+1 {
		s.notes = append(s.notes, "more than a fifth of the rows equal another one: they are kept, and equal rows stay in one fold")
	}
	groupOf := map[int]int{}
	for k, i := range rows {
		groupOf[i] = group[k]
	}
	s.rows = rows
	if o.Time != "" {
		if s.rows, s.testRow, err = split(t, rows, o.Time, o.TestFrom); err != nil {
			return nil, err
		}
	}
	for _, i := range s.rows {
		s.group = append(s.group, groupOf[i])
	}
	all, err := s.candidates(ctx, t, bad, o)
	if err != nil {
		return nil, err
	}
	if b := all.bads(); b < badsMin || len(all.bad)-b < goodsMin {
		return nil, fmt.Errorf("%w: %d bad of %d rows to train on, want at least %d bad and %d good; check the target's positive value %q",
			ErrRows, b, len(all.bad), badsMin, goodsMin, o.Positive)
	}
	o.say("screening %d columns for leaks", len(all.columns))
	used, out, notes, err := screen(ctx, all, o)
	if err != nil {
		return nil, err
	}
	s.train, s.out, s.notes = used, append(s.out, out...), append(s.notes, notes...)
	s.record.Train, s.record.TrainBads = len(used.bad), used.bads()
	if b := used.bads(); b < badsFew {
		s.notes = append(s.notes, fmt.Sprintf("only %d bad rows: every figure is uncertain by as much as its interval says, and the model may be noise", b))
	}
	if len(s.testRow) > 0 {
		s.test = frameOf(t, used.columns, s.testRow, bad)
		s.record.Test, s.record.TestBads = len(s.test.bad), s.test.bads()
	}
	return s, nil
}

// names resolves the names of columns in the options, so that a wrong one is
// told at once.
func (o *Options) names(t *table.Table) error {
	for _, names := range [][]string{o.Exclude, o.Keep, o.Category, o.Rising, o.Falling, o.Fairness} {
		for k, n := range names {
			j, err := t.Column(n)
			if err != nil {
				return err
			}
			names[k] = t.Names[j]
		}
	}
	for _, n := range []*string{&o.Target, &o.Time} {
		if *n != "" {
			j, err := t.Column(*n)
			if err != nil {
				return err
			}
			*n = t.Names[j]
		}
	}
	return nil
}

// candidates are the columns at the rows to train on, the target, the time and
// the excluded ones left out.
func (s *sets) candidates(ctx context.Context, t *table.Table, bad []bool, o *Options) (*frame, error) {
	var use []int
	for j, n := range t.Names {
		switch {
		case n == o.Target:
		case n == o.Time:
			s.out = append(s.out, LeftOut{Column: n, Why: "the time by which rows are split"})
		case slices.Contains(o.Exclude, n):
			s.out = append(s.out, LeftOut{Column: n, Why: "excluded on request"})
		default:
			use = append(use, j)
		}
	}
	f := &frame{columns: make([]column, len(use)), bad: make([]bool, len(s.rows))}
	for k, i := range s.rows {
		f.bad[k] = bad[i]
	}
	notes := make([]string, len(use))
	err := boost.Each(ctx, len(use), func(k int) {
		j := use[k]
		cells := make([]string, len(s.rows))
		for r, i := range s.rows {
			cells[r] = t.Cells[j][i]
		}
		typ, odd := table.Infer(cells)
		if slices.Contains(o.Category, t.Names[j]) {
			typ, odd = table.Type{Kind: table.Category}, 0
		}
		if odd > 0 {
			notes[k] = fmt.Sprintf("%q is a %s, but %d of its cells are not: they count as missing", t.Names[j], typ.Kind, odd)
		}
		f.columns[k] = newColumn(t.Names[j], cells, typ)
	})
	for _, n := range notes {
		if n != "" {
			s.notes = append(s.notes, n)
		}
	}
	return f, err
}

// frameOf reads columns of the same names and types at some rows of a table.
func frameOf(t *table.Table, like []column, rows []int, bad []bool) *frame {
	f := &frame{bad: make([]bool, len(rows))}
	for k, i := range rows {
		f.bad[k] = bad[i]
	}
	for _, c := range like {
		j := slices.Index(t.Names, c.name)
		cells := make([]string, len(rows))
		for k, i := range rows {
			cells[k] = t.Cells[j][i]
		}
		f.columns = append(f.columns, newColumn(c.name, cells, c.typ))
	}
	return f
}

// heldOut are predictions of rows by models that have not seen them.
type heldOut struct {
	logOdds, exact []float64
	score          []int64
	fold           []int
}

// crossFit repeats everything without each fold in turn.
func crossFit(ctx context.Context, s *sets, o *Options, p plan) (*heldOut, error) {
	n := len(s.train.bad)
	h := &heldOut{logOdds: make([]float64, n), exact: make([]float64, n), score: make([]int64, n), fold: folds(s.train.bad, s.group, p.folds, o.Seed)}
	for k := range p.folds {
		o.say("fold %d of %d", k+1, p.folds)
		var rest, out []int
		for i, f := range h.fold {
			if f == k {
				out = append(out, i)
			} else {
				rest = append(rest, i)
			}
		}
		m, err := fit(ctx, s.train.take(rest), o, p)
		if err != nil {
			return nil, fmt.Errorf("fold %d: %w", k+1, err)
		}
		stored, exact, score, err := m.predict(s.train.take(out))
		if err != nil {
			return nil, err
		}
		for r, i := range out {
			h.logOdds[i], h.exact[i], h.score[i] = stored[r], exact[r], score[r]
		}
	}
	return h, nil
}

// manifest says what the model was made of.
func (s *sets) manifest(t *table.Table, o *Options, p plan) Manifest {
	return Manifest{
		Version: 1, Kind: o.Kind, Data: hex.EncodeToString(t.Digest[:]), Target: o.Target, Positive: o.Positive,
		Time: o.Time, TestFrom: o.TestFrom, Seed: o.Seed, Folds: p.folds, Prior: o.Prior, OnChain: o.OnChain,
		Exclude: o.Exclude, Keep: o.Keep, Category: o.Category, Rising: o.Rising, Falling: o.Falling, Fairness: o.Fairness,
		Bins: p.bins, Boost: Boost{
			Bags: p.boost.Bags, HeldOut: p.boost.HeldOut, Rate: p.boost.Rate, RoundsMax: p.boost.Rounds, Patience: p.boost.Patience,
			Ridge: p.boost.Ridge, RowsMin: p.boost.RowsMin, PairsMax: p.boost.Pairs, PairBins: p.boost.PairBins, Depth: p.boost.Depth,
		},
		Rows: s.record, LeftOut: s.out, Notes: s.notes, BadRate: badRate(s.train.bad),
	}
}

// Measure measures predicted log odds of default; the seed is that of the bootstrap.
func Measure(logOdds []float64, bad []bool, seed uint64) Quality {
	return newQuality(measure.Of(logOdds, bad, seed))
}
