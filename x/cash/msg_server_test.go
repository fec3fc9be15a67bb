package cash

import (
	"errors"
	"strings"
	"testing"
	"time"

	errorsmod "cosmossdk.io/errors"

	sdk "github.com/cosmos/cosmos-sdk/types"

	cashv1 "github.com/xinlian/xinlian/gen/xinlian/cash/v1"
	"github.com/xinlian/xinlian/internal/wire"
)

// errOrg stands for any refusal of x/org.
var errOrg = errorsmod.Register("org-fake", 2, "refused by org")

var hash32 = []byte(strings.Repeat("h", HashBytes))

// An issuance makes money once, however often the bank repeats it.
func TestIssue(t *testing.T) {
	t.Parallel()
	c := newKit(t).fresh()
	c.issue(t, shop, 5_000, "ref-1")
	c.wantEvents(t, &cashv1.EventIssued{IssuerOrgId: bankA, ToOrgId: shop, AmountFen: 5_000})
	c.wantBalance(t, shop, 5_000)

	c = c.fresh()
	c.issue(t, shop, 5_000, "ref-1")
	c.wantEvents(t)
	c.wantBalance(t, shop, 5_000)

	// The reference belongs to its issuer: another bank may use the same text.
	if _, err := c.msgs.Issue(c.ctx, &cashv1.MsgIssue{
		Device: "service", OrgId: bankB, ToOrgId: mill, AmountFen: 7, BankReference: "ref-1",
	}); err != nil {
		t.Fatal(err)
	}
	res, err := c.asks.Totals(c.ctx, &cashv1.QueryTotalsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if len(res.Totals) != 2 || res.Totals[0].IssuedFen != 5_000 || res.Totals[1].IssuedFen != 7 || res.SupplyFen != 5_007 {
		t.Errorf("totals: %v", res)
	}
	c.checkInvariants(t)
}

// Every refusal of an issuance has its own code and leaves no money behind.
func TestIssueRefused(t *testing.T) {
	t.Parallel()
	good := cashv1.MsgIssue{Device: "officer", OrgId: bankA, ToOrgId: shop, AmountFen: 10, BankReference: "r"}
	for _, tc := range []struct {
		name string
		bend func(m *cashv1.MsgIssue)
		want error
	}{
		{"no reference", func(m *cashv1.MsgIssue) { m.BankReference = "" }, ErrField},
		{"long reference", func(m *cashv1.MsgIssue) { m.BankReference = strings.Repeat("r", 65) }, ErrField},
		{"reference with a name", func(m *cashv1.MsgIssue) { m.BankReference = "张三" }, ErrField},
		{"unknown device", func(m *cashv1.MsgIssue) { m.Device = "stranger" }, errOrg},
		{"not an issuer", func(m *cashv1.MsgIssue) { m.OrgId = shop }, ErrUnauthorised},
		{"zero", func(m *cashv1.MsgIssue) { m.AmountFen = 0 }, ErrAmount},
		{"negative", func(m *cashv1.MsgIssue) { m.AmountFen = -1 }, ErrAmount},
		{"above the parameter", func(m *cashv1.MsgIssue) { m.AmountFen = DefaultParams().AmountFenMax + 1 }, ErrAmount},
		{"above the device's limit", func(m *cashv1.MsgIssue) { m.AmountFen = 10_001 }, ErrLimit},
		{"device without money", func(m *cashv1.MsgIssue) { m.Device = "poor" }, ErrLimit},
		{"unknown payee", func(m *cashv1.MsgIssue) { m.ToOrgId = 99 }, errOrg},
		{"payee not identified yet", func(m *cashv1.MsgIssue) { m.ToOrgId = pending }, ErrHolder},
		{"reference with another amount", func(m *cashv1.MsgIssue) { m.BankReference, m.AmountFen = "used", 11 }, ErrReference},
		{"reference for another payee", func(m *cashv1.MsgIssue) { m.BankReference, m.ToOrgId = "used", mill }, ErrReference},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := newKit(t)
			c.issue(t, shop, 10, "used")
			m := good
			tc.bend(&m)
			if _, err := c.msgs.Issue(c.ctx, &m); !errors.Is(err, tc.want) {
				t.Fatalf("got %v, want %v", err, tc.want)
			}
			c.wantBalance(t, shop, 10)
			c.checkInvariants(t)
		})
	}
}

