package cash

import (
	"context"

	"cosmossdk.io/collections"

	cashv1 "github.com/xinlian/xinlian/gen/xinlian/cash/v1"
)

// RejectCodeBytesMax bounds the reason code of a rejected redemption.
const RejectCodeBytesMax = 4

// settle is the redemption once the bank has paid. Only a pending one settles.
func settle(r cashv1.Redemption, bankReference string) (cashv1.Redemption, error) {
	if r.Status != cashv1.RedemptionStatus_REDEMPTION_STATUS_PENDING {
		return r, ErrStatus.Wrapf("redemption %d is %s", r.Id, r.Status)
	}
	r.Status = cashv1.RedemptionStatus_REDEMPTION_STATUS_SETTLED
	r.BankReference = bankReference
	return r, nil
}

// reject is the redemption once the bank could not pay. Only a pending one is rejected.
func reject(r cashv1.Redemption, code string) (cashv1.Redemption, error) {
	if r.Status != cashv1.RedemptionStatus_REDEMPTION_STATUS_PENDING {
		return r, ErrStatus.Wrapf("redemption %d is %s", r.Id, r.Status)
	}
	r.Status = cashv1.RedemptionStatus_REDEMPTION_STATUS_REJECTED
	r.RejectCode = code
	return r, nil
}

// checkRejectCode wants the form of ISO 20022's ExternalStatusReason1Code. The list
// itself is the banks' and grows; the chain only keeps words of its own out.
func checkRejectCode(code string) error {
	if len(code) < 1 || len(code) > RejectCodeBytesMax {
		return ErrField.Wrapf("reject_code: got %d bytes, want 1 to %d", len(code), RejectCodeBytesMax)
	}
	for i := range len(code) {
		if c := code[i]; (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
			return ErrField.Wrapf("reject_code: byte %d is no capital letter or digit", i)
		}
	}
	return nil
}

// finish writes a redemption that is no longer pending.
func (k *Keeper) finish(ctx context.Context, row cashv1.Redemption, total cashv1.IssuerTotal) error {
	if err := k.redemptions.Set(ctx, row.Id, row); err != nil {
		return err
	}
	if err := k.pending.Remove(ctx, collections.Join(row.IssuerOrgId, row.Id)); err != nil {
		return err
	}
	return k.setTotal(ctx, total)
}

// giveBack mints what a rejected redemption burned, into the account it came from.
func (k *Keeper) giveBack(ctx context.Context, row cashv1.Redemption) error {
	if err := k.bank.MintCoins(ctx, Name, coins(row.AmountFen)); err != nil {
		return err
	}
	return k.bank.SendCoinsFromModuleToAccount(ctx, Name, Account(row.OrgId), coins(row.AmountFen))
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
	if err := k.pending.Set(ctx, collections.Join(row.IssuerOrgId, row.Id)); err != nil {
		return 0, err
	}
	return row.Id, k.setTotal(ctx, total)
}

func (k *Keeper) redemption(ctx context.Context, id uint64) (cashv1.Redemption, error) {
	r, found, err := lookup(k.redemptions.Get(ctx, id))
	if err == nil && !found {
		err = ErrNotFound.Wrapf("redemption %d", id)
	}
	return r, err
}
