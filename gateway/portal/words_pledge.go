package portal

import (
	"github.com/xinlian/xinlian/gateway/pledging"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	pledgev1 "github.com/xinlian/xinlian/gen/xinlian/pledge/v1"
)

// pledges tells whether the session's organisation works on receivables here.
func (g *Page) pledges() bool {
	works := g.Kind == orgv1.OrgKind_ORG_KIND_BANK || g.Kind == kindVerifier
	return works && g.p != nil && g.p.Offices[g.Session.OrgID] != nil
}

func (g *Page) pledgeState(s pledging.State) string { return g.T("pledgestate." + string(s)) }

func pledgeTone(s pledging.State) string {
	switch s {
	case pledging.StatePledged:
		return "good"
	case pledging.StateAsked, pledging.StateAttested:
		return "warn"
	case pledging.StateDeclined:
		return "bad"
	}
	return ""
}

func (g *Page) pledgeStatus(s pledgev1.PledgeStatus) string {
	return g.enum("pledgestatus", s.String(), "PLEDGE_STATUS_")
}

func pledgeStatusTone(s pledgev1.PledgeStatus) string {
	switch s {
	case pledgev1.PledgeStatus_PLEDGE_STATUS_LIVE:
		return "warn"
	case pledgev1.PledgeStatus_PLEDGE_STATUS_VOID:
		return "bad"
	}
	return ""
}

// otherOrg is the other side of an order at a desk: its verifier for the lender, and
// the other way round.
func (g *Page) otherOrg(o pledging.Order) uint64 {
	if o.Lender == g.Session.OrgID {
		return o.Verifier
	}
	return o.Lender
}

func (g *Page) otherSide(o pledging.Order) string {
	if o.Lender == g.Session.OrgID {
		return g.T("pledge.verifier")
	}
	return g.T("pledge.lender")
}
