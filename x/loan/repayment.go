package loan

import (
	"context"

	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	"github.com/xinlian/xinlian/schedule"
)

// repay takes up to mostFen from the borrower: what is late or due today first,
// then, tranche by tranche, the interest to the day with principal ahead of its
// time and its fee. It says what it took.
func (k *Keeper) repay(ctx context.Context, b *book, mostFen int64) (int64, error) {
	takenFen, paid, err := k.payOwed(ctx, b, b.calendar().DayEnd(b.now), mostFen, loanv1.EntryKind_ENTRY_KIND_REPAID)
	if err != nil {
		return 0, err
	}
	owedFen := takenFen
	for i := range b.loan.Tranches {
		if takenFen >= mostFen {
			break
		}
		t := &b.loan.Tranches[i]
		if t.InstalmentsPaid == t.InstalmentsLive {
			continue
		}
		early, err := k.prepay(ctx, b, t, mostFen-takenFen)
		if err != nil {
			return 0, err
		}
		takenFen += early
	}
	if takenFen == 0 {
		return 0, ErrNothingDue.Wrapf("%d fen would repay no principal after interest to the day", mostFen)
	}
	if err := k.left.Cash.Move(ctx, k.left.CashAccount(b.loan.EnterpriseId), PoolAccount(b.pool.Id), takenFen); err != nil {
		return 0, err
	}
	// Who ends her loan ahead of its time is given no further tranche.
	endedEarly := takenFen > owedFen && !stillRunning(b.loan)
	return takenFen, k.settle(ctx, b, paid > 0 && !endedEarly)
}

// stillRunning tells whether a tranche has instalments left.
func stillRunning(l loanv1.Loan) bool {
	for _, t := range l.Tranches {
		if t.InstalmentsPaid < t.InstalmentsLive {
			return true
		}
	}
	return false
}

// prepay repays principal of a tranche ahead of its time. Interest to the day
// comes first; money that does not reach beyond it is not taken. The remaining
// instalments keep their amount, so the term shortens.
func (k *Keeper) prepay(ctx context.Context, b *book, t *loanv1.Tranche, availableFen int64) (int64, error) {
	row, err := k.instalment(ctx, b.loan.Id, t.Number, t.InstalmentsPaid+1)
	if err != nil {
		return 0, err
	}
	if row.PaidPrincipalFen != 0 || row.DueAt <= b.calendar().DayEnd(b.now) { // it is owed: nothing is early
		return 0, nil
	}
	start, err := k.periodStart(ctx, b, t)
	if err != nil {
		return 0, err
	}
	day := accrual(b.calendar(), start, max(start, t.AccruedAt), b.now, row.DueAt)
	interestFen, err := day.AccruedFen(row.InterestFen - row.PaidInterestFen)
	if err != nil {
		return 0, internal(err)
	}
	principalFen, feeFen, err := schedule.Affordable(availableFen-interestFen, t.OutstandingFen, b.contract.Terms.PrepaymentFeeBps*ppmOfBps)
	if err != nil || principalFen == 0 {
		return 0, internal(err)
	}
	p := Portion{PrincipalFen: principalFen, InterestFen: interestFen, FeeFen: feeFen}
	if err := b.receive(t, p); err != nil {
		return 0, err
	}
	t.PrepaidFen += principalFen
	t.AccruedAt = b.now
	if err := k.append(ctx, &b.loan, loanv1.EntryKind_ENTRY_KIND_REPAID, t.Number, 0, p); err != nil {
		return 0, err
	}
	row.PaidInterestFen += interestFen
	return p.Total(), k.shorten(ctx, b, t, row, day)
}

// periodStart is when the running period of a tranche began.
func (k *Keeper) periodStart(ctx context.Context, b *book, t *loanv1.Tranche) (int64, error) {
	if t.InstalmentsPaid == 0 {
		return t.DisbursedAt, nil
	}
	before, err := k.instalment(ctx, b.loan.Id, t.Number, t.InstalmentsPaid)
	return before.DueAt, err
}

// accrual measures the period from start to due, in which interest is settled up
// to settled, at now.
func accrual(c Calendar, start, settled, now, due int64) schedule.Elapsed {
	return schedule.Part(c.Elapsed(settled, now), c.Elapsed(settled, due), c.Elapsed(start, due))
}

// shorten writes the rest of a tranche's schedule after a prepayment. row is the
// running instalment with the interest to the day already paid into it.
func (k *Keeper) shorten(ctx context.Context, b *book, t *loanv1.Tranche, row loanv1.Instalment, day schedule.Elapsed) error {
	var lines []schedule.Row
	if t.OutstandingFen > 0 {
		var err error
		lines, err = b.plan(t, t.RateBps, t.DisbursedAt).shortened(effectiveRate(b.loan), schedule.Remainder{
			BalanceFen: t.OutstandingFen, First: row.Number, Last: t.InstalmentsLive, Rest: day.Rest, Length: day.Length,
		})
		if err != nil {
			return err
		}
	}
	last := t.InstalmentsLive
	t.InstalmentsLive = row.Number + uint32(max(len(lines), 1)) - 1
	for n := row.Number; n <= last; n++ {
		var err error
		if n > row.Number {
			if row, err = k.instalment(ctx, b.loan.Id, t.Number, n); err != nil {
				return err
			}
		}
		at := row.NextAt
		switch done := int(n) - int(t.InstalmentsPaid) - 1; {
		case done < len(lines):
			row.PrincipalFen = lines[done].PrincipalFen
			row.InterestFen = lines[done].InterestFen + row.PaidInterestFen
		case n == t.InstalmentsLive: // nothing is left but the interest just paid
			row.PrincipalFen, row.InterestFen = 0, row.PaidInterestFen
			row.Status, row.PaidAt, at = loanv1.InstalmentStatus_INSTALMENT_STATUS_PAID, b.now, 0
		default: // what was planned follows from the loan's terms; what is due is nothing
			row.PrincipalFen, row.InterestFen = 0, 0
			row.Status, at = loanv1.InstalmentStatus_INSTALMENT_STATUS_CANCELLED, 0
		}
		if err := k.requeue(ctx, row, at); err != nil {
			return err
		}
	}
	if len(lines) == 0 {
		t.InstalmentsPaid = t.InstalmentsLive
	}
	return nil
}
