package app

import (
	"context"
	"fmt"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/xinlian/xinlian/x/attestation"
	"github.com/xinlian/xinlian/x/cash"
	"github.com/xinlian/xinlian/x/council"
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
	ctx := a.committed()
	for _, check := range a.keepers.checks() {
		if err := check(ctx); err != nil {
			return err
		}
	}
	return nil
}

// committed is a context over the last committed state that discards writes.
func (a *App) committed() sdk.Context {
	ctx, _ := a.NewContext(true).CacheContext()
	return ctx
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
	return all
}
