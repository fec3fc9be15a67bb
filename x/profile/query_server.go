package profile

import (
	"context"

	"cosmossdk.io/collections"

	"github.com/cosmos/cosmos-sdk/types/query"

	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
)

type queryServer struct{ k *Keeper }

// NewQueryServer serves the module's queries.
func NewQueryServer(k *Keeper) profilev1.QueryServer { return queryServer{k: k} }

// Batch returns a batch.
func (s queryServer) Batch(ctx context.Context, r *profilev1.QueryBatchRequest) (*profilev1.QueryBatchResponse, error) {
	b, err := s.k.Batch(ctx, r.BatchId)
	if err != nil {
		return nil, err
	}
	return &profilev1.QueryBatchResponse{Batch: b}, nil
}

// Batches lists an enterprise's batches by the block that anchored them.
func (s queryServer) Batches(ctx context.Context, r *profilev1.QueryBatchesRequest) (*profilev1.QueryBatchesResponse, error) {
	rows, page, err := query.CollectionPaginate(ctx, s.k.anchored, r.Pagination,
		func(key heightKey, _ collections.NoValue) (profilev1.Batch, error) { return s.k.Batch(ctx, key.K3()) },
		func(o *query.CollectionsPaginateOptions[heightKey]) {
			prefix := collections.TriplePrefix[uint64, uint64, []byte](r.EnterpriseId)
			o.Prefix = &prefix
		})
	if err != nil {
		return nil, err
	}
	return &profilev1.QueryBatchesResponse{Batches: rows, Pagination: page}, nil
}

// Streams lists an enterprise's streams by source and schema.
func (s queryServer) Streams(ctx context.Context, r *profilev1.QueryStreamsRequest) (*profilev1.QueryStreamsResponse, error) {
	rows, page, err := query.CollectionPaginate(ctx, s.k.streams, r.Pagination,
		func(_ streamKey, v profilev1.Stream) (profilev1.Stream, error) { return v, nil },
		func(o *query.CollectionsPaginateOptions[streamKey]) {
			prefix := collections.TriplePrefix[uint64, string, string](r.EnterpriseId)
			o.Prefix = &prefix
		})
	if err != nil {
		return nil, err
	}
	return &profilev1.QueryStreamsResponse{Streams: rows, Pagination: page}, nil
}

// Epochs lists an enterprise's key epochs; a category without a batch or a
// revocation has none and is in epoch 1.
func (s queryServer) Epochs(ctx context.Context, r *profilev1.QueryEpochsRequest) (*profilev1.QueryEpochsResponse, error) {
	res := &profilev1.QueryEpochsResponse{}
	err := s.k.epochs.Walk(ctx, collections.NewPrefixedPairRange[uint64, uint32](r.EnterpriseId),
		func(_ collections.Pair[uint64, uint32], e profilev1.Epoch) (bool, error) {
			res.Epochs = append(res.Epochs, e)
			return false, nil
		})
	return res, err
}

// Consent returns a consent as its row says.
func (s queryServer) Consent(ctx context.Context, r *profilev1.QueryConsentRequest) (*profilev1.QueryConsentResponse, error) {
	c, err := s.k.Consent(ctx, r.ConsentId)
	if err != nil {
		return nil, err
	}
	return &profilev1.QueryConsentResponse{Consent: c}, nil
}

// Consents lists the consents of an enterprise, of a grantee, or between the two,
// of one purpose or of all. With the purpose of supervision it lists the cases of
// regulators, which the owner may see.
func (s queryServer) Consents(ctx context.Context, r *profilev1.QueryConsentsRequest) (*profilev1.QueryConsentsResponse, error) {
	index, of := s.k.consents.Indexes.enterprise, r.EnterpriseId
	if of == 0 {
		index, of = s.k.consents.Indexes.grantee, r.GranteeOrgId
	}
	if of == 0 {
		return nil, ErrField.Wrap("enterprise_id, grantee_org_id: one of the two is needed")
	}
	type key = collections.Pair[uint64, []byte]
	rows, page, err := query.CollectionFilteredPaginate(ctx, index, r.Pagination,
		func(at key, _ collections.NoValue) (bool, error) {
			if (r.EnterpriseId == 0 || r.GranteeOrgId == 0) && r.Purpose == 0 {
				return true, nil
			}
			c, err := s.k.Consent(ctx, at.K2())
			return (r.GranteeOrgId == 0 || c.Terms.GranteeOrgId == r.GranteeOrgId) && (r.Purpose == 0 || c.Terms.Purpose == r.Purpose), err
		},
		func(at key, _ collections.NoValue) (profilev1.Consent, error) { return s.k.Consent(ctx, at.K2()) },
		query.WithCollectionPaginationPairPrefix[uint64, []byte](of))
	if err != nil {
		return nil, err
	}
	return &profilev1.QueryConsentsResponse{Consents: rows, Pagination: page}, nil
}

// ConsentJournal lists the journal of a consent in order.
func (s queryServer) ConsentJournal(ctx context.Context, r *profilev1.QueryConsentJournalRequest) (*profilev1.QueryConsentJournalResponse, error) {
	if _, err := s.k.Consent(ctx, r.ConsentId); err != nil {
		return nil, err
	}
	rows, page, err := query.CollectionPaginate(ctx, s.k.journal, r.Pagination,
		func(_ collections.Pair[[]byte, uint64], e profilev1.ConsentEntry) (profilev1.ConsentEntry, error) {
			return e, nil
		},
		query.WithCollectionPaginationPairPrefix[[]byte, uint64](r.ConsentId))
	if err != nil {
		return nil, err
	}
	return &profilev1.QueryConsentJournalResponse{Entries: rows, Pagination: page}, nil
}

