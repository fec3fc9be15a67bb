package cash

import (
	"errors"
	"strings"
	"testing"
	"time"

	sdk "github.com/cosmos/cosmos-sdk/types"

	cashv1 "github.com/xinlian/xinlian/gen/xinlian/cash/v1"
)

// A mandate is granted by a person of the payer within the device's limit; each bent
// term is refused with its code and leaves no row.
func TestGrantRefused(t *testing.T) {
	t.Parallel()
	now := genesisTime.Unix()
	for _, tc := range []struct {
		name string
		bend func(m *cashv1.MsgGrantMandate)
		want error
	}{
		{"to itself", func(m *cashv1.MsgGrantMandate) { m.PayeeOrgId = shop }, ErrField},
		{"no debit", func(m *cashv1.MsgGrantMandate) { m.DebitFenMax = 0 }, ErrField},
		{"period below a debit", func(m *cashv1.MsgGrantMandate) { m.PeriodFenMax = 99 }, ErrField},
		{"period beyond all money", func(m *cashv1.MsgGrantMandate) { m.PeriodFenMax = AmountFenCeiling + 1 }, ErrField},
		{"no count", func(m *cashv1.MsgGrantMandate) { m.PeriodCountMax = 0 }, ErrField},
		{"large count", func(m *cashv1.MsgGrantMandate) { m.PeriodCountMax = PeriodCountMax + 1 }, ErrField},
		{"short period", func(m *cashv1.MsgGrantMandate) { m.PeriodSeconds = PeriodSecondsMin - 1 }, ErrField},
		{"long period", func(m *cashv1.MsgGrantMandate) { m.PeriodSeconds = PeriodSecondsMax + 1 }, ErrField},
		{"starts in the past", func(m *cashv1.MsgGrantMandate) { m.StartsAt = now - 1 }, ErrField},
		{"starts far away", func(m *cashv1.MsgGrantMandate) { m.StartsAt = now + MandateDelaySecondsMax + 1 }, ErrField},
		{"ends at its start", func(m *cashv1.MsgGrantMandate) { m.ExpiresAt = now }, ErrField},
		{"ends far away", func(m *cashv1.MsgGrantMandate) { m.ExpiresAt = now + MandateSecondsMax + 1 }, ErrField},
		{"no agreement", func(m *cashv1.MsgGrantMandate) { m.ReferenceHash = nil }, ErrField},
		{"unknown device", func(m *cashv1.MsgGrantMandate) { m.Device = "x" }, errOrg},
		{"a machine", func(m *cashv1.MsgGrantMandate) { m.Device = "service" }, ErrUnauthorised},
		{"above the device's limit", func(m *cashv1.MsgGrantMandate) { m.Device = "poor" }, ErrLimit},
		{"unknown payee", func(m *cashv1.MsgGrantMandate) { m.PayeeOrgId = 99 }, errOrg},
		{"payee not identified yet", func(m *cashv1.MsgGrantMandate) { m.PayeeOrgId = pending }, ErrHolder},
	} {
		c := newKit(t)
		m := millMandate()
		tc.bend(&m)
		if _, err := c.msgs.GrantMandate(c.ctx, &m); !errors.Is(err, tc.want) {
			t.Errorf("%s: got %v, want %v", tc.name, err, tc.want)
		}
		if res, err := c.asks.Mandates(c.ctx, &cashv1.QueryMandatesRequest{OrgId: shop}); err != nil || len(res.Mandates) != 0 {
			t.Errorf("%s: left %v, %v", tc.name, res, err)
		}
	}
}

