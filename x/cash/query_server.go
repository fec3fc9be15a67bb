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

// Redemption returns one redemption.
func (s queryServer) Redemption(ctx context.Context, r *cashv1.QueryRedemptionRequest) (*cashv1.QueryRedemptionResponse, error) {
	row, err := s.k.redemption(ctx, r.Id)
	return &cashv1.QueryRedemptionResponse{Redemption: row}, err
}

// PendingRedemptions lists what an issuer still has to pay out, in order of id.
func (s queryServer) PendingRedemptions(ctx context.Context, r *cashv1.QueryPendingRedemptionsRequest) (*cashv1.QueryPendingRedemptionsResponse, error) {
	rows, page, err := rowsOf(ctx, s.k.pending, r.IssuerOrgId, r.Pagination, s.k.redemptions)
	return &cashv1.QueryPendingRedemptionsResponse{Redemptions: rows, Pagination: page}, err
}

// Mandate returns one mandate.
func (s queryServer) Mandate(ctx context.Context, r *cashv1.QueryMandateRequest) (*cashv1.QueryMandateResponse, error) {
	row, err := s.k.Mandate(ctx, r.Id)
	return &cashv1.QueryMandateResponse{Mandate: row}, err
}

// Mandates lists the mandates that an organisation granted, or holds as payee.
func (s queryServer) Mandates(ctx context.Context, r *cashv1.QueryMandatesRequest) (*cashv1.QueryMandatesResponse, error) {
	index := s.k.granted
	if r.AsPayee {
		index = s.k.held
	}
	rows, page, err := rowsOf(ctx, index, r.OrgId, r.Pagination, s.k.mandates)
	return &cashv1.QueryMandatesResponse{Mandates: rows, Pagination: page}, err
}

// Payment returns one payment that may still be given back.
func (s queryServer) Payment(ctx context.Context, r *cashv1.QueryPaymentRequest) (*cashv1.QueryPaymentResponse, error) {
	row, err := s.k.living(ctx, r.Id)
	return &cashv1.QueryPaymentResponse{Payment: row}, err
}

// Payments lists the payments that an organisation made, or received, in order of id.
func (s queryServer) Payments(ctx context.Context, r *cashv1.QueryPaymentsRequest) (*cashv1.QueryPaymentsResponse, error) {
	index := s.k.paid
	if r.AsPayee {
		index = s.k.received
	}
	rows, page, err := rowsOf(ctx, index, r.OrgId, r.Pagination, s.k.payments)
	return &cashv1.QueryPaymentsResponse{Payments: rows, Pagination: page}, err
}

// BalanceReports lists an issuer's reports by day.
func (s queryServer) BalanceReports(ctx context.Context, r *cashv1.QueryBalanceReportsRequest) (*cashv1.QueryBalanceReportsResponse, error) {
	rows, page, err := query.CollectionPaginate(ctx, s.k.reports, r.Pagination,
		func(_ dayKey, v cashv1.BalanceReport) (cashv1.BalanceReport, error) { return v, nil },
		query.WithCollectionPaginationPairPrefix[uint64, int64](r.IssuerOrgId))
	return &cashv1.QueryBalanceReportsResponse{Reports: rows, Pagination: page}, err
}

// Standing tells whether an issuer may issue.
func (s queryServer) Standing(ctx context.Context, r *cashv1.QueryStandingRequest) (*cashv1.QueryStandingResponse, error) {
	row, err := s.k.standing(ctx, r.IssuerOrgId)
	if err != nil {
		return nil, err
	}
	p, err := s.k.params.Get(ctx)
	if err != nil {
		return nil, err
	}
	stop := stopsOn(row, p)
	return &cashv1.QueryStandingResponse{Standing: row, Stopped: stop != 0 && dayOf(blockTime(ctx)) >= stop}, nil
}

// rowsOf pages through an organisation's part of an index and reads the rows.
func rowsOf[V any](
	ctx context.Context, index collections.KeySet[orgKey], orgID uint64, page *query.PageRequest, rows collections.Map[uint64, V],
) ([]V, *query.PageResponse, error) {
	return query.CollectionPaginate(ctx, index, page,
		func(key orgKey, _ collections.NoValue) (V, error) { return rows.Get(ctx, key.K2()) },
		query.WithCollectionPaginationPairPrefix[uint64, uint64](orgID))
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
