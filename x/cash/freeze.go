package cash

import (
	"context"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	cashv1 "github.com/xinlian/xinlian/gen/xinlian/cash/v1"
)

// FreezesMax bounds the live freezes of one organisation, and with it the work
// that one transfer does to find out whether it is stopped.
const FreezesMax = 16

// Frozen tells whether a freeze that has not expired binds the organisation.
func (k *Keeper) Frozen(ctx context.Context, orgID uint64) (bool, error) {
	now := blockTime(ctx)
	frozen := false
	err := k.walkFreezes(ctx, orgID, func(f cashv1.Freeze) (bool, error) {
		frozen = binds(f, now)
		return frozen, nil
	})
	return frozen, err
}

// binds tells whether the freeze still stops money at that time.
func binds(f cashv1.Freeze, now int64) bool { return now < f.ExpiresAt }

// checkExpiry wants an end after now and within the longest allowed freeze.
func checkExpiry(expiresAt, now int64, p cashv1.Params) error {
	if expiresAt <= now || expiresAt > now+p.FreezeSecondsMax {
		return ErrField.Wrapf("expires_at: got %d, want %d to %d", expiresAt, now+1, now+p.FreezeSecondsMax)
	}
	return nil
}

// freezesOf lists the live and the expired freezes of an organisation.
func (k *Keeper) freezesOf(ctx context.Context, orgID uint64, now int64) (live, expired []cashv1.Freeze, err error) {
	err = k.walkFreezes(ctx, orgID, func(f cashv1.Freeze) (bool, error) {
		if binds(f, now) {
			live = append(live, f)
		} else {
			expired = append(expired, f)
		}
		return false, nil
	})
	return live, expired, err
}

// checkFreeze decides whether f may be written beside the live freezes: a case
// is renewed only by the regulator that opened it, and there are at most
// FreezesMax cases.
func checkFreeze(f cashv1.Freeze, live []cashv1.Freeze) error {
	others := 0
	for _, l := range live {
		if l.CaseId != f.CaseId {
			others++
			continue
		}
		if l.ByOrgId != f.ByOrgId {
			return ErrUnauthorised.Wrapf("case is of regulator %d", l.ByOrgId)
		}
	}
	if others >= FreezesMax {
		return ErrTooMany.Wrapf("organisation %d has %d", f.OrgId, others)
	}
	return nil
}

// freeze removes the expired rows and writes the new one.
func (k *Keeper) freeze(ctx context.Context, f cashv1.Freeze, expired []cashv1.Freeze) error {
	for _, e := range expired {
		if err := k.freezes.Remove(ctx, collections.Join(e.OrgId, e.CaseId)); err != nil {
			return err
		}
	}
	return k.freezes.Set(ctx, collections.Join(f.OrgId, f.CaseId), f)
}

func (k *Keeper) walkFreezes(ctx context.Context, orgID uint64, visit func(cashv1.Freeze) (bool, error)) error {
	return k.freezes.Walk(ctx, collections.NewPrefixedPairRange[uint64, string](orgID),
		func(_ collections.Pair[uint64, string], f cashv1.Freeze) (bool, error) { return visit(f) })
}

func blockTime(ctx context.Context) int64 { return sdk.UnwrapSDKContext(ctx).BlockTime().Unix() }
