package org

import (
	"context"

	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
)

// RequestRecovery starts the re-binding of an enterprise whose owner has lost
// her devices, after one of its verifiers has identified her again.
func (s msgServer) RequestRecovery(ctx context.Context, m *orgv1.MsgRequestRecovery) (*orgv1.MsgRequestRecoveryResponse, error) {
	n, err := decodeDevice(m.NewKey, orgv1.DeviceRole_DEVICE_ROLE_ADMIN, 0, 0)
	if err != nil {
		return nil, err
	}

	enterprise, err := s.verifierOf(ctx, m.Device, m.OrgId, m.EnterpriseId)
	if err != nil {
		return nil, err
	}

	if err := s.k.mayRequest(ctx, enterprise.Id, m.OrgId); err != nil {
		return nil, err
	}
	if err := s.k.free(ctx, n); err != nil {
		return nil, err
	}
	p, err := s.k.Params(ctx)
	if err != nil {
		return nil, err
	}

	r := orgv1.Recovery{
		EnterpriseId:  enterprise.Id,
		VerifierOrgId: m.OrgId,
		NewKey:        m.NewKey,
		ReadyAt:       now(ctx) + p.RecoveryDelaySeconds,
	}
	if err := s.k.recoveries.Set(ctx, r.EnterpriseId, r); err != nil {
		return nil, err
	}
	return &orgv1.MsgRequestRecoveryResponse{ReadyAt: r.ReadyAt},
		emit(ctx, &orgv1.EventRecovery{EnterpriseId: r.EnterpriseId, ReadyAt: r.ReadyAt})
}

// CancelRecovery stops a recovery that the owner did not ask for: any live
// device of the enterprise shows that it is not lost.
func (s msgServer) CancelRecovery(ctx context.Context, m *orgv1.MsgCancelRecovery) (*orgv1.MsgCancelRecoveryResponse, error) {
	if _, _, err := Authorise(ctx, s.k, m.Device, m.OrgId, Enterprise); err != nil {
		return nil, err
	}

	r, err := s.k.recovery(ctx, m.OrgId)
	if err != nil {
		return nil, err
	}

	if err := s.k.recoveries.Remove(ctx, m.OrgId); err != nil {
		return nil, err
	}
	return &orgv1.MsgCancelRecoveryResponse{},
		emit(ctx, &orgv1.EventRecovery{EnterpriseId: m.OrgId, ReadyAt: r.ReadyAt, Cancelled: true})
}

// CompleteRecovery carries out a recovery whose delay has passed. Another of the
// enterprise's verifiers signs it, so that nobody alone can take an enterprise
// over. All earlier devices stop; the new one is a pending admin.
func (s msgServer) CompleteRecovery(ctx context.Context, m *orgv1.MsgCompleteRecovery) (*orgv1.MsgCompleteRecoveryResponse, error) {
	enterprise, err := s.verifierOf(ctx, m.Device, m.OrgId, m.EnterpriseId)
	if err != nil {
		return nil, err
	}

	r, err := s.k.recovery(ctx, enterprise.Id)
	if err != nil {
		return nil, err
	}
	first, err := s.k.Organisation(ctx, r.VerifierOrgId)
	if err != nil {
		return nil, err
	}
	second, err := s.k.Organisation(ctx, m.OrgId)
	if err != nil {
		return nil, err
	}
	if err := mayComplete(r, first, second, now(ctx)); err != nil {
		return nil, err
	}
	live, err := s.k.live(ctx, enterprise.Id)
	if err != nil {
		return nil, err
	}
	p, err := s.k.Params(ctx)
	if err != nil {
		return nil, err
	}
	rows, amountLimitFen := displaced(live, p.DevicesMax)
	n, err := decodeDevice(r.NewKey, orgv1.DeviceRole_DEVICE_ROLE_ADMIN, amountLimitFen, 0)
	if err != nil {
		return nil, err
	}
	// The key was free when asked for; somebody may have taken it since.
	if err := s.k.free(ctx, n); err != nil {
		return nil, err
	}

	for _, d := range rows {
		if err := s.k.putDevice(ctx, d); err != nil {
			return nil, err
		}
	}
	n.row.OrgId = enterprise.Id
	if err := s.k.addDevice(ctx, n); err != nil {
		return nil, err
	}
	if err := s.k.recoveries.Remove(ctx, enterprise.Id); err != nil {
		return nil, err
	}
	return &orgv1.MsgCompleteRecoveryResponse{Address: n.row.Address},
		emit(ctx, &orgv1.EventRecovery{EnterpriseId: enterprise.Id, ReadyAt: r.ReadyAt, Completed: true})
}

// verifierOf authorises a person of a verifier that has identified the
// enterprise, and returns the enterprise, which is active.
func (s msgServer) verifierOf(ctx context.Context, device string, orgID, enterpriseID uint64) (orgv1.Organisation, error) {
	if _, _, err := Authorise(ctx, s.k, device, orgID, AnyRole(orgv1.Role_ROLE_KYB), Person); err != nil {
		return orgv1.Organisation{}, err
	}
	enterprise, err := s.k.activeEnterprise(ctx, enterpriseID)
	if err != nil {
		return orgv1.Organisation{}, err
	}
	if !isVerifier(enterprise, orgID) {
		return orgv1.Organisation{}, ErrVerifier.Wrapf("organisation %d, enterprise %d", orgID, enterpriseID)
	}
	return enterprise, nil
}
