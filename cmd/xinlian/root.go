package main

import (
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/xinlian/xinlian/app"
	_ "github.com/xinlian/xinlian/internal/wire" // sets the address prefixes before anything else runs
)

func root() *cobra.Command {
	debug.SetGCPercent(app.GoGCPercent)
	c := &cobra.Command{
		Use:           "xinlian",
		Short:         "a credit network for micro and small enterprises",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	c.AddCommand(
		demoCommand(), nodeCommand(), gatewayCommand(), verifyCommand(), importCommand(), sampleCommand(), modelCommand(), policyCommand(), scoreCommand(),
		loanCommand(), contractCommand(), vaultCommand(), bankCommand(), oprfCommand(), ceremonyCommand(), proveCommand(),
	)
	return c
}
