package node

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"cosmossdk.io/log/v2"

	"github.com/cometbft/cometbft/config"

	"github.com/xinlian/xinlian/internal/settings"
)

// EnvPrefix begins the environment variables of a node.
const EnvPrefix = "XINLIAN_NODE"

// FileName is the node's configuration inside its home.
const FileName = "node.toml"

// Config is what an operator may set. Everything that all nodes must agree on is
// in the genesis instead.
type Config struct {
	Moniker string `toml:"moniker" doc:"name of this node in the logs of its peers"`
	GRPC    struct {
		Listen string `toml:"listen" doc:"address of the gRPC service for gateways; keep it on a private network"`
	} `toml:"grpc"`
	P2P struct {
		Listen string   `toml:"listen" doc:"address for peers; empty for a chain of one node"`
		Peers  []string `toml:"peers" doc:"persistent peers, id@host:port"`
	} `toml:"p2p"`
	Consensus struct {
		EmptyBlockInterval time.Duration `toml:"empty_block_interval" doc:"pause before an empty block; due instalments wait for a block"`
		ProposeTimeout     time.Duration `toml:"propose_timeout" doc:"how long to wait for a proposal; short values suit one node, seconds suit a wide network"`
		VoteTimeout        time.Duration `toml:"vote_timeout" doc:"how long to wait for votes"`
	} `toml:"consensus"`
	State struct {
		KeepRecent    int64 `toml:"keep_recent" doc:"versions of the state to keep for proofs; 0 keeps all"`
		SnapshotEvery int64 `toml:"snapshot_every" doc:"blocks between snapshots for joining nodes; 0 for none"`
	} `toml:"state"`
	Log struct {
		Level string `toml:"level" doc:"debug, info, warn or error"`
	} `toml:"log"`
}

// DefaultConfig suits a validator in a consortium.
func DefaultConfig() Config {
	var c Config
	c.Moniker = "xinlian"
	c.GRPC.Listen = "127.0.0.1:9090"
	c.P2P.Listen = "tcp://0.0.0.0:26656"
	c.Consensus.EmptyBlockInterval = time.Second
	c.Consensus.ProposeTimeout = 3 * time.Second
	c.Consensus.VoteTimeout = time.Second
	c.State.KeepRecent = 0
	c.State.SnapshotEvery = 0
	c.Log.Level = "info"
	return c
}

// DemoConfig suits one node on one machine: short timeouts, because after a kill
// the default ones leave a lone validator waiting for itself.
func DemoConfig() Config {
	c := DefaultConfig()
	c.Moniker = "demo"
	c.GRPC.Listen = "127.0.0.1:0"
	c.P2P.Listen = ""
	c.Consensus.EmptyBlockInterval = 300 * time.Millisecond
	c.Consensus.ProposeTimeout = 150 * time.Millisecond
	c.Consensus.VoteTimeout = 100 * time.Millisecond
	c.Log.Level = "error"
	return c
}

// Load reads the configuration of the node at home.
func Load(home string) (Config, []settings.Key, error) {
	c := DefaultConfig()
	keys, err := settings.Load(&c, filepath.Join(home, FileName), EnvPrefix, os.Environ())
	return c, keys, err
}

// Logger writes to w what the configured level lets through.
func (c Config) Logger(w io.Writer) (log.Logger, error) {
	switch c.Log.Level {
	case "debug", "info", "warn", "error":
	default:
		return nil, fmt.Errorf("configuration: log.level: got %q, want debug, info, warn or error", c.Log.Level)
	}
	level, err := zerolog.ParseLevel(c.Log.Level)
	if err != nil {
		return nil, fmt.Errorf("configuration: log.level: %w", err)
	}
	return log.NewLogger(w, log.LevelOption(level), log.ColorOption(false), log.TimeFormatOption(time.RFC3339)), nil
}

// comet is CometBFT's configuration, made in code so that there is no second
// file to keep in step.
func (c Config) comet(home string) (*config.Config, error) {
	cc := config.DefaultConfig()
	cc.SetRoot(home)
	cc.Moniker = c.Moniker
	cc.DBBackend = "pebbledb"
	cc.FilterPeers = true
	cc.RPC.ListenAddress = "" // gateways use gRPC; the JSON-RPC has debug calls that a bank's firewall must not have to know
	cc.P2P.ListenAddress = c.P2P.Listen
	cc.P2P.PersistentPeers = strings.Join(c.P2P.Peers, ",")
	cc.P2P.PexReactor = false // peers come from the council, not from strangers
	if c.P2P.Listen == "" {
		cc.P2P.ListenAddress = "tcp://127.0.0.1:0"
	}
	cc.Consensus.CreateEmptyBlocks = true
	cc.Consensus.CreateEmptyBlocksInterval = c.Consensus.EmptyBlockInterval
	cc.Consensus.TimeoutPropose = c.Consensus.ProposeTimeout
	cc.Consensus.TimeoutPrevote = c.Consensus.VoteTimeout
	cc.Consensus.TimeoutPrecommit = c.Consensus.VoteTimeout
	cc.Consensus.TimeoutCommit = 0 // the application never changes state in an idle block, so an idle chain does not spin
	cc.Consensus.PeerGossipSleepDuration = 5 * time.Millisecond
	cc.Mempool.Recheck = true
	cc.TxIndex.Indexer = "kv"
	if err := cc.ValidateBasic(); err != nil {
		return nil, fmt.Errorf("checking the configuration: %w", err)
	}
	return cc, nil
}
