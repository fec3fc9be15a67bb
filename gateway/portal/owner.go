package portal

import (
	"encoding/hex"
	"errors"
	"net/http"
	"strconv"

	"github.com/a-h/templ"

	"github.com/xinlian/xinlian/gateway/line"
	"github.com/xinlian/xinlian/gateway/store"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
)

func (p *Portal) ownerRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /owner/register", p.page(p.ownerRegister))
	mux.HandleFunc("GET /owner", p.owner(p.ownerHome))
	mux.HandleFunc("GET /owner/data", p.owner(p.ownerData))
	mux.HandleFunc("POST "+uploadPath, p.owner(p.upload))
	mux.HandleFunc("GET /owner/data/uploads/{id}", p.owner(p.uploaded))
	mux.HandleFunc("POST /owner/files", p.owner(p.beginFile))
	mux.HandleFunc("GET /owner/progress", p.owner(p.progress))
	mux.HandleFunc("GET /owner/progress/part", p.owner(p.progressPart))
	mux.HandleFunc("GET /owner/access", p.owner(p.ownerAccess))
	mux.HandleFunc("GET /owner/access/{sequence}/proof", p.owner(p.accessProof))
	mux.HandleFunc("GET /owner/erasure", p.owner(p.ownerErasure))
	mux.HandleFunc("GET /owner/erasure/receipt", p.owner(p.erasureReceipt))
	mux.HandleFunc("GET "+exportPath, p.owner(p.ownerExport))
	mux.HandleFunc("POST "+exportPath, p.owner(p.hostedExport))
	mux.HandleFunc("GET "+exportPath+"/part", p.owner(p.exportPart))
	mux.HandleFunc("GET "+exportPath+"/archive", p.owner(p.exportArchive))
	mux.HandleFunc("GET /owner/corrections", p.owner(p.ownerCorrections))
	mux.HandleFunc("GET /owner/consents", p.owner(p.ownerConsents))
	mux.HandleFunc("GET /owner/score", p.owner(p.ownerScore))
	mux.HandleFunc("GET "+whatIfPath, p.owner(p.ownerWhatIf))
	mux.HandleFunc("GET "+whatIfPath+"/part", p.owner(p.whatIfPart))
	mux.HandleFunc("GET /owner/apply", p.owner(p.ownerApply))
	mux.HandleFunc("GET /owner/apply/preview", p.owner(p.applyPreview))
	mux.HandleFunc("GET /owner/applications", p.owner(p.ownerApplications))
	mux.HandleFunc("GET /owner/offers/{id}", p.owner(p.ownerOffer))
	mux.HandleFunc("GET /owner/loans/{id}", p.owner(p.ownerLoan))
	mux.HandleFunc("GET /owner/loans/{id}/bundle", p.owner(p.loanBundle))
}

// ownerView is a page of an enterprise.
type ownerView func(w http.ResponseWriter, r *http.Request, g *Page, st state) (templ.Component, error)

// owner lets only a session of an enterprise in; anybody else is sent to where
// she can begin one.
func (p *Portal) owner(v ownerView) http.HandlerFunc {
	return p.page(func(w http.ResponseWriter, r *http.Request, g *Page) (templ.Component, error) {
		if g.Session == nil || g.Kind != orgv1.OrgKind_ORG_KIND_ENTERPRISE {
			http.Redirect(w, r, "/", http.StatusSeeOther)
			return nil, nil
		}
		st, err := p.owned(r.Context(), *g.Session)
		if err != nil {
			return nil, err
		}
		return v(w, r, g, st)
	})
}

// start is the front door: a role to choose, or the way home.
func (p *Portal) start(_ http.ResponseWriter, r *http.Request, g *Page) (templ.Component, error) {
	var hosted []orgv1.Organisation
	for _, id := range p.hostedOrgs() {
		o, err := p.org(r.Context(), id)
		if err != nil {
			return nil, err
		}
		hosted = append(hosted, o)
	}
	return startPage(g, hosted), nil
}

