package cash

import (
	"context"
	"errors"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	cashv1 "github.com/xinlian/xinlian/gen/xinlian/cash/v1"
	"github.com/xinlian/xinlian/internal/wire"
)

// Move pays amountFen, which must be positive, from one account to another; both
// must be able to hold and the payer must not be frozen. It is for other modules:
// no device limit and no amount_fen_max bind it. Errors: ErrAmount, ErrField,
// ErrFunds, and those of [Keeper.Restriction]; then nothing has moved.
func (k *Keeper) Move(ctx context.Context, from, to sdk.AccAddress, amountFen int64) error {
	if amountFen < 1 {
		return ErrAmount.Wrapf("got %d, want at least 1", amountFen)
	}
	if from.Equals(to) {
		return ErrField.Wrap("payer and payee are one account")
	}
	if err := k.checkFunds(ctx, from, amountFen); err != nil {
		return err
	}
	if err := k.bank.SendCoins(ctx, from, to, coins(amountFen)); err != nil {
		return err
	}
	return emit(ctx, &cashv1.EventMoved{
		FromAccount: wire.AddressText(from), ToAccount: wire.AddressText(to), AmountFen: amountFen,
	})
}

// Balance is what an account holds, in fen.
func (k *Keeper) Balance(ctx context.Context, account sdk.AccAddress) (int64, error) {
	return int64Of(k.bank.GetBalance(ctx, account, wire.Denom))
}

func (k *Keeper) supply(ctx context.Context) (int64, error) {
	return int64Of(k.bank.GetSupply(ctx, wire.Denom))
}

func (k *Keeper) checkFunds(ctx context.Context, account sdk.AccAddress, amountFen int64) error {
	balance, err := k.Balance(ctx, account)
	if err != nil {
		return err
	}
	if balance < amountFen {
		return ErrFunds.Wrapf("holds %d, needs %d", balance, amountFen)
	}
	return nil
}

// int64Of is exact: the supply is kept within int64 by every issuance.
func int64Of(c sdk.Coin) (int64, error) {
	if c.Amount.IsNil() {
		return 0, nil
	}
	if !c.Amount.IsInt64() {
		return 0, ErrInvariant.Wrapf("amount %s does not fit 64 bits", c.Amount)
	}
	return c.Amount.Int64(), nil
}

func coins(amountFen int64) sdk.Coins { return sdk.NewCoins(sdk.NewInt64Coin(wire.Denom, amountFen)) }

// addFen adds amounts that are not negative; false when the sum leaves int64.
func addFen(a, b int64) (int64, bool) {
	sum := a + b
	return sum, sum >= a
}

// lookup turns collections' not-found error into a flag.
func lookup[V any](v V, err error) (V, bool, error) {
	if errors.Is(err, collections.ErrNotFound) {
		return v, false, nil
	}
	return v, err == nil, err
}
