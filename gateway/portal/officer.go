package portal

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/a-h/templ"

	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/xinlian/xinlian/gateway/check"
	"github.com/xinlian/xinlian/gateway/desk"
	"github.com/xinlian/xinlian/gateway/line"
	"github.com/xinlian/xinlian/gateway/scoring"
	"github.com/xinlian/xinlian/gateway/store"
	"github.com/xinlian/xinlian/gateway/vault"
	attestationv1 "github.com/xinlian/xinlian/gen/xinlian/attestation/v1"
	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
	"github.com/xinlian/xinlian/internal/wire"
	"github.com/xinlian/xinlian/scorecard"
)

func (p *Portal) officerRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /officer", p.officer(p.inbox))
	mux.HandleFunc("GET /officer/applications/{id}", p.officer(p.officerApplication))
	mux.HandleFunc("GET /officer/loans/{id}", p.officer(p.officerLoan))
	mux.HandleFunc("GET /officer/loans/{id}/bundle", p.officer(p.officerBundle))
	mux.HandleFunc("GET /officer/portfolio", p.officer(p.portfolio))
	mux.HandleFunc("GET /officer/consents", p.officer(p.officerConsents))
	mux.HandleFunc("POST /officer/consents", p.officer(p.askConsent))
	mux.HandleFunc("GET /officer/consents/{id}", p.officer(p.officerConsent))
	mux.HandleFunc("POST /officer/read", p.officer(p.hostedRead))
	mux.HandleFunc("GET /officer/corrections", p.officer(p.corrections))
	mux.HandleFunc("GET /officer/status", p.officer(p.operatorStatus))
	mux.HandleFunc("GET /regulator", p.regulator(p.cases))
	mux.HandleFunc("POST /regulator/cases", p.regulator(p.draftCase))
}

// officer lets only a session of a member organisation in.
func (p *Portal) officer(v view) http.HandlerFunc {
	return p.page(func(w http.ResponseWriter, r *http.Request, g *Page) (templ.Component, error) {
		if g.Session == nil || g.Kind == orgv1.OrgKind_ORG_KIND_ENTERPRISE {
			http.Redirect(w, r, "/", http.StatusSeeOther)
			return nil, nil
		}
		return v(w, r, g)
	})
}

func (p *Portal) inbox(_ http.ResponseWriter, r *http.Request, g *Page) (templ.Component, error) {
	o, err := p.org(r.Context(), g.Session.OrgID)
	if err != nil {
		return nil, err
	}
	q, err := p.Client.Loan.Applications(r.Context(), &loanv1.QueryApplicationsRequest{LenderOrgId: o.Id, Pagination: &query.PageRequest{Limit: pageLimit, Reverse: true}})
	if err != nil {
		return nil, err
	}
	// What waits for a person comes first, then the newest.
	slices.SortStableFunc(q.Applications, func(a, b loanv1.Application) int {
		return cmp.Or(order(!waits(a))-order(!waits(b)), cmp.Compare(b.Id, a.Id))
	})
	return inboxPage(g, o, q.Applications), nil
}

// waits tells whether a person's turn to decide has come and not gone.
func waits(a loanv1.Application) bool {
	n := len(a.Reviews)
	return n > 0 && a.Reviews[n-1].DecidedAt == 0 && !a.Overtaken
}

// appealable tells whether the enterprise may appeal, as far as the row says.
func appealable(a loanv1.Application) bool {
	appealed := slices.ContainsFunc(a.Reviews, func(r loanv1.Review) bool { return r.Appeal != nil })
	late := waits(a) && a.Reviews[len(a.Reviews)-1].Overdue
	return !appealed && !a.Overtaken && (late || a.Decision.Outcome == loanv1.Outcome_OUTCOME_DECLINED)
}

// caseView is an application with everything an officer decides on.
type caseView struct {
	Application loanv1.Application
	Product     loanv1.Product
	Template    loanv1.TemplateTerms
	Score       scorev1.Score
	Consent     profilev1.Consent
	Holdings    []holding
	Attested    []attestationv1.Attestation
	Grade       attestationv1.Grade
	Brief       *briefView // to sign for, or signed for; nil where neither is here
	Opened      *openedView
}

// openedView is what the officer sees of opened records.
type openedView struct {
	Records    int
	BySchema   map[string]int
	Flows      []Flow
	Findings   []check.Finding
	Receipt    vault.Receipt
	FeatureSet uint32
	Features   []scorecard.Value
	Reasons    []scorecard.Reason
	Recomputed scorecard.Result
	Agrees     bool // the chain's score is what the records give
}

