package org

import (
	"context"
	"slices"

	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
)

// Directory is the one question that authorisation asks. Keeper answers it; a
// module that needs it declares the same method in an interface of its own.
type Directory interface {
	// Acting is the organisation and the device, or why the device may not act.
	Acting(ctx context.Context, device string, orgID uint64) (orgv1.Organisation, orgv1.Device, error)
}

// Requirement is what a message asks of its sender beyond being alive.
type Requirement func(orgv1.Organisation, orgv1.Device) error

// Authorise is the second step of every message that a device signs: it returns
// the organisation and the device when the device may act for the organisation
// and every requirement holds. The errors are those of Keeper.Acting and of the
// requirements, checked in order.
func Authorise(ctx context.Context, dir Directory, device string, orgID uint64, requirements ...Requirement) (orgv1.Organisation, orgv1.Device, error) {
	o, d, err := dir.Acting(ctx, device, orgID)
	if err != nil {
		return orgv1.Organisation{}, orgv1.Device{}, err
	}
	for _, holds := range requirements {
		if err := holds(o, d); err != nil {
			return orgv1.Organisation{}, orgv1.Device{}, err
		}
	}
	return o, d, nil
}

// Council is the second step of every message that the council signs: nil when
// signer is the module's authority, else ErrAuthority.
func Council(authority, signer string) error {
	if signer != authority {
		return ErrAuthority.Wrapf("got %q", signer)
	}
	return nil
}

// AnyRole requires one of the roles of the organisation, else ErrRole.
func AnyRole(roles ...orgv1.Role) Requirement {
	return func(o orgv1.Organisation, _ orgv1.Device) error {
		if slices.ContainsFunc(roles, func(r orgv1.Role) bool { return HasRole(o, r) }) {
			return nil
		}
		return ErrRole.Wrapf("organisation %d, want %s", o.Id, roles)
	}
}

// Enterprise requires that the organisation is an enterprise, else ErrKind.
func Enterprise(o orgv1.Organisation, _ orgv1.Device) error {
	if o.Kind != orgv1.OrgKind_ORG_KIND_ENTERPRISE {
		return ErrKind.Wrapf("organisation %d is %s, want an enterprise", o.Id, o.Kind)
	}
	return nil
}

// Member requires that the organisation is not an enterprise, else ErrKind.
func Member(o orgv1.Organisation, _ orgv1.Device) error {
	if o.Kind == orgv1.OrgKind_ORG_KIND_ENTERPRISE {
		return ErrKind.Wrapf("organisation %d is an enterprise", o.Id)
	}
	return nil
}

// Person requires a person's device, an admin's or an officer's, else
// ErrDeviceRole. What binds an organisation is said by a person.
func Person(_ orgv1.Organisation, d orgv1.Device) error {
	if d.Role != orgv1.DeviceRole_DEVICE_ROLE_ADMIN && d.Role != orgv1.DeviceRole_DEVICE_ROLE_OFFICER {
		return ErrDeviceRole.Wrapf("got %s, want admin or officer", d.Role)
	}
	return nil
}

// Admin requires an admin's device, else ErrDeviceRole.
func Admin(_ orgv1.Organisation, d orgv1.Device) error {
	if d.Role != orgv1.DeviceRole_DEVICE_ROLE_ADMIN {
		return ErrDeviceRole.Wrapf("got %s, want admin", d.Role)
	}
	return nil
}

// Amount requires that the device may move or promise amountFen, else ErrLimit.
func Amount(amountFen int64) Requirement {
	return func(_ orgv1.Organisation, d orgv1.Device) error { return WithinLimit(d, amountFen) }
}

// HasRole tells whether the organisation has the role.
func HasRole(o orgv1.Organisation, r orgv1.Role) bool { return slices.Contains(o.Roles, r) }

// WithinLimit is nil when the device may move or promise amountFen in one
// message, else ErrLimit. A negative amount is refused too.
func WithinLimit(d orgv1.Device, amountFen int64) error {
	if amountFen < 0 || amountFen > d.AmountLimitFen {
		return ErrLimit.Wrapf("got %d fen, limit %d fen", amountFen, d.AmountLimitFen)
	}
	return nil
}
