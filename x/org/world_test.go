package org

import (
	"context"
	"crypto/sha256"
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
	"github.com/xinlian/xinlian/internal/wire"
	"github.com/xinlian/xinlian/passkey/softkey"
)

// The organisations of every test's genesis. Two and three are under common
// control; each has an admin, an officer and a service device, named like
// "bank admin", with a limit of 1,000,000, 5,000 and 0 fen.
const (
	bank     uint64 = iota + 1
	verifier        // group 7
	sibling         // group 7
	third           // group 9
	regulator
	firm // the id that the first enterprise of a test gets
)

const (
	genesisTime   int64 = 1_800_000_000
	genesisHeight int64 = 1_000
	delay         int64 = 3_600
)

// world is the module over a real store, with the real x/auth at its left and
// messages arriving through the SDK's router.
type world struct {
	ctx      sdk.Context
	k        *Keeper
	accounts authkeeper.AccountKeeper
	router   *baseapp.MsgServiceRouter
	key      *storetypes.KVStoreKey
	cdc      wire.Codec
}

// newEmptyWorld is a world before genesis.
func newEmptyWorld(t testing.TB) *world {
	t.Helper()
	cdc, err := wire.NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	keys := storetypes.NewKVStoreKeys(StoreKey, authtypes.StoreKey)
	ctx := testutil.DefaultContextWithKeys(keys, nil, nil).WithBlockHeader(cmtproto.Header{
		Height: genesisHeight, Time: time.Unix(genesisTime, 0).UTC(), AppHash: make([]byte, 32),
	})
	accounts := authkeeper.NewAccountKeeper(cdc.Proto, runtime.NewKVStoreService(keys[authtypes.StoreKey]),
		authtypes.ProtoBaseAccount, map[string][]string{"gov": nil}, wire.Addresses, wire.Prefix, wire.Authority())
	k := NewKeeper(runtime.NewKVStoreService(keys[StoreKey]), cdc.Proto, wire.Authority(), accounts)
	router := baseapp.NewMsgServiceRouter()
	router.SetInterfaceRegistry(cdc.Registry)
	orgv1.RegisterMsgServer(router, NewMsgServer(k))
	return &world{ctx, k, accounts, router, keys[StoreKey], cdc}
}

// newWorld is a world with the organisations above.
func newWorld(t testing.TB) *world {
	t.Helper()
	w := newEmptyWorld(t)
	if err := w.k.InitGenesis(w.ctx, exampleGenesis(t)); err != nil {
		t.Fatal(err)
	}
	return w
}

func exampleGenesis(t testing.TB) *orgv1.GenesisState {
	t.Helper()
	gs := DefaultGenesis()
	gs.Params.DevicesMax = 5
	gs.Params.RecoveryDelaySeconds = delay
	gs.Params.QuotaMemberTxs, gs.Params.QuotaEnterpriseTxs = 3, 2
	for _, o := range []orgv1.Organisation{
		{Kind: orgv1.OrgKind_ORG_KIND_BANK, Name: "bank", Roles: []orgv1.Role{orgv1.Role_ROLE_LENDER, orgv1.Role_ROLE_KYB, orgv1.Role_ROLE_CUSTODIAN}},
		{Kind: orgv1.OrgKind_ORG_KIND_VERIFIER, Name: "verifier", Roles: []orgv1.Role{orgv1.Role_ROLE_ATTESTOR, orgv1.Role_ROLE_KYB}, ControlGroup: 7},
		{Kind: orgv1.OrgKind_ORG_KIND_VERIFIER, Name: "sibling", Roles: []orgv1.Role{orgv1.Role_ROLE_KYB, orgv1.Role_ROLE_CUSTODIAN}, ControlGroup: 7},
		{Kind: orgv1.OrgKind_ORG_KIND_VERIFIER, Name: "third", Roles: []orgv1.Role{orgv1.Role_ROLE_KYB}, ControlGroup: 9},
		{Kind: orgv1.OrgKind_ORG_KIND_REGULATOR, Name: "regulator", Roles: []orgv1.Role{orgv1.Role_ROLE_REGULATOR}},
	} {
		o.Id, o.Status = gs.NextOrgId, orgv1.OrgStatus_ORG_STATUS_ACTIVE
		gs.NextOrgId++
		gs.Organisations = append(gs.Organisations, o)
		gs.Devices = append(gs.Devices,
			activeDevice(t, o.Id, person(o.Name+" admin"), orgv1.DeviceRole_DEVICE_ROLE_ADMIN, 1_000_000),
			activeDevice(t, o.Id, person(o.Name+" officer"), orgv1.DeviceRole_DEVICE_ROLE_OFFICER, 5_000),
			activeDevice(t, o.Id, service(o.Name+" service"), orgv1.DeviceRole_DEVICE_ROLE_SERVICE, 0))
	}
	if err := SortDevices(gs.Devices); err != nil {
		t.Fatal(err)
	}
	return gs
}

