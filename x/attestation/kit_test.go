package attestation

import (
	"bytes"
	"context"
	"slices"
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
	"github.com/xinlian/xinlian/internal/wire"
)

// The organisations of every test in this package.
const (
	lender    = uint64(8)
	regulator = uint64(9)
	custodian = uint64(20)
	attestorA = uint64(31)
	attestorB = uint64(32)
	attestorC = uint64(33)
	attestorD = uint64(34) // accredited for tax only
	firm      = uint64(71)
	otherFirm = uint64(72)
)

const (
	bank = profilev1.Category_CATEGORY_BANK
	tax  = profilev1.Category_CATEGORY_TAX

	batchLive       = profilev1.BatchStatus_BATCH_STATUS_LIVE
	batchSuperseded = profilev1.BatchStatus_BATCH_STATUS_SUPERSEDED
	batchDisputed   = profilev1.BatchStatus_BATCH_STATUS_DISPUTED

	consistent   = attestationv1.Verdict_VERDICT_CONSISTENT
	inconsistent = attestationv1.Verdict_VERDICT_INCONSISTENT
)

var (
	genesisTime = time.Unix(1_760_000_000, 0).UTC()
	today       = Day(genesisTime.Unix())
	life        = int64(90 * daySeconds)
	hash32      = bytes.Repeat([]byte{0xaa}, HashBytes)
	consentID   = bytes.Repeat([]byte{0xc0}, HashBytes)
	errFake     = errorsmod.Register("fake", 2, "no such row")
)

// kit is a keeper over a real store and neighbours that a test can bend.
type kit struct {
	*Keeper
	ctx   sdk.Context
	key   *storetypes.KVStoreKey
	fakes *fakes
	msgs  attestationv1.MsgServer
	asks  attestationv1.QueryServer
}

func newKit(t tester) kit {
	t.Helper()
	wired, err := wire.NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	keys := storetypes.NewKVStoreKeys(StoreKey)
	ctx := testutil.DefaultContextWithKeys(keys, nil, nil).WithBlockTime(genesisTime).WithBlockHeight(10)
	f := newFakes()
	k := NewKeeper(runtime.NewKVStoreService(keys[StoreKey]), wired.Proto, wire.Authority(), f, f)
	if err := k.InitGenesis(ctx, DefaultGenesis()); err != nil {
		t.Fatal(err)
	}
	return kit{Keeper: k, ctx: ctx, key: keys[StoreKey], fakes: f, msgs: NewMsgServer(k), asks: NewQueryServer(k)}
}

// after is the same chain that many seconds later.
func (c kit) after(seconds int64) kit {
	c.ctx = c.ctx.WithBlockTime(genesisTime.Add(time.Duration(seconds) * time.Second))
	return c
}

