package portal

import (
	"strconv"
	"strings"
	"time"

	attestationv1 "github.com/xinlian/xinlian/gen/xinlian/attestation/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/internal/record"
)

// providers words the sources of a consent; an empty list is all of them.
func (g *Page) providers(list []profilev1.Provider) string {
	if len(list) == 0 {
		return g.T("consent.providers.all")
	}
	words := make([]string, len(list))
	for i, p := range list {
		words[i] = g.T("consent.declared")
		if p.OrgId != 0 {
			words[i] = g.Org(p.OrgId)
		}
		if p.Source != "" {
			words[i] += " · " + p.Source
		}
	}
	return strings.Join(words, g.Pick("、", ", "))
}

// schemas words the kinds of record of a consent; an empty list is any.
func (g *Page) schemas(list []string) string {
	if len(list) == 0 {
		return g.T("consent.schemas.any")
	}
	words := make([]string, len(list))
	for i, id := range list {
		words[i] = g.schema(id)
	}
	return strings.Join(words, g.Pick("、", ", "))
}

// earlier lists ends that an owner may choose instead of a consent's own.
func earlier(end, now int64) (list []int64) {
	for _, days := range []int{7, 30, 90, 180} {
		day := time.Unix(now, 0).In(shanghai).AddDate(0, 0, days)
		at := time.Date(day.Year(), day.Month(), day.Day(), 23, 59, 59, 0, shanghai).Unix()
		if at < end {
			list = append(list, at)
		}
	}
	return list
}

func (v consentView) title(g *Page) string {
	if v.Consent.Terms.CaseNumber != "" {
		return g.T("case.number", v.Consent.Terms.CaseNumber)
	}
	return g.T("officer.consents")
}

func (v consentView) readable() bool {
	return v.Consent.State == profilev1.ConsentState_CONSENT_STATE_ACTIVE && v.Consent.Terms.ExpiresAt > v.Now
}

func (v consentView) confirmable() bool {
	return v.Consent.State == profilev1.ConsentState_CONSENT_STATE_PENDING && v.Consent.Terms.ExpiresAt > v.Now
}

// recordsShown bounds the rows of one kind on a page.
const recordsShown = 200

// recordKind is the records of one schema as a page shows them.
type recordKind struct {
	Schema *record.Schema
	Count  int
	Rows   [][]string
}

func (v consentView) kinds() (list []recordKind) {
	at := map[*record.Schema]int{}
	for _, o := range v.Opened {
		i, ok := at[o.Record.Schema]
		if !ok {
			i = len(list)
			at[o.Record.Schema] = i
			list = append(list, recordKind{Schema: o.Record.Schema})
		}
		if list[i].Count++; len(list[i].Rows) < recordsShown {
			list[i].Rows = append(list[i].Rows, cells(o.Record))
		}
	}
	return list
}

// cells are a record's values as people read them; a missing one stays empty.
func cells(r *record.Record) []string {
	list := make([]string, len(r.Values))
	for i, v := range r.Values {
		f := r.Schema.Fields[i]
		switch {
		case !v.Present:
		case f.Type == record.Text:
			list[i] = v.Text
		case f.Type == record.Amount:
			list[i] = Money(v.Int)
		case f.Type == record.Date:
			list[i] = DayNumber(v.Int)
		case f.Type == record.Code && v.Int >= 1 && int(v.Int) <= len(f.Codes):
			list[i] = f.Codes[v.Int-1]
		default:
			list[i] = strconv.FormatInt(v.Int, 10)
		}
	}
	return list
}

// renewable tells whether a grantee may ask to continue a consent: one that the
// owner had granted and that time has ended or will.
func renewable(c profilev1.Consent) bool {
	granted := c.State == profilev1.ConsentState_CONSENT_STATE_ACTIVE || c.State == profilev1.ConsentState_CONSENT_STATE_EXPIRED
	return granted && c.Terms.Purpose != profilev1.Purpose_PURPOSE_SUPERVISION
}

// purposeKey is a purpose as forms name it.
func purposeKey(p profilev1.Purpose) string { return strings.TrimPrefix(p.String(), "PURPOSE_") }

func disputeTone(s attestationv1.DisputeStatus) string {
	if s == attestationv1.DisputeStatus_DISPUTE_STATUS_OPEN {
		return "warn"
	}
	return ""
}

func (g *Page) disputeStatus(s attestationv1.DisputeStatus) string {
	return g.enum("dispute", s.String(), "DISPUTE_STATUS_")
}

func (g *Page) late(a anchoring) string {
	if a.Late() {
		return g.T("status.islate")
	}
	return g.T("status.intime")
}

// operates tells whether the session may see how the gateway does.
func (g *Page) operates() bool {
	return g.Kind == kindRegulator || g.p != nil && g.p.Custodians[g.Session.OrgID] != nil
}
