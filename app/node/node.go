package node

import (
	"context"
	"encoding/json"
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
	"github.com/cometbft/cometbft/p2p"
	"github.com/cometbft/cometbft/privval"
	"github.com/cometbft/cometbft/proxy"
	"github.com/cometbft/cometbft/rpc/client/local"
	cmttypes "github.com/cometbft/cometbft/types"
	"github.com/cosmos/cosmos-sdk/baseapp"
	"github.com/cosmos/cosmos-sdk/codec"
	"github.com/cosmos/cosmos-sdk/server"
	pruningtypes "github.com/cosmos/cosmos-sdk/store/v2/pruning/types"

	"github.com/xinlian/xinlian/app"
)

// readyWithin bounds the wait for the first block after a start.
const readyWithin = 60 * time.Second

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
	nodeKey, err := p2p.LoadOrGenNodeKey(cc.NodeKeyFile())
	if err != nil {
		return nil, errors.Join(err, n.dbs.close())
	}
	n.comet, err = cmtnode.NewNode(cc,
		privval.LoadOrGenFilePV(cc.PrivValidatorKeyFile(), cc.PrivValidatorStateFile()), nodeKey,
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
		options = append(options, baseapp.SetPruning(pruningtypes.NewCustomPruningOptions(uint64(c.State.KeepRecent), 100)))
	} else {
		options = append(options, baseapp.SetPruning(pruningtypes.NewPruningOptions(pruningtypes.PruningNothing)))
	}
	n.app, err = app.New(logger, db, home, options...)
	return err
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
		<-n.served
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
	return cmtlog.NewFilter(cmtlog.NewTMLogger(cmtlog.NewSyncWriter(os.Stderr)), option)
}

// Keys are the keys of a home: its validator's and its node's.
type Keys struct {
	Consensus []byte // ed25519 public key, 32 bytes
	NodeID    string // p2p id, 40 hex digits
}

// Prepare makes the folders and keys of a home where they are missing and
// returns the public ones. It never overwrites a key.
func Prepare(home string) (Keys, error) {
	c, err := DefaultConfig().comet(home)
	if err != nil {
		return Keys{}, err
	}
	for _, dir := range []string{filepath.Join(home, "config"), filepath.Join(home, "data")} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return Keys{}, fmt.Errorf("making the home: %w", err)
		}
	}
	key, err := privval.LoadOrGenFilePV(c.PrivValidatorKeyFile(), c.PrivValidatorStateFile()).GetPubKey()
	if err != nil {
		return Keys{}, fmt.Errorf("reading the validator key: %w", err)
	}
	nodeKey, err := p2p.LoadOrGenNodeKey(c.NodeKeyFile())
	if err != nil {
		return Keys{}, fmt.Errorf("reading the node key: %w", err)
	}
	return Keys{Consensus: key.Bytes(), NodeID: string(nodeKey.ID())}, nil
}

// WriteGenesis saves a genesis document into a home that has none.
func WriteGenesis(home string, doc *cmttypes.GenesisDoc) error {
	path := filepath.Join(home, "config", "genesis.json")
	if _, err := os.Stat(path); err == nil {
		return fmt.Errorf("writing the genesis: %s is there already", path)
	}
	return doc.SaveAs(path)
}

// MarshalKeys writes the public keys as JSON, for the founders' exchange.
func (k Keys) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		ConsensusKey []byte `json:"consensus_key"`
		NodeID       string `json:"node_id"`
	}{k.Consensus, k.NodeID})
}
