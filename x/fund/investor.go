package fund

import (
	"context"

	"cosmossdk.io/collections"

	fundv1 "github.com/xinlian/xinlian/gen/xinlian/fund/v1"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	"github.com/xinlian/xinlian/x/org"
)

// admit writes an investor's admission, or takes it back with a limit of 0. Shares
// that it holds stay, and it may redeem them.
func (k *Keeper) admit(ctx context.Context, i fundv1.Investor) error {
	key := collections.Join(i.FundId, i.OrgId)
	var err error
	if i.LimitFen == 0 {
		err = k.investors.Remove(ctx, key)
	} else {
		err = k.investors.Set(ctx, key, i)
	}
	if err != nil {
		return err
	}
	return emit(ctx, &fundv1.EventInvestorAdmitted{FundId: i.FundId, OrgId: i.OrgId, LimitFen: i.LimitFen})
}

// eligible refuses an organisation that council has not made an investor, or that
// is not active.
func (k *Keeper) eligible(ctx context.Context, id uint64) error {
	o, err := k.left.Orgs.Organisation(ctx, id)
	if err != nil {
		return err
	}
	if o.Status != orgv1.OrgStatus_ORG_STATUS_ACTIVE || !org.HasRole(o, orgv1.Role_ROLE_INVESTOR) {
		return ErrNotAdmitted.Wrapf("organisation %d is not an active investor; council gives the role", id)
	}
	return nil
}

// mayBuy refuses a purchase by who is not admitted now, or beyond its limit: what it
// paid for the shares it has, what it has ordered, and this.
func (k *Keeper) mayBuy(ctx context.Context, fundID, orgID uint64, orderedFen, amountFen int64) error {
	if err := k.eligible(ctx, orgID); err != nil {
		return err
	}
	i, err := k.investors.Get(ctx, collections.Join(fundID, orgID))
	if err := missing(err, "investor"); err != nil {
		return ErrNotAdmitted.Wrapf("organisation %d to fund %d", orgID, fundID)
	}
	if now := unixNow(ctx); i.ExpiresAt <= now {
		return ErrNotAdmitted.Wrapf("admission of %d ended at %d, now %d", orgID, i.ExpiresAt, now)
	}
	had := orderedFen
	for _, c := range []fundv1.Class{senior, junior} {
		h, err := k.holding(ctx, fundID, c, orgID)
		if err != nil {
			return err
		}
		had += h.CapitalFen
	}
	if amountFen > i.LimitFen-had {
		return ErrLimit.Wrapf("%d fen beside %d, limit %d", amountFen, had, i.LimitFen)
	}
	return nil
}

func (k *Keeper) holding(ctx context.Context, fundID uint64, c fundv1.Class, orgID uint64) (fundv1.Holding, error) {
	h, err := lookup(k.holdings.Get(ctx, collections.Join3(fundID, uint32(c), orgID)))
	h.FundId, h.Class, h.OrgId = fundID, c, orgID
	return h, err
}

// saveHolding drops a row that holds nothing any more.
func (k *Keeper) saveHolding(ctx context.Context, h fundv1.Holding) error {
	key := collections.Join3(h.FundId, uint32(h.Class), h.OrgId)
	if h.Shares == 0 && h.IncomeFen == 0 {
		return k.holdings.Remove(ctx, key)
	}
	return k.holdings.Set(ctx, key, h)
}

// credit counts the income of a holding up to the class's index, rounded down. It
// is called before the number of shares changes and before income is claimed.
func credit(h *fundv1.Holding, index int64) error {
	income, err := floorDiv(h.Shares, index-h.IncomeIndex, incomeUnit)
	if err != nil {
		return err
	}
	h.IncomeFen += income
	h.IncomeIndex = index
	return nil
}

// payIncome gives a class up to fen by raising its index, and says how much that
// is: what cannot be told apart per share stays in the pool.
func payIncome(b *fundv1.ClassBook, fen int64) (int64, error) {
	if b.Shares == 0 || fen <= 0 {
		return 0, nil
	}
	room := SharesMax - b.IncomeIndex // a billion fen for each that was paid in
	step, err := floorDiv(fen, incomeUnit, b.Shares)
	if err != nil || step > room {
		step = room
	}
	paid, err := ceilDiv(step, b.Shares, incomeUnit)
	if err != nil {
		return 0, err
	}
	b.IncomeIndex += step
	return paid, nil
}

// claim pays the income that a holding has been credited with.
func (k *Keeper) claim(ctx context.Context, f fundv1.Fund, h fundv1.Holding) (int64, error) {
	amountFen := h.IncomeFen
	if err := add(&f.IncomeFen, -amountFen, SharesMax); err != nil {
		return 0, err
	}
	h.IncomeFen = 0
	if err := k.left.Cash.Move(ctx, Account(f.Id), k.left.CashAccount(h.OrgId), amountFen); err != nil {
		return 0, err
	}
	if err := k.funds.Set(ctx, f.Id, f); err != nil {
		return 0, err
	}
	if err := k.saveHolding(ctx, h); err != nil {
		return 0, err
	}
	return amountFen, emit(ctx, &fundv1.EventIncomeClaimed{FundId: f.Id, Class: h.Class, OrgId: h.OrgId, AmountFen: amountFen})
}
