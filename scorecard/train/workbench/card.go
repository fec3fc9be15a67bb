package workbench

import (
	"bytes"
	"fmt"
	"html/template"
	"os"
	"path/filepath"
	"strings"
)

// The files of a card.
const (
	fileCardHTML     = "card.html"
	fileCardMarkdown = "card.md"
)

// section is a part of a card: words, then a table.
type section struct {
	Title   string
	Text    []string
	Heading []string
	Rows    [][]string
	Plots   []plot
}

// SaveCard writes the model card: card.html with its plots inside, card.md with
// its plots beside it.
func (m *Model) SaveCard(dir string) error {
	sections, err := m.card()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("making the card's folder: %w", err)
	}
	title := fmt.Sprintf("Model card · %s of %q · 模型卡", m.Manifest.Kind, m.Manifest.Target)
	var html bytes.Buffer
	if err := cardPage.Execute(&html, struct {
		Title    string
		Sections []section
	}{title, sections}); err != nil {
		return fmt.Errorf("writing the card: %w", err)
	}
	files := map[string][]byte{fileCardHTML: html.Bytes(), fileCardMarkdown: markdown(title, sections)}
	for _, s := range sections {
		for _, p := range s.Plots {
			files["card-"+p.Name+".svg"] = p.SVG
		}
	}
	for name, b := range files {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil {
			return fmt.Errorf("writing the card: %w", err)
		}
	}
	return nil
}

func (m *Model) card() ([]section, error) {
	plots, err := m.plots()
	if err != nil {
		return nil, err
	}
	shapes := plots
	for k, p := range plots {
		if strings.HasPrefix(p.Name, "shape") {
			plots, shapes = plots[:k], plots[k:]
			break
		}
		shapes = nil
	}
	sections := []section{m.cardUse(), m.cardQuality(plots), m.cardRows(), m.cardFeatures(shapes)}
	if len(m.Report.Segments) > 0 {
		sections = append(sections, m.cardFairness())
	}
	if m.Integer() {
		sections = append(sections, m.cardPoints()...)
	}
	return append(sections, m.cardLimits()), nil
}

func (m *Model) cardUse() section {
	f := &m.Manifest
	s := section{Title: "What it is"}
	switch f.Kind {
	case Trees:
		s.Text = append(s.Text, "A challenger: boosted trees, which nobody can read. It shows what transparency costs, stays off chain and must not decide.")
	case Scorecard:
		s.Text = append(s.Text, "A scorecard: monotone bins, weights of evidence, a regression whose coefficients cannot change sign, integer points.")
	default:
		s.Text = append(s.Text, "An additive model: integer points from a table for each feature and from a few tables over two features. "+
			"The tables below are the whole model; anyone can add them up, and a circuit can prove the sum.")
	}
	if m.Integer() {
		low, high := m.points.Range()
		s.Text = append(s.Text, fmt.Sprintf("Scale: %d points at %d:1 good to bad, %d points double the odds; scores reach from %d to %d. More points are less risk.",
			AnchorScore, AnchorOdds, PDO, low, high))
	}
	if f.Prior > 0 {
		s.Text = append(s.Text, fmt.Sprintf("The sample was drawn by outcome (%.2f %% bad); log odds are shifted to a population with %.2f %%. "+
			"Figures of calibration below are those before the shift.", 100*f.BadRate, 100*f.Prior))
	}
	s.Text = append(s.Text, fmt.Sprintf("Outcome: %s = %s is bad. Table: SHA-256 %s. Seed %d.", f.Target, f.Positive, f.Data, f.Seed))
	return s
}

func figure(f Figure, r Range, format string) string {
	return fmt.Sprintf(format+" ["+format+", "+format+"]", f, r[0], r[1])
}

func (m *Model) cardQuality(plots []plot) section {
	r := &m.Report
	s := section{
		Title: "Quality", Plots: plots,
		Text: []string{fmt.Sprintf("Out of fold: every step, from the choice of columns to the rounding of points, repeated inside each of %d folds. "+
			"Intervals are of 95 %%: DeLong for AUC and Gini, bootstrap of rows for KS and Brier, Wald for slope and intercept. "+
			"A perfect slope is 1, a perfect intercept 0.", len(r.Folds))},
		Heading: []string{"", "n", "bads", "AUC", "KS", "Gini", "Brier", "slope", "intercept"},
	}
	row := func(name string, q *Quality) {
		s.Rows = append(s.Rows, []string{
			name, fmt.Sprint(q.N), fmt.Sprint(q.Bads), figure(q.AUC, q.AUCInterval, "%.3f"), figure(q.KS, q.KSInterval, "%.3f"),
			figure(q.Gini, q.GiniInterval, "%.3f"), figure(q.Brier, q.BrierInterval, "%.4f"), figure(q.Slope, q.SlopeInterval, "%.2f"),
			figure(q.Intercept, q.InterceptInterval, "%.2f"),
		})
	}
	row("out of fold", &r.OutOfFold)
	if r.Test != nil {
		row("test, "+m.Manifest.Time+" from "+m.Manifest.TestFrom, r.Test)
		s.Text = append(s.Text, fmt.Sprintf("Population stability index of the score between training and test: %.3f (below 0.1 stable, above 0.25 moved).", r.TestPSI))
	}
	for k, f := range r.Folds {
		s.Rows = append(s.Rows, []string{
			fmt.Sprintf("fold %d", k+1), fmt.Sprint(f.N), fmt.Sprint(f.Bads), fmt.Sprintf("%.3f", f.AUC), fmt.Sprintf("%.3f", f.KS), "", "", "", "",
		})
	}
	row("training rows (flattering)", &r.Train)
	if r.Rounding != nil {
		s.Text = append(s.Text, fmt.Sprintf("Integer points cost %.4f of AUC against the same models before rounding (%.4f).", r.Rounding.Cost, r.Rounding.ExactAUC))
	}
	return s
}