// A debit takes money within every limit of the mandate, each use is counted, and a
// refusal counts none.
func TestDebitLimits(t *testing.T) {
	t.Parallel()
	day := 24 * time.Hour
	type step struct {
		at        time.Duration
		amountFen int64
		want      error
	}
	for name, steps := range map[string][]step{
		"one debit":          {{0, 101, ErrMandate}, {0, 100, nil}},
		"sum of a period":    {{0, 100, nil}, {0, 60, nil}, {0, 41, ErrMandate}, {0, 40, nil}},
		"count of a period":  {{0, 1, nil}, {0, 1, nil}, {0, 1, nil}, {day - time.Second, 1, ErrMandate}, {day, 1, nil}},
		"periods are fixed":  {{0, 100, nil}, {day - time.Second, 100, nil}, {day, 100, nil}, {3 * day, 100, nil}},
		"nothing":            {{0, 0, ErrAmount}, {0, -1, ErrAmount}},
		"before its end":     {{10*day - time.Second, 1, nil}, {10 * day, 1, ErrEnded}},
		"before its start":   {{-time.Second, 1, ErrEnded}},
		"more than there is": {{0, 100, nil}, {0, 100, nil}, {day, 100, nil}, {day, 100, nil}, {2 * day, 100, nil}, {2 * day, 1, ErrFunds}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newKit(t)
			c.issue(t, shop, 500, "r")
			id := c.grant(t, millMandate())
			taken, number := int64(0), uint64(1)
			for i, s := range steps {
				c := c.at(s.at)
				_, err := c.msgs.Debit(c.ctx, &cashv1.MsgDebit{Device: "service", OrgId: mill, MandateId: id, Number: number, AmountFen: s.amountFen})
				if !errors.Is(err, s.want) {
					t.Errorf("step %d: got %v, want %v", i, err, s.want)
				}
				if err == nil {
					taken += s.amountFen
					number++
				}
				c.wantBalance(t, mill, taken)
				m, err := c.Mandate(c.ctx, id)
				if err != nil || m.UsedFen != taken || m.UsedCount != number-1 {
					t.Errorf("step %d: got %v, %v", i, m, err)
				}
			}
			c.checkInvariants(t)
		})
	}
}

// Only the payee debits, in order of number, and a revoked mandate gives nothing in
// the same block; either side revokes, nobody else, and once.
func TestDebitAndRevoke(t *testing.T) {
	t.Parallel()
	c := newKit(t)
	c.issue(t, shop, 500, "r")
	c = c.fresh()
	id := c.grant(t, millMandate())
	c.wantEvents(t, &cashv1.EventMandate{MandateId: 1, PayerOrgId: shop, PayeeOrgId: mill})
	c.debit(t, id, 1, 10)
	for _, tc := range []struct {
		name string
		bend func(m *cashv1.MsgDebit)
		want error
	}{
		{"repeated", func(m *cashv1.MsgDebit) { m.Number = 1 }, ErrNumber},
		{"ahead", func(m *cashv1.MsgDebit) { m.Number = 3 }, ErrNumber},
		{"another payee", func(m *cashv1.MsgDebit) { m.OrgId = bankB }, ErrUnauthorised},
		{"the payer", func(m *cashv1.MsgDebit) { m.OrgId = shop }, ErrUnauthorised},
		{"no such mandate", func(m *cashv1.MsgDebit) { m.MandateId = 2 }, ErrNotFound},
		{"unknown device", func(m *cashv1.MsgDebit) { m.Device = "x" }, errOrg},
		{"above the device's limit", func(m *cashv1.MsgDebit) { m.Device = "poor" }, ErrLimit},
		{"short reference", func(m *cashv1.MsgDebit) { m.ReferenceHash = hash32[1:] }, ErrField},
	} {
		m := cashv1.MsgDebit{Device: "service", OrgId: mill, MandateId: id, Number: 2, AmountFen: 10}
		tc.bend(&m)
		if _, err := c.msgs.Debit(c.ctx, &m); !errors.Is(err, tc.want) {
			t.Errorf("%s: got %v, want %v", tc.name, err, tc.want)
		}
	}
	c.wantBalance(t, mill, 10)
	if _, err := c.msgs.RevokeMandate(c.ctx, &cashv1.MsgRevokeMandate{Device: "officer", OrgId: bankA, MandateId: id}); !errors.Is(err, ErrUnauthorised) {
		t.Errorf("a stranger's revocation: got %v", err)
	}
	c = c.fresh()
	if _, err := c.msgs.RevokeMandate(c.ctx, &cashv1.MsgRevokeMandate{Device: "officer", OrgId: shop, MandateId: id}); err != nil {
		t.Fatal(err)
	}
	c.wantEvents(t, &cashv1.EventMandate{MandateId: 1, PayerOrgId: shop, PayeeOrgId: mill, Revoked: true})
	if _, err := c.msgs.Debit(c.ctx, &cashv1.MsgDebit{Device: "service", OrgId: mill, MandateId: id, Number: 2, AmountFen: 10}); !errors.Is(err, ErrEnded) {
		t.Errorf("after revocation: got %v, want %v", err, ErrEnded)
	}
	if _, err := c.msgs.RevokeMandate(c.ctx, &cashv1.MsgRevokeMandate{Device: "officer", OrgId: mill, MandateId: id}); !errors.Is(err, ErrEnded) {
		t.Errorf("revoked twice: got %v, want %v", err, ErrEnded)
	}
	second := c.grant(t, millMandate())
	if _, err := c.msgs.RevokeMandate(c.ctx, &cashv1.MsgRevokeMandate{Device: "service", OrgId: mill, MandateId: second}); err != nil {
		t.Errorf("the payee gives it up: %v", err)
	}
	byPayee, err := c.asks.Mandates(c.ctx, &cashv1.QueryMandatesRequest{OrgId: mill, AsPayee: true})
	if err != nil || len(byPayee.Mandates) != 2 || byPayee.Mandates[0].UsedCount != 1 {
		t.Errorf("got %v, %v", byPayee, err)
	}
	c.checkInvariants(t)
}

