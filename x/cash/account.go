package cash

import (
	"bytes"
	"context"
	"encoding/binary"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/xinlian/xinlian/internal/canon"
	"github.com/xinlian/xinlian/internal/wire"
)

// AccountBytes is the size of an organisation's account address.
const AccountBytes = 32

// accountPrefix begins every organisation's account: 24 bytes of a hash. To own
// such an address, somebody would need a key that hashes to it, 2^192 work. That
// keeps the organisation's id readable in the address, so that the restriction
// needs no table of addresses.
var accountPrefix = func() []byte {
	sum := canon.New("cash-account").MustSum()
	return sum[:AccountBytes-8]
}()

// Account is where an organisation's deposits are: 24 fixed bytes, then its id,
// big-endian. No key signs for it; only messages of the organisation's devices
// and the contracts it has signed move its money.
func Account(orgID uint64) sdk.AccAddress {
	return binary.BigEndian.AppendUint64(bytes.Clone(accountPrefix), orgID)
}

// AccountOwner is the organisation whose account it is; false where the address
// is not an organisation's account.
func AccountOwner(account sdk.AccAddress) (uint64, bool) {
	if len(account) != AccountBytes || !bytes.Equal(account[:AccountBytes-8], accountPrefix) {
		return 0, false
	}
	return binary.BigEndian.Uint64(account[AccountBytes-8:]), true
}

// OpenAccount lets an account that a module has derived, a pool's say, hold
// deposits. A freeze of owner then binds it; owner 0 leaves it to itself, which
// is right for money of several parties. Opening again with the same owner
// changes nothing; another owner is ErrHolder, and so is an address that is
// already an organisation's or a module's.
func (k *Keeper) OpenAccount(ctx context.Context, account sdk.AccAddress, owner uint64) error {
	if len(account) == 0 || len(account) > AccountBytes {
		return ErrField.Wrapf("account: got %d bytes, want 1 to %d", len(account), AccountBytes)
	}
	if _, ok := AccountOwner(account); ok {
		return ErrHolder.Wrap("address is an organisation's account")
	}
	if _, ok := k.modules[string(account)]; ok {
		return ErrHolder.Wrap("address is a module's account")
	}
	if owner != 0 {
		if _, err := k.orgs.Organisation(ctx, owner); err != nil {
			return err
		}
	}
	before, found, err := lookup(k.accounts.Get(ctx, account))
	if err != nil {
		return err
	}
	if found && before != owner {
		return ErrHolder.Wrapf("account is open for organisation %d", before)
	}
	if found {
		return nil
	}
	return k.accounts.Set(ctx, account, owner)
}

// Restriction is the rule on every transfer of coins in the chain, to be appended
// to the bank keeper: both sides must be accounts that may hold (ErrHolder), and
// the sender must not be frozen (ErrFrozen). A transfer of nothing is let through:
// x/gov makes one for every proposal, since it asks for no deposit.
func (k *Keeper) Restriction(ctx context.Context, from, to sdk.AccAddress, amount sdk.Coins) (sdk.AccAddress, error) {
	if amount.IsZero() {
		return to, nil
	}
	if _, err := k.holder(ctx, to); err != nil {
		return nil, err
	}
	owner, err := k.holder(ctx, from)
	if err != nil || owner == 0 {
		return to, err
	}
	frozen, err := k.Frozen(ctx, owner)
	if err != nil {
		return nil, err
	}
	if frozen {
		return nil, ErrFrozen.Wrapf("organisation %d", owner)
	}
	return to, nil
}

// holder is the organisation whose freeze binds the account, 0 for none, or
// ErrHolder where the account may not hold deposits.
func (k *Keeper) holder(ctx context.Context, account sdk.AccAddress) (uint64, error) {
	if id, ok := AccountOwner(account); ok {
		if _, err := k.orgs.Organisation(ctx, id); err != nil {
			return 0, ErrHolder.Wrapf("organisation %d: %v", id, err)
		}
		return id, nil
	}
	if _, ok := k.modules[string(account)]; ok {
		return 0, nil
	}
	owner, found, err := lookup(k.accounts.Get(ctx, account))
	if err != nil {
		return 0, err
	}
	if !found {
		return 0, ErrHolder.Wrap(wire.AddressText(account))
	}
	return owner, nil
}
