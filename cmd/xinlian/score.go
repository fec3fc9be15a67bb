package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/xinlian/xinlian/gateway/chain"
	"github.com/xinlian/xinlian/gateway/desk"
	"github.com/xinlian/xinlian/gateway/scoring"
	"github.com/xinlian/xinlian/gateway/server"
	"github.com/xinlian/xinlian/gateway/vault"
	"github.com/xinlian/xinlian/internal/record"
	"github.com/xinlian/xinlian/internal/wire"
	"github.com/xinlian/xinlian/scorecard"
)

func scoreCommand() *cobra.Command {
	c := &cobra.Command{Use: "score", Short: "compute scores again from the records"}
	c.AddCommand(scoreRecomputeCommand())
	return c
}

// retracer is what recompute is told.
type retracer struct {
	loan, org uint64
	node      string
	folder    string
	vaults    []string
	consent   string
	english   bool
}

func scoreRecomputeCommand() *cobra.Command {
	var r retracer
	c := &cobra.Command{
		Use:   "recompute --loan ID --node ADDR --org ORG --folder DIR --vault ORG=URL",
		Short: "compute the score behind a loan again, from the records, under a consent",
		Long: `Open the records behind a loan's score under a consent to this organisation, derive
the features, evaluate the model that the chain has, and compare with what the chain has:
data digest, score, capacity and band. Exit code 0: the same integers. 1: the first
difference is named, or something could not be read.

The folder is the organisation's: service.key signs the read, data.key opens the records.
Nothing that is read is kept; the vault writes a receipt of the read, as of any other. The
node must still hold the state of the block in which the newest batch was anchored.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return r.run(cmd) },
	}
	c.Flags().Uint64Var(&r.loan, "loan", 0, "the loan")
	c.Flags().Uint64Var(&r.org, "org", 0, "the organisation that reads")
	c.Flags().StringVar(&r.node, "node", "localhost:9090", "gRPC address of a node")
	c.Flags().StringVar(&r.folder, "folder", "", "the organisation's folder, with service.key and data.key")
	c.Flags().StringArrayVar(&r.vaults, "vault", nil, "a custodian's gateway, as ORG=URL; may be repeated")
	c.Flags().StringVar(&r.consent, "consent", "", "consent to read under, in hex; the loan's by default")
	c.Flags().BoolVar(&r.english, "english", false, "reasons in English")
	return c
}

func (r *retracer) run(cmd *cobra.Command) error {
	for _, missing := range []struct {
		is   bool
		name string
	}{{r.loan == 0, "loan"}, {r.org == 0, "org"}, {r.folder == "", "folder"}, {len(r.vaults) == 0, "vault"}} {
		if missing.is {
			return fmt.Errorf("--%s is missing; see xinlian score recompute --help", missing.name)
		}
	}
	ctx := cmd.Context()
	client, err := chain.Dial(ctx, r.node)
	if err != nil {
		return fmt.Errorf("%w: is the node at %s running?", err, r.node)
	}
	defer client.Close()
	d, service, err := r.desk(client)
	if err != nil {
		return err
	}
	account, err := scoring.Behind(ctx, client, r.loan)
	if err != nil {
		return err
	}
	consent := account.Loan.ConsentId
	if r.consent != "" {
		if consent, err = hex.DecodeString(r.consent); err != nil {
			return fmt.Errorf("reading --consent: %w", err)
		}
	}
	reading, err := d.Open(ctx, service, consent)
	if err != nil {
		return fmt.Errorf("opening the records under consent %x: %w", consent, err)
	}
	if err := account.Retrace(ctx, client, reading.Opened); err != nil {
		return err
	}
	return r.tell(cmd.OutOrStdout(), account, len(reading.Opened))
}

// desk is the organisation's, with the keys of its folder. It has no keeper, so
// that nothing stays.
func (r *retracer) desk(client *chain.Client) (*desk.Desk, *wire.ServiceKey, error) {
	path := filepath.Join(r.folder, "service.key")
	if _, err := os.Stat(path); err != nil {
		return nil, nil, fmt.Errorf("reading the service key: %w", err)
	}
	service, err := wire.LoadOrNewServiceKey(path)
	if err != nil {
		return nil, nil, fmt.Errorf("reading the service key: %w", err)
	}
	keys, err := vault.OpenDataKeyFolder(r.folder)
	if err != nil {
		return nil, nil, fmt.Errorf("reading the data key: %w", err)
	}
	vaults, err := server.Vaults(r.vaults)
	if err != nil {
		return nil, nil, err
	}
	return &desk.Desk{Client: client, OrgID: r.org, Service: service, DataKey: keys, Vaults: vaults}, service, nil
}

// errDiffers ends the command with a failure that has been told.
var errDiffers = errors.New("the chain's score is not what the records give")

func (r *retracer) tell(out io.Writer, a scoring.Account, records int) error {
	lang := scorecard.Chinese
	if r.english {
		lang = scorecard.English
	}
	fmt.Fprintf(out, "loan %d, enterprise %d, score %x\n", a.Loan.Id, a.Loan.EnterpriseId, a.Score.Id)
	fmt.Fprintf(out, "%d records opened, as of %s\n", records, record.DayTime(int64(a.Score.AsOfDay)).Format("2006-01-02"))
	if a.Features != nil {
		for i, d := range scorecard.Definitions(a.Model.FeatureSet) {
			fmt.Fprintf(out, "  %-26s %s\n", d.Name, d.Format(a.Features[i], lang))
		}
		fmt.Fprintf(out, "model %s: %d points, capacity %d fen a month\n", a.Model.ID, a.Result.Score, a.Result.CapacityFen)
		for _, reason := range a.Reasons {
			fmt.Fprintf(out, "  %s\n", reason.Text(lang))
		}
	}
	if a.Difference != nil {
		fmt.Fprintf(out, "DIFFERENT. %s\n", a.Difference)
		return errDiffers
	}
	fmt.Fprintf(out, "SAME: data digest, score %d, capacity %d fen, band %s\n", a.Score.Score, a.Score.CapacityFen, a.Score.Band)
	return nil
}
