package council

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/rfc6962"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	councilv1 "github.com/xinlian/xinlian/gen/xinlian/council/v1"
)

// blockHashBytes is the size of the hash of a block's header.
const blockHashBytes = 32

var ranges = compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}

// RecordHeader appends the current block's hash to the log, once a block. It is
// called only for blocks that change state by a transaction or a due item: an
// append in every block would change the app hash of idle blocks and make
// CometBFT produce a further block at once, without end.
func (k *Keeper) RecordHeader(ctx context.Context) error {
	sdkCtx := sdk.UnwrapSDKContext(ctx)
	height, hash := sdkCtx.BlockHeight(), sdkCtx.HeaderHash()
	if len(hash) != blockHashBytes { // simulation and genesis have no header
		return nil
	}
	done, err := k.heights.Has(ctx, height)
	if err != nil || done {
		return err
	}
	log, err := k.headerLog(ctx)
	if err != nil {
		return err
	}
	entry := councilv1.HeaderEntry{Index: log.Size_, Height: height, BlockHash: hash}
	next, err := appendHash(log, hash)
	if err != nil {
		return err
	}
	if err := k.entries.Set(ctx, entry.Index, entry); err != nil {
		return err
	}
	if err := k.heights.Set(ctx, height, entry.Index); err != nil {
		return err
	}
	return k.log.Set(ctx, next)
}

// appendHash is the log with one more leaf.
func appendHash(log councilv1.HeaderLog, blockHash []byte) (councilv1.HeaderLog, error) {
	r, err := ranges.NewRange(0, log.Size_, log.Hashes)
	if err != nil {
		return log, err
	}
	if err := r.Append(rfc6962.DefaultHasher.HashLeaf(blockHash), nil); err != nil {
		return log, err
	}
	root, err := r.GetRootHash(nil)
	if err != nil {
		return log, err
	}
	return councilv1.HeaderLog{Size_: r.End(), Hashes: r.Hashes(), Root: root}, nil
}

// sameLog tells whether two heads are of the same log.
func sameLog(a, b councilv1.HeaderLog) bool {
	return a.Size_ == b.Size_ && bytes.Equal(a.Root, b.Root) && slices.EqualFunc(a.Hashes, b.Hashes, bytes.Equal)
}

func (k *Keeper) headerLog(ctx context.Context) (councilv1.HeaderLog, error) {
	log, err := k.log.Get(ctx)
	if errors.Is(err, collections.ErrNotFound) {
		return councilv1.HeaderLog{}, nil
	}
	return log, err
}
