package loan

import (
	"context"
	"errors"

	"cosmossdk.io/collections"
	"cosmossdk.io/collections/indexes"
	"cosmossdk.io/core/store"
	errorsmod "cosmossdk.io/errors"

	"github.com/cosmos/cosmos-sdk/codec"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/gogoproto/proto"

	attestationv1 "github.com/xinlian/xinlian/gen/xinlian/attestation/v1"
	councilv1 "github.com/xinlian/xinlian/gen/xinlian/council/v1"
	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	safetyv1 "github.com/xinlian/xinlian/gen/xinlian/safety/v1"
	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
)

// Name is the module's name, its error codespace and its store.
const (
	Name     = "loan"
	StoreKey = Name
)

// Orgs says who may act for an organisation.
type Orgs interface {
	Acting(ctx context.Context, device string, orgID uint64) (orgv1.Organisation, orgv1.Device, error)
	Organisation(ctx context.Context, id uint64) (orgv1.Organisation, error)
}

// Council says how strict the network is and logs the header of a block that changed state.
type Council interface {
	Network(ctx context.Context) (councilv1.NetworkKind, error)
	RecordHeader(ctx context.Context) error
}

// Safety stops servicing and approves templates.
type Safety interface {
	IsAllowed(ctx context.Context, typeURL string) (bool, error)
	// ApprovedApart counts auditors that are independent of an author.
	ApprovedApart(ctx context.Context, kind safetyv1.SubjectKind, hash []byte, author uint64) (bool, error)
}

// Cash moves tokenised deposits. An account that is opened for an owner may hold
// them, and a freeze of the owner binds it.
type Cash interface {
	OpenAccount(ctx context.Context, account sdk.AccAddress, owner uint64) error
	Move(ctx context.Context, from, to sdk.AccAddress, amountFen int64) error
	Balance(ctx context.Context, account sdk.AccAddress) (int64, error)
	Frozen(ctx context.Context, orgID uint64) (bool, error)
}

// Profile knows which consents are live.
type Profile interface {
	LiveConsent(ctx context.Context, id []byte) (profilev1.Consent, error)
}

// Attestation grades an enterprise's data and knows what is contested.
type Attestation interface {
	Dispute(ctx context.Context, id uint64) (attestationv1.Dispute, error)
	Quality(ctx context.Context, enterprise uint64) (attestationv1.Grade, error)
}

// Scores holds verified scores, their models and market indices.
type Scores interface {
	Score(ctx context.Context, id []byte) (scorev1.Score, error)
	// Newest is the newest score of the same kind as a given one, or that itself.
	Newest(ctx context.Context, like scorev1.Score) (scorev1.Score, error)
	// Usable is nil while a decision may rest on the score.
	Usable(ctx context.Context, s scorev1.Score) error
	Model(ctx context.Context, hash []byte) (scorev1.Model, error)
	Index(ctx context.Context, id string) (bps int64, live bool, err error)
	// LoanOpened and LoanDefaulted feed the watch over the model behind a score.
	LoanOpened(ctx context.Context, scoreID []byte) error
	LoanDefaulted(ctx context.Context, scoreID []byte, openedAt int64) error
}

// Neighbours are the modules to the left that loan stands on; all are required.
type Neighbours struct {
	Orgs    Orgs
	Council Council
	Safety  Safety
	Cash    Cash
	// CashAccount is the account of an organisation, x/cash's Account.
	CashAccount func(orgID uint64) sdk.AccAddress
	Profile     Profile
	Attestation Attestation
	Score       Scores
}

func (n Neighbours) complete() bool {
	return n.Orgs != nil && n.Council != nil && n.Safety != nil && n.Cash != nil && n.CashAccount != nil &&
		n.Profile != nil && n.Attestation != nil && n.Score != nil
}

// Store prefixes, listed once and never reused.
var (
	paramsPrefix                 = collections.NewPrefix(0)
	templatesPrefix              = collections.NewPrefix(1)
	poolIDPrefix                 = collections.NewPrefix(2)
	poolsPrefix                  = collections.NewPrefix(3)
	productIDPrefix              = collections.NewPrefix(4)
	productsPrefix               = collections.NewPrefix(5)
	applicationIDPrefix          = collections.NewPrefix(6)
	applicationsPrefix           = collections.NewPrefix(7)
	applicationsEnterprisePrefix = collections.NewPrefix(8)
	applicationsLenderPrefix     = collections.NewPrefix(9)
	openPrefix                   = collections.NewPrefix(10)
	offerIDPrefix                = collections.NewPrefix(11)
	offersPrefix                 = collections.NewPrefix(12)
	offerEndsPrefix              = collections.NewPrefix(13)
	loanIDPrefix                 = collections.NewPrefix(14)
	loansPrefix                  = collections.NewPrefix(15)
	loansEnterprisePrefix        = collections.NewPrefix(16)
	loansLenderPrefix            = collections.NewPrefix(17)
	instalmentsPrefix            = collections.NewPrefix(18)
	duePrefix                    = collections.NewPrefix(19)
	entriesPrefix                = collections.NewPrefix(20)
	exposuresPrefix              = collections.NewPrefix(21)
	reviewEndsPrefix             = collections.NewPrefix(22)
	committedPrefix              = collections.NewPrefix(40)
	draftsPrefix                 = collections.NewPrefix(60)
	versionsPrefix               = collections.NewPrefix(61)
)

