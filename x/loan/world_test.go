package loan

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"cosmossdk.io/collections"

	"github.com/cosmos/cosmos-sdk/codec"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	"github.com/cosmos/cosmos-sdk/runtime"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	"github.com/cosmos/cosmos-sdk/testutil"
	sdk "github.com/cosmos/cosmos-sdk/types"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"
	"github.com/cosmos/gogoproto/proto"

	attestationv1 "github.com/xinlian/xinlian/gen/xinlian/attestation/v1"
	councilv1 "github.com/xinlian/xinlian/gen/xinlian/council/v1"
	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	safetyv1 "github.com/xinlian/xinlian/gen/xinlian/safety/v1"
	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
	"github.com/xinlian/xinlian/internal/wire"
	"github.com/xinlian/xinlian/lending/template"
	"github.com/xinlian/xinlian/scorecard"
	"github.com/xinlian/xinlian/x/cash"
)

// The parties of the tests. Names are the organisation's id.
const (
	bank      = uint64(1)
	otherBank = uint64(2)
	auditor   = uint64(3)
	bakery    = uint64(10)
	smithy    = uint64(11)
)

const (
	bankFunds = int64(100_000_000) // 1 million yuan each
	indexLPR  = "lpr-1y"
)

// Devices, one per role of the two main parties.
var (
	bankAdmin    = device(bank, 1)
	bankOfficer  = device(bank, 2)
	bankService  = device(bank, 3)
	otherAdmin   = device(otherBank, 1)
	auditorAdmin = device(auditor, 1)
	bakeryAdmin  = device(bakery, 1)
	bakeryClerk  = device(bakery, 2)
	bakeryBot    = device(bakery, 3)
	smithyAdmin  = device(smithy, 1)
)

func device(org uint64, n byte) string {
	b := make([]byte, 20)
	binary.BigEndian.PutUint64(b, org)
	b[19] = n
	return wire.AddressText(b)
}

func hashOf(n byte) []byte {
	b := make([]byte, 32)
	b[0] = n
	return b
}

func cashAccount(org uint64) sdk.AccAddress { return cash.Account(org) }

