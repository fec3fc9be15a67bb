package portal

import (
	"bytes"
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/a-h/templ"

	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/xinlian/xinlian/gateway/desk"
	"github.com/xinlian/xinlian/gateway/pledging"
	"github.com/xinlian/xinlian/gateway/registry"
	"github.com/xinlian/xinlian/gateway/store"
	"github.com/xinlian/xinlian/gateway/vault"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/internal/record"
)

// receivablesShown bounds the rows of a list of receivables; a search finds others.
const receivablesShown = 50

const pledgesPath = "/officer/pledges"

func (p *Portal) pledgeRoutes(mux *http.ServeMux) {
	const one = pledgesPath + "/of/{consent}/{leaf}"
	mux.HandleFunc("GET "+pledgesPath, p.officer(p.pledgeDesk))
	mux.HandleFunc("GET "+pledgesPath+"/of/{consent}", p.officer(p.receivables))
	mux.HandleFunc("GET "+one, p.officer(p.receivable))
	mux.HandleFunc("POST "+one+"/check", p.officer(p.checkReceivable))
	mux.HandleFunc("POST "+one+"/order", p.officer(p.orderPledge))
	mux.HandleFunc("GET "+pledgesPath+"/{id}", p.officer(p.pledgeOrder))
	mux.HandleFunc("POST "+pledgesPath+"/{id}/attest", p.officer(p.attestOrder))
	mux.HandleFunc("POST "+pledgesPath+"/{id}/decline", p.officer(p.declineOrder))
	mux.HandleFunc("POST "+pledgesPath+"/{id}/pledge", p.officer(p.pledgeReceivable))
	mux.HandleFunc("POST "+pledgesPath+"/{id}/release", p.officer(p.releasePledge))
	mux.HandleFunc("GET /owner/pledges", p.owner(p.ownerPledges))
}

// office is the desk for receivables of the session's organisation.
func (p *Portal) office(g *Page) (*pledging.Office, error) {
	if f := p.Offices[g.Session.OrgID]; f != nil {
		return f, nil
	}
	return nil, refuse(http.StatusConflict, "error.desk")
}

// acting is the office for somebody who may act: what it sends is signed by the
// organisation's service, so that the person's own device must be an active one.
func (p *Portal) acting(ctx context.Context, g *Page) (*pledging.Office, error) {
	d, err := p.Client.Org.Device(ctx, &orgv1.QueryDeviceRequest{Address: g.Session.Device})
	if err != nil {
		return nil, err
	}
	person := d.Device.Role == orgv1.DeviceRole_DEVICE_ROLE_ADMIN || d.Device.Role == orgv1.DeviceRole_DEVICE_ROLE_OFFICER
	if d.Device.Status != orgv1.DeviceStatus_DEVICE_STATUS_ACTIVE || !person {
		return nil, refuse(http.StatusForbidden, "error.pledge.device")
	}
	return p.office(g)
}

// pledgeDeskView is a lender's or a verifier's work on receivables.
type pledgeDeskView struct {
	Lender   bool
	Orders   []pledging.Order    // newest first
	Consents []profilev1.Consent // live ones under which receivables can be read
	Now      int64
}

func (p *Portal) pledgeDesk(_ http.ResponseWriter, r *http.Request, g *Page) (templ.Component, error) {
	ctx := r.Context()
	f, err := p.office(g)
	if err != nil {
		return nil, err
	}
	o, err := p.org(ctx, g.Session.OrgID)
	if err != nil {
		return nil, err
	}
	v := pledgeDeskView{Lender: slices.Contains(o.Roles, orgv1.Role_ROLE_LENDER)}
	if v.Orders, err = f.Book().Orders(ctx, g.Session.OrgID); err != nil {
		return nil, err
	}
	// What waits for this desk comes first, then the newest.
	slices.SortStableFunc(v.Orders, func(a, b pledging.Order) int {
		return order(!g.waitsHere(a)) - order(!g.waitsHere(b))
	})
	if v.Lender {
		v.Consents, err = p.receivableConsents(ctx, g.Session.OrgID, 0)
	}
	if err != nil {
		return nil, err
	}
	head, err := p.Client.Head(ctx)
	v.Now = head.Time.Unix()
	return pledgeDeskPage(g, v), err
}

// waitsHere tells whether an order's next step is this organisation's.
func (g *Page) waitsHere(o pledging.Order) bool {
	if o.Verifier == g.Session.OrgID {
		return o.State == pledging.StateAsked
	}
	return o.State == pledging.StateAttested
}

// receivableConsents lists the live consents of an organisation that cover
// receivables, of one enterprise or, for 0, of all.
func (p *Portal) receivableConsents(ctx context.Context, org, enterprise uint64) ([]profilev1.Consent, error) {
	head, err := p.Client.Head(ctx)
	if err != nil {
		return nil, err
	}
	now := head.Time.Unix()
	q, err := p.Client.Profile.Consents(ctx, &profilev1.QueryConsentsRequest{GranteeOrgId: org, Pagination: &query.PageRequest{Limit: pageLimit, Reverse: true}})
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(q.Consents, func(c profilev1.Consent) bool {
		t := c.Terms
		covers := slices.Contains(t.Categories, profilev1.Category_CATEGORY_INVOICE) || slices.Contains(t.Categories, profilev1.Category_CATEGORY_RECEIVABLE)
		live := c.State == profilev1.ConsentState_CONSENT_STATE_ACTIVE && t.StartsAt <= now && now < t.ExpiresAt
		return !covers || !live || enterprise != 0 && t.EnterpriseId != enterprise
	}), nil
}

