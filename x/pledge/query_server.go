package pledge

import (
	"context"

	"cosmossdk.io/collections"

	pledgev1 "github.com/xinlian/xinlian/gen/xinlian/pledge/v1"
)

type queryServer struct{ k *Keeper }

var _ pledgev1.QueryServer = queryServer{}

// NewQueryServer serves the module's queries.
func NewQueryServer(k *Keeper) pledgev1.QueryServer { return queryServer{k} }

// Check tells whether a tag is held, and nothing else. A pledge whose time has
// passed holds until its block has ended it.
func (s queryServer) Check(ctx context.Context, r *pledgev1.QueryCheckRequest) (*pledgev1.QueryCheckResponse, error) {
	if err := hash("tag", r.Tag); err != nil {
		return nil, err
	}
	checked, err := s.k.checked(ctx)
	if err != nil {
		return nil, err
	}
	for _, key := range checked {
		held, err := s.k.holders.Has(ctx, collections.Join(key.Epoch, r.Tag))
		if err != nil || held {
			return &pledgev1.QueryCheckResponse{Availability: pledgev1.Availability_AVAILABILITY_PLEDGED}, err
		}
	}
	return &pledgev1.QueryCheckResponse{Availability: pledgev1.Availability_AVAILABILITY_FREE}, nil
}

// Statement returns a statement.
func (s queryServer) Statement(ctx context.Context, r *pledgev1.QueryStatementRequest) (*pledgev1.QueryStatementResponse, error) {
	st, err := s.k.Statement(ctx, r.Id)
	return &pledgev1.QueryStatementResponse{Statement: st}, err
}

// Pledge returns a pledge.
func (s queryServer) Pledge(ctx context.Context, r *pledgev1.QueryPledgeRequest) (*pledgev1.QueryPledgeResponse, error) {
	p, err := s.k.Pledge(ctx, r.Id)
	return &pledgev1.QueryPledgeResponse{Pledge: p}, err
}

// Keys lists the keys that are checked, and the one proposed.
func (s queryServer) Keys(ctx context.Context, _ *pledgev1.QueryKeysRequest) (*pledgev1.QueryKeysResponse, error) {
	keys, err := s.k.checked(ctx)
	if err != nil {
		return nil, err
	}
	proposal, err := s.k.waiting(ctx)
	return &pledgev1.QueryKeysResponse{Keys: keys, Proposal: proposal}, err
}

// Params are the values in force.
func (s queryServer) Params(ctx context.Context, _ *pledgev1.QueryParamsRequest) (*pledgev1.QueryParamsResponse, error) {
	p, err := s.k.Params(ctx)
	return &pledgev1.QueryParamsResponse{Params: p}, err
}

// Pledge is a pledge, else ErrUnknownPledge.
func (k *Keeper) Pledge(ctx context.Context, id uint64) (pledgev1.Pledge, error) {
	p, err := k.pledges.Get(ctx, id)
	return p, found(err, ErrUnknownPledge, "%d", id)
}