type (
	draftKey      = collections.Pair[uint64, string]
	openKey       = collections.Pair[uint64, uint64]
	offerEndKey   = collections.Pair[int64, uint64]
	reviewEndKey  = collections.Pair[int64, uint64]
	entryKey      = collections.Pair[uint64, uint64]
	instalmentKey = collections.Triple[uint64, uint32, uint32]
	dueKey        = collections.Quad[int64, uint64, uint32, uint32]
	committedKey  = collections.Pair[uint64, uint64]
)

// Keeper holds the state of the module and the rules that change it.
type Keeper struct {
	// params -> the parameters; written at genesis.
	params collections.Item[loanv1.Params]
	// templates: hash -> template; rows are never removed.
	templates collections.Map[[]byte, loanv1.Template]
	// poolID counts pools; pools: id -> pool; never removed.
	poolID collections.Sequence
	pools  collections.Map[uint64, loanv1.Pool]
	// productID counts products; products: id -> product; never removed.
	productID collections.Sequence
	products  collections.Map[uint64, loanv1.Product]
	// applicationID counts applications; applications: id -> application; which did an enterprise make, which did a lender get; never removed.
	applicationID collections.Sequence
	applications  *collections.IndexedMap[uint64, loanv1.Application, applicationIndexes]
	// open: (enterprise, product) -> application that waits for an officer or has an open offer; dies with either.
	open collections.Map[openKey, uint64]
	// offerID counts offers; offers: id -> offer; never removed.
	offerID collections.Sequence
	offers  collections.Map[uint64, loanv1.Offer]
	// offerEnds: (end, offer): which open offers end first; dies when the offer is no longer open.
	offerEnds collections.KeySet[offerEndKey]
	// loanID counts loans; loans: id -> loan; which does an enterprise owe, which did a lender give; never removed.
	loanID collections.Sequence
	loans  *collections.IndexedMap[uint64, loanv1.Loan, loanIndexes]
	// instalments: (loan, tranche, number) -> instalment; never removed.
	instalments collections.Map[instalmentKey, loanv1.Instalment]
	// due: (next attempt, loan, tranche, number): which instalments does the chain collect next; dies when paid, cancelled or written off.
	due collections.KeySet[dueKey]
	// entries: (loan, number) -> journal entry; never removed.
	entries collections.Map[entryKey, loanv1.JournalEntry]
	// exposures: enterprise -> what it owes; never removed.
	exposures collections.Map[uint64, loanv1.Exposure]
	// committed: (pool, enterprise) -> what the pool has lent and promised to it; dies at 0.
	committed collections.Map[committedKey, int64]
	// drafts: (author, name) -> draft; dies when submitted or discarded.
	drafts collections.Map[draftKey, loanv1.TemplateDraft]
	// versions: (author, name) -> the highest version submitted; never removed.
	versions collections.Map[draftKey, uint32]
	// reviewEnds: (end, application): whose turn to decide ends first; dies when a person decides, the application is overtaken or the end passes.
	reviewEnds collections.KeySet[reviewEndKey]

	authority string
	compiled  *contracts
	mandate   Mandate

	left Neighbours
}

type applicationIndexes struct {
	enterprise, lender *indexes.Multi[uint64, uint64, loanv1.Application]
}

// IndexesList serves collections.
func (i applicationIndexes) IndexesList() []collections.Index[uint64, loanv1.Application] {
	return []collections.Index[uint64, loanv1.Application]{i.enterprise, i.lender}
}

type loanIndexes struct {
	enterprise, lender *indexes.Multi[uint64, uint64, loanv1.Loan]
}

// IndexesList serves collections.
func (i loanIndexes) IndexesList() []collections.Index[uint64, loanv1.Loan] {
	return []collections.Index[uint64, loanv1.Loan]{i.enterprise, i.lender}
}

