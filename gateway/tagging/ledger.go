package tagging

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/xinlian/xinlian/gateway/chain"
	"github.com/xinlian/xinlian/gateway/custody"
	"github.com/xinlian/xinlian/gateway/vault"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	pledgev1 "github.com/xinlian/xinlian/gen/xinlian/pledge/v1"
	profilev1 "github.com/xinlian/xinlian/gen/xinlian/profile/v1"
	"github.com/xinlian/xinlian/oprf"
)

// Ledger answers a service's questions from its member's own node.
type Ledger interface {
	// Now is the time of the newest block.
	Now(ctx context.Context) (time.Time, error)
	// Device is a device, or vault.ErrDevice.
	Device(ctx context.Context, address string) (vault.Device, error)
	// Consented tells whether a live consent of the grantee covers invoices.
	Consented(ctx context.Context, id []byte, grantee uint64) (bool, error)
	// Identifies tells whether an organisation is an active identifying verifier.
	Identifies(ctx context.Context, orgID uint64) (bool, error)
	// Acts tells whether an organisation is active.
	Acts(ctx context.Context, orgID uint64) (bool, error)
	// Keys lists the keys that are checked, by epoch ascending.
	Keys(ctx context.Context) ([]pledgev1.Key, error)
	// Params are the quotas.
	Params(ctx context.Context) (pledgev1.Params, error)
}

// Chain is a Ledger over a node.
type Chain struct{ Client *chain.Client }

var _ Ledger = Chain{}

// Now is the time of the newest block.
func (c Chain) Now(ctx context.Context) (time.Time, error) {
	h, err := c.Client.Head(ctx)
	return h.Time, err
}

// Device is a device as the chain knows it.
func (c Chain) Device(ctx context.Context, address string) (vault.Device, error) {
	return custody.Ledger{Client: c.Client}.Device(ctx, address)
}

// Consented asks for the consent and holds it against the head's time.
func (c Chain) Consented(ctx context.Context, id []byte, grantee uint64) (bool, error) {
	r, err := c.Client.Profile.Consent(ctx, &profilev1.QueryConsentRequest{ConsentId: id})
	if status.Code(err) == codes.NotFound {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("reading a consent: %w", err)
	}
	now, err := c.Now(ctx)
	if err != nil {
		return false, err
	}
	t := r.Consent.Terms
	return t.GranteeOrgId == grantee && r.Consent.State == profilev1.ConsentState_CONSENT_STATE_ACTIVE &&
		t.StartsAt <= now.Unix() && now.Unix() < t.ExpiresAt && slices.Contains(t.Categories, profilev1.Category_CATEGORY_INVOICE), nil
}

func (c Chain) organisation(ctx context.Context, id uint64) (orgv1.Organisation, error) {
	r, err := c.Client.Org.Organisation(ctx, &orgv1.QueryOrganisationRequest{Id: id})
	if status.Code(err) == codes.NotFound {
		return orgv1.Organisation{}, nil
	}
	if err != nil {
		return orgv1.Organisation{}, fmt.Errorf("reading organisation %d: %w", id, err)
	}
	return r.Organisation, nil
}

// Acts tells whether an organisation is active.
func (c Chain) Acts(ctx context.Context, orgID uint64) (bool, error) {
	o, err := c.organisation(ctx, orgID)
	return o.Status == orgv1.OrgStatus_ORG_STATUS_ACTIVE, err
}

// Identifies tells whether an organisation is an active identifying verifier.
func (c Chain) Identifies(ctx context.Context, orgID uint64) (bool, error) {
	o, err := c.organisation(ctx, orgID)
	return o.Status == orgv1.OrgStatus_ORG_STATUS_ACTIVE && slices.Contains(o.Roles, orgv1.Role_ROLE_KYB), err
}

// Keys lists the keys that are checked.
func (c Chain) Keys(ctx context.Context) ([]pledgev1.Key, error) {
	r, err := c.Client.Pledge.Keys(ctx, &pledgev1.QueryKeysRequest{})
	if err != nil {
		return nil, fmt.Errorf("reading the members' keys: %w", err)
	}
	return r.Keys, nil
}

// Params are the quotas.
func (c Chain) Params(ctx context.Context) (pledgev1.Params, error) {
	r, err := c.Client.Pledge.Params(ctx, &pledgev1.QueryParamsRequest{})
	if err != nil {
		return pledgev1.Params{}, fmt.Errorf("reading the quotas: %w", err)
	}
	return r.Params, nil
}

// KeyOf is a registered key in the form of package oprf, validated: its shares lie
// on one polynomial.
func KeyOf(row pledgev1.Key) (oprf.Key, error) {
	k := oprf.Key{Threshold: uint16(row.Threshold)}
	if len(row.Point) != oprf.PointBytes || row.Threshold > oprf.MembersMax {
		return k, fmt.Errorf("the key of epoch %d: %w", row.Epoch, oprf.ErrSize)
	}
	copy(k.Point[:], row.Point)
	for _, s := range row.Shares {
		if len(s.Point) != oprf.PointBytes || s.Index > 0xffff {
			return k, fmt.Errorf("the key of epoch %d: %w", row.Epoch, oprf.ErrSize)
		}
		k.Shares = append(k.Shares, oprf.PublicShare{Index: uint16(s.Index), Point: [oprf.PointBytes]byte(s.Point)})
	}
	if err := k.Validate(); err != nil {
		return k, fmt.Errorf("the key of epoch %d: %w", row.Epoch, err)
	}
	return k, nil
}

// holder is the place of an organisation in a key, false where it has none.
func holder(row pledgev1.Key, orgID uint64) (pledgev1.KeyShare, bool) {
	i := slices.IndexFunc(row.Shares, func(s pledgev1.KeyShare) bool { return s.OrgId == orgID })
	if i < 0 {
		return pledgev1.KeyShare{}, false
	}
	return row.Shares[i], true
}

// fits tells whether a share is the one that the row has for its holder.
func fits(row pledgev1.KeyShare, s oprf.Share) bool {
	public := s.Public()
	return uint32(public.Index) == row.Index && bytes.Equal(public.Point[:], row.Point)
}