// A module collects under a mandate into an account that it has opened for the
// payee, and into no other; a freeze of the payer stops it.
func TestDebitByModule(t *testing.T) {
	t.Parallel()
	c := newKit(t)
	c.issue(t, shop, 500, "r")
	id := c.grant(t, millMandate())
	pool, foreign, nobody := sdk.AccAddress(strings.Repeat("m", 32)), sdk.AccAddress(strings.Repeat("f", 32)), sdk.AccAddress(strings.Repeat("n", 32))
	check(t, c.OpenAccount(c.ctx, pool, mill))
	check(t, c.OpenAccount(c.ctx, foreign, bankB))
	check(t, c.OpenAccount(c.ctx, nobody, 0))
	for name, to := range map[string]sdk.AccAddress{
		"another's": foreign, "nobody's": nobody, "the payer's": Account(shop), "unknown": sdk.AccAddress(strings.Repeat("u", 32)),
	} {
		if _, err := c.Debit(c.ctx, DebitOrder{MandateID: id, AmountFen: 5, To: to}); !errors.Is(err, ErrHolder) {
			t.Errorf("into %s account: got %v, want %v", name, err, ErrHolder)
		}
	}
	c = c.fresh()
	payment, err := c.Debit(c.ctx, DebitOrder{MandateID: id, AmountFen: 70, To: pool, ReferenceHash: hash32})
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := c.Balance(c.ctx, pool); got != 70 {
		t.Errorf("pool: got %d, want 70", got)
	}
	res, err := c.asks.Payment(c.ctx, &cashv1.QueryPaymentRequest{Id: payment})
	if err != nil || res.Payment.MandateId != id || res.Payment.PayeeOrgId != mill || res.Payment.AmountFen != 70 {
		t.Errorf("got %v, %v", res, err)
	}
	// What comes back is out of the payee's own account: the pool's books stay whole.
	c.issue(t, mill, 20, "own")
	if _, err := c.msgs.Refund(c.ctx, &cashv1.MsgRefund{Device: "officer", OrgId: mill, PaymentId: payment, AmountFen: 20}); err != nil {
		t.Fatal(err)
	}
	c.wantBalance(t, mill, 0)
	if got, _ := c.Balance(c.ctx, pool); got != 70 {
		t.Errorf("pool after the refund: got %d, want 70", got)
	}
	_, err = c.msgs.Freeze(c.ctx, &cashv1.MsgFreeze{
		Device: "officer", OrgId: regulator, TargetOrgId: shop, CaseId: "c", ReasonHash: hash32, ExpiresAt: genesisTime.Unix() + 60,
	})
	check(t, err)
	if _, err := c.Debit(c.ctx, DebitOrder{MandateID: id, AmountFen: 1}); !errors.Is(err, ErrFrozen) {
		t.Errorf("a frozen payer: got %v, want %v", err, ErrFrozen)
	}
	c.checkInvariants(t)
}