// NewKeeper builds the keeper over its store. The authority is the bech32
// account of the council. It panics when a neighbour is missing or the schema
// is wrong: both are errors of the program that wires it.
func NewKeeper(service store.KVStoreService, cdc codec.BinaryCodec, authority string, n Neighbours) *Keeper {
	if authority == "" || !n.complete() {
		panic("loan: keeper needs an authority and all its neighbours")
	}
	sb := collections.NewSchemaBuilder(service)
	id := collections.Uint64Key
	k := &Keeper{
		params:        collections.NewItem(sb, paramsPrefix, "params", codec.CollValue[loanv1.Params](cdc)),
		templates:     collections.NewMap(sb, templatesPrefix, "templates", collections.BytesKey, codec.CollValue[loanv1.Template](cdc)),
		poolID:        collections.NewSequence(sb, poolIDPrefix, "pool_id"),
		pools:         collections.NewMap(sb, poolsPrefix, "pools", id, codec.CollValue[loanv1.Pool](cdc)),
		productID:     collections.NewSequence(sb, productIDPrefix, "product_id"),
		products:      collections.NewMap(sb, productsPrefix, "products", id, codec.CollValue[loanv1.Product](cdc)),
		applicationID: collections.NewSequence(sb, applicationIDPrefix, "application_id"),
		applications: collections.NewIndexedMap(sb, applicationsPrefix, "applications", id, codec.CollValue[loanv1.Application](cdc), applicationIndexes{
			enterprise: indexes.NewMulti(sb, applicationsEnterprisePrefix, "applications_by_enterprise", id, id,
				func(_ uint64, a loanv1.Application) (uint64, error) { return a.EnterpriseId, nil }),
			lender: indexes.NewMulti(sb, applicationsLenderPrefix, "applications_by_lender", id, id,
				func(_ uint64, a loanv1.Application) (uint64, error) { return a.LenderOrgId, nil }),
		}),
		open:      collections.NewMap(sb, openPrefix, "open", collections.PairKeyCodec(id, id), collections.Uint64Value),
		offerID:   collections.NewSequence(sb, offerIDPrefix, "offer_id"),
		offers:    collections.NewMap(sb, offersPrefix, "offers", id, codec.CollValue[loanv1.Offer](cdc)),
		offerEnds: collections.NewKeySet(sb, offerEndsPrefix, "offer_ends", collections.PairKeyCodec(collections.Int64Key, id)),
		loanID:    collections.NewSequence(sb, loanIDPrefix, "loan_id"),
		loans: collections.NewIndexedMap(sb, loansPrefix, "loans", id, codec.CollValue[loanv1.Loan](cdc), loanIndexes{
			enterprise: indexes.NewMulti(sb, loansEnterprisePrefix, "loans_by_enterprise", id, id,
				func(_ uint64, l loanv1.Loan) (uint64, error) { return l.EnterpriseId, nil }),
			lender: indexes.NewMulti(sb, loansLenderPrefix, "loans_by_lender", id, id,
				func(_ uint64, l loanv1.Loan) (uint64, error) { return l.LenderOrgId, nil }),
		}),
		instalments: collections.NewMap(sb, instalmentsPrefix, "instalments",
			collections.TripleKeyCodec(id, collections.Uint32Key, collections.Uint32Key), codec.CollValue[loanv1.Instalment](cdc)),
		due: collections.NewKeySet(sb, duePrefix, "due",
			collections.QuadKeyCodec(collections.Int64Key, id, collections.Uint32Key, collections.Uint32Key)),
		entries:    collections.NewMap(sb, entriesPrefix, "entries", collections.PairKeyCodec(id, id), codec.CollValue[loanv1.JournalEntry](cdc)),
		exposures:  collections.NewMap(sb, exposuresPrefix, "exposures", id, codec.CollValue[loanv1.Exposure](cdc)),
		reviewEnds: collections.NewKeySet(sb, reviewEndsPrefix, "review_ends", collections.PairKeyCodec(collections.Int64Key, id)),
		committed:  collections.NewMap(sb, committedPrefix, "committed", collections.PairKeyCodec(id, id), collections.Int64Value),

		drafts:   collections.NewMap(sb, draftsPrefix, "drafts", collections.PairKeyCodec(id, collections.StringKey), codec.CollValue[loanv1.TemplateDraft](cdc)),
		versions: collections.NewMap(sb, versionsPrefix, "versions", collections.PairKeyCodec(id, collections.StringKey), collections.Uint32Value),

		authority: authority, compiled: &contracts{},
		left: n,
	}
	if _, err := sb.Build(); err != nil {
		panic(err)
	}
	return k
}

// missing turns a row's absence into ErrNotFound with a line of facts.
func missing(err error, format string, args ...any) error {
	if errors.Is(err, collections.ErrNotFound) {
		return ErrNotFound.Wrapf(format, args...)
	}
	return errorsmod.Wrapf(err, format, args...)
}

// next returns the next id of a sequence; ids are given from 1.
func next(ctx context.Context, s collections.Sequence) (uint64, error) {
	n, err := s.Next(ctx)
	return n + 1, err
}

func emit(ctx context.Context, event proto.Message) error {
	return sdk.UnwrapSDKContext(ctx).EventManager().EmitTypedEvent(event)
}
