package profile

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"testing"
	"time"

	"github.com/cosmos/gogoproto/proto"

	errorsmod "cosmossdk.io/errors"

	"github.com/cosmos/cosmos-sdk/codec"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	"github.com/cosmos/cosmos-sdk/runtime"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	"github.com/cosmos/cosmos-sdk/testutil"
	sdk "github.com/cosmos/cosmos-sdk/types"

	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/internal/artefact"
	"github.com/xinlian/xinlian/internal/wire"
)

// The organisations of every test in this package.
const (
	custodian  = uint64(1)
	custodian2 = uint64(2) // nobody chose it
	lender     = uint64(3)
	lender2    = uint64(4)
	attestor   = uint64(5)
	source     = uint64(6) // signs its own records
	source2    = uint64(7)
	shop       = uint64(8)  // an enterprise
	mill       = uint64(9)  // another
	applicant  = uint64(10) // an enterprise that is not identified yet
	regulator  = uint64(11)
)

const chainID = "xinlian-test"

var genesisTime = time.Unix(1_780_000_000, 0).UTC()

// errOrg stands for any refusal of x/org.
var errOrg = errorsmod.Register("org-fake", 2, "refused by org")

// tester is what the kit needs of *testing.T and *rapid.T.
type tester interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
	Errorf(string, ...any)
}

// kit is a keeper over a real store and the organisations below.
type kit struct {
	*Keeper
	headers *fakeHeaders
	ctx     sdk.Context
	key     *storetypes.KVStoreKey
	msgs    profilev1.MsgServer
	asks    profilev1.QueryServer
}

func newKit(t tester) kit {
	t.Helper()
	key := storetypes.NewKVStoreKey(StoreKey)
	ctx := testutil.DefaultContextWithKeys(map[string]*storetypes.KVStoreKey{StoreKey: key}, nil, nil).
		WithBlockTime(genesisTime).WithBlockHeight(10).WithChainID(chainID)
	headers := &fakeHeaders{}
	k := NewKeeper(runtime.NewKVStoreService(key), codec.NewProtoCodec(codectypes.NewInterfaceRegistry()), wire.Authority(), fakeOrgs{}, headers)
	if err := k.InitGenesis(ctx, DefaultGenesis()); err != nil {
		t.Fatal(err)
	}
	return kit{Keeper: k, headers: headers, ctx: ctx, key: key, msgs: NewMsgServer(k), asks: NewQueryServer(k)}
}

// after is the same chain that much later; each second is a block, of which the
// last few are run at their end.
func (c kit) after(d time.Duration) kit {
	c.ctx = c.ctx.WithBlockTime(c.ctx.BlockTime().Add(d)).WithBlockHeight(c.ctx.BlockHeight() + int64(d/time.Second))
	for range 2 + LiveConsentsMax/int(DefaultParams().ExpiriesPerBlockMax) {
		if err := c.EndBlock(c.ctx); err != nil {
			panic(err)
		}
	}
	return c
}

// fresh is the same chain with an empty list of events.
func (c kit) fresh() kit {
	c.ctx = c.ctx.WithEventManager(sdk.NewEventManager())
	return c
}

// branch is a copy of the chain: what happens on it is lost.
func (c kit) branch() kit {
	c.ctx, _ = c.ctx.CacheContext()
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

// id makes a batch id, a root or a hash out of a number.
func id(n int) []byte {
	h := sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(n)))
	return h[:]
}

// declared is batch n of the owner-declared stream "upload", ten days each.
func declared(n int) profilev1.BatchAnchor {
	return profilev1.BatchAnchor{
		BatchId: id(n), SchemaId: "bank-transaction", SchemaVersion: 1, Source: "upload",
		SourceClass: profilev1.SourceClass_SOURCE_CLASS_OWNER_DECLARED,
		Sequence:    uint64(n), PeriodFrom: uint32(20_000 + 10*n), PeriodTo: uint32(20_009 + 10*n),
		RecordCount: 7, Root: id(1000 + n), Suite: profilev1.Suite_SUITE_NIST, Epoch: 1,
	}
}

// signed is batch n of the stream "bank:1", signed by an organisation's service.
func signed(n int, by uint64) profilev1.BatchAnchor {
	a := declared(n)
	a.BatchId, a.Source = id(2000+n), "bank:1"
	a.SourceClass, a.SourceOrgId, a.SourceDevice = profilev1.SourceClass_SOURCE_CLASS_SIGNED, by, "service"
	return sign(a, shop)
}

func sign(a profilev1.BatchAnchor, enterprise uint64) profilev1.BatchAnchor {
	content, err := artefact.AnchorContent(chainID, enterprise, a)
	if err != nil {
		panic(err)
	}
	a.SourceSignature = ed25519.Sign(serviceKey(a.SourceOrgId), content)
	return a
}

func serviceKey(org uint64) ed25519.PrivateKey { return ed25519.NewKeyFromSeed(id(int(org))) }

func (c kit) anchor(anchors ...profilev1.BatchAnchor) error {
	_, err := c.msgs.AnchorBatches(c.ctx, &profilev1.MsgAnchorBatches{
		Device: "service", OrgId: custodian, EnterpriseId: shop, Anchors: anchors,
	})
	return err
}

