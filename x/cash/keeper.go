package cash

import (
	"context"

	"cosmossdk.io/collections"
	"cosmossdk.io/core/store"

	"github.com/cosmos/cosmos-sdk/codec"
	sdk "github.com/cosmos/cosmos-sdk/types"

	cashv1 "github.com/xinlian/xinlian/gen/xinlian/cash/v1"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	"github.com/xinlian/xinlian/internal/wire"
)

// Prefixes of the store. Never reused.
var (
	prefixParams      = collections.NewPrefix(0)
	prefixIssuances   = collections.NewPrefix(1)
	prefixRedemptions = collections.NewPrefix(2)
	prefixNextID      = collections.NewPrefix(3)
	prefixTotals      = collections.NewPrefix(4)
	prefixFreezes     = collections.NewPrefix(5)
	prefixAccounts    = collections.NewPrefix(6)
	prefixPending     = collections.NewPrefix(7)
	prefixMandates    = collections.NewPrefix(8)
	prefixMandateID   = collections.NewPrefix(9)
	prefixGranted     = collections.NewPrefix(10)
	prefixHeld        = collections.NewPrefix(11)
	prefixPayments    = collections.NewPrefix(12)
	prefixPaymentID   = collections.NewPrefix(13)
	prefixPaid        = collections.NewPrefix(14)
	prefixReceived    = collections.NewPrefix(15)
	prefixEnds        = collections.NewPrefix(16)
	prefixDebts       = collections.NewPrefix(17)
	prefixDayTotals   = collections.NewPrefix(18)
	prefixReports     = collections.NewPrefix(19)
	prefixStandings   = collections.NewPrefix(20)
)

// orgKey is an organisation or issuer, then the id of a row of its own.
type orgKey = collections.Pair[uint64, uint64]

// dayKey is an issuer, then a day.
type dayKey = collections.Pair[uint64, int64]

// endKey is a time, Unix seconds, then the id of a payment.
type endKey = collections.Pair[int64, uint64]

// OrgKeeper is what cash asks of x/org.
type OrgKeeper interface {
	Acting(ctx context.Context, device string, orgID uint64) (orgv1.Organisation, orgv1.Device, error)
	Organisation(ctx context.Context, id uint64) (orgv1.Organisation, error)
}

// BankKeeper is what cash asks of x/bank. The module account "cash" needs the
// permissions of minter and burner.
type BankKeeper interface {
	MintCoins(ctx context.Context, module string, amount sdk.Coins) error
	BurnCoins(ctx context.Context, module string, amount sdk.Coins) error
	SendCoins(ctx context.Context, from, to sdk.AccAddress, amount sdk.Coins) error
	SendCoinsFromModuleToAccount(ctx context.Context, module string, to sdk.AccAddress, amount sdk.Coins) error
	SendCoinsFromAccountToModule(ctx context.Context, from sdk.AccAddress, module string, amount sdk.Coins) error
	GetBalance(ctx context.Context, account sdk.AccAddress, denom string) sdk.Coin
	GetSupply(ctx context.Context, denom string) sdk.Coin
	IterateAllBalances(ctx context.Context, visit func(account sdk.AccAddress, coin sdk.Coin) (stop bool))
}

// Keeper holds the module's state and the rules over it.
type Keeper struct {
	authority string
	orgs      OrgKeeper
	bank      BankKeeper
	modules   map[string]struct{} // addresses of module accounts that may hold; only looked up

	schema collections.Schema
	// params -> the parameters; never dies.
	params collections.Item[cashv1.Params]
	// issuer, bank reference -> issuance. Answers: was this reference counted already? Never dies.
	issuances collections.Map[collections.Pair[uint64, string], cashv1.Issuance]
	// redemption id -> redemption. Never dies.
	redemptions collections.Map[uint64, cashv1.Redemption]
	// the next redemption's id, from 1; never dies.
	nextID collections.Sequence
	// issuer -> what it has issued and redeemed. Never dies.
	totals collections.Map[uint64, cashv1.IssuerTotal]
	// organisation, case -> freeze. Answers: what stops this organisation? Dies when
	// lifted, or when another freeze of the organisation finds it expired.
	freezes collections.Map[collections.Pair[uint64, string], cashv1.Freeze]
	// address -> owner organisation or 0. Answers: may this account of a pool hold? Never dies.
	accounts collections.Map[[]byte, uint64]
	// issuer, redemption id. Answers: what must this bank still pay out? Dies when settled or rejected.
	pending collections.KeySet[orgKey]

	// mandate id -> mandate. Never dies: payments name it.
	mandates collections.Map[uint64, cashv1.Mandate]
	// the next mandate's id, from 1; never dies.
	nextMandate collections.Sequence
	// payer, mandate id. Answers: whom did it let debit? Never dies.
	granted collections.KeySet[orgKey]
	// payee, mandate id. Answers: whom may it debit? Never dies.
	held collections.KeySet[orgKey]

	// payment id -> payment. Dies at kept_until, later while a chargeback is open or owed.
	payments collections.Map[uint64, cashv1.Payment]
	// the next payment's id, from 1; never dies.
	nextPayment collections.Sequence
	// payer, payment id. Answers: what did it pay? Dies with the payment.
	paid collections.KeySet[orgKey]
	// payee, payment id. Answers: what did it receive? Dies with the payment.
	received collections.KeySet[orgKey]
	// kept_until, payment id. Answers: which payments die next? Dies with the payment
	// and rests while a chargeback is open or owed.
	ends collections.KeySet[endKey]
	// payee, payment id. Answers: does it owe an upheld chargeback? Dies when nothing is owed.
	debts collections.KeySet[orgKey]

	// issuer, day -> its total as that day left it. Answers: what was outstanding at the end of a
	// day? Never dies: one row per issuer and day with a change.
	dayTotals collections.Map[dayKey, cashv1.IssuerTotal]
	// issuer, day -> report. Never dies: one row per issuer and day.
	reports collections.Map[dayKey, cashv1.BalanceReport]
	// issuer -> where it stands with its reports. Never dies.
	standings collections.Map[uint64, cashv1.Standing]
}

