package cash

import (
	"context"

	"cosmossdk.io/collections"

	cashv1 "github.com/xinlian/xinlian/gen/xinlian/cash/v1"
)

// ReferenceBytesMax bounds a bank reference and a case id.
const ReferenceBytesMax = 64

// sameIssuance tells whether a repeated reference says the same again.
func sameIssuance(a, b cashv1.Issuance) bool {
	return a.IssuerOrgId == b.IssuerOrgId && a.BankReference == b.BankReference &&
		a.ToOrgId == b.ToOrgId && a.AmountFen == b.AmountFen
}

// checkReference wants 1 to ReferenceBytesMax visible ASCII characters, so that
// no reference looks like another and none carries a name in words.
func checkReference(field, s string) error {
	if len(s) < 1 || len(s) > ReferenceBytesMax {
		return ErrField.Wrapf("%s: got %d bytes, want 1 to %d", field, len(s), ReferenceBytesMax)
	}
	for i := range len(s) {
		if s[i] < 0x21 || s[i] > 0x7e {
			return ErrField.Wrapf("%s: byte %d is not visible ASCII", field, i)
		}
	}
	return nil
}

// issue writes a new issuance. The totals and the supply are known to fit.
func (k *Keeper) issue(ctx context.Context, row cashv1.Issuance, total cashv1.IssuerTotal) error {
	if err := k.bank.MintCoins(ctx, Name, coins(row.AmountFen)); err != nil {
		return err
	}
	if err := k.bank.SendCoinsFromModuleToAccount(ctx, Name, Account(row.ToOrgId), coins(row.AmountFen)); err != nil {
		return err
	}
	if err := k.issuances.Set(ctx, collections.Join(row.IssuerOrgId, row.BankReference), row); err != nil {
		return err
	}
	if err := k.begin(ctx, row.IssuerOrgId); err != nil {
		return err
	}
	return k.setTotal(ctx, total)
}

// setTotal writes an issuer's total, and beside it what the day will have left.
func (k *Keeper) setTotal(ctx context.Context, total cashv1.IssuerTotal) error {
	if err := k.totals.Set(ctx, total.IssuerOrgId, total); err != nil {
		return err
	}
	return k.dayTotals.Set(ctx, collections.Join(total.IssuerOrgId, dayOf(blockTime(ctx))), total)
}

// total is what the issuer has issued and redeemed, zeros for a new one.
func (k *Keeper) total(ctx context.Context, issuer uint64) (cashv1.IssuerTotal, error) {
	t, found, err := lookup(k.totals.Get(ctx, issuer))
	if err == nil && !found {
		t = cashv1.IssuerTotal{IssuerOrgId: issuer}
	}
	return t, err
}

// addIssued is the total after an issuance; the whole supply must stay within
// int64, which also bounds every balance. Σ issued may not wrap either.
func addIssued(t cashv1.IssuerTotal, supplyFen, amountFen int64) (cashv1.IssuerTotal, error) {
	if _, ok := addFen(supplyFen, amountFen); !ok {
		return t, ErrAmount.Wrapf("supply %d plus %d leaves 64 bits", supplyFen, amountFen)
	}
	issued, ok := addFen(t.IssuedFen, amountFen)
	if !ok {
		return t, ErrAmount.Wrapf("issued %d plus %d leaves 64 bits", t.IssuedFen, amountFen)
	}
	t.IssuedFen = issued
	return t, nil
}

// addRedeemed is the total after a redemption: an issuer never owes its bank
// customers more than it has taken in, so that one bank's tokens are not another
// bank's debt.
func addRedeemed(t cashv1.IssuerTotal, amountFen int64) (cashv1.IssuerTotal, error) {
	if left := t.IssuedFen - t.RedeemedFen; amountFen > left {
		return t, ErrIssuer.Wrapf("issuer %d has %d outstanding, asked for %d", t.IssuerOrgId, left, amountFen)
	}
	t.RedeemedFen += amountFen
	t.PendingFen += amountFen
	return t, nil
}
