package loan

import (
	"context"
	"maps"
	"slices"

	"cosmossdk.io/collections"

	loanv1 "github.com/xinlian/xinlian/gen/xinlian/loan/v1"
)

// Invariant is a named check over the whole state of the module.
type Invariant struct {
	Name  string
	Check func(ctx context.Context) error
}

// rules are the invariants that need no other module.
var rules = []struct {
	name  string
	check func(snapshot) error
}{
	{"template-gate", snapshot.templateGate},
	{"drafts", snapshot.drafts},
	{"rate-cut", snapshot.rateCut},
	{"pool-totals", snapshot.poolTotals},
	{"pool-buckets", snapshot.poolBuckets},
	{"exposure-totals", snapshot.exposureTotals},
	{"tranche-schedule", snapshot.trancheSchedule},
	{"loan-status", snapshot.loanStatus},
	{"review-rows", snapshot.reviewRows},
	{"journal-chain", snapshot.journalChain},
	{"journal-sums", snapshot.journalSums},
}

// Invariants lists the module's checks. They read everything: they are for
// tests, exported genesis states and stopped nodes, never for a block.
func (k *Keeper) Invariants() []Invariant {
	list := []Invariant{
		{Name: "pool-money", Check: k.checkPoolMoney},
		{Name: "due-queue", Check: k.checkDueQueue},
		{Name: "offer-queue", Check: k.checkOfferQueue},
		{Name: "open-applications", Check: k.checkOpen},
		{Name: "pool-commitments", Check: k.checkCommitted},
		{Name: "template-versions", Check: k.checkVersions},
		{Name: "review-queue", Check: k.checkReviewQueue},
	}
	for _, rule := range rules {
		list = append(list, Invariant{Name: rule.name, Check: func(ctx context.Context) error {
			gs, err := k.ExportGenesis(ctx)
			if err != nil {
				return err
			}
			return broken(rule.name, rule.check(snapshot{gs}))
		}})
	}
	return list
}

func broken(name string, err error) error {
	if err == nil {
		return nil
	}
	return ErrInvariant.Wrapf("%s: %s", name, err)
}

// checkPoolMoney compares each pool's books with its account: the account holds
// at least contributed + earned - lent - lost, and that covers what is promised.
func (k *Keeper) checkPoolMoney(ctx context.Context) error {
	return broken("pool-money", k.pools.Walk(ctx, nil, func(id uint64, p loanv1.Pool) (bool, error) {
		held, err := poolCash(p)
		if err != nil {
			return true, err
		}
		if held < p.ReservedFen {
			return true, ErrInvariant.Wrapf("pool %d has %d fen by its books and promised %d", id, held, p.ReservedFen)
		}
		balanceFen, err := k.left.Cash.Balance(ctx, PoolAccount(id))
		if err != nil {
			return true, err
		}
		if balanceFen < held {
			return true, ErrInvariant.Wrapf("pool %d holds %d fen and should hold %d", id, balanceFen, held)
		}
		return false, nil
	}))
}

// checkDueQueue wants one place in the queue for each unpaid instalment of a
// running tranche of a running loan, and none else.
func (k *Keeper) checkDueQueue(ctx context.Context) error {
	queued := 0
	err := k.due.Walk(ctx, nil, func(key dueKey) (bool, error) {
		queued++
		i, err := k.instalment(ctx, key.K2(), key.K3(), key.K4())
		if err != nil {
			return true, err
		}
		if i.NextAt != key.K1() {
			return true, ErrInvariant.Wrapf("instalment %d/%d/%d is queued at %d and says %d", i.LoanId, i.Tranche, i.Number, key.K1(), i.NextAt)
		}
		return false, nil
	})
	if err != nil {
		return broken("due-queue", err)
	}
	wanted := 0
	err = k.instalments.Walk(ctx, nil, func(_ instalmentKey, i loanv1.Instalment) (bool, error) {
		l, err := k.loan(ctx, i.LoanId)
		if err != nil {
			return true, err
		}
		collectable := live(i.Status) && running(l.Status)
		if collectable {
			wanted++
		}
		if collectable != (i.NextAt != 0) {
			return true, ErrInvariant.Wrapf("instalment %d/%d/%d is %s and queued at %d", i.LoanId, i.Tranche, i.Number, i.Status, i.NextAt)
		}
		return false, nil
	})
	if err == nil && wanted != queued {
		err = ErrInvariant.Wrapf("%d places in the queue, want %d", queued, wanted)
	}
	return broken("due-queue", err)
}

