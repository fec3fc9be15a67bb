package custody

import (
	"context"
	"fmt"

	"github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/xinlian/xinlian/gateway/chain"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/internal/wire"
)

// Anchorage is what taking in documents asks of the chain.
type Anchorage interface {
	// Streams lists the streams of an enterprise.
	Streams(ctx context.Context, enterprise uint64) ([]profilev1.Stream, error)
	// Profile lists the batches of an enterprise, in the order of anchoring.
	Profile(ctx context.Context, enterprise uint64) ([]profilev1.Batch, error)
	// Anchor anchors all batches or none, and returns when they are in a block. A
	// refusal is a *chain.Refused.
	Anchor(ctx context.Context, enterprise uint64, anchors []profilev1.BatchAnchor) (chain.Result, error)
}

// anchorsPerMessage is the chain's smallest default; more go as more messages of
// one transaction.
const anchorsPerMessage = 64

// Anchors anchors in the name of a custodian.
type Anchors struct {
	Client  *chain.Client
	Service wire.Signer
	OrgID   uint64
}

var _ Anchorage = Anchors{}

// Streams asks the node.
func (a Anchors) Streams(ctx context.Context, enterprise uint64) ([]profilev1.Stream, error) {
	r, err := a.Client.Profile.Streams(ctx, &profilev1.QueryStreamsRequest{EnterpriseId: enterprise})
	if err != nil {
		return nil, fmt.Errorf("reading the streams of enterprise %d: %w", enterprise, err)
	}
	return r.Streams, nil
}

// Profile asks the node.
func (a Anchors) Profile(ctx context.Context, enterprise uint64) ([]profilev1.Batch, error) {
	var list []profilev1.Batch
	for page := (&query.PageRequest{Limit: pageRows}); page != nil; {
		r, err := a.Client.Profile.Batches(ctx, &profilev1.QueryBatchesRequest{EnterpriseId: enterprise, Pagination: page})
		if err != nil {
			return nil, fmt.Errorf("reading the batches of enterprise %d: %w", enterprise, err)
		}
		list = append(list, r.Batches...)
		page = next(r.Pagination)
	}
	return list, nil
}

// Anchor sends one transaction.
func (a Anchors) Anchor(ctx context.Context, enterprise uint64, anchors []profilev1.BatchAnchor) (chain.Result, error) {
	var msgs []types.Msg
	for rest := anchors; len(rest) > 0; {
		n := min(len(rest), anchorsPerMessage)
		msgs = append(msgs, &profilev1.MsgAnchorBatches{
			Device: wire.Address(a.Service), OrgId: a.OrgID, EnterpriseId: enterprise, Anchors: rest[:n],
		})
		rest = rest[n:]
	}
	return a.Client.Send(ctx, a.Service, msgs...)
}
