package cash

import (
	"context"

	cashv1 "github.com/xinlian/xinlian/gen/xinlian/cash/v1"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
)

// SettleRedemption records that the issuer's bank has paid out.
func (s msgServer) SettleRedemption(ctx context.Context, m *cashv1.MsgSettleRedemption) (*cashv1.MsgSettleRedemptionResponse, error) {
	if err := checkReference("bank_reference", m.BankReference); err != nil {
		return nil, err
	}
	row, total, err := s.k.ownRedemption(ctx, m.Device, m.OrgId, m.RedemptionId)
	if err != nil {
		return nil, err
	}
	if row, err = settle(row, m.BankReference); err != nil {
		return nil, err
	}
	total.PendingFen -= row.AmountFen
	if err := s.k.finish(ctx, row, total); err != nil {
		return nil, err
	}
	return &cashv1.MsgSettleRedemptionResponse{}, emitRedeemed(ctx, row)
}

// RejectRedemption gives the deposits back that the issuer's bank could not pay out.
func (s msgServer) RejectRedemption(ctx context.Context, m *cashv1.MsgRejectRedemption) (*cashv1.MsgRejectRedemptionResponse, error) {
	if err := checkRejectCode(m.RejectCode); err != nil {
		return nil, err
	}
	row, total, err := s.k.ownRedemption(ctx, m.Device, m.OrgId, m.RedemptionId)
	if err != nil {
		return nil, err
	}
	if row, err = reject(row, m.RejectCode); err != nil {
		return nil, err
	}
	supply, err := s.k.supply(ctx)
	if err != nil {
		return nil, err
	}
	if _, ok := addFen(supply, row.AmountFen); !ok {
		return nil, ErrAmount.Wrapf("supply %d plus %d leaves 64 bits", supply, row.AmountFen)
	}
	total.PendingFen -= row.AmountFen
	total.RedeemedFen -= row.AmountFen
	if err := s.k.giveBack(ctx, row); err != nil {
		return nil, err
	}
	if err := s.k.finish(ctx, row, total); err != nil {
		return nil, err
	}
	return &cashv1.MsgRejectRedemptionResponse{}, emitRedeemed(ctx, row)
}

// ownRedemption is a redemption that the device's organisation pays out, with its total.
func (k *Keeper) ownRedemption(ctx context.Context, device string, orgID, id uint64) (cashv1.Redemption, cashv1.IssuerTotal, error) {
	var none cashv1.Redemption
	org, _, err := k.orgs.Acting(ctx, device, orgID)
	if err != nil {
		return none, cashv1.IssuerTotal{}, err
	}
	if err := checkRole(org, orgv1.Role_ROLE_ISSUER); err != nil {
		return none, cashv1.IssuerTotal{}, err
	}
	row, err := k.redemption(ctx, id)
	if err != nil {
		return none, cashv1.IssuerTotal{}, err
	}
	if row.IssuerOrgId != orgID {
		return none, cashv1.IssuerTotal{}, ErrUnauthorised.Wrapf("redemption %d is paid by organisation %d", row.Id, row.IssuerOrgId)
	}
	total, err := k.total(ctx, orgID)
	return row, total, err
}

func emitRedeemed(ctx context.Context, row cashv1.Redemption) error {
	return emit(ctx, &cashv1.EventRedeemed{
		RedemptionId: row.Id, OrgId: row.OrgId, AmountFen: row.AmountFen, Status: row.Status,
	})
}
