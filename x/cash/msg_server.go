package cash

import (
	"context"
	"slices"

	"github.com/cosmos/gogoproto/proto"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	cashv1 "github.com/xinlian/xinlian/gen/xinlian/cash/v1"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
)

// HashBytes is the size of every hash in the module's messages.
const HashBytes = 32

type msgServer struct{ k *Keeper }

// NewMsgServer serves the module's messages.
func NewMsgServer(k *Keeper) cashv1.MsgServer { return msgServer{k: k} }

// Issue makes deposits against a bank reference. The same reference with the same
// content is accepted again and changes nothing, so that a bank may safely retry.
func (s msgServer) Issue(ctx context.Context, m *cashv1.MsgIssue) (*cashv1.MsgIssueResponse, error) {
	if err := checkReference("bank_reference", m.BankReference); err != nil {
		return nil, err
	}
	org, device, err := s.k.orgs.Acting(ctx, m.Device, m.OrgId)
	if err != nil {
		return nil, err
	}
	if err := checkRole(org, orgv1.Role_ROLE_ISSUER); err != nil {
		return nil, err
	}
	if err := s.k.checkAmount(ctx, device, m.AmountFen); err != nil {
		return nil, err
	}
	row := cashv1.Issuance{
		IssuerOrgId: m.OrgId, BankReference: m.BankReference, ToOrgId: m.ToOrgId,
		AmountFen: m.AmountFen, Height: sdk.UnwrapSDKContext(ctx).BlockHeight(),
	}
	before, found, err := lookup(s.k.issuances.Get(ctx, collections.Join(m.OrgId, m.BankReference)))
	if err != nil {
		return nil, err
	}
	if found && !sameIssuance(before, row) {
		return nil, ErrReference.Wrapf("%d fen for organisation %d", before.AmountFen, before.ToOrgId)
	}
	if found {
		return &cashv1.MsgIssueResponse{}, nil
	}
	if err := s.k.checkPayee(ctx, m.ToOrgId); err != nil {
		return nil, err
	}
	if err := s.k.checkReconciled(ctx, m.OrgId); err != nil {
		return nil, err
	}
	total, err := s.k.total(ctx, m.OrgId)
	if err != nil {
		return nil, err
	}
	supply, err := s.k.supply(ctx)
	if err != nil {
		return nil, err
	}
	if total, err = addIssued(total, supply, m.AmountFen); err != nil {
		return nil, err
	}
	if err := s.k.issue(ctx, row, total); err != nil {
		return nil, err
	}
	return &cashv1.MsgIssueResponse{}, emit(ctx, &cashv1.EventIssued{
		IssuerOrgId: m.OrgId, ToOrgId: m.ToOrgId, AmountFen: m.AmountFen,
	})
}

// Redeem burns deposits of the sender's organisation, to be paid out by an issuer.
func (s msgServer) Redeem(ctx context.Context, m *cashv1.MsgRedeem) (*cashv1.MsgRedeemResponse, error) {
	if err := checkHash("account_hash", m.AccountHash); err != nil {
		return nil, err
	}
	_, device, err := s.k.orgs.Acting(ctx, m.Device, m.OrgId)
	if err != nil {
		return nil, err
	}
	if err := s.k.checkAmount(ctx, device, m.AmountFen); err != nil {
		return nil, err
	}
	if err := s.k.checkDebts(ctx, m.OrgId); err != nil {
		return nil, err
	}
	issuer, err := s.k.orgs.Organisation(ctx, m.IssuerOrgId)
	if err != nil {
		return nil, err
	}
	if err := checkRole(issuer, orgv1.Role_ROLE_ISSUER); err != nil {
		return nil, err
	}
	total, err := s.k.total(ctx, m.IssuerOrgId)
	if err != nil {
		return nil, err
	}
	if total, err = addRedeemed(total, m.AmountFen); err != nil {
		return nil, err
	}
	if err := s.k.checkFunds(ctx, Account(m.OrgId), m.AmountFen); err != nil {
		return nil, err
	}
	row := cashv1.Redemption{
		OrgId: m.OrgId, IssuerOrgId: m.IssuerOrgId, AmountFen: m.AmountFen, AccountHash: m.AccountHash,
		Status: cashv1.RedemptionStatus_REDEMPTION_STATUS_PENDING,
		Height: sdk.UnwrapSDKContext(ctx).BlockHeight(),
	}
	id, err := s.k.redeem(ctx, row, total)
	if err != nil {
		return nil, err
	}
	return &cashv1.MsgRedeemResponse{RedemptionId: id}, emit(ctx, &cashv1.EventRedeemed{
		RedemptionId: id, OrgId: m.OrgId, AmountFen: m.AmountFen, Status: row.Status,
	})
}

