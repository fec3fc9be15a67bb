package cash

import (
	"cmp"
	"context"

	"cosmossdk.io/collections"

	cashv1 "github.com/xinlian/xinlian/gen/xinlian/cash/v1"
)

func validateMandates(gs *cashv1.GenesisState) error {
	for i, m := range gs.Mandates {
		if m.Id != uint64(i)+1 {
			return ErrGenesis.Wrapf("mandates[%d]: id %d, want %d", i, m.Id, i+1)
		}
		if err := checkMandateRow(m); err != nil {
			return ErrGenesis.Wrapf("mandates[%d]: %v", i, err)
		}
	}
	return nil
}

// checkMandateRow checks the terms, and that the uses are within them.
func checkMandateRow(m cashv1.Mandate) error {
	if m.PayerOrgId == 0 || m.PayeeOrgId == 0 || m.StartsAt < 1 || m.StartsAt > TimeCeiling {
		return ErrField.Wrap("organisation or start missing")
	}
	if err := checkMandate(m); err != nil {
		return err
	}
	switch {
	case m.RevokedAt < 0 || m.Period < 0 || m.Period > (m.ExpiresAt-1-m.StartsAt)/m.PeriodSeconds:
		return ErrField.Wrap("revocation or period out of bounds")
	case m.PeriodUsedFen < 0 || m.PeriodUsedFen > m.PeriodFenMax || m.PeriodUsedCount > m.PeriodCountMax:
		return ErrField.Wrap("a period's use above its limits")
	case m.UsedFen < m.PeriodUsedFen || m.UsedCount < uint64(m.PeriodUsedCount):
		return ErrField.Wrap("a period's use above the whole")
	case uint64(m.PeriodUsedFen) < uint64(m.PeriodUsedCount) || m.UsedFen < 0 || uint64(m.UsedFen) < m.UsedCount:
		return ErrField.Wrap("more debits than fen")
	}
	return nil
}

func validatePayments(gs *cashv1.GenesisState) error {
	for i, p := range gs.Payments {
		if i > 0 && gs.Payments[i-1].Id >= p.Id {
			return ErrGenesis.Wrapf("payments[%d]: out of order", i)
		}
		if p.Id == 0 || p.Id > gs.LastPaymentId {
			return ErrGenesis.Wrapf("payments[%d]: id %d, the last one given is %d", i, p.Id, gs.LastPaymentId)
		}
		if err := checkPaymentRow(p, gs.Mandates); err != nil {
			return ErrGenesis.Wrapf("payments[%d]: %v", i, err)
		}
	}
	return nil
}

func checkPaymentRow(p cashv1.Payment, mandates []cashv1.Mandate) error {
	if p.PayerOrgId == 0 || p.PayeeOrgId == 0 || p.PayerOrgId == p.PayeeOrgId || p.AmountFen < 1 {
		return ErrField.Wrap("organisation or amount missing")
	}
	if p.ReturnedFen < 0 || p.ReturnedFen > p.AmountFen {
		return ErrField.Wrapf("returned %d of %d", p.ReturnedFen, p.AmountFen)
	}
	if p.PaidAt < 1 || p.KeptUntil <= p.PaidAt || p.KeptUntil > TimeCeiling {
		return ErrField.Wrap("times out of order")
	}
	if len(p.ReferenceHash) != 0 && len(p.ReferenceHash) != HashBytes {
		return checkHash("reference_hash", p.ReferenceHash)
	}
	switch p.Kind {
	case cashv1.PaymentKind_PAYMENT_KIND_TRANSFER:
		if p.MandateId != 0 || p.Chargeback != cashv1.ChargebackStatus_CHARGEBACK_STATUS_UNSPECIFIED {
			return ErrField.Wrap("a transfer under a mandate or disputed")
		}
	case cashv1.PaymentKind_PAYMENT_KIND_DEBIT:
		if p.MandateId < 1 || p.MandateId > uint64(len(mandates)) {
			return ErrField.Wrapf("mandate %d is not there", p.MandateId)
		}
		if m := mandates[p.MandateId-1]; m.PayerOrgId != p.PayerOrgId || m.PayeeOrgId != p.PayeeOrgId || p.AmountFen > m.DebitFenMax || m.UsedCount == 0 {
			return ErrField.Wrapf("mandate %d does not allow it", p.MandateId)
		}
	default:
		return ErrField.Wrapf("kind %s", p.Kind)
	}
	return checkChargebackRow(p)
}

