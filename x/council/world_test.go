package council

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"testing"
	"time"

	"github.com/cosmos/gogoproto/proto"
	"github.com/google/go-cmp/cmp"

	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/log/v2"

	abci "github.com/cometbft/cometbft/abci/types"
	cmted25519 "github.com/cometbft/cometbft/crypto/ed25519"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	"github.com/cosmos/cosmos-sdk/baseapp"
	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"
	"github.com/cosmos/cosmos-sdk/runtime"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	"github.com/cosmos/cosmos-sdk/testutil"
	sdk "github.com/cosmos/cosmos-sdk/types"
	authkeeper "github.com/cosmos/cosmos-sdk/x/auth/keeper"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	bankkeeper "github.com/cosmos/cosmos-sdk/x/bank/keeper"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"
	"github.com/cosmos/cosmos-sdk/x/gov"
	govkeeper "github.com/cosmos/cosmos-sdk/x/gov/keeper"
	govtypes "github.com/cosmos/cosmos-sdk/x/gov/types"
	govv1 "github.com/cosmos/cosmos-sdk/x/gov/types/v1"

	councilv1 "github.com/xinlian/xinlian/gen/xinlian/council/v1"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	"github.com/xinlian/xinlian/internal/wire"
	"github.com/xinlian/xinlian/x/org"
)

// The organisations of every test. The first five are members, bank and
// verifier with a validator; each has an admin, an officer and a service device,
// named like "bank admin".
const (
	bank uint64 = iota + 1
	verifier
	third
	regulator
	auditor
	candidate
	sleeping // suspended
	firm     // an enterprise
)

var names = []string{"bank", "verifier", "third", "regulator", "auditor", "candidate", "sleeping", "firm"}

const (
	genesisTime   int64 = 1_800_000_000
	genesisHeight int64 = 1_000
	votingPeriod        = time.Hour
)

// world is the module over a real store, with the real x/org at its left and the
// real x/gov beside it, and messages arriving through the SDK's router.
type world struct {
	ctx    sdk.Context
	k      *Keeper
	orgs   *org.Keeper
	gov    *govkeeper.Keeper
	router *baseapp.MsgServiceRouter
	key    *storetypes.KVStoreKey
	cdc    wire.Codec
	module AppModule
}

// newEmptyWorld has organisations and an empty council.
func newEmptyWorld(t testing.TB) *world {
	t.Helper()
	cdc, err := wire.NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	keys := storetypes.NewKVStoreKeys(StoreKey, org.StoreKey, authtypes.StoreKey, banktypes.StoreKey, govtypes.StoreKey)
	ctx := testutil.DefaultContextWithKeys(keys, nil, nil).WithBlockHeader(cmtproto.Header{
		Height: genesisHeight, Time: time.Unix(genesisTime, 0).UTC(), AppHash: make([]byte, 32),
	}).WithHeaderHash(blockHash(genesisHeight))
	authority := wire.Authority()
	accounts := authkeeper.NewAccountKeeper(cdc.Proto, runtime.NewKVStoreService(keys[authtypes.StoreKey]),
		authtypes.ProtoBaseAccount, map[string][]string{govtypes.ModuleName: {authtypes.Burner}},
		wire.Addresses, wire.Prefix, authority)
	banks := bankkeeper.NewBaseKeeper(cdc.Proto, runtime.NewKVStoreService(keys[banktypes.StoreKey]), accounts,
		map[string]bool{}, authority, log.NewNopLogger())
	orgs := org.NewKeeper(runtime.NewKVStoreService(keys[org.StoreKey]), cdc.Proto, authority, accounts)
	k := NewKeeper(runtime.NewKVStoreService(keys[StoreKey]), cdc.Proto, authority, orgs)
	router := baseapp.NewMsgServiceRouter()
	router.SetInterfaceRegistry(cdc.Registry)
	g := govkeeper.NewKeeper(cdc.Proto, runtime.NewKVStoreService(keys[govtypes.StoreKey]), accounts, banks, nil, router,
		govtypes.DefaultConfig(), authority, k.Tally)
	g.SetHooks(NewHooks(k, g))
	councilv1.RegisterMsgServer(router, NewMsgServer(k))
	govv1.RegisterMsgServer(router, govkeeper.NewMsgServerImpl(g))

	if err := orgs.InitGenesis(ctx, organisations(t)); err != nil {
		t.Fatal(err)
	}
	govkeeper.InitGenesis(ctx, accounts, banks, g, govv1.NewGenesisState(1, govParams()))
	return &world{ctx, k, orgs, g, router, keys[StoreKey], cdc, NewAppModule(k)}
}

// newWorld is a world with the council above.
func newWorld(t testing.TB) *world {
	t.Helper()
	w := newEmptyWorld(t)
	w.module.InitGenesis(w.ctx, w.cdc.Proto, w.cdc.Proto.MustMarshalJSON(exampleGenesis()))
	return w
}

