package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/xinlian/xinlian/gateway/chain"
	"github.com/xinlian/xinlian/gateway/custody"
	"github.com/xinlian/xinlian/gateway/server"
	"github.com/xinlian/xinlian/gateway/store"
	"github.com/xinlian/xinlian/gateway/vault"
)

func vaultCommand() *cobra.Command {
	c := &cobra.Command{Use: "vault", Short: "look after a custodian's vault: rotate its keys, find damage"}
	c.AddCommand(vaultRotateCommand(), vaultScrubCommand(), vaultKeysetCommand())
	return c
}

func vaultRotateCommand() *cobra.Command {
	var home, from, folder string
	var retire bool
	var o server.Order
	c := &cobra.Command{
		Use:   "rotate --key master|enterprise|seal|shares|data",
		Short: "replace a key; a gateway that runs goes on serving",
		Long: `Replace a key and seal anew what it sealed.

  master      seals the enterprises' keys; --from file|age|kms moves it to the
              configured guard, which needs the gateway to be stopped
  enterprise  seals one enterprise's category keys, or all with no --enterprise
  seal        seals the personal fields of the gateway's database
  shares      seals the members' shares of the key of tags, and a ceremony's secrets
  data        an organisation's key that wraps are made to, in --folder: afterwards
              an admin sets the new one on chain, custodians wrap to it anew, and
              --retire destroys the former one

A category key is replaced by the chain's next epoch, at each revocation. The key
of a service device is replaced on chain: an admin adds the new device and
revokes the old one.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.Key == "data" {
				return rotateData(cmd.OutOrStdout(), folder, retire)
			}
			if o.Key == "" {
				return errors.New("--key is missing: master, enterprise, seal, shares or data")
			}
			config, _, err := server.Load(home)
			if err != nil {
				return err
			}
			names, err := rotate(cmd.Context(), config, o, from)
			for _, n := range names {
				fmt.Fprintln(cmd.OutOrStdout(), "rotated:", n)
			}
			return err
		},
	}
	c.Flags().StringVar(&home, "home", "gateway", "the gateway's home folder")
	c.Flags().StringVar(&o.Key, "key", "", "which key: master, enterprise, seal, shares or data")
	c.Flags().Uint64Var(&o.Org, "org", 0, "the custodian; every hosted one by default")
	c.Flags().Uint64Var(&o.Enterprise, "enterprise", 0, "the enterprise; all by default")
	c.Flags().StringVar(&from, "from", "", "master: the guard that the key is under now: file, age or kms")
	c.Flags().StringVar(&folder, "folder", "", "data: the organisation's folder, with data.key")
	c.Flags().BoolVar(&retire, "retire", false, "data: destroy the former keys instead")
	return c
}

func rotateData(out io.Writer, folder string, retire bool) error {
	if folder == "" {
		return errors.New("--folder is missing: the organisation's folder, with data.key")
	}
	if retire {
		return vault.RetireDataKeys(folder)
	}
	key, err := vault.RotateDataKey(folder)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "new data key %s\npublic key %s\nAn admin of the organisation now sets it on chain (portal: organisation, data key).\n",
		key.ID(), base64.StdEncoding.EncodeToString(key.Recipient().Public))
	return nil
}

// rotate asks the gateway that runs, or does it itself where none does.
func rotate(ctx context.Context, config server.Config, o server.Order, from string) ([]string, error) {
	if from == "" {
		done, err := server.Ask(ctx, config.Keys, o)
		if !errors.Is(err, server.ErrNotRunning) {
			return done.Rotated, err
		}
	}
	if o.Key == "seal" {
		s, err := store.Open(ctx, filepath.Join(config.Data, "gateway.db"), filepath.Join(config.Keys, "seal.key"))
		if err != nil {
			return nil, err
		}
		return []string{"sealing key of the database"}, errors.Join(s.RotateSealingKey(ctx), s.Close())
	}
	if o.Key == "shares" {
		name, err := server.RotateShares(config.Keys)
		if err != nil {
			return nil, err
		}
		return []string{name}, nil
	}
	to, err := config.Guard("")
	if err != nil {
		return nil, err
	}
	guard, err := config.Guard(from)
	if err != nil {
		return nil, err
	}
	orgs, err := custodians(config, o.Org)
	if err != nil {
		return nil, err
	}
	var all []string
	for _, org := range orgs {
		dir, kms := server.VaultFolders(config.Data, config.Keys, org)
		err := vault.WithKeys(vault.Config{Dir: dir, KMSDir: kms, Master: guard}, func(k *vault.KeyRing) error {
			names, err := server.RotateRing(k, o, to)
			for _, n := range names {
				all = append(all, fmt.Sprintf("custodian %d: %s", org, n))
			}
			return err
		})
		if err != nil {
			return all, fmt.Errorf("custodian %d: %w", org, err)
		}
	}
	return all, nil
}

// custodians lists those whose vaults lie in the gateway's data, or checks one.
func custodians(config server.Config, only uint64) ([]uint64, error) {
	found, err := filepath.Glob(filepath.Join(config.Data, "vault-*"))
	if err != nil {
		return nil, err
	}
	var orgs []uint64
	for _, f := range found {
		var org uint64
		if _, err := fmt.Sscanf(filepath.Base(f), "vault-%d", &org); err == nil && (only == 0 || org == only) {
			orgs = append(orgs, org)
		}
	}
	if len(orgs) == 0 {
		return nil, fmt.Errorf("no vault in %s: is --home the gateway's home, and --org a custodian of it?", config.Data)
	}
	slices.Sort(orgs)
	return orgs, nil
}

func vaultScrubCommand() *cobra.Command {
	var home, node string
	var asJSON bool
	var o server.Order
	c := &cobra.Command{
		Use:   "scrub",
		Short: "read everything stored and name what is damaged, missing, swapped or rolled back",
		Long: `Read every blob and file of the vaults and compare them with their manifests, with
the vault's own catalogue and, with --node or in a gateway that runs, with the rows
on chain. Nothing is changed and no key is needed. The exit code is 1 when
anything was found.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, _, err := server.Load(home)
			if err != nil {
				return err
			}
			reports, err := scrub(cmd.Context(), config, o, node, cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			return tellScrub(cmd.OutOrStdout(), reports, asJSON)
		},
	}
	c.Flags().StringVar(&home, "home", "gateway", "the gateway's home folder")
	c.Flags().Uint64Var(&o.Org, "org", 0, "the custodian; every one here by default")
	c.Flags().Uint64Var(&o.Enterprise, "enterprise", 0, "only this enterprise's batches and documents")
	c.Flags().StringVar(&node, "node", "", "gRPC address of a node, to compare with the chain")
	c.Flags().BoolVar(&asJSON, "json", false, "print the reports as JSON")
	return c
}

