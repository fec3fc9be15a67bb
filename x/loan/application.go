package loan

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
	"github.com/xinlian/xinlian/scorecard"
	"github.com/xinlian/xinlian/scorecard/terms"
)

// apply decides an application at once and writes it with its decision.
func (k *Keeper) apply(ctx context.Context, msg *loanv1.MsgApply) (loanv1.Application, error) {
	product, err := k.product(ctx, msg.ProductId)
	if err != nil {
		return loanv1.Application{}, err
	}
	if err := fits(product, msg); err != nil {
		return loanv1.Application{}, err
	}
	old, err := k.notOpen(ctx, msg.OrgId, product.Id)
	if err != nil {
		return loanv1.Application{}, err
	}
	if err := k.consentCovers(ctx, msg.ConsentId, msg.OrgId, product.LenderOrgId); err != nil {
		return loanv1.Application{}, err
	}
	app := loanv1.Application{
		EnterpriseId: msg.OrgId, ProductId: product.Id, LenderOrgId: product.LenderOrgId,
		AmountFen: msg.AmountFen, Periods: msg.Periods, ConsentId: msg.ConsentId, ScoreId: msg.ScoreId, Device: msg.Device,
		Height: sdk.UnwrapSDKContext(ctx).BlockHeight(), AppliedAt: unixNow(ctx),
	}
	if app.Decision, err = k.decide(ctx, app, product); err != nil {
		return app, err
	}
	if old != 0 {
		if err := k.overtake(ctx, old); err != nil {
			return app, err
		}
	}
	if app.Id, err = next(ctx, k.applicationID); err != nil {
		return app, err
	}
	switch app.Decision.Outcome {
	case loanv1.Outcome_OUTCOME_APPROVED:
		err = k.makeOffer(ctx, &app, product, min(app.AmountFen, app.Decision.LimitFen))
	case loanv1.Outcome_OUTCOME_REFERRED:
		err = k.refer(ctx, &app)
	}
	if err != nil {
		return app, err
	}
	return app, k.saveDecided(ctx, app)
}

// fits refuses what the product's public terms already rule out, so that nothing
// is recorded about an enterprise that picked the wrong product. An amount over
// the largest loan is not refused: the largest loan is then a bound like others.
func fits(p loanv1.Product, msg *loanv1.MsgApply) error {
	switch t := p.Terms; {
	case p.Retired:
		return ErrProduct.Wrapf("product %d is retired", p.Id)
	case msg.AmountFen < t.AmountFenMin:
		return ErrProduct.Wrapf("%d fen, want at least %d", msg.AmountFen, t.AmountFenMin)
	case msg.Periods < t.PeriodsMin || msg.Periods > t.PeriodsMax:
		return ErrProduct.Wrapf("%d periods, want %d to %d", msg.Periods, t.PeriodsMin, t.PeriodsMax)
	}
	return nil
}