func exampleGenesis() *councilv1.GenesisState {
	g := DefaultGenesis()
	g.Params.MembersMax, g.Params.OpenProposalsMax, g.Params.EvidenceBlocks = 6, 2, 100
	g.Members = []councilv1.Member{
		{OrgId: bank, ConsensusKey: consensusKey("bank"), Power: 10, NodeIds: []string{nodeID("bank")}},
		{OrgId: verifier, ConsensusKey: consensusKey("verifier"), Power: 5},
		{OrgId: third},
		{OrgId: regulator},
		{OrgId: auditor},
	}
	return g
}

// govParams are those of the chain: no deposit, a majority of the members.
func govParams() govv1.Params {
	p := govv1.DefaultParams()
	period, expedited := votingPeriod, votingPeriod/2
	p.MinDeposit, p.ExpeditedMinDeposit = nil, nil
	p.VotingPeriod, p.MaxDepositPeriod, p.ExpeditedVotingPeriod = &period, &period, &expedited
	p.Quorum, p.Threshold, p.VetoThreshold = "0.500000000000000000", "0.500000000000000000", "0.334000000000000000"
	p.MinInitialDepositRatio, p.MinDepositRatio = "0.000000000000000000", "0.000000000000000000"
	return p
}

func organisations(t testing.TB) *orgv1.GenesisState {
	t.Helper()
	gs := org.DefaultGenesis()
	for i, name := range names {
		o := orgv1.Organisation{
			Id: uint64(i) + 1, Kind: orgv1.OrgKind_ORG_KIND_BANK, Name: name,
			Roles: []orgv1.Role{orgv1.Role_ROLE_LENDER, orgv1.Role_ROLE_KYB}, Status: orgv1.OrgStatus_ORG_STATUS_ACTIVE,
		}
		switch o.Id {
		case sleeping:
			o.Status = orgv1.OrgStatus_ORG_STATUS_SUSPENDED
		case firm:
			tag := sha256.Sum256([]byte("tag"))
			statement := sha256.Sum256([]byte("statement"))
			o.Kind, o.Name, o.Roles = orgv1.OrgKind_ORG_KIND_ENTERPRISE, "", []orgv1.Role{orgv1.Role_ROLE_BORROWER}
			o.IdentityTag, o.TagEpoch = tag[:], 1
			o.Kyb = []orgv1.KybStatement{{VerifierOrgId: verifier, StatementHash: statement[:]}, {VerifierOrgId: third, StatementHash: statement[:]}}
		}
		gs.Organisations = append(gs.Organisations, o)
		gs.Devices = append(gs.Devices,
			device(t, o.Id, name+" admin", orgv1.DeviceRole_DEVICE_ROLE_ADMIN),
			device(t, o.Id, name+" officer", orgv1.DeviceRole_DEVICE_ROLE_OFFICER),
			device(t, o.Id, name+" service", orgv1.DeviceRole_DEVICE_ROLE_SERVICE))
	}
	gs.NextOrgId = uint64(len(names)) + 1
	slices.SortFunc(gs.Devices, func(a, b orgv1.Device) int {
		return bytes.Compare(sdk.MustAccAddressFromBech32(a.Address), sdk.MustAccAddressFromBech32(b.Address))
	})
	return gs
}

func device(t testing.TB, orgID uint64, name string, role orgv1.DeviceRole) orgv1.Device {
	t.Helper()
	return orgv1.Device{
		Address: account(name), OrgId: orgID, Role: role, Status: orgv1.DeviceStatus_DEVICE_STATUS_ACTIVE,
		Key: orgv1.DeviceKey{
			Type: orgv1.KeyType_KEY_TYPE_SECP256K1,
			Key:  secp256k1.GenPrivKeyFromSecret([]byte(name)).PubKey().Bytes(),
		},
	}
}

// account is the address of the device of that name.
func account(name string) string {
	return wire.AddressText(secp256k1.GenPrivKeyFromSecret([]byte(name)).PubKey().Address())
}

func consensusKey(name string) []byte {
	return cmted25519.GenPrivKeyFromSecret([]byte(name)).PubKey().Bytes()
}

func nodeID(name string) string {
	return hex.EncodeToString(cmted25519.GenPrivKeyFromSecret([]byte(name + " node")).PubKey().Address())
}

func blockHash(height int64) []byte {
	h := sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(height)))
	return h[:]
}

// after is the world's context that many seconds after genesis, a block per second.
func (w *world) after(seconds int64) sdk.Context {
	height := genesisHeight + seconds
	return w.ctx.WithBlockHeight(height).WithBlockTime(time.Unix(genesisTime+seconds, 0).UTC()).WithHeaderHash(blockHash(height))
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

// end runs the end of a block as the app orders it and returns what CometBFT is told.
func (w *world) end(t testing.TB, ctx sdk.Context) []abci.ValidatorUpdate {
	t.Helper()
	if err := gov.EndBlocker(ctx, w.gov); err != nil {
		t.Fatal(err)
	}
	updates, err := w.module.EndBlock(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return updates
}

func (w *world) export(t testing.TB, ctx context.Context) *councilv1.GenesisState {
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
		list = append(list, proto.MessageName(m)+" "+m.String())
	}
	return list
}

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
