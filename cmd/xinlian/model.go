package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/xinlian/xinlian/internal/sample"
	"github.com/xinlian/xinlian/scorecard/train"
)

func modelCommand() *cobra.Command {
	c := &cobra.Command{Use: "model", Short: "train, apply and measure models of default; make their keys and compare them"}
	c.AddCommand(modelTrainCommand(), modelScoreCommand(), modelEvaluateCommand(), modelReportCommand(), modelCompareCommand(),
		modelPSICommand(), modelTrainSampleCommand(), modelCompileCommand(), modelVerifyCommand())
	return c
}

func modelTrainSampleCommand() *cobra.Command {
	var out string
	c := &cobra.Command{
		Use:   "train-sample",
		Short: "train the published scorecard again from the sample population",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := os.MkdirAll(out, 0o755); err != nil {
				return fmt.Errorf("making the folder: %w", err)
			}
			rows, err := sampleRows(cmd)
			if err != nil {
				return err
			}
			_, report, err := train.Fit(rows, train.Defaults(train.SampleID))
			if err != nil {
				return err
			}
			a, err := report.Artifacts(train.SampleTitle, train.SampleAbout)
			if err != nil {
				return err
			}
			for name, b := range map[string][]byte{"sme-v2.bin": a.Model, "sme-v2.bands.bin": a.Bands, "sme-v2.md": a.Markdown} {
				if err := os.WriteFile(filepath.Join(out, name), b, 0o644); err != nil {
					return fmt.Errorf("writing the model: %w", err)
				}
			}
			fmt.Fprintf(cmd.OutOrStdout(), "trained on %d firms; model, bands and report are in %s\n", len(rows), out)
			return nil
		},
	}
	c.Flags().StringVar(&out, "out", "model", "folder for the model")
	return c
}

func sampleRows(cmd *cobra.Command) ([]train.Row, error) {
	var rows []train.Row
	for i, firm := range sample.Population(train.SampleSeed, train.SampleFirms) {
		row, err := train.NewRow(train.SampleInput(firm), firm.Default)
		if err != nil {
			return nil, err
		}
		if rows = append(rows, row); i%500 == 499 {
			fmt.Fprintf(cmd.ErrOrStderr(), "%d of %d firms\n", i+1, train.SampleFirms)
		}
	}
	return rows, nil
}
