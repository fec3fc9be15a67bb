package loan

import (
	"context"
	"slices"

	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	"github.com/xinlian/xinlian/internal/wire"
)

// Who may sign what: people decide about money and contracts, machines do not.
var (
	adminOnly = []orgv1.DeviceRole{orgv1.DeviceRole_DEVICE_ROLE_ADMIN}
	people    = []orgv1.DeviceRole{orgv1.DeviceRole_DEVICE_ROLE_ADMIN, orgv1.DeviceRole_DEVICE_ROLE_OFFICER}
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

// acting needs a live device of the organisation with one of the device roles,
// and the organisation's role.
func (k *Keeper) acting(ctx context.Context, device string, orgID uint64, role orgv1.Role, deviceRoles []orgv1.DeviceRole) (orgv1.Device, error) {
	o, d, err := k.orgs.Acting(ctx, device, orgID)
	if err != nil {
		return d, err
	}
	if !slices.Contains(o.Roles, role) {
		return d, ErrUnauthorised.Wrapf("organisation %d lacks %s", orgID, role)
	}
	if !slices.Contains(deviceRoles, d.Role) {
		return d, ErrUnauthorised.Wrapf("device is %s", d.Role)
	}
	return d, nil
}

// withinLimit bounds what one device may move or promise in one message.
func withinLimit(d orgv1.Device, amountFen int64) error {
	if amountFen > d.AmountLimitFen {
		return ErrUnauthorised.Wrapf("%d fen over the device's limit of %d", amountFen, d.AmountLimitFen)
	}
	return nil
}
