package profile

import (
	"context"

	"cosmossdk.io/collections"

	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
)

// Invariant is a named claim over the whole state. Check reads everything: it is
// for tests, exports and a stopped node, never for a block.
type Invariant struct {
	Name  string
	Check func(ctx context.Context) error
}

// claim is something that holds of every whole state. A genesis is refused
// without it, and the invariant of the same name checks a living chain by it.
type claim struct {
	name  string
	check func(gs *profilev1.GenesisState) error
}

var claims = []claim{
	{"streams-contiguous", checkStreams},
	{"epochs-cover-batches", checkEpochs},
	{"consents-hold", checkConsents},
	{"journals-chained", checkJournals},
	{"receipts-for-ended", checkReceipts},
	{"amendments-narrow", checkAmendments},
	{"logs-anchored", checkLogAnchors},
	{"erasures-final", checkErasures},
}

// Invariants lists the module's claims.
func (k *Keeper) Invariants() []Invariant {
	all := make([]Invariant, 0, len(claims)+2)
	for _, c := range claims {
		all = append(all, Invariant{c.name, func(ctx context.Context) error {
			gs, err := k.ExportGenesis(ctx)
			if err != nil {
				return err
			}
			return c.check(gs)
		}})
	}
	return append(all, Invariant{"suites-agree", func(ctx context.Context) error {
		gs, err := k.ExportGenesis(ctx)
		if err != nil {
			return err
		}
		return k.checkSuite(ctx, gs)
	}}, Invariant{"indexes-agree", k.checkIndexes})
}

// checkSuite: every batch is encrypted under the suite that x/org's genesis chose.
func (k *Keeper) checkSuite(ctx context.Context, gs *profilev1.GenesisState) error {
	suite, err := k.orgs.Suite(ctx)
	if err != nil {
		return err
	}
	for _, b := range gs.Batches {
		if b.Anchor.Suite != suite {
			return ErrInvariant.Wrapf("batch %x: suite %s, the chain has %s", clip(b.Anchor.BatchId), b.Anchor.Suite, suite)
		}
	}
	return nil
}

// checkIndexes: the sets of waiting, of live and of ending consents, those of due
// and of overdue receipts, and the orders of anchoring and of erasure hold exactly
// what the rows say.
func (k *Keeper) checkIndexes(ctx context.Context) error {
	waiting, live, ending, batches := 0, 0, 0, 0
	err := k.consents.Walk(ctx, nil, func(id []byte, c profilev1.Consent) (bool, error) {
		inPending, err := k.pending.Has(ctx, collections.Join3(c.Terms.EnterpriseId, c.Terms.GranteeOrgId, id))
		if err != nil {
			return true, err
		}
		inLive, err := k.live.Has(ctx, collections.Join(c.Terms.EnterpriseId, id))
		if err != nil {
			return true, err
		}
		inExpiries, err := k.expiries.Has(ctx, collections.Join(c.Terms.ExpiresAt, id))
		if err != nil {
			return true, err
		}
		if inPending != (c.State == statePending) || inLive != isLive(c.State) || inExpiries != ends(c.State) {
			return true, ErrInvariant.Wrapf("consent %x is %s: pending %v, live %v, ending %v", id, c.State, inPending, inLive, inExpiries)
		}
		waiting, live, ending = waiting+count(inPending), live+count(inLive), ending+count(inExpiries)
		return false, nil
	})
	if err != nil {
		return err
	}
	err = k.batches.Walk(ctx, nil, func(id []byte, b profilev1.Batch) (bool, error) {
		batches++
		found, err := k.anchored.Has(ctx, collections.Join3(b.EnterpriseId, uint64(b.Height), id))
		if err == nil && !found {
			err = ErrInvariant.Wrapf("batch %x is not in the order of anchoring", id)
		}
		if err == nil {
			found, err = k.custodians.Has(ctx, collections.Join(b.EnterpriseId, b.CustodianOrgId))
		}
		if err == nil && !found {
			err = ErrInvariant.Wrapf("batch %x: its custodian is not among those that hold keys", id)
		}
		return err != nil, err
	})
	if err != nil {
		return err
	}
	due, overdue, err := k.countReceipts(ctx)
	if err != nil {
		return err
	}
	erasures, err := k.countErasures(ctx)
	if err != nil {
		return err
	}
	for _, set := range []struct {
		name string
		want int
		size func() (int, error)
	}{
		{"pending", waiting, func() (int, error) { return sizeOf(ctx, k.pending) }},
		{"live", live, func() (int, error) { return sizeOf(ctx, k.live) }},
		{"expiries", ending, func() (int, error) { return sizeOf(ctx, k.expiries) }},
		{"due", due, func() (int, error) { return sizeOf(ctx, k.due) }},
		{"overdue", overdue, func() (int, error) { return sizeOf(ctx, k.overdue) }},
		{"erasures_by_height", erasures, func() (int, error) { return sizeOf(ctx, k.erased) }},
		{"batches_by_height", batches, func() (int, error) { return sizeOf(ctx, k.anchored) }},
	} {
		if n, err := set.size(); err != nil || n != set.want {
			return ErrInvariant.Wrapf("%s has %d keys, want %d: %v", set.name, n, set.want, err)
		}
	}
	return nil
}

// countReceipts counts the missing receipts that wait and those that are overdue,
// each of which must be in its set.
func (k *Keeper) countReceipts(ctx context.Context) (due, overdue int, err error) {
	err = k.receipts.Walk(ctx, nil, func(_ collections.Pair[uint64, []byte], r profilev1.DeletionReceipt) (bool, error) {
		at := collections.Join(r.DueAt, r.ConsentId)
		waits, err := k.due.Has(ctx, at)
		if err != nil {
			return true, err
		}
		late, err := k.overdue.Has(ctx, at)
		if err != nil {
			return true, err
		}
		missing := r.PostedAt == 0
		if waits != (missing && r.OverdueAt == 0) || late != (missing && r.OverdueAt != 0) {
			return true, ErrInvariant.Wrapf("receipt of consent %x: due %v, overdue %v", r.ConsentId, waits, late)
		}
		due, overdue = due+count(waits), overdue+count(late)
		return false, nil
	})
	return due, overdue, err
}

func (k *Keeper) countErasures(ctx context.Context) (int, error) {
	n := 0
	err := k.erasures.Walk(ctx, nil, func(enterprise uint64, e profilev1.Erasure) (bool, error) {
		n++
		found, err := k.erased.Has(ctx, collections.Join(uint64(e.Height), enterprise))
		if err == nil && !found {
			err = ErrInvariant.Wrapf("erasure of enterprise %d is not in the order of blocks", enterprise)
		}
		return err != nil, err
	})
	return n, err
}

func sizeOf[K any](ctx context.Context, s collections.KeySet[K]) (int, error) {
	n := 0
	err := s.Walk(ctx, nil, func(K) (bool, error) {
		n++
		return false, nil
	})
	return n, err
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}
