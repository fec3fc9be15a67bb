package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/xinlian/xinlian/gateway/connector"
	"github.com/xinlian/xinlian/gateway/connector/format"
	"github.com/xinlian/xinlian/internal/record"
)

func importCommand() *cobra.Command {
	c := &cobra.Command{Use: "import", Short: "read documents into standard records"}
	c.AddCommand(importParseCommand())
	return c
}

func importParseCommand() *cobra.Command {
	var name, taxNumber, kind string
	var asJSON bool
	c := &cobra.Command{
		Use:   "parse FILE...",
		Short: "print the records of documents, one JSON object a line",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, files []string) error {
			p := &lines{enc: json.NewEncoder(cmd.OutOrStdout())}
			if !asJSON {
				p.plain = cmd.OutOrStdout()
			}
			run := connector.NewRun(format.All, connector.Owner{Name: name, TaxNumber: taxNumber}, p)
			for _, path := range files {
				if err := parseFile(cmd, run, path, kind); err != nil {
					return err
				}
			}
			if err := p.summary(); err != nil {
				return err
			}
			if p.errors > 0 {
				return exitCode(1)
			}
			return nil
		},
	}
	c.Flags().StringVar(&kind, "format", connector.Auto, "format of the files: camt, ubl, fapiao, table or auto")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON, one object a line")
	c.Flags().StringVar(&name, "owner-name", "", "name of the enterprise, to tell sales from purchases")
	c.Flags().StringVar(&taxNumber, "owner-tax-number", "", "tax number of the enterprise")
	return c
}

func parseFile(cmd *cobra.Command, run *connector.Run, path, kind string) error {
	src, closer, err := connector.OpenFile(path)
	if err != nil {
		return err
	}
	defer closer.Close()
	_, err = run.Parse(cmd.Context(), src, kind)
	return err
}

// lines prints what a run finds.
type lines struct {
	enc             *json.Encoder
	plain           io.Writer
	records, errors int
}

// Record prints a record.
func (p *lines) Record(_ connector.Position, r *record.Record) error {
	p.records++
	if p.plain != nil {
		return nil
	}
	return p.enc.Encode(map[string]any{"record": recordJSON(r)})
}

// Refuse prints a problem.
func (p *lines) Refuse(e connector.RowError) error {
	if e.Note {
		return nil
	}
	p.errors++
	if p.plain != nil {
		_, err := fmt.Fprintln(p.plain, e.Error())
		return err
	}
	return p.enc.Encode(map[string]any{"error": map[string]any{
		"file": e.File, "row": e.Row, "column": e.Column, "rule": e.Rule, "remedy": e.Remedy, "detail": e.Detail,
	}})
}

func (p *lines) summary() error {
	if p.plain != nil {
		_, err := fmt.Fprintf(p.plain, "%d records, %d errors\n", p.records, p.errors)
		return err
	}
	return p.enc.Encode(map[string]any{"summary": map[string]int{"records": p.records, "errors": p.errors}})
}

// recordJSON is a record with human values: decimal amounts, ISO dates, codes.
func recordJSON(r *record.Record) map[string]any {
	out := map[string]any{"schema": r.Schema.ID, "version": r.Schema.Version}
	for i, f := range r.Schema.Fields {
		v := r.Values[i]
		switch {
		case !v.Present:
		case f.Type == record.Text:
			out[f.Name] = v.Text
		case f.Type == record.Amount:
			out[f.Name] = record.FormatFen(v.Int)
		case f.Type == record.Date:
			out[f.Name] = record.DayTime(v.Int).Format("2006-01-02")
		case f.Type == record.Code:
			out[f.Name] = f.Codes[v.Int-1]
		default:
			out[f.Name] = v.Int
		}
	}
	return out
}

func mustBeNew(dir string) error {
	entries, err := os.ReadDir(dir)
	if err == nil && len(entries) > 0 {
		return fmt.Errorf("%s is not empty", dir)
	}
	return nil
}
