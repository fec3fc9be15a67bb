package cash

import (
	"context"

	"cosmossdk.io/collections"

	"github.com/cosmos/cosmos-sdk/types/query"

	cashv1 "github.com/xinlian/xinlian/gen/xinlian/cash/v1"
	"github.com/xinlian/xinlian/internal/wire"
)

type queryServer struct{ k *Keeper }

// NewQueryServer serves the module's queries.
func NewQueryServer(k *Keeper) cashv1.QueryServer { return queryServer{k: k} }

// Balance returns an organisation's deposits.
func (s queryServer) Balance(ctx context.Context, r *cashv1.QueryBalanceRequest) (*cashv1.QueryBalanceResponse, error) {
	if _, err := s.k.orgs.Organisation(ctx, r.OrgId); err != nil {
		return nil, err
	}
	account := Account(r.OrgId)
	balance, err := s.k.Balance(ctx, account)
	if err != nil {
		return nil, err
	}
	frozen, err := s.k.Frozen(ctx, r.OrgId)
	if err != nil {
		return nil, err
	}
	return &cashv1.QueryBalanceResponse{AmountFen: balance, Account: wire.AddressText(account), Frozen: frozen}, nil
}

// Totals lists every issuer's totals; issuers are few members.
func (s queryServer) Totals(ctx context.Context, _ *cashv1.QueryTotalsRequest) (*cashv1.QueryTotalsResponse, error) {
	totals, err := s.k.allTotals(ctx)
	if err != nil {
		return nil, err
	}
	supply, err := s.k.supply(ctx)
	if err != nil {
		return nil, err
	}
	return &cashv1.QueryTotalsResponse{Totals: totals, SupplyFen: supply}, nil
}

// Issuances lists an issuer's issuances by bank reference.
func (s queryServer) Issuances(ctx context.Context, r *cashv1.QueryIssuancesRequest) (*cashv1.QueryIssuancesResponse, error) {
	rows, page, err := query.CollectionPaginate(ctx, s.k.issuances, r.Pagination,
		func(_ collections.Pair[uint64, string], i cashv1.Issuance) (cashv1.Issuance, error) { return i, nil },
		query.WithCollectionPaginationPairPrefix[uint64, string](r.IssuerOrgId))
	if err != nil {
		return nil, err
	}
	return &cashv1.QueryIssuancesResponse{Issuances: rows, Pagination: page}, nil
}

// Redemptions lists redemptions in order of id.
func (s queryServer) Redemptions(ctx context.Context, r *cashv1.QueryRedemptionsRequest) (*cashv1.QueryRedemptionsResponse, error) {
	rows, page, err := query.CollectionPaginate(ctx, s.k.redemptions, r.Pagination,
		func(_ uint64, v cashv1.Redemption) (cashv1.Redemption, error) { return v, nil })
	if err != nil {
		return nil, err
	}
	return &cashv1.QueryRedemptionsResponse{Redemptions: rows, Pagination: page}, nil
}

// Freezes lists the freezes of an organisation by case, expired ones included.
func (s queryServer) Freezes(ctx context.Context, r *cashv1.QueryFreezesRequest) (*cashv1.QueryFreezesResponse, error) {
	res := &cashv1.QueryFreezesResponse{}
	err := s.k.walkFreezes(ctx, r.OrgId, func(f cashv1.Freeze) (bool, error) {
		res.Freezes = append(res.Freezes, f)
		return false, nil
	})
	return res, err
}

// Params returns the parameters.
func (s queryServer) Params(ctx context.Context, _ *cashv1.QueryParamsRequest) (*cashv1.QueryParamsResponse, error) {
	p, err := s.k.params.Get(ctx)
	return &cashv1.QueryParamsResponse{Params: p}, err
}