func (m *Model) cardRows() section {
	r := m.Manifest.Rows
	s := section{Title: "Rows and columns", Heading: []string{"column left out", "why"}}
	s.Text = append(s.Text, fmt.Sprintf("%d rows read, %d without an outcome, %d equal to an earlier one and removed, %d to train on (%d bad), %d to test on (%d bad).",
		r.Read, r.NoOutcome, r.Duplicates, r.Train, r.TrainBads, r.Test, r.TestBads))
	s.Text = append(s.Text, m.Manifest.Notes...)
	if len(m.Manifest.Keep) > 0 {
		s.Text = append(s.Text, "Used on request, whatever the screen says: "+list(m.Manifest.Keep)+".")
	}
	for _, l := range m.Manifest.LeftOut {
		why := l.Why
		if l.Leak {
			why = "LEAK: " + why
		}
		s.Rows = append(s.Rows, []string{l.Column, why})
	}
	return s
}

func (m *Model) cardFeatures(shapes []plot) section {
	s := section{Title: "Features", Plots: shapes, Heading: []string{"feature", "kind", "moves the score by, points", "direction"}}
	s.Text = append(s.Text, "Ordered by the standard deviation of the points over the rows trained on.")
	direction := map[string]string{}
	for _, n := range m.Manifest.Rising {
		direction[n] = "risk only rises"
	}
	for _, n := range m.Manifest.Falling {
		direction[n] = "risk only falls"
	}
	kind := map[string]string{}
	for _, f := range m.features {
		kind[f.Column] = string(f.Type.Kind)
	}
	for _, i := range m.Report.Importance {
		s.Rows = append(s.Rows, []string{i.Column, kind[i.Column], fmt.Sprintf("%.1f", i.Points), direction[i.Column]})
	}
	return s
}

func (m *Model) cardFairness() section {
	from := "Out of fold."
	if m.Report.SegmentsOf != "" {
		from = "On the table with SHA-256 " + m.Report.SegmentsOf + "."
	}
	s := section{
		Title: "Figures by group",
		Heading: []string{
			"column", "group", "n", "bads", "default rate", "mean prediction", "z", "AUC", "passes", "ratio", "good rows pass", "ratio",
		},
		Text: []string{from + " A row passes that has less risk than the median of all. Ratios compare a group with the one that passes most: " +
			"of all its rows (disparate impact) and of its good rows (equal opportunity). z is the bads that came less those predicted, in standard deviations. " +
			"An alarm is a ratio below 0.8, a z beyond 3 or a lower AUC than that of all other rows, each only where chance would show it in less than about 1 of 370 tests " +
			"and the group has 30 rows."},
	}
	for _, g := range m.Report.Segments {
		s.Rows = append(s.Rows, []string{
			g.Column, g.Group, fmt.Sprint(g.N), fmt.Sprint(g.Bads), fmt.Sprintf("%.3f [%.3f, %.3f]", g.BadRate, g.RateLow, g.RateHigh),
			fmt.Sprintf("%.3f", g.MeanPD), fmt.Sprintf("%.1f", g.GapZ), fmt.Sprintf("%.3f [%.3f, %.3f]", g.AUC, g.AUCLow, g.AUCHigh),
			fmt.Sprintf("%.3f", g.Passed), fmt.Sprintf("%.2f", g.Ratio), fmt.Sprintf("%.3f", g.GoodsPassed), fmt.Sprintf("%.2f", g.GoodsRatio),
		})
		for _, a := range g.Alarms {
			s.Text = append(s.Text, fmt.Sprintf("ALARM, %s = %s: %s.", g.Column, g.Group, a))
		}
	}
	if len(s.Text) == 1 {
		s.Text = append(s.Text, "No alarm.")
	}
	return s
}

