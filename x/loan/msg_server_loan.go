package loan

import (
	"context"

	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	"github.com/xinlian/xinlian/x/org"
)

func (s msgServer) Apply(ctx context.Context, msg *loanv1.MsgApply) (*loanv1.MsgApplyResponse, error) {
	if err := signer(msg.Device, msg.OrgId); err != nil {
		return nil, err
	}
	if err := amountWithin(msg.AmountFen, PrincipalFenMax); err != nil {
		return nil, err
	}
	if msg.Periods == 0 || msg.Periods > PeriodsMax {
		return nil, ErrInvalid.Wrapf("%d periods, want 1 to %d", msg.Periods, PeriodsMax)
	}
	if err := hash32("consent_id", msg.ConsentId); err != nil {
		return nil, err
	}
	if err := hash32("score_id", msg.ScoreId); err != nil {
		return nil, err
	}
	if err := s.keeper.acting(ctx, msg.Device, msg.OrgId, orgv1.Role_ROLE_BORROWER, org.Admin); err != nil {
		return nil, err
	}
	app, err := s.keeper.apply(ctx, msg)
	if err != nil {
		return nil, err
	}
	return &loanv1.MsgApplyResponse{ApplicationId: app.Id, Outcome: app.Decision.Outcome, OfferId: app.OfferId}, nil
}

func (s msgServer) DecideReferral(ctx context.Context, msg *loanv1.MsgDecideReferral) (*loanv1.MsgDecideReferralResponse, error) {
	if err := signer(msg.Device, msg.OrgId); err != nil {
		return nil, err
	}
	if err := hash32("note_hash", msg.NoteHash); err != nil {
		return nil, err
	}
	if err := hash32("brief_hash", msg.BriefHash); err != nil {
		return nil, err
	}
	switch {
	case msg.Approve:
		if err := amountWithin(msg.AmountFen, PrincipalFenMax); err != nil {
			return nil, err
		}
	case msg.AmountFen != 0:
		return nil, ErrAmount.Wrapf("%d fen with a refusal, want 0", msg.AmountFen)
	}
	if err := s.keeper.acting(ctx, msg.Device, msg.OrgId, orgv1.Role_ROLE_LENDER, org.Person, org.Amount(msg.AmountFen)); err != nil {
		return nil, err
	}
	app, err := s.keeper.application(ctx, msg.ApplicationId)
	if err != nil {
		return nil, err
	}
	if err := s.keeper.mayDecide(ctx, app, msg); err != nil {
		return nil, err
	}
	if app, err = s.keeper.decideReferral(ctx, app, msg); err != nil {
		return nil, err
	}
	return &loanv1.MsgDecideReferralResponse{OfferId: app.OfferId}, nil
}

// mayDecide wants an application that waits for a person of the sender's. An
// appeal goes to an admin who has not decided it before: nobody judges their own
// refusal.
func (k *Keeper) mayDecide(ctx context.Context, app loanv1.Application, msg *loanv1.MsgDecideReferral) error {
	r := openReview(&app)
	switch {
	case app.LenderOrgId != msg.OrgId:
		return ErrUnauthorised.Wrapf("application %d is to organisation %d", app.Id, app.LenderOrgId)
	case app.Overtaken:
		return ErrState.Wrapf("a newer application took the place of application %d", app.Id)
	case r == nil:
		return ErrState.Wrapf("application is %s and waits for nobody", app.Decision.Outcome)
	case r.Appeal == nil:
		return nil
	case r.Appeal.Decision.Officer == msg.Device:
		return ErrUnauthorised.Wrap("the device decided it before; another admin decides the appeal")
	}
	return k.acting(ctx, msg.Device, msg.OrgId, orgv1.Role_ROLE_LENDER, org.Admin)
}

func (s msgServer) Appeal(ctx context.Context, msg *loanv1.MsgAppeal) (*loanv1.MsgAppealResponse, error) {
	if err := signer(msg.Device, msg.OrgId); err != nil {
		return nil, err
	}
	if err := hash32("note_hash", msg.NoteHash); err != nil {
		return nil, err
	}
	if err := s.keeper.acting(ctx, msg.Device, msg.OrgId, orgv1.Role_ROLE_BORROWER, org.Admin); err != nil {
		return nil, err
	}
	dueAt, err := s.keeper.appeal(ctx, msg)
	if err != nil {
		return nil, err
	}
	return &loanv1.MsgAppealResponse{DueAt: dueAt}, nil
}

func (s msgServer) Accept(ctx context.Context, msg *loanv1.MsgAccept) (*loanv1.MsgAcceptResponse, error) {
	if err := signer(msg.Device, msg.OrgId); err != nil {
		return nil, err
	}
	if err := hash32("contract_hash", msg.ContractHash); err != nil {
		return nil, err
	}
	if err := amountWithin(msg.PrincipalFen, PrincipalFenMax); err != nil {
		return nil, err
	}
	if err := s.keeper.acting(ctx, msg.Device, msg.OrgId, orgv1.Role_ROLE_BORROWER, org.Admin, org.Amount(msg.PrincipalFen)); err != nil {
		return nil, err
	}
	o, err := s.keeper.offer(ctx, msg.OfferId)
	if err != nil {
		return nil, err
	}
	if err := matches(o, msg, unixNow(ctx)); err != nil {
		return nil, err
	}
	app, product, err := s.keeper.acceptable(ctx, o)
	if err != nil {
		return nil, err
	}
	id, err := s.keeper.sign(ctx, o, app, product, msg.Device)
	if err != nil {
		return nil, err
	}
	return &loanv1.MsgAcceptResponse{LoanId: id}, nil
}

