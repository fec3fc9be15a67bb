package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/xinlian/xinlian/internal/record"
	"github.com/xinlian/xinlian/scorecard/policy"
)

func policyCommand() *cobra.Command {
	c := &cobra.Command{Use: "policy", Short: "a lender's what-ifs about its own limits and rates"}
	c.AddCommand(policySimulateCommand())
	return c
}

// policyFlags are what a simulation is asked for.
type policyFlags struct {
	firms, churn string
	options      policy.Options
	steps        int
	json         bool
}

func policySimulateCommand() *cobra.Command {
	var f policyFlags
	c := &cobra.Command{
		Use:   "simulate",
		Short: "choose limits and rates over a set of firms for the most expected profit within a budget and a risk",
		Long: `Chooses for each firm a limit and a rate, or nothing, so that the expected profit is greatest while all limits together
stay within the budget and the expected loss of those who accept stays within the risk, and prints the frontier up to that risk.
It is a what-if for the lender; no decision of the chain comes from it.

The firms are a CSV file with the columns firm, grade, pd_ppm (probability of default in a year, millionths) and limit_fen (the most
that may be lent to it). The churn table is a CSV file with the columns annual_rate and churn_X for each grade X: the share of
firms of that grade which a rate drives away, both as decimal fractions. Firms of a grade that the table lacks are left out.

Each line says what no plan within the same bounds can pass, and how far the plan is from it at most.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd.OutOrStdout()) },
	}
	flags := c.Flags()
	flags.StringVar(&f.firms, "firms", "", "CSV file of the firms")
	flags.StringVar(&f.churn, "churn", "", "CSV file of the churn table")
	flags.Int64Var(&f.options.BudgetFen, "budget", 0, "money that may be promised at once, in fen")
	flags.Uint32Var(&f.options.RiskBps, "risk", 0, "greatest expected loss, in basis points of the budget")
	flags.Uint32Var(&f.options.LgdBps, "lgd", 4500, "loss given default, in basis points")
	flags.Uint32Var(&f.options.FundingBps, "funding", 0, "yearly cost of the money lent, in basis points")
	flags.IntVar(&f.options.Levels, "levels", 10, "parts of a firm's limit that may be chosen")
	flags.IntVar(&f.steps, "steps", 8, "lines of the frontier, 1 to 50")
	flags.BoolVar(&f.json, "json", false, "write JSON")
	for _, name := range []string{"firms", "churn", "budget", "risk"} {
		if err := c.MarkFlagRequired(name); err != nil {
			panic(err) // the flag stands above
		}
	}
	return c
}

func (f *policyFlags) run(out io.Writer) error {
	if f.steps < 1 || f.steps > 50 {
		return fmt.Errorf("--steps is %d, want 1 to 50", f.steps)
	}
	firms, err := readFile(f.firms, policy.ReadFirms)
	if err != nil {
		return err
	}
	churn, err := readFile(f.churn, policy.ReadChurn)
	if err != nil {
		return err
	}
	s, err := policy.New(firms, churn, f.options)
	if err != nil {
		return err
	}
	plans := s.Frontier(f.steps)
	if f.json {
		return writePlansJSON(out, firms, s, plans)
	}
	return writePlans(out, firms, s, plans)
}

// readFile reads a whole file by read, and names the file in an error.
func readFile[T any](path string, read func(io.Reader) (T, error)) (v T, err error) {
	file, err := os.Open(path)
	if err != nil {
		return v, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if v, err = read(file); err != nil {
		return v, fmt.Errorf("reading %s: %w", path, err)
	}
	return v, nil
}

// writePlans prints the frontier, then the choices at its end.
func writePlans(out io.Writer, firms []policy.Firm, s *policy.Simulation, plans []policy.Plan) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "risk bps\tfirms\tpromised yuan\texpected loss\texpected profit\tat most\tgap bps\t")
	for _, p := range plans {
		fmt.Fprintf(w, "%d\t%d\t%s\t%s\t%s\t%s\t%d\t\n", p.RiskBps, len(p.Choices), record.FormatFen(p.LentFen), record.FormatFen(p.LossFen),
			record.FormatFen(p.ProfitFen), record.FormatFen(p.BoundFen), p.GapBps())
	}
	last := &plans[len(plans)-1]
	fmt.Fprintf(w, "\t\t\t\t\t\t\t\nfirm\tgrade\tlimit yuan\trate bps\texpected profit\texpected loss\t\t\n")
	for _, c := range last.Largest() {
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%s\t%s\t\t\n", firms[c.Firm].Name, firms[c.Firm].Grade, record.FormatFen(c.AmountFen), c.RateBps,
			record.FormatFen(c.ProfitFen), record.FormatFen(c.LossFen))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "\n%d firms, %d of them left out because the churn table lacks their grade\n", len(firms), len(s.LeftOut))
	return err
}

func writePlansJSON(out io.Writer, firms []policy.Firm, s *policy.Simulation, plans []policy.Plan) error {
	type choice struct {
		Firm      string `json:"firm"`
		Grade     string `json:"grade"`
		AmountFen int64  `json:"amount_fen"`
		RateBps   uint32 `json:"rate_bps"`
		ProfitFen int64  `json:"profit_fen"`
		LossFen   int64  `json:"loss_fen"`
	}
	type plan struct {
		RiskBps   uint32   `json:"risk_bps"`
		LentFen   int64    `json:"lent_fen"`
		ProfitFen int64    `json:"profit_fen"`
		LossFen   int64    `json:"loss_fen"`
		BoundFen  int64    `json:"bound_fen"`
		GapBps    int64    `json:"gap_bps"`
		Choices   []choice `json:"choices"`
	}
	all := struct {
		Firms    int      `json:"firms"`
		LeftOut  []string `json:"left_out"`
		Frontier []plan   `json:"frontier"`
	}{Firms: len(firms), LeftOut: []string{}}
	for _, i := range s.LeftOut {
		all.LeftOut = append(all.LeftOut, firms[i].Name)
	}
	for _, p := range plans {
		row := plan{p.RiskBps, p.LentFen, p.ProfitFen, p.LossFen, p.BoundFen, p.GapBps(), []choice{}}
		for _, c := range p.Choices {
			row.Choices = append(row.Choices, choice{firms[c.Firm].Name, firms[c.Firm].Grade, c.AmountFen, c.RateBps, c.ProfitFen, c.LossFen})
		}
		all.Frontier = append(all.Frontier, row)
	}
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	return e.Encode(all)
}
