package loan

import (
	"context"

	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	"github.com/xinlian/xinlian/internal/wire"
	"github.com/xinlian/xinlian/x/org"
)

// signer decodes the two fields that begin every message of a device.
func signer(device string, orgID uint64) error {
	if _, err := wire.Addresses.StringToBytes(device); err != nil {
		return ErrInvalid.Wrapf("device: %s", err)
	}
	if orgID == 0 {
		return ErrInvalid.Wrap("org_id 0")
	}
	return nil
}

// hash32 decodes a hash or an id that is one.
func hash32(field string, b []byte) error {
	if len(b) != hashBytes {
		return ErrInvalid.Wrapf("%s of %d bytes, want %d", field, len(b), hashBytes)
	}
	return nil
}

// acting needs a live device of an organisation with the role. Whether a person
// or an admin must hold it, and for how much, are further requirements.
func (k *Keeper) acting(ctx context.Context, device string, orgID uint64, role orgv1.Role, more ...org.Requirement) error {
	_, _, err := org.Authorise(ctx, k.left.Orgs, device, orgID, append([]org.Requirement{org.AnyRole(role)}, more...)...)
	return err
}
