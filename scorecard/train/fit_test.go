package train

import (
	"bytes"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/xinlian/xinlian/scorecard"
)

func fit(t *testing.T, rows []Row, o Options) (*scorecard.Model, Report) {
	t.Helper()
	m, report, err := Fit(rows, o)
	if err != nil {
		t.Fatal(err)
	}
	return m, report
}

// TestFitLearns shows that a known rule is found again: its three features
// carry the model, rows not seen are told apart as well as out of fold, and the
// bands' probabilities hold for them.
func TestFitLearns(t *testing.T) {
	t.Parallel()
	m, report := fit(t, population(1, 3000), Defaults("learned"))
	fresh := population(2, 6000)
	got := Measure(scores(m, fresh), outcomes(fresh))
	if got.AUC < 0.74 || math.Abs(got.AUC-report.OutOfFold.AUC) > 0.03 {
		t.Errorf("fresh rows: %+v, out of fold: %+v", got, report.OutOfFold)
	}
	if report.Train.AUC < report.OutOfFold.AUC {
		t.Errorf("training rows at %.3f are worse than rows not seen at %.3f", report.Train.AUC, report.OutOfFold.AUC)
	}
	if report.Slope < 0.8 || report.Slope > 1.2 || math.Abs(report.Intercept) > 0.4 {
		t.Errorf("slope %.3f, intercept %.3f", report.Slope, report.Intercept)
	}
	spread := func(feature uint16) int64 {
		for _, t := range m.Tables {
			if t.Feature == feature {
				return t.Best() - slices.Min(t.Points)
			}
		}
		return 0
	}
	for _, j := range []uint16{scorecard.SalesMonthly, scorecard.CustomerTopShare, scorecard.OverdraftDays} {
		for _, noise := range []uint16{scorecard.GrossMargin, scorecard.SalesTrend, scorecard.CustomerCount} {
			if spread(j) <= 2*spread(noise) {
				t.Errorf("feature %d spreads %d points, noise %d spreads %d", j, spread(j), noise, spread(noise))
			}
		}
	}
	expected, bads := 0.0, 0.0
	for _, r := range fresh {
		result, err := m.Evaluate(r.Features)
		if err != nil {
			t.Fatal(err)
		}
		expected += float64(report.Bands.Of(result.Score).PDPpm) / 1e6
		bads += outcome(r.Bad).bad
	}
	if ratio := bads / expected; ratio < 0.9 || ratio > 1.1 {
		t.Errorf("bands expect %.0f bads, %.0f came", expected, bads)
	}
}

// TestFitIsDeterministic shows that the same rows, options and seed give the
// same bytes of model, bands and report, and that the seed moves nothing but
// the folds.
func TestFitIsDeterministic(t *testing.T) {
	t.Parallel()
	rows := population(1, 1500)
	write := func(o Options) (model, bands, report []byte) {
		m, r := fit(t, rows, o)
		model, err := m.Canonical()
		if err != nil {
			t.Fatal(err)
		}
		if bands, err = r.Bands.Canonical(); err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := r.WriteMarkdown(&b, "Report", "Invented."); err != nil {
			t.Fatal(err)
		}
		return model, bands, b.Bytes()
	}
	o := Defaults("same")
	m1, b1, r1 := write(o)
	m2, b2, r2 := write(o)
	if !bytes.Equal(m1, m2) || !bytes.Equal(b1, b2) || !bytes.Equal(r1, r2) {
		t.Error("two runs differ")
	}
	o.Seed++
	m3, _, r3 := write(o)
	if !bytes.Equal(m1, m3) || bytes.Equal(r1, r3) {
		t.Error("another seed changed the model, or did not change the folds")
	}
}

