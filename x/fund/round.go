package fund

import (
	"context"

	fundv1 "github.com/xinlian/xinlian/gen/xinlian/fund/v1"
)

// endRound brings hurdle and fee up to now, pays the fee and the income, and fixes
// the values at which the orders are settled. Its work does not grow with the
// number of investors.
func (k *Keeper) endRound(ctx context.Context, id uint64) error {
	f, err := k.Fund(ctx, id)
	if err != nil {
		return err
	}
	v, err := k.Value(ctx, f)
	if err != nil {
		return err
	}
	f.HurdleFen, f.FeeFen, f.AccruedAt = v.HurdleFen, v.FeeFen, unixNow(ctx)
	f.Round++
	told := fundv1.EventRoundEnded{FundId: id, Round: f.Round}

	free := v.FreeFen
	told.FeeFen = min(f.FeeFen, free)
	f.FeeFen -= told.FeeFen
	free -= told.FeeFen
	if err := k.takeOut(ctx, f, k.left.CashAccount(f.ManagerOrgId), told.FeeFen); err != nil {
		return err
	}
	if f.Status == open {
		told.SeniorIncomeFen, told.JuniorIncomeFen, err = distribute(&f, v, free)
	} else {
		told.SeniorIncomeFen, told.JuniorIncomeFen, err = payDown(&f, free)
	}
	if err != nil {
		return err
	}
	paid := told.SeniorIncomeFen + told.JuniorIncomeFen
	f.IncomeFen += paid
	if err := k.takeOut(ctx, f, Account(id), paid); err != nil {
		return err
	}
	if f.Status == windingUp && f.Senior.Shares+f.Junior.Shares == 0 {
		// Nobody has a share: what borrowers pay beyond what they were expected to is the manager's.
		if err := k.takeOut(ctx, f, k.left.CashAccount(f.ManagerOrgId), free-paid); err != nil {
			return err
		}
	}

	if v, err = k.Value(ctx, f); err != nil {
		return err
	}
	told.SeniorFen, told.SeniorShares, told.JuniorFen, told.JuniorShares = v.SeniorFen, f.Senior.Shares, v.JuniorFen, f.Junior.Shares
	if err := k.beginSettlement(ctx, &f, v); err != nil {
		return err
	}
	if f.Settlement == nil {
		if err := k.beginRound(ctx, &f); err != nil {
			return err
		}
	}
	if err := k.funds.Set(ctx, id, f); err != nil {
		return err
	}
	return emit(ctx, &told)
}

func (k *Keeper) takeOut(ctx context.Context, f fundv1.Fund, to []byte, amountFen int64) error {
	if amountFen == 0 {
		return nil
	}
	return k.left.Loans.TakeOut(ctx, f.Terms.PoolId, to, amountFen)
}

// distribute pays the income of a fund that distributes: to seniors what they have
// earned at the hurdle rate, as far as they are covered; to juniors what they have
// above what they paid in, as far as their least part stays.
func distribute(f *fundv1.Fund, v Valuation, freeFen int64) (seniorFen, juniorFen int64, err error) {
	if !f.Terms.Distributes {
		return 0, 0, nil
	}
	covered := max(v.SeniorFen-f.Senior.CapitalFen, 0)
	if seniorFen, err = payIncome(&f.Senior, min(f.HurdleFen, covered, freeFen)); err != nil {
		return 0, 0, err
	}
	f.HurdleFen -= seniorFen
	floor, err := juniorFloor(f.Terms, v.SeniorFen-seniorFen)
	if err != nil {
		return 0, 0, err
	}
	gain := v.JuniorFen - max(f.Junior.CapitalFen, floor)
	juniorFen, err = payIncome(&f.Junior, min(gain, freeFen-seniorFen))
	return seniorFen, juniorFen, err
}

// payDown pays all free money of a fund that is wound up to its holders by their
// shares: to seniors until they have what they paid in and its hurdle, hurdle
// first, the rest to juniors; where there are none, to seniors too.
func payDown(f *fundv1.Fund, freeFen int64) (seniorFen, juniorFen int64, err error) {
	due := min(f.HurdleFen+f.Senior.CapitalFen, freeFen)
	if f.Junior.Shares == 0 {
		due = freeFen
	}
	if seniorFen, err = payIncome(&f.Senior, due); err != nil {
		return 0, 0, err
	}
	hurdle := min(f.HurdleFen, seniorFen)
	f.HurdleFen -= hurdle
	f.Senior.CapitalFen -= min(f.Senior.CapitalFen, seniorFen-hurdle)
	juniorFen, err = payIncome(&f.Junior, freeFen-due)
	return seniorFen, juniorFen, err
}

// beginSettlement fixes the settlement when there are orders that it changes.
func (k *Keeper) beginSettlement(ctx context.Context, f *fundv1.Fund, v Valuation) error {
	if f.Status != open {
		if f.Senior.SubscribingFen|f.Senior.RedeemingShares|f.Junior.SubscribingFen|f.Junior.RedeemingShares != 0 {
			f.Settlement = &fundv1.Settlement{} // gives every order back
		}
		return nil
	}
	keep, err := Plan(*f, v, v.FreeFen)
	if err != nil || !settles(keep) {
		return err
	}
	f.Settlement = &keep
	return k.takeOut(ctx, *f, Account(f.Id), keep.SetAsideFen)
}

// finish ends a settlement of which no order is left: what was set aside and not
// paid, less than a fen per order, goes back into the pool.
func (k *Keeper) finish(ctx context.Context, id uint64) error {
	f, err := k.Fund(ctx, id)
	if err != nil {
		return err
	}
	if rest := f.Settlement.SetAsideFen; rest > 0 {
		if err := k.left.Loans.PutIn(ctx, f.Terms.PoolId, Account(id), rest); err != nil {
			return err
		}
	}
	f.Settlement = nil
	if err := k.beginRound(ctx, &f); err != nil {
		return err
	}
	return k.funds.Set(ctx, id, f)
}

// beginRound starts the next round, or closes a fund that is wound up and has
// nothing lent, promised or ordered any more.
func (k *Keeper) beginRound(ctx context.Context, f *fundv1.Fund) error {
	if f.Status == windingUp {
		p, err := k.left.Loans.Pool(ctx, f.Terms.PoolId)
		if err != nil {
			return err
		}
		if p.LentFen|p.ReservedFen|f.Senior.SubscribingFen|f.Junior.SubscribingFen == 0 {
			f.Status = closed
			if err := k.endAt(ctx, f, 0); err != nil {
				return err
			}
			return emit(ctx, &fundv1.EventFundChanged{FundId: f.Id, Status: f.Status})
		}
	}
	return k.endAt(ctx, f, unixNow(ctx)+f.Terms.RoundSeconds)
}
