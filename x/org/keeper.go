package org

import (
	"context"
	"errors"

	"github.com/cosmos/gogoproto/proto"

	"cosmossdk.io/collections"
	"cosmossdk.io/collections/indexes"
	"cosmossdk.io/core/store"
	errorsmod "cosmossdk.io/errors"

	"github.com/cosmos/cosmos-sdk/codec"
	sdk "github.com/cosmos/cosmos-sdk/types"

	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
)

// Prefixes of the store. They are listed here only, and never used twice.
var (
	prefixParams         = collections.NewPrefix(0)
	prefixNextID         = collections.NewPrefix(1)
	prefixOrganisations  = collections.NewPrefix(2)
	prefixTags           = collections.NewPrefix(3)
	prefixDevices        = collections.NewPrefix(4)
	prefixDevicesByOrg   = collections.NewPrefix(5)
	prefixDevicesLive    = collections.NewPrefix(6)
	prefixAccreditations = collections.NewPrefix(7)
	prefixRecoveries     = collections.NewPrefix(8)
	prefixQuotas         = collections.NewPrefix(9)
	prefixTagged         = collections.NewPrefix(10)
)

// Accounts is what the module needs of x/auth: to give a new device an account
// that carries its key, since a first transaction cannot create its own.
type Accounts interface {
	GetAccount(ctx context.Context, addr sdk.AccAddress) sdk.AccountI
	NewAccountWithAddress(ctx context.Context, addr sdk.AccAddress) sdk.AccountI
	SetAccount(ctx context.Context, acc sdk.AccountI)
}

// Keeper holds the state. Its collections are unexported: another module asks
// questions and never writes.
type Keeper struct {
	authority string
	accounts  Accounts

	// The values in force; written at genesis, replaced by council.
	params collections.Item[orgv1.Params]
	// The id of the next organisation; never goes back.
	nextID collections.Sequence
	// org id -> organisation. Never dies: other rows and receipts name it.
	organisations collections.Map[uint64, orgv1.Organisation]
	// identity tag -> enterprise id: has this firm been here before? Dies when the
	// enterprise has tags of two later epochs.
	tags collections.Map[[]byte, uint64]
	// address -> device. Never dies: a revoked key must not come back elsewhere.
	devices *collections.IndexedMap[[]byte, orgv1.Device, deviceIndexes]
	// (org id, category) -> accreditation. Dies when council withdraws it.
	accreditations collections.Map[collections.Pair[uint64, uint32], orgv1.Accreditation]
	// enterprise id -> waiting recovery. Dies when cancelled or completed.
	recoveries collections.Map[uint64, orgv1.Recovery]
	// org id -> transactions in its latest window. Overwritten by the next one.
	quotas collections.Map[uint64, orgv1.Quota]
	// epoch -> enterprises whose newest tag is of it: may a rotation close? Dies at 0.
	tagged collections.Map[uint64, uint64]
}

// NewKeeper opens the module's store. authority is the council's account. It
// panics when the collections clash, which no input can cause.
func NewKeeper(service store.KVStoreService, cdc codec.BinaryCodec, authority string, accounts Accounts) *Keeper {
	sb := collections.NewSchemaBuilder(service)
	k := &Keeper{
		authority: authority,
		accounts:  accounts,
		params:    collections.NewItem(sb, prefixParams, "params", codec.CollValue[orgv1.Params](cdc)),
		nextID:    collections.NewSequence(sb, prefixNextID, "next_id"),
		organisations: collections.NewMap(sb, prefixOrganisations, "organisations",
			collections.Uint64Key, codec.CollValue[orgv1.Organisation](cdc)),
		tags: collections.NewMap(sb, prefixTags, "tags", collections.BytesKey, collections.Uint64Value),
		devices: collections.NewIndexedMap(sb, prefixDevices, "devices",
			collections.BytesKey, codec.CollValue[orgv1.Device](cdc), newDeviceIndexes(sb)),
		accreditations: collections.NewMap(sb, prefixAccreditations, "accreditations",
			collections.PairKeyCodec(collections.Uint64Key, collections.Uint32Key), codec.CollValue[orgv1.Accreditation](cdc)),
		recoveries: collections.NewMap(sb, prefixRecoveries, "recoveries",
			collections.Uint64Key, codec.CollValue[orgv1.Recovery](cdc)),
		quotas: collections.NewMap(sb, prefixQuotas, "quotas",
			collections.Uint64Key, codec.CollValue[orgv1.Quota](cdc)),
		tagged: collections.NewMap(sb, prefixTagged, "tagged", collections.Uint64Key, collections.Uint64Value),
	}
	if _, err := sb.Build(); err != nil {
		panic(err)
	}
	return k
}

// deviceIndexes answer: which devices has this organisation, and which of them
// can still matter?
type deviceIndexes struct {
	byOrg *indexes.Multi[uint64, []byte, orgv1.Device]
	live  liveIndex
}

func newDeviceIndexes(sb *collections.SchemaBuilder) deviceIndexes {
	return deviceIndexes{
		byOrg: indexes.NewMulti(sb, prefixDevicesByOrg, "devices_by_org", collections.Uint64Key, collections.BytesKey,
			func(_ []byte, d orgv1.Device) (uint64, error) { return d.OrgId, nil }),
		live: liveIndex{collections.NewKeySet(sb, prefixDevicesLive, "devices_live",
			collections.PairKeyCodec(collections.Uint64Key, collections.BytesKey), collections.WithKeySetSecondaryIndex())},
	}
}

// IndexesList implements collections.Indexes.
func (i deviceIndexes) IndexesList() []collections.Index[[]byte, orgv1.Device] {
	return []collections.Index[[]byte, orgv1.Device]{i.byOrg, i.live}
}

// liveIndex lists the devices that are not revoked. Revoked rows pile up for
// ever, so a message may walk this index, bounded by LiveDevicesMax, and never
// byOrg.
type liveIndex struct {
	keys collections.KeySet[collections.Pair[uint64, []byte]]
}

// Reference implements collections.Index. A device never changes its
// organisation, so the key of the old row is that of the new one.
func (i liveIndex) Reference(ctx context.Context, addr []byte, d orgv1.Device, _ func() (orgv1.Device, error)) error {
	key := collections.Join(d.OrgId, addr)
	if d.Status == orgv1.DeviceStatus_DEVICE_STATUS_REVOKED {
		return i.keys.Remove(ctx, key)
	}
	return i.keys.Set(ctx, key)
}

// Unreference implements collections.Index.
func (i liveIndex) Unreference(ctx context.Context, addr []byte, old func() (orgv1.Device, error)) error {
	d, err := old()
	if err != nil {
		return err
	}
	return i.keys.Remove(ctx, collections.Join(d.OrgId, addr))
}

// found turns a missing row into the coded error with its line of facts, and
// passes every other outcome on.
func found(err error, missing *errorsmod.Error, format string, args ...any) error {
	if errors.Is(err, collections.ErrNotFound) {
		return missing.Wrapf(format, args...)
	}
	return err
}

// now is the block's time, Unix seconds.
func now(ctx context.Context) int64 { return sdk.UnwrapSDKContext(ctx).BlockTime().Unix() }

// height is the block's height.
func height(ctx context.Context) int64 { return sdk.UnwrapSDKContext(ctx).BlockHeight() }

// emit adds typed events to the transaction, in order.
func emit(ctx context.Context, events ...proto.Message) error {
	return sdk.UnwrapSDKContext(ctx).EventManager().EmitTypedEvents(events...)
}