// A redemption burns the money at once and is settled once, by its issuer only.
func TestRedeem(t *testing.T) {
	t.Parallel()
	c := newKit(t)
	c.issue(t, shop, 900, "r")
	c = c.fresh()
	res, err := c.msgs.Redeem(c.ctx, &cashv1.MsgRedeem{
		Device: "officer", OrgId: shop, IssuerOrgId: bankA, AmountFen: 400, AccountHash: hash32,
	})
	if err != nil || res.RedemptionId != 1 {
		t.Fatalf("got %v, %v", res, err)
	}
	pendingStatus, settled := cashv1.RedemptionStatus_REDEMPTION_STATUS_PENDING, cashv1.RedemptionStatus_REDEMPTION_STATUS_SETTLED
	c.wantEvents(t, &cashv1.EventRedeemed{RedemptionId: 1, OrgId: shop, AmountFen: 400, Status: pendingStatus})
	c.wantBalance(t, shop, 500)
	if supply, _ := c.supply(c.ctx); supply != 500 {
		t.Errorf("supply: got %d, want 500", supply)
	}
	for _, tc := range []struct {
		name string
		msg  cashv1.MsgSettleRedemption
		want error
	}{
		{"no reference", cashv1.MsgSettleRedemption{Device: "officer", OrgId: bankA, RedemptionId: 1}, ErrField},
		{"unknown device", cashv1.MsgSettleRedemption{Device: "x", OrgId: bankA, RedemptionId: 1, BankReference: "p"}, errOrg},
		{"not an issuer", cashv1.MsgSettleRedemption{Device: "officer", OrgId: shop, RedemptionId: 1, BankReference: "p"}, ErrUnauthorised},
		{"another issuer", cashv1.MsgSettleRedemption{Device: "officer", OrgId: bankB, RedemptionId: 1, BankReference: "p"}, ErrUnauthorised},
		{"no such row", cashv1.MsgSettleRedemption{Device: "officer", OrgId: bankA, RedemptionId: 2, BankReference: "p"}, ErrNotFound},
		{"right", cashv1.MsgSettleRedemption{Device: "service", OrgId: bankA, RedemptionId: 1, BankReference: "p"}, nil},
		{"twice", cashv1.MsgSettleRedemption{Device: "service", OrgId: bankA, RedemptionId: 1, BankReference: "p"}, ErrStatus},
	} {
		c = c.fresh()
		if _, err := c.msgs.SettleRedemption(c.ctx, &tc.msg); !errors.Is(err, tc.want) {
			t.Errorf("%s: got %v, want %v", tc.name, err, tc.want)
		}
		if tc.want == nil {
			c.wantEvents(t, &cashv1.EventRedeemed{RedemptionId: 1, OrgId: shop, AmountFen: 400, Status: settled})
		}
	}
	list, err := c.asks.Redemptions(c.ctx, &cashv1.QueryRedemptionsRequest{})
	if err != nil || len(list.Redemptions) != 1 || list.Redemptions[0].BankReference != "p" {
		t.Errorf("got %v, %v", list, err)
	}
	c.checkInvariants(t)
}

// A redemption that cannot be paid is refused and burns nothing.
func TestRedeemRefused(t *testing.T) {
	t.Parallel()
	good := cashv1.MsgRedeem{Device: "officer", OrgId: shop, IssuerOrgId: bankA, AmountFen: 10, AccountHash: hash32}
	for _, tc := range []struct {
		name string
		bend func(m *cashv1.MsgRedeem)
		want error
	}{
		{"short hash", func(m *cashv1.MsgRedeem) { m.AccountHash = hash32[1:] }, ErrField},
		{"unknown device", func(m *cashv1.MsgRedeem) { m.Device = "x" }, errOrg},
		{"zero", func(m *cashv1.MsgRedeem) { m.AmountFen = 0 }, ErrAmount},
		{"above the device's limit", func(m *cashv1.MsgRedeem) { m.Device = "poor" }, ErrLimit},
		{"unknown issuer", func(m *cashv1.MsgRedeem) { m.IssuerOrgId = 99 }, errOrg},
		{"payer is no issuer", func(m *cashv1.MsgRedeem) { m.IssuerOrgId = mill }, ErrUnauthorised},
		{"issuer that owes nothing", func(m *cashv1.MsgRedeem) { m.IssuerOrgId = bankB }, ErrIssuer},
		{"more than the issuer owes", func(m *cashv1.MsgRedeem) { m.AmountFen = 151 }, ErrIssuer},
		{"more than it holds", func(m *cashv1.MsgRedeem) { m.AmountFen = 101 }, ErrFunds},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := newKit(t)
			c.issue(t, shop, 100, "r1")
			c.issue(t, mill, 50, "r2")
			m := good
			tc.bend(&m)
			if _, err := c.msgs.Redeem(c.ctx, &m); !errors.Is(err, tc.want) {
				t.Fatalf("got %v, want %v", err, tc.want)
			}
			c.wantBalance(t, shop, 100)
			c.checkInvariants(t)
		})
	}
}

