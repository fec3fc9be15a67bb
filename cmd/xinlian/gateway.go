package main

import (
	"errors"

	"github.com/spf13/cobra"
)

func gatewayCommand() *cobra.Command {
	c := &cobra.Command{Use: "gateway", Short: "run a gateway"}
	c.AddCommand(&cobra.Command{Use: "start", RunE: func(*cobra.Command, []string) error { return errors.New("not there yet") }})
	return c
}
