package node

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"google.golang.org/grpc"

	"cosmossdk.io/log/v2"

	cmtlog "github.com/cometbft/cometbft/libs/log"
	cmtnode "github.com/cometbft/cometbft/node"
	"github.com/cometbft/cometbft/proxy"
	"github.com/cometbft/cometbft/rpc/client/local"
	cmttypes "github.com/cometbft/cometbft/types"
	"github.com/cosmos/cosmos-sdk/baseapp"
	"github.com/cosmos/cosmos-sdk/codec"
	"github.com/cosmos/cosmos-sdk/server"
	pruningtypes "github.com/cosmos/cosmos-sdk/store/v2/pruning/types"
	"github.com/cosmos/cosmos-sdk/store/v2/snapshots"
	snapshottypes "github.com/cosmos/cosmos-sdk/store/v2/snapshots/types"

	"github.com/xinlian/xinlian/app"
)

// readyWithin bounds the wait for the first block after a start.
const readyWithin = 60 * time.Second

// pruneEvery is how many blocks go by between two prunings, 10 at least says the SDK.
const pruneEvery = 10

// snapshotsKept is how many snapshots of the state a node keeps.
const snapshotsKept = 2

// Node is a running node.
type Node struct {
	app     *app.App
	comet   *cmtnode.Node
	client  *local.Local
	server  *grpc.Server
	address string
	dbs     *databases
	served  chan error
}

// Start opens the home and runs the node until Stop. It returns when the node
// has committed a block of its own since the start and its gRPC service answers:
// before that block a node accepts transactions and loses them.
func Start(ctx context.Context, home string, c Config, logger log.Logger) (*Node, error) {
	cc, err := c.comet(home)
	if err != nil {
		return nil, err
	}
	n := &Node{dbs: newDatabases(), served: make(chan error, 1)}
	if err := n.open(home, c, logger); err != nil {
		return nil, errors.Join(err, n.dbs.close())
	}
	validator, err := validatorKey(home, cc)
	if err != nil {
		return nil, errors.Join(err, n.app.Close(), n.dbs.close())
	}
	peer, err := nodeKey(cc.NodeKeyFile())
	if err != nil {
		return nil, errors.Join(err, n.app.Close(), n.dbs.close())
	}
	n.comet, err = cmtnode.NewNode(cc, validator, peer,
		proxy.NewLocalClientCreator(server.NewCometABCIWrapper(n.app)),
		genesisFrom(cc.GenesisFile()), n.dbs.provide,
		cmtnode.DefaultMetricsProvider(cc.Instrumentation), cometLog(c.Log.Level))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("making the node: %w", err), n.app.Close(), n.dbs.close())
	}
	before := n.app.LastBlockHeight()
	if err := n.comet.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("starting the node: %w", err), n.app.Close(), n.dbs.close())
	}
	n.client = local.New(n.comet)
	if err := n.waitAbove(ctx, before); err != nil {
		return nil, errors.Join(err, n.Stop())
	}
	if err := n.serve(c.GRPC.Listen); err != nil {
		return nil, errors.Join(err, n.Stop())
	}
	return n, nil
}

func (n *Node) open(home string, c Config, logger log.Logger) error {
	data := filepath.Join(home, "data")
	if err := os.MkdirAll(data, 0o700); err != nil {
		return fmt.Errorf("making the data folder: %w", err)
	}
	db, err := n.dbs.open(data, "application")
	if err != nil {
		return err
	}
	options := []func(*baseapp.BaseApp){}
	doc, err := genesisFrom(filepath.Join(home, "config", "genesis.json"))()
	if err != nil {
		return err
	}
	options = append(options, baseapp.SetChainID(doc.ChainID))
	if c.State.KeepRecent > 0 {
		// Within Commit and a few versions at a time: behind it, pruning would still read
		// the database while the node closes it at a stop, and panic.
		options = append(
			options, baseapp.SetIAVLSyncPruning(true),
			baseapp.SetPruning(pruningtypes.NewCustomPruningOptions(uint64(c.State.KeepRecent), pruneEvery)),
		)
	} else {
		options = append(options, baseapp.SetPruning(pruningtypes.NewPruningOptions(pruningtypes.PruningNothing)))
	}
	if c.State.SnapshotEvery > 0 {
		snapshots, err := n.snapshots(data)
		if err != nil {
			return err
		}
		options = append(options, baseapp.SetSnapshot(snapshots, snapshottypes.NewSnapshotOptions(uint64(c.State.SnapshotEvery), snapshotsKept)))
	}
	n.app, err = app.New(logger, db, home, options...)
	return err
}

