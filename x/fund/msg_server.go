package fund

import (
	"context"

	fundv1 "github.com/xinlian/xinlian/gen/xinlian/fund/v1"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	"github.com/xinlian/xinlian/internal/wire"
	"github.com/xinlian/xinlian/x/org"
)

const hashBytes = 32

type msgServer struct{ k *Keeper }

var _ fundv1.MsgServer = msgServer{}

// NewMsgServer serves the module's messages. Every method decodes, authorises,
// checks, writes and emits, in this order.
func NewMsgServer(k *Keeper) fundv1.MsgServer { return msgServer{k} }

// signer decodes the two fields that begin every message of a device.
func signer(device string, orgID uint64) error {
	if _, err := wire.Addresses.StringToBytes(device); err != nil {
		return ErrInvalid.Wrapf("device: %s", err)
	}
	if orgID == 0 {
		return ErrInvalid.Wrap("org_id 0")
	}
	return nil
}

func class(c fundv1.Class) error {
	if c != senior && c != junior {
		return ErrInvalid.Wrapf("class: got %d", c)
	}
	return nil
}

func within(field string, got, most int64) error {
	if got < 1 || got > most {
		return ErrAmount.Wrapf("%s: got %d, want 1 to %d", field, got, most)
	}
	return nil
}

// settled is the fund, unless its orders are just being settled.
func (s msgServer) settled(ctx context.Context, id uint64) (fundv1.Fund, error) {
	f, err := s.k.Fund(ctx, id)
	if err == nil && f.Settlement != nil {
		err = ErrSettling.Wrapf("fund %d", id)
	}
	return f, err
}

func (s msgServer) OpenFund(ctx context.Context, m *fundv1.MsgOpenFund) (*fundv1.MsgOpenFundResponse, error) {
	if err := signer(m.Device, m.OrgId); err != nil {
		return nil, err
	}
	if err := validateTerms(m.Terms); err != nil {
		return nil, err
	}

	if _, _, err := org.Authorise(ctx, s.k.left.Orgs, m.Device, m.OrgId, org.AnyRole(orgv1.Role_ROLE_LENDER), org.Admin); err != nil {
		return nil, err
	}

	p, err := s.k.Params(ctx)
	if err != nil {
		return nil, err
	}
	if m.Terms.RoundSeconds < p.RoundSecondsMin {
		return nil, ErrTerms.Wrapf("round_seconds: got %d, want at least %d", m.Terms.RoundSeconds, p.RoundSecondsMin)
	}

	id, err := s.k.openFund(ctx, m.OrgId, m.Terms)
	if err != nil {
		return nil, err
	}
	return &fundv1.MsgOpenFundResponse{FundId: id}, nil
}

func (s msgServer) AdmitInvestor(ctx context.Context, m *fundv1.MsgAdmitInvestor) (*fundv1.MsgAdmitInvestorResponse, error) {
	if err := signer(m.Device, m.OrgId); err != nil {
		return nil, err
	}
	if m.LimitFen < 0 || m.LimitFen > SizeFenMax {
		return nil, ErrAmount.Wrapf("limit_fen: got %d, want 0 to %d", m.LimitFen, int64(SizeFenMax))
	}
	if len(m.EvidenceHash) != hashBytes {
		return nil, ErrInvalid.Wrapf("evidence_hash of %d bytes, want %d", len(m.EvidenceHash), hashBytes)
	}

	if _, _, err := org.Authorise(ctx, s.k.left.Orgs, m.Device, m.OrgId, org.AnyRole(orgv1.Role_ROLE_LENDER), org.Person); err != nil {
		return nil, err
	}

	f, err := s.k.Fund(ctx, m.FundId)
	if err != nil {
		return nil, err
	}
	if f.ManagerOrgId != m.OrgId {
		return nil, ErrUnauthorised.Wrapf("fund %d is managed by organisation %d", f.Id, f.ManagerOrgId)
	}
	if m.LimitFen > 0 {
		if now := unixNow(ctx); m.ExpiresAt <= now {
			return nil, ErrInvalid.Wrapf("expires_at: got %d, now %d", m.ExpiresAt, now)
		}
		if err := s.k.eligible(ctx, m.InvestorOrgId); err != nil {
			return nil, err
		}
	}

	return &fundv1.MsgAdmitInvestorResponse{}, s.k.admit(ctx, fundv1.Investor{
		FundId: f.Id, OrgId: m.InvestorOrgId, LimitFen: m.LimitFen, EvidenceHash: m.EvidenceHash, ExpiresAt: m.ExpiresAt,
	})
}

func (s msgServer) Subscribe(ctx context.Context, m *fundv1.MsgSubscribe) (*fundv1.MsgSubscribeResponse, error) {
	if err := signer(m.Device, m.OrgId); err != nil {
		return nil, err
	}
	if err := class(m.Class); err != nil {
		return nil, err
	}
	if err := within("amount_fen", m.AmountFen, SizeFenMax); err != nil {
		return nil, err
	}

	if _, _, err := org.Authorise(ctx, s.k.left.Orgs, m.Device, m.OrgId, org.AnyRole(orgv1.Role_ROLE_INVESTOR), org.Person, org.Amount(m.AmountFen)); err != nil {
		return nil, err
	}

	f, err := s.settled(ctx, m.FundId)
	if err != nil {
		return nil, err
	}
	if f.Status != open {
		return nil, ErrState.Wrapf("fund is %s", f.Status)
	}
	if m.Class == senior && f.Terms.JuniorBpsMin == bpsUnit {
		return nil, ErrState.Wrap("fund has no senior class")
	}
	var ordered int64
	for _, c := range []fundv1.Class{senior, junior} {
		o, err := s.k.order(ctx, f.Id, subscriptionKind, c, m.OrgId)
		if err != nil {
			return nil, err
		}
		ordered += o.Amount
	}
	if err := s.k.mayBuy(ctx, f.Id, m.OrgId, ordered, m.AmountFen); err != nil {
		return nil, err
	}
	o, err := s.k.order(ctx, f.Id, subscriptionKind, m.Class, m.OrgId)
	if err != nil {
		return nil, err
	}

	return &fundv1.MsgSubscribeResponse{}, s.k.subscribe(ctx, f, o, m.AmountFen)
}

