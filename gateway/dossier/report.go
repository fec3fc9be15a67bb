package dossier

import (
	"context"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/xinlian/xinlian/gateway/vault"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/internal/record"
)

//go:embed report.html
var reportText string

// shanghai is fixed: a report must not depend on the machine's zone data.
var shanghai = time.FixedZone("Asia/Shanghai", 8*3600)

// reportParts are the templates of the report: head, batch, row, tail. It is one
// file without scripts that opens from a disk.
var reportParts = template.Must(template.New("report").Funcs(template.FuncMap{
	"fen": func(fen int64) string {
		sign := ""
		if fen < 0 {
			sign, fen = "-", -fen
		}
		return fmt.Sprintf("%s%d.%02d", sign, fen/100, fen%100)
	},
	"moment": func(unix int64) string {
		if unix == 0 {
			return "—"
		}
		return time.Unix(unix, 0).In(shanghai).Format("2006-01-02 15:04:05")
	},
	"day":   func(day uint32) string { return record.DayTime(int64(day)).Format(time.DateOnly) },
	"month": func(m uint32) string { return fmt.Sprintf("%04d-%02d", m/100, m%100) },
	"hex":   func(b []byte) string { return hex.EncodeToString(b) },
	// word is the last part of an enum's name: CONSENT_STATE_ACTIVE of CONSENT_STATE_ is active.
	"word": func(v fmt.Stringer, prefix string) string {
		return strings.ToLower(strings.TrimPrefix(v.String(), prefix))
	},
	"categories": func(list []profilev1.Category) string {
		var names []string
		for _, c := range list {
			for _, k := range record.Categories {
				if k.Category == record.Category(c) {
					names = append(names, k.ZH+" "+k.EN)
				}
			}
		}
		return strings.Join(names, "、")
	},
}).Parse(reportText))

// reportHead is what the report's first part shows.
type reportHead struct {
	*held

	Name    string
	ChainID string
	Made    time.Time
	Export  *vault.Export
	Names   map[uint64]string
}

// Org is an organisation as people call it.
func (h reportHead) Org(id uint64) string {
	if name := h.Names[id]; name != "" {
		return name
	}
	return "№" + strconv.FormatUint(id, 10)
}

// Outcome words how a read ended.
func (h reportHead) Outcome(r *vault.Receipt) string {
	if r.Outcome == vault.OutcomeAllowed {
		return "已放行 allowed"
	}
	return fmt.Sprintf("已拒绝 refused (%d)", r.Outcome)
}

// report writes the readable report: what is held, then every record in a table
// of its batch. It opens the records a second time, so that none is kept.
func (d Writer) report(ctx context.Context, w io.Writer, h *held, e *vault.Export) error {
	var firm struct{ Name string }
	if len(h.Firm) > 0 {
		if err := json.Unmarshal(h.Firm, &firm); err != nil {
			return fmt.Errorf("reading the firm: %w", err)
		}
	}
	head := reportHead{held: h, Name: firm.Name, ChainID: d.Client.ChainID(), Made: time.Now().In(shanghai), Export: e, Names: d.Names}
	if err := reportParts.ExecuteTemplate(w, "head", head); err != nil {
		return err
	}
	for _, b := range e.Batches {
		schema, ok := record.Find(b.SchemaID, b.Version)
		if !ok {
			return fmt.Errorf("%w: schema %s version %d", vault.ErrNotFound, b.SchemaID, b.Version)
		}
		if err := reportParts.ExecuteTemplate(w, "batch", map[string]any{"Batch": b, "Schema": schema}); err != nil {
			return err
		}
		err := e.Records(ctx, b, func(o *vault.Opened) error {
			return reportParts.ExecuteTemplate(w, "row", cells(o.Record))
		})
		if err != nil {
			return err
		}
		if _, err := io.WriteString(w, "</tbody></table></details>\n"); err != nil {
			return err
		}
	}
	return reportParts.ExecuteTemplate(w, "tail", nil)
}

// cells writes a record's values as people read them; a missing one stays empty.
func cells(r *record.Record) []string {
	list := make([]string, len(r.Values))
	for i, v := range r.Values {
		f := r.Schema.Fields[i]
		switch {
		case !v.Present:
		case f.Type == record.Text:
			list[i] = v.Text
		case f.Type == record.Amount:
			list[i] = record.FormatFen(v.Int)
		case f.Type == record.Date:
			list[i] = record.DayTime(v.Int).Format(time.DateOnly)
		case f.Type == record.Code && v.Int >= 1 && int(v.Int) <= len(f.Codes):
			list[i] = f.Codes[v.Int-1]
		default:
			list[i] = strconv.FormatInt(v.Int, 10)
		}
	}
	return list
}
