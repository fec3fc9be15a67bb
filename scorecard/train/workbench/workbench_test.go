package workbench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/xinlian/xinlian/scorecard"
	"github.com/xinlian/xinlian/scorecard/train/measure"
	"github.com/xinlian/xinlian/scorecard/train/table"
)

// loans makes a table nobody prepared: numbers with gaps, categories, money,
// dates, an identifier, a constant, an empty column, a leak of each sort and text.
func loans(seed uint64, rows int) string {
	r := rand.New(rand.NewPCG(seed, 1))
	var b strings.Builder
	b.WriteString("loan_id,income,years,sector,city,opened,empty,same,recovered,grade,word,outcome\n")
	for i := range rows {
		income, years, sector, city := 20_000+60_000*r.Float64(), r.IntN(30), r.IntN(5), r.IntN(200)
		z := 0.5 - income/30_000 - 0.05*float64(years) + 0.6*float64(sector%3)
		if city%7 == 0 {
			z++
		}
		bad := r.Float64() < measure.Probability(z)
		cell := fmt.Sprintf("\"$%d,%03d.50\"", int(income)/1_000, int(income)%1_000)
		if r.IntN(10) == 0 {
			cell = "N/A"
			if bad {
				cell = " "
			}
		}
		outcome, recovered, grade := "Good", "", "A"
		if bad {
			outcome, grade = "Bad", "D"
			if r.IntN(2) == 0 {
				recovered = fmt.Sprint(r.IntN(900) + 100)
			}
		}
		if r.IntN(50) == 0 {
			grade = "B"
		}
		fmt.Fprintf(&b, "L%06d,%s,%d,sector %d, city %d ,%d-%02d-15,,x,%s,%s,note %d,%s\n",
			i, cell, years, sector, city, 2015+i*8/rows, 1+r.IntN(12), recovered, grade, i, outcome)
	}
	return b.String()
}

