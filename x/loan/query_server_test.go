package loan

import (
	"errors"
	"testing"

	"github.com/cosmos/cosmos-sdk/types/query"

	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
)

// Every query answers from the rows, lists page by page and in order, and names
// what is absent.
func TestQueries(t *testing.T) {
	t.Parallel()
	w := lived(t)
	l := w.loan(1)
	for name, ask := range map[string]func() (got, want any, err error){
		"Template": func() (any, any, error) {
			r, err := w.qry.Template(w.ctx, &loanv1.QueryTemplateRequest{TemplateHash: l.TemplateHash})
			return r.Template.Terms.Name, "invoice-loan", err
		},
		"Templates": func() (any, any, error) {
			r, err := w.qry.Templates(w.ctx, &loanv1.QueryTemplatesRequest{})
			return len(r.Templates), 1, err
		},
		"Pool": func() (any, any, error) {
			r, err := w.qry.Pool(w.ctx, &loanv1.QueryPoolRequest{Id: 1})
			return r.BalanceFen, w.balance(PoolAccount(1)), err
		},
		"Product": func() (any, any, error) {
			r, err := w.qry.Product(w.ctx, &loanv1.QueryProductRequest{Id: 2})
			return r.Product.Id, uint64(2), err
		},
		"Products": func() (any, any, error) {
			r, err := w.qry.Products(w.ctx, &loanv1.QueryProductsRequest{})
			return len(r.Products), 2, err
		},
		"Application": func() (any, any, error) {
			r, err := w.qry.Application(w.ctx, &loanv1.QueryApplicationRequest{Id: 5})
			return r.Application.Decision.Outcome, loanv1.Outcome_OUTCOME_REFERRED, err
		},
		"Applications of an enterprise": func() (any, any, error) {
			r, err := w.qry.Applications(w.ctx, &loanv1.QueryApplicationsRequest{EnterpriseId: smithy})
			return len(r.Applications), 3, err
		},
		"Applications to a lender": func() (any, any, error) {
			r, err := w.qry.Applications(w.ctx, &loanv1.QueryApplicationsRequest{LenderOrgId: bank})
			return len(r.Applications), 5, err
		},
		"Offer": func() (any, any, error) {
			r, err := w.qry.Offer(w.ctx, &loanv1.QueryOfferRequest{Id: 4})
			return r.Offer.Status, loanv1.OfferStatus_OFFER_STATUS_OPEN, err
		},
		"Loan": func() (any, any, error) {
			r, err := w.qry.Loan(w.ctx, &loanv1.QueryLoanRequest{Id: 3})
			return r.Loan.Status, loanv1.LoanStatus_LOAN_STATUS_DELINQUENT, err
		},
		"Loans of an enterprise": func() (any, any, error) {
			r, err := w.qry.Loans(w.ctx, &loanv1.QueryLoansRequest{EnterpriseId: bakery})
			return len(r.Loans), 2, err
		},
		"Loans of a lender": func() (any, any, error) {
			r, err := w.qry.Loans(w.ctx, &loanv1.QueryLoansRequest{LenderOrgId: bank})
			return len(r.Loans), 3, err
		},
		"Loans of nobody": func() (any, any, error) {
			r, err := w.qry.Loans(w.ctx, &loanv1.QueryLoansRequest{LenderOrgId: otherBank})
			return len(r.Loans), 0, err
		},
		"Schedule": func() (any, any, error) {
			r, err := w.qry.Schedule(w.ctx, &loanv1.QueryScheduleRequest{LoanId: 3})
			return len(r.Instalments), 12, err
		},
		"Journal": func() (any, any, error) {
			r, err := w.qry.Journal(w.ctx, &loanv1.QueryJournalRequest{LoanId: 1})
			return uint64(len(r.Entries)), l.JournalEntries, err
		},
		"Exposure": func() (any, any, error) {
			r, err := w.qry.Exposure(w.ctx, &loanv1.QueryExposureRequest{EnterpriseId: bakery})
			return r.Exposure.WrittenOffFen, int64(4_800_000), err
		},
		"Exposure of a newcomer": func() (any, any, error) {
			r, err := w.qry.Exposure(w.ctx, &loanv1.QueryExposureRequest{EnterpriseId: 999})
			return r.Exposure, loanv1.Exposure{EnterpriseId: 999}, err
		},
		"Params": func() (any, any, error) {
			r, err := w.qry.Params(w.ctx, &loanv1.QueryParamsRequest{})
			return r.Params, testParams(), err
		},
	} {
		got, want, err := ask()
		if err != nil || got != want {
			t.Errorf("%s: got %v, %v, want %v", name, got, err, want)
		}
	}
}

// Pages follow each other without a gap and none is larger than allowed.
func TestPages(t *testing.T) {
	t.Parallel()
	w := lived(t)
	var numbers []uint32
	request := &loanv1.QueryScheduleRequest{LoanId: 3, Pagination: &query.PageRequest{Limit: 5}}
	for {
		r, err := w.qry.Schedule(w.ctx, request)
		w.must(err)
		for _, i := range r.Instalments {
			numbers = append(numbers, i.Number)
		}
		if r.Pagination.NextKey == nil {
			break
		}
		request.Pagination = &query.PageRequest{Limit: 5, Key: r.Pagination.NextKey}
	}
	wantList(t, "pages", numbers, []uint32{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
	if got := page(&query.PageRequest{Limit: 1 << 40, CountTotal: true}); got.Limit != PageMax || got.CountTotal {
		t.Errorf("page %+v", got)
	}
}

// What is absent is not found, and a question about two parties is refused.
func TestQueryRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, c := range map[string]struct {
		ask  func() error
		want error
	}{
		"Template": {func() error {
			_, err := w.qry.Template(w.ctx, &loanv1.QueryTemplateRequest{TemplateHash: hashOf(1)})
			return err
		}, ErrNotFound},
		"Template by nothing": {func() error { _, err := w.qry.Template(w.ctx, &loanv1.QueryTemplateRequest{}); return err }, ErrInvalid},
		"Pool":                {func() error { _, err := w.qry.Pool(w.ctx, &loanv1.QueryPoolRequest{Id: 1}); return err }, ErrNotFound},
		"Product":             {func() error { _, err := w.qry.Product(w.ctx, &loanv1.QueryProductRequest{Id: 1}); return err }, ErrNotFound},
		"Application":         {func() error { _, err := w.qry.Application(w.ctx, &loanv1.QueryApplicationRequest{Id: 1}); return err }, ErrNotFound},
		"Offer":               {func() error { _, err := w.qry.Offer(w.ctx, &loanv1.QueryOfferRequest{Id: 1}); return err }, ErrNotFound},
		"Loan":                {func() error { _, err := w.qry.Loan(w.ctx, &loanv1.QueryLoanRequest{Id: 1}); return err }, ErrNotFound},
		"Loans of all":        {func() error { _, err := w.qry.Loans(w.ctx, &loanv1.QueryLoansRequest{}); return err }, ErrInvalid},
		"Applications of two": {func() error {
			_, err := w.qry.Applications(w.ctx, &loanv1.QueryApplicationsRequest{EnterpriseId: 1, LenderOrgId: 2})
			return err
		}, ErrInvalid},
	} {
		if err := c.ask(); !errors.Is(err, c.want) {
			t.Errorf("%s: got error %v, want %v", name, err, c.want)
		}
	}
}