func (s msgServer) Redeem(ctx context.Context, m *fundv1.MsgRedeem) (*fundv1.MsgRedeemResponse, error) {
	if err := signer(m.Device, m.OrgId); err != nil {
		return nil, err
	}
	if err := class(m.Class); err != nil {
		return nil, err
	}
	if err := within("shares", m.Shares, SharesMax); err != nil {
		return nil, err
	}

	if _, _, err := org.Authorise(ctx, s.k.left.Orgs, m.Device, m.OrgId, org.Member, org.Person); err != nil {
		return nil, err
	}

	f, err := s.settled(ctx, m.FundId)
	if err != nil {
		return nil, err
	}
	if f.Status != open {
		return nil, ErrState.Wrapf("fund is %s and pays its holders without orders", f.Status)
	}
	o, err := s.k.order(ctx, f.Id, redemptionKind, m.Class, m.OrgId)
	if err != nil {
		return nil, err
	}

	return &fundv1.MsgRedeemResponse{}, s.k.redeem(ctx, f, o, m.Shares)
}

func (s msgServer) CancelOrder(ctx context.Context, m *fundv1.MsgCancelOrder) (*fundv1.MsgCancelOrderResponse, error) {
	if err := signer(m.Device, m.OrgId); err != nil {
		return nil, err
	}
	if err := class(m.Class); err != nil {
		return nil, err
	}
	if m.Kind != redemptionKind && m.Kind != subscriptionKind {
		return nil, ErrInvalid.Wrapf("kind: got %d", m.Kind)
	}

	if _, _, err := org.Authorise(ctx, s.k.left.Orgs, m.Device, m.OrgId, org.Member, org.Person); err != nil {
		return nil, err
	}

	f, err := s.settled(ctx, m.FundId)
	if err != nil {
		return nil, err
	}
	o, err := s.k.order(ctx, f.Id, m.Kind, m.Class, m.OrgId)
	if err != nil {
		return nil, err
	}
	if o.Amount == 0 {
		return nil, ErrNotFound.Wrapf("organisation %d has no open order of that kind in fund %d", m.OrgId, f.Id)
	}

	if err := s.k.cancel(ctx, &f, o); err != nil {
		return nil, err
	}
	return &fundv1.MsgCancelOrderResponse{}, s.k.funds.Set(ctx, f.Id, f)
}

func (s msgServer) ClaimIncome(ctx context.Context, m *fundv1.MsgClaimIncome) (*fundv1.MsgClaimIncomeResponse, error) {
	if err := signer(m.Device, m.OrgId); err != nil {
		return nil, err
	}
	if err := class(m.Class); err != nil {
		return nil, err
	}

	if _, _, err := org.Authorise(ctx, s.k.left.Orgs, m.Device, m.OrgId, org.Member, org.Person); err != nil {
		return nil, err
	}

	f, err := s.k.Fund(ctx, m.FundId)
	if err != nil {
		return nil, err
	}
	h, err := s.k.holding(ctx, f.Id, m.Class, m.OrgId)
	if err != nil {
		return nil, err
	}
	if err := credit(&h, bookOf(&f, m.Class).IncomeIndex); err != nil {
		return nil, err
	}
	if h.IncomeFen == 0 {
		return nil, ErrNothing.Wrapf("organisation %d has no income of %s in fund %d", m.OrgId, m.Class, f.Id)
	}

	amountFen, err := s.k.claim(ctx, f, h)
	if err != nil {
		return nil, err
	}
	return &fundv1.MsgClaimIncomeResponse{AmountFen: amountFen}, nil
}

func (s msgServer) WindUp(ctx context.Context, m *fundv1.MsgWindUp) (*fundv1.MsgWindUpResponse, error) {
	if err := signer(m.Device, m.OrgId); err != nil {
		return nil, err
	}

	o, _, err := org.Authorise(ctx, s.k.left.Orgs, m.Device, m.OrgId, org.AnyRole(orgv1.Role_ROLE_LENDER, orgv1.Role_ROLE_REGULATOR), org.Admin)
	if err != nil {
		return nil, err
	}

	f, err := s.settled(ctx, m.FundId)
	if err != nil {
		return nil, err
	}
	if f.ManagerOrgId != o.Id && !org.HasRole(o, orgv1.Role_ROLE_REGULATOR) {
		return nil, ErrUnauthorised.Wrapf("fund %d is managed by organisation %d", f.Id, f.ManagerOrgId)
	}
	if f.Status != open {
		return nil, ErrState.Wrapf("fund is %s", f.Status)
	}

	return &fundv1.MsgWindUpResponse{}, s.k.windUp(ctx, f)
}

func (s msgServer) UpdateParams(ctx context.Context, m *fundv1.MsgUpdateParams) (*fundv1.MsgUpdateParamsResponse, error) {
	if err := org.Council(s.k.authority, m.Authority); err != nil {
		return nil, err
	}
	if err := validateParams(m.Params); err != nil {
		return nil, err
	}
	return &fundv1.MsgUpdateParamsResponse{}, s.k.params.Set(ctx, m.Params)
}
