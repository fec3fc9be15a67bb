package cash

import (
	"context"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	cashv1 "github.com/xinlian/xinlian/gen/xinlian/cash/v1"
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
		{"payments-within-mandates", k.checkPayments},
		{"payments-indexed", k.checkIndexes},
		{"reports-match-totals", k.checkReports},
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

// checkPayments: mandates are used within their limits, payments return no more
// than they brought, and every debit is of a mandate that allows it.
func (k *Keeper) checkPayments(ctx context.Context) error {
	gs, err := k.ExportGenesis(ctx)
	if err != nil {
		return err
	}
	for _, check := range []func(*cashv1.GenesisState) error{validateMandates, validatePayments} {
		if err := check(gs); err != nil {
			return ErrInvariant.Wrap(err.Error())
		}
	}
	return nil
}

// checkReports: the totals of days end in the totals of now, and every report
// says what the total of its day says.
func (k *Keeper) checkReports(ctx context.Context) error {
	gs, err := k.ExportGenesis(ctx)
	if err != nil {
		return err
	}
	for _, check := range []func(*cashv1.GenesisState) error{validateTotals, validateDays, validateStandings} {
		if err := check(gs); err != nil {
			return ErrInvariant.Wrap(err.Error())
		}
	}
	return nil
}

// checkIndexes: each index holds exactly the places that the rows ask for.
func (k *Keeper) checkIndexes(ctx context.Context) error {
	gs, err := k.ExportGenesis(ctx)
	if err != nil {
		return err
	}
	var pending, granted, held, paid, received, debts []orgKey
	var ends []endKey
	for _, r := range gs.Redemptions {
		if r.Status == cashv1.RedemptionStatus_REDEMPTION_STATUS_PENDING {
			pending = append(pending, collections.Join(r.IssuerOrgId, r.Id))
		}
	}
	for _, m := range gs.Mandates {
		granted = append(granted, collections.Join(m.PayerOrgId, m.Id))
		held = append(held, collections.Join(m.PayeeOrgId, m.Id))
	}
	for _, p := range gs.Payments {
		paid = append(paid, collections.Join(p.PayerOrgId, p.Id))
		received = append(received, collections.Join(p.PayeeOrgId, p.Id))
		if owed(p) > 0 {
			debts = append(debts, collections.Join(p.PayeeOrgId, p.Id))
		}
		if !resting(p) {
			ends = append(ends, collections.Join(p.KeptUntil, p.Id))
		}
	}
	for _, i := range []struct {
		name string
		set  collections.KeySet[orgKey]
		want []orgKey
	}{
		{name: "pending", set: k.pending, want: pending},
		{name: "granted", set: k.granted, want: granted},
		{name: "held", set: k.held, want: held},
		{name: "paid", set: k.paid, want: paid},
		{name: "received", set: k.received, want: received},
		{name: "debts", set: k.debts, want: debts},
	} {
		if err := sameKeys(ctx, i.name, i.set, i.want); err != nil {
			return err
		}
	}
	return sameKeys(ctx, "ends", k.ends, ends)
}

// sameKeys compares a set with the keys that are wanted, which are all different.
func sameKeys[K any](ctx context.Context, name string, set collections.KeySet[K], want []K) error {
	for _, key := range want {
		has, err := set.Has(ctx, key)
		if err != nil {
			return err
		}
		if !has {
			return ErrInvariant.Wrapf("%s: %v is missing", name, key)
		}
	}
	count := 0
	err := set.Walk(ctx, nil, func(K) (bool, error) {
		count++
		return false, nil
	})
	if err == nil && count != len(want) {
		err = ErrInvariant.Wrapf("%s: got %d keys, want %d", name, count, len(want))
	}
	return err
}