func (p *Portal) officerApplication(_ http.ResponseWriter, r *http.Request, g *Page) (templ.Component, error) {
	v, err := p.caseView(r, g)
	if err != nil {
		return nil, err
	}
	return casePage(g, v), nil
}

func (p *Portal) caseView(r *http.Request, g *Page) (v caseView, err error) {
	ctx := r.Context()
	id, err := parseID(r.PathValue("id"))
	if err != nil {
		return v, err
	}
	a, err := p.Client.Loan.Application(ctx, &loanv1.QueryApplicationRequest{Id: id})
	if err != nil {
		return v, err
	}
	if v.Application = a.Application; v.Application.LenderOrgId != g.Session.OrgID {
		return v, refuse(http.StatusNotFound, "error.missing")
	}
	prod, err := p.Client.Loan.Product(ctx, &loanv1.QueryProductRequest{Id: v.Application.ProductId})
	if err != nil {
		return v, err
	}
	v.Product = prod.Product
	t, err := p.Client.Loan.Template(ctx, &loanv1.QueryTemplateRequest{TemplateHash: v.Product.Terms.TemplateHash})
	if err != nil {
		return v, err
	}
	v.Template = t.Template.Terms
	s, err := p.Client.Score.Score(ctx, &scorev1.QueryScoreRequest{ScoreId: v.Application.ScoreId})
	if err != nil {
		return v, err
	}
	v.Score = s.Score
	c, err := p.Client.Profile.Consent(ctx, &profilev1.QueryConsentRequest{ConsentId: v.Application.ConsentId})
	if err != nil {
		return v, err
	}
	v.Consent = c.Consent
	if err := p.verification(ctx, &v); err != nil {
		return v, err
	}
	if waits(v.Application) {
		v.Brief, err = p.briefOf(ctx, v.Application.Id)
	} else {
		v.Brief, err = p.signedBrief(ctx, v.Application.Decision)
	}
	if err != nil {
		return v, err
	}
	if reading, ok := p.readings.find(token(r), v.Consent.Id); ok {
		v.Opened, err = p.openedView(ctx, reading, v.Score)
	}
	return v, err
}

// verification reads what the chain knows of the enterprise's data.
func (p *Portal) verification(ctx context.Context, v *caseView) error {
	id := v.Application.EnterpriseId
	streams, err := p.Client.Profile.Streams(ctx, &profilev1.QueryStreamsRequest{EnterpriseId: id, Pagination: all})
	if err != nil {
		return err
	}
	batches, err := p.Client.Profile.Batches(ctx, &profilev1.QueryBatchesRequest{EnterpriseId: id, Pagination: all})
	if err != nil {
		return err
	}
	v.Holdings = holdings(streams.Streams, batches.Batches)
	attested, err := p.Client.Attestation.Attestations(ctx, &attestationv1.QueryAttestationsRequest{EnterpriseId: id, Pagination: all})
	if err != nil {
		return err
	}
	v.Attested = attested.Attestations
	quality, err := p.Client.Attestation.Quality(ctx, &attestationv1.QueryQualityRequest{EnterpriseId: id})
	if err != nil {
		return err
	}
	v.Grade = quality.Grade
	return nil
}

// openedView computes everything again from the records that the lender opened
// itself: flows, checks, features, and the score to the point.
func (p *Portal) openedView(ctx context.Context, r desk.Reading, score scorev1.Score) (*openedView, error) {
	records := r.Records()
	o := &openedView{
		Records: len(records), BySchema: map[string]int{}, Flows: flowsOf(records), Findings: check.Run(records), Receipt: r.Receipt,
	}
	for _, rec := range records {
		o.BySchema[rec.Schema.ID]++
	}
	model, err := p.Line.ModelOf(ctx, score.ModelHash)
	if err != nil {
		return nil, err
	}
	on := scoring.Basis{Version: model.FeatureSet, Enterprise: score.EnterpriseId, AsOfDay: int64(score.AsOfDay)}
	x, err := scoring.Extract(ctx, p.Client, on, r.Opened)
	if err != nil {
		return nil, err
	}
	o.FeatureSet, o.Features = model.FeatureSet, x.Features
	if o.Recomputed, err = model.Evaluate(o.Features); err != nil {
		return nil, err
	}
	if o.Reasons, err = model.Explain(o.Features); err != nil {
		return nil, err
	}
	o.Agrees = o.Recomputed.Score == score.Score && o.Recomputed.CapacityFen == score.CapacityFen
	return o, nil
}

