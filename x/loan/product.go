package loan

import (
	"context"

	sdk "github.com/cosmos/cosmos-sdk/types"

	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
	"github.com/xinlian/xinlian/scorecard"
	"github.com/xinlian/xinlian/scorecard/terms"
)

const (
	hashBytes = 32
	// PrincipalFenMin bounds the smallest loan from below: 100 yuan, so that no tranche is empty.
	PrincipalFenMin = 10_000
	// CapacityPeriodsMax bounds how many months of capacity a product lends.
	CapacityPeriodsMax = terms.CapacityPeriodsMax
	// OfferSecondsMax bounds how long an offer is open: 90 days.
	OfferSecondsMax = 90 * daySeconds
	indexBytesMax   = 32
)

// validateProductTerms checks every bound of a product's terms.
func validateProductTerms(t loanv1.ProductTerms) error {
	switch {
	case len(t.TemplateHash) != hashBytes || len(t.ModelHash) != hashBytes:
		return ErrInvalid.Wrapf("template hash of %d and model hash of %d bytes, want %d", len(t.TemplateHash), len(t.ModelHash), hashBytes)
	case !isToken(t.Name, NameBytesMax):
		return ErrInvalid.Wrapf("name of %d bytes, want 1 to %d of a-z, 0-9 and -", len(t.Name), NameBytesMax)
	case t.PoolId == 0:
		return ErrInvalid.Wrap("pool 0")
	case t.AmountFenMin < PrincipalFenMin || t.AmountFenMin > t.AmountFenMax || t.AmountFenMax > PrincipalFenMax:
		return ErrAmount.Wrapf("loans of %d to %d fen, want within %d to %d", t.AmountFenMin, t.AmountFenMax, PrincipalFenMin, int64(PrincipalFenMax))
	case t.PeriodsMin == 0 || t.PeriodsMin > t.PeriodsMax || t.PeriodsMax > PeriodsMax:
		return ErrInvalid.Wrapf("%d to %d periods, want within 1 to %d", t.PeriodsMin, t.PeriodsMax, PeriodsMax)
	case t.IndexId == "" || len(t.IndexId) > indexBytesMax:
		return ErrInvalid.Wrapf("index id of %d bytes, want 1 to %d", len(t.IndexId), indexBytesMax)
	case t.FundingBps > RateBpsMax || t.MarginBps > RateBpsMax || t.LgdBps > bpsUnit:
		return ErrInvalid.Wrapf("funding %d, margin %d or loss given default %d, want at most %d", t.FundingBps, t.MarginBps, t.LgdBps, bpsUnit)
	case t.CapacityPeriods == 0 || t.CapacityPeriods > CapacityPeriodsMax:
		return ErrInvalid.Wrapf("%d capacity periods, want 1 to %d", t.CapacityPeriods, CapacityPeriodsMax)
	case t.ExposureFenMax <= 0 || t.ExposureFenMax > PoolFenMax:
		return ErrAmount.Wrapf("exposure of %d fen, want 1 to %d", t.ExposureFenMax, int64(PoolFenMax))
	case t.OfferSeconds <= 0 || t.OfferSeconds > OfferSecondsMax:
		return ErrInvalid.Wrapf("offer open for %d seconds, want 1 to %d", t.OfferSeconds, OfferSecondsMax)
	case len(t.BandFactorBps) > scorecard.BandsMax:
		return ErrInvalid.Wrapf("%d band factors, want at most %d", len(t.BandFactorBps), scorecard.BandsMax)
	}
	if err := terms.CheckBandFactors(t.BandFactorBps); err != nil {
		return ErrInvalid.Wrap(err.Error())
	}
	return nil
}

// admitProduct checks a product's terms against the rows that they name.
func (k *Keeper) admitProduct(ctx context.Context, lender uint64, t loanv1.ProductTerms) error {
	template, err := k.template(ctx, t.TemplateHash)
	if err != nil {
		return err
	}
	if template.Status != loanv1.TemplateStatus_TEMPLATE_STATUS_ACTIVE {
		return ErrState.Wrapf("template is %s", template.Status)
	}
	pool, err := k.pool(ctx, t.PoolId)
	if err != nil {
		return err
	}
	if pool.ManagerOrgId != lender {
		return ErrUnauthorised.Wrapf("pool %d belongs to organisation %d", t.PoolId, pool.ManagerOrgId)
	}
	model, err := k.modelActive(ctx, t.ModelHash)
	if err != nil {
		return err
	}
	if n := len(t.BandFactorBps); n != 0 && n != len(model.Bands) {
		return ErrInvalid.Wrapf("%d band factors, want one for each of the model's %d bands or none", n, len(model.Bands))
	}
	_, _, err = k.left.Score.Index(ctx, t.IndexId)
	return err
}

// modelActive needs a model that decides.
func (k *Keeper) modelActive(ctx context.Context, hash []byte) (scorev1.Model, error) {
	model, err := k.left.Score.Model(ctx, hash)
	switch {
	case err != nil:
		return model, err
	case model.Status != scorev1.ModelStatus_MODEL_STATUS_ACTIVE:
		return model, ErrScore.Wrapf("model is %s", model.Status)
	case model.Role != scorev1.ModelRole_MODEL_ROLE_CHAMPION:
		return model, ErrScore.Wrapf("model is %s, and only a champion decides", model.Role)
	}
	return model, nil
}

func (k *Keeper) product(ctx context.Context, id uint64) (loanv1.Product, error) {
	p, err := k.products.Get(ctx, id)
	return p, missing(err, "product %d", id)
}

func (k *Keeper) offerProduct(ctx context.Context, lender uint64, t loanv1.ProductTerms) (uint64, error) {
	id, err := next(ctx, k.productID)
	if err != nil {
		return 0, err
	}
	if err := k.products.Set(ctx, id, loanv1.Product{Id: id, LenderOrgId: lender, Terms: t}); err != nil {
		return 0, err
	}
	return id, emit(ctx, &loanv1.EventProductChanged{ProductId: id})
}

func (k *Keeper) retireProduct(ctx context.Context, lender, id uint64) error {
	p, err := k.product(ctx, id)
	if err != nil {
		return err
	}
	if p.LenderOrgId != lender {
		return ErrUnauthorised.Wrapf("product %d belongs to organisation %d", id, p.LenderOrgId)
	}
	if p.Retired {
		return ErrState.Wrapf("product %d is retired", id)
	}
	p.Retired = true
	if err := k.products.Set(ctx, id, p); err != nil {
		return err
	}
	return emit(ctx, &loanv1.EventProductChanged{ProductId: id, Retired: true})
}

func unixNow(ctx context.Context) int64 { return sdk.UnwrapSDKContext(ctx).BlockTime().Unix() }
