package safety

import (
	"bytes"
	"context"
	"crypto/sha256"
	"slices"
	"testing"
	"time"

	"github.com/cosmos/gogoproto/proto"
	"github.com/google/go-cmp/cmp"

	errorsmod "cosmossdk.io/errors"

	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	"github.com/cosmos/cosmos-sdk/baseapp"
	"github.com/cosmos/cosmos-sdk/crypto/keys/ed25519"
	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"
	"github.com/cosmos/cosmos-sdk/runtime"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	"github.com/cosmos/cosmos-sdk/testutil"
	sdk "github.com/cosmos/cosmos-sdk/types"
	authkeeper "github.com/cosmos/cosmos-sdk/x/auth/keeper"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"

	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	safetyv1 "github.com/xinlian/xinlian/gen/xinlian/safety/v1"
	"github.com/xinlian/xinlian/internal/wire"
	"github.com/xinlian/xinlian/x/org"
)

// The organisations of every test. Auditors two and three are under common
// control. Each has an admin and a service device, named like "bank admin".
const (
	bank uint64 = iota + 1
	otherBank
	regulator
	auditor1
	auditor2 // group 5
	auditor3 // group 5
	auditor4
)

const (
	genesisTime   int64 = 1_800_000_000
	genesisHeight int64 = 1_000
)

// world is the module over a real store, with the real x/org and x/auth at its
// left, and the breaker in the router as in the application.
type world struct {
	ctx    sdk.Context
	k      *Keeper
	orgs   *org.Keeper
	router *baseapp.MsgServiceRouter
	key    *storetypes.KVStoreKey
	cdc    wire.Codec
}

func newEmptyWorld(t testing.TB) *world {
	t.Helper()
	cdc, err := wire.NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	keys := storetypes.NewKVStoreKeys(StoreKey, org.StoreKey, authtypes.StoreKey)
	ctx := testutil.DefaultContextWithKeys(keys, nil, nil).WithBlockHeader(cmtproto.Header{
		Height: genesisHeight, Time: time.Unix(genesisTime, 0).UTC(), AppHash: make([]byte, 32),
	})
	accounts := authkeeper.NewAccountKeeper(cdc.Proto, runtime.NewKVStoreService(keys[authtypes.StoreKey]),
		authtypes.ProtoBaseAccount, map[string][]string{"gov": nil}, wire.Addresses, wire.Prefix, wire.Authority())
	orgs := org.NewKeeper(runtime.NewKVStoreService(keys[org.StoreKey]), cdc.Proto, wire.Authority(), accounts)
	k := NewKeeper(runtime.NewKVStoreService(keys[StoreKey]), cdc.Proto, wire.Authority(), orgs)
	router := baseapp.NewMsgServiceRouter()
	router.SetInterfaceRegistry(cdc.Registry)
	router.SetCircuit(k)
	orgv1.RegisterMsgServer(router, org.NewMsgServer(orgs))
	safetyv1.RegisterMsgServer(router, NewMsgServer(k))
	if err := orgs.InitGenesis(ctx, organisations(t)); err != nil {
		t.Fatal(err)
	}
	return &world{ctx, k, orgs, router, keys[StoreKey], cdc}
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := newEmptyWorld(t)
	if err := w.k.InitGenesis(w.ctx, DefaultGenesis()); err != nil {
		t.Fatal(err)
	}
	return w
}