// prepareRead makes the request that the officer's passkey signs.
func (p *Portal) prepareRead(_ http.ResponseWriter, r *http.Request) (any, error) {
	s, err := p.visitor(r)
	if err != nil {
		return nil, err
	}
	var in map[string]string
	if err := readJSON(r, &in); err != nil {
		return nil, err
	}
	if in["purpose"] == vault.PurposeExport {
		req, err := p.exportRequest(r.Context(), s)
		if err != nil {
			return nil, err
		}
		return p.encodedRequest(r.Context(), req)
	}
	d := p.Desks[s.OrgID]
	if d == nil {
		return nil, refuse(http.StatusConflict, "error.desk")
	}
	id, err := parseHash(in["consent_id"])
	if err != nil {
		return nil, err
	}
	req, err := d.Request(r.Context(), s.Device, id)
	if err != nil {
		return nil, err
	}
	return p.encodedRequest(r.Context(), req)
}

// read takes the signed request to the vault and keeps what it opens for the
// officer's session, in memory.
func (p *Portal) read(_ http.ResponseWriter, r *http.Request) (any, error) {
	s, err := p.visitor(r)
	if err != nil {
		return nil, err
	}
	var in struct {
		Request   string `json:"request"`
		Signature string `json:"signature"`
	}
	if err := readJSON(r, &in); err != nil {
		return nil, err
	}
	raw, err := base64.StdEncoding.DecodeString(in.Request)
	if err != nil {
		return nil, problem{status: http.StatusBadRequest, key: "error.request", cause: err}
	}
	signature, err := base64.StdEncoding.DecodeString(in.Signature)
	if err != nil {
		return nil, problem{status: http.StatusBadRequest, key: "error.request", cause: err}
	}
	req, err := vault.DecodeReadRequest(raw)
	if err != nil {
		return nil, problem{status: http.StatusBadRequest, key: "error.request", cause: err}
	}
	if req.Purpose == vault.PurposeExport {
		return map[string]string{"location": exportPath}, p.takeOut(r, s, *req, signature)
	}
	d := p.Desks[s.OrgID]
	if d == nil || req.Device != s.Device {
		return nil, refuse(http.StatusConflict, "error.desk")
	}
	reading, err := d.Deliver(r.Context(), *req, signature)
	if err != nil {
		return nil, err
	}
	p.readings.put(token(r), req.Consent[:], reading)
	back, err := p.caseOf(r.Context(), s, req.Consent[:])
	return map[string]string{"location": back}, err
}

// caseOf is the page of the application under a consent, or the page of the consent.
func (p *Portal) caseOf(ctx context.Context, s store.Session, consent []byte) (string, error) {
	q, err := p.Client.Loan.Applications(ctx, &loanv1.QueryApplicationsRequest{LenderOrgId: s.OrgID, Pagination: &query.PageRequest{Limit: pageLimit, Reverse: true}})
	if err != nil {
		return "", err
	}
	for _, a := range q.Applications {
		if string(a.ConsentId) == string(consent) {
			return "/officer/applications/" + num(a.Id) + "#records", nil
		}
	}
	return "/officer/consents/" + hex.EncodeToString(consent), nil
}

// hostedRead opens records with the software key of a hosted desk.
func (p *Portal) hostedRead(w http.ResponseWriter, r *http.Request, g *Page) (templ.Component, error) {
	device := p.hosted(g.Session.OrgID)
	d := p.Desks[g.Session.OrgID]
	if !g.Session.Hosted || device == nil || d == nil || wire.Address(device) != g.Session.Device {
		return nil, refuse(http.StatusForbidden, "error.hosted")
	}
	id, err := parseHash(r.FormValue("consent_id"))
	if err != nil {
		return nil, err
	}
	reading, err := d.Open(r.Context(), device, id)
	if err != nil {
		return nil, err
	}
	p.readings.put(token(r), id, reading)
	back, err := p.caseOf(r.Context(), *g.Session, id)
	if err != nil {
		return nil, err
	}
	http.Redirect(w, r, back, http.StatusSeeOther)
	return nil, nil
}

func (p *Portal) officerConsents(_ http.ResponseWriter, r *http.Request, g *Page) (templ.Component, error) {
	q, err := p.Client.Profile.Consents(r.Context(), &profilev1.QueryConsentsRequest{GranteeOrgId: g.Session.OrgID, Pagination: &query.PageRequest{Limit: pageLimit, Reverse: true}})
	if err != nil {
		return nil, err
	}
	key, err := randomKey()
	return officerConsentsPage(g, q.Consents, key), err
}

