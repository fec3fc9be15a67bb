package main

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/xinlian/xinlian/internal/wire"
	"github.com/xinlian/xinlian/zk"
	"github.com/xinlian/xinlian/zk/ceremony"
)

func ceremonyCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "ceremony",
		Short: "make the network's reference string together, so that nobody knows its secret",
		Long: `The members' setup of the zero-knowledge proofs (可信设置). One organisation begins the
folder with init; each in turn takes the folder over, runs contribute on a machine of its
own and hands the folder on; when the beacon is known anybody runs seal --beacon, and each
contributor checks everything again on its own machine and signs with seal --key. The
folder's seal and key then go into the founders' file.`,
	}
	c.AddCommand(ceremonyInitCommand(), ceremonyKeyCommand(), ceremonyContributeCommand(), ceremonyVerifyCommand(), ceremonySealCommand())
	return c
}

func ceremonyInitCommand() *cobra.Command {
	var dir, beaconAt string
	var organisations []string
	var h ceremony.Header
	c := &cobra.Command{
		Use:   "init",
		Short: "begin a ceremony: name it, its beacon and who may contribute",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			at, err := time.Parse(time.RFC3339, beaconAt)
			if err != nil {
				return fmt.Errorf("--beacon-at: %w", err)
			}
			h.BeaconAt = at.Unix()
			for _, text := range organisations {
				name, encoded, _ := strings.Cut(text, "=")
				key, err := base64.StdEncoding.DecodeString(encoded)
				if err != nil || len(key) != ed25519.PublicKeySize {
					return fmt.Errorf("--organisation %s: want NAME=KEY, the key as `xinlian ceremony key` prints it", text)
				}
				h.Organisations = append(h.Organisations, ceremony.Organisation{Name: name, Key: [ed25519.PublicKeySize]byte(key)})
			}
			if err := ceremony.Init(dir, h); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "ceremony %s of %d powers begins in %s; %d organisations may contribute before %s\n",
				h.Name, h.Powers, dir, len(h.Organisations), at.UTC().Format(time.RFC3339))
			return nil
		},
	}
	dirFlag(c, &dir)
	c.Flags().StringVar(&h.Name, "name", "", "name of the ceremony, for instance the chain id")
	c.Flags().Uint32Var(&h.Powers, "powers", zk.PowersMax, "powers in G1; fewer are for trying the ceremony out")
	c.Flags().StringVar(&h.Beacon, "beacon", "", "in words, a public value that nobody can foretell, like the closing prices of a stock exchange on a day to come")
	c.Flags().StringVar(&beaconAt, "beacon-at", "", "when it becomes known, RFC 3339; contributions end before")
	c.Flags().StringArrayVar(&organisations, "organisation", nil, "NAME=KEY of one that may contribute; once for each")
	return c
}

func ceremonyKeyCommand() *cobra.Command {
	var path string
	c := &cobra.Command{
		Use:   "key",
		Short: "print the public key of a service key, which is made where there is none",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			k, err := wire.LoadOrNewServiceKey(path)
			if err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), base64.StdEncoding.EncodeToString(k.PubKey().Bytes()))
			return nil
		},
	}
	keyFlag(c, &path)
	return c
}

func ceremonyContributeCommand() *cobra.Command {
	var dir, path string
	c := &cobra.Command{
		Use:   "contribute",
		Short: "verify what is there, multiply a fresh secret in and sign",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			k, err := existingKey(path)
			if err != nil {
				return err
			}
			t, err := openTranscript(cmd, dir)
			if err != nil {
				return err
			}
			if err := t.Contribute(k.PubKey().Bytes(), k); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "contributed: %s\nHand the folder on, and switch this machine off: the secret was in its memory only.\n",
				strings.Join(t.Contributors(), ", "))
			return nil
		},
	}
	dirFlag(c, &dir)
	keyFlag(c, &path)
	return c
}

func ceremonyVerifyCommand() *cobra.Command {
	var dir string
	c := &cobra.Command{
		Use:   "verify",
		Short: "verify a transcript from its beginning, trusting nobody",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			t, err := openTranscript(cmd, dir)
			if err != nil {
				return err
			}
			s, err := t.Check()
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "every contribution holds: %s\n", strings.Join(t.Contributors(), ", "))
			if s.Seal.Contributions == 0 {
				fmt.Fprintln(cmd.OutOrStdout(), "not sealed yet")
				return nil
			}
			return printSeal(cmd.OutOrStdout(), dir, s)
		},
	}
	dirFlag(c, &dir)
	return c
}

func ceremonySealCommand() *cobra.Command {
	var dir, beacon, path string
	c := &cobra.Command{
		Use:   "seal --beacon HEX | --key FILE",
		Short: "close the transcript with the beacon's value, or check and sign the closed one",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if (beacon == "") == (path == "") {
				return errors.New("give --beacon, to close the transcript, or --key, to sign the closed one")
			}
			t, err := openTranscript(cmd, dir)
			if err != nil {
				return err
			}
			var s zk.SignedSeal
			if beacon != "" {
				value, err := hex.DecodeString(beacon)
				if err != nil {
					return fmt.Errorf("--beacon: %w", err)
				}
				if s, err = t.Seal(value); err != nil {
					return err
				}
			} else {
				k, err := existingKey(path)
				if err != nil {
					return err
				}
				if s, err = t.Sign(k.PubKey().Bytes(), k); err != nil {
					return err
				}
			}
			return printSeal(cmd.OutOrStdout(), dir, s)
		},
	}
	dirFlag(c, &dir)
	c.Flags().StringVar(&beacon, "beacon", "", "value of the beacon, hex")
	c.Flags().StringVar(&path, "key", "", "file of the organisation's service key")
	return c
}

// printSeal says what was sealed and gives the lines of a founders' file.
func printSeal(out io.Writer, dir string, s zk.SignedSeal) error {
	key, err := zk.ReadSRSKey(filepath.Join(dir, ceremony.SRSFile))
	if err != nil {
		return err
	}
	encoded, err := s.Encode()
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "transcript %x\nreference string %x\nkey %x\nsignatures %d; a production network wants at least %d\n",
		s.Seal.Transcript, s.Seal.File, s.Seal.Key, len(s.Signatures), zk.SealSignaturesMin)
	fmt.Fprintf(out, "srs_key = %q\nsrs_seal = %q\n",
		base64.StdEncoding.EncodeToString(key.Encode()), base64.StdEncoding.EncodeToString(encoded))
	return nil
}

func openTranscript(cmd *cobra.Command, dir string) (*ceremony.Transcript, error) {
	t, err := ceremony.Open(dir)
	if err != nil {
		return nil, err
	}
	t.Progress = func(what string) { fmt.Fprintf(cmd.ErrOrStderr(), "%s %s\n", time.Now().Format(time.TimeOnly), what) }
	return t, nil
}

// existingKey reads a service key; it makes none, since a key that nobody knows
// of signs for nobody.
func existingKey(path string) (*wire.ServiceKey, error) {
	if path == "" {
		return nil, errors.New("--key is missing: the file of the organisation's service key")
	}
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("reading the service key: %w", err)
	}
	return wire.LoadOrNewServiceKey(path)
}

func dirFlag(c *cobra.Command, dir *string) {
	c.Flags().StringVar(dir, "dir", "ceremony", "folder of the transcript")
}

func keyFlag(c *cobra.Command, path *string) {
	c.Flags().StringVar(path, "key", "service.key", "file of the organisation's service key")
}