func scrub(ctx context.Context, config server.Config, o server.Order, node string, progress io.Writer) (map[uint64]*vault.ScrubReport, error) {
	done, err := server.Ask(ctx, config.Keys, o)
	if !errors.Is(err, server.ErrNotRunning) {
		return done.Reports, err
	}
	var client *chain.Client
	if node != "" {
		if client, err = chain.Dial(ctx, node); err != nil {
			return nil, err
		}
		defer client.Close()
	}
	orgs, err := custodians(config, o.Org)
	if err != nil {
		return nil, err
	}
	reports := map[uint64]*vault.ScrubReport{}
	for _, org := range orgs {
		dir, kms := server.VaultFolders(config.Data, config.Keys, org)
		c := vault.Config{Dir: dir, KMSDir: kms}
		options := vault.ScrubOptions{Enterprise: o.Enterprise, Progress: teller(progress, org)}
		if client != nil {
			c.Chain, options.Witness = custody.Ledger{Client: client}, custody.Witness{Client: client, OrgID: org}
		}
		if c.Blobs, err = config.OpenBlobs(ctx, org); err != nil {
			return nil, err
		}
		r, err := vault.ScrubFolder(ctx, c, options)
		if c.Blobs != nil {
			err = errors.Join(err, c.Blobs.Close())
		}
		if err != nil {
			return nil, fmt.Errorf("custodian %d: %w", org, err)
		}
		reports[org] = r
	}
	return reports, nil
}

// teller prints how far a long run is, every few seconds.
func teller(out io.Writer, org uint64) func(done, total int) {
	last := time.Now()
	return func(done, total int) {
		if time.Since(last) > 5*time.Second {
			last = time.Now()
			fmt.Fprintf(out, "custodian %d: %d of %d\n", org, done, total)
		}
	}
}

func tellScrub(out io.Writer, reports map[uint64]*vault.ScrubReport, asJSON bool) error {
	orgs := make([]uint64, 0, len(reports))
	found := 0
	for org, r := range reports {
		orgs = append(orgs, org)
		found += len(r.Findings)
	}
	slices.Sort(orgs)
	if asJSON {
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		if err := e.Encode(reports); err != nil {
			return err
		}
	}
	for _, org := range orgs {
		if asJSON {
			break
		}
		r := reports[org]
		fmt.Fprintf(out, "custodian %d: %d batches with %d records in %d segments, %d documents, %d bytes, %d files, %d receipts\n",
			org, r.Batches, r.Records, r.Segments, r.Documents, r.Bytes, r.Files, r.Receipts)
		if !r.Witnessed {
			fmt.Fprintln(out, "  the chain was not asked (--node): both folders put back together would not be seen")
		}
		if r.Rebased > 0 {
			fmt.Fprintf(out, "  an older data folder was put back and opened %d times\n", r.Rebased)
		}
		for _, f := range r.Findings {
			fmt.Fprintf(out, "  %s: %s: %s\n", f.Fault, f.Name, f.Detail)
		}
	}
	if found > 0 {
		return exitCode(1)
	}
	return nil
}

func vaultKeysetCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "keyset FILE",
		Short: "make a Tink keyset for vault.kms_key = keyset-file://FILE",
		Args:  cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if _, err := os.Stat(filepath.Dir(args[0])); err != nil {
				return err
			}
			return vault.NewLocalKeyset(args[0])
		},
	}
}
