package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"cosmossdk.io/log/v2"

	"github.com/xinlian/xinlian/app/node"
	"github.com/xinlian/xinlian/gateway/chain"
	"github.com/xinlian/xinlian/gateway/custody"
	"github.com/xinlian/xinlian/gateway/desk"
	"github.com/xinlian/xinlian/gateway/evidence"
	"github.com/xinlian/xinlian/gateway/scoring"
	"github.com/xinlian/xinlian/gateway/vault"
	"github.com/xinlian/xinlian/scorecard"
	"github.com/xinlian/xinlian/scorecard/models"
	"github.com/xinlian/xinlian/zk"
)

// world is everything that runs during the demonstration.
type world struct {
	*story
	keys      keys
	founders  []*founder
	firms     []*firm
	period    time.Duration
	node      *node.Node
	client    *chain.Client
	vault     *vault.Vault
	custodian *custody.Custodian
	prover    *zk.Prover
	model     *scorecard.Model
	bands     *scorecard.Bands
	home      string

	stopCustodian context.CancelFunc
	custodianDone chan struct{}
}

// open starts the chain and the services over the home; what is missing is made.
func (w *world) open(ctx context.Context) error {
	home := filepath.Join(w.home, "node")
	if _, err := os.Stat(filepath.Join(home, "config", "genesis.json")); errors.Is(err, os.ErrNotExist) {
		doc, err := found(w.founders, w.keys.origin, w.period, home)
		if err != nil {
			return fmt.Errorf("founding the consortium: %w", err)
		}
		if err := node.WriteGenesis(home, doc); err != nil {
			return err
		}
	}
	var err error
	if w.node, err = node.Start(ctx, home, node.DemoConfig(), log.NewNopLogger()); err != nil {
		return fmt.Errorf("starting the chain: %w", err)
	}
	if w.client, err = chain.Dial(ctx, w.node.Address()); err != nil {
		return err
	}
	w.model, w.bands = models.SMEv1()
	if w.prover, err = zk.NewProver(zk.UnsafeDevelopmentSRS(), nil); err != nil {
		return err
	}
	return w.openVault(ctx)
}

func (w *world) openVault(ctx context.Context) error {
	f := w.founder(settlement)
	tag, err := w.keys.secret("stream-tags")
	if err != nil {
		return err
	}
	w.vault, err = vault.Open(ctx, vault.Config{
		Dir: filepath.Join(w.home, "vault"), KMSDir: filepath.Join(w.home, "kms"), Suite: vault.SuiteNIST,
		ChainID: chainID, Custodian: f.id, Chain: custody.Ledger{Client: w.client},
		Signers: vault.NewSigners(custody.Policy(w.client)),
	})
	if err != nil {
		return fmt.Errorf("opening the vault: %w", err)
	}
	w.custodian = &custody.Custodian{
		Client: w.client, Vault: w.vault, Service: f.service, OrgID: f.id, TagKey: tag,
		Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
	}
	run, stop := context.WithCancel(ctx)
	w.stopCustodian, w.custodianDone = stop, make(chan struct{})
	go func() {
		defer close(w.custodianDone)
		_ = w.custodian.Run(run)
	}()
	return nil
}

// close stops everything in the reverse order.
func (w *world) close() error {
	var err error
	if w.stopCustodian != nil {
		w.stopCustodian()
		<-w.custodianDone
	}
	if w.vault != nil {
		err = errors.Join(err, w.vault.Close())
	}
	if w.client != nil {
		err = errors.Join(err, w.client.Close())
	}
	if w.node != nil {
		err = errors.Join(err, w.node.Stop())
	}
	return err
}

func (w *world) founder(name string) *founder {
	for _, f := range w.founders {
		if f.name == name {
			return f
		}
	}
	panic("demo: no founder " + name)
}

// desk is the workspace of a founder.
func (w *world) desk(name string) *desk.Desk {
	f := w.founder(name)
	return &desk.Desk{Client: w.client, OrgID: f.id, Service: f.service, DataKey: f.data, Vaults: localVault{w.vault}}
}

func (w *world) scorer() *scoring.Scorer {
	f := w.founder(settlement)
	return &scoring.Scorer{Client: w.client, Prover: w.prover, Service: f.service, OrgID: f.id}
}

func (w *world) exporter() evidence.Exporter { return evidence.Exporter{Client: w.client} }

// localVault reads from the vault of this process, through the same sealed
// delivery that a vault elsewhere would send.
type localVault struct{ vault *vault.Vault }

// Read asks the vault.
func (l localVault) Read(ctx context.Context, _ uint64, req vault.ReadRequest, signature []byte) (io.ReadCloser, error) {
	d, err := l.vault.Read(ctx, req, signature)
	if err != nil {
		return nil, err
	}
	r, w := io.Pipe()
	go func() { w.CloseWithError(d.Send(ctx, w)) }()
	return r, nil
}

// wait polls until the condition holds.
func wait(ctx context.Context, what string, limit time.Duration, holds func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		ok, err := holds()
		if err != nil || ok {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w", what, ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}
