package brief

import (
	"context"
	"fmt"
	"slices"

	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/xinlian/xinlian/gateway/chain"
	attestationv1 "github.com/xinlian/xinlian/gen/xinlian/attestation/v1"
	cashv1 "github.com/xinlian/xinlian/gen/xinlian/cash/v1"
	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	safetyv1 "github.com/xinlian/xinlian/gen/xinlian/safety/v1"
	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
)

// RowsMax bounds each list that a brief is made from, the newest rows first where
// there are more. It is part of what a brief is.
const RowsMax = 1_000

// pageRows is how many rows one query returns.
const pageRows = 200

// Rows is everything that a brief is made from, as the chain has it at one height.
// Lists are in ascending order of their keys on the chain.
type Rows struct {
	ChainID     string
	Height, At  int64
	Application loanv1.Application
	Model       scorev1.Model
	Score       scorev1.Score
	Scores      []scorev1.Score // of the enterprise
	Consent     profilev1.Consent
	Batches     []profilev1.Batch // of the enterprise, the superseded too
	Attested    []attestationv1.Attestation
	Records     []attestationv1.AttestorRecord // of those who attested, by number
	Disputes    []attestationv1.Dispute
	GapDaysMax  uint32
	Grade       attestationv1.Grade
	Exposure    loanv1.Exposure
	Loans       []loanv1.Loan        // the enterprise's, with all lenders
	Asked       []loanv1.Application // the enterprise's, to all lenders
	Cases       []loanv1.Application // the lender's
	CaseLoans   []loanv1.Loan        // the lender's
	IndexLive   bool
	IndexBps    int64
	Freezes     int
	Stops       []safetyv1.Stop
}

// Of makes the brief about an application from the newest state that the node has.
func Of(ctx context.Context, c *chain.Client, application uint64) (*Brief, error) {
	head, err := c.Head(ctx)
	if err != nil {
		return nil, err
	}
	return At(ctx, c, application, head)
}

// At makes it from the state after a block, which the node must still have.
func At(ctx context.Context, c *chain.Client, application uint64, head chain.Head) (*Brief, error) {
	rows, err := Gather(chain.AtHeight(ctx, head.Height), c, application)
	if err != nil {
		return nil, fmt.Errorf("gathering the brief of application %d: %w", application, err)
	}
	rows.ChainID, rows.Height, rows.At = head.ChainID, head.Height, head.Time.Unix()
	return Make(rows)
}

// Gather reads the rows under a context that fixes the height.
func Gather(ctx context.Context, c *chain.Client, application uint64) (Rows, error) {
	var r Rows
	a, err := c.Loan.Application(ctx, &loanv1.QueryApplicationRequest{Id: application})
	if err != nil {
		return r, err
	}
	r.Application = a.Application
	for _, step := range []func(context.Context, *chain.Client) error{r.lending, r.scoring, r.records, r.money} {
		if err := step(ctx, c); err != nil {
			return r, err
		}
	}
	return r, nil
}

func (r *Rows) lending(ctx context.Context, c *chain.Client) (err error) {
	a := r.Application
	if r.Asked, err = applications(ctx, c, &loanv1.QueryApplicationsRequest{EnterpriseId: a.EnterpriseId}); err != nil {
		return err
	}
	if r.Cases, err = applications(ctx, c, &loanv1.QueryApplicationsRequest{LenderOrgId: a.LenderOrgId}); err != nil {
		return err
	}
	if r.Loans, err = loans(ctx, c, &loanv1.QueryLoansRequest{EnterpriseId: a.EnterpriseId}); err != nil {
		return err
	}
	if r.CaseLoans, err = loans(ctx, c, &loanv1.QueryLoansRequest{LenderOrgId: a.LenderOrgId}); err != nil {
		return err
	}
	e, err := c.Loan.Exposure(ctx, &loanv1.QueryExposureRequest{EnterpriseId: a.EnterpriseId})
	if err != nil {
		return err
	}
	r.Exposure = e.Exposure
	return nil
}

func applications(ctx context.Context, c *chain.Client, q *loanv1.QueryApplicationsRequest) ([]loanv1.Application, error) {
	return newest(func(p *query.PageRequest) ([]loanv1.Application, *query.PageResponse, error) {
		q.Pagination = p
		res, err := c.Loan.Applications(ctx, q)
		if err != nil {
			return nil, nil, err
		}
		return res.Applications, res.Pagination, nil
	})
}

func loans(ctx context.Context, c *chain.Client, q *loanv1.QueryLoansRequest) ([]loanv1.Loan, error) {
	return newest(func(p *query.PageRequest) ([]loanv1.Loan, *query.PageResponse, error) {
		q.Pagination = p
		res, err := c.Loan.Loans(ctx, q)
		if err != nil {
			return nil, nil, err
		}
		return res.Loans, res.Pagination, nil
	})
}

