package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/xinlian/xinlian/gateway/tagging"
	pledgev1 "github.com/xinlian/xinlian/gen/xinlian/pledge/v1"
	"github.com/xinlian/xinlian/internal/wire"
	"github.com/xinlian/xinlian/oprf"
)

func oprfCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "oprf",
		Short: "hold the ceremony of the members' key of tags, over files",
		Long: `Hold the ceremony of the key that members share to make tags.

Every member has an exchange folder, whose files all members copy to each other
before each step, and the keys folder of its gateway, which nobody else sees.

  init      all members        draws keys for this ceremony, publishes a card
  plan      one member         draws up the plan from all cards; members compare its id by voice
  reshare   one member         the same for a key that exists: --previous names it
  deal      all dealers        publishes a deal
  verify    all, then again    publishes complaints, and answers to complaints
  seal      all members        computes the key, seals the own share, prints what the chain needs

Afterwards the council proposes the key, and a person of every member confirms it.`,
	}
	c.AddCommand(
		oprfInitCommand(),
		oprfPlanCommand("plan", "draw up the plan of a new key", false),
		oprfPlanCommand("reshare", "draw up the plan of a new sharing of a key", true),
		oprfStep("deal", "publish this member's deal", func(f tagging.Folder, _ io.Writer) error { return f.Deal() }),
		oprfStep("verify", "open what was dealt; complain, and answer complaints", oprfVerify),
		oprfSealCommand(),
	)
	return c
}

// oprfFlags are those of every step.
func oprfFlags(c *cobra.Command, f *tagging.Folder) *cobra.Command {
	c.Args = cobra.NoArgs
	c.Flags().Uint64Var(&f.OrgID, "org", 0, "this member's organisation")
	c.Flags().StringVar(&f.Keys, "keys", "gateway/keys", "the keys folder of its gateway")
	c.Flags().StringVar(&f.Exchange, "exchange", "ceremony", "the folder whose files all members have")
	_ = c.MarkFlagRequired("org")
	return c
}

func oprfInitCommand() *cobra.Command {
	var f tagging.Folder
	var p tagging.Places
	c := &cobra.Command{Use: "init", Short: "draw keys for a ceremony and publish a card", RunE: func(*cobra.Command, []string) error {
		if p.Receiver == 0 && p.Dealer == 0 {
			return errors.New("--place is missing: this member's place in the key, from 1; in a resharing a leaving member gives --held instead")
		}
		return f.Init(p)
	}}
	c.Flags().Uint16Var(&p.Receiver, "place", 0, "place in the key to come, from 1")
	c.Flags().Uint16Var(&p.Dealer, "held", 0, "place in the key to reshare")
	return oprfFlags(c, &f)
}

func oprfPlanCommand(use, short string, reshare bool) *cobra.Command {
	var f tagging.Folder
	var chainID, previous string
	c := &cobra.Command{Use: use, Short: short, RunE: func(cmd *cobra.Command, _ []string) error {
		var key *oprf.Key
		if reshare {
			b, err := os.ReadFile(previous)
			if err != nil {
				return fmt.Errorf("reading the key to reshare: %w", err)
			}
			k, err := oprf.DecodeKey(b)
			if err != nil {
				return err
			}
			key = &k
		}
		p, err := f.Plan(chainID, key)
		if err != nil {
			return err
		}
		fmt.Fprintf(cmd.OutOrStdout(), "plan %x: %d dealers, %d receivers, threshold %d\n", p.ID(), len(p.Dealers), len(p.Receivers), p.Threshold)
		return nil
	}}
	c.Flags().StringVar(&chainID, "chain-id", "", "the chain")
	_ = c.MarkFlagRequired("chain-id")
	if reshare {
		c.Flags().StringVar(&previous, "previous", "", "file of the key to reshare, as seal published it")
		_ = c.MarkFlagRequired("previous")
	}
	return oprfFlags(c, &f)
}

func oprfStep(use, short string, run func(tagging.Folder, io.Writer) error) *cobra.Command {
	var f tagging.Folder
	c := &cobra.Command{Use: use, Short: short, RunE: func(cmd *cobra.Command, _ []string) error { return run(f, cmd.OutOrStdout()) }}
	return oprfFlags(c, &f)
}

func oprfVerify(f tagging.Folder, out io.Writer) error {
	p, err := f.ReadPlan()
	if err != nil {
		return err
	}
	about, err := f.Verify()
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "plan %x\n", p.ID())
	for _, dealer := range about {
		fmt.Fprintf(out, "complaint about dealer %d: its share for this member is unfit\n", dealer)
	}
	return nil
}

func oprfSealCommand() *cobra.Command {
	var f tagging.Folder
	var epoch uint64
	c := &cobra.Command{Use: "seal", Short: "compute the key, seal the own share, print what the chain needs", RunE: func(cmd *cobra.Command, _ []string) error {
		c, err := f.Seal(epoch)
		if err != nil {
			return err
		}
		return tellKey(cmd.OutOrStdout(), c, f.OrgID)
	}}
	c.Flags().Uint64Var(&epoch, "epoch", 1, "the key's epoch on chain: the next one for a new key, the same for a new sharing")
	return oprfFlags(c, &f)
}

// tellKey prints the outcome and the messages that register it.
func tellKey(out io.Writer, c tagging.Ceremony, org uint64) error {
	for _, fault := range c.Outcome.Out {
		fmt.Fprintf(out, "dealer %d is out: %v\n", fault.Index, fault.Reason)
	}
	fmt.Fprintf(out, "key %x\ntranscript %x\n", c.Outcome.Key.Point, c.Outcome.Transcript)
	codec, err := wire.NewCodec()
	if err != nil {
		return err
	}
	row := c.Row(1, 1)
	proposal, err := codec.Proto.MarshalJSON(&pledgev1.MsgProposeKey{
		Authority: wire.Authority(), Threshold: row.Threshold, Point: row.Point, Shares: row.Shares, TranscriptHash: row.TranscriptHash,
	})
	if err != nil {
		return err
	}
	confirmation, err := codec.Proto.MarshalJSON(&pledgev1.MsgConfirmKey{OrgId: org, TranscriptHash: row.TranscriptHash})
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "The council proposes, once:\n%s\nA person of organisation %d confirms, from a device of its own:\n%s\n", proposal, org, confirmation)
	return nil
}
