package workbench

import (
	"fmt"
	"math"
	"strconv"

	"github.com/go-analyze/charts"
)

// plot is one picture of a card.
type plot struct {
	Name, Title, About string
	SVG                []byte
}

const (
	plotWidth  = 560
	plotHeight = 320
	shapesMax  = 9 // features whose tables are drawn
)

// plots are the pictures of the card.
func (m *Model) plots() ([]plot, error) {
	r := &m.Report
	drawn := []func() (plot, error){r.plotROC, r.plotCalibration, r.plotSpread}
	if m.Integer() {
		for k, i := range r.Importance {
			if k == shapesMax {
				break
			}
			drawn = append(drawn, func() (plot, error) { return m.plotShape(k, i.Column) })
		}
	}
	var all []plot
	for _, draw := range drawn {
		p, err := draw()
		if err != nil {
			return nil, fmt.Errorf("drawing the card: %w", err)
		}
		if p.SVG != nil {
			all = append(all, p)
		}
	}
	return all, nil
}

func line(title string, labels, names []string, values [][]float64) ([]byte, error) {
	o := charts.NewLineChartOptionWithData(values)
	o.Title.Text = title
	o.XAxis.Labels = labels
	o.Legend.SeriesNames = names
	o.Legend.Offset = charts.OffsetRight
	o.Symbol.Shape = charts.SymbolNone
	o.XAxis.LabelCount = 11
	return render(func(p *charts.Painter) error { return p.LineChart(o) })
}

func bars(title string, labels, names []string, values [][]float64) ([]byte, error) {
	o := charts.NewBarChartOptionWithData(values)
	o.Title.Text = title
	o.CategoryAxis.Labels = labels
	o.Legend.SeriesNames = names
	o.Legend.Offset = charts.OffsetRight
	return render(func(p *charts.Painter) error { return p.BarChart(o) })
}

func render(draw func(*charts.Painter) error) ([]byte, error) {
	p := charts.NewPainter(charts.PainterOptions{OutputFormat: charts.ChartOutputSVG, Width: plotWidth, Height: plotHeight})
	if err := draw(p); err != nil {
		return nil, err
	}
	return p.Bytes()
}

// plotROC draws the curve at every fiftieth of the goods.
func (r *Report) plotROC() (plot, error) {
	const steps = 50
	labels, curve, chance := make([]string, steps+1), make([]float64, steps+1), make([]float64, steps+1)
	k := 0
	for s := range labels {
		x := float64(s) / steps
		for k+1 < len(r.ROC)-1 && float64(r.ROC[k+1][0]) < x {
			k++
		}
		labels[s], chance[s] = strconv.FormatFloat(x, 'f', 2, 64), x
		a, b := r.ROC[k], r.ROC[min(k+1, len(r.ROC)-1)]
		curve[s] = float64(b[1])
		if width := float64(b[0] - a[0]); width > 0 {
			curve[s] = float64(a[1]) + (x-float64(a[0]))/width*float64(b[1]-a[1])
		}
		curve[s] = min(max(curve[s], 0), 1)
	}
	svg, err := line("ROC", labels, []string{"model", "chance"}, [][]float64{curve, chance})
	return plot{"roc", "ROC curve, out of fold", "Share of bads caught against the share of goods refused with them.", svg}, err
}

func (r *Report) plotCalibration() (plot, error) {
	var labels []string
	values := [][]float64{nil, nil}
	for k, g := range r.Groups {
		labels = append(labels, strconv.Itoa(k+1))
		values[0] = append(values[0], percent(g.MeanPD))
		values[1] = append(values[1], percent(g.Rate))
	}
	svg, err := bars("Predicted and observed, %", labels, []string{"predicted", "observed"}, values)
	return plot{"calibration", "Calibration, out of fold", "Default rate of tenths of the rows, least risk first, against the mean prediction.", svg}, err
}

func percent(f Figure) float64 { return math.Round(float64(f)*10_000) / 100 }

func (r *Report) plotSpread() (plot, error) {
	var labels []string
	values := [][]float64{nil, nil}
	share := func(n []int) []float64 {
		all, out := 0, make([]float64, len(n))
		for _, v := range n {
			all += v
		}
		for k, v := range n {
			out[k] = math.Round(10_000*float64(v)/float64(max(all, 1))) / 100
		}
		return out
	}
	values[0], values[1] = share(r.Spread.Goods), share(r.Spread.Bads)
	for k := range r.Spread.Goods {
		labels = append(labels, strconv.FormatFloat(float64(r.Spread.From)+(float64(k)+0.5)*float64(r.Spread.Width), 'f', 1, 64))
	}
	svg, err := line("Share of rows, %", labels, []string{"good", "bad"}, values)
	return plot{"spread", "Where goods and bads lie", "Distribution of the predicted log odds of default, out of fold.", svg}, err
}

// plotShape draws the points of one feature's table.
func (m *Model) plotShape(k int, column string) (plot, error) {
	for i := range m.points.Tables {
		t := &m.points.Tables[i]
		f := &m.features[t.Feature]
		if f.Column != column {
			continue
		}
		labels, values := []string{"missing"}, []float64{float64(t.Missing)}
		for b, p := range t.Points {
			labels, values = append(labels, f.binText(t.Cuts, b)), append(values, float64(p))
		}
		svg, err := bars(column, labels, []string{"points"}, [][]float64{values})
		return plot{fmt.Sprintf("shape-%d", k+1), "Points of " + column, "More points are less risk.", svg}, err
	}
	return plot{}, nil // only in pairs
}

// binText names bin b of a table for people.
func (f *Feature) binText(cuts []int64, b int) string {
	switch {
	case len(cuts) == 0:
		return "any"
	case b == 0:
		return "< " + f.text(cuts[0])
	case b == len(cuts):
		return "≥ " + f.text(cuts[b-1])
	}
	return f.text(cuts[b-1]) + " to < " + f.text(cuts[b])
}