// fresh is the same chain with an empty list of events.
func (c kit) fresh() kit {
	c.ctx = c.ctx.WithEventManager(sdk.NewEventManager())
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

func (c kit) batchesMsg(by uint64, v attestationv1.Verdict, numbers ...byte) *attestationv1.MsgAttestBatches {
	return &attestationv1.MsgAttestBatches{
		Device: "service", OrgId: by, EnterpriseId: firm, BatchIds: ids(numbers...), Verdict: v,
		MethodHash: hash32, EvidenceHash: hash32, ExpiresAt: now(c.ctx) + life,
	}
}

func (c kit) attestBatches(t tester, by uint64, v attestationv1.Verdict, numbers ...byte) uint64 {
	t.Helper()
	res, err := c.msgs.AttestBatches(c.ctx, c.batchesMsg(by, v, numbers...))
	check(t, err)
	return res.AttestationId
}

// featuresMsg is a true statement over the batches under the commitment n.
func (c kit) featuresMsg(t tester, by uint64, n byte, asOf uint32, numbers ...byte) *attestationv1.MsgAttestFeatures {
	t.Helper()
	var batches []profilev1.Batch
	for _, n := range numbers {
		batches = append(batches, *c.fakes.batch(n))
	}
	digest, err := DataDigest(batches)
	check(t, err)
	return &attestationv1.MsgAttestFeatures{
		Device: "service", OrgId: by, EnterpriseId: firm, BatchIds: ids(numbers...), MethodHash: hash32,
		Features: attestationv1.FeatureStatement{
			FeatureSetVersion: 1, AsOfDay: asOf, DataDigest: digest[:], Commitment: bytes.Repeat([]byte{n}, HashBytes),
		},
		ExpiresAt: now(c.ctx) + life,
	}
}

func (c kit) attestFeatures(t tester, by uint64, n byte, asOf uint32, numbers ...byte) uint64 {
	t.Helper()
	res, err := c.msgs.AttestFeatures(c.ctx, c.featuresMsg(t, by, n, asOf, numbers...))
	check(t, err)
	return res.AttestationId
}

func (c kit) withdraw(by, id uint64) error {
	_, err := c.msgs.Withdraw(c.ctx, &attestationv1.MsgWithdraw{Device: "service", OrgId: by, AttestationId: id, ReasonHash: hash32})
	return err
}

func (c kit) contestBatch(by uint64, n byte) (uint64, error) {
	res, err := c.msgs.OpenDispute(c.ctx, &attestationv1.MsgOpenDispute{
		Device: "officer", OrgId: by, EnterpriseId: firm, BatchId: ids(n)[0], ReasonHash: hash32,
	})
	return res.GetDisputeId(), err
}

func (c kit) contest(by, attestationID uint64) (uint64, error) {
	res, err := c.msgs.OpenDispute(c.ctx, &attestationv1.MsgOpenDispute{
		Device: "officer", OrgId: by, EnterpriseId: firm, AttestationId: attestationID, ReasonHash: hash32,
	})
	return res.GetDisputeId(), err
}

func (c kit) resolve(by, id uint64, upheld bool) error {
	_, err := c.msgs.ResolveDispute(c.ctx, &attestationv1.MsgResolveDispute{
		Device: "officer", OrgId: by, DisputeId: id, Upheld: upheld, ResolutionHash: hash32,
	})
	return err
}

func ids(numbers ...byte) [][]byte {
	var list [][]byte
	for _, n := range numbers {
		list = append(list, bytes.Repeat([]byte{n}, HashBytes))
	}
	return list
}

// fakes stand for the modules to the left. Tests bend their fields.
type fakes struct {
	orgs       map[uint64]orgv1.Organisation
	accredited map[uint64][]profilev1.Category
	batches    []profilev1.Batch
	consents   map[string]profilev1.Consent
}

func newFakes() *fakes {
	f := &fakes{
		orgs: map[uint64]orgv1.Organisation{},
		accredited: map[uint64][]profilev1.Category{
			attestorA: {bank, tax}, attestorB: {bank, tax}, attestorC: {bank, tax}, attestorD: {tax},
			lender: {bank}, custodian: {bank},
		},
		consents: map[string]profilev1.Consent{string(consentID): {Id: consentID, Terms: profilev1.ConsentTerms{
			EnterpriseId: firm, GranteeOrgId: lender, Purpose: profilev1.Purpose_PURPOSE_UNDERWRITING,
		}}},
	}
	add := func(id uint64, roles ...orgv1.Role) {
		f.orgs[id] = orgv1.Organisation{
			Id: id, Roles: roles, Status: orgv1.OrgStatus_ORG_STATUS_ACTIVE, Kind: orgv1.OrgKind_ORG_KIND_BANK, ControlGroup: id,
		}
	}
	add(lender, orgv1.Role_ROLE_LENDER)
	add(regulator, orgv1.Role_ROLE_REGULATOR)
	add(custodian, orgv1.Role_ROLE_CUSTODIAN, orgv1.Role_ROLE_ATTESTOR)
	for _, id := range []uint64{attestorA, attestorB, attestorC, attestorD} {
		add(id, orgv1.Role_ROLE_ATTESTOR)
	}
	for _, id := range []uint64{firm, otherFirm} {
		add(id, orgv1.Role_ROLE_BORROWER)
		f.change(id, func(o *orgv1.Organisation) {
			o.Kind, o.CustodianOrgId = orgv1.OrgKind_ORG_KIND_ENTERPRISE, custodian
		})
	}
	f.add(firm, "bank", bank, today-90, today-61)
	f.add(firm, "bank", bank, today-60, today-31)
	f.add(firm, "tax", tax, today-90, today-1)
	f.add(otherFirm, "bank", bank, today-90, today-61)
	return f
}

// add anchors the next batch of a stream; batches are numbered from 1.
func (f *fakes) add(enterprise uint64, schema string, c profilev1.Category, from, to uint32) byte {
	n := byte(len(f.batches) + 1)
	sequence := uint64(1)
	for _, b := range f.batches {
		if b.EnterpriseId == enterprise && b.Anchor.SchemaId == schema {
			sequence++
		}
	}
	f.batches = append(f.batches, profilev1.Batch{
		EnterpriseId: enterprise, Status: batchLive, Category: c,
		Anchor: profilev1.BatchAnchor{
			BatchId: ids(n)[0], Root: bytes.Repeat([]byte{0xff - n}, HashBytes), Source: "acct", SchemaId: schema,
			SchemaVersion: 1, Sequence: sequence, PeriodFrom: from, PeriodTo: to,
			SourceClass: profilev1.SourceClass_SOURCE_CLASS_SIGNED, SourceOrgId: 99,
		},
	})
	return n
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

func (f *fakes) Accredited(_ context.Context, id uint64, category uint32) (bool, error) {
	return slices.Contains(f.accredited[id], profilev1.Category(category)), nil
}

func (f *fakes) Batch(_ context.Context, id []byte) (profilev1.Batch, error) {
	for _, b := range f.batches {
		if bytes.Equal(b.Anchor.BatchId, id) {
			return b, nil
		}
	}
	return profilev1.Batch{}, errFake
}

func (f *fakes) SetDisputed(_ context.Context, id []byte, disputed bool) error {
	for i := range f.batches {
		b := &f.batches[i]
		if !bytes.Equal(b.Anchor.BatchId, id) {
			continue
		}
		if b.Status == batchSuperseded {
			return nil
		}
		b.Status = batchLive
		if disputed {
			b.Status = batchDisputed
		}
		return nil
	}
	return errFake
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
		if b.EnterpriseId != enterprise {
			continue
		}
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

func (f *fakes) StreamBatches(_ context.Context, enterprise uint64, source, schema string, limit int) ([]profilev1.Batch, error) {
	var list []profilev1.Batch
	for _, b := range f.batches {
		if b.EnterpriseId == enterprise && b.Anchor.Source == source && b.Anchor.SchemaId == schema {
			list = append(list, b)
		}
	}
	return list[max(0, len(list)-limit):], nil
}
