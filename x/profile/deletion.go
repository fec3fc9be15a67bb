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
		ConsentId: c.Id, OrgId: c.Terms.GranteeOrgId, EnterpriseId: c.Terms.EnterpriseId, DueAt: end + int64(c.Terms.RetentionDays)*daySeconds,
	}
}

func (k *Keeper) oweDeletion(ctx context.Context, c profilev1.Consent) error {
	return k.setReceipt(ctx, dueDeletion(c))
}

// setReceipt writes a receipt and makes the sets of due and of overdue ones agree.
func (k *Keeper) setReceipt(ctx context.Context, r profilev1.DeletionReceipt) error {
	at := collections.Join(r.DueAt, r.ConsentId)
	if err := put(ctx, k.due, at, r.PostedAt == 0 && r.OverdueAt == 0); err != nil {
		return err
	}
	if err := put(ctx, k.overdue, at, r.PostedAt == 0 && r.OverdueAt != 0); err != nil {
		return err
	}
	return k.receipts.Set(ctx, collections.Join(r.OrgId, r.ConsentId), r)
}

// receipt is the receipt for a consent, due or posted.
func (k *Keeper) receipt(ctx context.Context, consentID []byte) (profilev1.DeletionReceipt, error) {
	c, err := k.Consent(ctx, consentID)
	if err != nil {
		return profilev1.DeletionReceipt{}, err
	}
	r, found, err := lookup(k.receipts.Get(ctx, collections.Join(c.Terms.GranteeOrgId, c.Id)))
	if err == nil && !found {
		err = ErrInvariant.Wrapf("consent %x: a due receipt has no row", clip(consentID))
	}
	return r, err
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