func activeDevice(t testing.TB, orgID uint64, key orgv1.DeviceKey, role orgv1.DeviceRole, limitFen int64) orgv1.Device {
	t.Helper()
	n, err := decodeDevice(key, role, limitFen, 0)
	if err != nil {
		t.Fatal(err)
	}
	n.row.OrgId, n.row.Status = orgID, orgv1.DeviceStatus_DEVICE_STATUS_ACTIVE
	return n.row
}

// person is a command-line user's key, service a machine's, owner a passkey;
// the same name gives the same key.
func person(name string) orgv1.DeviceKey {
	k := secp256k1.GenPrivKeyFromSecret([]byte(name))
	return orgv1.DeviceKey{Type: orgv1.KeyType_KEY_TYPE_SECP256K1, Key: k.PubKey().Bytes()}
}

func serviceSecret(name string) *ed25519.PrivKey { return ed25519.GenPrivKeyFromSecret([]byte(name)) }

func service(name string) orgv1.DeviceKey {
	return orgv1.DeviceKey{Type: orgv1.KeyType_KEY_TYPE_ED25519, Key: serviceSecret(name).PubKey().Bytes()}
}

func owner(name string) orgv1.DeviceKey {
	seed := sha256.Sum256([]byte(name))
	k, err := softkey.FromSeed(seed[:])
	if err != nil {
		panic(err)
	}
	return orgv1.DeviceKey{Type: orgv1.KeyType_KEY_TYPE_PASSKEY, Key: k.PubKey().Bytes()}
}

// account is the address of a key.
func account(k orgv1.DeviceKey) string {
	pub, err := PubKey(k)
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

// send delivers a message as a block would: all of it or nothing.
func (w *world) send(ctx sdk.Context, msg sdk.Msg) (*sdk.Result, error) {
	branch, write := ctx.CacheContext()
	res, err := w.router.Handler(msg)(branch, msg)
	if err == nil {
		write()
	}
	return res, err
}

// must delivers messages that a test takes for granted.
func (w *world) must(t testing.TB, ctx sdk.Context, msgs ...sdk.Msg) {
	t.Helper()
	for _, m := range msgs {
		if _, err := w.send(ctx, m); err != nil {
			t.Fatalf("%T: %v", m, err)
		}
	}
}

func (w *world) export(t testing.TB, ctx context.Context) *orgv1.GenesisState {
	t.Helper()
	gs, err := w.k.ExportGenesis(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return gs
}

func (w *world) checkInvariants(t testing.TB, ctx context.Context) {
	t.Helper()
	for _, i := range w.k.Invariants() {
		if err := i.Check(ctx); err != nil {
			t.Errorf("invariant %s: %v", i.Name, err)
		}
	}
}

// eventsOf are the typed events of a result, as text.
func eventsOf(t testing.TB, res *sdk.Result) []string {
	t.Helper()
	var list []string
	for _, e := range res.Events {
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
