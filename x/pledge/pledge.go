package pledge

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"slices"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	pledgev1 "github.com/xinlian/xinlian/gen/xinlian/pledge/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/x/org"
)

const (
	pledgeLive     = pledgev1.PledgeStatus_PLEDGE_STATUS_LIVE
	pledgeReleased = pledgev1.PledgeStatus_PLEDGE_STATUS_RELEASED
	pledgeExpired  = pledgev1.PledgeStatus_PLEDGE_STATUS_EXPIRED
	pledgeVoid     = pledgev1.PledgeStatus_PLEDGE_STATUS_VOID
)

// ExpiriesPerBlockMax bounds the pledges that one block ends.
const ExpiriesPerBlockMax = 256

// lenderSigned is nil when the statement's pledge key signed the content.
func lenderSigned(st pledgev1.Statement, b, signature []byte) error {
	if !ed25519.Verify(st.PledgeKey, b, signature) {
		return ErrLender.Wrapf("statement %d: the signature is not the pledge key's", st.Id)
	}
	return nil
}

// lenderOpened is nil when the opening makes the statement's commitment for the
// sender's organisation.
func lenderOpened(st pledgev1.Statement, orgID uint64, o *pledgev1.Opening) error {
	c, err := commitmentOf(orgID, o, st.PledgeKey)
	if err != nil {
		return err
	}
	if !bytes.Equal(c, st.LenderCommitment) {
		return ErrLender.Wrapf("statement %d: the opening is not organisation %d's", st.Id, orgID)
	}
	return nil
}

// sender authorises whoever sends for a lender: the lender itself when it opens
// its commitment, else a council member that relays.
func (s msgServer) sender(ctx context.Context, device string, orgID uint64, direct bool) error {
	requirements := []org.Requirement{org.Member}
	if direct {
		requirements = append(requirements, org.AnyRole(orgv1.Role_ROLE_LENDER))
	}
	if _, _, err := org.Authorise(ctx, s.k.orgs, device, orgID, requirements...); err != nil {
		return err
	}
	if direct {
		return nil
	}
	member, err := s.k.council.Member(ctx, orgID)
	if err != nil || !member {
		return either(err, ErrLender.Wrapf("organisation %d is not a member and may not relay", orgID))
	}
	return nil
}

// consented is nil when the lender's consent is live and covers the records that
// the receivable is among, and the verifier is not the lender's.
func (k *Keeper) consented(ctx context.Context, st pledgev1.Statement, lender uint64, consentID []byte) error {
	c, err := k.profiles.LiveConsent(ctx, consentID)
	if err != nil {
		return err
	}
	if c.Terms.EnterpriseId != st.EnterpriseId || c.Terms.GranteeOrgId != lender ||
		!slices.Contains(c.Terms.Categories, profilev1.Category(st.Category)) {
		return ErrConsent.Wrapf("%x", consentID)
	}
	related, err := k.orgs.SameControl(ctx, st.AttestorOrgId, lender)
	if err != nil || related {
		return either(err, ErrIndependence.Wrapf("organisation %d", st.AttestorOrgId))
	}
	return nil
}

// livePledges lists the live pledges of a statement, at most PledgesMax.
func (k *Keeper) livePledges(ctx context.Context, statementID uint64) ([]uint64, error) {
	var list []uint64
	err := k.live.Walk(ctx, collections.NewPrefixedPairRange[uint64, uint64](statementID),
		func(key collections.Pair[uint64, uint64]) (bool, error) {
			list = append(list, key.K2())
			return false, nil
		})
	return list, err
}

// add writes a pledge and holds the receivable.
func (k *Keeper) add(ctx context.Context, st pledgev1.Statement, sharePpm uint32, expiresAt int64) (uint64, error) {
	id, err := k.nextPledge.Next(ctx)
	if err != nil {
		return 0, err
	}
	p := pledgev1.Pledge{
		Id: id, StatementId: st.Id, SharePpm: sharePpm, Status: pledgeLive, PledgedAt: now(ctx), ExpiresAt: expiresAt,
	}
	if err := k.putLive(ctx, p); err != nil {
		return 0, err
	}
	if st.PledgedPpm == 0 {
		if err := k.hold(ctx, st); err != nil {
			return 0, err
		}
	}
	st.PledgedPpm += sharePpm
	st.Pledges++
	if err := k.statements.Set(ctx, st.Id, st); err != nil {
		return 0, err
	}
	return id, emit(ctx, &pledgev1.EventPledgeChanged{PledgeId: id, StatementId: st.Id, Status: p.Status})
}

