package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/xinlian/xinlian/gateway/bank"
	"github.com/xinlian/xinlian/gateway/server"
	"github.com/xinlian/xinlian/internal/record"
)

func bankCommand() *cobra.Command {
	c := &cobra.Command{Use: "bank", Short: "look after a settlement bank's payments and bookings (清算行对账)"}
	var home string
	c.PersistentFlags().StringVar(&home, "home", "gateway", "the gateway's home folder")
	c.AddCommand(
		bankStatusCommand(&home), bankAccountCommand(&home), bankReferenceCommand(),
		bankItemCommand(&home, "assign KEY ORG", "issue open money that came in to an organisation", 2, func(ctx context.Context, a *bank.Adapter, args []string) error {
			org, err := organisation(args[1])
			if err != nil {
				return err
			}
			return a.Assign(ctx, args[0], org)
		}),
		bankItemCommand(&home, "retry KEY", "try an open item again at the next step", 1, func(ctx context.Context, a *bank.Adapter, args []string) error {
			return a.Retry(ctx, args[0])
		}),
		bankItemCommand(&home, "dismiss KEY", "close an open item that was dealt with at the bank", 1, func(ctx context.Context, a *bank.Adapter, args []string) error {
			return a.Dismiss(ctx, args[0])
		}),
	)
	return c
}

// withBank opens the book for one command.
func withBank(ctx context.Context, home string, do func(*bank.Adapter) error) error {
	c, _, err := server.Load(home)
	if err != nil {
		return err
	}
	a, closeBank, err := server.OpenBank(ctx, c)
	if err != nil {
		return err
	}
	return errors.Join(do(a), closeBank())
}

func bankStatusCommand(home *string) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "status",
		Short: "list orders under way, redemptions without an account, and what a person must look at",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withBank(cmd.Context(), *home, func(a *bank.Adapter) error {
				r, err := a.Report(cmd.Context())
				if err != nil {
					return err
				}
				if asJSON {
					e := json.NewEncoder(cmd.OutOrStdout())
					e.SetIndent("", "  ")
					return e.Encode(r)
				}
				printBank(cmd.OutOrStdout(), r)
				return nil
			})
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func printBank(w io.Writer, r bank.Report) {
	fmt.Fprintf(w, "orders under way (付款中): %d\n", len(r.Orders))
	for _, o := range r.Orders {
		fmt.Fprintf(w, "  %s  %s  %d payments  since %s\n", o.MessageID, o.Stage, o.Payments, time.Unix(o.CreatedAt, 0).UTC().Format(time.RFC3339))
	}
	fmt.Fprintf(w, "redemptions whose account is not known (缺收款账户): %d\n", len(r.Missing))
	for _, id := range r.Missing {
		fmt.Fprintf(w, "  redemption %d: ask its owner for account and salt, then: xinlian bank account\n", id)
	}
	fmt.Fprintf(w, "items for a person (待人工处理): %d\n", len(r.Open))
	for _, i := range r.Open {
		direction := "out"
		if i.Credit {
			direction = "in"
		}
		fmt.Fprintf(w, "  %s  %s: %s  %s %s %s  day %s", i.Key, i.Reason, i.Reason.Text(), direction, record.FormatFen(i.AmountFen), i.Currency,
			record.DayTime(i.Day).Format(time.DateOnly))
		if i.Detail != "" {
			fmt.Fprintf(w, "  (%s)", i.Detail)
		}
		fmt.Fprintln(w)
	}
}

func bankAccountCommand(home *string) *cobra.Command {
	var file, salt string
	c := &cobra.Command{
		Use:   "account --file FILE [--salt HEX]",
		Short: "keep an account to pay out to, and print the hash that a redemption names",
		Long: `Keep an account to pay out to, sealed, and print the hash that a redemption names.

FILE holds one line BANK-CODE NUMBER NAME (联行号 账号 户名), single spaces between; - is
standard input. With the salt that the owner's page drew, the hash is the one that the
owner signed. Without it a salt is drawn here, and printed for the owner to use.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if file == "" {
				return errors.New("--file is missing")
			}
			text, err := readLine(cmd.InOrStdin(), file)
			if err != nil {
				return err
			}
			raw := make([]byte, bank.SaltBytes)
			if salt == "" {
				if _, err := rand.Read(raw); err != nil {
					return fmt.Errorf("drawing a salt: %w", err)
				}
			} else if raw, err = hex.DecodeString(salt); err != nil {
				return errors.New("--salt: want hexadecimal digits")
			}
			return withBank(cmd.Context(), *home, func(a *bank.Adapter) error {
				hash, err := bank.AddAccount(cmd.Context(), a.Keeper, raw, text)
				if err != nil {
					return err
				}
				fmt.Fprintf(cmd.OutOrStdout(), "hash %x\nsalt %x\n", hash, raw)
				return nil
			})
		},
	}
	c.Flags().StringVar(&file, "file", "", "file with the account; - for standard input")
	c.Flags().StringVar(&salt, "salt", "", "the salt of the owner's page, 64 hexadecimal digits")
	return c
}

func readLine(stdin io.Reader, file string) (string, error) {
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return "", err
		}
		defer f.Close()
		stdin = f
	}
	text, err := io.ReadAll(io.LimitReader(stdin, 1<<10))
	return strings.TrimRight(string(text), "\r\n"), err
}

func bankReferenceCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "reference ORG",
		Short: "print the structured reference under which an organisation's money comes in (入金附言)",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			org, err := organisation(args[0])
			if err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), bank.CreditorReference(org))
			return nil
		},
	}
}

func bankItemCommand(home *string, use, short string, args int, do func(context.Context, *bank.Adapter, []string) error) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Args: cobra.ExactArgs(args),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withBank(cmd.Context(), *home, func(a *bank.Adapter) error { return do(cmd.Context(), a, args) })
		},
	}
}

func organisation(s string) (uint64, error) {
	org, err := strconv.ParseUint(s, 10, 63)
	if err != nil || org == 0 {
		return 0, fmt.Errorf("organisation: got %q, want its number", s)
	}
	return org, nil
}
