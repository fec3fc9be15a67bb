package train

import (
	"context"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/xinlian/xinlian/internal/record"
	"github.com/xinlian/xinlian/scorecard"
	"github.com/xinlian/xinlian/scorecard/train/table"
	"github.com/xinlian/xinlian/scorecard/train/workbench"
)

// benchSet is a set of real data with what is known about it.
type benchSet struct {
	key       string
	name      string
	read      func(t *testing.T) *table.Table
	options   workbench.Options
	want      float64 // AUC that a transparent model is to reach
	reference string
	note      string
}

// sbaLeaks are overwritten after a charge-off, or name the sample.
var sbaLeaks = []string{
	"Term", "RealEstate", "Recession", "daysterm", "xx", "MIS_Status", "ChgOffDate", "ChgOffPrinGr", "BalanceGross", "Selected", "LoanNr_ChkDgt",
}

func benchSets() []benchSet {
	const invoices = "123 Chinese firms, 27 bads: standard error about 0.044, so seeds differ by 0.02. The bank's rating is the label in disguise and not used. " +
		"Features are the 25 of set 2 that invoices can tell, computed from earlier invoices and therefore kept whatever the screen says of them. " +
		"Directions declared for them make no difference to the better (scorecard, mean of five seeds: 0.847 with, 0.849 without, before bags)."
	cumcm := func(year int) func(t *testing.T) *table.Table {
		return func(t *testing.T) *table.Table { return cumcmTable(t, year) }
	}
	return []benchSet{
		{
			"cumcm-2018", "CUMCM 2020 C, invoices to 2018", cumcm(2018),
			workbench.Options{Target: "default", Positive: "1", Keep: cumcmNames()},
			0.865, "WOE 0.830, trees 0.865", invoices,
		},
		{
			"cumcm-2019", "CUMCM 2020 C, invoices to 2019", cumcm(2019),
			workbench.Options{Target: "default", Positive: "1", Keep: cumcmNames()},
			0.89, "WOE 0.880, trees 0.892", "The same firms. Some of these invoices are later than the default.",
		},
		{
			"german", "German credit",
			func(t *testing.T) *table.Table { return readTable(t, "german/german.data", true) },
			workbench.Options{Target: "c21", Positive: "2"},
			0.79, "WOE 0.791, trees 0.799", "Consumers, not firms: a check of the method only. Tried at seed 1 and dropped, all but the last before bags: pairs (0.775), coarser and finer bins of " +
				"boosting (0.782, 0.781), more ridge (0.783), larger leaves (0.785), smaller steps with more bags (0.784), every choice of penalty with " +
				"every smoothness (0.788).",
		},
		{
			"sba", "SBA, California real estate, 1,471 loans",
			func(t *testing.T) *table.Table { return readTable(t, "sba_case/train_first_1471.csv", false) },
			workbench.Options{Target: "Default", Positive: "1", Exclude: sbaLeaks},
			0.82, "WOE 0.794, trees 0.834", "Without the columns that are overwritten after a charge-off. Above 0.90 would be a leak.",
		},
		{
			"polish", "Polish companies, 1year",
			func(t *testing.T) *table.Table { return readTable(t, "polish/1year.arff.gz", false) },
			workbench.Options{Target: "class", Positive: "1"},
			0.94, "WOE 0.862, trees 0.955", "Missing ratios are informative; 82 equal rows are removed.",
		},
	}
}

// readTable reads a file of shared/data, which lies beside the repository; the
// test skips where it is absent.
func readTable(t *testing.T, name string, noHeader bool) *table.Table {
	t.Helper()
	dir, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	for ; ; dir = filepath.Dir(dir) {
		path := filepath.Join(dir, "shared", "data", name)
		if _, err := os.Stat(path); err == nil {
			read, err := table.Read(path, table.Options{NoHeader: noHeader})
			if err != nil {
				t.Fatal(err)
			}
			return read
		}
		if dir == filepath.Dir(dir) {
			t.Skipf("shared/data/%s is not beside the repository", name)
		}
	}
}

