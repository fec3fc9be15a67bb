package score

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
	safetyv1 "github.com/xinlian/xinlian/gen/xinlian/safety/v1"
	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
	"github.com/xinlian/xinlian/x/attestation"
)

// Prefixes of the store. They are listed here only, and never used twice.
var (
	prefixParams            = collections.NewPrefix(0)
	prefixSRSKey            = collections.NewPrefix(1)
	prefixSRSKind           = collections.NewPrefix(2)
	prefixModels            = collections.NewPrefix(3)
	prefixScores            = collections.NewPrefix(4)
	prefixScoresByEn        = collections.NewPrefix(5)
	prefixQuotes            = collections.NewPrefix(6)
	prefixQuotesByPublisher = collections.NewPrefix(7)
	prefixSRSSeal           = collections.NewPrefix(8)
	prefixWatches           = collections.NewPrefix(9)
	prefixLatest            = collections.NewPrefix(10)
)

// Orgs is what the module needs of x/org.
type Orgs interface {
	attestation.Directory
	Acting(ctx context.Context, device string, orgID uint64) (orgv1.Organisation, orgv1.Device, error)
}

// Council is what the module needs of x/council: who votes on models.
type Council interface {
	Member(ctx context.Context, orgID uint64) (bool, error)
	Members(ctx context.Context) (int, error)
}

// Profiles is what the module needs of x/profile.
type Profiles interface {
	attestation.Streams
	Batch(ctx context.Context, id []byte) (profilev1.Batch, error)
	LiveConsent(ctx context.Context, id []byte) (profilev1.Consent, error)
}

// Attestations is what the module needs of x/attestation.
type Attestations interface {
	FeatureAttestations(ctx context.Context, enterprise uint64, commitment []byte) ([]attestationv1.Attestation, error)
	NewestFeatures(ctx context.Context, enterprise uint64, version uint32) (attestationv1.FeatureStatement, int64, bool, error)
	Live(ctx context.Context, id uint64) (attestationv1.Attestation, error)
	BatchRefused(ctx context.Context, batchID []byte) (bool, error)
}

// Safety is what the module needs of x/safety: audits of models, and somebody to
// tell when members disagree about a key.
type Safety interface {
	Approved(ctx context.Context, kind safetyv1.SubjectKind, hash []byte) (bool, error)
	OpenIncident(ctx context.Context, kind string, evidence []byte) error
}

// Deps are the modules to the left; all are required.
type Deps struct {
	Orgs         Orgs
	Council      Council
	Profiles     Profiles
	Attestations Attestations
	Safety       Safety
}

// Keeper holds the state. Its collections are unexported: another module asks
// questions and never writes.
type Keeper struct {
	authority string
	Deps
	proofs   *proofs
	refusals *refusals

	// The values in force; written at genesis, replaced by council.
	params collections.Item[scorev1.Params]
	// The key of the reference string, and where it comes from. Never change.
	srsKey  collections.Item[[]byte]
	srsKind collections.Item[uint32]
	// The canonical seal of its ceremony with the signatures, empty for none. Never changes.
	srsSeal collections.Item[[]byte]
	// model hash -> model. Never dies: scores name it.
	models collections.Map[[]byte, scorev1.Model]
	// nullifier -> score: was this one accepted before? Never dies.
	scores collections.Map[[]byte, scorev1.Score]
	// (enterprise, height, nullifier): what did this enterprise score, in order?
	scoresByEnterprise collections.KeySet[scoreKey]
	// model hash -> what happened to its scores. Never dies.
	watches collections.Map[[]byte, scorev1.Watch]
	// (enterprise, model hash, purpose, lender) -> nullifier: which score replaced
	// those before? Overwritten by the next.
	latest collections.Map[latestKey, []byte]
	// (index, publisher) -> its latest quote; by publisher. Overwritten by the next.
	quotes *collections.IndexedMap[quoteKey, scorev1.Quote, quoteIndexes]
}

type (
	scoreKey  = collections.Triple[uint64, uint64, []byte]       // enterprise, height, nullifier
	latestKey = collections.Quad[uint64, []byte, uint64, uint64] // enterprise, model, purpose, lender
	quoteKey  = collections.Pair[string, uint64]                 // index, publisher
)

// quoteIndexes answer: how many indices does this publisher have?
type quoteIndexes struct {
	publisher *indexes.Multi[uint64, quoteKey, scorev1.Quote]
}

// IndexesList implements collections.Indexes.
func (i quoteIndexes) IndexesList() []collections.Index[quoteKey, scorev1.Quote] {
	return []collections.Index[quoteKey, scorev1.Quote]{i.publisher}
}

// NewKeeper opens the module's store. authority is the council's account. It
// panics when the collections clash, which no input can cause.
func NewKeeper(service store.KVStoreService, cdc codec.BinaryCodec, authority string, deps Deps) *Keeper {
	sb := collections.NewSchemaBuilder(service)
	u64, id := collections.Uint64Key, collections.BytesKey
	k := &Keeper{
		authority: authority,
		Deps:      deps,
		proofs:    &proofs{},
		refusals:  &refusals{},
		params:    collections.NewItem(sb, prefixParams, "params", codec.CollValue[scorev1.Params](cdc)),
		srsKey:    collections.NewItem(sb, prefixSRSKey, "srs_key", collections.BytesValue),
		srsKind:   collections.NewItem(sb, prefixSRSKind, "srs_kind", collections.Uint32Value),
		srsSeal:   collections.NewItem(sb, prefixSRSSeal, "srs_seal", collections.BytesValue),
		watches:   collections.NewMap(sb, prefixWatches, "watches", id, codec.CollValue[scorev1.Watch](cdc)),
		latest: collections.NewMap(sb, prefixLatest, "latest", collections.QuadKeyCodec(u64, id, u64, u64),
			collections.BytesValue),
		models: collections.NewMap(sb, prefixModels, "models", id, codec.CollValue[scorev1.Model](cdc)),
		scores: collections.NewMap(sb, prefixScores, "scores", id, codec.CollValue[scorev1.Score](cdc)),
		scoresByEnterprise: collections.NewKeySet(sb, prefixScoresByEn, "scores_by_enterprise",
			collections.TripleKeyCodec(u64, u64, id)),
		quotes: collections.NewIndexedMap(sb, prefixQuotes, "quotes",
			collections.PairKeyCodec(collections.StringKey, u64), codec.CollValue[scorev1.Quote](cdc),
			quoteIndexes{indexes.NewMulti(sb, prefixQuotesByPublisher, "quotes_by_publisher", u64,
				collections.PairKeyCodec(collections.StringKey, u64),
				func(_ quoteKey, q scorev1.Quote) (uint64, error) { return q.PublisherOrgId, nil })}),
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
