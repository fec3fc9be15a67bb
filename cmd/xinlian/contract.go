package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/cosmos/gogoproto/jsonpb"
	"github.com/spf13/cobra"

	"github.com/xinlian/xinlian/app"
	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	"github.com/xinlian/xinlian/internal/artefact"
	"github.com/xinlian/xinlian/lending/condition"
	"github.com/xinlian/xinlian/lending/template"
)

// templateBytesMax bounds a template's file.
const templateBytesMax = 1 << 20

func contractCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "contract",
		Short: "examine, test, compare and try out contract templates before they are submitted",
		Long: `A template is a JSON file of xinlian.loan.v1.TemplateTerms. The words of its
conditions (zh, en) may be left out: they are made from the expressions, and the
chain refuses any others. "contract words --out F" writes them in.`,
	}
	c.AddCommand(contractLintCommand(), contractTestCommand(), contractDiffCommand(), contractSimulateCommand(), contractWordsCommand(), contractNamesCommand())
	return c
}

// draft is a template as its author has it.
type draft struct {
	terms loanv1.TemplateTerms
	rules *template.Rules
	// worded tells that the file has the right words already.
	worded bool
}

// readDraft reads a template and compiles it. Words that are missing are made;
// words that are there must be right.
func readDraft(path string) (draft, error) {
	terms, err := readTerms(path)
	if err != nil {
		return draft{}, err
	}
	missing := false
	for _, l := range template.Lists(terms) {
		for _, c := range l.Conditions {
			missing = missing || c.Zh == "" && c.En == ""
		}
	}
	if missing {
		if err := template.Fill(&terms); err != nil {
			return draft{}, explained(path, err)
		}
	}
	rules, err := template.Compile(terms)
	if err != nil {
		return draft{}, explained(path, err)
	}
	return draft{terms: terms, rules: rules, worded: !missing}, nil
}

func readTerms(path string) (loanv1.TemplateTerms, error) {
	var terms loanv1.TemplateTerms
	file, err := os.Open(path)
	if err != nil {
		return terms, fmt.Errorf("reading the template: %w", err)
	}
	defer file.Close()
	raw, err := io.ReadAll(io.LimitReader(file, templateBytesMax+1))
	if err != nil {
		return terms, fmt.Errorf("reading the template: %w", err)
	}
	if len(raw) > templateBytesMax {
		return terms, fmt.Errorf("%s: more than %d bytes", path, templateBytesMax)
	}
	if err := jsonpb.Unmarshal(bytes.NewReader(raw), &terms); err != nil {
		return terms, fmt.Errorf("%s: reading the template: %w; want the JSON form of xinlian.loan.v1.TemplateTerms", path, err)
	}
	return terms, nil
}

// explained adds to a fault what the parser said and what to do.
func explained(path string, err error) error {
	var f *template.Fault
	if !errors.As(err, &f) || f.Cause == nil {
		if f != nil && f.Code != "" {
			return fmt.Errorf(`%s: condition %s: %s; "xinlian contract words --out FILE" writes the right ones`, path, f.Code, f.Text)
		}
		return fmt.Errorf("%s: %w", path, err)
	}
	advice := map[condition.Code]string{
		condition.BadName:    `"xinlian contract names" lists what conditions may read`,
		condition.Forbidden:  "conditions know integers, booleans, strings, lists on the right of `in`, and && || ! == != < <= > >= + - * / % ?:",
		condition.BadType:    "compare integers with integers and strings with strings; a condition is true or false",
		condition.NoVariable: "a condition that reads nothing is always or never true; leave it out",
		condition.BadCost:    "split it into several conditions",
		condition.BadSize:    "split it into several conditions",
		condition.BadText:    "write printable ASCII on one line, without comments",
	}[f.Cause.Code]
	text := fmt.Sprintf("%s: condition %s: %s", path, f.Code, f.Cause.Text)
	if advice != "" {
		text += "; " + advice
	}
	if f.Cause.Parser != "" {
		text += "\n" + f.Cause.Parser
	}
	return errors.New(text)
}

// languageFlag chooses the language of what a command prints.
func languageFlag(c *cobra.Command) *string {
	return c.Flags().String("lang", "en", "language of the words: en or zh")
}

func language(name string) (condition.Language, error) {
	switch name {
	case "en":
		return condition.English, nil
	case "zh":
		return condition.Chinese, nil
	default:
		return 0, fmt.Errorf("language %q: want en or zh", name)
	}
}

