package org

import (
	"context"
	"errors"

	"cosmossdk.io/collections"

	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
)

// recovery is the waiting recovery of an enterprise, or ErrUnknownRecovery.
func (k *Keeper) recovery(ctx context.Context, enterpriseID uint64) (orgv1.Recovery, error) {
	r, err := k.recoveries.Get(ctx, enterpriseID)
	return r, found(err, ErrUnknownRecovery, "enterprise %d", enterpriseID)
}

// mayRequest is nil when the verifier may start a recovery, or start its own
// again, for instance with another key. Another's stands while that verifier
// does, else one verifier could put off another's for ever.
func (k *Keeper) mayRequest(ctx context.Context, enterpriseID, verifierID uint64) error {
	r, err := k.recoveries.Get(ctx, enterpriseID)
	if errors.Is(err, collections.ErrNotFound) {
		return nil
	}
	if err != nil || r.VerifierOrgId == verifierID {
		return err
	}
	other, err := k.Organisation(ctx, r.VerifierOrgId)
	if err != nil {
		return err
	}
	if active(other) == nil {
		return ErrRecoveryWaiting.Wrapf("by %d, ready at %d", r.VerifierOrgId, r.ReadyAt)
	}
	return nil
}

// mayComplete is nil when the second verifier may carry the recovery out at that
// time. Like admission it takes two verifiers that nobody controls both of, and
// the first must still be in good standing.
func mayComplete(r orgv1.Recovery, first, second orgv1.Organisation, at int64) error {
	if sameControl(first, second) {
		return ErrControl.Wrapf("verifiers %d and %d", first.Id, second.Id)
	}
	if err := active(first); err != nil {
		return err
	}
	if at < r.ReadyAt {
		return ErrRecoveryEarly.Wrapf("ready at %d", r.ReadyAt)
	}
	return nil
}

// displaced is the rows of the earlier devices that a recovery changes, in
// order, and the amount limit that the new device inherits, the greatest of an
// admin's. Active devices are frozen, so that the owner may take one back;
// pending ones, which never proved anything, are revoked. Where no room remains
// for the new device, frozen ones are revoked by address until there is.
func displaced(live []orgv1.Device, devicesMax uint32) ([]orgv1.Device, int64) {
	var rows []orgv1.Device
	var amountLimitFen int64
	excess := len(live) + 1 - int(devicesMax)
	for _, d := range live {
		if d.Status == orgv1.DeviceStatus_DEVICE_STATUS_PENDING {
			excess--
		}
	}
	for _, d := range live {
		if isAdmin(d) {
			amountLimitFen = max(amountLimitFen, d.AmountLimitFen)
		}
		was := d.Status
		switch {
		case was == orgv1.DeviceStatus_DEVICE_STATUS_PENDING:
			d.Status = orgv1.DeviceStatus_DEVICE_STATUS_REVOKED
		case excess > 0:
			d.Status = orgv1.DeviceStatus_DEVICE_STATUS_REVOKED
			excess--
		default:
			d.Status = orgv1.DeviceStatus_DEVICE_STATUS_FROZEN
		}
		if d.Status != was {
			rows = append(rows, d)
		}
	}
	return rows, amountLimitFen
}