// A refund gives back no more than was received, only by the payee, in time, and not
// twice for one message.
func TestRefund(t *testing.T) {
	t.Parallel()
	c := newKit(t)
	c.issue(t, shop, 100, "r")
	res, err := c.msgs.Transfer(c.ctx, &cashv1.MsgTransfer{Device: "officer", OrgId: shop, ToOrgId: mill, AmountFen: 50})
	check(t, err)
	refund := func(c kit, bend func(m *cashv1.MsgRefund)) error {
		m := cashv1.MsgRefund{Device: "officer", OrgId: mill, PaymentId: res.PaymentId, AmountFen: 20}
		bend(&m)
		_, err := c.msgs.Refund(c.ctx, &m)
		return err
	}
	end := time.Duration(DefaultParams().RefundSeconds) * time.Second
	for _, tc := range []struct {
		name string
		at   time.Duration
		bend func(m *cashv1.MsgRefund)
		want error
	}{
		{"more than received", 0, func(m *cashv1.MsgRefund) { m.AmountFen = 51 }, ErrReturn},
		{"nothing", 0, func(m *cashv1.MsgRefund) { m.AmountFen = 0 }, ErrAmount},
		{"by the payer", 0, func(m *cashv1.MsgRefund) { m.OrgId = shop }, ErrUnauthorised},
		{"unknown payment", 0, func(m *cashv1.MsgRefund) { m.PaymentId = 9 }, ErrNotFound},
		{"above the device's limit", 0, func(m *cashv1.MsgRefund) { m.Device = "poor" }, ErrLimit},
		{"too late", end, func(*cashv1.MsgRefund) {}, ErrWindow},
		{"a part", end - time.Second, func(*cashv1.MsgRefund) {}, nil},
		{"the same message again", 0, func(*cashv1.MsgRefund) {}, ErrNumber},
		{"more than the rest", 0, func(m *cashv1.MsgRefund) { m.ReturnedFen, m.AmountFen = 20, 31 }, ErrReturn},
		{"the rest", 0, func(m *cashv1.MsgRefund) { m.ReturnedFen, m.AmountFen = 20, 30 }, nil},
		{"and more", 0, func(m *cashv1.MsgRefund) { m.ReturnedFen, m.AmountFen = 50, 1 }, ErrReturn},
	} {
		c = c.fresh()
		if err := refund(c.at(tc.at), tc.bend); !errors.Is(err, tc.want) {
			t.Errorf("%s: got %v, want %v", tc.name, err, tc.want)
		}
	}
	c.wantBalance(t, shop, 100)
	c.checkInvariants(t)
}

// Rows of payments die at their end in order, a bounded number in a block, while one
// with an open chargeback waits for its arbiter.
func TestPaymentsEnd(t *testing.T) {
	t.Parallel()
	c := newKit(t)
	c.issue(t, shop, 1000, "r")
	disputed := c.debit(t, c.grant(t, millMandate()), 1, 100)
	c.dispute(t, disputed)
	for range EndedPerBlockMax + 1 {
		_, err := c.msgs.Transfer(c.ctx, &cashv1.MsgTransfer{Device: "officer", OrgId: shop, ToOrgId: mill, AmountFen: 1})
		check(t, err)
	}
	left := func(c kit) int {
		rows, err := values(c.ctx, c.payments)
		check(t, err)
		return len(rows)
	}
	end := time.Duration(DefaultParams().RefundSeconds) * time.Second
	for i, want := range []int{EndedPerBlockMax + 2, 2, 1, 1} {
		at := end
		if i == 0 {
			at -= time.Second
		}
		c = c.at(at)
		check(t, c.EndBlock(c.ctx))
		if got := left(c); got != want {
			t.Errorf("block %d: got %d rows, want %d", i, got, want)
		}
		c.checkInvariants(t)
	}
	c.resolve(t, disputed, false)
	check(t, c.EndBlock(c.ctx))
	if got := left(c); got != 0 {
		t.Errorf("after the decision: got %d rows", got)
	}
	c.checkInvariants(t)
}

