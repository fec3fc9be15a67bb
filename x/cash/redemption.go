package cash

import (
	"context"

	cashv1 "github.com/xinlian/xinlian/gen/xinlian/cash/v1"
)

// settle is the redemption once the bank has paid. Only a pending one settles.
func settle(r cashv1.Redemption, bankReference string) (cashv1.Redemption, error) {
	if r.Status != cashv1.RedemptionStatus_REDEMPTION_STATUS_PENDING {
		return r, ErrStatus.Wrapf("redemption %d is %s", r.Id, r.Status)
	}
	r.Status = cashv1.RedemptionStatus_REDEMPTION_STATUS_SETTLED
	r.BankReference = bankReference
	return r, nil
}

// redeem burns the money and writes the row under the next id, which it returns.
func (k *Keeper) redeem(ctx context.Context, row cashv1.Redemption, total cashv1.IssuerTotal) (uint64, error) {
	amount := coins(row.AmountFen)
	if err := k.bank.SendCoinsFromAccountToModule(ctx, Account(row.OrgId), Name, amount); err != nil {
		return 0, err
	}
	if err := k.bank.BurnCoins(ctx, Name, amount); err != nil {
		return 0, err
	}
	last, err := k.nextID.Next(ctx)
	if err != nil {
		return 0, err
	}
	row.Id = last + 1
	if err := k.redemptions.Set(ctx, row.Id, row); err != nil {
		return 0, err
	}
	return row.Id, k.totals.Set(ctx, row.IssuerOrgId, total)
}

func (k *Keeper) redemption(ctx context.Context, id uint64) (cashv1.Redemption, error) {
	r, found, err := lookup(k.redemptions.Get(ctx, id))
	if err == nil && !found {
		err = ErrNotFound.Wrapf("redemption %d", id)
	}
	return r, err
}
