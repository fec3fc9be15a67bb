package score

import (
	"bytes"
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
	{"watch", watchRule},
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
		{"latest", k.latestScores},
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

// latestScores: each kind of score has the latest of its scores on record, and
// nothing else is.
func (k *Keeper) latestScores(ctx context.Context) error {
	err := k.scores.Walk(ctx, nil, func(id []byte, s scorev1.Score) (bool, error) {
		newest, err := k.latest.Get(ctx, latestOf(s))
		if err != nil {
			return true, found(err, ErrGenesis, "score %x has no latest of its kind", id)
		}
		row, err := k.scores.Get(ctx, newest)
		if err == nil && later(s, row) {
			err = ErrGenesis.Wrapf("score %x is later than %x", id, newest)
		}
		return err != nil, err
	})
	if err != nil {
		return err
	}
	return k.latest.Walk(ctx, nil, func(key latestKey, id []byte) (bool, error) {
		s, err := k.scores.Get(ctx, id)
		if err == nil && (s.EnterpriseId != key.K1() || !bytes.Equal(s.ModelHash, key.K2()) ||
			uint64(s.Purpose) != key.K3() || s.LenderOrgId != key.K4()) {
			err = ErrGenesis.Wrapf("score %x is listed as of another kind", id)
		}
		return err != nil, found(err, ErrGenesis, "score %x is listed as the latest and is not there", id)
	})
}