// A transfer moves exactly its amount; each refusal moves nothing.
func TestTransfer(t *testing.T) {
	t.Parallel()
	c := newKit(t)
	c.issue(t, shop, 100, "r")
	good := cashv1.MsgTransfer{Device: "officer", OrgId: shop, ToOrgId: mill, AmountFen: 30, MemoHash: hash32}
	for _, tc := range []struct {
		name string
		bend func(m *cashv1.MsgTransfer)
		want error
	}{
		{"short memo", func(m *cashv1.MsgTransfer) { m.MemoHash = hash32[1:] }, ErrField},
		{"unknown device", func(m *cashv1.MsgTransfer) { m.Device = "x" }, errOrg},
		{"zero", func(m *cashv1.MsgTransfer) { m.AmountFen = 0 }, ErrAmount},
		{"above the device's limit", func(m *cashv1.MsgTransfer) { m.Device = "poor" }, ErrLimit},
		{"unknown payee", func(m *cashv1.MsgTransfer) { m.ToOrgId = 99 }, errOrg},
		{"payee not identified yet", func(m *cashv1.MsgTransfer) { m.ToOrgId = pending }, ErrHolder},
		{"to itself", func(m *cashv1.MsgTransfer) { m.ToOrgId = shop }, ErrField},
		{"more than it holds", func(m *cashv1.MsgTransfer) { m.AmountFen = 101 }, ErrFunds},
	} {
		m := good
		tc.bend(&m)
		if _, err := c.msgs.Transfer(c.ctx, &m); !errors.Is(err, tc.want) {
			t.Errorf("%s: got %v, want %v", tc.name, err, tc.want)
		}
		c.wantBalance(t, shop, 100)
	}
	c = c.fresh()
	if _, err := c.msgs.Transfer(c.ctx, &good); err != nil {
		t.Fatal(err)
	}
	c.wantEvents(t, &cashv1.EventMoved{
		FromAccount: wire.AddressText(Account(shop)), ToAccount: wire.AddressText(Account(mill)), AmountFen: 30,
	}, &cashv1.EventPaid{PaymentId: 1, PayerOrgId: shop, PayeeOrgId: mill, AmountFen: 30})
	c.wantBalance(t, shop, 70)
	c.wantBalance(t, mill, 30)
	c.checkInvariants(t)
}

