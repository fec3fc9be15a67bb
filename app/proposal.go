package app

import (
	"context"

	abci "github.com/cometbft/cometbft/abci/types"
	sdk "github.com/cosmos/cosmos-sdk/types"

	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
)

// proposalLimit caps the score proofs of a block: verifying one costs about a
// hundred times an ordinary message, and gas alone would let a block be slow.
type proposalLimit struct {
	decode sdk.TxDecoder
	score  interface {
		ProofsPerBlockMax(ctx context.Context) (uint32, error)
	}
}

// prepare takes transactions in the mempool's order and leaves score messages
// over the cap for a later block.
func (l proposalLimit) prepare(ctx sdk.Context, req *abci.RequestPrepareProposal) (*abci.ResponsePrepareProposal, error) {
	limit, err := l.score.ProofsPerBlockMax(ctx)
	if err != nil {
		return nil, err
	}
	var txs [][]byte
	var bytes int64
	proofs := uint32(0)
	for _, raw := range req.Txs {
		n := l.proofs(raw)
		if proofs+n > limit || bytes+int64(len(raw)) > req.MaxTxBytes {
			continue
		}
		proofs += n
		bytes += int64(len(raw))
		txs = append(txs, raw)
	}
	return &abci.ResponsePrepareProposal{Txs: txs}, nil
}

// process refuses a proposal over the cap.
func (l proposalLimit) process(ctx sdk.Context, req *abci.RequestProcessProposal) (*abci.ResponseProcessProposal, error) {
	limit, err := l.score.ProofsPerBlockMax(ctx)
	if err != nil {
		return nil, err
	}
	proofs := uint32(0)
	for _, raw := range req.Txs {
		proofs += l.proofs(raw)
	}
	if proofs > limit {
		return &abci.ResponseProcessProposal{Status: abci.ResponseProcessProposal_REJECT}, nil
	}
	return &abci.ResponseProcessProposal{Status: abci.ResponseProcessProposal_ACCEPT}, nil
}

// proofs counts the score proofs of a transaction; undecodable bytes hold none
// and fail when the block is executed.
func (l proposalLimit) proofs(raw []byte) uint32 {
	tx, err := l.decode(raw)
	if err != nil {
		return 0
	}
	n := uint32(0)
	for _, m := range tx.GetMsgs() {
		if _, ok := m.(*scorev1.MsgSubmitScore); ok {
			n++
		}
	}
	return n
}
