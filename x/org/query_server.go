package org

import (
	"context"
	"errors"

	"cosmossdk.io/collections"

	"github.com/cosmos/cosmos-sdk/types/query"

	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
)

// PageMax bounds the rows of one page.
const PageMax = 200

type queryServer struct{ k *Keeper }

var _ orgv1.QueryServer = queryServer{}

// NewQueryServer serves the module's queries.
func NewQueryServer(k *Keeper) orgv1.QueryServer { return queryServer{k} }

// Organisation is the row of an organisation.
func (s queryServer) Organisation(ctx context.Context, r *orgv1.QueryOrganisationRequest) (*orgv1.QueryOrganisationResponse, error) {
	o, err := s.k.Organisation(ctx, r.Id)
	return &orgv1.QueryOrganisationResponse{Organisation: o}, err
}

// Organisations is a page of organisations in order of id.
func (s queryServer) Organisations(ctx context.Context, r *orgv1.QueryOrganisationsRequest) (*orgv1.QueryOrganisationsResponse, error) {
	list, page, err := query.CollectionFilteredPaginate(ctx, s.k.organisations, bounded(r.Pagination),
		func(_ uint64, o orgv1.Organisation) (bool, error) { return r.Kind == 0 || o.Kind == r.Kind, nil },
		func(_ uint64, o orgv1.Organisation) (orgv1.Organisation, error) { return o, nil })
	return &orgv1.QueryOrganisationsResponse{Organisations: list, Pagination: page}, err
}

// OrganisationByTag is the enterprise with an identity tag, 0 for none.
func (s queryServer) OrganisationByTag(ctx context.Context, r *orgv1.QueryOrganisationByTagRequest) (*orgv1.QueryOrganisationByTagResponse, error) {
	if err := hash("identity_tag", r.IdentityTag); err != nil {
		return nil, err
	}
	id, err := s.k.tags.Get(ctx, r.IdentityTag)
	if errors.Is(err, collections.ErrNotFound) {
		return &orgv1.QueryOrganisationByTagResponse{}, nil
	}
	return &orgv1.QueryOrganisationByTagResponse{Id: id}, err
}

// Device is the row of a device.
func (s queryServer) Device(ctx context.Context, r *orgv1.QueryDeviceRequest) (*orgv1.QueryDeviceResponse, error) {
	addr, err := address(r.Address)
	if err != nil {
		return nil, err
	}
	d, err := s.k.device(ctx, addr)
	return &orgv1.QueryDeviceResponse{Device: d}, err
}

// Devices is a page of an organisation's devices, the revoked ones too, in order
// of address.
func (s queryServer) Devices(ctx context.Context, r *orgv1.QueryDevicesRequest) (*orgv1.QueryDevicesResponse, error) {
	list, page, err := query.CollectionPaginate(ctx, s.k.devices.Indexes.byOrg, bounded(r.Pagination),
		func(key collections.Pair[uint64, []byte], _ collections.NoValue) (orgv1.Device, error) {
			return s.k.device(ctx, key.K2())
		}, query.WithCollectionPaginationPairPrefix[uint64, []byte](r.OrgId))
	return &orgv1.QueryDevicesResponse{Devices: list, Pagination: page}, err
}

// Accreditations lists an attestor's accreditations by category, expired ones too.
func (s queryServer) Accreditations(ctx context.Context, r *orgv1.QueryAccreditationsRequest) (*orgv1.QueryAccreditationsResponse, error) {
	it, err := s.k.accreditations.Iterate(ctx, collections.NewPrefixedPairRange[uint64, uint32](r.OrgId))
	if err != nil {
		return nil, err
	}
	list, err := it.Values()
	return &orgv1.QueryAccreditationsResponse{Accreditations: list}, err
}

// Recovery is the waiting recovery of an enterprise.
func (s queryServer) Recovery(ctx context.Context, r *orgv1.QueryRecoveryRequest) (*orgv1.QueryRecoveryResponse, error) {
	row, err := s.k.recovery(ctx, r.EnterpriseId)
	return &orgv1.QueryRecoveryResponse{Recovery: row}, err
}

// Params are the values in force.
func (s queryServer) Params(ctx context.Context, _ *orgv1.QueryParamsRequest) (*orgv1.QueryParamsResponse, error) {
	p, err := s.k.Params(ctx)
	return &orgv1.QueryParamsResponse{Params: p}, err
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