// cardPoints is the whole model.
func (m *Model) cardPoints() []section {
	s := section{Title: "Points", Heading: []string{"feature", "values", "points"}}
	s.Text = append(s.Text, fmt.Sprintf("Score = %d + one entry of each table below and of each table over two features.", m.points.Base))
	for _, t := range m.points.Tables {
		f := &m.features[t.Feature]
		s.Rows = append(s.Rows, []string{f.Column, "missing", fmt.Sprint(t.Missing)})
		for b, p := range t.Points {
			s.Rows = append(s.Rows, []string{f.Column, f.binText(t.Cuts, b), fmt.Sprint(p)})
		}
		if len(f.Levels) > 0 && len(f.Levels) <= 2*levelsDirect {
			var levels []string
			for k, l := range f.Levels {
				levels = append(levels, fmt.Sprintf("%s = %d", l, f.Codes[k]))
			}
			s.Text = append(s.Text, fmt.Sprintf("Groups of %s: %s; any other = %d.", f.Column, list(levels), f.Other))
		}
	}
	all := []section{s}
	for _, t := range m.points.Pairs {
		a, b := &m.features[t.A], &m.features[t.B]
		p := section{Title: fmt.Sprintf("Points of %s with %s", a.Column, b.Column), Heading: []string{a.Column + " ↓ " + b.Column + " →", "missing"}}
		for k := range len(t.CutsB) + 1 {
			p.Heading = append(p.Heading, b.binText(t.CutsB, k))
		}
		for r, points := range t.Points {
			name := "missing"
			if r > 0 {
				name = a.binText(t.CutsA, r-1)
			}
			row := []string{name}
			for _, v := range points {
				row = append(row, fmt.Sprint(v))
			}
			p.Rows = append(p.Rows, row)
		}
		all = append(all, p)
	}
	return all
}

func (m *Model) cardLimits() section {
	return section{Title: "What is not claimed", Text: []string{
		"That the columns were known when the decision was made: the screen finds columns that order outcomes too well or are filled only for one outcome. " +
			"A column that is overwritten later can pass it; whoever knows the table must look.",
		"That the future is like the past: figures out of fold mix periods. Only a test by time shows what a change of times costs.",
		"That a feature causes default. Points say how rows differed, not what would change a firm.",
		"模型卡只说明这份数据上的结果；用于新的客群前须以其真实结果重新检验。",
	}}
}

func markdown(title string, sections []section) []byte {
	var b bytes.Buffer
	cell := strings.NewReplacer("|", `\|`, "\n", " ", "<", "&lt;")
	fmt.Fprintf(&b, "# %s\n", cell.Replace(title))
	for _, s := range sections {
		fmt.Fprintf(&b, "\n## %s\n", cell.Replace(s.Title))
		for _, t := range s.Text {
			fmt.Fprintf(&b, "\n%s\n", cell.Replace(t))
		}
		for _, p := range s.Plots {
			fmt.Fprintf(&b, "\n![%s](card-%s.svg)\n", cell.Replace(p.Title), p.Name)
		}
		if len(s.Rows) == 0 {
			continue
		}
		b.WriteString("\n|")
		for _, h := range s.Heading {
			fmt.Fprintf(&b, " %s |", cell.Replace(h))
		}
		b.WriteString("\n|" + strings.Repeat("---|", len(s.Heading)) + "\n")
		for _, row := range s.Rows {
			b.WriteString("|")
			for _, c := range row {
				fmt.Fprintf(&b, " %s |", cell.Replace(c))
			}
			b.WriteString("\n")
		}
	}
	return b.Bytes()
}

// picture marks a plot, which is made here and of escaped names, as safe.
func picture(svg []byte) template.HTML { return template.HTML(svg) } //nolint:gosec // our own drawing

var cardPage = template.Must(template.New("card").Funcs(template.FuncMap{"picture": picture}).Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.Title}}</title>
<style>
body{font:16px/1.5 system-ui,"Noto Sans CJK SC",sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem;color:#1b1f24;background:#fff}
table{border-collapse:collapse;font-size:.875rem;display:block;overflow-x:auto}
td,th{border:1px solid #d0d7de;padding:.25rem .5rem;text-align:left}
th{background:#f6f8fa}
figure{display:inline-block;margin:.5rem;vertical-align:top}figcaption{max-width:35rem;font-size:.875rem;color:#57606a}
svg{max-width:100%;height:auto}
</style>
<h1>{{.Title}}</h1>
{{range .Sections}}<section><h2>{{.Title}}</h2>
{{range .Text}}<p>{{.}}</p>
{{end}}{{range .Plots}}<figure role="img" aria-label="{{.Title}}">{{picture .SVG}}<figcaption>{{.Title}}. {{.About}}</figcaption></figure>
{{end}}{{if .Rows}}<table><tr>{{range .Heading}}<th>{{.}}</th>{{end}}</tr>
{{range .Rows}}<tr>{{range .}}<td>{{.}}</td>{{end}}</tr>
{{end}}</table>{{end}}</section>
{{end}}</html>
`))
