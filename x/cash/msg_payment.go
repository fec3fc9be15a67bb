package cash

import (
	"context"

	cashv1 "github.com/xinlian/xinlian/gen/xinlian/cash/v1"
)

// GrantMandate lets another organisation debit the sender's. The device's limit
// must cover a whole period: it lets go of that much at once.
func (s msgServer) GrantMandate(ctx context.Context, m *cashv1.MsgGrantMandate) (*cashv1.MsgGrantMandateResponse, error) {
	now := blockTime(ctx)
	row := cashv1.Mandate{
		PayerOrgId: m.OrgId, PayeeOrgId: m.PayeeOrgId,
		DebitFenMax: m.DebitFenMax, PeriodSeconds: m.PeriodSeconds,
		PeriodFenMax: m.PeriodFenMax, PeriodCountMax: m.PeriodCountMax,
		StartsAt: m.StartsAt, ExpiresAt: m.ExpiresAt, ReferenceHash: m.ReferenceHash,
	}
	if row.StartsAt == 0 {
		row.StartsAt = now
	}
	if row.StartsAt < now || row.StartsAt > now+MandateDelaySecondsMax {
		return nil, ErrField.Wrapf("starts_at: got %d, want %d to %d", row.StartsAt, now, now+MandateDelaySecondsMax)
	}
	if err := checkMandate(row); err != nil {
		return nil, err
	}
	_, device, err := s.k.orgs.Acting(ctx, m.Device, m.OrgId)
	if err != nil {
		return nil, err
	}
	if err := checkPerson(device); err != nil {
		return nil, err
	}
	if row.PeriodFenMax > device.AmountLimitFen {
		return nil, ErrLimit.Wrapf("period_fen_max %d, limit %d", row.PeriodFenMax, device.AmountLimitFen)
	}
	if err := s.k.checkPayee(ctx, m.PayeeOrgId); err != nil {
		return nil, err
	}
	id, err := s.k.grant(ctx, row)
	if err != nil {
		return nil, err
	}
	return &cashv1.MsgGrantMandateResponse{MandateId: id}, emit(ctx, &cashv1.EventMandate{
		MandateId: id, PayerOrgId: row.PayerOrgId, PayeeOrgId: row.PayeeOrgId,
	})
}

// RevokeMandate ends a mandate at once: the next debit is refused, in the same block.
// Any device of either side may, a machine too, since it only stops money.
func (s msgServer) RevokeMandate(ctx context.Context, m *cashv1.MsgRevokeMandate) (*cashv1.MsgRevokeMandateResponse, error) {
	if _, _, err := s.k.orgs.Acting(ctx, m.Device, m.OrgId); err != nil {
		return nil, err
	}
	row, err := s.k.Mandate(ctx, m.MandateId)
	if err != nil {
		return nil, err
	}
	if m.OrgId != row.PayerOrgId && m.OrgId != row.PayeeOrgId {
		return nil, ErrUnauthorised.Wrapf("mandate %d is between %d and %d", row.Id, row.PayerOrgId, row.PayeeOrgId)
	}
	if row.RevokedAt != 0 {
		return nil, ErrEnded.Wrapf("mandate %d was revoked", row.Id)
	}
	row.RevokedAt = blockTime(ctx)
	if err := s.k.mandates.Set(ctx, row.Id, row); err != nil {
		return nil, err
	}
	return &cashv1.MsgRevokeMandateResponse{}, emit(ctx, &cashv1.EventMandate{
		MandateId: row.Id, PayerOrgId: row.PayerOrgId, PayeeOrgId: row.PayeeOrgId, Revoked: true,
	})
}

// Debit takes money under a mandate for the sender's organisation.
func (s msgServer) Debit(ctx context.Context, m *cashv1.MsgDebit) (*cashv1.MsgDebitResponse, error) {
	_, device, err := s.k.orgs.Acting(ctx, m.Device, m.OrgId)
	if err != nil {
		return nil, err
	}
	if err := s.k.checkAmount(ctx, device, m.AmountFen); err != nil {
		return nil, err
	}
	row, err := s.k.Mandate(ctx, m.MandateId)
	if err != nil {
		return nil, err
	}
	if m.OrgId != row.PayeeOrgId {
		return nil, ErrUnauthorised.Wrapf("mandate %d is for organisation %d", row.Id, row.PayeeOrgId)
	}
	if m.Number != row.UsedCount+1 {
		return nil, ErrNumber.Wrapf("number: got %d, want %d", m.Number, row.UsedCount+1)
	}
	id, err := s.k.Debit(ctx, DebitOrder{MandateID: m.MandateId, AmountFen: m.AmountFen, ReferenceHash: m.ReferenceHash})
	if err != nil {
		return nil, err
	}
	return &cashv1.MsgDebitResponse{PaymentId: id}, nil
}

