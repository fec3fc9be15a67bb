package cash

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"cosmossdk.io/collections"
	errorsmod "cosmossdk.io/errors"

	sdk "github.com/cosmos/cosmos-sdk/types"

	cashv1 "github.com/xinlian/xinlian/gen/xinlian/cash/v1"
	"github.com/xinlian/xinlian/internal/golden"
	"github.com/xinlian/xinlian/internal/wire"
)

// lived is a chain on which everything that makes a row has happened once.
func lived(t tester) kit {
	t.Helper()
	c := newKit(t)
	c.issue(t, shop, 500, "ref-1")
	if _, err := c.msgs.Redeem(c.ctx, &cashv1.MsgRedeem{
		Device: "officer", OrgId: shop, IssuerOrgId: bankA, AmountFen: 200, AccountHash: hash32,
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.msgs.Freeze(c.ctx, &cashv1.MsgFreeze{
		Device: "officer", OrgId: regulator, TargetOrgId: pending, CaseId: "case-1", ReasonHash: hash32,
		ExpiresAt: genesisTime.Unix() + 60,
	}); err != nil {
		t.Fatal(err)
	}
	if err := c.OpenAccount(c.ctx, sdk.AccAddress(strings.Repeat("p", 32)), bankB); err != nil {
		t.Fatal(err)
	}
	if _, err := c.msgs.Transfer(c.ctx, &cashv1.MsgTransfer{Device: "officer", OrgId: shop, ToOrgId: bankB, AmountFen: 1}); err != nil {
		t.Fatal(err)
	}
	mandate := c.grant(t, millMandate())
	first, second := c.debit(t, mandate, 1, 60), c.debit(t, mandate, 2, 40)
	c.dispute(t, first)
	c.dispute(t, second)
	// The mill spends what it got, so that the upheld chargeback stays owed.
	if err := c.Move(c.ctx, Account(shop), sdk.AccAddress(strings.Repeat("p", 32)), 5); err != nil {
		t.Fatal(err)
	}
	drain(t, c, mill, bankB)
	c.resolve(t, second, true)
	c.ctx = c.at(24 * time.Hour).ctx
	c.report(t, 500)
	return c
}

// An exported state, taken in by a new chain with the same bank, exports to the same bytes.
func TestGenesisRoundTrip(t *testing.T) {
	t.Parallel()
	first := lived(t)
	gs, err := first.ExportGenesis(first.ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := Validate(gs); err != nil {
		t.Fatal(err)
	}
	second := newKit(t)
	if err := second.InitGenesis(second.ctx, gs); !errors.Is(err, ErrInvariant) {
		t.Errorf("without bank's coins: got %v, want %v", err, ErrInvariant)
	}
	second = newKit(t)
	second.bank.InitGenesis(second.ctx, first.bank.ExportGenesis(first.ctx))
	if err := second.InitGenesis(second.ctx, gs); err != nil {
		t.Fatal(err)
	}
	again, err := second.ExportGenesis(second.ctx)
	if err != nil {
		t.Fatal(err)
	}
	a, _ := gs.Marshal()
	b, _ := again.Marshal()
	if !bytes.Equal(a, b) {
		t.Errorf("got %v, want %v", again, gs)
	}
	second.checkInvariants(t)
	res, err := second.msgs.Redeem(second.ctx, &cashv1.MsgRedeem{
		Device: "officer", OrgId: shop, IssuerOrgId: bankA, AmountFen: 1, AccountHash: hash32,
	})
	if err != nil || res.RedemptionId != 2 {
		t.Errorf("the next id: got %v, %v, want 2", res, err)
	}
	if id := second.grant(t, millMandate()); id != 2 {
		t.Errorf("the next mandate: got %d, want 2", id)
	}
}

// Each bent field of a valid genesis is refused.
func TestGenesisRefused(t *testing.T) {
	t.Parallel()
	c := lived(t)
	for name, bend := range map[string]func(gs *cashv1.GenesisState){
		"params":                   func(gs *cashv1.GenesisState) { gs.Params.AmountFenMax = 0 },
		"issuance twice":           func(gs *cashv1.GenesisState) { gs.Issuances = append(gs.Issuances, gs.Issuances[0]) },
		"issuance reference":       func(gs *cashv1.GenesisState) { gs.Issuances[0].BankReference = "" },
		"issuance amount":          func(gs *cashv1.GenesisState) { gs.Issuances[0].AmountFen = 0 },
		"issuance payee":           func(gs *cashv1.GenesisState) { gs.Issuances[0].ToOrgId = 0 },
		"redemption id":            func(gs *cashv1.GenesisState) { gs.Redemptions[0].Id = 2 },
		"redemption status":        func(gs *cashv1.GenesisState) { gs.Redemptions[0].Status = 0 },
		"redemption early":         func(gs *cashv1.GenesisState) { gs.Redemptions[0].BankReference = "x" },
		"redemption hash":          func(gs *cashv1.GenesisState) { gs.Redemptions[0].AccountHash = nil },
		"redemption above issued":  func(gs *cashv1.GenesisState) { gs.Redemptions[0].AmountFen = 501 },
		"redemption at a stranger": func(gs *cashv1.GenesisState) { gs.Redemptions[0].IssuerOrgId = 9 },
		"settled without reference": func(gs *cashv1.GenesisState) {
			gs.Redemptions[0].Status = cashv1.RedemptionStatus_REDEMPTION_STATUS_SETTLED
		},
		"total":         func(gs *cashv1.GenesisState) { gs.Totals[0].IssuedFen++ },
		"total missing": func(gs *cashv1.GenesisState) { gs.Totals = nil },
		"freeze twice":  func(gs *cashv1.GenesisState) { gs.Freezes = append(gs.Freezes, gs.Freezes[0]) },
		"freeze case":   func(gs *cashv1.GenesisState) { gs.Freezes[0].CaseId = "" },
		"freeze reason": func(gs *cashv1.GenesisState) { gs.Freezes[0].ReasonHash = nil },
		"settled with a code": func(gs *cashv1.GenesisState) {
			gs.Redemptions[0].Status, gs.Redemptions[0].BankReference = cashv1.RedemptionStatus_REDEMPTION_STATUS_SETTLED, "p"
			gs.Redemptions[0].RejectCode = "AC04"
		},
		"rejected without code": func(gs *cashv1.GenesisState) {
			gs.Redemptions[0].Status = cashv1.RedemptionStatus_REDEMPTION_STATUS_REJECTED
		},
		"pending total":        func(gs *cashv1.GenesisState) { gs.Totals[0].PendingFen-- },
		"mandate id":           func(gs *cashv1.GenesisState) { gs.Mandates[0].Id = 2 },
		"mandate payee":        func(gs *cashv1.GenesisState) { gs.Mandates[0].PayeeOrgId = 0 },
		"mandate to itself":    func(gs *cashv1.GenesisState) { gs.Mandates[0].PayeeOrgId = shop },
		"mandate start":        func(gs *cashv1.GenesisState) { gs.Mandates[0].StartsAt = TimeCeiling + 1 },
		"mandate period":       func(gs *cashv1.GenesisState) { gs.Mandates[0].Period = 1 << 40 },
		"mandate over limit":   func(gs *cashv1.GenesisState) { gs.Mandates[0].PeriodUsedFen = gs.Mandates[0].PeriodFenMax + 1 },
		"mandate use":          func(gs *cashv1.GenesisState) { gs.Mandates[0].UsedFen = 1 },
		"mandate count":        func(gs *cashv1.GenesisState) { gs.Mandates[0].UsedCount = 1 << 50 },
		"payment twice":        func(gs *cashv1.GenesisState) { gs.Payments = append(gs.Payments, gs.Payments[0]) },
		"payment id":           func(gs *cashv1.GenesisState) { gs.LastPaymentId = 1 },
		"payment to itself":    func(gs *cashv1.GenesisState) { gs.Payments[0].PayeeOrgId = shop },
		"payment returned":     func(gs *cashv1.GenesisState) { gs.Payments[0].ReturnedFen = 2 },
		"payment times":        func(gs *cashv1.GenesisState) { gs.Payments[0].KeptUntil = gs.Payments[0].PaidAt },
		"payment reference":    func(gs *cashv1.GenesisState) { gs.Payments[0].ReferenceHash = hash32[1:] },
		"payment kind":         func(gs *cashv1.GenesisState) { gs.Payments[0].Kind = 3 },
		"transfer by mandate":  func(gs *cashv1.GenesisState) { gs.Payments[0].MandateId = 1 },
		"debit without":        func(gs *cashv1.GenesisState) { gs.Payments[1].MandateId = 2 },
		"debit above":          func(gs *cashv1.GenesisState) { gs.Payments[1].AmountFen = 1_000_000 },
		"chargeback status":    func(gs *cashv1.GenesisState) { gs.Payments[1].Chargeback = 4 },
		"chargeback reason":    func(gs *cashv1.GenesisState) { gs.Payments[1].ReasonHash = nil },
		"chargeback by nobody": func(gs *cashv1.GenesisState) { gs.Payments[2].ArbiterOrgId = 0 },
		"chargeback by party":  func(gs *cashv1.GenesisState) { gs.Payments[2].ArbiterOrgId = mill },
		"day total":            func(gs *cashv1.GenesisState) { gs.DayTotals[0].Total.IssuedFen++ },
		"day total missing":    func(gs *cashv1.GenesisState) { gs.DayTotals = nil },
		"day":                  func(gs *cashv1.GenesisState) { gs.DayTotals[0].Day = 0 },
		"report expected":      func(gs *cashv1.GenesisState) { gs.BalanceReports[0].ExpectedFen++ },
		"report status":        func(gs *cashv1.GenesisState) { gs.BalanceReports[0].Status = 2 },
		"report hash":          func(gs *cashv1.GenesisState) { gs.BalanceReports[0].StatementHash = nil },
		"report of nobody":     func(gs *cashv1.GenesisState) { gs.BalanceReports[0].IssuerOrgId = 9 },
		"report early":         func(gs *cashv1.GenesisState) { gs.BalanceReports[0].Day = 1 },
		"standing missing":     func(gs *cashv1.GenesisState) { gs.Standings = nil },
		"standing first day":   func(gs *cashv1.GenesisState) { gs.Standings[0].FirstDay++ },
		"standing reported":    func(gs *cashv1.GenesisState) { gs.Standings[0].ReportedDay = 0 },
		"account text":         func(gs *cashv1.GenesisState) { gs.Accounts[0].Address = "cosmos1" },
		"account of an org":    func(gs *cashv1.GenesisState) { gs.Accounts[0].Address = wire.AddressText(Account(5)) },
		"account out of order": func(gs *cashv1.GenesisState) { gs.Accounts = append(gs.Accounts, gs.Accounts[0]) },
	} {
		gs, err := c.ExportGenesis(c.ctx)
		if err != nil {
			t.Fatal(err)
		}
		bend(gs)
		if err := Validate(gs); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// Each invariant notices the fault that it is there for.
func TestInvariantsNotice(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		harm func(t *testing.T, c kit)
	}{
		{"totals-match-rows", func(t *testing.T, c kit) {
			check(t, c.totals.Set(c.ctx, bankA, cashv1.IssuerTotal{IssuerOrgId: bankA, IssuedFen: 301}))
		}},
		{"supply-matches-totals", func(t *testing.T, c kit) {
			check(t, c.bank.MintCoins(c.ctx, Name, coins(1)))
		}},
		{"payments-within-mandates", func(t *testing.T, c kit) {
			m, err := c.Mandate(c.ctx, 1)
			check(t, err)
			m.PeriodUsedFen = m.PeriodFenMax + 1
			check(t, c.mandates.Set(c.ctx, 1, m))
		}},
		{"payments-indexed", func(t *testing.T, c kit) {
			check(t, c.debts.Set(c.ctx, collections.Join(shop, uint64(1))))
		}},
		{"reports-match-totals", func(t *testing.T, c kit) {
			check(t, c.dayTotals.Set(c.ctx, collections.Join(bankA, dayOf(genesisTime.Unix())), cashv1.IssuerTotal{IssuerOrgId: bankA, IssuedFen: 499}))
		}},
		{"holders-known", func(t *testing.T, c kit) {
			check(t, c.Move(c.ctx, Account(shop), sdk.AccAddress(strings.Repeat("p", 32)), 1))
			check(t, c.accounts.Remove(c.ctx, []byte(strings.Repeat("p", 32))))
		}},
	} {
		c := lived(t)
		c.checkInvariants(t)
		tc.harm(t, c)
		for _, i := range c.Invariants() {
			if i.Name == tc.name && i.Check(c.ctx) == nil {
				t.Errorf("%s noticed nothing", tc.name)
			}
		}
	}
}

// Whatever messages come in whatever order, no money appears or is lost.
func TestRandomSequence(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := newKit(t)
		params := DefaultParams()
		params.RefundSeconds, params.ChargebackSeconds = 3*86400, 2*86400
		check(t, c.params.Set(c.ctx, params))
		orgs := rapid.SampledFrom([]uint64{bankA, bankB, shop, mill, pending, 99})
		amount := rapid.Int64Range(-1, 300)
		t.Repeat(map[string]func(*rapid.T){
			"issue": func(t *rapid.T) {
				_, _ = c.msgs.Issue(c.ctx, &cashv1.MsgIssue{
					Device: "officer", OrgId: orgs.Draw(t, "issuer"), ToOrgId: orgs.Draw(t, "to"),
					AmountFen: amount.Draw(t, "fen"), BankReference: rapid.StringMatching(`[a-d]`).Draw(t, "ref"),
				})
			},
			"redeem": func(t *rapid.T) {
				_, _ = c.msgs.Redeem(c.ctx, &cashv1.MsgRedeem{
					Device: "officer", OrgId: orgs.Draw(t, "org"), IssuerOrgId: orgs.Draw(t, "issuer"),
					AmountFen: amount.Draw(t, "fen"), AccountHash: hash32,
				})
			},
			"transfer": func(t *rapid.T) {
				_, _ = c.msgs.Transfer(c.ctx, &cashv1.MsgTransfer{
					Device: "officer", OrgId: orgs.Draw(t, "org"), ToOrgId: orgs.Draw(t, "to"), AmountFen: amount.Draw(t, "fen"),
				})
			},
			"freeze": func(t *rapid.T) {
				_, _ = c.msgs.Freeze(c.ctx, &cashv1.MsgFreeze{
					Device: "officer", OrgId: regulator, TargetOrgId: orgs.Draw(t, "org"), CaseId: "c", ReasonHash: hash32,
					ExpiresAt: c.ctx.BlockTime().Unix() + 10,
				})
			},
			"finish": func(t *rapid.T) {
				id, bank := rapid.Uint64Range(1, 4).Draw(t, "id"), orgs.Draw(t, "issuer")
				if rapid.Bool().Draw(t, "settle") {
					_, _ = c.msgs.SettleRedemption(c.ctx, &cashv1.MsgSettleRedemption{Device: "service", OrgId: bank, RedemptionId: id, BankReference: "p"})
				} else {
					_, _ = c.msgs.RejectRedemption(c.ctx, &cashv1.MsgRejectRedemption{Device: "service", OrgId: bank, RedemptionId: id, RejectCode: "AC04"})
				}
			},
			"grant": func(t *rapid.T) {
				m := millMandate()
				m.OrgId, m.PayeeOrgId = orgs.Draw(t, "payer"), orgs.Draw(t, "payee")
				_, _ = c.msgs.GrantMandate(c.ctx, &m)
			},
			"debit": func(t *rapid.T) {
				id := rapid.Uint64Range(1, 3).Draw(t, "mandate")
				m, _ := c.Mandate(c.ctx, id)
				_, _ = c.msgs.Debit(c.ctx, &cashv1.MsgDebit{
					Device: "service", OrgId: m.PayeeOrgId, MandateId: id, Number: m.UsedCount + 1, AmountFen: amount.Draw(t, "fen"),
				})
			},
			"refund": func(t *rapid.T) {
				id := rapid.Uint64Range(1, 6).Draw(t, "payment")
				p, _ := c.living(c.ctx, id)
				_, _ = c.msgs.Refund(c.ctx, &cashv1.MsgRefund{
					Device: "officer", OrgId: p.PayeeOrgId, PaymentId: id, AmountFen: amount.Draw(t, "fen"), ReturnedFen: p.ReturnedFen,
				})
			},
			"chargeback": func(t *rapid.T) {
				id := rapid.Uint64Range(1, 6).Draw(t, "payment")
				p, _ := c.living(c.ctx, id)
				_, _ = c.msgs.OpenChargeback(c.ctx, &cashv1.MsgOpenChargeback{Device: "officer", OrgId: p.PayerOrgId, PaymentId: id, ReasonHash: hash32})
			},
			"resolve": func(t *rapid.T) {
				id := rapid.Uint64Range(1, 6).Draw(t, "payment")
				_, _ = c.msgs.ResolveChargeback(c.ctx, &cashv1.MsgResolveChargeback{
					Device: "officer", OrgId: regulator, PaymentId: id, Upheld: rapid.Bool().Draw(t, "upheld"),
				})
			},
			"collect": func(t *rapid.T) {
				id := rapid.Uint64Range(1, 6).Draw(t, "payment")
				p, _ := c.living(c.ctx, id)
				_, _ = c.msgs.CollectChargeback(c.ctx, &cashv1.MsgCollectChargeback{Device: "service", OrgId: p.PayerOrgId, PaymentId: id})
			},
			"report": func(t *rapid.T) {
				_, _ = c.msgs.ReportBalance(c.ctx, &cashv1.MsgReportBalance{
					Device: "service", OrgId: orgs.Draw(t, "issuer"), Day: dayOf(c.ctx.BlockTime().Unix()) - 1,
					BalanceFen: rapid.Int64Range(-1, 900).Draw(t, "balance"), UnsettledFen: amount.Draw(t, "unsettled"), StatementHash: hash32,
				})
			},
			"day": func(*rapid.T) {
				c.ctx = c.ctx.WithBlockTime(c.ctx.BlockTime().Add(24 * time.Hour))
				check(t, c.EndBlock(c.ctx))
			},
			"wait": func(*rapid.T) { c.ctx = c.ctx.WithBlockTime(c.ctx.BlockTime().Add(5e9)) },
			"":     func(t *rapid.T) { c.checkInvariants(t) },
		})
	})
}

// Store keys are part of the wire contract: proofs name them.
func TestStoreKeysGolden(t *testing.T) {
	t.Parallel()
	c := lived(t)
	var out strings.Builder
	it := c.ctx.KVStore(c.key).Iterator(nil, nil)
	defer it.Close()
	for ; it.Valid(); it.Next() {
		fmt.Fprintf(&out, "%x\n", it.Key())
	}
	golden.Same(t, "testdata/keys.golden", out.String())
}

// Error codes are part of the wire contract.
func TestErrorsGolden(t *testing.T) {
	t.Parallel()
	all := []*errorsmod.Error{
		ErrUnauthorised, ErrField, ErrAmount, ErrLimit, ErrReference, ErrHolder, ErrFrozen, ErrFunds,
		ErrIssuer, ErrNotFound, ErrStatus, ErrTooMany, ErrParams, ErrGenesis, ErrInvariant, ErrEnded, ErrMandate,
		ErrNumber, ErrReturn, ErrWindow, ErrDebt, ErrDay, ErrUnreconciled,
	}
	slices.SortFunc(all, func(a, b *errorsmod.Error) int { return int(a.ABCICode()) - int(b.ABCICode()) })
	var out strings.Builder
	for i, e := range all {
		if i > 0 && all[i-1].ABCICode() == e.ABCICode() {
			t.Errorf("code %d twice", e.ABCICode())
		}
		fmt.Fprintf(&out, "%s %d %s\n", e.Codespace(), e.ABCICode(), e.Error())
	}
	golden.Same(t, "testdata/errors.golden", out.String())
}

// An organisation's account is 32 bytes, carries its id and never moves.
func TestAccount(t *testing.T) {
	t.Parallel()
	golden.Same(t, "testdata/accounts.golden", fmt.Sprintf("1 %x %s\n18446744073709551615 %x %s\n",
		[]byte(Account(1)), wire.AddressText(Account(1)), []byte(Account(1<<64-1)), wire.AddressText(Account(1<<64-1))))
	for _, id := range []uint64{0, 1, 1 << 40, 1<<64 - 1} {
		if got, ok := AccountOwner(Account(id)); !ok || got != id {
			t.Errorf("got %d, %v, want %d", got, ok, id)
		}
	}
	bent := Account(1)
	bent[23] ^= 1
	for _, a := range []sdk.AccAddress{nil, bent, Account(1)[:31], append(Account(1), 0)} {
		if _, ok := AccountOwner(a); ok {
			t.Errorf("%x passes for an organisation's account", []byte(a))
		}
	}
}

func check(t tester, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
