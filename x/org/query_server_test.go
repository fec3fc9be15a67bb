package org

import (
	"testing"

	"github.com/cosmos/cosmos-sdk/types/query"

	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
)

// Test that every query answers what the rows say, and refuses what it must.
func TestQueries(t *testing.T) {
	t.Parallel()
	w := lived(t)
	q := NewQueryServer(w.k)

	one, err := q.Organisation(w.ctx, &orgv1.QueryOrganisationRequest{Id: bank})
	if err != nil || one.Organisation.Name != "bank" {
		t.Errorf("organisation: %v, %v", one, err)
	}
	if _, err := q.Organisation(w.ctx, &orgv1.QueryOrganisationRequest{Id: 99}); !isOnly(err, ErrUnknownOrganisation) {
		t.Errorf("unknown organisation: %v", err)
	}

	tagged, err := q.OrganisationByTag(w.ctx, &orgv1.QueryOrganisationByTagRequest{IdentityTag: digest("tag")})
	if err != nil || tagged.Id != firm {
		t.Errorf("tag: %v, %v", tagged, err)
	}
	freeTag, err := q.OrganisationByTag(w.ctx, &orgv1.QueryOrganisationByTagRequest{IdentityTag: digest("free")})
	if err != nil || freeTag.Id != 0 {
		t.Errorf("free tag: %v, %v", freeTag, err)
	}
	if _, err := q.OrganisationByTag(w.ctx, &orgv1.QueryOrganisationByTagRequest{}); !isOnly(err, ErrField) {
		t.Errorf("no tag: %v", err)
	}

	d, err := q.Device(w.ctx, &orgv1.QueryDeviceRequest{Address: account(owner("owner"))})
	if err != nil || d.Device.OrgId != firm {
		t.Errorf("device: %v, %v", d, err)
	}
	if _, err := q.Device(w.ctx, &orgv1.QueryDeviceRequest{Address: account(person("x"))}); !isOnly(err, ErrUnknownDevice) {
		t.Errorf("unknown device: %v", err)
	}
	if _, err := q.Device(w.ctx, &orgv1.QueryDeviceRequest{Address: "x"}); !isOnly(err, ErrAddress) {
		t.Errorf("no address: %v", err)
	}

	a, err := q.Accreditations(w.ctx, &orgv1.QueryAccreditationsRequest{OrgId: verifier})
	if err != nil || len(a.Accreditations) != 1 {
		t.Errorf("accreditations: %v, %v", a, err)
	}
	none, err := q.Accreditations(w.ctx, &orgv1.QueryAccreditationsRequest{OrgId: bank})
	if err != nil || len(none.Accreditations) != 0 {
		t.Errorf("no accreditations: %v, %v", none, err)
	}

	r, err := q.Recovery(w.ctx, &orgv1.QueryRecoveryRequest{EnterpriseId: firm})
	if err != nil || r.Recovery.ReadyAt != genesisTime+delay {
		t.Errorf("recovery: %v, %v", r, err)
	}
	if _, err := q.Recovery(w.ctx, &orgv1.QueryRecoveryRequest{EnterpriseId: bank}); !isOnly(err, ErrUnknownRecovery) {
		t.Errorf("no recovery: %v", err)
	}

	p, err := q.Params(w.ctx, &orgv1.QueryParamsRequest{})
	if err != nil || p.Params.DevicesMax != 5 {
		t.Errorf("params: %v, %v", p, err)
	}
}

// Test that pages lead through all rows, once each, and never exceed the bound.
func TestPages(t *testing.T) {
	t.Parallel()
	w := lived(t)
	q := NewQueryServer(w.k)

	var ids []uint64
	page := &query.PageRequest{Limit: 2}
	for page != nil {
		res, err := q.Organisations(w.ctx, &orgv1.QueryOrganisationsRequest{Pagination: page})
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range res.Organisations {
			ids = append(ids, o.Id)
		}
		page = nil
		if next := res.Pagination.NextKey; next != nil {
			page = &query.PageRequest{Key: next, Limit: 2}
		}
	}
	same(t, "organisations", ids, []uint64{1, 2, 3, 4, 5, 6})

	res, err := q.Organisations(w.ctx, &orgv1.QueryOrganisationsRequest{Kind: orgv1.OrgKind_ORG_KIND_VERIFIER})
	if err != nil || len(res.Organisations) != 3 {
		t.Errorf("verifiers: %v, %v", res, err)
	}

	seen := 0
	page = &query.PageRequest{Limit: 2}
	for page != nil {
		res, err := q.Devices(w.ctx, &orgv1.QueryDevicesRequest{OrgId: third, Pagination: page})
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range res.Devices {
			seen++
			same(t, "owner", d.OrgId, third)
		}
		page = nil
		if next := res.Pagination.NextKey; next != nil {
			page = &query.PageRequest{Key: next, Limit: 2}
		}
	}
	same(t, "devices, the revoked one too", seen, 3)

	for _, c := range []struct{ asked, got uint64 }{{0, PageMax}, {7, 7}, {PageMax + 1, PageMax}} {
		same(t, "limit", bounded(&query.PageRequest{Limit: c.asked}).Limit, c.got)
	}
	same(t, "limit", bounded(nil).Limit, uint64(PageMax))
}
