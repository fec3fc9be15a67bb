package format_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/xinlian/xinlian/gateway/connector"
	"github.com/xinlian/xinlian/gateway/connector/format"
	"github.com/xinlian/xinlian/internal/record"
)

// invoiceStream writes a table of invoices as it is read, so that only what the
// reader keeps is in memory.
type invoiceStream struct {
	rows, next int
	rest       []byte
}

func (s *invoiceStream) Read(p []byte) (int, error) {
	for len(s.rest) == 0 {
		switch {
		case s.next > s.rows:
			return 0, io.EOF
		case s.next == 0:
			s.rest = []byte("发票号码,开票日期,价税合计,币种,收支方向,状态,不含税金额,税额,对方税号或名称\n")
		default:
			s.rest = fmt.Appendf(s.rest[:0], "%020d,2026-%02d-%02d,%d.13,CNY,收,正常,%d.00,0.13,样本企业%d\n",
				s.next, s.next%12+1, s.next%28+1, s.next, s.next, s.next%5000)
		}
		s.next++
	}
	n := copy(p, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

// counter is a sink that keeps nothing.
type counter struct{ records, problems int }

func (c *counter) Record(connector.Position, *record.Record) error { c.records++; return nil }
func (c *counter) Refuse(connector.RowError) error                 { c.problems++; return nil }

// memoryMax bounds what the process may have had at once while it read a
// million rows, duplicates found among them.
const memoryMax = 256 << 20

// BenchmarkMillionInvoices reads 1,000,000 invoice rows and fails where the
// process grew beyond memoryMax.
func BenchmarkMillionInvoices(b *testing.B) {
	const rows = 1_000_000
	for b.Loop() {
		var got counter
		run := connector.NewRun(format.All, connector.Owner{}, &got).Within(connector.Limits{FileBytes: 1 << 30, Rows: rows, Problems: 1})
		if _, err := run.Parse(context.Background(), connector.Source{Name: "million.csv", Reader: &invoiceStream{rows: rows}}, connector.Auto); err != nil || got.records != rows || got.problems > 0 {
			b.Fatal(got, err)
		}
	}
	b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	if most := peakBytes(); most > 0 {
		b.ReportMetric(float64(most>>20), "MiB-peak")
		if most > memoryMax {
			b.Fatalf("the process had %d MiB, at most %d", most>>20, memoryMax>>20)
		}
	}
}

// peakBytes is the most memory that the process has had, 0 where the system
// does not tell.
func peakBytes() int64 {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(b), "VmHWM:")
	kib, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	n, err := strconv.ParseInt(kib, 10, 64)
	if err != nil {
		return 0
	}
	return n << 10
}
