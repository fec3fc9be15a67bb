package main

import (
	"github.com/spf13/cobra"

	"github.com/xinlian/xinlian/cmd/xinlian/demo"
)

func demoCommand() *cobra.Command {
	var o demo.Options
	c := &cobra.Command{
		Use:   "demo",
		Short: "play the whole line on this machine: files, proof, score, loan, repayment, evidence",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.Out = cmd.OutOrStdout()
			return demo.Run(cmd.Context(), o)
		},
	}
	c.Flags().StringVar(&o.Home, "home", "", "data folder (default: a fresh temporary one); a second start on the same home continues")
	c.Flags().StringVar(&o.Listen, "listen", "localhost:8080", "address of the portal; the host is localhost")
	c.Flags().BoolVar(&o.Once, "once", false, "end after the last step instead of serving the portal")
	c.Flags().StringVar(&o.JSON, "json", "", "write the steps to this file")
	c.Flags().DurationVar(&o.Period, "period", demo.DefaultPeriod, "how long a repayment period lasts on the clock")
	return c
}