func checkChargebackRow(p cashv1.Payment) error {
	wantReason, wantArbiter := true, false
	switch p.Chargeback {
	case cashv1.ChargebackStatus_CHARGEBACK_STATUS_UNSPECIFIED:
		wantReason = false
	case cashv1.ChargebackStatus_CHARGEBACK_STATUS_OPEN:
	case cashv1.ChargebackStatus_CHARGEBACK_STATUS_UPHELD, cashv1.ChargebackStatus_CHARGEBACK_STATUS_REJECTED:
		wantArbiter = true
	default:
		return ErrField.Wrapf("chargeback %s", p.Chargeback)
	}
	if (len(p.ReasonHash) == HashBytes) != wantReason || (!wantReason && len(p.ReasonHash) != 0) {
		return ErrField.Wrapf("chargeback %s with a reason of %d bytes", p.Chargeback, len(p.ReasonHash))
	}
	if (p.ArbiterOrgId != 0) != wantArbiter || (wantArbiter && (p.ArbiterOrgId == p.PayerOrgId || p.ArbiterOrgId == p.PayeeOrgId)) {
		return ErrField.Wrapf("chargeback %s by organisation %d", p.Chargeback, p.ArbiterOrgId)
	}
	return nil
}

// validateDays checks the totals of days: in order, and the newest of an issuer is
// what its total says now.
func validateDays(gs *cashv1.GenesisState) error {
	newest := 0
	for i, d := range gs.DayTotals {
		if d.Day < 1 || d.Day > dayOf(TimeCeiling) || d.Total.IssuedFen < 1 {
			return ErrGenesis.Wrapf("day_totals[%d]: day or sum missing", i)
		}
		if i > 0 && compareDays(gs.DayTotals[i-1].Total.IssuerOrgId, gs.DayTotals[i-1].Day, d.Total.IssuerOrgId, d.Day) >= 0 {
			return ErrGenesis.Wrapf("day_totals[%d]: out of order", i)
		}
		if i+1 < len(gs.DayTotals) && gs.DayTotals[i+1].Total.IssuerOrgId == d.Total.IssuerOrgId {
			continue
		}
		if newest >= len(gs.Totals) || gs.Totals[newest] != d.Total {
			return ErrGenesis.Wrapf("day_totals[%d]: not what the totals say", i)
		}
		newest++
	}
	if newest != len(gs.Totals) {
		return ErrGenesis.Wrapf("day_totals: got %d issuers, want %d", newest, len(gs.Totals))
	}
	return nil
}

// validateStandings wants one standing for each issuer, begun on the day of its
// first total, and reports that add up and end where the standing says.
func validateStandings(gs *cashv1.GenesisState) error {
	if len(gs.Standings) != len(gs.Totals) {
		return ErrGenesis.Wrapf("standings: got %d, want %d", len(gs.Standings), len(gs.Totals))
	}
	day, report := 0, 0
	for i, s := range gs.Standings {
		if s.IssuerOrgId != gs.Totals[i].IssuerOrgId || s.FirstDay != gs.DayTotals[day].Day {
			return ErrGenesis.Wrapf("standings[%d]: issuer or first day", i)
		}
		days := gs.DayTotals[day:]
		for day < len(gs.DayTotals) && gs.DayTotals[day].Total.IssuerOrgId == s.IssuerOrgId {
			day++
		}
		last := int64(0)
		for ; report < len(gs.BalanceReports) && gs.BalanceReports[report].IssuerOrgId == s.IssuerOrgId; report++ {
			r := gs.BalanceReports[report]
			if r.Day <= last || r.Day < s.FirstDay {
				return ErrGenesis.Wrapf("balance_reports[%d]: out of order", report)
			}
			last = r.Day
			if err := checkReport(r, lastOf(days, s.IssuerOrgId, r.Day)); err != nil {
				return ErrGenesis.Wrapf("balance_reports[%d]: %v", report, err)
			}
		}
		if s.ReportedDay != last || s.DiffersSince < 0 || s.DiffersSince > last || s.ClearedDay < 0 || s.ClearedDay > dayOf(TimeCeiling) {
			return ErrGenesis.Wrapf("standings[%d]: days", i)
		}
	}
	if report != len(gs.BalanceReports) {
		return ErrGenesis.Wrapf("balance_reports[%d]: out of order or of no issuer", report)
	}
	return nil
}