// ownConsent is a consent of the session's organisation.
func (p *Portal) ownConsent(r *http.Request, g *Page) (profilev1.Consent, error) {
	id, err := parseHash(r.PathValue("consent"))
	if err != nil {
		return profilev1.Consent{}, err
	}
	c, err := p.Client.Profile.Consent(r.Context(), &profilev1.QueryConsentRequest{ConsentId: id})
	if err != nil {
		return profilev1.Consent{}, err
	}
	if c.Consent.Terms.GranteeOrgId != g.Session.OrgID {
		return profilev1.Consent{}, refuse(http.StatusNotFound, "error.missing")
	}
	return c.Consent, nil
}

// receivablesView lists what can be pledged of what an officer has opened.
type receivablesView struct {
	Consent profilev1.Consent
	Opened  bool
	List    []receivableRow // newest first
	Total   int
	Search  string
}

type receivableRow struct {
	Leaf   []byte
	Record *record.Record
	State  pledging.State // of this desk's newest order, empty where there is none
}

// FaceFen is the record's amount.
func (r receivableRow) FaceFen() int64 {
	fen, _ := r.Record.Int("amount")
	return fen
}

// Day is the record's day, as people write it.
func (r receivableRow) Day() string {
	day, has := r.Record.Int("date")
	if !has {
		return "—"
	}
	return DayNumber(day)
}

func (p *Portal) receivables(_ http.ResponseWriter, r *http.Request, g *Page) (templ.Component, error) {
	f, err := p.office(g)
	if err != nil {
		return nil, err
	}
	c, err := p.ownConsent(r, g)
	if err != nil {
		return nil, err
	}
	v := receivablesView{Consent: c, Search: strings.TrimSpace(r.FormValue("q"))}
	reading, opened := p.readings.find(token(r), c.Id)
	if v.Opened = opened; !opened {
		return receivablesPage(g, v), nil
	}
	orders, err := f.Book().Orders(r.Context(), g.Session.OrgID)
	if err != nil {
		return nil, err
	}
	for _, o := range pledging.Pledgeable(reading) {
		if !strings.Contains(strings.ToUpper(o.Record.SourceID()), strings.ToUpper(v.Search)) {
			continue
		}
		v.List = append(v.List, rowOf(c.Terms.EnterpriseId, o, orders, g.Session.OrgID))
	}
	slices.SortStableFunc(v.List, func(a, b receivableRow) int {
		x, _ := a.Record.Int("date")
		y, _ := b.Record.Int("date")
		return cmp.Or(cmp.Compare(y, x), cmp.Compare(b.FaceFen(), a.FaceFen()), bytes.Compare(a.Leaf, b.Leaf))
	})
	v.Total = len(v.List)
	v.List = v.List[:min(v.Total, receivablesShown)]
	return receivablesPage(g, v), nil
}

func rowOf(enterprise uint64, o *vault.Opened, orders []pledging.Order, lender uint64) receivableRow {
	row := receivableRow{Leaf: pledging.LeafOf(enterprise, o), Record: o.Record}
	for _, x := range orders { // newest first
		if x.Lender == lender && bytes.Equal(x.Leaf, row.Leaf) {
			row.State = x.State
			break
		}
	}
	return row
}

// receivableView is one receivable at a lender's desk.
type receivableView struct {
	receivableRow

	Consent   profilev1.Consent
	Path      string
	Seller    string // registration code that this desk entered last
	Answer    answerOf
	Orders    []pledging.Order // of this desk about it, newest first
	Verifiers []orgv1.Organisation
	Keys      [2]string // of the two forms
}

// open tells whether an order of this desk about the receivable is on its way or
// pledged, so that another would be for nothing.
func (v receivableView) open() bool {
	return v.State == pledging.StateAsked || v.State == pledging.StatePledged
}

// readReceivable finds the receivable that the path names among what the officer
// has opened.
func (p *Portal) readReceivable(r *http.Request, g *Page) (c profilev1.Consent, reading desk.Reading, o *vault.Opened, err error) {
	if c, err = p.ownConsent(r, g); err != nil {
		return c, reading, nil, err
	}
	leaf, err := parseHash(r.PathValue("leaf"))
	if err != nil {
		return c, reading, nil, err
	}
	reading, opened := p.readings.find(token(r), c.Id)
	if !opened {
		return c, reading, nil, refuse(http.StatusConflict, "error.pledge.open")
	}
	o, err = pledging.Find(reading, leaf)
	return c, reading, o, err
}

