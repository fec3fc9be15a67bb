package loan

import (
	"bytes"
	"context"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	"github.com/xinlian/xinlian/internal/artefact"
)

// makeOffer promises a principal to an approved application and reserves it.
func (k *Keeper) makeOffer(ctx context.Context, app *loanv1.Application, product loanv1.Product, principalFen int64) error {
	id, err := next(ctx, k.offerID)
	if err != nil {
		return err
	}
	o := loanv1.Offer{
		Id: id, ApplicationId: app.Id, EnterpriseId: app.EnterpriseId, LenderOrgId: app.LenderOrgId, ProductId: product.Id,
		TemplateHash: product.Terms.TemplateHash, PrincipalFen: principalFen, RateBps: app.Decision.RateBps, Periods: app.Periods,
		Status: loanv1.OfferStatus_OFFER_STATUS_OPEN, ExpiresAt: unixNow(ctx) + product.Terms.OfferSeconds,
	}
	h, err := artefact.ContractHash(sdk.UnwrapSDKContext(ctx).ChainID(), o)
	if err != nil {
		return err
	}
	o.ContractHash = h[:]
	if err := k.reserve(ctx, product.Terms.PoolId, o.EnterpriseId, principalFen); err != nil {
		return err
	}
	app.OfferId = id
	if err := k.open.Set(ctx, collections.Join(o.EnterpriseId, o.ProductId), app.Id); err != nil {
		return err
	}
	if err := k.offerEnds.Set(ctx, collections.Join(o.ExpiresAt, o.Id)); err != nil {
		return err
	}
	return k.saveOffer(ctx, o)
}

func (k *Keeper) offer(ctx context.Context, id uint64) (loanv1.Offer, error) {
	o, err := k.offers.Get(ctx, id)
	return o, missing(err, "offer %d", id)
}

func (k *Keeper) saveOffer(ctx context.Context, o loanv1.Offer) error {
	if err := k.offers.Set(ctx, o.Id, o); err != nil {
		return err
	}
	return emit(ctx, &loanv1.EventOfferChanged{OfferId: o.Id, Status: o.Status})
}

// endOffer takes an open offer off the queue and out of the way of the next
// application, with its final status.
func (k *Keeper) endOffer(ctx context.Context, o loanv1.Offer, status loanv1.OfferStatus) error {
	app, err := k.application(ctx, o.ApplicationId)
	if err != nil {
		return err
	}
	if err := k.closeApplication(ctx, app); err != nil {
		return err
	}
	if err := k.offerEnds.Remove(ctx, collections.Join(o.ExpiresAt, o.Id)); err != nil {
		return err
	}
	o.Status = status
	return k.saveOffer(ctx, o)
}

// lapse ends an open offer that was refused or ran out and frees its money.
func (k *Keeper) lapse(ctx context.Context, o loanv1.Offer) error {
	product, err := k.product(ctx, o.ProductId)
	if err != nil {
		return err
	}
	if err := k.reserve(ctx, product.Terms.PoolId, o.EnterpriseId, -o.PrincipalFen); err != nil {
		return err
	}
	return k.endOffer(ctx, o, loanv1.OfferStatus_OFFER_STATUS_LAPSED)
}

// matches refuses an acceptance of anything but exactly what was offered, while
// it is offered. The terms are repeated beside their hash because the signing
// page shows them in words out of the message itself.
func matches(o loanv1.Offer, msg *loanv1.MsgAccept, now int64) error {
	switch {
	case o.EnterpriseId != msg.OrgId:
		return ErrUnauthorised.Wrapf("offer %d is organisation %d's", o.Id, o.EnterpriseId)
	case o.Status != loanv1.OfferStatus_OFFER_STATUS_OPEN:
		return ErrState.Wrapf("offer is %s", o.Status)
	case now >= o.ExpiresAt:
		return ErrExpired.Wrapf("offer ended at %d, now %d", o.ExpiresAt, now)
	case !bytes.Equal(o.ContractHash, msg.ContractHash):
		return ErrContract.Wrap("contract_hash")
	case o.PrincipalFen != msg.PrincipalFen:
		return ErrContract.Wrapf("principal_fen %d, offered %d", msg.PrincipalFen, o.PrincipalFen)
	case o.RateBps != msg.RateBps:
		return ErrContract.Wrapf("rate_bps %d, offered %d", msg.RateBps, o.RateBps)
	case o.Periods != msg.Periods:
		return ErrContract.Wrapf("periods %d, offered %d", msg.Periods, o.Periods)
	case !msg.AutoDebit:
		return ErrContract.Wrap("auto_debit is required")
	}
	return nil
}
