package portal

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/xinlian/xinlian/gateway/chain"
	"github.com/xinlian/xinlian/gateway/connector"
	"github.com/xinlian/xinlian/gateway/custody"
	"github.com/xinlian/xinlian/gateway/line"
	attestationv1 "github.com/xinlian/xinlian/gen/xinlian/attestation/v1"
	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/internal/record"
	"github.com/xinlian/xinlian/scorecard"
)

const (
	kindEnterprise = orgv1.OrgKind_ORG_KIND_ENTERPRISE
	kindVerifier   = orgv1.OrgKind_ORG_KIND_VERIFIER
	kindRegulator  = orgv1.OrgKind_ORG_KIND_REGULATOR
)

// Rows that a page shows of long lists; the rest is counted.
const (
	problemsShown = 100
	filesMost     = 200
)

// enum is the catalogue's text of an enum's value, by the value's own name.
func (g *Page) enum(prefix, name, trim string) string {
	return g.T(prefix + "." + strings.ToLower(strings.TrimPrefix(name, trim)))
}

func (g *Page) orgKind(k orgv1.OrgKind) string { return g.enum("orgkind", k.String(), "ORG_KIND_") }
func (g *Page) orgStatus(s orgv1.OrgStatus) string {
	return g.enum("orgstatus", s.String(), "ORG_STATUS_")
}

func (g *Page) deviceRole(r orgv1.DeviceRole) string {
	return g.enum("devicerole", r.String(), "DEVICE_ROLE_")
}

func (g *Page) deviceStatus(s orgv1.DeviceStatus) string {
	return g.enum("devicestatus", s.String(), "DEVICE_STATUS_")
}

func (g *Page) roles(o orgv1.Organisation) string {
	if len(o.Roles) == 0 {
		return g.orgKind(o.Kind)
	}
	names := make([]string, len(o.Roles))
	for i, r := range o.Roles {
		names[i] = g.enum("role", r.String(), "ROLE_")
	}
	return strings.Join(names, g.Pick("、", ", "))
}

func (g *Page) scoreLang() scorecard.Lang {
	if g.Lang == EN {
		return scorecard.English
	}
	return scorecard.Chinese
}

// back is where a reader of an error goes.
func (g *Page) back() string {
	switch {
	case g.Session == nil:
		return "/"
	case g.Path == homeOf(g.Kind):
		return "/"
	}
	return homeOf(g.Kind)
}

func attributes(e chain.Event) [][2]string {
	var list [][2]string
	for k, v := range e.Attributes {
		list = append(list, [2]string{k, strings.Trim(v, `"`)})
	}
	slices.SortFunc(list, func(a, b [2]string) int { return cmp.Compare(a[0], b[0]) })
	return list
}

// title is the owner's own firm where this gateway knows it.
func (st state) title(g *Page) string {
	if st.Firm.Name != "" {
		return st.Firm.Name
	}
	return g.Org(st.Org.Id)
}

func (st state) availableFen() int64 { return max(st.LimitFen()-st.OutstandingFen(), 0) }

// notice is one line of what happened or waits.
type notice struct{ Kind, Label, Words, Href string }

func (g *Page) notices(st state) (list []notice) {
	for _, i := range st.Next {
		if i.Status == loanv1.InstalmentStatus_INSTALMENT_STATUS_LATE {
			list = append(list, notice{"bad", g.T("instalment.late"), g.T("notice.late", i.LoanId, Money(dueFen(i))), "/owner/loans/" + num(i.LoanId)})
		}
	}
	for _, c := range st.Pending() {
		list = append(list, notice{"warn", g.T("notice.waits"), g.T("notice.consent", g.Org(c.Terms.GranteeOrgId), g.purpose(c.Terms.Purpose)), "/owner/consents"})
	}
	for _, o := range st.Offers {
		list = append(list, notice{"good", g.T("notice.offer"), g.T("notice.offer.text", g.Org(o.LenderOrgId), Money(o.PrincipalFen), Moment(o.ExpiresAt)), "/owner/offers/" + num(o.Id)})
	}
	if f, ok := st.Open(); ok {
		list = append(list, notice{"", g.T("notice.works"), g.T("progress.file", g.Org(f.Lender)) + " · " + g.T("stage."+f.Stage), "/owner/progress"})
	} else if len(st.Files) > 0 && st.Files[0].Stage == line.Failed {
		list = append(list, notice{"bad", g.T("progress.failed"), g.fileReason(st.Files[0].Reason), "/owner/progress"})
	}
	return list
}

// stageState is where a stage stands while the file is at another.
func stageState(at, stage string) string {
	i, k := slices.Index(line.Stages, at), slices.Index(line.Stages, stage)
	switch {
	case k < i, at == line.Done:
		return "done"
	case k == i:
		return "now"
	}
	return "open"
}

