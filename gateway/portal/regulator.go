package portal

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/a-h/templ"

	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/xinlian/xinlian/gateway/custody"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	safetyv1 "github.com/xinlian/xinlian/gen/xinlian/safety/v1"
)

// Bounds of a case as it is entered.
const (
	caseNumberBytesMax = 64
	caseDaysMax        = 366
	basisBytesMax      = 2000
)

// regulator lets only a session of a regulator in.
func (p *Portal) regulator(v view) http.HandlerFunc {
	return p.officer(func(w http.ResponseWriter, r *http.Request, g *Page) (templ.Component, error) {
		if g.Kind != orgv1.OrgKind_ORG_KIND_REGULATOR {
			return nil, refuse(http.StatusForbidden, "error.regulator")
		}
		return v(w, r, g)
	})
}

// oversight is what a regulator watches.
type oversight struct {
	Cases     []profilev1.Consent // newest first
	Overdue   []profilev1.DeletionReceipt
	Late      []custody.OverdueRewrap
	Incidents []safetyv1.Incident // open ones
	Now       int64
}

func (p *Portal) cases(_ http.ResponseWriter, r *http.Request, g *Page) (templ.Component, error) {
	ctx := r.Context()
	v, err := p.oversee(ctx)
	if err != nil {
		return nil, err
	}
	q, err := p.Client.Profile.Consents(ctx, &profilev1.QueryConsentsRequest{
		GranteeOrgId: g.Session.OrgID, Purpose: profilev1.Purpose_PURPOSE_SUPERVISION, Pagination: &query.PageRequest{Limit: pageLimit},
	})
	if err != nil {
		return nil, err
	}
	v.Cases = q.Consents
	slices.SortStableFunc(v.Cases, func(a, b profilev1.Consent) int { return int(b.Terms.StartsAt - a.Terms.StartsAt) })
	return casesPage(g, v), nil
}

// oversee reads what is overdue over all enterprises.
func (p *Portal) oversee(ctx context.Context) (v oversight, err error) {
	head, err := p.Client.Head(ctx)
	if err != nil {
		return v, err
	}
	v.Now = head.Time.Unix()
	late, err := p.Client.Profile.OverdueDeletions(ctx, &profilev1.QueryOverdueDeletionsRequest{Pagination: all})
	if err != nil {
		return v, err
	}
	v.Overdue = late.Receipts
	if v.Late, err = custody.OverdueRewraps(ctx, p.Client); err != nil {
		return v, err
	}
	incidents, err := p.Client.Safety.Incidents(ctx, &safetyv1.QueryIncidentsRequest{Pagination: &query.PageRequest{Limit: pageLimit, Reverse: true}})
	if err != nil {
		return v, err
	}
	for _, i := range incidents.Incidents {
		if i.Status == safetyv1.IncidentStatus_INCIDENT_STATUS_OPEN {
			v.Incidents = append(v.Incidents, i)
		}
	}
	return v, nil
}

// draft is a case as it was entered, ready to be signed.
type draft struct {
	Enterprise         uint64
	Number             string
	Categories         []profilev1.Category
	MonthFrom, MonthTo uint32
	ExpiresAt          int64
	Basis              string
	BasisHash          []byte
}

// draftCase keeps the legal basis, of which the chain gets the hash, and shows
// what is to be signed. Nothing is opened yet.
func (p *Portal) draftCase(_ http.ResponseWriter, r *http.Request, g *Page) (templ.Component, error) {
	d, err := readDraft(r, time.Now())
	if err != nil {
		return nil, err
	}
	if o, err := p.org(r.Context(), d.Enterprise); err != nil {
		return nil, err
	} else if o.Kind != orgv1.OrgKind_ORG_KIND_ENTERPRISE {
		return nil, refuse(http.StatusUnprocessableEntity, "error.field", g.T("officer.ask.firm"))
	}
	if err := p.Store.Save(r.Context(), kindBasis, hex.EncodeToString(d.BasisHash), d.Basis); err != nil {
		return nil, err
	}
	return draftPage(g, d), nil
}

func readDraft(r *http.Request, now time.Time) (d draft, err error) {
	bad := func(name string) (draft, error) {
		return draft{}, refuse(http.StatusUnprocessableEntity, "error.field", name)
	}
	if d.Enterprise, err = parseID(r.FormValue("enterprise_id")); err != nil {
		return bad("enterprise_id")
	}
	d.Number = norm.NFC.String(strings.TrimSpace(r.FormValue("case_number")))
	if d.Number == "" || len(d.Number) > caseNumberBytesMax || strings.ContainsFunc(d.Number, func(c rune) bool { return !strconv.IsPrint(c) }) {
		return bad("case_number")
	}
	for _, s := range r.Form["categories"] {
		n, err := strconv.ParseUint(s, 10, 8)
		if err != nil {
			return bad("categories")
		}
		d.Categories = append(d.Categories, profilev1.Category(n))
	}
	if slices.Sort(d.Categories); len(d.Categories) == 0 {
		return bad("categories")
	}
	from, errFrom := time.Parse("2006-01", r.FormValue("month_from"))
	to, errTo := time.Parse("2006-01", r.FormValue("month_to"))
	if errFrom != nil || errTo != nil || to.Before(from) {
		return bad("month_from, month_to")
	}
	d.MonthFrom, d.MonthTo = uint32(from.Year()*100+int(from.Month())), uint32(to.Year()*100+int(to.Month()))
	// The case ends with its day in Shanghai.
	day, err := time.ParseInLocation(time.DateOnly, r.FormValue("expires_on"), shanghai)
	end := day.AddDate(0, 0, 1).Add(-time.Second)
	if err != nil || end.Before(now) || end.After(now.AddDate(0, 0, caseDaysMax)) {
		return bad("expires_on")
	}
	d.ExpiresAt = end.Unix()
	d.Basis = norm.NFC.String(strings.TrimSpace(r.FormValue("basis")))
	if d.Basis == "" || len(d.Basis) > basisBytesMax {
		return bad("basis")
	}
	h := sha256.Sum256([]byte(d.Basis))
	d.BasisHash = h[:]
	return d, nil
}

// categoriesValue writes categories for a form.
func categoriesValue(list []profilev1.Category) string {
	words := make([]string, len(list))
	for i, c := range list {
		words[i] = num(c)
	}
	return strings.Join(words, ",")
}