func (p *Portal) receivable(w http.ResponseWriter, r *http.Request, g *Page) (templ.Component, error) {
	ctx := r.Context()
	f, err := p.office(g)
	if err != nil {
		return nil, err
	}
	c, _, o, err := p.readReceivable(r, g)
	var closed problem
	if errors.As(err, &closed) && closed.key == "error.pledge.open" { // what was opened has left the memory
		http.Redirect(w, r, pledgesPath+"/of/"+hex.EncodeToString(c.Id), http.StatusSeeOther)
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	orders, err := f.Book().Orders(ctx, g.Session.OrgID)
	if err != nil {
		return nil, err
	}
	v := receivableView{receivableRow: rowOf(c.Terms.EnterpriseId, o, orders, g.Session.OrgID), Consent: c, Path: r.URL.Path}
	for _, x := range orders {
		if x.Lender == g.Session.OrgID && bytes.Equal(x.Leaf, v.Leaf) {
			v.Orders = append(v.Orders, x)
		}
	}
	if v.Seller, err = f.Book().Seller(ctx, g.Session.OrgID, c.Terms.EnterpriseId); err != nil {
		return nil, err
	}
	v.Answer = p.checks.find(token(r), v.Leaf)
	if v.Verifiers, err = p.verifiers(ctx, f); err != nil {
		return nil, err
	}
	for i := range v.Keys {
		if v.Keys[i], err = randomKey(); err != nil {
			return nil, err
		}
	}
	return receivablePage(g, v), nil
}

// verifiers lists the active attestors that an order can be brought to.
func (p *Portal) verifiers(ctx context.Context, f *pledging.Office) ([]orgv1.Organisation, error) {
	var list []orgv1.Organisation
	for kind := orgv1.OrgKind_ORG_KIND_BANK; kind < orgv1.OrgKind_ORG_KIND_ENTERPRISE; kind++ {
		q, err := p.Client.Org.Organisations(ctx, &orgv1.QueryOrganisationsRequest{Kind: kind, Pagination: &query.PageRequest{Limit: pageLimit}})
		if err != nil {
			return nil, fmt.Errorf("reading the members: %w", err)
		}
		for _, o := range q.Organisations {
			attests := slices.Contains(o.Roles, orgv1.Role_ROLE_ATTESTOR) && o.Status == orgv1.OrgStatus_ORG_STATUS_ACTIVE
			if attests && o.Id != f.OrgID && f.Reaches(o.Id) {
				list = append(list, o)
			}
		}
	}
	sortOrgs(list)
	return list, nil
}

// seller is the registration code of a form, and remembers it for the desk.
func (p *Portal) seller(r *http.Request, f *pledging.Office, enterprise uint64) (string, error) {
	code, err := registry.CreditCode(r.FormValue("seller"))
	if err != nil {
		return "", err
	}
	return code, f.Book().NameSeller(r.Context(), f.OrgID, enterprise, code)
}

// checkReceivable asks whether the receivable is free. The answer is remembered in
// memory for the page that follows.
func (p *Portal) checkReceivable(w http.ResponseWriter, r *http.Request, g *Page) (templ.Component, error) {
	ctx := context.WithoutCancel(r.Context())
	f, err := p.acting(ctx, g)
	if err != nil {
		return nil, err
	}
	c, reading, o, err := p.readReceivable(r, g)
	if err != nil {
		return nil, err
	}
	code, err := p.seller(r, f, c.Terms.EnterpriseId)
	if err != nil {
		return nil, err
	}
	leaf := pledging.LeafOf(c.Terms.EnterpriseId, o)
	back := store.Reply{Status: http.StatusSeeOther, Location: pledgesPath + "/of/" + hex.EncodeToString(c.Id) + "/" + hex.EncodeToString(leaf) + "#answer"}
	return nil, p.once(w, r, slices.Concat([]byte("check/"+code), leaf), func() (store.Reply, error) {
		pledged, err := f.Check(ctx, reading, code, leaf)
		if err != nil {
			return store.Reply{}, err
		}
		head, err := p.Client.Head(ctx)
		if err != nil {
			return store.Reply{}, err
		}
		p.checks.put(token(r), leaf, answerOf{At: head.Time.Unix(), Pledged: pledged})
		return back, nil
	})
}

// orderPledge asks a verifier to state the receivable for this lender.
func (p *Portal) orderPledge(w http.ResponseWriter, r *http.Request, g *Page) (templ.Component, error) {
	ctx := context.WithoutCancel(r.Context())
	f, err := p.acting(ctx, g)
	if err != nil {
		return nil, err
	}
	c, reading, o, err := p.readReceivable(r, g)
	if err != nil {
		return nil, err
	}
	code, err := p.seller(r, f, c.Terms.EnterpriseId)
	if err != nil {
		return nil, err
	}
	verifier, err := parseID(r.FormValue("verifier"))
	if err != nil {
		return nil, err
	}
	leaf := pledging.LeafOf(c.Terms.EnterpriseId, o)
	return nil, p.once(w, r, slices.Concat(fmt.Appendf(nil, "order/%s/%d", code, verifier), leaf), func() (store.Reply, error) {
		made, err := f.Ask(ctx, reading, code, leaf, verifier)
		return store.Reply{Status: http.StatusSeeOther, Location: pledgesPath + "/" + made.ID}, err
	})
}
