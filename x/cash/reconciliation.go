package cash

import (
	"context"

	"cosmossdk.io/collections"

	cashv1 "github.com/xinlian/xinlian/gen/xinlian/cash/v1"
)

const (
	secondsPerDay = 86400
	// zoneSeconds is the offset of China Standard Time, UTC+8, in which banks' days are counted.
	zoneSeconds = 8 * 3600
	// BalanceFenCeiling bounds what a report may state, so that its sums stay within 64 bits.
	BalanceFenCeiling = 1 << 61
)

// dayOf is the day of UTC+8 that a time lies in, counted from 1970-01-01. Times are
// block times, after 1970.
func dayOf(unix int64) int64 { return (unix + zoneSeconds) / secondsPerDay }

// compare fills in what the chain says of a report. pendingFen is what was burned
// and not paid out at the end of the day, and bounds unsettled_fen: a bank that has
// less than it owes can hide no more than that, and only until those redemptions
// are settled. unissued_fen only lowers what counts.
func compare(r cashv1.BalanceReport, total cashv1.IssuerTotal, differenceFenMax int64) (cashv1.BalanceReport, error) {
	for _, b := range []struct {
		name      string
		got, most int64
	}{
		{"balance_fen", r.BalanceFen, BalanceFenCeiling},
		{"unissued_fen", r.UnissuedFen, r.BalanceFen},
		{"unsettled_fen", r.UnsettledFen, total.PendingFen},
	} {
		if b.got < 0 || b.got > b.most {
			return r, ErrAmount.Wrapf("%s: got %d, want 0 to %d", b.name, b.got, b.most)
		}
	}
	r.ExpectedFen = total.IssuedFen - total.RedeemedFen + total.PendingFen
	r.DifferenceFen = r.BalanceFen - r.UnissuedFen - (r.ExpectedFen - r.UnsettledFen)
	r.Status = cashv1.BalanceStatus_BALANCE_STATUS_MATCHED
	if r.DifferenceFen > differenceFenMax || r.DifferenceFen < -differenceFenMax {
		r.Status = cashv1.BalanceStatus_BALANCE_STATUS_DIFFERS
	}
	return r, nil
}

// checkDay wants a day that is over, not before the issuer's first issuance and not
// before its last report.
func checkDay(s cashv1.Standing, day, today int64) error {
	if s.FirstDay == 0 {
		return ErrDay.Wrapf("organisation %d has issued nothing", s.IssuerOrgId)
	}
	if first := max(s.FirstDay, s.ReportedDay); day < first || day >= today {
		return ErrDay.Wrapf("got %d, want %d to %d", day, first, today-1)
	}
	return nil
}

// reported is the standing after a report.
func reported(s cashv1.Standing, r cashv1.BalanceReport) cashv1.Standing {
	s.ReportedDay = r.Day
	switch {
	case r.Status == cashv1.BalanceStatus_BALANCE_STATUS_MATCHED:
		s.DiffersSince = 0
	case s.DiffersSince == 0:
		s.DiffersSince = r.Day
	}
	return s
}

// stopsOn is the first day on which the issuer may issue no more, 0 for none. Days
// without a report count like days that differ: silence ends no difference.
func stopsOn(s cashv1.Standing, p cashv1.Params) int64 {
	stop := int64(0)
	if s.DiffersSince != 0 {
		stop = s.DiffersSince + p.DifferenceDaysMax + 1
	}
	if last := max(s.FirstDay, s.ReportedDay, s.ClearedDay); p.ReportDaysMax != 0 && s.FirstDay != 0 {
		if silent := last + p.ReportDaysMax + 1; stop == 0 || silent < stop {
			stop = silent
		}
	}
	return stop
}

// checkReconciled refuses an issuance while the issuer's bank balance has differed,
// or was not reported, for longer than the parameters allow.
func (k *Keeper) checkReconciled(ctx context.Context, issuer uint64) error {
	s, err := k.standing(ctx, issuer)
	if err != nil {
		return err
	}
	p, err := k.params.Get(ctx)
	if err != nil {
		return err
	}
	if stop, today := stopsOn(s, p), dayOf(blockTime(ctx)); stop != 0 && today >= stop {
		return ErrUnreconciled.Wrapf("since day %d; report a balance that matches, or ask the council to clear it", stop)
	}
	return nil
}

// standing is where the issuer stands, zeros for one that has not issued yet.
func (k *Keeper) standing(ctx context.Context, issuer uint64) (cashv1.Standing, error) {
	s, found, err := lookup(k.standings.Get(ctx, issuer))
	if err == nil && !found {
		s = cashv1.Standing{IssuerOrgId: issuer}
	}
	return s, err
}

// begin notes the day of an issuer's first issuance.
func (k *Keeper) begin(ctx context.Context, issuer uint64) error {
	s, err := k.standing(ctx, issuer)
	if err != nil || s.FirstDay != 0 {
		return err
	}
	s.FirstDay = dayOf(blockTime(ctx))
	return k.standings.Set(ctx, issuer, s)
}

// totalAt is the issuer's total as the day left it: the newest row not after it.
func (k *Keeper) totalAt(ctx context.Context, issuer uint64, day int64) (cashv1.IssuerTotal, error) {
	it, err := k.dayTotals.Iterate(ctx, collections.NewPrefixedPairRange[uint64, int64](issuer).EndInclusive(day).Descending())
	if err != nil {
		return cashv1.IssuerTotal{}, err
	}
	defer it.Close()
	if !it.Valid() {
		return cashv1.IssuerTotal{IssuerOrgId: issuer}, nil
	}
	return it.Value()
}