// A freeze stops outgoing money of every kind, lets money in, ends by itself,
// and is lifted or renewed only by the regulator that set it.
func TestFreeze(t *testing.T) {
	t.Parallel()
	c := newKit(t)
	c.issue(t, shop, 100, "r")
	freeze := cashv1.MsgFreeze{
		Device: "officer", OrgId: regulator, TargetOrgId: shop, CaseId: "case-1", ReasonHash: hash32,
		ExpiresAt: genesisTime.Unix() + 3600,
	}
	c = c.fresh()
	if _, err := c.msgs.Freeze(c.ctx, &freeze); err != nil {
		t.Fatal(err)
	}
	c.wantEvents(t, &cashv1.EventFrozen{OrgId: shop, CaseId: "case-1", Frozen: true})

	pay := &cashv1.MsgTransfer{Device: "officer", OrgId: shop, ToOrgId: mill, AmountFen: 1}
	if _, err := c.msgs.Transfer(c.ctx, pay); !errors.Is(err, ErrFrozen) {
		t.Errorf("transfer: got %v, want %v", err, ErrFrozen)
	}
	if _, err := c.msgs.Redeem(c.ctx, &cashv1.MsgRedeem{
		Device: "officer", OrgId: shop, IssuerOrgId: bankA, AmountFen: 1, AccountHash: hash32,
	}); !errors.Is(err, ErrFrozen) {
		t.Errorf("redeem: got %v, want %v", err, ErrFrozen)
	}
	c.issue(t, shop, 5, "into-a-frozen-account")
	c.wantBalance(t, shop, 105)

	renewed := freeze
	renewed.ExpiresAt += 3600
	foreign := renewed
	foreign.OrgId = regulator2
	if _, err := c.msgs.Freeze(c.ctx, &foreign); !errors.Is(err, ErrUnauthorised) {
		t.Errorf("another regulator's renewal: got %v", err)
	}
	if _, err := c.msgs.Freeze(c.ctx, &renewed); err != nil {
		t.Errorf("renewal: %v", err)
	}
	if frozen, _ := c.at(7199*time.Second).Frozen(c.at(7199*time.Second).ctx, shop); !frozen {
		t.Error("the freeze ended a second early")
	}
	later := c.at(7200 * time.Second)
	if _, err := later.msgs.Transfer(later.ctx, pay); err != nil {
		t.Errorf("the freeze outlived its end: %v", err)
	}
	if _, err := c.msgs.Unfreeze(c.ctx, &cashv1.MsgUnfreeze{Device: "officer", OrgId: regulator2, TargetOrgId: shop, CaseId: "case-1"}); !errors.Is(err, ErrUnauthorised) {
		t.Errorf("another regulator's lifting: got %v", err)
	}
	c = c.fresh()
	if _, err := c.msgs.Unfreeze(c.ctx, &cashv1.MsgUnfreeze{Device: "officer", OrgId: regulator, TargetOrgId: shop, CaseId: "case-1"}); err != nil {
		t.Fatal(err)
	}
	c.wantEvents(t, &cashv1.EventFrozen{OrgId: shop, CaseId: "case-1"})
	if _, err := c.msgs.Unfreeze(c.ctx, &cashv1.MsgUnfreeze{Device: "officer", OrgId: regulator, TargetOrgId: shop, CaseId: "case-1"}); !errors.Is(err, ErrNotFound) {
		t.Errorf("lifting twice: got %v", err)
	}
	if _, err := c.msgs.Transfer(c.ctx, pay); err != nil {
		t.Errorf("after lifting: %v", err)
	}
}

// A freeze needs a regulator's person, a case, a reason, a target and an end in bounds.
func TestFreezeRefused(t *testing.T) {
	t.Parallel()
	c := newKit(t)
	now := genesisTime.Unix()
	good := cashv1.MsgFreeze{
		Device: "officer", OrgId: regulator, TargetOrgId: shop, CaseId: "c", ReasonHash: hash32, ExpiresAt: now + 60,
	}
	for _, tc := range []struct {
		name string
		bend func(m *cashv1.MsgFreeze)
		want error
	}{
		{"no case", func(m *cashv1.MsgFreeze) { m.CaseId = "" }, ErrField},
		{"no reason", func(m *cashv1.MsgFreeze) { m.ReasonHash = nil }, ErrField},
		{"unknown device", func(m *cashv1.MsgFreeze) { m.Device = "x" }, errOrg},
		{"a machine", func(m *cashv1.MsgFreeze) { m.Device = "service" }, ErrUnauthorised},
		{"not a regulator", func(m *cashv1.MsgFreeze) { m.OrgId = bankA }, ErrUnauthorised},
		{"unknown target", func(m *cashv1.MsgFreeze) { m.TargetOrgId = 99 }, errOrg},
		{"ends now", func(m *cashv1.MsgFreeze) { m.ExpiresAt = now }, ErrField},
		{"too long", func(m *cashv1.MsgFreeze) { m.ExpiresAt = now + DefaultParams().FreezeSecondsMax + 1 }, ErrField},
	} {
		m := good
		tc.bend(&m)
		if _, err := c.msgs.Freeze(c.ctx, &m); !errors.Is(err, tc.want) {
			t.Errorf("%s: got %v, want %v", tc.name, err, tc.want)
		}
	}
	if frozen, err := c.Frozen(c.ctx, shop); frozen || err != nil {
		t.Errorf("got %v, %v", frozen, err)
	}
	for _, m := range []cashv1.MsgUnfreeze{
		{Device: "officer", OrgId: regulator, TargetOrgId: shop},
		{Device: "officer", OrgId: bankA, TargetOrgId: shop, CaseId: "c"},
	} {
		if _, err := c.msgs.Unfreeze(c.ctx, &m); err == nil {
			t.Errorf("unfreeze %v was accepted", m)
		}
	}
}

