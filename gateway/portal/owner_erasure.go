package portal

import (
	"context"
	"errors"
	"net/http"

	"github.com/a-h/templ"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/xinlian/xinlian/gateway/vault"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
)

// erasure is the owner's order to erase, nil while there is none.
func (p *Portal) erasure(ctx context.Context, enterprise uint64) (*profilev1.Erasure, error) {
	r, err := p.Client.Profile.Erasure(ctx, &profilev1.QueryErasureRequest{EnterpriseId: enterprise})
	if status.Code(err) == codes.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &r.Erasure, nil
}

// erased lists the statements of the custodians here whose receipts the chain has.
func (p *Portal) erased(e *profilev1.Erasure) ([]*vault.Erasure, error) {
	var list []*vault.Erasure
	for _, r := range e.Receipts {
		c := p.Custodians[r.CustodianOrgId]
		if c == nil || r.PostedAt == 0 {
			continue
		}
		s, err := c.Vault.Erased(e.EnterpriseId)
		if errors.Is(err, vault.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, nil
}

func (p *Portal) ownerErasure(_ http.ResponseWriter, r *http.Request, g *Page, st state) (templ.Component, error) {
	e, err := p.erasure(r.Context(), st.Org.Id)
	if err != nil || e == nil {
		return erasurePage(g, nil, false), err
	}
	list, err := p.erased(e)
	return erasurePage(g, e, len(list) > 0), err
}

// erasureReceipt sends the proven receipt that anybody verifies.
func (p *Portal) erasureReceipt(w http.ResponseWriter, r *http.Request, _ *Page, st state) (templ.Component, error) {
	e, err := p.erasure(r.Context(), st.Org.Id)
	if err != nil {
		return nil, err
	}
	if e == nil {
		return nil, refuse(http.StatusNotFound, "error.missing")
	}
	list, err := p.erased(e)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, refuse(http.StatusNotFound, "error.missing")
	}
	f, err := p.exporter.Erasure(r.Context(), st.Org.Id, list...)
	if err != nil {
		return nil, err
	}
	return nil, sendJSONFile(w, "xinlian-erasure.json", f)
}
