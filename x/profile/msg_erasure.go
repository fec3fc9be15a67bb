package profile

import (
	"context"
	"slices"

	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
)

// RequestErasure orders the destruction of every key of the sender's records, for
// good. All its live consents end, and from this block on no batch, wrap or consent
// of the enterprise is taken. The order waits while the law wants the records kept:
// while the enterprise owes on a loan, or a regulator's case is open.
func (s msgServer) RequestErasure(ctx context.Context, m *profilev1.MsgRequestErasure) (*profilev1.MsgRequestErasureResponse, error) {
	e, d, err := s.acting(ctx, m.Device, m.OrgId, orgv1.Role_ROLE_BORROWER)
	if err != nil {
		return nil, err
	}
	by := actorOf(d)
	if err := checkSigns(by, profilev1.Signer_SIGNER_LEGAL_REPRESENTATIVE); err != nil {
		return nil, err
	}
	if err := s.k.checkNotErased(ctx, m.OrgId); err != nil {
		return nil, err
	}
	p, err := s.k.params.Get(ctx)
	if err != nil {
		return nil, err
	}
	live, err := s.k.liveConsents(ctx, m.OrgId)
	if err != nil {
		return nil, err
	}
	if err := s.checkHold(ctx, m.OrgId, live, p); err != nil {
		return nil, err
	}
	for _, c := range live {
		to, who := stateRevoked, by
		if now, _ := moment(ctx); now >= c.Terms.ExpiresAt {
			to, who = stateExpired, actor{} // the queue had not come to it yet
		}
		if _, err := s.k.change(ctx, c, to, who); err != nil {
			return nil, err
		}
	}
	if err := s.k.closeEpochs(ctx, m.OrgId); err != nil {
		return nil, err
	}
	row, err := s.k.orderOf(ctx, e, m.Device, p)
	if err != nil {
		return nil, err
	}
	if err := s.k.setErasure(ctx, row); err != nil {
		return nil, err
	}
	return &profilev1.MsgRequestErasureResponse{}, emit(ctx, &profilev1.EventErasureRequested{
		EnterpriseId: m.OrgId, DueAt: row.DueAt,
	})
}

// checkHold is ErrLegalHold while the enterprise owes on a loan, or a regulator
// reads under a case.
func (s msgServer) checkHold(ctx context.Context, enterprise uint64, live []profilev1.Consent, p profilev1.Params) error {
	if slices.ContainsFunc(live, func(c profilev1.Consent) bool { return checkNoCase(c) != nil }) {
		return ErrLegalHold.Wrap("a regulator's case is open")
	}
	if !p.LoansHoldErasure || s.k.debts == nil {
		return nil
	}
	owes, err := s.k.debts.Owes(ctx, enterprise)
	if err == nil && owes {
		err = ErrLegalHold.Wrap("the enterprise owes on a loan or has an open offer")
	}
	return err
}

// RecordErasure takes a custodian's receipt for the keys it destroyed.
func (s msgServer) RecordErasure(ctx context.Context, m *profilev1.MsgRecordErasure) (*profilev1.MsgRecordErasureResponse, error) {
	if err := checkHash("receipt_hash", m.ReceiptHash); err != nil {
		return nil, err
	}
	// Acting and no role: a custodian that gave up its accreditation still holds keys.
	if _, _, err := s.k.orgs.Acting(ctx, m.Device, m.OrgId); err != nil {
		return nil, err
	}
	e, err := s.k.Erasure(ctx, m.EnterpriseId)
	if err != nil {
		return nil, err
	}
	now, _ := moment(ctx)
	if e, err = receive(e, m.OrgId, m.Device, m.ReceiptHash, now); err != nil {
		return nil, err
	}
	if err := s.k.setErasure(ctx, e); err != nil {
		return nil, err
	}
	return &profilev1.MsgRecordErasureResponse{}, emit(ctx, &profilev1.EventErased{
		EnterpriseId: e.EnterpriseId, CustodianOrgId: m.OrgId, ReceiptHash: m.ReceiptHash, Done: e.DoneAt != 0,
	})
}
