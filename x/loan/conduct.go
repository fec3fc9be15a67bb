package loan

import (
	"context"
	"slices"

	sdk "github.com/cosmos/cosmos-sdk/types"

	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	"github.com/xinlian/xinlian/lending/condition"
	"github.com/xinlian/xinlian/lending/template"
)

// effectiveRate is the yearly rate after the step-downs that were earned.
func effectiveRate(l loanv1.Loan) uint32 { return l.RateBps - min(l.RateCutBps, l.RateBps) }

// watch asks covenants, warnings and the next step-down after an instalment was
// paid or became late. Whatever goes wrong in it leaves the loan as it was and
// the payment that led here standing; it is asked again at the next instalment.
func (k *Keeper) watch(ctx context.Context, b *book) {
	r := b.contract.rules
	if len(r.Covenants)+len(r.Warnings)+len(r.StepDowns) == 0 {
		return
	}
	draft := b.clone()
	err := attempt(sdk.UnwrapSDKContext(ctx), b.params.ItemGasMax, func(ctx sdk.Context) error { return k.tryWatch(ctx, draft) })
	if err != nil {
		sdk.UnwrapSDKContext(ctx).Logger().Error("asking covenants", "loan", b.loan.Id, "error", err)
		return
	}
	*b = *draft
}

func (k *Keeper) tryWatch(ctx context.Context, b *book) error {
	r := b.contract.rules
	asked := slices.Concat(r.Covenants, r.Warnings, r.StepDowns)
	sdk.UnwrapSDKContext(ctx).GasMeter().ConsumeGas(uint64(len(asked))*evaluateConditionGas, "loan conditions")
	v, err := k.servicingValues(ctx, b, asked)
	if err != nil {
		return err
	}
	breaches := firstReasons(template.Failing(r.Covenants, v))
	if !sameCodes(b.loan.Breaches, breaches) {
		kind := loanv1.EntryKind_ENTRY_KIND_COVENANT_BROKEN
		if len(breaches) == 0 {
			kind = loanv1.EntryKind_ENTRY_KIND_COVENANT_KEPT
		}
		if err := k.append(ctx, &b.loan, kind, 0, 0, Portion{}); err != nil {
			return err
		}
	}
	alarms := firstReasons(template.Failing(r.Warnings, v))
	if !sameCodes(b.loan.Alarms, alarms) {
		if err := k.append(ctx, &b.loan, loanv1.EntryKind_ENTRY_KIND_WARNED, 0, 0, Portion{}); err != nil {
			return err
		}
	}
	b.loan.Breaches, b.loan.Alarms = breaches, alarms
	return k.stepDown(ctx, b, v)
}

// stepDown lowers the rate when the next step's condition holds, nothing is late
// and no covenant is broken. One step at a time: the next is asked at the next
// instalment.
func (k *Keeper) stepDown(ctx context.Context, b *book, v condition.Values) error {
	earned := int(b.loan.StepDownsEarned)
	good := b.loan.Status == loanv1.LoanStatus_LOAN_STATUS_CURRENT && len(b.loan.Breaches) == 0
	if !good || earned >= len(b.contract.rules.StepDowns) ||
		b.contract.rules.StepDowns[earned].Condition.Evaluate(v) != condition.Holds {
		return nil
	}
	before := effectiveRate(b.loan)
	b.loan.StepDownsEarned++
	b.loan.RateCutBps += b.contract.Terms.StepDowns[earned].Bps
	savedFen, err := k.lowerInterest(ctx, b, before, effectiveRate(b.loan))
	if err != nil {
		return err
	}
	return k.append(ctx, &b.loan, loanv1.EntryKind_ENTRY_KIND_RATE_LOWERED, 0, 0, Portion{InterestFen: savedFen})
}

// lowerInterest scales the interest of every instalment whose period has not
// begun from one yearly rate to a lower one, rounded half up, and says what that
// saves. Interest is proportional to the rate under every method, principal
// stays as it was scheduled, and a running period ends at the rate it began with.
// A period counts as begun a day after the one before was due, so that it makes
// no difference whether the owner paid on the day or the chain did a block later.
func (k *Keeper) lowerInterest(ctx context.Context, b *book, fromBps, toBps uint32) (savedFen int64, err error) {
	if fromBps == 0 || fromBps == toBps {
		return 0, nil
	}
	for _, t := range b.loan.Tranches {
		begun := true // the first unpaid period runs, unless the one before has only just ended
		for n := t.InstalmentsPaid + 1; n <= t.InstalmentsLive; n++ {
			if n > 1 && begun {
				before, err := k.instalment(ctx, b.loan.Id, t.Number, n-1)
				if err != nil {
					return 0, err
				}
				begun = before.DueAt+b.calendar().day() < b.now
			}
			if begun {
				continue
			}
			row, err := k.instalment(ctx, b.loan.Id, t.Number, n)
			if err != nil {
				return 0, err
			}
			lower, err := mulDiv(row.InterestFen, int64(toBps), int64(fromBps), roundHalfUp)
			if err != nil {
				return 0, err
			}
			lower = max(lower, row.PaidInterestFen)
			savedFen += row.InterestFen - lower
			row.InterestFen = lower
			if err := k.requeue(ctx, row, row.NextAt); err != nil {
				return 0, err
			}
		}
	}
	return savedFen, nil
}

func firstReasons(list []loanv1.Reason) []loanv1.Reason { return list[:min(len(list), ReasonsMax)] }

