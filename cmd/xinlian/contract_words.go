package main

import (
	"fmt"
	"os"

	"github.com/cosmos/gogoproto/jsonpb"
	"github.com/spf13/cobra"

	"github.com/xinlian/xinlian/lending/condition"
	"github.com/xinlian/xinlian/lending/template"
)

func contractWordsCommand() *cobra.Command {
	var out string
	c := &cobra.Command{
		Use:   "words FILE",
		Short: "show a template's conditions as the borrower reads them, and write those words into it",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			terms, err := readTerms(args[0])
			if err != nil {
				return err
			}
			if err := template.Fill(&terms); err != nil {
				return explained(args[0], err)
			}
			for _, l := range template.Lists(terms) {
				for _, c := range l.Conditions {
					fmt.Fprintf(cmd.OutOrStdout(), "%s %s\n  %s\n  %s\n", l.List, c.Code, c.Zh, c.En)
				}
			}
			if out == "" {
				return nil
			}
			text, err := (&jsonpb.Marshaler{OrigName: true, Indent: "  "}).MarshalToString(&terms)
			if err != nil {
				return fmt.Errorf("writing the template: %w", err)
			}
			if err := os.WriteFile(out, []byte(text+"\n"), 0o644); err != nil {
				return fmt.Errorf("writing the template: %w", err)
			}
			return nil
		},
	}
	c.Flags().StringVar(&out, "out", "", "file for the template with its words")
	return c
}

func contractNamesCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "names",
		Short: "list what conditions may read, at each stage",
		Args:  cobra.NoArgs,
	}
	lang := languageFlag(c)
	c.RunE = func(cmd *cobra.Command, _ []string) error {
		l, err := language(*lang)
		if err != nil {
			return err
		}
		for _, stage := range []condition.Stage{condition.Underwriting, condition.Servicing} {
			fmt.Fprintln(cmd.OutOrStdout(), stage)
			for _, v := range condition.Variables(stage) {
				bounds := ""
				if v.Type == condition.Int {
					bounds = fmt.Sprintf(" %d to %d", v.Min, v.Max)
				}
				fmt.Fprintf(cmd.OutOrStdout(), "  %-26s %s%s: %s\n", v.Name, v.Type, bounds, v.Label(l))
			}
		}
		return nil
	}
	return c
}

func contractDiffCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "diff BEFORE AFTER",
		Short: "what differs between two templates, in terms and in words",
		Args:  cobra.ExactArgs(2),
	}
	lang := languageFlag(c)
	c.RunE = func(cmd *cobra.Command, args []string) error {
		l, err := language(*lang)
		if err != nil {
			return err
		}
		before, err := readDraft(args[0])
		if err != nil {
			return err
		}
		after, err := readDraft(args[1])
		if err != nil {
			return err
		}
		changes := template.Diff(before.terms, after.terms)
		for _, d := range changes {
			fmt.Fprintln(cmd.OutOrStdout(), d.What)
			for _, side := range []struct{ sign, value, words string }{
				{"-", d.Before, words(l, d.ZhBefore, d.EnBefore)}, {"+", d.After, words(l, d.ZhAfter, d.EnAfter)},
			} {
				if side.value != "" {
					fmt.Fprintf(cmd.OutOrStdout(), "  %s %s\n", side.sign, side.value)
				}
				if side.words != "" {
					fmt.Fprintf(cmd.OutOrStdout(), "    %s\n", side.words)
				}
			}
		}
		if len(changes) == 0 {
			fmt.Fprintln(cmd.OutOrStdout(), "no difference")
		}
		if len(changes) > 0 && after.terms.Name == before.terms.Name && after.terms.Version <= before.terms.Version {
			fmt.Fprintf(cmd.ErrOrStderr(), "note: version %d must become more than %d: a change is a new template, audited anew\n", after.terms.Version, before.terms.Version)
		}
		return nil
	}
	return c
}