// terms is request n of a lender to the shop for bank and tax records, a month long.
func terms(grantee uint64, n int) profilev1.ConsentTerms {
	return profilev1.ConsentTerms{
		EnterpriseId: shop, GranteeOrgId: grantee,
		Categories: []profilev1.Category{profilev1.Category_CATEGORY_BANK, profilev1.Category_CATEGORY_TAX},
		MonthFrom:  202501, MonthTo: 202606, Purpose: profilev1.Purpose_PURPOSE_UNDERWRITING,
		PurposeTextHash: id(1), Mode: profilev1.Mode_MODE_STORE,
		Signer: profilev1.Signer_SIGNER_LEGAL_REPRESENTATIVE, FetchType: profilev1.FetchType_FETCH_TYPE_PERIODIC,
		FetchUnit: profilev1.FetchUnit_FETCH_UNIT_MONTH, FetchLimit: 2,
		StartsAt: genesisTime.Unix(), ExpiresAt: genesisTime.Add(30 * 24 * time.Hour).Unix(),
		RetentionDays: 30, Nonce: id(n)[:16],
	}
}

func (c kit) request(t tester, terms profilev1.ConsentTerms) []byte {
	t.Helper()
	res, err := c.msgs.RequestConsent(c.ctx, &profilev1.MsgRequestConsent{Device: "officer", OrgId: terms.GranteeOrgId, Terms: terms})
	if err != nil {
		t.Fatal(err)
	}
	return res.ConsentId
}

func (c kit) granted(t tester, terms profilev1.ConsentTerms) []byte {
	t.Helper()
	id := c.request(t, terms)
	if _, err := c.msgs.GrantConsent(c.ctx, &profilev1.MsgGrantConsent{Device: "admin", OrgId: shop, ConsentId: id}); err != nil {
		t.Fatal(err)
	}
	return id
}

func (c kit) revoke(device string, org uint64, id []byte) error {
	_, err := c.msgs.RevokeConsent(c.ctx, &profilev1.MsgRevokeConsent{Device: device, OrgId: org, ConsentId: id})
	return err
}

func (c kit) postWraps(id []byte, wraps ...profilev1.WrapRef) error {
	_, err := c.msgs.PostWraps(c.ctx, &profilev1.MsgPostWraps{Device: "service", OrgId: custodian, ConsentId: id, Wraps: wraps})
	return err
}

// wrap is a wrap of a category's key to a lender's data key.
func wrap(category profilev1.Category, epoch uint32, grantee uint64) profilev1.WrapRef {
	return profilev1.WrapRef{Category: category, Epoch: epoch, DataKeyId: dataKey(grantee), Hash: id(77)}
}

func dataKey(org uint64) []byte { return id(5000 + int(org)) }

// fakeHeaders counts the headers that were recorded.
type fakeHeaders struct{ recorded int }

func (f *fakeHeaders) RecordHeader(context.Context) error {
	f.recorded++
	return nil
}

// fakeOrgs knows the organisations above. Device names say their role.
type fakeOrgs struct{}

func (fakeOrgs) Organisation(_ context.Context, id uint64) (orgv1.Organisation, error) {
	role := map[uint64]orgv1.Role{
		custodian: orgv1.Role_ROLE_CUSTODIAN, custodian2: orgv1.Role_ROLE_CUSTODIAN,
		lender: orgv1.Role_ROLE_LENDER, lender2: orgv1.Role_ROLE_LENDER,
		attestor: orgv1.Role_ROLE_ATTESTOR, regulator: orgv1.Role_ROLE_REGULATOR, source: orgv1.Role_ROLE_ISSUER, source2: orgv1.Role_ROLE_ISSUER,
		shop: orgv1.Role_ROLE_BORROWER, mill: orgv1.Role_ROLE_BORROWER, applicant: orgv1.Role_ROLE_BORROWER,
	}[id]
	if role == 0 {
		return orgv1.Organisation{}, errOrg
	}
	o := orgv1.Organisation{
		Id: id, Kind: orgv1.OrgKind_ORG_KIND_BANK, Roles: []orgv1.Role{role}, Status: orgv1.OrgStatus_ORG_STATUS_ACTIVE,
	}
	if id != lender2 {
		o.DataKey = &orgv1.DataKey{Id: dataKey(id)}
	}
	if id >= shop && id <= applicant {
		o.Kind, o.CustodianOrgId = orgv1.OrgKind_ORG_KIND_ENTERPRISE, custodian
	}
	if id == applicant {
		o.Status = orgv1.OrgStatus_ORG_STATUS_PENDING
	}
	return o, nil
}

func (f fakeOrgs) Acting(ctx context.Context, device string, id uint64) (orgv1.Organisation, orgv1.Device, error) {
	o, err := f.Organisation(ctx, id)
	role := map[string]orgv1.DeviceRole{
		"admin": orgv1.DeviceRole_DEVICE_ROLE_ADMIN, "officer": orgv1.DeviceRole_DEVICE_ROLE_OFFICER,
		"service": orgv1.DeviceRole_DEVICE_ROLE_SERVICE,
	}[device]
	if role == 0 {
		err = errOrg
	}
	return o, orgv1.Device{Address: device, OrgId: id, Role: role}, err
}

func (fakeOrgs) VerifySource(_ context.Context, device string, org uint64, message, signature []byte) error {
	public := serviceKey(org).Public().(ed25519.PublicKey)
	if device != "service" || !ed25519.Verify(public, message, signature) {
		return errOrg
	}
	return nil
}

func same(a, b []byte) bool { return bytes.Equal(a, b) }
