package safety

import (
	"context"

	"github.com/cosmos/cosmos-sdk/types/query"

	safetyv1 "github.com/xinlian/xinlian/gen/xinlian/safety/v1"
)

const (
	// PageMax bounds the rows of one page.
	PageMax = 200
	// StopsListMax bounds the answer to Stops, which has no pages. There are about
	// a hundred message types; more rows can only be stops of unknown ones.
	StopsListMax = 500
)

type queryServer struct{ k *Keeper }

var _ safetyv1.QueryServer = queryServer{}

// NewQueryServer serves the module's queries.
func NewQueryServer(k *Keeper) safetyv1.QueryServer { return queryServer{k} }

// Stops lists the stops that stand, by type, the first StopsListMax of them.
func (s queryServer) Stops(ctx context.Context, _ *safetyv1.QueryStopsRequest) (*safetyv1.QueryStopsResponse, error) {
	var list []safetyv1.Stop
	err := s.k.stops.Walk(ctx, nil, func(_ string, row safetyv1.Stop) (bool, error) {
		stands, err := s.k.stands(ctx, row)
		if stands {
			list = append(list, row)
		}
		return len(list) >= StopsListMax, err
	})
	return &safetyv1.QueryStopsResponse{Stops: list}, err
}

// Audits lists a subject's audits by auditor.
func (s queryServer) Audits(ctx context.Context, r *safetyv1.QueryAuditsRequest) (*safetyv1.QueryAuditsResponse, error) {
	if err := subjectKind(r.SubjectKind); err != nil {
		return nil, err
	}
	if err := hash("subject_hash", r.SubjectHash); err != nil {
		return nil, err
	}
	list, err := s.k.auditsOf(ctx, r.SubjectKind, r.SubjectHash)
	return &safetyv1.QueryAuditsResponse{Audits: list}, err
}

// Incidents is a page of incidents in order of id.
func (s queryServer) Incidents(ctx context.Context, r *safetyv1.QueryIncidentsRequest) (*safetyv1.QueryIncidentsResponse, error) {
	list, page, err := query.CollectionPaginate(ctx, s.k.incidents, cut(r.Pagination),
		func(_ uint64, i safetyv1.Incident) (safetyv1.Incident, error) { return i, nil })
	return &safetyv1.QueryIncidentsResponse{Incidents: list, Pagination: page}, err
}

// Params are the values in force.
func (s queryServer) Params(ctx context.Context, _ *safetyv1.QueryParamsRequest) (*safetyv1.QueryParamsResponse, error) {
	p, err := s.k.Params(ctx)
	return &safetyv1.QueryParamsResponse{Params: p}, err
}

// cut is the page asked for, of at most PageMax rows.
func cut(p *query.PageRequest) *query.PageRequest {
	if p == nil {
		return &query.PageRequest{Limit: PageMax}
	}
	page := *p
	if page.Limit == 0 || page.Limit > PageMax {
		page.Limit = PageMax
	}
	return &page
}
