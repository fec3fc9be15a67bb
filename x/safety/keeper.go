package safety

import (
	"context"

	"github.com/cosmos/gogoproto/proto"

	"cosmossdk.io/collections"
	"cosmossdk.io/core/store"

	"github.com/cosmos/cosmos-sdk/codec"
	sdk "github.com/cosmos/cosmos-sdk/types"

	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	safetyv1 "github.com/xinlian/xinlian/gen/xinlian/safety/v1"
)

// Prefixes of the store. They are listed here only, and never used twice.
var (
	prefixParams       = collections.NewPrefix(0)
	prefixStops        = collections.NewPrefix(1)
	prefixAudits       = collections.NewPrefix(2)
	prefixIncidents    = collections.NewPrefix(3)
	prefixNextIncident = collections.NewPrefix(4)
)

// Organisations is what the module needs of x/org.
type Organisations interface {
	// Acting is the organisation and the device, or why the device may not act.
	Acting(ctx context.Context, device string, orgID uint64) (orgv1.Organisation, orgv1.Device, error)
	// Organisation is the row of an organisation.
	Organisation(ctx context.Context, id uint64) (orgv1.Organisation, error)
	// SameControl tells whether two organisations count as one.
	SameControl(ctx context.Context, a, b uint64) (bool, error)
}

// auditKey is subject kind, subject hash, auditor.
type auditKey = collections.Triple[uint32, []byte, uint64]

// Keeper holds the state. Its collections are unexported: another module asks
// questions, opens incidents, and writes nothing else.
type Keeper struct {
	authority string
	orgs      Organisations

	// The values in force; written at genesis, replaced by council.
	params collections.Item[safetyv1.Params]
	// type URL -> stop. Dies when resumed, or replaced once it no longer holds.
	stops collections.Map[string, safetyv1.Stop]
	// (subject kind, subject hash, auditor) -> that auditor's latest word: who
	// approves this subject? Never dies: a signature stays on the record.
	audits collections.Map[auditKey, safetyv1.Audit]
	// id -> incident. Never dies: the list is the members' history.
	incidents collections.Map[uint64, safetyv1.Incident]
	// The id of the next incident; never goes back.
	nextIncident collections.Sequence
}

// NewKeeper opens the module's store. authority is the council's account. It
// panics when the collections clash, which no input can cause.
func NewKeeper(service store.KVStoreService, cdc codec.BinaryCodec, authority string, orgs Organisations) *Keeper {
	sb := collections.NewSchemaBuilder(service)
	k := &Keeper{
		authority: authority,
		orgs:      orgs,
		params:    collections.NewItem(sb, prefixParams, "params", codec.CollValue[safetyv1.Params](cdc)),
		stops: collections.NewMap(sb, prefixStops, "stops",
			collections.StringKey, codec.CollValue[safetyv1.Stop](cdc)),
		audits: collections.NewMap(sb, prefixAudits, "audits",
			collections.TripleKeyCodec(collections.Uint32Key, collections.BytesKey, collections.Uint64Key),
			codec.CollValue[safetyv1.Audit](cdc)),
		incidents: collections.NewMap(sb, prefixIncidents, "incidents",
			collections.Uint64Key, codec.CollValue[safetyv1.Incident](cdc)),
		nextIncident: collections.NewSequence(sb, prefixNextIncident, "next_incident"),
	}
	if _, err := sb.Build(); err != nil {
		panic(err)
	}
	return k
}

// Params are the values in force.
func (k *Keeper) Params(ctx context.Context) (safetyv1.Params, error) { return k.params.Get(ctx) }

// now is the block's time, Unix seconds.
func now(ctx context.Context) int64 { return sdk.UnwrapSDKContext(ctx).BlockTime().Unix() }

// height is the block's height.
func height(ctx context.Context) int64 { return sdk.UnwrapSDKContext(ctx).BlockHeight() }

// emit adds typed events to the transaction, in order.
func emit(ctx context.Context, events ...proto.Message) error {
	return sdk.UnwrapSDKContext(ctx).EventManager().EmitTypedEvents(events...)
}
