package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/xinlian/xinlian/internal/sample"
)

func sampleCommand() *cobra.Command {
	var out, profile string
	var seed uint64
	var broken bool
	c := &cobra.Command{
		Use:   "sample",
		Short: "make a two-year book of an invented firm as real documents",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch sample.Profile(profile) {
			case sample.Healthy, sample.Thin, sample.Fraud, sample.Random:
			default:
				return fmt.Errorf("profile %q: want healthy, thin, fraud or random", profile)
			}
			if err := mustBeNew(out); err != nil {
				return err
			}
			book := sample.Make(sample.Options{Seed: seed, Profile: sample.Profile(profile), BrokenRow: broken})
			if err := book.Write(out); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%d documents of %s (tax number %s) in %s\n", len(book.Files()), book.Owner.Name, book.Owner.TaxNumber, out)
			return nil
		},
	}
	c.Flags().StringVar(&out, "out", "sample", "folder for the documents")
	c.Flags().StringVar(&profile, "profile", string(sample.Healthy), "healthy, thin, fraud or random")
	c.Flags().Uint64Var(&seed, "seed", 1, "same seed, same documents")
	c.Flags().BoolVar(&broken, "broken-row", false, "plant one broken row")
	return c
}
