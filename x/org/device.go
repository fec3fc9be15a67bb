package org

import (
	"bytes"
	"context"

	"cosmossdk.io/collections"

	cryptotypes "github.com/cosmos/cosmos-sdk/crypto/types"

	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	"github.com/xinlian/xinlian/internal/wire"
)

// LiveDevicesMax bounds the devices of an organisation that are not revoked,
// whatever the parameters are or were: the most that one message walks.
const LiveDevicesMax = DevicesMaxMax

// Acting is the organisation and the device when the device may act for it now:
// the device is active, not expired and the organisation's own, and the
// organisation is active. Else ErrAddress, ErrUnknownDevice, ErrNotActing,
// ErrDevicePending, ErrDeviceFrozen, ErrDeviceRevoked, ErrDeviceExpired,
// ErrOrganisationPending or ErrOrganisationSuspended.
func (k *Keeper) Acting(ctx context.Context, device string, orgID uint64) (orgv1.Organisation, orgv1.Device, error) {
	d, err := k.deviceIn(ctx, orgID, device)
	if err != nil {
		return orgv1.Organisation{}, orgv1.Device{}, err
	}
	if err := usable(d, now(ctx)); err != nil {
		return orgv1.Organisation{}, orgv1.Device{}, err
	}
	o, err := k.Organisation(ctx, orgID)
	if err != nil {
		return orgv1.Organisation{}, orgv1.Device{}, err
	}
	if err := active(o); err != nil {
		return orgv1.Organisation{}, orgv1.Device{}, err
	}
	return o, d, nil
}

// DeviceOf is the device with that account, and whether there is one. It says
// nothing about what the device may do. ErrAddress for text that is no address.
func (k *Keeper) DeviceOf(ctx context.Context, account string) (orgv1.Device, bool, error) {
	addr, err := address(account)
	if err != nil {
		return orgv1.Device{}, false, err
	}
	d, err := k.device(ctx, addr)
	if ErrUnknownDevice.Is(err) {
		return orgv1.Device{}, false, nil
	}
	return d, err == nil, err
}

// VerifySource is nil when an ed25519 service device of the organisation, able
// to act now, has signed the message. Else an error of Acting, ErrDeviceRole,
// ErrKey or ErrSignature. The caller puts a domain into the message.
func (k *Keeper) VerifySource(ctx context.Context, device string, orgID uint64, message, signature []byte) error {
	_, d, err := k.Acting(ctx, device, orgID)
	if err != nil {
		return err
	}
	if d.Role != orgv1.DeviceRole_DEVICE_ROLE_SERVICE {
		return ErrDeviceRole.Wrapf("got %s, want service", d.Role)
	}
	if d.Key.Type != orgv1.KeyType_KEY_TYPE_ED25519 {
		return ErrKey.Wrapf("got %s, want ed25519", d.Key.Type)
	}
	pub, err := PubKey(d.Key)
	if err != nil {
		return err
	}
	if !pub.VerifySignature(message, signature) {
		return ErrSignature.Wrap(device)
	}
	return nil
}

func expired(d orgv1.Device, at int64) bool { return d.ExpiresAt != 0 && d.ExpiresAt <= at }

// usable is nil when the device may act at that time, else why not.
func usable(d orgv1.Device, at int64) error {
	switch d.Status {
	case orgv1.DeviceStatus_DEVICE_STATUS_ACTIVE:
	case orgv1.DeviceStatus_DEVICE_STATUS_PENDING:
		return ErrDevicePending.Wrap(d.Address)
	case orgv1.DeviceStatus_DEVICE_STATUS_FROZEN:
		return ErrDeviceFrozen.Wrap(d.Address)
	default:
		return ErrDeviceRevoked.Wrap(d.Address)
	}
	if expired(d, at) {
		return ErrDeviceExpired.Wrapf("%s, at %d", d.Address, d.ExpiresAt)
	}
	return nil
}

// changed is the device in another state, or why that is not legal. A pending
// device cannot be frozen: thawed, it would be active without ever having
// proved that it holds its key. It is revoked instead.
func changed(d orgv1.Device, to orgv1.DeviceStatus) (orgv1.Device, error) {
	legal := false
	switch d.Status {
	case orgv1.DeviceStatus_DEVICE_STATUS_PENDING:
		legal = to == orgv1.DeviceStatus_DEVICE_STATUS_ACTIVE || to == orgv1.DeviceStatus_DEVICE_STATUS_REVOKED
	case orgv1.DeviceStatus_DEVICE_STATUS_ACTIVE:
		legal = to == orgv1.DeviceStatus_DEVICE_STATUS_FROZEN || to == orgv1.DeviceStatus_DEVICE_STATUS_REVOKED
	case orgv1.DeviceStatus_DEVICE_STATUS_FROZEN:
		legal = to == orgv1.DeviceStatus_DEVICE_STATUS_ACTIVE || to == orgv1.DeviceStatus_DEVICE_STATUS_REVOKED
	}
	if !legal {
		return d, ErrStatus.Wrapf("device %s is %s, cannot become %s", d.Address, d.Status, to)
	}
	d.Status = to
	return d, nil
}