// reporter is what tests and random tests have in common.
type reporter interface {
	Helper()
	Error(args ...any)
	Errorf(format string, args ...any)
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// world is a keeper over a real store with hand fakes of its neighbours.
type world struct {
	reporter
	ctx sdk.Context
	key *storetypes.KVStoreKey
	k   *Keeper
	msg loanv1.MsgServer
	qry loanv1.QueryServer
	fakes
}

// fakes stand for the modules to the left. Cash is a real ledger in the store,
// so that it rolls back with everything else.
type fakes struct {
	orgs     map[uint64]orgv1.Organisation
	devices  map[string]orgv1.Device
	cash     *ledger
	consents map[string]profilev1.Consent
	scores   map[string]scorev1.Score
	newest   map[string][]byte // by id, the newer score of the same kind
	spent    map[string]bool   // scores whose attestations ended
	models   map[string]scorev1.Model
	told     map[string]int
	grades   map[uint64]attestationv1.Grade
	disputes map[uint64]attestationv1.Dispute
	network  councilv1.NetworkKind
	headers  *int
	approved *bool
	author   *uint64 // apart from whom auditors were asked
	stopped  *bool
	index    *quote
}

type quote struct {
	bps  int64
	live bool
}

var errFake = errors.New("refused by a neighbour")

func (f fakes) Acting(_ context.Context, device string, orgID uint64) (orgv1.Organisation, orgv1.Device, error) {
	d, ok := f.devices[device]
	o := f.orgs[orgID]
	if !ok || d.OrgId != orgID || o.Status != orgv1.OrgStatus_ORG_STATUS_ACTIVE {
		return o, d, sdkerrors.ErrUnauthorized
	}
	return o, d, nil
}

func (f fakes) Organisation(_ context.Context, id uint64) (orgv1.Organisation, error) {
	return f.orgs[id], nil
}
func (f fakes) Network(context.Context) (councilv1.NetworkKind, error) { return f.network, nil }
func (f fakes) RecordHeader(context.Context) error                     { *f.headers++; return nil }

func (f fakes) IsAllowed(_ context.Context, url string) (bool, error) {
	if *f.stopped && url == ServicingURL {
		return false, errFake
	}
	return true, nil
}

func (f fakes) ApprovedApart(_ context.Context, kind safetyv1.SubjectKind, _ []byte, author uint64) (bool, error) {
	*f.author = author
	return *f.approved && kind == safetyv1.SubjectKind_SUBJECT_KIND_TEMPLATE, nil
}

func (f fakes) LiveConsent(_ context.Context, id []byte) (profilev1.Consent, error) {
	c, ok := f.consents[string(id)]
	if !ok {
		return c, errFake
	}
	return c, nil
}

func (f fakes) Quality(_ context.Context, enterprise uint64) (attestationv1.Grade, error) {
	g, ok := f.grades[enterprise]
	if !ok {
		return 0, errFake
	}
	return g, nil
}

func (f fakes) Dispute(_ context.Context, id uint64) (attestationv1.Dispute, error) {
	d, ok := f.disputes[id]
	if !ok {
		return d, errFake
	}
	return d, nil
}

func (f fakes) Score(_ context.Context, id []byte) (scorev1.Score, error) {
	s, ok := f.scores[string(id)]
	if !ok {
		return s, errFake
	}
	return s, nil
}

// LoanOpened and LoanDefaulted note what x/loan tells of the loans on a score.
func (f fakes) Newest(ctx context.Context, like scorev1.Score) (scorev1.Score, error) {
	if id, ok := f.newest[string(like.Id)]; ok {
		return f.Score(ctx, id)
	}
	return like, nil
}

func (f fakes) LoanOpened(_ context.Context, scoreID []byte) error {
	f.told["opened "+string(scoreID)]++
	return nil
}

func (f fakes) LoanDefaulted(_ context.Context, scoreID []byte, openedAt int64) error {
	f.told[fmt.Sprintf("defaulted %s of %d", scoreID, openedAt)]++
	return nil
}

func (f fakes) Model(_ context.Context, hash []byte) (scorev1.Model, error) {
	m, ok := f.models[string(hash)]
	if !ok {
		return m, errFake
	}
	return m, nil
}

// Usable refuses scores that rest on nothing any more.
func (f fakes) Usable(ctx context.Context, s scorev1.Score) error {
	if s.ExpiryHeight < sdk.UnwrapSDKContext(ctx).BlockHeight() || f.spent[string(s.Id)] {
		return errFake
	}
	return nil
}

func (f fakes) Index(_ context.Context, id string) (int64, bool, error) {
	if id != indexLPR {
		return 0, false, errFake
	}
	return f.index.bps, f.index.live, nil
}

// ledger is money in the store: account -> fen.
type ledger struct {
	accounts collections.Map[[]byte, int64]
	frozen   map[uint64]bool
	// poison makes every move out of an account panic.
	poison map[string]bool
}

func newLedger(key *storetypes.KVStoreKey) *ledger {
	sb := collections.NewSchemaBuilder(runtime.NewKVStoreService(key))
	l := &ledger{
		accounts: collections.NewMap(sb, collections.NewPrefix(0), "accounts", collections.BytesKey, collections.Int64Value),
		frozen:   map[uint64]bool{}, poison: map[string]bool{},
	}
	if _, err := sb.Build(); err != nil {
		panic(err)
	}
	return l
}

func (l *ledger) Balance(ctx context.Context, account sdk.AccAddress) (int64, error) {
	v, err := l.accounts.Get(ctx, account)
	if errors.Is(err, collections.ErrNotFound) {
		return 0, nil
	}
	return v, err
}

func (l *ledger) OpenAccount(_ context.Context, account sdk.AccAddress, owner uint64) error {
	if owner == 0 || len(account) != 32 {
		return errFake
	}
	return nil
}

func (l *ledger) Frozen(_ context.Context, org uint64) (bool, error) { return l.frozen[org], nil }

func (l *ledger) Move(ctx context.Context, from, to sdk.AccAddress, amountFen int64) error {
	if amountFen <= 0 {
		return sdkerrors.ErrInvalidCoins
	}
	if l.poison[string(from)] {
		panic("poisoned account")
	}
	have, err := l.Balance(ctx, from)
	if err != nil {
		return err
	}
	if have < amountFen {
		return sdkerrors.ErrInsufficientFunds
	}
	if err := l.accounts.Set(ctx, from, have-amountFen); err != nil {
		return err
	}
	return l.issue(ctx, to, amountFen)
}

func (l *ledger) issue(ctx context.Context, to sdk.AccAddress, amountFen int64) error {
	have, err := l.Balance(ctx, to)
	if err != nil {
		return err
	}
	return l.accounts.Set(ctx, to, have+amountFen)
}

// newWorld is an empty chain with its parties, an index, a model, and for each
// enterprise a consent and a score of 650 points.
func newWorld(t reporter) *world {
	t.Helper()
	keys := storetypes.NewKVStoreKeys(StoreKey, "cash")
	f := fakes{
		orgs: map[uint64]orgv1.Organisation{}, devices: map[string]orgv1.Device{}, cash: newLedger(keys["cash"]),
		consents: map[string]profilev1.Consent{}, scores: map[string]scorev1.Score{}, newest: map[string][]byte{}, spent: map[string]bool{}, models: map[string]scorev1.Model{}, told: map[string]int{},
		grades: map[uint64]attestationv1.Grade{}, disputes: map[uint64]attestationv1.Dispute{}, network: councilv1.NetworkKind_NETWORK_KIND_DEMO,
		headers: new(int), approved: new(bool), author: new(uint64), stopped: new(bool), index: &quote{bps: 300, live: true},
	}
	*f.approved = true
	f.people()
	f.models[string(hashOf(0xaa))] = champion(t)
	for _, e := range []uint64{bakery, smithy} {
		f.grades[e] = attestationv1.Grade_GRADE_A
		f.consents[string(hashOf(byte(e)))] = profilev1.Consent{Id: hashOf(byte(e)), Terms: profilev1.ConsentTerms{
			EnterpriseId: e, GranteeOrgId: bank, Purpose: profilev1.Purpose_PURPOSE_UNDERWRITING,
		}}
		f.scores[string(hashOf(byte(e)))] = scorev1.Score{
			Id: hashOf(byte(e)), EnterpriseId: e, ModelHash: hashOf(0xaa), Score: 650, CapacityFen: 2_000_000, Band: "B", PdPpm: 20_000,
			Purpose: 1, LenderOrgId: bank, ConsentId: hashOf(byte(e)), ExpiryHeight: 1_000_000,
		}
	}
	cdc := codec.NewProtoCodec(codectypes.NewInterfaceRegistry())
	k := NewKeeper(runtime.NewKVStoreService(keys[StoreKey]), cdc, wire.Authority(), Neighbours{
		Orgs: f, Council: f, Safety: f, Cash: f.cash, CashAccount: cash.Account, Profile: f, Attestation: f, Score: f,
	})
	ctx := testutil.DefaultContextWithKeys(keys, nil, nil).
		WithChainID("xinlian-test").WithBlockHeight(10).WithBlockTime(time.Unix(at("2026-01-15 10:00:00"), 0))
	w := &world{reporter: t, ctx: ctx, key: keys[StoreKey], k: k, msg: NewMsgServer(k), qry: NewQueryServer(k), fakes: f}
	w.must(k.InitGenesis(ctx, &loanv1.GenesisState{Params: testParams()}))
	for _, org := range []uint64{bank, otherBank} {
		w.must(f.cash.issue(ctx, cashAccount(org), bankFunds))
	}
	return w
}

// champion is a model that decides, with three bands.
func champion(t reporter) scorev1.Model {
	t.Helper()
	m := scorecard.Model{
		ID: "sme-v7", FeatureSet: 2, Features: 1, Tables: []scorecard.Table{{Points: []int64{0}}},
		Capacity: scorecard.Capacity{Numerator: 1, Denominator: 1},
	}
	canonical, err := m.Canonical()
	if err != nil {
		t.Fatal(err)
	}
	return scorev1.Model{
		Hash: hashOf(0xaa), Canonical: canonical, FeatureSetVersion: 2,
		Status: scorev1.ModelStatus_MODEL_STATUS_ACTIVE, Role: scorev1.ModelRole_MODEL_ROLE_CHAMPION,
		Bands: []scorev1.Band{{Name: "A", ScoreMin: 700, PdPpm: 10_000}, {Name: "B", ScoreMin: 600, PdPpm: 20_000}, {Name: "C", PdPpm: 90_000}},
	}
}

func testParams() loanv1.Params {
	p := DefaultParams()
	p.TemplateLockSeconds = 3600
	return p
}

func (f fakes) people() {
	org := func(id uint64, kind orgv1.OrgKind, roles ...orgv1.Role) {
		f.orgs[id] = orgv1.Organisation{Id: id, Kind: kind, Roles: roles, Status: orgv1.OrgStatus_ORG_STATUS_ACTIVE}
	}
	org(bank, orgv1.OrgKind_ORG_KIND_BANK, orgv1.Role_ROLE_LENDER)
	org(otherBank, orgv1.OrgKind_ORG_KIND_BANK, orgv1.Role_ROLE_LENDER)
	org(auditor, orgv1.OrgKind_ORG_KIND_AUDITOR, orgv1.Role_ROLE_AUDITOR)
	org(bakery, orgv1.OrgKind_ORG_KIND_ENTERPRISE, orgv1.Role_ROLE_BORROWER)
	org(smithy, orgv1.OrgKind_ORG_KIND_ENTERPRISE, orgv1.Role_ROLE_BORROWER)
	add := func(address string, org uint64, role orgv1.DeviceRole, limitFen int64) {
		f.devices[address] = orgv1.Device{
			Address: address, OrgId: org, Role: role, Status: orgv1.DeviceStatus_DEVICE_STATUS_ACTIVE, AmountLimitFen: limitFen,
		}
	}
	const admin, officer, service = orgv1.DeviceRole_DEVICE_ROLE_ADMIN, orgv1.DeviceRole_DEVICE_ROLE_OFFICER, orgv1.DeviceRole_DEVICE_ROLE_SERVICE
	add(bankAdmin, bank, admin, PoolFenMax)
	add(bankOfficer, bank, officer, 10_000_000)
	add(bankService, bank, service, PoolFenMax)
	add(otherAdmin, otherBank, admin, PoolFenMax)
	add(auditorAdmin, auditor, admin, PoolFenMax)
	add(bakeryAdmin, bakery, admin, 50_000_000)
	add(bakeryClerk, bakery, officer, 1_000_000)
	add(bakeryBot, bakery, service, PoolFenMax)
	add(smithyAdmin, smithy, admin, 50_000_000)
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// deliver runs a message as the chain does: kept when it succeeds, undone when
// it fails. It returns the events in words.
func deliver[Req, Res any](w *world, handler func(context.Context, Req) (Res, error), req Req) (res Res, names []string, err error) {
	cache, write := w.ctx.CacheContext()
	cache = cache.WithTxBytes([]byte("transaction"))
	defer func() {
		if r := recover(); r != nil {
			err = panicked(r)
		}
	}()
	if res, err = handler(cache, req); err != nil {
		return res, nil, err
	}
	write()
	for _, e := range cache.EventManager().Events() {
		names = append(names, e.Type)
	}
	return res, names, nil
}

func done[Req, Res any](w *world, handler func(context.Context, Req) (Res, error), req Req) Res {
	w.Helper()
	res, _, err := deliver(w, handler, req)
	w.must(err)
	return res
}

// refused delivers a message that must fail with the wanted error and change nothing.
func refused[Req, Res any](w *world, name string, handler func(context.Context, Req) (Res, error), req Req, want error) {
	w.Helper()
	if _, _, err := deliver(w, handler, req); !errors.Is(err, want) {
		w.Errorf("%s: got error %v, want %v", name, err, want)
	}
}

// advance lets time pass to the given second and runs one end of a block there.
func (w *world) advance(second int64) {
	w.Helper()
	w.ctx = w.ctx.WithBlockTime(time.Unix(second, 0)).WithBlockHeight(w.ctx.BlockHeight() + 1).
		WithEventManager(sdk.NewEventManager())
	w.must(w.k.EndBlock(w.ctx))
}

// pass lets time pass to the given second with a block whenever something is due.
func (w *world) pass(second int64) {
	w.Helper()
	for {
		keys, err := firstKeys(w.ctx, w.k.due, 1, func(key dueKey) bool { return key.K1() <= second })
		w.must(err)
		if len(keys) == 0 || keys[0].K1() <= w.now() {
			w.advance(second)
			return
		}
		w.advance(keys[0].K1())
	}
}

func (w *world) now() int64 { return w.ctx.BlockTime().Unix() }

// sound checks all invariants.
func (w *world) sound() {
	w.Helper()
	for _, i := range w.k.Invariants() {
		if err := i.Check(w.ctx); err != nil {
			w.Fatalf("invariant %s: %v", i.Name, err)
		}
	}
}

func (w *world) balance(account sdk.AccAddress) int64 {
	w.Helper()
	v, err := w.cash.Balance(w.ctx, account)
	w.must(err)
	return v
}

func (w *world) pool(id uint64) loanv1.Pool {
	w.Helper()
	p, err := w.k.pool(w.ctx, id)
	w.must(err)
	return p
}

func (w *world) loan(id uint64) loanv1.Loan {
	w.Helper()
	l, err := w.k.loan(w.ctx, id)
	w.must(err)
	return l
}

func (w *world) row(loanID uint64, tranche, number uint32) loanv1.Instalment {
	w.Helper()
	i, err := w.k.instalment(w.ctx, loanID, tranche, number)
	w.must(err)
	return i
}

// kinds lists the kinds of a loan's journal without their common prefix.
func (w *world) kinds(id uint64) []string {
	w.Helper()
	r, err := w.qry.Journal(w.ctx, &loanv1.QueryJournalRequest{LoanId: id})
	w.must(err)
	var list []string
	for _, e := range r.Entries {
		list = append(list, e.Kind.String()[len("ENTRY_KIND_"):])
	}
	return list
}

// contractTerms is a template with every kind of rule.
func contractTerms() loanv1.TemplateTerms {
	v := func(name string, value int64) loanv1.Variable { return loanv1.Variable{Name: name, Value: value} }
	return worded(loanv1.TemplateTerms{
		Name: "invoice-loan", Version: 1, Method: loanv1.Method_METHOD_EQUAL_INSTALMENT, PeriodUnit: month,
		TrancheBps: []uint32{6_000, 4_000}, GraceDays: 3, LateFeeBps: 100, PrepaymentFeeBps: 50,
		Eligibility: []loanv1.Condition{
			{Code: "score-min", Expression: "score.points >= 500"},
			{Code: "no-loss", Expression: "applicant.written_off_fen == 0"},
		},
		Referral: []loanv1.Condition{
			{Code: "score-clear", Expression: "score.points >= 600"},
		},
		Release: []loanv1.Condition{
			{Code: "on-time-min", Expression: "performance.on_time >= 2 && performance.late == 0"},
		},
		Tests: []loanv1.TestCase{
			{Condition: "eligibility", Variables: []loanv1.Variable{v("score.points", 500)}, Want: true},
			{Condition: "eligibility", Variables: []loanv1.Variable{v("score.points", 499), v("applicant.written_off_fen", 1)}},
			{Condition: "referral", Variables: []loanv1.Variable{v("score.points", 600)}, Want: true},
			{Condition: "referral", Variables: []loanv1.Variable{v("score.points", 599)}},
			{Condition: "release", Variables: []loanv1.Variable{v("performance.on_time", 2)}, Want: true},
			{Condition: "release", Variables: []loanv1.Variable{v("performance.on_time", 2), v("performance.late", 1)}},
		},
	})
}

// worded gives a template's conditions the words of their expressions.
func worded(t loanv1.TemplateTerms) loanv1.TemplateTerms {
	if err := template.Fill(&t); err != nil {
		panic(err)
	}
	return t
}

func productTerms(template []byte, pool uint64) loanv1.ProductTerms {
	return loanv1.ProductTerms{
		TemplateHash: template, Name: "quick", PoolId: pool, ModelHash: hashOf(0xaa), AmountFenMin: 1_000_000, AmountFenMax: 30_000_000,
		PeriodsMin: 3, PeriodsMax: 24, IndexId: indexLPR, FundingBps: 100, MarginBps: 230, LgdBps: 4_500, CapacityPeriods: 10,
		ExposureFenMax: 40_000_000, OfferSeconds: 7 * daySeconds,
	}
}

// market submits and activates a template, funds a pool and offers a product.
func (w *world) market(t loanv1.TemplateTerms) (product uint64) {
	w.Helper()
	hash := done(w, w.msg.SubmitTemplate, &loanv1.MsgSubmitTemplate{Device: bankOfficer, OrgId: bank, Terms: t}).TemplateHash
	done(w, w.msg.ReviewTemplate, &loanv1.MsgReviewTemplate{Device: bankOfficer, OrgId: bank, TemplateHash: hash})
	w.ctx = w.ctx.WithBlockTime(w.ctx.BlockTime().Add(time.Hour))
	done(w, w.msg.ActivateTemplate, &loanv1.MsgActivateTemplate{Device: bankOfficer, OrgId: bank, TemplateHash: hash})
	pool := done(w, w.msg.OpenPool, &loanv1.MsgOpenPool{Device: bankOfficer, OrgId: bank}).PoolId
	done(w, w.msg.FundPool, &loanv1.MsgFundPool{Device: bankAdmin, OrgId: bank, PoolId: pool, AmountFen: 50_000_000})
	return done(w, w.msg.OfferProduct, &loanv1.MsgOfferProduct{Device: bankAdmin, OrgId: bank, Terms: productTerms(hash, pool)}).ProductId
}

func applyFor(product uint64, amountFen int64) *loanv1.MsgApply {
	return &loanv1.MsgApply{
		Device: bakeryAdmin, OrgId: bakery, ProductId: product, AmountFen: amountFen, Periods: 12,
		ConsentId: hashOf(byte(bakery)), ScoreId: hashOf(byte(bakery)),
	}
}

// acceptance is the message that accepts an offer as it is.
func (w *world) acceptance(offer uint64) *loanv1.MsgAccept {
	w.Helper()
	o, err := w.k.offer(w.ctx, offer)
	w.must(err)
	return &loanv1.MsgAccept{
		Device: device(o.EnterpriseId, 1), OrgId: o.EnterpriseId, OfferId: offer, ContractHash: o.ContractHash,
		PrincipalFen: o.PrincipalFen, RateBps: o.RateBps, Periods: o.Periods, AutoDebit: true,
	}
}

// borrow runs an application to a signed loan.
func (w *world) borrow(product uint64, amountFen int64) (loanID uint64) {
	w.Helper()
	offer := done(w, w.msg.Apply, applyFor(product, amountFen)).OfferId
	return done(w, w.msg.Accept, w.acceptance(offer)).LoanId
}

// setScore changes the score of an enterprise.
func (w *world) setScore(enterprise uint64, points int64) {
	s := w.scores[string(hashOf(byte(enterprise)))]
	s.Score = points
	w.scores[string(hashOf(byte(enterprise)))] = s
}

func wantError(t reporter, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("got error %v, want %v", got, want)
	}
}

func wantList[E comparable](t reporter, name string, got, want []E) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %v, want %v", name, got, want)
	}
}

// wantRow compares messages by their bytes.
func wantRow(t reporter, name string, got, want proto.Message) {
	t.Helper()
	a, err := proto.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	b, err := proto.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	if string(a) != string(b) {
		t.Errorf("%s:\ngot  %v\nwant %v", name, got, want)
	}
}
