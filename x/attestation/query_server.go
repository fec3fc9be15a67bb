package attestation

import (
	"context"

	"cosmossdk.io/collections"

	"github.com/cosmos/cosmos-sdk/types/query"

	attestationv1 "github.com/xinlian/xinlian/gen/xinlian/attestation/v1"
)

// PageMax bounds the rows of one page.
const PageMax = 200

type queryServer struct{ k *Keeper }

var _ attestationv1.QueryServer = queryServer{}

// NewQueryServer serves the module's queries.
func NewQueryServer(k *Keeper) attestationv1.QueryServer { return queryServer{k} }

// Attestation is the row of an attestation.
func (s queryServer) Attestation(ctx context.Context, r *attestationv1.QueryAttestationRequest) (*attestationv1.QueryAttestationResponse, error) {
	a, err := s.k.Attestation(ctx, r.Id)
	return &attestationv1.QueryAttestationResponse{Attestation: a}, err
}

// Attestations is a page of what was said about an enterprise, in order of id.
func (s queryServer) Attestations(ctx context.Context, r *attestationv1.QueryAttestationsRequest) (*attestationv1.QueryAttestationsResponse, error) {
	list, page, err := query.CollectionPaginate(ctx, s.k.attestations.Indexes.enterprise, bounded(r.Pagination),
		func(key collections.Pair[uint64, uint64], _ collections.NoValue) (attestationv1.Attestation, error) {
			return s.k.Attestation(ctx, key.K2())
		}, query.WithCollectionPaginationPairPrefix[uint64, uint64](r.EnterpriseId))
	return &attestationv1.QueryAttestationsResponse{Attestations: list, Pagination: page}, err
}

// Quality is the grade of an enterprise's data.
func (s queryServer) Quality(ctx context.Context, r *attestationv1.QueryQualityRequest) (*attestationv1.QueryQualityResponse, error) {
	g, err := s.k.Quality(ctx, r.EnterpriseId)
	return &attestationv1.QueryQualityResponse{Grade: g}, err
}

// Disputes is a page of the disputes about an enterprise, in order of id.
func (s queryServer) Disputes(ctx context.Context, r *attestationv1.QueryDisputesRequest) (*attestationv1.QueryDisputesResponse, error) {
	list, page, err := query.CollectionPaginate(ctx, s.k.disputes.Indexes.enterprise, bounded(r.Pagination),
		func(key collections.Pair[uint64, uint64], _ collections.NoValue) (attestationv1.Dispute, error) {
			return s.k.Dispute(ctx, key.K2())
		}, query.WithCollectionPaginationPairPrefix[uint64, uint64](r.EnterpriseId))
	return &attestationv1.QueryDisputesResponse{Disputes: list, Pagination: page}, err
}

// AttestorRecord is an attestor's record, zeros for one that never spoke.
func (s queryServer) AttestorRecord(ctx context.Context, r *attestationv1.QueryAttestorRecordRequest) (*attestationv1.QueryAttestorRecordResponse, error) {
	row, err := s.k.record(ctx, r.OrgId)
	return &attestationv1.QueryAttestorRecordResponse{Record: row}, err
}

// Params are the values in force.
func (s queryServer) Params(ctx context.Context, _ *attestationv1.QueryParamsRequest) (*attestationv1.QueryParamsResponse, error) {
	p, err := s.k.Params(ctx)
	return &attestationv1.QueryParamsResponse{Params: p}, err
}

// bounded is the page asked for, cut to PageMax rows.
func bounded(p *query.PageRequest) *query.PageRequest {
	if p == nil {
		return &query.PageRequest{Limit: PageMax}
	}
	cut := *p
	if cut.Limit == 0 || cut.Limit > PageMax {
		cut.Limit = PageMax
	}
	return &cut
}
