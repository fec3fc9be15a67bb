package profile

import (
	"context"

	"cosmossdk.io/collections"
	"cosmossdk.io/collections/indexes"
	"cosmossdk.io/core/store"

	"github.com/cosmos/cosmos-sdk/codec"

	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
)

// Prefixes of the store. Never reused.
var (
	prefixParams            = collections.NewPrefix(0)
	prefixSchemas           = collections.NewPrefix(1)
	prefixBatches           = collections.NewPrefix(2)
	prefixBatchesByStream   = collections.NewPrefix(3)
	prefixBatchesByHeight   = collections.NewPrefix(4)
	prefixStreams           = collections.NewPrefix(5)
	prefixEpochs            = collections.NewPrefix(6)
	prefixConsents          = collections.NewPrefix(7)
	prefixConsentsByGrantor = collections.NewPrefix(8)
	prefixConsentsByGrantee = collections.NewPrefix(9)
	prefixPending           = collections.NewPrefix(10)
	prefixLive              = collections.NewPrefix(11)
	prefixJournal           = collections.NewPrefix(12)
	prefixLogs              = collections.NewPrefix(13)
	prefixReceipts          = collections.NewPrefix(14)
	prefixExpiries          = collections.NewPrefix(15)
	prefixDue               = collections.NewPrefix(16)
	prefixOverdue           = collections.NewPrefix(17)
	prefixLogAnchors        = collections.NewPrefix(18)
	prefixErasures          = collections.NewPrefix(19)
	prefixErasuresByHeight  = collections.NewPrefix(20)
	prefixCustodians        = collections.NewPrefix(21)
)

// OrgKeeper is what profile asks of x/org.
type OrgKeeper interface {
	Acting(ctx context.Context, device string, orgID uint64) (orgv1.Organisation, orgv1.Device, error)
	Organisation(ctx context.Context, id uint64) (orgv1.Organisation, error)
	VerifySource(ctx context.Context, device string, orgID uint64, message, signature []byte) error
}

type (
	streamKey   = collections.Triple[uint64, string, string]       // enterprise, source, schema
	sequenceKey = collections.Quad[uint64, string, string, uint64] // and sequence
	heightKey   = collections.Triple[uint64, uint64, []byte]       // enterprise, height, batch
	pendingKey  = collections.Triple[uint64, uint64, []byte]       // enterprise, grantee, consent
	timeKey     = collections.Pair[int64, []byte]                  // Unix seconds, consent
)

// batchIndexes: which batch has this number in this stream?
type batchIndexes struct {
	stream *indexes.Unique[sequenceKey, []byte, profilev1.Batch]
}

// IndexesList makes the index follow every write of a batch.
func (i batchIndexes) IndexesList() []collections.Index[[]byte, profilev1.Batch] {
	return []collections.Index[[]byte, profilev1.Batch]{i.stream}
}

// consentIndexes: which consents did this enterprise get asked for, which does this grantee have?
type consentIndexes struct {
	enterprise, grantee *indexes.Multi[uint64, []byte, profilev1.Consent]
}

// IndexesList makes the indexes follow every write of a consent.
func (i consentIndexes) IndexesList() []collections.Index[[]byte, profilev1.Consent] {
	return []collections.Index[[]byte, profilev1.Consent]{i.enterprise, i.grantee}
}

// Keeper holds the module's state and the rules over it.
type Keeper struct {
	authority string
	orgs      OrgKeeper
	headers   Headers
	debts     Debts

	schema collections.Schema
	// params -> the parameters; never dies.
	params collections.Item[profilev1.Params]
	// schema id, version -> pin. Answers: may records be anchored under it? Never dies.
	schemas collections.Map[collections.Pair[string, uint32], profilev1.Schema]
	// batch id -> batch; by stream and sequence. Never dies: a superseded batch stays visible.
	batches *collections.IndexedMap[[]byte, profilev1.Batch, batchIndexes]
	// enterprise, height, batch id. Answers: an enterprise's batches in order of anchoring. Never dies.
	anchored collections.KeySet[heightKey]
	// enterprise, source, schema -> head of the stream. Never dies.
	streams collections.Map[streamKey, profilev1.Stream]
	// enterprise, category -> current key epoch. Never dies; no row means epoch 1.
	epochs collections.Map[collections.Pair[uint64, uint32], profilev1.Epoch]
	// consent id -> consent; by enterprise and by grantee. Never dies.
	consents *collections.IndexedMap[[]byte, profilev1.Consent, consentIndexes]
	// enterprise, grantee, consent id. Answers: how many requests wait? Dies when decided.
	pending collections.KeySet[pendingKey]
	// enterprise, consent id. Answers: who else holds a live consent? Dies when it ends.
	live collections.KeySet[collections.Pair[uint64, []byte]]
	// consent id, number -> journal entry. Never dies.
	journal collections.Map[collections.Pair[[]byte, uint64], profilev1.ConsentEntry]
	// vault organisation -> anchored head of its log of reads. Never dies.
	logs collections.Map[uint64, profilev1.AccessLog]
	// grantee, consent id -> deletion receipt due or posted. Never dies.
	receipts collections.Map[collections.Pair[uint64, []byte], profilev1.DeletionReceipt]
	// expires_at, consent id. Answers: which waiting or live consent ends next? Dies when it ended.
	expiries collections.KeySet[timeKey]
	// due_at, consent id. Answers: which missing receipt is due next? Dies when posted or reported.
	due collections.KeySet[timeKey]
	// due_at, consent id. Answers: which receipts were reported overdue and are missing still? Dies when posted.
	overdue collections.KeySet[timeKey]
	// vault organisation, last receipt -> anchor. Answers: which head covered a receipt? Dies when log_anchors_max later ones exist.
	logAnchors collections.Map[collections.Pair[uint64, uint64], profilev1.LogAnchor]
	// enterprise -> erasure. Never dies.
	erasures collections.Map[uint64, profilev1.Erasure]
	// height, enterprise. Answers: which erasures must a restored vault apply? Never dies.
	erased collections.KeySet[collections.Pair[uint64, uint64]]
	// enterprise, custodian. Answers: who ever held its keys? Never dies.
	custodians collections.KeySet[collections.Pair[uint64, uint64]]
}

