package score

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/cosmos/gogoproto/proto"

	errorsmod "cosmossdk.io/errors"

	"github.com/cosmos/cosmos-sdk/runtime"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	"github.com/cosmos/cosmos-sdk/testutil"
	sdk "github.com/cosmos/cosmos-sdk/types"

	attestationv1 "github.com/xinlian/xinlian/gen/xinlian/attestation/v1"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	safetyv1 "github.com/xinlian/xinlian/gen/xinlian/safety/v1"
	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
	"github.com/xinlian/xinlian/internal/wire"
	"github.com/xinlian/xinlian/scorecard"
	"github.com/xinlian/xinlian/x/attestation"
	"github.com/xinlian/xinlian/zk"
)

// The organisations of every test in this package.
const (
	lender     = uint64(8)
	lender2    = uint64(9)
	custodian  = uint64(20)
	attestorA  = uint64(31)
	attestorB  = uint64(32)
	attestorC  = uint64(33)
	publisherA = uint64(41)
	publisherB = uint64(42)
	publisherC = uint64(43)
	publisherD = uint64(44)
	firm       = uint64(71)
	otherFirm  = uint64(72)
)

const (
	chainID     = "xinlian-test-1"
	issueHeight = int64(1_000)
)

var (
	genesisTime = time.Unix(1_760_000_000, 0).UTC()
	today       = attestation.Day(genesisTime.Unix())
	asOfDay     = today - 3
	errFake     = errorsmod.Register("fake", 2, "no such row")
	consentID   = bytes.Repeat([]byte{0xc0}, HashBytes)
)

// kit is a keeper over a real store and neighbours that a test can bend.
type kit struct {
	*Keeper
	ctx   sdk.Context
	key   *storetypes.KVStoreKey
	fakes *fakes
	msgs  scorev1.MsgServer
	asks  scorev1.QueryServer
}

func newKit(t tester) kit {
	t.Helper()
	wired, err := wire.NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	keys := storetypes.NewKVStoreKeys(StoreKey)
	ctx := testutil.DefaultContextWithKeys(keys, nil, nil).
		WithBlockTime(genesisTime).WithBlockHeight(issueHeight + 10).WithChainID(chainID).
		WithGasMeter(storetypes.NewInfiniteGasMeter())
	f := newFakes()
	k := NewKeeper(runtime.NewKVStoreService(keys[StoreKey]), wired.Proto, wire.Authority(),
		Deps{Orgs: f, Council: f, Profiles: f, Attestations: f, Safety: f})
	gs := DefaultGenesis()
	gs.SrsKey = zk.UnsafeDevelopmentSRS().Key().Encode()
	gs.SrsKind = scorev1.SrsKind_SRS_KIND_DEVELOPMENT_UNSAFE
	if err := k.InitGenesis(ctx, gs); err != nil {
		t.Fatal(err)
	}
	return kit{Keeper: k, ctx: ctx, key: keys[StoreKey], fakes: f, msgs: NewMsgServer(k), asks: NewQueryServer(k)}
}

// scoring is a kit with the active model and everything else that the proven
// submission needs.
func scoring(t tester) (kit, *scorev1.MsgSubmitScore) {
	t.Helper()
	p := provenOnce(t)
	c := newKit(t)
	m := p.model
	m.Status = scorev1.ModelStatus_MODEL_STATUS_ACTIVE
	if err := c.models.Set(c.ctx, m.Hash, m); err != nil {
		t.Fatal(err)
	}
	for i, attestor := range []uint64{attestorA, attestorB} {
		c.fakes.features = append(c.fakes.features, attestationv1.Attestation{
			Id: uint64(i) + 1, Kind: attestationv1.Kind_KIND_FEATURES, EnterpriseId: firm, AttestorOrgId: attestor,
			BatchIds: slices.Clone(p.batchIDs), Features: &attestationv1.FeatureStatement{
				FeatureSetVersion: p.statement.FeatureSetVersion, AsOfDay: p.statement.AsOfDay,
				DataDigest: bytes.Clone(p.statement.DataDigest[:]), Commitment: bytes.Clone(p.statement.Commitment[:]),
			},
		})
	}
	return c, p.message()
}

// at is the same chain at another height and time.
func (c kit) at(height int64, after time.Duration) kit {
	c.ctx = c.ctx.WithBlockHeight(height).WithBlockTime(genesisTime.Add(after))
	return c
}