func (p *Portal) ownerRegister(_ http.ResponseWriter, _ *http.Request, g *Page) (templ.Component, error) {
	return registerPage(g), nil
}

func (p *Portal) ownerHome(_ http.ResponseWriter, r *http.Request, g *Page, st state) (templ.Component, error) {
	custodians, err := p.custodians(r)
	if err != nil {
		return nil, err
	}
	lenders, err := p.lenders(r)
	return ownerHomePage(g, st, custodians, lenders), err
}

// custodians lists those that this gateway can collect documents for.
func (p *Portal) custodians(r *http.Request) ([]orgv1.Organisation, error) {
	var list []orgv1.Organisation
	for id := range p.Custodians {
		o, err := p.org(r.Context(), id)
		if err != nil {
			return nil, err
		}
		if o.Status == orgv1.OrgStatus_ORG_STATUS_ACTIVE {
			list = append(list, o)
		}
	}
	sortOrgs(list)
	return list, nil
}

// lenders lists those that have a desk here.
func (p *Portal) lenders(r *http.Request) ([]orgv1.Organisation, error) {
	var list []orgv1.Organisation
	for id := range p.Line.Lenders {
		o, err := p.org(r.Context(), id)
		if err != nil {
			return nil, err
		}
		list = append(list, o)
	}
	sortOrgs(list)
	return list, nil
}

// beginFile starts the way to a score for one lender.
func (p *Portal) beginFile(w http.ResponseWriter, r *http.Request, g *Page, st state) (templ.Component, error) {
	lender, err := parseID(r.FormValue("lender"))
	if err != nil {
		return nil, err
	}
	if len(st.Streams) == 0 {
		return nil, refuse(http.StatusConflict, "error.nodata")
	}
	// The open file of a lender is the answer to the same request sent again.
	if _, err = p.Line.Begin(r.Context(), g.Session.OrgID, lender); err != nil && !errors.Is(err, line.ErrOpen) {
		return nil, err
	}
	http.Redirect(w, r, "/owner/progress", http.StatusSeeOther)
	return nil, nil
}

func (p *Portal) progress(_ http.ResponseWriter, r *http.Request, g *Page, st state) (templ.Component, error) {
	findings, err := p.findings(r, st.Files)
	return progressPage(g, st, findings), err
}

func (p *Portal) progressPart(_ http.ResponseWriter, r *http.Request, g *Page, st state) (templ.Component, error) {
	findings, err := p.findings(r, st.Files)
	return progressList(g, st, findings), err
}

// findings reads what verifiers found where a file failed over it.
func (p *Portal) findings(r *http.Request, files []store.File) (map[int64][]line.Finding, error) {
	out := map[int64][]line.Finding{}
	for _, f := range files {
		if f.Reason != line.ReasonInconsistent {
			continue
		}
		for _, v := range p.Line.Verifiers {
			var found []line.Finding
			err := p.Store.Load(r.Context(), line.KindFindings, num(f.ID)+"/"+num(v.OrgID), &found)
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return nil, err
			}
			if len(out[f.ID]) == 0 {
				out[f.ID] = found
			}
		}
	}
	return out, nil
}

func (p *Portal) ownerConsents(_ http.ResponseWriter, r *http.Request, g *Page, st state) (templ.Component, error) {
	texts, err := p.consentTexts(r.Context(), st.Consents)
	if err != nil {
		return nil, err
	}
	batches, err := p.Client.Profile.Batches(r.Context(), &profilev1.QueryBatchesRequest{EnterpriseId: st.Org.Id, Pagination: all})
	if err != nil {
		return nil, err
	}
	return consentsPage(g, st, texts, batches.Batches), nil
}

// parseID reads a number that names a row.
func parseID(s string) (uint64, error) {
	n, err := strconv.ParseUint(s, 10, 63)
	if err != nil || n == 0 {
		return 0, refuse(http.StatusNotFound, "error.missing")
	}
	return n, nil
}

func parseHash(s string) ([]byte, error) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != 32 {
		return nil, refuse(http.StatusNotFound, "error.missing")
	}
	return b, nil
}