func words(l condition.Language, zh, en string) string {
	if l == condition.Chinese {
		return zh
	}
	return en
}

func contractLintCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "lint FILE",
		Short: "find conditions that never or always hold, that others make idle, gaps between bands, and cost",
		Long: `lint compiles a template as the chain does and examines its conditions. Where
each part of a condition compares one variable with constants, the examination
decides every case within the bounds of the variables and says "proven". Where a
condition calculates or compares two variables it tries samples and says
"in samples": then silence proves nothing. It fails when something is wrong.`,
		Args: cobra.ExactArgs(1),
	}
	lang := languageFlag(c)
	c.RunE = func(cmd *cobra.Command, args []string) error {
		l, err := language(*lang)
		if err != nil {
			return err
		}
		d, err := readDraft(args[0])
		if err != nil {
			return err
		}
		return lint(cmd.OutOrStdout(), d, l)
	}
	return c
}

func lint(out io.Writer, d draft, l condition.Language) error {
	for _, list := range template.Lists(d.terms) {
		rules, _ := d.rules.List(list.List)
		if len(rules) == 0 {
			continue
		}
		decided := "every case decided"
		if !template.Decided(rules) {
			decided = "samples tried"
		}
		fmt.Fprintf(out, "%s (%s)\n", list.List, decided)
		for i, r := range rules {
			fmt.Fprintf(out, "  %s: %s\n    %s; cost up to %d of %d\n", r.Code, list.Conditions[i].Expression, r.Condition.Words(l), r.Condition.CostMax(), condition.CostMax)
		}
	}
	wrong := 0
	findings := d.rules.Lint(d.terms)
	for _, f := range findings {
		how := "proven"
		if !f.Proven {
			how = "in samples"
		}
		if f.Severity == template.Wrong {
			wrong++
		}
		where := string(f.List)
		if f.Code != "" {
			where += " " + f.Code
		}
		fmt.Fprintf(out, "%s: %s: %s (%s)\n", [...]string{"note", "warning", "wrong"}[f.Severity], where, words(l, f.Zh, f.En), how)
	}
	if wrong > 0 {
		return fmt.Errorf("%d of %d findings must be repaired", wrong, len(findings))
	}
	fmt.Fprintf(out, "%d findings, none of them wrong\n", len(findings))
	return nil
}

func contractTestCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "test FILE",
		Short: "run a template's own test cases, and check it as the chain does when it is submitted",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			d, err := readDraft(args[0])
			if err != nil {
				return err
			}
			failed := 0
			for i, tc := range d.terms.Tests {
				r, err := d.rules.Run(tc)
				switch {
				case err != nil:
					return fmt.Errorf("%s: case %d: %w", args[0], i+1, err)
				case r.Held == tc.Want:
					fmt.Fprintf(cmd.OutOrStdout(), "case %d ok: %s %s\n", i+1, tc.Condition, holds(r.Held))
				default:
					failed++
					fmt.Fprintf(cmd.OutOrStdout(), "case %d FAILS: %s %s, want that it %s%s\n", i+1, tc.Condition, holds(r.Held), holds(tc.Want), because(r.Reasons))
				}
			}
			if failed > 0 {
				return fmt.Errorf("%d of %d cases fail", failed, len(d.terms.Tests))
			}
			if err := app.CheckTemplate(d.terms); err != nil {
				return fmt.Errorf("the chain would refuse it: %w", err)
			}
			hash, err := artefact.TemplateHash(d.terms)
			if err != nil {
				return fmt.Errorf("hashing the template: %w", err)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%d cases pass; auditors sign %x\n", len(d.terms.Tests), hash)
			if !d.worded {
				fmt.Fprintln(cmd.ErrOrStderr(), `note: the file has no words; submit what "xinlian contract words --out FILE" writes`)
			}
			return nil
		},
	}
}

func holds(held bool) string {
	if held {
		return "holds"
	}
	return "does not hold"
}

func because(reasons []loanv1.Reason) string {
	text := ""
	for _, r := range reasons {
		text += ", " + r.Code
		if r.Undefined {
			text += " has no value"
		} else if r.Value != 0 || r.Threshold != 0 {
			text += fmt.Sprintf(" has %d against %d", r.Value, r.Threshold)
		}
	}
	return text
}