// notOpen refuses a second application while the first may still become a loan.
// One that waits for a person stands in nobody's way once its score may no longer
// be used or its review is overdue: it is returned, to be overtaken.
func (k *Keeper) notOpen(ctx context.Context, enterprise, product uint64) (old uint64, err error) {
	id, err := k.open.Get(ctx, collections.Join(enterprise, product))
	if errors.Is(err, collections.ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	app, err := k.application(ctx, id)
	if err != nil {
		return 0, err
	}
	if r := openReview(&app); r != nil {
		score, err := k.left.Score.Score(ctx, app.ScoreId)
		if err != nil {
			return 0, err
		}
		if r.Overdue || k.left.Score.Usable(ctx, score) != nil {
			return id, nil
		}
	}
	return 0, ErrOpen.Wrapf("application %d", id)
}

// consentCovers needs a live consent of the enterprise to the lender for underwriting.
func (k *Keeper) consentCovers(ctx context.Context, id []byte, enterprise, lender uint64) error {
	consent, err := k.left.Profile.LiveConsent(ctx, id)
	if err != nil {
		return err
	}
	switch t := consent.Terms; {
	case t.EnterpriseId != enterprise:
		return ErrConsent.Wrapf("given by organisation %d, want %d", t.EnterpriseId, enterprise)
	case t.GranteeOrgId != lender:
		return ErrConsent.Wrapf("given to organisation %d, want %d", t.GranteeOrgId, lender)
	case t.Purpose != profilev1.Purpose_PURPOSE_UNDERWRITING:
		return ErrConsent.Wrapf("given for %s", t.Purpose)
	}
	return nil
}

// scoreFits needs a score of this enterprise by the product's active model, made
// for this lender or for any, under the consent, for underwriting, not expired.
func (k *Keeper) scoreFits(ctx context.Context, app loanv1.Application, model []byte) (scorev1.Score, scorev1.Model, error) {
	s, err := k.left.Score.Score(ctx, app.ScoreId)
	if err != nil {
		return s, scorev1.Model{}, err
	}
	height := sdk.UnwrapSDKContext(ctx).BlockHeight()
	switch {
	case s.EnterpriseId != app.EnterpriseId:
		return s, scorev1.Model{}, ErrScore.Wrapf("of organisation %d, want %d", s.EnterpriseId, app.EnterpriseId)
	case s.LenderOrgId != 0 && s.LenderOrgId != app.LenderOrgId:
		return s, scorev1.Model{}, ErrScore.Wrapf("for lender %d, want %d", s.LenderOrgId, app.LenderOrgId)
	case !bytes.Equal(s.ModelHash, model):
		return s, scorev1.Model{}, ErrScore.Wrap("by another model than the product's")
	case s.Purpose != uint32(profilev1.Purpose_PURPOSE_UNDERWRITING):
		return s, scorev1.Model{}, ErrScore.Wrapf("for purpose %d", s.Purpose)
	case !bytes.Equal(s.ConsentId, app.ConsentId):
		return s, scorev1.Model{}, ErrScore.Wrap("under another consent")
	case s.ExpiryHeight < height:
		return s, scorev1.Model{}, ErrScore.Wrapf("expired at height %d, now %d", s.ExpiryHeight, height)
	}
	if err := k.left.Score.Usable(ctx, s); err != nil {
		return s, scorev1.Model{}, err
	}
	m, err := k.modelActive(ctx, model)
	return s, m, err
}

// decide gathers the facts of an application from the state and decides.
func (k *Keeper) decide(ctx context.Context, app loanv1.Application, product loanv1.Product) (loanv1.Decision, error) {
	in, err := k.inputs(ctx, app, product)
	if err != nil {
		return loanv1.Decision{}, err
	}
	contract, err := k.contract(ctx, product.Terms.TemplateHash)
	if err != nil {
		return loanv1.Decision{}, err
	}
	sdkCtx := sdk.UnwrapSDKContext(ctx)
	conditions := len(contract.rules.Eligibility) + len(contract.rules.Referral)
	sdkCtx.GasMeter().ConsumeGas(uint64(conditions)*evaluateConditionGas, "loan conditions")
	d, err := Decide(Facts{Contract: contract, Product: product.Terms, Inputs: in, AmountFen: app.AmountFen, Periods: app.Periods})
	if err != nil {
		return d, err
	}
	d.Height, d.DecidedAt = sdkCtx.BlockHeight(), unixNow(ctx)
	return d, nil
}

// scored is what the score and its model put into a decision. The model stays
// named in the decision whatever becomes of its row.
func (k *Keeper) scored(ctx context.Context, app loanv1.Application, t loanv1.ProductTerms) (loanv1.DecisionInputs, error) {
	score, model, err := k.scoreFits(ctx, app, t.ModelHash)
	if err != nil {
		return loanv1.DecisionInputs{}, err
	}
	in := loanv1.DecisionInputs{
		ScoreId: app.ScoreId, ModelHash: model.Hash, FeatureSetVersion: model.FeatureSetVersion,
		Points: score.Score, CapacityFen: score.CapacityFen, Band: score.Band, PdPpm: score.PdPpm,
	}
	if in.ModelId, err = scorecard.NameOf(model.Canonical); err != nil {
		return in, ErrScore.Wrapf("model: %s", err)
	}
	place := slices.IndexFunc(model.Bands, func(b scorev1.Band) bool { return b.Name == score.Band })
	factor, known := terms.BandFactorBps(t.BandFactorBps, place)
	if !known {
		return in, ErrScore.Wrapf("band %q is not among the %d that the product lends in", score.Band, len(t.BandFactorBps))
	}
	in.BandFactorBps = factor
	return in, nil
}

func (k *Keeper) inputs(ctx context.Context, app loanv1.Application, product loanv1.Product) (loanv1.DecisionInputs, error) {
	in, err := k.scored(ctx, app, product.Terms)
	if err != nil {
		return in, err
	}
	in.TemplateHash, in.ProductId, in.LgdBps = product.Terms.TemplateHash, product.Id, product.Terms.LgdBps
	params, err := k.Params(ctx)
	if err != nil {
		return in, err
	}
	in.RateCapBps = params.RateCapBps
	grade, err := k.left.Attestation.Quality(ctx, app.EnterpriseId)
	if err != nil {
		return in, err
	}
	in.Grade = uint32(grade)
	in.GradeFactorBps, _ = terms.GradeFactorBps(in.Grade)
	if in.IndexBps, in.IndexLive, err = k.left.Score.Index(ctx, product.Terms.IndexId); err != nil {
		return in, err
	}
	exposure, err := k.Exposure(ctx, app.EnterpriseId)
	if err != nil {
		return in, err
	}
	in.ExposureFen, in.ReservedFen, in.WrittenOffFen = exposure.OutstandingFen, exposure.ReservedFen, exposure.WrittenOffFen
	pool, err := k.pool(ctx, product.Terms.PoolId)
	if err != nil {
		return in, err
	}
	in.PoolFreeFen, err = k.lendable(ctx, pool, app.EnterpriseId)
	return in, err
}

// decideReferral lets a person decide what the chain referred or the enterprise
// appealed. Approving decides again on the facts of now, so an officer can override
// the referral conditions but neither the limit nor a stale index; an eligibility
// condition only on appeal.
func (k *Keeper) decideReferral(ctx context.Context, app loanv1.Application, msg *loanv1.MsgDecideReferral) (loanv1.Application, error) {
	product, err := k.product(ctx, app.ProductId)
	if err != nil {
		return app, err
	}
	decided := app.Decision
	decided.Outcome, decided.Overruled = loanv1.Outcome_OUTCOME_DECLINED, nil
	if msg.Approve {
		if err := k.consentCovers(ctx, app.ConsentId, app.EnterpriseId, app.LenderOrgId); err != nil {
			return app, err
		}
		if decided, err = k.decide(ctx, app, product); err != nil {
			return app, err
		}
		if decided.Overruled, err = overrule(decided, product, app, msg.AmountFen); err != nil {
			return app, err
		}
		decided.Outcome = loanv1.Outcome_OUTCOME_APPROVED
	}
	decided.Height, decided.DecidedAt = sdk.UnwrapSDKContext(ctx).BlockHeight(), unixNow(ctx)
	decided.Officer, decided.NoteHash, decided.BriefHash = msg.Device, msg.NoteHash, msg.BriefHash
	r := openReview(&app)
	if err := k.leaveQueue(ctx, app.Id, r); err != nil {
		return app, err
	}
	r.DecidedAt = decided.DecidedAt
	if app.Referral == nil {
		first := app.Decision
		app.Referral = &first
	}
	app.Decision = decided
	if msg.Approve {
		err = k.makeOffer(ctx, &app, product, msg.AmountFen)
	} else {
		err = k.closeApplication(ctx, app)
	}
	if err != nil {
		return app, err
	}
	return app, k.saveDecided(ctx, app)
}

// overrule checks an officer's amount against a fresh decision. What it returns
// are the eligibility conditions that are set aside, which only an appeal may.
func overrule(d loanv1.Decision, p loanv1.Product, app loanv1.Application, amountFen int64) ([]loanv1.Reason, error) {
	var failed []loanv1.Reason
	if d.Outcome == loanv1.Outcome_OUTCOME_DECLINED {
		if openReview(&app).Appeal == nil {
			return nil, ErrState.Wrapf("declined by %s on the facts of now", d.Reasons[0].Code)
		}
		failed = slices.DeleteFunc(slices.Clone(d.Reasons), func(r loanv1.Reason) bool { return slices.Contains(chainReasons, r.Code) })
	}
	if !d.Inputs.IndexLive { // a stale index reads 0: no rate can be made of it
		return nil, ErrState.Wrapf("index %s is stale", p.Terms.IndexId)
	}
	most := min(d.LimitFen, app.AmountFen)
	if amountFen < p.Terms.AmountFenMin || amountFen > most {
		return nil, ErrLimit.Wrapf("%d fen, want %d to %d", amountFen, p.Terms.AmountFenMin, most)
	}
	return failed, nil
}

func (k *Keeper) application(ctx context.Context, id uint64) (loanv1.Application, error) {
	a, err := k.applications.Get(ctx, id)
	return a, missing(err, "application %d", id)
}

func (k *Keeper) saveDecided(ctx context.Context, app loanv1.Application) error {
	if err := k.applications.Set(ctx, app.Id, app); err != nil {
		return err
	}
	return emit(ctx, &loanv1.EventDecided{
		ApplicationId: app.Id, EnterpriseId: app.EnterpriseId, LenderOrgId: app.LenderOrgId, Outcome: app.Decision.Outcome,
	})
}

// closeApplication makes room for the next application.
func (k *Keeper) closeApplication(ctx context.Context, app loanv1.Application) error {
	return k.open.Remove(ctx, collections.Join(app.EnterpriseId, app.ProductId))
}
