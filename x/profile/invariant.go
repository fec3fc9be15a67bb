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
}

// Invariants lists the module's claims.
func (k *Keeper) Invariants() []Invariant {
	all := make([]Invariant, 0, len(claims)+1)
	for _, c := range claims {
		all = append(all, Invariant{c.name, func(ctx context.Context) error {
			gs, err := k.ExportGenesis(ctx)
			if err != nil {
				return err
			}
			return c.check(gs)
		}})
	}
	return append(all, Invariant{"indexes-agree", k.checkIndexes})
}

// checkIndexes: the sets of waiting and of live consents, and the order of
// anchoring, hold exactly what the rows say.
func (k *Keeper) checkIndexes(ctx context.Context) error {
	waiting, live, batches := 0, 0, 0
	err := k.consents.Walk(ctx, nil, func(id []byte, c profilev1.Consent) (bool, error) {
		inPending, err := k.pending.Has(ctx, collections.Join3(c.Terms.EnterpriseId, c.Terms.GranteeOrgId, id))
		if err != nil {
			return true, err
		}
		inLive, err := k.live.Has(ctx, collections.Join(c.Terms.EnterpriseId, id))
		if err != nil {
			return true, err
		}
		if inPending != (c.State == statePending) || inLive != isLive(c.State) {
			return true, ErrInvariant.Wrapf("consent %x is %s: pending %v, live %v", id, c.State, inPending, inLive)
		}
		waiting, live = waiting+count(inPending), live+count(inLive)
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
		return err != nil, err
	})
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
		{"batches_by_height", batches, func() (int, error) { return sizeOf(ctx, k.anchored) }},
	} {
		if n, err := set.size(); err != nil || n != set.want {
			return ErrInvariant.Wrapf("%s has %d keys, want %d: %v", set.name, n, set.want, err)
		}
	}
	return nil
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
