package cash

import (
	"context"

	"cosmossdk.io/collections"

	cashv1 "github.com/xinlian/xinlian/gen/xinlian/cash/v1"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
)

// ReportBalance compares the bank balance behind an issuer's deposits with the chain.
func (s msgServer) ReportBalance(ctx context.Context, m *cashv1.MsgReportBalance) (*cashv1.MsgReportBalanceResponse, error) {
	if err := checkHash("statement_hash", m.StatementHash); err != nil {
		return nil, err
	}
	org, _, err := s.k.orgs.Acting(ctx, m.Device, m.OrgId)
	if err != nil {
		return nil, err
	}
	if err := checkRole(org, orgv1.Role_ROLE_ISSUER); err != nil {
		return nil, err
	}
	standing, err := s.k.standing(ctx, m.OrgId)
	if err != nil {
		return nil, err
	}
	if err := checkDay(standing, m.Day, dayOf(blockTime(ctx))); err != nil {
		return nil, err
	}
	params, err := s.k.params.Get(ctx)
	if err != nil {
		return nil, err
	}
	total, err := s.k.totalAt(ctx, m.OrgId, m.Day)
	if err != nil {
		return nil, err
	}
	row, err := compare(cashv1.BalanceReport{
		IssuerOrgId: m.OrgId, Day: m.Day, BalanceFen: m.BalanceFen,
		UnissuedFen: m.UnissuedFen, UnsettledFen: m.UnsettledFen, StatementHash: m.StatementHash,
	}, total, params.DifferenceFenMax)
	if err != nil {
		return nil, err
	}
	standing = reported(standing, row)
	if err := s.k.reports.Set(ctx, collections.Join(m.OrgId, m.Day), row); err != nil {
		return nil, err
	}
	if err := s.k.standings.Set(ctx, m.OrgId, standing); err != nil {
		return nil, err
	}
	return &cashv1.MsgReportBalanceResponse{DifferenceFen: row.DifferenceFen}, emit(ctx, &cashv1.EventBalanceReported{
		IssuerOrgId: m.OrgId, Day: m.Day, Status: row.Status, DifferenceFen: row.DifferenceFen,
		StopsOnDay: stopsOn(standing, params),
	})
}

// ClearDifference lets an issuer issue again. A report that differs starts the
// count of days anew.
func (s msgServer) ClearDifference(ctx context.Context, m *cashv1.MsgClearDifference) (*cashv1.MsgClearDifferenceResponse, error) {
	if m.Authority != s.k.authority {
		return nil, ErrUnauthorised.Wrap("only the council clears a difference")
	}
	standing, found, err := lookup(s.k.standings.Get(ctx, m.IssuerOrgId))
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, ErrNotFound.Wrapf("organisation %d has issued nothing", m.IssuerOrgId)
	}
	standing.DiffersSince = 0
	standing.ClearedDay = dayOf(blockTime(ctx))
	if err := s.k.standings.Set(ctx, m.IssuerOrgId, standing); err != nil {
		return nil, err
	}
	return &cashv1.MsgClearDifferenceResponse{}, emit(ctx, &cashv1.EventDifferenceCleared{IssuerOrgId: m.IssuerOrgId})
}
