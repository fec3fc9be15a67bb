package loan

import (
	"context"

	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	"github.com/xinlian/xinlian/x/org"
)

type msgServer struct{ keeper *Keeper }

var _ loanv1.MsgServer = msgServer{}

// NewMsgServer serves the module's messages. Every method decodes, authorises,
// checks, writes and emits, in this order.
func NewMsgServer(k *Keeper) loanv1.MsgServer { return msgServer{keeper: k} }

func (s msgServer) SubmitTemplate(ctx context.Context, msg *loanv1.MsgSubmitTemplate) (*loanv1.MsgSubmitTemplateResponse, error) {
	if err := signer(msg.Device, msg.OrgId); err != nil {
		return nil, err
	}
	if err := s.keeper.acting(ctx, msg.Device, msg.OrgId, orgv1.Role_ROLE_LENDER, org.Person); err != nil {
		return nil, err
	}
	hash, err := s.keeper.submitTemplate(ctx, msg.OrgId, msg.Terms)
	if err != nil {
		return nil, err
	}
	return &loanv1.MsgSubmitTemplateResponse{TemplateHash: hash}, nil
}

func (s msgServer) SaveDraft(ctx context.Context, msg *loanv1.MsgSaveDraft) (*loanv1.MsgSaveDraftResponse, error) {
	if err := signer(msg.Device, msg.OrgId); err != nil {
		return nil, err
	}
	if err := s.keeper.acting(ctx, msg.Device, msg.OrgId, orgv1.Role_ROLE_LENDER, org.Person); err != nil {
		return nil, err
	}
	return &loanv1.MsgSaveDraftResponse{}, s.keeper.saveDraft(ctx, msg.OrgId, msg.Terms)
}

func (s msgServer) DiscardDraft(ctx context.Context, msg *loanv1.MsgDiscardDraft) (*loanv1.MsgDiscardDraftResponse, error) {
	if err := signer(msg.Device, msg.OrgId); err != nil {
		return nil, err
	}
	if !isToken(msg.Name, NameBytesMax) {
		return nil, ErrInvalid.Wrapf("name of %d bytes, want 1 to %d of a-z, 0-9 and -", len(msg.Name), NameBytesMax)
	}
	if err := s.keeper.acting(ctx, msg.Device, msg.OrgId, orgv1.Role_ROLE_LENDER, org.Person); err != nil {
		return nil, err
	}
	return &loanv1.MsgDiscardDraftResponse{}, s.keeper.discardDraft(ctx, msg.OrgId, msg.Name)
}

func (s msgServer) ReviewTemplate(ctx context.Context, msg *loanv1.MsgReviewTemplate) (*loanv1.MsgReviewTemplateResponse, error) {
	if err := signer(msg.Device, msg.OrgId); err != nil {
		return nil, err
	}
	if err := hash32("template_hash", msg.TemplateHash); err != nil {
		return nil, err
	}
	if _, _, err := org.Authorise(ctx, s.keeper.left.Orgs, msg.Device, msg.OrgId,
		org.AnyRole(orgv1.Role_ROLE_LENDER, orgv1.Role_ROLE_AUDITOR), org.Person); err != nil {
		return nil, err
	}
	t, err := s.keeper.reviewable(ctx, msg.TemplateHash, msg.OrgId)
	if err != nil {
		return nil, err
	}
	return &loanv1.MsgReviewTemplateResponse{}, s.keeper.reviewTemplate(ctx, t)
}

func (s msgServer) ActivateTemplate(ctx context.Context, msg *loanv1.MsgActivateTemplate) (*loanv1.MsgActivateTemplateResponse, error) {
	t, err := s.authored(ctx, msg.Device, msg.OrgId, msg.TemplateHash)
	if err != nil {
		return nil, err
	}
	return &loanv1.MsgActivateTemplateResponse{}, s.keeper.activateTemplate(ctx, t)
}

func (s msgServer) RetireTemplate(ctx context.Context, msg *loanv1.MsgRetireTemplate) (*loanv1.MsgRetireTemplateResponse, error) {
	t, err := s.authored(ctx, msg.Device, msg.OrgId, msg.TemplateHash)
	if err != nil {
		return nil, err
	}
	return &loanv1.MsgRetireTemplateResponse{}, s.keeper.retireTemplate(ctx, t)
}