func sameCodes(a, b []loanv1.Reason) bool {
	return slices.EqualFunc(a, b, func(a, b loanv1.Reason) bool { return a.Code == b.Code })
}

// servicingValues are the variables of a running loan. What takes a look at
// other modules is looked up only where a rule reads it.
func (k *Keeper) servicingValues(ctx context.Context, b *book, rules []template.Rule) (condition.Values, error) {
	released, paid, left := int64(0), int64(0), int64(0)
	for _, t := range b.loan.Tranches {
		if t.DisbursedAt != 0 {
			released++
			paid += int64(t.InstalmentsPaid)
			left += int64(t.InstalmentsLive - t.InstalmentsPaid)
		}
	}
	v := condition.Values{
		"applicant.outstanding_fen": {Int: b.exposure.OutstandingFen},
		"applicant.reserved_fen":    {Int: b.exposure.ReservedFen},
		"applicant.written_off_fen": {Int: b.exposure.WrittenOffFen},
		"loan.amount_fen":           {Int: b.loan.PrincipalFen},
		"loan.outstanding_fen":      {Int: outstanding(b.loan)},
		"loan.period_unit":          {Text: periodWord(b.contract.Terms.PeriodUnit)},
		"loan.periods":              {Int: int64(b.loan.Periods)},
		"loan.tranches_released":    {Int: released},
		"performance.late":          {Int: int64(b.loan.Late)},
		"performance.on_time":       {Int: int64(b.loan.OnTime)},
		"schedule.instalments_left": {Int: left},
		"schedule.instalments_paid": {Int: paid},
	}
	if template.Reads(rules, "performance.days_late", "performance.overdue_fen") {
		if err := k.overdueValues(ctx, b, v); err != nil {
			return nil, err
		}
	}
	if template.Reads(rules, "quality.grade") {
		grade, err := k.left.Attestation.Quality(ctx, b.loan.EnterpriseId)
		if err != nil {
			return nil, err
		}
		v["quality.grade"] = condition.Value{Int: int64(grade)}
	}
	if template.Reads(rules, "market.index", "market.index_bps", "market.index_live") {
		if err := k.marketValues(ctx, b, v); err != nil {
			return nil, err
		}
	}
	if template.Reads(rules, "score.points", "score.capacity_fen", "score.pd_ppm", "growth.measured", "growth.points", "growth.capacity_bps") {
		if err := k.scoreValues(ctx, b, v); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// overdueValues looks at what is past its due time: the sum, and the days since
// the oldest was due, on the loan's own calendar.
func (k *Keeper) overdueValues(ctx context.Context, b *book, v condition.Values) error {
	list, err := k.owed(ctx, b.loan, b.now-1)
	if err != nil {
		return err
	}
	var sum int64
	for _, i := range list {
		sum += unpaid(i).Total()
	}
	var days int64
	if len(list) > 0 {
		days = (b.now - list[0].DueAt) / b.calendar().day()
	}
	v["performance.overdue_fen"], v["performance.days_late"] = condition.Value{Int: sum}, condition.Value{Int: days}
	return nil
}

func (k *Keeper) marketValues(ctx context.Context, b *book, v condition.Values) error {
	product, err := k.product(ctx, b.loan.ProductId)
	if err != nil {
		return err
	}
	bps, live, err := k.left.Score.Index(ctx, product.Terms.IndexId)
	if err != nil {
		return err
	}
	v["market.index"], v["market.index_bps"], v["market.index_live"] =
		condition.Value{Text: product.Terms.IndexId}, condition.Value{Int: bps}, condition.Value{Bool: live}
	return nil
}

// scoreValues are those of the newest score of the same kind as the one that the
// loan was decided on, and how far it has moved from that.
func (k *Keeper) scoreValues(ctx context.Context, b *book, v condition.Values) error {
	app, err := k.application(ctx, b.loan.ApplicationId)
	if err != nil {
		return err
	}
	first, err := k.left.Score.Score(ctx, app.ScoreId)
	if err != nil {
		return err
	}
	newest, err := k.left.Score.Newest(ctx, first)
	if err != nil {
		return err
	}
	v["score.points"], v["score.capacity_fen"], v["score.pd_ppm"] =
		condition.Value{Int: newest.Score}, condition.Value{Int: newest.CapacityFen}, condition.Value{Int: int64(newest.PdPpm)}
	if string(newest.Id) == string(first.Id) {
		return nil
	}
	v["growth.measured"], v["growth.points"] = condition.Value{Bool: true}, condition.Value{Int: newest.Score - first.Score}
	v["growth.capacity_bps"] = condition.Value{Int: growthBps(first.CapacityFen, newest.CapacityFen)}
	return nil
}

// growthBps is how much a capacity has grown, in basis points, rounded down and
// kept within the variable's range; from nothing it has not grown measurably.
func growthBps(fromFen, toFen int64) int64 {
	const most = 100 // times
	switch {
	case fromFen <= 0:
		return 0
	case toFen <= 0:
		return -bpsUnit
	case toFen/fromFen >= most:
		return most * bpsUnit
	}
	ratio, err := mulDiv(toFen, bpsUnit, fromFen, roundDown)
	if err != nil {
		return 0
	}
	return ratio - bpsUnit
}

func periodWord(u loanv1.PeriodUnit) string {
	if u == loanv1.PeriodUnit_PERIOD_UNIT_WEEK {
		return "week"
	}
	return "month"
}
