package loan

import (
	"cmp"
	"context"
	"slices"

	"cosmossdk.io/collections"

	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
)

// unpaid is what an instalment still owes.
func unpaid(i loanv1.Instalment) Portion {
	return Portion{
		PrincipalFen: i.PrincipalFen - i.PaidPrincipalFen,
		InterestFen:  i.InterestFen - i.PaidInterestFen,
		FeeFen:       i.FeeFen - i.PaidFeeFen,
	}
}

// pay puts up to availableFen into an instalment in the order fee, interest,
// principal and says what it took.
func pay(i *loanv1.Instalment, availableFen int64) Portion {
	left := max(availableFen, 0)
	take := func(owed int64) int64 {
		taken := min(owed, left)
		left -= taken
		return taken
	}
	owed := unpaid(*i)
	p := Portion{FeeFen: take(owed.FeeFen), InterestFen: take(owed.InterestFen), PrincipalFen: take(owed.PrincipalFen)}
	i.PaidFeeFen += p.FeeFen
	i.PaidInterestFen += p.InterestFen
	i.PaidPrincipalFen += p.PrincipalFen
	return p
}

// lateFee is charged once, on the principal and interest that are unpaid when an
// instalment becomes late, rounded down.
func lateFee(i loanv1.Instalment, bps uint32) (int64, error) {
	owed := unpaid(i)
	return mulDiv(owed.PrincipalFen+owed.InterestFen, int64(bps), bpsUnit, roundDown)
}

func (k *Keeper) instalment(ctx context.Context, loanID uint64, tranche, number uint32) (loanv1.Instalment, error) {
	i, err := k.instalments.Get(ctx, collections.Join3(loanID, tranche, number))
	return i, missing(err, "instalment %d of tranche %d of loan %d", number, tranche, loanID)
}

// requeue writes an instalment with the time of its next collection, 0 for none,
// and moves its place in the queue. It is the only writer of instalments.
func (k *Keeper) requeue(ctx context.Context, i loanv1.Instalment, at int64) error {
	if i.NextAt != at {
		if i.NextAt != 0 {
			if err := k.due.Remove(ctx, collections.Join4(i.NextAt, i.LoanId, i.Tranche, i.Number)); err != nil {
				return err
			}
		}
		if at != 0 {
			if err := k.due.Set(ctx, collections.Join4(at, i.LoanId, i.Tranche, i.Number)); err != nil {
				return err
			}
		}
		i.NextAt = at
	}
	return k.instalments.Set(ctx, collections.Join3(i.LoanId, i.Tranche, i.Number), i)
}

// owed lists the unpaid instalments of the running tranches that are due by a
// time, oldest first. Paid instalments are always the first ones of their
// tranche, so only what is owed is read.
func (k *Keeper) owed(ctx context.Context, l loanv1.Loan, by int64) ([]loanv1.Instalment, error) {
	var list []loanv1.Instalment
	for _, t := range l.Tranches {
		for n := t.InstalmentsPaid + 1; n <= t.InstalmentsLive; n++ {
			i, err := k.instalment(ctx, l.Id, t.Number, n)
			if err != nil {
				return nil, err
			}
			if i.DueAt > by {
				break
			}
			list = append(list, i)
		}
	}
	slices.SortFunc(list, func(a, b loanv1.Instalment) int {
		return cmp.Or(cmp.Compare(a.DueAt, b.DueAt), cmp.Compare(a.Tranche, b.Tranche), cmp.Compare(a.Number, b.Number))
	})
	return list, nil
}

// lateNow counts the instalments of a loan that are late and not paid.
func (k *Keeper) lateNow(ctx context.Context, b *book) (uint32, error) {
	list, err := k.owed(ctx, b.loan, b.now)
	var late uint32
	for _, i := range list {
		if i.Status == loanv1.InstalmentStatus_INSTALMENT_STATUS_LATE {
			late++
		}
	}
	return late, err
}

// payOwed pays the instalments due by a time, oldest first, as far as the
// available money goes. It says what it took and how many it paid in full.
func (k *Keeper) payOwed(ctx context.Context, b *book, by, availableFen int64, kind loanv1.EntryKind) (takenFen int64, paid int, err error) {
	list, err := k.owed(ctx, b.loan, by)
	if err != nil {
		return 0, 0, err
	}
	for _, i := range list {
		t := &b.loan.Tranches[i.Tranche-1]
		p := pay(&i, availableFen-takenFen)
		if p.Total() > 0 {
			takenFen += p.Total()
			if err := b.receive(t, p); err != nil {
				return 0, 0, err
			}
			if err := k.append(ctx, &b.loan, kind, i.Tranche, i.Number, p); err != nil {
				return 0, 0, err
			}
		}
		if unpaid(i).Total() > 0 {
			return takenFen, paid, k.requeue(ctx, i, i.NextAt)
		}
		if i.Status == loanv1.InstalmentStatus_INSTALMENT_STATUS_DUE {
			b.loan.OnTime++
		}
		i.Status, i.PaidAt = loanv1.InstalmentStatus_INSTALMENT_STATUS_PAID, b.now
		if err := k.requeue(ctx, i, 0); err != nil {
			return 0, 0, err
		}
		t.InstalmentsPaid++
		paid++
	}
	return takenFen, paid, nil
}
