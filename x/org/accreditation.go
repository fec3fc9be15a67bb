package org

import (
	"context"
	"errors"

	"cosmossdk.io/collections"

	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
)

// Accredited tells whether the organisation may now attest records of that
// category: it has the role, is active, and its accreditation has not expired.
// ErrUnknownOrganisation when there is no such organisation.
func (k *Keeper) Accredited(ctx context.Context, orgID uint64, category uint32) (bool, error) {
	o, err := k.Organisation(ctx, orgID)
	if err != nil {
		return false, err
	}
	if active(o) != nil || !HasRole(o, orgv1.Role_ROLE_ATTESTOR) {
		return false, nil
	}
	a, err := k.accreditations.Get(ctx, collections.Join(orgID, category))
	if errors.Is(err, collections.ErrNotFound) {
		return false, nil
	}
	return err == nil && now(ctx) < a.ExpiresAt, err
}
