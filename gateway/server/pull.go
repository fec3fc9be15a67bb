package server

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/xinlian/xinlian/gateway/connector"
	"github.com/xinlian/xinlian/gateway/custody"
	"github.com/xinlian/xinlian/gateway/pull"
	"github.com/xinlian/xinlian/gateway/registry"
	"github.com/xinlian/xinlian/gateway/store"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
)

// ErrNotHere says that an enterprise's custodian, its firm, or the organisation
// that signs for a source is not at this gateway.
var ErrNotHere = errors.New("server: not served at this gateway")

// scheduler reads the scheduled sources.
func (s *Server) scheduler() *pull.Scheduler {
	return &pull.Scheduler{Dir: s.parts.Sources, Allow: s.parts.Allow, Keeper: s.store, Profile: profiles{s}, Log: s.parts.Log}
}

// profiles are those that the hosted custodians keep.
type profiles struct{ server *Server }

// Deliver hands a delivery to the enterprise's custodian as the chain names it now.
func (p profiles) Deliver(ctx context.Context, d custody.Delivery) (custody.Collected, error) {
	r, err := p.server.client.Org.Organisation(ctx, &orgv1.QueryOrganisationRequest{Id: d.Enterprise})
	if err != nil {
		return custody.Collected{}, fmt.Errorf("reading enterprise %d: %w", d.Enterprise, err)
	}
	c := p.server.custodians[r.Organisation.CustodianOrgId]
	if c == nil {
		return custody.Collected{}, fmt.Errorf("%w: enterprise %d chose custodian %d", ErrNotHere, d.Enterprise, r.Organisation.CustodianOrgId)
	}
	return c.Intake.Deliver(ctx, d)
}

// Signer is an organisation whose service device is at this gateway.
func (p profiles) Signer(_ context.Context, org uint64) (*custody.Source, error) {
	for _, h := range p.server.parts.Hosted {
		if h.OrgID == org {
			return &custody.Source{OrgID: org, Service: h.Service}, nil
		}
	}
	return nil, fmt.Errorf("%w: organisation %d", ErrNotHere, org)
}

// Owner is the firm that its owner registered here.
func (p profiles) Owner(ctx context.Context, enterprise uint64) (connector.Owner, error) {
	var firm registry.Firm
	err := p.server.store.Load(ctx, registry.KindFirm, strconv.FormatUint(enterprise, 10), &firm)
	if errors.Is(err, store.ErrNotFound) {
		return connector.Owner{}, fmt.Errorf("%w: the firm of enterprise %d was not registered here", ErrNotHere, enterprise)
	}
	if err != nil {
		return connector.Owner{}, err
	}
	return connector.Owner{TaxNumber: firm.TaxNumber, Name: firm.Name, Accounts: []string{firm.Account}}, nil
}