// checkReport compares again. The parameter that decided the status may have
// changed since, so only a status that no parameter explains is refused.
func checkReport(r cashv1.BalanceReport, total cashv1.IssuerTotal) error {
	if err := checkHash("statement_hash", r.StatementHash); err != nil {
		return err
	}
	want, err := compare(r, total, DifferenceFenCeiling)
	if err != nil {
		return err
	}
	differs := r.Status == cashv1.BalanceStatus_BALANCE_STATUS_DIFFERS
	matched := r.Status == cashv1.BalanceStatus_BALANCE_STATUS_MATCHED
	switch {
	case want.ExpectedFen != r.ExpectedFen || want.DifferenceFen != r.DifferenceFen:
		return ErrField.Wrapf("difference %d of %d, the totals say %d of %d", r.DifferenceFen, r.ExpectedFen, want.DifferenceFen, want.ExpectedFen)
	case differs && r.DifferenceFen != 0, matched && want.Status == r.Status:
		return nil
	}
	return ErrField.Wrapf("status %s at a difference of %d", r.Status, r.DifferenceFen)
}

func lastOf(days []cashv1.DayTotal, issuer uint64, day int64) cashv1.IssuerTotal {
	last := cashv1.IssuerTotal{IssuerOrgId: issuer}
	for _, d := range days {
		if d.Total.IssuerOrgId != issuer || d.Day > day {
			break
		}
		last = d.Total
	}
	return last
}

func compareDays(issuer1 uint64, day1 int64, issuer2 uint64, day2 int64) int {
	if c := cmp.Compare(issuer1, issuer2); c != 0 {
		return c
	}
	return cmp.Compare(day1, day2)
}

// initPayments writes mandates and payments; their indexes and the queue follow.
func (k *Keeper) initPayments(ctx context.Context, gs *cashv1.GenesisState) error {
	for _, m := range gs.Mandates {
		if err := k.putMandate(ctx, m); err != nil {
			return err
		}
	}
	if err := k.nextMandate.Set(ctx, uint64(len(gs.Mandates))); err != nil {
		return err
	}
	for _, p := range gs.Payments {
		if err := k.putPayment(ctx, p); err != nil {
			return err
		}
	}
	return k.nextPayment.Set(ctx, gs.LastPaymentId)
}

func (k *Keeper) initReports(ctx context.Context, gs *cashv1.GenesisState) error {
	for _, d := range gs.DayTotals {
		if err := k.dayTotals.Set(ctx, collections.Join(d.Total.IssuerOrgId, d.Day), d.Total); err != nil {
			return err
		}
	}
	for _, r := range gs.BalanceReports {
		if err := k.reports.Set(ctx, collections.Join(r.IssuerOrgId, r.Day), r); err != nil {
			return err
		}
	}
	for _, s := range gs.Standings {
		if err := k.standings.Set(ctx, s.IssuerOrgId, s); err != nil {
			return err
		}
	}
	return nil
}

func (k *Keeper) exportPayments(ctx context.Context, gs *cashv1.GenesisState) (err error) {
	if gs.Mandates, err = values(ctx, k.mandates); err != nil {
		return err
	}
	if gs.Payments, err = values(ctx, k.payments); err != nil {
		return err
	}
	gs.LastPaymentId, err = k.nextPayment.Peek(ctx)
	return err
}

func (k *Keeper) exportReports(ctx context.Context, gs *cashv1.GenesisState) (err error) {
	err = k.dayTotals.Walk(ctx, nil, func(key dayKey, t cashv1.IssuerTotal) (bool, error) {
		gs.DayTotals = append(gs.DayTotals, cashv1.DayTotal{Day: key.K2(), Total: t})
		return false, nil
	})
	if err != nil {
		return err
	}
	if gs.BalanceReports, err = values(ctx, k.reports); err != nil {
		return err
	}
	gs.Standings, err = values(ctx, k.standings)
	return err
}
