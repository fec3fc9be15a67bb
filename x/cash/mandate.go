package cash

import (
	"context"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	cashv1 "github.com/xinlian/xinlian/gen/xinlian/cash/v1"
)

// Bounds of a mandate.
const (
	// PeriodSecondsMin is the shortest period: a minute, for networks with compressed periods.
	PeriodSecondsMin = 60
	// PeriodSecondsMax is the longest period: a year.
	PeriodSecondsMax = 366 * 86400
	// PeriodCountMax bounds the debits of one period.
	PeriodCountMax = 1000
	// MandateSecondsMax is the longest life of a mandate: five years, longer than any loan here.
	MandateSecondsMax = 5 * 366 * 86400
	// MandateDelaySecondsMax bounds how far ahead a mandate may start.
	MandateDelaySecondsMax = 366 * 86400
)

// checkMandate checks the terms by themselves.
func checkMandate(m cashv1.Mandate) error {
	if m.PayerOrgId == m.PayeeOrgId {
		return ErrField.Wrap("payer and payee are one organisation")
	}
	for _, b := range []struct {
		name             string
		got, least, most int64
	}{
		{"debit_fen_max", m.DebitFenMax, 1, AmountFenCeiling},
		{"period_fen_max", m.PeriodFenMax, m.DebitFenMax, AmountFenCeiling},
		{"period_count_max", int64(m.PeriodCountMax), 1, PeriodCountMax},
		{"period_seconds", m.PeriodSeconds, PeriodSecondsMin, PeriodSecondsMax},
		{"expires_at", m.ExpiresAt, m.StartsAt + 1, m.StartsAt + MandateSecondsMax},
	} {
		if b.got < b.least || b.got > b.most {
			return ErrField.Wrapf("%s: got %d, want %d to %d", b.name, b.got, b.least, b.most)
		}
	}
	return checkHash("reference_hash", m.ReferenceHash)
}

// draw is the mandate after a debit of amountFen at that time. Periods are counted
// from starts_at, so that a sum is bounded over fixed spans and not over any span:
// a debit at the end of one and at the start of the next may lie close together.
func draw(m cashv1.Mandate, amountFen, now int64) (cashv1.Mandate, error) {
	switch {
	case m.RevokedAt != 0:
		return m, ErrEnded.Wrapf("mandate %d was revoked", m.Id)
	case now < m.StartsAt || now >= m.ExpiresAt:
		return m, ErrEnded.Wrapf("mandate %d runs from %d to before %d", m.Id, m.StartsAt, m.ExpiresAt)
	case amountFen < 1:
		return m, ErrAmount.Wrapf("got %d, want at least 1", amountFen)
	case amountFen > m.DebitFenMax:
		return m, ErrMandate.Wrapf("got %d, one debit is at most %d", amountFen, m.DebitFenMax)
	}
	if period := (now - m.StartsAt) / m.PeriodSeconds; period != m.Period {
		m.Period, m.PeriodUsedFen, m.PeriodUsedCount = period, 0, 0
	}
	if amountFen > m.PeriodFenMax-m.PeriodUsedFen {
		return m, ErrMandate.Wrapf("got %d, the period has %d left", amountFen, m.PeriodFenMax-m.PeriodUsedFen)
	}
	if m.PeriodUsedCount >= m.PeriodCountMax {
		return m, ErrMandate.Wrapf("the period has had its %d debits", m.PeriodCountMax)
	}
	used, ok := addFen(m.UsedFen, amountFen)
	if !ok {
		return m, ErrAmount.Wrapf("used %d plus %d leaves 64 bits", m.UsedFen, amountFen)
	}
	m.UsedFen = used
	m.UsedCount++
	m.PeriodUsedFen += amountFen
	m.PeriodUsedCount++
	return m, nil
}

// DebitOrder asks for money under a mandate.
type DebitOrder struct {
	MandateID uint64
	AmountFen int64
	// To is the account to pay into: nil for the payee's own, else one that a module
	// has opened for the payee, a pool's say.
	To sdk.AccAddress
	// ReferenceHash is the salted hash of what is collected, HashBytes long or empty.
	ReferenceHash []byte
}

// Debit takes money under a mandate and returns the payment's id. It is for
// MsgDebit and for modules that collect for the payee: the caller answers for the
// order being the payee's, and no device limit and no amount_fen_max bind it.
// What it took can be refunded and disputed like any debit, out of the payee's own
// account, wherever it was paid into. Errors: ErrNotFound, ErrEnded, ErrMandate,
// ErrAmount, ErrField, ErrHolder, ErrDebt, and those of [Keeper.Move]; then nothing
// has moved and no use is counted.
func (k *Keeper) Debit(ctx context.Context, o DebitOrder) (uint64, error) {
	if len(o.ReferenceHash) != 0 {
		if err := checkHash("reference_hash", o.ReferenceHash); err != nil {
			return 0, err
		}
	}
	m, err := k.Mandate(ctx, o.MandateID)
	if err != nil {
		return 0, err
	}
	if m, err = draw(m, o.AmountFen, blockTime(ctx)); err != nil {
		return 0, err
	}
	to := Account(m.PayeeOrgId)
	if len(o.To) != 0 {
		owner, err := k.holder(ctx, o.To)
		if err != nil {
			return 0, err
		}
		if owner != m.PayeeOrgId {
			return 0, ErrHolder.Wrapf("account is not of the payee, organisation %d", m.PayeeOrgId)
		}
		to = o.To
	}
	if err := k.checkPayee(ctx, m.PayeeOrgId); err != nil {
		return 0, err
	}
	if err := k.checkDebts(ctx, m.PayeeOrgId); err != nil {
		return 0, err
	}
	if err := k.Move(ctx, Account(m.PayerOrgId), to, o.AmountFen); err != nil {
		return 0, err
	}
	if err := k.mandates.Set(ctx, m.Id, m); err != nil {
		return 0, err
	}
	return k.pay(ctx, cashv1.Payment{
		Kind:       cashv1.PaymentKind_PAYMENT_KIND_DEBIT,
		PayerOrgId: m.PayerOrgId, PayeeOrgId: m.PayeeOrgId, AmountFen: o.AmountFen,
		MandateId: m.Id, ReferenceHash: o.ReferenceHash,
	})
}

// Mandate is a mandate by its id, or ErrNotFound.
func (k *Keeper) Mandate(ctx context.Context, id uint64) (cashv1.Mandate, error) {
	m, found, err := lookup(k.mandates.Get(ctx, id))
	if err == nil && !found {
		err = ErrNotFound.Wrapf("mandate %d", id)
	}
	return m, err
}

// grant writes a new mandate under the next id, which it returns.
func (k *Keeper) grant(ctx context.Context, m cashv1.Mandate) (uint64, error) {
	last, err := k.nextMandate.Next(ctx)
	if err != nil {
		return 0, err
	}
	m.Id = last + 1
	return m.Id, k.putMandate(ctx, m)
}

func (k *Keeper) putMandate(ctx context.Context, m cashv1.Mandate) error {
	if err := k.mandates.Set(ctx, m.Id, m); err != nil {
		return err
	}
	if err := k.granted.Set(ctx, collections.Join(m.PayerOrgId, m.Id)); err != nil {
		return err
	}
	return k.held.Set(ctx, collections.Join(m.PayeeOrgId, m.Id))
}
