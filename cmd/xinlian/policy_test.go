package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The simulation reads two files and prints a frontier whose profit rises with the
// risk, with the same numbers in both forms, and names what is wrong with a file.
func TestPolicySimulate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	firms := write("firms.csv", "firm,grade,pd_ppm,limit_fen\nlane bakery,A,5000,10000000\nhill smithy,B,40000,20000000\nold mill,D,300000,20000000\n")
	churn := write("churn.csv", "annual_rate,churn_A,churn_B\n0.04,0,0\n0.06,0.3,0.25\n0.09,0.7,0.6\n")
	run := func(more ...string) (string, error) {
		var out bytes.Buffer
		c := policyCommand()
		c.SetOut(&out)
		c.SetErr(&out)
		c.SetArgs(append([]string{"simulate", "--firms", firms, "--churn", churn, "--budget", "25000000", "--risk", "100", "--steps", "3"}, more...))
		err := c.Execute()
		return out.String(), err
	}
	text, err := run()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"risk bps", "gap bps", "lane bakery", "1 of them left out"} {
		if !strings.Contains(text, want) {
			t.Errorf("the table lacks %q:\n%s", want, text)
		}
	}
	raw, err := run("--json")
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		LeftOut  []string `json:"left_out"`
		Frontier []struct {
			RiskBps   uint32 `json:"risk_bps"`
			LossFen   int64  `json:"loss_fen"`
			ProfitFen int64  `json:"profit_fen"`
			BoundFen  int64  `json:"bound_fen"`
		} `json:"frontier"`
	}
	if err := json.Unmarshal([]byte(raw), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Frontier) != 3 || len(got.LeftOut) != 1 || got.LeftOut[0] != "old mill" {
		t.Fatalf("got %+v", got)
	}
	for i, p := range got.Frontier {
		if p.ProfitFen <= 0 || p.ProfitFen > p.BoundFen || p.LossFen > 25_000_000*int64(p.RiskBps)/10_000 || (i > 0 && p.ProfitFen < got.Frontier[i-1].ProfitFen) {
			t.Errorf("line %d: %+v", i+1, p)
		}
	}
	firms = write("bad.csv", "firm,grade,pd_ppm,limit_fen\nlane bakery,A,five,10000000\n")
	if _, err := run(); err == nil || !strings.Contains(err.Error(), "bad.csv") || !strings.Contains(err.Error(), "row 2: pd_ppm") {
		t.Errorf("a bad file: %v", err)
	}
}
