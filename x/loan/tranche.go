package loan

import (
	"context"
	"slices"

	sdk "github.com/cosmos/cosmos-sdk/types"

	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	"github.com/xinlian/xinlian/lending/template"
)

// disburse pays a planned tranche out and writes its schedule.
func (k *Keeper) disburse(ctx context.Context, b *book, t *loanv1.Tranche) error {
	t.RateBps = effectiveRate(b.loan)
	plan := b.plan(t, t.RateBps, b.now)
	rows, err := plan.Schedule()
	if err != nil {
		return err
	}
	if err := b.lend(t.PrincipalFen); err != nil {
		return err
	}
	for _, line := range rows {
		dueAt, err := b.calendar().DueAt(b.now, plan.Unit, plan.period(line))
		if err != nil {
			return err
		}
		row := loanv1.Instalment{
			LoanId: b.loan.Id, Tranche: t.Number, Number: line.Number, DueAt: dueAt,
			PrincipalFen: line.PrincipalFen, InterestFen: line.InterestFen, Status: loanv1.InstalmentStatus_INSTALMENT_STATUS_DUE,
		}
		if err := k.requeue(ctx, row, dueAt); err != nil {
			return err
		}
	}
	t.Status, t.OutstandingFen, t.DisbursedAt = loanv1.TrancheStatus_TRANCHE_STATUS_DISBURSED, t.PrincipalFen, b.now
	t.InstalmentsLive, t.HeldReasons = rows[len(rows)-1].Number, nil
	if err := k.append(ctx, &b.loan, loanv1.EntryKind_ENTRY_KIND_DISBURSED, t.Number, 0, Portion{PrincipalFen: t.PrincipalFen}); err != nil {
		return err
	}
	return k.left.Cash.Move(ctx, PoolAccount(b.pool.Id), k.left.CashAccount(b.loan.EnterpriseId), t.PrincipalFen)
}

// plan is what the schedule of a tranche that is paid out at start follows from.
func (b *book) plan(t *loanv1.Tranche, rateBps uint32, start int64) Plan {
	return Plan{
		PrincipalFen: t.PrincipalFen, RateBps: rateBps, Periods: b.loan.Periods,
		Method: b.contract.Terms.Method, Unit: b.contract.Terms.PeriodUnit, Start: start,
	}
}

// planned is the index of the next tranche that is not released, or -1.
func planned(l loanv1.Loan) int {
	return slices.IndexFunc(l.Tranches, func(t loanv1.Tranche) bool { return t.Status == loanv1.TrancheStatus_TRANCHE_STATUS_PLANNED })
}

// settle draws the consequences of a change in a loan's instalments: the loan's
// status, tranches that are repaid, the next tranche if it may be released now,
// and the end.
func (k *Keeper) settle(ctx context.Context, b *book, mayRelease bool) error {
	var err error
	if b.loan.LateNow, err = k.lateNow(ctx, b); err != nil {
		return err
	}
	b.loan.Status = loanv1.LoanStatus_LOAN_STATUS_CURRENT
	if b.loan.LateNow > 0 {
		b.loan.Status = loanv1.LoanStatus_LOAN_STATUS_DELINQUENT
	}
	markRepaid(&b.loan)
	if disbursed(b.loan) {
		k.watch(ctx, b)
	}
	if mayRelease && planned(b.loan) >= 0 {
		if err := k.release(ctx, b); err != nil {
			return err
		}
	}
	if disbursed(b.loan) {
		return nil
	}
	if err := k.cancelPlanned(ctx, b); err != nil {
		return err
	}
	b.loan.Status = loanv1.LoanStatus_LOAN_STATUS_CLOSED
	return k.append(ctx, &b.loan, loanv1.EntryKind_ENTRY_KIND_CLOSED, 0, 0, Portion{})
}

func markRepaid(l *loanv1.Loan) {
	for i := range l.Tranches {
		t := &l.Tranches[i]
		if t.Status == loanv1.TrancheStatus_TRANCHE_STATUS_DISBURSED && t.InstalmentsPaid == t.InstalmentsLive {
			t.Status = loanv1.TrancheStatus_TRANCHE_STATUS_REPAID
		}
	}
}