// NewKeeper builds the keeper; authority pins schemas and changes the parameters.
func NewKeeper(service store.KVStoreService, cdc codec.BinaryCodec, authority string, orgs OrgKeeper, headers Headers) *Keeper {
	sb := collections.NewSchemaBuilder(service)
	u64, text, id := collections.Uint64Key, collections.StringKey, collections.BytesKey
	k := &Keeper{
		authority: authority, orgs: orgs, headers: headers,
		params: collections.NewItem(sb, prefixParams, "params", codec.CollValue[profilev1.Params](cdc)),
		schemas: collections.NewMap(sb, prefixSchemas, "schemas",
			collections.PairKeyCodec(text, collections.Uint32Key), codec.CollValue[profilev1.Schema](cdc)),
		batches: collections.NewIndexedMap(sb, prefixBatches, "batches", id, codec.CollValue[profilev1.Batch](cdc),
			batchIndexes{stream: indexes.NewUnique(sb, prefixBatchesByStream, "batches_by_stream",
				collections.QuadKeyCodec(u64, text, text, u64), id, batchSequenceKey)}),
		anchored: collections.NewKeySet(sb, prefixBatchesByHeight, "batches_by_height", collections.TripleKeyCodec(u64, u64, id)),
		streams: collections.NewMap(sb, prefixStreams, "streams",
			collections.TripleKeyCodec(u64, text, text), codec.CollValue[profilev1.Stream](cdc)),
		epochs: collections.NewMap(sb, prefixEpochs, "epochs",
			collections.PairKeyCodec(u64, collections.Uint32Key), codec.CollValue[profilev1.Epoch](cdc)),
		consents: collections.NewIndexedMap(sb, prefixConsents, "consents", id, codec.CollValue[profilev1.Consent](cdc),
			consentIndexes{
				enterprise: indexes.NewMulti(sb, prefixConsentsByGrantor, "consents_by_enterprise", u64, id,
					func(_ []byte, c profilev1.Consent) (uint64, error) { return c.Terms.EnterpriseId, nil }),
				grantee: indexes.NewMulti(sb, prefixConsentsByGrantee, "consents_by_grantee", u64, id,
					func(_ []byte, c profilev1.Consent) (uint64, error) { return c.Terms.GranteeOrgId, nil }),
			}),
		pending: collections.NewKeySet(sb, prefixPending, "pending", collections.TripleKeyCodec(u64, u64, id)),
		live:    collections.NewKeySet(sb, prefixLive, "live", collections.PairKeyCodec(u64, id)),
		journal: collections.NewMap(sb, prefixJournal, "journal",
			collections.PairKeyCodec(id, u64), codec.CollValue[profilev1.ConsentEntry](cdc)),
		logs: collections.NewMap(sb, prefixLogs, "logs", u64, codec.CollValue[profilev1.AccessLog](cdc)),
		receipts: collections.NewMap(sb, prefixReceipts, "receipts",
			collections.PairKeyCodec(u64, id), codec.CollValue[profilev1.DeletionReceipt](cdc)),
		expiries: collections.NewKeySet(sb, prefixExpiries, "expiries", collections.PairKeyCodec(collections.Int64Key, id)),
		due:      collections.NewKeySet(sb, prefixDue, "due", collections.PairKeyCodec(collections.Int64Key, id)),
		overdue:  collections.NewKeySet(sb, prefixOverdue, "overdue", collections.PairKeyCodec(collections.Int64Key, id)),
		logAnchors: collections.NewMap(sb, prefixLogAnchors, "log_anchors",
			collections.PairKeyCodec(u64, u64), codec.CollValue[profilev1.LogAnchor](cdc)),
		erasures:   collections.NewMap(sb, prefixErasures, "erasures", u64, codec.CollValue[profilev1.Erasure](cdc)),
		erased:     collections.NewKeySet(sb, prefixErasuresByHeight, "erasures_by_height", collections.PairKeyCodec(u64, u64)),
		custodians: collections.NewKeySet(sb, prefixCustodians, "custodians", collections.PairKeyCodec(u64, u64)),
	}
	var err error
	if k.schema, err = sb.Build(); err != nil {
		panic(err)
	}
	return k
}

// Params are the parameters in force.
func (k *Keeper) Params(ctx context.Context) (profilev1.Params, error) { return k.params.Get(ctx) }

func batchSequenceKey(_ []byte, b profilev1.Batch) (sequenceKey, error) {
	return collections.Join4(b.EnterpriseId, b.Anchor.Source, b.Anchor.SchemaId, b.Anchor.Sequence), nil
}
