package portal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/xinlian/xinlian/gateway/custody"
	"github.com/xinlian/xinlian/gateway/line"
	"github.com/xinlian/xinlian/gateway/vault"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
)

// Rows of the list of reads that a page shows.
const (
	looksShown      = 100
	looksOnDataPage = 5
)

// look is one read of an owner's records as she reads it: who looked at what,
// when, for what, and what became of it.
type look struct {
	vault.Receipt
	Case     string // number of a regulator's case, else empty
	Role     string // of the device, as the catalogue's key; empty where it is unknown
	Purpose  string // published text of the consent's purpose, empty where there is none
	Anchored uint64 // number of the last receipt on chain, 0 while this one is not
}

// lookFilter chooses reads.
type lookFilter struct {
	Org   uint64 // 0: of anybody
	Month string // yyyy-mm in China, empty: any
}

// looked is a list of reads with what its page needs.
type looked struct {
	Away    bool // the custodian's vault is not here
	List    []look
	More    int      // that fit but are not listed
	Orgs    []uint64 // that ever looked, ascending
	Months  []string // with reads, newest first
	Filter  lookFilter
	Overdue []profilev1.DeletionReceipt // of lenders that owe the deletion of copies
}

func (p *Portal) ownerAccess(_ http.ResponseWriter, r *http.Request, g *Page, st state) (templ.Component, error) {
	f := lookFilter{Month: r.FormValue("month")}
	if s := r.FormValue("org"); s != "" {
		var err error
		if f.Org, err = parseID(s); err != nil {
			return nil, err
		}
	}
	l, err := p.looks(r.Context(), st, f, looksShown)
	if err != nil {
		return nil, err
	}
	late, err := p.Client.Profile.OverdueDeletions(r.Context(), &profilev1.QueryOverdueDeletionsRequest{EnterpriseId: st.Org.Id, Pagination: all})
	if err != nil {
		return nil, err
	}
	l.Overdue = late.Receipts
	return accessPage(g, l), nil
}

// looks lists the reads that concern the owner, newest first: of her records, or
// under one of her consents.
func (p *Portal) looks(ctx context.Context, st state, f lookFilter, limit int) (looked, error) {
	l := looked{Filter: f}
	c := p.Custodians[st.Org.CustodianOrgId]
	if c == nil {
		l.Away = true
		return l, nil
	}
	purposes, ids := map[vault.ID]string{}, []vault.ID{}
	for _, k := range st.Consents {
		ids = append(ids, vault.ID(k.Id))
		purposes[vault.ID(k.Id)], _ = line.PurposeText(k.Terms.PurposeTextHash)
	}
	log, roles := c.Vault.Log(), map[string]string{}
	anchored := log.LastAnchored().To
	for _, sequence := range slices.Backward(log.Concerning(st.Org.Id, ids...)) {
		r, err := log.Receipt(sequence)
		if err != nil {
			return l, err
		}
		month := chinaMonth(r.TimeUnix)
		if r.Org != 0 && !slices.Contains(l.Orgs, r.Org) {
			l.Orgs = append(l.Orgs, r.Org)
		}
		if month != "" && !slices.Contains(l.Months, month) {
			l.Months = append(l.Months, month)
		}
		switch {
		case f.Org != 0 && r.Org != f.Org, f.Month != "" && month != f.Month:
			continue
		case len(l.List) == limit:
			l.More++
			continue
		}
		k := look{Receipt: *r, Purpose: purposes[r.Consent]}
		k.Case, _ = strings.CutPrefix(r.Purpose, custody.CasePrefix)
		if k.Case == r.Purpose {
			k.Case = ""
		}
		if sequence <= anchored {
			k.Anchored = anchored
		}
		if k.Role, err = p.roleOf(ctx, r, roles); err != nil {
			return l, err
		}
		l.List = append(l.List, k)
	}
	slices.Sort(l.Orgs)
	return l, nil
}

// roleOf is the role of the device that asked, where its signature held.
func (p *Portal) roleOf(ctx context.Context, r *vault.Receipt, known map[string]string) (string, error) {
	if !r.Verified {
		return "", nil
	}
	if role, ok := known[r.Device]; ok {
		return role, nil
	}
	d, err := p.Client.Org.Device(ctx, &orgv1.QueryDeviceRequest{Address: r.Device})
	if status.Code(err) == codes.NotFound {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("reading device %s: %w", r.Device, err)
	}
	known[r.Device] = d.Device.Role.String()
	return known[r.Device], nil
}

func chinaMonth(unix int64) string {
	if unix == 0 {
		return ""
	}
	return time.Unix(unix, 0).In(shanghai).Format("2006-01")
}

// accessProof sends the proof of one receipt that concerns the owner. Another
// one's is not there for her.
func (p *Portal) accessProof(w http.ResponseWriter, r *http.Request, _ *Page, st state) (templ.Component, error) {
	c := p.Custodians[st.Org.CustodianOrgId]
	sequence, err := strconv.ParseUint(r.PathValue("sequence"), 10, 63)
	if c == nil || err != nil {
		return nil, refuse(http.StatusNotFound, "error.missing")
	}
	var ids []vault.ID
	for _, k := range st.Consents {
		ids = append(ids, vault.ID(k.Id))
	}
	if !slices.Contains(c.Vault.Log().Concerning(st.Org.Id, ids...), sequence) {
		return nil, refuse(http.StatusNotFound, "error.missing")
	}
	a, err := p.exporter.Access(r.Context(), c.Vault.Log(), c.OrgID, sequence)
	if errors.Is(err, vault.ErrNotAnchored) {
		return nil, refuse(http.StatusConflict, "error.anchor.wait")
	}
	if err != nil {
		return nil, err
	}
	return nil, sendJSONFile(w, "xinlian-read-"+num(sequence)+".json", a)
}

// sendJSONFile sends a value as a file to keep.
func sendJSONFile(w http.ResponseWriter, name string, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	_, err = w.Write(append(b, '\n'))
	return err
}

// who is the organisation that looked, as far as it was proven.
func (g *Page) who(k look) string {
	switch {
	case k.Verified && k.Org != 0:
		return g.Org(k.Org)
	case k.Org != 0:
		return g.T("access.claimed", g.Org(k.Org))
	}
	return g.T("access.unknown")
}

// asked is what a read asked for.
func (g *Page) asked(k look) string {
	if len(k.Categories) == 0 {
		return "—"
	}
	list := make([]profilev1.Category, len(k.Categories))
	for i, c := range k.Categories {
		list[i] = profilev1.Category(c)
	}
	return g.categories(list) + " · " + Month(k.Months.From) + " – " + Month(k.Months.To)
}

func (g *Page) lookMoment(k look) string {
	if k.Height == 0 {
		return "—"
	}
	return g.T("access.height", Moment(k.TimeUnix), int64(k.Height))
}

func (g *Page) handed(k look) string {
	if k.Outcome != vault.OutcomeAllowed || k.Records == 0 {
		return g.T("access.given.0")
	}
	return g.T("access.given.n", k.Records)
}

// outcome words an outcome: that it was allowed, or why not.
func (g *Page) outcome(o vault.Outcome) string {
	if o == vault.OutcomeAllowed {
		return g.T("access.allowed")
	}
	return g.T("access.refused") + g.Pick("：", ": ") + g.T("refusal."+num(uint64(o)))
}

func outcomeTone(o vault.Outcome) string {
	if o == vault.OutcomeAllowed {
		return "good"
	}
	return "bad"
}