// snapshots opens the folder of snapshots, whose list is a database of its own.
func (n *Node) snapshots(data string) (*snapshots.Store, error) {
	dir := filepath.Join(data, "snapshots")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the folder of snapshots: %w", err)
	}
	db, err := n.dbs.open(dir, "metadata")
	if err != nil {
		return nil, err
	}
	s, err := snapshots.NewStore(db, dir)
	if err != nil {
		return nil, fmt.Errorf("opening the snapshots: %w", err)
	}
	return s, nil
}

func (n *Node) waitAbove(ctx context.Context, height int64) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for n.app.LastBlockHeight() <= height {
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for the first block after height %d: %w", height, ctx.Err())
		case <-tick.C:
		}
	}
	return nil
}

func (n *Node) serve(listen string) error {
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return fmt.Errorf("listening for gRPC: %w", err)
	}
	n.address = l.Addr().String()
	c := n.app.Codec()
	n.server = grpc.NewServer(
		grpc.ForceServerCodec(codec.NewProtoCodec(c.Registry).GRPCCodec()),
		grpc.MaxRecvMsgSize(4<<20), grpc.MaxSendMsgSize(16<<20),
	)
	n.app.RegisterGRPC(n.server, n.client, n.app.ChainID())
	go func() { n.served <- n.server.Serve(l) }()
	return nil
}

// Address is where the gRPC service listens.
func (n *Node) Address() string { return n.address }

// Height is the last committed height.
func (n *Node) Height() int64 { return n.app.LastBlockHeight() }

// Client is CometBFT's client inside this process.
func (n *Node) Client() *local.Local { return n.client }

// App is the state machine, for checks on a stopped or idle node.
func (n *Node) App() *app.App { return n.app }

// Stop ends the node in the order that leaves no lock behind.
func (n *Node) Stop() error {
	var err error
	if n.server != nil {
		n.server.Stop()
		err = errors.Join(err, <-n.served)
	}
	if n.comet != nil && n.comet.IsRunning() {
		err = n.comet.Stop()
		n.comet.Wait()
	}
	return errors.Join(err, n.app.Close(), n.dbs.close())
}

// Watch ends with an error when the height stands still for that long while the
// node should make blocks: CometBFT can stop consensus and keep the process.
func (n *Node) Watch(ctx context.Context, patience time.Duration) error {
	last, since := n.Height(), time.Now()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case now := <-tick.C:
			if h := n.Height(); h != last {
				last, since = h, now
			} else if now.Sub(since) > patience {
				return fmt.Errorf("the chain has stood at height %d for %s", last, patience)
			}
		}
	}
}

func genesisFrom(path string) cmtnode.GenesisDocProvider {
	return func() (*cmttypes.GenesisDoc, error) {
		doc, err := cmttypes.GenesisDocFromFile(path)
		if err != nil {
			return nil, fmt.Errorf("reading the genesis: %w", err)
		}
		return doc, nil
	}
}

func cometLog(level string) cmtlog.Logger {
	option := cmtlog.AllowError()
	switch level {
	case "debug":
		option = cmtlog.AllowDebug()
	case "info":
		option = cmtlog.AllowInfo()
	}
	return quiet{cmtlog.NewFilter(cmtlog.NewTMLogger(cmtlog.NewSyncWriter(os.Stderr)), option)}
}

// quiet drops the errors that CometBFT logs at every orderly stop.
type quiet struct{ cmtlog.Logger }

// Error logs, unless the message says only that the node was stopped.
func (q quiet) Error(msg string, keyvals ...any) {
	if msg == "Stopped accept routine, as transport is closed" {
		return
	}
	q.Logger.Error(msg, keyvals...)
}

// With keeps the filter on the loggers of the parts.
func (q quiet) With(keyvals ...any) cmtlog.Logger { return quiet{q.Logger.With(keyvals...)} }
