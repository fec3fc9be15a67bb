package profile

import (
	"context"

	"cosmossdk.io/collections"

	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
)

// dueDeletion is the receipt that a grantee owes for an ended consent: at its end
// in view mode, retention_days later in store mode. A consent that time ended is
// over at expires_at, however late its row says so.
func dueDeletion(c profilev1.Consent) profilev1.DeletionReceipt {
	end := min(c.ChangedAt, c.Terms.ExpiresAt)
	return profilev1.DeletionReceipt{
		ConsentId: c.Id, OrgId: c.Terms.GranteeOrgId, DueAt: end + int64(c.Terms.RetentionDays)*daySeconds,
	}
}

func (k *Keeper) oweDeletion(ctx context.Context, c profilev1.Consent) error {
	return k.receipts.Set(ctx, collections.Join(c.Terms.GranteeOrgId, c.Id), dueDeletion(c))
}

// owed is the unposted receipt for a consent, or ErrReceipt.
func (k *Keeper) owed(ctx context.Context, c profilev1.Consent) (profilev1.DeletionReceipt, error) {
	r, found, err := lookup(k.receipts.Get(ctx, collections.Join(c.Terms.GranteeOrgId, c.Id)))
	if err != nil {
		return r, err
	}
	if !found {
		return r, ErrReceipt.Wrapf("consent is %s", c.State)
	}
	if r.PostedAt != 0 {
		return r, ErrReceipt.Wrapf("posted at %d", r.PostedAt)
	}
	return r, nil
}
