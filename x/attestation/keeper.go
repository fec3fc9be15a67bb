package attestation

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

	attestationv1 "github.com/xinlian/xinlian/gen/xinlian/attestation/v1"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
)

// Prefixes of the store. They are listed here only, and never used twice.
var (
	prefixParams           = collections.NewPrefix(0)
	prefixNextAttestation  = collections.NewPrefix(1)
	prefixNextDispute      = collections.NewPrefix(2)
	prefixAttestations     = collections.NewPrefix(3)
	prefixAttestationsByEn = collections.NewPrefix(4)
	prefixBatchWords       = collections.NewPrefix(5)
	prefixFeatureWords     = collections.NewPrefix(6)
	prefixDisputes         = collections.NewPrefix(7)
	prefixDisputesByEn     = collections.NewPrefix(8)
	prefixContests         = collections.NewPrefix(9)
	prefixRecords          = collections.NewPrefix(10)
)

// Orgs is what the module needs of x/org: who acts, who is accredited and who is
// under common control with whom.
type Orgs interface {
	Directory
	Acting(ctx context.Context, device string, orgID uint64) (orgv1.Organisation, orgv1.Device, error)
	Accredited(ctx context.Context, orgID uint64, category uint32) (bool, error)
}

// Profiles is what the module needs of x/profile.
type Profiles interface {
	Streams
	Batch(ctx context.Context, id []byte) (profilev1.Batch, error)
	LiveConsent(ctx context.Context, id []byte) (profilev1.Consent, error)
	SetDisputed(ctx context.Context, batchID []byte, disputed bool) error
}

// Keeper holds the state. Its collections are unexported: another module asks
// questions and never writes.
type Keeper struct {
	authority string
	orgs      Orgs
	profiles  Profiles

	// The values in force; written at genesis, replaced by council.
	params collections.Item[attestationv1.Params]
	// The ids of the next attestation and dispute; never go back.
	nextAttestation, nextDispute collections.Sequence
	// id -> attestation; by enterprise. Never dies: scores and disputes name it.
	attestations *collections.IndexedMap[uint64, attestationv1.Attestation, attestationIndexes]
	// (batch, attestor) -> newest attestation: what does each say of this batch?
	// Overwritten by the attestor's next word, never dies.
	batchWords collections.Map[collections.Pair[[]byte, uint64], uint64]
	// (enterprise, feature set version, attestor) -> newest attestation: which
	// features does each stand by? Overwritten by its next word, never dies.
	featureWords collections.Map[featureKey, uint64]
	// id -> dispute; by enterprise. Never dies.
	disputes *collections.IndexedMap[uint64, attestationv1.Dispute, disputeIndexes]
	// attestation id -> its open dispute. Dies when that is decided.
	contests collections.Map[uint64, uint64]
	// attestor -> how often it spoke and was wrong. Never dies.
	records collections.Map[uint64, attestationv1.AttestorRecord]
}

// featureKey is enterprise, feature set version, attestor.
type featureKey = collections.Triple[uint64, uint32, uint64]

// attestationIndexes answer: what was said about this enterprise?
type attestationIndexes struct {
	enterprise *indexes.Multi[uint64, uint64, attestationv1.Attestation]
}

// IndexesList implements collections.Indexes.
func (i attestationIndexes) IndexesList() []collections.Index[uint64, attestationv1.Attestation] {
	return []collections.Index[uint64, attestationv1.Attestation]{i.enterprise}
}

// disputeIndexes answer: what was contested about this enterprise?
type disputeIndexes struct {
	enterprise *indexes.Multi[uint64, uint64, attestationv1.Dispute]
}

// IndexesList implements collections.Indexes.
func (i disputeIndexes) IndexesList() []collections.Index[uint64, attestationv1.Dispute] {
	return []collections.Index[uint64, attestationv1.Dispute]{i.enterprise}
}

// NewKeeper opens the module's store. authority is the council's account. It
// panics when the collections clash, which no input can cause.
func NewKeeper(service store.KVStoreService, cdc codec.BinaryCodec, authority string, orgs Orgs, profiles Profiles) *Keeper {
	sb := collections.NewSchemaBuilder(service)
	u64 := collections.Uint64Key
	k := &Keeper{
		authority:       authority,
		orgs:            orgs,
		profiles:        profiles,
		params:          collections.NewItem(sb, prefixParams, "params", codec.CollValue[attestationv1.Params](cdc)),
		nextAttestation: collections.NewSequence(sb, prefixNextAttestation, "next_attestation"),
		nextDispute:     collections.NewSequence(sb, prefixNextDispute, "next_dispute"),
		attestations: collections.NewIndexedMap(sb, prefixAttestations, "attestations", u64,
			codec.CollValue[attestationv1.Attestation](cdc), attestationIndexes{indexes.NewMulti(sb,
				prefixAttestationsByEn, "attestations_by_enterprise", u64, u64,
				func(_ uint64, a attestationv1.Attestation) (uint64, error) { return a.EnterpriseId, nil })}),
		batchWords: collections.NewMap(sb, prefixBatchWords, "batch_words",
			collections.PairKeyCodec(collections.BytesKey, u64), collections.Uint64Value),
		featureWords: collections.NewMap(sb, prefixFeatureWords, "feature_words",
			collections.TripleKeyCodec(u64, collections.Uint32Key, u64), collections.Uint64Value),
		disputes: collections.NewIndexedMap(sb, prefixDisputes, "disputes", u64,
			codec.CollValue[attestationv1.Dispute](cdc), disputeIndexes{indexes.NewMulti(sb,
				prefixDisputesByEn, "disputes_by_enterprise", u64, u64,
				func(_ uint64, d attestationv1.Dispute) (uint64, error) { return d.EnterpriseId, nil })}),
		contests: collections.NewMap(sb, prefixContests, "contests", u64, collections.Uint64Value),
		records:  collections.NewMap(sb, prefixRecords, "records", u64, codec.CollValue[attestationv1.AttestorRecord](cdc)),
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

// now is the block's time, Unix seconds.
func now(ctx context.Context) int64 { return sdk.UnwrapSDKContext(ctx).BlockTime().Unix() }

// height is the block's height.
func height(ctx context.Context) int64 { return sdk.UnwrapSDKContext(ctx).BlockHeight() }

// emit adds typed events to the transaction, in order.
func emit(ctx context.Context, events ...proto.Message) error {
	return sdk.UnwrapSDKContext(ctx).EventManager().EmitTypedEvents(events...)
}
