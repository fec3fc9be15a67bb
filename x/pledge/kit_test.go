package pledge

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"slices"
	"testing"
	"time"

	"github.com/cosmos/gogoproto/proto"

	errorsmod "cosmossdk.io/errors"

	"github.com/cosmos/cosmos-sdk/runtime"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	"github.com/cosmos/cosmos-sdk/testutil"
	sdk "github.com/cosmos/cosmos-sdk/types"

	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	pledgev1 "github.com/xinlian/xinlian/gen/xinlian/pledge/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/internal/artefact"
	"github.com/xinlian/xinlian/internal/wire"
)

// The organisations of every test in this package.
const (
	bankA     = uint64(1) // members, holders of shares
	bankB     = uint64(2)
	attestorA = uint64(3)
	regulator = uint64(4)
	attestorB = uint64(5) // accredited for nothing
	affiliate = uint64(6) // an attestor under bank A's control
	custodian = uint64(7) // the firm's, and an attestor
	outsider  = uint64(8) // a lender that is no member
	firm      = uint64(71)
	otherFirm = uint64(72)
)

const (
	chainID = "xinlian-test"
	invoice = profilev1.Category_CATEGORY_INVOICE
)

var (
	genesisTime = time.Unix(1_760_000_000, 0).UTC()
	errFake     = errorsmod.Register("fake", 2, "no such row")
)

func b32(c byte) []byte { return bytes.Repeat([]byte{c}, HashBytes) }