// fileReason says why a file ended and what to do.
func (g *Page) fileReason(reason string) string {
	if rest, ok := strings.CutPrefix(reason, "refused:"); ok {
		space, number, _ := strings.Cut(rest, "/")
		var code uint32
		if _, err := fmt.Sscan(number, &code); err == nil {
			return g.T("refused.title") + " " + refusalText(g.Lang, space, code, "")
		}
	}
	return g.T("reason." + reason)
}

// consentGroup is a list of consents under one heading.
type consentGroup struct {
	Title    string
	Consents []profilev1.Consent
}

func (g *Page) consentGroups(st state) []consentGroup {
	groups := []consentGroup{{Title: g.T("consents.pending")}, {Title: g.T("consents.live")}, {Title: g.T("consents.past")}}
	for _, c := range slices.Backward(st.Consents) {
		i := 2
		switch {
		case c.Terms.ExpiresAt <= st.Now:
		case c.State == profilev1.ConsentState_CONSENT_STATE_PENDING:
			i = 0
		case c.State == profilev1.ConsentState_CONSENT_STATE_ACTIVE, c.State == profilev1.ConsentState_CONSENT_STATE_PAUSED:
			i = 1
		}
		groups[i].Consents = append(groups[i].Consents, c)
	}
	return groups
}

func expired(c profilev1.Consent, now int64) bool {
	live := c.State == profilev1.ConsentState_CONSENT_STATE_ACTIVE || c.State == profilev1.ConsentState_CONSENT_STATE_PAUSED ||
		c.State == profilev1.ConsentState_CONSENT_STATE_PENDING
	return live && c.Terms.ExpiresAt <= now
}

func (g *Page) consentState(c profilev1.Consent, now int64) string {
	if expired(c, now) {
		return g.T("consentstate.expired")
	}
	return g.consentWord(c.State)
}

func (g *Page) consentWord(s profilev1.ConsentState) string {
	return g.enum("consentstate", s.String(), "CONSENT_STATE_")
}

func consentTone(c profilev1.Consent, now int64) string {
	switch {
	case expired(c, now):
		return ""
	case c.State == profilev1.ConsentState_CONSENT_STATE_ACTIVE:
		return "good"
	case c.State == profilev1.ConsentState_CONSENT_STATE_PENDING, c.State == profilev1.ConsentState_CONSENT_STATE_PAUSED:
		return "warn"
	}
	return ""
}

// consentAction is one thing that the owner may do to a consent now.
type consentAction struct{ Kind, Label, Note, Class string }

// consentActions lists them. To refuse and to revoke is as easy as to grant; what
// cannot be shown in words cannot be granted.
func consentActions(c profilev1.Consent, now int64, shown bool) []consentAction {
	const kind = "/xinlian.profile.v1.Msg"
	if expired(c, now) || c.Terms.Purpose == profilev1.Purpose_PURPOSE_SUPERVISION {
		return nil // a case is not hers to decide on
	}
	var gives, ends []consentAction
	revoke := consentAction{kind + "RevokeConsent", "consent.revoke", "consent.revoke.note", "secondary"}
	switch c.State {
	case profilev1.ConsentState_CONSENT_STATE_PENDING:
		gives = []consentAction{{kind + "GrantConsent", "consent.grant", "consent.grant.note", ""}}
		ends = []consentAction{{kind + "RefuseConsent", "consent.refuse", "consent.refuse.note", "secondary"}}
	case profilev1.ConsentState_CONSENT_STATE_ACTIVE:
		ends = []consentAction{{kind + "PauseConsent", "consent.pause", "consent.pause.note", "secondary"}, revoke}
	case profilev1.ConsentState_CONSENT_STATE_PAUSED:
		gives = []consentAction{{kind + "ResumeConsent", "consent.resume", "consent.resume.note", ""}}
		ends = []consentAction{revoke}
	}
	if !shown {
		return ends
	}
	return append(gives, ends...)
}

// amendable tells whether the owner may narrow a consent now.
func amendable(c profilev1.Consent, now int64) bool {
	open := c.State == profilev1.ConsentState_CONSENT_STATE_PENDING || c.State == profilev1.ConsentState_CONSENT_STATE_ACTIVE ||
		c.State == profilev1.ConsentState_CONSENT_STATE_PAUSED
	return open && !expired(c, now) && c.Terms.Purpose != profilev1.Purpose_PURPOSE_SUPERVISION
}

func (g *Page) purpose(p profilev1.Purpose) string { return g.enum("purpose", p.String(), "PURPOSE_") }

// purposeName words the name of a purpose in a receipt; an unknown one was
// claimed by a refused request and is shown as it came.
func (g *Page) purposeName(name string) string {
	if strings.HasPrefix(name, custody.CasePrefix) {
		name = strings.TrimSuffix(custody.CasePrefix, ":")
	}
	if known("purpose." + name) {
		return g.T("purpose." + name)
	}
	return name
}

