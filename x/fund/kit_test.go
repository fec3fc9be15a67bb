package fund

import (
	"context"
	"errors"
	"time"

	"cosmossdk.io/collections"

	"github.com/cosmos/cosmos-sdk/codec"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	"github.com/cosmos/cosmos-sdk/runtime"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	"github.com/cosmos/cosmos-sdk/testutil"
	sdk "github.com/cosmos/cosmos-sdk/types"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"

	fundv1 "github.com/xinlian/xinlian/gen/xinlian/fund/v1"
	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	"github.com/xinlian/xinlian/internal/wire"
	"github.com/xinlian/xinlian/x/cash"
	"github.com/xinlian/xinlian/x/loan"
)

// The organisations of every test in this package.
const (
	bank      = uint64(1)
	insurer   = uint64(2) // investors
	trust     = uint64(3)
	attacker  = uint64(4)
	regulator = uint64(5)
	stranger  = uint64(6) // an investor that nobody admitted
	otherBank = uint64(7)
	firm      = uint64(10)
)

const (
	pool  = uint64(1)
	money = int64(1_000_000_000) // of each investor
)

var errFake = errors.New("refused by a neighbour")

// tester is what *testing.T and *rapid.T have in common.
type tester interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
	Errorf(format string, args ...any)
}

