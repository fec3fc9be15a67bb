package loan

import (
	"context"

	"cosmossdk.io/collections"

	"github.com/cosmos/cosmos-sdk/types/query"

	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	"github.com/xinlian/xinlian/internal/wire"
)

// PageMax bounds a page of a query.
const PageMax = 200

type queryServer struct{ keeper *Keeper }

var _ loanv1.QueryServer = queryServer{}

// NewQueryServer serves the module's queries. An absent row is ErrNotFound.
func NewQueryServer(k *Keeper) loanv1.QueryServer { return queryServer{keeper: k} }

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

func (s queryServer) Template(ctx context.Context, r *loanv1.QueryTemplateRequest) (*loanv1.QueryTemplateResponse, error) {
	if err := hash32("template_hash", r.TemplateHash); err != nil {
		return nil, err
	}
	t, err := s.keeper.template(ctx, r.TemplateHash)
	if err != nil {
		return nil, err
	}
	return &loanv1.QueryTemplateResponse{Template: t}, nil
}

func (s queryServer) Templates(ctx context.Context, r *loanv1.QueryTemplatesRequest) (*loanv1.QueryTemplatesResponse, error) {
	list, next, err := query.CollectionPaginate(ctx, s.keeper.templates, page(r.Pagination),
		func(_ []byte, t loanv1.Template) (loanv1.Template, error) { return t, nil })
	return &loanv1.QueryTemplatesResponse{Templates: list, Pagination: next}, err
}

func (s queryServer) Pool(ctx context.Context, r *loanv1.QueryPoolRequest) (*loanv1.QueryPoolResponse, error) {
	p, err := s.keeper.pool(ctx, r.Id)
	if err != nil {
		return nil, err
	}
	account := PoolAccount(r.Id)
	balanceFen, err := s.keeper.left.Cash.Balance(ctx, account)
	if err != nil {
		return nil, err
	}
	return &loanv1.QueryPoolResponse{Pool: p, BalanceFen: balanceFen, Account: wire.AddressText(account)}, nil
}

func (s queryServer) Drafts(ctx context.Context, r *loanv1.QueryDraftsRequest) (*loanv1.QueryDraftsResponse, error) {
	list, err := s.keeper.draftsOf(ctx, r.AuthorOrgId)
	return &loanv1.QueryDraftsResponse{Drafts: list}, err
}

func (s queryServer) Product(ctx context.Context, r *loanv1.QueryProductRequest) (*loanv1.QueryProductResponse, error) {
	p, err := s.keeper.product(ctx, r.Id)
	if err != nil {
		return nil, err
	}
	return &loanv1.QueryProductResponse{Product: p}, nil
}

func (s queryServer) Products(ctx context.Context, r *loanv1.QueryProductsRequest) (*loanv1.QueryProductsResponse, error) {
	list, next, err := query.CollectionPaginate(ctx, s.keeper.products, page(r.Pagination),
		func(_ uint64, p loanv1.Product) (loanv1.Product, error) { return p, nil })
	return &loanv1.QueryProductsResponse{Products: list, Pagination: next}, err
}

func (s queryServer) Application(ctx context.Context, r *loanv1.QueryApplicationRequest) (*loanv1.QueryApplicationResponse, error) {
	a, err := s.keeper.application(ctx, r.Id)
	if err != nil {
		return nil, err
	}
	return &loanv1.QueryApplicationResponse{Application: a}, nil
}

func (s queryServer) Applications(ctx context.Context, r *loanv1.QueryApplicationsRequest) (*loanv1.QueryApplicationsResponse, error) {
	index, party, err := pick(s.keeper.applications.Indexes.enterprise, s.keeper.applications.Indexes.lender, r.EnterpriseId, r.LenderOrgId)
	if err != nil {
		return nil, err
	}
	list, next, err := query.CollectionFilteredPaginate(ctx, index, page(r.Pagination), nil,
		func(key collections.Pair[uint64, uint64], _ collections.NoValue) (loanv1.Application, error) {
			return s.keeper.application(ctx, key.K2())
		}, query.WithCollectionPaginationPairPrefix[uint64, uint64](party))
	return &loanv1.QueryApplicationsResponse{Applications: list, Pagination: next}, err
}