// cumcmNames are the features that invoices alone can tell.
func cumcmNames() []string {
	var names []string
	for _, d := range scorecard.Definitions(scorecard.FeatureSet2) {
		if invoicesTell(&d) {
			names = append(names, d.Name)
		}
	}
	return names
}

func invoicesTell(d *scorecard.Definition) bool {
	for _, s := range d.Sources {
		if s != record.SalesInvoice.ID && s != record.PlatformSales.ID && s != record.PurchaseInvoice.ID {
			return false
		}
	}
	return len(d.Sources) > 0
}

// cumcmTable extracts the product's own features from the invoices up to the end
// of a year.
func cumcmTable(t *testing.T, year int) *table.Table {
	t.Helper()
	asOf := record.Day(time.Date(year, 12, 31, 0, 0, 0, 0, time.UTC))
	books := map[string][]*record.Record{}
	readInvoices(t, "cumcm2020c/a1_sales_123.csv.gz", record.SalesInvoice, asOf, books)
	readInvoices(t, "cumcm2020c/a1_purchases_123.csv.gz", record.PurchaseInvoice, asOf, books)
	firms, err := csv.NewReader(dataFile(t, "cumcm2020c/a1_enterprises_123.csv")).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	names := cumcmNames()
	var text strings.Builder
	text.WriteString("default," + strings.Join(names, ",") + "\n")
	for _, f := range firms[1:] {
		features, err := scorecard.Extract(scorecard.FeatureSet2, scorecard.Input{Records: books[f[0]], AsOfDay: asOf})
		if err != nil {
			t.Fatal(err)
		}
		bad := 0
		if f[3] == "是" {
			bad = 1
		}
		fmt.Fprint(&text, bad)
		for j, d := range scorecard.Definitions(scorecard.FeatureSet2) {
			for _, n := range names {
				if d.Name == n {
					text.WriteByte(',')
					if v := features[j]; v.Present {
						fmt.Fprint(&text, v.Int)
					}
				}
			}
		}
		text.WriteByte('\n')
	}
	read, err := table.Parse([]byte(text.String()), table.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return read
}

// TestScoringBenchmark measures every kind of model on the real data and writes
// a section of docs/benchmarks/scoring.md for each set; sections of sets that did
// not run stay as they are. It runs where XINLIAN_SCORING_BENCH names the file.
func TestScoringBenchmark(t *testing.T) {
	out := os.Getenv("XINLIAN_SCORING_BENCH")
	if out == "" {
		t.Skip("XINLIAN_SCORING_BENCH does not name a file; make bench-scoring does")
	}
	if err := os.MkdirAll(filepath.Dir(out), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, s := range benchSets() {
		t.Run(s.key, func(t *testing.T) {
			section := s.measure(t)
			before, err := os.ReadFile(out)
			if err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
			if err := os.WriteFile(out, []byte(replaceSection(string(before), s.name, section)), 0o644); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// Sets of at most seedRowsMax rows are divided by several seeds, because one
// division decides as much as the method.
const (
	seedRowsMax = 1_000
	seeds       = 3
)

// measure trains every kind of model on the set.
func (s *benchSet) measure(t *testing.T) string {
	var b strings.Builder
	data := s.read(t)
	fmt.Fprintf(&b, "## %s\n\n%s Wanted of a transparent model: %.3f. Reference (5 folds, untuned): %s.\n\n", s.name, s.note, s.want, s.reference)
	b.WriteString("| model | AUC [95 %] | mean of seeds | KS | Brier | slope [95 %] | features, pairs | integers cost | CPU s | s |\n|---|---|---|---|---|---|---|---|---|---|\n")
	best, bestMean := 0.0, 0.0
	for _, kind := range []workbench.Kind{workbench.Scorecard, workbench.Additive, workbench.Trees} {
		m, cpu, wall := s.train(t, data, kind, 1)
		q := m.Report.OutOfFold
		size, cost, mean := "", "", ""
		if m.Integer() {
			best = max(best, float64(q.AUC))
			size = fmt.Sprintf("%d, %d", len(m.Features()), len(m.Points().Pairs))
			cost = fmt.Sprintf("%.4f", m.Report.Rounding.Cost)
			if c := float64(m.Report.Rounding.Cost); c >= 0.002 {
				t.Errorf("%s: rounding costs %.4f of AUC", kind, c)
			}
			if data.Rows <= seedRowsMax {
				v := s.mean(t, data, kind, float64(q.AUC))
				mean, bestMean = fmt.Sprintf("%.4f", v), max(bestMean, v)
			}
		}
		line := fmt.Sprintf("| %s | %.4f [%.3f, %.3f] | %s | %.3f | %.4f | %.3f [%.2f, %.2f] | %s | %s | %.0f | %.0f |\n", kind, q.AUC, q.AUCInterval[0], q.AUCInterval[1],
			mean, q.KS, q.Brier, q.Slope, q.SlopeInterval[0], q.SlopeInterval[1], size, cost, cpu.Seconds(), wall.Seconds())
		t.Log(line)
		b.WriteString(line)
	}
	fmt.Fprintf(&b, "\nBest transparent model: %.4f at seed 1, %s", best, verdict(best, s.want))
	if bestMean > 0 {
		fmt.Fprintf(&b, "; %.4f as the mean of seeds 1 to %d, %s", bestMean, seeds, verdict(bestMean, s.want))
	}
	b.WriteString(".\n")
	return b.String()
}

func verdict(auc, want float64) string {
	if auc < want {
		return "not reached"
	}
	return "reached"
}

// mean is that of the AUC over seeds, the first of which is known.
func (s *benchSet) mean(t *testing.T, data *table.Table, kind workbench.Kind, first float64) float64 {
	sum := first
	for seed := uint64(2); seed <= seeds; seed++ {
		m, _, _ := s.train(t, data, kind, seed)
		sum += float64(m.Report.OutOfFold.AUC)
	}
	return sum / seeds
}

// train trains with the command's default settings and says what it took.
func (s *benchSet) train(t *testing.T, data *table.Table, kind workbench.Kind, seed uint64) (m *workbench.Model, cpu, wall time.Duration) {
	o := s.options
	o.Kind, o.OnChain, o.Seed = kind, kind != workbench.Trees, seed
	start, before := time.Now(), cpuTime(t)
	m, err := workbench.Train(context.Background(), data, o)
	if err != nil {
		t.Fatal(err)
	}
	return m, cpuTime(t) - before, time.Since(start)
}

// cpuTime is what this process has taken of all processors.
func cpuTime(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// replaceSection puts a section in the place of that of the same name, or last.
func replaceSection(text, name, section string) string {
	if text == "" {
		text = benchHeading
	}
	start := strings.Index(text, "## "+name)
	if start < 0 {
		return text + "\n" + section
	}
	end := strings.Index(text[start+1:], "\n## ")
	if end < 0 {
		return text[:start] + section
	}
	return text[:start] + section + text[start+1+end:]
}

const benchHeading = `# Scoring benchmark

Made by ` + "`make bench-scoring`" + ` in one run, on real data that is not part of the repository, with the default settings of ` + "`xinlian model train`" + ` for
every set. Every figure is out of fold, pooled over 5 random folds with seed 1, with every step repeated inside each fold: encoding, bins, choice of
columns and of pairs, penalties, smoothness, weights, calibration and rounding. Only the screen of columns sees all rows, and it only takes columns away.
"Mean of seeds" repeats all of it for seeds 1 to 3 where rows are few. AUC intervals are DeLong's, slopes Wald's. Scorecard and additive models are
measured as integer points within the bounds of a model on chain (32 tables of 32 bins, 16 pairs); "integers cost" is what the same models before rounding
have more of AUC. CPU seconds are those of all processors for the five folds and the model together, seconds are wall clock on 2 cores that others loaded
at the same time: on cores of its own a training takes a little more than half of its CPU seconds.

What a model chooses, it chooses inside its folds. The method itself was developed while looking at these same sets: bags, smooth evidence and weights by
likelihood were kept because they helped on them, so that the figures are a little kinder than a set never seen would be.

The bank features of the product have no real benchmark: no public set joins bank statements with the default of small firms.
`
