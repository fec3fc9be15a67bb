package profile

import (
	"context"
	"slices"

	"cosmossdk.io/collections"

	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
)

// CustodiansMax bounds the custodians that ever anchored for one enterprise, each
// of which owes a receipt for its erasure.
const CustodiansMax = 16

// Debts tells whether an enterprise still owes on a loan, so that the lender's
// records of it must be kept. x/loan implements it; profile cannot import x/loan.
type Debts interface {
	Owes(ctx context.Context, enterprise uint64) (bool, error)
}

// SetDebts connects x/loan, which stands to the right of this module and is built
// later. Without it no enterprise owes.
func (k *Keeper) SetDebts(d Debts) { k.debts = d }

// Erasure is the erasure that an enterprise has ordered, or ErrNotFound.
func (k *Keeper) Erasure(ctx context.Context, enterprise uint64) (profilev1.Erasure, error) {
	e, found, err := lookup(k.erasures.Get(ctx, enterprise))
	if err == nil && !found {
		err = ErrNotFound.Wrapf("enterprise %d has ordered no erasure", enterprise)
	}
	return e, err
}

// checkNotErased is ErrErased once the enterprise has ordered its erasure. An order
// is for good: the enterprise's key in its custodians' vaults is gone, and a row
// here that came later would point at nothing.
func (k *Keeper) checkNotErased(ctx context.Context, enterprise uint64) error {
	erased, err := k.erasures.Has(ctx, enterprise)
	if err == nil && erased {
		err = ErrErased.Wrapf("enterprise %d", enterprise)
	}
	return err
}

// holdKeys notes that a custodian anchors, and so holds keys, for an enterprise.
func (k *Keeper) holdKeys(ctx context.Context, enterprise, custodian uint64) error {
	known, err := k.custodians.Has(ctx, collections.Join(enterprise, custodian))
	if err != nil || known {
		return err
	}
	all, err := k.keyHolders(ctx, enterprise)
	if err != nil {
		return err
	}
	if len(all) >= CustodiansMax {
		return ErrTooMany.Wrapf("enterprise %d has had %d custodians", enterprise, len(all))
	}
	return k.custodians.Set(ctx, collections.Join(enterprise, custodian))
}

// keyHolders lists the custodians that ever anchored for an enterprise, ascending.
func (k *Keeper) keyHolders(ctx context.Context, enterprise uint64) ([]uint64, error) {
	var all []uint64
	err := k.custodians.Walk(ctx, collections.NewPrefixedPairRange[uint64, uint64](enterprise),
		func(key collections.Pair[uint64, uint64]) (bool, error) {
			all = append(all, key.K2())
			return false, nil
		})
	return all, err
}

// orderOf is the erasure of an enterprise as ordered now: a receipt is due from
// every custodian that it has or that ever anchored for it.
func (k *Keeper) orderOf(ctx context.Context, e orgv1.Organisation, device string, p profilev1.Params) (profilev1.Erasure, error) {
	now, height := moment(ctx)
	row := profilev1.Erasure{
		EnterpriseId: e.Id, Device: device, RequestedAt: now, Height: height, DueAt: now + p.ErasureSeconds,
	}
	holders, err := k.keyHolders(ctx, e.Id)
	if err != nil {
		return row, err
	}
	for _, id := range []uint64{e.CustodianOrgId, e.SecondCustodianOrgId} {
		if id != 0 && !slices.Contains(holders, id) {
			holders = append(holders, id)
		}
	}
	slices.Sort(holders)
	for _, id := range holders {
		row.Receipts = append(row.Receipts, profilev1.ErasureReceipt{CustodianOrgId: id})
	}
	if len(holders) == 0 {
		row.DoneAt = now // nobody ever held a key
	}
	return row, nil
}

// setErasure writes a row; the order of blocks follows.
func (k *Keeper) setErasure(ctx context.Context, e profilev1.Erasure) error {
	if err := k.erased.Set(ctx, collections.Join(uint64(e.Height), e.EnterpriseId)); err != nil {
		return err
	}
	return k.erasures.Set(ctx, e.EnterpriseId, e)
}

// receive is the erasure after a custodian's receipt, or ErrErasure where it owes
// none.
func receive(e profilev1.Erasure, custodian uint64, device string, hash []byte, now int64) (profilev1.Erasure, error) {
	i := slices.IndexFunc(e.Receipts, func(r profilev1.ErasureReceipt) bool { return r.CustodianOrgId == custodian })
	if i < 0 {
		return e, ErrErasure.Wrapf("organisation %d holds no key of enterprise %d", custodian, e.EnterpriseId)
	}
	if e.Receipts[i].PostedAt != 0 {
		return e, ErrErasure.Wrapf("posted at %d", e.Receipts[i].PostedAt)
	}
	e.Receipts = slices.Clone(e.Receipts)
	e.Receipts[i] = profilev1.ErasureReceipt{CustodianOrgId: custodian, ReceiptHash: hash, PostedAt: now, Device: device}
	if !slices.ContainsFunc(e.Receipts, func(r profilev1.ErasureReceipt) bool { return r.PostedAt == 0 }) {
		e.DoneAt = now
	}
	return e, nil
}
