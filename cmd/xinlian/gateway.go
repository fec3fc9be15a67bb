package main

import (
	"errors"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/xinlian/xinlian/gateway/server"
	"github.com/xinlian/xinlian/internal/settings"
)

func gatewayCommand() *cobra.Command {
	c := &cobra.Command{Use: "gateway", Short: "run a gateway: portal, desks, vault"}
	c.AddCommand(gatewayInitCommand(), gatewayStartCommand(), configCommand(gatewayKeys))
	return c
}

func gatewayInitCommand() *cobra.Command {
	var home string
	c := &cobra.Command{
		Use:   "init",
		Short: "write a commented configuration",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return writeDefaults(filepath.Join(home, server.FileName), gatewayKeys(home))
		},
	}
	c.Flags().StringVar(&home, "home", "gateway", "the gateway's home folder")
	return c
}

func gatewayStartCommand() *cobra.Command {
	var home string
	c := &cobra.Command{
		Use:   "start",
		Short: "serve until it is stopped",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := forbidDumps(); err != nil {
				return err
			}
			c, _, err := server.Load(home)
			if err != nil {
				return err
			}
			log, err := c.Logger()
			if err != nil {
				return err
			}
			s, err := server.Open(cmd.Context(), c, log)
			if err != nil {
				return err
			}
			return errors.Join(s.Run(cmd.Context()), s.Close())
		},
	}
	c.Flags().StringVar(&home, "home", "gateway", "the gateway's home folder")
	return c
}

func gatewayKeys(home string) func() ([]settings.Key, error) {
	return func() ([]settings.Key, error) {
		_, keys, err := server.Load(home)
		return keys, err
	}
}
