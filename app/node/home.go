package node

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/cometbft/cometbft/config"
	"github.com/cometbft/cometbft/p2p"
	"github.com/cometbft/cometbft/privval"
	cmttypes "github.com/cometbft/cometbft/types"

	"github.com/xinlian/xinlian/internal/durable"
)

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
	validator, err := validatorKey(home, c)
	if err != nil {
		return Keys{}, err
	}
	peer, err := nodeKey(c.NodeKeyFile())
	if err != nil {
		return Keys{}, err
	}
	return Keys{Consensus: validator.Key.PubKey.Bytes(), NodeID: string(peer.ID())}, nil
}

// validatorKey is the validator's key with the record of what it has signed. A
// kill between the writing of the two leaves the key alone: as long as the chain
// has no data here it has signed nothing, and the record may begin empty. Later
// a missing record is an error, because without it the validator could sign two
// blocks of one height.
func validatorKey(home string, c *config.Config) (*privval.FilePV, error) {
	keyFile, stateFile := c.PrivValidatorKeyFile(), c.PrivValidatorStateFile()
	switch has, err := exists(keyFile); {
	case err != nil:
		return nil, fmt.Errorf("reading the validator key: %w", err)
	case !has:
		pv := privval.GenFilePV(keyFile, stateFile)
		pv.Save()
		return pv, nil
	}
	switch has, err := exists(stateFile); {
	case err != nil:
		return nil, fmt.Errorf("reading what the validator signed: %w", err)
	case has:
		return privval.LoadFilePV(keyFile, stateFile), nil
	}
	begun, err := exists(filepath.Join(home, "data", "blockstore.db"))
	if err != nil {
		return nil, fmt.Errorf("reading what the validator signed: %w", err)
	}
	if begun {
		return nil, fmt.Errorf("%s is missing: restore it from the validator's own backup, or the validator may sign two blocks of one height", stateFile)
	}
	pv := privval.LoadFilePVEmptyState(keyFile, stateFile)
	pv.Save()
	return pv, nil
}

// nodeKey is the node's key; a new one is whole on disk or not there.
func nodeKey(path string) (*p2p.NodeKey, error) {
	has, err := exists(path)
	if err == nil && !has {
		err = durable.Replace(path, func(temporary string) error {
			_, err := p2p.LoadOrGenNodeKey(temporary)
			return err
		})
	}
	if err != nil {
		return nil, fmt.Errorf("making the node key: %w", err)
	}
	k, err := p2p.LoadNodeKey(path)
	if err != nil {
		return nil, fmt.Errorf("reading the node key: %w", err)
	}
	return k, nil
}

func exists(path string) (bool, error) {
	_, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// WriteGenesis saves a genesis document into a home that has none.
func WriteGenesis(home string, doc *cmttypes.GenesisDoc) error {
	path := filepath.Join(home, "config", "genesis.json")
	if _, err := os.Stat(path); err == nil {
		return fmt.Errorf("writing the genesis: %s is there already", path)
	}
	return durable.Replace(path, doc.SaveAs)
}

// MarshalJSON writes the public keys as JSON, for the founders' exchange.
func (k Keys) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		ConsensusKey []byte `json:"consensus_key"`
		NodeID       string `json:"node_id"`
	}{k.Consensus, k.NodeID})
}
