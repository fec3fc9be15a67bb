package loan

import (
	"context"
	"slices"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	attestationv1 "github.com/xinlian/xinlian/gen/xinlian/attestation/v1"
	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
)

// reviewsMax is of the chain's referral and of the enterprise's appeal.
const reviewsMax = 2

// openReview is the review that waits for a person, nil when none does.
func openReview(app *loanv1.Application) *loanv1.Review {
	if n := len(app.Reviews); n > 0 && app.Reviews[n-1].DecidedAt == 0 && !app.Overtaken {
		return &app.Reviews[n-1]
	}
	return nil
}

// appealed tells whether the enterprise has used its appeal.
func appealed(app loanv1.Application) bool {
	return slices.ContainsFunc(app.Reviews, func(r loanv1.Review) bool { return r.Appeal != nil })
}

// startReview starts a person's clock. The caller writes the application.
func (k *Keeper) startReview(ctx context.Context, app *loanv1.Application, r loanv1.Review) error {
	app.Reviews = append(app.Reviews, r)
	if err := k.reviewEnds.Set(ctx, collections.Join(r.DueAt, app.Id)); err != nil {
		return err
	}
	return emit(ctx, eventReview(*app, r))
}

func eventReview(app loanv1.Application, r loanv1.Review) *loanv1.EventReview {
	return &loanv1.EventReview{
		ApplicationId: app.Id, EnterpriseId: app.EnterpriseId, LenderOrgId: app.LenderOrgId,
		DueAt: r.DueAt, Appealed: r.Appeal != nil, Overdue: r.Overdue,
	}
}

// refer gives an application that the chain referred to a person.
func (k *Keeper) refer(ctx context.Context, app *loanv1.Application) error {
	params, err := k.Params(ctx)
	if err != nil {
		return err
	}
	if err := k.open.Set(ctx, collections.Join(app.EnterpriseId, app.ProductId), app.Id); err != nil {
		return err
	}
	now := unixNow(ctx)
	return k.startReview(ctx, app, loanv1.Review{OpenedAt: now, DueAt: now + params.ReviewSeconds})
}

// leaveQueue takes a review that is open and not overdue off the clock. A place to
// which it was put off stays until its time, when markOverdue finds nobody waiting.
func (k *Keeper) leaveQueue(ctx context.Context, id uint64, r *loanv1.Review) error {
	if r.Overdue {
		return nil
	}
	return k.reviewEnds.Remove(ctx, collections.Join(r.DueAt, id))
}

// appeal opens a person's review of a decision. Who declines for a machine's
// reasons must be able to hear a person's, so nothing but time and a second
// appeal stands in the way of the first.
func (k *Keeper) appeal(ctx context.Context, msg *loanv1.MsgAppeal) (dueAt int64, err error) {
	app, err := k.application(ctx, msg.ApplicationId)
	if err != nil {
		return 0, err
	}
	if app.EnterpriseId != msg.OrgId {
		return 0, ErrUnauthorised.Wrapf("application %d is organisation %d's", app.Id, app.EnterpriseId)
	}
	params, err := k.Params(ctx)
	if err != nil {
		return 0, err
	}
	if err := mayAppeal(app, params, unixNow(ctx)); err != nil {
		return 0, err
	}
	key := collections.Join(app.EnterpriseId, app.ProductId)
	if id, err := k.open.Get(ctx, key); err == nil && id != app.Id {
		return 0, ErrOpen.Wrapf("application %d", id)
	}
	r, err := k.appealReview(ctx, app, msg, params)
	if err != nil {
		return 0, err
	}
	if err := k.open.Set(ctx, key, app.Id); err != nil {
		return 0, err
	}
	if err := k.startReview(ctx, &app, r); err != nil {
		return 0, err
	}
	return r.DueAt, k.applications.Set(ctx, app.Id, app)
}