// TestFitPromises shows on random small populations, noise included, what is
// built in: points never fall as a firm does better, hiding never pays, the
// lowest entry of a table is zero, and the bands belong to the model.
func TestFitPromises(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		seed := rapid.Uint64().Draw(rt, "seed")
		m, report, err := Fit(population(seed, 500), Defaults("drawn"))
		if errors.Is(err, ErrSignal) {
			rt.Skip("too little signal")
		}
		if err != nil {
			rt.Fatal(err)
		}
		for _, table := range m.Tables {
			d := scorecard.Definitions(scorecard.FeatureSet2)[table.Feature]
			rising := slices.Clone(table.Points)
			if d.Direction == scorecard.LowerBetter {
				slices.Reverse(rising)
			}
			for i := 1; i < len(rising); i++ {
				if rising[i] <= rising[i-1] {
					rt.Fatalf("%s: points %v", d.Name, table.Points)
				}
			}
			if !d.Optional && table.Missing > rising[0] {
				rt.Fatalf("%s: missing scores %d, worst bin %d", d.Name, table.Missing, rising[0])
			}
			if min(table.Missing, rising[0]) != 0 {
				rt.Fatalf("%s: lowest entry is not zero: %+v", d.Name, table)
			}
		}
		if hash, err := m.Hash(); err != nil || report.Bands.Model != hash {
			rt.Fatalf("bands are for another model (%v)", err)
		}
		if err := report.Bands.Validate(); err != nil {
			rt.Fatal(err)
		}
		counted := 0
		for i, c := range report.BandCounts {
			counted += c.Rows
			if i > 0 && report.Bands.Bands[i].PDPpm >= report.Bands.Bands[i-1].PDPpm {
				rt.Fatalf("band %d is no better than the one below: %+v", i, report.Bands.Bands)
			}
		}
		if counted != report.Rows {
			rt.Fatalf("bands hold %d of %d rows", counted, report.Rows)
		}
	})
}

// TestFitRefuses shows that input a scorecard cannot rest on is an error.
func TestFitRefuses(t *testing.T) {
	t.Parallel()
	good := population(1, 400)
	short := slices.Clone(good)
	short[7].Features = short[7].Features[:3]
	noise := make([]Row, 400)
	for i := range noise {
		noise[i] = Row{Features: make([]scorecard.Value, len(scorecard.Definitions(scorecard.FeatureSet2))), Bad: i%4 == 0}
	}
	for _, c := range []struct {
		name string
		rows []Row
		bend func(*Options)
		want error
	}{
		{"no rows", nil, nil, ErrRows},
		{"features missing", short, nil, ErrRows},
		{"few bads", good[:30], nil, ErrRows},
		{"nothing known", noise, nil, ErrSignal},
		{"one fold", good, func(o *Options) { o.Folds = 1 }, ErrOptions},
		{"no penalty", good, func(o *Options) { o.Ridge = 0 }, ErrOptions},
		{"not a number", good, func(o *Options) { o.PDO = math.NaN() }, ErrOptions},
		{"bands out of order", good, func(o *Options) { o.Bands = []BandEdge{{"A", 0.2}, {"B", 0.1}} }, ErrOptions},
		{"no id", good, func(o *Options) { o.ID = "" }, ErrOptions},
		{"scale beyond the model", good, func(o *Options) { o.AnchorScore = 5000 }, ErrOptions},
	} {
		o := Defaults("refused")
		if c.bend != nil {
			c.bend(&o)
		}
		if _, _, err := Fit(c.rows, o); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
	}
}

// TestRegressIsOptimal shows the conditions of the constrained maximum: zero
// gradient where a coefficient is positive, no uphill direction where it is
// zero. The second column points the wrong way and must end at zero.
func TestRegressIsOptimal(t *testing.T) {
	t.Parallel()
	rows := population(3, 2000)
	bad := outcomes(rows)
	x := [][]float64{make([]float64, len(rows)), make([]float64, len(rows)), make([]float64, len(rows))}
	for i, r := range rows {
		x[0][i] = float64(r.Features[scorecard.SalesMonthly].Int%97) / 97
		x[1][i] = outcome(r.Bad).bad + x[0][i]
		x[2][i] = 1 - float64(r.Features[scorecard.OverdraftDays].Int)/60
	}
	const ridge = 2
	fitted := regress(x, bad, ridge)
	for j := range x {
		gradient := -ridge * fitted.coefficients[j]
		for i := range rows {
			z := fitted.intercept
			for k := range x {
				z += fitted.coefficients[k] * x[k][i]
			}
			gradient += residual(logistic(z), bad[i]) * x[j][i]
		}
		if c := fitted.coefficients[j]; c < 0 || (c > 0 && math.Abs(gradient) > 1e-5) || (c == 0 && gradient > 1e-5) {
			t.Errorf("coefficient %d is %g with gradient %g", j, c, gradient)
		}
	}
	if fitted.coefficients[1] != 0 || fitted.coefficients[2] == 0 {
		t.Errorf("coefficients %v", fitted.coefficients)
	}
}