// kit is a keeper over a real store and neighbours that a test can bend.
type kit struct {
	*Keeper
	ctx   sdk.Context
	key   *storetypes.KVStoreKey
	fakes *fakes
	msgs  pledgev1.MsgServer
	asks  pledgev1.QueryServer
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

// newKit is a chain on which nobody has dealt a key.
func newKit(t tester) kit {
	t.Helper()
	wired, err := wire.NewCodec()
	check(t, err)
	keys := storetypes.NewKVStoreKeys(StoreKey)
	ctx := testutil.DefaultContextWithKeys(keys, nil, nil).WithBlockTime(genesisTime).WithBlockHeight(10).WithChainID(chainID)
	f := newFakes()
	k := NewKeeper(runtime.NewKVStoreService(keys[StoreKey]), wired.Proto, wire.Authority(), f, f, f)
	check(t, k.InitGenesis(ctx, DefaultGenesis()))
	return kit{Keeper: k, ctx: ctx, key: keys[StoreKey], fakes: f, msgs: NewMsgServer(k), asks: NewQueryServer(k)}
}

// keyed is a chain with the first key.
func keyed(t tester) kit {
	t.Helper()
	c := newKit(t)
	c.rotate(t, 0x10)
	return c
}

// rotate brings a key into force: proposed, and confirmed by all.
func (c kit) rotate(t tester, point byte) {
	t.Helper()
	_, err := c.msgs.ProposeKey(c.ctx, c.proposing(point))
	check(t, err)
	for id := bankA; id <= regulator; id++ {
		check(t, c.confirm(id, point))
	}
}

func (c kit) proposing(point byte) *pledgev1.MsgProposeKey {
	m := &pledgev1.MsgProposeKey{Authority: wire.Authority(), Threshold: 3, Point: b32(point), TranscriptHash: b32(point + 1)}
	for id := bankA; id <= regulator; id++ {
		m.Shares = append(m.Shares, pledgev1.KeyShare{Index: uint32(id), OrgId: id, Point: b32(point + byte(id))})
	}
	return m
}

func (c kit) confirm(by uint64, point byte) error {
	_, err := c.msgs.ConfirmKey(c.ctx, &pledgev1.MsgConfirmKey{Device: "officer", OrgId: by, TranscriptHash: b32(point + 1)})
	return err
}

// after is the same chain that many seconds later.
func (c kit) after(seconds int64) kit {
	c.ctx = c.ctx.WithBlockTime(c.ctx.BlockTime().Add(time.Duration(seconds) * time.Second))
	return c
}

// fresh is the same chain with an empty list of events.
func (c kit) fresh() kit {
	c.ctx = c.ctx.WithEventManager(sdk.NewEventManager())
	return c
}

// wantEvents tells whether exactly these typed events of ours were emitted.
func (c kit) wantEvents(t tester, want ...proto.Message) {
	t.Helper()
	var got []proto.Message
	for _, e := range c.ctx.EventManager().ABCIEvents() {
		m, err := sdk.ParseTypedEvent(e)
		check(t, err)
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

func pledgeKey(lender uint64, n byte) ed25519.PrivateKey {
	seed := b32(n)
	seed[0] = byte(lender)
	return ed25519.NewKeyFromSeed(seed)
}

func consentID(lender uint64) []byte { return b32(0xc0 + byte(lender)) }

// opening is a lender's of the statements that attesting makes for it.
func opening(lender uint64) *pledgev1.Opening {
	return &pledgev1.Opening{ConsentId: consentID(lender), Salt: b32(0x5a)}
}

// tagN is a receivable's tag under an epoch.
func tagN(n byte, epoch uint64) pledgev1.Tag {
	t := pledgev1.Tag{Epoch: epoch, Tag: b32(n)}
	t.Tag[0] = byte(epoch)
	return t
}

// attesting is the statement about receivable n for a lender, under the keys that
// are checked.
func (c kit) attesting(t tester, lender uint64, n byte) *pledgev1.MsgAttestReceivable {
	t.Helper()
	key := pledgeKey(lender, n).Public().(ed25519.PublicKey)
	commitment, err := artefact.LenderCommitment(lender, consentID(lender), key, opening(lender).Salt)
	check(t, err)
	face, err := artefact.FaceCommitment(1_000_000_00, b32(n))
	check(t, err)
	m := &pledgev1.MsgAttestReceivable{
		Device: "service", OrgId: attestorA, EnterpriseId: firm, BatchId: b32(1), LeafHash: b32(n), LenderCommitment: commitment,
		PledgeKey: key, FaceCommitment: face, ExpiresAt: now(c.ctx) + daySeconds,
	}
	checked, err := c.checked(c.ctx)
	check(t, err)
	for _, k := range checked {
		m.Tags = append(m.Tags, tagN(n, k.Epoch))
	}
	return m
}

func (c kit) attest(t tester, lender uint64, n byte) uint64 {
	t.Helper()
	res, err := c.msgs.AttestReceivable(c.ctx, c.attesting(t, lender, n))
	check(t, err)
	return res.StatementId
}

// pledging is the lender's message for a share of a statement about receivable n.
func (c kit) pledging(t tester, lender, statement uint64, n byte, ppm uint32) *pledgev1.MsgPledge {
	t.Helper()
	key, err := c.active(c.ctx)
	check(t, err)
	return &pledgev1.MsgPledge{
		Device: "service", OrgId: lender, StatementId: statement, Tag: tagN(n, key.Epoch).Tag, SharePpm: ppm,
		ExpiresAt: now(c.ctx) + 30*daySeconds, Opening: opening(lender),
	}
}

func (c kit) pledge(t tester, lender, statement uint64, n byte, ppm uint32) uint64 {
	t.Helper()
	res, err := c.msgs.Pledge(c.ctx, c.pledging(t, lender, statement, n, ppm))
	check(t, err)
	return res.PledgeId
}

// relayed turns a lender's message into one that a member sends for it.
func (c kit) relayed(t tester, m *pledgev1.MsgPledge, lender uint64, n byte, by uint64) *pledgev1.MsgPledge {
	t.Helper()
	st, err := c.Statement(c.ctx, m.StatementId)
	check(t, err)
	b, err := artefact.PledgeContent(chainID, m.StatementId, st.Pledges, m.Tag, m.SharePpm, m.ExpiresAt)
	check(t, err)
	relay := *m
	relay.OrgId, relay.Opening, relay.LenderSignature = by, nil, ed25519.Sign(pledgeKey(lender, n), b)
	return &relay
}

func (c kit) release(lender, id uint64) error {
	_, err := c.msgs.ReleasePledge(c.ctx, &pledgev1.MsgReleasePledge{
		Device: "service", OrgId: lender, PledgeId: id, Opening: opening(lender),
	})
	return err
}

func (c kit) contest(by, id uint64) error {
	_, err := c.msgs.ContestReceivable(c.ctx, &pledgev1.MsgContestReceivable{
		Device: "officer", OrgId: by, StatementId: id, ReasonHash: b32(9),
	})
	return err
}

func (c kit) decide(by, id uint64, upheld bool) error {
	_, err := c.msgs.DecideReceivable(c.ctx, &pledgev1.MsgDecideReceivable{
		Device: "officer", OrgId: by, StatementId: id, Upheld: upheld,
	})
	return err
}

func (c kit) withdraw(by, id uint64) error {
	_, err := c.msgs.WithdrawReceivable(c.ctx, &pledgev1.MsgWithdrawReceivable{Device: "service", OrgId: by, StatementId: id})
	return err
}

func (c kit) retag(by, id uint64, tag pledgev1.Tag) error {
	_, err := c.msgs.RetagReceivable(c.ctx, &pledgev1.MsgRetagReceivable{Device: "service", OrgId: by, StatementId: id, Tag: tag})
	return err
}

// wantCheck is what anyone is told about a tag.
func (c kit) wantCheck(t tester, tag pledgev1.Tag, pledged bool) {
	t.Helper()
	res, err := c.asks.Check(c.ctx, &pledgev1.QueryCheckRequest{Tag: tag.Tag})
	check(t, err)
	want := pledgev1.Availability_AVAILABILITY_FREE
	if pledged {
		want = pledgev1.Availability_AVAILABILITY_PLEDGED
	}
	if res.Availability != want {
		t.Errorf("tag %x: got %s, want %s", tag.Tag[:2], res.Availability, want)
	}
}

func (c kit) wantKeys(t *testing.T, want ...pledgev1.KeyStatus) {
	t.Helper()
	gs, err := c.ExportGenesis(c.ctx)
	check(t, err)
	var got []pledgev1.KeyStatus
	for _, k := range gs.Keys {
		got = append(got, k.Status)
	}
	if !slices.Equal(got, want) {
		t.Errorf("keys: got %s, want %s", got, want)
	}
}

// fakes stand for the modules to the left. Tests bend their fields.
type fakes struct {
	orgs       map[uint64]orgv1.Organisation
	accredited []uint64
	batches    map[string]profilev1.Batch
	consents   map[string]profilev1.Consent
}

func newFakes() *fakes {
	f := &fakes{
		orgs: map[uint64]orgv1.Organisation{}, accredited: []uint64{attestorA, affiliate, custodian},
		batches: map[string]profilev1.Batch{
			string(b32(1)): {EnterpriseId: firm, Category: invoice, Status: profilev1.BatchStatus_BATCH_STATUS_LIVE},
			string(b32(2)): {EnterpriseId: otherFirm, Category: invoice, Status: profilev1.BatchStatus_BATCH_STATUS_LIVE},
			string(b32(3)): {EnterpriseId: firm, Category: invoice, Status: profilev1.BatchStatus_BATCH_STATUS_SUPERSEDED},
		},
		consents: map[string]profilev1.Consent{},
	}
	add := func(id, group uint64, kind orgv1.OrgKind, roles ...orgv1.Role) {
		f.orgs[id] = orgv1.Organisation{Id: id, Kind: kind, Roles: roles, Status: orgv1.OrgStatus_ORG_STATUS_ACTIVE, ControlGroup: group}
	}
	bank := orgv1.OrgKind_ORG_KIND_BANK
	add(bankA, 500, bank, orgv1.Role_ROLE_LENDER)
	add(bankB, 501, bank, orgv1.Role_ROLE_LENDER)
	add(outsider, 502, bank, orgv1.Role_ROLE_LENDER)
	add(attestorA, 503, bank, orgv1.Role_ROLE_ATTESTOR)
	add(attestorB, 504, bank, orgv1.Role_ROLE_ATTESTOR)
	add(affiliate, 500, bank, orgv1.Role_ROLE_ATTESTOR)
	add(custodian, 505, bank, orgv1.Role_ROLE_ATTESTOR, orgv1.Role_ROLE_CUSTODIAN)
	add(regulator, 506, orgv1.OrgKind_ORG_KIND_REGULATOR, orgv1.Role_ROLE_REGULATOR)
	for _, id := range []uint64{firm, otherFirm} {
		add(id, 600+id, orgv1.OrgKind_ORG_KIND_ENTERPRISE, orgv1.Role_ROLE_BORROWER)
		o := f.orgs[id]
		o.CustodianOrgId = custodian
		f.orgs[id] = o
	}
	for _, id := range []uint64{bankA, bankB, outsider} {
		f.consents[string(consentID(id))] = profilev1.Consent{Terms: profilev1.ConsentTerms{
			EnterpriseId: firm, GranteeOrgId: id, Categories: []profilev1.Category{profilev1.Category_CATEGORY_BANK, invoice},
		}}
	}
	return f
}

// bendConsent changes a lender's consent.
func (f *fakes) bendConsent(lender uint64, bend func(t *profilev1.ConsentTerms)) {
	c := f.consents[string(consentID(lender))]
	bend(&c.Terms)
	f.consents[string(consentID(lender))] = c
}

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
	return slices.Contains(f.accredited, id) && category == uint32(invoice), nil
}

func (f *fakes) Member(_ context.Context, id uint64) (bool, error) {
	return id >= bankA && id <= regulator, nil
}

func (f *fakes) Batch(_ context.Context, id []byte) (profilev1.Batch, error) {
	b, known := f.batches[string(id)]
	if !known {
		return b, errFake
	}
	return b, nil
}

func (f *fakes) LiveConsent(_ context.Context, id []byte) (profilev1.Consent, error) {
	c, known := f.consents[string(id)]
	if !known {
		return c, errFake
	}
	return c, nil
}