// fresh is the same chain with an empty list of events and an empty meter.
func (c kit) fresh() kit {
	c.ctx = c.ctx.WithEventManager(sdk.NewEventManager()).WithGasMeter(storetypes.NewInfiniteGasMeter())
	return c
}

// wantEvents tells whether exactly these typed events of ours were emitted.
func (c kit) wantEvents(t *testing.T, want ...proto.Message) {
	t.Helper()
	var got []proto.Message
	for _, e := range c.ctx.EventManager().ABCIEvents() {
		m, err := sdk.ParseTypedEvent(e)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, m)
	}
	if !slices.EqualFunc(got, want, func(a, b proto.Message) bool { return proto.Equal(a, b) }) {
		t.Errorf("events: got %v, want %v", got, want)
	}
}

func (c kit) checkInvariants(t tester) {
	t.Helper()
	for _, i := range c.Invariants() {
		if err := i.Check(c.ctx); err != nil {
			t.Fatalf("invariant %s: %v", i.Name, err)
		}
	}
}

// tester is what the kit needs of *testing.T and *rapid.T.
type tester interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
	Errorf(string, ...any)
}

func check(t tester, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// proven is a small model with its key and one true statement with its proof,
// made once for all tests: proving takes seconds.
type proven struct {
	card      *scorecard.Model
	model     scorev1.Model
	statement zk.Statement
	batchIDs  [][]byte
	proof     []byte
}

func smallCard(id string) *scorecard.Model {
	return &scorecard.Model{
		ID: id, FeatureSet: 1, Features: 2, Base: 100,
		Tables: []scorecard.Table{
			{Feature: 0, Points: []int64{7}, Missing: -7},
			{Feature: 1, Cuts: []int64{0}, Points: []int64{-300, 40}, Missing: 1},
		},
		Capacity: scorecard.Capacity{Feature: 1, Numerator: 3, Denominator: 7},
	}
}

func testBands() []scorev1.Band {
	return []scorev1.Band{
		{Name: "A", ScoreMin: 140, PdPpm: 10_000}, {Name: "B", ScoreMin: 0, PdPpm: 40_000}, {Name: "C", ScoreMin: -500, PdPpm: 200_000},
	}
}

var prove = sync.OnceValues(func() (*proven, error) {
	p := &proven{card: smallCard("test-small")}
	prover, err := zk.NewProver(zk.UnsafeDevelopmentSRS(), nil)
	if err != nil {
		return nil, err
	}
	vk, err := prover.VerifyingKey(context.Background(), p.card)
	if err != nil {
		return nil, err
	}
	canonical, err := p.card.Canonical()
	if err != nil {
		return nil, err
	}
	if p.model, err = decodeModel(canonical, vk.Encode(), testBands(), champion); err != nil {
		return nil, err
	}
	p.model.ProposerOrgId, p.model.Height = lender, 5
	var batches []profilev1.Batch
	for _, b := range testBatches() {
		if b.Status == profilev1.BatchStatus_BATCH_STATUS_LIVE && b.Anchor.Sequence > 1 {
			batches = append(batches, b)
			p.batchIDs = append(p.batchIDs, b.Anchor.BatchId)
		}
	}
	slices.SortFunc(p.batchIDs, bytes.Compare)
	digest, err := attestation.DataDigest(batches)
	if err != nil {
		return nil, err
	}
	set := zk.FeatureSet{
		Version: 1, Salt: [31]byte{0: 9, 30: 1}, Enterprise: firm, AsOfDay: asOfDay, DataDigest: digest,
		Features: []scorecard.Value{scorecard.Known(5), scorecard.Known(7_000)},
	}
	p.statement, err = zk.State(p.card, set, zk.Terms{
		ChainID: chainID, Purpose: uint32(profilev1.Purpose_PURPOSE_UNDERWRITING), Lender: lender,
		ConsentID: [32]byte(consentID), IssueHeight: uint64(issueHeight),
		ExpiryHeight: uint64(issueHeight + DefaultParams().ValidityBlocks),
	})
	if err != nil {
		return nil, err
	}
	p.proof, err = prover.Prove(context.Background(), p.card, zk.Witness{Statement: p.statement, FeatureSet: set})
	return p, err
})

func provenOnce(t tester) *proven {
	t.Helper()
	p, err := prove()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *proven) message() *scorev1.MsgSubmitScore {
	s := p.statement
	return &scorev1.MsgSubmitScore{
		Device: "officer", OrgId: lender, EnterpriseId: firm, ModelHash: bytes.Clone(s.ModelID[:]),
		Commitment: bytes.Clone(s.Commitment[:]), Purpose: s.Purpose, LenderOrgId: s.Lender,
		ConsentId: bytes.Clone(consentID), Score: s.Score, CapacityFen: s.CapacityFen,
		IssueHeight: int64(s.IssueHeight), Proof: bytes.Clone(p.proof),
	}
}

// testBatches are two streams. Number 1 of each ended before the window, number 3
// of the first replaces its number 2.
func testBatches() []profilev1.Batch {
	start := attestation.WindowStart(asOfDay)
	live, replaced := profilev1.BatchStatus_BATCH_STATUS_LIVE, profilev1.BatchStatus_BATCH_STATUS_SUPERSEDED
	b := []profilev1.Batch{
		testBatch(1, "bank", 1, start-40, start-1, live),
		testBatch(2, "bank", 2, start, asOfDay-31, replaced),
		testBatch(3, "bank", 3, start, asOfDay-31, live),
		testBatch(4, "bank", 4, asOfDay-30, asOfDay, live),
		testBatch(5, "invoice", 1, start-40, start-1, live),
		testBatch(6, "invoice", 2, start, asOfDay+1, live),
	}
	b[2].Anchor.Supersedes = b[1].Anchor.BatchId
	return b
}

func testBatch(n byte, schema string, sequence uint64, from, to uint32, status profilev1.BatchStatus) profilev1.Batch {
	return profilev1.Batch{
		EnterpriseId: firm, Status: status, Category: profilev1.Category_CATEGORY_BANK,
		Anchor: profilev1.BatchAnchor{
			BatchId: bytes.Repeat([]byte{n}, HashBytes), Root: bytes.Repeat([]byte{0xf0 + n}, HashBytes),
			Source: "acct", SchemaId: schema, SchemaVersion: 1, Sequence: sequence, PeriodFrom: from, PeriodTo: to,
		},
	}
}

// fakes stand for every module to the left. Tests bend their fields.
type fakes struct {
	orgs     map[uint64]orgv1.Organisation
	members  []uint64
	batches  []profilev1.Batch
	consents map[string]profilev1.Consent
	features []attestationv1.Attestation
	newest   *attestationv1.FeatureStatement // nil: that of the first of features
	ended    []uint64                        // attestations that are not live
	refused  [][]byte
	audited  bool
	incident []string
}

func newFakes() *fakes {
	f := &fakes{
		orgs: map[uint64]orgv1.Organisation{}, members: []uint64{lender, custodian, attestorA},
		batches: testBatches(), audited: true,
		consents: map[string]profilev1.Consent{string(consentID): {Id: consentID, Terms: profilev1.ConsentTerms{
			EnterpriseId: firm, GranteeOrgId: lender, Purpose: profilev1.Purpose_PURPOSE_UNDERWRITING,
		}}},
	}
	add := func(id uint64, roles ...orgv1.Role) {
		f.orgs[id] = orgv1.Organisation{
			Id: id, Roles: roles, Status: orgv1.OrgStatus_ORG_STATUS_ACTIVE, Kind: orgv1.OrgKind_ORG_KIND_BANK,
			ControlGroup: id,
		}
	}
	add(lender, orgv1.Role_ROLE_LENDER)
	add(lender2, orgv1.Role_ROLE_LENDER)
	add(custodian, orgv1.Role_ROLE_CUSTODIAN)
	for _, id := range []uint64{attestorA, attestorB, attestorC} {
		add(id, orgv1.Role_ROLE_ATTESTOR)
	}
	for _, id := range []uint64{publisherA, publisherB, publisherC, publisherD} {
		add(id, orgv1.Role_ROLE_INDEX_PUBLISHER)
	}
	for _, id := range []uint64{firm, otherFirm} {
		add(id, orgv1.Role_ROLE_BORROWER)
		f.change(id, func(o *orgv1.Organisation) {
			o.Kind, o.CustodianOrgId = orgv1.OrgKind_ORG_KIND_ENTERPRISE, custodian
		})
	}
	return f
}

func (f *fakes) change(id uint64, bend func(*orgv1.Organisation)) {
	o := f.orgs[id]
	bend(&o)
	f.orgs[id] = o
}

func (f *fakes) batch(n byte) *profilev1.Batch { return &f.batches[n-1] }

func (f *fakes) Organisation(_ context.Context, id uint64) (orgv1.Organisation, error) {
	o, known := f.orgs[id]
	if !known {
		return o, errFake
	}
	return o, nil
}

func (f *fakes) SameControl(_ context.Context, a, b uint64) (bool, error) {
	return a == b || f.orgs[a].ControlGroup == f.orgs[b].ControlGroup, nil
}

// Acting knows a person's device and a service's.
func (f *fakes) Acting(ctx context.Context, device string, id uint64) (orgv1.Organisation, orgv1.Device, error) {
	o, err := f.Organisation(ctx, id)
	d := orgv1.Device{OrgId: id, Role: orgv1.DeviceRole_DEVICE_ROLE_OFFICER}
	switch device {
	case "officer":
	case "service":
		d.Role = orgv1.DeviceRole_DEVICE_ROLE_SERVICE
	default:
		err = errFake
	}
	return o, d, err
}

func (f *fakes) Member(_ context.Context, id uint64) (bool, error) {
	return slices.Contains(f.members, id), nil
}

func (f *fakes) Members(context.Context) (int, error) { return len(f.members), nil }

func (f *fakes) Batch(_ context.Context, id []byte) (profilev1.Batch, error) {
	for _, b := range f.batches {
		if bytes.Equal(b.Anchor.BatchId, id) {
			return b, nil
		}
	}
	return profilev1.Batch{}, errFake
}

func (f *fakes) LiveConsent(_ context.Context, id []byte) (profilev1.Consent, error) {
	c, known := f.consents[string(id)]
	if !known {
		return c, errFake
	}
	return c, nil
}

func (f *fakes) Streams(_ context.Context, enterprise uint64) ([]profilev1.Stream, error) {
	var list []profilev1.Stream
	for _, b := range f.batches {
		a := b.Anchor
		i := slices.IndexFunc(list, func(s profilev1.Stream) bool { return s.SchemaId == a.SchemaId })
		if i < 0 {
			i = len(list)
			list = append(list, profilev1.Stream{
				EnterpriseId: enterprise, Source: a.Source, SchemaId: a.SchemaId, FirstPeriodFrom: a.PeriodFrom,
			})
		}
		list[i].Sequence, list[i].PeriodTo = max(list[i].Sequence, a.Sequence), max(list[i].PeriodTo, a.PeriodTo)
	}
	return list, nil
}

func (f *fakes) StreamBatches(_ context.Context, _ uint64, source, schema string, _ int) ([]profilev1.Batch, error) {
	var list []profilev1.Batch
	for _, b := range f.batches {
		if b.Anchor.Source == source && b.Anchor.SchemaId == schema {
			list = append(list, b)
		}
	}
	return list, nil
}

func (f *fakes) FeatureAttestations(_ context.Context, enterprise uint64, commitment []byte) ([]attestationv1.Attestation, error) {
	var list []attestationv1.Attestation
	for _, a := range f.features {
		if a.EnterpriseId == enterprise && bytes.Equal(a.Features.Commitment, commitment) {
			list = append(list, a)
		}
	}
	return list, nil
}

func (f *fakes) NewestFeatures(context.Context, uint64, uint32) (attestationv1.FeatureStatement, int64, bool, error) {
	if f.newest != nil {
		return *f.newest, 1, true, nil
	}
	return *f.features[0].Features, 1, true, nil
}

func (f *fakes) Live(_ context.Context, id uint64) (attestationv1.Attestation, error) {
	if slices.Contains(f.ended, id) {
		return attestationv1.Attestation{}, errFake
	}
	return f.features[id-1], nil
}

func (f *fakes) BatchRefused(_ context.Context, id []byte) (bool, error) {
	return slices.ContainsFunc(f.refused, func(b []byte) bool { return bytes.Equal(b, id) }), nil
}

func (f *fakes) Approved(_ context.Context, kind safetyv1.SubjectKind, _ []byte) (bool, error) {
	return f.audited && kind == safetyv1.SubjectKind_SUBJECT_KIND_MODEL, nil
}

func (f *fakes) OpenIncident(_ context.Context, kind string, evidence []byte) error {
	f.incident = append(f.incident, fmt.Sprintf("%s %x", kind, evidence))
	return nil
}
