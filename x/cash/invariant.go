package cash

import (
	"context"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/xinlian/xinlian/internal/wire"
)

// Invariant is a named claim over the whole state. Check reads everything: it is
// for tests, exports and a stopped node, never for a block.
type Invariant struct {
	Name  string
	Check func(ctx context.Context) error
}

// Invariants lists the module's claims.
func (k *Keeper) Invariants() []Invariant {
	return []Invariant{
		{"totals-match-rows", k.checkTotals},
		{"supply-matches-totals", k.checkSupply},
		{"holders-known", k.checkHolders},
	}
}

// checkTotals: each issuer's totals are the sums of its issuances and
// redemptions, and none has redeemed more than it issued.
func (k *Keeper) checkTotals(ctx context.Context) error {
	gs, err := k.ExportGenesis(ctx)
	if err != nil {
		return err
	}
	if err := validateTotals(gs); err != nil {
		return ErrInvariant.Wrap(err.Error())
	}
	return nil
}

// checkSupply: bank's supply is the sum of what was issued less what was redeemed.
func (k *Keeper) checkSupply(ctx context.Context) error {
	totals, err := k.allTotals(ctx)
	if err != nil {
		return err
	}
	supply, err := k.supply(ctx)
	if err != nil {
		return err
	}
	want := int64(0)
	for _, t := range totals {
		want += t.IssuedFen - t.RedeemedFen
	}
	if supply != want {
		return ErrInvariant.Wrapf("supply %d, issued less redeemed %d", supply, want)
	}
	return nil
}

// checkHolders: every balance is positive and lies at an account that may hold,
// and the balances add up to the supply.
func (k *Keeper) checkHolders(ctx context.Context) error {
	supply, err := k.supply(ctx)
	if err != nil {
		return err
	}
	sum := int64(0)
	k.bank.IterateAllBalances(ctx, func(account sdk.AccAddress, coin sdk.Coin) bool {
		if _, err = k.holder(ctx, account); err != nil {
			return true
		}
		if coin.Denom != wire.Denom || !coin.Amount.IsPositive() || !coin.Amount.IsInt64() {
			err = ErrInvariant.Wrapf("%s holds %s", wire.AddressText(account), coin)
			return true
		}
		sum += coin.Amount.Int64()
		return false
	})
	if err == nil && sum != supply {
		err = ErrInvariant.Wrapf("balances add up to %d, supply %d", sum, supply)
	}
	return err
}
