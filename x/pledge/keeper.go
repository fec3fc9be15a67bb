package pledge

import (
	"context"
	"errors"

	"github.com/cosmos/gogoproto/proto"

	"cosmossdk.io/collections"
	"cosmossdk.io/core/store"
	errorsmod "cosmossdk.io/errors"

	"github.com/cosmos/cosmos-sdk/codec"
	sdk "github.com/cosmos/cosmos-sdk/types"

	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	pledgev1 "github.com/xinlian/xinlian/gen/xinlian/pledge/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/x/attestation"
)

// Prefixes of the store. They are listed here only, and never used twice.
var (
	prefixParams        = collections.NewPrefix(0)
	prefixNextStatement = collections.NewPrefix(1)
	prefixNextPledge    = collections.NewPrefix(2)
	prefixKeys          = collections.NewPrefix(3)
	prefixProposal      = collections.NewPrefix(4)
	prefixStatements    = collections.NewPrefix(5)
	prefixPledges       = collections.NewPrefix(6)
	prefixHolders       = collections.NewPrefix(7)
	prefixHeld          = collections.NewPrefix(8)
	prefixLive          = collections.NewPrefix(9)
	prefixDue           = collections.NewPrefix(10)
)

// Orgs is what the module needs of x/org: who acts, who is accredited and who is
// under common control with whom.
type Orgs interface {
	attestation.Directory
	Acting(ctx context.Context, device string, orgID uint64) (orgv1.Organisation, orgv1.Device, error)
	Accredited(ctx context.Context, orgID uint64, category uint32) (bool, error)
}

// Profiles is what the module needs of x/profile.
type Profiles interface {
	Batch(ctx context.Context, id []byte) (profilev1.Batch, error)
	LiveConsent(ctx context.Context, id []byte) (profilev1.Consent, error)
}

// Council is what the module needs of x/council: who is a member.
type Council interface {
	Member(ctx context.Context, orgID uint64) (bool, error)
}

// Keeper holds the state. Its collections are unexported: another module asks
// questions and never writes.
type Keeper struct {
	authority string
	orgs      Orgs
	council   Council
	profiles  Profiles

	// The values in force; written at genesis, replaced by council.
	params collections.Item[pledgev1.Params]
	// The ids of the next statement and pledge; never go back.
	nextStatement, nextPledge collections.Sequence
	// epoch -> key in its newest sharing. Never dies: old tags name its epoch.
	keys collections.Map[uint64, pledgev1.Key]
	// The key that waits for confirmations. Dies when it counts, or is replaced.
	proposal collections.Item[pledgev1.Key]
	// id -> statement. Never dies: pledges name it.
	statements collections.Map[uint64, pledgev1.Statement]
	// id -> pledge. Never dies: a loan's file names it.
	pledges collections.Map[uint64, pledgev1.Pledge]
	// (epoch, tag) -> statement that holds it: is this receivable pledged? Dies
	// with the statement's last live pledge.
	holders collections.Map[holderKey, uint64]
	// epoch -> how many holding statements have no newer tag: must this key still
	// be checked? Dies at 0.
	held collections.Map[uint64, uint64]
	// (statement, pledge): its live pledges, at most PledgesMax. Dies with the pledge.
	live collections.KeySet[collections.Pair[uint64, uint64]]
	// (end, pledge): what ends next? Dies with the pledge.
	due collections.KeySet[collections.Pair[int64, uint64]]
}

// holderKey is epoch and tag.
type holderKey = collections.Pair[uint64, []byte]

// NewKeeper opens the module's store. authority is the council's account. It
// panics when the collections clash, which no input can cause.
func NewKeeper(service store.KVStoreService, cdc codec.BinaryCodec, authority string, orgs Orgs, council Council, profiles Profiles) *Keeper {
	sb := collections.NewSchemaBuilder(service)
	u64 := collections.Uint64Key
	k := &Keeper{
		authority: authority, orgs: orgs, council: council, profiles: profiles,
		params:        collections.NewItem(sb, prefixParams, "params", codec.CollValue[pledgev1.Params](cdc)),
		nextStatement: collections.NewSequence(sb, prefixNextStatement, "next_statement"),
		nextPledge:    collections.NewSequence(sb, prefixNextPledge, "next_pledge"),
		keys:          collections.NewMap(sb, prefixKeys, "keys", u64, codec.CollValue[pledgev1.Key](cdc)),
		proposal:      collections.NewItem(sb, prefixProposal, "proposal", codec.CollValue[pledgev1.Key](cdc)),
		statements:    collections.NewMap(sb, prefixStatements, "statements", u64, codec.CollValue[pledgev1.Statement](cdc)),
		pledges:       collections.NewMap(sb, prefixPledges, "pledges", u64, codec.CollValue[pledgev1.Pledge](cdc)),
		holders: collections.NewMap(sb, prefixHolders, "holders",
			collections.PairKeyCodec(u64, collections.BytesKey), collections.Uint64Value),
		held: collections.NewMap(sb, prefixHeld, "held", u64, collections.Uint64Value),
		live: collections.NewKeySet(sb, prefixLive, "live", collections.PairKeyCodec(u64, u64)),
		due:  collections.NewKeySet(sb, prefixDue, "due", collections.PairKeyCodec(collections.Int64Key, u64)),
	}
	if _, err := sb.Build(); err != nil {
		panic(err)
	}
	return k
}

// found turns a missing row into the coded error with its line of facts, and
// passes every other outcome on.
func found(err error, missing *errorsmod.Error, format string, args ...any) error {
	if errors.Is(err, collections.ErrNotFound) {
		return missing.Wrapf(format, args...)
	}
	return err
}

// either is the store's error where there is one, else the rule's.
func either(store, rule error) error {
	if store != nil {
		return store
	}
	return rule
}

// now is the block's time, Unix seconds.
func now(ctx context.Context) int64 { return sdk.UnwrapSDKContext(ctx).BlockTime().Unix() }

// emit adds typed events to the transaction, in order.
func emit(ctx context.Context, events ...proto.Message) error {
	return sdk.UnwrapSDKContext(ctx).EventManager().EmitTypedEvents(events...)
}
