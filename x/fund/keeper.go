package fund

import (
	"context"
	"encoding/binary"
	"errors"

	"github.com/cosmos/gogoproto/proto"

	"cosmossdk.io/collections"
	"cosmossdk.io/core/store"
	errorsmod "cosmossdk.io/errors"

	"github.com/cosmos/cosmos-sdk/codec"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/address"

	fundv1 "github.com/xinlian/xinlian/gen/xinlian/fund/v1"
	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
)

// Orgs says who may act for an organisation.
type Orgs interface {
	Acting(ctx context.Context, device string, orgID uint64) (orgv1.Organisation, orgv1.Device, error)
	Organisation(ctx context.Context, id uint64) (orgv1.Organisation, error)
}

// Council logs the header of a block that changed state.
type Council interface {
	RecordHeader(ctx context.Context) error
}

// Safety stops settlements.
type Safety interface {
	IsAllowed(ctx context.Context, typeURL string) (bool, error)
}

// Cash moves tokenised deposits.
type Cash interface {
	OpenAccount(ctx context.Context, account sdk.AccAddress, owner uint64) error
	Move(ctx context.Context, from, to sdk.AccAddress, amountFen int64) error
	Balance(ctx context.Context, account sdk.AccAddress) (int64, error)
}

// Loans lends the money: a fund owns one of its pools.
type Loans interface {
	Pool(ctx context.Context, id uint64) (loanv1.Pool, error)
	Entrust(ctx context.Context, poolID, manager uint64) error
	PutIn(ctx context.Context, poolID uint64, from sdk.AccAddress, amountFen int64) error
	TakeOut(ctx context.Context, poolID uint64, to sdk.AccAddress, amountFen int64) error
}

// Neighbours are the modules to the left that fund stands on; all are required.
type Neighbours struct {
	Orgs    Orgs
	Council Council
	Safety  Safety
	Cash    Cash
	// CashAccount is the account of an organisation, x/cash's Account.
	CashAccount func(orgID uint64) sdk.AccAddress
	Loans       Loans
}

func (n Neighbours) complete() bool {
	return n.Orgs != nil && n.Council != nil && n.Safety != nil && n.Cash != nil && n.CashAccount != nil && n.Loans != nil
}

// Prefixes of the store. They are listed here only, and never used twice.
var (
	prefixParams    = collections.NewPrefix(0)
	prefixFundID    = collections.NewPrefix(1)
	prefixFunds     = collections.NewPrefix(2)
	prefixPools     = collections.NewPrefix(3)
	prefixDue       = collections.NewPrefix(4)
	prefixInvestors = collections.NewPrefix(5)
	prefixHoldings  = collections.NewPrefix(6)
	prefixOrders    = collections.NewPrefix(7)
)

type (
	dueKey      = collections.Pair[int64, uint64]
	investorKey = collections.Pair[uint64, uint64]
	holdingKey  = collections.Triple[uint64, uint32, uint64]
	orderKey    = collections.Quad[uint64, uint32, uint32, uint64]
)

// Keeper holds the state of the module and the rules that change it.
type Keeper struct {
	authority string
	left      Neighbours

	// The parameters; written at genesis.
	params collections.Item[fundv1.Params]
	// fundID counts funds; funds: id -> fund; never removed.
	fundID collections.Sequence
	funds  collections.Map[uint64, fundv1.Fund]
	// pool -> fund: whose money does a pool lend? Never dies.
	pools collections.Map[uint64, uint64]
	// (end of the round, fund): which rounds end first? Dies when the fund is closed.
	due collections.KeySet[dueKey]
	// (fund, investor) -> admission. Dies when it is taken back.
	investors collections.Map[investorKey, fundv1.Investor]
	// (fund, class, investor) -> holding. Dies with its last share and claim.
	holdings collections.Map[holdingKey, fundv1.Holding]
	// (fund, kind, class, investor) -> open order, in the order of settlement. Dies
	// when it is settled in whole or cancelled.
	orders collections.Map[orderKey, fundv1.Order]
}

// NewKeeper builds the keeper over its store. authority is the council's account.
// It panics when a neighbour is missing or the schema is wrong: both are errors of
// the program that wires it.
func NewKeeper(service store.KVStoreService, cdc codec.BinaryCodec, authority string, n Neighbours) *Keeper {
	if authority == "" || !n.complete() {
		panic("fund: keeper needs an authority and all its neighbours")
	}
	sb := collections.NewSchemaBuilder(service)
	u64, u32 := collections.Uint64Key, collections.Uint32Key
	k := &Keeper{
		authority: authority, left: n,
		params:    collections.NewItem(sb, prefixParams, "params", codec.CollValue[fundv1.Params](cdc)),
		fundID:    collections.NewSequence(sb, prefixFundID, "fund_id"),
		funds:     collections.NewMap(sb, prefixFunds, "funds", u64, codec.CollValue[fundv1.Fund](cdc)),
		pools:     collections.NewMap(sb, prefixPools, "pools", u64, collections.Uint64Value),
		due:       collections.NewKeySet(sb, prefixDue, "due", collections.PairKeyCodec(collections.Int64Key, u64)),
		investors: collections.NewMap(sb, prefixInvestors, "investors", collections.PairKeyCodec(u64, u64), codec.CollValue[fundv1.Investor](cdc)),
		holdings:  collections.NewMap(sb, prefixHoldings, "holdings", collections.TripleKeyCodec(u64, u32, u64), codec.CollValue[fundv1.Holding](cdc)),
		orders:    collections.NewMap(sb, prefixOrders, "orders", collections.QuadKeyCodec(u64, u32, u32, u64), codec.CollValue[fundv1.Order](cdc)),
	}
	if _, err := sb.Build(); err != nil {
		panic(err)
	}
	return k
}

// Account is where a fund's subscriptions, redemptions and income wait, 32 bytes
// derived from the module and the fund's id. No key belongs to it, and no freeze of
// one organisation binds it, because it holds money of several.
func Account(id uint64) sdk.AccAddress {
	return address.Module(Name, []byte("fund"), binary.BigEndian.AppendUint64(nil, id))
}

// lookup turns an absent row into its zero value.
func lookup[V any](v V, err error) (V, error) {
	if errors.Is(err, collections.ErrNotFound) {
		return v, nil
	}
	return v, err
}

// missing turns a row's absence into ErrNotFound with a line of facts.
func missing(err error, format string, args ...any) error {
	if errors.Is(err, collections.ErrNotFound) {
		return ErrNotFound.Wrapf(format, args...)
	}
	return errorsmod.Wrapf(err, format, args...)
}

// unixNow is the block's time, Unix seconds.
func unixNow(ctx context.Context) int64 { return sdk.UnwrapSDKContext(ctx).BlockTime().Unix() }

func emit(ctx context.Context, events ...proto.Message) error {
	return sdk.UnwrapSDKContext(ctx).EventManager().EmitTypedEvents(events...)
}
