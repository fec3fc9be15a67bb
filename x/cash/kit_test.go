package cash

import (
	"bytes"
	"context"
	"slices"
	"testing"
	"time"

	"github.com/cosmos/gogoproto/proto"

	"cosmossdk.io/log/v2"

	"github.com/cosmos/cosmos-sdk/runtime"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	"github.com/cosmos/cosmos-sdk/testutil"
	sdk "github.com/cosmos/cosmos-sdk/types"
	authkeeper "github.com/cosmos/cosmos-sdk/x/auth/keeper"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	bankkeeper "github.com/cosmos/cosmos-sdk/x/bank/keeper"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"

	cashv1 "github.com/xinlian/xinlian/gen/xinlian/cash/v1"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	"github.com/xinlian/xinlian/internal/wire"
)

// The organisations of every test in this package.
const (
	bankA      = uint64(1) // issuer
	bankB      = uint64(2) // issuer
	regulator  = uint64(3)
	regulator2 = uint64(4)
	shop       = uint64(5)
	mill       = uint64(6)
	pending    = uint64(7)
)

var genesisTime = time.Unix(1_700_000_000, 0).UTC()

// kit is a keeper over the real x/auth and x/bank.
type kit struct {
	*Keeper
	ctx  sdk.Context
	key  *storetypes.KVStoreKey
	bank bankkeeper.BaseKeeper
	msgs cashv1.MsgServer
	asks cashv1.QueryServer
}

func newKit(t tester) kit {
	t.Helper()
	wired, err := wire.NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	keys := storetypes.NewKVStoreKeys(authtypes.StoreKey, banktypes.StoreKey, StoreKey)
	ctx := testutil.DefaultContextWithKeys(keys, nil, nil).WithBlockTime(genesisTime).WithBlockHeight(10)
	accounts := authkeeper.NewAccountKeeper(wired.Proto, runtime.NewKVStoreService(keys[authtypes.StoreKey]),
		authtypes.ProtoBaseAccount, map[string][]string{
			Name: {authtypes.Minter, authtypes.Burner}, "pool": nil,
		}, wire.Addresses, wire.Prefix, wire.Authority())
	bank := bankkeeper.NewBaseKeeper(wired.Proto, runtime.NewKVStoreService(keys[banktypes.StoreKey]),
		accounts, nil, wire.Authority(), log.NewNopLogger())
	k := NewKeeper(runtime.NewKVStoreService(keys[StoreKey]), wired.Proto, wire.Authority(), fakeOrgs{}, bank,
		wire.ModuleAddress("pool"))
	bank.AppendSendRestriction(k.Restriction)
	if err := k.InitGenesis(ctx, DefaultGenesis()); err != nil {
		t.Fatal(err)
	}
	return kit{Keeper: k, ctx: ctx, key: keys[StoreKey], bank: bank, msgs: NewMsgServer(k), asks: NewQueryServer(k)}
}

// at is the same chain at another time.
func (c kit) at(d time.Duration) kit {
	c.ctx = c.ctx.WithBlockTime(genesisTime.Add(d))
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
		if !bytes.HasPrefix([]byte(e.Type), []byte("xinlian.")) {
			continue
		}
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

func (c kit) wantBalance(t tester, org uint64, want int64) {
	t.Helper()
	got, err := c.Balance(c.ctx, Account(org))
	if err != nil {
		t.Fatal(err)
	}
	if got != want {
		t.Errorf("balance of %d: got %d, want %d", org, got, want)
	}
}

// tester is what the kit needs of *testing.T and *rapid.T.
type tester interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
	Errorf(string, ...any)
}

func (c kit) checkInvariants(t tester) {
	t.Helper()
	for _, i := range c.Invariants() {
		if err := i.Check(c.ctx); err != nil {
			t.Fatalf("invariant %s: %v", i.Name, err)
		}
	}
}

func (c kit) issue(t tester, to uint64, amountFen int64, reference string) {
	t.Helper()
	if _, err := c.msgs.Issue(c.ctx, &cashv1.MsgIssue{
		Device: "officer", OrgId: bankA, ToOrgId: to, AmountFen: amountFen, BankReference: reference,
	}); err != nil {
		t.Fatal(err)
	}
}