// NewKeeper builds the keeper. authority may change the parameters; modules are
// the module accounts, besides cash's own, through which deposits may pass.
func NewKeeper(
	service store.KVStoreService, cdc codec.BinaryCodec, authority string,
	orgs OrgKeeper, bank BankKeeper, modules ...sdk.AccAddress,
) *Keeper {
	sb := collections.NewSchemaBuilder(service)
	orgCodec := collections.PairKeyCodec(collections.Uint64Key, collections.Uint64Key)
	dayCodec := collections.PairKeyCodec(collections.Uint64Key, collections.Int64Key)
	k := &Keeper{
		authority: authority, orgs: orgs, bank: bank,
		modules: map[string]struct{}{string(wire.ModuleAddress(Name)): {}},

		params: collections.NewItem(sb, prefixParams, "params", codec.CollValue[cashv1.Params](cdc)),
		issuances: collections.NewMap(sb, prefixIssuances, "issuances",
			collections.PairKeyCodec(collections.Uint64Key, collections.StringKey), codec.CollValue[cashv1.Issuance](cdc)),
		redemptions: collections.NewMap(sb, prefixRedemptions, "redemptions",
			collections.Uint64Key, codec.CollValue[cashv1.Redemption](cdc)),
		nextID: collections.NewSequence(sb, prefixNextID, "next_id"),
		totals: collections.NewMap(sb, prefixTotals, "totals",
			collections.Uint64Key, codec.CollValue[cashv1.IssuerTotal](cdc)),
		freezes: collections.NewMap(sb, prefixFreezes, "freezes",
			collections.PairKeyCodec(collections.Uint64Key, collections.StringKey), codec.CollValue[cashv1.Freeze](cdc)),
		accounts: collections.NewMap(sb, prefixAccounts, "accounts", collections.BytesKey, collections.Uint64Value),
		pending:  collections.NewKeySet(sb, prefixPending, "pending", orgCodec),

		mandates: collections.NewMap(sb, prefixMandates, "mandates",
			collections.Uint64Key, codec.CollValue[cashv1.Mandate](cdc)),
		nextMandate: collections.NewSequence(sb, prefixMandateID, "next_mandate"),
		granted:     collections.NewKeySet(sb, prefixGranted, "granted", orgCodec),
		held:        collections.NewKeySet(sb, prefixHeld, "held", orgCodec),

		payments: collections.NewMap(sb, prefixPayments, "payments",
			collections.Uint64Key, codec.CollValue[cashv1.Payment](cdc)),
		nextPayment: collections.NewSequence(sb, prefixPaymentID, "next_payment"),
		paid:        collections.NewKeySet(sb, prefixPaid, "paid", orgCodec),
		received:    collections.NewKeySet(sb, prefixReceived, "received", orgCodec),
		ends: collections.NewKeySet(sb, prefixEnds, "ends",
			collections.PairKeyCodec(collections.Int64Key, collections.Uint64Key)),
		debts: collections.NewKeySet(sb, prefixDebts, "debts", orgCodec),

		dayTotals: collections.NewMap(sb, prefixDayTotals, "day_totals", dayCodec, codec.CollValue[cashv1.IssuerTotal](cdc)),
		reports:   collections.NewMap(sb, prefixReports, "reports", dayCodec, codec.CollValue[cashv1.BalanceReport](cdc)),
		standings: collections.NewMap(sb, prefixStandings, "standings",
			collections.Uint64Key, codec.CollValue[cashv1.Standing](cdc)),
	}
	for _, m := range modules {
		k.modules[string(m)] = struct{}{}
	}
	var err error
	if k.schema, err = sb.Build(); err != nil {
		panic(err)
	}
	return k
}

// Params are the parameters in force.
func (k *Keeper) Params(ctx context.Context) (cashv1.Params, error) { return k.params.Get(ctx) }
