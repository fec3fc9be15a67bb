package app

import (
	"context"
	"errors"
	"fmt"

	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/xinlian/xinlian/x/attestation"
	"github.com/xinlian/xinlian/x/cash"
	"github.com/xinlian/xinlian/x/council"
	"github.com/xinlian/xinlian/x/fund"
	"github.com/xinlian/xinlian/x/loan"
	"github.com/xinlian/xinlian/x/org"
	"github.com/xinlian/xinlian/x/pledge"
	"github.com/xinlian/xinlian/x/profile"
	"github.com/xinlian/xinlian/x/safety"
	"github.com/xinlian/xinlian/x/score"
)

// CheckInvariants runs every module's invariants on the last committed state and
// returns the first that does not hold, by module and name. It is for tests and
// for a stopped node; a block never runs it.
func (a *App) CheckInvariants() error {
	ctx, err := a.committed()
	if err != nil {
		return err
	}
	for _, check := range a.keepers.checks() {
		if err := check(ctx); err != nil {
			return err
		}
	}
	return nil
}

// ErrNoBlock says that the chain has no committed block yet.
var ErrNoBlock = errors.New("the node has not committed a block yet")

// committed is a context over the state of the last committed block that discards
// writes. The state that transactions are checked on is another one: it holds what
// the mempool's transactions would do.
func (a *App) committed() (sdk.Context, error) {
	height := a.LastBlockHeight()
	if height < 1 {
		return sdk.Context{}, ErrNoBlock
	}
	store, err := a.CommitMultiStore().CacheMultiStoreWithVersion(height)
	if err != nil {
		return sdk.Context{}, fmt.Errorf("opening the state of block %d: %w", height, err)
	}
	return sdk.NewContext(store, cmtproto.Header{ChainID: a.ChainID(), Height: height}, false, a.Logger()), nil
}

func (k keepers) checks() []func(context.Context) error {
	var all []func(context.Context) error
	add := func(module, name string, check func(context.Context) error) {
		all = append(all, func(ctx context.Context) error {
			if err := check(ctx); err != nil {
				return fmt.Errorf("invariant %s/%s: %w", module, name, err)
			}
			return nil
		})
	}
	for _, i := range k.org.Invariants() {
		add(org.Name, i.Name, i.Check)
	}
	for _, i := range k.safety.Invariants() {
		add(safety.Name, i.Name, i.Check)
	}
	for _, i := range k.council.Invariants() {
		add(council.Name, i.Name, i.Check)
	}
	for _, i := range k.cash.Invariants() {
		add(cash.Name, i.Name, i.Check)
	}
	for _, i := range k.profile.Invariants() {
		add(profile.Name, i.Name, i.Check)
	}
	for _, i := range k.attestation.Invariants() {
		add(attestation.Name, i.Name, i.Check)
	}
	for _, i := range k.pledge.Invariants() {
		add(pledge.Name, i.Name, i.Check)
	}
	for _, i := range k.score.Invariants() {
		add(score.Name, i.Name, i.Check)
	}
	for _, i := range k.loan.Invariants() {
		add(loan.Name, i.Name, i.Check)
	}
	for _, i := range k.fund.Invariants() {
		add(fund.Name, i.Name, i.Check)
	}
	return all
}
