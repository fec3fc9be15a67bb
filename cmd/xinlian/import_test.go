package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// A table of 10,000 rows with three bad ones gives 9,997 records and three
// errors, each naming its row, and the exit code of a failure.
func TestThreeBadRows(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	b.WriteString("发票号码,开票日期,价税合计,币种,收支方向,状态,不含税金额,税额,对方税号或名称\n")
	bad := map[int]string{
		17:   "N17,2026-02-30,113.001,CNY,收,正常,100,13,样本企业\n", // two faults, one error
		5000: "N5000,2026-01-31,113.00,CNY,收,正常,100,12,样本企业\n",
		9999: "N9999,2026-01-31,113.00\n",
	}
	for i := 1; i <= 10_000; i++ {
		if row, ok := bad[i]; ok {
			b.WriteString(row)
			continue
		}
		fmt.Fprintf(&b, "N%d,2026-01-31,113.00,CNY,收,正常,100,13,样本企业\n", i)
	}
	path := filepath.Join(t.TempDir(), "invoices.csv")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	c := root()
	c.SetArgs([]string{"import", "parse", "--json", path})
	c.SetOut(&out)
	var code exitCode
	if err := c.ExecuteContext(t.Context()); !errors.As(err, &code) || code != 1 {
		t.Errorf("got %v, want exit code 1", err)
	}
	type line struct {
		Record  map[string]any
		Error   map[string]any
		Summary map[string]int
	}
	var records int
	var rows []string
	var last line
	for _, l := range bytes.Split(bytes.TrimSpace(out.Bytes()), []byte("\n")) {
		last = line{}
		if err := json.Unmarshal(l, &last); err != nil {
			t.Fatalf("%s: %v", l, err)
		}
		if last.Record != nil {
			records++
			for _, key := range []string{"schema", "source_id", "date", "amount", "currency", "direction", "status"} {
				if last.Record[key] == nil {
					t.Fatalf("no %s in %s", key, l)
				}
			}
		}
		if last.Error != nil {
			rows = append(rows, fmt.Sprint(last.Error["row"], " ", last.Error["column"], " ", last.Error["rule"]))
		}
	}
	want := "[18 开票日期 date 5001 价税合计 total 10000  columns]"
	if records != 9_997 || fmt.Sprint(rows) != want || last.Summary["records"] != 9_997 || last.Summary["errors"] != 3 {
		t.Errorf("%d records, errors %v, summary %v", records, rows, last.Summary)
	}
}
