package train

import (
	"context"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strings"
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
	return []benchSet{
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
		{
			"german", "German credit",
			func(t *testing.T) *table.Table { return readTable(t, "german/german.data", true) },
			workbench.Options{Target: "c21", Positive: "2"},
			0.79, "WOE 0.791, trees 0.799", "Consumers, not firms: a check of the method only." +
				" Tried at seed 1: pairs (0.775), coarser and finer bins (0.782, 0.781), more ridge (0.783), larger leaves (0.785), smaller steps with more bags (0.784). Seeds 1, 2, 3 give 0.785, 0.791, 0.788: the folds decide more than the settings.",
		},
		{
			"cumcm", "CUMCM 2020 C, invoices of 2018, feature set 1",
			func(t *testing.T) *table.Table { return cumcmTable(t, 2018) },
			workbench.Options{Target: "default", Positive: "1", Keep: cumcmNames()},
			0.865, "WOE 0.830, trees 0.865", "123 Chinese firms, 27 bads: standard error about 0.044. The bank's rating is the label in disguise and not used. " +
				"Features are kept whatever the screen says of them, because they are computed from earlier invoices." +
				" Features are those of set 2 that invoices can tell.",
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

// cumcmTable extracts the product's own features from the invoices up to 2018.
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

// measure trains every kind of model on the set.
func (s *benchSet) measure(t *testing.T) string {
	var b strings.Builder
	variants := []struct {
		name    string
		kind    workbench.Kind
		onChain bool
	}{{"scorecard", workbench.Scorecard, true}, {"additive", workbench.Additive, true}, {"additive, no limits", workbench.Additive, false}, {"gbdt", workbench.Trees, false}}
	data := s.read(t)
	fmt.Fprintf(&b, "## %s\n\n%s Wanted of a transparent model: %.3f. Reference (5 folds, untuned): %s.\n\n", s.name, s.note, s.want, s.reference)
	b.WriteString("| model | AUC [95 %] | KS | Brier | slope [95 %] | features, pairs | integers cost | s |\n|---|---|---|---|---|---|---|---|\n")
	best := 0.0
	for _, v := range variants {
		o := s.options
		o.Kind, o.OnChain, o.Seed = v.kind, v.onChain, 1
		start := time.Now()
		m, err := workbench.Train(context.Background(), data, o)
		if err != nil {
			t.Fatal(err)
		}
		q := m.Report.OutOfFold
		size, cost := "", ""
		if m.Integer() {
			best = max(best, float64(q.AUC))
			size = fmt.Sprintf("%d, %d", len(m.Features()), len(m.Points().Pairs))
			cost = fmt.Sprintf("%.4f", m.Report.Rounding.Cost)
			if c := float64(m.Report.Rounding.Cost); c >= 0.002 {
				t.Errorf("%s: rounding costs %.4f of AUC", v.name, c)
			}
		}
		line := fmt.Sprintf("| %s | %.4f [%.3f, %.3f] | %.3f | %.4f | %.3f [%.2f, %.2f] | %s | %s | %.0f |\n", v.name, q.AUC, q.AUCInterval[0], q.AUCInterval[1],
			q.KS, q.Brier, q.Slope, q.SlopeInterval[0], q.SlopeInterval[1], size, cost, time.Since(start).Seconds())
		t.Log(line)
		b.WriteString(line)
	}
	verdict := "reached"
	if best < s.want {
		verdict = "not reached"
	}
	fmt.Fprintf(&b, "\nBest transparent model: %.4f, %s.\n", best, verdict)
	return b.String()
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

Made by ` + "`make bench-scoring`" + ` on real data that is not part of the repository. Every figure is out of fold, pooled over 5 random
folds with seed 1, with every step repeated inside each fold: screen of columns aside, encoding, bins, choice of columns and of pairs, penalties,
weights, calibration and rounding. AUC intervals are DeLong's, slopes Wald's. Scorecard and additive models are measured as integer points; the
column "integers cost" is what the same models before rounding have more of AUC. "No limits" lifts the bounds of a model on chain (32 tables of 32 bins,
16 pairs). Seconds are wall clock for the five folds and the model together, on 2 cores, whatever else they were doing.

The bank features of the product have no real benchmark: no public set joins bank statements with the default of small firms.
`