func check(t tester, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func want(t tester, err, target error) {
	t.Helper()
	if !errors.Is(err, target) {
		t.Fatalf("got %v, want %v", err, target)
	}
}

// kit is a keeper over a real store, and neighbours that a test can bend.
type kit struct {
	tester
	*Keeper
	ctx  sdk.Context
	key  *storetypes.KVStoreKey
	left *neighbours
	msg  fundv1.MsgServer
	ask  fundv1.QueryServer
}

// neighbours stand for the modules to the left. Money and pools are in the store,
// so that they roll back with everything else.
type neighbours struct {
	orgs     map[uint64]orgv1.Organisation
	accounts collections.Map[[]byte, int64]
	pools    collections.Map[uint64, loanv1.Pool]
	stopped  bool
	poisoned map[string]bool
	headers  int
}

func terms() fundv1.FundTerms {
	return fundv1.FundTerms{
		Name: "harbour-1", PoolId: pool, PdBps: []uint32{100, 2_000, 5_000, 9_000}, LgdBps: 5_000, HurdleBps: 500,
		JuniorBpsMin: 2_000, BorrowerBpsMax: 10_000, SizeFenMax: 1_000_000_000, RoundSeconds: daySeconds,
	}
}

// newKit is a chain with a manager, its empty pool and three investors.
func newKit(t tester) kit {
	t.Helper()
	keys := storetypes.NewKVStoreKeys(StoreKey, "left")
	sb := collections.NewSchemaBuilder(runtime.NewKVStoreService(keys["left"]))
	cdc := codec.NewProtoCodec(codectypes.NewInterfaceRegistry())
	n := &neighbours{
		orgs:     map[uint64]orgv1.Organisation{},
		accounts: collections.NewMap(sb, collections.NewPrefix(0), "accounts", collections.BytesKey, collections.Int64Value),
		pools:    collections.NewMap(sb, collections.NewPrefix(1), "pools", collections.Uint64Key, codec.CollValue[loanv1.Pool](cdc)),
		poisoned: map[string]bool{},
	}
	_, err := sb.Build()
	check(t, err)
	for id, role := range map[uint64]orgv1.Role{
		bank: orgv1.Role_ROLE_LENDER, otherBank: orgv1.Role_ROLE_LENDER, regulator: orgv1.Role_ROLE_REGULATOR,
		insurer: orgv1.Role_ROLE_INVESTOR, trust: orgv1.Role_ROLE_INVESTOR, attacker: orgv1.Role_ROLE_INVESTOR, stranger: orgv1.Role_ROLE_INVESTOR,
	} {
		n.orgs[id] = orgv1.Organisation{Id: id, Kind: orgv1.OrgKind_ORG_KIND_BANK, Roles: []orgv1.Role{role}, Status: orgv1.OrgStatus_ORG_STATUS_ACTIVE}
	}
	k := NewKeeper(runtime.NewKVStoreService(keys[StoreKey]), cdc, wire.Authority(), Neighbours{
		Orgs: n, Council: n, Safety: n, Cash: n, CashAccount: cash.Account, Loans: n,
	})
	ctx := testutil.DefaultContextWithKeys(keys, nil, nil).WithChainID("xinlian-test").WithBlockHeight(10).WithBlockTime(time.Unix(1_760_000_000, 0))
	c := kit{tester: t, Keeper: k, ctx: ctx, key: keys[StoreKey], left: n, msg: NewMsgServer(k), ask: NewQueryServer(k)}
	check(t, k.InitGenesis(ctx, DefaultGenesis()))
	check(t, n.pools.Set(ctx, pool, loanv1.Pool{Id: pool, ManagerOrgId: bank}))
	for _, id := range []uint64{insurer, trust, attacker, stranger} {
		check(t, n.issue(ctx, cash.Account(id), money))
	}
	return c
}

// opened is a chain with a fund that admits the three investors.
func opened(t tester, t2 fundv1.FundTerms) kit {
	t.Helper()
	c := newKit(t)
	_, err := c.msg.OpenFund(c.ctx, &fundv1.MsgOpenFund{Device: device("admin"), OrgId: bank, Terms: t2})
	check(t, err)
	for _, id := range []uint64{insurer, trust, attacker} {
		check(t, c.admitting(id, money))
	}
	return c
}

func (c kit) admitting(id uint64, limitFen int64) error {
	_, err := c.msg.AdmitInvestor(c.ctx, &fundv1.MsgAdmitInvestor{
		Device: device("admin"), OrgId: bank, FundId: 1, InvestorOrgId: id, LimitFen: limitFen, EvidenceHash: make([]byte, hashBytes), ExpiresAt: unixNow(c.ctx) + yearSeconds,
	})
	return err
}

func (c kit) subscribing(id uint64, class fundv1.Class, fen int64) error {
	_, err := c.msg.Subscribe(c.ctx, &fundv1.MsgSubscribe{Device: device("admin"), OrgId: id, FundId: 1, Class: class, AmountFen: fen})
	return err
}

func (c kit) redeeming(id uint64, class fundv1.Class, shares int64) error {
	_, err := c.msg.Redeem(c.ctx, &fundv1.MsgRedeem{Device: device("admin"), OrgId: id, FundId: 1, Class: class, Shares: shares})
	return err
}

func (c kit) cancelling(id uint64, kind fundv1.OrderKind, class fundv1.Class) error {
	_, err := c.msg.CancelOrder(c.ctx, &fundv1.MsgCancelOrder{Device: device("admin"), OrgId: id, FundId: 1, Kind: kind, Class: class})
	return err
}

func (c kit) claiming(id uint64, class fundv1.Class) (int64, error) {
	r, err := c.msg.ClaimIncome(c.ctx, &fundv1.MsgClaimIncome{Device: device("admin"), OrgId: id, FundId: 1, Class: class})
	if err != nil {
		return 0, err
	}
	return r.AmountFen, nil
}

// after is the same chain that many seconds later.
func (c kit) after(seconds int64) kit {
	c.ctx = c.ctx.WithBlockTime(c.ctx.BlockTime().Add(time.Duration(seconds) * time.Second))
	return c
}

// round lets the running round end and all its orders settle.
func (c kit) round() kit {
	c.Helper()
	c = c.after(daySeconds)
	for range 100 {
		check(c, c.EndBlock(c.ctx))
		if c.fund().Settlement == nil {
			c.sound()
			return c
		}
		c = c.after(1)
	}
	c.Fatal("the settlement does not end")
	return c
}

func (c kit) sound() {
	c.Helper()
	for _, i := range c.Invariants() {
		if err := i.Check(c.ctx); err != nil {
			c.Fatal(err)
		}
	}
}

func (c kit) fund() fundv1.Fund {
	c.Helper()
	f, err := c.Fund(c.ctx, 1)
	check(c, err)
	return f
}

func (c kit) value() Valuation {
	c.Helper()
	v, err := c.Value(c.ctx, c.fund())
	check(c, err)
	return v
}

func (c kit) shares(id uint64, class fundv1.Class) int64 {
	c.Helper()
	h, err := c.holding(c.ctx, 1, class, id)
	check(c, err)
	return h.Shares
}

func (c kit) balance(id uint64) int64 {
	c.Helper()
	fen, err := c.left.Balance(c.ctx, cash.Account(id))
	check(c, err)
	return fen
}

// books changes the books of the pool, and its money by cashFen.
func (c kit) books(change func(p *loanv1.Pool), cashFen int64) {
	c.Helper()
	p, err := c.left.Pool(c.ctx, pool)
	check(c, err)
	change(&p)
	check(c, c.left.pools.Set(c.ctx, pool, p))
	check(c, c.left.issue(c.ctx, loan.PoolAccount(pool), cashFen))
}

func (c kit) lend(fen int64)  { c.books(func(p *loanv1.Pool) { p.LentFen += fen }, -fen) }
func (c kit) repay(fen int64) { c.books(func(p *loanv1.Pool) { p.LentFen -= fen }, fen) }
func (c kit) earn(fen int64)  { c.books(func(p *loanv1.Pool) { p.EarnedFen += fen }, fen) }
func (c kit) lose(fen int64) {
	c.books(func(p *loanv1.Pool) { p.LentFen -= fen; p.LostFen += fen }, 0)
}

// device is an address that stands for an admin's or an officer's device.
func device(role string) string {
	b := make([]byte, 20)
	copy(b, role)
	return wire.AddressText(b)
}

func (n *neighbours) Acting(_ context.Context, address string, id uint64) (orgv1.Organisation, orgv1.Device, error) {
	d := orgv1.Device{OrgId: id, Role: orgv1.DeviceRole_DEVICE_ROLE_ADMIN, AmountLimitFen: SizeFenMax}
	o, known := n.orgs[id]
	switch {
	case !known:
		return o, d, errFake
	case address == device("service"):
		d.Role = orgv1.DeviceRole_DEVICE_ROLE_SERVICE
	case address == device("clerk"):
		d.Role, d.AmountLimitFen = orgv1.DeviceRole_DEVICE_ROLE_OFFICER, 100
	case address != device("admin"):
		return o, d, errFake
	}
	return o, d, nil
}

func (n *neighbours) Organisation(_ context.Context, id uint64) (orgv1.Organisation, error) {
	o, known := n.orgs[id]
	if !known {
		return o, errFake
	}
	return o, nil
}
func (n *neighbours) RecordHeader(context.Context) error { n.headers++; return nil }
func (n *neighbours) IsAllowed(_ context.Context, url string) (bool, error) {
	return !(n.stopped && url == SettlementURL), nil
}
func (n *neighbours) OpenAccount(context.Context, sdk.AccAddress, uint64) error { return nil }

func (n *neighbours) Balance(ctx context.Context, account sdk.AccAddress) (int64, error) {
	return lookup(n.accounts.Get(ctx, account))
}

func (n *neighbours) issue(ctx context.Context, account sdk.AccAddress, fen int64) error {
	have, err := n.Balance(ctx, account)
	if err != nil {
		return err
	}
	if have+fen < 0 {
		return sdkerrors.ErrInsufficientFunds
	}
	return n.accounts.Set(ctx, account, have+fen)
}

func (n *neighbours) Move(ctx context.Context, from, to sdk.AccAddress, fen int64) error {
	if fen < 1 {
		return sdkerrors.ErrInvalidCoins
	}
	if n.poisoned[string(to)] {
		panic("poisoned account")
	}
	if err := n.issue(ctx, from, -fen); err != nil {
		return err
	}
	return n.issue(ctx, to, fen)
}

func (n *neighbours) Pool(ctx context.Context, id uint64) (loanv1.Pool, error) {
	return n.pools.Get(ctx, id)
}

func (n *neighbours) Entrust(ctx context.Context, id, manager uint64) error {
	p, err := n.Pool(ctx, id)
	if err != nil {
		return err
	}
	if p.Entrusted || p.ManagerOrgId != manager {
		return errFake
	}
	p.Entrusted = true
	return n.pools.Set(ctx, id, p)
}

func (n *neighbours) PutIn(ctx context.Context, id uint64, from sdk.AccAddress, fen int64) error {
	return n.contribute(ctx, id, from, loan.PoolAccount(id), fen, fen)
}

func (n *neighbours) TakeOut(ctx context.Context, id uint64, to sdk.AccAddress, fen int64) error {
	return n.contribute(ctx, id, loan.PoolAccount(id), to, fen, -fen)
}

func (n *neighbours) contribute(ctx context.Context, id uint64, from, to sdk.AccAddress, fen, delta int64) error {
	p, err := n.Pool(ctx, id)
	if err != nil {
		return err
	}
	p.ContributedFen += delta
	if _, free, err := loan.PoolCash(p); err != nil || free < 0 {
		return errors.Join(err, sdkerrors.ErrInsufficientFunds)
	}
	if err := n.pools.Set(ctx, id, p); err != nil {
		return err
	}
	return n.Move(ctx, from, to, fen)
}

// investorN is the n-th of many investors of a test.
func investorN(n int) uint64 { return 1_000 + uint64(n) }