// otherAdmin is nil when an active admin other than target is among the devices,
// else ErrLastAdmin. Admin devices do not expire, so time alone changes nothing.
func otherAdmin(devices []orgv1.Device, target string) error {
	for _, d := range devices {
		if d.Address != target && isAdmin(d) && d.Status == orgv1.DeviceStatus_DEVICE_STATUS_ACTIVE {
			return nil
		}
	}
	return ErrLastAdmin.Wrap(target)
}

func isAdmin(d orgv1.Device) bool { return d.Role == orgv1.DeviceRole_DEVICE_ROLE_ADMIN }

// newDevice is a device before it is written, with the key of its account.
type newDevice struct {
	addr []byte
	pub  cryptotypes.PubKey
	row  orgv1.Device
}

// decodeDevice is a pending device with that key, or ErrKey.
func decodeDevice(key orgv1.DeviceKey, role orgv1.DeviceRole, amountLimitFen, expiresAt int64) (newDevice, error) {
	pub, addr, err := deviceKey(key, role)
	if err != nil {
		return newDevice{}, err
	}
	return newDevice{addr: addr, pub: pub, row: orgv1.Device{
		Address:        wire.AddressText(addr),
		Role:           role,
		Status:         orgv1.DeviceStatus_DEVICE_STATUS_PENDING,
		Key:            key,
		AmountLimitFen: amountLimitFen,
		ExpiresAt:      expiresAt,
	}}, nil
}

// addDevice writes a device that was checked, and gives it an account.
func (k *Keeper) addDevice(ctx context.Context, n newDevice) error {
	n.row.Height = height(ctx)
	if err := k.openAccount(ctx, n.addr, n.pub); err != nil {
		return err
	}
	return k.putDevice(ctx, n.row)
}

// putDevice writes a device's row and tells its new state.
func (k *Keeper) putDevice(ctx context.Context, d orgv1.Device) error {
	addr, err := address(d.Address)
	if err != nil {
		return err
	}
	if err := k.devices.Set(ctx, addr, d); err != nil {
		return err
	}
	return emit(ctx, &orgv1.EventDeviceChanged{OrgId: d.OrgId, Address: d.Address, Status: d.Status})
}

// openAccount makes sure that an account with that key exists. It may exist
// already, without a key when somebody sent it money, or with it in a genesis.
func (k *Keeper) openAccount(ctx context.Context, addr []byte, pub cryptotypes.PubKey) error {
	acc := k.accounts.GetAccount(ctx, addr)
	if acc == nil {
		acc = k.accounts.NewAccountWithAddress(ctx, addr)
	}
	if old := acc.GetPubKey(); old != nil && !bytes.Equal(old.Bytes(), pub.Bytes()) {
		return ErrKey.Wrapf("account %s has another key", wire.AddressText(addr))
	}
	if err := acc.SetPubKey(pub); err != nil {
		return ErrKey.Wrap(err.Error())
	}
	k.accounts.SetAccount(ctx, acc)
	return nil
}

// free is nil when no device, of any organisation at any time, has the address.
func (k *Keeper) free(ctx context.Context, n newDevice) error {
	taken, err := k.devices.Has(ctx, n.addr)
	if err == nil && taken {
		err = ErrDeviceTaken.Wrap(n.row.Address)
	}
	return err
}

func (k *Keeper) device(ctx context.Context, addr []byte) (orgv1.Device, error) {
	d, err := k.devices.Get(ctx, addr)
	return d, found(err, ErrUnknownDevice, "%s", wire.AddressText(addr))
}

// deviceIn is the device with that account when it is the organisation's.
func (k *Keeper) deviceIn(ctx context.Context, orgID uint64, account string) (orgv1.Device, error) {
	addr, err := address(account)
	if err != nil {
		return orgv1.Device{}, err
	}
	d, err := k.device(ctx, addr)
	if err == nil && d.OrgId != orgID {
		err = ErrNotActing.Wrapf("device of %d, message for %d", d.OrgId, orgID)
	}
	return d, err
}

// live lists the organisation's devices that are not revoked, by address.
func (k *Keeper) live(ctx context.Context, orgID uint64) ([]orgv1.Device, error) {
	var devices []orgv1.Device
	err := k.devices.Indexes.live.keys.Walk(ctx, collections.NewPrefixedPairRange[uint64, []byte](orgID),
		func(key collections.Pair[uint64, []byte]) (bool, error) {
			d, err := k.device(ctx, key.K2())
			devices = append(devices, d)
			return false, err
		})
	return devices, err
}