// Cases of one organisation are bounded, and expired ones make room.
func TestFreezesBounded(t *testing.T) {
	t.Parallel()
	c := newKit(t)
	freeze := func(c kit, id string) error {
		_, err := c.msgs.Freeze(c.ctx, &cashv1.MsgFreeze{
			Device: "officer", OrgId: regulator, TargetOrgId: shop, CaseId: id, ReasonHash: hash32,
			ExpiresAt: c.ctx.BlockTime().Unix() + 60,
		})
		return err
	}
	for i := range FreezesMax {
		if err := freeze(c, "case-"+string(rune('a'+i))); err != nil {
			t.Fatal(err)
		}
	}
	if err := freeze(c, "one-too-many"); !errors.Is(err, ErrTooMany) {
		t.Errorf("got %v, want %v", err, ErrTooMany)
	}
	if err := freeze(c, "case-a"); err != nil {
		t.Errorf("renewal at the bound: %v", err)
	}
	c = c.at(time.Minute)
	if err := freeze(c, "one-more"); err != nil {
		t.Errorf("after the others expired: %v", err)
	}
	list, err := c.asks.Freezes(c.ctx, &cashv1.QueryFreezesRequest{OrgId: shop})
	if err != nil || len(list.Freezes) != 1 {
		t.Errorf("got %v, %v", list, err)
	}
}

// Only organisations, opened accounts and module accounts hold deposits, and a
// freeze binds an opened account only where it has an owner.
func TestHolders(t *testing.T) {
	t.Parallel()
	c := newKit(t)
	c.issue(t, shop, 100, "r")
	stranger := sdk.AccAddress(strings.Repeat("s", 20))
	pool, owned := sdk.AccAddress(strings.Repeat("p", 32)), sdk.AccAddress(strings.Repeat("q", 32))
	if err := c.bank.SendCoins(c.ctx, stranger, Account(shop), nil); err != nil {
		t.Errorf("a transfer of nothing, as x/gov makes for each proposal: %v", err)
	}
	if err := c.bank.SendCoins(c.ctx, Account(shop), stranger, coins(1)); !errors.Is(err, ErrHolder) {
		t.Errorf("stranger: got %v, want %v", err, ErrHolder)
	}
	if err := c.Move(c.ctx, Account(shop), pool, 1); !errors.Is(err, ErrHolder) {
		t.Errorf("pool before it is opened: got %v, want %v", err, ErrHolder)
	}
	if err := c.Move(c.ctx, Account(shop), Account(99), 1); !errors.Is(err, ErrHolder) {
		t.Errorf("unregistered organisation: got %v, want %v", err, ErrHolder)
	}
	for _, tc := range []struct {
		name    string
		account sdk.AccAddress
		owner   uint64
		want    error
	}{
		{"nobody's", pool, 0, nil},
		{"again", pool, 0, nil},
		{"with another owner", pool, shop, ErrHolder},
		{"an organisation's own", Account(shop), shop, ErrHolder},
		{"a module's", wire.ModuleAddress("pool"), 0, ErrHolder},
		{"unknown owner", stranger, 99, errOrg},
		{"empty", nil, 0, ErrField},
		{"too long", sdk.AccAddress(strings.Repeat("x", 33)), 0, ErrField},
		{"the shop's", owned, shop, nil},
	} {
		if err := c.OpenAccount(c.ctx, tc.account, tc.owner); !errors.Is(err, tc.want) {
			t.Errorf("%s: got %v, want %v", tc.name, err, tc.want)
		}
	}
	for _, to := range []sdk.AccAddress{pool, owned, wire.ModuleAddress("pool")} {
		if err := c.Move(c.ctx, Account(shop), to, 10); err != nil {
			t.Errorf("to %s: %v", to, err)
		}
	}
	if err := c.Move(c.ctx, pool, owned, 0); !errors.Is(err, ErrAmount) {
		t.Errorf("nothing moved: got %v, want %v", err, ErrAmount)
	}
	if _, err := c.msgs.Freeze(c.ctx, &cashv1.MsgFreeze{
		Device: "officer", OrgId: regulator, TargetOrgId: shop, CaseId: "c", ReasonHash: hash32,
		ExpiresAt: genesisTime.Unix() + 60,
	}); err != nil {
		t.Fatal(err)
	}
	if err := c.Move(c.ctx, owned, Account(mill), 1); !errors.Is(err, ErrFrozen) {
		t.Errorf("owned account: got %v, want %v", err, ErrFrozen)
	}
	if err := c.Move(c.ctx, pool, Account(mill), 1); err != nil {
		t.Errorf("nobody's account: %v", err)
	}
	c.checkInvariants(t)
}

