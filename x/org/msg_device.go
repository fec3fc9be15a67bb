package org

import (
	"context"

	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
)

// ActivateDevice is a device's first transaction. The signature that every
// transaction carries proves that somebody holds the key; there is nothing else
// to check but that the device waits for it.
func (s msgServer) ActivateDevice(ctx context.Context, m *orgv1.MsgActivateDevice) (*orgv1.MsgActivateDeviceResponse, error) {
	addr, err := address(m.Device)
	if err != nil {
		return nil, err
	}

	d, err := s.k.device(ctx, addr)
	if err != nil {
		return nil, err
	}
	o, err := s.k.Organisation(ctx, d.OrgId)
	if err != nil {
		return nil, err
	}
	// An owner may activate her device before or after her firm is admitted.
	if o.Status == orgv1.OrgStatus_ORG_STATUS_SUSPENDED {
		return nil, active(o)
	}

	if d.Status != orgv1.DeviceStatus_DEVICE_STATUS_PENDING {
		return nil, ErrStatus.Wrapf("device is %s", d.Status)
	}
	if expired(d, now(ctx)) {
		return nil, ErrDeviceExpired.Wrapf("at %d", d.ExpiresAt)
	}
	d, err = changed(d, orgv1.DeviceStatus_DEVICE_STATUS_ACTIVE)
	if err != nil {
		return nil, err
	}

	return &orgv1.MsgActivateDeviceResponse{}, s.k.putDevice(ctx, d)
}

// AddDevice adds a device, pending, with a limit no greater than the sender's.
func (s msgServer) AddDevice(ctx context.Context, m *orgv1.MsgAddDevice) (*orgv1.MsgAddDeviceResponse, error) {
	if err := deviceRole(m.Role); err != nil {
		return nil, err
	}
	if err := amountLimit(m.AmountLimitFen); err != nil {
		return nil, err
	}
	if err := expiry(m.Role, m.ExpiresAt); err != nil {
		return nil, err
	}
	n, err := decodeDevice(m.Key, m.Role, m.AmountLimitFen, m.ExpiresAt)
	if err != nil {
		return nil, err
	}

	_, sender, err := Authorise(ctx, s.k, m.Device, m.OrgId, Admin, Amount(m.AmountLimitFen))
	if err != nil {
		return nil, err
	}

	if m.ExpiresAt != 0 && m.ExpiresAt <= now(ctx) {
		return nil, ErrField.Wrapf("expires_at: %d has passed", m.ExpiresAt)
	}
	if err := s.k.free(ctx, n); err != nil {
		return nil, err
	}
	p, err := s.k.Params(ctx)
	if err != nil {
		return nil, err
	}
	live, err := s.k.live(ctx, sender.OrgId)
	if err != nil {
		return nil, err
	}
	if len(live) >= int(p.DevicesMax) {
		return nil, ErrDevicesFull.Wrapf("%d of %d", len(live), p.DevicesMax)
	}

	n.row.OrgId = sender.OrgId
	return &orgv1.MsgAddDeviceResponse{Address: n.row.Address}, s.k.addDevice(ctx, n)
}

// FreezeDevice stops a device at once. Any live device of the organisation may,
// since whoever sees a phone stolen should not look for an admin first. A member
// keeps one active admin, whom only council's suspension stops: nobody could
// thaw the devices again. An enterprise has its verifiers for that.
func (s msgServer) FreezeDevice(ctx context.Context, m *orgv1.MsgFreezeDevice) (*orgv1.MsgFreezeDeviceResponse, error) {
	o, _, err := Authorise(ctx, s.k, m.Device, m.OrgId)
	if err != nil {
		return nil, err
	}

	d, err := s.k.deviceIn(ctx, m.OrgId, m.Target)
	if err != nil {
		return nil, err
	}
	d, err = changed(d, orgv1.DeviceStatus_DEVICE_STATUS_FROZEN)
	if err != nil {
		return nil, err
	}
	if isAdmin(d) && Member(o, d) == nil {
		if err := s.k.keepsAdmin(ctx, d); err != nil {
			return nil, err
		}
	}

	return &orgv1.MsgFreezeDeviceResponse{}, s.k.putDevice(ctx, d)
}

// UnfreezeDevice lets a frozen device act again. The sender is another admin,
// since a frozen device signs nothing.
func (s msgServer) UnfreezeDevice(ctx context.Context, m *orgv1.MsgUnfreezeDevice) (*orgv1.MsgUnfreezeDeviceResponse, error) {
	if _, _, err := Authorise(ctx, s.k, m.Device, m.OrgId, Admin); err != nil {
		return nil, err
	}

	d, err := s.k.deviceIn(ctx, m.OrgId, m.Target)
	if err != nil {
		return nil, err
	}
	// From pending, active is legal too, but by the device's own signature alone.
	if d.Status != orgv1.DeviceStatus_DEVICE_STATUS_FROZEN {
		return nil, ErrStatus.Wrapf("device is %s", d.Status)
	}
	d, err = changed(d, orgv1.DeviceStatus_DEVICE_STATUS_ACTIVE)
	if err != nil {
		return nil, err
	}

	return &orgv1.MsgUnfreezeDeviceResponse{}, s.k.putDevice(ctx, d)
}

// RevokeDevice ends a device for ever. An admin may revoke her own while another
// active admin remains.
func (s msgServer) RevokeDevice(ctx context.Context, m *orgv1.MsgRevokeDevice) (*orgv1.MsgRevokeDeviceResponse, error) {
	if _, _, err := Authorise(ctx, s.k, m.Device, m.OrgId, Admin); err != nil {
		return nil, err
	}

	d, err := s.k.deviceIn(ctx, m.OrgId, m.Target)
	if err != nil {
		return nil, err
	}
	d, err = changed(d, orgv1.DeviceStatus_DEVICE_STATUS_REVOKED)
	if err != nil {
		return nil, err
	}
	if err := s.k.keepsAdmin(ctx, d); err != nil {
		return nil, err
	}

	return &orgv1.MsgRevokeDeviceResponse{}, s.k.putDevice(ctx, d)
}

// keepsAdmin is nil when an active admin besides the device remains.
func (k *Keeper) keepsAdmin(ctx context.Context, d orgv1.Device) error {
	live, err := k.live(ctx, d.OrgId)
	if err != nil {
		return err
	}
	return otherAdmin(live, d.Address)
}

// expiry refuses an end for an admin's device: time alone must never leave an
// organisation without anybody who can manage its devices.
func expiry(r orgv1.DeviceRole, expiresAt int64) error {
	if expiresAt < 0 || expiresAt != 0 && r == orgv1.DeviceRole_DEVICE_ROLE_ADMIN {
		return ErrField.Wrapf("expires_at: got %d for %s", expiresAt, r)
	}
	return nil
}