// Transfer pays another organisation.
func (s msgServer) Transfer(ctx context.Context, m *cashv1.MsgTransfer) (*cashv1.MsgTransferResponse, error) {
	if len(m.MemoHash) != 0 {
		if err := checkHash("memo_hash", m.MemoHash); err != nil {
			return nil, err
		}
	}
	_, device, err := s.k.orgs.Acting(ctx, m.Device, m.OrgId)
	if err != nil {
		return nil, err
	}
	if err := s.k.checkAmount(ctx, device, m.AmountFen); err != nil {
		return nil, err
	}
	if err := s.k.checkPayee(ctx, m.ToOrgId); err != nil {
		return nil, err
	}
	if err := s.k.checkDebts(ctx, m.OrgId); err != nil {
		return nil, err
	}
	if err := s.k.Move(ctx, Account(m.OrgId), Account(m.ToOrgId), m.AmountFen); err != nil {
		return nil, err
	}
	id, err := s.k.pay(ctx, cashv1.Payment{
		Kind:       cashv1.PaymentKind_PAYMENT_KIND_TRANSFER,
		PayerOrgId: m.OrgId, PayeeOrgId: m.ToOrgId, AmountFen: m.AmountFen, ReferenceHash: m.MemoHash,
	})
	return &cashv1.MsgTransferResponse{PaymentId: id}, err
}

// Freeze stops an organisation's outgoing money under a case, or renews the case.
func (s msgServer) Freeze(ctx context.Context, m *cashv1.MsgFreeze) (*cashv1.MsgFreezeResponse, error) {
	if err := checkReference("case_id", m.CaseId); err != nil {
		return nil, err
	}
	if err := checkHash("reason_hash", m.ReasonHash); err != nil {
		return nil, err
	}
	if err := s.checkRegulator(ctx, m.Device, m.OrgId); err != nil {
		return nil, err
	}
	p, err := s.k.params.Get(ctx)
	if err != nil {
		return nil, err
	}
	now := blockTime(ctx)
	if err := checkExpiry(m.ExpiresAt, now, p); err != nil {
		return nil, err
	}
	if _, err := s.k.orgs.Organisation(ctx, m.TargetOrgId); err != nil {
		return nil, err
	}
	live, expired, err := s.k.freezesOf(ctx, m.TargetOrgId, now)
	if err != nil {
		return nil, err
	}
	row := cashv1.Freeze{
		OrgId: m.TargetOrgId, CaseId: m.CaseId, ByOrgId: m.OrgId, ReasonHash: m.ReasonHash, ExpiresAt: m.ExpiresAt,
	}
	if err := checkFreeze(row, live); err != nil {
		return nil, err
	}
	if err := s.k.freeze(ctx, row, expired); err != nil {
		return nil, err
	}
	return &cashv1.MsgFreezeResponse{}, emit(ctx, &cashv1.EventFrozen{OrgId: m.TargetOrgId, CaseId: m.CaseId, Frozen: true})
}