// consentView is a consent as its grantee sees it, with what was opened under it.
type consentView struct {
	Consent profilev1.Consent
	Text    string // empty where nobody here knows it
	Journal []profilev1.ConsentEntry
	Opened  []*vault.Opened
	Receipt vault.Receipt
	Now     int64
	Device  string // of the session
}

// officerConsent is one consent, or case, of the session's organisation.
func (p *Portal) officerConsent(_ http.ResponseWriter, r *http.Request, g *Page) (templ.Component, error) {
	ctx := r.Context()
	id, err := parseHash(r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	c, err := p.Client.Profile.Consent(ctx, &profilev1.QueryConsentRequest{ConsentId: id})
	if err != nil {
		return nil, err
	}
	if c.Consent.Terms.GranteeOrgId != g.Session.OrgID {
		return nil, refuse(http.StatusNotFound, "error.missing")
	}
	v := consentView{Consent: c.Consent, Device: g.Session.Device}
	texts, err := p.consentTexts(ctx, []profilev1.Consent{c.Consent})
	if err != nil {
		return nil, err
	}
	v.Text = texts[string(c.Consent.Id)]
	j, err := p.Client.Profile.ConsentJournal(ctx, &profilev1.QueryConsentJournalRequest{ConsentId: id, Pagination: all})
	if err != nil {
		return nil, err
	}
	v.Journal = j.Entries
	if reading, ok := p.readings.find(token(r), id); ok {
		v.Opened, v.Receipt = reading.Opened, reading.Receipt
	}
	head, err := p.Client.Head(ctx)
	v.Now = head.Time.Unix()
	return officerConsentPage(g, v), err
}

// askConsent sends a request for consent by the desk's service. What is asked
// for is what the enterprise has anchored.
func (p *Portal) askConsent(w http.ResponseWriter, r *http.Request, g *Page) (templ.Component, error) {
	d := p.Desks[g.Session.OrgID]
	if d == nil {
		return nil, refuse(http.StatusConflict, "error.desk")
	}
	enterprise, err := parseID(r.FormValue("enterprise_id"))
	if err != nil {
		return nil, err
	}
	purpose, ok := profilev1.Purpose_value["PURPOSE_"+r.FormValue("purpose")]
	if !ok || purpose == 0 {
		return nil, refuse(http.StatusUnprocessableEntity, "error.field", "purpose")
	}
	q := line.Request{Enterprise: enterprise, Purpose: profilev1.Purpose(purpose)}
	if mode := r.FormValue("mode"); mode != "" {
		value, ok := profilev1.Mode_value["MODE_"+mode]
		if !ok || value == 0 {
			return nil, refuse(http.StatusUnprocessableEntity, "error.field", "mode")
		}
		q.Mode = profilev1.Mode(value)
	}
	if days := r.FormValue("retention_days"); days != "" {
		n, err := strconv.ParseUint(days, 10, 16)
		if err != nil {
			return nil, refuse(http.StatusUnprocessableEntity, "error.field", "retention_days")
		}
		q.RetentionDays = uint32(n)
	}
	if renews := r.FormValue("renews"); renews != "" {
		if q.Renews, err = parseHash(renews); err != nil {
			return nil, err
		}
	}
	request := fmt.Sprint(q.Enterprise, q.Purpose, q.Mode, q.RetentionDays, hex.EncodeToString(q.Renews))
	return nil, p.once(w, r, []byte(request), func() (store.Reply, error) {
		return store.Reply{Status: http.StatusSeeOther, Location: "/officer/consents"}, p.Line.Ask(r.Context(), d, q)
	})
}

func (p *Portal) officerLoan(_ http.ResponseWriter, r *http.Request, g *Page) (templ.Component, error) {
	id, err := parseID(r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	v, err := p.loanView(r.Context(), id)
	if err != nil {
		return nil, err
	}
	if v.Loan.LenderOrgId != g.Session.OrgID {
		return nil, refuse(http.StatusNotFound, "error.missing")
	}
	head, err := p.Client.Head(r.Context())
	v.Now = head.Time.Unix()
	return loanPage(g, v), err
}

func (p *Portal) officerBundle(w http.ResponseWriter, r *http.Request, g *Page) (templ.Component, error) {
	id, err := parseID(r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	l, err := p.Client.Loan.Loan(r.Context(), &loanv1.QueryLoanRequest{Id: id})
	if err != nil {
		return nil, err
	}
	if l.Loan.LenderOrgId != g.Session.OrgID {
		return nil, refuse(http.StatusNotFound, "error.missing")
	}
	return nil, p.sendBundle(w, r, l.Loan, false)
}
