package main

import (
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/xinlian/xinlian/bundle"
	"github.com/xinlian/xinlian/gateway/evidence"
)

func verifyCommand() *cobra.Command {
	var trust string
	var asJSON bool
	c := &cobra.Command{
		Use:   "verify FILE",
		Short: "check a proof bundle, a receipt of a read or of an erasure, offline",
		Long: `Check a proof bundle of a loan, or a proven receipt of one read of records or of
the erasure of a firm's records, without a network. Exit code 0: everything holds and hangs on
the trust root. 3: everything holds within the file, but nobody vouched for its chain.
1: something does not hold; the first such thing is named.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			file, err := readBundle(args[0])
			if err != nil {
				return err
			}
			var root *bundle.TrustRoot
			if trust != "" {
				t, err := bundle.ParseTrustRoot(trust)
				if err != nil {
					return err
				}
				root = &t
			}
			verify := bundle.Verify
			if evidence.IsStatement(file) {
				verify = evidence.VerifyStatement
			}
			report := verify(file, root, time.Now())
			if asJSON {
				enc := json.NewEncoder(cmd.OutOrStdout())
				enc.SetIndent("", "  ")
				if err := enc.Encode(report); err != nil {
					return err
				}
			} else {
				fmt.Fprint(cmd.OutOrStdout(), report)
			}
			if code := report.Verdict.ExitCode(); code != 0 {
				return exitCode(code)
			}
			return nil
		},
	}
	c.Flags().StringVar(&trust, "trust", "", "HEIGHT:HASH of a block, as published by at least two members")
	c.Flags().BoolVar(&asJSON, "json", false, "print the report as JSON")
	return c
}

func readBundle(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("reading the bundle: %w", err)
	}
	if info.Size() > bundle.BundleBytesMax {
		return nil, fmt.Errorf("reading the bundle: %d bytes, at most %d", info.Size(), bundle.BundleBytesMax)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the bundle: %w", err)
	}
	return b, nil
}
