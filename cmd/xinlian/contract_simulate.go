package main

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/xinlian/xinlian/lending/condition"
	"github.com/xinlian/xinlian/lending/template"
)

// borrowersMax bounds the sample borrowers of one run.
const borrowersMax = 1_000_000

func contractSimulateCommand() *cobra.Command {
	var borrowers string
	var allowMissing, each bool
	c := &cobra.Command{
		Use:   "simulate FILE --borrowers F",
		Short: "what a template's conditions make of sample borrowers",
		Long: `simulate reads borrowers from a CSV file whose columns are variables, or a JSON
list of objects, and counts how many the eligibility and referral conditions
approve, refer and decline, and why. A column named id is repeated by --each.
Limits, prices and a stale index are the product's and the chain's: they are not
in these counts.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			d, err := readDraft(args[0])
			if err != nil {
				return err
			}
			table, err := readBorrowers(borrowers)
			if err != nil {
				return err
			}
			if err := table.covers(d.rules, allowMissing); err != nil {
				return err
			}
			var tally template.Tally
			for i, row := range table.rows {
				verdict, reasons := d.rules.Decide(row.values)
				tally.Add(verdict, reasons)
				if each {
					fmt.Fprintf(cmd.OutOrStdout(), "%s: %s%s\n", row.name(i), verdict, because(reasons))
				}
			}
			printTally(cmd.OutOrStdout(), tally, len(table.rows))
			return nil
		},
	}
	c.Flags().StringVar(&borrowers, "borrowers", "", "CSV or JSON file of borrowers")
	c.Flags().BoolVar(&allowMissing, "allow-missing", false, "take variables that the file lacks as 0, false or empty")
	c.Flags().BoolVar(&each, "each", false, "print what becomes of each borrower")
	_ = c.MarkFlagRequired("borrowers")
	return c
}

func printTally(out io.Writer, t template.Tally, rows int) {
	fmt.Fprintf(out, "%d borrowers\n", rows)
	for _, v := range []template.Verdict{template.Approve, template.Refer, template.Decline} {
		n := t.Counts[v]
		fmt.Fprintf(out, "%-8s %d (%s%%)\n", v, n, tenths(n, rows))
	}
	for _, r := range t.Reasons {
		text := fmt.Sprintf("%s failed for %d, alone for %d", r.Code, r.Times, r.Alone)
		if r.Undefined > 0 {
			text += fmt.Sprintf(", without a value for %d", r.Undefined)
		}
		fmt.Fprintln(out, text)
	}
}

// tenths is a share in percent with one decimal, rounded down.
func tenths(n, of int) string {
	if of == 0 {
		return "0.0"
	}
	permille := n * 1000 / of
	return fmt.Sprintf("%d.%d", permille/10, permille%10)
}

// borrower is one row of the sample.
type borrower struct {
	id     string
	values condition.Values
}

func (b borrower) name(i int) string {
	if b.id != "" {
		return b.id
	}
	return "row " + strconv.Itoa(i+1)
}

type borrowerTable struct {
	path    string
	columns []string
	rows    []borrower
}

// covers refuses a table that lacks a variable which a decision reads.
func (t borrowerTable) covers(r *template.Rules, allowMissing bool) error {
	for _, rule := range slices.Concat(r.Eligibility, r.Referral) {
		for _, name := range rule.Condition.Names() {
			if !allowMissing && !slices.Contains(t.columns, name) {
				return fmt.Errorf("%s: condition %s reads %s, and the file has no such column; add it, or use --allow-missing to take it as 0", t.path, rule.Code, name)
			}
		}
	}
	return nil
}

func readBorrowers(path string) (borrowerTable, error) {
	file, err := os.Open(path)
	if err != nil {
		return borrowerTable{}, fmt.Errorf("reading borrowers: %w", err)
	}
	defer file.Close()
	t := borrowerTable{path: path}
	if strings.HasSuffix(path, ".json") {
		err = t.readJSON(file)
	} else {
		err = t.readCSV(file)
	}
	if err == nil && len(t.rows) == 0 {
		err = fmt.Errorf("%s: no borrowers", path)
	}
	return t, err
}

func (t *borrowerTable) readCSV(file io.Reader) error {
	r := csv.NewReader(file)
	header, err := r.Read()
	if err != nil {
		return fmt.Errorf("%s: reading the header: %w", t.path, err)
	}
	for i, name := range header {
		header[i] = strings.TrimSpace(strings.TrimPrefix(name, "\ufeff"))
	}
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", t.path, err)
		}
		var b borrower
		for i, cell := range cells {
			if err := t.set(&b, header[i], strings.TrimSpace(cell)); err != nil {
				return err
			}
		}
		if err := t.add(b); err != nil {
			return err
		}
	}
}

func (t *borrowerTable) readJSON(file io.Reader) error {
	var rows []map[string]any
	d := json.NewDecoder(file)
	d.UseNumber()
	if err := d.Decode(&rows); err != nil {
		return fmt.Errorf("%s: want a list of objects like [{\"score.points\": 620}]: %w", t.path, err)
	}
	for _, row := range rows {
		var b borrower
		for name, v := range row {
			if err := t.set(&b, name, fmt.Sprint(v)); err != nil {
				return err
			}
		}
		if err := t.add(b); err != nil {
			return err
		}
	}
	return nil
}

func (t *borrowerTable) add(b borrower) error {
	if len(t.rows) == borrowersMax {
		return fmt.Errorf("%s: more than %d borrowers", t.path, borrowersMax)
	}
	t.rows = append(t.rows, b)
	return nil
}

// set reads one cell. The row that is being read is the next one.
func (t *borrowerTable) set(b *borrower, name, cell string) error {
	if name == "id" {
		b.id = cell
		return nil
	}
	known := condition.Variables(condition.Underwriting)
	i := slices.IndexFunc(known, func(v condition.Variable) bool { return v.Name == name })
	if i < 0 {
		return fmt.Errorf(`%s: column %q is no variable of underwriting; "xinlian contract names" lists them`, t.path, name)
	}
	v, err := value(known[i], cell)
	if err != nil {
		return fmt.Errorf("%s: borrower %d, %s: %w", t.path, len(t.rows)+1, name, err)
	}
	if b.values == nil {
		b.values = condition.Values{}
	}
	b.values[name] = v
	if !slices.Contains(t.columns, name) {
		t.columns = append(t.columns, name)
	}
	return nil
}

func value(v condition.Variable, cell string) (condition.Value, error) {
	switch v.Type {
	case condition.Bool:
		b, err := strconv.ParseBool(cell)
		if err != nil {
			return condition.Value{}, fmt.Errorf("%q, want true or false", cell)
		}
		return condition.Value{Bool: b}, nil
	case condition.Int:
		n, err := strconv.ParseInt(cell, 10, 64)
		if err != nil {
			return condition.Value{}, fmt.Errorf("%q, want a whole number (amounts in fen, rates in basis points)", cell)
		}
		if n < v.Min || n > v.Max {
			return condition.Value{}, fmt.Errorf("%d, want %d to %d", n, v.Min, v.Max)
		}
		return condition.Value{Int: n}, nil
	default:
		return condition.Value{Text: cell}, nil
	}
}
