package custody

import (
	"context"
	"crypto/sha256"
	"fmt"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/xinlian/xinlian/gateway/chain"
	"github.com/xinlian/xinlian/gateway/vault"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
)

// Witness tells a scrub what the chain says that a custodian must hold.
type Witness struct {
	Client *chain.Client
	OrgID  uint64 // the custodian
}

var _ vault.Witness = Witness{}

// Batches lists what the custodian anchored, with their enterprises.
func (w Witness) Batches(ctx context.Context) (map[vault.ID]uint64, error) {
	all := map[vault.ID]uint64{}
	err := w.each(ctx, func(enterprise uint64) error {
		page := &query.PageRequest{Limit: pageRows}
		for {
			r, err := w.Client.Profile.Batches(ctx, &profilev1.QueryBatchesRequest{EnterpriseId: enterprise, Pagination: page})
			if err != nil {
				return fmt.Errorf("reading the batches of enterprise %d: %w", enterprise, err)
			}
			for _, b := range r.Batches {
				if b.CustodianOrgId == w.OrgID {
					all[vault.ID(b.Anchor.BatchId)] = enterprise
				}
			}
			if page = next(r.Pagination); page == nil {
				return nil
			}
		}
	})
	return all, err
}

// Wraps are the hashes of the wraps of each active consent that the custodian
// keeps, as first or as second.
func (w Witness) Wraps(ctx context.Context) (map[vault.ID][][sha256.Size]byte, error) {
	all := map[vault.ID][][sha256.Size]byte{}
	err := w.each(ctx, func(enterprise uint64) error {
		consents, err := consentsOf(ctx, w.Client, enterprise)
		if err != nil {
			return err
		}
		for _, k := range consents {
			if k.State != profilev1.ConsentState_CONSENT_STATE_ACTIVE {
				continue
			}
			for _, r := range k.Wraps {
				all[vault.ID(k.Id)] = append(all[vault.ID(k.Id)], [sha256.Size]byte(r.Hash))
			}
		}
		return nil
	})
	return all, err
}

// Receipts is the number and hash of the last receipt on chain, zero for none.
func (w Witness) Receipts(ctx context.Context) (uint64, [sha256.Size]byte, error) {
	r, err := w.Client.Profile.AccessLog(ctx, &profilev1.QueryAccessLogRequest{VaultOrgId: w.OrgID})
	if status.Code(err) == codes.NotFound {
		return 0, [sha256.Size]byte{}, nil
	}
	if err != nil {
		return 0, [sha256.Size]byte{}, fmt.Errorf("reading the anchored log of reads: %w", err)
	}
	return r.Log.Sequence, [sha256.Size]byte(r.Log.Head), nil
}

func (w Witness) each(ctx context.Context, visit func(enterprise uint64) error) error {
	list, err := enterprises(ctx, w.Client, func(o orgv1.Organisation) bool { return o.CustodianOrgId == w.OrgID })
	if err != nil {
		return err
	}
	for _, o := range list {
		if err := visit(o.Id); err != nil {
			return err
		}
	}
	return nil
}

const pageRows = 200

// enterprises lists the enterprises that are wanted.
func enterprises(ctx context.Context, client *chain.Client, want func(orgv1.Organisation) bool) ([]orgv1.Organisation, error) {
	var list []orgv1.Organisation
	page := &query.PageRequest{Limit: pageRows}
	for {
		r, err := client.Org.Organisations(ctx, &orgv1.QueryOrganisationsRequest{Kind: orgv1.OrgKind_ORG_KIND_ENTERPRISE, Pagination: page})
		if err != nil {
			return nil, fmt.Errorf("listing enterprises: %w", err)
		}
		for _, o := range r.Organisations {
			if want(o) {
				list = append(list, o)
			}
		}
		if page = next(r.Pagination); page == nil {
			return list, nil
		}
	}
}

func consentsOf(ctx context.Context, client *chain.Client, enterprise uint64) ([]profilev1.Consent, error) {
	var list []profilev1.Consent
	page := &query.PageRequest{Limit: pageRows}
	for {
		r, err := client.Profile.Consents(ctx, &profilev1.QueryConsentsRequest{EnterpriseId: enterprise, Pagination: page})
		if err != nil {
			return nil, fmt.Errorf("reading the consents of enterprise %d: %w", enterprise, err)
		}
		list = append(list, r.Consents...)
		if page = next(r.Pagination); page == nil {
			return list, nil
		}
	}
}

// next asks for the page after one, nil after the last.
func next(r *query.PageResponse) *query.PageRequest {
	if r == nil || len(r.NextKey) == 0 {
		return nil
	}
	return &query.PageRequest{Key: r.NextKey, Limit: pageRows}
}