// authored decodes and authorises a message about a template of the sender's own.
func (s msgServer) authored(ctx context.Context, device string, orgID uint64, hash []byte) (loanv1.Template, error) {
	if err := signer(device, orgID); err != nil {
		return loanv1.Template{}, err
	}
	if err := hash32("template_hash", hash); err != nil {
		return loanv1.Template{}, err
	}
	if err := s.keeper.acting(ctx, device, orgID, orgv1.Role_ROLE_LENDER, org.Person); err != nil {
		return loanv1.Template{}, err
	}
	return s.keeper.authored(ctx, hash, orgID)
}

func (s msgServer) OpenPool(ctx context.Context, msg *loanv1.MsgOpenPool) (*loanv1.MsgOpenPoolResponse, error) {
	if err := signer(msg.Device, msg.OrgId); err != nil {
		return nil, err
	}
	if err := s.keeper.acting(ctx, msg.Device, msg.OrgId, orgv1.Role_ROLE_LENDER, org.Person); err != nil {
		return nil, err
	}
	id, err := s.keeper.openPool(ctx, msg.OrgId)
	if err != nil {
		return nil, err
	}
	return &loanv1.MsgOpenPoolResponse{PoolId: id}, nil
}

func (s msgServer) FundPool(ctx context.Context, msg *loanv1.MsgFundPool) (*loanv1.MsgFundPoolResponse, error) {
	p, err := s.managed(ctx, msg.Device, msg.OrgId, msg.PoolId, msg.AmountFen)
	if err != nil {
		return nil, err
	}
	return &loanv1.MsgFundPoolResponse{}, s.keeper.fundPool(ctx, p, msg.AmountFen)
}

func (s msgServer) WithdrawPool(ctx context.Context, msg *loanv1.MsgWithdrawPool) (*loanv1.MsgWithdrawPoolResponse, error) {
	p, err := s.managed(ctx, msg.Device, msg.OrgId, msg.PoolId, msg.AmountFen)
	if err != nil {
		return nil, err
	}
	return &loanv1.MsgWithdrawPoolResponse{}, s.keeper.withdrawPool(ctx, p, msg.AmountFen)
}

// managed decodes and authorises a message that moves money of the sender's own pool.
func (s msgServer) managed(ctx context.Context, device string, orgID, poolID uint64, amountFen int64) (loanv1.Pool, error) {
	if err := signer(device, orgID); err != nil {
		return loanv1.Pool{}, err
	}
	if err := amountWithin(amountFen, PoolFenMax); err != nil {
		return loanv1.Pool{}, err
	}
	if err := s.keeper.acting(ctx, device, orgID, orgv1.Role_ROLE_LENDER, org.Person, org.Amount(amountFen)); err != nil {
		return loanv1.Pool{}, err
	}
	return s.keeper.ownPool(ctx, poolID, orgID)
}

func (s msgServer) OfferProduct(ctx context.Context, msg *loanv1.MsgOfferProduct) (*loanv1.MsgOfferProductResponse, error) {
	if err := signer(msg.Device, msg.OrgId); err != nil {
		return nil, err
	}
	if err := validateProductTerms(msg.Terms); err != nil {
		return nil, err
	}
	// A product promises loans of up to its largest amount without another signature.
	if err := s.keeper.acting(ctx, msg.Device, msg.OrgId, orgv1.Role_ROLE_LENDER, org.Person, org.Amount(msg.Terms.AmountFenMax)); err != nil {
		return nil, err
	}
	if err := s.keeper.admitProduct(ctx, msg.OrgId, msg.Terms); err != nil {
		return nil, err
	}
	id, err := s.keeper.offerProduct(ctx, msg.OrgId, msg.Terms)
	if err != nil {
		return nil, err
	}
	return &loanv1.MsgOfferProductResponse{ProductId: id}, nil
}

func (s msgServer) RetireProduct(ctx context.Context, msg *loanv1.MsgRetireProduct) (*loanv1.MsgRetireProductResponse, error) {
	if err := signer(msg.Device, msg.OrgId); err != nil {
		return nil, err
	}
	if err := s.keeper.acting(ctx, msg.Device, msg.OrgId, orgv1.Role_ROLE_LENDER, org.Person); err != nil {
		return nil, err
	}
	return &loanv1.MsgRetireProductResponse{}, s.keeper.retireProduct(ctx, msg.OrgId, msg.ProductId)
}

func (s msgServer) UpdateParams(ctx context.Context, msg *loanv1.MsgUpdateParams) (*loanv1.MsgUpdateParamsResponse, error) {
	if err := org.Council(s.keeper.authority, msg.Authority); err != nil {
		return nil, err
	}
	if err := s.keeper.admitParams(ctx, msg.Params); err != nil {
		return nil, err
	}
	return &loanv1.MsgUpdateParamsResponse{}, s.keeper.params.Set(ctx, msg.Params)
}
