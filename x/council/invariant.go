package council

import (
	"bytes"
	"context"
	"fmt"
)

// Invariant is a named check over the module's whole state.
type Invariant struct {
	Name  string
	Check func(context.Context) error
}

// Invariants lists the module's checks. They run in tests and on a stopped node,
// never in a block.
func (k *Keeper) Invariants() []Invariant {
	return []Invariant{
		{"members-known", k.membersKnown},
		{"validators-unique", k.validatorsUnique},
		{"power-positive", k.powerPositive},
		{"log-consistent", k.logConsistent},
	}
}

func (k *Keeper) membersKnown(ctx context.Context) error {
	all, err := k.allMembers(ctx)
	if err != nil {
		return err
	}
	for _, m := range all {
		if _, err := k.orgs.Organisation(ctx, m.OrgId); err != nil {
			return err
		}
		if err := checkMember(m); err != nil {
			return err
		}
	}
	return nil
}

func (k *Keeper) validatorsUnique(ctx context.Context) error {
	all, err := k.allMembers(ctx)
	if err != nil {
		return err
	}
	for i, m := range all {
		for _, other := range all[:i] {
			if len(m.ConsensusKey) != 0 && bytes.Equal(m.ConsensusKey, other.ConsensusKey) {
				return fmt.Errorf("organisations %d and %d share a consensus key", other.OrgId, m.OrgId)
			}
		}
	}
	return nil
}

func (k *Keeper) powerPositive(ctx context.Context) error {
	total, err := k.powerWithout(ctx, 0)
	if err == nil && total <= 0 {
		err = fmt.Errorf("total power %d", total)
	}
	return err
}

func (k *Keeper) logConsistent(ctx context.Context) error {
	entries, err := values(ctx, k.entries)
	if err != nil {
		return err
	}
	log, err := k.headerLog(ctx)
	if err != nil {
		return err
	}
	if err := validateLog(log, entries); err != nil {
		return err
	}
	indexed, err := values(ctx, k.heights)
	if err != nil {
		return err
	}
	if len(indexed) != len(entries) {
		return fmt.Errorf("%d heights for %d entries", len(indexed), len(entries))
	}
	for _, e := range entries {
		index, err := k.heights.Get(ctx, e.Height)
		if err != nil {
			return err
		}
		if index != e.Index {
			return fmt.Errorf("height %d leads to entry %d, want %d", e.Height, index, e.Index)
		}
	}
	return nil
}
