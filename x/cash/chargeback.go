package cash

import (
	"context"
	"slices"

	"cosmossdk.io/collections"

	cashv1 "github.com/xinlian/xinlian/gen/xinlian/cash/v1"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
)

// dispute is the payment once its payer objects: a debit, once, in time.
func dispute(p cashv1.Payment, reasonHash []byte, now int64, params cashv1.Params) (cashv1.Payment, error) {
	if p.Kind != cashv1.PaymentKind_PAYMENT_KIND_DEBIT {
		return p, ErrStatus.Wrapf("payment %d is the payer's own transfer", p.Id)
	}
	if p.Chargeback != cashv1.ChargebackStatus_CHARGEBACK_STATUS_UNSPECIFIED {
		return p, ErrStatus.Wrapf("payment %d is %s", p.Id, p.Chargeback)
	}
	if p.ReturnedFen == p.AmountFen {
		return p, ErrReturn.Wrapf("payment %d was given back", p.Id)
	}
	if end := p.PaidAt + params.ChargebackSeconds; now >= end {
		return p, ErrWindow.Wrapf("payment %d could be disputed until %d", p.Id, end)
	}
	p.Chargeback = cashv1.ChargebackStatus_CHARGEBACK_STATUS_OPEN
	p.ReasonHash = reasonHash
	return p, nil
}

// decide is the payment once an arbiter has decided.
func decide(p cashv1.Payment, arbiter uint64, upheld bool) (cashv1.Payment, error) {
	if p.Chargeback != cashv1.ChargebackStatus_CHARGEBACK_STATUS_OPEN {
		return p, ErrStatus.Wrapf("payment %d is %s", p.Id, p.Chargeback)
	}
	p.ArbiterOrgId = arbiter
	p.Chargeback = cashv1.ChargebackStatus_CHARGEBACK_STATUS_REJECTED
	if upheld {
		p.Chargeback = cashv1.ChargebackStatus_CHARGEBACK_STATUS_UPHELD
	}
	return p, nil
}

// checkArbiter wants a regulator or a settlement bank that is no party.
func checkArbiter(o orgv1.Organisation, p cashv1.Payment) error {
	if !slices.Contains(o.Roles, orgv1.Role_ROLE_REGULATOR) && !slices.Contains(o.Roles, orgv1.Role_ROLE_ISSUER) {
		return ErrUnauthorised.Wrapf("organisation %d is neither regulator nor issuer", o.Id)
	}
	if o.Id == p.PayerOrgId || o.Id == p.PayeeOrgId {
		return ErrUnauthorised.Wrapf("organisation %d is a party", o.Id)
	}
	return nil
}

// collect returns of what is owed as much as the payee has, which is nothing while
// it is frozen, and tells how much. The rest stays owed on the payment's row.
func (k *Keeper) collect(ctx context.Context, p cashv1.Payment) (cashv1.Payment, int64, error) {
	frozen, err := k.Frozen(ctx, p.PayeeOrgId)
	if err != nil {
		return p, 0, err
	}
	balance, err := k.Balance(ctx, Account(p.PayeeOrgId))
	if err != nil {
		return p, 0, err
	}
	amountFen := min(owed(p), balance)
	if frozen || amountFen == 0 {
		return p, 0, k.putPayment(ctx, p)
	}
	if p, err = returned(p, amountFen); err != nil {
		return p, 0, err
	}
	return p, amountFen, k.giveReturn(ctx, p, amountFen)
}

// checkDebts refuses what an organisation that owes an upheld chargeback may not
// do: debit others, and send its own money elsewhere.
func (k *Keeper) checkDebts(ctx context.Context, orgID uint64) error {
	it, err := k.debts.Iterate(ctx, collections.NewPrefixedPairRange[uint64, uint64](orgID))
	if err != nil {
		return err
	}
	defer it.Close()
	if !it.Valid() {
		return nil
	}
	key, err := it.Key()
	if err != nil {
		return err
	}
	return ErrDebt.Wrapf("organisation %d has to refund payment %d first", orgID, key.K2())
}

func emitChargeback(ctx context.Context, p cashv1.Payment) error {
	return emit(ctx, &cashv1.EventChargeback{PaymentId: p.Id, Status: p.Chargeback, OwedFen: owed(p)})
}
