package portal

import (
	"math/big"
	"net/http"

	"github.com/a-h/templ"

	"github.com/cosmos/cosmos-sdk/types/query"

	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
)

// The buckets of days past due.
var bucketNames = []string{"current", "1-30", "31-60", "61-90", "90+"}

// bucket is a class of loans by how late they are.
type bucket struct {
	Name           string
	Loans          int
	OutstandingFen int64
}

// book is a lender's portfolio.
type book struct {
	Loans          []late
	Buckets        []bucket
	OutstandingFen int64
	ClosedLoans    int
	WrittenOff     int
	PAR1, PAR30    int64 // basis points of the outstanding principal
}

// late is a loan with its oldest instalment past due.
type late struct {
	Loan      loanv1.Loan
	DaysLate  int64 // 0: none
	BucketIdx int
}

func (p *Portal) portfolio(_ http.ResponseWriter, r *http.Request, g *Page) (templ.Component, error) {
	ctx := r.Context()
	q, err := p.Client.Loan.Loans(ctx, &loanv1.QueryLoansRequest{LenderOrgId: g.Session.OrgID, Pagination: &query.PageRequest{Limit: pageLimit, Reverse: true}})
	if err != nil {
		return nil, err
	}
	params, err := p.Client.Loan.Params(ctx, &loanv1.QueryParamsRequest{})
	if err != nil {
		return nil, err
	}
	head, err := p.Client.Head(ctx)
	if err != nil {
		return nil, err
	}
	var list []late
	for _, l := range q.Loans {
		row := late{Loan: l}
		if l.Status == loanv1.LoanStatus_LOAN_STATUS_DELINQUENT {
			next, found, err := p.nextInstalment(ctx, l)
			if err != nil {
				return nil, err
			}
			if found {
				row.DaysLate = daysLate(next.DueAt, head.Time.Unix(), params.Params.CompressedPeriodSeconds)
			}
		}
		list = append(list, row)
	}
	return portfolioPage(g, sumUp(list)), nil
}

// daysLate counts the days past due; in a demonstration a period of compressed
// time is thirty days.
func daysLate(dueAt, now, compressedSeconds int64) int64 {
	day := int64(24 * 60 * 60)
	if compressedSeconds > 0 {
		day = max(compressedSeconds/30, 1)
	}
	if now <= dueAt {
		return 0
	}
	return (now-dueAt-1)/day + 1
}

// sumUp sorts loans into buckets and computes the portfolio at risk: the share
// of outstanding principal in loans that are late by at least 1 and 31 days.
func sumUp(list []late) book {
	b := book{Loans: list}
	for _, n := range bucketNames {
		b.Buckets = append(b.Buckets, bucket{Name: n})
	}
	var past1, past30 int64
	for i := range list {
		l := &list[i]
		switch l.Loan.Status {
		case loanv1.LoanStatus_LOAN_STATUS_CLOSED:
			b.ClosedLoans++
			continue
		case loanv1.LoanStatus_LOAN_STATUS_WRITTEN_OFF:
			b.WrittenOff++
			continue
		}
		if l.DaysLate > 0 {
			l.BucketIdx = int(min((l.DaysLate-1)/30+1, int64(len(bucketNames)-1)))
		}
		fen := outstanding(l.Loan)
		b.Buckets[l.BucketIdx].Loans++
		b.Buckets[l.BucketIdx].OutstandingFen += fen
		b.OutstandingFen += fen
		if l.DaysLate >= 1 {
			past1 += fen
		}
		if l.DaysLate > 30 {
			past30 += fen
		}
	}
	b.PAR1, b.PAR30 = share(past1, b.OutstandingFen), share(past30, b.OutstandingFen)
	return b
}

// share is part of whole in basis points, rounded down; 0 of nothing.
func share(part, whole int64) int64 {
	if whole <= 0 {
		return 0
	}
	n := new(big.Int).Mul(big.NewInt(part), big.NewInt(10_000))
	return n.Quo(n, big.NewInt(whole)).Int64()
}
