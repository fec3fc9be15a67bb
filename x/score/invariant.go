package score

import (
	"context"

	"cosmossdk.io/collections"

	scorev1 "github.com/xinlian/xinlian/gen/xinlian/score/v1"
)

// Invariant is a named check over the whole state. Tests run all of them after
// every step of a simulation, and an operator on a stopped node; a block never.
type Invariant struct {
	Name  string
	Check func(ctx context.Context) error
}

// rules are what a genesis can be asked without a store.
var rules = []rule{
	{"params", func(gs *scorev1.GenesisState) error { return validateParams(gs.Params) }},
	{"srs", srsRule},
	{"model", modelRule},
	{"score", scoreRule},
	{"quote", quoteRule},
}

// Invariants are the rules of a genesis, asked of the living state, and what
// only a store can break.
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
		{"score-index", k.scoreIndex},
	}...)
}

// scoreIndex: the index by enterprise lists every score, and nothing else.
func (k *Keeper) scoreIndex(ctx context.Context) error {
	n := 0
	err := k.scores.Walk(ctx, nil, func(id []byte, s scorev1.Score) (bool, error) {
		n++
		listed, err := k.scoresByEnterprise.Has(ctx, collections.Join3(s.EnterpriseId, uint64(s.Height), id))
		if err == nil && !listed {
			err = ErrGenesis.Wrapf("score %x is not listed under %d", id, s.EnterpriseId)
		}
		return err != nil, err
	})
	if err != nil {
		return err
	}
	err = k.scoresByEnterprise.Walk(ctx, nil, func(scoreKey) (bool, error) {
		n--
		return false, nil
	})
	if err == nil && n != 0 {
		err = ErrGenesis.Wrapf("the index lists %d scores too many", -n)
	}
	return err
}
