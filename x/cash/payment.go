package cash

import (
	"context"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	cashv1 "github.com/xinlian/xinlian/gen/xinlian/cash/v1"
)

// EndedPerBlockMax bounds the payments whose rows one block removes.
const EndedPerBlockMax = 200

// pay writes a payment that has just been made, under the next id, which it returns.
func (k *Keeper) pay(ctx context.Context, p cashv1.Payment) (uint64, error) {
	params, err := k.params.Get(ctx)
	if err != nil {
		return 0, err
	}
	last, err := k.nextPayment.Next(ctx)
	if err != nil {
		return 0, err
	}
	p.Id = last + 1
	p.PaidAt = blockTime(ctx)
	p.KeptUntil = p.PaidAt + params.RefundSeconds
	if err := k.putPayment(ctx, p); err != nil {
		return 0, err
	}
	return p.Id, emit(ctx, &cashv1.EventPaid{
		PaymentId: p.Id, PayerOrgId: p.PayerOrgId, PayeeOrgId: p.PayeeOrgId,
		AmountFen: p.AmountFen, MandateId: p.MandateId,
	})
}

// returned is the payment after amountFen came back: never more than was received.
func returned(p cashv1.Payment, amountFen int64) (cashv1.Payment, error) {
	if left := p.AmountFen - p.ReturnedFen; amountFen > left {
		return p, ErrReturn.Wrapf("got %d, payment %d has %d left", amountFen, p.Id, left)
	}
	p.ReturnedFen += amountFen
	return p, nil
}

// giveReturn moves amountFen from the payee's own account to the payer's and writes
// the payment. Both were organisations' when it was made.
func (k *Keeper) giveReturn(ctx context.Context, p cashv1.Payment, amountFen int64) error {
	if err := k.Move(ctx, Account(p.PayeeOrgId), Account(p.PayerOrgId), amountFen); err != nil {
		return err
	}
	if err := k.putPayment(ctx, p); err != nil {
		return err
	}
	return emit(ctx, &cashv1.EventReturned{PaymentId: p.Id, AmountFen: amountFen, ReturnedFen: p.ReturnedFen})
}

// owed is what a payee still has to return after an upheld chargeback.
func owed(p cashv1.Payment) int64 {
	if p.Chargeback != cashv1.ChargebackStatus_CHARGEBACK_STATUS_UPHELD {
		return 0
	}
	return p.AmountFen - p.ReturnedFen
}

// resting tells whether a payment outlives its time: while somebody still has to
// decide about it, and while something is owed.
func resting(p cashv1.Payment) bool {
	return p.Chargeback == cashv1.ChargebackStatus_CHARGEBACK_STATUS_OPEN || owed(p) > 0
}

// living is a payment that has not ended, or ErrWindow; one that is not there any
// more is ErrNotFound.
func (k *Keeper) living(ctx context.Context, id uint64) (cashv1.Payment, error) {
	p, found, err := lookup(k.payments.Get(ctx, id))
	if err != nil {
		return p, err
	}
	if !found {
		return p, ErrNotFound.Wrapf("payment %d", id)
	}
	if blockTime(ctx) >= p.KeptUntil && !resting(p) {
		return p, ErrWindow.Wrapf("payment %d ended at %d", id, p.KeptUntil)
	}
	return p, nil
}

// putPayment writes a payment and makes its places in the indexes those that its
// state asks for.
func (k *Keeper) putPayment(ctx context.Context, p cashv1.Payment) error {
	if err := k.payments.Set(ctx, p.Id, p); err != nil {
		return err
	}
	if err := k.paid.Set(ctx, collections.Join(p.PayerOrgId, p.Id)); err != nil {
		return err
	}
	if err := k.received.Set(ctx, collections.Join(p.PayeeOrgId, p.Id)); err != nil {
		return err
	}
	if err := place(ctx, k.ends, collections.Join(p.KeptUntil, p.Id), !resting(p)); err != nil {
		return err
	}
	return place(ctx, k.debts, collections.Join(p.PayeeOrgId, p.Id), owed(p) > 0)
}

func place[K any](ctx context.Context, set collections.KeySet[K], key K, in bool) error {
	if in {
		return set.Set(ctx, key)
	}
	return set.Remove(ctx, key)
}

// EndBlock removes payments whose time has passed, the earliest first, at most
// EndedPerBlockMax of them; the rest waits for the next block. It never returns an
// error, because that would halt the chain: what is not removed binds nobody.
func (k *Keeper) EndBlock(ctx context.Context) error {
	cache, write := sdk.UnwrapSDKContext(ctx).CacheContext()
	if err := k.endPayments(cache); err != nil {
		cache.Logger().Error("cash: ending payments", "error", err)
		return nil
	}
	write()
	return nil
}

func (k *Keeper) endPayments(ctx context.Context) error {
	ripe, err := k.ripe(ctx, blockTime(ctx))
	if err != nil {
		return err
	}
	for _, key := range ripe {
		p, err := k.payments.Get(ctx, key.K2())
		if err != nil {
			return err
		}
		if err := k.payments.Remove(ctx, p.Id); err != nil {
			return err
		}
		if err := k.paid.Remove(ctx, collections.Join(p.PayerOrgId, p.Id)); err != nil {
			return err
		}
		if err := k.received.Remove(ctx, collections.Join(p.PayeeOrgId, p.Id)); err != nil {
			return err
		}
		if err := k.ends.Remove(ctx, key); err != nil {
			return err
		}
	}
	return nil
}

// ripe lists the first payments of the queue whose time has passed.
func (k *Keeper) ripe(ctx context.Context, now int64) ([]endKey, error) {
	it, err := k.ends.Iterate(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer it.Close()
	var keys []endKey
	for ; it.Valid() && len(keys) < EndedPerBlockMax; it.Next() {
		key, err := it.Key()
		if err != nil {
			return nil, err
		}
		if key.K1() > now {
			break
		}
		keys = append(keys, key)
	}
	return keys, nil
}