// checkOfferQueue wants one end in the queue for each open offer, and none else.
func (k *Keeper) checkOfferQueue(ctx context.Context) error {
	queued, open := 0, 0
	err := k.offerEnds.Walk(ctx, nil, func(key offerEndKey) (bool, error) {
		queued++
		o, err := k.offer(ctx, key.K2())
		if err == nil && o.Status != loanv1.OfferStatus_OFFER_STATUS_OPEN {
			err = ErrInvariant.Wrapf("offer %d is %s and queued", o.Id, o.Status)
		}
		return false, err
	})
	if err != nil {
		return broken("offer-queue", err)
	}
	err = k.offers.Walk(ctx, nil, func(_ uint64, o loanv1.Offer) (bool, error) {
		if o.Status == loanv1.OfferStatus_OFFER_STATUS_OPEN {
			open++
		}
		return false, nil
	})
	if err == nil && open != queued {
		err = ErrInvariant.Wrapf("%d places in the queue, want %d", queued, open)
	}
	return broken("offer-queue", err)
}

// checkOpen wants the index of open applications to be what the rows say.
func (k *Keeper) checkOpen(ctx context.Context) error {
	gs, err := k.ExportGenesis(ctx)
	if err != nil {
		return err
	}
	want := openApplications(gs)
	for _, a := range want {
		id, err := k.open.Get(ctx, collections.Join(a.EnterpriseId, a.ProductId))
		if err == nil && id != a.Id {
			err = ErrInvariant.Wrapf("application %d is open, the index says %d", a.Id, id)
		}
		if err != nil {
			return broken("open-applications", err)
		}
	}
	rows := 0
	err = k.open.Walk(ctx, nil, func(openKey, uint64) (bool, error) { rows++; return false, nil })
	if err == nil && rows != len(want) {
		err = ErrInvariant.Wrapf("%d rows, want %d", rows, len(want))
	}
	return broken("open-applications", err)
}

// checkCommitted wants for each pool and enterprise the sum of its offers and loans.
func (k *Keeper) checkCommitted(ctx context.Context) error {
	gs, err := k.ExportGenesis(ctx)
	if err != nil {
		return err
	}
	want := map[[2]uint64]int64{}
	for _, o := range gs.Offers {
		if o.Status == loanv1.OfferStatus_OFFER_STATUS_OPEN {
			want[[2]uint64{gs.Products[o.ProductId-1].Terms.PoolId, o.EnterpriseId}] += o.PrincipalFen
		}
	}
	for _, l := range gs.Loans {
		want[[2]uint64{l.PoolId, l.EnterpriseId}] += committedBy(l)
	}
	err = k.committed.Walk(ctx, nil, func(key committedKey, fen int64) (bool, error) {
		id := [2]uint64{key.K1(), key.K2()}
		if want[id] != fen {
			return true, ErrInvariant.Wrapf("pool %d has %d fen with %d, want %d", key.K1(), fen, key.K2(), want[id])
		}
		delete(want, id)
		return false, nil
	})
	if err == nil {
		for _, id := range slices.SortedFunc(maps.Keys(want), func(a, b [2]uint64) int { return slices.Compare(a[:], b[:]) }) {
			if want[id] != 0 {
				err = ErrInvariant.Wrapf("pool %d has no sum for %d, want %d fen", id[0], id[1], want[id])
				break
			}
		}
	}
	return broken("pool-commitments", err)
}

// checkReviewQueue wants one end in the queue for each review that waits and is not
// overdue, and none else.
func (k *Keeper) checkReviewQueue(ctx context.Context) error {
	queued, waiting := 0, 0
	err := k.reviewEnds.Walk(ctx, nil, func(key reviewEndKey) (bool, error) {
		queued++
		app, err := k.application(ctx, key.K2())
		if err != nil {
			return true, err
		}
		if r := openReview(&app); r == nil || r.Overdue {
			return true, ErrInvariant.Wrapf("application %d waits for nobody and is queued", app.Id)
		}
		return false, nil
	})
	if err != nil {
		return broken("review-queue", err)
	}
	err = k.applications.Walk(ctx, nil, func(_ uint64, app loanv1.Application) (bool, error) {
		if r := openReview(&app); r != nil && !r.Overdue {
			waiting++
		}
		return false, nil
	})
	if err == nil && waiting != queued {
		err = ErrInvariant.Wrapf("%d places in the queue, want %d", queued, waiting)
	}
	return broken("review-queue", err)
}