// Refund gives a payment back, in part or whole.
func (s msgServer) Refund(ctx context.Context, m *cashv1.MsgRefund) (*cashv1.MsgRefundResponse, error) {
	_, device, err := s.k.orgs.Acting(ctx, m.Device, m.OrgId)
	if err != nil {
		return nil, err
	}
	if err := s.k.checkAmount(ctx, device, m.AmountFen); err != nil {
		return nil, err
	}
	p, err := s.k.living(ctx, m.PaymentId)
	if err != nil {
		return nil, err
	}
	if m.OrgId != p.PayeeOrgId {
		return nil, ErrUnauthorised.Wrapf("payment %d went to organisation %d", p.Id, p.PayeeOrgId)
	}
	if m.ReturnedFen != p.ReturnedFen {
		return nil, ErrNumber.Wrapf("returned_fen: got %d, so far %d came back", m.ReturnedFen, p.ReturnedFen)
	}
	if p, err = returned(p, m.AmountFen); err != nil {
		return nil, err
	}
	return &cashv1.MsgRefundResponse{}, s.k.giveReturn(ctx, p, m.AmountFen)
}

// OpenChargeback disputes a debit.
func (s msgServer) OpenChargeback(ctx context.Context, m *cashv1.MsgOpenChargeback) (*cashv1.MsgOpenChargebackResponse, error) {
	if err := checkHash("reason_hash", m.ReasonHash); err != nil {
		return nil, err
	}
	_, device, err := s.k.orgs.Acting(ctx, m.Device, m.OrgId)
	if err != nil {
		return nil, err
	}
	if err := checkPerson(device); err != nil {
		return nil, err
	}
	p, err := s.k.living(ctx, m.PaymentId)
	if err != nil {
		return nil, err
	}
	if m.OrgId != p.PayerOrgId {
		return nil, ErrUnauthorised.Wrapf("payment %d was made by organisation %d", p.Id, p.PayerOrgId)
	}
	params, err := s.k.params.Get(ctx)
	if err != nil {
		return nil, err
	}
	if p, err = dispute(p, m.ReasonHash, blockTime(ctx), params); err != nil {
		return nil, err
	}
	if err := s.k.putPayment(ctx, p); err != nil {
		return nil, err
	}
	return &cashv1.MsgOpenChargebackResponse{}, emitChargeback(ctx, p)
}

// ResolveChargeback decides a disputed debit. Upheld, it returns what the payee has
// at once; the rest is owed, because the decision does not wait for money.
func (s msgServer) ResolveChargeback(ctx context.Context, m *cashv1.MsgResolveChargeback) (*cashv1.MsgResolveChargebackResponse, error) {
	org, device, err := s.k.orgs.Acting(ctx, m.Device, m.OrgId)
	if err != nil {
		return nil, err
	}
	if err := checkPerson(device); err != nil {
		return nil, err
	}
	p, err := s.k.living(ctx, m.PaymentId)
	if err != nil {
		return nil, err
	}
	if err := checkArbiter(org, p); err != nil {
		return nil, err
	}
	if p, err = decide(p, m.OrgId, m.Upheld); err != nil {
		return nil, err
	}
	if p, _, err = s.k.collect(ctx, p); err != nil {
		return nil, err
	}
	return &cashv1.MsgResolveChargebackResponse{}, emitChargeback(ctx, p)
}

// CollectChargeback takes what an upheld chargeback still owes and the payee now has.
func (s msgServer) CollectChargeback(ctx context.Context, m *cashv1.MsgCollectChargeback) (*cashv1.MsgCollectChargebackResponse, error) {
	if _, _, err := s.k.orgs.Acting(ctx, m.Device, m.OrgId); err != nil {
		return nil, err
	}
	p, err := s.k.living(ctx, m.PaymentId)
	if err != nil {
		return nil, err
	}
	if m.OrgId != p.PayerOrgId {
		return nil, ErrUnauthorised.Wrapf("payment %d was made by organisation %d", p.Id, p.PayerOrgId)
	}
	if owed(p) == 0 {
		return nil, ErrStatus.Wrapf("payment %d owes nothing", p.Id)
	}
	p, amountFen, err := s.k.collect(ctx, p)
	if err != nil {
		return nil, err
	}
	if amountFen == 0 {
		return nil, ErrFunds.Wrapf("organisation %d has nothing, or is frozen", p.PayeeOrgId)
	}
	return &cashv1.MsgCollectChargebackResponse{AmountFen: amountFen}, emitChargeback(ctx, p)
}