func organisations(t testing.TB) *orgv1.GenesisState {
	t.Helper()
	gs := org.DefaultGenesis()
	auditors := []orgv1.Role{orgv1.Role_ROLE_AUDITOR}
	for _, o := range []orgv1.Organisation{
		{Kind: orgv1.OrgKind_ORG_KIND_BANK, Name: "bank"},
		{Kind: orgv1.OrgKind_ORG_KIND_BANK, Name: "other bank", Roles: []orgv1.Role{orgv1.Role_ROLE_KYB}},
		{Kind: orgv1.OrgKind_ORG_KIND_REGULATOR, Name: "regulator", Roles: []orgv1.Role{orgv1.Role_ROLE_REGULATOR}},
		{Kind: orgv1.OrgKind_ORG_KIND_AUDITOR, Name: "auditor1", Roles: auditors},
		{Kind: orgv1.OrgKind_ORG_KIND_AUDITOR, Name: "auditor2", Roles: auditors, ControlGroup: 5},
		{Kind: orgv1.OrgKind_ORG_KIND_AUDITOR, Name: "auditor3", Roles: auditors, ControlGroup: 5},
		{Kind: orgv1.OrgKind_ORG_KIND_AUDITOR, Name: "auditor4", Roles: append([]orgv1.Role{orgv1.Role_ROLE_KYB}, auditors...)},
	} {
		o.Id, o.Status = gs.NextOrgId, orgv1.OrgStatus_ORG_STATUS_ACTIVE
		gs.NextOrgId++
		gs.Organisations = append(gs.Organisations, o)
		gs.Devices = append(gs.Devices,
			device(o.Id, person(o.Name+" admin"), orgv1.DeviceRole_DEVICE_ROLE_ADMIN),
			device(o.Id, service(o.Name+" service"), orgv1.DeviceRole_DEVICE_ROLE_SERVICE))
	}
	// An enterprise, to be refused what is the members'.
	gs.Organisations = append(gs.Organisations, orgv1.Organisation{
		Id: gs.NextOrgId, Kind: orgv1.OrgKind_ORG_KIND_ENTERPRISE, Roles: []orgv1.Role{orgv1.Role_ROLE_BORROWER},
		Status: orgv1.OrgStatus_ORG_STATUS_ACTIVE, IdentityTag: digest("firm"), TagEpoch: 1,
		Kyb: []orgv1.KybStatement{{VerifierOrgId: otherBank, StatementHash: digest("1")}, {VerifierOrgId: auditor4, StatementHash: digest("2")}},
	})
	gs.Devices = append(gs.Devices, device(gs.NextOrgId, person("firm admin"), orgv1.DeviceRole_DEVICE_ROLE_ADMIN))
	gs.NextOrgId++
	slices.SortFunc(gs.Devices, func(a, b orgv1.Device) int {
		return bytes.Compare(sdk.MustAccAddressFromBech32(a.Address), sdk.MustAccAddressFromBech32(b.Address))
	})
	return gs
}

func device(orgID uint64, key orgv1.DeviceKey, role orgv1.DeviceRole) orgv1.Device {
	return orgv1.Device{OrgId: orgID, Address: account(key), Key: key, Role: role, Status: orgv1.DeviceStatus_DEVICE_STATUS_ACTIVE}
}

func person(name string) orgv1.DeviceKey {
	k := secp256k1.GenPrivKeyFromSecret([]byte(name))
	return orgv1.DeviceKey{Type: orgv1.KeyType_KEY_TYPE_SECP256K1, Key: k.PubKey().Bytes()}
}

func service(name string) orgv1.DeviceKey {
	k := ed25519.GenPrivKeyFromSecret([]byte(name))
	return orgv1.DeviceKey{Type: orgv1.KeyType_KEY_TYPE_ED25519, Key: k.PubKey().Bytes()}
}

func account(k orgv1.DeviceKey) string {
	pub, err := org.PubKey(k)
	if err != nil {
		panic(err)
	}
	return wire.AddressText(pub.Address())
}

func digest(text string) []byte {
	h := sha256.Sum256([]byte(text))
	return h[:]
}

// after is the world's context that many seconds after genesis, a block per second.
func (w *world) after(seconds int64) sdk.Context {
	return w.ctx.WithBlockHeight(genesisHeight + seconds).WithBlockTime(time.Unix(genesisTime+seconds, 0).UTC())
}

func (w *world) must(t testing.TB, ctx sdk.Context, msgs ...sdk.Msg) {
	t.Helper()
	for _, m := range msgs {
		if _, err := w.router.Handler(m)(ctx, m); err != nil {
			t.Fatalf("%T: %v", m, err)
		}
	}
}

func (w *world) export(t testing.TB, ctx context.Context) string {
	t.Helper()
	gs, err := w.k.ExportGenesis(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return gs.String()
}

func (w *world) checkInvariants(t testing.TB, ctx context.Context) {
	t.Helper()
	for _, i := range w.k.Invariants() {
		if err := i.Check(ctx); err != nil {
			t.Errorf("invariant %s: %v", i.Name, err)
		}
	}
}

func eventsOf(t testing.TB, events sdk.Events) []string {
	t.Helper()
	var list []string
	for _, e := range events.ToABCIEvents() {
		m, err := sdk.ParseTypedEvent(e)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, text(m))
	}
	return list
}

func text(m proto.Message) string { return proto.MessageName(m) + " " + m.String() }

func same(t testing.TB, what string, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

// isOnly tells whether the error would reach a client with exactly the code of
// want: ABCI information walks causes, which errors.Is does not prove.
func isOnly(err, want error) bool {
	space, code, _ := errorsmod.ABCIInfo(err, false)
	wantSpace, wantCode, _ := errorsmod.ABCIInfo(want, false)
	return err != nil && space == wantSpace && code == wantCode
}
