package fund

import (
	"context"

	"cosmossdk.io/collections"

	"github.com/cosmos/cosmos-sdk/types/query"

	fundv1 "github.com/xinlian/xinlian/gen/xinlian/fund/v1"
	"github.com/xinlian/xinlian/internal/wire"
)

// PageMax bounds a page of a query.
const PageMax = 200

type queryServer struct{ k *Keeper }

var _ fundv1.QueryServer = queryServer{}

// NewQueryServer serves the module's queries. An absent row is ErrNotFound.
func NewQueryServer(k *Keeper) fundv1.QueryServer { return queryServer{k} }

// page bounds what a caller may ask for at once.
func page(p *query.PageRequest) *query.PageRequest {
	if p == nil {
		return &query.PageRequest{Limit: PageMax}
	}
	q := *p
	if q.Limit == 0 || q.Limit > PageMax {
		q.Limit = PageMax
	}
	q.CountTotal = false
	return &q
}

func (s queryServer) Fund(ctx context.Context, r *fundv1.QueryFundRequest) (*fundv1.QueryFundResponse, error) {
	f, err := s.k.Fund(ctx, r.Id)
	if err != nil {
		return nil, err
	}
	v, err := s.k.Value(ctx, f)
	if err != nil {
		return nil, err
	}
	return &fundv1.QueryFundResponse{Fund: f, Value: v.Value, Account: wire.AddressText(Account(f.Id)), FreeFen: v.FreeFen}, nil
}

func (s queryServer) Funds(ctx context.Context, r *fundv1.QueryFundsRequest) (*fundv1.QueryFundsResponse, error) {
	list, next, err := query.CollectionPaginate(ctx, s.k.funds, page(r.Pagination),
		func(_ uint64, f fundv1.Fund) (fundv1.Fund, error) { return f, nil })
	return &fundv1.QueryFundsResponse{Funds: list, Pagination: next}, err
}

func (s queryServer) Position(ctx context.Context, r *fundv1.QueryPositionRequest) (*fundv1.QueryPositionResponse, error) {
	f, err := s.k.Fund(ctx, r.FundId)
	if err != nil {
		return nil, err
	}
	res := &fundv1.QueryPositionResponse{}
	i, err := lookup(s.k.investors.Get(ctx, collections.Join(f.Id, r.OrgId)))
	if err != nil {
		return nil, err
	}
	if i.OrgId != 0 {
		res.Investor = &i
	}
	for _, c := range []fundv1.Class{senior, junior} {
		h, err := s.k.holding(ctx, f.Id, c, r.OrgId)
		if err != nil {
			return nil, err
		}
		if err := credit(&h, bookOf(&f, c).IncomeIndex); err != nil {
			return nil, err
		}
		if h.Shares != 0 || h.IncomeFen != 0 {
			res.Holdings = append(res.Holdings, h)
		}
		for _, kind := range []fundv1.OrderKind{redemptionKind, subscriptionKind} {
			o, err := s.k.order(ctx, f.Id, kind, c, r.OrgId)
			if err != nil {
				return nil, err
			}
			if o.Amount != 0 {
				res.Orders = append(res.Orders, o)
			}
		}
	}
	return res, nil
}

func (s queryServer) Orders(ctx context.Context, r *fundv1.QueryOrdersRequest) (*fundv1.QueryOrdersResponse, error) {
	list, next, err := query.CollectionPaginate(ctx, s.k.orders, page(r.Pagination),
		func(_ orderKey, o fundv1.Order) (fundv1.Order, error) { return o, nil },
		func(o *query.CollectionsPaginateOptions[orderKey]) {
			prefix := collections.QuadPrefix[uint64, uint32, uint32, uint64](r.FundId)
			o.Prefix = &prefix
		})
	return &fundv1.QueryOrdersResponse{Orders: list, Pagination: next}, err
}

func (s queryServer) Params(ctx context.Context, _ *fundv1.QueryParamsRequest) (*fundv1.QueryParamsResponse, error) {
	p, err := s.k.Params(ctx)
	return &fundv1.QueryParamsResponse{Params: p}, err
}