// acceptable checks that what stood at the offer still stands: the lender is
// active, neither side's money is frozen and the consent is live.
func (k *Keeper) acceptable(ctx context.Context, o loanv1.Offer) (loanv1.Application, loanv1.Product, error) {
	app, err := k.application(ctx, o.ApplicationId)
	if err != nil {
		return app, loanv1.Product{}, err
	}
	product, err := k.product(ctx, o.ProductId)
	if err != nil {
		return app, product, err
	}
	lender, err := k.left.Orgs.Organisation(ctx, o.LenderOrgId)
	if err != nil {
		return app, product, err
	}
	if lender.Status != orgv1.OrgStatus_ORG_STATUS_ACTIVE {
		return app, product, ErrState.Wrapf("lender is %s", lender.Status)
	}
	for _, party := range []uint64{o.EnterpriseId, o.LenderOrgId} {
		if err := k.notFrozen(ctx, party); err != nil {
			return app, product, err
		}
	}
	return app, product, k.consentCovers(ctx, app.ConsentId, o.EnterpriseId, o.LenderOrgId)
}

func (s msgServer) RefuseOffer(ctx context.Context, msg *loanv1.MsgRefuseOffer) (*loanv1.MsgRefuseOfferResponse, error) {
	if err := signer(msg.Device, msg.OrgId); err != nil {
		return nil, err
	}
	if err := s.keeper.acting(ctx, msg.Device, msg.OrgId, orgv1.Role_ROLE_BORROWER, org.Person); err != nil {
		return nil, err
	}
	o, err := s.keeper.offer(ctx, msg.OfferId)
	if err != nil {
		return nil, err
	}
	if o.EnterpriseId != msg.OrgId {
		return nil, ErrUnauthorised.Wrapf("offer %d is organisation %d's", o.Id, o.EnterpriseId)
	}
	if o.Status != loanv1.OfferStatus_OFFER_STATUS_OPEN {
		return nil, ErrState.Wrapf("offer is %s", o.Status)
	}
	return &loanv1.MsgRefuseOfferResponse{}, s.keeper.lapse(ctx, o)
}

func (s msgServer) Repay(ctx context.Context, msg *loanv1.MsgRepay) (*loanv1.MsgRepayResponse, error) {
	if err := signer(msg.Device, msg.OrgId); err != nil {
		return nil, err
	}
	if err := amountWithin(msg.AmountFen, PoolFenMax); err != nil {
		return nil, err
	}
	if err := s.keeper.acting(ctx, msg.Device, msg.OrgId, orgv1.Role_ROLE_BORROWER, org.Person, org.Amount(msg.AmountFen)); err != nil {
		return nil, err
	}
	l, err := s.keeper.loan(ctx, msg.LoanId)
	if err != nil {
		return nil, err
	}
	if l.EnterpriseId != msg.OrgId {
		return nil, ErrUnauthorised.Wrapf("loan %d is organisation %d's", l.Id, l.EnterpriseId)
	}
	if !running(l.Status) {
		return nil, ErrState.Wrapf("loan is %s", l.Status)
	}
	b, err := s.keeper.load(ctx, l)
	if err != nil {
		return nil, err
	}
	takenFen, err := s.keeper.repay(ctx, b, msg.AmountFen)
	if err != nil {
		return nil, err
	}
	if err := s.keeper.save(ctx, b); err != nil {
		return nil, err
	}
	return &loanv1.MsgRepayResponse{TakenFen: takenFen, OutstandingFen: outstanding(b.loan)}, nil
}

func (s msgServer) WriteOff(ctx context.Context, msg *loanv1.MsgWriteOff) (*loanv1.MsgWriteOffResponse, error) {
	if err := signer(msg.Device, msg.OrgId); err != nil {
		return nil, err
	}
	if err := s.keeper.acting(ctx, msg.Device, msg.OrgId, orgv1.Role_ROLE_LENDER, org.Admin); err != nil {
		return nil, err
	}
	l, err := s.keeper.loan(ctx, msg.LoanId)
	if err != nil {
		return nil, err
	}
	if l.LenderOrgId != msg.OrgId {
		return nil, ErrUnauthorised.Wrapf("loan %d is organisation %d's", l.Id, l.LenderOrgId)
	}
	if l.Status != loanv1.LoanStatus_LOAN_STATUS_DELINQUENT {
		return nil, ErrState.Wrapf("loan is %s, want delinquent", l.Status)
	}
	return &loanv1.MsgWriteOffResponse{}, s.keeper.writeOff(ctx, l)
}
