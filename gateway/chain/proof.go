package chain

import (
	"context"
	"fmt"
	"strconv"

	"google.golang.org/grpc/metadata"

	"github.com/cosmos/cosmos-sdk/client/grpc/cmtservice"
	cryptotypes "github.com/cosmos/cosmos-sdk/crypto/types"
	grpctypes "github.com/cosmos/cosmos-sdk/types/grpc"
	"github.com/cosmos/cosmos-sdk/types/query"

	cmted25519 "github.com/cometbft/cometbft/crypto/ed25519"
	cmtcrypto "github.com/cometbft/cometbft/proto/tendermint/crypto"
	cmttypes "github.com/cometbft/cometbft/types"

	bundlev1 "github.com/xinlian/xinlian/gen/xinlian/bundle/v1"
	"github.com/xinlian/xinlian/internal/wire"
)

// ProvenRow reads one row of the state at a height with its proof against the
// app hash of the next header.
func (c *Client) ProvenRow(ctx context.Context, r wire.Row, height int64) (bundlev1.Row, error) {
	res, err := c.comet.ABCIQuery(ctx, &cmtservice.ABCIQueryRequest{
		Path: "/store/" + r.Store + "/key", Data: r.Key, Height: height, Prove: true,
	})
	if err != nil {
		return bundlev1.Row{}, fmt.Errorf("reading %s/%X: %w", r.Store, r.Key, err)
	}
	if res.Code != 0 || len(res.Value) == 0 || res.ProofOps == nil {
		return bundlev1.Row{}, fmt.Errorf("reading %s/%X at height %d: not there (%s)", r.Store, r.Key, height, res.Log)
	}
	ops := cmtcrypto.ProofOps{}
	for _, o := range res.ProofOps.Ops {
		ops.Ops = append(ops.Ops, cmtcrypto.ProofOp{Type: o.Type, Key: o.Key, Data: o.Data})
	}
	proof, err := ops.Marshal()
	if err != nil {
		return bundlev1.Row{}, fmt.Errorf("encoding the proof of %s/%X: %w", r.Store, r.Key, err)
	}
	return bundlev1.Row{Store: r.Store, Key: r.Key, Value: res.Value, Proof: proof}, nil
}

// AtHeight makes queries under the context read the state after that block
// instead of the newest one.
func AtHeight(ctx context.Context, height int64) context.Context {
	return metadata.AppendToOutgoingContext(ctx, grpctypes.GRPCBlockHeightHeader, strconv.FormatInt(height, 10))
}

// Header reads the header of a block.
func (c *Client) Header(ctx context.Context, height int64) (*cmttypes.Header, error) {
	r, err := c.comet.GetBlockByHeight(ctx, &cmtservice.GetBlockByHeightRequest{Height: height})
	if err != nil {
		return nil, fmt.Errorf("reading block %d: %w", height, err)
	}
	h, err := cmttypes.HeaderFromProto(&r.Block.Header)
	if err != nil {
		return nil, fmt.Errorf("reading block %d: %w", height, err)
	}
	return &h, nil
}

// LightBlock reads a header with its commit and its validators. The commit of a
// block is in the next one, so the newest block has none yet.
func (c *Client) LightBlock(ctx context.Context, height int64) (*cmttypes.LightBlock, error) {
	at, err := c.comet.GetBlockByHeight(ctx, &cmtservice.GetBlockByHeightRequest{Height: height})
	if err != nil {
		return nil, fmt.Errorf("reading block %d: %w", height, err)
	}
	next, err := c.comet.GetBlockByHeight(ctx, &cmtservice.GetBlockByHeightRequest{Height: height + 1})
	if err != nil {
		return nil, fmt.Errorf("reading block %d: %w", height+1, err)
	}
	header, err := cmttypes.HeaderFromProto(&at.Block.Header)
	if err != nil {
		return nil, fmt.Errorf("reading block %d: %w", height, err)
	}
	commit, err := cmttypes.CommitFromProto(next.Block.LastCommit)
	if err != nil {
		return nil, fmt.Errorf("reading the commit of block %d: %w", height, err)
	}
	validators, err := c.validators(ctx, height)
	if err != nil {
		return nil, err
	}
	lb := &cmttypes.LightBlock{SignedHeader: &cmttypes.SignedHeader{Header: &header, Commit: commit}, ValidatorSet: validators}
	return lb, lb.ValidateBasic(c.chainID)
}

func (c *Client) validators(ctx context.Context, height int64) (*cmttypes.ValidatorSet, error) {
	r, err := c.comet.GetValidatorSetByHeight(ctx, &cmtservice.GetValidatorSetByHeightRequest{
		Height: height, Pagination: &query.PageRequest{Limit: 100},
	})
	if err != nil {
		return nil, fmt.Errorf("reading the validators of block %d: %w", height, err)
	}
	var list []*cmttypes.Validator
	for _, v := range r.Validators {
		var key cryptotypes.PubKey
		if err := c.codec.Registry.UnpackAny(v.PubKey, &key); err != nil {
			return nil, fmt.Errorf("reading a validator's key: %w", err)
		}
		val := cmttypes.NewValidator(cmted25519.PubKey(key.Bytes()), v.VotingPower)
		val.ProposerPriority = v.ProposerPriority
		list = append(list, val)
	}
	return cmttypes.NewValidatorSet(list), nil
}
