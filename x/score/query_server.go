package score

import (
	"context"

	"cosmossdk.io/collections"

	"github.com/cosmos/cosmos-sdk/types/query"

	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
)

// Bounds of a page: models carry their tables and keys, scores do not.
const (
	PageMax      = 200
	ModelPageMax = 20
)

type queryServer struct{ k *Keeper }

var _ scorev1.QueryServer = queryServer{}

// NewQueryServer serves the module's queries.
func NewQueryServer(k *Keeper) scorev1.QueryServer { return queryServer{k} }

// Model is the row of a model.
func (s queryServer) Model(ctx context.Context, r *scorev1.QueryModelRequest) (*scorev1.QueryModelResponse, error) {
	if err := hash("model_hash", r.ModelHash); err != nil {
		return nil, err
	}
	m, err := s.k.Model(ctx, r.ModelHash)
	return &scorev1.QueryModelResponse{Model: m}, err
}

// Models is a page of models in order of hash.
func (s queryServer) Models(ctx context.Context, r *scorev1.QueryModelsRequest) (*scorev1.QueryModelsResponse, error) {
	list, page, err := query.CollectionPaginate(ctx, s.k.models, bounded(r.Pagination, ModelPageMax),
		func(_ []byte, m scorev1.Model) (scorev1.Model, error) { return m, nil })
	return &scorev1.QueryModelsResponse{Models: list, Pagination: page}, err
}

// Score is the row of a score.
func (s queryServer) Score(ctx context.Context, r *scorev1.QueryScoreRequest) (*scorev1.QueryScoreResponse, error) {
	if err := hash("score_id", r.ScoreId); err != nil {
		return nil, err
	}
	row, err := s.k.Score(ctx, r.ScoreId)
	return &scorev1.QueryScoreResponse{Score: row}, err
}

// Scores is a page of an enterprise's scores, newest last.
func (s queryServer) Scores(ctx context.Context, r *scorev1.QueryScoresRequest) (*scorev1.QueryScoresResponse, error) {
	prefix := collections.TriplePrefix[uint64, uint64, []byte](r.EnterpriseId)
	list, page, err := query.CollectionPaginate(ctx, s.k.scoresByEnterprise, bounded(r.Pagination, PageMax),
		func(key scoreKey, _ collections.NoValue) (scorev1.Score, error) { return s.k.Score(ctx, key.K3()) },
		func(o *query.CollectionsPaginateOptions[scoreKey]) { o.Prefix = &prefix })
	return &scorev1.QueryScoresResponse{Scores: list, Pagination: page}, err
}

// Index is the median of an index, and all its quotes, stale ones too.
func (s queryServer) Index(ctx context.Context, r *scorev1.QueryIndexRequest) (*scorev1.QueryIndexResponse, error) {
	if err := indexID(r.IndexId); err != nil {
		return nil, err
	}
	bps, live, err := s.k.Index(ctx, r.IndexId)
	if err != nil {
		return nil, err
	}
	quotes, err := s.k.quotesOf(ctx, r.IndexId)
	return &scorev1.QueryIndexResponse{ValueBps: bps, Live: live, Quotes: quotes}, err
}

// Srs is the pinned key of the reference string.
func (s queryServer) Srs(ctx context.Context, _ *scorev1.QuerySrsRequest) (*scorev1.QuerySrsResponse, error) {
	key, err := s.k.srsKey.Get(ctx)
	if err != nil {
		return nil, err
	}
	kind, err := s.k.srsKind.Get(ctx)
	if err != nil {
		return nil, err
	}
	seal, err := s.k.srsSeal.Get(ctx)
	return &scorev1.QuerySrsResponse{Key: key, Kind: scorev1.SrsKind(kind), Seal: seal}, err
}

// Watch is the counts of a model.
func (s queryServer) Watch(ctx context.Context, r *scorev1.QueryWatchRequest) (*scorev1.QueryWatchResponse, error) {
	if err := hash("model_hash", r.ModelHash); err != nil {
		return nil, err
	}
	w, err := s.k.Watch(ctx, r.ModelHash)
	return &scorev1.QueryWatchResponse{Watch: w}, err
}

// Params are the values in force.
func (s queryServer) Params(ctx context.Context, _ *scorev1.QueryParamsRequest) (*scorev1.QueryParamsResponse, error) {
	p, err := s.k.Params(ctx)
	return &scorev1.QueryParamsResponse{Params: p}, err
}

// bounded is the page asked for, cut to that many rows.
func bounded(p *query.PageRequest, most uint64) *query.PageRequest {
	if p == nil {
		return &query.PageRequest{Limit: most}
	}
	cut := *p
	if cut.Limit == 0 || cut.Limit > most {
		cut.Limit = most
	}
	return &cut
}
