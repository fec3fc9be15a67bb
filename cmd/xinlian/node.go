package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	cmttypes "github.com/cometbft/cometbft/types"

	"github.com/xinlian/xinlian/app/node"
	"github.com/xinlian/xinlian/internal/settings"
)

// standstill is how long a chain may make no block before its node gives up.
const standstill = 2 * time.Minute

func nodeCommand() *cobra.Command {
	c := &cobra.Command{Use: "node", Short: "run a node of the chain"}
	c.AddCommand(nodeInitCommand(), nodeStartCommand(), nodeCheckCommand(), configCommand(nodeKeys))
	return c
}

func homeFlag(c *cobra.Command, home *string) {
	c.Flags().StringVar(home, "home", "node", "the node's home folder")
}

func nodeInitCommand() *cobra.Command {
	var home, founders, genesis string
	c := &cobra.Command{
		Use:   "init",
		Short: "make a node's keys and configuration, and found or join a chain",
		Long: `Make a home: validator key, node key, node.toml. With --founders a new chain is founded
from the founders' file; with --genesis an agreed genesis is taken over. With neither, the
public keys are printed, for the founders' file of the one who founds.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			keys, err := node.Prepare(home)
			if err != nil {
				return err
			}
			if err := writeDefaults(filepath.Join(home, node.FileName), nodeKeys(home)); err != nil {
				return err
			}
			switch {
			case founders != "" && genesis != "":
				return errors.New("--founders founds a chain and --genesis joins one: give one of them")
			case founders != "":
				doc, err := readFounders(founders)
				if err != nil {
					return err
				}
				if err := node.WriteGenesis(home, doc); err != nil {
					return err
				}
			case genesis != "":
				doc, err := cmttypes.GenesisDocFromFile(genesis)
				if err != nil {
					return fmt.Errorf("reading the genesis: %w", err)
				}
				if err := node.WriteGenesis(home, doc); err != nil {
					return err
				}
			}
			return json.NewEncoder(cmd.OutOrStdout()).Encode(keys)
		},
	}
	homeFlag(c, &home)
	c.Flags().StringVar(&founders, "founders", "", "TOML file of the founding organisations: found a new chain")
	c.Flags().StringVar(&genesis, "genesis", "", "genesis file to take over: join a chain")
	return c
}

func nodeStartCommand() *cobra.Command {
	var home string
	c := &cobra.Command{
		Use:   "start",
		Short: "run the node until it is stopped",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, _, err := node.Load(home)
			if err != nil {
				return err
			}
			logger, err := c.Logger(cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			n, err := node.Start(cmd.Context(), home, c, logger)
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "chain %s at height %d; gRPC on %s\n", n.App().ChainID(), n.Height(), n.Address())
			return errors.Join(n.Watch(cmd.Context(), standstill), n.Stop())
		},
	}
	homeFlag(c, &home)
	return c
}

func nodeCheckCommand() *cobra.Command {
	var home string
	c := &cobra.Command{
		Use:   "check",
		Short: "check every invariant on the state of a stopped node",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			height, err := node.Check(context.WithoutCancel(cmd.Context()), home)
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "every invariant holds at height %d\n", height)
			return nil
		},
	}
	homeFlag(c, &home)
	return c
}

func nodeKeys(home string) func() ([]settings.Key, error) {
	return func() ([]settings.Key, error) {
		_, keys, err := node.Load(home)
		return keys, err
	}
}

// configCommand explains the settings of a process.
func configCommand(load func(home string) func() ([]settings.Key, error)) *cobra.Command {
	var home string
	config := &cobra.Command{Use: "config", Short: "explain the settings"}
	explain := &cobra.Command{
		Use:   "explain [KEY]",
		Short: "say what a setting means, its value in force, and where that comes from",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			keys, err := load(home)()
			if err != nil {
				return err
			}
			for _, k := range keys {
				if len(args) == 1 && k.Name != args[0] {
					continue
				}
				text, err := settings.Explain(keys, k.Name)
				if err != nil {
					return err
				}
				fmt.Fprint(cmd.OutOrStdout(), text)
				if len(args) == 1 {
					return nil
				}
			}
			if len(args) == 1 {
				_, err = settings.Explain(keys, args[0])
			}
			return err
		},
	}
	explain.Flags().StringVar(&home, "home", ".", "the home folder")
	config.AddCommand(explain)
	return config
}

// writeDefaults writes a commented configuration where there is none.
func writeDefaults(path string, load func() ([]settings.Key, error)) error {
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	keys, err := load()
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, settings.Write(keys), 0o600); err != nil {
		return fmt.Errorf("writing the configuration: %w", err)
	}
	return nil
}
