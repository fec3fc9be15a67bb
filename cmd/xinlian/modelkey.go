package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/xinlian/xinlian/gateway/chain"
	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
	"github.com/xinlian/xinlian/internal/durable"
	"github.com/xinlian/xinlian/scorecard"
	"github.com/xinlian/xinlian/zk"
)

// modelBytesMax bounds the file of an integer model.
const modelBytesMax = 32 << 10

// developmentSRS names, in place of a file, the string whose secret is public.
const developmentSRS = "development"

const keyFile = "verifying.key"

func modelCompileCommand() *cobra.Command {
	var model, srs, out string
	c := &cobra.Command{
		Use:   "compile",
		Short: "make circuit and verifying key from an integer model",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			card, err := readCard(model)
			if err != nil {
				return err
			}
			s, err := openSRS(srs)
			if err != nil {
				return err
			}
			circuit, err := zk.Compile(card)
			if err != nil {
				return err
			}
			_, key, err := zk.Keys(card, s)
			if err != nil {
				return err
			}
			if err := os.MkdirAll(out, 0o755); err != nil {
				return fmt.Errorf("making the folder: %w", err)
			}
			if err := durable.WriteFile(filepath.Join(out, keyFile), key.Encode(), 0o644); err != nil {
				return err
			}
			if err := durable.Replace(filepath.Join(out, "circuit"), func(temporary string) error {
				f, err := os.OpenFile(temporary, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
				if err != nil {
					return err
				}
				_, err = circuit.WriteTo(f)
				return errors.Join(err, f.Close())
			}); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%d gates, size %d\n", circuit.Constraints(), circuit.Size())
			return printKey(cmd.OutOrStdout(), card, s, key)
		},
	}
	modelFlags(c, &model, &srs)
	c.Flags().StringVar(&out, "out", ".", "folder for circuit and verifying.key")
	return c
}

func modelVerifyCommand() *cobra.Command {
	var model, srs, key, node string
	c := &cobra.Command{
		Use:   "verify",
		Short: "recompute a model's verifying key and compare, before voting",
		Long: `Recompute the verifying key of a model from the integer model and the reference string,
and compare it with a key file, and with --node also with what the chain registered: the
model's bytes, its key and the pinned reference string. Vote with the hash printed here,
never with one that somebody told you (投票只用本机算出的哈希). Exit code 1: something differs.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if key == "" && node == "" {
				return errors.New("there is nothing to compare with: give --key FILE, --node ADDRESS or both")
			}
			card, err := readCard(model)
			if err != nil {
				return err
			}
			s, err := openSRS(srs)
			if err != nil {
				return err
			}
			_, own, err := zk.Keys(card, s)
			if err != nil {
				return err
			}
			if key != "" {
				other, err := readAtMost(key, zk.VerifyingKeyBytesMax)
				if err != nil {
					return err
				}
				if err := sameKey(own, other, key); err != nil {
					return err
				}
			}
			if node != "" {
				if err := sameOnChain(cmd.Context(), node, card, s, own); err != nil {
					return err
				}
			}
			fmt.Fprintln(cmd.OutOrStdout(), "the key is reproduced (密钥一致)")
			return printKey(cmd.OutOrStdout(), card, s, own)
		},
	}
	modelFlags(c, &model, &srs)
	c.Flags().StringVar(&key, "key", "", "file of the verifying key to compare with")
	c.Flags().StringVar(&node, "node", "", "gRPC address of a node, to compare with what the chain registered")
	return c
}

// sameOnChain is nil when the chain pins this reference string and registered
// this model with this key.
func sameOnChain(ctx context.Context, node string, card *scorecard.Model, s *zk.SRS, own *zk.VerifyingKey) error {
	client, err := chain.Dial(ctx, node)
	if err != nil {
		return err
	}
	defer client.Close()
	pinned, err := client.Score.Srs(ctx, &scorev1.QuerySrsRequest{})
	if err != nil {
		return fmt.Errorf("asking for the reference string: %w", err)
	}
	if !bytes.Equal(pinned.Key, s.Key().Encode()) {
		return errors.New("the chain pins another reference string: use the file that its members sealed")
	}
	hash, err := card.Hash()
	if err != nil {
		return err
	}
	r, err := client.Score.Model(ctx, &scorev1.QueryModelRequest{ModelHash: hash[:]})
	if err != nil {
		return fmt.Errorf("asking for model %x: %w", hash, err)
	}
	canonical, err := card.Canonical()
	if err != nil {
		return err
	}
	if !bytes.Equal(r.Model.Canonical, canonical) {
		return fmt.Errorf("the chain registered other bytes under model %x: do not approve it", hash)
	}
	return sameKey(own, r.Model.Key, "the chain")
}

// sameKey refuses a key that is malformed, degenerate or not the recomputed one.
func sameKey(own *zk.VerifyingKey, other []byte, where string) error {
	decoded, err := zk.DecodeVerifyingKey(other)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	if a, b := own.Hash(), decoded.Hash(); a != b {
		return fmt.Errorf("the key of %s is not reproducible (密钥不一致): it has hash %x, recomputed %x; do not approve the model", where, b, a)
	}
	return nil
}

func printKey(out io.Writer, card *scorecard.Model, s *zk.SRS, key *zk.VerifyingKey) error {
	hash, err := card.Hash()
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "model %x\nreference string %x (%s)\nkey %x\n", hash, s.Key().Hash(), s.Kind(), key.Hash())
	return nil
}

// openSRS reads the reference string that a member was given or made itself.
func openSRS(path string) (*zk.SRS, error) {
	switch path {
	case "":
		return nil, errors.New("--srs is missing: the file of the members' ceremony, or the word development")
	case developmentSRS:
		return zk.UnsafeDevelopmentSRS(), nil
	}
	key, err := zk.ReadSRSKey(path)
	if err != nil {
		return nil, err
	}
	s, _, err := zk.LoadSRS(path, key.Hash())
	return s, err
}

func readCard(path string) (*scorecard.Model, error) {
	b, err := readAtMost(path, modelBytesMax)
	if err != nil {
		return nil, err
	}
	return scorecard.Decode(b)
}

func readAtMost(path string, most int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("reading a file: %w", err)
	}
	if info.Size() > most {
		return nil, fmt.Errorf("reading %s: %d bytes, at most %d", path, info.Size(), most)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading a file: %w", err)
	}
	return b, nil
}

func modelFlags(c *cobra.Command, model, srs *string) {
	c.Flags().StringVar(model, "model", "model.bin", "file of the integer model")
	c.Flags().StringVar(srs, "srs", "", "file of the reference string, or the word development")
}