// disbursed tells whether a tranche is paid out and not yet repaid.
func disbursed(l loanv1.Loan) bool {
	return slices.ContainsFunc(l.Tranches, func(t loanv1.Tranche) bool {
		return t.Status == loanv1.TrancheStatus_TRANCHE_STATUS_DISBURSED
	})
}

// release pays the next tranche out when its rule holds, and else records why
// not. Whatever goes wrong in paying it out holds the tranche and leaves the
// payment that led here standing.
func (k *Keeper) release(ctx context.Context, b *book) error {
	draft := b.clone()
	cache, write := sdk.UnwrapSDKContext(ctx).CacheContext()
	reasons, err := k.tryRelease(cache, draft)
	if err != nil {
		sdk.UnwrapSDKContext(ctx).Logger().Error("releasing tranche", "loan", b.loan.Id, "error", err)
		reasons = []loanv1.Reason{{Code: ReasonDisbursalFailed}}
	}
	if len(reasons) > 0 {
		return k.hold(ctx, b, reasons)
	}
	write()
	*b = *draft
	return nil
}

func (k *Keeper) tryRelease(ctx context.Context, b *book) ([]loanv1.Reason, error) {
	if b.loan.Status == loanv1.LoanStatus_LOAN_STATUS_DELINQUENT {
		return []loanv1.Reason{{Code: ReasonLoanDelinquent}}, nil
	}
	if allowed, _ := k.left.Safety.IsAllowed(ctx, ServicingURL); !allowed {
		return []loanv1.Reason{{Code: ReasonServicingStop}}, nil
	}
	for _, party := range []struct {
		org  uint64
		code string
	}{{b.loan.EnterpriseId, ReasonBorrowerFrozen}, {b.loan.LenderOrgId, ReasonLenderFrozen}} {
		frozen, err := k.left.Cash.Frozen(ctx, party.org)
		if err != nil {
			return nil, err
		}
		if frozen {
			return []loanv1.Reason{{Code: party.code}}, nil
		}
	}
	if len(b.loan.Breaches) > 0 {
		return slices.Clone(b.loan.Breaches), nil
	}
	rules := b.contract.rules.Release
	v, err := k.servicingValues(ctx, b, rules)
	if err != nil {
		return nil, err
	}
	sdk.UnwrapSDKContext(ctx).GasMeter().ConsumeGas(uint64(len(rules))*evaluateConditionGas, "loan conditions")
	if reasons := template.Failing(rules, v); len(reasons) > 0 {
		return firstReasons(reasons), nil
	}
	return nil, k.disburse(ctx, b, &b.loan.Tranches[planned(b.loan)])
}

// hold records why the next tranche waits. The journal gets an entry when the
// set of reasons changes, not at every instalment.
func (k *Keeper) hold(ctx context.Context, b *book, reasons []loanv1.Reason) error {
	t := &b.loan.Tranches[planned(b.loan)]
	same := sameCodes(t.HeldReasons, reasons)
	t.HeldReasons = reasons
	if same {
		return nil
	}
	return k.append(ctx, &b.loan, loanv1.EntryKind_ENTRY_KIND_HELD, t.Number, 0, Portion{PrincipalFen: t.PrincipalFen})
}

// cancelPlanned frees the money of every tranche that will not be released.
func (k *Keeper) cancelPlanned(ctx context.Context, b *book) error {
	for i := range b.loan.Tranches {
		t := &b.loan.Tranches[i]
		if t.Status != loanv1.TrancheStatus_TRANCHE_STATUS_PLANNED {
			continue
		}
		if err := b.unreserve(t.PrincipalFen); err != nil {
			return err
		}
		t.Status = loanv1.TrancheStatus_TRANCHE_STATUS_CANCELLED
		if err := k.append(ctx, &b.loan, loanv1.EntryKind_ENTRY_KIND_CANCELLED, t.Number, 0, Portion{PrincipalFen: t.PrincipalFen}); err != nil {
			return err
		}
	}
	return nil
}
