package org

import (
	"context"

	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
)

// Organisation is the row of an organisation, or ErrUnknownOrganisation.
func (k *Keeper) Organisation(ctx context.Context, id uint64) (orgv1.Organisation, error) {
	o, err := k.organisations.Get(ctx, id)
	return o, found(err, ErrUnknownOrganisation, "id %d", id)
}

// SameControl tells whether two organisations are one or under common control:
// they cannot vouch for each other or count as two. ErrUnknownOrganisation when
// either does not exist.
func (k *Keeper) SameControl(ctx context.Context, a, b uint64) (bool, error) {
	first, err := k.Organisation(ctx, a)
	if err != nil {
		return false, err
	}
	second, err := k.Organisation(ctx, b)
	if err != nil {
		return false, err
	}
	return sameControl(first, second), nil
}

func sameControl(a, b orgv1.Organisation) bool {
	return a.Id == b.Id || a.ControlGroup != 0 && a.ControlGroup == b.ControlGroup
}

// active is nil when the organisation may act, else why not.
func active(o orgv1.Organisation) error {
	switch o.Status {
	case orgv1.OrgStatus_ORG_STATUS_ACTIVE:
		return nil
	case orgv1.OrgStatus_ORG_STATUS_PENDING:
		return ErrOrganisationPending.Wrapf("id %d, %d statements", o.Id, len(o.Kyb))
	default:
		return ErrOrganisationSuspended.Wrapf("id %d", o.Id)
	}
}

// activeEnterprise is the row of an enterprise that may act.
func (k *Keeper) activeEnterprise(ctx context.Context, id uint64) (orgv1.Organisation, error) {
	o, err := k.Organisation(ctx, id)
	if err != nil {
		return o, err
	}
	if err := Enterprise(o, orgv1.Device{}); err != nil {
		return o, err
	}
	return o, active(o)
}

// isVerifier tells whether the organisation has identified the enterprise.
func isVerifier(enterprise orgv1.Organisation, id uint64) bool {
	for _, s := range enterprise.Kyb {
		if s.VerifierOrgId == id {
			return true
		}
	}
	return false
}

// statedBy is nil when the verifier may identify the enterprise beside those who
// did so before: none of them, nor the enterprise, is under its control.
func statedBy(enterprise, verifier orgv1.Organisation, before []orgv1.Organisation) error {
	for _, o := range append(before, enterprise) {
		if sameControl(verifier, o) {
			return ErrControl.Wrapf("verifier %d and organisation %d", verifier.Id, o.Id)
		}
	}
	return nil
}

// confirmed adds a statement, where standing counts the earlier verifiers that
// are active today. A pending enterprise may act once it has enough. One that
// acts already takes a further statement only in place of a verifier that fell:
// its owner could not be given a new device by one verifier alone.
func confirmed(o orgv1.Organisation, s orgv1.KybStatement, statementsMin uint32, standing int) (orgv1.Organisation, error) {
	pending := o.Status == orgv1.OrgStatus_ORG_STATUS_PENDING
	short := o.Status == orgv1.OrgStatus_ORG_STATUS_ACTIVE && standing < KybStatementsFloor
	if !pending && !short {
		return o, ErrStatus.Wrapf("organisation %d is %s with %d verifiers", o.Id, o.Status, standing)
	}
	if len(o.Kyb) >= KybStatementsMax {
		return o, ErrField.Wrapf("kyb: %d statements already", len(o.Kyb))
	}
	o.Kyb = append(o.Kyb[:len(o.Kyb):len(o.Kyb)], s)
	if pending {
		o.Status = admission(o, statementsMin)
	}
	return o, nil
}

// suspended is the organisation with council's will done. Restoring goes to the
// state that the rules in force today give it, so that suspension is no way
// around the verifiers.
func suspended(o orgv1.Organisation, suspend bool, statementsMin uint32) (orgv1.Organisation, error) {
	if suspend == (o.Status == orgv1.OrgStatus_ORG_STATUS_SUSPENDED) {
		return o, ErrStatus.Wrapf("organisation %d is %s", o.Id, o.Status)
	}
	o.Status = orgv1.OrgStatus_ORG_STATUS_SUSPENDED
	if !suspend {
		o.Status = admission(o, statementsMin)
	}
	return o, nil
}

// admission is the state of an organisation that nobody suspended.
func admission(o orgv1.Organisation, statementsMin uint32) orgv1.OrgStatus {
	if o.Kind == orgv1.OrgKind_ORG_KIND_ENTERPRISE && uint32(len(o.Kyb)) < statementsMin {
		return orgv1.OrgStatus_ORG_STATUS_PENDING
	}
	return orgv1.OrgStatus_ORG_STATUS_ACTIVE
}

// register writes a new organisation under the next id, with its first device.
// Everything has been checked before.
func (k *Keeper) register(ctx context.Context, o orgv1.Organisation, first newDevice) (orgv1.Organisation, error) {
	id, err := k.nextID.Next(ctx)
	if err != nil {
		return o, err
	}
	o.Id, o.Height = id, height(ctx)
	if err := k.organisations.Set(ctx, id, o); err != nil {
		return o, err
	}
	if len(o.IdentityTag) != 0 {
		if err := k.takeTags(ctx, o); err != nil {
			return o, err
		}
	}
	if err := emit(ctx, &orgv1.EventRegistered{OrgId: id, Status: o.Status}); err != nil {
		return o, err
	}
	first.row.OrgId = id
	return o, k.addDevice(ctx, first)
}