func parse(t *testing.T, text string) *table.Table {
	t.Helper()
	got, err := table.Parse([]byte(text), table.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func quick(kind Kind) Options {
	return Options{Kind: kind, Target: "outcome", Positive: "Bad", Seed: 1, Folds: 3, OnChain: true, Tune: Tune{Bags: 2, Rate: 0.1, Rounds: 150, Bins: 16}}
}

func train(t *testing.T, text string, o Options) *Model {
	t.Helper()
	m, err := Train(context.Background(), parse(t, text), o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestTrain shows, for each kind, that a planted score is found with true
// probabilities, that the columns which name rows or know the outcome are left
// out, and that rounding costs next to nothing.
func TestTrain(t *testing.T) {
	t.Parallel()
	text := loans(1, 3_000)
	for _, kind := range []Kind{Scorecard, Additive, Trees} {
		m := train(t, text, quick(kind))
		q := m.Report.OutOfFold
		if q.AUC < 0.68 || q.AUC > 0.80 || q.Slope < 0.85 || q.Slope > 1.15 || math.Abs(float64(q.MeanPD-q.BadRate)) > 0.02 {
			t.Errorf("%s: AUC %.3f, slope %.3f, mean %.3f of %.3f", kind, q.AUC, q.Slope, q.MeanPD, q.BadRate)
		}
		left := map[string]bool{}
		for _, l := range m.Manifest.LeftOut {
			left[l.Column] = l.Leak
		}
		for column, leak := range map[string]bool{"loan_id": false, "empty": false, "same": false, "word": false, "recovered": true, "grade": true} {
			if got, ok := left[column]; !ok || got != leak {
				t.Errorf("%s: %s left out %v, as a leak %v, want %v", kind, column, ok, got, leak)
			}
		}
		if r := m.Report.Rounding; kind != Trees && math.Abs(float64(r.Cost)) >= 0.002 {
			t.Errorf("%s: rounding costs %.4f", kind, r.Cost)
		}
	}
}

// TestKeep shows that a column left out as a leak is used when it is asked for.
func TestKeep(t *testing.T) {
	t.Parallel()
	o := quick(Scorecard)
	o.Keep = []string{"grade"}
	if q := train(t, loans(1, 1_500), o).Report.OutOfFold; q.AUC < 0.95 {
		t.Errorf("AUC %.3f with the grade, which is the outcome in disguise", q.AUC)
	}
}

// TestSameBytes shows that the same table, options and seed give the same files on
// one processor and on several.
func TestSameBytes(t *testing.T) {
	text := loans(2, 1_200)
	for _, kind := range []Kind{Scorecard, Additive, Trees} {
		var first map[string][]byte
		for _, processors := range []int{1, 4} {
			before := runtime.GOMAXPROCS(processors)
			dir := t.TempDir()
			m := train(t, text, quick(kind))
			if err := errors.Join(m.Save(dir), m.SaveCard(dir)); err != nil {
				t.Fatal(err)
			}
			runtime.GOMAXPROCS(before)
			files := folder(t, dir)
			if first == nil {
				first = files
			}
			for name, b := range files {
				if !bytes.Equal(b, first[name]) {
					t.Errorf("%s: %s differs between one processor and four", kind, name)
				}
			}
		}
	}
}

func folder(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	names, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, n := range names {
		if files[n.Name()], err = os.ReadFile(filepath.Join(dir, n.Name())); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// TestStored shows that a stored model scores as the trained one did, whatever the
// order of columns, without the target, and with levels it has never seen; that a
// lacking column is an error that names it; and that a changed file is refused.
func TestStored(t *testing.T) {
	t.Parallel()
	text := loans(3, 1_200)
	for _, kind := range []Kind{Scorecard, Additive, Trees} {
		dir := t.TempDir()
		m := train(t, text, quick(kind))
		if err := m.Save(dir); err != nil {
			t.Fatal(err)
		}
		stored, err := Load(dir)
		if err != nil {
			t.Fatal(err)
		}
		whole := parse(t, text)
		want, _, err := m.Score(whole, false)
		if err != nil {
			t.Fatal(err)
		}
		turned := &table.Table{Rows: whole.Rows}
		for j, n := range slices.Backward(whole.Names) {
			if n != "outcome" {
				turned.Names, turned.Cells = append(turned.Names, n), append(turned.Cells, whole.Cells[j])
			}
		}
		got, _, err := stored.Score(turned, false)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: the stored model scores otherwise", kind)
		}
		lacking := parse(t, "years,sector\n3,a sector never seen\n")
		if _, _, err := stored.Score(lacking, false); !errors.Is(err, ErrRows) || !strings.Contains(err.Error(), "income") {
			t.Errorf("%s: a lacking column: %v", kind, err)
		}
		if one, notes, err := stored.Score(lacking, true); err != nil || len(one) != 1 || len(notes) == 0 || !(one[0].PD > 0 && one[0].PD < 1) {
			t.Errorf("%s: lacking columns as missing: %+v %q %v", kind, one, notes, err)
		}
		name := fileModel
		if kind == Trees {
			name = fileTrees
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte("{}"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(dir); !errors.Is(err, ErrModel) {
			t.Errorf("%s: a changed file: %v", kind, err)
		}
	}
}

// TestOnChain shows that an additive model with pairs is a model on chain, which
// scores every row of the table the same.
func TestOnChain(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(4, 4))
	var b strings.Builder
	b.WriteString("a,b,c,outcome\n")
	for range 2_500 {
		x, y, z := r.NormFloat64(), r.NormFloat64(), r.NormFloat64()
		outcome := "Good"
		if r.Float64() < measure.Probability(z+1.5*math.Copysign(1, x*y)-1) {
			outcome = "Bad"
		}
		fmt.Fprintf(&b, "%.4f,%.4f,%.4f,%s\n", x, y, z, outcome)
	}
	text := b.String()
	o := quick(Additive)
	o.Tune.Pairs = 2
	m := train(t, text, o)
	index := make([]uint16, len(m.features))
	for j := range index {
		index[j] = uint16(len(index) - 1 - j) // another order than the model's
	}
	chain, err := m.points.OnChain("test", 9, uint16(len(index)), index, scorecard.Capacity{Numerator: 1, Denominator: 1})
	if err != nil {
		t.Fatal(err)
	}
	if len(chain.Pairs) == 0 {
		t.Fatal("no pairs")
	}
	whole := parse(t, text)
	scored, _, err := m.Score(whole, false)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 200 {
		cells := map[string]string{}
		for j, n := range whole.Names {
			cells[n] = whole.Cells[j][i]
		}
		values := make([]scorecard.Value, len(index))
		for j, v := range m.Values(cells) {
			values[index[j]] = v
		}
		if r, err := chain.Evaluate(values); err != nil || r.Score != scored[i].Points {
			t.Fatalf("row %d: %d points on chain, %d here, %v", i, r.Score, scored[i].Points, err)
		}
	}
}

// TestDirections shows that declared directions hold in the points, and that
// hiding such a value never pays.
func TestDirections(t *testing.T) {
	t.Parallel()
	for _, kind := range []Kind{Scorecard, Additive} {
		o := quick(kind)
		o.Falling, o.Rising = []string{"income"}, []string{"years"} // years against the data
		m := train(t, loans(5, 2_000), o)
		for _, table := range m.points.Tables {
			f, points := m.features[table.Feature], slices.Clone(table.Points)
			switch f.Column {
			case "years":
				slices.Reverse(points)
			case "income":
			default:
				continue
			}
			if !slices.IsSorted(points) || table.Missing > slices.Min(points) {
				t.Errorf("%s: points of %s %v, missing %d", kind, f.Column, table.Points, table.Missing)
			}
		}
	}
}

// TestTime shows that training ends where testing begins, and that the test's
// figures are those of the later rows.
func TestTime(t *testing.T) {
	t.Parallel()
	o := quick(Scorecard)
	o.Time, o.TestFrom = "opened", "2021-01-01"
	text := loans(6, 2_000)
	m := train(t, text, o)
	later := 0
	for line := range strings.Lines(text) {
		if strings.Contains(line, ",2021-") || strings.Contains(line, ",2022-") {
			later++
		}
	}
	if m.Manifest.Rows.Test != later || m.Report.Test == nil || m.Report.Test.N != later || m.Manifest.Rows.Train != 2_000-later {
		t.Errorf("rows %+v, %d are later", m.Manifest.Rows, later)
	}
	if slices.ContainsFunc(m.features, func(f Feature) bool { return f.Column == "opened" }) {
		t.Error("the time is a feature")
	}
}

// TestPrior shows that the log odds of a sample drawn by outcome are those of the
// population, one shift for all rows.
func TestPrior(t *testing.T) {
	t.Parallel()
	text := loans(7, 1_500)
	o := quick(Scorecard)
	plain := train(t, text, o)
	o.Prior = 0.02
	m := train(t, text, o)
	a, _, _ := plain.Score(parse(t, text), false)
	b, _, _ := m.Score(parse(t, text), false)
	want := measure.LogOdds(0.02) - measure.LogOdds(m.Manifest.BadRate)
	for i := range a {
		if d := b[i].LogOdds - a[i].LogOdds; math.Abs(d-want) > 1/pointsFactor {
			t.Fatalf("row %d moved by %.3f, want %.3f", i, d, want)
		}
	}
}

// TestDuplicates shows that equal rows are removed before rows are divided, and
// that a table of few values, where they are different firms, keeps them.
func TestDuplicates(t *testing.T) {
	t.Parallel()
	text := loans(8, 1_000)
	lines := strings.SplitAfter(strings.TrimSpace(text), "\n")
	m := train(t, text+strings.Join(lines[1:101], ""), quick(Scorecard))
	if r := m.Manifest.Rows; r.Duplicates != 100 || r.Train != 1_000 {
		t.Errorf("rows %+v", r)
	}
	var few strings.Builder
	few.WriteString("a,b,outcome\n")
	r := rand.New(rand.NewPCG(8, 8))
	for range 600 {
		a := r.IntN(3)
		fmt.Fprintf(&few, "%d,%d,%d\n", a, r.IntN(2), map[bool]int{true: 1}[r.IntN(6) < 1+a])
	}
	o := quick(Scorecard)
	o.Positive = "1"
	if r := train(t, few.String(), o).Manifest.Rows; r.Duplicates != 0 || r.Train != 600 {
		t.Errorf("few values: rows %+v", r)
	}
}

// TestRefusals shows that what cannot be trained says what to do.
func TestRefusals(t *testing.T) {
	t.Parallel()
	text := loans(9, 400)
	for want, change := range map[string]func(o *Options){
		`no row of the target "outcome" is "2"`: func(o *Options) { o.Positive = "2" },
		`no column "nothing"`:                   func(o *Options) { o.Target = "nothing" },
		`no column "typo"`:                      func(o *Options) { o.Exclude = []string{"typo"} },
		"an outcome has two":                    func(o *Options) { o.Target = "loan_id" },
		"go together":                           func(o *Options) { o.Time = "opened" },
		"is not a date":                         func(o *Options) { o.Time, o.TestFrom = "opened", "soon" },
		`kind "magic"`:                          func(o *Options) { o.Kind = "magic" },
		"both rise and fall":                    func(o *Options) { o.Rising, o.Falling = []string{"years"}, []string{"years"} },
		"no column is left":                     func(o *Options) { o.Exclude = []string{"income", "years", "sector", "city", "opened"} },
	} {
		o := quick(Scorecard)
		change(&o)
		if _, err := Train(context.Background(), parse(t, text), o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	small := parse(t, strings.Join(strings.SplitAfter(text, "\n")[:30], ""))
	if _, err := Train(context.Background(), small, quick(Scorecard)); !errors.Is(err, ErrRows) {
		t.Errorf("thirty rows: %v", err)
	}
}

// TestScales shows that numbers far larger and far smaller than any integer's
// unit count as much as others, and that a stored model reads them the same.
func TestScales(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(12, 12))
	var b strings.Builder
	b.WriteString("huge,tiny,outcome\n")
	for range 1_500 {
		x, y := r.Float64(), r.Float64()
		outcome := "Good"
		if r.Float64() < measure.Probability(3*x-3*y-1) {
			outcome = "Bad"
		}
		fmt.Fprintf(&b, "%e,%e,%s\n", 1e25*x, 1e-15*y, outcome)
	}
	dir := t.TempDir()
	m := train(t, b.String(), quick(Scorecard))
	if len(m.features) != 2 || m.Report.OutOfFold.AUC < 0.7 {
		t.Fatalf("%d features, AUC %.3f", len(m.features), m.Report.OutOfFold.AUC)
	}
	if err := m.Save(dir); err != nil {
		t.Fatal(err)
	}
	stored, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	want, _, _ := m.Score(parse(t, b.String()), false)
	got, _, err := stored.Score(parse(t, b.String()), false)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("the stored model scores otherwise: %v", err)
	}
}

// TestFewBads shows that a model of few bad rows is made with a warning, for
// every kind, and one of fewer still refused.
func TestFewBads(t *testing.T) {
	t.Parallel()
	table := func(bads int) string {
		var b strings.Builder
		b.WriteString("a,c,outcome\n")
		r := rand.New(rand.NewPCG(13, 13))
		for i := range 120 {
			fmt.Fprintf(&b, "%d,%c,%s\n", r.IntN(50)+i%7, 'p'+rune(r.IntN(3)), map[bool]string{true: "Bad", false: "Good"}[i < bads])
		}
		return b.String()
	}
	for _, kind := range []Kind{Scorecard, Additive, Trees} {
		m := train(t, table(badsMin), quick(kind))
		if !slices.ContainsFunc(m.Manifest.Notes, func(n string) bool { return strings.Contains(n, "only 10 bad rows") }) {
			t.Errorf("%s: notes %q", kind, m.Manifest.Notes)
		}
	}
	if _, err := Train(context.Background(), parse(t, table(badsMin-1)), quick(Scorecard)); !errors.Is(err, ErrRows) || !strings.Contains(err.Error(), "9 bad of 120 rows") {
		t.Errorf("nine bads: %v", err)
	}
}

// TestBlendWeights shows that a part which knows nothing gets no weight where
// rows are many, and that few rows, which cannot tell, leave both parts theirs.
func TestBlendWeights(t *testing.T) {
	t.Parallel()
	for _, n := range []int{5_000, 40} {
		r := rand.New(rand.NewPCG(14, uint64(n)))
		x := [][]float64{make([]float64, n), make([]float64, n), make([]float64, n)}
		bad := make([]bool, n)
		for i := range n {
			z := r.NormFloat64()
			x[0][i], x[1][i], x[2][i] = z, 0.3*z+0.3*r.NormFloat64(), 0.5*r.NormFloat64()
			bad[i] = r.Float64() < measure.Probability(z)
		}
		c := blendWeights(x, bad).Coefficients
		if n == 5_000 && (c[1] > 0.3*c[0] || c[0] < 0.6 || c[0] > 1.2 || c[2] > 0.15) || n == 40 && (c[0] == 0 || c[1] == 0) {
			t.Errorf("%d rows: weights %v", n, c)
		}
	}
}

// TestLikelihoods compares weights with values by hand.
func TestLikelihoods(t *testing.T) {
	t.Parallel()
	w := likelihoods([]float64{0.5, 0.5 + math.Ln2/100, 0.9}, 100)
	if math.Abs(w[0]-2.0/3) > 1e-12 || math.Abs(w[1]-1.0/3) > 1e-12 || w[2] != 0 {
		t.Errorf("weights %v, want 2/3, 1/3, 0", w)
	}
}

// TestCard shows that the card is written from a stored model, shows the whole
// model, and that a column's name cannot become markup.
func TestCard(t *testing.T) {
	t.Parallel()
	text := strings.Replace(loans(10, 1_000), "years", "<script>years</script>", 1)
	o := quick(Additive)
	o.Fairness = []string{"sector"}
	dir := t.TempDir()
	if err := train(t, text, o).Save(dir); err != nil {
		t.Fatal(err)
	}
	m, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.SaveCard(dir); err != nil {
		t.Fatal(err)
	}
	files := folder(t, dir)
	for _, want := range []string{"<svg", "sector 3", "LEAK", "double the odds", "What is not claimed"} {
		if !bytes.Contains(files[fileCardHTML], []byte(want)) {
			t.Errorf("card.html lacks %q", want)
		}
	}
	if bytes.Contains(files[fileCardHTML], []byte("<script>")) || bytes.Contains(files[fileCardMarkdown], []byte("<script>")) {
		t.Error("a column's name is markup in the card")
	}
	if !bytes.Contains(files[fileCardMarkdown], []byte("](card-roc.svg)")) || len(files["card-roc.svg"]) == 0 {
		t.Error("card.md has no curve")
	}
}

// TestStability shows that a population is stable against itself and has moved
// when a feature has.
func TestStability(t *testing.T) {
	t.Parallel()
	text := loans(11, 1_500)
	m := train(t, text, quick(Scorecard))
	a, b := parse(t, text), parse(t, text)
	s, err := m.Stability(a, b, nil, false)
	if err != nil || math.Abs(float64(s.Score)) > 1e-9 {
		t.Errorf("against itself: %+v, %v", s, err)
	}
	j, _ := b.Column("income")
	for i := range b.Cells[j] {
		b.Cells[j][i] = "21000"
	}
	if s, err = m.Stability(a, b, nil, false); err != nil || s.Score < 0.25 {
		t.Errorf("after all incomes fell: %+v, %v", s, err)
	}
}

// TestThin shows that a thinned frame keeps every row of a rare outcome.
func TestThin(t *testing.T) {
	t.Parallel()
	f := &frame{bad: make([]bool, 10_000)}
	for i := range 100 {
		f.bad[i*97] = true
	}
	s := f.thin(1_000)
	if n := len(s.bad) - s.bads(); s.bads() != 100 || n < 400 || n > 600 {
		t.Errorf("%d bads and %d goods", s.bads(), n)
	}
}

// TestRoundest shows that cuts are round and part the same values.
func TestRoundest(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ below, upTo, want int64 }{{12, 27, 20}, {-5, 3, 0}, {99, 101, 100}, {1234, 1235, 1235}, {-27, -12, -20}} {
		if got := Roundest(c.below, c.upTo); got != c.want {
			t.Errorf("(%d, %d]: %d, want %d", c.below, c.upTo, got, c.want)
		}
	}
}