// Unfreeze ends a case of the sender's own.
func (s msgServer) Unfreeze(ctx context.Context, m *cashv1.MsgUnfreeze) (*cashv1.MsgUnfreezeResponse, error) {
	if err := checkReference("case_id", m.CaseId); err != nil {
		return nil, err
	}
	if err := s.checkRegulator(ctx, m.Device, m.OrgId); err != nil {
		return nil, err
	}
	key := collections.Join(m.TargetOrgId, m.CaseId)
	row, found, err := lookup(s.k.freezes.Get(ctx, key))
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, ErrNotFound.Wrapf("case of organisation %d", m.TargetOrgId)
	}
	if row.ByOrgId != m.OrgId {
		return nil, ErrUnauthorised.Wrapf("case is of regulator %d", row.ByOrgId)
	}
	if err := s.k.freezes.Remove(ctx, key); err != nil {
		return nil, err
	}
	return &cashv1.MsgUnfreezeResponse{}, emit(ctx, &cashv1.EventFrozen{OrgId: m.TargetOrgId, CaseId: m.CaseId})
}

// UpdateParams replaces the parameters.
func (s msgServer) UpdateParams(ctx context.Context, m *cashv1.MsgUpdateParams) (*cashv1.MsgUpdateParamsResponse, error) {
	if m.Authority != s.k.authority {
		return nil, ErrUnauthorised.Wrap("only the council changes parameters")
	}
	if err := ValidateParams(m.Params); err != nil {
		return nil, err
	}
	return &cashv1.MsgUpdateParamsResponse{}, s.k.params.Set(ctx, m.Params)
}

// checkRegulator wants a person's device of a regulator: a machine freezes nobody.
func (s msgServer) checkRegulator(ctx context.Context, device string, orgID uint64) error {
	org, d, err := s.k.orgs.Acting(ctx, device, orgID)
	if err != nil {
		return err
	}
	if err := checkRole(org, orgv1.Role_ROLE_REGULATOR); err != nil {
		return err
	}
	return checkPerson(d)
}

// checkPerson wants the device of a person: what follows is nothing for a machine to decide.
func checkPerson(d orgv1.Device) error {
	if d.Role == orgv1.DeviceRole_DEVICE_ROLE_SERVICE {
		return ErrUnauthorised.Wrap("this takes a person's device")
	}
	return nil
}

// checkAmount wants 1 to amount_fen_max, and no more than the device's limit.
func (k *Keeper) checkAmount(ctx context.Context, d orgv1.Device, amountFen int64) error {
	p, err := k.params.Get(ctx)
	if err != nil {
		return err
	}
	if amountFen < 1 || amountFen > p.AmountFenMax {
		return ErrAmount.Wrapf("got %d, want 1 to %d", amountFen, p.AmountFenMax)
	}
	if amountFen > d.AmountLimitFen {
		return ErrLimit.Wrapf("got %d, limit %d", amountFen, d.AmountLimitFen)
	}
	return nil
}

// checkPayee wants an organisation that may act: money is not sent to one that
// is waiting to be identified or suspended.
func (k *Keeper) checkPayee(ctx context.Context, orgID uint64) error {
	org, err := k.orgs.Organisation(ctx, orgID)
	if err != nil {
		return err
	}
	if org.Status != orgv1.OrgStatus_ORG_STATUS_ACTIVE {
		return ErrHolder.Wrapf("organisation %d is %s", orgID, org.Status)
	}
	return nil
}

func checkRole(o orgv1.Organisation, r orgv1.Role) error {
	if !slices.Contains(o.Roles, r) {
		return ErrUnauthorised.Wrapf("organisation %d lacks %s", o.Id, r)
	}
	return nil
}

func checkHash(field string, h []byte) error {
	if len(h) != HashBytes {
		return ErrField.Wrapf("%s: got %d bytes, want %d", field, len(h), HashBytes)
	}
	return nil
}

func emit(ctx context.Context, event proto.Message) error {
	return sdk.UnwrapSDKContext(ctx).EventManager().EmitTypedEvent(event)
}