func (g *Page) categories(list []profilev1.Category) string {
	names := make([]string, len(list))
	for i, c := range list {
		names[i] = record.Category(c).String()
		for _, k := range record.Categories {
			if k.Category == record.Category(c) {
				names[i] = g.Pick(k.ZH, k.EN)
			}
		}
	}
	return strings.Join(names, g.Pick("、", ", "))
}

func (g *Page) frequency(t profilev1.ConsentTerms) string {
	return g.T("fetch."+strings.ToLower(strings.TrimPrefix(t.FetchUnit.String(), "FETCH_UNIT_")), t.FetchLimit)
}

func (g *Page) keeping(t profilev1.ConsentTerms) string {
	if t.Mode == profilev1.Mode_MODE_STORE {
		return g.T("mode.store", t.RetentionDays)
	}
	if t.Mode == profilev1.Mode_MODE_QUERY {
		return g.T("mode.query")
	}
	return g.T("mode.view")
}

func (g *Page) filter(fen int64) string {
	if fen == 0 {
		return g.T("consent.filter.none")
	}
	return g.T("consent.filter.min", Money(fen))
}

func (g *Page) schema(id string) string {
	if s, ok := record.Latest(id); ok {
		return g.Pick(s.ZH, s.EN)
	}
	return id
}

func gradeName(grade uint32) string {
	if grade == 0 || grade > 4 {
		return "—"
	}
	return string(rune('A' + grade - 1))
}

func (g *Page) grade(q attestationv1.Grade) string { return g.T("grade", gradeName(uint32(q))) }

func gradeTone(q attestationv1.Grade) string {
	switch q {
	case attestationv1.Grade_GRADE_A, attestationv1.Grade_GRADE_B:
		return "good"
	case attestationv1.Grade_GRADE_C:
		return "warn"
	}
	return "bad"
}

func stands(a attestationv1.Attestation, now int64) bool {
	return a.Status == attestationv1.Status_STATUS_LIVE && a.ExpiresAt > now
}

func attestationTone(a attestationv1.Attestation, now int64) string {
	switch {
	case !stands(a, now):
		return ""
	case a.Verdict == attestationv1.Verdict_VERDICT_CONSISTENT:
		return "good"
	}
	return "bad"
}

func (g *Page) attestation(a attestationv1.Attestation, now int64) string {
	switch {
	case !stands(a, now):
		return g.T("attestation.ended")
	case a.Verdict == attestationv1.Verdict_VERDICT_CONSISTENT:
		return g.T("attestation.consistent")
	}
	return g.T("attestation.inconsistent")
}

func (g *Page) attestationKind(k attestationv1.Kind) string {
	return g.enum("attestationkind", k.String(), "KIND_")
}

// filesShown puts files with problems first.
func filesShown(list []connector.Summary) []connector.Summary {
	sorted := slices.Clone(list)
	slices.SortStableFunc(sorted, func(a, b connector.Summary) int { return order(a.Refused == 0) - order(b.Refused == 0) })
	return sorted[:min(len(sorted), filesMost)]
}

// byFormat sums files up by format, the number of files in place of a name.
func byFormat(list []connector.Summary) []connector.Summary {
	var sums []connector.Summary
	counts := map[string]int{}
	for _, f := range list {
		i := slices.IndexFunc(sums, func(s connector.Summary) bool { return s.Format == f.Format })
		if i < 0 {
			i = len(sums)
			sums = append(sums, connector.Summary{Format: f.Format})
		}
		counts[f.Format]++
		sums[i].Records += f.Records
		sums[i].Refused += f.Refused
		sums[i].Notes += f.Notes
	}
	for i := range sums {
		sums[i].File = num(counts[sums[i].Format])
	}
	slices.SortFunc(sums, func(a, b connector.Summary) int { return cmp.Compare(a.Format, b.Format) })
	return sums
}

func (g *Page) format(name string) string {
	if name == "" {
		return g.T("uploaded.unknown")
	}
	return name
}

func (g *Page) row(e connector.RowError) string {
	switch {
	case e.Row == 0:
		return g.T("problem.document")
	case e.Line > 0 && e.Line != e.Row:
		return g.T("problem.rowline", e.Row, e.Line)
	}
	return num(e.Row)
}

func (g *Page) rule(e connector.RowError) string {
	t, ok := e.Rule.Text()
	if !ok {
		return string(e.Rule)
	}
	return g.Pick(t.ZH, t.EN)
}

func (g *Page) remedy(e connector.RowError) string {
	t, _ := e.Rule.Text()
	return g.Pick(t.RemedyZH, t.RemedyEN)
}
