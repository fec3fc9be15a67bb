package pledging

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"time"

	"github.com/xinlian/xinlian/gateway/chain"
	pledgev1 "github.com/xinlian/xinlian/gen/xinlian/pledge/v1"
	"github.com/xinlian/xinlian/internal/wire"
)

// followEvery is how often a lender's orders are followed in the background.
const followEvery = 15 * time.Second

// Pledge pledges an amount of an attested receivable, the share rounded up to a
// millionth. Where another lender was faster the chain's ErrPledged comes back.
func (f *Office) Pledge(ctx context.Context, id string, amountFen int64) (chain.Result, error) {
	release := f.Book().hold(id)
	defer release()
	order, err := f.lenders(ctx, id)
	if err != nil {
		return chain.Result{}, err
	}
	if order.State != StateAttested && order.State != StateReleased {
		return chain.Result{}, fmt.Errorf("%w: it is %s", ErrState, order.State)
	}
	ppm, err := sharePpm(amountFen, order.FaceFen)
	if err != nil {
		return chain.Result{}, err
	}
	st, err := f.Client.Pledge.Statement(ctx, &pledgev1.QueryStatementRequest{Id: order.StatementID})
	if err != nil {
		return chain.Result{}, fmt.Errorf("reading statement %d: %w", order.StatementID, err)
	}
	until, err := f.until(ctx, pledgeLife, func(p pledgev1.Params) int64 { return p.PledgeSecondsMax })
	if err != nil {
		return chain.Result{}, err
	}
	list := st.Statement.Tags
	res, err := f.Client.Send(ctx, f.Device, &pledgev1.MsgPledge{
		Device: wire.Address(f.Device), OrgId: f.OrgID, StatementId: order.StatementID, Tag: list[len(list)-1].Tag,
		SharePpm: ppm, ExpiresAt: until, Opening: &pledgev1.Opening{ConsentId: order.ConsentID, Salt: order.Salt},
	})
	if err != nil {
		return res, err
	}
	var answer pledgev1.MsgPledgeResponse
	if err := f.Client.Response(res, 0, &answer); err != nil {
		return res, err
	}
	order.succeed(answer.PledgeId)
	order.SharePpm, order.State = ppm, StatePledged
	if err := f.Book().save(ctx, order); err != nil {
		return res, err
	}
	if err := f.tell(ctx, &order); err != nil && !errors.Is(err, ErrUnreachable) { // else Follow tells
		return res, err
	}
	return res, f.Book().save(ctx, order)
}

// Release lets the pledge of an order go. While its statement lasts it can be
// pledged again.
func (f *Office) Release(ctx context.Context, id string) (chain.Result, error) {
	release := f.Book().hold(id)
	defer release()
	order, err := f.lenders(ctx, id)
	if err != nil {
		return chain.Result{}, err
	}
	if order.State != StatePledged {
		return chain.Result{}, fmt.Errorf("%w: it is %s", ErrState, order.State)
	}
	res, err := f.Client.Send(ctx, f.Device, &pledgev1.MsgReleasePledge{
		Device: wire.Address(f.Device), OrgId: f.OrgID, PledgeId: order.PledgeID,
		Opening: &pledgev1.Opening{ConsentId: order.ConsentID, Salt: order.Salt},
	})
	if err != nil {
		return res, err
	}
	order.State = StateReleased
	return res, f.Book().save(ctx, order)
}

// Follow brings a lender's order up to date: it asks a verifier elsewhere how far
// it is, sees whether a pledge has run out, and tells the owner's gateway. What
// cannot be reached is ErrUnreachable, with the order as it is known here.
func (f *Office) Follow(ctx context.Context, id string) (Order, error) {
	release := f.Book().hold(id)
	defer release()
	order, err := f.lenders(ctx, id)
	if err != nil {
		return order, err
	}
	was := order
	err = errors.Join(f.inquire(ctx, &order), f.expire(ctx, &order), f.tell(ctx, &order))
	if order.State != was.State || order.Told != was.Told {
		err = errors.Join(err, f.Book().save(ctx, order))
	}
	return order, err
}

