package pledge

import (
	"context"

	"cosmossdk.io/collections"

	pledgev1 "github.com/xinlian/xinlian/gen/xinlian/pledge/v1"
)

// Invariant is a named check over the whole state. Tests run all of them after
// every step of a simulation, and an operator on a stopped node; a block never.
type Invariant struct {
	Name  string
	Check func(ctx context.Context) error
}

// Invariants are the rules of a genesis, asked of the living state, and what only
// a store can break.
func (k *Keeper) Invariants() []Invariant {
	var list []Invariant
	for _, r := range rules {
		list = append(list, Invariant{r.name, func(ctx context.Context) error {
			gs, err := k.ExportGenesis(ctx)
			if err != nil {
				return err
			}
			return r.check(gs)
		}})
	}
	return append(list, []Invariant{
		{"id-order", k.idOrder},
		{"holder-index", k.holderIndex},
		{"live-index", k.liveIndex},
	}...)
}

// idOrder: the next ids are one after the last rows.
func (k *Keeper) idOrder(ctx context.Context) error {
	gs, err := k.ExportGenesis(ctx)
	if err != nil {
		return err
	}
	st, err := k.nextStatement.Peek(ctx)
	if err != nil {
		return err
	}
	p, err := k.nextPledge.Peek(ctx)
	if err != nil {
		return err
	}
	if st != uint64(len(gs.Statements))+1 || p != uint64(len(gs.Pledges))+1 {
		return ErrGenesis.Wrapf("next ids %d and %d, %d and %d rows", st, p, len(gs.Statements), len(gs.Pledges))
	}
	return nil
}

// holderIndex: what is held, and by which epoch alone, is what the statements
// with live pledges say.
func (k *Keeper) holderIndex(ctx context.Context) error {
	list, err := rows(ctx, k.statements)
	if err != nil {
		return err
	}
	want, counts := 0, make(map[uint64]uint64)
	for _, st := range list {
		if st.PledgedPpm == 0 {
			continue
		}
		counts[newest(st)]++
		for _, t := range st.Tags {
			want++
			if got, err := k.holders.Get(ctx, collections.Join(t.Epoch, t.Tag)); err != nil || got != st.Id {
				return either(err, ErrGenesis.Wrapf("tag of statement %d is held by %d", st.Id, got))
			}
		}
	}
	n := 0
	if err := k.holders.Walk(ctx, nil, func(holderKey, uint64) (bool, error) { n++; return false, nil }); err != nil {
		return err
	}
	if n != want {
		return ErrGenesis.Wrapf("%d tags are held, want %d", n, want)
	}
	seen := 0
	err = k.held.Walk(ctx, nil, func(epoch, n uint64) (bool, error) {
		seen++
		if counts[epoch] != n {
			return true, ErrGenesis.Wrapf("epoch %d alone holds %d, want %d", epoch, n, counts[epoch])
		}
		return false, nil
	})
	if err == nil && seen != len(counts) {
		err = ErrGenesis.Wrapf("%d epochs are counted, want %d", seen, len(counts))
	}
	return err
}

// liveIndex: the live pledges are exactly those listed by statement, and those due.
func (k *Keeper) liveIndex(ctx context.Context) error {
	want := 0
	err := k.pledges.Walk(ctx, nil, func(id uint64, p pledgev1.Pledge) (bool, error) {
		if p.Status != pledgeLive {
			return false, nil
		}
		want++
		listed, err := k.live.Has(ctx, collections.Join(p.StatementId, id))
		if err != nil {
			return true, err
		}
		due, err := k.due.Has(ctx, collections.Join(p.ExpiresAt, id))
		if err != nil || !listed || !due {
			return true, either(err, ErrGenesis.Wrapf("live pledge %d is not listed or not due", id))
		}
		return false, nil
	})
	if err != nil {
		return err
	}
	listed, due := 0, 0
	if err := k.live.Walk(ctx, nil, func(collections.Pair[uint64, uint64]) (bool, error) { listed++; return false, nil }); err != nil {
		return err
	}
	if err := k.due.Walk(ctx, nil, func(collections.Pair[int64, uint64]) (bool, error) { due++; return false, nil }); err != nil {
		return err
	}
	if listed != want || due != want {
		return ErrGenesis.Wrapf("%d pledges are live, %d listed, %d due", want, listed, due)
	}
	return nil
}
