package council

import (
	"context"
	"errors"

	"cosmossdk.io/collections"
	"cosmossdk.io/core/store"

	"github.com/cosmos/cosmos-sdk/codec"

	councilv1 "github.com/xinlian/xinlian/gen/xinlian/council/v1"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
)

// Name is the module's name, store key and error codespace.
const (
	Name     = "council"
	StoreKey = Name
)

// The prefixes of the module's rows. A prefix is never reused.
var (
	prefixParams     = collections.NewPrefix(0x00)
	prefixMembers    = collections.NewPrefix(0x01)
	prefixFormerKeys = collections.NewPrefix(0x02)
	prefixPending    = collections.NewPrefix(0x03)
	prefixLog        = collections.NewPrefix(0x04)
	prefixEntries    = collections.NewPrefix(0x05)
	prefixHeights    = collections.NewPrefix(0x06)
)

// Organisations is what the module needs of x/org.
type Organisations interface {
	// Acting authorises a device for an organisation; see x/org.
	Acting(ctx context.Context, device string, orgID uint64) (orgv1.Organisation, orgv1.Device, error)
	// DeviceOf finds the device of an account.
	DeviceOf(ctx context.Context, address string) (orgv1.Device, bool, error)
	// Organisation is an organisation's row.
	Organisation(ctx context.Context, id uint64) (orgv1.Organisation, error)
}

// Keeper owns the module's state.
type Keeper struct {
	authority string
	orgs      Organisations

	params  collections.Item[councilv1.Params]                 // one row
	members collections.Map[uint64, councilv1.Member]          // org id -> member; dies when removed
	former  collections.Map[[]byte, councilv1.FormerKey]       // consensus address -> whose; dies after until_height
	pending collections.Map[[]byte, councilv1.ValidatorUpdate] // consensus key -> update; dies at the end of the block
	log     collections.Item[councilv1.HeaderLog]              // one row: the head of the log of block hashes
	entries collections.Map[uint64, councilv1.HeaderEntry]     // index -> leaf, for inclusion proofs; never dies
	heights collections.Map[int64, uint64]                     // height -> index, finds the leaf of a block
}

// NewKeeper makes the keeper over its store.
func NewKeeper(service store.KVStoreService, cdc codec.BinaryCodec, authority string, orgs Organisations) *Keeper {
	sb := collections.NewSchemaBuilder(service)
	k := &Keeper{
		authority: authority,
		orgs:      orgs,
		params:    collections.NewItem(sb, prefixParams, "params", codec.CollValue[councilv1.Params](cdc)),
		members:   collections.NewMap(sb, prefixMembers, "members", collections.Uint64Key, codec.CollValue[councilv1.Member](cdc)),
		former:    collections.NewMap(sb, prefixFormerKeys, "former_keys", collections.BytesKey, codec.CollValue[councilv1.FormerKey](cdc)),
		pending:   collections.NewMap(sb, prefixPending, "pending", collections.BytesKey, codec.CollValue[councilv1.ValidatorUpdate](cdc)),
		log:       collections.NewItem(sb, prefixLog, "log", codec.CollValue[councilv1.HeaderLog](cdc)),
		entries:   collections.NewMap(sb, prefixEntries, "entries", collections.Uint64Key, codec.CollValue[councilv1.HeaderEntry](cdc)),
		heights:   collections.NewMap(sb, prefixHeights, "heights", collections.Int64Key, collections.Uint64Value),
	}
	if _, err := sb.Build(); err != nil {
		panic(err)
	}
	return k
}

// Member tells whether an organisation is a voting member.
func (k *Keeper) Member(ctx context.Context, orgID uint64) (bool, error) {
	return k.members.Has(ctx, orgID)
}

// Members counts the voting members.
func (k *Keeper) Members(ctx context.Context) (int, error) {
	all, err := k.allMembers(ctx)
	return len(all), err
}

// NodeAllowed tells whether a p2p node id belongs to a member.
func (k *Keeper) NodeAllowed(ctx context.Context, nodeID string) (bool, error) {
	all, err := k.allMembers(ctx)
	if err != nil {
		return false, err
	}
	for _, m := range all {
		for _, id := range m.NodeIds {
			if id == nodeID {
				return true, nil
			}
		}
	}
	return false, nil
}

// Network says how strict the chain is.
func (k *Keeper) Network(ctx context.Context) (councilv1.NetworkKind, error) {
	p, err := k.params.Get(ctx)
	return p.Network, err
}

// MemberOfConsensus finds whose a consensus address is or, until evidence about
// it can no longer arrive, was.
func (k *Keeper) MemberOfConsensus(ctx context.Context, consensusAddress []byte) (uint64, error) {
	all, err := k.allMembers(ctx)
	if err != nil {
		return 0, err
	}
	for _, m := range all {
		if len(m.ConsensusKey) != 0 && string(consensusAddressOf(m.ConsensusKey)) == string(consensusAddress) {
			return m.OrgId, nil
		}
	}
	f, err := k.former.Get(ctx, consensusAddress)
	if errors.Is(err, collections.ErrNotFound) {
		return 0, ErrNotFound.Wrap("no member has or had this consensus key")
	}
	return f.OrgId, err
}

func (k *Keeper) allMembers(ctx context.Context) ([]councilv1.Member, error) {
	return values(ctx, k.members)
}

// values lists a bounded collection in key order.
func values[K, V any](ctx context.Context, m collections.Map[K, V]) ([]V, error) {
	it, err := m.Iterate(ctx, nil)
	if err != nil {
		return nil, err
	}
	return it.Values()
}