// The council alone changes parameters, and only within bounds.
func TestUpdateParams(t *testing.T) {
	t.Parallel()
	c := newKit(t)
	for _, tc := range []struct {
		name string
		bend func(m *cashv1.MsgUpdateParams)
		want error
	}{
		{"somebody", func(m *cashv1.MsgUpdateParams) { m.Authority = "xin1" }, ErrUnauthorised},
		{"no amount", func(m *cashv1.MsgUpdateParams) { m.Params.AmountFenMax = 0 }, ErrParams},
		{"amount too large", func(m *cashv1.MsgUpdateParams) { m.Params.AmountFenMax = AmountFenCeiling + 1 }, ErrParams},
		{"freeze too short", func(m *cashv1.MsgUpdateParams) { m.Params.FreezeSecondsMax = 3599 }, ErrParams},
		{"freeze too long", func(m *cashv1.MsgUpdateParams) { m.Params.FreezeSecondsMax = FreezeSecondsCeiling + 1 }, ErrParams},
		{"refund too short", func(m *cashv1.MsgUpdateParams) { m.Params.RefundSeconds, m.Params.ChargebackSeconds = 59, 59 }, ErrParams},
		{"refund too long", func(m *cashv1.MsgUpdateParams) { m.Params.RefundSeconds = RefundSecondsCeiling + 1 }, ErrParams},
		{"chargeback beyond refund", func(m *cashv1.MsgUpdateParams) { m.Params.ChargebackSeconds = m.Params.RefundSeconds + 1 }, ErrParams},
		{"no chargeback", func(m *cashv1.MsgUpdateParams) { m.Params.ChargebackSeconds = 0 }, ErrParams},
		{"negative difference", func(m *cashv1.MsgUpdateParams) { m.Params.DifferenceFenMax = -1 }, ErrParams},
		{"large difference", func(m *cashv1.MsgUpdateParams) { m.Params.DifferenceFenMax = DifferenceFenCeiling + 1 }, ErrParams},
		{"many days", func(m *cashv1.MsgUpdateParams) { m.Params.DifferenceDaysMax = ReportDaysCeiling + 1 }, ErrParams},
		{"many days of silence", func(m *cashv1.MsgUpdateParams) { m.Params.ReportDaysMax = ReportDaysCeiling + 1 }, ErrParams},
		{"right", func(m *cashv1.MsgUpdateParams) { m.Params.AmountFenMax = 1 }, nil},
	} {
		m := cashv1.MsgUpdateParams{Authority: wire.Authority(), Params: DefaultParams()}
		tc.bend(&m)
		if _, err := c.msgs.UpdateParams(c.ctx, &m); !errors.Is(err, tc.want) {
			t.Errorf("%s: got %v, want %v", tc.name, err, tc.want)
		}
	}
	res, err := c.asks.Params(c.ctx, &cashv1.QueryParamsRequest{})
	if err != nil || res.Params.AmountFenMax != 1 {
		t.Errorf("got %v, %v", res, err)
	}
}

// Balance and Issuances answer for one organisation only.
func TestQueries(t *testing.T) {
	t.Parallel()
	c := newKit(t)
	c.issue(t, shop, 1, "b")
	c.issue(t, mill, 2, "a")
	if _, err := c.msgs.Issue(c.ctx, &cashv1.MsgIssue{Device: "officer", OrgId: bankB, ToOrgId: shop, AmountFen: 3, BankReference: "c"}); err != nil {
		t.Fatal(err)
	}
	balance, err := c.asks.Balance(c.ctx, &cashv1.QueryBalanceRequest{OrgId: shop})
	if err != nil || balance.AmountFen != 4 || balance.Frozen || balance.Account != wire.AddressText(Account(shop)) {
		t.Errorf("got %v, %v", balance, err)
	}
	if _, err := c.asks.Balance(c.ctx, &cashv1.QueryBalanceRequest{OrgId: 99}); !errors.Is(err, errOrg) {
		t.Errorf("got %v, want %v", err, errOrg)
	}
	list, err := c.asks.Issuances(c.ctx, &cashv1.QueryIssuancesRequest{IssuerOrgId: bankA})
	if err != nil || len(list.Issuances) != 2 || list.Issuances[0].BankReference != "a" || list.Issuances[1].BankReference != "b" {
		t.Errorf("got %v, %v", list, err)
	}
}
