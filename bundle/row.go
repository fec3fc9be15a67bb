package bundle

import (
	"encoding/hex"
	"errors"
	"fmt"

	cmtcrypto "github.com/cometbft/cometbft/proto/tendermint/crypto"
	"github.com/cosmos/cosmos-sdk/store/v2/rootmulti"

	bundlev1 "github.com/xinlian/xinlian/gen/xinlian/bundle/v1"
)

// ErrRow says that a row is not in the chain's state, or is not the row that the
// bundle says it is.
var ErrRow = errors.New("bundle: a row is not proven")

// RowsMax bounds the rows of a bundle.
const RowsMax = 20_000

// Row names a row by its place in the state.
type place struct {
	store string
	key   string // bytes
}

// state is the proven rows of a bundle.
type state map[place][]byte

// prove checks every row against the app hash and collects them.
func prove(body, appHash []byte) (state, error) {
	var list bundlev1.Rows
	if err := list.Unmarshal(body); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRow, err)
	}
	if len(list.Rows) > RowsMax {
		return nil, fmt.Errorf("%w: %d rows, at most %d", ErrRow, len(list.Rows), RowsMax)
	}
	runtime := rootmulti.DefaultProofRuntime()
	rows := state{}
	for i, r := range list.Rows {
		var ops cmtcrypto.ProofOps
		if err := ops.Unmarshal(r.Proof); err != nil {
			return nil, fmt.Errorf("%w: row %d: %w", ErrRow, i, err)
		}
		path := fmt.Sprintf("/%s/x:%X", r.Store, r.Key)
		if err := runtime.VerifyValue(&ops, appHash, path, r.Value); err != nil {
			return nil, fmt.Errorf("%w: row %d, %s key %s: %w", ErrRow, i, r.Store, hex.EncodeToString(r.Key), err)
		}
		rows[place{r.Store, string(r.Key)}] = r.Value
	}
	return rows, nil
}

// message is a generated protobuf message.
type message interface{ Unmarshal([]byte) error }

// load decodes the row at a key, or names what is missing.
func (s state) load(store string, key []byte, what string, into message) error {
	value, ok := s[place{store, string(key)}]
	if !ok {
		return fmt.Errorf("%w: %s is missing", ErrRow, what)
	}
	if err := into.Unmarshal(value); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrRow, what, err)
	}
	return nil
}