// millMandate lets the mill debit the shop: 100 fen a debit, three debits and 200 fen a day, for ten days.
func millMandate() cashv1.MsgGrantMandate {
	return cashv1.MsgGrantMandate{
		Device: "officer", OrgId: shop, PayeeOrgId: mill, DebitFenMax: 100, PeriodSeconds: 86400, PeriodFenMax: 200,
		PeriodCountMax: 3, ExpiresAt: genesisTime.Unix() + 10*86400, ReferenceHash: hash32,
	}
}

func (c kit) grant(t tester, m cashv1.MsgGrantMandate) uint64 {
	t.Helper()
	res, err := c.msgs.GrantMandate(c.ctx, &m)
	if err != nil {
		t.Fatal(err)
	}
	return res.MandateId
}

func (c kit) debit(t tester, mandate, number uint64, amountFen int64) uint64 {
	t.Helper()
	res, err := c.msgs.Debit(c.ctx, &cashv1.MsgDebit{
		Device: "service", OrgId: mill, MandateId: mandate, Number: number, AmountFen: amountFen,
	})
	if err != nil {
		t.Fatal(err)
	}
	return res.PaymentId
}

func (c kit) dispute(t tester, payment uint64) {
	t.Helper()
	_, err := c.msgs.OpenChargeback(c.ctx, &cashv1.MsgOpenChargeback{
		Device: "officer", OrgId: shop, PaymentId: payment, ReasonHash: hash32,
	})
	check(t, err)
}

func (c kit) resolve(t tester, payment uint64, upheld bool) {
	t.Helper()
	_, err := c.msgs.ResolveChargeback(c.ctx, &cashv1.MsgResolveChargeback{
		Device: "officer", OrgId: regulator, PaymentId: payment, Upheld: upheld,
	})
	check(t, err)
}

// report is bank A's report of the day before.
func (c kit) report(t tester, balanceFen int64) int64 {
	t.Helper()
	res, err := c.msgs.ReportBalance(c.ctx, &cashv1.MsgReportBalance{
		Device: "service", OrgId: bankA, Day: dayOf(c.ctx.BlockTime().Unix()) - 1, BalanceFen: balanceFen, StatementHash: hash32,
	})
	check(t, err)
	return res.GetDifferenceFen()
}

// drain moves all that an organisation has to another.
func drain(t tester, c kit, from, to uint64) {
	t.Helper()
	balance, err := c.Balance(c.ctx, Account(from))
	check(t, err)
	check(t, c.Move(c.ctx, Account(from), Account(to), balance))
}

// fakeOrgs knows the organisations above. Device names say what they are:
// "officer" may move 10,000 fen, "service" too, "poor" nothing, "stranger" is refused.
type fakeOrgs struct{}

func (fakeOrgs) Organisation(_ context.Context, id uint64) (orgv1.Organisation, error) {
	roles := map[uint64][]orgv1.Role{
		bankA: {orgv1.Role_ROLE_ISSUER}, bankB: {orgv1.Role_ROLE_ISSUER},
		regulator: {orgv1.Role_ROLE_REGULATOR}, regulator2: {orgv1.Role_ROLE_REGULATOR},
		shop: {orgv1.Role_ROLE_BORROWER}, mill: {orgv1.Role_ROLE_BORROWER}, pending: {orgv1.Role_ROLE_BORROWER},
	}
	if roles[id] == nil {
		return orgv1.Organisation{}, errOrg
	}
	status := orgv1.OrgStatus_ORG_STATUS_ACTIVE
	if id == pending {
		status = orgv1.OrgStatus_ORG_STATUS_PENDING
	}
	return orgv1.Organisation{Id: id, Roles: roles[id], Status: status}, nil
}

func (f fakeOrgs) Acting(ctx context.Context, device string, id uint64) (orgv1.Organisation, orgv1.Device, error) {
	o, err := f.Organisation(ctx, id)
	d := orgv1.Device{Address: device, OrgId: id, Role: orgv1.DeviceRole_DEVICE_ROLE_OFFICER, AmountLimitFen: 10_000}
	switch device {
	case "officer":
	case "service":
		d.Role = orgv1.DeviceRole_DEVICE_ROLE_SERVICE
	case "poor":
		d.AmountLimitFen = 0
	default:
		err = errOrg
	}
	return o, d, err
}