// AccessLog returns the anchored head of a vault's log, empty before its first anchor.
func (s queryServer) AccessLog(ctx context.Context, r *profilev1.QueryAccessLogRequest) (*profilev1.QueryAccessLogResponse, error) {
	l, err := s.k.log(ctx, r.VaultOrgId)
	if err != nil {
		return nil, err
	}
	return &profilev1.QueryAccessLogResponse{Log: l}, nil
}

// DeletionReceipts lists what deletions are due or posted for a grantee.
func (s queryServer) DeletionReceipts(ctx context.Context, r *profilev1.QueryDeletionReceiptsRequest) (*profilev1.QueryDeletionReceiptsResponse, error) {
	rows, page, err := query.CollectionPaginate(ctx, s.k.receipts, r.Pagination,
		func(_ collections.Pair[uint64, []byte], v profilev1.DeletionReceipt) (profilev1.DeletionReceipt, error) {
			return v, nil
		},
		query.WithCollectionPaginationPairPrefix[uint64, []byte](r.OrgId))
	if err != nil {
		return nil, err
	}
	return &profilev1.QueryDeletionReceiptsResponse{Receipts: rows, Pagination: page}, nil
}

// OverdueDeletions lists the receipts that were not posted in time, those that
// were due first in front: of an enterprise, of a grantee, or all.
func (s queryServer) OverdueDeletions(ctx context.Context, r *profilev1.QueryOverdueDeletionsRequest) (*profilev1.QueryOverdueDeletionsResponse, error) {
	rows, page, err := query.CollectionFilteredPaginate(ctx, s.k.overdue, r.Pagination,
		func(at timeKey, _ collections.NoValue) (bool, error) {
			d, err := s.k.receipt(ctx, at.K2())
			return (r.EnterpriseId == 0 || d.EnterpriseId == r.EnterpriseId) && (r.OrgId == 0 || d.OrgId == r.OrgId), err
		},
		func(at timeKey, _ collections.NoValue) (profilev1.DeletionReceipt, error) {
			return s.k.receipt(ctx, at.K2())
		})
	if err != nil {
		return nil, err
	}
	return &profilev1.QueryOverdueDeletionsResponse{Receipts: rows, Pagination: page}, nil
}

// LogAnchor returns the first kept anchor that covers a receipt: what its proof is
// led to.
func (s queryServer) LogAnchor(ctx context.Context, r *profilev1.QueryLogAnchorRequest) (*profilev1.QueryLogAnchorResponse, error) {
	a, err := s.k.anchorFrom(ctx, r.VaultOrgId, r.Sequence)
	if err != nil {
		return nil, err
	}
	return &profilev1.QueryLogAnchorResponse{Anchor: a}, nil
}

// LogAnchors lists the kept anchors of a vault's log in order.
func (s queryServer) LogAnchors(ctx context.Context, r *profilev1.QueryLogAnchorsRequest) (*profilev1.QueryLogAnchorsResponse, error) {
	rows, page, err := query.CollectionPaginate(ctx, s.k.logAnchors, r.Pagination,
		func(_ collections.Pair[uint64, uint64], v profilev1.LogAnchor) (profilev1.LogAnchor, error) {
			return v, nil
		},
		query.WithCollectionPaginationPairPrefix[uint64, uint64](r.VaultOrgId))
	if err != nil {
		return nil, err
	}
	return &profilev1.QueryLogAnchorsResponse{Anchors: rows, Pagination: page}, nil
}

// Erasure returns the erasure that an enterprise has ordered.
func (s queryServer) Erasure(ctx context.Context, r *profilev1.QueryErasureRequest) (*profilev1.QueryErasureResponse, error) {
	e, err := s.k.Erasure(ctx, r.EnterpriseId)
	if err != nil {
		return nil, err
	}
	return &profilev1.QueryErasureResponse{Erasure: e}, nil
}

// Erasures lists erasures from a block on, in order: what a vault that was restored
// from a backup applies before it serves.
func (s queryServer) Erasures(ctx context.Context, r *profilev1.QueryErasuresRequest) (*profilev1.QueryErasuresResponse, error) {
	type key = collections.Pair[uint64, uint64]
	rows, page, err := query.CollectionFilteredPaginate(ctx, s.k.erased, r.Pagination,
		func(at key, _ collections.NoValue) (bool, error) {
			return r.FromHeight <= 0 || at.K1() >= uint64(r.FromHeight), nil
		},
		func(at key, _ collections.NoValue) (profilev1.Erasure, error) { return s.k.Erasure(ctx, at.K2()) })
	if err != nil {
		return nil, err
	}
	return &profilev1.QueryErasuresResponse{Erasures: rows, Pagination: page}, nil
}

// Schemas lists the pinned schemas, at most SchemasMax.
func (s queryServer) Schemas(ctx context.Context, _ *profilev1.QuerySchemasRequest) (*profilev1.QuerySchemasResponse, error) {
	all, err := s.k.allSchemas(ctx)
	return &profilev1.QuerySchemasResponse{Schemas: all}, err
}

// Params returns the parameters.
func (s queryServer) Params(ctx context.Context, _ *profilev1.QueryParamsRequest) (*profilev1.QueryParamsResponse, error) {
	p, err := s.k.params.Get(ctx)
	return &profilev1.QueryParamsResponse{Params: p}, err
}