// mayAppeal is nil for a decline, and for a referral that nobody decided in time.
func mayAppeal(app loanv1.Application, params loanv1.Params, now int64) error {
	since := app.Decision.DecidedAt
	switch waiting := openReview(&app); {
	case appealed(app):
		return ErrAppeal.Wrapf("application %d was appealed before", app.Id)
	case app.Overtaken:
		return ErrAppeal.Wrapf("a newer application took the place of application %d", app.Id)
	case waiting != nil && !waiting.Overdue:
		return ErrAppeal.Wrapf("a person decides by %d", waiting.DueAt)
	case waiting != nil:
		since = waiting.DueAt
	case app.Decision.Outcome != loanv1.Outcome_OUTCOME_DECLINED:
		return ErrAppeal.Wrapf("application is %s", app.Decision.Outcome)
	}
	if end := since + params.AppealSeconds; now > end {
		return ErrExpired.Wrapf("appeals ended at %d, now %d", end, now)
	}
	return nil
}

// appealReview is due review_seconds from now, or from the end of the dispute that
// the appeal names: its outcome is what the reviewer has to know.
func (k *Keeper) appealReview(ctx context.Context, app loanv1.Application, msg *loanv1.MsgAppeal, params loanv1.Params) (loanv1.Review, error) {
	now := unixNow(ctx)
	from := now
	if msg.DisputeId != 0 {
		d, err := k.left.Attestation.Dispute(ctx, msg.DisputeId)
		if err != nil {
			return loanv1.Review{}, err
		}
		if d.EnterpriseId != app.EnterpriseId {
			return loanv1.Review{}, ErrInvalid.Wrapf("dispute %d is about organisation %d, want %d", d.Id, d.EnterpriseId, app.EnterpriseId)
		}
		if d.Status == attestationv1.DisputeStatus_DISPUTE_STATUS_OPEN {
			from = max(from, d.Deadline)
		}
	}
	return loanv1.Review{
		OpenedAt: now, DueAt: from + params.ReviewSeconds,
		Appeal: &loanv1.Appeal{Device: msg.Device, NoteHash: msg.NoteHash, Decision: app.Decision, DisputeId: msg.DisputeId},
	}, nil
}

// overtake makes room for a newer application: nobody decides the old one any more.
func (k *Keeper) overtake(ctx context.Context, id uint64) error {
	app, err := k.application(ctx, id)
	if err != nil {
		return err
	}
	if r := openReview(&app); r != nil {
		if err := k.leaveQueue(ctx, app.Id, r); err != nil {
			return err
		}
	}
	app.Overtaken = true
	if err := k.applications.Set(ctx, app.Id, app); err != nil {
		return err
	}
	return k.open.Remove(ctx, collections.Join(app.EnterpriseId, app.ProductId))
}

// endReviews marks reviews whose time has passed, oldest end first. Nothing is
// decided by a clock: the application still waits, in everybody's sight.
func (k *Keeper) endReviews(ctx sdk.Context, params loanv1.Params, itemsMax int) int {
	if itemsMax <= 0 {
		return 0
	}
	keys, err := firstKeys(ctx, k.reviewEnds, itemsMax, func(key reviewEndKey) bool { return key.K1() <= unixNow(ctx) })
	if err != nil {
		ctx.Logger().Error("servicing: reading the ends of reviews", "error", err)
		return 0
	}
	for _, key := range keys {
		err := attempt(ctx, params.ItemGasMax, func(ctx sdk.Context) error { return k.markOverdue(ctx, key) })
		if err != nil {
			k.deferred(ctx, err, loanv1.EventItemDeferred{ApplicationId: key.K2()}, func(ctx sdk.Context) error {
				if err := k.reviewEnds.Remove(ctx, key); err != nil {
					return err
				}
				return k.reviewEnds.Set(ctx, collections.Join(unixNow(ctx)+params.RetrySeconds, key.K2()))
			})
		}
	}
	return len(keys)
}

func (k *Keeper) markOverdue(ctx context.Context, key reviewEndKey) error {
	if err := k.reviewEnds.Remove(ctx, key); err != nil {
		return err
	}
	app, err := k.application(ctx, key.K2())
	if err != nil {
		return err
	}
	r := openReview(&app)
	if r == nil || r.Overdue { // decided while it was put off
		return nil
	}
	r.Overdue = true
	if err := k.applications.Set(ctx, app.Id, app); err != nil {
		return err
	}
	return emit(ctx, eventReview(app, *r))
}
