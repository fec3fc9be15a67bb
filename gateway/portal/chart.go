package portal

import (
	"fmt"
	"html"
	"slices"
	"strings"

	"github.com/xinlian/xinlian/internal/record"
)

// Flow is the money of one month.
type Flow struct {
	Month   uint32 // yyyymm
	InFen   int64
	OutFen  int64 // positive
	Missing bool  // no record of that month
}

// NetFen is what was left.
func (f Flow) NetFen() int64 { return f.InFen - f.OutFen }

// flowsOf sums bank movements by month, every month from the first to the last;
// one without a movement is marked.
func flowsOf(records []*record.Record) []Flow {
	sums := map[uint32]*Flow{}
	for _, r := range records {
		if r.Schema.ID != record.BankTransaction.ID {
			continue
		}
		day, _ := r.Int("date")
		fen, _ := r.Int("amount")
		direction, _ := r.Int("direction")
		m := record.Month(day)
		if sums[m] == nil {
			sums[m] = &Flow{Month: m}
		}
		if direction == record.DirectionIn {
			sums[m].InFen = record.AddFen(sums[m].InFen, fen)
		} else {
			sums[m].OutFen = record.AddFen(sums[m].OutFen, fen)
		}
	}
	months := make([]uint32, 0, len(sums))
	for m := range sums {
		months = append(months, m)
	}
	if len(months) == 0 {
		return nil
	}
	slices.Sort(months)
	var flows []Flow
	for m := months[0]; m <= months[len(months)-1]; m = nextMonth(m) {
		if f := sums[m]; f != nil {
			flows = append(flows, *f)
		} else {
			flows = append(flows, Flow{Month: m, Missing: true})
		}
	}
	return flows
}

func nextMonth(m uint32) uint32 {
	if m%100 == 12 {
		return m + 100 - 11
	}
	return m + 1
}

// Measures of the chart, in its own units.
const (
	chartHeight = 160
	chartHead   = 10
	chartFoot   = 24
	chartStep   = 28
	chartBar    = 10
)

// flowChart draws bars of inflow and outflow with the net as a line. Colours
// come from the style sheet's classes; a table beside it says the same.
func flowChart(flows []Flow, label string) string {
	top, low := int64(1), int64(0)
	for _, f := range flows {
		top, low = max(top, f.InFen, f.OutFen), min(low, f.NetFen())
	}
	y := func(fen int64) int { // in floating point: the largest amounts would overflow times the height
		return int(float64(top-fen)/(float64(top)-float64(low))*(chartHeight-chartHead)) + chartHead
	}
	zero := y(0)
	var b strings.Builder
	width := len(flows)*chartStep + 8
	fmt.Fprintf(&b, `<svg class="chart" viewBox="0 0 %d %d" role="img" aria-label="%s">`, width, chartHeight+chartFoot, html.EscapeString(label))
	fmt.Fprintf(&b, `<line class="axis" x1="0" y1="%d" x2="%d" y2="%d"/>`, zero, width, zero)
	var net []string
	for i, f := range flows {
		x := i*chartStep + 6
		if f.Missing {
			fmt.Fprintf(&b, `<rect class="missing" x="%d" y="%d" width="%d" height="%d"/>`, x, chartHead, 2*chartBar+2, zero-chartHead)
		} else {
			for k, fen := range []int64{f.InFen, f.OutFen} {
				fmt.Fprintf(&b, `<rect class="%s" x="%d" y="%d" width="%d" height="%d"><title>%s %s</title></rect>`,
					[]string{"in", "out"}[k], x+k*(chartBar+2), y(fen), chartBar, zero-y(fen), Month(f.Month), Money(fen))
			}
			net = append(net, fmt.Sprintf("%d,%d", x+chartBar+1, y(f.NetFen())))
		}
		if i%3 == 0 {
			fmt.Fprintf(&b, `<text x="%d" y="%d">%s</text>`, x, chartHeight+16, Month(f.Month)[2:])
		}
	}
	fmt.Fprintf(&b, `<polyline class="net" points="%s"/></svg>`, strings.Join(net, " "))
	return b.String()
}