// inquire sends the order of a verifier elsewhere, again where it was sent before.
// A statement is taken for the order's only when the chain has it so.
func (f *Office) inquire(ctx context.Context, o *Order) error {
	if o.State != StateAsked || f.Inbox.Verifiers[o.Verifier] {
		return nil
	}
	a, err := f.send(ctx, KindOrder, o.Verifier, *o)
	if err != nil {
		return err
	}
	if a.StatementID == 0 {
		if a.State == StateDeclined {
			o.State = StateDeclined
		}
		return nil
	}
	q, err := f.Client.Pledge.Statement(ctx, &pledgev1.QueryStatementRequest{Id: a.StatementID})
	if err != nil {
		return fmt.Errorf("reading statement %d: %w", a.StatementID, err)
	}
	if err := opens(q.Statement, *o); err != nil {
		return err
	}
	o.StatementID, o.State = a.StatementID, StateAttested
	return nil
}

// expire sees that a pledge has ended without its lender's doing.
func (f *Office) expire(ctx context.Context, o *Order) error {
	if o.State != StatePledged {
		return nil
	}
	q, err := f.Client.Pledge.Pledge(ctx, &pledgev1.QueryPledgeRequest{Id: o.PledgeID})
	if err != nil {
		return fmt.Errorf("reading pledge %d: %w", o.PledgeID, err)
	}
	if q.Pledge.EndedAt != 0 {
		o.State = StateReleased
	}
	return nil
}

// tell sends a notice of the newest pledge to the gateway of the owner's custodian,
// unless that is this one, whose book she reads.
func (f *Office) tell(ctx context.Context, o *Order) error {
	if o.PledgeID == 0 || o.Told == o.PledgeID {
		return nil
	}
	list, err := custodiansOf(ctx, f.Client, o.Enterprise)
	if err != nil {
		return err
	}
	for _, id := range list {
		if f.Inbox.Custodians[id] {
			o.Told = o.PledgeID
			return nil
		}
	}
	err = fmt.Errorf("%w: no custodian of enterprise %d", ErrUnreachable, o.Enterprise)
	for _, id := range list {
		if _, err = f.send(ctx, KindNotice, id, *o); err == nil {
			o.Told = o.PledgeID
			return nil
		}
	}
	return err
}

// send signs and sends a letter.
func (f *Office) send(ctx context.Context, k Kind, to uint64, o Order) (Answer, error) {
	head, err := f.Client.Head(ctx)
	if err != nil {
		return Answer{}, err
	}
	l := Letter{
		Kind: k, ChainID: f.Client.ChainID(), To: to, Device: wire.Address(f.Device),
		Expires: head.Time.Add(letterLife).Truncate(time.Second), Order: o,
	}
	raw, err := l.Encoded()
	if err != nil {
		return Answer{}, err
	}
	signature, err := f.Device.SignRead(raw)
	if err != nil {
		return Answer{}, fmt.Errorf("signing a letter: %w", err)
	}
	return f.Post.Send(ctx, k, to, raw, signature)
}

// Run follows the lender's orders until ctx ends.
func (f *Office) Run(ctx context.Context, log *slog.Logger) {
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	for {
		list, err := f.Book().Orders(ctx, f.OrgID)
		for _, o := range list {
			if o.Lender == f.OrgID && o.State != StateDeclined && err == nil {
				_, err = f.Follow(ctx, o.ID)
			}
			if err != nil && ctx.Err() == nil {
				log.Warn("following a pledge order", "order", o.ID, "err", err)
			}
			err = nil
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// lenders is an order of this lender's.
func (f *Office) lenders(ctx context.Context, id string) (Order, error) {
	o, err := f.Book().Order(ctx, f.OrgID, id)
	if err == nil && o.Lender != f.OrgID {
		err = ErrUnknown
	}
	return o, err
}

// sharePpm is the part of the face in millionths, rounded up: a pledge covers at
// least the amount.
func sharePpm(amountFen, faceFen int64) (uint32, error) {
	if amountFen <= 0 || amountFen > faceFen {
		return 0, fmt.Errorf("%w: got %d fen of %d", ErrAmount, amountFen, faceFen)
	}
	n := new(big.Int).Mul(big.NewInt(amountFen), big.NewInt(facePpm))
	n.Add(n, big.NewInt(faceFen-1)).Quo(n, big.NewInt(faceFen))
	return uint32(n.Int64()), nil
}
