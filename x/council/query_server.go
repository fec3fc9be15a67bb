package council

import (
	"context"
	"errors"

	"cosmossdk.io/collections"

	"github.com/cosmos/cosmos-sdk/types/query"

	councilv1 "github.com/xinlian/xinlian/gen/xinlian/council/v1"
)

type queryServer struct{ k *Keeper }

// NewQueryServer serves the module's queries.
func NewQueryServer(k *Keeper) councilv1.QueryServer { return queryServer{k} }

// Members lists the members.
func (s queryServer) Members(ctx context.Context, _ *councilv1.QueryMembersRequest) (*councilv1.QueryMembersResponse, error) {
	all, err := s.k.allMembers(ctx)
	return &councilv1.QueryMembersResponse{Members: all}, err
}

// Member returns a member.
func (s queryServer) Member(ctx context.Context, req *councilv1.QueryMemberRequest) (*councilv1.QueryMemberResponse, error) {
	m, err := s.k.member(ctx, req.OrgId)
	return &councilv1.QueryMemberResponse{Member: m}, err
}

// HeaderLog returns the head of the log of block hashes.
func (s queryServer) HeaderLog(ctx context.Context, _ *councilv1.QueryHeaderLogRequest) (*councilv1.QueryHeaderLogResponse, error) {
	log, err := s.k.headerLog(ctx)
	return &councilv1.QueryHeaderLogResponse{Log: log}, err
}

// HeaderEntries lists the leaves of the log in order.
func (s queryServer) HeaderEntries(ctx context.Context, req *councilv1.QueryHeaderEntriesRequest) (*councilv1.QueryHeaderEntriesResponse, error) {
	entries, page, err := query.CollectionPaginate(ctx, s.k.entries, req.Pagination,
		func(_ uint64, e councilv1.HeaderEntry) (councilv1.HeaderEntry, error) { return e, nil })
	return &councilv1.QueryHeaderEntriesResponse{Entries: entries, Pagination: page}, err
}

// HeaderEntry returns the leaf of a height.
func (s queryServer) HeaderEntry(ctx context.Context, req *councilv1.QueryHeaderEntryRequest) (*councilv1.QueryHeaderEntryResponse, error) {
	index, err := s.k.heights.Get(ctx, req.Height)
	if errors.Is(err, collections.ErrNotFound) {
		return nil, ErrNotFound.Wrapf("height %d is not in the log", req.Height)
	}
	if err != nil {
		return nil, err
	}
	e, err := s.k.entries.Get(ctx, index)
	return &councilv1.QueryHeaderEntryResponse{Entry: e}, err
}

// Params returns the parameters.
func (s queryServer) Params(ctx context.Context, _ *councilv1.QueryParamsRequest) (*councilv1.QueryParamsResponse, error) {
	p, err := s.k.params.Get(ctx)
	return &councilv1.QueryParamsResponse{Params: p}, err
}
