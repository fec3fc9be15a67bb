package main

import (
	"errors"
	"os"

	"github.com/spf13/cobra"

	"github.com/xinlian/xinlian/gateway/prover"
)

// proveCommand is what a gateway starts as a worker. It is hidden because nobody
// types it: requests come as frames.
func proveCommand() *cobra.Command {
	l := prover.Limits{MemoryMiB: prover.DefaultMemoryMiB, Nice: prover.DefaultNice}
	c := &cobra.Command{
		Use:    "prove",
		Short:  "make score proofs for a gateway: requests on standard input, answers on standard output",
		Args:   cobra.NoArgs,
		Hidden: true,
		RunE: func(*cobra.Command, []string) error {
			if l.MemoryMiB < 1 || l.Nice < 0 || l.Nice > 19 {
				return errors.New("prove: --memory-mib must be 1 or more and --nice 0 to 19")
			}
			if err := errors.Join(forbidDumps(), l.Apply()); err != nil {
				return err
			}
			// Whatever a library prints must not come between two frames.
			out := os.Stdout
			os.Stdout = os.Stderr
			return prover.Serve(os.Stdin, out)
		},
	}
	c.Flags().IntVar(&l.MemoryMiB, "memory-mib", l.MemoryMiB, "most memory that the process may use, in MiB")
	c.Flags().IntVar(&l.Nice, "nice", l.Nice, "how far the process gives way to others, 0 to 19")
	return c
}
