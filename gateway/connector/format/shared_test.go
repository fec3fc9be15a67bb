package format_test

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/xinlian/xinlian/gateway/connector"
	"github.com/xinlian/xinlian/gateway/connector/format"
	"github.com/xinlian/xinlian/internal/record"
)

// sharedFile is a published sample that is not part of this repository: it lies
// beside it, in shared/formats of the directory above, and the test is skipped
// where it is absent.
func sharedFile(t *testing.T, name string) string {
	t.Helper()
	_, self, _, _ := runtime.Caller(0)
	dir := filepath.Dir(self)
	for range 8 {
		path := filepath.Join(dir, "shared", "formats", filepath.FromSlash(name))
		if _, err := os.Stat(path); err == nil {
			return path
		}
		dir = filepath.Dir(dir)
	}
	t.Skipf("published sample %s is absent: put shared/formats beside the repository to run this test", name)
	return ""
}

func parseFile(t *testing.T, path string, owner connector.Owner) (*connector.Collector, connector.Summary) {
	t.Helper()
	src, closer, err := connector.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer closer.Close()
	var c connector.Collector
	sum, err := format.Parse(context.Background(), src, connector.Auto, owner, &c)
	if err != nil {
		t.Fatal(err)
	}
	return &c, sum
}

// Every published camt sample gives its booked movements and closing balances,
// and what is not taken is refused or noted for its reason.
func TestSharedCamt(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		file    string
		in, out int64 // fen of all bank-transactions
		count   int
		closing []int64
		rules   string
	}{
		{"camt052.v1.xml", 0, 20000000, 1, nil, ""},
		{"camt052.v2.other-account.xml", 0, 20000000, 1, nil, ""},
		{"camt052.v2.with-account-name.xml", 0, 0, 0, nil, "date required"},
		{"camt052.v2.xml", 0, 20000000, 1, nil, ""},
		{"camt052.v4.xml", 0, 0, 0, nil, "pending"},
		{"camt052.v6.Amt-zero.xml", 0, 0, 0, nil, "pending"},
		{"camt052.v6.xml", 0, 0, 0, nil, "pending"},
		{"camt052.v8.xml", 0, 20000000, 1, nil, ""},
		{"camt053.v2.all-balance-types.xml", 885, 0, 1, []int64{404}, "balance"},
		{"camt053.v2.five.decimals.xml", 885, 0, 1, []int64{2705}, "balance"},
		{"camt053.v2.minimal.ultimate.xml", 885, 0, 1, []int64{-2700}, ""},
		{"camt053.v2.minimal.xml", 885, 0, 1, []int64{-2700}, ""},
		{"camt053.v2.multi.statement.xml", 885, 700, 2, []int64{2700, 2000}, ""},
		{"camt053.v2.with-account-name.xml", 885, 0, 1, nil, ""},
		{"camt053.v2.with-party-ids.xml", 885, 0, 1, []int64{-2700}, ""},
		{"camt053.v2.wrong.xml", 0, 0, 0, nil, "required"},
		{"camt053.v3.xml", 885, 0, 1, []int64{-2700}, ""},
		{"camt053.v4.xml", 885, 0, 1, []int64{-2700}, ""},
		{"camt053.v8.xml", 885, 0, 1, []int64{-2700}, ""},
		{"camt054.v2.with-account-name.xml", 0, 0, 0, nil, "date required"},
		{"camt054.v2.xml", 0, 20000000, 1, nil, ""},
		{"camt054.v4.xml", 0, 20000000, 1, nil, ""},
		{"camt054.v8-with-UETR.xml", 0, 0, 0, nil, "date required"},
		{"camt054.v8-with-financial-institution.xml", 0, 0, 0, nil, "date"},
		{"camt054.v8.xml", 0, 20000000, 1, nil, ""},
		{"camt53.only-Dt-with-DtTm.xml", 0, 0, 0, nil, ""},
	} {
		t.Run(c.file, func(t *testing.T) {
			t.Parallel()
			got, sum := parseFile(t, sharedFile(t, "camt053/"+c.file), connector.Owner{})
			if sum.Format != "camt" {
				t.Fatalf("format %q", sum.Format)
			}
			var in, out int64
			var count int
			var closing []int64
			for _, r := range got.Records {
				fen, _ := r.Int("amount")
				direction, _ := r.Int("direction")
				switch {
				case r.Schema == record.BankBalance:
					closing = append(closing, fen)
				case direction == record.DirectionIn:
					in, count = in+fen, count+1
				default:
					out, count = out+fen, count+1
				}
			}
			if in != c.in || out != c.out || count != c.count || len(closing) != len(c.closing) {
				t.Errorf("in %d out %d in %d entries, closing %v; want %d %d %d %v", in, out, count, closing, c.in, c.out, c.count, c.closing)
			}
			for i := range min(len(closing), len(c.closing)) {
				if closing[i] != c.closing[i] {
					t.Errorf("closing %v, want %v", closing, c.closing)
				}
			}
			wantRules(t, got.Problems, c.rules)
		})
	}
}

// wantRules compares the rules of the problems, in order, joined by spaces.
func wantRules(t *testing.T, got []connector.RowError, want string) {
	t.Helper()
	var rules []string
	for _, e := range got {
		rules = append(rules, string(e.Rule))
		if e.Remedy == "" || e.Detail == "" || e.File == "" {
			t.Errorf("problem without file, remedy or detail: %+v", e)
		}
	}
	if s := strings.Join(rules, " "); s != want {
		t.Errorf("problems %q, want %q: %v", s, want, got)
	}
}
