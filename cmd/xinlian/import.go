package main

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/xinlian/xinlian/gateway/connector"
	"github.com/xinlian/xinlian/gateway/connector/format"
	"github.com/xinlian/xinlian/gateway/connector/table"
	"github.com/xinlian/xinlian/internal/record"
)

// importLimits are wider than an upload's: files stream, and who runs the
// command reads his own.
var importLimits = connector.Limits{FileBytes: 8 << 30, Rows: 5_000_000, Problems: 100_000}

func importCommand() *cobra.Command {
	c := &cobra.Command{Use: "import", Short: "read documents into standard records"}
	c.AddCommand(importParseCommand(), importTemplateCommand())
	return c
}

// formatNames are the names that --format takes.
func formatNames() []string {
	names := []string{connector.Auto}
	for _, p := range format.All {
		names = append(names, p.Format())
	}
	return names
}

// parsing is one run of import parse.
type parsing struct {
	run    *connector.Run
	out    *printer
	kind   string
	owned  bool // somebody is named as owner
	stdin  io.Reader
	stderr io.Writer
	told   bool // that invoices are read as their sellers'
}

func importParseCommand() *cobra.Command {
	var owner, name, taxNumber, kind string
	var asJSON, notes bool
	c := &cobra.Command{
		Use:   "parse FILE...",
		Short: "print the records of documents, one JSON object a line",
		Long: `Read documents and print their records, then a summary. The type of a file is
told by its content; a gzip is unpacked; - is standard input. The exit code is 0
only where nothing was refused.

An invoice is the owner's sale or purchase. Without --owner it is read as its
seller's, and a file with the rows of several enterprises is read whole, each
record with its enterprise.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, files []string) error {
			if !slices.Contains(formatNames(), kind) {
				return fmt.Errorf("no format is called %q: use one of %s", kind, strings.Join(formatNames(), ", "))
			}
			debug.SetGCPercent(40) // the node's setting trades memory for time; a stream of rows has little to collect
			firm := connector.Owner{Name: name, TaxNumber: taxNumber}
			if owner != "" {
				firm = connector.Owner{Name: owner, TaxNumber: owner}
			}
			buffered := bufio.NewWriterSize(cmd.OutOrStdout(), 64<<10)
			p := &parsing{
				out:  &printer{out: buffered, progress: cmd.ErrOrStderr(), json: asJSON, notesToo: notes, started: time.Now()},
				kind: kind, owned: firm.Name != "" || firm.TaxNumber != "", stdin: cmd.InOrStdin(), stderr: cmd.ErrOrStderr(),
			}
			p.run = connector.NewRun(format.All, firm, p.out).Within(importLimits)
			for _, path := range files {
				if err := p.file(cmd, path); err != nil {
					return errors.Join(err, buffered.Flush())
				}
			}
			if err := errors.Join(p.out.summary(), buffered.Flush()); err != nil {
				return fmt.Errorf("printing records: %w", err)
			}
			if p.out.errors > 0 {
				return exitCode(1)
			}
			return nil
		},
	}
	c.Flags().StringVar(&kind, "format", connector.Auto, "format of the files: "+strings.Join(formatNames(), ", "))
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON, one object a line")
	c.Flags().BoolVar(&notes, "notes", false, "print what refused nothing too, such as repeated rows left out")
	c.Flags().StringVar(&owner, "owner", "", "the enterprise whose documents are read: its tax number, name or code in the file")
	c.Flags().StringVar(&name, "owner-name", "", "its name, where that and the tax number are both known")
	c.Flags().StringVar(&taxNumber, "owner-tax-number", "", "its tax number, where that and the name are both known")
	return c
}

// file reads one file. What is wrong with it is printed; the error is a failure
// to print or the end of the context.
func (p *parsing) file(cmd *cobra.Command, path string) error {
	src, closer, err := openSource(path, p.stdin)
	if err != nil {
		return p.out.Refuse(connector.RowError{
			Position: connector.Position{File: path}, Rule: connector.RuleFileOpen,
			Remedy: connector.RuleFileOpen.Remedy(), Detail: err.Error(),
		})
	}
	defer closer.Close()
	p.out.file = path
	sum, err := p.run.Parse(cmd.Context(), src, p.kind)
	if err != nil && cmd.Context().Err() == nil && p.out.failed == nil {
		return p.out.Refuse(connector.RowError{
			Position: connector.Position{File: path}, Rule: connector.RuleFileOpen,
			Remedy: connector.RuleFileOpen.Remedy(), Detail: err.Error(),
		})
	}
	if err == nil && !p.owned && !p.told && sum.Records > 0 && slices.Contains(sidedFormats, sum.Format) {
		p.told = true
		_, err = fmt.Fprintln(p.stderr, "without --owner an invoice is read as its seller's sale")
	}
	return err
}

// sidedFormats hold documents of which the owner decides whether they are sales.
var sidedFormats = []string{"ubl", "cii", "fapiao", "ofd"}

// openSource opens a file or standard input, unpacked where it is a gzip.
func openSource(path string, stdin io.Reader) (connector.Source, io.Closer, error) {
	src, closer := connector.Source{Name: "stdin", Reader: stdin}, io.Closer(io.NopCloser(nil))
	if path != "-" {
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			return src, nil, fmt.Errorf("%s is a directory", path)
		}
		var err error
		if src, closer, err = connector.OpenFile(path); err != nil {
			return src, nil, err
		}
		src.Name = path
	}
	in := bufio.NewReaderSize(src.Reader, 64<<10)
	src.Reader = in
	if magic, _ := in.Peek(2); string(magic) == "\x1f\x8b" {
		z, err := gzip.NewReader(in)
		if err != nil {
			return src, nil, errors.Join(fmt.Errorf("unpacking gzip: %w", err), closer.Close())
		}
		src.Reader, src.Size = z, 0
	}
	return src, closer, nil
}

func importTemplateCommand() *cobra.Command {
	var language, kind string
	c := &cobra.Command{
		Use:   "template [SCHEMA]",
		Short: "print the empty table of a schema; without one, list all with their columns",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return listTemplates(cmd.OutOrStdout())
			}
			if language != "zh" && language != "en" {
				return fmt.Errorf("no language is called %q: use zh or en", language)
			}
			var b []byte
			switch kind {
			case "csv":
				b = table.Template(args[0], language == "zh")
			case "xlsx":
				b = table.TemplateXLSX(args[0], language == "zh")
			default:
				return fmt.Errorf("no format of templates is called %q: use csv or xlsx", kind)
			}
			if b == nil {
				return fmt.Errorf("no template is called %q: use one of %s", args[0], strings.Join(table.Templates(), ", "))
			}
			_, err := cmd.OutOrStdout().Write(b)
			return err
		},
	}
	c.Flags().StringVar(&language, "lang", "zh", "language of the header: zh or en")
	c.Flags().StringVar(&kind, "format", "csv", "csv or xlsx")
	return c
}

// listTemplates prints each schema's columns and what their cells may hold.
func listTemplates(w io.Writer) error {
	for _, name := range table.Templates() {
		if _, err := fmt.Fprintln(w, name); err != nil {
			return err
		}
		s, ok := record.Latest(name)
		if !ok {
			continue
		}
		for _, f := range s.Fields {
			line := fmt.Sprintf("  %s · %s · %s", f.Name, f.ZH, f.EN)
			if len(f.Codes) > 0 {
				line += " · " + strings.Join(table.Words(f), " | ")
			}
			if !f.Required {
				line += " · may be empty"
			}
			if _, err := fmt.Fprintln(w, line); err != nil {
				return err
			}
		}
	}
	return nil
}

func mustBeNew(dir string) error {
	entries, err := os.ReadDir(dir)
	if err == nil && len(entries) > 0 {
		return fmt.Errorf("%s is not empty", dir)
	}
	return nil
}