// A chargeback is opened by the payer of a debit, once, in time, and decided by a
// regulator or issuer that is no party.
func TestChargebackRefused(t *testing.T) {
	t.Parallel()
	c := newKit(t)
	c.issue(t, shop, 500, "r")
	mandate := c.grant(t, millMandate())
	debit, second, refunded := c.debit(t, mandate, 1, 50), c.debit(t, mandate, 2, 50), c.debit(t, mandate, 3, 10)
	_, err := c.msgs.Refund(c.ctx, &cashv1.MsgRefund{Device: "officer", OrgId: mill, PaymentId: refunded, AmountFen: 10})
	check(t, err)
	transfer, err := c.msgs.Transfer(c.ctx, &cashv1.MsgTransfer{Device: "officer", OrgId: shop, ToOrgId: mill, AmountFen: 1})
	check(t, err)
	open := func(at time.Duration, bend func(m *cashv1.MsgOpenChargeback)) error {
		m := cashv1.MsgOpenChargeback{Device: "officer", OrgId: shop, PaymentId: debit, ReasonHash: hash32}
		bend(&m)
		_, err := c.msgs.OpenChargeback(c.at(at).ctx, &m)
		return err
	}
	window := time.Duration(DefaultParams().ChargebackSeconds) * time.Second
	for _, tc := range []struct {
		name string
		at   time.Duration
		bend func(m *cashv1.MsgOpenChargeback)
		want error
	}{
		{"no reason", 0, func(m *cashv1.MsgOpenChargeback) { m.ReasonHash = nil }, ErrField},
		{"a machine", 0, func(m *cashv1.MsgOpenChargeback) { m.Device = "service" }, ErrUnauthorised},
		{"by the payee", 0, func(m *cashv1.MsgOpenChargeback) { m.OrgId = mill }, ErrUnauthorised},
		{"a transfer", 0, func(m *cashv1.MsgOpenChargeback) { m.PaymentId = transfer.PaymentId }, ErrStatus},
		{"given back", 0, func(m *cashv1.MsgOpenChargeback) { m.PaymentId = refunded }, ErrReturn},
		{"too late", window, func(*cashv1.MsgOpenChargeback) {}, ErrWindow},
		{"right", window - time.Second, func(*cashv1.MsgOpenChargeback) {}, nil},
		{"twice", 0, func(*cashv1.MsgOpenChargeback) {}, ErrStatus},
	} {
		if err := open(tc.at, tc.bend); !errors.Is(err, tc.want) {
			t.Errorf("%s: got %v, want %v", tc.name, err, tc.want)
		}
	}
	for _, tc := range []struct {
		name string
		bend func(m *cashv1.MsgResolveChargeback)
		want error
	}{
		{"a machine", func(m *cashv1.MsgResolveChargeback) { m.Device = "service" }, ErrUnauthorised},
		{"the payer", func(m *cashv1.MsgResolveChargeback) { m.OrgId = shop }, ErrUnauthorised},
		{"the payee", func(m *cashv1.MsgResolveChargeback) { m.OrgId = mill }, ErrUnauthorised},
		{"nothing to decide", func(m *cashv1.MsgResolveChargeback) { m.PaymentId = second }, ErrStatus},
		{"an issuer", func(m *cashv1.MsgResolveChargeback) { m.OrgId = bankB }, nil},
		{"decided already", func(*cashv1.MsgResolveChargeback) {}, ErrStatus},
	} {
		m := cashv1.MsgResolveChargeback{Device: "officer", OrgId: regulator, PaymentId: debit}
		tc.bend(&m)
		if _, err := c.msgs.ResolveChargeback(c.ctx, &m); !errors.Is(err, tc.want) {
			t.Errorf("%s: got %v, want %v", tc.name, err, tc.want)
		}
	}
	c.wantBalance(t, mill, 101)
	c.checkInvariants(t)

	// An issuer that is a party does not judge its own case.
	m := millMandate()
	m.PayeeOrgId = bankB
	id := c.grant(t, m)
	res, err := c.msgs.Debit(c.ctx, &cashv1.MsgDebit{Device: "service", OrgId: bankB, MandateId: id, Number: 1, AmountFen: 5})
	check(t, err)
	c.dispute(t, res.PaymentId)
	if _, err := c.msgs.ResolveChargeback(c.ctx, &cashv1.MsgResolveChargeback{Device: "officer", OrgId: bankB, PaymentId: res.PaymentId}); !errors.Is(err, ErrUnauthorised) {
		t.Errorf("its own case: got %v", err)
	}
}

