package portal

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"github.com/xinlian/xinlian/gateway/chain"
	attestationv1 "github.com/xinlian/xinlian/gen/xinlian/attestation/v1"
	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
)

// blocksShown is how many blocks the explorer lists on a page.
const blocksShown = 15

func (p *Portal) explorerRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /explorer", p.page(p.explorer))
	mux.HandleFunc("GET /explorer/find", p.page(p.find))
	mux.HandleFunc("GET /explorer/block/{height}", p.page(p.block))
	mux.HandleFunc("GET /explorer/tx/{hash}", p.page(p.transaction))
	mux.HandleFunc("GET /explorer/loans/{id}", p.page(p.explorerLoan))
	mux.HandleFunc("GET /explorer/org/{id}", p.page(p.explorerOrg))
}

func (p *Portal) explorer(_ http.ResponseWriter, r *http.Request, g *Page) (templ.Component, error) {
	from, _ := strconv.ParseInt(r.URL.Query().Get("from"), 10, 64) // anything else is the newest
	list, err := p.Client.Blocks(r.Context(), from, blocksShown)
	if err != nil {
		return nil, err
	}
	var orgs []orgv1.Organisation
	for id := range g.names {
		o, err := p.org(r.Context(), id)
		if err != nil {
			return nil, err
		}
		orgs = append(orgs, o)
	}
	sortOrgs(orgs)
	return explorerPage(g, list, orgs), nil
}

func sortOrgs(list []orgv1.Organisation) {
	slices.SortFunc(list, func(a, b orgv1.Organisation) int { return cmp.Compare(a.Id, b.Id) })
}

// find goes to what a text names: a height, or a transaction's hash.
func (p *Portal) find(w http.ResponseWriter, r *http.Request, g *Page) (templ.Component, error) {
	q := strings.ToLower(strings.TrimSpace(r.URL.Query().Get("q")))
	target := ""
	if _, err := strconv.ParseUint(q, 10, 62); err == nil {
		target = "/explorer/block/" + q
	} else if b, err := hex.DecodeString(q); err == nil && len(b) == 32 {
		target = "/explorer/tx/" + q
	}
	if target == "" {
		return nil, refuse(http.StatusNotFound, "error.find")
	}
	http.Redirect(w, r, target, http.StatusSeeOther)
	return nil, nil
}

func (p *Portal) block(_ http.ResponseWriter, r *http.Request, g *Page) (templ.Component, error) {
	height, err := parseID(r.PathValue("height"))
	if err != nil {
		return nil, err
	}
	b, ok, err := p.Client.Block(r.Context(), int64(height))
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, refuse(http.StatusNotFound, "error.missing")
	}
	var txs []chain.Detail
	for _, h := range b.TxHashes {
		d, ok, err := p.Client.Detail(r.Context(), h)
		if err != nil {
			return nil, err
		}
		if !ok { // the index is a moment behind the block
			d.Hash = h
		}
		txs = append(txs, d)
	}
	return blockPage(g, b, txs), nil
}

func (p *Portal) transaction(_ http.ResponseWriter, r *http.Request, g *Page) (templ.Component, error) {
	hash, err := parseHash(strings.ToLower(r.PathValue("hash")))
	if err != nil {
		return nil, err
	}
	d, ok, err := p.Client.Detail(r.Context(), hash)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, refuse(http.StatusNotFound, "error.missing")
	}
	return transactionPage(g, d), nil
}

// indented lays JSON out for reading.
func indented(s string) string {
	var b bytes.Buffer
	if json.Indent(&b, []byte(s), "", "  ") != nil {
		return s
	}
	return b.String()
}

func (p *Portal) explorerLoan(_ http.ResponseWriter, r *http.Request, g *Page) (templ.Component, error) {
	id, err := parseID(r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	v, err := p.loanView(r.Context(), id)
	if err != nil {
		return nil, err
	}
	a, err := p.Client.Loan.Application(r.Context(), &loanv1.QueryApplicationRequest{Id: v.Loan.ApplicationId})
	if err != nil {
		return nil, err
	}
	c, err := p.Client.Profile.ConsentJournal(r.Context(), &profilev1.QueryConsentJournalRequest{ConsentId: v.Loan.ConsentId, Pagination: all})
	if err != nil {
		return nil, err
	}
	return explorerLoanPage(g, v, a.Application, c.Entries), nil
}

// orgView is an organisation with what the chain says of it.
type orgView struct {
	Org      orgv1.Organisation
	Devices  []orgv1.Device
	Holdings []holding
	Attested []attestationv1.Attestation
	Record   *attestationv1.AttestorRecord
	Loans    []loanv1.Loan
}

func (p *Portal) explorerOrg(_ http.ResponseWriter, r *http.Request, g *Page) (templ.Component, error) {
	ctx := r.Context()
	id, err := parseID(r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	v := orgView{}
	if v.Org, err = p.org(ctx, id); err != nil {
		return nil, err
	}
	devices, err := p.Client.Org.Devices(ctx, &orgv1.QueryDevicesRequest{OrgId: id, Pagination: all})
	if err != nil {
		return nil, err
	}
	v.Devices = devices.Devices
	loans := &loanv1.QueryLoansRequest{LenderOrgId: id, Pagination: all}
	if v.Org.Kind == orgv1.OrgKind_ORG_KIND_ENTERPRISE {
		loans = &loanv1.QueryLoansRequest{EnterpriseId: id, Pagination: all}
		c := caseView{Application: loanv1.Application{EnterpriseId: id}}
		if err := p.verification(ctx, &c); err != nil {
			return nil, err
		}
		v.Holdings, v.Attested = c.Holdings, c.Attested
	}
	if slices.Contains(v.Org.Roles, orgv1.Role_ROLE_ATTESTOR) {
		rec, err := p.Client.Attestation.AttestorRecord(ctx, &attestationv1.QueryAttestorRecordRequest{OrgId: id})
		if err != nil {
			return nil, err
		}
		v.Record = &rec.Record
	}
	l, err := p.Client.Loan.Loans(ctx, loans)
	if err != nil {
		return nil, err
	}
	v.Loans = l.Loans
	return orgPage(g, v), nil
}
