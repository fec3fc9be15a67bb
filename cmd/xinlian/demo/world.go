package demo

import (
	"context"
	"errors"
	"fmt"
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
	"github.com/xinlian/xinlian/gateway/server"
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
	server    *server.Server
	custodian *custody.Custodian
	vault     *vault.Vault // the custodian's
	prover    *zk.Prover
	model     *scorecard.Model
	bands     *scorecard.Bands
	home      string
	listen    string // where the portal listens

	stopServing context.CancelFunc
	served      chan error
}

// open starts the chain and the services over the home; what is missing is made.
func (w *world) open(ctx context.Context) error {
	home := filepath.Join(w.home, "node")
	if _, err := os.Stat(filepath.Join(home, "config", "genesis.json")); errors.Is(err, os.ErrNotExist) {
		doc, err := found(w.founders, w.keys.origin, w.period, home, filepath.Join(w.home, "gateway", "keys"))
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
	return w.openGateway(ctx)
}

// openGateway starts one gateway that hosts all founders: each has its own keys
// and its own desk, and they meet only on the chain and in the custodian's vault.
func (w *world) openGateway(ctx context.Context) error {
	dir := filepath.Join(w.home, "gateway")
	p := server.Parts{
		Client: w.client, Prover: w.prover, Data: filepath.Join(dir, "data"), Keys: filepath.Join(dir, "keys"),
		AmountLimitFen: 1_000_000_00, Listen: w.listen, Origin: w.keys.origin,
		Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
	}
	for _, f := range w.founders {
		p.Hosted = append(p.Hosted, server.Hosted{OrgID: f.id, Service: f.service, DataKey: f.data, Officer: f.admin})
	}
	var err error
	if w.server, err = server.New(ctx, p); err != nil {
		return fmt.Errorf("opening the gateway: %w", err)
	}
	w.custodian = w.server.Custodian()
	w.vault = w.custodian.Vault
	run, stop := context.WithCancel(ctx)
	w.stopServing, w.served = stop, make(chan error, 1)
	go func() { w.served <- w.server.Run(run) }()
	return nil
}

// serve leaves the portal running until ctx ends.
func (w *world) serve(ctx context.Context) error {
	for _, f := range w.firms {
		w.server.Host(w.id(f.name), f.owner) // a visitor may look at the firm's own pages
	}
	fmt.Fprintf(w.out, "\nThe portal is at %s — Ctrl-C ends.\n", w.keys.origin)
	select {
	case err := <-w.served:
		w.served <- err
		return err
	case <-ctx.Done():
		return nil
	}
}

// close stops everything in the reverse order.
func (w *world) close() error {
	var err error
	if w.stopServing != nil {
		w.stopServing()
		err = errors.Join(err, <-w.served)
	}
	if w.server != nil {
		err = errors.Join(err, w.server.Close())
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
func (w *world) desk(name string) *desk.Desk { return w.server.Desk(w.founder(name).id) }

func (w *world) scorer() *scoring.Scorer { return w.server.Scorer() }

func (w *world) exporter() evidence.Exporter { return w.server.Exporter() }

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