// An upheld chargeback returns at once what the payee has; the rest is owed, stops
// the payee's debits, transfers and redemptions, and is collected when money comes.
func TestChargebackUpheld(t *testing.T) {
	t.Parallel()
	c := newKit(t)
	c.issue(t, shop, 500, "r")
	mandate := c.grant(t, millMandate())
	payment := c.debit(t, mandate, 1, 100)
	check(t, c.Move(c.ctx, Account(mill), Account(bankB), 70))
	c.dispute(t, payment)
	c = c.fresh()
	c.resolve(t, payment, true)
	c.wantBalance(t, mill, 0)
	c.wantBalance(t, shop, 430)
	for name, do := range map[string]func() error{
		"debit": func() error {
			_, err := c.msgs.Debit(c.ctx, &cashv1.MsgDebit{Device: "service", OrgId: mill, MandateId: mandate, Number: 2, AmountFen: 1})
			return err
		},
		"transfer": func() error {
			_, err := c.msgs.Transfer(c.ctx, &cashv1.MsgTransfer{Device: "officer", OrgId: mill, ToOrgId: bankB, AmountFen: 1})
			return err
		},
		"redemption": func() error {
			_, err := c.msgs.Redeem(c.ctx, &cashv1.MsgRedeem{Device: "officer", OrgId: mill, IssuerOrgId: bankA, AmountFen: 1, AccountHash: hash32})
			return err
		},
	} {
		if err := do(); !errors.Is(err, ErrDebt) {
			t.Errorf("%s: got %v, want %v", name, err, ErrDebt)
		}
	}
	collect := func(c kit, org uint64) (int64, error) {
		res, err := c.msgs.CollectChargeback(c.ctx, &cashv1.MsgCollectChargeback{Device: "service", OrgId: org, PaymentId: payment})
		return res.GetAmountFen(), err
	}
	if _, err := collect(c, shop); !errors.Is(err, ErrFunds) {
		t.Errorf("nothing there: got %v", err)
	}
	c.issue(t, mill, 30, "later")
	if _, err := collect(c, mill); !errors.Is(err, ErrUnauthorised) {
		t.Errorf("by the payee: got %v", err)
	}
	if got, err := collect(c, shop); err != nil || got != 30 {
		t.Errorf("got %d, %v, want 30", got, err)
	}
	// The debt outlives the time of the payment, and the payee may pay it itself.
	c = c.at(2 * time.Duration(DefaultParams().RefundSeconds) * time.Second)
	check(t, c.EndBlock(c.ctx))
	c.issue(t, mill, 90, "much-later")
	if _, err := c.msgs.Refund(c.ctx, &cashv1.MsgRefund{Device: "officer", OrgId: mill, PaymentId: payment, AmountFen: 40, ReturnedFen: 60}); err != nil {
		t.Fatal(err)
	}
	c.wantBalance(t, shop, 500)
	if _, err := c.msgs.Transfer(c.ctx, &cashv1.MsgTransfer{Device: "officer", OrgId: mill, ToOrgId: bankB, AmountFen: 1}); err != nil {
		t.Errorf("free again: %v", err)
	}
	c.checkInvariants(t)
	check(t, c.EndBlock(c.ctx))
	if _, err := collect(c, shop); !errors.Is(err, ErrNotFound) {
		t.Errorf("after its end: got %v", err)
	}
	c.checkInvariants(t)
}

// A frozen payee's money stays where it is: the decision stands, all of it owed.
func TestChargebackOfFrozen(t *testing.T) {
	t.Parallel()
	c := newKit(t)
	c.issue(t, shop, 500, "r")
	payment := c.debit(t, c.grant(t, millMandate()), 1, 100)
	c.dispute(t, payment)
	_, err := c.msgs.Freeze(c.ctx, &cashv1.MsgFreeze{
		Device: "officer", OrgId: regulator, TargetOrgId: mill, CaseId: "c", ReasonHash: hash32, ExpiresAt: genesisTime.Unix() + 60,
	})
	check(t, err)
	c = c.fresh()
	c.resolve(t, payment, true)
	c.wantEvents(t, &cashv1.EventChargeback{PaymentId: payment, Status: cashv1.ChargebackStatus_CHARGEBACK_STATUS_UPHELD, OwedFen: 100})
	c.wantBalance(t, mill, 100)
	c = c.at(time.Minute)
	if _, err := c.msgs.CollectChargeback(c.ctx, &cashv1.MsgCollectChargeback{Device: "officer", OrgId: shop, PaymentId: payment}); err != nil {
		t.Fatal(err)
	}
	c.wantBalance(t, shop, 500)
	c.checkInvariants(t)
}