// putLive writes a live pledge with its indexes.
func (k *Keeper) putLive(ctx context.Context, p pledgev1.Pledge) error {
	if err := k.pledges.Set(ctx, p.Id, p); err != nil {
		return err
	}
	if err := k.live.Set(ctx, collections.Join(p.StatementId, p.Id)); err != nil {
		return err
	}
	return k.due.Set(ctx, collections.Join(p.ExpiresAt, p.Id))
}

// end ends a live pledge and returns its statement as it is then. The last one
// frees the receivable.
func (k *Keeper) end(ctx context.Context, p pledgev1.Pledge, status pledgev1.PledgeStatus) (pledgev1.Statement, error) {
	st, err := k.Statement(ctx, p.StatementId)
	if err != nil {
		return st, err
	}
	if err := k.live.Remove(ctx, collections.Join(p.StatementId, p.Id)); err != nil {
		return st, err
	}
	if err := k.due.Remove(ctx, collections.Join(p.ExpiresAt, p.Id)); err != nil {
		return st, err
	}
	p.Status, p.EndedAt = status, now(ctx)
	if err := k.pledges.Set(ctx, p.Id, p); err != nil {
		return st, err
	}
	st.PledgedPpm -= p.SharePpm
	if st.PledgedPpm == 0 {
		if err := k.free(ctx, st); err != nil {
			return st, err
		}
	}
	if err := k.statements.Set(ctx, st.Id, st); err != nil {
		return st, err
	}
	return st, emit(ctx, &pledgev1.EventPledgeChanged{PledgeId: p.Id, StatementId: st.Id, Status: p.Status})
}

// void ends all live pledges of a statement that was found wrong.
func (k *Keeper) void(ctx context.Context, st pledgev1.Statement) (pledgev1.Statement, error) {
	ids, err := k.livePledges(ctx, st.Id)
	if err != nil {
		return st, err
	}
	for _, id := range ids {
		p, err := k.pledges.Get(ctx, id)
		if err != nil {
			return st, err
		}
		if st, err = k.end(ctx, p, pledgeVoid); err != nil {
			return st, err
		}
	}
	return st, nil
}

// EndBlock ends the pledges whose time has passed, the earliest first, at most
// ExpiriesPerBlockMax of them; the rest waits for the next block and holds its
// receivables until then. Each runs on its own copy of the state. It never returns
// an error, because that would halt the chain: what cannot be ended leaves the
// queue and holds on, which is the safe side.
func (k *Keeper) EndBlock(ctx context.Context) error {
	sdkCtx := sdk.UnwrapSDKContext(ctx)
	past := new(collections.Range[collections.Pair[int64, uint64]]).EndExclusive(collections.Join(now(ctx)+1, uint64(0)))
	var list []collections.Pair[int64, uint64]
	err := k.due.Walk(ctx, past, func(key collections.Pair[int64, uint64]) (bool, error) {
		list = append(list, key)
		return len(list) == ExpiriesPerBlockMax, nil
	})
	if err != nil {
		sdkCtx.Logger().Error("ending pledges: reading the queue", "error", err)
		return nil
	}
	for _, key := range list {
		branch, write := sdkCtx.CacheContext()
		if err := k.expire(branch, key.K2()); err != nil {
			sdkCtx.Logger().Error("ending a pledge", "pledge", key.K2(), "error", err)
			if err := k.due.Remove(ctx, key); err != nil {
				sdkCtx.Logger().Error("taking a pledge off the queue", "pledge", key.K2(), "error", err)
			}
			continue
		}
		write()
	}
	return nil
}

func (k *Keeper) expire(ctx context.Context, id uint64) error {
	p, err := k.pledges.Get(ctx, id)
	if err != nil {
		return err
	}
	_, err = k.end(ctx, p, pledgeExpired)
	return err
}
