package format_test

import (
	"compress/gzip"
	"context"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/xinlian/xinlian/gateway/connector"
	"github.com/xinlian/xinlian/gateway/connector/format"
	"github.com/xinlian/xinlian/internal/record"
)

// tally counts what a run finds, and keeps none of it.
type tally struct {
	records    map[int64]int // by status
	net, tax   int64         // of all but the void
	enterprise map[string]bool
	rules      map[connector.Rule]int
}

func (c *tally) Record(at connector.Position, r *record.Record) error {
	status, _ := r.Int("status")
	c.records[status]++
	c.enterprise[at.Enterprise] = true
	if status != record.StatusVoid {
		net, _ := r.Int("net")
		tax, _ := r.Int("tax")
		c.net, c.tax = c.net+net, c.tax+tax
	}
	return nil
}

func (c *tally) Refuse(e connector.RowError) error {
	c.rules[e.Rule]++
	return nil
}

// sharedData is a data set that is not part of this repository, as sharedFile is.
func sharedData(t *testing.T, name string) *os.File {
	t.Helper()
	_, self, _, _ := runtime.Caller(0)
	dir := filepath.Dir(self)
	for range 8 {
		f, err := os.Open(filepath.Join(dir, "shared", "data", filepath.FromSlash(name)))
		if err == nil {
			t.Cleanup(func() { f.Close() })
			return f
		}
		dir = filepath.Dir(dir)
	}
	t.Skipf("data set %s is absent: put shared/data beside the repository to run this test", name)
	return nil
}

// The four invoice files of the CUMCM contest give their exact counts and sums,
// which were counted by another program: every row is a record, a row whose total
// is wrong, the same row again, or the same invoice with another status.
func TestCUMCM(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		file                     string
		rows                     int
		normal, red, void        int
		net, tax                 int64 // fen, of all but the void
		total, repeat, duplicate int
		enterprises              int
	}{
		{"a1_sales_123", 162484, 138823, 8362, 10862, 1306921087858, 168266448323, 1, 4436, 0, 123},
		{"a1_purchases_123", 210947, 200730, 1849, 7563, 922106619480, 125912150348, 2, 803, 0, 123},
		{"a2_sales_302", 330835, 296245, 5528, 27314, 1521138140345, 134309072587, 0, 1745, 3, 302},
		{"a2_purchases_302", 395175, 369834, 3543, 17113, 842795534442, 88134126590, 2, 4681, 2, 302},
	} {
		t.Run(c.file, func(t *testing.T) {
			t.Parallel()
			in, err := gzip.NewReader(sharedData(t, "cumcm2020c/"+c.file+".csv.gz"))
			if err != nil {
				t.Fatal(err)
			}
			got := &tally{map[int64]int{}, 0, 0, map[string]bool{}, map[connector.Rule]int{}}
			run := connector.NewRun(format.All, connector.Owner{}, got)
			run.Within(connector.Limits{FileBytes: 1 << 30, Rows: 1_000_000, Problems: 100_000})
			sum, err := run.Parse(context.Background(), connector.Source{Name: c.file, Reader: in}, connector.Auto)
			if err != nil {
				t.Fatal(err)
			}
			if got.records[record.StatusNormal] != c.normal || got.records[record.StatusRed] != c.red || got.records[record.StatusVoid] != c.void {
				t.Errorf("records by status %v, want %d %d %d", got.records, c.normal, c.red, c.void)
			}
			if got.net != c.net || got.tax != c.tax {
				t.Errorf("net %d tax %d, want %d %d", got.net, got.tax, c.net, c.tax)
			}
			if got.rules[connector.RuleTotal] != c.total || got.rules[connector.RuleRepeat] != c.repeat || got.rules[connector.RuleDuplicate] != c.duplicate {
				t.Errorf("rules %v, want %d %d %d", got.rules, c.total, c.repeat, c.duplicate)
			}
			if n := sum.Records + sum.Refused + sum.Notes; n != c.rows || len(got.enterprise) != c.enterprises {
				t.Errorf("%d rows of %d enterprises, want %d of %d", n, len(got.enterprise), c.rows, c.enterprises)
			}
		})
	}
}