// TestMeasure shows AUC and KS on scores small enough to count pairs by hand.
func TestMeasure(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		score   []int64
		bad     []bool
		auc, ks float64
	}{
		{"perfect", []int64{1, 2, 3, 4}, []bool{true, true, false, false}, 1, 1},
		{"upside down", []int64{4, 3, 2, 1}, []bool{true, true, false, false}, 0, 0},
		{"all tied", []int64{5, 5, 5, 5}, []bool{true, false, true, false}, 0.5, 0},
		{"one pair of four wrong", []int64{1, 3, 2, 4}, []bool{true, true, false, false}, 0.75, 0.5},
		{"one tie", []int64{1, 2, 2, 4}, []bool{true, true, false, false}, 0.875, 0.5},
		{"one outcome", []int64{1, 2}, []bool{false, false}, 0.5, 0},
		{"none", nil, nil, 0.5, 0},
	} {
		if m := Measure(c.score, c.bad); m.AUC != c.auc || m.KS != c.ks {
			t.Errorf("%s: AUC %g, KS %g, want %g, %g", c.name, m.AUC, m.KS, c.auc, c.ks)
		}
	}
}

// TestFolds shows that folds are a partition with equal shares of bad rows.
func TestFolds(t *testing.T) {
	t.Parallel()
	bad := make([]bool, 103)
	for i := range bad {
		bad[i] = i < 23
	}
	var sizes, bads [5]int
	for i, k := range folds(bad, 5, 9) {
		sizes[k]++
		if bad[i] {
			bads[k]++
		}
	}
	if sizes != [5]int{21, 21, 21, 20, 20} || bads != [5]int{5, 5, 5, 4, 4} {
		t.Fatalf("sizes %v, bads %v", sizes, bads)
	}
}

// TestRoundest shows thresholds that people can read and that move no row.
func TestRoundest(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ below, upTo, want int64 }{
		{51_873, 52_411, 52_000},
		{3, 4, 4},
		{9, 10, 10},
		{-5, 3, 0},
		{-1, 0, 0},
		{0, 1, 1},
		{-52_411, -51_873, -52_000},
		{4_900, 5_600, 5_000},
		{12, 18, 15},
		{-8, -3, -5},
	} {
		if got := roundest(c.below, c.upTo); got != c.want {
			t.Errorf("(%d, %d]: got %d, want %d", c.below, c.upTo, got, c.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		below := rapid.Int64Range(1-scorecard.FeatureBound, scorecard.FeatureBound-2).Draw(t, "below")
		upTo := rapid.Int64Range(below+1, scorecard.FeatureBound-1).Draw(t, "up to")
		if got := roundest(below, upTo); got <= below || got > upTo {
			t.Fatalf("(%d, %d]: got %d", below, upTo, got)
		}
	})
}

// TestRates shows that a band's rate leans on the curve and that rates which
// would rise with the score are pooled.
func TestRates(t *testing.T) {
	t.Parallel()
	got := rates([]BandCount{{Rows: 80, Bads: 18, Curve: 0.1}, {Rows: 180, Bads: 8, Curve: 0.1}, {Rows: 180, Bads: 20, Curve: 0.05}}, 20)
	want := []float64{0.2, 31.0 / 400, 31.0 / 400}
	for i := range want {
		if math.Abs(got[i]-want[i]) > 1e-12 {
			t.Fatalf("got %v, want %v", got, want)
		}
	}
}

// TestReportIsComplete shows that the report names every feature, band and bin.
func TestReportIsComplete(t *testing.T) {
	t.Parallel()
	m, report := fit(t, population(1, 1500), Defaults("reported"))
	var b strings.Builder
	if err := report.WriteMarkdown(&b, "Title", "About."); err != nil {
		t.Fatal(err)
	}
	for _, d := range scorecard.Definitions(scorecard.FeatureSet2) {
		if !strings.Contains(b.String(), d.Name) {
			t.Errorf("%s is not in the report", d.Name)
		}
	}
	for _, k := range report.Bands.Bands {
		if !strings.Contains(b.String(), "| "+k.Name+" | ") {
			t.Errorf("band %s is not in the report", k.Name)
		}
	}
	if len(report.Factors) != len(m.Tables) || len(report.Factors)+len(report.LeftOut) != len(scorecard.Definitions(scorecard.FeatureSet2)) {
		t.Errorf("%d factors, %d left out, %d tables", len(report.Factors), len(report.LeftOut), len(m.Tables))
	}
}