// pick chooses the index of the one party that a list is asked for.
func pick[I any](byEnterprise, byLender I, enterprise, lender uint64) (index I, party uint64, err error) {
	switch {
	case enterprise != 0 && lender == 0:
		return byEnterprise, enterprise, nil
	case lender != 0 && enterprise == 0:
		return byLender, lender, nil
	default:
		return index, 0, ErrInvalid.Wrap("exactly one of enterprise_id and lender_org_id is needed")
	}
}

func (s queryServer) Offer(ctx context.Context, r *loanv1.QueryOfferRequest) (*loanv1.QueryOfferResponse, error) {
	o, err := s.keeper.offer(ctx, r.Id)
	if err != nil {
		return nil, err
	}
	return &loanv1.QueryOfferResponse{Offer: o}, nil
}

func (s queryServer) Loan(ctx context.Context, r *loanv1.QueryLoanRequest) (*loanv1.QueryLoanResponse, error) {
	l, err := s.keeper.loan(ctx, r.Id)
	if err != nil {
		return nil, err
	}
	return &loanv1.QueryLoanResponse{Loan: l}, nil
}

func (s queryServer) Loans(ctx context.Context, r *loanv1.QueryLoansRequest) (*loanv1.QueryLoansResponse, error) {
	index, party, err := pick(s.keeper.loans.Indexes.enterprise, s.keeper.loans.Indexes.lender, r.EnterpriseId, r.LenderOrgId)
	if err != nil {
		return nil, err
	}
	list, next, err := query.CollectionFilteredPaginate(ctx, index, page(r.Pagination), nil,
		func(key collections.Pair[uint64, uint64], _ collections.NoValue) (loanv1.Loan, error) {
			return s.keeper.loan(ctx, key.K2())
		}, query.WithCollectionPaginationPairPrefix[uint64, uint64](party))
	return &loanv1.QueryLoansResponse{Loans: list, Pagination: next}, err
}

func (s queryServer) Schedule(ctx context.Context, r *loanv1.QueryScheduleRequest) (*loanv1.QueryScheduleResponse, error) {
	list, next, err := query.CollectionPaginate(ctx, s.keeper.instalments, page(r.Pagination),
		func(_ instalmentKey, i loanv1.Instalment) (loanv1.Instalment, error) { return i, nil },
		func(o *query.CollectionsPaginateOptions[instalmentKey]) {
			prefix := collections.TriplePrefix[uint64, uint32, uint32](r.LoanId)
			o.Prefix = &prefix
		})
	return &loanv1.QueryScheduleResponse{Instalments: list, Pagination: next}, err
}

func (s queryServer) Journal(ctx context.Context, r *loanv1.QueryJournalRequest) (*loanv1.QueryJournalResponse, error) {
	list, next, err := query.CollectionPaginate(ctx, s.keeper.entries, page(r.Pagination),
		func(_ entryKey, e loanv1.JournalEntry) (loanv1.JournalEntry, error) { return e, nil },
		query.WithCollectionPaginationPairPrefix[uint64, uint64](r.LoanId))
	return &loanv1.QueryJournalResponse{Entries: list, Pagination: next}, err
}

func (s queryServer) Exposure(ctx context.Context, r *loanv1.QueryExposureRequest) (*loanv1.QueryExposureResponse, error) {
	e, err := s.keeper.Exposure(ctx, r.EnterpriseId)
	return &loanv1.QueryExposureResponse{Exposure: e}, err
}

func (s queryServer) Params(ctx context.Context, _ *loanv1.QueryParamsRequest) (*loanv1.QueryParamsResponse, error) {
	p, err := s.keeper.Params(ctx)
	return &loanv1.QueryParamsResponse{Params: p}, err
}
