package portal

import (
	"context"
	"encoding/hex"
	"errors"
	"net/http"
	"slices"

	"github.com/a-h/templ"

	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/xinlian/xinlian/gateway/store"
	attestationv1 "github.com/xinlian/xinlian/gen/xinlian/attestation/v1"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
)

// correction is a dispute with the texts that this gateway keeps of it.
type correction struct {
	attestationv1.Dispute

	Reason, Resolution string
	Batch              *profilev1.Batch // that it is about, nil for an attestation
}

// correctionView is what an owner may have corrected, and what became of it.
type correctionView struct {
	List     []correction // newest first
	Batches  []profilev1.Batch
	Attested []attestationv1.Attestation
	Now      int64
}

func (p *Portal) ownerCorrections(_ http.ResponseWriter, r *http.Request, g *Page, st state) (templ.Component, error) {
	ctx := r.Context()
	v := correctionView{Now: st.Now}
	batches, err := p.Client.Profile.Batches(ctx, &profilev1.QueryBatchesRequest{EnterpriseId: st.Org.Id, Pagination: all})
	if err != nil {
		return nil, err
	}
	if v.List, err = p.correctionsOf(ctx, st.Org.Id, batches.Batches); err != nil {
		return nil, err
	}
	for _, b := range batches.Batches {
		if b.Status == profilev1.BatchStatus_BATCH_STATUS_LIVE {
			v.Batches = append(v.Batches, b)
		}
	}
	attested, err := p.Client.Attestation.Attestations(ctx, &attestationv1.QueryAttestationsRequest{EnterpriseId: st.Org.Id, Pagination: all})
	if err != nil {
		return nil, err
	}
	for _, a := range attested.Attestations {
		contested := slices.ContainsFunc(v.List, func(c correction) bool {
			return c.AttestationId == a.Id && c.Status == attestationv1.DisputeStatus_DISPUTE_STATUS_OPEN
		})
		if a.Status == attestationv1.Status_STATUS_LIVE && a.ExpiresAt > st.Now && !contested {
			v.Attested = append(v.Attested, a)
		}
	}
	return correctionsPage(g, v), nil
}

// correctionsOf lists the disputes about an enterprise's records, newest first.
func (p *Portal) correctionsOf(ctx context.Context, enterprise uint64, batches []profilev1.Batch) ([]correction, error) {
	q, err := p.Client.Attestation.Disputes(ctx, &attestationv1.QueryDisputesRequest{EnterpriseId: enterprise, Pagination: all})
	if err != nil {
		return nil, err
	}
	var list []correction
	for _, d := range slices.Backward(q.Disputes) {
		c := correction{Dispute: d}
		if c.Reason, err = p.saltedText(ctx, d.ReasonHash); err != nil {
			return nil, err
		}
		if c.Resolution, err = p.saltedText(ctx, d.ResolutionHash); err != nil {
			return nil, err
		}
		for i := range batches {
			if string(batches[i].Anchor.BatchId) == string(d.BatchId) {
				c.Batch = &batches[i]
			}
		}
		list = append(list, c)
	}
	return list, nil
}

// saltedText is the text behind a salted hash, empty where it was entered
// elsewhere.
func (p *Portal) saltedText(ctx context.Context, hash []byte) (string, error) {
	var s saltedText
	err := p.Store.Load(ctx, kindSalted, hex.EncodeToString(hash), &s)
	if errors.Is(err, store.ErrNotFound) {
		err = nil
	}
	return s.Text, err
}

// corrections lists open disputes for those who may decide them: regulators and
// attestors. Whether one is independent enough is the chain's to say.
func (p *Portal) corrections(_ http.ResponseWriter, r *http.Request, g *Page) (templ.Component, error) {
	ctx := r.Context()
	o, err := p.org(ctx, g.Session.OrgID)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(o.Roles, orgv1.Role_ROLE_REGULATOR) && !slices.Contains(o.Roles, orgv1.Role_ROLE_ATTESTOR) {
		return nil, refuse(http.StatusForbidden, "error.decide")
	}
	var list []correction
	page := &query.PageRequest{Limit: pageLimit}
	for {
		firms, err := p.Client.Org.Organisations(ctx, &orgv1.QueryOrganisationsRequest{Kind: kindEnterprise, Pagination: page})
		if err != nil {
			return nil, err
		}
		for _, firm := range firms.Organisations {
			more, err := p.correctionsOf(ctx, firm.Id, nil)
			if err != nil {
				return nil, err
			}
			for _, c := range more {
				if c.Status == attestationv1.DisputeStatus_DISPUTE_STATUS_OPEN {
					list = append(list, c)
				}
			}
		}
		if firms.Pagination == nil || len(firms.Pagination.NextKey) == 0 {
			break
		}
		page = &query.PageRequest{Key: firms.Pagination.NextKey, Limit: pageLimit}
	}
	slices.SortFunc(list, func(a, b correction) int { return int(a.Deadline - b.Deadline) })
	return decidePage(g, list), nil
}