func (r *Rows) scoring(ctx context.Context, c *chain.Client) error {
	a := r.Application
	s, err := c.Score.Score(ctx, &scorev1.QueryScoreRequest{ScoreId: a.ScoreId})
	if err != nil {
		return err
	}
	r.Score = s.Score
	m, err := c.Score.Model(ctx, &scorev1.QueryModelRequest{ModelHash: s.Score.ModelHash})
	if err != nil {
		return err
	}
	r.Model = m.Model
	r.Scores, err = newest(func(p *query.PageRequest) ([]scorev1.Score, *query.PageResponse, error) {
		res, err := c.Score.Scores(ctx, &scorev1.QueryScoresRequest{EnterpriseId: a.EnterpriseId, Pagination: p})
		if err != nil {
			return nil, nil, err
		}
		return res.Scores, res.Pagination, nil
	})
	if err != nil {
		return err
	}
	product, err := c.Loan.Product(ctx, &loanv1.QueryProductRequest{Id: a.ProductId})
	if err != nil {
		return err
	}
	index, err := c.Score.Index(ctx, &scorev1.QueryIndexRequest{IndexId: product.Product.Terms.IndexId})
	if err != nil {
		return err
	}
	r.IndexLive, r.IndexBps = index.Live, index.ValueBps
	return nil
}

func (r *Rows) records(ctx context.Context, c *chain.Client) error {
	id := r.Application.EnterpriseId
	consent, err := c.Profile.Consent(ctx, &profilev1.QueryConsentRequest{ConsentId: r.Application.ConsentId})
	if err != nil {
		return err
	}
	r.Consent = consent.Consent
	r.Batches, err = newest(func(p *query.PageRequest) ([]profilev1.Batch, *query.PageResponse, error) {
		res, err := c.Profile.Batches(ctx, &profilev1.QueryBatchesRequest{EnterpriseId: id, Pagination: p})
		if err != nil {
			return nil, nil, err
		}
		return res.Batches, res.Pagination, nil
	})
	if err != nil {
		return err
	}
	r.Attested, err = newest(func(p *query.PageRequest) ([]attestationv1.Attestation, *query.PageResponse, error) {
		res, err := c.Attestation.Attestations(ctx, &attestationv1.QueryAttestationsRequest{EnterpriseId: id, Pagination: p})
		if err != nil {
			return nil, nil, err
		}
		return res.Attestations, res.Pagination, nil
	})
	if err != nil {
		return err
	}
	r.Disputes, err = newest(func(p *query.PageRequest) ([]attestationv1.Dispute, *query.PageResponse, error) {
		res, err := c.Attestation.Disputes(ctx, &attestationv1.QueryDisputesRequest{EnterpriseId: id, Pagination: p})
		if err != nil {
			return nil, nil, err
		}
		return res.Disputes, res.Pagination, nil
	})
	if err != nil {
		return err
	}
	return r.attestors(ctx, c)
}

func (r *Rows) attestors(ctx context.Context, c *chain.Client) error {
	params, err := c.Attestation.Params(ctx, &attestationv1.QueryParamsRequest{})
	if err != nil {
		return err
	}
	r.GapDaysMax = params.Params.GapDaysMax
	quality, err := c.Attestation.Quality(ctx, &attestationv1.QueryQualityRequest{EnterpriseId: r.Application.EnterpriseId})
	if err != nil {
		return err
	}
	r.Grade = quality.Grade
	var ids []uint64
	for _, a := range r.Attested {
		ids = append(ids, a.AttestorOrgId)
	}
	slices.Sort(ids)
	for _, id := range slices.Compact(ids) {
		res, err := c.Attestation.AttestorRecord(ctx, &attestationv1.QueryAttestorRecordRequest{OrgId: id})
		if err != nil {
			return err
		}
		r.Records = append(r.Records, res.Record)
	}
	return nil
}

func (r *Rows) money(ctx context.Context, c *chain.Client) error {
	f, err := c.Cash.Freezes(ctx, &cashv1.QueryFreezesRequest{OrgId: r.Application.EnterpriseId})
	if err != nil {
		return err
	}
	r.Freezes = len(f.Freezes)
	s, err := c.Safety.Stops(ctx, &safetyv1.QueryStopsRequest{})
	if err != nil {
		return err
	}
	r.Stops = s.Stops
	return nil
}

// newest pages from the end of a list, at most RowsMax rows, and turns them round.
func newest[R any](page func(*query.PageRequest) ([]R, *query.PageResponse, error)) ([]R, error) {
	var all []R
	p := &query.PageRequest{Limit: pageRows, Reverse: true}
	for len(all) < RowsMax {
		rows, next, err := page(p)
		if err != nil {
			return nil, err
		}
		all = append(all, rows...)
		if next == nil || len(next.NextKey) == 0 {
			break
		}
		p = &query.PageRequest{Limit: pageRows, Reverse: true, Key: next.NextKey}
	}
	all = all[:min(len(all), RowsMax)]
	slices.Reverse(all)
	return all, nil
}
